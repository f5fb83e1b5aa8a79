"""The factor between two definitions of one series, and figures that reflect its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.rates import odds_limits
from pipelines.statistics.regression import Effect


@dataclass(frozen=True)
class OverlapFactor:
    """The factor for counts by the old definition, with limits; ``periods`` is how many were counted by both."""

    value: float
    low: float
    high: float
    periods: int


def overlap_factor(old_counts: ArrayLike, new_counts: ArrayLike, *, confidence: float = 0.95) -> OverlapFactor:
    """Return the factor from the old to the new definition of a series, from periods counted by both.

    R = sum(new) / sum(old), the ratio estimate of Cochran (1977, Sampling Techniques, 3rd edition, section 2.11). Its
    limits are R exp(-+ reach), and reach is the larger of two. Between the k periods: Student's t on k - 1 degrees
    times sqrt(k / (k - 1) sum (new - R old)^2) / sum(new), Cochran's error over R. And by chance: the exact limits of
    the ratio of two Poisson counts (:func:`~pipelines.statistics.rates.odds_limits`). Both definitions count many of
    the same events, so that the second is wider than needed; a single period has no other.

    Args:
        old_counts: one for each period of the overlap, by the old definition.
        new_counts: of the same periods, by the new one.
        confidence: of the interval.

    Raises:
        ValueError: no period, a count missing or below 0, or no event at all under one of the definitions.

    >>> factor = overlap_factor([82109, 84864, 91261, 96970], [113695, 118027, 126134, 132414])
    >>> round(factor.value, 4), round(factor.low, 4), round(factor.high, 4), factor.periods
    (1.3802, 1.3624, 1.3983, 4)
    """
    from scipy.special import stdtrit

    old, new = np.asarray(old_counts, dtype=np.float64), np.asarray(new_counts, dtype=np.float64)
    if old.shape != new.shape or old.ndim != 1 or not old.size:
        raise ValueError("an overlap needs at least one period, and as many old counts as new ones")
    if not ((old >= 0).all() and (new >= 0).all() and np.isfinite([*old, *new]).all()):
        raise ValueError("counts of an overlap must not be missing or below 0")
    before, after, periods = float(old.sum()), float(new.sum()), old.size
    if before == 0 or after == 0:
        raise ValueError("one of the two definitions has no events in the overlap, so there is no factor")
    ratio = after / before
    low, high = (float(limit[0]) for limit in odds_limits([after], [before], confidence))
    if periods > 1:
        error = math.sqrt(periods / (periods - 1) * float(((new - ratio * old) ** 2).sum())) / after
        reach = float(stdtrit(periods - 1, 0.5 + confidence / 2)) * error
        low, high = min(low, ratio * math.exp(-reach)), max(high, ratio * math.exp(reach))
    return OverlapFactor(ratio, low, high, periods)


def widest(
    effects: ArrayLike, lows: ArrayLike, highs: ArrayLike, p_values: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits and p of figures computed with a bridge's factor and again with each of the factor's limits.

    The limits are the widest of all; p is the largest, and 1 if the direction depends on the factor. NaN is left out.

    Args:
        effects: signed, 0 for no effect. The first axis is the factor and its limits; a second one may hold figures.
        lows: lower limits, of the same shape.
        highs: upper limits.
        p_values: two-sided.

    >>> low, high, p = widest([0.2, 0.1, 0.3], [0.1, -0.1, 0.2], [0.3, 0.3, 0.4], [0.01, 0.3, 0.001])
    >>> float(low), float(high), float(p)
    (-0.1, 0.4, 0.3)
    """
    signed = np.asarray(effects, dtype=np.float64)
    turns = (np.fmin.reduce(signed) < 0) & (np.fmax.reduce(signed) > 0)
    largest = np.fmax.reduce(np.asarray(p_values, dtype=np.float64))
    low, high = np.fmin.reduce(np.asarray(lows, dtype=np.float64)), np.fmax.reduce(np.asarray(highs, dtype=np.float64))
    return np.asarray(low), np.asarray(high), np.asarray(np.where(turns, 1.0, largest), dtype=np.float64)


def widest_effect(effects: Sequence[Effect]) -> Effect:
    """Return the first of several effects with the widest limits and the p of :func:`widest`.

    Args:
        effects: first that with a bridge's factor, then those with the factor's limits.

    >>> widest_effect([Effect(1.1, 1.01, 1.2, 0.03), Effect(1.05, 0.96, 1.15, 0.3), Effect(1.2, 1.1, 1.3, 0.001)])
    Effect(value=1.1, low=0.96, high=1.3, p=0.3)
    """
    low, high, p = widest(
        [one.value - 1 for one in effects],
        [one.low for one in effects],
        [one.high for one in effects],
        [one.p for one in effects],
    )
    return Effect(effects[0].value, float(low), float(high), float(p))
