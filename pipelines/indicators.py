"""Step 8, indicators: rates with exact intervals, and the direction of every annual series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.database import run_sql
from pipelines.declared_indicators import make_indicators
from pipelines.source import Source
from pipelines.statistics.rates import FEWEST_EVENTS, exact_limits
from pipelines.trends import describe_trend, longest_segment
from schemas.declarations import attribute_columns


def make_rates(connection: duckdb.DuckDBPyConnection, populations: dict[str, int]) -> None:
    """Fill ``out.rate`` from ``out.observation`` and ``out.population``, and the declared indicators from both.

    Args:
        connection: the warehouse being built.
        populations: priority of each population source; the lowest number that has the cell is used.
    """
    counts = np.array([row[0] for row in run_sql(connection, "poisson_counts").fetchall()], dtype=float)
    low, high = exact_limits(counts)
    connection.register("poisson", pa.table({"value": counts, "low": low, "high": high}))
    connection.register(
        "population_priority",
        pa.table(
            {
                "source": pa.array(list(populations), pa.string()),
                "priority": pa.array(list(populations.values()), pa.int64()),
            }
        ),
    )
    run_sql(connection, "rate", few=str(FEWEST_EVENTS))
    connection.unregister("poisson")
    make_indicators(connection)
    connection.unregister("population_priority")


def make_trends(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend`` from ``out.rate``: one row a series, on its longest stretch without a break."""
    declared = {source.source_id: source for source in sources}
    attributes = " ".join(f"AND {name} = '_T'" for name in attribute_columns())
    found = run_sql(connection, "trend_points", all_attributes=attributes)
    names = [column[0] for column in found.description or ()]
    rows = [_trend_row(dict(zip(names, row, strict=True)), declared) for row in found.fetchall()]
    if rows:
        connection.register("trend_rows", pa.Table.from_pylist(rows))
        connection.execute("INSERT INTO out.trend BY NAME FROM trend_rows")
        connection.unregister("trend_rows")


def _trend_row(series: dict[str, Any], declared: dict[str, Source]) -> dict[str, Any]:
    years: list[int] = series.pop("years")
    points: list[float] = series.pop("points")
    breaks = set(series.pop("marked_breaks") or ())
    breaks |= {
        int(entry.period[:4])
        for entry in declared[series["source"]].breaks
        if not entry.iccs or series["iccs"] in entry.iccs
    }
    inside = sorted(year for year in breaks if years[0] < year <= years[-1])
    start, end = longest_segment(years, inside)
    trend = describe_trend(years[start:end], points[start:end])
    handling = "no break declared"
    if inside:
        handling = f"break in {', '.join(map(str, inside))}; used {trend.first_year}-{trend.last_year}"
    return {**series, **asdict(trend), "break_handling": handling, "caveats": series["caveats"] or None}
