"""Rows that are the total of other rows: by their code, or by their figures, whatever code they were given.

Only parts may be added up. A total row whose area is blank and filled from the row above, or whose label was given the
code of a region, would be counted in that region and again in the country.
"""

from __future__ import annotations

import duckdb

from pipelines.harmonise.statements import Grain
from pipelines.system.connection import column_names, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import breakdown_columns, quote_literal
from schemas.source import Source, SourceFolder

_LEAST_ROWS = 4
_LEAST_VALUE = 20
_LEAST_TOTALS = 5
_LEAST_SHARE = 0.95
"""The smallest number of rows of a figure, and the smallest total, that are judged; in how many figures, and in what
share of all, one row must be the total. The largest of four numbers is hardly ever the sum of the others by chance."""
_KEYS = ("measure", "national_code", "iccs", "time_period", *breakdown_columns())


def check_total_rows(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> None:
    """Refuse a table in which the rows of one area are the totals of all rows.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows; an incident is never a total.

    Raises:
        DataRefused: in nearly all figures, the row of one area has as much as all others together.
    """
    if grain != "cell" or "ref_area" not in folder.source.columns:
        return
    columns = column_names(connection, "core")
    found = run_sql(
        connection,
        "harmonise/total_rows",
        keys=", ".join(name for name in _KEYS if name in columns),
        least_rows=str(_LEAST_ROWS),
        least_value=str(_LEAST_VALUE),
    ).fetchall()
    for area, totals, figures, different, place in found:
        if min(totals, different) >= _LEAST_TOTALS and totals >= _LEAST_SHARE * figures:
            text = (
                f"In {totals:,} of {figures:,} figures, a row read as {area} has as much as all others together: it is "
                "their total, and counted twice. Its label may be blank and filled from the row above, or have the "
                "code of a region in values.csv."
            )
            column = folder.source.columns["ref_area"]
            raise DataRefused(
                [
                    Problem(
                        "total_beside_parts",
                        folder.source_id,
                        text,
                        place["file"],
                        place["sheet"],
                        place["row"],
                        column,
                    )
                ]
            )


def check_totals_beside_parts(connection: duckdb.DuckDBPyConnection, source: Source, relation: str) -> Outcome:
    """Refuse observations with a total and its parts over one dimension in the same table.

    This includes dimensions without a breakdown, as the rows of a file are added up in any case. If each row is a cell,
    a total is a cell of its own, and is set apart when totals are made, see ``pipelines.tabulate.aggregate``.
    """
    if source.rows == "cells":
        return Outcome.not_applicable("total_beside_parts")
    checked = 0
    problems = []
    asked_for = {name for breakdown in source.breakdowns for name in breakdown.by}
    for name in sorted(asked_for | set(source.columns) & set(breakdown_columns())):
        checked += 1
        total = quote_literal(source.totals.get(name, "_T"))
        for measure, file, row in connection.execute(
            f"SELECT measure, arg_min(_file, _row) FILTER ({name} = {total}), min(_row) FILTER ({name} = {total}) "
            f"FROM {relation} GROUP BY measure HAVING bool_or({name} = {total}) AND bool_or({name} <> {total})"
        ).fetchall():
            problems.append(
                Problem(
                    rule="total_beside_parts",
                    source=source.source_id,
                    file=file,
                    row=row,
                    column=source.columns.get(name, name),
                    found=f"The measure {measure!r} has totals and parts by {name} in the same table.",
                )
            )
    if problems:
        raise DataRefused(problems)
    return Outcome.of_refusal("total_beside_parts", checked)
