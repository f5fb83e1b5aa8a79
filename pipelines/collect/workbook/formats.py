"""What a number format adds to a number or shows instead of it: ``<5`` for 4, ``31.4%`` for 0.314, ``c`` for few.

Rule: a number is what the sheet shows. A format that groups, rounds or aligns digits, writes a currency, brackets for
negative numbers or a dash for zero leaves the number as it is. One that adds letters, ``<``, ``*`` or a per cent sign,
or writes a text instead, shows something else than the number in the cell, which is then read as the text shown. One
that divides by a thousand shows 1,802 for 1,802,345: the cell has both, and is not read as a number until one is
chosen. Part of the process ``reader``: it imports nothing large.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:[.][0-9]+)?)")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_PLACES = "0#?"
_THOUSAND = 1000
_WITHIN_DIGITS = ("E+", "E-", ".", "@")
_OF_DATES = re.compile(r"[ymdhs]", re.IGNORECASE)
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_PLAIN = set("()+/.,'\u2019") | set(_DASHES)
_BUILT_IN = {"9": "0%", "10": "0.00%"}
"""Formats that a file names by number alone; the others below 50 leave a number as it is, or are those of dates."""


@dataclass
class _Section:
    """One of up to four parts of a format: what stands before and behind the digits, and for which numbers."""

    before: str = ""
    behind: str = ""
    has_digits: bool = False
    hundredfold: int = 0
    thousandth: int = 0
    is_date: bool = False
    condition: tuple[str, float] | None = None

    def add(self, text: str) -> None:
        if self.has_digits:
            self.behind += text
        else:
            self.before += text

    def holds(self, number: float) -> bool:
        return self.condition is not None and _HOLDS[self.condition[0]](number, self.condition[1])

    def changes(self, number: float) -> bool:
        """Whether it shows something else than the number."""
        text = (self.before + self.behind).strip()
        if not self.has_digits:
            return bool(number) or text.strip(_DASHES) != ""
        return self.hundredfold > 0 or self.thousandth > 0 or not all(map(_is_plain, text))

    def show(self, number: float, write: Callable[[float], str]) -> str:
        if not self.has_digits:
            return (self.before + self.behind).strip()
        shown = round(number * 100**self.hundredfold / 1000**self.thousandth, 10)
        text = f"{self.before}{write(shown)}{self.behind}".strip()
        return f"{write(number)} shown as {text}" if self.thousandth else text


def _is_plain(sign: str) -> bool:
    return sign.isspace() or sign in _PLAIN or unicodedata.category(sign) == "Sc"


@cache
def shown_by(code: str) -> Callable[[float, Callable[[float], str]], str | None] | None:
    """Return what shows a number in a format where that is not the number itself; None if it is, for every number.

    Args:
        code: of the format, as workbooks keep it.

    >>> show = shown_by('[<5]"c";#,##0')
    >>> show(4, "{:g}".format), show(4000, "{:g}".format)
    ('c', None)
    >>> shown_by("0.0%")(0.314, "{:g}".format), shown_by('"<"0')(5, "{:g}".format), shown_by("0,")(5000, "{:g}".format)
    ('31.4%', '<5', '5000 shown as 5')
    >>> shown_by('_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-') is None, shown_by("dd/mm/yyyy") is None
    (True, True)
    """
    sections = [_read_section(text) for text in _split(code)][:3]
    if any(section.is_date for section in sections):
        return None
    if any(section.condition for section in sections):
        changes = any(section.changes(number) for section in sections for number in (0.0, 1.0))
    else:
        changes = any(_choose(sections, number).changes(number) for number in (0.0, 1.0, -1.0))
    if not changes:
        return None

    def show(number: float, write: Callable[[float], str]) -> str | None:
        section = _choose(sections, number)
        below = number < 0 and len(sections) > 1 and section is not sections[0]
        return section.show(-number if below else number, write) if section.changes(number) else None

    return show


def _choose(sections: list[_Section], number: float) -> _Section:
    if any(section.condition for section in sections):
        fitting = [section for section in sections if section.holds(number)]
        return fitting[0] if fitting else sections[-1]
    if len(sections) == 1 or number > 0:
        return sections[0]
    if number < 0:
        return sections[1]
    return sections[2] if len(sections) > 2 else sections[0]


def _split(code: str) -> list[str]:
    """Return the parts between semicolons that are not quoted."""
    parts = [""]
    for piece in _pieces(code):
        if piece == ";":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _pieces(code: str) -> list[str]:
    return re.findall(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?|General|E[+-]|.', code, re.DOTALL)


def _read_section(text: str) -> _Section:
    section = _Section(has_digits="@" in text)
    for piece in _pieces(text):
        if piece == "General" or piece in _PLACES:
            section.has_digits, section.thousandth = True, 0
        elif piece[0] in '"\\':
            section.add(piece[1:].removesuffix('"') if piece[0] == '"' else piece[1:])
        elif piece[0] == "[":
            _read_bracket(section, piece)
        elif piece == "," and section.has_digits:  # behind the last digit it divides by a thousand
            section.thousandth += 1
        elif _OF_DATES.fullmatch(piece):
            section.is_date = True
        elif piece[0] not in "_*" and piece not in _WITHIN_DIGITS:
            section.hundredfold += piece == "%"
            section.add(piece)
    return section


def _read_bracket(section: _Section, piece: str) -> None:
    found = _CONDITION.fullmatch(piece.strip("[]"))
    if found is not None:
        section.condition = (found[1], float(found[2]))
    elif re.fullmatch(r"\[(h+|m+|s+)\]", piece, re.IGNORECASE):
        section.is_date = True


def shown_as(text: str, number: float, write: Callable[[float], str]) -> str | None:
    """Return the text that a cell shows instead of its number, if it differs; for workbooks that store the text.

    >>> write = "{:g}".format
    >>> shown_as("<5", 4, write), shown_as("1 234", 1234, write), shown_as("31%", 0.314, write), shown_as("-", 0, write)
    ('<5', None, '31.4%', None)
    >>> shown_as("1,802", 1802345, "{:.0f}".format)
    '1802345 shown as 1,802'
    """
    text = text.strip()
    has_digits = any(map(str.isdigit, text))
    if not has_digits:
        return text if number or text.strip(_DASHES) else None
    around = re.sub(r"[0-9](?:[0-9.,'\u2019\s]|[Ee][+-])*", "", text)
    if around.strip() == "%":
        return f"{write(round(100 * number, 10))}%"
    if abs(number) >= _THOUSAND and re.sub(r"\D", "", text) == str(round(abs(number) / _THOUSAND)):
        return f"{write(number)} shown as {text}"
    return None if all(map(_is_plain, around)) else text


def built_in(number: str) -> str:
    """Return the format that a workbook names by its number alone, empty if it leaves numbers as they are."""
    return _BUILT_IN.get(number, "")
