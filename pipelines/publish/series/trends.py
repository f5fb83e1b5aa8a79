"""Direction of each annual series: a log-linear trend of its counts, never across a break without a bridge.

Mann-Kendall and Sen's slope are published as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, cast

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.publish.series.annual_series import COUNT, RATE, AnnualSeries, latest_rates, latest_unbroken_run
from pipelines.statistics.bridging import widest
from pipelines.statistics.count_trends import FEWEST_YEARS_WITH_EVENTS, fit_count_trends
from pipelines.statistics.many_series import autocorrelation_factors, mann_kendall, sen_slopes, two_sided
from pipelines.statistics.monotonic import false_discovery
from pipelines.system.connection import insert_rows
from schemas.comparison import load_comparison_rules, why_no_percent
from schemas.declarations import load_columns, quote_literal

Numbers = NDArray[np.float64]

_Test = tuple[float, float, float, float, float, float]  # S, p, factor for autocorrelation, slope, its limits

_CountTrend = tuple[float, float, float, float, float]  # percent a year, its limits, p, autocorrelation

_Limits = tuple[float, float]

FEWEST_YEARS_TESTED = 8
STABLE_PERCENT_A_YEAR = 1.0
"""A series is stable if both limits of its change are within this many percent a year."""
TOO_FEW_EVENTS = "too few events"
NO_EVENTS = "not tested (persons counted on one day)"
"""Persons counted on a day are not events: the spread of a Poisson count, which the test uses, is not theirs."""
_RANKS = "Mann-Kendall, Hamed-Rao at lag 1 (variance never reduced), Sen slope, Gilbert limits"
METHOD = f"quasi-Poisson log-linear trend, errors AR(1), Student's t; in addition {_RANKS}"


@dataclass(frozen=True)
class Events:
    """The counts of each year of a series, and the exposures by which they are divided.

    Attributes:
        counts: as recorded, even before a bridge.
        exposures: populations, or 1 without populations; divided by the factor of a bridge.
        basis: whether the exposures are populations (``RATE``), or the trend is that of the count alone (``COUNT``).
        stock: whether these are persons counted on a day, and not events.
    """

    counts: Sequence[float]
    exposures: Sequence[float] = ()
    basis: str = COUNT
    stock: bool = False

    @property
    def mean(self) -> float:
        """Events per year."""
        return sum(self.counts) / len(self.counts)


@dataclass(frozen=True)
class Trend:
    """Direction of one series; apc and limits in percent a year, Sen's slope per year in the unit of the points."""

    n: int
    first_year: int
    last_year: int
    first_value: float
    last_value: float
    change: float | None
    change_percent: float | None
    no_percent_reason: str | None
    mean_events: float
    apc: float | None
    apc_low: float | None
    apc_high: float | None
    p_value: float | None
    autocorrelation: float | None
    mann_kendall_p: float | None
    variance_factor: float | None
    sen_slope_per_year: float | None
    sen_low: float | None
    sen_high: float | None
    direction: str
    method: str
    limits_without: tuple[_Limits | None, ...] = ()
    """Limits of apc without each year in turn; None if too few events are left, empty if not tested."""


def make_trends(connection: duckdb.DuckDBPyConnection, series: Sequence[AnnualSeries]) -> None:
    """Fill ``out.trend``, and state in the comment of ``adjusted_p`` the number of tests: see :func:`trend_rows`."""
    rows, families = trend_rows(series)
    insert_rows(connection, "out.trend", rows)
    tested = sum(row["adjusted_p"] is not None and row["same_series_as"] is None for row in rows)
    comment = f"{load_columns()['adjusted_p'].comment} Tests of this release: {tested:,} in {families:,} groups."
    connection.execute(f"COMMENT ON COLUMN out.trend.adjusted_p IS {quote_literal(comment)}")


def trend_rows(series: Sequence[AnnualSeries]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of ``out.trend``, and the number of groups in which p is adjusted.

    A row is the direction of a series over the years after its last break without a bridge. The trend is that of the
    counts with the population as exposure, over the last years that have one, if these are enough for a test; otherwise
    of the count alone, over all years after the break. Figures before a bridge are multiplied by its factor (the
    exposure is divided); limits and p are the widest of those with the factor and with its own limits.
    """
    found = [_run_and_basis(one) for one in series]
    runs, bases = [run for run, _ in found], [basis for _, basis in found]
    points = [
        (one.years[run], cast(Sequence[float], one.rates if basis == RATE else one.counts)[run])
        for one, run, basis in zip(series, runs, bases, strict=True)
    ]
    events = [
        Events(one.counts[run], cast(Sequence[float], one.exposures(basis == RATE))[run], basis, one.stock)
        for one, run, basis in zip(series, runs, bases, strict=True)
    ]
    rows = []
    for one, run, basis, trend in zip(series, runs, bases, _bridged_trends(points, series, events), strict=True):
        bridged = bool(one.breaks.inside(trend.first_year, trend.last_year).bridges)
        rows.append(
            {
                **one.key,
                "basis": basis,
                **_published(trend, one.years[run], basis),
                "apc_high": None if trend.apc_high == math.inf else trend.apc_high,
                "break_handling": one.breaks.handling(trend.first_year, trend.last_year),
                **one.marks.combine(range(len(one.years))[run], bridged=bridged),
            }
        )
    figures = [_figures(one, run, basis) for one, run, basis in zip(series, runs, bases, strict=True)]
    return rows, _adjust_p(rows, figures)


def _run_and_basis(one: AnnualSeries) -> tuple[slice, str]:
    start, end = latest_unbroken_run(one.years, one.breaks.cuts)
    rated = latest_rates(one.rates, start, FEWEST_YEARS_TESTED)
    if rated is not None:
        return slice(*rated), RATE
    return slice(start, end), COUNT if None in one.rates[start:end] else RATE


def _figures(one: AnnualSeries, run: slice, basis: str) -> tuple[Any, ...]:
    """Return a key that is equal for identical series of an area, as of a category and its only part.

    Series differ if only one of them crosses a bridge.
    """
    years = one.years[run]
    factors = tuple(tuple(column) for column in one.breaks.inside(years[0], years[-1]).multipliers(years))
    return (one.key["ref_area"], basis, tuple(years), tuple(one.counts[run]), tuple(one.populations[run]), factors)


def _published(trend: Trend, years: Sequence[int], basis: str) -> dict[str, Any]:
    """Return the columns of a trend, including the years without which its direction differs."""
    columns = dict(vars(trend))
    without = [
        name_direction(limits[0], limits[1], basis) if limits else TOO_FEW_EVENTS
        for limits in columns.pop("limits_without")
    ]
    decisive = [str(year) for year, word in zip(years, without, strict=False) if word != trend.direction]
    return columns | {
        "decisive_years": ";".join(decisive) or None,
        "direction_without_last_year": without[-1] if without else None,
    }


def _adjust_p(rows: Sequence[dict[str, Any]], figures: Sequence[tuple[Any, ...]]) -> int:
    """Add to each row p adjusted within source, level of area and sex; return how many groups have a test.

    Series with the same figures in a group count as one test, with the same adjusted p. If nothing is tested, no copy
    is named.
    """
    families: dict[tuple[Any, ...], dict[tuple[Any, ...], list[dict[str, Any]]]] = {}
    for row, same in zip(rows, figures, strict=True):
        families.setdefault((row["source"], row["area_level"], row["sex"]), {}).setdefault(same, []).append(row)
    for family in families.values():
        adjusted = false_discovery([copies[0]["p_value"] for copies in family.values()])
        for copies, p in zip(family.values(), adjusted, strict=True):
            first = copies[0]
            name = f"{first['iccs']} {first['stage']} {first['counting_unit']}"
            for row in copies:
                row["adjusted_p"] = p
                row["same_series_as"] = None if row is first or p is None else name
    tested = [any(copies[0]["p_value"] is not None for copies in family.values()) for family in families.values()]
    return sum(tested)


def _bridged_trends(
    points: Sequence[tuple[Sequence[int], Sequence[float]]],
    series: Sequence[AnnualSeries],
    events: Sequence[Events],
) -> list[Trend]:
    """Return the trend of each series with its bridges' factors, widened by the factors' limits."""
    at_limits: list[tuple[Sequence[int], Sequence[float]]] = []
    events_at_limits: list[Events] = []
    crossing = {}
    bridged, bridged_events = list(points), list(events)
    for place, ((years, values), one) in enumerate(zip(points, series, strict=True)):
        if one.breaks.inside(years[0], years[-1]).bridges:
            every = one.breaks.multipliers(years)
            variants = [
                (years, [value * times for value, times in zip(values, multipliers, strict=True)])
                for multipliers in every
            ]
            event_variants = [_bridge_events(events[place], multipliers) for multipliers in every]
            bridged[place], bridged_events[place] = variants[0], event_variants[0]
            crossing[place] = len(at_limits)
            at_limits += variants[1:]
            events_at_limits += event_variants[1:]
    trends = describe_trends([*bridged, *at_limits], [*bridged_events, *events_at_limits])
    wider = trends[len(points) :]
    return [
        widest_trend(trend, wider[crossing[place] : crossing[place] + 2], events[place].basis)
        if place in crossing
        else trend
        for place, trend in enumerate(trends[: len(points)])
    ]


def describe_trends(
    series: Sequence[tuple[Sequence[int], Sequence[float]]], events: Sequence[Events] | None = None
) -> list[Trend]:
    """Return the direction of each series of years without a break.

    The direction is that of :func:`~pipelines.statistics.count_trends.fit_count_trends` on the events: see
    :func:`name_direction`. The tests need at least 8 years; below that the direction is "not tested" and only the
    change is given. With fewer than 20 events a year on average, or with events in one or two years only, it is "too
    few events". Persons counted on a day have the tests of ranks only, and no direction.

    Args:
        series: years and values (rates or counts) of each, which change and Sen's slope are of.
        events: counts and exposures of each; the values themselves, without a population, if not given.

    Raises:
        ValueError: no point, or years that do not rise.

    >>> describe_trends([([2015, 2016], [40.0, 50.0])])[0].change_percent
    25.0
    """
    counted = [Events(values) for _, values in series] if events is None else events
    tests: dict[int, _Test] = {}
    fits: dict[int, _CountTrend] = {}
    without: dict[int, tuple[_Limits | None, ...]] = {}
    together: dict[tuple[int, int], list[int]] = {}  # same number of points and of years from first to last
    for position, (years, _) in enumerate(series):
        if not len(years) or any(a >= b for a, b in pairwise(years)):
            raise ValueError("a series needs at least one year, and years in ascending order")
        together.setdefault((len(years), years[-1] - years[0]), []).append(position)
    for (length, _), positions in together.items():
        if length >= FEWEST_YEARS_TESTED:
            tests.update(zip(positions, _rank_tests([series[position] for position in positions]), strict=True))
            few = _are_too_few(np.array([counted[place].counts for place in positions], dtype=np.float64))
            enough = [place for place, no in zip(positions, few, strict=True) if not (no or counted[place].stock)]
            years_of = [series[position][0] for position in enough]
            events_of = [counted[place] for place in enough]
            fits.update(zip(enough, _fit_events(years_of, events_of), strict=True))
            without.update(zip(enough, _limits_without(years_of, events_of), strict=True))
    return [
        _trend(*one, counted[place], tests.get(place), fits.get(place), without.get(place, ()))
        for place, one in enumerate(series)
    ]


def _bridge_events(events: Events, multipliers: Sequence[float]) -> Events:
    """Divide the exposure by the factor of a bridge, so that the counts keep their random variation."""
    return replace(events, exposures=[size / times for size, times in zip(events.exposures, multipliers, strict=True)])


def _rank_tests(series: Sequence[tuple[Sequence[int], Sequence[float]]]) -> list[_Test]:
    times, values = (np.array([one[part] for one in series], dtype=float) for part in (0, 1))
    s, variance, _ = mann_kendall(values)
    slopes = sen_slopes(times, values, variance)
    factors = autocorrelation_factors(times, values, slopes[0])
    slopes = sen_slopes(times, values, variance * factors)  # limits that go with the test
    columns = (column.tolist() for column in (s, two_sided(s, variance * factors), factors, *slopes))
    return list(zip(*columns, strict=True))


def _are_too_few(counts: Numbers) -> NDArray[np.bool_]:
    """Whether a series, its years last, has too few events for a percentage, or in too few years, for a trend."""
    found: NDArray[np.bool_] = counts.mean(axis=-1) < load_comparison_rules().fewest_events
    found |= (counts > 0).sum(axis=-1) < FEWEST_YEARS_WITH_EVENTS
    return found


def _exposures(events: Sequence[Events]) -> Numbers:
    return np.array([one.exposures or [1.0] * len(one.counts) for one in events], dtype=np.float64)


def _fit_events(years: Sequence[Sequence[int]], events: Sequence[Events]) -> list[_CountTrend]:
    if not events:
        return []
    fitted = fit_count_trends(years, [one.counts for one in events], _exposures(events))
    columns = (column.tolist() for column in (*fitted.percent_a_year(), fitted.p, fitted.autocorrelation))
    return list(zip(*columns, strict=True))


def _limits_without(years: Sequence[Sequence[int]], events: Sequence[Events]) -> list[tuple[_Limits | None, ...]]:
    """Return the limits of the trend of each series without each of its years; all have the same number of years."""
    if not years:
        return []
    length = len(years[0])
    others = np.array([[at for at in range(length) if at != left_out] for left_out in range(length)])
    every = (np.array(years), np.array([one.counts for one in events], dtype=np.float64), _exposures(events))
    shorter = [part[:, others] for part in every]  # series, year left out, other years
    enough = ~_are_too_few(shorter[1])
    limits: list[list[_Limits | None]] = [[None] * length for _ in years]
    if enough.any():
        fitted = fit_count_trends(*(part[enough] for part in shorter))
        _, lows, highs = (column.tolist() for column in fitted.percent_a_year())
        for place, left_out, low, high in zip(*np.nonzero(enough), lows, highs, strict=True):
            limits[place][left_out] = (low, high)
    return [tuple(one) for one in limits]


def name_direction(low: float, high: float, basis: str = RATE) -> str:
    """Return the direction given by limits in percent a year.

    Stable if both are within 1 % a year of no change, even if they exclude it; else rising or falling if they exclude
    no change; else inconclusive. The wording shows a change of the count alone, which may be that of the population.

    >>> [name_direction(*limits) for limits in ((-0.5, 0.8), (0.5, 3.0), (-2.0, -0.1), (-2.0, 4.0))]
    ['stable', 'rising', 'falling', 'inconclusive']
    >>> name_direction(0.5, 3.0, "count")
    'number rising'
    """
    if max(abs(low), abs(high)) <= STABLE_PERCENT_A_YEAR:
        word = "stable"
    elif low > 0 or high < 0:
        word = "rising" if low > 0 else "falling"
    else:
        return "inconclusive"
    return word if basis == RATE else f"number {word}"


def widest_trend(trend: Trend, others: Sequence[Trend], basis: str = RATE) -> Trend:
    """Return a trend with the largest p and the widest limits over the same series with other bridge factors.

    p is 1 if their slopes differ in sign, as the direction then depends on the bridge.
    """
    if trend.mann_kendall_p is None:
        return trend
    every = [trend, *others]
    figures = [(one.sen_slope_per_year, one.sen_low, one.sen_high, one.mann_kendall_p) for one in every]
    low, high, p = (float(part) for part in widest(*np.array(figures, dtype=np.float64).T))
    wider = replace(trend, mann_kendall_p=p, sen_low=low, sen_high=high)
    if trend.apc is None:
        return wider
    fits = [(one.apc, one.apc_low, one.apc_high, one.p_value) for one in every]
    low, high, p = (float(part) for part in widest(*np.array(fits, dtype=np.float64).T))
    without = tuple(
        (min(one[0] for one in limits if one), max(one[1] for one in limits if one)) if all(limits) else None
        for limits in zip(*(one.limits_without for one in every), strict=True)
    )
    direction = name_direction(low, high, basis)
    return replace(wider, p_value=p, apc_low=low, apc_high=high, direction=direction, limits_without=without)


def _trend(
    years: Sequence[int],
    values: Sequence[float],
    events: Events,
    test: _Test | None,
    fit: _CountTrend | None,
    without: tuple[_Limits | None, ...],
) -> Trend:
    first, last = float(values[0]), float(values[-1])
    change = last - first if len(years) > 1 else None  # one year alone has no change: it is not one of 0 %
    no_percent = "not_compared" if change is None else why_no_percent(events.counts[0])
    if events.stock:
        direction = NO_EVENTS
    elif test is None:
        direction = f"not tested (fewer than {FEWEST_YEARS_TESTED} years)"
    elif fit is None:
        direction = TOO_FEW_EVENTS
    else:
        direction = name_direction(fit[1], fit[2], events.basis)
    return Trend(
        n=len(years),
        first_year=int(years[0]),
        last_year=int(years[-1]),
        first_value=first,
        last_value=last,
        change=change,
        change_percent=None if no_percent or change is None else change / first * 100,
        no_percent_reason=no_percent,
        mean_events=events.mean,
        apc=fit[0] if fit else None,
        apc_low=fit[1] if fit else None,
        apc_high=fit[2] if fit else None,
        p_value=fit[3] if fit else None,
        autocorrelation=fit[4] if fit else None,
        mann_kendall_p=test[1] if test else None,
        variance_factor=test[2] if test else None,
        sen_slope_per_year=test[3] if test else None,
        sen_low=test[4] if test else None,
        sen_high=test[5] if test else None,
        direction=direction,
        method="change only" if not test else _RANKS if events.stock else METHOD,
        limits_without=without,
    )
