"""Each folder beside this file, named after a source: an extract of its real file, and the cells it must become.

How the expected cells were made, and where the files come from, is in README.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.build import publish
from pipelines.run import Session, run_source, writing
from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns
from schemas.source import find_sources, list_sources

HERE = Path(__file__).parent
SOURCES = sorted(folder.name for folder in HERE.iterdir() if folder.joinpath("expected.csv").is_file())


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """All extracts, published together."""
    settings = Settings(data=tmp_path_factory.mktemp("golden"))
    with writing(settings):
        vintages = [
            run_source(folder, Session(settings, HERE / folder.source_id))[0] for folder in find_sources(SOURCES)
        ]
        published = publish(vintages, list_sources(), settings).path
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection


def _expected(source: str) -> list[dict[str, str]]:
    with (HERE / source / "expected.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else str(value).removesuffix(".0")


@pytest.mark.parametrize("source", SOURCES)
def test_extract_becomes_exactly_the_expected_cells(golden: duckdb.DuckDBPyConnection, source: str) -> None:
    expected = _expected(source)
    columns = list(expected[0])
    table = "population" if "population" in columns else "observation"
    found = golden.execute(f"SELECT {', '.join(columns)} FROM out.{table} WHERE source = ?", [source]).fetchall()

    # expected.csv need not list every area, category and period, but of those it lists it has every cell.
    block = [columns.index(name) for name in ("ref_area", "time_period", "iccs") if name in columns]
    listed = {tuple(row[columns[n]] for n in block) for row in expected}
    texts = [tuple(map(_as_text, row)) for row in found]
    as_text = sorted(row for row in texts if tuple(row[n] for n in block) in listed)
    wanted = sorted(tuple(row.values()) for row in expected)

    assert len(set(wanted)) == len(wanted), "expected.csv lists a cell twice"
    assert [row for row in wanted if row not in set(as_text)] == [], "expected, not published"
    assert [row for row in as_text if row not in set(wanted)] == [], "published, not expected"
    assert len(as_text) == len(wanted), "a cell is published twice"


@pytest.mark.parametrize("source", SOURCES)
def test_reconciliation_of_the_extract_closes(golden: duckdb.DuckDBPyConnection, source: str) -> None:
    rows = golden.execute("SELECT closes, rows_read FROM out.reconciliation WHERE source = ?", [source]).fetchall()

    assert rows
    assert all(closes and read > 0 for closes, read in rows)


def test_attributes_that_the_extracts_do_not_have_are_totals(golden: duckdb.DuckDBPyConnection) -> None:
    others = [name for name in attribute_columns() if name != "weapon"]
    codes = golden.execute(f"SELECT DISTINCT unnest([{', '.join(others)}]) FROM out.observation").fetchall()

    assert codes == [("_T",)]


def test_each_colombian_file_adds_up_to_its_own_foot_row(golden: duckdb.DuckDBPyConnection) -> None:
    controls = golden.execute(
        "SELECT file, expected, actual FROM out.control WHERE source = 'co_policia_homicides' ORDER BY file"
    ).fetchall()

    assert [file for file, _, _ in controls] == ["homicidios_2017.xlsx", "homicidios_2020.xls", "homicidios_2024.xls"]
    assert all(expected == actual > 0 for _, expected, actual in controls)


def test_jujuy_2000_is_the_one_row_whose_sexes_differ_from_its_total(golden: duckdb.DuckDBPyConnection) -> None:
    # In the file: 19 victims, of whom 21 men, 8 women and 1 unknown. Published as given, with a warning.
    rows = golden.execute(
        "SELECT expected, actual FROM out.control "
        "WHERE control = 'victims by sex against victims' AND detail LIKE 'row %'"
    ).fetchall()
    outcome = golden.execute(
        "SELECT outcome FROM out.quality WHERE source = 'ar_snic' AND rule = 'control_totals'"
    ).fetchone()

    assert rows == [(19, 30)]
    assert outcome == ("warned",)
