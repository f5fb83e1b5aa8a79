"""Step 8, indicators: rates with exact intervals, and the direction of every annual series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.database import run_sql
from pipelines.source import Source
from pipelines.statistics.rates import exact_limits
from pipelines.trends import Trend, describe_trends, longest_segment
from schemas.declarations import attribute_columns


def make_rates(connection: duckdb.DuckDBPyConnection, populations: dict[str, int]) -> None:
    """Fill ``out.rate`` from ``out.observation`` and ``out.population``.

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
    run_sql(connection, "rate")
    connection.unregister("poisson")
    connection.unregister("population_priority")


def make_trends(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source]) -> None:
    """Fill ``out.trend`` from ``out.rate``: one row a series, on its longest stretch without a break."""
    declared = {source.source_id: source for source in sources}
    attributes = " ".join(f"AND {name} = '_T'" for name in attribute_columns())
    found = run_sql(connection, "trend_points", all_attributes=attributes)
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if not rows:
        return
    columns: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
    years, points, marked = columns.pop("years"), columns.pop("points"), columns.pop("marked_breaks")
    breaks = [
        _breaks(declared[source], iccs, at, seen)
        for source, iccs, at, seen in zip(columns["source"], columns["iccs"], years, marked, strict=True)
    ]
    used = [slice(*longest_segment(at, inside)) for at, inside in zip(years, breaks, strict=True)]
    trends = describe_trends([(at[one], values[one]) for at, values, one in zip(years, points, used, strict=True)])
    columns |= {field.name: [getattr(trend, field.name) for trend in trends] for field in fields(Trend)}
    columns["break_handling"] = [_handling(inside, trend) for inside, trend in zip(breaks, trends, strict=True)]
    connection.register("trend_rows", pa.table(columns))
    connection.execute("INSERT INTO out.trend BY NAME FROM trend_rows")
    connection.unregister("trend_rows")


def _breaks(source: Source, iccs: str, years: list[int], marked: list[int] | None) -> list[int]:
    """Years in which a series begins anew: declared for the source, or marked in the cells."""
    declared = {int(entry.period[:4]) for entry in source.breaks if not entry.iccs or iccs in entry.iccs}
    return sorted(year for year in declared.union(marked or ()) if years[0] < year <= years[-1])


def _handling(breaks: list[int], trend: Trend) -> str:
    if not breaks:
        return "no break declared"
    return f"break in {', '.join(map(str, breaks))}; used {trend.first_year}-{trend.last_year}"
