"""Step 9, publish: build the analysts' DuckDB file beside the last one, then rename; readers never wait."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa

from iccs.classification import load_classification
from pipelines.comparison import compare_sources
from pipelines.database import connect, fetch_row, run_sql
from pipelines.declared_indicators import make_indicators
from pipelines.indicators import make_rates, make_segments, make_trends
from pipelines.loads import name_files
from pipelines.personal import refuse_personal
from pipelines.program import code_fingerprint
from pipelines.releases import history, keep_published, new_release_id, put_in_place
from pipelines.removal import delete
from pipelines.revisions import load_vintages
from pipelines.settings import Settings
from pipelines.source import SourceFolder
from pipelines.store import Vintage
from pipelines.theme_coverage import load_themes_and_coverage
from schemas.codelists import age_labels, load_areas, load_codelist, parse_age
from schemas.declarations import attribute_columns, create_table_sql, load_tables, quote_literal

_CODED_ARGUMENTS = ("iccs", "area", "sex", "age")  # of macros, each with its list in schema out


@dataclass(frozen=True)
class Publication:
    """Result of the last step: the file, its release and how many cells it holds."""

    path: Path
    release: str
    observations: int
    rates: int
    trends: int

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"{self.rates:,} rates, {self.trends:,} trends; release {self.release}"


def content_key(vintages: Sequence[Vintage], folders: dict[str, SourceFolder]) -> str:
    """Return the fingerprint of what a publication would hold."""
    digest = hashlib.sha256(code_fingerprint().encode())
    for vintage in sorted(vintages, key=lambda item: item.source_id):
        history = " ".join(f"{load.vintage} {load.loaded_at}" for load in vintage.loads)
        digest.update(f"{vintage.source_id} {history} {folders[vintage.source_id].fingerprint}\n".encode())
    return digest.hexdigest()[:16]


def publish(vintages: Sequence[Vintage], folders: dict[str, SourceFolder], settings: Settings) -> Publication:
    """Build schema ``out`` from the current vintages, and put it in the place of the last release.

    Args:
        vintages: one for each source to publish.
        folders: the sources by identifier.
        settings: where data live.
    """
    target = settings.published
    target.parent.mkdir(parents=True, exist_ok=True)
    key = content_key(vintages, folders)
    keep_published(settings)
    release = new_release_id(datetime.now(UTC).date().isoformat(), key, settings)
    half = target.with_name(f".{target.stem}-{key}.part")
    _discard_halves(settings)
    try:
        with connect(settings, half) as connection:
            connection.execute("BEGIN")  # hundreds of small statements: one write to disk, not one each
            create_tables(connection)
            _load_lists(connection)
            connection.execute("COMMIT")
            for vintage in vintages:
                _load_vintage(connection, vintage, folders[vintage.source_id])
                load_vintages(connection, vintage, settings)
            _load_ages(connection)
            sources = [folders[vintage.source_id].source for vintage in vintages]
            populations = {source.source_id: source.priority for source in sources if source.kind == "population"}
            make_rates(connection, populations)
            compare_sources(connection, vintages)  # its caveats are on the cells before anything is made from them
            make_indicators(connection)
            make_trends(connection, sources)
            make_segments(connection, sources)
            load_themes_and_coverage(connection)
            counts = _load_release(connection, release, key, settings)
            refuse_personal(connection, sources, settings)
            connection.execute("CHECKPOINT")
        with half.open("rb") as handle:
            os.fsync(handle.fileno())
        put_in_place(half, settings)
    except BaseException:
        _discard_halves(settings)
        raise
    keep_published(settings)
    return Publication(target, release, *counts)


def _discard_halves(settings: Settings) -> None:
    """Delete what runs that did not end left beside the published file: ``.crime-<content key>.part`` and its log."""
    made = re.compile(rf"\.{re.escape(settings.published.stem)}-[0-9a-f]{{16}}\.part(\.[\w.]+)?")
    for path in settings.published.parent.iterdir():
        if made.fullmatch(path.name):
            delete(path, settings)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables and the macros of schema ``out``, as declared, with their comments."""
    connection.execute("CREATE SCHEMA out")
    for table in load_tables().values():
        for statement in create_table_sql(table):
            connection.execute(statement)
    views = resources.files("schemas").joinpath("views")
    known_code = views.joinpath("known_code.sql").read_text(encoding="utf-8")
    for entry in sorted(views.joinpath("out").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".sql"):
            macro, text = entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")
            connection.execute(_fill_macro(text, known_code.replace("{{macro}}", macro)))
            comment = " ".join(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))
            connection.execute(f"COMMENT ON MACRO TABLE out.{macro} IS {quote_literal(comment)}")


def _fill_macro(text: str, known_code: str) -> str:
    """Fill the marks of a macro: the attributes, their totals, and what holds an argument to its list of codes."""
    parts = {"attributes": ", ".join(attribute_columns()), "totals": ", ".join("'_T'" for _ in attribute_columns())}
    parts |= {f"known {name}": known_code.replace("{{name}}", name) for name in _CODED_ARGUMENTS}
    for mark, part in parts.items():
        text = text.replace("{{" + mark + "}}", part)
    return text


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    connection.register("list_rows", pa.Table.from_pylist(rows))
    connection.execute(f"INSERT INTO out.{table} BY NAME FROM list_rows")
    connection.unregister("list_rows")


def _load_lists(connection: duckdb.DuckDBPyConnection) -> None:
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
    _insert(connection, "iccs", rows)
    _insert(
        connection,
        "area",
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
        _insert(connection, name, [vars(code) for code in load_codelist(name)])


def _load_vintage(connection: duckdb.DuckDBPyConnection, vintage: Vintage, folder: SourceFolder) -> None:
    source = folder.source
    manifest = vintage.manifest()
    parts = {name: quote_literal(str(vintage.part(name))) for name in ("cells", "links", "mapped")}
    own = {"source": quote_literal(source.source_id), "vintage": quote_literal(vintage.vintage)}
    run_sql(connection, "load_population" if source.kind == "population" else "load_observations", **own, **parts)
    for table, part in (("reconciliation", "reconciliation"), ("exclusion", "exclusions"), ("control", "controls")):
        columns = ", ".join(column.name for column in load_tables()[table].columns[2:])
        connection.execute(
            f"INSERT INTO out.{table} BY NAME SELECT {own['source']} AS source, {own['vintage']} AS vintage, {columns} "
            f"FROM read_parquet({quote_literal(str(vintage.part(part)))})"
        )
    _insert(connection, "quality", manifest["quality"])
    if vintage.part("coverage").is_file():  # a vintage of an older version has none
        run_sql(
            connection,
            "load_quality",
            findings=quote_literal(str(vintage.part("findings"))),
            coverage=quote_literal(str(vintage.part("coverage"))),
            **own,
        )
    current = vintage.loads[-1]
    _insert(
        connection,
        "source",
        [
            {
                "source": source.source_id,
                "vintage": vintage.vintage,
                "kind": source.kind,
                "title": source.title,
                "publisher": source.publisher,
                "url": source.url,
                "licence": source.licence.name,
                "citation": source.citation,
                "files": name_files(manifest["files"]),
                "observations": current.observations,
                "first_period": current.first_period,
                "last_period": current.last_period,
            }
        ],
    )
    if source.figures == "count":
        implied = (*attribute_columns(), "sex", "age")
        tags = ", ".join(f"CASE WHEN {name} IS NOT NULL THEN '{name}=' || {name} END" for name in implied)
        run_sql(connection, "load_mapping", tags=tags, **own, **parts)


def _load_ages(connection: duckdb.DuckDBPyConnection) -> None:
    """Age codes are a pattern, not a list: out.age holds those in use."""
    used = connection.execute("SELECT age FROM out.observation UNION SELECT age FROM out.population").fetchall()
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
    _insert(connection, "age", sorted(rows, key=lambda row: (str(row["code"])[0] == "_", row["lower_age"] or 0)))


def _load_release(
    connection: duckdb.DuckDBPyConnection, release: str, key: str, settings: Settings
) -> tuple[int, int, int]:
    """Fill the three tables of releases; returns how many observations, rates and trends there are."""
    counts = fetch_row(
        connection,
        "SELECT (SELECT count(*) FROM out.observation), (SELECT count(*) FROM out.rate), "
        "(SELECT count(*) FROM out.trend), (SELECT count(*) FROM out.source)",
    )
    this = {
        "release": release,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "code_version": version("iccs-pipelines"),
        "content_key": key,
        **dict(zip(("observations", "rates", "trends", "sources"), counts, strict=True)),
    }
    _insert(connection, "release", [this])
    _insert(connection, "release_history", [*history("release_history", settings), this])
    _insert(connection, "release_source", history("release_source", settings))
    connection.execute(
        "INSERT INTO out.release_source BY NAME SELECT (SELECT release FROM out.release) AS release, "
        "source, vintage, observations, first_period, last_period FROM out.source"
    )
    return counts[:3]
