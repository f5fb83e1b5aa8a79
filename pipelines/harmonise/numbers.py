"""Where a text becomes a number: one definition for both grains and for control totals, in SQL of both engines.

Two kinds of text are told apart. A number that people wrote, which a count is, may have separators and note marks, and
is read completely or not at all. A number that a program wrote (an age, a year, a coordinate) may have an exponent; the
caller checks its range.
"""

from __future__ import annotations

import duckdb

from schemas.declarations import quote_literal
from schemas.source import Source

# Blank, no-break space, narrow no-break space, thin space, figure space.
_BLANKS = " \u00a0\u202f\u2009\u2007"
# Doubles count by ones only up to about 9e15; nothing that is counted has more digits than this.
_LARGEST = "1e15"


def parse_number(text: str, source: Source) -> str:
    """Return the SQL of a text as the number that a count is, NULL for anything else, never half a number.

    Thousands separators are accepted only between groups of three digits, the decimal mark only once, at the end. A
    blank as thousands separator matches every kind of blank that files use: the no-break ones look the same. A note
    mark that the source declares may follow the number.

    Args:
        text: an SQL expression.
        source: says which separators and note marks its numbers have.
    """
    whole = "[0-9]+"
    bare = f"trim({text})"
    for mark in source.marks:
        before = f"trim(substr(trim({text}), 1, length(trim({text})) - {len(mark)}))"
        bare = f"CASE WHEN {has_mark(text, mark)} THEN {before} ELSE {bare} END"
    plain = bare
    if source.thousands:
        mark = _BLANKS if source.thousands == " " else source.thousands
        whole = f"([0-9]{{1,3}}([{mark}][0-9]{{3}})+|[0-9]+)"
        plain = f"translate({plain}, {quote_literal(mark)}, '')"
    pattern = f"^[-+]?{whole}([{source.decimal}][0-9]+)?$"
    if source.decimal != ".":
        plain = f"replace({plain}, {quote_literal(source.decimal)}, '.')"
    number = f"CAST({plain} AS DOUBLE)"
    # The match is compared with the text, as "$" also fits before a line end in Spark.
    return (
        f"CASE WHEN regexp_extract({bare}, {quote_literal(pattern)}, 0) = nullif({bare}, '') "
        f"THEN CASE WHEN abs({number}) <= {_LARGEST} THEN {number} END END"
    )


def parse_decimal(text: str) -> str:
    """Return the SQL of a text as a number that a program wrote (34, 34.0, 1e-05), NULL for other texts.

    >>> parse_decimal("r.edad")
    'TRY_CAST(r.edad AS DOUBLE)'
    """
    return f"TRY_CAST({text} AS DOUBLE)"


def parse_whole(text: str, most: int) -> str:
    """Return the SQL of a text as a whole number from 1 to ``most``, ``2024.0`` too; NULL for other texts."""
    number = parse_decimal(text)
    return f"CASE WHEN {number} BETWEEN 1 AND {most} AND {number} = floor({number}) THEN CAST({number} AS INTEGER) END"


def create_number_macro(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create ``to_number(text)`` on a connection, for the SQL that a source declares; see ``parse_number``."""
    connection.execute(f"CREATE TEMP MACRO to_number(text) AS {parse_number('text', source)}")


def has_mark(text: str, mark: str) -> str:
    """Return the SQL condition that a note mark ends a text and is not all of it.

    >>> has_mark("word", "(p)")
    "(right(trim(word), 3) = '(p)' AND trim(word) <> '(p)')"
    """
    literal = quote_literal(mark)
    return f"(right(trim({text}), {len(mark)}) = {literal} AND trim({text}) <> {literal})"
