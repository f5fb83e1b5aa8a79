"""Direction of a series: Mann-Kendall test and Sen's slope, never across a declared break."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FEWEST_YEARS_TESTED = 8
SIGNIFICANCE = 0.05
_Z_975 = 1.959963984540054


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
    sen_slope_per_year: float | None
    sen_low: float | None
    sen_high: float | None
    direction: str


@cache
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of all pairs i < j of n points; the same few lengths come back thousands of times."""
    return np.triu_indices(n, 1)


def mann_kendall(values: Sequence[float]) -> tuple[int, float, float]:
    """Return S, its variance corrected for ties, and the two-sided p with continuity correction.

    Mann (1945), Econometrica 13: 245-259; Kendall (1975), Rank Correlation Methods: S = sum of sign(x_j - x_i) over
    i < j; Var S = [n(n-1)(2n+5) - sum over groups of t ties t(t-1)(2t+5)] / 18; Z = (S - sign S) / sqrt(Var S).

    >>> s, variance, p = mann_kendall([1, 2, 3, 4, 5, 6, 7, 8])
    >>> s, round(variance, 2), round(p, 4)
    (28, 65.33, 0.0008)
    """
    x = np.asarray(values, dtype=float)
    n = len(x)
    first, second = _pairs(n)
    s = int(np.sign(x[second] - x[first]).sum())
    _, ties = np.unique(x, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if s == 0 or variance == 0:
        return s, variance, 1.0
    z = (s - math.copysign(1, s)) / math.sqrt(variance)
    return s, variance, math.erfc(abs(z) / math.sqrt(2))


def sen_slope(years: Sequence[float], values: Sequence[float], variance: float) -> tuple[float, float, float]:
    """Return the median of all pairwise slopes, and its 95 % limits.

    Sen (1968), JASA 63: 1379-1389; limits after Gilbert (1987), section 16.5: with N slopes in order and
    C = z sqrt(Var S), the slopes of rank (N - C)/2 and (N + C)/2 + 1.

    Args:
        years: positions in time; gaps count.
        values: one for each year.
        variance: of the Mann-Kendall S.

    >>> sen_slope([2015, 2016, 2017, 2018], [1.0, 3.0, 5.0, 7.0], 8.67)[0]
    2.0
    """
    t, x = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    first, second = _pairs(len(x))
    slopes: NDArray[np.float64] = np.sort((x[second] - x[first]) / (t[second] - t[first]))
    reach = _Z_975 * math.sqrt(variance)
    low = max(round((len(slopes) - reach) / 2), 1)
    high = min(round((len(slopes) + reach) / 2 + 1), len(slopes))
    return float(np.median(slopes)), float(slopes[low - 1]), float(slopes[high - 1])


def longest_segment(years: Sequence[int], breaks: Sequence[int]) -> tuple[int, int]:
    """Return the slice of the years that holds the longest run without a break; of equal ones, the latest.

    A break year begins a new segment.

    >>> longest_segment([2015, 2016, 2017, 2018, 2019], [2017])
    (2, 5)
    """
    starts = [0, *[n for n, year in enumerate(years) if n and any(years[n - 1] < at <= year for at in breaks)]]
    ends = [*starts[1:], len(years)]
    return max(zip(starts, ends, strict=True), key=lambda pair: (pair[1] - pair[0], pair[0]))


def describe_trend(years: Sequence[int], values: Sequence[float]) -> Trend:
    """Return the direction of a series of years without a break.

    The test needs at least 8 years; below that the direction is "not tested" and only the change is given.

    Raises:
        ValueError: no point, or years that do not rise.
    """
    if not len(years) or any(a >= b for a, b in pairwise(years)):
        raise ValueError("a series needs at least one year, and years in rising order")
    first, last, change = float(values[0]), float(values[-1]), float(values[-1] - values[0])
    p: float | None = None
    slope: tuple[float | None, float | None, float | None] = (None, None, None)
    direction = f"not tested (fewer than {FEWEST_YEARS_TESTED} years)"
    if len(years) >= FEWEST_YEARS_TESTED:
        s, variance, p = mann_kendall(values)
        slope = sen_slope(years, values, variance)
        direction = "no significant trend"
        if p < SIGNIFICANCE:
            direction = "increasing" if s > 0 else "decreasing"
    return Trend(
        n=len(years),
        first_year=int(years[0]),
        last_year=int(years[-1]),
        first_value=first,
        last_value=last,
        change=change,
        change_percent=change / first * 100 if first else None,
        mann_kendall_p=p,
        sen_slope_per_year=slope[0],
        sen_low=slope[1],
        sen_high=slope[2],
        direction=direction,
    )
