"""What is said of a population reaches every rate on it: a projection by its name, all else by one code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.publish.published_schema import create_tables
from pipelines.publish.rates import make_rates
from schemas.comparison import load_comparison_rules
from schemas.declarations import POPULATION_CAVEATS, attribute_columns, is_compared, load_tables
from schemas.definition.backcast import Backcast

ATTRIBUTES = dict.fromkeys(attribute_columns(), "_T")
COUNT = {"source": "crimes", "vintage": "v", "iccs": "0101", "stage": "recorded", "counting_unit": "victim",
         "freq": "A", "sex": "_T", "age": "_T", "obs_status": "A", "value": 30.0, **ATTRIBUTES}  # fmt: skip
PEOPLE = {"vintage": "v", "sex": "_T", "age": "_T", "obs_status": "A", "population": 100_000.0}


def _place(area: str, year: int) -> dict[str, Any]:
    return {"ref_area": area, "area_level": "admin1" if "-" in area else "country", "time_period": str(year)}


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    names = [column.name for column in load_tables()[table].columns]
    given = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
    connection.register("given", given)
    connection.execute(f"INSERT INTO out.{table} BY NAME FROM given")


@pytest.fixture
def out() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        connection.execute(
            "INSERT INTO out.area BY NAME SELECT unnest(['AR', 'AR-B', 'AR-S', 'MX']) AS code, "
            "unnest(['country', 'admin1', 'admin1', 'country']) AS area_level, "
            "unnest([NULL, 'AR', 'AR', NULL]) AS parent, '' AS name_en, '' AS name_fr, '' AS name_es"
        )
        connection.execute(
            "INSERT INTO out.age BY NAME SELECT unnest(['_T', 'Y0T14', 'Y0T4', 'Y5T14']) AS code, '' AS label_en, "
            "'' AS label_fr, '' AS label_es, unnest([NULL, 0, 0, 5]) AS lower_age, "
            "unnest([NULL, 14, 4, 14]) AS upper_age"
        )
        yield connection


def _rates(
    connection: duckdb.DuckDBPyConnection,
    people: list[dict[str, Any]],
    counts: list[dict[str, Any]],
    backcasts: dict[str, Backcast] | None = None,
) -> dict[tuple[str, str], tuple[str, str | None]]:
    """The status and caveats of each rate, by area and year."""
    _fill(connection, "population", [{**PEOPLE, **row} for row in people])
    _fill(connection, "observation", [{**COUNT, **row} for row in counts])
    priorities = {source: place for place, source in enumerate(dict.fromkeys(row["source"] for row in people))}
    make_rates(connection, priorities, backcasts=backcasts)
    found = connection.execute("SELECT ref_area, time_period, obs_status, caveats FROM out.rate").fetchall()
    assert len(found) == len(counts)
    return {(area, year): (status, caveats) for area, year, status, caveats in found}


def test_a_projection_is_named_and_all_else_has_one_code(out: duckdb.DuckDBPyConnection) -> None:
    """What is said of the count stays, and nothing is there twice."""
    marks = {2016: None, 2017: "projection", 2018: "parts_unlike", 2019: "parts_unlike;projection;volume_jump"}
    people = [{"source": "people", **_place("MX", year), "caveats": one} for year, one in marks.items()]
    counts = [_place("MX", year) | {"caveats": "volume_jump" if year == 2019 else None} for year in marks]
    assert _rates(out, people, counts) == {
        ("MX", "2016"): ("A", None),
        ("MX", "2017"): ("A", "projection"),
        ("MX", "2018"): ("A", "population_has_caveats"),
        ("MX", "2019"): ("A", "population_has_caveats;projection;volume_jump"),
    }
    limits = out.execute("SELECT count(*) FROM out.rate WHERE ci_low IS NULL").fetchone()
    assert limits == (0,)  # of counts as they are


def test_a_year_on_a_line_has_what_is_said_of_both_its_ends(out: duckdb.DuckDBPyConnection) -> None:
    people = [
        {"source": "people", **_place("MX", 2015), "caveats": "method_change"},
        {"source": "people", **_place("MX", 2020), "caveats": "projection"},
    ]
    assert _rates(out, people, [_place("MX", year) for year in (2015, 2018, 2020)]) == {
        ("MX", "2015"): ("A", "population_has_caveats"),
        ("MX", "2018"): ("E", "population_has_caveats;population_interpolated;projection"),
        ("MX", "2020"): ("A", "projection"),
    }
    made = out.execute("SELECT DISTINCT caveats FROM out.population WHERE obs_status = 'E'").fetchall()
    assert made == [("method_change;population_interpolated;projection",)]


def test_what_is_carried_back_has_what_is_said_of_the_shares_and_of_the_country(out: duckdb.DuckDBPyConnection) -> None:
    """AR-S says something in the year of the shares: the share of AR-B is of both."""
    people: list[dict[str, Any]] = [{"source": "parts", **_place(area, 2010)} for area in ("AR", "AR-B", "AR-S")]
    people[2]["caveats"] = "projection"
    people += [{"source": "whole", **_place("AR", 2008)}, {"source": "whole", **_place("AR", 2009)}]
    people[-1]["caveats"] = "figures_rounded"
    declared = Backcast(first_year=2008, country_population="whole", shares_of=(2010,))
    found = _rates(out, people, [_place("AR-B", year) for year in (2008, 2009)], {"parts": declared})
    assert found == {
        ("AR-B", "2008"): ("E", "population_backcast;projection"),
        ("AR-B", "2009"): ("E", "population_backcast;population_has_caveats;projection"),
    }
    made = out.execute("SELECT caveats FROM out.population WHERE ref_area = 'AR-B' ORDER BY time_period").fetchall()
    assert made[:2] == [("population_backcast;projection",), ("figures_rounded;population_backcast;projection",)]


def test_a_rate_of_an_age_has_what_is_said_of_each_group_in_it(out: duckdb.DuckDBPyConnection) -> None:
    bands: dict[str, str | None] = {"_T": None, "Y0T4": "age_bands_overlap", "Y5T14": "projection"}
    people = [{"source": "people", **_place("MX", 2020), "age": age, "caveats": one} for age, one in bands.items()]
    found = _rates(out, people, [_place("MX", 2020) | {"age": "Y0T14"}])
    assert found == {("MX", "2020"): ("A", "population_has_caveats;projection")}


def test_a_population_after_a_break_breaks_its_rates(out: duckdb.DuckDBPyConnection) -> None:
    """As one of another producer does; one that is provisional has a status of its own to look up."""
    status = {2017: "A", 2018: "B", 2019: "P", 2020: "E"}
    people = [{"source": "people", **_place("MX", year), "obs_status": one} for year, one in status.items()]
    assert _rates(out, people, [_place("MX", year) for year in status]) == {
        ("MX", "2017"): ("A", None),
        ("MX", "2018"): ("B", "population_has_caveats"),
        ("MX", "2019"): ("A", "population_has_caveats"),
        ("MX", "2020"): ("E", "population_interpolated"),
    }


def test_an_incomplete_population_is_not_used(out: duckdb.DuckDBPyConnection) -> None:
    """The rate is on the population of the next source, or there is none, with its reason; of ages too."""
    people: list[dict[str, Any]] = [{"source": "people", **_place("MX", year)} for year in (2019, 2020, 2021)]
    people[1]["caveats"] = people[2]["caveats"] = "projection;rows_missing"
    people += [
        {"source": "people", **_place("MX", 2020), "age": age, "caveats": one}
        for age, one in (("Y0T4", None), ("Y5T14", "rows_missing"))
    ]
    people += [{"source": "second", **_place("MX", 2021), "population": 110_000.0}]
    counts = [*(_place("MX", year) for year in (2019, 2020, 2021)), _place("MX", 2020) | {"age": "Y0T14"}]
    _rates(out, people, counts)
    found = out.execute(
        "SELECT age, time_period, population, rate_per_100k IS NULL, no_rate_reason, caveats FROM out.rate ORDER BY ALL"
    ).fetchall()
    assert found == [
        ("Y0T14", "2020", None, True, "population_incomplete", None),
        ("_T", "2019", 100_000, False, None, None),
        ("_T", "2020", None, True, "population_incomplete", None),
        ("_T", "2021", 110_000, False, None, "population_source_changed"),
    ]


def test_none_of_these_takes_a_rate_out_of_a_comparison() -> None:
    rules = load_comparison_rules()
    decisive = {code for aspect in rules.alike for code in aspect.caveats} | set(rules.caveats_left_out)
    assert is_compared(";".join(POPULATION_CAVEATS))
    assert not decisive & set(POPULATION_CAVEATS)
