"""Step 8, indicators: rates with exact intervals, and the direction of every annual series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.changes import AnnualSeries, describe_changes
from pipelines.database import fetch_arrow, run_sql
from pipelines.segments import fit_segments
from pipelines.source import Source
from pipelines.statistics.rates import FEWEST_EVENTS, exact_limits
from pipelines.trends import Trend, describe_trends, longest_segment
from schemas.declarations import attribute_columns, quote_literal
from schemas.indicators import load_indicators

MOST_YEARS_INTERPOLATED = 5
"""Populations this many years apart or nearer are joined by a line; the years between are marked E."""


def make_rates(connection: duckdb.DuckDBPyConnection, populations: dict[str, int]) -> None:
    """Fill ``out.rate`` from ``out.observation`` and ``out.population``.

    The table ``population_priority`` that it makes stays for ``make_indicators``.

    Args:
        connection: the warehouse being built.
        populations: priority of each population source; the lowest number that has the cell is used.
    """
    run_sql(connection, "interpolate_population", years_apart=str(MOST_YEARS_INTERPOLATED))
    counts = np.array([row[0] for row in run_sql(connection, "poisson_counts").fetchall()], dtype=float)
    low, high = exact_limits(counts)
    connection.register("poisson", pa.table({"value": counts, "low": low, "high": high}))
    priorities = {
        "source": pa.array(list(populations), pa.string()),
        "priority": pa.array(list(populations.values()), pa.int64()),
    }
    connection.register("priorities", pa.table(priorities))
    connection.execute("CREATE OR REPLACE TEMP TABLE population_priority AS FROM priorities")
    connection.unregister("priorities")
    run_sql(connection, "rate", few=str(FEWEST_EVENTS))
    connection.unregister("poisson")


def make_trends(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend`` and ``out.change`` from ``out.rate``, neither across a break.

    A trend is that of the longest stretch without a break; a change is up to the last year.
    """
    declared = {source.source_id: source for source in sources}
    _insert_breaks(connection, declared.values())
    attributes = " ".join(f"AND {name} = '_T'" for name in attribute_columns())
    columns: dict[str, list[Any]] = fetch_arrow(connection, "trend_points", all_attributes=attributes).to_pydict()
    if not columns["source"]:
        return
    years, points, marked = columns.pop("years"), columns.pop("points"), columns.pop("marked_breaks")
    breaks = [
        _breaks(declared[source], iccs, at, seen)
        for source, iccs, at, seen in zip(columns["source"], columns["iccs"], years, marked, strict=True)
    ]
    counts, populations = columns.pop("counts"), columns.pop("populations")
    _insert_changes(connection, columns, list(map(AnnualSeries, years, counts, populations, breaks)))
    used = [slice(*longest_segment(at, inside)) for at, inside in zip(years, breaks, strict=True)]
    trends = describe_trends([(at[one], values[one]) for at, values, one in zip(years, points, used, strict=True)])
    columns |= {field.name: [getattr(trend, field.name) for trend in trends] for field in fields(Trend)}
    columns["break_handling"] = [_handling(inside, trend) for inside, trend in zip(breaks, trends, strict=True)]
    connection.register("trend_rows", pa.table(columns))
    connection.execute("INSERT INTO out.trend BY NAME FROM trend_rows")
    connection.unregister("trend_rows")


def _insert_breaks(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    rows = [
        {"source": source.source_id, "iccs": code, "time_period": entry.period, "note": entry.note}
        for source in sources
        for entry in source.breaks
        for code in entry.iccs or (None,)
    ]
    if rows:
        connection.register("break_rows", pa.Table.from_pylist(rows))
        connection.execute("INSERT INTO out.series_break BY NAME FROM break_rows")
        connection.unregister("break_rows")


def make_segments(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend_segment`` for the indicators that declare segments, from ``out.indicator``."""
    wanted = [indicator for indicator in load_indicators().values() if indicator.segments]
    names = ", ".join(quote_literal(indicator.indicator_id) for indicator in wanted)
    declared = {source.source_id: source for source in sources}
    rows = []
    for series in fetch_arrow(connection, "segment_points", indicators=names).to_pylist():
        years, counts, populations = series.pop("years"), series.pop("counts"), series.pop("populations")
        iccs = load_indicators()[series["indicator"]].iccs
        breaks = _breaks(declared[series["source"]], iccs, years, series.pop("marked_breaks"))
        rows += [series | segment for segment in fit_segments(years, counts, populations, breaks)]
    if rows:
        connection.register("segment_rows", pa.Table.from_pylist(rows))
        connection.execute("INSERT INTO out.trend_segment BY NAME FROM segment_rows")
        connection.unregister("segment_rows")


def _insert_changes(
    connection: duckdb.DuckDBPyConnection, keys: dict[str, list[Any]], series: list[AnnualSeries]
) -> None:
    changes = describe_changes(series)
    places = changes.pop("series")
    columns = {name: [values[place] for place in places] for name, values in keys.items()}  # type: ignore[call-overload]
    connection.register("change_rows", pa.table({**columns, **changes}))
    connection.execute("INSERT INTO out.change BY NAME FROM change_rows")
    connection.unregister("change_rows")


def _breaks(source: Source, iccs: str, years: list[int], marked: list[int] | None) -> list[int]:
    """Years in which a series begins anew: declared for the source, or marked in the cells."""
    declared = {int(entry.period[:4]) for entry in source.breaks if not entry.iccs or iccs in entry.iccs}
    return sorted(year for year in declared.union(marked or ()) if years[0] < year <= years[-1])


def _handling(breaks: list[int], trend: Trend) -> str:
    if not breaks:
        return "no break declared"
    return f"break in {', '.join(map(str, breaks))}; used {trend.first_year}-{trend.last_year}"
