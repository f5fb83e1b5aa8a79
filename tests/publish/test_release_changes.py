"""What a release changed against the one before it, counted here by hand on cells written here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.publish.published_schema import create_tables
from pipelines.publish.revisions import record_release_changes
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.declarations import breakdown_columns
from schemas.source import find_sources

RATE: dict[str, Any] = {
    "source": "xx_a", "vintage": "v", "ref_area": "MX-JAL", "time_period": "2020", "iccs": "0101", "stage": "recorded",
    "counting_unit": "victim", **dict.fromkeys(breakdown_columns(), "_T"), "value": 100.0, "rate_per_100k": 10.0,
    "obs_status": "A", "caveats": None, "no_rate_reason": None,
}  # fmt: skip


def fill(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    connection.register("given", pa.Table.from_pylist([{**RATE, **row} for row in rows]))
    connection.execute("INSERT INTO out.rate BY NAME FROM given")


@pytest.fixture
def last(tmp_path: Path) -> Settings:
    """A published file with a figure for each of eight years."""
    settings = Settings(data=tmp_path)
    settings.published.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.published)) as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'first' AS release, 'k' AS content_key, "
                           "TIMESTAMP '2026-01-01' AS published_at, 1 AS observations")  # fmt: skip
        years = [{"time_period": str(year)} for year in range(2010, 2018)]
        years[3] |= {"value": None, "rate_per_100k": None}
        years[6] |= {"caveats": "volume_jump"}
        fill(connection, years)
    return settings


NOW: list[dict[str, Any]] = [
    {"time_period": "2010"},  # the same
    {"time_period": "2011", "value": 130.0, "rate_per_100k": 13.0},
    {"time_period": "2012", "value": None, "rate_per_100k": None, "no_rate_reason": "value_missing"},
    {"time_period": "2013"},
    {"time_period": "2014", "caveats": "months_missing", "obs_status": "P"},
    {"time_period": "2015", "rate_per_100k": 11.0},  # another population
    {"time_period": "2016"},
    {"time_period": "2018"},
]


def test_every_kind_of_change_is_counted_with_its_reasons(last: Settings) -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        fill(connection, NOW)
        record_release_changes(connection, "second", last)
        counted = connection.execute("SELECT release_change, cells, what_changed FROM out.release_change").fetchall()
        cells = connection.execute(
            "SELECT time_period, release_change, old_value, new_value, old_rate, new_rate, what_changed "
            "FROM out.release_change_cell"
        ).fetchall()
        assert connection.execute(
            "SELECT DISTINCT release, previous_release, source FROM out.release_change"
        ).fetchall() == [("second", "first", "xx_a")]
    assert counted == [
        ("completed", 1, None),
        ("gated", 1, "value_missing 1"),
        ("marked", 1, "months_missing 1; status P 1"),
        ("new", 1, None),
        ("revised", 2, "population 1"),
        ("unmarked", 1, "volume_jump 1"),
        ("withdrawn", 1, None),
    ]
    assert cells == [  # the largest first: 100 no longer given, 30 more, a rate
        ("2012", "gated", 100.0, None, 10.0, None, "value_missing"),
        ("2017", "withdrawn", 100.0, None, 10.0, None, None),
        ("2011", "revised", 100.0, 130.0, 10.0, 13.0, None),
        ("2015", "revised", 100.0, 100.0, 10.0, 11.0, "population"),
    ]


def test_a_release_with_fewer_attributes_is_compared_in_todays_columns(last: Settings) -> None:
    with duckdb.connect(str(last.published)) as connection:
        connection.execute("ALTER TABLE out.rate DROP COLUMN weapon")
        connection.execute("ALTER TABLE out.rate DROP COLUMN caveats")
        connection.execute("ALTER TABLE out.rate DROP COLUMN no_rate_reason")
        connection.execute("ALTER TABLE out.observation DROP COLUMN missing_reason")
    with duckdb.connect() as connection:
        create_tables(connection)
        fill(connection, NOW[:1])
        record_release_changes(connection, "second", last)
        counted = connection.execute("SELECT release_change, cells FROM out.release_change").fetchall()
    assert counted == [("withdrawn", 7)]  # of eight, the one that is the same is found to be


def test_a_change_at_all_levels_is_one_of_the_largest_once(last: Settings) -> None:
    levels = [{"iccs": code, "ref_area": area} for code in ("01", "0101") for area in ("MX", "MX-JAL")]
    with duckdb.connect(str(last.published)) as connection:
        connection.execute("DELETE FROM out.rate")
        fill(connection, levels)
    with duckdb.connect() as connection:
        create_tables(connection)
        fill(connection, [{**level, "value": 105.0} for level in levels])
        record_release_changes(connection, "second", last)
        cells = connection.execute(
            "SELECT ref_area, iccs, revision_change, revision_percent FROM out.release_change_cell"
        )
        assert cells.fetchall() == [("MX-JAL", "0101", 5.0, 5.0)]


def test_another_population_at_all_levels_is_one_of_the_largest_once_and_is_said(last: Settings) -> None:
    levels = [{"iccs": code, "ref_area": area} for code in ("01", "0101") for area in ("MX", "MX-JAL")]
    with duckdb.connect(str(last.published)) as connection:
        connection.execute("DELETE FROM out.rate")
        fill(connection, levels)
    with duckdb.connect() as connection:
        create_tables(connection)
        fill(connection, [{**level, "rate_per_100k": 9.0} for level in levels])
        record_release_changes(connection, "second", last)
        cells = connection.execute(
            "SELECT ref_area, iccs, old_value, new_value, old_rate, new_rate, what_changed FROM out.release_change_cell"
        )
        assert cells.fetchall() == [("MX-JAL", "0101", 100.0, 100.0, 10.0, 9.0, "population")]


def test_a_revised_population_is_at_no_stage(tiny: Tiny) -> None:
    tiny.declare(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  p: {counting_unit: person}\npriority: 1\n"
    )
    (tiny.sources / tiny.name / "concordance.csv").unlink()
    for count in (8348000, 8348151):
        tiny.give("t.csv", f"area,year,n\n14,2020,{count}\n")
        run_all(find_sources([], tiny.sources), Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        found = connection.execute("SELECT ref_area, stage, counting_unit, old_value, new_value FROM out.revision")
        assert found.fetchall() == [("MX-JAL", "_Z", "person", 8348000, 8348151)]


def test_a_run_says_what_it_changed_and_the_first_one_that_there_was_none(
    tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.declare_plain()
    for count in (3, 8):
        tiny.give("t.csv", f"area,year,code,n\n14,2024,HOM,{count}\n")
        run_all(find_sources([], tiny.sources), Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        found = connection.execute("SELECT source, release_change, cells FROM out.release_change").fetchall()
    # Jalisco at 0101 and at 01 above it; the country has no figure, as other states have none.
    assert found == [("xx_tiny", "revised", 2)]


def test_a_run_that_finds_no_file_at_all_is_not_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--data", str(tmp_path)]) == 1
    assert f"no file of any source was found in {tmp_path / 'input'}" in capsys.readouterr().err

    assert main(["run", "--data", str(tmp_path), "--json"]) == 1
    said = capsys.readouterr()
    assert f"no file of any source was found in {tmp_path / 'input'}" in said.err
    document = json.loads(said.out)
    assert (document["loaded"], document["published"], document["site"]) == ([], None, None)


ESTIMATE: dict[str, Any] = {
    "source": "xx_survey", "vintage": "v", "measure": "persons", "figure_kind": "estimate", "ref_area": "MX",
    "freq": "A", "iccs": "0101", "national_code": "HOM", "stage": "experienced", "counting_unit": "victim",
    "universe": "persons", **dict.fromkeys(breakdown_columns(), "_T"), "unit_of_measure": "percent",
    "estimate": 4.0, "standard_error": 0.5,
    "obs_status": "A",
}  # fmt: skip


def fill_estimates(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        connection.register("given", pa.Table.from_pylist([{**ESTIMATE, **row}]))
        connection.execute("INSERT INTO out.estimate BY NAME FROM given")


def test_estimates_of_a_new_edition_are_among_what_changed(last: Settings) -> None:
    """4.0 (0.5) became 5.0 (0.4): two standard errors, the larger of both; an error alone is a revision too."""
    with duckdb.connect(str(last.published)) as connection:
        fill_estimates(connection, [{"time_period": str(year)} for year in range(2010, 2016)])
    with duckdb.connect() as connection:
        create_tables(connection)
        now: list[dict[str, Any]] = [
            {"time_period": "2010"},  # the same
            {"time_period": "2011", "estimate": 5.0, "standard_error": 0.4},
            {"time_period": "2012", "estimate": None, "standard_error": None, "missing_reason": "too_unreliable"},
            {"time_period": "2013", "standard_error": 0.7},
            {"time_period": "2014", "obs_status": "U"},
            {"time_period": "2016"},
            {"time_period": "2015", "measure": "households"},  # of another measure: one new, one withdrawn
        ]
        fill_estimates(connection, now)
        record_release_changes(connection, "second", last)
        counted = connection.execute(
            "SELECT release_change, cells, what_changed FROM out.release_change WHERE source = 'xx_survey'"
        ).fetchall()
        cells = connection.execute(
            "SELECT time_period, measure, release_change, old_value, new_value, errors_apart, what_changed "
            "FROM out.release_change_estimate"
        ).fetchall()
    assert counted == [
        ("gated", 1, "too_unreliable 1"),
        ("marked", 1, "status U 1"),
        ("new", 2, None),
        ("revised", 2, "only the standard error differs 1"),
        ("withdrawn", 1, None),
    ]
    assert cells == [
        ("2011", "persons", "revised", 4.0, 5.0, pytest.approx(2.0), None),
        ("2013", "persons", "revised", 4.0, 4.0, 0.0, "only the standard error differs"),
        ("2012", "persons", "gated", 4.0, None, None, "too_unreliable"),
        ("2015", "persons", "withdrawn", 4.0, None, None, None),
    ]


def test_a_release_older_than_estimates_has_none_that_changed(last: Settings) -> None:
    with duckdb.connect(str(last.published)) as connection:
        for view in ("dark_figure", "estimate_trend"):
            connection.execute(f"DROP VIEW out.{view}")
        connection.execute("DROP TABLE out.estimate")
    with duckdb.connect() as connection:
        create_tables(connection)
        fill_estimates(connection, [{"time_period": "2010"}])
        record_release_changes(connection, "second", last)
        counted = connection.execute("SELECT release_change, cells FROM out.release_change WHERE source = 'xx_survey'")
        assert counted.fetchall() == [("new", 1)]
