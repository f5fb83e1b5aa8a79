"""Revisions: changes between vintages of a source, computed once and stored next to them; and between releases."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb

from pipelines.publish.releases import read_release
from pipelines.system.code_version import revision_code_version
from pipelines.system.connection import insert_rows, run_sql
from pipelines.system.files import DamagedFile, check_seal, replace_atomically, seal, seal_path, unseal
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.columns import read_part
from pipelines.tabulate.vintages.loads import Load
from pipelines.tabulate.vintages.parts import DamagedVintage, checked_part, read_manifest
from pipelines.tabulate.vintages.vintage import REVISIONS, Vintage
from schemas.comparison import no_percent_sql, percent_change_sql
from schemas.declarations import attribute_columns, load_tables, quote_identifier, quote_literal

LARGEST = 10
"""Figures of ``out.release_change_cell``."""

_DIMENSIONS = ("source", "ref_area", "time_period", "iccs", "stage", "counting_unit", "sex", "age")
_REST = ("value", "obs_status", "caveats")
_ESTIMATE_KEY = ("source", "measure", "national_code", "ref_area", "time_period", "freq", "sex", "age")
_ESTIMATE_REST = (
    "iccs",
    "national_label",
    "counting_unit",
    "universe",
    "unit_of_measure",
    "estimate",
    "standard_error",
    "lower_limit",
    "upper_limit",
    "confidence_percent",
    "obs_status",
    "missing_reason",
    "caveats",
)
_PERCENT = {
    "percent": percent_change_sql("old_value", "new_value"),
    "no_percent": no_percent_sql("old_value", "new_value"),
}


def load_vintages(connection: duckdb.DuckDBPyConnection, vintage: Vintage, settings: Settings) -> None:
    """Fill ``out.vintage`` and ``out.revision`` for one source.

    The revisions between two loads are computed when they are first published, then stored as Parquet. Estimates are
    not observations: a load of estimates has no cells here, even if the loads before and after it were of counts.

    Args:
        connection: the warehouse being built.
        vintage: the current one of the source.
        settings: where data live.
    """
    rows = [
        {
            "source": vintage.source_id,
            "vintage": load.vintage,
            "loaded_at": load.moment,
            "is_current": load is vintage.loads[-1],
            "files": load.files,
            "observations": load.observations,
            "first_period": load.first_period,
            "last_period": load.last_period,
        }
        for load in vintage.loads
    ]
    insert_rows(connection, "out.vintage", rows)
    figures = vintage.manifest.get("figures", "count")
    kind = "population" if figures == "population" else "count"
    columns = "* REPLACE ('_Z' AS stage)" if kind == "population" else "*"  # inhabitants are at no stage of a procedure
    kinds = {
        load.folder: _kind_of(settings.core / vintage.source_id / load.folder, kind, figures) for load in vintage.loads
    }
    for before, load in pairwise(vintage.loads):
        if kind not in (kinds[before.folder], kinds[load.folder]):
            continue
        revisions = _kept_revisions(connection, vintage.source_id, kind, before, load, settings)
        connection.execute(
            f"""
            INSERT INTO out.revision BY NAME
            SELECT $source AS source, $vintage AS vintage, $before AS previous_vintage,
                CAST($loaded_at AS TIMESTAMP) AS loaded_at, $causes AS revision_cause, {columns}
            FROM read_parquet($path)
            """,
            {
                "source": vintage.source_id,
                "vintage": load.vintage,
                "before": before.vintage,
                "loaded_at": load.moment,
                "causes": load.causes(before),
                "path": str(revisions),
            },
        )


def _kind_of(folder: Path, usual: str, damaged: str) -> str:
    """Return the kind of a vintage: ``usual`` if its version recorded none, ``damaged`` if it is unreadable."""
    try:
        return str(read_manifest(folder).get("figures", usual))
    except DamagedVintage:
        return damaged


def _kept_revisions(
    connection: duckdb.DuckDBPyConnection, source_id: str, kind: str, before: Load, load: Load, settings: Settings
) -> Path:
    """Return the file of revisions between two vintages, computed once for each version of what determines them."""
    root = settings.core / source_id
    observation = load_tables()["observation"].columns[2:]  # without source and vintage
    made_by = repr((revision_code_version(), observation, _PERCENT, kind))
    made_by_hash = hashlib.sha256(made_by.encode()).hexdigest()[:8]
    pair = f"{before.vintage}..{load.vintage}"
    target = root / REVISIONS / f"{pair}.{made_by_hash}.parquet"
    try:
        check_seal(target)
        return target
    except DamagedFile:
        unseal(target)  # missing or damaged: computed again
    target.parent.mkdir(exist_ok=True)
    old, new = root / before.folder, root / load.folder
    changed = _find_changed_periods(connection, old, new)
    _read_cells(connection, "old_vintage", old, kind, "")
    _read_cells(connection, "old_cell", old, kind, changed)
    _read_cells(connection, "new_cell", new, kind, changed)
    key = [column.name for column in observation if column.role == "dimension"]
    others = [column.name for column in observation if column.name not in key]
    write = partial(
        run_sql,
        connection,
        "publish/write_revisions",
        key_columns=", ".join(key),
        all_columns=", ".join([*key, *others]),
        key=", ".join(f"coalesce(new_cell.{name}, old_cell.{name}) AS {name}" for name in key),
        same_key=" AND ".join(f"old_cell.{name} IS NOT DISTINCT FROM new_cell.{name}" for name in key),
        differs=" OR ".join(f"old_cell.{name} IS DISTINCT FROM new_cell.{name}" for name in others),
        **_PERCENT,
    )
    replace_atomically(target, lambda temporary: write(target=quote_literal(str(temporary))))
    seal(target)
    connection.execute("DROP VIEW old_vintage; DROP VIEW old_cell; DROP VIEW new_cell")
    of_pair = re.compile(rf"{re.escape(pair)}\.[0-9a-f]{{8}}\.parquet(\.sha256)?")  # by any version of the program
    for path in target.parent.iterdir():
        if path not in (target, seal_path(target)) and of_pair.fullmatch(path.name):
            delete(path, settings)
    return target


def _find_changed_periods(connection: duckdb.DuckDBPyConnection, before: Path, after: Path) -> str:
    """Return the clause that selects periods with different cells; empty if a vintage has no fingerprints."""
    if not ((before / "periods.parquet").is_file() and (after / "periods.parquet").is_file()):
        return ""
    old, new = checked_part(before, "periods"), checked_part(after, "periods")
    run_sql(connection, "publish/changed_periods", old=quote_literal(str(old)), new=quote_literal(str(new)))
    return "SEMI JOIN changed_period USING (freq, time_period)"


def _read_cells(connection: duckdb.DuckDBPyConnection, name: str, folder: Path, kind: str, only: str) -> None:
    """Create a view of the cells of a vintage with the current columns; empty if its figures are of another kind."""
    cells = read_part("cells", checked_part(folder, "cells"))
    other = "" if _kind_of(folder, kind, kind) == kind else "WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {cells} AS cells {only} {other}")


def record_release_changes(connection: duckdb.DuckDBPyConnection, release: str, settings: Settings) -> None:
    """Fill the tables of what a release changed, counts and estimates, against the file that is still published.

    Figures of a release with other columns are compared in the current ones: a missing attribute is the total.

    Args:
        connection: the warehouse being built, complete except for these three tables.
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
            old_reason=_todays_columns(connection, "rate", ("rate_per_100k", "no_rate_reason"), ("rate", "reason")),
            old_missing=_todays_columns(connection, "observation", ("missing_reason",), ("reason",)),
            columns=", ".join(columns),
            key=key,
        )
        _compare_estimates(connection)
    finally:
        connection.execute("DETACH last_release")
    named = {"release": quote_literal(release)}
    against = {"previous": quote_literal(last.release), **named}
    run_sql(connection, "publish/count_release_changes", **against)
    run_sql(connection, "publish/estimate_release_changes", key=_estimate_key(), **against)
    attributes = attribute_columns()
    run_sql(
        connection,
        "publish/largest_release_changes",
        attributes=", ".join(attributes),
        totals=", ".join("'_T'" for _ in attributes),
        largest=str(LARGEST),
        **_PERCENT,
        **named,
    )
    connection.execute("DROP TABLE changed_figure; DROP TABLE changed_estimate")


def _estimate_key() -> str:
    return ", ".join((*_ESTIMATE_KEY, *attribute_columns()))


def _compare_estimates(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table of estimates that differ from the last release."""
    columns = (*_ESTIMATE_KEY, *attribute_columns(), *_ESTIMATE_REST)
    known = connection.execute(
        "FROM duckdb_tables() WHERE database_name = 'last_release' AND schema_name = 'out' AND table_name = 'estimate'"
    ).fetchall()  # a release older than estimates has none
    run_sql(
        connection,
        "publish/changed_estimates",
        last="last_release.out.estimate" if known else "(FROM out.estimate LIMIT 0)",
        old=_todays_columns(connection, "estimate", columns) if known else ", ".join(columns),
        columns=", ".join(columns),
        key=_estimate_key(),
    )


def _todays_columns(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...], names: tuple[str, ...] = ()
) -> str:
    """Return the columns to select from a table of the last release, with missing ones filled in.

    Args:
        connection: with the last release attached.
        table: without its schema.
        columns: wanted.
        names: their names in the result; default: their own.
    """
    there = {name for name, *_ in connection.execute(f"DESCRIBE last_release.out.{table}").fetchall()}
    return ", ".join(
        f"{quote_identifier(column) if column in there else _absent(column)} AS {quote_identifier(name)}"
        for column, name in zip(columns, names or columns, strict=True)
    )


def _absent(name: str) -> str:
    return "'_T'" if name in attribute_columns() else "NULL"
