"""Average effect over the first year after a date, for many series at once, with autocorrelated errors.

The last axis of every array is time. A series alone is compared with its own trend and season before the date; a series
with controls with their weighted rate (synthetic control) and its drift against it before. What the same estimate is
where nothing is known to have happened, at other dates and in other areas, is the distribution that it is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import tail_of
from pipelines.statistics.regression import Effect

Numbers = NDArray[np.float64]

FEWEST_BEFORE = 8
PRIOR_AUTOCORRELATION = 0.5
PRIOR_PERIODS = 15
"""What the estimate of autocorrelation is drawn towards, and the number of periods that it weighs as much as."""
LARGEST_AUTOCORRELATION = 0.9
FEWEST_DEGREES = 2.0
_ROUNDS = 25
_MOST_WEIGHT = 1e4


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
    """

    logs: Numbers
    errors: Numbers
    degrees: Numbers
    autocorrelation: Numbers
    dispersion: Numbers
    residuals: Numbers

    @property
    def scores(self) -> Numbers:
        """Each effect over its error: what placebos are ranked by, as series differ in how much they swing."""
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
    (n r1 + p) / (n - p - 2) with p coefficients, averaged with 0.5 that weighs 15 periods; Student's t has
    (n - p)(1 - r) / (1 + r) degrees: as many as independent periods would be worth as much. Weight and degrees were
    chosen by simulation (``tests/benchmarks/evaluation_error_rates.py``).

    Args:
        counts: of each series and period, not below 0: those before the date and those averaged over after it.
        exposures: above 0; of a series with controls, times their rate.
        before: number of periods before the date.
        season: periods of a year where the series has seasons of its own.

    Raises:
        ValueError: shapes that differ, fewer than 8 periods before or none after, no event before or after.

    >>> counts = [[52, 48, 50, 51, 47, 53, 49, 50, 51, 49, 40, 38, 41, 39]]
    >>> found = first_year_effects(counts, [[1e5] * 14], 10)
    >>> round(found.effect().value, 2)
    0.79
    """
    y, size = (np.atleast_2d(np.asarray(part, dtype=np.float64)) for part in (counts, exposures))
    _check(y, size, before)
    return _effects(y, size, _design(y.shape[1], before, season))


def monthly_trends(counts: ArrayLike, exposures: ArrayLike) -> FirstYearEffects:
    """Return the trend of each monthly series, a year, as the effects of :func:`first_year_effects` are estimated.

    log E(count) = log(exposure) + a + b year + eleven months, errors AR(1) from month to month. The effect is exp(b).

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
    _check(y, size, y.shape[1] - 1 if y[:, -1].all() else y.shape[1] // 2)
    if y.shape[1] < 36:
        raise ValueError(f"{y.shape[1]} months are too few: three years are needed")
    t = np.arange(y.shape[1], dtype=np.float64)
    months = (t[:, None] % 12 == np.arange(1, 12)).astype(np.float64)
    return _effects(y, size, np.column_stack([np.ones(len(t)), (t - t.mean()) / 12, months]))


def _effects(y: Numbers, size: Numbers, x: Numbers) -> FirstYearEffects:
    """Effects of the second column of the design."""
    offset = np.log(size) - np.log(size.sum(axis=1, keepdims=True) / y.sum(axis=1, keepdims=True))
    n, p = x.shape
    independent = np.zeros(len(y))
    at, residuals, _ = _fit(np.zeros((len(y), p)), y, x, offset, independent)
    r = _autocorrelation(residuals, p)
    at, residuals, columns = _fit(at, y, x, offset, r)
    whitened = _whiten(residuals[:, :, None], r)[:, :, 0]
    dispersion = np.maximum((whitened**2).sum(axis=1) / (n - p), 1.0)
    inverse = np.linalg.inv(columns.transpose(0, 2, 1) @ columns)
    variances = dispersion * inverse[:, 1, 1]
    errors = np.sqrt(np.where(variances > 0, variances, np.nan))  # a fit that did not converge has no error
    degrees = np.maximum((n - p) * (1 - r) / (1 + r), FEWEST_DEGREES)
    return FirstYearEffects(at[:, 1], errors, degrees, r, dispersion, residuals)


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
    """The same estimate where nothing is known to have happened.

    Attributes:
        logs: estimates, as logarithms.
        scores: each over its error.
        areas: position of the area of each.
        dates: position of the date of each.
    """

    logs: Numbers
    scores: Numbers
    areas: NDArray[np.int64]
    dates: NDArray[np.int64]

    def p(self, score: float) -> float:
        """Return the randomisation p: the share of placebos, with the estimate itself, that are as far from 0."""
        return float((1 + (np.abs(self.scores) >= abs(score)).sum()) / (1 + len(self.scores)))


def placebo_effects(
    counts: ArrayLike,
    exposures: ArrayLike,
    place: int,
    date: int,
    length: int,
    *,
    controls: Sequence[int] | None = None,
    season: int | None = None,
    fewest_before: int = FEWEST_BEFORE,
) -> Placebos:
    """Return the estimates at all other dates and in all other areas, each made as that of the area at the date.

    Abadie, Diamond and Hainmueller (2010), section 2.4, over areas; Hahn and Shi (2017, Econometrics 5: 52) on when
    such a rank is a test; here over dates too. The area itself has only dates whose periods end before the date, the
    other areas have all. The placebo of a control is made with the other controls; the only one has none.

    Args:
        counts: of each area (rows) and period; not a number in all periods of an area that is not to be used.
        exposures: of the same.
        place: row of the area.
        date: position of the first period after the date.
        length: periods averaged over.
        controls: rows of the controls; None for each series against its own course.
        season: periods of a year, for series without controls.
        fewest_before: periods that a date needs before it.
    """
    y, size = np.asarray(counts, dtype=np.float64), np.asarray(exposures, dtype=np.float64)
    found: list[tuple[NDArray[Any], ...]] = []
    for at in range(fewest_before, y.shape[1] - length + 1):
        rows = [
            row
            for row in range(len(y))
            if _is_usable(y[row], size[row], at, length)
            and (row != place or at + length <= date)
            and (controls is None or set(controls) - {row, place})
        ]
        if not rows:
            continue
        window = slice(0, at + length)
        sizes = size[rows, window]
        if controls is not None:
            others = [[control for control in controls if control not in (row, place)] for row in rows]
            sizes = np.array([_against(y, size, row, own, at, window) for row, own in zip(rows, others, strict=True)])
        made = first_year_effects(y[rows, window], sizes, at, season=None if controls is not None else season)
        fitted = np.isfinite(made.scores)
        found.append((made.logs[fitted], made.scores[fitted], np.array(rows)[fitted], np.full(fitted.sum(), at)))
    logs, scores, areas, dates = (
        (np.concatenate([one[part] for one in found]) if found else np.zeros(0)) for part in range(4)
    )
    return Placebos(logs, scores, areas.astype(np.int64), dates.astype(np.int64))


def _against(y: Numbers, size: Numbers, row: int, controls: list[int], at: int, window: slice) -> Numbers:
    return controlled_exposures(y[row, window], size[row, window], y[controls, window], size[controls, window], at)[0]


def _is_usable(y: Numbers, size: Numbers, at: int, length: int) -> bool:
    used = y[: at + length]
    return bool(np.isfinite(used).all() and (size[: at + length] > 0).all() and used[:at].any() and used[at:].any())


def _check(y: Numbers, size: Numbers, before: int) -> None:
    if y.shape != size.shape or not (np.isfinite(y).all() and (y >= 0).all() and (size > 0).all()):
        raise ValueError(f"one count not below 0 and one exposure above 0 for each period: {y.shape}, {size.shape}")
    if not FEWEST_BEFORE <= before < y.shape[1]:
        raise ValueError(f"{before} periods before the date of {y.shape[1]}: at least {FEWEST_BEFORE}, and one after")
    if not (y[:, :before].any(axis=1) & y[:, before:].any(axis=1)).all():
        raise ValueError("no event before or after the date: the ratio is 0 or has no limit")


def _design(periods: int, before: int, season: int | None) -> Numbers:
    t = np.arange(periods, dtype=np.float64)
    columns = [np.ones(periods), (t >= before).astype(np.float64), (t - before) / periods]
    for pair in (1, 2) if season else ():
        angle = 2 * np.pi * pair * t / (season or 1)
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


def _fit(at: Numbers, y: Numbers, x: Numbers, offset: Numbers, r: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Coefficients, Pearson residuals and whitened columns; steps of Gauss and Newton, at most 2 long."""
    for _ in range(_ROUNDS):
        fitted = np.exp(np.clip(at @ x.T + offset, -30.0, 30.0))
        root = np.sqrt(fitted)
        columns = _whiten(root[:, :, None] * x, r)
        residuals = (y - fitted) / root
        normal = columns.transpose(0, 2, 1)
        step = np.linalg.solve(normal @ columns, normal @ _whiten(residuals[:, :, None], r))[:, :, 0]
        step = np.clip(step, -2.0, 2.0)
        at = at + step
        if np.abs(step).max() < 1e-8:
            break
    return at, residuals, columns


def _whiten(columns: Numbers, r: Numbers) -> Numbers:
    """Take out the AR(1) correlation: (e(t) - r e(t-1)) / root(1 - r^2), the first as it is."""
    rest = (columns[:, 1:] - r[:, None, None] * columns[:, :-1]) / np.sqrt(1 - r**2)[:, None, None]
    return np.concatenate([columns[:, :1], rest], axis=1)


def _autocorrelation(residuals: Numbers, coefficients: int) -> Numbers:
    n = residuals.shape[1]
    squares = np.maximum((residuals**2).sum(axis=1), 1e-12)
    raw = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1) / squares
    unbiased = (n * raw + coefficients) / max(n - coefficients - 2, 1)
    drawn = (n * unbiased + PRIOR_PERIODS * PRIOR_AUTOCORRELATION) / (n + PRIOR_PERIODS)
    return np.asarray(np.clip(drawn, 0.0, LARGEST_AUTOCORRELATION), dtype=np.float64)
