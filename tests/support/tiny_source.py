"""A source of a few rows, declared and run in a temporary folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from pipelines.collect.acquire import acquire
from pipelines.collect.read import RawTable, read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.reconcile import Validated, account
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import aggregate
from schemas.source import SourceFolder, list_sources

ABOUT = """\
title: Tiny source
publisher: nobody
url: https://example.org
licence: {name: invented figures}
citation: invented figures
"""
HOMICIDE = {"national_code": "HOM", "national_label": "Homicidio", "iccs_code": "0101", "relation": "exact"}
REVIEWED = {"basis": "definition", "status": "reviewed", "decided_by": "a test", "decided_on": "2026-11-22"}
FLAGS = ("threats", "aiding", "accomplice", "conspiracy", "incitement")


def _concordance(links: Sequence[dict[str, str]]) -> str:
    """The links as a table with the columns of those shipped."""
    shipped = resources.files("iccs").joinpath("concordances", "mx_sesnsp_victims.csv").read_text(encoding="utf-8")
    names = shipped.splitlines()[0].split(",")
    text = io.StringIO()
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    for link in links:
        flags = dict.fromkeys(FLAGS, "" if link.get("out_of_scope") else "unknown")
        table.writerow({**flags, **REVIEWED, "note": "Invented.", **link})
    return text.getvalue()


@dataclass
class Tiny:
    """A source under construction: ``declare`` it, ``give`` it files, ``run`` it."""

    root: Path
    name: str = "xx_tiny"

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def given(self) -> Path:
        return self.root / "given"

    @property
    def settings(self) -> Settings:
        return Settings(data=self.root / "data", threads=1)

    def declare(
        self,
        declaration: str,
        values: str = "",
        links: Sequence[dict[str, str]] = (HOMICIDE,),
        reshape: str | None = None,
    ) -> SourceFolder:
        folder = self.sources / self.name
        folder.mkdir(parents=True, exist_ok=True)
        folder.joinpath("source.yml").write_text(ABOUT + declaration, encoding="utf-8")
        folder.joinpath("concordance.csv").write_text(_concordance(links), encoding="utf-8")
        folder.joinpath("values.csv").write_text("dimension,word,code,note\n" + values, encoding="utf-8")
        if reshape is not None:
            folder.joinpath("reshape.sql").write_text(reshape, encoding="utf-8")
        return list_sources(self.sources)[self.name]

    def declare_plain(
        self, more: str = "", *, scheme: str = "inegi", read: str = "", layout: str = "", **parts: Any
    ) -> SourceFolder:
        """A table with the columns area, year, code and n; ``more`` is added to the declaration."""
        return self.declare(
            f"layouts:\n  - files: ['*.csv']\n    read: {{columns: [area, year, code, n]{read}}}\n{layout}"
            f"area_scheme: {scheme}\n"
            "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
            "measures:\n  victims: {counting_unit: victim}\n" + more,
            **parts,
        )

    def give(self, name: str, content: str | bytes) -> None:
        target = self.given / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def source(self) -> SourceFolder:
        return list_sources(self.sources)[self.name]

    @property
    def work(self) -> Path:
        path = self.root / "work"
        path.mkdir(exist_ok=True)
        return path

    def outcomes(self) -> tuple[Outcome, ...]:
        """What the rules on the source as a whole found."""
        with connect(self.settings) as connection:
            return self.account(connection).outcomes

    def account(self, connection: duckdb.DuckDBPyConnection) -> Validated:
        """The steps up to the account of every row; leaves ``core`` in the connection."""
        source, settings, work = self.source, self.settings, self.work
        raw = read(source, acquire(source, settings, self.given), settings, work)
        return account(source, conform(source, raw, settings, work), connection, settings, work)

    def run(self) -> TinyResult:
        """The steps from the files to the published cells, without storing or publishing them."""
        source, cells = self.source, self.work / "published.parquet"
        with connect(self.settings) as connection:
            validated = self.account(connection)
            aggregate(source, validated, connection)
            connection.execute(f"COPY cells TO '{cells}'")
        return TinyResult(
            {
                "core": validated.core,
                "reconciliation": validated.reconciliation,
                "exclusions": validated.exclusions,
                "controls": validated.controls,
                "cells": cells,
            }
        )

    def read(self) -> tuple[RawTable, list[tuple[Any, ...]]]:
        """The first two steps: the raw table, and its rows as text with their numbers."""
        source = self.source
        raw = read(source, acquire(source, self.settings, self.given), self.settings, self.work)
        paths = [str(path) for paths in raw.layouts for path in paths]
        with connect(self.settings) as connection:
            found = connection.execute(
                "SELECT _row, COLUMNS(* EXCLUDE (_file, _sheet, _row)) FROM read_parquet($paths)", {"paths": paths}
            )
            return raw, found.fetchall()

    def conform(self) -> tuple[list[tuple[int, float]], list[tuple[int, str]]]:
        """The first three steps: row and value of each good cell, row and rule of each rejected one."""
        raw, _ = self.read()
        conformed = conform(self.source, raw, self.settings, self.work)
        with connect(self.settings) as connection:
            rejected = connection.read_parquet(str(conformed.rejected))
            cells = connection.sql(f"FROM {conformed.relation('tally')}").join(rejected, "cell", how="anti")
            return (
                cells.project("_row, number").order("_row").fetchall(),
                rejected.project("_row, rule").order("_row, rule").fetchall(),
            )

    def rejected(self) -> list[tuple[int, str, str, str]]:
        """Row, column, value and rule of each cell in quarantine."""
        (path,) = (self.settings.quarantine / self.name).glob("*.parquet")
        with connect(self.settings) as connection:
            return connection.execute(
                "SELECT row, column_name, value, rule FROM read_parquet($path) ORDER BY ALL", {"path": str(path)}
            ).fetchall()


@dataclass
class TinyResult:
    """What the steps made, as Parquet files."""

    parts: dict[str, Path]

    def rows(self, part: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
        with connect(Settings(data=self.parts[part].parent)) as connection:
            return connection.execute(
                f"SELECT {columns} FROM read_parquet($path) WHERE {where}", {"path": str(self.parts[part])}
            ).fetchall()

    def cells(self, columns: str, where: str = "true") -> dict[Any, tuple[Any, ...]]:
        """The published cells: what is in the columns named -> value, obs_status, missing_reason; each at most once."""
        rows = self.rows("cells", f"{columns}, value, obs_status, missing_reason", where)
        found = {row[:-3] if len(row) > 4 else row[0]: row[-3:] for row in rows}
        assert len(found) == len(rows), "a cell is there twice"
        return found
