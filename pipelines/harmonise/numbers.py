"""Numbers as a source writes them: one definition for its cells, the sums before and after a reshape, and controls."""

from __future__ import annotations

import re

import duckdb

from schemas.declarations import quote_literal
from schemas.source import Source, SourceFolder
from schemas.source_numbers import BLANKS, alike


def create_number_macros(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Create, on a connection, what reads a text as a number: NULL for anything else, never half a number.

    ``to_number(text)`` is the number as written. A thousands mark is accepted only between groups of three digits, or
    of two and three as in India (1,23,456), and the decimal mark once, before the last digits. Blanks and apostrophes
    that look alike are one mark. A note mark of the source may follow. What values.csv declares as a word for a missing
    value is no number, also where it looks like one (-99).

    ``to_count(text)`` is that number in units: times ``multiply``, read with its decimal point moved, so that no digit
    is lost. ``to_raw_count(text)`` is the same for a cell before the reshape, where a flag of values.csv may still be
    glued to the number (``88 b``, ``88b``).
    """
    source = folder.source
    flags = [word for dimension, word, _ in folder.words if dimension == "obs_status"]
    missing = [word for dimension, word, _ in folder.words if dimension == "value"]
    shift = len(str(source.multiply)) - 1
    macros = {
        "to_number": _number_sql(source, tuple(source.marks), missing, 0),
        "to_count": _number_sql(source, tuple(source.marks), missing, shift),
        "to_raw_count": _number_sql(source, (*source.marks, *flags), missing, shift),
    }
    for name, expression in macros.items():
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {name}(text) AS {expression}")


def _number_sql(source: Source, marks: tuple[str, ...], missing: list[str], shift: int) -> str:
    """Return the SQL of the number in ``text``, its decimal point moved to the right by ``shift`` digits."""
    written = number_pattern(source.thousands, source.decimal)
    behind = "|".join(re.escape(mark.strip()) for mark in sorted(marks, key=len, reverse=True) if mark.strip())
    blanks = f"[{BLANKS}]*"
    pattern = f"^{blanks}({written}){blanks}" + (f"(?:{behind})?{blanks}$" if behind else "$")
    number = f"nullif(regexp_extract(text::VARCHAR, {quote_literal(pattern)}, 1), '')"
    if source.thousands:
        number = f"translate({number}, {quote_literal(alike(source.thousands))}, '')"
    if source.decimal != ".":
        number = f"replace({number}, {quote_literal(source.decimal)}, '.')"
    if shift:
        number = f"{number} || 'e{shift}'"
    number = f"CAST({number} AS DOUBLE)"
    # Only words with a digit can be taken for a number.
    words = ", ".join(quote_literal(word.strip()) for word in missing if any(char.isdigit() for char in word))
    return f"CASE WHEN trim(text::VARCHAR) NOT IN ({words}) THEN {number} END" if words else number


def number_pattern(thousands: str, decimal: str) -> str:
    """Return the regular expression of a number, written with these marks.

    >>> bool(re.fullmatch(number_pattern(",", "."), "1,23,456.5"))
    True
    >>> [text for text in ("12,34", "1,2345", "1.5.2") if re.fullmatch(number_pattern(",", "."), text)]
    []
    """
    whole = "[0-9]+"
    if thousands:
        mark = f"[{re.escape(alike(thousands))}]"
        whole = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]{{1,2}}(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}|[0-9]+)"
    return f"[-+]?{whole}(?:[{re.escape(decimal)}][0-9]+)?"


def has_mark(text: str, mark: str) -> str:
    """Return the SQL condition that a note mark ends a text and is not all of it.

    >>> has_mark("word", "(p)")
    "(ends_with(trim(word), '(p)') AND trim(word) <> '(p)')"
    """
    literal = quote_literal(mark)
    return f"(ends_with(trim({text}), {literal}) AND trim({text}) <> {literal})"


def number_text(number: float) -> str:
    """Return a number in full, for messages: every digit before the point, and those after it that say something.

    >>> number_text(237764001.0), number_text(1234.5), number_text(0.1 + 0.2)
    ('237,764,001', '1,234.5', '0.3')
    """
    return f"{number:,.0f}" if number == int(number) else f"{number:,.6f}".rstrip("0")
