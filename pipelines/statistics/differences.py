"""Difference in differences over several areas: two-way fixed effects, its make-up, and group-time effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of
from pipelines.statistics.evaluation import ALWAYS_UNKNOWN
from pipelines.statistics.wording import p_value_text

Numbers = NDArray[np.float64]
Control = Literal["never treated", "not yet treated"]
FEW_AREAS = 30
"""Below this number of areas, errors clustered by area are usually too small."""


@dataclass(frozen=True)
class Difference:
    """An effect in the unit of the outcome, with its limits and two-sided p; of a log rate 0.08 is 8.3 % more."""

    value: float
    error: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class TwoWayEffect:
    """Result of :func:`difference_in_differences`.

    Attributes:
        effect: of the strategy.
        pre_trend: slope per period of the areas that later had the strategy against the others, before it; None where
            fewer than two periods before can be compared.
        areas: number of clusters.
        treated_areas: of them, with the strategy at some time.
        dates: different first periods of the strategy.
        cannot_tell: what the result does not show, in words.
    """

    effect: Difference
    pre_trend: Difference | None
    areas: int
    treated_areas: int
    dates: int
    cannot_tell: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """One kind of two-by-two comparison in the two-way effect: its weight in all, and its average."""

    kind: str
    weight: float
    average: float


@dataclass(frozen=True)
class GroupTimeEffects:
    """Result of :func:`group_time_effects`.

    Attributes:
        effects: by (first period of the strategy, period).
        by_length: by periods since the strategy began, below 0 before it; groups weighted by their areas.
        by_group: average over the periods after, by first period.
        overall: average of ``by_group`` weighted by areas.
        overall_by_length: average of ``by_length`` from 0 on, each length alike.
        pre_trend_p: that all effects before the strategy are 0 (Wald).
    """

    effects: dict[tuple[int, int], Difference]
    by_length: dict[int, Difference]
    by_group: dict[int, Difference]
    overall: Difference
    overall_by_length: Difference
    pre_trend_p: float | None


def difference_in_differences(
    areas: Sequence[str],
    times: Sequence[int],
    outcomes: ArrayLike,
    treated: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    confidence: float = 0.95,
) -> TwoWayEffect:
    """Return the two-way fixed effects estimate, with errors clustered by area and a check of the time before.

    outcome = area + period + effect x treated; errors after Liang and Zeger (1986, Biometrika 73: 13-22) with the
    factor G/(G-1) x (N-1)/(N-K), limits by Student's t on G - 1 (Bertrand, Duflo and Mullainathan 2004, QJE 119:
    249-275). K counts the effect, a constant and the other periods, but not the areas, which are nested in the clusters
    (Cameron and Miller 2015, Journal of Human Resources 50: 317-372, section III.B), as Stata's ``xtreg, fe`` and R's
    ``fixest`` do; with them (Stata's ``areg``, R's ``lm`` with a column for each area) errors over two periods are 1.4
    times too large.

    The pre-trend adds, on the rows without the strategy, a slope of their own for areas that later had it.

    Args:
        areas: of each row.
        times: period of each row.
        outcomes: such as the logarithm of a rate.
        treated: 1 in the periods with the strategy in force, else 0.
        weights: of the rows, such as populations.
        confidence: of the intervals.

    Raises:
        ValueError: lengths that differ, missing values, fewer than 4 areas or than 2 that had the strategy (for one
            area and one control see :func:`~.evaluation.controlled_time_series`), nothing to compare with.

    >>> areas = [area for area in "ABCDEF" for _ in range(6)]
    >>> times = list(range(2010, 2016)) * 6
    >>> treated = [int(area in "ABC" and time >= 2013) for area, time in zip(areas, times)]
    >>> wobble = [((7 * n) % 5 - 2) / 100 for n in range(36)]
    >>> outcomes = [ord(area) - 0.3 * d + w for area, d, w in zip(areas, treated, wobble)]
    >>> round(difference_in_differences(areas, times, outcomes, treated).effect.value, 1)
    -0.3
    """
    unit, period = np.unique(np.asarray(areas), return_inverse=True)[1], np.asarray(times, dtype=np.int64)
    y, d = np.asarray(outcomes, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not 0 < len(unit) == len(period) == len(y) == len(d) == len(w) or not np.isfinite(np.stack([y, d, w])).all():
        raise ValueError("one area, period, outcome, mark of treatment and weight for each row, none missing")
    if not (w > 0).all():
        raise ValueError("weights must be above 0: leave rows out that must not count")
    ever = np.zeros(unit.max() + 1, dtype=bool)
    ever[unit[d > 0]] = True
    if not np.isin(d, (0, 1)).all() or ever.sum() < 2 or len(ever) < 4:
        raise ValueError(
            "treated must be 0 or 1, with at least 2 areas that had the strategy and 4 areas in all: "
            "for one area and one control use controlled_time_series"
        )
    effect = _two_way(unit, period, y, d, w, confidence)
    free = d == 0
    leaning = ever[unit] * (period - period.min()).astype(np.float64)
    pre_trend = None
    if np.bincount(unit[free & ever[unit]], minlength=1).max() > 1 and (~ever).any():
        pre_trend = _two_way(unit[free], period[free], y[free], leaning[free], w[free], confidence)
    dates = len({int(period[(unit == area) & (d > 0)].min()) for area in np.flatnonzero(ever)})
    notes = _cannot_tell(len(ever), dates, pre_trend)
    return TwoWayEffect(effect, pre_trend, len(ever), int(ever.sum()), dates, notes)


def goodman_bacon(
    areas: Sequence[str], times: Sequence[int], outcomes: ArrayLike, treated: ArrayLike
) -> list[Comparison]:
    """Return which comparisons make up the two-way effect, for judging how far it can be trusted.

    Goodman-Bacon (2021), Journal of Econometrics 225: 254-277, theorem 1, for a balanced panel without covariates.
    "Later vs earlier treated" uses areas already treated as controls: it misleads where effects grow with time.

    Args:
        areas: of each row.
        times: period of each row.
        outcomes: as for :func:`difference_in_differences`.
        treated: 1 from the first period of the strategy to the end.

    Raises:
        ValueError: a panel with gaps, or a strategy that ends.

    >>> areas, times = list("AABBCC"), [1, 2] * 3
    >>> goodman_bacon(areas, times, [1, 3, 1, 2, 1, 2], [0, 1, 0, 0, 0, 0])
    [Comparison(kind='treated vs untreated', weight=1.0, average=1.0)]
    """
    y, first, periods = _panel(areas, times, outcomes, treated)
    if len(set(first.tolist())) < 2:
        raise ValueError("all areas have the strategy from the same period on, or none has it: nothing to compare")
    found: dict[str, list[tuple[float, float]]] = {}
    for kind, weight, value in _pairs(y, first, periods):
        found.setdefault(kind, []).append((weight, value))
    total = sum(weight for parts in found.values() for weight, _ in parts)
    return [
        Comparison(
            kind,
            sum(weight for weight, _ in parts) / total,
            sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts),
        )
        for kind, parts in sorted(found.items())
    ]


def group_time_effects(
    areas: Sequence[str],
    times: Sequence[int],
    outcomes: ArrayLike,
    treated: ArrayLike,
    *,
    control: Control = "never treated",
    confidence: float = 0.95,
) -> GroupTimeEffects:
    """Return the effect for each date of beginning and each period, for strategies that begin at different dates.

    Callaway and Sant'Anna (2021), Journal of Econometrics 225: 200-230, without covariates: mean change of the group
    since its last period before less that of the areas without the strategy; before the strategy, change since the
    period before. These are areas that never have it, or with ``not yet treated`` also those that begin after the
    period; where every area has it in the end, the last to begin then stand for the never treated up to their date, as
    in R's ``did``. Errors are analytic, limits by the normal quantile point by point; the
    groups' shares in an average are taken as known. The error of a group of one area holds the variation of the others
    only, and is too small.

    Args:
        areas: of each row.
        times: period of each row.
        outcomes: as for :func:`difference_in_differences`.
        treated: 1 from the first period of the strategy to the end.
        control: which areas a group is compared with.
        confidence: of the intervals.

    Raises:
        ValueError: a panel with gaps, a strategy that ends, fewer than 2 areas to compare with, none that began after
            the first period.

    >>> areas, times = list("AAABBBCCCDDD"), [1, 2, 3] * 4
    >>> outcomes, treated = [1, 1, 4, 2, 2, 4, 1, 1, 1, 5, 5, 6], [0, 0, 1, 0, 0, 1] + [0] * 6
    >>> group_time_effects(areas, times, outcomes, treated).effects[(3, 3)].value
    2.0
    """
    check_choice("control", control, Control)
    y, first, periods = _panel(areas, times, outcomes, treated)
    if control == "not yet treated" and not (first < 0).any():
        last = int(first.max())
        y, first, periods = y[:, :last], np.where(first == last, -1, first), periods[:last]
    groups = sorted({int(start) for start in first if start > 0})
    if not groups or not (first < 0).any():
        raise ValueError(
            "some areas must never have the strategy, and some begin it after the first period; where all have it in "
            "the end, at different dates, choose control='not yet treated'"
        )
    if (first < 0).sum() < 2:
        raise ValueError("one area to compare with does not show how areas vary: use controlled_time_series")
    influence: dict[tuple[int, int], tuple[float, Numbers]] = {}
    for group in groups:
        for at in range(1, len(periods)):
            base = group - 1 if at >= group else at - 1
            outside = first < 0
            if control == "not yet treated":
                outside |= (first > at) & (first != group)
            influence[(group, at)] = _two_by_two(y[:, at] - y[:, base], first == group, outside)
    size = {group: float((first == group).sum()) for group in groups}

    def average(keys: list[tuple[int, int]], shares: list[float]) -> tuple[float, Numbers]:
        share = np.array(shares) / sum(shares)
        value = float(share @ np.array([influence[key][0] for key in keys]))
        return value, np.asarray(share @ np.stack([influence[key][1] for key in keys]), dtype=np.float64)

    lengths: dict[int, tuple[float, Numbers]] = {}
    for length in sorted({at - group for group, at in influence}):
        keys = [key for key in influence if key[1] - key[0] == length]
        lengths[length] = average(keys, [size[key[0]] for key in keys])
    since = [found for length, found in lengths.items() if length >= 0]
    since_value = sum(value for value, _ in since) / len(since)
    since_parts = np.mean([parts for _, parts in since], axis=0)
    later = {group: [key for key in influence if key[0] == group <= key[1]] for group in groups}
    by_group = {group: _difference(*average(keys, [1.0] * len(keys)), confidence) for group, keys in later.items()}
    keys = [key for group in groups for key in later[group]]
    overall = average(keys, [size[group] / len(later[group]) for group, _ in keys])
    return GroupTimeEffects(
        effects={(periods[g], periods[t]): _difference(*found, confidence) for (g, t), found in influence.items()},
        by_length={length: _difference(*found, confidence) for length, found in lengths.items()},
        by_group={periods[group]: found for group, found in by_group.items()},
        overall=_difference(*overall, confidence),
        overall_by_length=_difference(since_value, since_parts, confidence),
        pre_trend_p=_joint_p([influence[key] for key in influence if key[1] < key[0]]),
    )


def _two_way(
    unit: NDArray[np.int64], period: NDArray[np.int64], y: Numbers, d: Numbers, w: Numbers, confidence: float
) -> Difference:
    """Coefficient of d with area and period effects taken out of it and of y, errors clustered by area."""
    from scipy.special import stdtr, stdtrit

    units, steps = np.unique(unit, return_inverse=True)[1], np.unique(period)
    rows = np.column_stack([y, d, period[:, None] == steps[None, 1:]]).astype(np.float64)
    areas = int(units.max()) + 1
    weight = np.bincount(units, w)
    means = np.stack([np.bincount(units, w * column) / weight for column in rows.T], axis=1)
    rows = (rows - means[units]) * np.sqrt(w)[:, None]
    free = rows[:, :2] - rows[:, 2:] @ np.linalg.lstsq(rows[:, 2:], rows[:, :2], rcond=None)[0]
    spread = float(free[:, 1] @ free[:, 1])
    if spread <= 1e-10 * float((d * w) @ d):
        raise ValueError("the strategy is in force everywhere at the same times: there is nothing to compare with")
    value = float(free[:, 1] @ free[:, 0]) / spread
    scores = np.bincount(units, free[:, 1] * (free[:, 0] - value * free[:, 1]))
    if len(y) <= areas + len(steps):
        raise ValueError(f"{len(y)} rows are too few for {areas} areas, {len(steps)} periods and an effect")
    factor = areas / (areas - 1) * (len(y) - 1) / (len(y) - len(steps) - 1)
    error = float(np.sqrt(factor * (scores @ scores))) / spread
    reach = float(stdtrit(areas - 1, 1 - tail_of(confidence))) * error
    p = 2 * float(stdtr(areas - 1, -abs(value) / error)) if error else float(value == 0)
    return Difference(value, error, value - reach, value + reach, p)


def _cannot_tell(areas: int, dates: int, pre_trend: Difference | None) -> tuple[str, ...]:
    notes = ["Whether the areas would have moved alike without the strategy: only the time before can be checked."]
    if pre_trend is None:
        notes.append("Whether they moved alike before: there is no time before to compare, or no area without it.")
    elif pre_trend.p < 0.05:
        notes.append(f"The effect as it stands: the areas already moved apart before (p {p_value_text(pre_trend.p)}).")
    if dates > 1:
        notes.append(
            f"One effect for all: {dates} dates of beginning are mixed, with areas already treated among the controls; "
            "see goodman_bacon and group_time_effects."
        )
    if areas < FEW_AREAS:
        notes.append(f"Its true margin of error: {areas} areas are few for errors clustered by area.")
    return (*notes, *ALWAYS_UNKNOWN)


def _panel(
    areas: Sequence[str], times: Sequence[int], outcomes: ArrayLike, treated: ArrayLike
) -> tuple[Numbers, NDArray[np.int64], list[int]]:
    """Outcomes by area and period, place of the first period with the strategy (-1 if never), and the periods."""
    if not 0 < len(areas) == len(times) == len(np.ravel(outcomes)) == len(np.ravel(treated)):
        raise ValueError("one area, period, outcome and mark of treatment for each row")
    names, unit = np.unique(np.asarray(areas), return_inverse=True)
    steps, place = np.unique(np.asarray(times, dtype=np.int64), return_inverse=True)
    y, d = np.full((len(names), len(steps)), np.nan), np.zeros((len(names), len(steps)))
    y[unit, place], d[unit, place] = np.asarray(outcomes, dtype=np.float64), np.asarray(treated, dtype=np.float64)
    if len(unit) != y.size or not np.isfinite(y).all():
        raise ValueError("this method needs one outcome for every area and period, none twice and none missing")
    if not np.isin(d, (0, 1)).all() or (np.diff(d, axis=1) < 0).any():
        raise ValueError("treated must be 0 before the strategy and 1 from its first period to the end")
    first = np.where(d.any(axis=1), d.argmax(axis=1), -1).astype(np.int64)
    return y, first, [int(step) for step in steps]


def _pairs(y: Numbers, first: NDArray[np.int64], periods: list[int]) -> Iterator[tuple[str, float, float]]:
    """Kind, weight (to a common factor) and value of every two-by-two comparison."""
    count = len(periods)
    groups = sorted({int(start) for start in first if start >= 0})
    share = {group: float((first == group).mean()) for group in (*groups, -1)}
    spent = {group: 1 - group / count for group in groups}  # share of the periods with the strategy
    for group in groups:
        if share[-1] and group > 0:
            weight = share[group] * share[-1] * spent[group] * (1 - spent[group])
            yield "treated vs untreated", weight, _did(y, first == group, first < 0, group, slice(None))
    for early, late in ((a, b) for a, b in permutations(groups, 2) if a < b):
        both, apart = share[early] * share[late], spent[early] - spent[late]
        if early > 0:
            value = _did(y, first == early, first == late, early, slice(0, late))
            yield "earlier vs later treated", both * apart * (1 - spent[early]), value
        value = _did(y, first == late, first == early, late, slice(early, None))
        yield "later vs earlier treated", both * apart * spent[late], value


def _did(y: Numbers, inside: NDArray[np.bool_], control: NDArray[np.bool_], at: int, window: slice) -> float:
    """Mean change across a period inside a window, of some areas less that of others."""
    shown = np.arange(y.shape[1])[window]
    change = y[:, shown[shown >= at]].mean(axis=1) - y[:, shown[shown < at]].mean(axis=1)
    return float(change[inside].mean() - change[control].mean())


def _two_by_two(change: Numbers, inside: NDArray[np.bool_], control: NDArray[np.bool_]) -> tuple[float, Numbers]:
    """Difference of two means of changes, and what each area adds to its error."""
    value = change[inside].mean() - change[control].mean()
    part = np.zeros(len(change))
    part[inside] = (change[inside] - change[inside].mean()) / inside.sum()
    part[control] = -(change[control] - change[control].mean()) / control.sum()
    return float(value), part


def _difference(value: float, influence: Numbers, confidence: float) -> Difference:
    from scipy.special import ndtr, ndtri

    error = float(np.sqrt(influence @ influence))
    reach = float(ndtri(1 - tail_of(confidence))) * error
    p = 2 * float(ndtr(-abs(value) / error)) if error else float(value == 0)
    return Difference(value, error, value - reach, value + reach, p)


def _joint_p(found: list[tuple[float, Numbers]]) -> float | None:
    from scipy.special import chdtrc

    if not found:
        return None
    values, parts = np.array([value for value, _ in found]), np.stack([part for _, part in found])
    covariance = parts @ parts.T
    if np.linalg.matrix_rank(covariance) < len(values):
        return None
    return float(chdtrc(len(values), float(values @ np.linalg.solve(covariance, values))))
