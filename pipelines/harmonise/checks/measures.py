"""Two measures that would be published as one figure."""

from __future__ import annotations

from itertools import combinations

import duckdb

from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_literal
from schemas.source import SourceFolder


def check_measures(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: str) -> Outcome:
    """Refuse two measures with one stage and counting unit that both have figures of one country and period.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows, cell or incident: of incidents no rows are named.

    Raises:
        DataRefused: there are two such measures.
    """
    measures = folder.source.measures
    alike = [
        (one, other)
        for one, other in combinations(measures, 2)
        if (measures[one].stage, measures[one].counting_unit, measures[one].figures)
        == (measures[other].stage, measures[other].counting_unit, measures[other].figures)
        and measures[one].figures in ("count", "stock")
    ]
    problems = []
    for one, other in alike:
        found = run_sql(
            connection,
            "harmonise/measures_alike",
            one=quote_literal(one),
            other=quote_literal(other),
            place="other._file, other._row" if grain == "cell" else "NULL AS _file, NULL AS _row",
        ).fetchone()
        if found is not None:
            problems.append(_measures_alike(folder, one, other, *found))
    if problems:
        raise DataRefused(problems)
    return Outcome("measures_alike", "passed" if len(measures) > 1 else "not applicable", len(alike), 0)


def _measures_alike(
    folder: SourceFolder, one: str, other: str, area: str, period: str, file: str | None, row: int | None
) -> Problem:
    measure = folder.source.measures[one]
    return Problem(
        rule="measures_alike",
        source=folder.source_id,
        file=file,
        row=row,
        column=folder.source.columns.get("measure", "measure"),
        value=other,
        found=f"The measures {one!r} and {other!r} both have the stage {measure.stage} and the counting unit "
        f"{measure.counting_unit}, and both have figures of {area} in {period}.",
    )
