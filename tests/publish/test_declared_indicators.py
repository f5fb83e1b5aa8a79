"""From counts and populations to declared indicators: standardised rates, ratios between stages, few events."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from pipelines.publish.indicators import make_indicators
from pipelines.publish.rates import group_populations
from pipelines.statistics.standardisation import standard_weights
from pipelines.system.functions import shared_functions
from schemas.codelists import parse_age
from schemas.declarations import attribute_columns, create_table_sql, load_tables

# Invented counts and populations in the style of a census: five-year groups to 60 and over.
AGES = [*(f"Y{low}T{low + 4}" for low in range(0, 60, 5)), "Y_GE60"]
COUNTS = dict(zip(AGES, [2, 1, 3, 20, 31, 28, 25, 19, 15, 11, 9, 6, 12], strict=True))
PEOPLE = {age: 100_000 - 4_000 * place for place, age in enumerate(AGES)}


KEY = {"source": "xx", "vintage": "v", "ref_area": "MX", "area_level": "country", "time_period": "2020"}
COUNT = {
    **KEY,
    **dict.fromkeys(attribute_columns(), "_T"),
    "stage": "recorded",
    "counting_unit": "victim",
    "iccs": "0101",
    "completeness": 1.0,
    "obs_status": "A",
}


JALISCO = {"ref_area": "MX-JAL", "area_level": "admin1", "counting_unit": "victim"}


def _published(
    counts: dict[str, float],
    unknown: float = 0,
    more: tuple[dict[str, Any], ...] = (),
    *,
    own: Mapping[str, Any] = MappingProxyType({}),
    caveats_of_people: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """A release of counts by age and of others; ``own``: what differs in out.observation from the cells of out.rate."""
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA out")
    for function in shared_functions("out"):
        connection.execute(function.statement)
    for name in ("rate", "observation", "population", "age", "area", "indicator", "indicator_definition"):
        connection.execute(create_table_sql(load_tables()[name])[0])
    connection.execute(
        "INSERT INTO out.area (code, area_level, parent) VALUES ('MX', 'country', NULL), ('AR', 'country', NULL), "
        "('MX-JAL', 'admin1', 'MX'), ('MX-COL', 'admin1', 'MX'), ('MX-AGU', 'admin1', 'MX'), ('AR-B', 'admin1', 'AR')"
    )
    for age in {*counts, *PEOPLE}:
        low, high = parse_age(age) or (None, None)
        connection.execute("INSERT INTO out.age (code, lower_age, upper_age) VALUES (?, ?, ?)", [age, low, high])
    connection.execute("INSERT INTO out.age (code) VALUES ('_T'), ('_U')")
    count = {**COUNT, "sex": "F"}
    cells = {**counts, "_U": unknown, "_T": sum(counts.values()) + unknown}
    rows: list[dict[str, Any]] = [{**count, "age": age, "value": float(value)} for age, value in cells.items()]
    rows += [{**COUNT, "sex": "_T", "age": "_T", **row} for row in more]
    people = [{**KEY, "sex": "F", "source": "pop", "age": age, "population": float(n)} for age, n in PEOPLE.items()]
    people = [row | {"caveats": caveats_of_people} for row in people]
    empty = dict.fromkeys(name for row in rows for name in row)  # Arrow takes the columns of the first row
    rows = [empty | row for row in rows]
    counted = {column.name for column in load_tables()["observation"].columns}
    cells_of_counts = [{name: row[name] for name in row if name in counted} | {"freq": "A"} | own for row in rows]
    for table, content in (("rate", rows), ("observation", cells_of_counts), ("population", people)):
        connection.register("rows", pa.Table.from_pylist(content))
        connection.execute(f"INSERT INTO out.{table} BY NAME FROM rows")
    group_populations(connection, {"pop": 1})
    make_indicators(connection)
    return connection


def _values(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[float, float]]:
    query = "SELECT indicator, value, completeness FROM out.indicator WHERE indicator LIKE 'homicide_rate_%'"
    return {name: (value, share) for name, value, share in connection.execute(query).fetchall()}


def _weighted(ages: dict[str, list[str]], standard: str) -> float:
    weights = standard_weights(standard, list(ages))
    rates = {band: sum(COUNTS[a] for a in inside) / sum(PEOPLE[a] for a in inside) for band, inside in ages.items()}
    return sum(weights[band] * rates[band] for band in ages) * 100_000


@pytest.mark.parametrize(("name", "standard"), [("who", "WHO2000-2025"), ("esp", "ESP2013")])
def test_weighted_mean_of_the_rates_of_the_bands(name: str, standard: str) -> None:
    found = _values(_published(COUNTS))
    bands = {"Y0T14": AGES[:3], "Y15T29": AGES[3:6], "Y30T44": AGES[6:9], "Y45T59": AGES[9:12], "Y_GE60": AGES[12:]}

    fine = _weighted({age: [age] for age in AGES}, standard)
    assert found[f"homicide_rate_{name}"] == (pytest.approx(fine, rel=1e-12), 1.0)
    coarse = _weighted(bands, standard)
    assert found[f"homicide_rate_{name}_iccs_bands"] == (pytest.approx(coarse, rel=1e-12), 1.0)
    assert fine != pytest.approx(coarse, rel=1e-7)


def test_unknown_ages_are_left_out_and_said() -> None:
    plain, less = _values(_published(COUNTS)), _values(_published(COUNTS, unknown=20))
    known = sum(COUNTS.values())
    assert less["homicide_rate_who"] == (plain["homicide_rate_who"][0], pytest.approx(known / (known + 20)))


@pytest.mark.parametrize(
    ("counts", "left"),
    [
        ({"Y0T17": 9, "Y_GE18": 80}, {"who": 1, "who_iccs_bands": 1}),  # cut a band of the standard, and of the ICCS
        ({age: n for age, n in COUNTS.items() if age != "Y20T24"}, {"who": 1, "who_iccs_bands": 1}),  # leave ages out
        ({**COUNTS, "Y0T9": 3}, {"who": 1, "who_iccs_bands": 1}),  # overlap
    ],
)
def test_bands_that_do_not_fit_give_no_rate_and_are_counted(counts: dict[str, float], left: dict[str, int]) -> None:
    connection = _published(counts)
    assert _values(connection) == {}
    found = dict(connection.execute("SELECT indicator, left_out FROM out.indicator_definition").fetchall())
    assert {name: found[f"homicide_rate_{name}"] for name in left} == left


def test_a_ratio_between_stages_takes_the_first_counting_unit_and_calls_itself_no_probability() -> None:
    connection = _published(
        COUNTS,
        more=(
            {"stage": "suspected", "counting_unit": "person", "value": 128.0},
            {"stage": "recorded", "counting_unit": "case", "value": 110.0, "completeness": 0.9},
            {"stage": "recorded", "counting_unit": "offence", "value": 200.0},
        ),
    )
    query = (
        "SELECT value, numerator, denominator, ci_low, few_events, completeness, method FROM out.indicator "
        "WHERE indicator = 'homicide_suspects_per_100_cases'"
    )
    ((value, *counts, low, few, completeness, method),) = connection.execute(query).fetchall()
    assert (value, counts) == (pytest.approx(100 * 128 / 110), [128, 110])
    assert (low, few, completeness) == (None, False, 0.9)
    assert "not a probability" in method


def test_a_ratio_of_counts_says_nothing_of_a_population() -> None:
    """The rates of both are estimates on a projection, their counts are plain."""
    of_rate = {"obs_status": "E", "caveats": "population_interpolated;projection;volume_jump", "completeness": 1.0}
    connection = _published(
        COUNTS,
        more=(
            {**of_rate, "stage": "suspected", "counting_unit": "person", "value": 128.0},
            {**of_rate, "stage": "recorded", "counting_unit": "case", "value": 110.0},
        ),
        own={"obs_status": "A", "caveats": "volume_jump"},
    )
    query = "SELECT obs_status, caveats FROM out.indicator WHERE indicator = 'homicide_suspects_per_100_cases'"
    assert connection.execute(query).fetchall() == [("A", "volume_jump")]


def test_a_standardised_rate_says_what_is_said_of_the_populations_of_its_bands() -> None:
    connection = _published(COUNTS, caveats_of_people="figures_rounded;projection")
    query = "SELECT DISTINCT caveats FROM out.indicator WHERE indicator LIKE 'homicide_rate_who%'"
    assert connection.execute(query).fetchall() == [("population_has_caveats;projection",)]


def test_a_missing_part_makes_no_ratio() -> None:
    connection = _published(
        COUNTS,
        more=(
            {"stage": "suspected", "counting_unit": "person", "value": None},
            {"stage": "recorded", "counting_unit": "case", "value": 110.0},
        ),
    )
    query = "SELECT produced, figures FROM out.indicator_definition WHERE indicator = 'homicide_suspects_per_100_cases'"
    assert connection.execute(query).fetchall() == [(False, 0)]


def test_an_indicator_without_figures_says_which_input_is_missing() -> None:
    """There are victims by age, but no prisoners unsentenced, convicted or relationships; then one stage alone."""
    held = {"iccs": "TOTAL", "stage": "held", "counting_unit": "person", "value": 5.0}
    prosecuted = {"stage": "prosecuted", "counting_unit": "person", "value": 40.0}
    connection = _published(COUNTS, more=(held, prosecuted))
    reasons = dict(connection.execute("SELECT indicator, not_produced_reason FROM out.indicator_definition").fetchall())
    produced = dict(connection.execute("SELECT indicator, produced FROM out.indicator_definition").fetchall())
    assert {name for name, made in produced.items() if made} == {
        name for name, reason in reasons.items() if reason is None
    }
    assert reasons["homicide_rate_who"] is None
    assert reasons["prison_unsentenced_share"] == (
        "no source counts the numerator: ICCS TOTAL, held_unsentenced; person"
    )
    assert reasons["homicide_convicted_per_100_prosecuted"] == (
        "no source counts the numerator: ICCS 0101, convicted; person"
    )
    assert reasons["prison_rate"] == "no population of the same area, year, sex and age"
    assert "relationship PARTNER" in reasons["femicide_partner_share"]

    two_years = _published(COUNTS, more=(prosecuted, {**prosecuted, "stage": "convicted", "time_period": "2021"}))
    ((reason,),) = two_years.execute(
        "SELECT not_produced_reason FROM out.indicator_definition "
        "WHERE indicator = 'homicide_convicted_per_100_prosecuted'"
    ).fetchall()
    assert reason == "numerator and denominator are never available in the same source, area and year"


def test_an_area_is_compared_with_its_country_by_the_same_population() -> None:
    """Expected: the quotient of the rates, and scipy's Clopper-Pearson limits of the share over that of the people."""
    people = {"population": 10e6, "population_source": "pop", "rate_per_100k": 3.0}
    connection = _published(
        COUNTS,
        more=(
            {"counting_unit": "victim", "value": 300.0, **people},
            {**JALISCO, "value": 60.0, **people, "population": 1e6, "obs_status": "P", "caveats": "volume_jump"},
            {**JALISCO, "ref_area": "MX-COL", "value": 310.0, **people, "population": 1e6},  # more than its country
            {**JALISCO, "ref_area": "MX-AGU", "value": 5.0, **people, "population_source": "other"},
            {**JALISCO, "ref_area": "AR-B", "value": 5.0, **people},  # its country is not there
        ),
    )
    names = "ref_area, value, ci_low, ci_high, numerator, denominator, obs_status, few_events, caveats"
    query = f"SELECT {names} FROM out.indicator WHERE indicator = 'homicide_rate_over_country'"
    limits = binomtest(60, 300).proportion_ci(0.95, method="exact")
    assert connection.execute(query).fetchall() == [
        (
            "MX-JAL", pytest.approx(6.0 / 3.0), pytest.approx(limits.low / 0.1), pytest.approx(limits.high / 0.1),
            60.0, 300.0, "P", False, "volume_jump",
        )
    ]  # fmt: skip


def test_a_part_larger_than_its_whole_has_no_share() -> None:
    """Sources publish such counts; they used to end the publication of every source."""
    killed = {"iccs": "0101", "sex": "F", "stage": "recorded", "counting_unit": "victim"}
    connection = _published(
        COUNTS,
        more=(
            {**killed, "ref_area": "AR", "relationship": "_T", "value": 40.0},
            {**killed, "ref_area": "AR", "relationship": "PARTNER", "value": 41.0},
            {**killed, "ref_area": "BR", "relationship": "_T", "value": 40.0},
            {**killed, "ref_area": "BR", "relationship": "PARTNER", "value": 10.0},
        ),
    )
    query = "SELECT ref_area, value, numerator FROM out.indicator WHERE indicator = 'femicide_partner_share'"
    assert connection.execute(query).fetchall() == [("BR", 25.0, 10.0)]
