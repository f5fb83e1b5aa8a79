"""The release to share: rebuilt from protected cells, by the same steps as the internal one.

Nothing is deleted from an existing file. Hidden cells have no value before anything is computed from them, so that
every rate, indicator, trend and total is a function of what recipients see. Of a protected source, only its cells, its
links without their counts and its definition are loaded, but not numbers of rows, controls, revisions, outcomes of
rules, or fingerprints of files and figures (with which a guess could be confirmed).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import duckdb
import pyarrow as pa

from pipelines.publish.build import (
    derive_figures,
    load_ages,
    load_release,
    load_source,
    load_vintage,
    make_empty,
)
from pipelines.publish.loaded import as_loaded
from pipelines.publish.privacy import refuse_personal
from pipelines.publish.revisions import load_vintages
from pipelines.reader.release import OpenRelease
from pipelines.share.check import SharedSource
from pipelines.share.protection.margins import dimensions
from pipelines.system.code_version import release_code_version
from pipelines.system.connection import STORAGE_VERSION, connect, fetch_row, insert_rows, run_sql
from pipelines.system.running.clean_copy import copy_cleanly
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import caveats_sql
from pipelines.tabulate.gates import declared_breaks
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.declarations import attribute_columns, load_rules, quote_literal
from schemas.definition.sharing import Level
from schemas.errors import UsageError
from schemas.source import SourceFolder

_DECLARED = {"mass_event", "draft_links"}
"""Caveats from rules that only state what the office declares and reveal nothing about a count."""

_CELL = ("stage", "counting_unit", *dimensions())


@dataclass(frozen=True)
class BuiltRelease:
    """A release that may be shared: its file, its identifier, and the vintages that it was built from."""

    path: Path
    release: str
    content_key: str
    vintages: Mapping[str, Vintage]


def build_release(
    release: OpenRelease,
    found: Sequence[SharedSource],
    folders: Mapping[str, SourceFolder],
    settings: Settings,
    target: Path,
    level: Level = "public",
) -> BuiltRelease:
    """Build the file to share.

    Args:
        release: the published one, which was checked.
        found: the outcome of ``check_sharing`` on it; sources that stay are left out.
        folders: the definitions of sources, by identifier.
        settings: where data live.
        target: the DuckDB file to write; it must not exist.
        level: who it is for; evidence on programmes is included if its own level allows it.

    Raises:
        UsageError: the published release is not of the current vintages.
    """
    leaving = [one for one in found if one.outcome in ("as_it_is", "protected")]
    vintages = _vintages(release, leaving, settings)
    folders = as_loaded(list(vintages.values()), folders)
    make_empty(target, settings)
    target.chmod(0o600)
    with connect(settings, target) as connection:
        for one in leaving:
            vintage, folder = vintages[one.source], folders[one.source]
            if one.outcome == "protected":
                _load_protected(connection, one, vintage, folder)
            else:
                load_vintage(connection, vintage, folder)
                load_vintages(connection, vintage, settings)
        load_ages(connection)
        sources = [folders[one.source].source for one in leaving]
        open_vintages = [vintages[one.source] for one in leaving if one.outcome == "as_it_is"]
        derive_figures(connection, open_vintages, sources)
        _load_evidence(connection, release, level)
        key = _content_key(connection)
        (published_at,) = fetch_row(release.connection, "SELECT published_at FROM out.release")
        name = f"{published_at.date().isoformat()}-{key[:8]}"
        load_release(connection, name, key, published_at, {"release_history": [], "release_source": []})
        refuse_personal(connection, sources, settings)
        connection.execute("CHECKPOINT")
    copy_cleanly(target, settings, STORAGE_VERSION)  # this process has read what is hidden
    return BuiltRelease(target, name, key, vintages)


def _load_evidence(connection: duckdb.DuckDBPyConnection, release: OpenRelease, level: Level) -> None:
    """Copy the evidence on programmes that recipients of a level may have."""
    levels = get_args(Level)
    allowed = list(levels[: levels.index(level) + 1])
    found = release.connection.execute(
        "SELECT * FROM out.evaluation WHERE list_contains($allowed, share_level) ORDER BY ALL", {"allowed": allowed}
    )
    names = [column[0] for column in found.description or ()]
    insert_rows(connection, "out.evaluation", [dict(zip(names, row, strict=True)) for row in found.fetchall()])


def _vintages(release: OpenRelease, leaving: Sequence[SharedSource], settings: Settings) -> dict[str, Vintage]:
    shown = dict(release.connection.execute("SELECT source, vintage FROM out.source").fetchall())
    found = {}
    for one in leaving:
        vintage = current_vintage(one.source, settings)
        if vintage is None or vintage.vintage != shown[one.source]:
            raise UsageError(
                f"the published release has vintage {shown[one.source]} of {one.source}, but the current one is "
                f"{vintage.vintage if vintage else 'missing'}; publish first: iccs run"
            )
        found[one.source] = vintage
    return found


def _load_protected(
    connection: duckdb.DuckDBPyConnection, one: SharedSource, vintage: Vintage, folder: SourceFolder
) -> None:
    connection.register("hidden_cell", protected_cells([one]))
    of_checks = {rule.caveat for rule in load_rules().values() if rule.caveat} - _DECLARED
    source = folder.source
    run_sql(
        connection,
        "share/load_protected",
        source=quote_literal(source.source_id),
        vintage="''",
        cells=vintage.query("cells"),
        unmarked=vintage.query("unmarked"),
        declared_caveats=caveats_sql(source),
        declared_breaks=declared_breaks(source),
        of_checks="(" + ", ".join(map(quote_literal, sorted(of_checks))) + ")",
        same_unmarked=_same("unmarked"),
        same_hidden=_same("hidden"),
    )
    connection.unregister("hidden_cell")
    name = f"{vintage.loads[-1].moment.date().isoformat()}-{_fingerprint(connection, source.source_id)}"
    connection.execute(
        "UPDATE out.observation SET vintage = $vintage WHERE source = $source",
        {"vintage": name, "source": source.source_id},
    )
    implied = (*attribute_columns(), "sex", "age")
    tags = ", ".join(f"CASE WHEN {column} IS NOT NULL THEN '{column}=' || {column} END" for column in implied)
    own = {"source": quote_literal(source.source_id), "vintage": quote_literal(name)}
    run_sql(connection, "share/load_links", tags=tags, links=vintage.query("links"), **own)
    files = "; ".join(str(file["name"]) for file in vintage.manifest["files"])
    load_source(connection, vintage, folder, name, files)
    current = vintage.loads[-1]
    insert_rows(
        connection,
        "out.vintage",
        [
            {
                "source": source.source_id,
                "vintage": name,
                "loaded_at": current.moment,
                "is_current": True,
                "files": files,
                "observations": current.observations,
                "first_period": current.first_period,
                "last_period": current.last_period,
            }
        ],
    )


def protected_cells(found: Sequence[SharedSource]) -> pa.Table:
    """Return the hidden and rounded cells: source, codes, and the rounded count, empty if hidden."""
    rows: list[tuple[str | int | None, ...]] = []
    for one in found:
        for series in one.series:
            name = (one.source, series.stage, series.counting_unit)
            rows += [(*name, *key, None) for key in sorted(series.hidden)]
            rows += [(*name, *key, count) for key, count in sorted(series.rounded.items())]
    names = ("source", *_CELL)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in (*names, "rounded")]
    table = {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=False)}
    return pa.table({**table, "rounded": pa.array(columns[-1], pa.float64())})


def _same(other: str) -> str:
    return " AND ".join(
        f"coalesce(CAST({other}.{name} AS VARCHAR), '') = coalesce(CAST(cells.{name} AS VARCHAR), '')" for name in _CELL
    )


def _fingerprint(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """Return the fingerprint of the protected cells of a source, so that it cannot confirm a guess at hidden ones."""
    digest = hashlib.sha256()
    rows = connection.execute(
        "SELECT to_json(observation)::VARCHAR FROM out.observation AS observation WHERE source = $source ORDER BY 1",
        {"source": source},
    )
    while batch := rows.fetchmany(10_000):
        for (text,) in batch:
            digest.update(text.encode() + b"\n")
    return digest.hexdigest()[:16]


def _content_key(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the fingerprint of what the release shows and of the program that made it."""
    sources: list[tuple[Any, ...]] = connection.execute("SELECT source, vintage FROM out.source ORDER BY 1").fetchall()
    evidence = connection.execute("FROM out.evaluation ORDER BY ALL").fetchall()
    shown = (release_code_version(), sources, *([evidence] if evidence else []))
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
