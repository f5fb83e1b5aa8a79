"""Labels that deny what their code means: no firearm, sin arma, non-cyber, nicht vollendet.

A label in which a negation stands just before the thing must not have the code of that thing.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from schemas.words_of_totals import plain

_NO = (
    r"(?:no|non|not|nao|nein|nie|none|without|w/o|sin|sans|sem|ohne|senza|keine?[mnrs]?|nicht|ningun[oa]?|nenhuma?"
    r"|aucune?|pas)"
)
_BETWEEN = (
    r"(?:(?:an?|any|the|el|la|los|las|le|les|un|una?|une|de|da|do|du|d|des|der|die|den|einer?|of|with|by|con|com|avec"
    r"|mit|en|use|used?|using|usage|uso|empleo|emprego|utilizacion|utilisation|utilizacao|presence|involving|involved"
    r"|related|to|relacionad[oa]s?|vinculad[oa]s?|a|au|al|lie)[\s'’]+){0,4}"
)
_DENIED_BEHIND = (
    r"(?:\s*[:\-–—(,=]\s*|\s+)(?:no|non|nao|nein|none|not (?:used|involved|present)|no (?:usada|utilizada)"
    r"|nao (?:usada|utilizada))\)?$"
)
_BARE = re.compile(r"(?:no|non|nao|nein|none|ningun[oa]?|nenhuma?|aucune?|keine?)\.?")


@cache
def _load_things() -> dict[tuple[str, str], tuple[str, bool]]:
    """Return, by attribute and code, a pattern for what the code means, and whether a plain "no" denies it.

    For an attempt, a relationship or a citizenship, "no" may be the answer to the opposite question.
    """
    text = files("iccs").joinpath("tables", "attribute_words.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["attribute"], row["code"]): (row["words"], row["denied_by_no"] == "yes") for row in rows}


def is_denied(dimension: str, word: str, code: str) -> bool:
    """Tell whether a label denies what its code means.

    >>> is_denied("weapon", "No firearm", "FIREARM"), is_denied("weapon", "Arma de fuego no registrada", "FIREARM")
    (True, False)
    >>> is_denied("relationship", "Non-cohabiting partner", "PARTNER"), is_denied("weapon", "No", "FIREARM")
    (False, True)
    """
    thing, by_no = _load_things().get((dimension, code), ("", False))
    if not thing:
        return False
    label = plain(word)
    if _BARE.fullmatch(label):
        return by_no
    before = re.search(rf"(?<!\w){_NO}[\s\-]+{_BETWEEN}(?:{thing})(?!\w)", label)
    return bool(before or re.search(rf"(?<!\w)(?:{thing}){_DENIED_BEHIND}", label))


def negation_problem(dimension: str, word: str, code: str) -> str | None:
    """Return what is wrong with the code of a label that denies it; None if nothing is.

    >>> negation_problem("weapon", "Sin arma", "FIREARM")
    "weapon 'Sin arma' has the code FIREARM, but the label denies that."
    """
    if is_denied(dimension, word, code):
        return f"{dimension} {word!r} has the code {code}, but the label denies that."
    return None
