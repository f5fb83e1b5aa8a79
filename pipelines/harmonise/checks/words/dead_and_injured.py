"""A column of counts that is the sum of the dead and the injured beside it, in a source of homicides.

Rule: the injured are not published as victims of homicide, in tables and in incidents.
"""

from __future__ import annotations

import duckdb

from iccs.concordance import read_concordance
from pipelines.system.connection import fetch_row
from schemas.declarations import quote_identifier
from schemas.source import SourceFolder

_LEAST_SHARE = 0.95


def is_of_homicides(folder: SourceFolder) -> bool:
    """Tell whether all national codes of a source are linked to homicide, completed."""
    if folder.concordance is None:
        return False
    codes = {link.iccs_code for link in read_concordance(folder.concordance).links if link.iccs_code}
    return bool(codes) and all(code.startswith("0101") and "_" not in code for code in codes)


def rows_with_injured(connection: duckdb.DuckDBPyConnection, rows: str, value: str, dead: str, injured: str) -> int:
    """Return how many rows count the injured: where the count of nearly all rows is the sum of both; otherwise none.

    Args:
        connection: where the rows can be read.
        rows: a query in parentheses, or a table.
        value: the column of counts.
        dead: the column of the dead.
        injured: the column of the injured.
    """
    number, died, hurt = (f"TRY_CAST(trim({quote_identifier(name)}) AS BIGINT)" for name in (value, dead, injured))
    parts = f"coalesce({died}, 0) + coalesce({hurt}, 0)"
    counted, agree, with_injured = fetch_row(
        connection,
        f"SELECT count({number}), count(*) FILTER ({number} = {parts}), count(*) FILTER ({hurt} > 0) FROM {rows}",
    )
    return int(with_injured) if counted and agree >= _LEAST_SHARE * counted else 0


def sum_message(value: str, parts: str, rows: int) -> str:
    """Return the message about such a column."""
    return f"{value!r} is the sum of {parts}: it counts the injured as well, in {rows:,} rows"
