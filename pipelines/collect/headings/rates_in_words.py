"""Words for a rate, a share or a percentage: per 100,000, tasa, Prozent, %, in five languages.

Rule: what a heading calls a rate or a share is not a count. A whole number does not show its unit; the words do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipelines.collect.headings.captions import Caption
from pipelines.system.outcomes import Outcome
from schemas.source import Source

_PER = (
    r"\b(?:per|por|pour|je|pro|auf|cada)\s+(?:cada\s+)?"
    r"(?:1[.,'’\s]?0{2,3}(?:[.,'’\s]?000)?|cent|cien|100\s?mil|cien mil|mil\b|mille\b|thousand|million|mill[oó]n)"
)
_RATE = re.compile(
    rf"{_PER}"
    r"|\b(?:rates?|tasas?|taxas?|taux|häufigkeitszahl|prevalen\w+|percent(?:ages?)?|per cent|porcentajes?"
    r"|porcentage[mn]s?|pourcentages?|prozent\w*|prozentual\w*|anteile?|propor(?:tion|ción|ção))\b"
    r"|(?<!100)(?<!100\s)%",
    re.IGNORECASE,
)
_RATE_OF_TABLE = re.compile(_PER, re.IGNORECASE)
_NUMBER = re.compile(
    r"\b(?:numbers?|n[uú]meros?|cantidad(?:es)?|counts?|nombres?|anzahl|fälle|absolut\w*|totals?|frecuencias?|conteos?"
    r"|and|y|et|e|und)\b|[&/]|n[°º]",
    re.IGNORECASE,
)
_SHOWN = 120


def says_rate(label: str) -> str | None:
    """Return the words for a rate or share in a column's label; None if it names a number, or neither.

    In a label of several rows, the last that names either counts.

    >>> says_rate("2024 | Tasa por 100 mil"), says_rate("Casos y tasas | Número"), says_rate("2024 | %")
    ('Tasa', None, '%')
    """
    for part in reversed(label.split(" | ")):
        if said := _RATE.search(part):
            return said[0]
        if _NUMBER.search(part):
            return None
    return None


def judge_rates(captions: Iterable[Caption], source: Source) -> Outcome:
    """Return the outcome of the rule on counts whose heading or title calls them a rate.

    Args:
        captions: of all tables.
        source: their source; not checked if it declares ratios or estimates, as captions do not tell which column.
    """
    counted = all(measure.figures in ("count", "stock") for measure in source.measures.values())
    if not counted:
        return Outcome("heading_says_rate", "not applicable", 0, 0)
    found: dict[str, None] = {}
    judged = 0
    for caption in captions:
        if caption.is_title:
            said = None if _NUMBER.search(caption.text) else _RATE_OF_TABLE.search(caption.text)
            words = said[0] if said else None
        elif caption.is_count:
            judged, words = judged + 1, says_rate(caption.text)
        else:
            continue
        if words:
            where = [caption.file, caption.sheet, f"row {caption.row}" if caption.row else None]
            shown = "" if source.personal else f" in {caption.text[:_SHOWN]!r}"
            found[f"{', '.join(filter(None, where))}: {words.strip()!r}{shown}"] = None
    outcome = "warned" if found else "passed"
    return Outcome("heading_says_rate", outcome, max(judged, len(found)), len(found), "; ".join(list(found)[:10]))
