"""Workbooks made to fill the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.collect.acquire import RawFile
from pipelines.collect.workbook.sheets import SheetsToRead, read_sheets
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings

xlsxwriter = pytest.importorskip("xlsxwriter")


def _workbook(path: Path, *cells: str) -> RawFile:
    workbook = xlsxwriter.Workbook(str(path))
    sheet = workbook.add_worksheet()
    for cell in cells:
        sheet.write(cell, "x")
    workbook.close()
    return RawFile(path.name, path, "", path.stat().st_size, 0, "2026-01-01")


@pytest.mark.parametrize("cells", [("A1", "XFD1048576"), ("A1048576", "XFD1"), ("B2", "ZZ900000")])
def test_a_stray_cell_far_away_is_refused_before_memory_is_taken_for_the_empty_ones(
    tmp_path: Path, cells: tuple[str, ...]
) -> None:
    """A file of 5 kB; the sheet has 16,384 columns and 1,048,576 rows."""
    file = _workbook(tmp_path / "a.xlsx", *cells)

    with pytest.raises(DataRefused) as refused:
        read_sheets("xx_test", file, SheetsToRead(), Settings(data=tmp_path), tmp_path / "rows")

    (problem,) = refused.value.problems
    assert problem.rule == "cell_far_away"


@pytest.mark.parametrize("last", ["Z30000", "XFD20", "AMJ400"])
def test_a_long_or_a_wide_sheet_is_read(tmp_path: Path, last: str) -> None:
    file = _workbook(tmp_path / "a.xlsx", "A1", last)

    (sheet,) = read_sheets("xx_test", file, SheetsToRead(), Settings(data=tmp_path), tmp_path / "rows").sheets

    assert sheet.rows[0][0] == sheet.rows[-1][-1] == "x"


def test_a_damaged_sheet_is_refused(tmp_path: Path) -> None:
    file = _workbook(tmp_path / "a.xlsx", *(f"A{number}" for number in range(1, 3000)))
    content = bytearray(file.path.read_bytes())
    start = content.index(b"xl/worksheets/sheet1.xml") + 60
    content[start : start + 40] = bytes(40)
    file.path.write_bytes(content)

    with pytest.raises(DataRefused) as refused:
        read_sheets("xx_test", file, SheetsToRead(), Settings(data=tmp_path), tmp_path / "rows")

    (problem,) = refused.value.problems
    assert problem.rule == "file_not_readable"
