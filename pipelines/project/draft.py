"""What the user states, the draft that is made of it and of a file, and how the draft writes words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from iccs.suggest import LabelToCode
from iccs.suggest.text import LabelLanguage
from pipelines.project.roles import Roles
from pipelines.project.seen_table import YEAR, SeenTable

TO_FILL_IN = "TO FILL IN"
PLURALS = {"year": "years", "month": "months", "sex": "sexes", "age": "ages", "offence": "offences"}
GROUPED = re.compile(r"[-+]?\d{1,3}(?:([.,٬ '’])\d{3})(?:\1\d{3})*")


@dataclass(frozen=True)
class Answers:
    """What the user states because the file cannot show it; None if nothing was stated."""

    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    licence: str | None = None
    unit: str | None = None
    stage: str | None = None
    offence_name: str | None = None
    year: str | None = None
    language: LabelLanguage | None = None


@dataclass
class Draft:
    """The files of a definition, and what to tell the user about them.

    Attributes:
        source_id: identifier of the source.
        source: text of source.yml.
        values: text of values.csv.
        reshape: text of reshape.sql; None if the table is tidy.
        labels: the national categories, for the concordance.
        headings: the labels of the columns, whose language helps to determine that of a few categories.
        seen: what was found in the file, one line each.
        to_do: what a person must decide, one line each.
    """

    source_id: str
    source: str = ""
    values: str = ""
    reshape: str | None = None
    labels: list[LabelToCode] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)


def has_repeats(table: SeenTable, roles: Roles) -> bool:
    """Whether several rows have the same place, time and offence."""
    keys = [name for role, name in roles.columns.items() if role != "value"]
    keys += filter(None, (roles.month, roles.quarter))
    if not keys:
        return len(table.rows) > 1
    return max(Counter(zip(*(table.column(name) for name in keys), strict=True)).values(), default=0) > 1


def number_in(text: str) -> float:
    """Return the number that a text shows; 0 if it shows none, as it is only added up to compare."""
    digits = re.sub(r"[^\d-]", "", text) if GROUPED.fullmatch(text) else text.replace(",", ".")
    try:
        return float(digits)
    except ValueError:
        return 0.0


def few_of(words: Iterable[str], most: int = 6) -> str:
    """Return words in quotation marks, the first few of many."""
    listed = list(words)
    rest = len(listed) - most
    return ", ".join(map(repr, listed[:most])) + (f" and {rest} more" if rest > 0 else "")


def quoted(text: str) -> str:
    """Return a text as a YAML scalar: plain if it cannot be read as anything else, otherwise quoted."""
    is_plain = re.fullmatch(r"[^\W\d][\w /()äöüß.-]*[\w)]|[^\W\d]", text) and not YEAR.fullmatch(text)
    reserved = text.casefold() in ("yes", "no", "true", "false", "null", "on", "off", "y", "n")
    return text if is_plain and not reserved and ": " not in text else json.dumps(text, ensure_ascii=False)


def as_comment(what: str | None) -> str:
    """Return a comment at the end of a line; nothing where there is nothing to say."""
    return f"  # {what}" if what else ""
