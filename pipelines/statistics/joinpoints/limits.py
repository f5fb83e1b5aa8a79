"""Limits of joinpoints, and of the changes between them, by resampling, with the joinpoints treated as estimated.

After the empirical quantile method of NCI's Joinpoint program: Kim, Luo, Chen, Green, Chen and Feuer (2017), Statistics
in Medicine 36: 3059-3074; Kim, Chen, Byrne, Wheeler and Feuer (2022), Statistics in Medicine 41: 3102-3130.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.statistics.arguments import tail_of
from pipelines.statistics.joinpoints.model import LogSeries, Numbers, Whole, smallest_sums

FEWEST_DRAWS = 199
Limits = tuple[float, float]


@dataclass(frozen=True)
class ResampledLimits:
    """Limits by resampling, of a model with a given number of joinpoints.

    Attributes:
        joinpoints: the best ones, years.
        joinpoint_limits: of each, years.
        apc_limits: of the annual percent change of each segment.
        aapc_limits: of the average annual percent change from the first year to the last.
        draws: resampled series.
    """

    joinpoints: tuple[int, ...]
    joinpoint_limits: tuple[tuple[int, int], ...]
    apc_limits: tuple[Limits, ...]
    aapc_limits: Limits
    draws: int


def resampled_limits(
    years: Sequence[int],
    values: ArrayLike,
    standard_errors: ArrayLike | None = None,
    *,
    number: int,
    confidence: float = 0.95,
    autocorrelation: float = 0.0,
    draws: int = 1_000,
    seed: int = 1,
) -> ResampledLimits:
    """Return limits of joinpoints, APC and AAPC that account for the joinpoints being estimated.

    The model with the smallest sum of squares is fitted; its residuals, divided by their errors and decorrelated, are
    scaled up to the size of independent errors (times sqrt(n / (n - 2 - 2k))) and drawn with replacement; the model is
    refitted, with new joinpoints, to each series made of the model and drawn residuals. Limits are quantiles of these
    fits. All series are fitted together. The same seed gives the same result.

    Args:
        years: whole, rising.
        values: above 0.
        standard_errors: of the values; equal weights if None.
        number: of joinpoints, of every fit.
        confidence: of the limits.
        autocorrelation: between neighbouring years, if known.
        draws: how many series are made.
        seed: of the draws.

    Raises:
        ValueError: a series that cannot be fitted, or too short; too few draws.

    >>> values = [100 * 1.05 ** min(n, 8) * 0.9 ** max(n - 8, 0) * (1 + 0.01 * (-1) ** n) for n in range(16)]
    >>> limits = resampled_limits(range(2004, 2020), values, number=1)
    >>> limits.joinpoints, limits.joinpoint_limits, [round(low) for low, _ in limits.apc_limits]
    ((2012,), ((2012, 2012),), [5, -10])
    """
    tail = tail_of(confidence)
    if draws < FEWEST_DRAWS:
        raise ValueError(f"{draws} draws are too few: limits of 95 % need {FEWEST_DRAWS}")
    series = LogSeries(years, values, standard_errors, autocorrelation)
    best, responses = _draw_series(series, number, draws, seed)
    places = smallest_sums(series, number, responses)[1]
    slopes = _slopes(series, places, responses)
    edges = np.column_stack([np.zeros(draws, np.int64), places, np.full(draws, series.n - 1)])
    lengths = np.diff(series.years[edges], axis=1)
    average = (slopes * lengths).sum(axis=1) / lengths.sum(axis=1)
    percent = 100 * np.expm1(np.quantile(np.column_stack([slopes, average]), [tail, 1 - tail], axis=0))
    low = np.quantile(series.years[places], tail, axis=0, method="lower")
    high = np.quantile(series.years[places], 1 - tail, axis=0, method="higher")
    return ResampledLimits(
        joinpoints=tuple(int(series.years[place]) for place in best),
        joinpoint_limits=tuple((int(one), int(other)) for one, other in zip(low, high, strict=True)),
        apc_limits=tuple((float(one), float(other)) for one, other in percent[:, :-1].T),
        aapc_limits=(float(percent[0, -1]), float(percent[1, -1])),
        draws=draws,
    )


def _draw_series(series: LogSeries, number: int, draws: int, seed: int) -> tuple[Whole, Numbers]:
    """Return positions of the best joinpoints, and whitened series from their model and drawn residuals, as columns."""
    free = series.n - 2 - 2 * number
    if number < 0 or number % 1 or free < 1:
        raise ValueError(
            f"{series.n} years are too few for {number} joinpoints, or {number} is not a possible number of joinpoints"
        )
    whitened = series.whiten @ series.logs
    best = smallest_sums(series, number)[1][0]
    design = series.whiten @ series.design(best.tolist())
    fitted = design @ np.linalg.lstsq(design, whitened, rcond=None)[0]
    residuals = (whitened - fitted) * np.sqrt(series.n / free)
    return best, fitted[:, None] + np.random.default_rng(seed).choice(residuals, size=(series.n, draws))


def _slopes(series: LogSeries, places: Whole, responses: Numbers) -> Numbers:
    """Return the slopes of the segments of each response at its own joinpoints, a row each."""
    found = np.empty((responses.shape[1], places.shape[1] + 1))
    sets, which = np.unique(places, axis=0, return_inverse=True)
    for number, chosen in enumerate(sets):
        mine = which.ravel() == number
        design = series.whiten @ series.design(chosen.tolist())
        coefficients = np.linalg.lstsq(design, responses[:, mine], rcond=None)[0]
        found[mine] = np.cumsum(coefficients[1:], axis=0).T
    return found
