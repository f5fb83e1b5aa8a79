"""The rows of national tables as cells in codes, each with its disposition; nothing is dropped.

The grain is the cell. A reshape makes the tables of a layout tidy, and ``statements`` does the rest, as for incidents.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from iccs.concordance import Concordance
from pipelines.collect.definition_sql import decisive_columns, sql_limits
from pipelines.collect.failed_sql import refused_if_sql_fails
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place
from pipelines.harmonise.checks.periods import open_received
from pipelines.harmonise.controls import sum_controls
from pipelines.harmonise.judged import Counted
from pipelines.harmonise.links import checked_concordance
from pipelines.harmonise.rejected import write_rejected_cells
from pipelines.harmonise.statement_maker import make_statements
from pipelines.harmonise.statements import Statements, open_lists
from pipelines.harmonise.values.labels import Label, labels_of_cells
from pipelines.harmonise.values.numbers import create_number_macros, has_mark, number_text, write_number
from pipelines.system.connection import column_names, connect, fetch_row, joins_as_written, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from pipelines.system.sql import fill_sql
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.layouts import Layout
from schemas.definition.messages import hint
from schemas.source import Source, SourceFolder

_PARTS = ("cells", "compared", "disposed", "mapped", "rejected", "words")
NO_WORDS = "SELECT '' AS column_name, '' AS word, 0::BIGINT AS rows, 0::BIGINT AS used LIMIT 0"


@dataclass(frozen=True)
class Conformed:
    """The cells of a source as Parquet files.

    ``cells``: one row for each cell after reshaping, with its place, labels and numbers. ``compared``: properties of
    cells that only a comparison of all shows. ``disposed``: the disposition of rows, cells and counts. ``mapped``: the
    counts that went through each link. ``rejected``: one row for each cell and rule it breaks. ``words``: those by
    which the definition selects rows, and how many rows of each are used.
    """

    source_id: str
    raw: RawTable
    cells: Path
    compared: Path
    disposed: Path
    mapped: Path
    rejected: Path
    words: Path
    rows: int
    rejected_count: int
    sum_in_raw: float
    concordance: Concordance | None = field(repr=False)
    statements: Statements = field(repr=False)
    counted: Mapping[Place, Mapping[str | None, Counted]] = field(repr=False)  # the sum of the cells of each place
    sums: Mapping[int, tuple[float | None, int]] = field(repr=False)  # of what each published total covers, by control
    labels: tuple[Label, ...] = field(repr=False)

    @property
    def summary(self) -> str:
        """One line for people."""
        rejected = f", {self.rejected_count:,} rejected" if self.rejected_count else ""
        return f"{self.rows:,} cells in codes{rejected}"

    def relation(self, name: str) -> str:
        """Return the SQL of a part: tally, disposed, mapped or rejected."""
        if name == "tally":
            return f"({select_cells(self.statements, self.cells, self.compared)})"
        return f"read_parquet({quote_literal(str(getattr(self, name)))})"


def conform(folder: SourceFolder, raw: RawTable, settings: Settings, work: Path) -> Conformed:
    """Reshape the raw tables where needed, give every label its code, and judge every cell.

    Raises:
        UsageError, ConcordanceError: the declaration or the concordance is not in order.
        DataRefused: a reshape, an exclusion or the condition of a control fails, or a reshape loses rows or changes the
            sum of the counts.
    """
    source = folder.source
    paths = {name: work / f"{name}.parquet" for name in _PARTS}
    concordance = checked_concordance(folder)
    statements = make_statements(folder, concordance)
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        create_number_macros(connection, folder)
        open_lists(connection, statements)
        open_received(connection, [(file.name, file.first_seen) for file in raw.files])
        sum_in_raw, layouts = 0.0, list[str]()
        for number, (layout, tables) in enumerate(zip(source.layouts, raw.layouts, strict=True)):
            if tables:
                of_layout = _reshape(connection, folder, layout, number, tables, work)
                sum_in_raw += (
                    _take_months_apart(connection, folder, f"tidy_{number}") if source.cumulative else of_layout
                )
                _check_tidy(connection, folder, f"tidy_{number}")
                layouts.append(f"({statements.tally[number]})")
        shaped = " UNION ALL BY NAME ".join(
            f"FROM tidy_{number}" for number, tables in enumerate(raw.layouts) if tables
        )
        with refused_if_sql_fails(folder, place=(connection, f"({shaped})")), joins_as_written(connection):
            _write(connection, "\nUNION ALL BY NAME\n".join(layouts), paths["cells"])
        _compare_cells(connection, statements, paths["cells"], paths["compared"])
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW tally AS {select_cells(statements, paths['cells'], paths['compared'])}"
        )
        for name in ("disposed", "mapped"):
            _write(connection, getattr(statements, name), paths[name])
        write_rejected_cells(connection, statements, paths["disposed"], paths["rejected"])
        _write_words(connection, folder, raw, paths["words"])
        rows, rejected_count = fetch_row(
            connection,
            "SELECT (SELECT count(*) FROM tally), coalesce(sum(cells) FILTER (disposition = 'rejected'), 0)::BIGINT "
            f"FROM read_parquet({quote_literal(str(paths['disposed']))})",
        )
        counted = _count_by_place(connection)
        sums, labels = sum_controls(connection, folder, statements.conformed), labels_of_cells(connection, source)
    return Conformed(
        folder.source_id,
        raw,
        **paths,
        rows=rows,
        rejected_count=rejected_count,
        sum_in_raw=sum_in_raw,
        concordance=concordance,
        statements=statements,
        counted=counted,
        sums=sums,
        labels=tuple(labels),
    )


def _count_by_place(connection: duckdb.DuckDBPyConnection) -> dict[Place, dict[str | None, Counted]]:
    found: dict[Place, dict[str | None, Counted]] = {}
    for file, sheet, column, total, excluded in connection.execute(
        "SELECT _file, _sheet, _column, sum(number), coalesce(sum(number) FILTER (exclusion > 0), 0)::DOUBLE "
        "FROM tally GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found.setdefault((file, sheet), {})[column] = Counted(total, excluded)
    return found


def _write_words(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, target: Path) -> None:
    """Write the words that the definition uses to select rows; none if it excludes nothing."""
    columns = []
    decisive = decisive_columns(folder) if folder.source.exclusions else frozenset()
    for number, tables in enumerate(raw.layouts):
        for name in column_names(connection, f"raw_{number}") if tables and decisive else ():
            if name.lower() in decisive and not name.startswith("_"):
                columns.append({"label": quote_literal(name), "column": quote_identifier(name), "raw": f"raw_{number}"})
    _write(connection, fill_sql("harmonise/words", columns=columns) if columns else NO_WORDS, target)


def _write(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY (\n{query}\n) TO {quote_literal(str(target))} (FORMAT parquet, COMPRESSION snappy)")


def select_cells(statements: Statements, cells: Path, compared: Path) -> str:
    """Return the query for the cells of a source; the number of each, ``cell``, is its position in the file."""
    path = quote_literal(str(compared))
    known = "".join(
        f", file_row_number IN (SELECT cell FROM read_parquet({path}) WHERE known = {quote_literal(name)}) AS {name}"
        for name in statements.compared
    )
    return (
        f"SELECT file_row_number AS cell, * EXCLUDE (file_row_number){known} "
        f"FROM read_parquet({quote_literal(str(cells))}, file_row_number = true)"
    )


def _compare_cells(connection: duckdb.DuckDBPyConnection, statements: Statements, cells: Path, target: Path) -> None:
    """Write the properties of cells that only a comparison of all shows."""
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW cell_row AS SELECT file_row_number AS cell, * EXCLUDE (file_row_number) "
        f"FROM read_parquet({quote_literal(str(cells))}, file_row_number = true)"
    )
    key, unclear = ", ".join(statements.unique), "unclear" in statements.compared
    run_sql(connection, "harmonise/compared", key=key, unclear=unclear)
    _write(connection, "FROM compared", target)


def _check_places(folder: SourceFolder, name: str, columns: Collection[str]) -> None:
    if lost := [one for one in ("_file", "_sheet", "_row") if one not in columns]:
        found = f"{name}: it returns no column {', '.join(lost)}, so its rows cannot be located. Select them from raw."
        raise DataRefused([_problem("reshape_failed", folder, found)])


def _reshape(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    layout: Layout,
    number: int,
    tables: tuple[Path, ...],
    work: Path,
) -> float:
    """Create the tidy table of one layout and prove that no row was lost and no sum changed; return the raw sum."""
    files = "[" + ", ".join(quote_literal(str(path)) for path in tables) + "]"
    connection.execute(f"CREATE TEMP VIEW raw_{number} AS FROM read_parquet({files}, union_by_name = true)")
    name, tidy = folder.reshape_name(layout), f"FROM raw_{number}"
    if name is not None:
        # Written once instead of computed for each use; the planner then knows the number of rows.
        target = work / f"tidy-{number}.parquet"
        with refused_if_sql_fails(folder, name, place=(connection, f"raw_{number}")):
            # The statement says "raw"; each layout needs a raw of its own.
            _write(connection, f"WITH raw AS (FROM raw_{number}) FROM (\n{folder.reshape(layout)}\n)", target)
        tidy = f"FROM read_parquet({quote_literal(str(target))})"
        _check_places(folder, name, column_names(connection, f"({tidy})"))
    if "_column" not in column_names(connection, f"({tidy})"):
        tidy = f"SELECT *, NULL::VARCHAR AS _column {tidy}"
    received = f"SELECT tidy.*, received.day AS _received FROM ({tidy}) AS tidy LEFT JOIN received ON file = tidy._file"
    connection.execute(f"CREATE TEMP VIEW tidy_{number} AS {received}")
    value = _value_expression(folder.source)
    if "value" in folder.source.columns:
        _find_column(folder, "value", column_names(connection, f"tidy_{number}"))
    if name is None:
        (total,) = fetch_row(connection, f"SELECT sum(to_count({value})) FROM raw_{number}")
        return float(total or 0)
    if "value" in folder.source.constants:
        sum_raw = f"(SELECT coalesce(sum(to_count({value})), 0) FROM raw_{number})"
    else:
        # A layout without conserve was refused already, see SourceFolder.
        matching = f"SELECT COLUMNS({quote_literal(layout.conserve or '')}) FROM raw_{number} LIMIT 0"
        with refused_if_sql_fails(folder, f"conserve {layout.conserve!r}", "declaration_invalid"):
            connection.execute(matching).fetchall()
        cells = f"SELECT unnest([*COLUMNS({quote_literal(layout.conserve or '')})]) AS cell FROM raw_{number}"
        sum_raw = f"(SELECT coalesce(sum(to_raw_count(cell)), 0) FROM ({cells}))"
    parts = {"raw": f"raw_{number}", "tidy": f"tidy_{number}", "value": value, "sum_raw": sum_raw}
    ((rows_raw, rows_tidy, before, after),) = run_sql(connection, "harmonise/check_reshape", **parts).fetchall()
    if rows_raw != rows_tidy:
        found = f"{rows_raw:,} raw rows went in, but {name} returned {rows_tidy:,} different ones."
        raise DataRefused([_problem("reshape_lost_rows", folder, found)])
    if abs(before - after) > 1e-9 * max(abs(before), 1):
        raise DataRefused([_sum_changed(connection, folder, layout, number, before, after)])
    return float(before)


def _take_months_apart(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tidy: str) -> float:
    """Turn running sums of a tidy table into monthly figures; return their total, the sum of each year's last month.

    Raises:
        DataRefused: the month before has no figure, so that a month's own cannot be computed.
    """
    source = folder.source
    present = column_names(connection, tidy)
    for dimension in source.columns:
        _find_column(folder, dimension, present)
    named = [
        quote_identifier(source.columns[name])
        for name in source.columns
        if name not in ("value", "obs_status", "time_period", "national_label")
    ]
    value, period = quote_identifier(source.columns["value"]), quote_identifier(source.columns["time_period"])
    marks = " ".join(f"WHEN {has_mark(value, mark)} THEN {quote_literal(mark)}" for mark in source.marks)
    parts = {
        "tidy": tidy,
        "value": value,
        "period": period,
        "keys": "".join(f"{name}, " for name in named),
        "start": str(int(source.cumulative) - 1) if isinstance(source.cumulative, str) else "0",
    }
    (total,) = run_sql(connection, "harmonise/sum_so_far", **parts).fetchall()[0]
    alone = fill_sql(
        "harmonise/single_months",
        **parts,
        mark=f"|| CASE {marks} ELSE '' END" if marks else "",
        difference=write_number('"count so far" - "count before"', source),
    )
    connection.execute(f"CREATE TEMP TABLE months_of_{tidy} AS {alone}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {tidy} AS SELECT * EXCLUDE (_gap) FROM months_of_{tidy}")
    gap = connection.execute(
        f"SELECT _file, _sheet, _row, {period}, count(*) OVER () FROM months_of_{tidy} WHERE _gap "
        f"AND NOT ({source.left_out}) ORDER BY _file, _row LIMIT 1"
    ).fetchone()
    if gap is not None:
        file, sheet, row, month, cells = gap
        months = "month has" if cells == 1 else "months have"
        found = f"{cells:,} {months} a cumulative figure, but the month before has none."
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
    """The problem of a reshape that changed the sum of the counts, with the first raw cell that could not be read."""
    found = (
        f"The counts add up to {number_text(before)} before {folder.reshape_name(layout)} and to {number_text(after)} "
        "after it."
    )
    times = after / before if before else 0
    if times >= 10 and abs(times - 10 ** round(math.log10(times))) <= 1e-9 * times:
        shift = 10 ** round(math.log10(times))
        found += f" That is {shift:,} times as much: leave the unit unchanged there, and write multiply: {shift}."
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
        f" {cells:,} of the raw cells under conserve are not numbers in the declared format (thousands, decimal, "
        "marks, and the labels in values.csv), so their counts are not in the first sum."
    )
    return replace(
        _problem("reshape_changed_sum", folder, found), file=file, sheet=sheet, row=row, column=column, value=value
    )


def _value_expression(source: Source) -> str:
    """The column that holds the count, or the constant 1 for a file in which each row is one event."""
    return (
        quote_identifier(source.columns["value"])
        if "value" in source.columns
        else quote_literal(source.constants["value"])
    )


def _problem(rule: str, folder: SourceFolder, found: str) -> Problem:
    return Problem(rule=rule, source=folder.source_id, found=found)


def _find_column(folder: SourceFolder, dimension: str, present: list[str]) -> None:
    """Refuse a source whose ``columns`` names a column that the table, after any reshape, does not have."""
    column = folder.source.columns[dimension]
    if column not in present:
        shown = [name for name in present if not name.startswith("_")]
        found = f"columns.{dimension}: the table has no column {column!r}{hint(column, shown)}."
        raise DataRefused([_problem("declaration_invalid", folder, found)])


def _check_tidy(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tidy: str) -> None:
    """Check that the columns declared exist after the reshape, and that its conditions are valid."""
    present = column_names(connection, tidy)
    for item in folder.source.exclusions:
        with refused_if_sql_fails(folder, f"exclusions: {item.rule}", "declaration_invalid"):
            connection.execute(f"SELECT {item.where} FROM {tidy} LIMIT 0").fetchall()
    for dimension in folder.source.columns:
        _find_column(folder, dimension, present)
