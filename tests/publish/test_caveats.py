"""Caveats of cells reach every macro: on a handful of cells, where those behind each answer are known by reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.publish.published_schema import create_tables
from schemas.declarations import attribute_columns, load_tables

CELL = {
    "source": "xx_a", "vintage": "v", "ref_area": "SE", "area_level": "country", "time_period": "2019", "freq": "A",
    "iccs": "0101", "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T",
    **dict.fromkeys(attribute_columns(), "_T"), "value": 10.0, "obs_status": "A", "caveats": None,
}  # fmt: skip
MONTHS = [{"freq": "M", "time_period": f"2019-{month:02}", "value": 1.0} for month in range(1, 13)]


@pytest.fixture
def out(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "caveats.duckdb")) as connection:
        create_tables(connection)
        connection.execute(
            "INSERT INTO out.area BY NAME SELECT unnest(['SE', 'NO', 'DK']) AS code, 'country' AS area_level, "
            "'' AS name_en, '' AS name_fr, '' AS name_es"
        )
        yield connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, *rows: dict[str, Any]) -> None:
    columns = {column.name for column in load_tables()[table].columns}
    given = pa.Table.from_pylist([{k: v for k, v in {**CELL, **row}.items() if k in columns} for row in rows])
    connection.register("given", given)
    connection.execute(f"INSERT INTO out.{table} BY NAME FROM given")


def test_a_series_shows_the_caveats_of_its_years(out: duckdb.DuckDBPyConnection) -> None:
    out.execute(
        "INSERT INTO out.iccs BY NAME SELECT '0101' AS code, 2 AS level, true AS in_tree, "
        "'' AS title_en, '' AS title_fr, '' AS title_es"
    )
    for codes in ("sex", "age"):
        out.execute(
            f"INSERT INTO out.{codes} BY NAME SELECT '_T' AS code, '' AS label_en, '' AS label_fr, '' AS label_es"
        )
    fill(out, "rate", {"caveats": "volume_jump"}, {"time_period": "2020"})
    found = out.execute("SELECT time_period, caveats FROM out.trend_of('0101', 'SE')").fetchall()
    assert found == [("2019", "volume_jump"), ("2020", None)]


def test_a_longer_period_has_the_caveats_of_its_months(out: duckdb.DuckDBPyConnection) -> None:
    marks = {"2019-02": "months_missing;volume_jump", "2019-03": "volume_jump;abroad_included"}
    fill(out, "observation", *({**month, "caveats": marks.get(str(month["time_period"]))} for month in MONTHS))
    found = out.execute("SELECT time_period, caveats FROM out.counts_by_period('Q') ORDER BY 1").fetchall()
    assert found == [
        ("2019-Q1", "abroad_included;months_missing;volume_jump"),
        ("2019-Q2", None),
        ("2019-Q3", None),
        ("2019-Q4", None),
    ]


def test_areas_together_have_the_caveats_of_each(out: duckdb.DuckDBPyConnection) -> None:
    fill(out, "observation", {"caveats": "volume_jump"}, {"ref_area": "NO", "caveats": "abroad_included"})
    fill(out, "observation", {"ref_area": "DK", "caveats": "projection"})  # not asked for
    (found,) = out.execute("SELECT caveats FROM out.counts_of_areas(['SE', 'NO'])").fetchall()
    assert found == ("abroad_included;volume_jump",)


def test_an_age_band_has_the_caveats_of_the_groups_in_it(out: duckdb.DuckDBPyConnection) -> None:
    bounds = {"Y0T14": (0, 14), "Y15T17": (15, 17), "Y_GE18": (18, None), "_T": (None, None)}
    ages = [{"code": age, "lower_age": low, "upper_age": high} for age, (low, high) in bounds.items()]
    out.register(
        "ages", pa.Table.from_pylist([{**age, "label_en": "", "label_fr": "", "label_es": ""} for age in ages])
    )
    out.execute("INSERT INTO out.age BY NAME FROM ages")
    marks = {"Y15T17": "age_recording_changed", "_T": "abroad_included"}
    fill(out, "observation", *({"age": age, "caveats": marks.get(age)} for age in bounds))
    found = out.execute("SELECT age, caveats FROM out.counts_by_age_band('minor_adult') ORDER BY 1").fetchall()
    assert found == [("Y0T17", "age_recording_changed"), ("Y_GE18", None), ("_T", "abroad_included")]


def test_the_rest_of_a_category_has_the_caveats_of_what_was_taken_off(out: duckdb.DuckDBPyConnection) -> None:
    titles = dict.fromkeys(("title_en", "title_fr", "title_es"), "")
    tree = [("01", 1, None), ("0101", 2, "01"), ("0102", 2, "01")]
    out.register(
        "tree",
        pa.Table.from_pylist([{"code": c, "level": n, "parent": p, "in_tree": True, **titles} for c, n, p in tree]),
    )
    out.execute("INSERT INTO out.iccs BY NAME FROM tree")
    fill(
        out,
        "observation",
        {"iccs": "01", "caveats": "abroad_included"},
        {"iccs": "0101", "value": 3.0, "caveats": "other_source_differs"},
        {"iccs": "0102", "value": 4.0},
    )
    found = out.execute("SELECT iccs, value, caveats FROM out.counts_at_level(2) ORDER BY 1").fetchall()
    assert found == [
        ("01", 3.0, "abroad_included;other_source_differs"),
        ("0101", 3.0, "other_source_differs"),
        ("0102", 4.0, None),
    ]
    whole = out.execute("SELECT caveats FROM out.counts_at_level(1)").fetchall()
    assert whole == [("abroad_included",)]
