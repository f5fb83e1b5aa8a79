"""How a text becomes a number: one definition for both grains and for control totals, in SQL for both engines.

There are two kinds. A number written for people, such as a count, may have separators and note marks, and is read
completely or not at all. A number written by a program (an age, a year, a coordinate) may have an exponent; the caller
checks its range.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from schemas.declarations import quote_literal
from schemas.definition.numbers import OTHER_DIGITS, THEIR_VALUES, alike
from schemas.source import Source, SourceFolder

# Doubles represent whole numbers only up to about 9e15; no count has more digits than this.
_LARGEST = "1e15"


def parse_number(text: str, source: Source, marks: Iterable[str] | None = None, shift: int = 0) -> str:
    """Return the SQL for a text as a count; NULL for anything else, never a part of a number.

    A thousands mark is accepted only between groups of three digits, or of two and three as in India (1,23,456), and
    the decimal mark once, before the last digits. Digits of other scripts (Arabic, Thai ...) are digits. Blanks, and
    apostrophes, that look alike are the same mark. A note mark may follow the number.

    Args:
        text: an SQL expression.
        source: with the separators and note marks of its numbers.
        marks: what may follow a number; default: the note marks of the source.
        shift: by how many digits to move the decimal point to the right, which is exact, unlike a product.
    """
    text = in_digits(text)
    bare = f"trim({text})"
    # The longest is tried first: "bp" is not "b" and "p".
    for mark in sorted(source.marks if marks is None else marks, key=len):
        before = f"trim(substr(trim({text}), 1, length(trim({text})) - {len(mark)}))"
        bare = f"CASE WHEN {has_mark(text, mark)} THEN {before} ELSE {bare} END"
    plain = f"translate({bare}, {quote_literal(alike(source.thousands))}, '')" if source.thousands else bare
    if source.decimal != ".":
        plain = f"replace({plain}, {quote_literal(source.decimal)}, '.')"
    if shift:
        plain = f"{plain} || 'e{shift}'"
    number = f"TRY_CAST({plain} AS DOUBLE)"  # engines may compute it before they look at the pattern
    pattern = quote_literal(f"^{number_pattern(source.thousands, source.decimal)}$")
    # The match is compared with the text, as "$" also fits before a line end in Spark.
    return (
        f"CASE WHEN regexp_extract({bare}, {pattern}, 0) = nullif({bare}, '') "
        f"THEN CASE WHEN abs({number}) <= {_LARGEST} THEN {number} END END"
    )


def in_digits(text: str) -> str:
    """Return the SQL for a text with the digits of other scripts as 0 to 9.

    Only texts that have such digits are translated, which takes some thirty times as long as to read a number.

    >>> duckdb.sql(f"SELECT {in_digits('n')} FROM (VALUES ('١٢٣'), ('4,5')) AS given (n)").fetchall()
    [('123',), ('4,5',)]
    """
    translated = f"translate({text}, {quote_literal(OTHER_DIGITS)}, {quote_literal(THEIR_VALUES)})"
    pattern = quote_literal(f"[{OTHER_DIGITS}]")
    return f"CASE WHEN regexp_extract({text}, {pattern}, 0) <> '' THEN {translated} ELSE {text} END"


def number_pattern(thousands: str, decimal: str) -> str:
    """Return the regular expression of a number, written with these marks.

    >>> bool(re.fullmatch(number_pattern(",", "."), "1,23,456.5"))
    True
    >>> [text for text in ("12,34", "1,2345", "1.5.2") if re.fullmatch(number_pattern(",", "."), text)]
    []
    """
    whole = "[0-9]+"
    if thousands:
        mark = f"[{alike(thousands)}]"
        whole = f"([0-9]{{1,3}}({mark}[0-9]{{3}})+|[0-9]{{1,2}}({mark}[0-9]{{2}})+{mark}[0-9]{{3}}|[0-9]+)"
    return f"[-+]?{whole}([{decimal}][0-9]+)?"


_NO_NUMBERS = {
    "a number that the workbook shows in thousands (its number format ends with a comma: choose another)": (
        r"-?[0-9.,]+ shown as .+"
    ),
    "a percentage or a share, not a count (it needs a measure with figures: ratio, and a reshape without its sign)": (
        r".*\d\s*[%‰].*"
    ),
    "a negative number, in brackets or with a long minus": r"\(\s*\d[\d.,\s]*\)|[−–—]\s*\d.*",
    "a number with an exponent, as in spreadsheets: its last digits may be lost": r"[\d.,]+[eE][+-]?\d+",
    "a range": r"\d+\s*[-–—]\s*\d+",
    "a limit: fewer or more than": r"[<>≤≥]\s*\d+|\d+\s*\+",
    "a number with the letter O for a zero, or l for a one": r"(?=.*[0-9])(?=.*[OolI])[0-9OolI.,]+",
    "a number with the raised number of a note (marks in source.yml)": r"[0-9][0-9.,' ]*[⁰¹²³⁴-⁹][⁰¹²³⁴-⁹, ]*",
    "a number in digits other than 0 to 9": r"(?=.*[^\x00-\x7f])[^\W_a-zA-Z]+",
    "a number with more digits than any count has": r"[0-9]{16,}",
    "a number with a mark before it: move the mark behind it in reshape.sql, and declare marks": (
        r"[*†‡^~#]+\s*[0-9][0-9.,' ]*|\(?[a-z]\)?\s+[0-9][0-9.,']*"
    ),
    "a spreadsheet error": r"#[A-Z/0!?]+",
}


_MAY_BE_ZERO = frozenset({"-", "–", "—", "−", "--", "nil", "null", "none", "zero", "o", "néant", "keine"})
"""Texts that mean "nothing was counted" for some publishers, and "nothing is known" for others."""


def describe_number(text: str) -> str:
    """Return, for messages, what a text that is not read as a count resembles; empty if nothing known.

    >>> describe_number("(1,203)")
    'It looks like a negative number, in brackets or with a long minus.'
    >>> describe_number("12 b")
    ''
    >>> describe_number("–")
    'If it means zero, write 0 for it in reshape.sql (a label in values.csv is for missing figures).'
    """
    if text.strip().casefold() in _MAY_BE_ZERO:
        return "If it means zero, write 0 for it in reshape.sql (a label in values.csv is for missing figures)."
    # Superscript digits and those of other scripts are digits in Unicode; a count has ASCII digits.
    looks = [name for name, form in _NO_NUMBERS.items() if re.fullmatch(form, text.strip(), re.DOTALL)]
    return f"It looks like {looks[0]}." if looks and re.search(r"\d|#", text) else ""


def may_be_thousands(text: str) -> str:
    """Return the SQL condition that a whole number has a point and three zeros, as thousands do (12.000).

    In a file of incidents each row is checked by itself; a table by all of its numbers (harmonise/compared).
    """
    return f"regexp_extract(trim({text}), '^[1-9][0-9]?[0-9]?[.]000$', 0) = trim({text})"


def parse_decimal(text: str) -> str:
    """Return the SQL for a text as a number written by a program (34, 34.0, 1e-05); NULL for other texts.

    >>> parse_decimal("r.edad")
    'TRY_CAST(r.edad AS DOUBLE)'
    """
    return f"TRY_CAST({text} AS DOUBLE)"


def parse_whole(text: str, most: int) -> str:
    """Return the SQL for a text as a whole number from 1 to ``most``, including ``2024.0``; NULL for other texts."""
    number = parse_decimal(text)
    return f"CASE WHEN {number} BETWEEN 1 AND {most} AND {number} = floor({number}) THEN CAST({number} AS INTEGER) END"


def parse_count(text: str, folder: SourceFolder) -> str:
    """Return the SQL for a text as a count in a table: the number times ``multiply``.

    A word for a missing value in values.csv is not a number, even if it looks like one (-99).
    """
    return _unless_missing(text, folder, parse_number(text, folder.source, shift=_shift(folder)))


def parse_plain(text: str, folder: SourceFolder) -> str:
    """Return the SQL for a text as a number other than a count (a sample size, a percentage), without ``multiply``."""
    return _unless_missing(text, folder, parse_number(text, folder.source))


def _shift(folder: SourceFolder) -> int:
    return len(str(folder.source.multiply)) - 1


def _unless_missing(text: str, folder: SourceFolder, number: str) -> str:
    # Only words with a digit can be mistaken for a number.
    missing = [word for dimension, word, _ in folder.words if dimension == "value" and re.search("[0-9]", word)]
    words = ", ".join(quote_literal(word.strip()) for word in missing)
    return f"CASE WHEN trim({text}) NOT IN ({words}) THEN {number} END" if words else number


def create_number_macros(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Create, on a connection, the functions with which statements over raw tables read a text as a number.

    ``to_number(text)`` is the number as written, for the SQL of a source definition; see ``parse_number``.
    ``to_count(text)`` is the result of ``parse_count``. ``to_raw_count(text)`` is the same for a cell before the
    reshape, in which a flag of values.csv may still be attached to the number (``88 b``, ``88b``).
    """
    source = folder.source
    flags = [word.strip() for dimension, word, _ in folder.words if dimension == "obs_status" and word.strip()]
    marks = dict.fromkeys([*source.marks, *flags])
    raw = parse_number("text", source, marks=marks, shift=_shift(folder))
    macros = {
        "to_number": parse_plain("text", folder),
        "to_count": parse_count("text", folder),
        "to_raw_count": _unless_missing("text", folder, raw),
    }
    for name, number in macros.items():
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {name}(text) AS {number}")


def has_mark(text: str, mark: str) -> str:
    """Return the SQL condition that a text ends with a note mark and has something before it.

    >>> has_mark("word", "(p)")
    "(right(trim(word), 3) = '(p)' AND trim(word) <> '(p)')"
    """
    literal = quote_literal(mark)
    return f"(right(trim({text}), {len(mark)}) = {literal} AND trim({text}) <> {literal})"


def write_number(number: str, source: Source) -> str:
    """Return the SQL for a number as written in the source: the inverse of ``parse_number``, without a note mark."""
    fraction = f"CAST(round({number}, 6) AS VARCHAR)"
    if source.decimal != ".":
        fraction = f"replace({fraction}, '.', {quote_literal(source.decimal)})"
    return f"CASE WHEN {number} = trunc({number}) THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE {fraction} END"


def number_text(number: float) -> str:
    """Return a number in full, for messages: every digit before the point, and the significant ones after it.

    >>> number_text(237764001.0), number_text(1234.5), number_text(0.1 + 0.2)
    ('237,764,001', '1,234.5', '0.3')
    """
    return f"{number:,.0f}" if number == int(number) else f"{number:,.6f}".rstrip("0")
