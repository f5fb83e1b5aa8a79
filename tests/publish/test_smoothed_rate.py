# ruff: noqa: E501 (tables of figures)
"""Empirical-Bayes rates of ``out.smoothed_rate`` against the published example of PySAL, and limits against scipy."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from scipy.stats import gamma

from pipelines.publish.published_schema import create_tables
from pipelines.system.connection import insert_rows
from schemas.declarations import attribute_columns

# Homicides 1979-84 and population in 78 counties around St. Louis: libpysal 4.14, examples/stl/stl_hom.csv, columns HC7984, PO7984.
EVENTS = [
    4, 19, 3, 2, 2, 28, 61, 3, 7, 3, 4, 0, 1, 12, 0, 2, 6, 6, 3, 4, 0, 2, 9, 2, 23, 5, 2, 2, 0, 2, 10, 4, 95, 8, 31, 0, 407, 5,
    10, 1238, 3, 14, 0, 2, 18, 369, 5, 0, 3, 0, 40, 9, 7, 1, 3, 2, 8, 5, 11, 12, 8, 10, 2, 8, 7, 25, 6, 19, 6, 2, 2, 6, 9, 0, 1,
    13, 3, 4,
]  # fmt: skip
PEOPLE = [
    189087, 425580, 69649, 88540, 33697, 774843, 1056438, 172182, 224033, 113497, 218510, 87628, 36354, 316661, 53222, 141872,
    103469, 193449, 295848, 99013, 34772, 65947, 155266, 123387, 612258, 135365, 133297, 186877, 68404, 68779, 192789, 96686,
    1480530, 92864, 905683, 93388, 5863876, 109086, 265200, 2658090, 199528, 347829, 79838, 72381, 432159, 1605518, 110883,
    48352, 121762, 92348, 891502, 225007, 113880, 46260, 108510, 55620, 213680, 131792, 109953, 108864, 205880, 260154, 90841,
    255875, 253540, 372227, 100389, 345641, 87410, 66694, 64680, 127071, 107508, 43056, 61456, 353841, 47507, 68218,
]  # fmt: skip
# esda.smoothing.Empirical_Bayes(HC7984, PO7984).r[:10], as its documentation prints it.
PRINTED = [2.36718950e-05, 4.54539167e-05, 4.78114019e-05, 2.76907146e-05, 6.58989323e-05, 3.66494122e-05, 5.79952721e-05,
           2.03064590e-05, 3.31152999e-05, 3.02748380e-05]  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        create_tables(made)
        yield made


def _fill(connection: duckdb.DuckDBPyConnection, events: list[int], people: list[int], level: str = "admin1") -> None:
    totals = dict.fromkeys(attribute_columns(), "_T")
    codes = [f"XX-{n:02}" for n in range(len(events))]
    insert_rows(connection, "out.area", [{"code": code, "area_level": level, "parent": "XX"} for code in codes])
    insert_rows(
        connection,
        "out.rate",
        [
            {"source": "xx_made", "ref_area": code, "area_level": level, "time_period": "1984", "iccs": "0101", "stage": "recorded",
             "counting_unit": "victim", "sex": "_T", "age": "_T", **totals, "value": count, "population": persons,
             "rate_per_100k": count / persons * 100_000, "ci_low": 0.0, "ci_high": 1.0, "obs_status": "A"}
            for code, count, persons in zip(codes, events, people, strict=True)
        ],
    )  # fmt: skip


@pytest.mark.parametrize("level", ["admin1", "admin2"])
def test_rates_are_those_of_the_published_example(connection: duckdb.DuckDBPyConnection, level: str) -> None:
    _fill(connection, EVENTS, PEOPLE, level)

    rows = connection.execute(
        "SELECT smoothed_rate, areas_together, country FROM out.smoothed_rate ORDER BY ref_area"
    ).fetchall()

    assert [row[0] / 100_000 for row in rows[:10]] == pytest.approx(PRINTED, rel=1e-6)
    assert {row[1:] for row in rows} == {(78, "XX")}


def test_limits_are_quantiles_of_the_gamma_law(connection: duckdb.DuckDBPyConnection) -> None:
    """The prior has the mean and the variance of the rates; the approximation is within two percent."""
    _fill(connection, EVENTS, PEOPLE)
    people = [persons / 100_000 for persons in PEOPLE]
    common = sum(EVENTS) / sum(people)
    spread = sum(n * (y / n - common) ** 2 for y, n in zip(EVENTS, people, strict=True)) / sum(people)
    variance = spread - common / (sum(people) / len(people))

    rows = connection.execute(
        "SELECT smoothed_rate, smoothed_low, smoothed_high FROM out.smoothed_rate ORDER BY ref_area"
    ).fetchall()

    for (mean, low, high), y, n in zip(rows, EVENTS, people, strict=True):
        law = gamma(common**2 / variance + y, scale=1 / (common / variance + n))
        assert mean == pytest.approx(law.mean(), rel=1e-9)
        assert low == pytest.approx(law.ppf(0.025), abs=0.02 * mean)
        assert high == pytest.approx(law.ppf(0.975), rel=0.02)


def test_areas_that_differ_by_chance_only_have_the_common_rate(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, [5, 6, 4, 5, 5, 6, 5, 4, 5, 5], [100_000] * 10)
    rows = connection.execute(
        "SELECT DISTINCT own_weight, smoothed_rate, smoothed_low, smoothed_high FROM out.smoothed_rate"
    ).fetchall()
    assert len(rows) == 1
    assert rows[0][:2] == (0, pytest.approx(5.0))
    law = gamma(50, scale=1 / 10)  # of the ten areas together
    assert rows[0][2:] == (pytest.approx(law.ppf(0.025), rel=0.001), pytest.approx(law.ppf(0.975), rel=0.001))


def test_fewer_than_ten_areas_are_not_smoothed(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, EVENTS[:9], PEOPLE[:9])
    assert connection.execute("SELECT count(*) FROM out.smoothed_rate").fetchone() == (0,)
