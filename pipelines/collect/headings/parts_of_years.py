"""Words for a part of a year: January to September 2024, first half, Q3, in five languages."""

from __future__ import annotations

import re

_MONTHS = (
    "jan|janv|ene|januar|january|enero|janvier|janeiro",
    "feb|fév|fev|februar|february|febrero|février|fevereiro",
    "mar|mär|mars|march|marzo|märz|março",
    "apr|abr|avr|april|abril|avril",
    "may|mai|mayo|maio",
    "jun|juin|june|junio|junho|juni",
    "jul|juil|july|julio|juillet|julho|juli",
    "aug|ago|aoû|août|august|agosto",
    "sep|sept|set|september|septiembre|setiembre|septembre|setembro",
    "oct|okt|out|october|oktober|octubre|octobre|outubro",
    "nov|november|noviembre|novembre|novembro",
    "dec|dez|dic|déc|december|dezember|diciembre|décembre|dezembro",
)
_NUMBER_OF_MONTH = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split("|")}
_MONTH = rf"({'|'.join(sorted(_NUMBER_OF_MONTH, key=len, reverse=True))})\b\.?"
_YEAR = r"(?:,?\s*(?:de\s+|del\s+)?(?:19|20)\d\d)?"
_RANGE = re.compile(
    rf"\b{_MONTH}{_YEAR}\s*(?:-|–|—|/|\bto\b|\bthrough\b|\buntil\b|\ba\b|\bal\b|\bà\b|\bau\b|\bbis\b|\bate\b|\baté\b)\s*{_MONTH}",
    re.IGNORECASE,
)
_UNTIL = re.compile(rf"\b(?:hasta|until|up to|jusqu['’]\S*|bis|até)\s+(?:\w+\s+)?{_MONTH}", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:first|second|1st|2nd|primer|segundo|premier|1er|2e|deuxième|primeiro|[12]\.|[12]º|ii?)\s*"
    r"(?:half\b|semestre\b|semester\b|halbjahr\b)|\bh[12]\b"
    r"|\b(?:q[1-4]|[1-4]q|t[1-4])\b|\b\w+\s+(?:quarter|trimestre|quartal)\b"
    r"|\b(?:three|six|nine|[369])\s+(?:months|meses|mois|monate)\b",
    re.IGNORECASE,
)


def says_part_of_year(text: str) -> str | None:
    """Return the words of a text that name a part of a year; None if there are none. Twelve months are not a part.

    >>> says_part_of_year("Homicidios, enero a septiembre de 2024"), says_part_of_year("2024 (Jan-Sep)")
    ('enero a septiembre', 'Jan-Sep')
    >>> says_part_of_year("Year ending March 2024"), says_part_of_year("April 2019 to March 2020")
    (None, None)
    """
    for found in _RANGE.finditer(text):
        first, last = (_NUMBER_OF_MONTH[name.lower()] for name in found.groups())
        if (last - first + 1) % 12:
            return found[0].rstrip(".")
    for found in _UNTIL.finditer(text):
        if _NUMBER_OF_MONTH[found[1].lower()] != 12:
            return found[0].rstrip(".")
    part = _PART.search(text)
    return part[0] if part else None
