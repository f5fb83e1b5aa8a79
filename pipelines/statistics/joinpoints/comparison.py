"""Whether two segmented series move alike: with one common course, parallel courses, or different courses.

Kim, Fay, Yu, Barrett and Feuer (2004), Comparability of segmented line regression models, Biometrics 60: 1005-1014: the
pairwise comparison of NCI's Joinpoint program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pipelines.statistics.arguments import check_choice
from pipelines.statistics.joinpoints.model import BEYOND_ENDS, LogSeries, Numbers, Whole, search_hinges, smallest_sums

Hypothesis = Literal["coincident", "parallel"]
FEWEST_PERMUTATIONS = 99


@dataclass(frozen=True)
class Comparison:
    """Test that two series have one course, or parallel ones.

    Attributes:
        hypothesis: that is tested: ``coincident`` (one curve) or ``parallel`` (the same slopes, another level).
        joinpoints: of the common course, years.
        number: of joinpoints in each model.
        f: how much worse the common course fits than two separate ones, relative to degrees of freedom.
        p: share of the permutations, including the observed data, with an F at least as large.
    """

    hypothesis: Hypothesis
    joinpoints: tuple[int, ...]
    number: int
    f: float
    p: float


def compare_joinpoints(
    years: Sequence[int],
    one: ArrayLike,
    other: ArrayLike,
    *,
    errors: tuple[ArrayLike, ArrayLike] | None = None,
    hypothesis: Hypothesis = "parallel",
    number: int = 1,
    autocorrelation: float = 0.0,
    permutations: int = 1_000,
    seed: int = 1,
) -> Comparison:
    """Test whether two series of the same years move alike, by permuting the residuals of the common course.

    The common course has joinpoints at the same years and the same slopes (and, if coincident, one level); it is
    compared with two models with as many joinpoints each, at different years. The residuals, divided by their errors
    and decorrelated, are permuted across both series. The same seed gives the same result.

    Args:
        years: whole, rising, of both.
        one: values of the first series, above 0.
        other: values of the second.
        errors: standard errors of the values of each; equal weights if None, which assumes that both are equally exact.
        hypothesis: what is tested.
        number: of joinpoints in every model: as many as the series with more of them has.
        autocorrelation: between neighbouring years, if known.
        permutations: number of data sets, including the observed one.
        seed: of the permutations.

    Raises:
        ValueError: series that cannot be fitted, or too short for this number; too few permutations.

    >>> rates = [10 * 1.03**n * (1 + 0.02 * (-1) ** n) for n in range(16)]
    >>> falling = [10 * 0.95**n * (1 + 0.02 * (-1) ** (n // 2)) for n in range(16)]
    >>> doubled = [20 * 1.03**n * (1 + 0.02 * (-1) ** (n // 2)) for n in range(16)]
    >>> span = range(2004, 2020)
    >>> compare_joinpoints(span, rates, falling).p < 0.05 < compare_joinpoints(span, rates, doubled).p
    True
    >>> compare_joinpoints(span, rates, doubled, hypothesis="coincident").p < 0.05
    True
    """
    check_choice("hypothesis", hypothesis, Hypothesis)
    if permutations < FEWEST_PERMUTATIONS:
        raise ValueError(f"{permutations} permutations are too few; {FEWEST_PERMUTATIONS} at least")
    pair = [
        LogSeries(years, values, error, autocorrelation)
        for values, error in zip((one, other), errors or (None, None), strict=True)
    ]
    if pair[0].n - 2 - 2 * number < 1:
        raise ValueError(f"{pair[0].n} years are too few for {number} joinpoints in each series")
    return _permute(pair, hypothesis, number, permutations, seed)


def _permute(
    pair: Sequence[LogSeries], hypothesis: Hypothesis, number: int, permutations: int, seed: int
) -> Comparison:
    """Compare the common course with two separate ones, for the data and for permutations of their residuals."""
    degrees = 2 * (pair[0].n - 2 - 2 * number)
    responses = _stacked([series.whiten @ (series.logs + series.first_log) for series in pair])
    base, hinges, candidates = _common_course(pair, hypothesis)
    _, places = search_hinges(base, hinges, candidates, number, responses)
    design = np.column_stack([base, hinges[:, places[0] - BEYOND_ENDS]])
    fitted = design @ np.linalg.lstsq(design, responses, rcond=None)[0]
    residuals = (responses - fitted)[:, 0]
    chance = np.random.default_rng(seed)
    moved = np.column_stack([residuals, *(chance.permutation(residuals) for _ in range(permutations - 1))]) + fitted
    null, _ = search_hinges(base, hinges, candidates, number, moved)
    own = _own_courses(pair, number, moved)
    freed = 2 * (2 + 2 * number) - (base.shape[1] + 2 * number)
    ratios = (null - own) / freed / np.maximum(own / degrees, np.finfo(float).tiny)
    return Comparison(
        hypothesis=hypothesis,
        joinpoints=tuple(int(pair[0].years[place]) for place in places[0]),
        number=number,
        f=float(ratios[0]),
        p=float(np.mean(ratios >= ratios[0] * (1 - 1e-12))),
    )


def _stacked(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts)[:, None]


def _common_course(pair: Sequence[LogSeries], hypothesis: Hypothesis) -> tuple[Numbers, Numbers, Whole]:
    """Return the fixed columns of the common course, those of its possible joinpoints, and their positions."""
    candidates = np.arange(BEYOND_ENDS, pair[0].n - BEYOND_ENDS)
    levels, slopes, hinges = [], [], []
    for place, series in enumerate(pair):
        whole = series.design(candidates.tolist())
        level = np.zeros((series.n, 2))
        level[:, place] = 1
        levels.append(series.whiten @ level)
        slopes.append(series.whiten @ whole[:, 1:2])
        hinges.append(series.whiten @ whole[:, 2:])
    level = np.concatenate(levels)
    if hypothesis == "coincident":
        level = level.sum(axis=1, keepdims=True)
    return np.column_stack([level, np.concatenate(slopes)]), np.concatenate(hinges), candidates


def _own_courses(pair: Sequence[LogSeries], number: int, responses: Numbers) -> Numbers:
    """Return the sum of squares of both series, each with its own best model, for each response."""
    n = pair[0].n
    first = smallest_sums(pair[0], number, responses[:n])[0]
    return first + smallest_sums(pair[1], number, responses[n:])[0]
