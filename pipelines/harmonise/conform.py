"""Step 3, conform: source labels -> our codes, cell by cell; nothing is dropped, unreadable cells are reported."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.harmonise.dates import OUR_FORMS, first_year, parse_period
from pipelines.harmonise.numbers import create_number_macros, has_mark, number_text, write_number
from pipelines.system.connection import connect, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from pipelines.system.sql import fill_sql
from schemas.area_names import names_of_areas
from schemas.codelists import load_areas, parse_age, valid_codes
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.source import Layout, Source, SourceFolder, StatusOfValue
from schemas.source_messages import hint

# What a declared SELECT or condition raises on text that it cannot compute with; our own SQL returns NULL instead.
_NOT_COMPUTABLE = (duckdb.DataError, duckdb.InvalidInputException)
_TEXT_COLUMNS = ("national_code", "national_label", "time_period")


@dataclass(frozen=True)
class Conformed:
    """Result of step 3: two Parquet files.

    ``cells``: one row for each cell after reshaping, in codes, with the exclusion rule where one applies.
    ``rejected``: one row for each cell and rule it breaks: cell, _file, _sheet, _row, rule, column, value.
    """

    source_id: str
    cells: Path
    rejected: Path
    rows: int
    rejected_count: int
    sum_in_raw: float
    raw: RawTable

    @property
    def summary(self) -> str:
        """One line for people."""
        rejected = f", {self.rejected_count:,} rejected" if self.rejected_count else ""
        return f"{self.rows:,} cells in codes{rejected}"


def conform(folder: SourceFolder, raw: RawTable, settings: Settings, work: Path) -> Conformed:
    """Reshape the raw tables where needed, and give every label its code.

    Raises:
        DataRefused: reshape.sql or an exclusion fails, or a reshape loses rows or changes the sum of the counts.
    """
    source = folder.source
    cells, rejected = work / "cells.parquet", work / "rejected.parquet"
    with connect(settings) as connection:
        create_number_macros(connection, folder)
        register_words(connection, folder)
        sum_in_raw = 0.0
        tidy = []
        for number, (layout, paths) in enumerate(zip(source.layouts, raw.layouts, strict=True)):
            if paths:
                sum_of_layout = _reshape(connection, folder, layout, number, paths)
                if source.cumulative:
                    sum_of_layout = _take_months_apart(connection, folder, f"tidy_{number}")
                sum_in_raw += sum_of_layout
                tidy.append(f"SELECT {_word_columns(connection, folder, f'tidy_{number}')} FROM tidy_{number}")
        try:
            _write_cells(connection, source, " UNION ALL BY NAME ".join(tidy), cells)
        except _NOT_COMPUTABLE as error:
            found = f"a reshape, or a condition under exclusions: {_first_line(error)}"
            raise DataRefused([_problem("reshape_failed", folder, found)]) from error
        open_cells(connection, cells)
        _reject(connection, source)
        run_sql(connection, "harmonise/write_rejected", target=quote_literal(str(rejected)))
        (rows,) = fetch_row(connection, "SELECT count(*) FROM cells")
        (rejected_count,) = fetch_row(connection, "SELECT count(DISTINCT cell) FROM rejected")
    return Conformed(folder.source_id, cells, rejected, rows, rejected_count, sum_in_raw, raw)


def open_cells(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create the view ``cells`` of a source's cells; the number of each, ``cell``, is its position in the file."""
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW cells AS SELECT file_row_number AS cell, * EXCLUDE (file_row_number) "
        f"FROM read_parquet({quote_literal(str(path))}, file_row_number = true)"
    )


def _reshape(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, layout: Layout, number: int, paths: tuple[Path, ...]
) -> float:
    """Create the tidy table of one layout and prove that no row was lost and no sum changed; return the raw sum."""
    files = "[" + ", ".join(quote_literal(str(path)) for path in paths) + "]"
    connection.execute(f"CREATE TEMP VIEW raw_{number} AS FROM read_parquet({files}, union_by_name = true)")
    name = folder.reshape_name(layout)
    # The statement says "raw"; a view is bound when it is read, so each layout needs a raw of its own.
    statement = f"WITH raw AS (FROM raw_{number}) FROM (\n{folder.reshape(layout) or 'FROM raw'}\n)"
    try:
        connection.execute(f"CREATE TEMP VIEW tidy_{number} AS {statement}")
        connection.execute(f"SELECT 1 FROM tidy_{number} LIMIT 1").fetchall()
    except duckdb.Error as error:
        raise DataRefused([_problem("reshape_failed", folder, f"{name}: {error}")]) from error
    value = _value_expression(folder.source)
    if "value" in folder.source.columns:
        _find_column(folder, "value", _columns_of(connection, f"tidy_{number}"))
    if name is None:
        (total,) = fetch_row(connection, f"SELECT sum(to_count({value})) FROM raw_{number}")
        return float(total or 0)
    if "value" in folder.source.constants:
        sum_raw = f"(SELECT coalesce(sum(to_count({value})), 0) FROM raw_{number})"
    else:
        # A layout without conserve was refused already, see SourceFolder.
        matching = f"SELECT COLUMNS({quote_literal(layout.conserve or '')}) FROM raw_{number} LIMIT 0"
        _try(connection, folder, f"conserve {layout.conserve!r}", matching)
        cells = f"SELECT unnest([*COLUMNS({quote_literal(layout.conserve or '')})]) AS cell FROM raw_{number}"
        sum_raw = f"(SELECT coalesce(sum(to_raw_count(cell)), 0) FROM ({cells}))"
    parts = {"raw": f"raw_{number}", "tidy": f"tidy_{number}", "value": value, "sum_raw": sum_raw}
    try:
        ((rows_raw, rows_tidy, before, after),) = run_sql(connection, "harmonise/check_reshape", **parts).fetchall()
    except _NOT_COMPUTABLE as error:
        raise DataRefused([_problem("reshape_failed", folder, f"{name}: {_first_line(error)}")]) from error
    if rows_raw != rows_tidy:
        found = f"{rows_raw:,} raw rows went in, but {name} returned {rows_tidy:,} different ones."
        raise DataRefused([_problem("reshape_lost_rows", folder, found)])
    if abs(before - after) > 1e-9 * max(abs(before), 1):
        raise DataRefused([_sum_changed(connection, folder, layout, number, before, after)])
    return float(before)


def _take_months_apart(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tidy: str) -> float:
    """Give each month of a tidy table its own figure, and return what the table counts: the last months of its years.

    Raises:
        DataRefused: a month whose month before has no figure, so that its own cannot be known.
    """
    source = folder.source
    present = _columns_of(connection, tidy)
    for dimension in source.columns:
        _find_column(folder, dimension, present)
    named = [
        quote_identifier(source.columns[name])
        for name in source.columns
        if name not in ("value", "obs_status", "time_period", "national_label")
    ]
    value, period = quote_identifier(source.columns["value"]), quote_identifier(source.columns["time_period"])
    marks = " ".join(f"WHEN {has_mark(value, mark)} THEN {quote_literal(mark)}" for mark in source.marks)
    parts = {"tidy": tidy, "value": value, "period": period, "keys": "".join(f"{name}, " for name in named)}
    (total,) = run_sql(connection, "harmonise/sum_so_far", **parts).fetchall()[0]
    alone = fill_sql(
        "harmonise/single_months",
        **parts,
        mark=f"|| CASE {marks} ELSE '' END" if marks else "",
        difference=write_number('"count so far" - "count before"', source),
    )
    connection.execute(f"CREATE TEMP TABLE months_of_{tidy} AS {alone}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {tidy} AS SELECT * EXCLUDE (_gap) FROM months_of_{tidy}")
    left_out = " OR ".join(f"coalesce(({item.where}), false)" for item in source.exclusions) or "false"
    gap = connection.execute(
        f"SELECT _file, _sheet, _row, {period}, count(*) OVER () FROM months_of_{tidy} WHERE _gap AND NOT ({left_out}) "
        "ORDER BY _file, _row LIMIT 1"
    ).fetchone()
    if gap is not None:
        file, sheet, row, month, cells = gap
        found = f"{cells:,} months have a figure of the year so far, and the month before has none."
        column = source.columns["time_period"]
        place = {"file": file, "sheet": sheet, "row": row, "column": column, "value": month}
        raise DataRefused([replace(_problem("cumulative_gap", folder, found), **place)])
    return float(total)


def _sum_changed(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    layout: Layout,
    number: int,
    before: float,
    after: float,
) -> Problem:
    """The problem of a reshape that changed the sum of the counts: with the first raw cell that could not be read."""
    found = (
        f"The counts add up to {number_text(before)} before {folder.reshape_name(layout)} and to {number_text(after)} "
        "after it."
    )
    times = after / before if before else 0
    if times >= 10 and abs(times - 10 ** round(math.log10(times))) <= 1e-9 * times:
        shift = 10 ** round(math.log10(times))
        found += f" That is {shift:,} times as much: leave the unit as it is there, and write multiply: {shift}."
    unread = run_sql(
        connection,
        "harmonise/unread_counts",
        raw=f"raw_{number}",
        conserve=quote_literal(layout.conserve or ""),
    ).fetchone()
    if unread is None:
        return _problem("reshape_changed_sum", folder, found)
    file, sheet, row, column, value, cells = unread
    found += (
        f" {cells:,} of the raw cells under conserve are no numbers as source.yml declares them (thousands, decimal, "
        "marks, and the words of values.csv), so their counts are not in the first sum."
    )
    return replace(
        _problem("reshape_changed_sum", folder, found), file=file, sheet=sheet, row=row, column=column, value=value
    )


def _value_expression(source: Source) -> str:
    """The column that holds the count, or the constant 1 of a file in which each row is one."""
    return (
        quote_identifier(source.columns["value"])
        if "value" in source.columns
        else quote_literal(source.constants["value"])
    )


def _try(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, field: str, statement: str) -> None:
    """Run SQL that a person declared, so that a mistake in it is reported as theirs."""
    try:
        connection.execute(statement).fetchall()
    except duckdb.Error as error:
        found = f"{field}: {_first_line(error)}"
        raise DataRefused([_problem("declaration_invalid", folder, found)]) from error


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]


def _problem(rule: str, folder: SourceFolder, found: str) -> Problem:
    return Problem(rule=rule, source=folder.source_id, found=found)


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]


def _find_column(folder: SourceFolder, dimension: str, present: list[str]) -> None:
    """Refuse a source whose ``columns`` names one that the table, reshaped where it is, does not have."""
    column = folder.source.columns[dimension]
    if column not in present:
        shown = [name for name in present if not name.startswith("_")]
        found = f"columns.{dimension}: the table has no column {column!r}{hint(column, shown)}."
        raise DataRefused([_problem("declaration_invalid", folder, found)])


def _word_columns(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tidy: str) -> str:
    """Return the select list that gives each of our columns in the source's words."""
    source = folder.source
    present = _columns_of(connection, tidy)
    parts = ["_file", "_sheet", "_row", f"{'_column' if '_column' in present else 'NULL'}::VARCHAR AS _column"]
    for item in source.exclusions:
        _try(connection, folder, f"exclusions: {item.rule}", f"SELECT {item.where} FROM {tidy} LIMIT 0")
    for dimension, column in source.columns.items():
        _find_column(folder, dimension, present)
        parts.append(f"trim(coalesce({quote_identifier(column)}::VARCHAR, '')) AS {dimension}_word")
    if "ref_area" not in source.columns:
        parts.append(f"{quote_literal(source.constants['ref_area'])} AS ref_area_word")
    if "value" not in source.columns:
        parts.append(f"{_value_expression(source)} AS value_word")
    rules = " ".join(f"WHEN ({item.where}) THEN {quote_literal(item.rule)}" for item in source.exclusions)
    parts.append(f"{f'CASE {rules} END' if rules else 'NULL::VARCHAR'} AS exclusion")
    return ", ".join(parts)


def area_words(folder: SourceFolder) -> set[tuple[str, str]]:
    """Return the areas a source may name: (its code in the source's scheme, our code)."""
    scheme = folder.source.area_scheme
    if scheme == "name":
        names = folder.source.area_names
        return set(names_of_areas(names.languages, names.of) if names else names_of_areas())
    if scheme == "code":
        return {(area.code, area.code) for area in load_areas()}
    return {(other, area.code) for area in load_areas() for name, other in area.schemes if name == scheme}


def register_words(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Create the tables ``word`` (dimension, word, code) of a source and ``area`` (code, level)."""
    words = list(folder.words)
    for dimension, word, code in words:
        if dimension != "age_unit":
            _check_code(folder, dimension, word, code)
    given = {word for dimension, word, _ in words if dimension == "ref_area"}
    words += [("ref_area", word, code) for word, code in sorted(area_words(folder)) if word not in given]
    columns = list(zip(*words, strict=True)) if words else [(), (), ()]
    names = ("dimension", "word", "code")
    connection.register(
        "word_list",
        pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}),
    )
    connection.register(
        "area_list",
        pa.table(
            {
                "code": pa.array([area.code for area in load_areas()], pa.string()),
                "level": pa.array([area.level for area in load_areas()], pa.string()),
            }
        ),
    )
    connection.execute("CREATE TEMP TABLE word AS FROM word_list; CREATE TEMP TABLE area AS FROM area_list")


def _check_code(folder: SourceFolder, dimension: str, word: str, code: str) -> None:
    """A code in values.csv must be one of ours; a mistake there would affect every cell."""
    if dimension == "age":
        try:
            parse_age(code)
        except ValueError as error:
            found = f"values.csv: age {word!r}: {error}."
            raise DataRefused([_problem("declaration_invalid", folder, found)]) from error
        return
    valid: frozenset[str] | None
    if dimension == "ref_area":
        valid = frozenset(area.code for area in load_areas())
    elif dimension == "measure":
        valid = frozenset(folder.source.measures)
    else:
        valid = valid_codes("obs_status" if dimension == "value" else dimension)
    if valid is not None and code not in valid:
        found = f"values.csv: {dimension} {word!r} has the unknown code {code!r}{hint(code, valid)}."
        raise DataRefused([_problem("declaration_invalid", folder, found)])


def _write_cells(connection: duckdb.DuckDBPyConnection, source: Source, tidy: str, target: Path) -> None:
    select, joins = [], []
    for dimension in ("ref_area", *breakdown_columns(), "flag"):
        column = "obs_status" if dimension == "flag" else dimension
        if column in source.columns:
            joins.append(
                f"LEFT JOIN word AS {dimension}_list ON {dimension}_list.dimension = '{column}' "
                f"AND {dimension}_list.word = words.{column}_word"
            )
            select.append(f"{dimension}_list.code AS {dimension}")
        elif dimension == "flag" and source.marks:
            cases = [
                f"WHEN {has_mark('words.value_word', mark)} THEN {quote_literal(code)}"
                for mark, code in source.marks.items()
            ]
            select.append(
                f"CASE {' '.join(cases)} ELSE {quote_literal(source.constants.get('obs_status', 'A'))} END AS flag"
            )
        else:
            default = "A" if dimension == "flag" else "_T"
            select.append(f"{quote_literal(source.constants.get(column, default))} AS {dimension}")
    for name in _TEXT_COLUMNS:
        word = f"words.{name}_word" if name in source.columns else quote_literal(source.constants.get(name, ""))
        if name == "time_period" and source.year_starts is not None:
            word = first_year(word)
        select.append(f"{word} AS {name}")
    only = next(iter(source.measures))
    select.append(f"{'words.measure_word' if 'measure' in source.columns else quote_literal(only)} AS measure")
    stages = " ".join(
        f"WHEN {quote_literal(name)} THEN {quote_literal(m.stage)}" for name, m in source.measures.items()
    )
    units = " ".join(
        f"WHEN {quote_literal(name)} THEN {quote_literal(m.counting_unit)}" for name, m in source.measures.items()
    )
    run_sql(
        connection,
        "harmonise/cells",
        tidy=tidy,
        freq=parse_period("time_period", OUR_FORMS if source.year_starts is None else ("YYYY",))[1],
        of_value=", ".join(quote_literal(code) for code in get_args(StatusOfValue)),
        select=", ".join(select),
        joins=" ".join(joins),
        stages=stages,
        units=units,
        target=quote_literal(str(target)),
    )


def _reject(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    words = [name for name in breakdown_columns() if name in source.columns]
    unknown = {name: f"{name} IS NULL" for name in words}
    if "obs_status" in source.columns:
        unknown["obs_status"] = "flag IS NULL AND value_status IS NULL"
    selects = [
        f"SELECT cell, 'unknown_word' AS rule, {quote_literal(source.columns[name])} AS column_name, "
        f"{name}_word AS bad_value FROM suspect WHERE {condition} UNION ALL"
        for name, condition in unknown.items()
    ]
    key = [f"{name}_word" for name in source.columns if name not in ("value", "obs_status", "national_label")]
    run_sql(
        connection,
        "harmonise/reject",
        any_unknown=" ".join(f"OR ({condition})" for condition in unknown.values()),
        unknown_words=" ".join(selects),
        area_column=quote_literal(source.columns.get("ref_area", "ref_area")),
        measure_column=quote_literal(source.columns.get("measure", "measure")),
        period_column=quote_literal(source.columns.get("time_period", "time_period")),
        value_column=quote_literal(source.columns.get("value", "value")),
        whole="true" if source.whole_numbers else "false",
        marks_open="true" if source.marks_are_open else "false",
        status_column=quote_literal(source.columns.get("obs_status", "obs_status")),
        status_word="obs_status_word" if "obs_status" in source.columns else "''",
        unique="true" if source.rows == "cells" else "false",
        key=", ".join(key),
    )
