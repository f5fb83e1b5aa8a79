"""Grades of precision that a workbook gives by the colour of its cells; the colours are written here, cell by cell."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from schemas.source import find_sources

xlsxwriter = pytest.importorskip("xlsxwriter")

XLS = Path(__file__).parents[1] / "golden" / "co_policia_homicides" / "homicidios_2020.xls"
DECLARED = """\
layouts:
  - files: ['*.xlsx', '*.xls']
    read: {format: excel, columns: [area, offence, year, n], fills: true}
area_scheme: code
columns: {ref_area: area, national_code: offence, time_period: year, value: n, precision: n | fill}
measures:
  persons: {stage: experienced, counting_unit: victim, figures: estimate, universe: persons}
"""
GRADES = "precision,,good,\nprecision,FFEA00,use_with_caution,\nprecision,FF5400,unreliable,\n"


def load(tiny: Tiny, colours: dict[int, dict[str, Any]]) -> RunResult:
    """A sheet of one row a year, whose number has the colour given for the year."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["area", "offence", "year", "n"], book.add_format({"bg_color": "#AABBCC"}))
        for row, (year, colour) in enumerate(colours.items(), start=1):
            sheet.write_row(row, 0, ["AU", "HOM", year])
            sheet.write(row, 3, 100 + row, book.add_format(colour))
    tiny.declare(DECLARED, values=GRADES)
    tiny.give("t.xlsx", content.getvalue())
    return run_all(
        find_sources([tiny.name], tiny.sources), Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    )


def test_the_colour_of_a_cell_is_its_grade(tiny: Tiny) -> None:
    colours = {
        2018: {},
        2019: {"bg_color": "#FFFFFF"},
        2020: {"bg_color": "#FFEA00"},
        2021: {"bg_color": "#FF5400"},
        2022: {"bold": True},
    }
    assert not load(tiny, colours).refused

    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT time_period, estimate, precision, obs_status, missing_reason FROM out.estimate ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("2018", 101, "good", "A", None),
        ("2019", 102, "good", "A", None),
        ("2020", 103, "use_with_caution", "U", None),
        ("2021", None, "unreliable", "O", "too_unreliable"),
        ("2022", 105, "good", "A", None),
    ]


def test_a_colour_without_a_grade_is_refused_with_its_place(tiny: Tiny) -> None:
    (refused,) = load(tiny, {2020: {"bg_color": "#FFEA00"}, 2021: {"bg_color": "#FFEA01"}}).refused

    problem = refused.problems[0]
    assert (problem["rule"], problem["row"], problem["column"], problem["value"]) == (
        "unknown_word",
        3,
        "n | fill",
        "FFEA01",
    )
    assert "FFEA00" in problem["nearest"]


def test_colours_of_an_xls_file_are_not_taken_for_none(tiny: Tiny) -> None:
    tiny.declare(DECLARED, values=GRADES)
    tiny.give("t.xls", XLS.read_bytes())

    folders = find_sources([tiny.name], tiny.sources)
    (refused,) = run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources)).refused

    assert "can be read only from xlsx" in refused.message
