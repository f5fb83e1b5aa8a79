"""Direct age standardisation: standard populations, and rates standardised to them with limits."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iccs.ages import ICCS_AGE_BANDS, parse_age
from pipelines.statistics.arguments import check_choice, tail_of
from pipelines.statistics.rates import Rate, byar_limits, exact_limits

"""Age bands of the disaggregation by age of victims and perpetrators (ICCS version 1.0, tags)."""

StandardisedMethod = Literal["fay-feuer", "tiwari", "mid-p", "dobson byar", "dobson exact"]


@dataclass(frozen=True)
class StandardisedRate(Rate):
    """A directly standardised rate; ``events`` is the total count, ``variance`` in the square of the rate's unit."""

    variance: float


def standard_names() -> tuple[str, ...]:
    """Return the names of the standard populations kept here.

    >>> standard_names()
    ('WHO2000-2025', 'ESP2013')
    """
    return tuple(_standards())


def standard_weights(standard: str, ages: Sequence[str] = ICCS_AGE_BANDS) -> dict[str, float]:
    """Return the share of each age band in a standard population; the shares sum to 1.

    WHO: Ahmad et al. (2001), GPE Discussion Paper 31 (printed shares sum to 100.035, so they are brought to 1).
    ESP2013: Eurostat (2013), Revision of the European Standard Population.

    Args:
        standard: one of :func:`standard_names`.
        ages: SDMX age codes that together cover all ages once, none cutting a band of the standard in two.

    Raises:
        ValueError: no such standard; bands that overlap, leave ages out, or cut a band of the standard.

    >>> {age: round(share, 3) for age, share in standard_weights("ESP2013").items()}
    {'Y0T14': 0.16, 'Y15T29': 0.175, 'Y30T44': 0.205, 'Y45T59': 0.205, 'Y_GE60': 0.255}
    """
    if standard not in _standards():
        raise ValueError(f"no standard population {standard!r}: there are {', '.join(standard_names())}")
    bands = _standards()[standard]
    wanted = [(age, *_bounds(age)) for age in ages]
    shares = dict.fromkeys(ages, 0.0)
    total = math.fsum(weight for _, weight in bands)
    for code, weight in bands:
        low, high = _bounds(code)
        holding = [age for age, youngest, oldest in wanted if youngest <= low and high <= oldest]
        touching = [age for age, youngest, oldest in wanted if youngest <= high and low <= oldest]
        if len(holding) != 1 or len(touching) != 1:
            raise ValueError(
                f"ages {', '.join(ages)} do not cover the band {code} of {standard} exactly once: use bands that cover "
                "all ages once and combine whole bands of the standard"
            )
        shares[holding[0]] += weight / total
    return shares


def standardised_rate(
    counts: ArrayLike,
    populations: ArrayLike,
    weights: ArrayLike,
    *,
    method: StandardisedMethod = "fay-feuer",
    per: float = 100_000,
    confidence: float = 0.95,
) -> StandardisedRate:
    """Return a directly standardised rate with its limits, for comparing areas or years with different age structure.

    With w = share of the band in the standard / its population, y = sum of w x count, v = sum of w^2 x count:

    - ``fay-feuer``: Fay and Feuer (1997), Statistics in Medicine 16: 791-801. Lower limit from the gamma distribution
      of mean y and variance v, upper from mean y + m and variance v + m^2, m the largest w. Wide rather than narrow.
    - ``tiwari``: Tiwari, Clegg and Zou (2006), Statistical Methods in Medical Research 15: 547-569. Upper from mean
      y + mean of w and variance v + mean of w^2. Narrower.
    - ``mid-p``: Fay and Kim (2017), Biometrical Journal 59: 377-387. Both limits from an equal mixture of the two gamma
      distributions of Fay and Feuer; near the nominal coverage instead of at least it. Of one band it is the mid-p
      interval of a Poisson count.
    - ``dobson byar``, ``dobson exact``: Dobson et al. (1991), Statistics in Medicine 10: 457-462. y + sqrt(v / O) x
      (limit of the total O - O), the limits of the total by Byar or exact.

    Args:
        counts: events by age band.
        populations: persons by age band, in the same order.
        weights: of the standard population, in the same order; brought to a sum of 1.
        method: of the limits.
        per: what the rate is expressed in.
        confidence: of the interval.

    Raises:
        ValueError: lengths that differ, a count below 0, a population or weight not above 0 (leave out a band that must
            not count), Dobson with no event.

    >>> ages = standard_weights("ESP2013")
    >>> rate = standardised_rate([1, 9, 12, 6, 2], [2e5, 2e5, 3e5, 2e5, 1e5], list(ages.values()))
    >>> round(rate.value, 2), round(rate.low, 2), round(rate.high, 2)
    (2.81, 1.81, 4.41)
    """
    x, n, share = (np.asarray(values, dtype=np.float64) for values in (counts, populations, weights))
    if not (x.ndim == 1 and x.shape == n.shape == share.shape and x.size):
        raise ValueError(f"one count, population and weight for each band: got {x.size}, {n.size} and {share.size}")
    if not ((x >= 0).all() and (n > 0).all() and (share > 0).all() and np.isfinite([*x, *n, *share]).all()):
        raise ValueError(
            "counts must not be below 0 or missing, populations and weights must be above 0, in each band: leave out "
            "a band that must not be counted"
        )
    check_choice("method", method, StandardisedMethod)
    w = share / share.sum() / n
    rate, variance = float(w @ x), float(w**2 @ x)
    if method in ("dobson byar", "dobson exact"):
        low, high = _dobson_limits(rate, variance, float(x.sum()), method == "dobson byar", confidence)
    elif method == "mid-p":
        low, high = _mid_p_limits(rate, variance, float(w.max()), confidence)
    else:
        more = (w.max(), w.max() ** 2) if method == "fay-feuer" else (w.mean(), (w**2).mean())
        low, high = _gamma_limits(rate, variance, float(more[0]), float(more[1]), confidence)
    return StandardisedRate(rate * per, low * per, high * per, float(x.sum()), method, variance * per**2)


def _gamma_limits(
    rate: float, variance: float, more_rate: float, more_variance: float, confidence: float
) -> tuple[float, float]:
    from scipy.special import gammaincinv

    tail = tail_of(confidence)
    low = float(gammaincinv(rate**2 / variance, tail)) * variance / rate if rate > 0 else 0.0
    mean, spread = rate + more_rate, variance + more_variance
    return low, float(gammaincinv(mean**2 / spread, 1 - tail)) * spread / mean


def _mid_p_limits(rate: float, variance: float, largest: float, confidence: float) -> tuple[float, float]:
    """Quantiles of the equal mixture of the gamma distributions of the lower and of the upper limit."""
    from scipy.optimize import brentq
    from scipy.special import gammainc, gammaincinv

    tail = tail_of(confidence)
    parts = [(rate, variance), (rate + largest, variance + largest**2)]
    gammas = [(mean**2 / spread, spread / mean) for mean, spread in parts if mean > 0]  # no event: the lower is all 0
    share = 0.5 * (2 - len(gammas))

    def quantile(level: float) -> float:
        if level <= share:
            return 0.0
        inside = (level - share) / (1 - share)
        ends = [float(gammaincinv(shape, inside)) * scale for shape, scale in gammas]
        if len(gammas) == 1:
            return ends[0]
        return float(
            brentq(
                lambda x: sum(gammainc(shape, x / scale) for shape, scale in gammas) / 2 - level,
                min(ends),
                max(ends),
                xtol=1e-12 * max(ends),
            )
        )

    return quantile(tail), quantile(1 - tail)


def _dobson_limits(rate: float, variance: float, total: float, byar: bool, confidence: float) -> tuple[float, float]:
    if total == 0:
        raise ValueError(
            "Dobson's limits need at least one event: use fay-feuer, which gives an upper limit without events"
        )
    limits: tuple[NDArray[np.float64], NDArray[np.float64]] = (byar_limits if byar else exact_limits)(
        [total], confidence
    )
    stretch = math.sqrt(variance / total)
    return rate + stretch * (float(limits[0][0]) - total), rate + stretch * (float(limits[1][0]) - total)


@cache
def _standards() -> dict[str, list[tuple[str, float]]]:
    """Return the bands and weights of each standard, as printed in its source."""
    text = (files("pipelines") / "statistics" / "tables" / "standard_populations.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["standard"], []).append((row["age"], float(row["weight"])))
    return found


def _bounds(age: str) -> tuple[int, float]:
    bounds = parse_age(age)
    if bounds is None:
        raise ValueError(f"{age!r} is not an age band: total and unknown ages cannot be standardised")
    return bounds[0], math.inf if bounds[1] is None else bounds[1]
