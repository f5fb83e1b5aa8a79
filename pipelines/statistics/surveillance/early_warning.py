"""Whether the latest months of a series are higher than expected from its past, for thousands of series at once.

Farrington et al. (1996), Journal of the Royal Statistical Society A 159: 547-563, as improved by Noufaily et al.
(2013), Statistics in Medicine 32: 1206-1222: a log-linear quasi-Poisson fit to the past, with trend and season. Months
exceptional themselves weigh less. For months, the season is two pairs of harmonics and not a factor of ten
levels, which five years of months cannot carry; the error of the fit grows with the autocorrelation of its residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

EXCEPTIONAL = 2.58
"""Standardised residual from which a month of the past is down-weighted (Noufaily et al.)."""
ONE_SIDED = 0.005
"""Probability beyond the upper limit of a month."""
MOST_AUTOCORRELATION = 0.8
TAIL_DEGREES = 8.0
"""Degrees of Student's t for a month: with the normal distribution up to 3 % of flat months exceeded the limit, as
clustered counts have longer tails (``tests/benchmarks/latest_months_rates.py``)."""
_STEPS = 25
_TINY = 1e-10


@dataclass(frozen=True)
class Fit:
    """Fits of several series to their past; arrays of one row for each.

    Attributes:
        coefficients: shape (series, columns of the design).
        covariance: of the coefficients, shape (series, columns, columns), dispersion included.
        dispersion: variance over that of Poisson counts; never below 1.
        weights: of each month of the past; 0 if it has no count.
        degrees: of Student's t: months less coefficients.
        converged: whether the fit did.
    """

    coefficients: Numbers
    covariance: Numbers
    dispersion: Numbers
    weights: Numbers
    degrees: Numbers
    converged: NDArray[np.bool_]


@dataclass(frozen=True)
class Excess:
    """Counts compared with those expected from the past; arrays of one number for each.

    Attributes:
        expected: count expected.
        upper: upper limit.
        score: (count - expected) / (upper - expected): above 1 beyond the limit (Farrington's exceedance).
        p: probability of such a count or a higher one if nothing has changed.
    """

    expected: Numbers
    upper: Numbers
    score: Numbers
    p: Numbers


def design_of(steps: ArrayLike, middle: float) -> Numbers:
    """Return the columns of the fit: level, years from the middle, and two pairs of harmonics of the month.

    Args:
        steps: months counted through, ``12 x year + month - 1``.
        middle: step at which the trend is 0.

    >>> design_of([24240, 24252], 24246).round(2).tolist()
    [[1.0, -0.5, 1.0, 0.0, 1.0, 0.0], [1.0, 0.5, 1.0, 0.0, 1.0, 0.0]]
    """
    at = np.asarray(steps, dtype=float)
    turn = 2 * np.pi * (at % 12) / 12
    return np.column_stack(
        [np.ones_like(at), (at - middle) / 12, np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)]
    )


def outbreak_weights(residuals: ArrayLike, threshold: float = EXCEPTIONAL) -> Numbers:
    """Return weights that add up to the number of months: lower, by the square, above the threshold.

    Args:
        residuals: standardised, shape (..., months); NaN for a month without a count, which gets weight 0.
        threshold: from which a month is exceptional.

    >>> outbreak_weights([0.0, 0.0, 2.0, 2.0], 0.0).round(2).tolist()
    [1.6, 1.6, 0.4, 0.4]
    """
    s = np.asarray(residuals, dtype=float)
    there = np.isfinite(s)
    high = there & (s > threshold)
    raw = np.where(high, np.divide(1.0, s**2, out=np.ones_like(s), where=high), np.where(there, 1.0, 0.0))
    weights: Numbers = raw * there.sum(axis=-1, keepdims=True) / raw.sum(axis=-1, keepdims=True)
    return weights


def fit_past(counts: ArrayLike, exposures: ArrayLike, design: Numbers, *, correlated: bool = True) -> Fit:
    """Fit all series to their past, down-weight exceptional months, and fit again.

    Args:
        counts: events, shape (series, months); NaN if missing.
        exposures: person-days or days, same shape, above 0.
        design: shape (months, columns), of :func:`design_of`.
        correlated: whether the error of the fit grows with the autocorrelation of its residuals.
    """
    y = np.asarray(counts, dtype=float)
    there = np.isfinite(y)
    y, offset = np.where(there, y, 0.0), np.log(np.asarray(exposures, dtype=float))
    first = there.astype(float)
    coefficients, mean, inverse, _ = _fit(y, offset, design, first)
    phi = _dispersion(y, mean, first, design.shape[1])
    leverage = np.einsum("np,spq,nq->sn", design, inverse, design) * mean * first
    residuals = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean))
    residuals /= np.sqrt(phi[:, None] * np.clip(1 - leverage, _TINY, None))
    weights = outbreak_weights(np.where(there, residuals, np.nan))
    coefficients, mean, inverse, converged = _fit(y, offset, design, weights)
    phi = _dispersion(y, mean, weights, design.shape[1])
    rho = _autocorrelation(np.where(there, (y - mean) / np.sqrt(mean), np.nan)) if correlated else np.zeros(len(y))
    covariance = inverse * (phi * (1 + rho) / (1 - rho))[:, None, None]
    degrees = there.sum(axis=1) - float(design.shape[1])
    return Fit(coefficients, covariance, phi, weights, degrees, converged)


def excess(fit: Fit, counts: ArrayLike, exposures: ArrayLike, row: Numbers, *, one_sided: float = ONE_SIDED) -> Excess:
    """Return how one later month of each series compares with the count expected from its past.

    Args:
        fit: of the past.
        counts: of the month, one for each series.
        exposures: of the month, in the unit of the past.
        row: its row of the design.
        one_sided: probability beyond the upper limit.
    """
    line = fit.coefficients @ row + np.log(np.asarray(exposures, dtype=float))
    mean = np.exp(line)
    error = mean * np.sqrt(np.einsum("p,spq,q->s", row, fit.covariance, row))
    upper, p = upper_limit(
        mean, error, fit.dispersion, counts, one_sided=one_sided, degrees=np.minimum(fit.degrees, TAIL_DEGREES)
    )
    y = np.asarray(counts, dtype=float)
    return Excess(mean, upper, (y - mean) / (upper - mean), p)


def upper_limit(
    mean: ArrayLike,
    error: ArrayLike,
    dispersion: ArrayLike,
    counts: ArrayLike,
    *,
    one_sided: float = ONE_SIDED,
    degrees: ArrayLike = np.inf,
) -> tuple[Numbers, Numbers]:
    """Return the upper limit of a count, and the probability of one as high: by Student's t on the power of 2/3.

    Farrington et al. (1996), section 3.6, who use the normal distribution (``degrees`` infinite).

    Args:
        mean: expected count.
        error: standard error of the expected count.
        dispersion: variance over that of Poisson counts.
        counts: those observed.
        one_sided: probability beyond the limit.
        degrees: of Student's t.

    >>> limit, p = upper_limit(5.0, 0.2, 1.0, 8.0, one_sided=0.05)
    >>> round(float(limit), 4), round(float(p), 4)
    (9.1155, 0.1095)
    """
    from scipy.special import stdtr, stdtrit

    mu, y = np.asarray(mean, dtype=float), np.asarray(counts, dtype=float)
    tau = np.asarray(dispersion) + np.asarray(error) ** 2 / mu
    spread = np.sqrt(4 / 9 * mu ** (1 / 3) * tau)
    freedom = np.asarray(degrees, dtype=float)
    limit: Numbers = np.asarray((mu ** (2 / 3) + stdtrit(freedom, 1 - one_sided) * spread) ** 1.5, dtype=float)
    p: Numbers = np.asarray(stdtr(freedom, -(y ** (2 / 3) - mu ** (2 / 3)) / spread), dtype=float)
    return limit, p


def _fit(
    y: Numbers, offset: Numbers, design: Numbers, weights: Numbers
) -> tuple[Numbers, Numbers, Numbers, NDArray[np.bool_]]:
    """Return coefficients, means, inverse information and convergence, by iteratively reweighted least squares."""
    total = (weights * y).sum(axis=1) / (weights * np.exp(offset)).sum(axis=1)
    coefficients = np.zeros((len(y), design.shape[1]))
    coefficients[:, 0] = np.log(np.maximum(total, _TINY))
    ridge = _TINY * np.eye(design.shape[1])
    converged = np.zeros(len(y), dtype=bool)
    for _ in range(_STEPS):
        mean = np.exp(np.clip(coefficients @ design.T + offset, -30, 30))
        information = np.einsum("np,sn,nq->spq", design, weights * mean, design, optimize=True) + ridge
        score = (weights * (y - mean)) @ design
        step = np.linalg.solve(information, score[..., None])[..., 0]
        coefficients = coefficients + np.clip(step, -2, 2)
        converged = np.abs(step).max(axis=1) < 1e-8
        if converged.all():
            break
    mean = np.exp(np.clip(coefficients @ design.T + offset, -30, 30))
    information = np.einsum("np,sn,nq->spq", design, weights * mean, design, optimize=True) + ridge
    return coefficients, mean, np.linalg.inv(information), converged


def _dispersion(y: Numbers, mean: Numbers, weights: Numbers, columns: int) -> Numbers:
    degrees = (weights > 0).sum(axis=1) - columns
    found: Numbers = np.maximum((weights * (y - mean) ** 2 / mean).sum(axis=1) / np.maximum(degrees, 1), 1.0)
    return found


def _autocorrelation(residuals: Numbers) -> Numbers:
    """Return the correlation of neighbouring months, between 0 and the largest allowed."""
    both = np.isfinite(residuals[:, 1:]) & np.isfinite(residuals[:, :-1])
    product = np.where(both, residuals[:, 1:] * residuals[:, :-1], 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    square = np.nanmean(residuals**2, axis=1)
    found: Numbers = np.clip(product / np.maximum(square, _TINY), 0.0, MOST_AUTOCORRELATION)
    return found
