"""Tables of records -> a table of estimates with their errors; what is from too few records is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.harmonise.survey.estimates_folder import ALL, CONFIDENCE_PERCENT, WITHHELD, group_columns
from pipelines.harmonise.survey.hiding import hide_more
from pipelines.harmonise.survey.replicates import sum_replicates
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.sql import fill_sql
from schemas.declarations import quote_literal
from schemas.definition.measures import PER_UNIT, Measure
from schemas.definition.survey import UNIT_COUNTS, Survey
from schemas.source import Source, SourceFolder


def write_estimates(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, survey: Survey, target: Path) -> int:
    """Write the table of estimates, as text, to a Parquet file; return how many are from too few records."""
    source, groups = folder.source, group_columns(folder.source)
    parts = {"groups": groups, "all": quote_literal(ALL), "sets": _grouping_sets(source)}
    run_sql(connection, "harmonise/survey_psu_units", **parts)
    run_sql(connection, "harmonise/survey_psu_events", **parts)
    _check_sum(connection, folder)
    connection.register("survey_measure", _measure_table(source.measures))
    connection.register("survey_quantile", _quantile_table(connection, source.measures, survey))
    smallest = str(survey.smallest_sample)
    if survey.replicates is None:
        run_sql(connection, "harmonise/survey_estimates", groups=groups, smallest=smallest)
    else:
        sum_replicates(connection, **parts)
        made = {"number": str(survey.replicates.number), "factor": repr(survey.replicates.factor)}
        run_sql(connection, "harmonise/replicate_estimates", groups=groups, smallest=smallest, **made)
    connection.register("survey_hidden", _hidden_table(connection, groups))
    query = fill_sql(
        "harmonise/survey_estimates_as_text",
        groups=groups,
        hidden=quote_literal(WITHHELD),
        file=quote_literal("estimates from the records"),
    )
    connection.execute(f"COPY (\n{query}\n) TO {quote_literal(str(target))} (FORMAT parquet)")
    (few,) = fetch_row(connection, "SELECT count(*) FROM survey_estimate WHERE withheld")
    return int(few)


def _hidden_table(connection: duckdb.DuckDBPyConnection, groups: list[str]) -> pa.Table:
    """Return the groups of each period and national code whose estimates are withheld, for all measures."""
    keys = ", ".join(("time_period", "national_code", *groups))
    rows = connection.execute(
        f"SELECT {keys}, min(records), bool_or(withheld) FROM survey_estimate GROUP BY {keys} ORDER BY {keys}"
    ).fetchall()
    tables: dict[tuple[str, str], tuple[dict[tuple[str, ...], int], set[tuple[str, ...]]]] = {}
    for period, code, *group, records, is_few in rows:
        known, few = tables.setdefault((period, code), ({}, set()))
        known[tuple(group)] = records
        few.update([tuple(group)] if is_few else [])
    hidden = [(*key, *cell) for key, (known, few) in tables.items() for cell in sorted(hide_more(known, few, ALL))]
    names = ["time_period", "national_code", *groups]
    return pa.table({name: pa.array([row[at] for row in hidden], pa.string()) for at, name in enumerate(names)})


def _grouping_sets(source: Source) -> list[str]:
    """Return the groups to estimate, with all margins of each breakdown: lists of columns that begin with a comma."""
    places = [("ref_area",), ()] if "ref_area" in source.columns else [()]
    sets = {
        (*place, *margin)
        for place in places
        for breakdown in source.breakdowns
        for margin in chain.from_iterable(combinations(breakdown.by, size) for size in range(len(breakdown.by) + 1))
    }
    return sorted("".join(f", {name}" for name in one) for one in sets)


def _measure_table(measures: Mapping[str, Measure]) -> pa.Table:
    return pa.table(
        {
            "measure": list(measures),
            "of_units": [one.counting_unit in UNIT_COUNTS for one in measures.values()],
            "most": pa.array([100.0 if one.unit == "percent" else None for one in measures.values()], pa.float64()),
            "per": pa.array([PER_UNIT.get(one.unit) for one in measures.values()], pa.float64()),
        }
    )


def _quantile_table(connection: duckdb.DuckDBPyConnection, measures: Mapping[str, Measure], survey: Survey) -> pa.Table:
    """Return, for each measure and period, the distance of a limit in standard errors by Student's t.

    The degrees of freedom are primary sampling units less strata, or replicates less one.
    """
    from scipy.special import stdtrit  # late: it takes as long to load as a small survey

    periods = connection.execute(
        "SELECT time_period, count(DISTINCT (stratum, psu)) - count(DISTINCT stratum) FROM psu_units GROUP BY ALL"
    ).fetchall()
    if survey.replicates is not None:
        known = survey.replicates.degrees_of_freedom or survey.replicates.number - 1
        periods = [(period, known) for period, _ in periods]
    rows = [
        (name, period, float(stdtrit(freedom, 0.5 + (one.confidence_percent or CONFIDENCE_PERCENT) / 200)))
        for name, one in measures.items()
        for period, freedom in periods
    ]
    names = ("measure", "time_period", "quantile")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _check_sum(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Check that the weighted events of all primary sampling units equal those of the records, added up separately."""
    groups = group_columns(folder.source)
    everything = " AND ".join(f"{name} = {quote_literal(ALL)}" for name in groups) or "true"
    records, units, events, weights = fetch_row(
        connection,
        "SELECT (SELECT coalesce(sum(times * weight), 0) FROM survey_event), "
        "(SELECT coalesce(sum(weight), 0) FROM sampled_unit), "
        f"(SELECT coalesce(sum(events), 0) FROM psu_events WHERE {everything}), "
        f"(SELECT coalesce(sum(units), 0) FROM psu_units WHERE {everything})",
    )
    for what, before, after in (("events", records, events), ("units", units, weights)):
        if abs(before - after) > 1e-9 * max(abs(before), 1):
            found = f"The weighted {what} add up to {before:,.6g} in the records and to {after:,.6g} in the estimates."
            raise DataRefused([Problem("reconciliation_closes", folder.source_id, found)])
