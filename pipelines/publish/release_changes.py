"""What a release changed against the one before it: figures new, revised, gated or marked, by source."""

from __future__ import annotations

import duckdb

from pipelines.publish.releases import read_release
from pipelines.system.connection import run_sql
from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns, quote_identifier, quote_literal

LARGEST = 10
"""Figures of ``out.release_change_cell``."""

_DIMENSIONS = ("source", "ref_area", "time_period", "iccs", "stage", "counting_unit", "sex", "age")
_REST = ("value", "obs_status", "caveats")


def record_release_changes(connection: duckdb.DuckDBPyConnection, release: str, settings: Settings) -> None:
    """Fill ``out.release_change`` and ``out.release_change_cell`` from the file that is still published.

    Figures of a release with other columns are compared in today's: an attribute that it lacks is the total.

    Args:
        connection: the warehouse being built, complete but for these two tables.
        release: its identifier.
        settings: where the published file is; without one, nothing is recorded.
    """
    last = read_release(settings.published)
    if last is None:
        return
    connection.execute(f"ATTACH {quote_literal(str(settings.published))} AS last_release (READ_ONLY)")
    try:
        columns = (*_DIMENSIONS, *attribute_columns(), *_REST)
        key = ", ".join(("freq", *_DIMENSIONS, *attribute_columns()))
        run_sql(
            connection,
            "publish/changed_figures",
            old_rate=_todays_columns(connection, "rate", columns),
            old_cell=_todays_columns(connection, "observation", columns),
            columns=", ".join(columns),
            key=key,
        )
    finally:
        connection.execute("DETACH last_release")
    named = {"release": quote_literal(release)}
    run_sql(connection, "publish/count_release_changes", previous=quote_literal(last.release), **named)
    attributes = attribute_columns()
    run_sql(
        connection,
        "publish/largest_release_changes",
        attributes=", ".join(attributes),
        totals=", ".join("'_T'" for _ in attributes),
        largest=str(LARGEST),
        **named,
    )
    connection.execute("DROP TABLE changed_figure")


def _todays_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> str:
    """Return the columns to select from a table of the last release, those that it lacks filled in."""
    there = {name for name, *_ in connection.execute(f"DESCRIBE last_release.out.{table}").fetchall()}
    return ", ".join(
        quote_identifier(name) if name in there else f"{_absent(name)} AS {quote_identifier(name)}" for name in columns
    )


def _absent(name: str) -> str:
    return "'_T'" if name in attribute_columns() else "NULL"
