"""Parts of years in columns of days, months or quarters beside incidents of which only the year is read.

As in tables, a column that has nothing but the first months of a year tells that its figures are not those of the year.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import duckdb

from pipelines.collect.headings.parts_of_years import YearLackingParts, part_of_year_in
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.scales_and_periods import years_lacking_parts
from pipelines.harmonise.values.dates import precision_of
from pipelines.system.connection import column_names, fetch_row, run_sql
from schemas.declarations import quote_identifier, quote_literal

_ROWS_TRIED = 2000
_MOST_DAYS = 20_000
_MOST_OTHERS = 0.01
"""The share of rows with another year in a column, as in that of a birth, beyond which it is not about this year."""


def find_parts_of_years(file: IncidentFile) -> list[list[Any]]:
    """Return, if only years are read, how many rows of each year have which part of it in an unread column.

    Returns:
        Column, year, part as in :func:`part_of_year_in`, and number of rows.
    """
    source = file.source
    if precision_of(source) != "year":
        return []
    names = [name for name in file.table.kept if name not in (*source.columns.values(), *source.id, *source.personal)]
    if not names:
        return []
    with file.connection() as connection:
        given = file.rows(file.table.kept) if file.reshape is None else file.numbered_rows()
        connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {given}")
        rows = file.reshape or "FROM raw"
        columns = _columns_of_parts(connection, rows, names)
        return [[name, *found] for name in columns for found in _count_parts(connection, file, rows, name)]


def _columns_of_parts(connection: duckdb.DuckDBPyConnection, rows: str, names: list[str]) -> list[str]:
    """Return the columns whose first rows have nothing but parts of years."""
    there = column_names(connection, rows)
    names = [name for name in names if name in there]
    if not names:
        return []
    texts = [f"trim({quote_identifier(name)}::VARCHAR)" for name in names]
    lists = ", ".join(f"list(DISTINCT {text}) FILTER ({text} <> '')" for text in texts)
    words = fetch_row(connection, f"SELECT {lists} FROM (FROM ({rows}) LIMIT {_ROWS_TRIED})")
    return [
        name
        for name, several in zip(names, words, strict=True)
        if several and all(part_of_year_in(word, name, dates=True) for word in several)
    ]


def _count_parts(connection: duckdb.DuckDBPyConnection, file: IncidentFile, rows: str, name: str) -> list[list[Any]]:
    source = file.source
    constant = source.constants.get("time_period")
    period = source.columns.get("year") or source.columns.get("time_period")
    year = quote_literal(constant) if constant else f"trim({quote_identifier(period or '')}::VARCHAR)[:4]"
    found = run_sql(
        connection,
        "harmonise/parts_of_incidents",
        year=year,
        column=quote_identifier(name),
        rows=rows,
        left_out=source.left_out,
        most=str(_MOST_DAYS),
    ).fetchall()
    parts, in_all, of_others = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    for of, word, number in found:
        part, named = part_of_year_in(word, name, dates=True), re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", word)
        in_all[of] += number
        if part is None or (named and of not in named):
            of_others[of] += number
        else:
            parts[of, part] += number
    return [
        [of, part, number]
        for (of, part), number in sorted(parts.items())
        if of_others[of] <= _MOST_OTHERS * in_all[of] and len(found) < _MOST_DAYS
    ]


def years_of_parts(facts: FileFacts) -> list[YearLackingParts]:
    """Return the years for which the columns of all partitions have only some months or quarters."""
    columns: dict[str, dict[str, dict[str, float]]] = {}
    for _, fact in facts:
        for column, year, part, rows in fact.get("parts_of_years", ()):
            of = columns.setdefault(column, {}).setdefault(year, {})
            of[part] = of.get(part, 0.0) + rows
    return [finding for column, years in columns.items() for finding in years_lacking_parts(column, years)]
