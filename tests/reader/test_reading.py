"""Reading the published file: totals and never a part of them, and what is told where there is nothing to read."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.cli.main import main
from pipelines.publish.published_schema import create_tables
from pipelines.reader.answers import write_answer
from pipelines.reader.release import packaged_query, query
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.rates import country_rates
from pipelines.system.settings import Settings
from schemas.declarations import attribute_columns
from schemas.errors import UsageError


@pytest.fixture
def one_year(tmp_path: Path) -> Settings:
    """A release of one rate, 20.0, and beside it one of 1.0 for a part by each ICCS attribute."""
    settings = Settings(data=tmp_path)
    settings.published.parent.mkdir(parents=True)
    attributes = attribute_columns()
    rates = [(20.0, dict.fromkeys(attributes, "_T"))]
    rates += [(1.0, {**dict.fromkeys(attributes, "_T"), part: "_U"}) for part in attributes]
    with duckdb.connect(str(settings.published)) as connection:
        create_tables(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'one' AS release")
        connection.execute(
            "INSERT INTO out.area BY NAME SELECT 'MX' AS code, 'Mexico' AS name_en, 'country' AS area_level"
        )
        for rate, codes in rates:
            columns = ", ".join(f"'{code}' AS {name}" for name, code in codes.items())
            connection.execute(
                "INSERT INTO out.rate BY NAME SELECT 'xx_one' AS source, 'MX' AS ref_area, 'country' AS area_level, "
                "'2024' AS time_period, '0101' AS iccs, 'recorded' AS stage, 'victim' AS counting_unit, '_T' AS sex, "
                f"'_T' AS age, {columns}, {rate} AS rate_per_100k"
            )
    return settings


def test_the_table_after_a_run_shows_the_total_and_no_part_in_its_place(one_year: Settings) -> None:
    rows = country_rates(SeriesQuery("0101", stage="recorded"), one_year)
    assert [(row["country"], row["source"], row["year"], row["rate_per_100k"]) for row in rows] == [
        ("Mexico", "xx_one", 2024, 20.0)
    ]


def test_series_for_pictures_and_maps_are_of_totals(one_year: Settings) -> None:
    asked = {"iccs": "0101", "age": "_T"}
    lines = packaged_query("reader/rates", one_year, areas=["MX"], sexes=["_T"], **asked).records()
    on_map = packaged_query("reader/map_rates", one_year, area=None, sex="_T", **asked).records()

    assert [row["rate_per_100k"] for row in lines] == [20.0]
    assert [row["rate_per_100k"] for row in on_map] == [20.0]


def test_a_part_by_an_attribute_is_read_only_where_it_is_asked_for(one_year: Settings) -> None:
    firearm = SeriesQuery("0101", attributes={"weapon": "_U"})
    assert [row["rate_per_100k"] for row in country_rates(firearm, one_year)] == [1.0]
    with pytest.raises(UsageError, match="unknown attribute 'wepon'; nearest: weapon"):
        country_rates(SeriesQuery("0101", attributes={"wepon": "_U"}), one_year)


@pytest.mark.parametrize("text", ["", "  ", "-- only a remark"])
def test_query_without_a_statement_is_told(one_year: Settings, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", text, "--data", str(one_year.data)]) == 2
    assert "the query is empty" in capsys.readouterr().err


def test_damaged_file_is_told_with_what_to_do(one_year: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    one_year.published.write_bytes(b"half a download")

    assert main(["query", "FROM out.rate", "--data", str(one_year.data)]) == 2
    said = capsys.readouterr().err
    assert "crime.duckdb cannot be opened" in said
    assert "iccs run" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1; SELECT 2", "a query is one statement, but this text has 2"),
        ("PRAGMA database_list", "this is PRAGMA"),
        ("CALL pragma_version()", "this is CALL"),
        ("COPY (SELECT 1) TO 'here.csv'", "this is COPY"),
        ("SELECT 1) TO 'here.csv'; COPY (SELECT 1", "syntax error"),
    ],
)
def test_a_query_is_one_question(one_year: Settings, text: str, said: str, tmp_path: Path) -> None:
    """In words of what is wrong; of two questions only the second would be answered."""
    for ask in (lambda: query(text, one_year), lambda: write_answer(text, tmp_path / "answer.csv", one_year)):
        with pytest.raises(UsageError, match=re.escape(said)):
            ask()
    assert list(tmp_path.glob("*.csv")) == []


def test_a_query_that_makes_huge_values_is_stopped(one_year: Settings, tmp_path: Path) -> None:
    """Four gigabytes in one value, beside DuckDB's memory limit."""
    text = "SELECT length(repeat('x', 4000000000)) AS long"
    for ask in (lambda: query(text, one_year), lambda: write_answer(text, tmp_path / "answer.csv", one_year)):
        with pytest.raises(UsageError, match="far more memory than ICCS_MEMORY_LIMIT"):
            ask()
    assert query("SELECT length(repeat('x', 4000)) AS long", one_year).rows == [(4000,)]


@pytest.mark.parametrize("text", ["FROM out.area", "DESCRIBE out.area", "SHOW ALL TABLES", "PIVOT out.area ON code"])
def test_whatever_answers_is_a_question(one_year: Settings, text: str) -> None:
    assert query(text + ";", one_year).rows
