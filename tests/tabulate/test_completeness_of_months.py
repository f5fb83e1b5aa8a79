"""Completeness counts each missing month once, whether it is not there or has next to nothing, in both grains."""

from __future__ import annotations

from calendar import monthrange
from pathlib import Path

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.session import Session
from pipelines.source_steps import run_source

Month = tuple[str, int, int]
AREAS = ("MX-AGU", "MX-COL", "MX-JAL")
UNTIL_OCTOBER = {(area, year, month): 100 + 10 * (month % 3) for area in AREAS for year in (2021, 2022)
                 for month in range(1, 13) if (year, month) <= (2022, 10)}  # fmt: skip
TABLE = """\
layouts: [{files: ['*.csv'], read: {columns: [area, date, code, n]}}]
columns: {ref_area: area, time_period: date, national_code: code, value: n}
"""
INCIDENTS = """\
kind: incident
rows: events
layouts: [{files: ['*.csv'], read: {columns: [area, date, code]}}]
columns: {ref_area: area, time_period: date, national_code: code}
covers: [MX-AGU, MX-COL, MX-JAL]
"""
BOTH = """\
area_scheme: code
measures: {m: {counting_unit: victim}}
breakdowns: [{freq: A, by: []}, {freq: M, by: []}]
"""


def give(tiny: Tiny, grain: str, counts: dict[Month, int]) -> None:
    """A table of the counts, or that many incidents on days that differ."""
    tiny.declare((TABLE if grain == "table" else INCIDENTS) + BOTH)
    if grain == "table":
        lines = [f"{area},{year}-{month:02},HOM,{n}" for (area, year, month), n in counts.items()]
    else:
        lines = [
            f"{area},{year}-{month:02}-{1 + (17 * i + i * i // 3) % monthrange(year, month)[1]:02},HOM"
            for (area, year, month), n in counts.items()
            for i in range(n)
        ]
    tiny.give("t.csv", "\n".join(["area,date,code" + (",n" if grain == "table" else ""), *lines]) + "\n")


def shares(tiny: Tiny) -> dict[str, float]:
    vintage, _ = run_source(tiny.source, Session(tiny.settings, tiny.given))
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT ref_area, completeness FROM read_parquet($cells) "
            "WHERE iccs = '0101' AND freq = 'A' AND time_period = '2022' AND area_level = 'admin1'",
            {"cells": str(vintage.part("cells"))},
        ).fetchall()
    return {area: share for area, share in found if area in AREAS}


@pytest.mark.parametrize("grain", ["table", "incidents"])
def test_a_month_is_missing_once(tmp_path: Path, grain: str) -> None:
    """Ten months of twelve; in Colima July is not there, and in Jalisco August has one event of more than 100."""
    counts = {month: n for month, n in UNTIL_OCTOBER.items() if month != ("MX-COL", 2022, 7)}
    counts["MX-JAL", 2022, 8] = 1
    tiny = Tiny(tmp_path)
    give(tiny, grain, counts)
    expected = {"MX-AGU": 10 / 12, "MX-COL": 9 / 12, "MX-JAL": 9 / 12}
    assert shares(tiny) == pytest.approx(expected, abs=1e-8)
