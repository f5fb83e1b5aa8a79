"""Numbers as a source writes them: one definition for its cells and for its control totals."""

from __future__ import annotations

import duckdb

from schemas.declarations import quote_literal
from schemas.source import Source

# Blank, no-break space, narrow no-break space, thin space, figure space.
_BLANKS = " \u00a0\u202f\u2009\u2007"


def create_number_macro(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create ``to_number(text)`` on a connection: the number, or NULL for anything else, never half a number.

    Thousands separators are accepted only between groups of three digits, the decimal mark only once, at the end. A
    blank as thousands separator matches every kind of blank that files use: the no-break ones look the same. A note
    mark that the source declares may follow the number.
    """
    whole = "[0-9]+"
    bare = "trim(text)"
    for mark in source.marks:
        bare = f"CASE WHEN {has_mark('text', mark)} THEN trim(left(trim(text), -{len(mark)})) ELSE {bare} END"
    plain = bare
    if source.thousands:
        mark = _BLANKS if source.thousands == " " else source.thousands
        whole = f"([0-9]{{1,3}}([{mark}][0-9]{{3}})+|[0-9]+)"
        plain = f"translate({plain}, {quote_literal(mark)}, '')"
    pattern = f"[-+]?{whole}([{source.decimal}][0-9]+)?"
    plain = f"replace({plain}, {quote_literal(source.decimal)}, '.')"
    connection.execute(
        f"CREATE TEMP MACRO to_number(text) AS CASE WHEN regexp_full_match({bare}, {quote_literal(pattern)}) "
        f"THEN CAST({plain} AS DOUBLE) END"
    )


def has_mark(text: str, mark: str) -> str:
    """Return the SQL condition that a note mark ends a text and is not all of it.

    >>> has_mark("word", "(p)")
    "(ends_with(trim(word), '(p)') AND trim(word) <> '(p)')"
    """
    literal = quote_literal(mark)
    return f"(ends_with(trim({text}), {literal}) AND trim({text}) <> {literal})"
