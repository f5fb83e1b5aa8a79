"""A release as a data package: CSV and Parquet of every table, their descriptor, sums, licences, citation, provenance.

The same release gives the same bytes, whenever and wherever it is written, except for the DuckDB file, as DuckDB gives
each file its own identifier.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.share.check import SharedSource
from pipelines.share.provenance import describe_for_catalogues, describe_provenance
from pipelines.system.connection import fetch_row
from pipelines.system.files import sha256_of_file
from schemas.declarations import Column, Table, load_tables, quote_literal

_TYPES = {"VARCHAR": "string", "DOUBLE": "number", "BOOLEAN": "boolean", "TIMESTAMP": "datetime", "DATE": "date"}
_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
SUMS = "SHA256SUMS"


def write_data_package(
    connection: duckdb.DuckDBPyConnection, folder: Path, found: Sequence[SharedSource], level: str
) -> None:
    """Write the data package of a release.

    Args:
        connection: to the release that leaves.
        folder: an empty folder.
        found: what leaves of each source.
        level: who it is for.
    """
    connection.execute("SET threads = 1")  # else the row groups of a file depend on which thread was first
    (folder / "data").mkdir()
    resources = []
    for table in load_tables().values():
        (rows,) = fetch_row(connection, f"SELECT count(*) FROM out.{table.name}")
        if rows:
            resources += [_write_table(connection, table, folder, form) for form in _MEDIA]
    described = _describe(connection, resources, found, level)
    _write_json(folder / "datapackage.json", described)
    _write_json(folder / "provenance.json", describe_provenance(connection, resources))
    _write_json(folder / "dcat.jsonld", describe_for_catalogues(described))
    (folder / "README.md").write_text(_readme(connection, found, level), encoding="utf-8", newline="\n")
    lines = [
        f"{sha256_of_file(path)}  {path.relative_to(folder).as_posix()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def _write_table(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, form: str) -> dict[str, Any]:
    path = folder / "data" / f"{table.name}.{form}"
    options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    connection.execute(
        f"COPY (FROM out.{table.name} ORDER BY ALL NULLS FIRST) TO {quote_literal(str(path))} ({options})"
    )
    schema = {"fields": [_field(column) for column in table.columns], "missingValues": [""]}
    return {
        "name": f"{table.name}-{form}",
        "path": path.relative_to(folder).as_posix(),
        "type": "table" if form == "csv" else "file",  # readers of packages check the fields of CSV
        "title": table.comment,
        "format": form,
        "mediatype": _MEDIA[form],
        **({"encoding": "utf-8"} if form == "csv" else {}),
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of_file(path)}",
        **({"schema": schema} if form == "csv" else {}),
    }


def _field(column: Column) -> dict[str, Any]:
    kind = _TYPES.get(column.type, "integer")
    dated = {"format": "%Y-%m-%d %H:%M:%S.%f"} if kind == "datetime" else {}
    return {"name": column.name, "type": kind, **dated, "description": column.comment}


def _describe(
    connection: duckdb.DuckDBPyConnection, resources: list[dict[str, Any]], found: Sequence[SharedSource], level: str
) -> dict[str, Any]:
    release, published_at = fetch_row(connection, "SELECT release, published_at FROM out.release")
    sources = connection.execute(
        "SELECT source, title, publisher, url, licence, citation FROM out.source ORDER BY source"
    ).fetchall()
    outcomes = {one.source: one for one in found}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"crime-statistics-{level}",
        "title": "Crime statistics in the International Classification of Crime for Statistical Purposes (ICCS)",
        "version": release,
        "created": published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keywords": ["crime", "ICCS", "official statistics"],
        "contributors": [{"title": name, "roles": ["publisher"]} for name in sorted({row[2] for row in sources})],
        "licenses": [{"name": "by-source", "title": "The licence of each source: see sources, and README.md"}],
        "sources": [
            {
                "title": title,
                "path": url,
                "name": source,
                "publisher": publisher,
                "licence": licence,
                "citation": citation,
                "confidentiality": _confidentiality(outcomes[source]),
            }
            for source, title, publisher, url, licence, citation in sources
        ],
        "resources": resources,
    }


def _confidentiality(one: SharedSource) -> str:
    if one.outcome == "as_it_is":
        return "as published by its office"
    if one.policy and one.policy.rounding:
        return f"all counts are rounded to multiples of {one.policy.rounding}: obs_status E, caveat figures_rounded"
    return "small counts, and others from which they could be computed, are hidden: no value, conf_status C"


def _readme(connection: duckdb.DuckDBPyConnection, found: Sequence[SharedSource], level: str) -> str:
    (release,) = fetch_row(connection, "SELECT release FROM out.release")
    lines = [
        f"# Crime statistics, release {release}",
        "",
        f"For: {level}. Tables are in `data/` as CSV and Parquet, with the same content; `datapackage.json`",
        "describes each column. `crime.duckdb` has them with views and macros. `provenance.json` (W3C PROV) says",
        f"what each source was made from. `{SUMS}` has the checksum of every file: `sha256sum -c {SUMS}`.",
        "",
        "An empty field is not zero: `missing_reason` states why there is no figure. Where `conf_status` is C the "
        "count",
        "is hidden to protect persons, because it is small or because a small one could be computed from it;",
        "which of the two is not stated.",
        "",
        "| source | publisher | licence | citation | confidentiality |",
        "|---|---|---|---|---|",
    ]
    outcomes = {one.source: one for one in found}
    for source, publisher, licence, citation in connection.execute(
        "SELECT source, publisher, licence, citation FROM out.source ORDER BY source"
    ).fetchall():
        cells = (source, publisher, licence, citation, _confidentiality(outcomes[source]))
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
