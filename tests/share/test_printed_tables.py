"""``iccs share tables``: read back with openpyxl, an independent reader of workbooks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from pipelines.share.printed_tables import WORKBOOK, write_printed_tables
from schemas.codelists import load_codelist
from schemas.declarations import attribute_columns

EVIL = ("=cmd|'/c calc'!A0", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://x")')


@pytest.fixture
def release() -> duckdb.DuckDBPyConnection:
    """Two countries by hand; names that would be formulas; a break, a fraction, a hidden count, a year not reported."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA out")
    given = {"released": datetime(2026, 11, 29, 1, 2, 3), "evil": EVIL[0], "plus": EVIL[1], "minus": EVIL[2]}
    connection.execute(
        "CREATE TABLE out.release AS SELECT 'r1' AS release, $at AS published_at", {"at": given["released"]}
    )
    connection.execute(
        "CREATE TABLE out.source AS SELECT 'xx' AS source, $a AS title, $b AS publisher, $c AS licence",
        {"a": EVIL[0], "b": EVIL[4], "c": EVIL[3]},
    )
    connection.execute("CREATE TABLE out.area AS SELECT 'MX' AS code, $a AS name_en", {"a": EVIL[1]})
    connection.execute("CREATE TABLE out.iccs AS SELECT '0101' AS code, $a AS title_en", {"a": EVIL[2]})
    connection.execute("CREATE TABLE out.sex AS SELECT 'F' AS code, 'Women' AS label_en")
    connection.execute("CREATE TABLE out.age AS SELECT '_T' AS code, 'All ages' AS label_en")
    attributes = ", ".join(f"'_T' AS {name}" for name in attribute_columns())
    rows = """('MX', 'country', '_T', '2020', 1234.0, 'A', NULL, 'projection;part_of_category'),
              ('MX', 'country', '_T', '2021', 9.5, 'B', NULL, 'part_of_category'),
              ('MX', 'country', 'F', '2020', NULL, 'Q', 'suppressed', 'part_of_category'),
              ('MX', 'country', 'F', '2021', NULL, 'O', 'x', NULL),
              ('MX-AGU', 'admin1', '_T', '2020', 0.0, 'E', NULL, NULL)"""
    connection.execute(
        "CREATE TABLE out.observation AS SELECT 'xx' AS source, 'recorded' AS stage, 'victim' AS counting_unit, "
        f"'A' AS freq, '0101' AS iccs, '_T' AS age, {attributes}, * FROM (VALUES {rows}) "
        "AS cells (ref_area, area_level, sex, time_period, value, obs_status, missing_reason, caveats)"
    )
    return connection


def test_tables_have_numbers_signs_and_no_formula(release: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_printed_tables(release, tmp_path / name)
    path = tmp_path / "one" / WORKBOOK
    assert path.read_bytes() == (tmp_path / "two" / WORKBOOK).read_bytes()
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Contents", "Table 1", "Table 2", "Table 3"]
    texts = set()
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
            assert cell.data_type in ("s", "n"), (sheet.title, cell.coordinate)
            assert cell.hyperlink is None
            if isinstance(cell.value, str) and cell.value.startswith(tuple("=+-@")):
                assert cell.quotePrefix, "a spreadsheet would take it for a formula when it is edited"
                texts.add(cell.value)
    assert texts >= {EVIL[1], EVIL[2]}
    by_area, by_category, by_person = book["Table 1"], book["Table 2"], book["Table 3"]
    assert [[cell.value for cell in row] for row in by_category["A4:F5"]] == [
        ["Code", "Area", "ICCS", "Category", "2020", "2021"],
        ["MX", EVIL[1], "0101", EVIL[2], 1234, 9.5],
    ]
    labels = {entry.code: str(entry.label_en) for entry in load_codelist("caveat")}
    assert [by_category["G4"].value, by_category["G5"].value] == ["Notes", "1; 2 (2020)"]
    notes = {cell.value for cell in by_category["A"] if cell.value}
    assert {f"1  {labels['part_of_category']}", f"2  {labels['projection']}"} <= notes
    assert by_person["G4"].value != "Notes"  # none of its figures is shown
    assert [cell.number_format for cell in by_category[5][4:6]] == ["#,##0", '#,##0.00" b"']
    assert (by_area["E5"].value, by_area["E5"].number_format) == (0, '#,##0" e"')
    assert [cell.value for cell in by_person[5]][4:] == ["Women", "All ages", "c", ".."]
    notes = {cell.value for cell in by_person["A"] if cell.value}
    assert {"c  hidden to protect persons", "..  not reported, or no figure"} <= notes
