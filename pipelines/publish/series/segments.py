"""Joinpoint segments of the series of declared indicators, never across a break without a bridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from pipelines.publish.series.annual_series import find_breaks, latest_unbroken_run, pop_marks
from pipelines.publish.series.breaks import SERIES_KEY, Breaks, SeriesBreaks
from pipelines.publish.series.trends import FEWEST_YEARS_TESTED
from pipelines.statistics.bridging import widest
from pipelines.statistics.joinpoints.limits import ResampledLimits, resampled_limits
from pipelines.statistics.joinpoints.model import JoinpointModel, LogSeries, PercentChange, fit_at, log_ready
from pipelines.statistics.joinpoints.number import choose_joinpoints
from pipelines.system.connection import fetch_arrow, insert_rows
from schemas.comparison import load_comparison_rules
from schemas.declarations import quote_literal, uncompared_sql
from schemas.indicators import load_indicators

ASSUMED_AUTOCORRELATION = 0.6
"""Assumed for the errors of neighbouring years: 8 to 30 years are too few to estimate it, and too low a value finds
spurious joinpoints.

With it and the criterion BIC3, a flat series has a joinpoint in at most a tenth of cases at an autocorrelation of 0.4
(``tests/benchmarks/segment_error_rates.py``).
"""
MOST_ZERO_SHARE = 0.25
"""A series with no event in more than a quarter of its years is not log-linear: it has no segments."""


def make_segments(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.trend_segment`` for the indicators that declare segments, from ``out.indicator``."""
    wanted = {name: indicator for name, indicator in load_indicators().items() if indicator.segments}
    names = ", ".join(quote_literal(name) for name in wanted)
    declared = SeriesBreaks(connection)
    rows: list[dict[str, Any]] = []
    for series in fetch_arrow(
        connection, "publish/segment_points", indicators=names, uncompared=uncompared_sql()
    ).to_pylist():
        years, counts, populations = series.pop("years"), series.pop("counts"), series.pop("populations")
        marks = pop_marks(series)
        iccs = wanted[series["indicator"]].iccs
        breaks = find_breaks(declared, [series.get(name, iccs) for name in SERIES_KEY], years, marks)
        # All segments of a series belong to one model, so each is based on the years from first to last of them.
        used = range(len(years))[slice(*latest_unbroken_run(years, breaks.cuts))]
        bridged = bool(breaks.inside(years[used[0]], years[used[-1]]).bridges)
        common = series | marks.combine(used, bridged=bridged)
        rows += [common | segment for segment in fit_segments(years, counts, populations, breaks)]
    insert_rows(connection, "out.trend_segment", rows)


def fit_segments(
    years: Sequence[int], counts: Sequence[float], populations: Sequence[float], breaks: Breaks | None = None
) -> list[dict[str, Any]]:
    """Return a row for each joinpoint segment of a series of rates, for ``out.trend_segment`` and for pictures.

    Least squares on the logarithm of the rate, weights from Poisson errors, errors of neighbouring years correlated,
    number of joinpoints by BIC3 (:func:`~pipelines.statistics.joinpoints.number.choose_joinpoints`); on the years
    after the last break. Years without an event enter as half an event. Fewer than 8 years, fewer than 20 events a
    year on average, or too many years without an event, give no row. Rates before a bridge are multiplied by its
    factor; the model is fitted with the limits of the factor too, at the same joinpoints, and the widest limits and
    the largest p are kept.

    Args:
        years: rising.
        counts: events of each year.
        populations: of each year.
        breaks: years from which figures are not comparable with earlier ones, and the bridges.

    >>> counts = [round(100 * 1.1 ** min(n, 6) * 0.9 ** max(n - 6, 0)) for n in range(14)]
    >>> rows = fit_segments(range(2005, 2019), counts, [1e5] * 14)
    >>> [(row["first_year"], row["last_year"], round(row["apc"])) for row in rows]
    [(2005, 2011, 10), (2011, 2018, -10)]
    """
    breaks = (breaks or Breaks()).inside(years[0], years[-1])
    start, end = latest_unbroken_run(years, breaks.cuts)
    at, events = list(years[start:end]), list(counts[start:end])
    zeros = sum(count == 0 for count in events)
    few = sum(events) < load_comparison_rules().fewest_events * len(at)
    if len(at) < FEWEST_YEARS_TESTED or zeros > MOST_ZERO_SHARE * len(at) or few:
        return []

    variants = []
    for multipliers in breaks.multipliers(at):
        people = [n / times for n, times in zip(populations[start:end], multipliers, strict=True)]
        variants.append(log_ready(events, people, zeros="add half"))
    model = choose_joinpoints(at, *variants[0], method="bic3", autocorrelation=ASSUMED_AUTOCORRELATION).model
    models = [model]
    if breaks.inside(at[0], at[-1]).bridges:
        places = [at.index(year) for year in model.joinpoints]
        models += [
            fit_at(LogSeries(at, *variant, ASSUMED_AUTOCORRELATION), places, model.confidence)
            for variant in variants[1:]
        ]
    half_events = f"; {zeros} years without an event entered as half an event" if zeros else ""
    common = {
        "method": "joinpoint, log-linear, Poisson weights, errors AR(1) at 0.6, BIC3" + half_events,
        "break_handling": breaks.handling(at[0], at[-1]),
    }
    return [row | common for row in _rows(models)]


def resample_segments(
    years: Sequence[int], counts: Sequence[float], populations: Sequence[float], number: int
) -> ResampledLimits:
    """Return resampling limits for a model of :func:`fit_segments`, whose own limits take the joinpoints as known.

    Args:
        years: those of the model, without a break or a bridge inside.
        counts: events of each year.
        populations: of each year.
        number: of joinpoints.
    """
    ready = log_ready(counts, populations, zeros="add half")
    return resampled_limits(years, *ready, number=number, autocorrelation=ASSUMED_AUTOCORRELATION)


def _rows(models: Sequence[JoinpointModel]) -> list[dict[str, Any]]:
    """Return a row for each segment of the first model, with the widest limits and largest p of all models."""
    model = models[0]
    average_low, average_high, _ = _widest([one.average for one in models])
    fitted = dict(zip(model.years, model.fitted, strict=True))
    rows = []
    for number, part in enumerate(model.segments, start=1):
        low, high, p = _widest([one.segments[number - 1] for one in models])
        rows.append(
            {
                "segment": number,
                "first_year": part.first,
                "last_year": part.last,
                "apc": part.value,
                "apc_low": low,
                "apc_high": high,
                "p_value": p,
                "fitted_first": fitted[part.first],
                "fitted_last": fitted[part.last],
                "joinpoints": len(model.joinpoints),
                "n": len(model.years),
                "aapc": model.average.value,
                "aapc_low": average_low,
                "aapc_high": average_high,
            }
        )
    return rows


def _widest(changes: Sequence[PercentChange]) -> tuple[float, float, float]:
    """Return limits and p of a percent change over the models with a bridge's factor and with its limits."""
    figures = [(change.value, change.low, change.high, change.p) for change in changes]
    low, high, p = widest(*np.array(figures, dtype=np.float64).T)
    return float(low), float(high), float(p)
