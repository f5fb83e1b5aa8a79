"""Laws of what is said beside a figure, over every figure of the bundled release."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.reader.comparison import compare_areas
from pipelines.reader.selection import SeriesQuery
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.declarations import attribute_columns, breakdown_columns, is_compared, load_rules, load_uncompared_caveats

KEY = ("source", "ref_area", "time_period", "freq", "iccs", "stage", "counting_unit", *breakdown_columns())
SPLIT = {
    rule.caveat for rule in load_rules().values() if rule.about or rule.parameters.get("dimension") in ("sex", "age")
}
"""Caveats on a split by sex or age: they are on the men and the women, and not on all persons together."""
UNCOMPARED = f"list_has_any(string_split(coalesce(caveats, ''), ';'), {list(load_uncompared_caveats())})"
TOTALS = {
    "area": (("ref_area",), "JOIN out.area ON area.code = part.ref_area", "whole.ref_area = area.parent"),
    "category": (
        ("iccs",),
        "JOIN out.iccs AS category ON category.code = part.iccs",
        "whole.iccs = category.parent AND list_contains(string_split(whole.iccs_made_from, ';'), part.iccs)",
    ),
    "month": (
        ("time_period", "freq"),
        "",
        "part.freq = 'M' AND whole.freq = 'A' AND whole.time_period = left(part.time_period, 4)",
    ),
    "sex": (("sex",), "", "part.sex IN ('M', 'F') AND whole.sex = '_T'"),
    "age": (("age",), "", "part.age NOT IN ('_T', '_U', '_Z') AND whole.age = '_T'"),
    **{name: ((name,), "", f"part.{name} <> '_T' AND whole.{name} = '_T'") for name in attribute_columns()},
}


@pytest.mark.parametrize("dimension", TOTALS)
def test_no_total_lacks_a_caveat_of_its_parts(out: duckdb.DuckDBPyConnection, dimension: str) -> None:
    different, join, is_part = TOTALS[dimension]
    same = " AND ".join(f"whole.{name} = part.{name}" for name in KEY if name not in different)
    rows = out.execute(
        "SELECT lacking, count(*), any_value(place) FROM (SELECT unnest(list_filter(string_split(part.caveats, ';'), "
        "lambda code: NOT list_contains(string_split(coalesce(whole.caveats, ''), ';'), code))) AS lacking, "
        "[part.source, part.ref_area, part.iccs, part.time_period, part.sex] AS place "
        f"FROM out.observation AS part {join} JOIN out.observation AS whole ON {is_part} AND {same} "
        "WHERE whole.value IS NOT NULL AND part.caveats IS NOT NULL) GROUP BY lacking"
    ).fetchall()
    unsaid = [row for row in rows if row[0] not in (SPLIT if dimension in ("sex", "age") else ())]
    assert unsaid == []


def test_a_figure_that_is_not_compared_is_in_no_trend_change_or_fit(out: duckdb.DuckDBPyConnection) -> None:
    assert out.execute(f"SELECT count(*) > 0 FROM out.rate WHERE {UNCOMPARED}").fetchone() == (True,)
    for table in ("trend", "change", "trend_segment"):
        found = f"SELECT count(*) FROM out.{table} WHERE {UNCOMPARED}"
        assert out.execute(found).fetchone() == (0,), table
    for view in ("out.indicator", "out.figure", "out.headline"):
        found = f"SELECT count(*) FROM {view} WHERE is_compared = ({UNCOMPARED})"
        assert out.execute(found).fetchone() == (0,), view
    # How many are of unknown sex says how sex is recorded: it neither rises nor falls.
    assert out.execute("SELECT count(*) FROM out.trend WHERE sex = '_U'").fetchone() == (0,)
    assert out.execute("SELECT count(*) FROM out.change_between(2015, 2023) WHERE sex = '_U'").fetchone() == (0,)
    assert out.execute(f"SELECT count(*) FROM out.latest_rate WHERE {UNCOMPARED}").fetchone() == (0,)


def test_trends_and_changes_rest_on_the_years_that_are_compared_and_on_no_others(
    out: duckdb.DuckDBPyConnection,
) -> None:
    """Counted again from the rates: the years of each trend, and the two years of each change."""
    key = "source, ref_area, iccs, stage, counting_unit, sex"
    plain = " AND ".join(f"{name} = '_T'" for name in attribute_columns())
    out.execute(
        f"CREATE OR REPLACE TEMP VIEW usable AS SELECT {key}, CAST(time_period AS INTEGER) AS year, value "
        f"FROM out.rate WHERE age = '_T' AND {plain} AND value IS NOT NULL AND NOT {UNCOMPARED}"
    )
    unlike = out.execute(
        f"SELECT {key}, n, count(year) FROM out.trend LEFT JOIN usable USING ({key}) "
        f"WHERE year BETWEEN first_year AND last_year GROUP BY {key}, n HAVING n <> count(year)"
    )
    assert unlike.fetchall() == []
    for table, first, last in (
        ("out.change", "first_year", "last_year"),
        ("(FROM out.change_between(2015, 2022) WHERE direction <> 'not compared')", "first_period", "last_period"),
    ):
        for end in (first, last):
            lacking = f"SELECT count(*) FROM {table} AS one WHERE NOT EXISTS (FROM usable WHERE "
            lacking += " AND ".join(f"usable.{name} = one.{name}" for name in key.split(", "))
            assert out.execute(f"{lacking} AND usable.year = CAST(one.{end} AS INTEGER))").fetchone() == (0,), table


@pytest.mark.parametrize("iccs", ["0101", "02011", "0401", "0301", "0501"])
def test_no_ranking_holds_a_figure_that_is_not_compared_or_rests_on_few(iccs: str, published: Path) -> None:
    settings = Settings(data=published.parents[1])
    found = compare_areas(SeriesQuery(iccs, stage="recorded"), None, None, settings)
    assert found.ranked
    for row in found.ranked:
        assert row["rate_per_100k"] is not None and row["events"] >= load_comparison_rules().fewest_events
        assert is_compared(row["caveats"]), row["ref_area"]
    assert len({(row["stage"], row["counting_unit"], row["iccs_made_from"]) for row in found.ranked}) == 1


def test_a_change_in_percent_never_starts_from_a_few(out: duckdb.DuckDBPyConnection) -> None:
    few = load_comparison_rules().fewest_events
    plain = " AND ".join(f"{name} = '_T'" for name in attribute_columns())
    join = "source, ref_area, iccs, stage, counting_unit, sex"
    for table in ("trend", "change"):
        started = out.execute(
            "SELECT min(value) FILTER (change_percent IS NOT NULL), "
            "count(*) FILTER (no_percent_reason = 'few_events'), "
            "count(*) FILTER ((change_percent IS NULL) <> (no_percent_reason IS NOT NULL)) "
            f"FROM out.{table} JOIN (SELECT {join}, time_period, value FROM out.rate WHERE age = '_T' AND {plain}) "
            f"AS rate USING ({join}) WHERE CAST(rate.time_period AS INTEGER) = first_year"
        ).fetchone()
        assert started is not None
        least, without, unlike = started
        assert least >= few and without > 100 and unlike == 0, table
    low = f"first_count < {few} AND change_percent IS NOT NULL"
    started_low = f"SELECT count(*) FROM out.change_between(2001, 2010) WHERE {low}"
    assert out.execute(started_low).fetchone() == (0,)


def test_a_status_that_is_not_normal_has_a_reason(out: duckdb.DuckDBPyConnection) -> None:
    """B: a caveat that says so, or a declared break of the category, its parts or its area; P: what lacks; E: why."""
    words = {"B": "level_jump|composition_changed|recording_changed|population_source_changed|code_taken_out",
             "P": "months_missing|year_not_reported|rows_missing",
             "E": "model_estimate|population_interpolated|population_backcast"}  # fmt: skip
    rows = out.execute(
        "SELECT obs_status, coalesce(caveats, ''), source, iccs, left(time_period, 4), "
        "EXISTS (FROM out.series_break AS declared WHERE declared.source = cell.source "
        "AND left(declared.time_period, 4) = left(cell.time_period, 4) "
        "AND coalesce(starts_with(declared.iccs, cell.iccs), true)) "
        "FROM (SELECT source, iccs, time_period, obs_status, caveats FROM out.rate UNION "
        "SELECT source, iccs, time_period, obs_status, caveats FROM out.observation) AS cell "
        "WHERE obs_status NOT IN ('A', 'O', 'L', 'M', 'Q')"
    ).fetchall()
    assert {row[0] for row in rows} == {"B", "E", "P"}
    unsaid = [
        row for row in rows
        if not any(word in row[1] for word in words[row[0]].split("|")) and not (row[0] == "B" and row[-1])
    ]  # fmt: skip
    assert unsaid == []


def test_every_figure_that_is_not_there_has_a_reason(out: duckdb.DuckDBPyConnection) -> None:
    for table, number, reason in (
        ("observation", "value", "missing_reason"),
        ("rate", "rate_per_100k", "no_rate_reason"),
        ("headline", "value", "missing_reason"),
        ("headline", "rate_per_100k", "no_rate_reason"),
    ):
        unlike = f"SELECT count(*) FROM out.{table} WHERE ({number} IS NULL) <> ({reason} IS NOT NULL)"
        assert out.execute(unlike).fetchone() == (0,), (table, number)
    # A ratio of some events over none has no value and no upper limit, and one of a change from zero neither.
    assert out.execute(
        "SELECT count(*) FROM out.indicator WHERE value IS NULL AND NOT (numerator > 0 AND denominator = 0)"
    ).fetchone() == (0,)
    assert out.execute(
        "SELECT count(*) FROM out.change WHERE rate_ratio IS NULL AND direction <> 'not compared' AND first_value > 0"
    ).fetchone() == (0,)


def test_bounds_stand_where_the_sex_or_age_of_too_many_is_unknown(out: duckdb.DuckDBPyConnection) -> None:
    """In the file, of 525 rapes and 2,494 abuses of Mendoza in 2023 the sex of two persons is known, both women."""
    assert out.execute(
        "SELECT count(*) FROM out.observation WHERE at_most IS NOT NULL AND (at_least > at_most OR value IS NOT NULL "
        "OR missing_reason NOT IN ('sex_not_known', 'age_not_known'))"
    ).fetchone() == (0,)
    assert out.execute("SELECT count(*) FROM out.rate WHERE rate_at_least > rate_at_most").fetchone() == (0,)
    bounds = out.execute(
        "SELECT sex, value, at_least, at_most, share_known FROM out.headline_by_sex WHERE ref_area = 'AR-M' "
        "AND iccs = '0301' AND time_period = '2023' AND sex IN ('F', 'M') ORDER BY sex"
    ).fetchall()
    total = 525 + 2494
    assert bounds == [
        ("F", None, 2, total, pytest.approx(2 / total)),
        ("M", None, 0, total - 2, pytest.approx(2 / total)),
    ]


def test_provinces_are_carried_back_to_the_country(out: duckdb.DuckDBPyConnection) -> None:
    """Argentina 2005: the line through the shares of 2010 and 2020 in INDEC's file, of the World Bank's population."""
    people = dict(
        out.execute(
            "SELECT time_period, population FROM out.population WHERE source = 'ar_indec_population' "
            "AND ref_area = 'AR-Z' AND sex = '_T' AND age = '_T' AND time_period IN ('2010', '2020')"
        ).fetchall()
    )
    assert people == {"2010": 275_452, "2020": 365_698}  # as in the file
    share = 275_452 / 40_788_453 - 0.5 * (365_698 / 45_376_763 - 275_452 / 40_788_453)
    found = out.execute(
        "SELECT population, backcast_years, obs_status, population_source FROM out.rate "
        "WHERE ref_area = 'AR-Z' AND time_period = '2005' AND iccs = '0101' AND counting_unit = 'victim' AND sex = '_T'"
    ).fetchall()
    assert found == [(pytest.approx(39_216_789 * share), 5, "E", "ar_indec_population")]
    totals = out.execute(
        "SELECT sum(population), count(*) FROM out.population WHERE country_source = 'wb_population' "
        "GROUP BY time_period"
    ).fetchall()
    assert [count for _, count in totals] == [24] * 10
    country = "SELECT sum(population) FROM out.population WHERE ref_area = 'AR' AND source = 'wb_population' "
    (whole,) = out.execute(country + "AND time_period BETWEEN '2000' AND '2009'").fetchall()
    assert sum(total for total, _ in totals) == pytest.approx(whole[0], rel=1e-12)
