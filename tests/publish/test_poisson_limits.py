"""Exact Poisson limits against figures published by others.

Copied from (numbers only): R's help example for ``poisson.test`` (137 deaths against 24.19893 expected, Welsh nickel
workers), reference output ``tests/Examples/stats-Ex.Rout.save``, via radfordneal/pqR, commit
5c6058eb62e3ee190a21fd06db6ddb8f6bcc07ff; and the R package PHEindicatormethods 2.1.0 (Public Health England), test
workbook ``testdata_Rate.xlsx``, commit 093fd288d8f8949dbcfbed70049dbbf385b6141d, whose limits are exact for counts
below 10 (from 10 on it uses Byar's approximation, which is not ours).
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipelines.statistics.rates import exact_limits


def _limits(count: float, confidence: float = 0.95) -> tuple[float, float]:
    low, high = exact_limits(np.array([count]), confidence)
    return float(low[0]), float(high[0])


def test_rate_and_limits_of_r_poisson_test() -> None:
    low, high = _limits(137)

    assert round(137 / 24.19893, 6) == 5.661407
    assert round(low / 24.19893, 6) == 4.753125
    assert round(high / 24.19893, 6) == 6.692709


@pytest.mark.parametrize(
    ("count", "confidence", "low", "high"),
    [  # per 100 of a population of 100
        (1, 0.95, 0.025317807984289897, 5.571643390938898),
        (5, 0.95, 1.62348639011842, 11.668332079322669),
        (1, 0.998, 0.0010005003335835344, 9.233413476451585),
        (5, 0.998, 0.739371731917839, 16.454745203680105),
    ],
)
def test_limits_of_small_counts(count: int, confidence: float, low: float, high: float) -> None:
    assert _limits(count, confidence) == pytest.approx((low, high), rel=1e-12)


def test_no_event_has_no_lower_limit() -> None:
    low, high = _limits(0)

    assert low == 0
    assert high == pytest.approx(-np.log(0.025), rel=1e-12)  # P(no event) = exp(-upper) = 2.5 %


@pytest.mark.parametrize("count", [1, 3, 10, 250, 26_779, 1_000_000])
def test_limits_leave_two_and_a_half_per_cent_on_each_side(count: int) -> None:
    low, high = _limits(count)

    assert stats.poisson.sf(count - 1, low) == pytest.approx(0.025, rel=1e-6)
    assert stats.poisson.cdf(count, high) == pytest.approx(0.025, rel=1e-6)
