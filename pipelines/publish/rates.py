"""Step 8, indicators: rates with exact intervals, and the direction of every annual series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.publish.breaks import SERIES_KEY, Breaks, SeriesBreaks, begins_anew, insert_breaks
from pipelines.publish.changes import COUNT, RATE, AnnualSeries, describe_changes
from pipelines.publish.segments import fit_segments
from pipelines.publish.trends import Trend, describe_trends, longest_segment, widest_trend
from pipelines.statistics.rates import FEWEST_EVENTS, exact_limits
from pipelines.system.connection import fetch_arrow, run_sql
from schemas.declarations import no_attributes_sql, quote_literal
from schemas.indicators import load_indicators
from schemas.source import Source

MOST_YEARS_INTERPOLATED = 5
"""Populations this many years apart or nearer are joined by a line; the years between are marked E."""


_Marks = tuple[list[str], list[float | None], list[str | None]]
"""Status, completeness and caveats of each year of a series."""
_MARKS = ("statuses", "completeness", "caveats")
_WEAKEST = ("E", "U", "P", "D")
"""Statuses in the order in which one stands for a row that rests on several; a break (B) begins what is used."""


def make_rates(connection: duckdb.DuckDBPyConnection, populations: dict[str, int]) -> None:
    """Fill ``out.rate`` from ``out.observation`` and ``out.population``.

    The table ``population_priority`` that it makes stays for ``make_indicators``.

    Args:
        connection: the warehouse being built.
        populations: priority of each population source; the lowest number that has the cell is used.
    """
    run_sql(connection, "publish/interpolate_population", years_apart=str(MOST_YEARS_INTERPOLATED))
    counts = np.array([row[0] for row in run_sql(connection, "publish/poisson_counts").fetchall()], dtype=float)
    low, high = exact_limits(counts)
    connection.register("poisson", pa.table({"value": counts, "low": low, "high": high}))
    priorities = {
        "source": pa.array(list(populations), pa.string()),
        "priority": pa.array(list(populations.values()), pa.int64()),
    }
    connection.register("priorities", pa.table(priorities))
    connection.execute("CREATE OR REPLACE TEMP TABLE population_priority AS FROM priorities")
    connection.unregister("priorities")
    run_sql(connection, "publish/rate", few=str(FEWEST_EVENTS))
    connection.unregister("poisson")


def make_trends(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend`` and ``out.change`` from ``out.rate``, neither across a break that is not bridged.

    A trend is that of the longest stretch without a break; a change is up to the last year. Either is on rates where
    each of the years that it uses has one, else on counts. Counts before a bridge are multiplied by its factor; limits
    and p are the widest of those with the factor and with its own limits.
    """
    insert_breaks(connection, sources)
    columns: dict[str, list[Any]] = fetch_arrow(
        connection, "publish/trend_points", no_attributes=no_attributes_sql()
    ).to_pydict()
    if not columns["source"]:
        return
    years, counts, rates = columns.pop("years"), columns.pop("counts"), columns.pop("rates")
    populations = columns.pop("populations")
    marks = list(zip(*(columns.pop(name) for name in _MARKS), strict=True))
    declared = SeriesBreaks(connection)
    keys = zip(*(columns[name] for name in SERIES_KEY), strict=True)
    breaks = [_breaks(declared, key, at, seen) for key, at, seen in zip(keys, years, marks, strict=True)]
    _insert_changes(connection, columns, list(map(AnnualSeries, years, counts, populations, breaks)), marks)
    used = [slice(*longest_segment(at, inside.cuts)) for at, inside in zip(years, breaks, strict=True)]
    columns["basis"] = [COUNT if None in rate[one] else RATE for rate, one in zip(rates, used, strict=True)]
    points = [
        (at[one], (rate if basis == RATE else count)[one])
        for at, rate, count, one, basis in zip(years, rates, counts, used, columns["basis"], strict=True)
    ]
    trends = _bridged_trends(points, breaks)
    columns |= {field.name: [getattr(trend, field.name) for trend in trends] for field in fields(Trend)}
    columns["break_handling"] = [
        inside.handling(trend.first_year, trend.last_year) for inside, trend in zip(breaks, trends, strict=True)
    ]
    bridged = [
        bool(inside.inside(trend.first_year, trend.last_year).bridges)
        for inside, trend in zip(breaks, trends, strict=True)
    ]
    places = [range(len(at))[one] for at, one in zip(years, used, strict=True)]
    columns |= _marks(marks, places, bridged)
    connection.register("trend_rows", pa.table(columns))
    connection.execute("INSERT INTO out.trend BY NAME FROM trend_rows")
    connection.unregister("trend_rows")


def _bridged_trends(series: list[tuple[list[int], list[float]]], breaks: list[Breaks]) -> list[Trend]:
    """Return the trend of each series with its bridges' factors, as wide as with the factors' limits."""
    at_limits: list[tuple[list[int], list[float]]] = []
    crossing = {}
    bridged = list(series)
    for place, ((years, values), inside) in enumerate(zip(series, breaks, strict=True)):
        if inside.inside(years[0], years[-1]).bridges:
            variants = [
                (years, [value * times for value, times in zip(values, multipliers, strict=True)])
                for multipliers in inside.multipliers(years)
            ]
            bridged[place] = variants[0]
            crossing[place] = len(at_limits)
            at_limits += variants[1:]
    trends = describe_trends(bridged + at_limits)
    wider = trends[len(series) :]
    return [
        widest_trend(trend, wider[crossing[place] : crossing[place] + 2]) if place in crossing else trend
        for place, trend in enumerate(trends[: len(series)])
    ]


def make_segments(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend_segment`` for the indicators that declare segments, from ``out.indicator``."""
    wanted = [indicator for indicator in load_indicators().values() if indicator.segments]
    names = ", ".join(quote_literal(indicator.indicator_id) for indicator in wanted)
    declared = SeriesBreaks(connection)
    rows: list[dict[str, Any]] = []
    for series in fetch_arrow(connection, "publish/segment_points", indicators=names).to_pylist():
        years, counts, populations = series.pop("years"), series.pop("counts"), series.pop("populations")
        marks = tuple(series.pop(name) for name in _MARKS)
        iccs = load_indicators()[series["indicator"]].iccs
        breaks = _breaks(declared, [series.get(name, iccs) for name in SERIES_KEY], years, marks)
        for segment in fit_segments(years, counts, populations, breaks):
            # The model is of all its segments: each rests on the years from the first to the last of them.
            rows.append(series | segment)
            rows[-1] |= {name: column[0] for name, column in _segment_marks(marks, years, breaks).items()}
    if rows:
        connection.register("segment_rows", pa.Table.from_pylist(rows))
        connection.execute("INSERT INTO out.trend_segment BY NAME FROM segment_rows")
        connection.unregister("segment_rows")


def _segment_marks(marks: _Marks, years: list[int], breaks: Breaks) -> dict[str, list[Any]]:
    places = range(len(years))[slice(*longest_segment(years, breaks.cuts))]
    return _marks([marks], [places], [bool(breaks.inside(years[places[0]], years[places[-1]]).bridges)])


def _insert_changes(
    connection: duckdb.DuckDBPyConnection, keys: dict[str, list[Any]], series: list[AnnualSeries], marks: list[_Marks]
) -> None:
    changes = describe_changes(series)
    owners, used = (cast(list[int], changes[name]) for name in ("series", "n"))
    del changes["series"]
    columns = {name: [values[place] for place in owners] for name, values in keys.items()}
    ends = [[len(series[place].years) - 1, len(series[place].years) - n] for place, n in zip(owners, used, strict=True)]
    bridged = [str(text).startswith("bridged") for text in changes["break_handling"]]
    columns |= _marks([marks[place] for place in owners], ends, bridged)
    connection.register("change_rows", pa.table({**columns, **changes}))
    connection.execute("INSERT INTO out.change BY NAME FROM change_rows")
    connection.unregister("change_rows")


def _marks(marks: Sequence[_Marks], places: Sequence[Sequence[int]], bridged: Sequence[bool]) -> dict[str, list[Any]]:
    """Status, completeness and caveats of rows that rest on some years of a series each: the weakest, all caveats."""
    found: dict[str, list[Any]] = {name: [] for name in ("obs_status", "completeness", "caveats")}
    for (statuses, complete, caveats), used, estimated in zip(marks, places, bridged, strict=True):
        seen = {"E"} if estimated else {statuses[place] for place in used}
        found["obs_status"].append(next((status for status in _WEAKEST if status in seen), "A"))
        found["completeness"].append(min((share for at in used if (share := complete[at]) is not None), default=None))
        codes = {code for at in used for code in (caveats[at] or "").split(";") if code}
        found["caveats"].append(";".join(sorted(codes)) or None)
    return found


def _breaks(declared: SeriesBreaks, key: Sequence[str], years: list[int], marks: _Marks) -> Breaks:
    """Years in which a series begins anew, declared or marked in the cells, and its bridges."""
    cells = zip(years, marks[0], marks[2], strict=True)
    marked = [begins_anew(str(year), status, caveats, sex=key[-1]) for year, status, caveats in cells]
    return declared.of(key, marked).inside(years[0], years[-1])
