"""The number of joinpoints of a series: by permutation test or information criterion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pipelines.statistics.arguments import SIGNIFICANCE, check_choice
from pipelines.statistics.joinpoints.model import (
    JoinpointModel,
    LogSeries,
    fit_series,
    most_joinpoints,
    smallest_sums,
)

FEWEST_PERMUTATIONS = 20
SelectionMethod = Literal["permutation", "bic", "bic3", "weighted bic"]


@dataclass(frozen=True)
class PermutationTest:
    """One test of the sequence: ``null`` joinpoints against ``alternative``, rejected if p is below ``level``."""

    null: int
    alternative: int
    p: float
    level: float


@dataclass(frozen=True)
class JoinpointChoice:
    """The chosen model and how it was chosen.

    Attributes:
        model: with the chosen number of joinpoints.
        method: of choice.
        criteria: value of the criterion for 0, 1, 2 ... joinpoints; empty for the permutation test.
        tests: in the order made; empty for a criterion.
    """

    model: JoinpointModel
    method: SelectionMethod
    criteria: tuple[float, ...]
    tests: tuple[PermutationTest, ...]


def choose_joinpoints(
    years: Sequence[int],
    values: ArrayLike,
    standard_errors: ArrayLike | None = None,
    *,
    method: SelectionMethod = "weighted bic",
    most: int | None = None,
    confidence: float = 0.95,
    level: float = SIGNIFICANCE,
    permutations: int = 4500,
    seed: int = 1,
    autocorrelation: float = 0.0,
) -> JoinpointChoice:
    """Return the model with the number of joinpoints that the series supports; none is a result.

    - ``permutation``: Kim et al. (2000), Statistics in Medicine 19: 335-351. From 0 against the most, k0 against k1 by
      SSE(k0)/SSE(k1), the weighted residuals of the k0 model permuted; rejected at level / (most - k0), then k0 + 1,
      else k1 - 1, until they meet. The same seed gives the same answer.
    - ``bic``: smallest ln(SSE/n) + (2k + 2) ln(n)/n. ``bic3``: with 3k + 2, nearer to the permutation test.
    - ``weighted bic``: with (2 + R2)k + 2, R2 the largest share, over the joinpoints, of what the two segments around a
      joinpoint leave to a straight line that the change of slope explains. Kim, Chen et al. (2022), Journal of Applied
      Statistics 50: 1992-2013; the default of Joinpoint 5.

    Args:
        years: whole, rising.
        values: above 0.
        standard_errors: of the values; equal weights if None.
        method: of choice.
        most: joinpoints looked for; by the length of the series if None (:func:`most_joinpoints`).
        confidence: of the intervals of the model.
        level: overall significance level of the permutation tests.
        permutations: data sets of each test, the observed one included.
        seed: of the permutations.
        autocorrelation: between neighbouring years, if known.

    Raises:
        ValueError: a series that cannot be fitted, or too short for ``most``.

    >>> values = [100 * 1.05 ** min(n, 8) * 0.9 ** max(n - 8, 0) * (1 + 0.01 * (-1) ** n) for n in range(16)]
    >>> choice = choose_joinpoints(range(2004, 2020), values)
    >>> choice.model.joinpoints, round(choice.model.average.value, 1)
    ((2012,), -2.3)
    """
    check_choice("method", method, SelectionMethod)
    if permutations < FEWEST_PERMUTATIONS and method == "permutation":
        raise ValueError(f"{permutations} permutations are too few: a p below 0.05 needs {FEWEST_PERMUTATIONS}")
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not between 0 and 1: write 0.05 for 5 %")
    if most is not None and (most < 0 or most % 1):
        raise ValueError(f"{most} is not a possible largest number of joinpoints: 0, 1, 2 ...")
    series = LogSeries(years, values, standard_errors, autocorrelation)
    limit = most_joinpoints(series.n) if most is None else most
    if method == "permutation":
        number, tests = _test_down(series, limit, level, permutations, seed)
        model = fit_series(series, number, confidence)
        return JoinpointChoice(model, method, (), tests)
    models = [fit_series(series, k, confidence) for k in range(limit + 1)]
    criteria = tuple(_criterion(series, model, method) for model in models)
    return JoinpointChoice(models[int(np.argmin(criteria))], method, criteria, ())


def _criterion(series: LogSeries, model: JoinpointModel, method: SelectionMethod) -> float:
    n, k = series.n, len(model.joinpoints)
    each = {"bic": 2.0, "bic3": 3.0}.get(method)
    if each is None:
        each = 2 + (_largest_partial_r2(series, model) if k else 0.0)
    # The remainder of an exact fit is rounding, which must not decide; the smallest positive number has a logarithm.
    rounding = 1e-24 * float(np.mean((series.whiten @ series.logs) ** 2))
    return math.log(max(model.sse / n, rounding, 5e-324)) + (each * k + 2) * math.log(n) / n


def _largest_partial_r2(series: LogSeries, model: JoinpointModel) -> float:
    """Return the largest partial R2 of a change of slope, each within the two segments around its joinpoint."""
    edges = [series.years[0] - 1, *model.joinpoints, series.years[-1]]
    found = []
    for before, at, after in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        inside = (series.years > before) & (series.years <= after)
        years = series.years[inside] - at
        whiten = np.linalg.inv(np.linalg.cholesky(series.covariance[np.ix_(inside, inside)]))
        line = np.linalg.qr(whiten @ np.column_stack([np.ones(len(years)), years]))[0]
        y, hinge = whiten @ series.logs[inside], whiten @ np.maximum(years, 0.0)
        y, hinge = y - line @ (line.T @ y), hinge - line @ (line.T @ hinge)
        squares = float(y @ y) * float(hinge @ hinge)
        found.append(float(y @ hinge) ** 2 / squares if squares else 0.0)
    return max(found)


def _test_down(
    series: LogSeries, most: int, level: float, permutations: int, seed: int
) -> tuple[int, tuple[PermutationTest, ...]]:
    """Return the number of joinpoints by the sequence of permutation tests, and the tests."""
    null, alternative, tests = 0, most, []
    while null < alternative:
        p = _permutation_p(series, null, alternative, permutations, seed)
        tests.append(PermutationTest(null, alternative, p, level / (most - null)))
        if p <= tests[-1].level:
            null += 1
        else:
            alternative -= 1
    return null, tuple(tests)


def _permutation_p(series: LogSeries, null: int, alternative: int, permutations: int, seed: int) -> float:
    whitened = series.whiten @ series.logs
    places = smallest_sums(series, null)[1][0].tolist()
    design = series.whiten @ series.design(places)
    fitted = design @ np.linalg.lstsq(design, whitened, rcond=None)[0]
    residuals = np.tile(whitened - fitted, (permutations - 1, 1))
    shuffled = np.random.default_rng(seed).permuted(residuals, axis=1)
    responses = np.column_stack([whitened, (fitted + shuffled).T])
    simple = smallest_sums(series, null, responses)[0]
    rich = smallest_sums(series, alternative, responses)[0]
    if simple[0] <= 1e-20 * float(whitened @ whitened):
        return 1.0  # the null model already fits exactly
    ratio = simple / np.maximum(rich, 1e-300)
    return float((ratio >= ratio[0] * (1 - 1e-9)).sum()) / permutations
