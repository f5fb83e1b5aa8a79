"""Average effect over the first year after a date, for many series at once, with autocorrelated errors.

The last axis of every array is time. A series alone is compared with its own trend and season before the date; a series
with controls with their weighted rate (synthetic control) and its earlier drift against that. The same estimate at
other dates and in other areas, where nothing is known to have happened, is its reference distribution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of
from pipelines.statistics.regression import Effect

Numbers = NDArray[np.float64]

FEWEST_BEFORE = 8
LARGEST_AUTOCORRELATION = 0.9
FEWEST_DEGREES = 2.0
_ROUNDS = 25
_LAST_STEP = 1e-6
_MOST_WEIGHT = 1e4


@dataclass(frozen=True)
class _Prior:
    """The prior of the autocorrelation, to which the estimate is shrunk, and its weight in periods.

    ``slow``: the root of the correlation at lag 2 is used if it is larger than that at lag 1. A slow fluctuation plus
    the independent noise of counts has the correlations w r, w r^2, ...: lag 1 alone would underestimate r.
    """

    value: float
    periods: int
    slow: bool


_OF_EFFECTS, _OF_TRENDS = _Prior(0.5, 15, False), _Prior(0.7, 20, True)


@dataclass(frozen=True)
class FirstYearEffects:
    """Effects of several series, one number for each.

    Attributes:
        logs: logarithm of the ratio of the rate to what was expected, on average over the time after the date.
        errors: standard errors of these.
        degrees: of Student's t.
        autocorrelation: of neighbouring periods, that the errors allow for.
        dispersion: variance over that of Poisson counts; never below 1.
        residuals: Pearson's, of the periods used.
        expected: counts without the effect: as fitted before the date, and as they would have gone on after it.
        converged: whether the fit of the series converged; if not, all its numbers are NaN.
    """

    logs: Numbers
    errors: Numbers
    degrees: Numbers
    autocorrelation: Numbers
    dispersion: Numbers
    residuals: Numbers
    expected: Numbers
    converged: NDArray[np.bool_]

    @property
    def scores(self) -> Numbers:
        """Each effect over its error. Placebos are ranked by it, as series differ in their variability."""
        return self.logs / self.errors

    def effect(self, place: int = 0, confidence: float = 0.95) -> Effect:
        """Return one effect as a ratio with its limits and p."""
        from scipy.special import stdtr, stdtrit

        log, error, degrees = (float(part[place]) for part in (self.logs, self.errors, self.degrees))
        reach = float(stdtrit(degrees, 1 - tail_of(confidence))) * error
        p = 2 * float(stdtr(degrees, -abs(log) / error))
        return Effect(float(np.exp(log)), float(np.exp(log - reach)), float(np.exp(log + reach)), p)


def first_year_effects(
    counts: ArrayLike, exposures: ArrayLike, before: int, *, season: int | None = None
) -> FirstYearEffects:
    """Return the average change of each series over the periods after a date, against its course before.

    log E(count) = log(exposure) + a + b time + effect x after (+ two pairs of sine and cosine of the season), fitted by
    generalised estimating equations with AR(1) correlation (Liang and Zeger 1986, Biometrika 73: 13-22): with A the
    square root of the fitted counts and R the correlation, the columns and residuals are whitened by (A R A)^-1/2. The
    dispersion is at least 1. The autocorrelation is that of the Pearson residuals of the first fit without its bias,
    (n r1 + s) / (n - s - 2), averaged with 0.5 that weighs 15 periods. s is the sum of the lag-1 correlations of the
    columns themselves, once they are at right angles to each other: residuals of independent errors have
    E(sum of e(t) e(t-1)) = -s, as they lack what the columns took (the trace of the hat matrix one step off its
    diagonal). It is near the number of columns where these are smooth, and far below it with a level for each month.
    Student's t has (n - p)(1 - r) / (1 + r) degrees with p coefficients: as many as independent periods would be worth
    as much. Weight and degrees were chosen by simulation (``tests/benchmarks/evaluation_error_rates.py``).

    Args:
        counts: of each series and period, not below 0: those before the date and those averaged over after it.
        exposures: above 0; of a series with controls, times their rate.
        before: number of periods before the date.
        season: periods of a year where the series has seasons of its own.

    Raises:
        ValueError: shapes that differ, fewer than 8 periods before or none after, no event before or after. A series
            whose fit does not converge raises nothing: see ``converged``.

    >>> counts = [[52, 48, 50, 51, 47, 53, 49, 50, 51, 49, 40, 38, 41, 39]]
    >>> found = first_year_effects(counts, [[1e5] * 14], 10)
    >>> round(found.effect().value, 2)
    0.79
    """
    y, size = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (counts, exposures))
    _check(y, size, before)
    return _effects(y, size, design_matrix(y.shape[1], before, season), _OF_EFFECTS)


def monthly_trends(counts: ArrayLike, exposures: ArrayLike) -> FirstYearEffects:
    """Return the trend of each monthly series, a year, as the effects of :func:`first_year_effects` are estimated.

    log E(count) = log(exposure) + a + b year + eleven months, errors AR(1) from month to month. The effect is exp(b).
    Trends hang on slow swings, which the chance of counts hides at lag 1: the autocorrelation is that at lag 1 or the
    root of that at lag 2, whichever is larger, averaged with 0.7 that weighs 20 months.

    Args:
        counts: of each series and month, not below 0, without a gap.
        exposures: above 0: person-years, so that months of different length are alike.

    Raises:
        ValueError: fewer than three years, or a series without events.

    >>> random = np.random.default_rng(1)
    >>> found = monthly_trends(random.poisson(100 * 1.05 ** (np.arange(96) / 12)), np.ones(96)).effect()
    >>> round(found.value, 2), found.p < 0.05
    (1.04, True)
    """
    y, size = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (counts, exposures))
    _check_figures(y, size)
    if y.shape[1] < 36:
        raise ValueError(f"{y.shape[1]} months are too few: three years are needed")
    if not y.any(axis=1).all():
        raise ValueError("a series without an event has no trend")
    t = np.arange(y.shape[1], dtype=np.float64)
    months = (t[:, None] % 12 == np.arange(1, 12)).astype(np.float64)
    return _effects(y, size, np.column_stack([np.ones(len(t)), (t - t.mean()) / 12, months]), _OF_TRENDS)


def _effects(y: Numbers, size: Numbers, x: Numbers, prior: _Prior) -> FirstYearEffects:
    """Effects of the second column of the design."""
    offset = np.log(size) - np.log(size.sum(axis=1, keepdims=True) / y.sum(axis=1, keepdims=True))
    n, p = x.shape
    first = _fit(np.zeros((len(y), p)), y, x, offset, np.zeros(len(y)))
    r = _autocorrelation(first.residuals, x, prior)
    made = _fit(first.at, y, x, offset, r)
    whitened = _whiten(made.residuals[:, :, None], r)[:, :, 0]
    dispersion = np.maximum((whitened**2).sum(axis=1) / (n - p), 1.0)
    inverse, regular = solve_each(made.columns.transpose(0, 2, 1) @ made.columns, np.eye(p))
    variances = dispersion * inverse[:, 1, 1]
    converged = first.converged & made.converged & regular & (variances > 0)
    errors = np.sqrt(np.where(converged, variances, np.nan))
    degrees = np.maximum((n - p) * (1 - r) / (1 + r), FEWEST_DEGREES)
    without = made.at * (np.arange(p) != 1)
    missing = np.where(converged, 0.0, np.nan)
    return FirstYearEffects(
        made.at[:, 1] + missing,
        errors,
        degrees,
        r + missing,
        dispersion + missing,
        made.residuals + missing[:, None],
        np.exp(np.clip(without @ x.T + offset, -30.0, 30.0)) + missing[:, None],
        converged,
    )


def control_weights(rates: ArrayLike, control_rates: ArrayLike) -> Numbers:
    """Return the weights of controls whose weighted rates follow a series best before the date; they add up to 1.

    Synthetic control (Abadie, Diamond and Hainmueller 2010, JASA 105: 493-505) of rates over their own means, so that
    only the course counts and not the level (Ferman and Pinto 2021, Quantitative Economics 12: 1197-1221): least
    squares with weights not below 0 (``scipy.optimize.nnls``).

    Args:
        rates: of the series, before the date.
        control_rates: of each control (rows) in the same periods.

    >>> control_weights([1, 2, 3, 2], [[2, 4, 6, 4], [5, 5, 5, 6]]).round(2).tolist()
    [1.0, 0.0]
    """
    from scipy.optimize import nnls

    y, x = np.asarray(rates, dtype=np.float64), np.atleast_2d(np.asarray(control_rates, dtype=np.float64))
    if len(x) == 1:
        return np.ones(1)
    y, x = y / y.mean(), x / x.mean(axis=1, keepdims=True)
    weights, _ = nnls(np.vstack([x.T, np.full(len(x), _MOST_WEIGHT)]), np.append(y, _MOST_WEIGHT))
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def controlled_exposures(
    counts: ArrayLike, exposures: ArrayLike, control_counts: ArrayLike, control_exposures: ArrayLike, before: int
) -> tuple[Numbers, Numbers]:
    """Return the exposures of a series times the weighted rate of its controls, and the weights of these.

    Half an event is added to the counts of a control, so that a month without one does not stop the series.
    """
    y, size, others, people = (
        np.asarray(part, dtype=np.float64) for part in (counts, exposures, control_counts, control_exposures)
    )
    rates = (np.atleast_2d(others) + 0.5) / np.atleast_2d(people)
    relative = rates / rates[:, :before].mean(axis=1, keepdims=True)
    weights = control_weights(y[:before] / size[:before] + 1e-300, rates[:, :before])
    return size * (weights @ relative), weights


@dataclass(frozen=True)
class Placebos:
    """The same estimate at other dates and in other areas, where nothing is known to have happened.

    Attributes:
        logs: estimates, as logarithms.
        scores: each over its error.
        areas: position of the area of each.
        dates: position of the date of each.
        extreme: how many more count as extreme because they have no estimate, by reason.
        left_out: how many dates and areas do not count, by reason.
    """

    logs: Numbers
    scores: Numbers
    areas: NDArray[np.int64]
    dates: NDArray[np.int64]
    extreme: Mapping[str, int]
    left_out: Mapping[str, int]

    @property
    def number(self) -> int:
        """The number of placebos for the ranking: those with an estimate, and those that count as extreme."""
        return len(self.scores) + sum(self.extreme.values())

    def p(self, score: float) -> float:
        """Return the randomisation p: the share of placebos, including the estimate itself, that are as far from 0."""
        farther = (np.abs(self.scores) >= abs(score)).sum() + sum(self.extreme.values())
        return float((1 + farther) / (1 + self.number))


NO_EVENT_AFTER, NO_EVENT_BEFORE = "no event after the date", "no event before the date"
NOT_FITTED = "the model cannot be fitted"
NO_FIGURE, NO_EVENT = "a period without a comparable figure", "no event at all"
NO_CONTROL = "no control with all figures"


def placebo_effects(
    counts: ArrayLike,
    exposures: ArrayLike,
    place: int,
    date: int,
    length: int,
    *,
    controls: Sequence[int] | None = None,
    areas: Sequence[int] | None = None,
    season: int | None = None,
    fewest_before: int = FEWEST_BEFORE,
) -> Placebos:
    """Return the estimates at all other dates and in all other areas, computed as for the area at the date.

    Abadie, Diamond and Hainmueller (2010), section 2.4, over areas; Hahn and Shi (2017, Econometrics 5: 52) on when
    such a rank is a test; here over dates too. The area itself has only dates whose periods end before the date, the
    other areas have all. The placebo of a control is made with the other controls; the only one has none.

    A placebo that falls to no event or rises from none counts as extreme, and so does one whose model cannot be fitted,
    as leaving them out would make the estimate look rarer than it is. Those with a missing figure, without any event,
    or without a control are left out.

    Args:
        counts: of each area (rows) and period; NaN if there is no comparable figure.
        exposures: of the same.
        place: row of the area.
        date: position of the first period after the date.
        length: periods averaged over.
        controls: rows of the controls; None for each series against its own course.
        areas: rows that placebos are made of; all if None.
        season: periods of a year, for series without controls.
        fewest_before: periods that a date needs before it.
    """
    y, size = np.asarray(counts, dtype=np.float64), np.asarray(exposures, dtype=np.float64)
    rows = range(len(y)) if areas is None else areas
    made: list[tuple[NDArray[Any], ...]] = []
    without: Counter[str] = Counter()
    for at in range(fewest_before, y.shape[1] - length + 1):
        end = at + length
        usable, sizes = [], []
        for row in rows:
            if row == place and end > date:
                continue
            whole = [one for one in controls or () if one not in (row, place) and _is_whole(y[one], size[one], end)]
            reason = _why_not(y[row], size[row], at, end) or (NO_CONTROL if controls is not None and not whole else "")
            if reason:
                without[reason] += 1
                continue
            usable.append(row)
            sizes.append(_against(y, size, row, whole, at, end) if whole else size[row, :end])
        if usable:
            own = season if controls is None else None
            found = first_year_effects(y[usable, :end], np.array(sizes), at, season=own)
            fitted = found.converged
            without[NOT_FITTED] += int((~fitted).sum())
            part = (found.logs[fitted], found.scores[fitted], np.array(usable)[fitted], np.full(fitted.sum(), at))
            made.append(part)
    return _joined(made, without)


def _joined(made: Sequence[tuple[NDArray[Any], ...]], without: Counter[str]) -> Placebos:
    """Return the placebos of all dates: logs, scores, areas and dates, and how many have no estimate, by reason."""
    logs, scores, found_areas, dates = (
        (np.concatenate([one[part] for one in made]) if made else np.zeros(0)) for part in range(4)
    )
    far = {reason: without[reason] for reason in (NO_EVENT_AFTER, NO_EVENT_BEFORE, NOT_FITTED) if without[reason]}
    rest = {reason: without[reason] for reason in (NO_FIGURE, NO_EVENT, NO_CONTROL) if without[reason]}
    return Placebos(logs, scores, found_areas.astype(np.int64), dates.astype(np.int64), far, rest)


def _against(y: Numbers, size: Numbers, row: int, controls: list[int], at: int, end: int) -> Numbers:
    window = slice(0, end)
    return controlled_exposures(y[row, window], size[row, window], y[controls, window], size[controls, window], at)[0]


def _is_whole(y: Numbers, size: Numbers, end: int) -> bool:
    return bool(np.isfinite(y[:end]).all() and (size[:end] > 0).all())


def _why_not(y: Numbers, size: Numbers, at: int, end: int) -> str:
    """Return why a placebo has no estimate; empty if it may have one."""
    if not _is_whole(y, size, end):
        return NO_FIGURE
    before, after = bool(y[:at].any()), bool(y[at:end].any())
    if before and after:
        return ""
    return NO_EVENT_AFTER if before else NO_EVENT_BEFORE if after else NO_EVENT


def _check(y: Numbers, size: Numbers, before: int) -> None:
    _check_figures(y, size)
    if not FEWEST_BEFORE <= before < y.shape[1]:
        raise ValueError(f"{before} periods before the date of {y.shape[1]}: at least {FEWEST_BEFORE}, and one after")
    if not (y[:, :before].any(axis=1) & y[:, before:].any(axis=1)).all():
        raise ValueError("no events before or after the date: the ratio is 0 or unlimited")


def _check_figures(y: Numbers, size: Numbers) -> None:
    if y.shape != size.shape or not (np.isfinite(y).all() and (y >= 0).all() and (size > 0).all()):
        raise ValueError(
            f"need one count not below 0 and one exposure above 0 for each period: {y.shape}, {size.shape}"
        )


def design_matrix(periods: int, before: int, season: int | None) -> Numbers:
    """Return the regressors of each period: a constant, a step after ``before``, a slope from there, a season."""
    t = np.arange(periods, dtype=np.float64)
    columns = [np.ones(periods), (t >= before).astype(np.float64), (t - before) / periods]
    for pair in (1, 2) if season else ():
        angle = 2 * np.pi * pair * t / (season or 1)
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


@dataclass(frozen=True)
class _Fits:
    """Coefficients, Pearson residuals and whitened columns of each series, and whether it converged."""

    at: Numbers
    residuals: Numbers
    columns: Numbers
    converged: NDArray[np.bool_]


def _fit(at: Numbers, y: Numbers, x: Numbers, offset: Numbers, r: Numbers) -> _Fits:
    """Fit by Gauss-Newton steps of at most length 2."""
    for _ in range(_ROUNDS):
        fitted = np.exp(np.clip(at @ x.T + offset, -30.0, 30.0))
        root = np.sqrt(fitted)
        columns = _whiten(root[:, :, None] * x, r)
        residuals = (y - fitted) / root
        normal = columns.transpose(0, 2, 1)
        step, regular = solve_each(normal @ columns, normal @ _whiten(residuals[:, :, None], r))
        step = np.clip(step[:, :, 0], -2.0, 2.0)
        at = at + step
        length = np.abs(step).max(axis=1)
        if not (length[regular] >= _LAST_STEP).any():
            break
    return _Fits(at, residuals, columns, regular & (length < _LAST_STEP))


def solve_each(matrices: Numbers, right: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Solve each system; return 0 and False for one without a solution, which must not stop the others."""
    regular = np.asarray(np.isfinite(matrices).all(axis=(1, 2)), dtype=np.bool_)
    wide = np.broadcast_to(right, (*matrices.shape[:2], right.shape[-1]))
    safe = np.where(regular[:, None, None], matrices, np.eye(matrices.shape[1]))
    try:
        solved = np.linalg.solve(safe, wide)
    except np.linalg.LinAlgError:  # one of them is singular; it is searched for only now, as that takes as long again
        regular &= np.linalg.matrix_rank(safe) == matrices.shape[1]
        solved = np.linalg.solve(np.where(regular[:, None, None], safe, np.eye(matrices.shape[1])), wide)
    regular &= np.asarray(np.isfinite(solved).all(axis=(1, 2)), dtype=np.bool_)
    return np.where(regular[:, None, None], solved, 0.0), regular


def _whiten(columns: Numbers, r: Numbers) -> Numbers:
    """Remove the AR(1) correlation: (e(t) - r e(t-1)) / root(1 - r^2), the first unchanged."""
    rest = (columns[:, 1:] - r[:, None, None] * columns[:, :-1]) / np.sqrt(1 - r**2)[:, None, None]
    return np.concatenate([columns[:, :1], rest], axis=1)


def own_autocorrelation(x: Numbers, lag: int = 1) -> float:
    """Return the sum of lag-``lag`` autocorrelations of orthonormal design columns: a shifted trace of the hat matrix.

    >>> round(own_autocorrelation(np.eye(12)[np.arange(120) % 12]), 6)  # a level for each month
    0.0
    """
    q = np.linalg.qr(x)[0]
    return float((q[lag:] * q[:-lag]).sum())


def _autocorrelation(residuals: Numbers, x: Numbers, prior: _Prior) -> Numbers:
    """Return the autocorrelation of the residuals, corrected for the bias from the fit, averaged with the prior."""
    n = residuals.shape[1]
    squares = np.maximum((residuals**2).sum(axis=1), 1e-12)

    def unbiased(lag: int) -> Numbers:
        raw = (residuals[:, lag:] * residuals[:, :-lag]).sum(axis=1) / squares
        taken = own_autocorrelation(x, lag)
        return np.asarray((n * raw + taken) / max(n - taken - 2, 1), dtype=np.float64)

    found = unbiased(1)
    if prior.slow:
        found = np.maximum(found, np.sqrt(np.maximum(unbiased(2), 0.0)))
    drawn = (n * found + prior.periods * prior.value) / (n + prior.periods)
    return np.asarray(np.clip(drawn, 0.0, LARGEST_AUTOCORRELATION), dtype=np.float64)
