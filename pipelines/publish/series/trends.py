"""Direction of each annual series: Mann-Kendall test and Sen's slope, never across a break that is not bridged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import cast

import duckdb
import numpy as np

from pipelines.publish.series.annual_series import COUNT, RATE, AnnualSeries, longest_unbroken_run
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.bridging import widest
from pipelines.statistics.many_series import autocorrelation_factors, mann_kendall, sen_slopes, two_sided
from pipelines.statistics.monotonic import false_discovery
from pipelines.system.connection import insert_rows
from schemas.comparison import why_no_percent
from schemas.declarations import load_columns, quote_literal

_Test = tuple[float, float, float, float, float, float]  # S, p, factor for autocorrelation, slope, its limits

FEWEST_YEARS_TESTED = 8
METHOD = "Mann-Kendall, Hamed-Rao at lag 1 (variance never reduced); Sen slope, Gilbert limits"


@dataclass(frozen=True)
class Trend:
    """Direction of one series; slope and limits per year, in the unit of the points."""

    n: int
    first_year: int
    last_year: int
    first_value: float
    last_value: float
    change: float
    change_percent: float | None
    no_percent_reason: str | None
    mann_kendall_p: float | None
    variance_factor: float | None
    sen_slope_per_year: float | None
    sen_low: float | None
    sen_high: float | None
    direction: str
    method: str


def make_trends(connection: duckdb.DuckDBPyConnection, series: Sequence[AnnualSeries]) -> None:
    """Fill ``out.trend``: the direction of each series over its longest run without a break that is not bridged.

    A trend is that of the rates where each year of the run has one, otherwise of the counts. Figures before a bridge
    are multiplied by its factor; limits and p are the widest of those with the factor and with its own limits.
    """
    runs = [slice(*longest_unbroken_run(one.years, one.breaks.cuts)) for one in series]
    bases = [COUNT if None in one.rates[run] else RATE for one, run in zip(series, runs, strict=True)]
    points = [
        (one.years[run], cast(Sequence[float], one.rates if basis == RATE else one.counts)[run])
        for one, run, basis in zip(series, runs, bases, strict=True)
    ]
    first_events = [one.counts[run][0] for one, run in zip(series, runs, strict=True)]
    rows = []
    for one, run, basis, trend in zip(series, runs, bases, _bridged_trends(points, series, first_events), strict=True):
        bridged = bool(one.breaks.inside(trend.first_year, trend.last_year).bridges)
        rows.append(
            {
                **one.key,
                "basis": basis,
                **vars(trend),
                "break_handling": one.breaks.handling(trend.first_year, trend.last_year),
                **one.marks.combine(range(len(one.years))[run], bridged=bridged),
            }
        )
    for row, adjusted in zip(rows, false_discovery([row["mann_kendall_p"] for row in rows]), strict=True):
        row["adjusted_p"] = adjusted
    insert_rows(connection, "out.trend", rows)
    tested = sum(row["adjusted_p"] is not None for row in rows)
    comment = f"{load_columns()['adjusted_p'].comment} Tests of this release: {tested:,}."
    connection.execute(f"COMMENT ON COLUMN out.trend.adjusted_p IS {quote_literal(comment)}")


def _bridged_trends(
    points: Sequence[tuple[Sequence[int], Sequence[float]]],
    series: Sequence[AnnualSeries],
    first_events: Sequence[float],
) -> list[Trend]:
    """Return the trend of each series with its bridges' factors, as wide as with the factors' limits."""
    at_limits: list[tuple[Sequence[int], Sequence[float]]] = []
    crossing = {}
    bridged = list(points)
    for place, ((years, values), one) in enumerate(zip(points, series, strict=True)):
        if one.breaks.inside(years[0], years[-1]).bridges:
            variants = [
                (years, [value * times for value, times in zip(values, multipliers, strict=True)])
                for multipliers in one.breaks.multipliers(years)
            ]
            bridged[place] = variants[0]
            crossing[place] = len(at_limits)
            at_limits += variants[1:]
    owners = [place for place in crossing for _ in range(2)]
    trends = describe_trends([*bridged, *at_limits], [*first_events, *(first_events[place] for place in owners)])
    wider = trends[len(points) :]
    return [
        widest_trend(trend, wider[crossing[place] : crossing[place] + 2]) if place in crossing else trend
        for place, trend in enumerate(trends[: len(points)])
    ]


def describe_trends(
    series: Sequence[tuple[Sequence[int], Sequence[float]]], first_events: Sequence[float] | None = None
) -> list[Trend]:
    """Return the direction of each series of years without a break.

    p is that of the Mann-Kendall test with the variance corrected for autocorrelation at lag 1. The test needs at least
    8 years; below that the direction is "not tested" and only the change is given.

    Args:
        series: years and values of each.
        first_events: what was counted in the first year of each, which decides whether the change is given in percent;
            the values themselves if not given, as they are counts.

    Raises:
        ValueError: no point, or years that do not rise.

    >>> describe_trends([([2015, 2016], [40.0, 50.0])])[0].change_percent
    25.0
    """
    tests: dict[int, _Test] = {}
    together: dict[tuple[int, int], list[int]] = {}  # same number of points and of years from first to last
    for position, (years, _) in enumerate(series):
        if not len(years) or any(a >= b for a, b in pairwise(years)):
            raise ValueError("a series needs at least one year, and years in rising order")
        together.setdefault((len(years), years[-1] - years[0]), []).append(position)
    for (length, _), positions in together.items():
        if length >= FEWEST_YEARS_TESTED:
            values = np.array([series[position][1] for position in positions], dtype=float)
            times = np.array([series[position][0] for position in positions], dtype=float)
            s, variance, _ = mann_kendall(values)
            slopes = sen_slopes(times, values, variance)
            factors = autocorrelation_factors(times, values, slopes[0])
            columns = (column.tolist() for column in (s, two_sided(s, variance * factors), factors, *slopes))
            tests.update(zip(positions, zip(*columns, strict=True), strict=True))
    events = [values[0] for _, values in series] if first_events is None else first_events
    return [_trend(*one, events[position], tests.get(position)) for position, one in enumerate(series)]


def widest_trend(trend: Trend, others: Sequence[Trend]) -> Trend:
    """Return a trend with the largest p and the widest limits of itself and the same series with other bridges.

    p is 1 where their directions differ: what the series does depends on the bridge.
    """
    if trend.mann_kendall_p is None:
        return trend
    every = [trend, *others]
    figures = [(one.sen_slope_per_year, one.sen_low, one.sen_high, one.mann_kendall_p) for one in every]
    low, high, p = (float(part) for part in widest(*np.array(figures, dtype=np.float64).T))
    return replace(
        trend,
        mann_kendall_p=p,
        sen_low=low,
        sen_high=high,
        direction=trend.direction if p < SIGNIFICANCE else "no significant trend",
    )


def _trend(years: Sequence[int], values: Sequence[float], events: float, test: _Test | None) -> Trend:
    first, last, change = float(values[0]), float(values[-1]), float(values[-1] - values[0])
    no_percent = why_no_percent(events)
    direction = f"not tested (fewer than {FEWEST_YEARS_TESTED} years)"
    if test is not None:
        s, p = test[:2]
        direction = "no significant trend" if p >= SIGNIFICANCE else "increasing" if s > 0 else "decreasing"
    return Trend(
        n=len(years),
        first_year=int(years[0]),
        last_year=int(years[-1]),
        first_value=first,
        last_value=last,
        change=change,
        change_percent=None if no_percent else change / first * 100,
        no_percent_reason=no_percent,
        mann_kendall_p=test[1] if test else None,
        variance_factor=test[2] if test else None,
        sen_slope_per_year=test[3] if test else None,
        sen_low=test[4] if test else None,
        sen_high=test[5] if test else None,
        direction=direction,
        method=METHOD if test else "change only",
    )
