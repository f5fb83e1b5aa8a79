"""Limits of a rate, ratio of two rates, limits of a share: exact if a count can be small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of

FEWEST_EVENTS = 10
"""Below this count a rate is flagged as based on few events, and exact limits replace Byar's approximation."""

RateMethod = Literal["exact", "byar", "exact below 10"]


@dataclass(frozen=True)
class Rate:
    """A rate with its limits, all in events per ``per`` of the population."""

    value: float
    low: float
    high: float
    events: float
    method: str

    @property
    def few_events(self) -> bool:
        """Whether the rate is based on fewer than 10 events."""
        return self.events < FEWEST_EVENTS


@dataclass(frozen=True)
class Ratio:
    """A ratio with its limits; ``p`` is two-sided, central, and agrees with the limits.

    Attributes:
        value: infinite if only the denominator has no event, NaN if neither has.
        low: lower limit.
        high: upper limit; infinite if the denominator has no event.
        p: twice the smaller tail, at most 1.
        p_minimum_likelihood: sum of the probabilities of all outcomes no likelier than the observed one; what R's
            ``poisson.test`` and ``binom.test`` print; it can disagree with the limits.
    """

    value: float
    low: float
    high: float
    p: float
    p_minimum_likelihood: float


def exact_limits(counts: ArrayLike, confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the exact (Garwood) limits of Poisson counts, for rates of any size.

    Garwood (1936), Biometrika 28: 437-442: lower = chi2(a/2; 2x)/2, 0 where x = 0; upper = chi2(1 - a/2; 2x + 2)/2,
    written with the inverse of the incomplete gamma function. Counts need not be whole.

    Raises:
        ValueError: a count below 0 or missing, or a confidence not between 0 and 1.

    >>> low, high = exact_limits([0, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 4.7954], [3.6889, 18.3904])
    """
    from scipy.special import gammaincinv

    x, tail = _counts(counts), tail_of(confidence)
    low = np.where(x > 0, gammaincinv(np.maximum(x, 1e-12), tail), 0.0)
    return np.asarray(low, dtype=np.float64), np.asarray(gammaincinv(x + 1, 1 - tail), dtype=np.float64)


def byar_limits(counts: ArrayLike, confidence: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Byar's approximate limits of Poisson counts, for users who must match tables made with them.

    Breslow and Day (1987), Statistical Methods in Cancer Research II, IARC, p. 69: lower = x (1 - 1/(9x) - z/(3 sqrt
    x))^3, 0 where x = 0; upper = (x + 1) (1 - 1/(9(x + 1)) + z/(3 sqrt(x + 1)))^3.

    Raises:
        ValueError: a count below 0 or missing, or a confidence not between 0 and 1.

    >>> low, high = byar_limits([65])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([50.163], [82.849])
    """
    x, z = _counts(counts), normal_quantile(confidence)
    some, next_one = np.maximum(x, 1e-12), x + 1
    low = np.where(x > 0, x * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0.0) ** 3, 0.0)
    return low, next_one * (1 - 1 / (9 * next_one) + z / (3 * np.sqrt(next_one))) ** 3


def crude_rate(
    count: float,
    population: float,
    *,
    per: float = 100_000,
    method: RateMethod = "exact",
    confidence: float = 0.95,
) -> Rate:
    """Return the rate of one cell with its limits.

    ``exact below 10`` takes exact limits below 10 events and Byar's from 10 up, as Public Health England does. The
    limits cover the chance of independent events only; incidents that come in clusters vary more.

    Args:
        count: events.
        population: persons, or person-years where the period is not a year.
        per: what the rate is expressed in.
        method: how the limits of the count are found.
        confidence: of the interval.

    Raises:
        ValueError: a count below 0, a population not above 0.

    >>> rate = crude_rate(5, 100_000)
    >>> rate.value, round(rate.low, 3), round(rate.high, 3), rate.few_events
    (5.0, 1.623, 11.668, True)
    """
    _positive(population)
    check_choice("method", method, RateMethod)
    use_byar = method == "byar" or (method == "exact below 10" and count >= FEWEST_EVENTS)
    low, high = (byar_limits if use_byar else exact_limits)([count], confidence)
    scale = per / population
    return Rate(count * scale, float(low[0]) * scale, float(high[0]) * scale, count, "byar" if use_byar else "exact")


def rate_ratio(
    count: int,
    population: float,
    reference_count: int,
    reference_population: float,
    *,
    confidence: float = 0.95,
    null: float = 1.0,
) -> Ratio:
    """Return the ratio of two rates with exact limits and p, for comparing two areas, years or groups.

    Given both counts x1 + x2 = n, x1 is binomial with share r n1/(r n1 + n2), r the ratio of the rates and n1, n2 the
    populations. The limits are the Clopper-Pearson limits of that share, turned into ratios; p is the central one that
    goes with them. Lehmann and Romano (2005), Testing Statistical Hypotheses, section 4.5; Fay (2010), R Journal
    2(1): 53-58.

    Args:
        count: events in the numerator's population.
        population: of the numerator.
        reference_count: events in the denominator's population.
        reference_population: of the denominator.
        confidence: of the interval.
        null: the ratio that p tests.

    Raises:
        ValueError: a count below 0 or not whole, a population not above 0.

    >>> ratio = rate_ratio(2, 17877, 9, 16660)
    >>> round(ratio.value, 4), round(ratio.low, 4), round(ratio.high, 4), round(ratio.p, 4)
    (0.2071, 0.0218, 1.0005, 0.0501)
    """
    _positive(population)
    _positive(reference_population)
    _positive(null)
    size = reference_population / population
    low, high = share_limits(count, count + reference_count, confidence)
    p, p_likelihood = _binomial_p(count, count + reference_count, null / (null + size))
    value = count / reference_count * size if reference_count else (math.inf if count else math.nan)
    return Ratio(value, _odds(low) * size, _odds(high) * size, p, p_likelihood)


def share_limits(count: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson limits of a share, from 0 to 1; (0, 1) where nothing was counted.

    Clopper and Pearson (1934), Biometrika 26: 404-413: lower = beta(a/2; x, n - x + 1), upper = beta(1 - a/2; x + 1,
    n - x).

    Raises:
        ValueError: a count below 0, not whole, or larger than what it is a part of.

    >>> low, high = share_limits(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.3085)
    """
    if not 0 <= count <= of < math.inf or count % 1 or of % 1:
        raise ValueError(f"counts must be whole and not below 0, and a part not above its total: {count} of {of}")
    low, high = proportion_limits([count], [of], confidence)
    return float(low[0]), float(high[0])


def proportion_limits(
    counts: ArrayLike, of: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of :func:`share_limits` for columns; counts need not be whole, as splits are not.

    Raises:
        ValueError: a count below 0, missing, or larger than what it is a part of.

    >>> low, high = proportion_limits([0, 5], [10, 5])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.4782], [0.3085, 1.0])
    """
    from scipy.special import betaincinv

    tail, x, n = tail_of(confidence), _counts(counts), _counts(of)
    if (x > n).any():
        raise ValueError("a part is above its total")
    low = np.where(x > 0, betaincinv(np.maximum(x, 1e-12), n - x + 1, tail), 0.0)
    high = np.where(x < n, betaincinv(x + 1, np.maximum(n - x, 1e-12), 1 - tail), 1.0)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def odds_limits(
    counts: ArrayLike, other_counts: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of the ratio of two Poisson means for columns; times the ratio of the populations, of rates.

    As :func:`rate_ratio`; infinite above where the other count is 0.

    >>> low, high = odds_limits([2], [9])
    >>> (low * 16660 / 17877).round(4).tolist(), (high * 16660 / 17877).round(4).tolist()
    ([0.0218], [1.0005])
    """
    x, other = _counts(counts), _counts(other_counts)
    low, high = proportion_limits(x, x + other, confidence)
    with np.errstate(divide="ignore"):
        return low / (1 - low), np.where(other > 0, high / np.where(other > 0, 1 - high, 1.0), np.inf)


def normal_quantile(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval.

    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    from scipy.special import ndtri

    return float(ndtri(1 - tail_of(confidence)))


def _binomial_p(count: int, of: int, share: float) -> tuple[float, float]:
    """Two-sided p of a share: central, and of minimum likelihood."""
    from scipy.stats import binom, binomtest

    if of == 0:
        return 1.0, 1.0
    lower, upper = float(binom.cdf(count, of, share)), float(binom.sf(count - 1, of, share))
    return min(1.0, 2 * min(lower, upper)), float(binomtest(int(count), int(of), share).pvalue)


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _counts(counts: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(counts, dtype=np.float64)
    if not ((x >= 0) & np.isfinite(x)).all():
        raise ValueError("a count is missing, infinite or below 0: leave out such cells, they have no rate")
    return x


def _positive(population: float) -> None:
    if not 0 < population < math.inf:
        raise ValueError(f"a population (or ratio) of {population} is not above 0 and finite: there is no rate")
