"""One declaration and one content as a table of cells and as a file of incidents, in every format."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tiny_source import HOMICIDE, Tiny

from pipelines.collect.acquire import acquire
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.reconcile import Judged, Validated, account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from schemas.declarations import breakdown_columns, quote_literal

KINDS = ("count", "incident")
FORMATS = ("csv", "excel", "parquet")
CELL = ("ref_area", "time_period", "freq", "measure", "stage", "counting_unit", "iccs", "national_code", "sex", "age")
"""What names a cell in these tests; beside it every ICCS attribute."""


@dataclass(frozen=True)
class Declared:
    """A source of which every row is an event: only its kind, and the format of its files, are left open."""

    columns: str = "{ref_area: place, time_period: when, national_code: offence, sex: sex}"
    more: str = ""
    values: str = "sex,m,M\nsex,f,F\nsex,,_U\n"
    links: Sequence[dict[str, str]] = (HOMICIDE,)
    read: str = ""  # more options of reading
    layout: str = ""
    files: dict[str, str] = field(default_factory=dict)  # SQL in the folder of the source
    value: bool = True  # whether a constant says that each row counts one
    header: Sequence[str] = ("when", "place", "offence", "sex")

    def text(self, kind: str, form: str) -> str:
        dates = "dates: [YYYY-MM]\n" if kind == "incident" and "time_period" in self.columns else ""
        value = 'constants: {value: "1"}\n' if self.value else ""
        return (
            f"kind: {kind}\n"
            "layouts:\n  - files: ['*']\n"
            f"    read: {{format: {form}, columns: [{', '.join(self.header)}]{self.read}}}\n{self.layout}"
            f"area_scheme: code\ncolumns: {self.columns}\n{value}{dates}"
            "rows: events\nbreakdowns: [{freq: M, by: [sex]}]\nmeasures:\n  victims: {counting_unit: victim}\n"
            + self.more
        )


@dataclass(frozen=True)
class Came:
    """What came of a source: its base cells and the parts that account for every row, or why it was refused."""

    cells: dict[tuple[str, ...], tuple[float, str]]
    reconciliation: list[tuple[Any, ...]]
    exclusions: list[tuple[Any, ...]]
    mapped: list[tuple[Any, ...]]
    controls: list[tuple[Any, ...]]
    rejected: list[tuple[Any, ...]]
    refused: list[tuple[Any, ...]]


def take(tiny: Tiny, declared: Declared, rows: Sequence[Sequence[Any]], kind: str, form: str) -> Came:
    """Take one content through the steps up to the account of every row."""
    folder = tiny.declare(declared.text(kind, form), values=declared.values, links=declared.links)
    for name, statement in declared.files.items():
        (tiny.sources / tiny.name / name).write_text(statement, encoding="utf-8")
    write(tiny.given / f"events.{form}", declared.header, rows, form)
    settings, work = tiny.settings, tiny.work
    try:
        if kind == "incident":
            judged: Judged = tally(folder, acquire(folder, settings, tiny.given), settings, work)
        else:
            raw = read(folder, acquire(folder, settings, tiny.given), settings, work)
            judged = conform(folder, raw, settings, work)
        with connect(settings) as connection:
            validated = account(folder, judged, connection, settings, work)
    except DataRefused as refused:
        problems = sorted((one.rule, one.column, one.value, one.row) for one in refused.problems)
        return Came({}, [], [], [], [], rejected(tiny), problems)
    return came(tiny, validated)


def came(tiny: Tiny, validated: Validated) -> Came:
    names = ", ".join((*CELL, *(name for name in breakdown_columns() if name not in CELL)))
    with connect(tiny.settings) as connection:

        def ask(query: str, part: str) -> list[tuple[Any, ...]]:
            path = quote_literal(str(getattr(validated, part)))
            return connection.execute(query.replace("PART", f"read_parquet({path})")).fetchall()

        cells = ask(
            f"SELECT {names}, sum(value), string_agg(DISTINCT obs_status, ' ' ORDER BY obs_status) FROM PART "
            "GROUP BY ALL",
            "core",
        )
        return Came(
            {row[:-2]: (row[-2], row[-1]) for row in cells},
            ask(
                "SELECT measure, stage, counting_unit, rows_read, rows_used, rows_excluded, rows_rejected, cells_read, "
                "cells_used, cells_missing, cells_excluded, cells_rejected, count_read, count_used, count_excluded, "
                "count_rejected, count_published, closes FROM PART ORDER BY ALL",
                "reconciliation",
            ),
            ask("SELECT measure, rule, reason, cells, count FROM PART ORDER BY ALL", "exclusions"),
            ask("SELECT link, measure, time_period, sex, sum(count) FROM PART GROUP BY ALL ORDER BY ALL", "mapped"),
            ask(
                "SELECT control, expected, actual, difference, within_tolerance FROM PART "
                "WHERE control <> 'lines of the file' ORDER BY ALL",
                "controls",
            ),
            rejected(tiny),
            [],
        )


def rejected(tiny: Tiny) -> list[tuple[Any, ...]]:
    """Rule, column, value and row of what is in quarantine, without the name of the file."""
    paths = list((tiny.settings.quarantine / tiny.name).glob("*.parquet"))
    if not paths:
        return []
    with connect(tiny.settings) as connection:
        return connection.execute(
            "SELECT rule, column_name, value, row FROM read_parquet($path) ORDER BY ALL", {"path": str(paths[0])}
        ).fetchall()


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> None:
    """Write a content as a text file, a workbook or a Parquet file; only the last has numbers as such."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *rows])
        path.write_text(text.getvalue(), encoding="utf-8")
    elif form == "excel":
        import xlsxwriter

        with xlsxwriter.Workbook(str(path)) as workbook:
            sheet = workbook.add_worksheet()
            for number, row in enumerate([header, *rows]):
                for column, cell in enumerate(row):
                    sheet.write(number, column, cell)
    else:
        columns = {name: [row[place] for row in rows] for place, name in enumerate(header)}
        pq.write_table(pa.table(columns), path)
