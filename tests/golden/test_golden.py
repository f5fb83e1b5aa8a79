"""Extracts of real files here and in ``tests/extracts``, and the cells that each must become.

How the expected cells were made, and where the files come from, is in README.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import duckdb
import pytest
from extracts import EXPECTED, EXTRACTS, TESTS

from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns
from schemas.source import list_sources


@pytest.fixture(scope="module")
def golden(extracts: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(extracts.published), read_only=True) as connection:
        yield connection


def test_every_packaged_source_has_an_extract_and_expected_cells() -> None:
    folders = {path.name for here in ("golden", "extracts") for path in (TESTS / here).iterdir() if path.is_dir()}

    assert set(EXTRACTS) == set(list_sources())
    assert folders - {"make", "__pycache__"} == set(EXTRACTS)


def _expected(source: str) -> list[dict[str, str]]:
    with (EXTRACTS[source] / EXPECTED).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return str(round(value, 6)).removesuffix(".0") if isinstance(value, float) else str(value)


@pytest.mark.parametrize("source", EXTRACTS)
def test_extract_becomes_exactly_the_expected_cells(golden: duckdb.DuckDBPyConnection, source: str) -> None:
    expected = _expected(source)
    columns = list(expected[0])
    table = next((name for name in ("population", "estimate") if name in columns), "observation")
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


@pytest.mark.parametrize("source", EXTRACTS)
def test_reconciliation_of_the_extract_closes(golden: duckdb.DuckDBPyConnection, source: str) -> None:
    rows = golden.execute(
        "SELECT closes, rows_read, rows_rejected FROM out.reconciliation WHERE source = ?", [source]
    ).fetchall()

    assert rows
    assert all(closes and read > 0 and rejected == 0 for closes, read, rejected in rows)


# Which sources have figures by which attribute, from the publishers' tables.
BY_ATTRIBUTE = {
    "weapon": {
        "mx_sesnsp_victims",
        "co_policia_homicides",
        "mx_sesnsp_offences",
        "us_fbi_shr",
        "cl_cphdv_homicides",
        "ec_mdi_homicides",
        "pa_mp_homicides",
    },
    "attempted": {"de_bka_t01"},
    "citizenship": {"de_bka_t40", "cl_cphdv_homicides"},
    "relationship": {"us_fbi_shr"},
    "situational_context": {"us_fbi_shr"},
}


@pytest.mark.parametrize("attribute", attribute_columns())
def test_attributes_that_a_source_does_not_have_are_totals(golden: duckdb.DuckDBPyConnection, attribute: str) -> None:
    found = golden.execute(f"SELECT DISTINCT source FROM out.observation WHERE {attribute} <> '_T'").fetchall()

    assert {source for (source,) in found} == BY_ATTRIBUTE.get(attribute, set())


def test_every_cell_has_a_known_category(golden: duckdb.DuckDBPyConnection) -> None:
    unknown = "SELECT DISTINCT iccs FROM out.observation WHERE iccs NOT IN (SELECT code FROM out.iccs)"
    assert golden.execute(unknown).fetchall() == []


def test_a_published_total_without_its_sexes_is_a_total(golden: duckdb.DuckDBPyConnection) -> None:
    # Kosovo 2017, rape: 21 men, 21 in all, no row of women. Published: 21 of unknown sex, and no total.
    found = golden.execute(
        "SELECT value FROM out.observation WHERE source = 'eu_crim_pris_off' AND ref_area = 'XK' "
        "AND time_period = '2017' AND iccs = '03011' AND sex = '_T'"
    ).fetchall()

    assert found == [(21,)]


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
