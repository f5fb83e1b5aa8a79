"""Populations of parts carried back by their shares: figures by hand, and what cannot be carried back is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.publish.backcasts import carry_back, refuse_unknown_countries
from pipelines.system.errors import DataRefused
from pipelines.system.functions import shared_functions
from schemas.declarations import create_table_sql, load_tables
from schemas.definition.backcast import Backcast
from schemas.source import find_sources

COUNTRY = {2000: 1_000.0, 2005: 1_100.0, 2009: 1_200.0, 2010: 9_999.0}
PARTS = {2010: {"AR-B": 600.0, "AR-S": 400.0}, 2020: {"AR-B": 700.0, "AR-S": 700.0}}


def _people(connection: duckdb.DuckDBPyConnection, source: str, area: str, year: int, population: float) -> None:
    row: dict[str, Any] = {"source": source, "vintage": "v", "ref_area": area, "time_period": str(year)}
    row |= {"area_level": "admin1" if "-" in area else "country", "sex": "_T", "age": "_T", "obs_status": "A"}
    connection.register("row", pa.Table.from_pylist([{**row, "population": population}]))
    connection.execute("INSERT INTO out.population BY NAME FROM row")


@pytest.fixture
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA out")
        for function in shared_functions("out"):
            connection.execute(function.statement)
        for name in ("population", "area"):
            connection.execute(create_table_sql(load_tables()[name])[0])
        connection.execute(
            "INSERT INTO out.area (code, area_level, parent) VALUES ('AR', 'country', NULL), "
            "('AR-B', 'admin1', 'AR'), ('AR-S', 'admin1', 'AR'), ('AR-_U', 'not_stated', 'AR')"
        )
        for year, population in COUNTRY.items():
            _people(connection, "whole", "AR", year, population)
        for year, parts in PARTS.items():
            _people(connection, "parts", "AR", year, sum(parts.values()))
            for area, population in parts.items():
                _people(connection, "parts", area, year, population)
        yield connection


def _carry(connection: duckdb.DuckDBPyConnection, *shares_of: int, first_year: int = 2005) -> list[tuple[Any, ...]]:
    declared = Backcast(first_year=first_year, country_population="whole", shares_of=shares_of)
    carry_back(connection, {"parts": declared}, {"parts": 10, "whole": 50})
    return connection.execute(
        "SELECT source, ref_area, time_period, population, obs_status, country_source, backcast_years "
        "FROM out.population WHERE country_source IS NOT NULL ORDER BY time_period, ref_area"
    ).fetchall()


def test_the_shares_of_one_year_stay(made: duckdb.DuckDBPyConnection) -> None:
    """0.6 and 0.4 of 1,100 and of 1,200: from 2005, as declared, and not of 2000."""
    assert _carry(made, 2010) == [
        ("parts", "AR-B", "2005", pytest.approx(660), "E", "whole", 5),
        ("parts", "AR-S", "2005", pytest.approx(440), "E", "whole", 5),
        ("parts", "AR-B", "2009", pytest.approx(720), "E", "whole", 1),
        ("parts", "AR-S", "2009", pytest.approx(480), "E", "whole", 1),
    ]


def test_the_line_through_two_years(made: duckdb.DuckDBPyConnection) -> None:
    """Shares 0.6 and 0.5 in 2010 and 2020 are 0.65 in 2005 and 0.61 in 2009, of 1,100 and 1,200."""
    found = {(area, year): people for _, area, year, people, *_ in _carry(made, 2010, 2020)}
    assert found == pytest.approx(
        {("AR-B", "2005"): 715, ("AR-S", "2005"): 385, ("AR-B", "2009"): 732, ("AR-S", "2009"): 468}
    )


def test_the_line_between_two_censuses(made: duckdb.DuckDBPyConnection) -> None:
    """2015 lies between both: shares 0.55 and 0.45 of 2,000, five years before the next that is given."""
    _people(made, "whole", "AR", 2015, 2_000.0)
    rows = [row for row in _carry(made, 2010, 2020) if row[2] == "2015"]
    assert rows == [
        ("parts", "AR-B", "2015", pytest.approx(1_100), "E", "whole", 5),
        ("parts", "AR-S", "2015", pytest.approx(900), "E", "whole", 5),
    ]


def test_a_population_that_is_given_stays(made: duckdb.DuckDBPyConnection) -> None:
    """Of whatever source, and however it is ranked."""
    _people(made, "other", "AR-B", 2009, 1.0)
    made_of = {(area, year) for _, area, year, *_ in _carry(made, 2010)}
    assert made_of == {("AR-B", "2005"), ("AR-S", "2005"), ("AR-S", "2009")}


def test_without_the_country_there_is_none(made: duckdb.DuckDBPyConnection) -> None:
    made.execute("DELETE FROM out.population WHERE source = 'whole'")
    assert _carry(made, 2010) == []


@pytest.mark.parametrize(
    ("change", "shares_of", "says"),
    [
        ("CHECKPOINT", (2011,),
         "2011, but the source has no population of a part of a country in that year: its years are 2010 to 2020"),
        ("DELETE FROM out.population WHERE ref_area <> 'AR'", (2010,), "of a part of a country in any year"),
        ("DELETE FROM out.population WHERE source = 'parts' AND ref_area = 'AR' AND time_period = '2010'", (2010,),
         "The parts of AR in 2010 are incomplete"),
        ("DELETE FROM out.population WHERE ref_area = 'AR-S' AND time_period = '2020'", (2010, 2020),
         "AR-S has no population in 2020"),
        ("UPDATE out.population SET population = 3000 WHERE ref_area = 'AR-S' AND time_period = '2020'", (2010, 2020),
         "The share of AR-S in its country, on the line through both years, is zero or less in 1990"),
        ("INSERT INTO out.population BY NAME SELECT * EXCLUDE (year) REPLACE (CAST(year AS VARCHAR) AS time_period) "
         "FROM out.population, range(1990, 2010) AS years (year) WHERE source = 'parts' AND time_period = '2010'",
         (2010,),
         "there is nothing to carry back"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_back_is_refused(
    made: duckdb.DuckDBPyConnection, change: str, shares_of: tuple[int, ...], says: str
) -> None:
    made.execute(change).fetchall()
    with pytest.raises(DataRefused) as refused:
        _carry(made, *shares_of, first_year=1990)
    text = str(refused.value)
    assert (
        says in text and "where:   source parts, column 'backcast'" in text and "Correct backcast in source.yml" in text
    )


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"first_year": 2010, "shares_of": [2010]}, "first_year: 2010 is not before 2010"),
        ({"first_year": 2000, "shares_of": [2020, 2010]}, "write the earlier year first"),
        ({"first_year": 2000, "shares_of": []}, "shares_of"),
        ({"first_year": 2000, "shares_of": [2001, 2010, 2020]}, "shares_of"),
        ({"first_year": 0, "shares_of": [2010]}, "first_year"),
    ],
)
def test_a_declaration_that_makes_nothing_is_refused(declared: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Backcast.model_validate({"country_population": "whole", **declared})


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("wb_populaton", "wb_populaton, which is not a known source.\n"),
        ("wb_populaton", "nearest: wb_population\n"),
        ("ar_snic", "ar_snic, which is not a source of populations.\n"),
    ],
)
def test_the_source_of_the_country_must_be_one_of_populations(named: str, says: str) -> None:
    (folder,) = find_sources(["ar_indec_population"])
    others = {one.source_id: one for one in find_sources(["wb_population", "ar_snic"])}
    refuse_unknown_countries([folder.source], others)

    declared = Backcast(first_year=2000, country_population=named, shares_of=(2010,))
    with pytest.raises(DataRefused) as refused:
        refuse_unknown_countries([folder.source.model_copy(update={"backcast": declared})], others)
    assert says in str(refused.value)
