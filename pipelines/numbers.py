"""Numbers as a source writes them: one definition for its cells and for its control totals."""

from __future__ import annotations

import duckdb

from pipelines.source import Source
from schemas.declarations import quote_literal

# Blank, no-break space, narrow no-break space, thin space, figure space.
_BLANKS = " \u00a0\u202f\u2009\u2007"


def create_number_macro(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create ``to_number(text)`` on a connection: the number, or NULL for anything else, never half a number.

    Thousands marks count only where they stand between groups of three; the decimal mark only once, at the end. A blank
    as thousands mark stands for each kind of blank that files have there: the no-break ones look the same.
    """
    whole = "[0-9]+"
    plain = "trim(text)"
    if source.thousands:
        mark = _BLANKS if source.thousands == " " else source.thousands
        whole = f"([0-9]{{1,3}}([{mark}][0-9]{{3}})+|[0-9]+)"
        plain = f"translate({plain}, {quote_literal(mark)}, '')"
    pattern = f"[-+]?{whole}([{source.decimal}][0-9]+)?"
    plain = f"replace({plain}, {quote_literal(source.decimal)}, '.')"
    connection.execute(
        f"CREATE TEMP MACRO to_number(text) AS CASE WHEN regexp_full_match(trim(text), {quote_literal(pattern)}) "
        f"THEN CAST({plain} AS DOUBLE) END"
    )
