"""Linear (Gaussian) evaluations as in many published studies: one series, two groups, and panels of areas.

Outcomes are numbers of any kind (rates, shares, prices), and effects are differences in their unit; for counts,
:mod:`pipelines.statistics.first_year` and :mod:`pipelines.statistics.evaluation` allow for chance and for what grows
in proportion. Errors: ``model`` (ordinary least squares), ``newey-west`` (autocorrelation up to a lag within each
unit, Newey and West 1987, factor n / (n - k), as Stata's ``newey``), ``ar1`` (Prais and Winsten 1954, iterated).
Limits are by Student's t on n - k degrees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of
from pipelines.statistics.regression import usual_lag

Numbers = NDArray[np.float64]
LinearErrors = Literal["model", "newey-west", "ar1"]

MOST_ASSIGNMENTS = 5000
"""If there are at most this many ways to choose the treated areas, all are tried; else a sample of 4,999."""


@dataclass(frozen=True)
class LinearEffect:
    """A difference in the unit of the outcome, with its standard error, limits and two-sided p."""

    value: float
    error: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class LinearModel:
    """A fitted linear model.

    Attributes:
        coefficients: by name.
        covariance: of the coefficients, in the order of their names.
        degrees: of Student's t.
        fitted: outcomes by the model.
        residuals: of the outcomes.
        autocorrelation: of neighbouring times, with ``ar1``; 0 else.
        lags: of the Newey-West errors; 0 else.
        confidence: of the limits.
    """

    coefficients: Mapping[str, float]
    covariance: Numbers
    degrees: int
    fitted: Numbers
    residuals: Numbers
    autocorrelation: float
    lags: int
    confidence: float

    def effect(self, weights: Mapping[str, float] | str) -> LinearEffect:
        """Return a coefficient by its name, or a weighted sum of several."""
        from scipy.special import stdtr, stdtrit

        chosen = {weights: 1.0} if isinstance(weights, str) else weights
        w = np.array([chosen.get(name, 0.0) for name in self.coefficients])
        value = float(w @ np.array(list(self.coefficients.values())))
        error = float(np.sqrt(w @ self.covariance @ w))
        reach = float(stdtrit(self.degrees, 1 - tail_of(self.confidence))) * error
        p = 2 * float(stdtr(self.degrees, -abs(value) / error)) if error else float(value == 0)
        return LinearEffect(value, error, value - reach, value + reach, p)


def linear_time_series(
    times: Sequence[int],
    values: ArrayLike,
    at: int,
    *,
    slope_change: bool = True,
    season: int | None = None,
    errors: LinearErrors = "newey-west",
    lags: int | None = None,
    confidence: float = 0.95,
) -> LinearModel:
    """Return the segmented linear regression of one series: trend, level and slope change at a date.

    Wagner et al. (2002), Journal of Clinical Pharmacy and Therapeutics 27: 299-309; Linden (2015), Stata Journal
    15: 480-500 (``itsa``, single group). Coefficients: ``intercept`` (at the first time), ``trend`` (a step, before),
    ``level`` (just at the date), ``slope change`` (a step, after over before); ``trend`` + ``slope change`` is the
    slope after.

    Args:
        times: whole steps, rising.
        values: outcome at each time.
        at: first time after the change.
        slope_change: whether the slope may change too.
        season: steps in a year where there are seasons: two pairs of sine and cosine.
        errors: as the module says.
        lags: of the Newey-West errors; 4 (n / 100)^(2/9), rounded down, if None.
        confidence: of the limits.

    Raises:
        ValueError: lengths that differ, missing values, times that do not rise, too few on either side of the date.

    >>> model = linear_time_series(range(12), [5, 6, 7, 8, 9, 10, 8, 9, 10, 11, 12, 13], 6, errors="model")
    >>> {name: round(value, 6) for name, value in model.coefficients.items()}
    {'intercept': 5.0, 'trend': 1.0, 'level': -3.0, 'slope change': 0.0}
    """
    t, y = _series(times, values, at)
    columns = _segments(t, at, slope_change)
    for pair in (1, 2) if season else ():
        angle = 2 * np.pi * pair * t / (season or 1)
        columns |= {f"sine {pair}": np.sin(angle), f"cosine {pair}": np.cos(angle)}
    return _fit(y, columns, np.zeros(len(t), dtype=int), errors, lags, confidence)


def two_group_time_series(
    times: Sequence[int],
    values: ArrayLike,
    control_values: ArrayLike,
    at: int,
    *,
    slope_change: bool = True,
    errors: LinearErrors = "newey-west",
    lags: int | None = None,
    confidence: float = 0.95,
) -> LinearModel:
    """Return the controlled interrupted time series of two groups: what changed in one beyond the change in the other.

    Linden (2015), ``itsa`` with a comparison group; Lopez Bernal, Cummins and Gasparrini (2018), International Journal
    of Epidemiology 47: 2082-2093. Each coefficient of :func:`linear_time_series` is that of the control group; with
    ``difference in`` before its name, the treated group's over it. ``difference in level`` and ``difference in slope
    change`` are the effect; ``difference in intercept`` and ``difference in trend`` say how alike they were before.

    Args:
        times: whole steps, rising, the same of both groups.
        values: of the treated group: one row, or a row for each of its units.
        control_values: of the control group, the same.
        at: first time after the change.
        slope_change: whether the slopes may change too.
        errors: as the module says; autocorrelation is within each unit.
        lags: of the Newey-West errors.
        confidence: of the limits.

    Raises:
        ValueError: as :func:`linear_time_series`.

    >>> values = [2, 3, 4, 5, 9, 10, 11, 12]
    >>> model = two_group_time_series(range(8), values, range(1, 9), 4, errors="model")
    >>> round(model.coefficients["difference in level"], 6), round(model.coefficients["difference in trend"], 6)
    (3.0, -0.0)
    """
    groups = [np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (values, control_values)]
    units = np.vstack(groups)
    t = _series(times, units[0], at)[0]
    if not np.isfinite(units).all():
        raise ValueError("a value of a unit is missing")
    one = _segments(t, at, slope_change)
    treated = np.repeat(np.arange(len(units)) < len(groups[0]), len(t)).astype(np.float64)
    columns = {name: np.tile(column, len(units)) for name, column in one.items()}
    columns |= {f"difference in {name}": treated * column for name, column in columns.items()}
    return _fit(units.ravel(), columns, np.repeat(np.arange(len(units)), len(t)), errors, lags, confidence)


def difference_in_differences(
    values: ArrayLike,
    treated: ArrayLike,
    after: ArrayLike,
    *,
    clusters: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> LinearModel:
    """Return the difference in differences of two groups before and after, one row an observation (2 x 2 design).

    Card and Krueger (1994), American Economic Review 84: 772-793. Coefficients: ``intercept`` (controls before),
    ``treated``, ``after`` and ``effect`` (treated after). With clusters, errors are clustered (Stata's factor
    G / (G - 1) x (n - 1) / (n - k), t on G - 1 degrees). With few of them treated these are far too small: use
    :func:`~pipelines.statistics.resampling.wild_clusters.wild_cluster_difference`, or :func:`panel_difference`.

    Args:
        values: outcome.
        treated: whether the row is of the treated group.
        after: whether it is after the date.
        clusters: name of the cluster (area) of each row; independent rows if None.
        confidence: of the limits.

    Raises:
        ValueError: lengths that differ, missing values, a group without a row before or after.

    >>> model = difference_in_differences([1, 3, 2, 4, 1, 3, 5, 9], [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1])
    >>> round(model.coefficients["effect"], 6)
    4.0
    """
    y = np.asarray(values, dtype=np.float64)
    d, a = (np.asarray(part, dtype=np.float64) for part in (treated, after))
    if not len(y) == len(d) == len(a) or not np.isfinite(y).all():
        raise ValueError("need one value, one group and one time for each row, none missing")
    if len({*zip(d.tolist(), a.tolist(), strict=True)}) < 4:
        raise ValueError("each group needs rows before and after")
    columns = {"intercept": np.ones(len(y)), "treated": d, "after": a, "effect": d * a}
    if clusters is None:
        return _fit(y, columns, np.zeros(len(y), dtype=int), "model", None, confidence)
    codes = np.unique(np.array([str(one) for one in clusters]), return_inverse=True)[1]
    fitted = _ols(y, np.column_stack(list(columns.values())), cov_type="cluster", cov_kwds={"groups": codes})
    return _model(fitted, columns, y, int(codes.max()), confidence)


@dataclass(frozen=True)
class PanelEffect:
    """Effect in a panel of areas, with its randomisation p.

    Attributes:
        value: mean of the treated areas, after less before, less the same of the others.
        p: share of the ways to choose equally many treated areas whose difference is as far from 0.
        assignments: number of ways tried, including the true one.
        smallest_p: the smallest possible p; with one treated area of ten it is 0.1. If half of the areas are treated,
            each choice has the same difference as its complement, and it is twice as large.
    """

    value: float
    p: float
    assignments: int
    smallest_p: float


def panel_difference(
    values: ArrayLike, treated: Sequence[int], before: int, *, seed: int = 1, studentised: bool = True
) -> PanelEffect:
    """Return the two-way fixed-effects difference of treated areas, tested by randomisation, for few treated areas.

    With few treated clusters, clustered errors find effects in every fifth panel without any (MacKinnon and Webb
    2020, Journal of Econometrics 218: 435-450, on randomisation inference). All areas change at the same time; the
    estimate is then the difference of mean changes. The rank is of the estimate over its error, the spread of the
    changes of areas.

    Args:
        values: of each area (rows) and time.
        treated: rows of the treated areas.
        before: number of times before the date.
        seed: of the sample of assignments, if there are too many to try all.
        studentised: rank the estimate over its error; with one treated area, the estimate itself is ranked.

    Raises:
        ValueError: a value that is missing, no treated area or no other.

    >>> panel = [[1, 2, 3, 9], [1, 2, 3, 4], [2, 3, 4, 5], [0, 1, 2, 3.5], [5, 6, 7, 8]]
    >>> panel_difference(panel, [0], 3).value, panel_difference(panel, [0], 3).p
    (4.875, 0.2)
    """
    from itertools import combinations

    y = np.asarray(values, dtype=np.float64)
    chosen = sorted({*treated})
    if not np.isfinite(y).all() or not 0 < len(chosen) < len(y) or not 0 < before < y.shape[1]:
        raise ValueError(
            "need values for all areas and times, with some areas treated and some not, and times before and after"
        )
    change = y[:, before:].mean(axis=1) - y[:, :before].mean(axis=1)
    areas, number = len(y), len(chosen)
    if comb(areas, number) <= MOST_ASSIGNMENTS:
        ways = np.array(list(combinations(range(areas), number)))
    else:
        generator = np.random.default_rng(seed)
        draws = [sorted(generator.choice(areas, number, replace=False)) for _ in range(MOST_ASSIGNMENTS - 1)]
        ways = np.array([chosen, *draws])
    inside = np.zeros((len(ways), areas), dtype=bool)
    np.put_along_axis(inside, ways, True, axis=1)
    other = areas - number
    means = (inside @ change) / number, (~inside @ change) / other
    scores = np.abs(means[0] - means[1])
    if studentised and number > 1 and other > 1:
        spreads = [
            ((np.where(part, change, mean[:, None]) - mean[:, None]) ** 2).sum(axis=1) / (size - 1) / size
            for part, mean, size in ((inside, means[0], number), (~inside, means[1], other))
        ]
        scores = scores / np.sqrt(np.maximum(spreads[0] + spreads[1], 1e-300))
    place = int(np.flatnonzero((ways == chosen).all(axis=1))[0])
    p = float((scores >= scores[place] * (1 - 1e-12)).mean())
    whole = comb(areas, number) <= MOST_ASSIGNMENTS
    smallest = (2 if whole and areas == 2 * number else 1) / len(ways)
    return PanelEffect(float(means[0][place] - means[1][place]), p, len(ways), smallest)


def _series(times: Sequence[int], values: ArrayLike, at: int) -> tuple[Numbers, Numbers]:
    t, y = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if t.shape != y.shape or not np.isfinite(y).all() or (np.diff(t) <= 0).any():
        raise ValueError("need one value for each time, none missing, with times in ascending order")
    if (t < at).sum() < 2 or (t >= at).sum() < 2:
        raise ValueError(f"{(t < at).sum()} times before {at}, {(t >= at).sum()} from it on: 2 on each side are needed")
    return t, y


def _segments(t: Numbers, at: int, slope_change: bool) -> dict[str, Numbers]:
    after = (t >= at).astype(np.float64)
    columns = {"intercept": np.ones(len(t)), "trend": t - t[0], "level": after}
    return columns | ({"slope change": (t - at) * after} if slope_change else {})


def _fit(
    y: Numbers,
    columns: Mapping[str, Numbers],
    groups: NDArray[np.int_],
    errors: LinearErrors,
    lags: int | None,
    confidence: float,
) -> LinearModel:
    """Fit rows in order of group and time."""
    check_choice("errors", errors, LinearErrors)
    x = np.column_stack(list(columns.values()))
    if np.linalg.matrix_rank(x) < x.shape[1] or len(y) <= x.shape[1]:
        raise ValueError(f"{len(y)} rows are not enough to separate the effects of {', '.join(columns)}")
    degrees = len(y) - x.shape[1]
    if errors == "ar1":
        fitted, r = _prais_winsten(y, x, groups)
        return _model(fitted, columns, y, degrees, confidence, autocorrelation=r)
    if errors == "model":
        return _model(_ols(y, x), columns, y, degrees, confidence)
    lag = usual_lag(int((groups == groups[0]).sum())) if lags is None else lags
    options: dict[str, Any] = {"groups": groups, "maxlags": lag, "use_correction": "hac", "df_correction": False}
    if groups.max() == 0:
        options = {"maxlags": lag, "use_correction": True}
    kind = "HAC" if groups.max() == 0 else "hac-panel"
    return _model(_ols(y, x, cov_type=kind, cov_kwds=options), columns, y, degrees, confidence, lags=lag)


def _ols(y: Numbers, x: Numbers, **errors: Any) -> Any:
    from statsmodels.regression.linear_model import OLS

    return OLS(y, x).fit(**errors)


def _prais_winsten(y: Numbers, x: Numbers, groups: NDArray[np.int_]) -> tuple[Any, float]:
    """Fit with one autocorrelation for all groups, iterated until it converges."""
    first = np.append(True, np.diff(groups) != 0)
    r = 0.0
    for _ in range(200):
        fitted = _ols(_whiten(y[:, None], first, r)[:, 0], _whiten(x, first, r))
        left = y - x @ fitted.params
        pairs = ~first[1:]
        new = float((left[1:] * left[:-1])[pairs].sum() / (left[:-1][pairs] ** 2).sum()) if left.any() else 0.0
        new = min(max(new, -0.99), 0.99)
        if abs(new - r) < 1e-10:
            break
        r = new
    return fitted, r


def _whiten(columns: Numbers, first: NDArray[np.bool_], r: float) -> Numbers:
    rest = columns - r * np.vstack([columns[:1], columns[:-1]])
    return np.where(first[:, None], columns * np.sqrt(1 - r**2), rest)


def _model(
    fitted: Any,
    columns: Mapping[str, Numbers],
    y: Numbers,
    degrees: int,
    confidence: float,
    *,
    autocorrelation: float = 0.0,
    lags: int = 0,
) -> LinearModel:
    params = np.asarray(fitted.params, dtype=np.float64)
    predicted = np.column_stack(list(columns.values())) @ params
    return LinearModel(
        dict(zip(columns, params.tolist(), strict=True)),
        np.asarray(fitted.cov_params(), dtype=np.float64),
        degrees,
        predicted,
        y - predicted,
        autocorrelation,
        lags,
        confidence,
    )
