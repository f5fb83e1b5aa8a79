"""Limits by the usual spread of a series, on cells written here; expected ones by the formula with scipy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import exp, sqrt
from statistics import fmean
from typing import Any

import duckdb
import pytest
from scipy.stats import chi2, t

from pipelines.publish.published_schema import create_tables
from pipelines.publish.series.annual_series import read_annual_series
from pipelines.publish.series.changes import make_usual_limits
from pipelines.system.connection import insert_rows
from schemas.declarations import attribute_columns

PEOPLE = 1_000_000
SWINGING = (400, 700, 350, 620, 410, 690, 380, 600)
STEADY = (400, 410, 395, 405, 402, 398, 411, 400)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        create_tables(made)
        yield made


def _fill(connection: duckdb.DuckDBPyConnection, counts: Sequence[int], **parts: Any) -> None:
    row = {
        "source": "xx_made", "vintage": "v", "ref_area": "SE", "area_level": "country", "iccs": "0101",
        "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T", "population": PEOPLE,
        "obs_status": "A", **dict.fromkeys(attribute_columns(), "_T"),
    }  # fmt: skip
    rates = [{"value": float(n), "rate_per_100k": n / 10, "ci_low": chi2.ppf(0.025, 2 * n) / 20,
              "ci_high": chi2.ppf(0.975, 2 * n + 2) / 20} for n in counts]  # fmt: skip
    years = [{**row, **rate, "time_period": str(2015 + at), **parts} for at, rate in enumerate(rates)]
    insert_rows(connection, "out.rate", years)


def _usual(connection: duckdb.DuckDBPyConnection) -> list[tuple[float | None, float | None]]:
    make_usual_limits(connection, read_annual_series(connection))
    found = connection.execute(
        "SELECT usual_low, usual_high FROM out.rate ORDER BY age, weapon, time_period"
    ).fetchall()
    return [(low, high) for low, high in found]


def test_years_that_swing_more_than_chance_have_limits_of_both_kinds(connection: duckdb.DuckDBPyConnection) -> None:
    """Dispersion of the six pairs before the last year: chi-square of two counts with the same expectation."""
    _fill(connection, SWINGING)
    dispersion = fmean((b - a) ** 2 / (a + b) for a, b in pairwise(SWINGING[:-1]))
    factors = [exp(t.ppf(0.975, 6) * sqrt(dispersion / n)) for n in SWINGING]

    found = _usual(connection)

    assert found == [
        pytest.approx((n / 10 / factor, n / 10 * factor)) for n, factor in zip(SWINGING, factors, strict=True)
    ]
    assert all(factor > 2 for factor in factors)  # while chance reaches a tenth


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        (STEADY, {}),  # no more than chance
        (SWINGING[:6], {}),  # four pairs before the last year
        (SWINGING, {"sex": "_U"}),  # how sex is recorded, not how many there were
        (SWINGING, {"population": None, "rate_per_100k": None, "ci_low": None, "ci_high": None}),
    ],
)
def test_others_have_those_of_chance_alone(
    connection: duckdb.DuckDBPyConnection, counts: Sequence[int], parts: dict[str, Any]
) -> None:
    _fill(connection, counts, **parts)

    assert _usual(connection) == [(None, None)] * len(counts)


def test_parts_by_age_and_attribute_have_none(connection: duckdb.DuckDBPyConnection) -> None:
    """The spread is that of all ages and weapons together."""
    _fill(connection, SWINGING)
    _fill(connection, SWINGING, age="Y15T29")
    _fill(connection, SWINGING, weapon="1")

    found = _usual(connection)

    assert sum(low is not None for low, _ in found) == len(SWINGING)
