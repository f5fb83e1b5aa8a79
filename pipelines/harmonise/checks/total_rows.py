"""A row that always has as much as all others of its figure together: the total, under whatever name it is read.

The law: what is added up are parts. A total row whose area is blank and filled from the row above, or whose label was
given the code of a region, would be counted in that region, and again in the country.
"""

from __future__ import annotations

import duckdb

from pipelines.system.connection import column_names, run_sql
from pipelines.system.errors import DataRefused, Problem
from schemas.declarations import breakdown_columns
from schemas.source import SourceFolder

_LEAST_ROWS = 4
_LEAST_VALUE = 20
_LEAST_TOTALS = 5
_LEAST_SHARE = 0.95
"""Rows that a figure has at least, from what number on, and in how many figures, of which share, one is their total: by
chance the largest of four numbers is hardly ever the sum of the others."""
_KEYS = ("measure", "national_code", "iccs", "time_period", *breakdown_columns())


def check_total_rows(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: str) -> None:
    """Refuse a table in which the rows of one area are the totals of all rows.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows: cell or incident; incidents are no totals.

    Raises:
        DataRefused: the largest row of nearly all figures has as much as the others together, in one area.
    """
    if grain != "cell" or "ref_area" not in folder.source.columns:
        return
    columns = column_names(connection, "core")
    found = run_sql(
        connection,
        "harmonise/total_rows",
        keys=", ".join(name for name in _KEYS if name in columns),
        least_rows=str(_LEAST_ROWS),
        least_value=str(_LEAST_VALUE),
    ).fetchall()
    for area, totals, figures, different, place in found:
        if min(totals, different) >= _LEAST_TOTALS and totals >= _LEAST_SHARE * figures:
            text = (
                f"In {totals:,} of {figures:,} figures, a row read as {area} has as much as all others together: it is "
                "their total, and counted twice. Its label may be blank and filled from the row above, or have the "
                "code of a region in values.csv."
            )
            column = folder.source.columns["ref_area"]
            raise DataRefused(
                [
                    Problem(
                        "total_beside_parts",
                        folder.source_id,
                        text,
                        place["file"],
                        place["sheet"],
                        place["row"],
                        column,
                    )
                ]
            )
