"""How counts grow from edition to edition, and the expected final count of incomplete months: the chain ladder.

Mack (1993), ASTIN Bulletin 23: 213-225, for the errors. A test repeats his published figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Development:
    """Growth of counts from one delay to the next; arrays of shape (..., delays - 1).

    Attributes:
        factors: count at the next delay over that at this one; NaN if no pair has an event.
        variances: of the growth of one event (Mack's sigma squared); NaN with fewer than two pairs.
        before: sum of the counts behind the factors.
        pairs: how many periods were seen at both delays.
    """

    factors: Numbers
    variances: Numbers
    before: Numbers
    pairs: NDArray[np.int64]


@dataclass(frozen=True)
class Nowcast:
    """Expected final counts of periods; arrays of one number for each.

    Attributes:
        value: expected count once it no longer grows.
        error: its standard error (root of Mack's mean squared error).
        low: lower limit.
        high: upper limit.
        growth: value over the count seen.
    """

    value: Numbers
    error: Numbers
    low: Numbers
    high: Numbers
    growth: Numbers


def development(cells: ArrayLike) -> Development:
    """Return how counts grow with the delay, from a reporting triangle.

    Args:
        cells: counts of shape (..., periods, delays), events; NaN if no edition shows that delay.

    >>> development([[[10.0, 12.0], [20.0, 23.0], [5.0, float("nan")]]]).factors.round(4).tolist()
    [[1.1667]]
    """
    counts = np.asarray(cells, dtype=float)
    this, following = counts[..., :-1], counts[..., 1:]
    seen = np.isfinite(this) & np.isfinite(following)
    pairs = seen.sum(axis=-2)
    before = np.where(seen, this, 0.0).sum(axis=-2)
    after = np.where(seen, following, 0.0).sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        factors = np.where(before > 0, after / before, np.nan)
        apart = np.where(seen & (this > 0), (following - factors[..., None, :] * this) ** 2 / this, 0.0)
        variances = np.where(pairs > 1, apart.sum(axis=-2) / (pairs - 1), np.nan)
    return Development(factors, variances, before, pairs)


def nowcast(
    counts: ArrayLike, delay: int, found: Development, *, confidence: float = 0.95, cautious: bool = True
) -> Nowcast:
    """Return the expected final counts, with limits, from counts at a delay.

    The limits are of a lognormal distribution with Mack's error, by Student's t with one degree less than the pairs at
    the delay.

    Args:
        counts: of each series, events; shape (...).
        delay: column of the triangle at which they were seen.
        found: of each series, shape (..., delays - 1).
        confidence: of the limits.
        cautious: assume that late events vary at least as independent ones do, however regular the few editions were,
            and that a month with many late events at one delay has many at the next; false for Mack's error.

    >>> parts = development([[100.0, 110.0], [200.0, 222.0], [150.0, 164.0]])
    >>> ahead = nowcast(120.0, 0, parts)
    >>> round(float(ahead.value), 1), round(float(ahead.low), 1), round(float(ahead.high), 1)
    (132.3, 116.3, 150.3)
    """
    from scipy.special import stdtrit

    seen = np.asarray(counts, dtype=float)
    value, share, root = seen.copy(), np.zeros_like(seen), np.zeros_like(seen)
    with np.errstate(invalid="ignore", divide="ignore"):
        for step in range(delay, found.factors.shape[-1]):
            factor, variance = found.factors[..., step], found.variances[..., step]
            if cautious:
                variance = np.maximum(variance, np.abs(factor - 1))
                root = root + np.sqrt(variance / value) / factor
            else:
                share = share + variance / factor**2 / value
            share = share + variance / factor**2 / found.before[..., step]
            value = value * factor
        share = share + root**2
        spread = np.sqrt(np.log1p(share))
        degrees = np.maximum(found.pairs[..., delay] - 1, 1) if delay < found.pairs.shape[-1] else np.inf
        reach = stdtrit(degrees, 1 - tail_of(confidence)) * spread
        middle = np.log(value) - spread**2 / 2
        low, high = np.exp(middle - reach), np.exp(middle + reach)
        return Nowcast(value, value * np.sqrt(share), low, high, value / seen)
