"""The views of single series and headline figures, and macros that choose or compare series, on cells written here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.publish.build import load_lists
from pipelines.publish.published_schema import create_tables
from schemas.declarations import attribute_columns

TOTALS = dict.fromkeys(attribute_columns(), "_T")
RATE: dict[str, Any] = {
    "source": "xx_a", "vintage": "v", "ref_area": "SE", "area_level": "country", "time_period": "2019", "iccs": "0101",
    "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T", **TOTALS, "value": 10.0,
    "population": 1e6, "rate_per_100k": 1.0, "ci_low": 0.5, "ci_high": 2.0, "obs_status": "A", "caveats": None,
    "iccs_made_from": None, "population_source": "xx_people", "few_events": False, "completeness": 1.0,
}  # fmt: skip


@pytest.fixture
def out() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        create_tables(connection)
        load_lists(connection)
        yield connection


def fill(out: duckdb.DuckDBPyConnection, *rows: dict[str, Any], **shared: Any) -> None:
    """Write cells to out.rate and, as annual counts, to out.observation."""
    made = [{**RATE, **shared, **row} for row in rows]
    out.register("given", pa.Table.from_pylist(made))
    out.execute("INSERT INTO out.rate BY NAME FROM given")
    of_rates = ("population", "rate_per_100k", "ci_low", "ci_high", "population_source", "few_events")
    cells = [{name: value for name, value in row.items() if name not in of_rates} | {"freq": "A"} for row in made]
    out.register("cells", pa.Table.from_pylist(cells))
    out.execute("INSERT INTO out.observation BY NAME FROM cells")


def by_sex(total: float, women: float, men: float, unknown: float, **shared: Any) -> list[dict[str, Any]]:
    counts = {"_T": total, "F": women, "M": men, "_U": unknown}
    return [{**shared, "sex": sex, "value": count} for sex, count in counts.items()]


def test_naive_sums_of_the_headline_views_are_the_true_figure(out: duckdb.DuckDBPyConnection) -> None:
    """31 victims, of whom some are also given by sex, by age, by both and by weapon, and offences beside them: each
    view adds up to 31, the number written here."""
    fill(
        out,
        *by_sex(31, 6, 20, 5),
        *by_sex(9, 2, 5, 2, age="Y0T17"),
        *by_sex(22, 4, 15, 3, age="Y_GE18"),
        *by_sex(17, 3, 12, 2, weapon="FIREARM"),
        {"counting_unit": "offence", "value": 28.0},
        {"counting_unit": "person", "stage": "convicted", "value": 12.0},
        {"source": "xx_b", "value": 30.0},
    )
    for view in ("headline", "headline_by_sex", "headline_by_age"):
        assert out.execute(f"SELECT sum(value) FROM out.{view} WHERE iccs = '0101'").fetchone() == (31.0,), view
    rows = out.execute("SELECT source, counting_unit, sex, age, other_series FROM out.headline").fetchall()
    others = "xx_b: recorded victims; xx_a: recorded offences; xx_a: convicted persons"
    assert rows == [("xx_a", "victim", "_T", "_T", others)]


def test_where_men_and_women_are_not_given_no_sum_is_of_the_unknown_alone(out: duckdb.DuckDBPyConnection) -> None:
    rows = by_sex(100, 0, 0, 90)
    for row in rows[1:3]:
        row["value"] = None
    fill(out, *rows)
    found = out.execute("SELECT sum(value), any_value(total) FROM out.headline_by_sex").fetchall()
    assert found == [(None, 100.0)]
    share = "SELECT share_of_total FROM out.headline_by_sex WHERE sex = '_U'"
    assert out.execute(share).fetchall() == [(0.9,)]


def test_parts_by_sex_are_of_one_series_even_where_another_has_only_unknown(out: duckdb.DuckDBPyConnection) -> None:
    """The preferred total is of a source that knows the sex of nobody: the parts are those of the other one."""
    fill(out, {"value": 7.0}, {"sex": "_U", "value": 7.0}, *by_sex(6, 2, 4, 0, source="xx_b"))
    assert out.execute("SELECT source, value FROM out.headline").fetchall() == [("xx_a", 7.0)]
    parts = out.execute("SELECT source, sex, value FROM out.headline_by_sex ORDER BY sex").fetchall()
    assert parts == [("xx_b", "F", 2.0), ("xx_b", "M", 4.0), ("xx_b", "_U", 0.0)]


def test_a_series_without_figures_is_not_preferred(out: duckdb.DuckDBPyConnection) -> None:
    fill(out, {"value": None, "rate_per_100k": None}, {"counting_unit": "offence", "value": 4.0})
    assert out.execute("SELECT counting_unit, value FROM out.headline").fetchall() == [("offence", 4.0)]


def test_a_figure_says_what_it_is(out: duckdb.DuckDBPyConnection) -> None:
    out.execute("INSERT INTO out.series_break BY NAME SELECT 'xx_a' AS source, '0301' AS iccs, '2021' AS time_period, "
                "'A list of offences became finer.' AS note")  # fmt: skip
    years = [{"time_period": str(year)} for year in (2019, 2020, 2021, 2022)]
    years[0]["iccs_made_from"] = "03011"
    years[1]["caveats"] = "volume_jump;months_missing"
    years[3] |= {"obs_status": "B", "rate_per_100k": None, "ci_low": None, "ci_high": None}
    fill(out, *years, iccs="0301")
    columns = "time_period, area_es, category_en, composition_en, caveats_en, break_before, break_note, limits, "
    columns += "population_source"
    assert out.execute(f"SELECT {columns} FROM out.headline ORDER BY 1").fetchall() == [
        ("2019", "Suecia", "Sexual violence", "Rape", None, None, None, "exact_poisson", "xx_people"),
        ("2020", "Suecia", "Sexual violence", None, "Some months of this year appear not to have been reported, "
         "here or in a part of the total; The count changed far more than is usual for its series, here or in a part "
         "of the total", None, None, "exact_poisson", "xx_people"),
        ("2021", "Suecia", "Sexual violence", None, None, "2021", "A list of offences became finer.", "exact_poisson",
         "xx_people"),
        ("2022", "Suecia", "Sexual violence", None, None, "2022", None, None, "xx_people"),
    ]  # fmt: skip


def test_trend_of_is_one_series_and_names_the_others(out: duckdb.DuckDBPyConnection) -> None:
    fill(out, {"time_period": "2018"}, {}, {"counting_unit": "offence", "value": 8.0})
    out.execute("INSERT INTO out.age BY NAME SELECT '_T' AS code")
    ask = "SELECT counting_unit, time_period, value, other_series FROM out.trend_of('0101', 'SE'"
    assert out.execute(f"{ask})").fetchall() == [
        ("victim", "2018", 10.0, "xx_a: recorded offences"),
        ("victim", "2019", 10.0, "xx_a: recorded offences"),
    ]
    asked = out.execute(f"{ask}, counting_unit := 'offence')").fetchall()
    assert asked == [("offence", "2019", 8.0, "xx_a: recorded victims")]
    there = "no series of held; there are: xx_a: recorded victims; xx_a: recorded offences"
    with pytest.raises(duckdb.Error, match=there):
        out.execute(f"{ask}, stage := 'held')").fetchall()


def change(out: duckdb.DuckDBPyConnection, years: str) -> list[tuple[Any, ...]]:
    columns = "round(change_percent, 6), round(ratio_low, 4), round(ratio_high, 4), direction, break_handling"
    return out.execute(f"SELECT {columns} FROM out.change_between({years})").fetchall()


def test_change_between_any_two_years(out: duckdb.DuckDBPyConnection) -> None:
    """100 and 150 events among 1,000,000: 1.5 x exp(+-1.959964 x sqrt(1/100 + 1/150)) = 1.1647 to 1.9319."""
    fill(
        out,
        *(
            {"time_period": str(year), "value": n, "rate_per_100k": n / 10}
            for year, n in ((2015, 100.0), (2024, 150.0))
        ),
    )
    assert change(out, "2015, 2024") == [(50.0, 1.1647, 1.9319, "increase", "no break in between")]
    assert change(out, "'2015', '2024'") == change(out, "2015, 2024")
    assert change(out, "2016, 2024") == []
    for years in ("2024, 2015", "2015, 2015", "NULL, 2024"):
        with pytest.raises(duckdb.Error, match="give two years, the earlier one first"):
            change(out, years)


@pytest.mark.parametrize(("first", "last"), [(40.0, 0.0), (0.0, 40.0), (0.0, 0.0)])
def test_change_between_tests_nothing_where_a_count_is_0(
    out: duckdb.DuckDBPyConnection, first: float, last: float
) -> None:
    """Up and down for eight years: the usual spread is known, but 0 has no logarithm."""
    counts = [first, *[30.0, 50.0] * 4, last]
    fill(out, *({"time_period": str(2015 + n), "value": x, "rate_per_100k": x / 10} for n, x in enumerate(counts)))
    columns = "direction, ratio_low, ratio_high, usual_swing_percent"
    (row,) = out.execute(f"SELECT {columns} FROM out.change_between(2015, 2024)").fetchall()
    assert row == ("not tested", None, None, None)
    (inside,) = out.execute(f"SELECT {columns} FROM out.change_between(2016, 2023)").fetchall()
    assert inside[3] is not None


def test_what_is_refused_has_no_usual_swing(out: duckdb.DuckDBPyConnection) -> None:
    counts = [30.0, 50.0] * 5
    rows = [{"time_period": str(2015 + n), "value": x, "rate_per_100k": x / 10} for n, x in enumerate(counts)]
    fill(out, *rows[:-1], rows[-1] | {"caveats": "months_missing"})
    asked = "SELECT direction, usual_swing_percent FROM out.change_between(2015, 2024)"
    assert out.execute(asked).fetchall() == [("not compared", None)]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ({"obs_status": "B"}, "break in 2024: not compared across it"),
        ({"iccs_made_from": "01011;01012"}, "the category is composed of other parts: not compared"),
        ({"value": None, "rate_per_100k": None}, "a year has no figure: not compared"),
        ({"caveats": "months_missing"}, "a year is incomplete or exceptional (see caveats): not compared"),
    ],
)
def test_what_differs_is_not_compared(out: duckdb.DuckDBPyConnection, cell: dict[str, Any], reason: str) -> None:
    fill(out, {"time_period": "2015"}, {"time_period": "2024", **cell})
    assert change(out, "2015, 2024") == [(None, None, None, "not compared", reason)]
