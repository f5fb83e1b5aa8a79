"""Rates per 100,000 population with exact limits, on populations as given, interpolated, or carried back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.publish.backcasts import carry_back
from pipelines.statistics.rates import FEWEST_EVENTS, exact_limits
from pipelines.system.connection import joins_as_written, run_sql
from schemas.declarations import quote_literal, uncompared_sql
from schemas.definition.backcast import Backcast

MOST_YEARS_INTERPOLATED = 5
"""Populations up to this many years apart are interpolated linearly; the years between are marked E."""

MOST_POPULATION_DIFFERENCE = 0.02
"""Share by which two populations of the same persons may differ before a rate that mixes them has a caveat."""

NAMING_POPULATIONS = ("population_backcast", "population_interpolated", "projection")
"""Caveats of a population that its rates carry as they are, because they name the population. For all others, whose
words would be read as of the count, rates carry ``population_has_caveats``."""


def make_rates(
    connection: duckdb.DuckDBPyConnection,
    populations: dict[str, int],
    stocks: Collection[tuple[str, str, str]] = (),
    backcasts: Mapping[str, Backcast] | None = None,
) -> None:
    """Fill ``out.rate`` from ``out.observation`` and ``out.population``.

    It leaves the temporary table ``population_group`` for ``make_indicators`` and ``make_latest``.

    Args:
        connection: the warehouse being built.
        populations: priority of each population source; of those with the cell, the lowest number is used.
        stocks: source, stage and counting unit of figures that count persons on a day, which get no Poisson limits.
        backcasts: the declarations of the population sources that have one.
    """
    run_sql(connection, "publish/interpolate_population", years_apart=str(MOST_YEARS_INTERPOLATED))
    carry_back(connection, backcasts or {}, populations)
    counts = np.array([row[0] for row in run_sql(connection, "publish/poisson_counts").fetchall()], dtype=float)
    low, high = exact_limits(counts)
    connection.register("poisson", pa.table({"value": counts, "low": low, "high": high}))
    group_populations(connection, populations)
    parts: list[Sequence[str]] = [list(part) for part in zip(*sorted(stocks), strict=True)] or [[], [], []]
    columns = zip(("source", "stage", "counting_unit"), parts, strict=True)
    connection.register("stock", pa.table({name: pa.array(part, pa.string()) for name, part in columns}))
    with joins_as_written(connection):
        run_sql(connection, "publish/rate", few=str(FEWEST_EVENTS), most_difference=str(MOST_POPULATION_DIFFERENCE))
    connection.unregister("stock")
    connection.unregister("poisson")


def group_populations(connection: duckdb.DuckDBPyConnection, priorities: Mapping[str, int]) -> None:
    """Make the temporary table ``population_group`` of the populations that rates can have.

    Args:
        connection: the warehouse being built, with all populations.
        priorities: of each population source.
    """
    columns = {
        "source": pa.array(list(priorities), pa.string()),
        "priority": pa.array(list(priorities.values()), pa.int64()),
    }
    connection.register("population_priority", pa.table(columns))
    codes = ", ".join(quote_literal(code) for code in NAMING_POPULATIONS)
    run_sql(connection, "publish/population_groups", naming_populations=codes, uncompared=uncompared_sql())
    connection.unregister("population_priority")
