"""Log-linear trend of counts with their exposure, allowing for autocorrelation, for thousands of series at once.

The last axis is time. :func:`pipelines.statistics.regression.fit_counts` fits one series with more settings; a test
compares the two and statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of

Numbers = NDArray[np.float64]

PRIOR_AUTOCORRELATION = 0.6
"""The prior autocorrelation, to which the estimate is shrunk: 8 to 30 years give little information on it, and too low
a value makes errors too small."""
PRIOR_YEARS = 30
"""The weight of the prior, in years of data."""
LARGEST_AUTOCORRELATION = 0.95
FEWEST_DEGREES = 2.0
FEWEST_YEARS_WITH_EVENTS = 3
_TOLERANCE = 1e-10
_MOST_STEPS = 100


@dataclass(frozen=True)
class CountTrends:
    """Trends of several series; arrays with one number for each.

    Attributes:
        slopes: of the logarithm of the rate, a year.
        errors: standard errors of the slopes.
        degrees: of Student's t, fewer the stronger the autocorrelation.
        p: two-sided, of no trend.
        dispersion: variance over that of Poisson counts, allowing for autocorrelation; never below 1.
        autocorrelation: of neighbouring years that errors and degrees allow for.
    """

    slopes: Numbers
    errors: Numbers
    degrees: Numbers
    p: Numbers
    dispersion: Numbers
    autocorrelation: Numbers

    def percent_a_year(self, confidence: float = 0.95) -> tuple[Numbers, Numbers, Numbers]:
        """Return the change in percent a year with limits consistent with p: they exclude 0 if p is below 0.05.

        An upper limit may be infinite, with a few events in a few years.
        """
        from scipy.special import stdtrit

        reach = stdtrit(self.degrees, 1 - tail_of(confidence)) * self.errors
        with np.errstate(over="ignore"):
            low, middle, high = (100 * np.expm1(self.slopes + part) for part in (-reach, 0.0, reach))
        return middle, low, high


def fit_count_trends(times: ArrayLike, counts: ArrayLike, exposures: ArrayLike) -> CountTrends:
    """Return the quasi-Poisson log-linear trend of each series, tested allowing for autocorrelation.

    log E(count) = log(exposure) + a + b year (McCullagh and Nelder 1989, Generalized Linear Models, chapters 6 and
    9). Errors of neighbouring years are taken to be correlated, r^k at k years (AR(1)); with A the weighted design
    and R that correlation, Cov(a, b) = phi (A'A)^-1 A'RA (A'A)^-1 and phi = sum of squared Pearson residuals / (n -
    trace of (A'A)^-1 A'RA), but at least 1. With r = 0 this is the usual quasi-Poisson fit.

    r is the lag-1 autocorrelation of the Pearson residuals r1 without its bias, (n r1 + 2) / (n - 4) as the residuals
    of a line have E(r1) = r - (2 + 4 r) / n to first order (Tjostheim and Paulsen 1983, Biometrika 70: 389-399; with a
    trend, Stine and Shaman 1989, Annals of Statistics 17: 1275-1284), averaged with 0.6 that weighs 30
    years. Student's t has (n - 2)(1 - r) degrees, at least 2. Weight and degrees were chosen by simulation so that
    false alarms stay below 7 % up to an autocorrelation of 0.6 (``tests/benchmarks/trend_error_rates.py``
    prints them); a series without autocorrelation pays for it in power.

    Args:
        times: years, whole and rising, of each series; years may be absent: only true neighbours count for r1.
        counts: not below 0, one for each time, of each series in at least three years above 0.
        exposures: above 0, such as the population; 1 where there is none.

    Raises:
        ValueError: shapes that differ, fewer than 5 years, an exposure not above 0, a series with events in fewer than
            three years (with one there is no finite slope), or a fit that does not converge.

    >>> found = fit_count_trends([range(10)], [[90, 95, 93, 101, 104, 103, 110, 112, 117, 118]], [[1e5] * 10])
    >>> [round(float(part[0]), 2) for part in found.percent_a_year()], round(float(found.p[0]), 3)
    ([3.11, -0.17, 6.51], 0.059)
    """
    t, y, size = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (times, counts, exposures))
    _check(t, y, size)
    centred = t - t.mean(axis=1, keepdims=True)
    # A constant factor of the exposure belongs to the intercept; it is removed so that every intercept is near 0.
    offset = np.log(size) - np.log(size.sum(axis=1, keepdims=True) / y.sum(axis=1, keepdims=True))
    slopes, fitted = _fit(centred, y, offset)
    residuals = (y - fitted) / np.sqrt(fitted)
    autocorrelation = _autocorrelation(t, residuals)
    design = np.sqrt(fitted)[:, :, None] * np.stack([np.ones_like(centred), centred], axis=2)
    inverse = np.linalg.inv(design.transpose(0, 2, 1) @ design)
    apart = np.abs(t[:, :, None] - t[:, None, :])
    spread = design.transpose(0, 2, 1) @ (autocorrelation[:, None, None] ** apart) @ design
    used = np.trace(inverse @ spread, axis1=1, axis2=2)
    dispersion = np.maximum((residuals**2).sum(axis=1) / (t.shape[1] - used), 1.0)
    errors = np.sqrt(dispersion * (inverse @ spread @ inverse)[:, 1, 1])
    degrees = np.maximum((t.shape[1] - 2) * (1 - autocorrelation), FEWEST_DEGREES)
    return CountTrends(slopes, errors, degrees, _two_sided(slopes / errors, degrees), dispersion, autocorrelation)


def _two_sided(scores: Numbers, degrees: Numbers) -> Numbers:
    from scipy.special import stdtr

    return np.asarray(2 * stdtr(degrees, -np.abs(scores)), dtype=np.float64)


def _fit(centred: Numbers, y: Numbers, offset: Numbers) -> tuple[Numbers, Numbers]:
    """Return slopes and fitted counts by Fisher scoring, halving steps that would lower the likelihood."""
    coefficients = np.zeros((len(y), 2))

    def predict(at: Numbers) -> Numbers:
        return np.asarray(at[:, :1] + at[:, 1:] * centred + offset)

    def likelihood(at: Numbers) -> Numbers:
        predicted = predict(at)
        return np.asarray((y * predicted - np.exp(np.minimum(predicted, 700.0))).sum(axis=1))

    reached = likelihood(coefficients)
    for _ in range(_MOST_STEPS):
        weights = np.exp(predict(coefficients))
        w0, w1, w2 = weights.sum(axis=1), (weights * centred).sum(axis=1), (weights * centred**2).sum(axis=1)
        s0, s1 = (y - weights).sum(axis=1), ((y - weights) * centred).sum(axis=1)
        step = np.stack([w2 * s0 - w1 * s1, w0 * s1 - w1 * s0], axis=1) / (w0 * w2 - w1**2)[:, None]
        for _ in range(_MOST_STEPS):
            value = likelihood(coefficients + step)
            worse = value < reached - 1e-9 * (1 + np.abs(reached))
            if not worse.any():
                break
            step[worse] /= 2
        coefficients, reached = coefficients + step, value
        if np.abs(step).max() < _TOLERANCE:
            return coefficients[:, 1], np.exp(predict(coefficients))
    raise ValueError("the trend of a series of counts did not converge: are its events all in one or two years?")


def _autocorrelation(t: Numbers, residuals: Numbers) -> Numbers:
    """Return the lag-1 autocorrelation of the residuals, corrected for bias and averaged with the prior."""
    neighbours = np.diff(t, axis=1) == 1
    pairs = neighbours.sum(axis=1)
    n = t.shape[1]
    squares = (residuals**2).sum(axis=1)
    products = (residuals[:, 1:] * residuals[:, :-1] * neighbours).sum(axis=1)
    usable = (pairs > 0) & (squares > 0)
    scale = np.divide(n - 1, pairs, out=np.zeros(len(t)), where=usable)  # as if no pair of neighbours were absent
    raw = np.divide(products, squares, out=np.zeros(len(t)), where=usable) * scale
    weight = np.where(usable, pairs + 1, 0)
    unbiased = (n * raw + 2) / (n - 4)
    drawn = (weight * unbiased + PRIOR_YEARS * PRIOR_AUTOCORRELATION) / (weight + PRIOR_YEARS)
    return np.asarray(np.clip(drawn, 0.0, LARGEST_AUTOCORRELATION), dtype=np.float64)


def _check(t: Numbers, y: Numbers, size: Numbers) -> None:
    if not t.shape == y.shape == size.shape or t.shape[1] < 5:
        raise ValueError(f"one count and one exposure for each of at least 5 years: {t.shape}, {y.shape}, {size.shape}")
    if (np.diff(t, axis=1) <= 0).any() or (t != np.round(t)).any():
        raise ValueError("years must be whole and in ascending order")
    if not ((y >= 0) & np.isfinite(y)).all() or not ((size > 0) & np.isfinite(size)).all():
        raise ValueError("counts must not be missing or below 0, exposures must be above 0")
    if ((y > 0).sum(axis=1) < FEWEST_YEARS_WITH_EVENTS).any():
        raise ValueError(f"a trend needs events in at least {FEWEST_YEARS_WITH_EVENTS} years")
