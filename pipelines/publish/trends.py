"""Direction of a series: Mann-Kendall test and Sen's slope, never across a declared break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from pipelines.statistics.many_series import autocorrelation_factors, mann_kendall, sen_slopes, two_sided

_Test = tuple[float, float, float, float, float, float]  # S, p, factor for autocorrelation, slope, its limits

FEWEST_YEARS_TESTED = 8
SIGNIFICANCE = 0.05
METHOD = "Mann-Kendall, Hamed-Rao at lag 1 (variance never reduced); Sen slope, Gilbert limits"


@dataclass(frozen=True)
class Trend:
    """Direction of one series; slope and limits per year, in the unit of the points."""

    n: int
    first_year: int
    last_year: int
    first_value: float
    last_value: float
    change: float
    change_percent: float | None
    mann_kendall_p: float | None
    variance_factor: float | None
    sen_slope_per_year: float | None
    sen_low: float | None
    sen_high: float | None
    direction: str
    method: str


def longest_segment(years: Sequence[int], breaks: Sequence[int]) -> tuple[int, int]:
    """Return the slice of the years that holds the longest run without a break; of equal ones, the latest.

    A break year begins a new segment.

    >>> longest_segment([2015, 2016, 2017, 2018, 2019], [2017])
    (2, 5)
    """
    starts = [0, *[n for n, year in enumerate(years) if n and any(years[n - 1] < at <= year for at in breaks)]]
    ends = [*starts[1:], len(years)]
    return max(zip(starts, ends, strict=True), key=lambda pair: (pair[1] - pair[0], pair[0]))


def describe_trends(series: Sequence[tuple[Sequence[int], Sequence[float]]]) -> list[Trend]:
    """Return the direction of each series of years without a break.

    p is that of the Mann-Kendall test with the variance corrected for autocorrelation at lag 1. The test needs at least
    8 years; below that the direction is "not tested" and only the change is given.

    Args:
        series: years and values of each.

    Raises:
        ValueError: no point, or years that do not rise.

    >>> describe_trends([([2015, 2016], [4.0, 5.0])])[0].change_percent
    25.0
    """
    tests: dict[int, _Test] = {}
    alike: dict[tuple[int, int], list[int]] = {}  # same number of points and of years from first to last
    for position, (years, _) in enumerate(series):
        if not len(years) or any(a >= b for a, b in pairwise(years)):
            raise ValueError("a series needs at least one year, and years in rising order")
        alike.setdefault((len(years), years[-1] - years[0]), []).append(position)
    for (length, _), positions in alike.items():
        if length >= FEWEST_YEARS_TESTED:
            values = np.array([series[position][1] for position in positions], dtype=float)
            times = np.array([series[position][0] for position in positions], dtype=float)
            s, variance, _ = mann_kendall(values)
            slopes = sen_slopes(times, values, variance)
            factors = autocorrelation_factors(times, values, slopes[0])
            columns = (column.tolist() for column in (s, two_sided(s, variance * factors), factors, *slopes))
            tests.update(zip(positions, zip(*columns, strict=True), strict=True))
    return [_trend(years, values, tests.get(position)) for position, (years, values) in enumerate(series)]


def widest_trend(trend: Trend, others: Sequence[Trend]) -> Trend:
    """Return a trend with the largest p and the widest limits of itself and the same series with other bridges.

    Where they point in different ways p is 1: what the series does depends on the bridge.
    """
    if trend.mann_kendall_p is None:
        return trend
    every = [trend, *others]
    slopes = [one.sen_slope_per_year or 0.0 for one in every]
    turns = min(slopes) < 0 < max(slopes)
    p = 1.0 if turns else max(one.mann_kendall_p or 0.0 for one in every)
    return replace(
        trend,
        mann_kendall_p=p,
        sen_low=min(one.sen_low for one in every if one.sen_low is not None),
        sen_high=max(one.sen_high for one in every if one.sen_high is not None),
        direction=trend.direction if p < SIGNIFICANCE else "no significant trend",
    )


def _trend(years: Sequence[int], values: Sequence[float], test: _Test | None) -> Trend:
    first, last, change = float(values[0]), float(values[-1]), float(values[-1] - values[0])
    direction = f"not tested (fewer than {FEWEST_YEARS_TESTED} years)"
    if test is not None:
        s, p = test[:2]
        direction = "no significant trend" if p >= SIGNIFICANCE else "increasing" if s > 0 else "decreasing"
    return Trend(
        n=len(years),
        first_year=int(years[0]),
        last_year=int(years[-1]),
        first_value=first,
        last_value=last,
        change=change,
        change_percent=change / first * 100 if first else None,
        mann_kendall_p=test[1] if test else None,
        variance_factor=test[2] if test else None,
        sen_slope_per_year=test[3] if test else None,
        sen_low=test[4] if test else None,
        sen_high=test[5] if test else None,
        direction=direction,
        method=METHOD if test else "change only",
    )
