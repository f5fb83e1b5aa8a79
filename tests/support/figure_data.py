"""Tiny data for the rules on figures: what a case gives, plain rows for what it leaves out, and a judge over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.harmonise.enums import register_areas
from pipelines.system.connection import connect
from pipelines.system.settings import Settings
from pipelines.tabulate.rules import judge_rules, open_tables
from schemas.declarations import attribute_columns, load_rules
from schemas.source import Source

ABOUT = {
    "source_id": "xx_tiny",
    "title": "Tiny",
    "publisher": "nobody",
    "url": "https://example.org",
    "licence": {"name": "invented"},
    "citation": "invented",
    "layouts": [{"files": ["x.csv"], "read": {"columns": ["a"]}}],
    "columns": {"ref_area": "a", "time_period": "b", "value": "c", "sex": "d", "age": "e", "measure": "m"},
    "area_scheme": "code",
    "measures": {"victims": {"counting_unit": "victim"}, "offences": {"counting_unit": "offence"}},
}
KEY = {
    "freq": "A",
    "stage": "recorded",
    "counting_unit": "victim",
    "iccs": "0101",
    "ref_area": "MX",
    "area_level": "country",
    "time_period": "2020",
    "sex": "_T",
    "age": "_T",
    **dict.fromkeys(attribute_columns(), "_T"),
    "value": 1.0,
    "obs_status": "A",
}
CELL = {**KEY, "iccs_made_from": None, "missing_reason": None, "conf_status": "F", "completeness": 1.0, "caveats": None}
CORE = {
    **KEY,
    "cell": 1,
    "_file": "x.csv",
    "_sheet": None,
    "_row": 2,
    "measure": "victims",
    "national_code": "H",
    "national_label": "Homicidio",
    "link": 1,
    "weight": 1.0,
}
LINK = {
    "link": 1,
    "national_code": "H",
    "national_label": "Homicidio",
    "iccs_code": "0101",
    "sex": None,
    "weight": "1",
    "status": "reviewed",
    "out_of_scope": None,
    "proposed": None,
    "valid_from": None,
    "valid_to": None,
}
MAPPED = {
    "link": 1,
    "measure": "victims",
    "stage": "recorded",
    "counting_unit": "victim",
    "time_period": "2020",
    "sex": "M",
    "count": 10.0,
}
RATE = {
    "_row": 2, "ref_area": "MX", "time_period": "2020", "national_code": "H", "iccs": "0101", "stage": "recorded",
    "counting_unit": "victim", "count": 50.0, "rate": 5.0, "per": 100000.0, "population": 1e6, "rate_made": 5.0,
    "rounding": 0.005, "rate_low": 4.995, "rate_high": 5.005, "between_years": False,
}  # fmt: skip
ROW = {
    "measure": "victims", "stage": "recorded", "counting_unit": "victim", "code_id": 0, "iccs": "0101",
    "ref_area": "MX-AGU", "time_period": "2020", "is_rejected": False, "records": 1.0, "counted": 1.0, "unread": 0.0,
}  # fmt: skip
_LISTS_OF_TOTALS = """
    CREATE OR REPLACE TEMP TABLE given_area AS SELECT DISTINCT ref_area FROM core;
    CREATE OR REPLACE TEMP TABLE country_of_any AS
    SELECT area AS ref_area, coalesce(min(ancestor) FILTER (ancestor_level = 'country'), area) AS country
    FROM area_ancestor GROUP BY area;
    CREATE OR REPLACE TEMP TABLE climb AS FROM (VALUES ('0101', '0101'), ('0101', '01')) AS up (code, ancestor);
    CREATE OR REPLACE TEMP TABLE iccs_ancestor AS FROM climb;
    CREATE OR REPLACE TEMP TABLE lost_row AS FROM read_parquet('{rows}')
"""
Rows = list[dict[str, Any]]
_TEXT = {"iccs_made_from", "proposed", "valid_to", "_sheet", "missing_reason", "caveats", "sex", "out_of_scope", "iccs"}


@dataclass
class Data:
    """What one case gives the rules; what is not said takes one plain row."""

    cells: Rows = field(default_factory=lambda: [{}])
    core: Rows = field(default_factory=lambda: [{}])
    links: Rows = field(default_factory=lambda: [{}])
    mapped: Rows = field(default_factory=lambda: [{}])
    rates: Rows = field(default_factory=lambda: [{}])
    rows: Rows = field(default_factory=list)
    printed: Rows = field(default_factory=list)
    not_over: tuple[tuple[str | None, str, str, str], ...] = ()
    months_cut: tuple[tuple[str, str, str], ...] = ()
    previous: Rows | None = None
    cell_types: dict[str, pa.DataType] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def _write(rows: Rows, whole: dict[str, Any], path: Path, other: dict[str, pa.DataType] | None = None) -> Path:
    full = [{**whole, **row} for row in rows]
    types = {name: pa.string() if name in _TEXT else pa.array([value]).type for name, value in whole.items()}
    schema = pa.schema(list({**types, **(other or {})}.items()))
    pq.write_table(pa.Table.from_pylist(full, schema=schema), path)
    return path


class Judge:
    """Runs rules on tiny data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, connection: duckdb.DuckDBPyConnection, data: Data) -> Source:
        source = Source.model_validate({**ABOUT, **data.about})
        files = SimpleNamespace(
            core=_write(data.core, CORE, self.folder / "core.parquet"),
            links=_write(data.links, LINK, self.folder / "links.parquet"),
            rates=_write(data.rates, RATE, self.folder / "rates.parquet"),
            mapped=_write(data.mapped, MAPPED, self.folder / "mapped.parquet"),
        )
        cells = _write(data.cells, CELL, self.folder / "cells.parquet", data.cell_types)
        before = None
        if data.previous is not None:
            before = _write(data.previous, CELL, self.folder / "previous.parquet")
        for name, path in (("core", files.core), ("cells", cells)):
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet('{path}')")
        register_areas(connection)
        rows = _write(data.rows, ROW, self.folder / "rows.parquet")
        connection.execute(_LISTS_OF_TOTALS.format(rows=rows))
        printed = _write(data.printed, CORE, self.folder / "printed.parquet")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE printed_total AS FROM read_parquet('{printed}')")
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE period_not_over (ref_area TEXT, time_period TEXT, came DATE, last_day DATE)"
        )
        if data.not_over:
            connection.executemany("INSERT INTO period_not_over VALUES (?, ?, ?, ?)", data.not_over)
        connection.execute("CREATE OR REPLACE TEMP TABLE month_cut (ref_area TEXT, time_period TEXT, detail TEXT)")
        if data.months_cut:
            connection.executemany("INSERT INTO month_cut VALUES (?, ?, ?)", data.months_cut)
        open_tables(connection, source, files, before)  # type: ignore[arg-type]
        return source

    def __call__(self, rule: str, data: Data) -> tuple[str, int, int, str]:
        with connect(Settings(data=self.folder, threads=1)) as connection:
            source = self.open(connection, data)
            (found,) = judge_rules(connection, [load_rules()[rule]], source)
            (kept,) = connection.execute("SELECT count(*) FROM finding").fetchall()
            assert found.outcome == "errored" or kept == (found.failing,)
        return found.outcome, found.checked, found.failing, found.detail


def by_sex(men: float, women: float, unknown: float, total: float | None = None, **key: Any) -> Rows:
    total = men + women + unknown if total is None else total
    figures = {"M": men, "F": women, "_U": unknown, "_T": total}
    return [{**key, "sex": sex, "value": value} for sex, value in figures.items()]


def by_age(total: float | None = None, **bands: float) -> Rows:
    total = sum(bands.values()) if total is None else total
    return [{"age": age, "value": value} for age, value in {**bands, "_T": total}.items()]


def years(values: list[float | None], first: int = 2010, **key: Any) -> Rows:
    return [{**key, "time_period": str(first + n), "value": value} for n, value in enumerate(values)]


def ages(*codes: str) -> Rows:
    return [{"age": code} for code in codes]


def states(*codes: str, **key: Any) -> Rows:
    return [{**key, "ref_area": code, "area_level": "admin1"} for code in codes]


def months(values: list[float], **key: Any) -> Rows:
    return [
        {**key, "freq": "M", "time_period": f"{2020 + n // 12}-{n % 12 + 1:02}", "value": value}
        for n, value in enumerate(values)
    ]
