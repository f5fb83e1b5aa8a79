"""Funnel limits: which rates of areas are farther from the common one than chance explains, given their populations.

Spiegelhalter (2005), Statistics in Medicine 24: 1185-1202.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

_NORMAL_SHARE = 0.6786
"""Variance of winsorised normal scores, relative to that of all of them."""
WINSORISED = 0.1
"""Share of the scores at each end that are winsorised, so that real outliers do not widen the funnel."""


def between_areas(counts: ArrayLike, expected: ArrayLike) -> float:
    """Return by how much areas differ beyond chance: standard deviation of their rates over the common rate.

    Method of moments (DerSimonian and Laird) on winsorised scores, as Spiegelhalter (2005), section 4.2.2; 0 where
    chance explains the differences.

    Args:
        counts: events of each area.
        expected: those at the common rate.

    >>> between_areas([10, 12, 9, 11], [10.5, 10.5, 10.5, 10.5])
    0.0
    """
    y, e = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    scores = (y - e) / np.sqrt(e)
    low, high = np.quantile(scores, [WINSORISED, 1 - WINSORISED])
    excess = (np.clip(scores, low, high) ** 2).sum() / _NORMAL_SHARE - (len(y) - 1)
    return float(np.sqrt(max(excess / (e.sum() - (e**2).sum() / e.sum()), 0.0)))


def funnel_limits(expected: ArrayLike, confidence: float, spread: float = 0.0) -> tuple[Numbers, Numbers]:
    """Return limits of a count around its expectation: exact Poisson, wider by the spread between areas.

    The Poisson limits are interpolated between whole numbers (Spiegelhalter 2005, appendix A.1.1).

    Args:
        expected: events at the common rate.
        confidence: 0.95 or 0.998.
        spread: between areas, of :func:`between_areas`; 0 for chance alone.

    >>> low, high = funnel_limits([10.0, 100.0], 0.95)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([3.78, 80.37], [16.16, 119.58])
    """
    e, tail = np.asarray(expected, dtype=float), (1 - confidence) / 2
    far = np.sqrt(1 + spread**2 * e)
    return np.maximum(e - far * (e - _quantile(e, tail)), 0.0), e + far * (_quantile(e, 1 - tail) - e)


def _quantile(mean: Numbers, share: float) -> Numbers:
    """Return the quantile of Poisson counts, interpolated; never below 0."""
    from scipy.special import gammaln, pdtr, pdtrik

    whole = np.maximum(np.ceil(pdtrik(share, mean) - 1e-9), 0.0)
    whole = np.where(np.isfinite(whole), whole, 0.0)
    mass = np.exp(whole * np.log(mean) - mean - gammaln(whole + 1))
    found: Numbers = np.maximum(whole - (pdtr(whole, mean) - share) / mass, 0.0)
    return found
