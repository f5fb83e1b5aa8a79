"""Checks on measures: two that would be published as one figure, and stocks that would be added up over time."""

from __future__ import annotations

from itertools import combinations

import duckdb

from pipelines.harmonise.statements import Grain
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_literal
from schemas.source import Source, SourceFolder

_PERIOD = {
    "A": "left(CAST(time_period AS VARCHAR), 4)",
    "Q": "left(CAST(time_period AS VARCHAR), 5) || 'Q' "
    "|| ((CAST(right(CAST(time_period AS VARCHAR), 2) AS INTEGER) + 2) // 3)",
}
"""The year or quarter in which the period of an observation is."""


def check_measures(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> Outcome:
    """Refuse two measures with one stage and counting unit that both have figures of one country and period.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows; for incidents no row is named.

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
    return (
        Outcome("measures_alike", "passed", len(alike), 0)
        if len(measures) > 1
        else Outcome.not_applicable("measures_alike")
    )


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


def measures_of_stocks(source: Source) -> list[str]:
    """Return the measures that count persons on a day; populations are stocks too, whatever their measure is called."""
    return [
        name
        for name, measure in source.measures.items()
        if measure.figures == "stock" or (source.kind == "population" and measure.figures == "count")
    ]


def check_stocks(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> Outcome:
    """Refuse stocks of several days that would be added up to a year or quarter: they count the same persons again.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows; for incidents no row is named.

    Raises:
        DataRefused: a breakdown asks for longer periods than those of the stock.
    """
    source = folder.source
    problems = []
    checked = 0
    for name in measures_of_stocks(source):
        for freq in sorted({one.freq for one in source.breakdowns if not one.measures or name in one.measures} - {"M"}):
            checked += 1
            found = run_sql(
                connection,
                "harmonise/stocks_of_periods",
                measure=quote_literal(name),
                period=_PERIOD[freq],
                freq=quote_literal(freq),
                place="arg_min(_file, _row), min(_row)" if grain == "cell" else "NULL, NULL",
            ).fetchone()
            if found is not None:
                problems.append(_stock_added_up(folder, name, *found))
    if problems:
        raise DataRefused(problems)
    return Outcome.of_refusal("stock_added_up", checked)


def _stock_added_up(
    folder: SourceFolder, name: str, area: str, period: str, days: int, file: str | None, row: int | None
) -> Problem:
    return Problem(
        rule="stock_added_up",
        source=folder.source_id,
        file=file,
        row=row,
        column=folder.source.columns.get("time_period", "time_period"),
        found=f"The measure {name!r} counts persons on a day, and has figures of {days:,} days of {period} in {area}: "
        f"they are no figure of {period} together.",
    )
