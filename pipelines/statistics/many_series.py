"""Mann-Kendall, its correction for autocorrelation, and Sen's slope, for thousands of series of one length at once.

The last axis is time. :mod:`pipelines.statistics.monotonic` has the same tests for one series, with ties in time,
seasons and more settings; tests check that the two agree.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of

Numbers = NDArray[np.float64]


@cache
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions of all pairs i < j of n points; cached, as only a few lengths occur."""
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
    # A group of t ties is counted t times, once for each of its members: t(t-1)(2t+5) in all.
    ties = (x[..., :, None] == x[..., None, :]).sum(axis=-1)
    variance = (n * (n - 1) * (2 * n + 5) - ((ties - 1) * (2 * ties + 5)).sum(axis=-1)) / 18
    return s, variance, two_sided(s, variance)


def two_sided(s: ArrayLike, variance: ArrayLike) -> Numbers:
    """Return the two-sided p of a score with continuity correction; 1 where the score or its variance is 0.

    >>> two_sided([28.0, 0.0], [65.33, 65.33]).round(4).tolist()
    [0.0008, 1.0]
    """
    from scipy.special import erfc

    score, spread = np.asarray(s, dtype=float), np.asarray(variance, dtype=float)
    some = (score != 0) & (spread > 0)
    z = np.divide(np.abs(score) - 1, np.sqrt(spread), out=np.zeros_like(spread), where=some)
    p: Numbers = erfc(z / math.sqrt(2))
    return p


def autocorrelation_factors(times: ArrayLike, values: ArrayLike, slopes: ArrayLike) -> Numbers:
    """Return the factor for Var S of each series due to autocorrelation at lag 1, never below 1.

    Hamed and Rao (1998), Journal of Hydrology 204: 182-196, as in
    :func:`~pipelines.statistics.monotonic.mann_kendall_autocorrelated` with ``lags=1``: the factor is
    1 + 2 (n-1)(n-2)(n-3) r / (n(n-1)(n-2)) where |r| > 1.96 / sqrt(points), n the steps from the first to the last
    time. Two choices for short annual series, from 3,000 simulated series without trend for each case: higher lags are
    mostly noise (24 points, autocorrelation 0.6: the plain test calls 27 % a trend, lag 1 alone 22 %, all lags 25 %),
    and a factor below 1 makes false alarms of series that have none (24 points, no autocorrelation: 4 % with the floor,
    6 % without at lag 1, 8 % at all lags). With 10 points or fewer nearly nothing is corrected.

    Args:
        times: whole steps, rising; all series have the same number of them from first to last.
        values: one for each time.
        slopes: Sen's slope of each series, which is taken out first.

    Raises:
        ValueError: the series do not span the same number of steps.

    >>> slow = [1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2]
    >>> autocorrelation_factors([range(20)], [slow], [0.0]).round(3).tolist()
    [2.209]
    """
    from scipy.special import ndtri

    t, x = np.atleast_2d(np.asarray(times, dtype=float)), np.atleast_2d(np.asarray(values, dtype=float))
    place = (t - t[:, :1]).astype(np.intp)
    if (place[:, -1] != place[0, -1]).any():
        raise ValueError("series tested together must span the same number of steps")
    residuals = x - np.atleast_1d(np.asarray(slopes, dtype=float))[:, None] * place
    largest = np.abs(residuals).max(axis=1, keepdims=True)
    # Residuals that differ by rounding alone are tied.
    e = np.round(residuals / np.where(largest > 0, largest, 1.0), 10)
    ranks = (e[:, :, None] > e[:, None, :]).sum(axis=2) + ((e[:, :, None] == e[:, None, :]).sum(axis=2) + 1) / 2
    points, steps = x.shape[1], int(place[0, -1]) + 1
    centred = np.zeros((len(x), steps))  # a step without a value adds nothing
    np.put_along_axis(centred, place, ranks - ranks.mean(axis=1, keepdims=True), axis=1)
    squares = (centred**2).sum(axis=1)
    r = np.divide((centred[:, 1:] * centred[:, :-1]).sum(axis=1), squares, out=np.zeros(len(x)), where=squares > 0)
    counts = np.where(np.abs(r) > float(ndtri(0.975)) / math.sqrt(points), r, 0.0)
    return np.maximum(1 + 2 * counts * (steps - 3) / steps, 1.0)


def sen_slopes(
    times: ArrayLike, values: ArrayLike, variance: ArrayLike, confidence: float = 0.95
) -> tuple[Numbers, Numbers, Numbers]:
    """Return the median of all pairwise slopes and its limits, of each series.

    Sen (1968), JASA 63: 1379-1389; limits after Gilbert (1987), Statistical Methods for Environmental Pollution
    Monitoring, section 16.5: with N slopes in order and C = z sqrt(Var S), the slopes of rank (N - C)/2 and
    (N + C)/2 + 1.

    Args:
        times: positions in time along the last axis; gaps count.
        values: one for each time.
        variance: of the Mann-Kendall S of each series.
        confidence: of the limits.

    >>> float(sen_slopes([2015, 2016, 2017, 2018], [1.0, 3.0, 5.0, 7.0], 8.67)[0])
    2.0
    """
    t, x = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    first, second = _pairs(x.shape[-1])
    slopes = np.sort((x[..., second] - x[..., first]) / (t[..., second] - t[..., first]))
    limits = np.take_along_axis(slopes, limit_ranks(slopes.shape[-1], variance, confidence), axis=-1)
    return np.median(slopes, axis=-1), limits[..., 0], limits[..., 1]


def limit_ranks(slopes: int, variance: ArrayLike, confidence: float) -> NDArray[np.intp]:
    """Return the positions, from 0, of the two limits among the sorted slopes; see :func:`sen_slopes`."""
    from scipy.special import ndtri

    reach = float(ndtri(1 - tail_of(confidence))) * np.sqrt(variance)
    low = np.maximum(np.round((slopes - reach) / 2), 1).astype(np.intp) - 1
    high = np.minimum(np.round((slopes + reach) / 2 + 1), slopes).astype(np.intp) - 1
    return np.stack([low, high], axis=-1)
