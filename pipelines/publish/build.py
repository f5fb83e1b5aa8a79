"""Build the published DuckDB file beside the last one and rename it at the end; readers never wait."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from iccs.classification import load_classification
from pipelines.publish.across_sources import compare_sources, refuse_implausible
from pipelines.publish.backcasts import refuse_unknown_countries
from pipelines.publish.evaluations import load_evaluations
from pipelines.publish.indicators import make_indicators
from pipelines.publish.loaded import LoadedFolder, as_loaded
from pipelines.publish.privacy import refuse_personal
from pipelines.publish.published_schema import create_tables
from pipelines.publish.rates import make_rates
from pipelines.publish.releases import (
    history,
    keep_published,
    new_release_id,
    published_is_whole,
    put_in_place,
    time_of_release,
)
from pipelines.publish.revisions import load_vintages, record_release_changes
from pipelines.publish.series.annual_series import read_annual_series
from pipelines.publish.series.breaks import insert_breaks
from pipelines.publish.series.changes import make_changes, make_usual_limits
from pipelines.publish.series.latest_months import make_latest
from pipelines.publish.series.segments import make_segments
from pipelines.publish.series.trends import make_trends
from pipelines.publish.themes import load_themes_and_coverage
from pipelines.system.code_version import release_code_version
from pipelines.system.connection import STORAGE_VERSION, connect, fetch_row, insert_rows, run_sql
from pipelines.system.outcomes import with_todays_texts
from pipelines.system.removal import delete
from pipelines.system.running.clean_copy import copy_cleanly, records_were_read
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.loads import name_files
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.codelists import age_labels, load_areas, load_codelist, parse_age
from schemas.declarations import attribute_columns, load_tables, quote_literal
from schemas.project import project_lists_key
from schemas.source import Source, SourceFolder


@dataclass(frozen=True)
class Publication:
    """What was published: the file, its release and how many cells it contains."""

    path: Path
    release: str
    observations: int
    rates: int
    trends: int

    @property
    def rows(self) -> int:
        """How many observations it contains."""
        return self.observations

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"{self.rates:,} rates, {self.trends:,} trends; release {self.release}"


def content_key(vintages: Sequence[Vintage], folders: dict[str, SourceFolder]) -> str:
    """Return the fingerprint of what a publication would contain."""
    digest = hashlib.sha256(_program().encode())
    for vintage in sorted(vintages, key=lambda item: item.source_id):
        history = " ".join(f"{load.vintage} {load.loaded_at}" for load in vintage.loads)
        definition = LoadedFolder(folders[vintage.source_id], vintage).shown_key
        digest.update(f"{vintage.source_id} {history} {vintage.content_key} {definition}\n".encode())
    return digest.hexdigest()[:16]


def _program() -> str:
    """The version of the program and of the project's lists: with vintages and definitions they determine a release."""
    return release_code_version() + project_lists_key(with_indicators=True)


def publish(vintages: Sequence[Vintage], folders: dict[str, SourceFolder], settings: Settings) -> Publication:
    """Build schema ``out`` from the current vintages, and replace the last release with it.

    Args:
        vintages: one for each source to publish.
        folders: the sources by identifier; a vintage is published as its source was declared when it was loaded.
        settings: where data live.
    """
    target, key, folders = settings.published, content_key(vintages, folders), as_loaded(vintages, folders)
    refuse_unknown_countries([folders[vintage.source_id].source for vintage in vintages], folders)
    target.parent.mkdir(parents=True, exist_ok=True)
    if compared := published_is_whole(settings):
        keep_published(settings)
    release = new_release_id(datetime.now(UTC).date().isoformat(), key, settings)
    unfinished = target.with_name(f".{target.stem}-{key}.part")
    _discard_unfinished(settings)
    try:
        make_empty(unfinished, settings)
        with connect(settings, unfinished) as connection:
            connection.execute("BEGIN")  # every table is written once, not again after each statement that changes it
            for vintage in vintages:
                load_vintage(connection, vintage, folders[vintage.source_id])
                load_vintages(connection, vintage, settings)
            load_ages(connection)
            load_evaluations(connection)
            sources = [folders[vintage.source_id].source for vintage in vintages]
            derive_figures(connection, vintages, sources)
            connection.execute("COMMIT")
            before = {name: history(name, settings) for name in ("release_history", "release_source")}
            published_at = time_of_release(before["release_history"], datetime.now(UTC).replace(tzinfo=None))
            counts = load_release(connection, release, key, published_at, before)
            if compared:
                record_release_changes(connection, release, settings)
            refuse_personal(connection, sources, settings)
            connection.execute("CHECKPOINT")
        if records_were_read():
            copy_cleanly(unfinished, settings, STORAGE_VERSION)
        with unfinished.open("rb") as handle:
            os.fsync(handle.fileno())
        put_in_place(unfinished, settings)
    except BaseException:
        _discard_unfinished(settings)
        raise
    keep_published(settings)
    return Publication(target, release, *counts)


def derive_figures(
    connection: duckdb.DuckDBPyConnection, vintages: Sequence[Vintage], sources: Sequence[Source]
) -> None:
    """Compute what follows from the loaded cells: rates, comparisons, indicators, breaks, trends, latest months.

    Args:
        connection: the file being built; observations, populations, estimates, links and ages are loaded.
        vintages: those whose published rates and files may be compared with the cells.
        sources: those that are loaded.
    """
    populations = {source.source_id: source.priority for source in sources if source.kind == "population"}
    stocks = {key for source in sources for key in source.stocks}
    backcasts = {source.source_id: source.backcast for source in sources if source.backcast is not None}
    make_rates(connection, populations, stocks, backcasts)
    refuse_implausible(connection)
    compare_sources(connection, vintages)  # first, so that cells carry its caveats when anything is made from them
    make_indicators(connection)
    insert_breaks(connection, sources)
    series = read_annual_series(connection, stocks)
    make_trends(connection, series)
    make_changes(connection, series)
    make_usual_limits(connection, series)
    make_segments(connection)
    make_latest(connection)
    load_themes_and_coverage(connection)


EMPTY_RELEASES: dict[str, bytes] = {}
"""The file before anything is loaded, by program version: a process that publishes again copies it."""


def make_empty(path: Path, settings: Settings) -> None:
    """Make a file with all tables, views, macros and code lists: hundreds of statements, the same for every release."""
    program = _program()
    if program in EMPTY_RELEASES:
        path.write_bytes(EMPTY_RELEASES[program])
        return
    with connect(settings, path) as connection:
        connection.execute("BEGIN")  # one write to disk, not one for each statement
        create_tables(connection)
        load_lists(connection)
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")  # closing does it too, and says nothing where the disk is full
    EMPTY_RELEASES[program] = path.read_bytes()


def _discard_unfinished(settings: Settings) -> None:
    """Delete what interrupted runs left beside the published file: ``.crime-<content key>.part`` and its log."""
    made = re.compile(rf"\.{re.escape(settings.published.stem)}-[0-9a-f]{{16}}\.part(\.[\w.]+)?")
    for path in settings.published.parent.iterdir():
        if made.fullmatch(path.name):
            delete(path, settings)


def load_lists(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the code lists ``out.iccs``, ``out.area``, ``out.sex`` and ``out.caveat``."""
    classification = load_classification()
    rows: list[dict[str, object]] = [
        {
            "code": category.code,
            "level": category.level,
            "parent": category.parent or None,
            "title_en": category.title.en,
            "title_fr": category.title.fr,
            "title_es": category.title.es,
            "in_tree": True,
        }
        for category in classification
    ]
    rows += [
        {
            "code": combined.code,
            "level": None,
            "parent": None,
            "title_en": combined.title.en,
            "title_fr": combined.title.fr,
            "title_es": combined.title.es,
            "in_tree": False,
        }
        for combined in classification.combined.values()
    ]
    insert_rows(connection, "out.iccs", rows)
    insert_rows(
        connection,
        "out.area",
        [
            {
                "code": area.code,
                "name_en": area.name_en,
                "name_fr": area.name_fr,
                "name_es": area.name_es,
                "area_level": area.level,
                "parent": area.parent,
            }
            for area in load_areas()
        ],
    )
    for name in ("sex", "caveat"):
        columns = [column.name for column in load_tables()[name].columns]
        insert_rows(
            connection,
            f"out.{name}",
            [{column: getattr(code, column) for column in columns} for code in load_codelist(name)],
        )


def load_vintage(connection: duckdb.DuckDBPyConnection, vintage: Vintage, folder: SourceFolder) -> None:
    """Fill the tables of one source: its cells, its links, what became of its rows, and the outcomes of its rules."""
    source = folder.source
    manifest = vintage.manifest
    own = {"source": quote_literal(source.source_id), "vintage": quote_literal(vintage.vintage)}
    figures = vintage.figures_of(source)
    table = {"count": "observations", "population": "population", "estimate": "estimates"}[figures]
    part = "estimates" if figures == "estimate" else "cells"
    run_sql(connection, f"publish/load_{table}", cells=vintage.query("cells", part), **own)
    for table, part in (("reconciliation", "reconciliation"), ("exclusion", "exclusions"), ("control", "controls")):
        columns = ", ".join(column.name for column in load_tables()[table].columns[2:])
        connection.execute(
            f"INSERT INTO out.{table} BY NAME SELECT {own['source']} AS source, {own['vintage']} AS vintage, {columns} "
            f"FROM {vintage.query(part)}"
        )
    insert_rows(connection, "out.quality", with_todays_texts(manifest["quality"]))
    if vintage.has("coverage"):
        run_sql(
            connection,
            "publish/load_quality",
            findings=vintage.query("findings"),
            coverage=vintage.query("coverage"),
            **own,
        )
    load_source(connection, vintage, folder, vintage.vintage, name_files(manifest["files"]))
    if source.figures != "population":
        implied = (*attribute_columns(), "sex", "age")
        tags = ", ".join(f"CASE WHEN {name} IS NOT NULL THEN '{name}=' || {name} END" for name in implied)
        parts = {name: vintage.query(name) for name in ("links", "mapped")}
        run_sql(connection, "publish/load_mapping", tags=tags, **own, **parts)


def load_source(
    connection: duckdb.DuckDBPyConnection, vintage: Vintage, folder: SourceFolder, name: str, files: str
) -> None:
    """Add the row of ``out.source``, with the name and the files that the vintage has in the file being built."""
    source, current = folder.source, vintage.loads[-1]
    insert_rows(
        connection,
        "out.source",
        [
            {
                "source": source.source_id,
                "vintage": name,
                "kind": "estimate" if vintage.figures_of(source) == "estimate" else source.kind,
                "title": source.title,
                "publisher": source.publisher,
                "url": source.url,
                "licence": source.licence.name,
                "citation": source.citation,
                "counted_at": source.counted_at,
                "stocks": ";".join(sorted({f"{stage} {unit}" for _, stage, unit in source.stocks})) or None,
                "files": files,
                "observations": current.observations,
                "first_period": current.first_period,
                "last_period": current.last_period,
            }
        ],
    )


def load_ages(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.age`` with the codes in use: age codes are a pattern, not a list."""
    used = connection.execute(
        "SELECT age FROM out.observation UNION SELECT age FROM out.population UNION SELECT age FROM out.estimate"
    ).fetchall()
    rows: list[dict[str, object]] = []
    for (code,) in used:
        bounds, labels = parse_age(code), age_labels(code)
        rows.append(
            {
                "code": code,
                **dict(zip(("label_en", "label_fr", "label_es"), labels, strict=True)),
                "lower_age": bounds[0] if bounds else None,
                "upper_age": bounds[1] if bounds else None,
            }
        )
    insert_rows(
        connection, "out.age", sorted(rows, key=lambda row: (str(row["code"])[0] == "_", row["lower_age"] or 0))
    )


def load_release(
    connection: duckdb.DuckDBPyConnection,
    release: str,
    key: str,
    published_at: datetime,
    before: Mapping[str, list[dict[str, Any]]],
) -> tuple[int, int, int]:
    """Fill the three tables of releases; return how many observations, rates and trends there are.

    Args:
        connection: the file being built, complete but for its releases.
        release: its identifier.
        key: fingerprint of its content.
        published_at: in UTC, without the zone.
        before: the rows of ``release_history`` and ``release_source`` of earlier releases.
    """
    counts = fetch_row(
        connection,
        "SELECT (SELECT count(*) FROM out.observation), (SELECT count(*) FROM out.rate), "
        "(SELECT count(*) FROM out.trend), (SELECT count(*) FROM out.source)",
    )
    this = {
        "release": release,
        "published_at": published_at,
        "code_version": version("iccs-pipelines"),
        "content_key": key,
        **dict(zip(("observations", "rates", "trends", "sources"), counts, strict=True)),
    }
    insert_rows(connection, "out.release", [this])
    insert_rows(connection, "out.release_history", [*before["release_history"], this])
    insert_rows(connection, "out.release_source", before["release_source"])
    connection.execute(
        "INSERT INTO out.release_source BY NAME SELECT (SELECT release FROM out.release) AS release, "
        "source, vintage, observations, first_period, last_period FROM out.source"
    )
    return counts[:3]
