"""Read back what was built: it must show the cells audited as shown, and reveal nothing about the others."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.reader.release import OpenRelease
from pipelines.share.check import SharedSource
from pipelines.share.package import BuiltRelease
from pipelines.share.protection.counts import read_counts
from pipelines.share.protection.margins import Key, dimensions
from pipelines.system.connection import connect_apart
from schemas.declarations import load_tables, quote_literal

EMPTY_OF_PROTECTED = (
    "mapping_count",
    "reconciliation",
    "exclusion",
    "control",
    "quality",
    "coverage",
    "revision",
    "rate_check",
    "release_change",
    "release_change_cell",
    "release_change_estimate",
)
"""Tables with numbers that are not a function of the cells shown; they must have no row of a protected source."""


def read_back(built: BuiltRelease, release: OpenRelease, found: Sequence[SharedSource]) -> None:
    """Compare a built release with what was audited.

    Args:
        built: what was built.
        release: the published release, with every count.
        found: what may leave, with the cells that are hidden.

    Raises:
        AssertionError: the built release differs from what was audited, an internal error; it is not shared.
    """
    with connect_apart() as connection:
        connection.execute(f"ATTACH {quote_literal(str(built.path))} AS crime (READ_ONLY)")
        connection.execute("USE crime.out")
        there = {source for (source,) in connection.execute("SELECT source FROM out.source").fetchall()}
        leaving = {one.source for one in found if one.outcome in ("as_it_is", "protected")}
        if there != leaving:
            raise AssertionError(f"the release that was built has different sources: {sorted(there ^ leaving)}")
        for table in load_tables().values():
            names = {column.name for column in table.columns}
            if "source" in names:
                _refuse_strangers(connection, table.name, leaving)
        for one in (one for one in found if one.outcome == "protected"):
            _compare_cells(connection, release, one)


def _refuse_strangers(connection: duckdb.DuckDBPyConnection, table: str, leaving: set[str]) -> None:
    rows = connection.execute(f"SELECT DISTINCT source FROM out.{table} WHERE source IS NOT NULL").fetchall()
    if strangers := {source for (source,) in rows} - leaving:
        raise AssertionError(f"out.{table} has rows of sources that must not leave: {sorted(strangers)}")


def _compare_cells(connection: duckdb.DuckDBPyConnection, release: OpenRelease, one: SharedSource) -> None:
    """Compare shown cells with the true ones, hidden cells with those audited, and search for anything revealing."""
    true, shown = read_counts(release.connection, one.source), read_counts(connection, one.source)
    for series in one.series:
        name = (series.stage, series.counting_unit)
        expected = {
            key: series.rounded.get(key, count) for key, count in true[name].items() if key not in series.hidden
        }
        if shown.get(name, {}) != expected:
            raise AssertionError(f"{one.source}, {' '.join(name)}: the cells shown are not those audited")
    wanted: set[tuple[str, str, Key]] = {
        (series.stage, series.counting_unit, key) for series in one.series for key in series.hidden
    }
    columns = ", ".join(("stage", "counting_unit", *dimensions()))
    query = f"SELECT {columns} FROM out.observation WHERE source = $source AND conf_status <> 'F'"
    by_source, hidden = (
        {(stage, unit, tuple(key)) for stage, unit, *key in file.execute(query, {"source": one.source}).fetchall()}
        for file in (release.connection, connection)
    )
    if hidden != wanted | by_source:
        raise AssertionError(f"{one.source}: the cells hidden are not those audited")
    for table in EMPTY_OF_PROTECTED:
        if "source" in {column.name for column in load_tables()[table].columns}:
            (number,) = connection.execute(
                f"SELECT count(*) FROM out.{table} WHERE source = $source", {"source": one.source}
            ).fetchall()[0]
            if number:
                raise AssertionError(f"out.{table} has {number} rows of {one.source}, whose counts are protected")
