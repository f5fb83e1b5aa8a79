"""Direction of a series: Mann-Kendall test and Sen's slope, never across a declared break."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

Numbers = NDArray[np.float64]
_Test = tuple[float, float, float, float, float]  # S, p, slope, its limits

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
    """Positions of all pairs i < j of n points; the same few lengths come back again and again."""
    return np.triu_indices(n, 1)


def mann_kendall(values: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    """Return S, its variance corrected for ties, and the two-sided p with continuity correction, of each series.

    Mann (1945), Econometrica 13: 245-259; Kendall (1975), Rank Correlation Methods: S = sum of sign(x_j - x_i) over
    i < j; Var S = [n(n-1)(2n+5) - sum over groups of t ties t(t-1)(2t+5)] / 18; Z = (S - sign S) / sqrt(Var S).

    Args:
        values: the last axis is time; thousands of series of one length are tested together.

    >>> s, variance, p = mann_kendall([[1, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 2]])
    >>> s.tolist(), variance.round(2).tolist(), p.round(4).tolist()
    ([28.0, -27.0], [65.33, 64.33], [0.0008, 0.0012])
    """
    x = np.asarray(values, dtype=float)
    n = x.shape[-1]
    first, second = _pairs(n)
    s = np.sign(x[..., second] - x[..., first]).sum(axis=-1)
    # A group of t ties is met t times, by each of its members: t(t-1)(2t+5) in all.
    ties = (x[..., :, None] == x[..., None, :]).sum(axis=-1)
    variance = (n * (n - 1) * (2 * n + 5) - ((ties - 1) * (2 * ties + 5)).sum(axis=-1)) / 18
    z = np.divide(np.abs(s) - 1, np.sqrt(variance), out=np.zeros_like(variance), where=(s != 0) & (variance > 0))
    return s, variance, erfc(z / math.sqrt(2))


def sen_slope(years: ArrayLike, values: ArrayLike, variance: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    """Return the median of all pairwise slopes and its 95 % limits, of each series.

    Sen (1968), JASA 63: 1379-1389; limits after Gilbert (1987), section 16.5: with N slopes in order and
    C = z sqrt(Var S), the slopes of rank (N - C)/2 and (N + C)/2 + 1.

    Args:
        years: positions in time along the last axis; gaps count.
        values: one for each year.
        variance: of the Mann-Kendall S of each series.

    >>> float(sen_slope([2015, 2016, 2017, 2018], [1.0, 3.0, 5.0, 7.0], 8.67)[0])
    2.0
    """
    t, x = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    first, second = _pairs(x.shape[-1])
    slopes = np.sort((x[..., second] - x[..., first]) / (t[..., second] - t[..., first]))
    reach, n = _Z_975 * np.sqrt(variance), slopes.shape[-1]
    low = np.maximum(np.round((n - reach) / 2), 1).astype(int) - 1
    high = np.minimum(np.round((n + reach) / 2 + 1), n).astype(int) - 1
    limits = np.take_along_axis(slopes, np.stack([low, high], axis=-1), axis=-1)
    return np.median(slopes, axis=-1), limits[..., 0], limits[..., 1]


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

    The test needs at least 8 years; below that the direction is "not tested" and only the change is given.

    Args:
        series: years and values of each.

    Raises:
        ValueError: no point, or years that do not rise.

    >>> describe_trends([([2015, 2016], [4.0, 5.0])])[0].change_percent
    25.0
    """
    tests: dict[int, _Test] = {}
    by_length: dict[int, list[int]] = {}
    for position, (years, _) in enumerate(series):
        if not len(years) or any(a >= b for a, b in pairwise(years)):
            raise ValueError("a series needs at least one year, and years in rising order")
        by_length.setdefault(len(years), []).append(position)
    for length, positions in by_length.items():
        if length >= FEWEST_YEARS_TESTED:
            values = np.array([series[position][1] for position in positions], dtype=float)
            s, variance, p = mann_kendall(values)
            slopes = sen_slope([series[position][0] for position in positions], values, variance)
            columns = (column.tolist() for column in (s, p, *slopes))
            tests.update(zip(positions, zip(*columns, strict=True), strict=True))
    return [_trend(years, values, tests.get(position)) for position, (years, values) in enumerate(series)]


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
        sen_slope_per_year=test[2] if test else None,
        sen_low=test[3] if test else None,
        sen_high=test[4] if test else None,
        direction=direction,
    )
