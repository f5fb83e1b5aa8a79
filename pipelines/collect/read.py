"""Read: raw file + reading options -> table of text with the source's own labels, row numbers kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.collect.acquire import Acquired, RawFile
from pipelines.collect.decode import check_start, refuse
from pipelines.collect.foot import CutRow, Foot, FootFinder, find_foot
from pipelines.collect.header import HEADER_SEARCH_ROWS, Header, Needed, read_header
from pipelines.collect.headings.captions import Caption, captions_of, find_scales, units_below
from pipelines.collect.parquet import read_parquet_schema, text_of_column
from pipelines.collect.text_file import read_text_file, unreadable
from pipelines.collect.unread import (
    Place,
    TableRead,
    columns_alike,
    find_sheets_alike,
    sheets_not_named,
    sheets_read_twice,
    unread_columns,
    unread_sheets,
)
from pipelines.collect.workbook.cells import column_letters
from pipelines.collect.workbook.sheets import Sheet, SheetsToRead, read_sheets
from pipelines.system.connection import connect, fetch_row, quote_path, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import SourceFolder

FILL = " | fill"
"""Suffix of the name of the column with the fill colours of another column's cells."""
_HIDDEN_SHOWN = 10
_ROW_NUMBER = "0|[1-9][0-9]*"


@dataclass(frozen=True)
class RawTable:
    """What was read: one Parquet file of text per raw file, with its columns as labelled, _file, _sheet and _row.

    ``footers`` has the total printed at the foot of each file and sheet, by column; ``cut`` the rows below a foot that
    have numbers; ``unread`` the sheets with cells that no layout reads; ``unread_columns`` unread columns that may be
    counts; ``hidden`` the rows and columns that were read although hidden, as text; ``captions`` those of the tables;
    ``files`` what was received.
    """

    source_id: str
    layouts: tuple[tuple[Path, ...], ...]
    rows: int
    footers: dict[Place, tuple[dict[str, str], ...]]
    files: tuple[RawFile, ...]
    cut: tuple[CutRow, ...] = ()
    unread: tuple[str, ...] = ()
    unread_columns: tuple[str, ...] = ()
    columns_alike: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    captions: tuple[Caption, ...] = ()

    @property
    def summary(self) -> str:
        """One line for people."""
        number = sum(len(paths) for paths in self.layouts)
        return f"{number} table{'s' if number != 1 else ''} of text"


def text_tables(paths: Sequence[Path]) -> str:
    """Return the SQL that reads tables of text of one layout as one table."""
    return f"read_parquet([{', '.join(quote_literal(str(path)) for path in paths)}], union_by_name = true)"


def read(folder: SourceFolder, acquired: Acquired, settings: Settings, work: Path) -> RawTable:
    """Read every file of a source as text.

    Raises:
        DataRefused: the problems of every file that could not be read.
    """
    layouts: list[list[Path]] = [[] for _ in folder.source.layouts]
    problems: list[Problem] = []
    tables: list[tuple[RawFile, TableRead]] = []
    rows, columns, alike, units = 0, list[str](), list[str](), list[Caption]()
    with connect(settings) as connection:
        for number, file in enumerate(acquired.files):
            target = work / f"raw-{number}.parquet"
            try:
                tables.append((file, read_table(connection, folder, file, settings, target)))
                (read_rows,) = fetch_row(connection, "SELECT count(*) FROM read_parquet($path)", {"path": str(target)})
                if read_rows == 0:
                    raise refuse(folder.source_id, file, "no_data_rows", "There is a header but no row below it.")
            except DataRefused as refused:
                problems.extend(refused.problems)
                continue
            rows += read_rows
            names = pq.read_schema(target).names
            columns += unread_columns(connection, folder, file, names)
            alike += columns_alike(connection, folder, file, names)
            units += _units_below(connection, folder, file, target)
            layouts[file.layout].append(target)
    problems = problems or sheets_read_twice(folder.source_id, tables) or sheets_not_named(folder, tables)
    captions = (*(one for _, table in tables for one in table.captions), *units)
    if problems := problems or find_scales(folder, captions):
        raise DataRefused(problems)
    return RawTable(
        source_id=folder.source_id,
        layouts=tuple(tuple(paths) for paths in layouts),
        rows=rows,
        footers={(file.name, sheet): (row,) for file, table in tables for sheet, row in table.footers.items()},
        files=acquired.files,
        cut=tuple(row for _, table in tables for row in table.cut),
        unread=unread_sheets(folder, tables),
        unread_columns=tuple(dict.fromkeys(columns)),
        columns_alike=tuple(dict.fromkeys(alike)),
        hidden=tuple(text for _, table in tables for text in table.hidden),
        captions=tuple(caption for _, table in tables for caption in table.captions),
    )


def _units_below(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, target: Path
) -> list[Caption]:
    """Return the captions in the first row of each table of a file, if that is a row of units."""
    found = connection.execute(
        "SELECT * FROM read_parquet($path) QUALIFY row_number() OVER (PARTITION BY _sheet ORDER BY _row) = 1",
        {"path": str(target)},
    )
    columns = [column[0] for column in found.description or ()]
    captions: list[Caption] = []
    for row in found.fetchall():
        by_name = dict(zip(columns, row, strict=True))
        sheet, number = by_name.pop("_sheet"), by_name.pop("_row")
        del by_name["_file"]
        captions += units_below(folder, file, sheet, number, list(by_name), list(by_name.values()))
    return captions


def read_table(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> TableRead:
    """Write one file as Parquet of text, and return what else is in it.

    Raises:
        DataRefused: the file cannot be read as declared.
    """
    options = folder.source.layouts[file.layout].read
    check_start(folder.source_id, file, options)
    if options.format == "excel":
        return _read_workbook(connection, folder, file, settings, target)
    foot = None
    if options.format == "csv":
        header, foot = read_text_file(connection, folder, file, settings, target)
    else:
        header = _read_parquet(connection, folder, file, target)
    _refuse_nameless(connection, folder, file, header, target)
    captions = _captions(folder, file, None, header, foot)
    return (
        TableRead(captions=captions) if foot is None else TableRead({None: foot.printed}, foot.cut, captions=captions)
    )


def _captions(
    folder: SourceFolder, file: RawFile, sheet: str | None, header: Header, foot: Foot | None
) -> tuple[Caption, ...]:
    above = list(enumerate(header.above, start=1))
    return captions_of(folder, file, sheet, header, above, foot.rows if foot else ())


def _refuse_nameless(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, header: Header, target: Path
) -> None:
    """Refuse a table with content in columns without a header, unless the source names their position."""
    names = nameless_columns(folder, file, header)
    if not names:
        return
    problems = []
    for name in names:
        column = quote_identifier(name)
        if name == header.names[0] and _counts_rows(connection, column, target):
            continue
        row, value, cells = fetch_row(
            connection,
            f"SELECT min(_row), arg_min(trim({column}), _row), count(*) FROM read_parquet($path) "
            f"WHERE trim({column}) <> ''",
            {"path": str(target)},
        )
        if cells:
            problems.append(_nameless(folder, file, None, name, row, value, cells))
    if problems:
        raise DataRefused(problems)


def _counts_rows(connection: duckdb.DuckDBPyConnection, column: str, target: Path) -> bool:
    """Whether a column numbers the rows, as :func:`_are_row_numbers`, of a file that may be larger than memory."""
    (counting,) = fetch_row(
        connection,
        "SELECT count(number) = count(*) AND coalesce(bool_and(number > before), true) "
        "FROM (SELECT number, lag(number) OVER (ORDER BY _row) AS before "
        f"FROM (SELECT _row, CASE WHEN regexp_full_match({column}, '{_ROW_NUMBER}') "
        f"THEN TRY_CAST({column} AS BIGINT) END AS number FROM read_parquet($path)))",
        {"path": str(target)},
    )
    return bool(counting)


def _are_row_numbers(cells: Sequence[str]) -> bool:
    """Whether cells number the rows: whole numbers without leading zeros that rise from row to row.

    R and pandas write such a column first and without a name, with gaps where rows were filtered before.

    >>> _are_row_numbers(["28", "30"]), _are_row_numbers(["5", "5"]), _are_row_numbers(["01", "02"])
    (True, False, False)
    """
    if not all(re.fullmatch(_ROW_NUMBER, cell) for cell in cells):
        return False
    return all(int(before) < int(number) for before, number in pairwise(cells))


def nameless_columns(folder: SourceFolder, file: RawFile, header: Header) -> list[str]:
    """Return the columns without a label in the header that the source does not name by position either."""
    without = [name for name, label in zip(header.names, header.labels, strict=True) if not label.strip()]
    if not without:
        return []
    needed = Needed(folder, folder.source.layouts[file.layout])
    return [name for name in without if not needed.names(name)]


def _nameless(
    folder: SourceFolder, file: RawFile, sheet: str | None, name: str, row: int, value: str, cells: int
) -> Problem:
    # A column that nobody named may contain names of persons.
    shown = None if folder.source.personal else value
    place = name.removeprefix("column ")
    found = (
        f"The column in place {place} has no name in the header, but content in {cells:,} rows; refer to it as "
        f"{name!r}."
    )
    return Problem(
        "column_without_name", folder.source_id, found, file.name, sheet, row, name, value=shown, cells=cells
    )


def _read_workbook(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> TableRead:
    source, options = folder.source, folder.source.layouts[file.layout].read
    rows = target.with_suffix(".rows")
    wanted = SheetsToRead(options.sheet, source.decimal, options.fills, options.other_sheets)
    workbook = read_sheets(folder.source_id, file, wanted, settings, rows)
    tables: list[pa.Table] = []
    footers: dict[str | None, dict[str, str]] = {}
    cut: list[CutRow] = []
    hidden: list[str] = []
    captions: list[Caption] = []
    headers: list[Header] = []
    problems: list[Problem] = []
    for sheet in workbook.sheets:
        try:
            table, header, foot = _table_of_sheet(folder, file, sheet)
        except DataRefused as refused:
            problems.extend(refused.problems)
            continue
        tables.append(table)
        headers.append(header)
        hidden += _hidden_in(folder, file, sheet, table)
        captions += _captions(folder, file, sheet.name, header, foot)
        if foot is not None:
            footers[sheet.name] = foot.printed
            cut.extend(foot.cut)
    if problems:
        raise DataRefused(problems)
    table = pa.concat_tables(tables, promote_options="default")
    connection.register("sheet_rows", table)
    run_sql(
        connection,
        "collect/read_sheet",
        file=quote_literal(file.name),
        columns=", ".join(quote_identifier(name) for name in table.column_names[2:]),
        target=quote_literal(str(target)),
    )
    connection.unregister("sheet_rows")
    names = tuple(sheet.name for sheet in workbook.sheets)
    alike = find_sheets_alike(options, headers, workbook.tops)
    return TableRead(footers, tuple(cut), names, workbook.others, alike, tuple(hidden), tuple(captions))


def _table_of_sheet(folder: SourceFolder, file: RawFile, sheet: Sheet) -> tuple[pa.Table, Header, Foot | None]:
    """Return the rows of a sheet between header and foot, as text with their row numbers."""
    options = folder.source.layouts[file.layout].read
    header = read_header(folder, file, sheet.rows[:HEADER_SEARCH_ROWS], sheet.name)
    numbered = [(number, row) for number, row in enumerate(sheet.rows, start=1) if number > header.last_row and row]
    foot = None
    if options.footer is not None:
        finder = FootFinder(folder.source_id, file, sheet.name, options, header)
        foot = find_foot(finder, numbered, folder.source.columns.get("value"))
        numbered = [(number, row) for number, row in numbered if number < foot.row]
    problems = _cells_without_value(folder, file, sheet, header, {number for number, _ in numbered})
    columns = list(zip(*(row for _, row in numbered), strict=True)) if numbered else [()] * len(header.names)
    for name in nameless_columns(folder, file, header):
        cells = columns[header.names.index(name)]
        filled = [(number, cell) for (number, _), cell in zip(numbered, cells, strict=True) if cell]
        if filled and not (name == header.names[0] and _are_row_numbers(cells)):
            problems.append(_nameless(folder, file, sheet.name, name, *filled[0], len(filled)))
    if problems:
        raise DataRefused(problems)
    table = pa.table(
        [
            pa.array([sheet.name] * len(numbered), pa.string()),
            pa.array([number for number, _ in numbered], pa.int64()),
            *(pa.array([cell or None for cell in column], pa.string()) for column in columns),
        ],
        names=["_sheet", "_row", *header.names],
    )
    if options.fills:
        for place, name in enumerate(header.names):
            colours = [sheet.fills.get((number - 1, place)) for number, _ in numbered]
            table = table.append_column(f"{name}{FILL}", pa.array(colours, pa.string()))
    return table, header, foot


def _hidden_in(folder: SourceFolder, file: RawFile, sheet: Sheet, table: pa.Table) -> list[str]:
    """Return, as text, the hidden rows of the table and the hidden columns with content that the source uses."""
    rows, columns = sheet.hidden
    numbers = [number for number in table.column("_row").to_pylist() if number - 1 in rows]
    needed = Needed(folder, folder.source.layouts[file.layout])
    names = [
        name
        for place, name in enumerate(table.column_names[2:])
        if place in columns and needed.uses(name, name) and table.column(name).null_count < table.num_rows
    ]
    shown = ", ".join(map(str, numbers[:_HIDDEN_SHOWN])) + (" ..." if len(numbers) > _HIDDEN_SHOWN else "")
    found = [f"{len(numbers):,} hidden row{'s' * (len(numbers) > 1)} ({shown})"] if numbers else []
    found += [f"hidden column {name!r}" for name in names]
    return [f"{file.name}, {sheet.name}: {one}" for one in found]


def _cells_without_value(
    folder: SourceFolder, file: RawFile, sheet: Sheet, header: Header, rows: set[int]
) -> list[Problem]:
    """Return a problem for each error or uncalculated formula that cells show instead of a value, by column.

    Texts listed in ``values.csv``, and columns that the source does not use, are not problems.
    """
    words = {word for _, word, _ in folder.words}
    needed = Needed(folder, folder.source.layouts[file.layout])
    found: dict[tuple[int, str], list[int]] = {}
    for (row, column), text in sorted(sheet.faults.items()):
        is_used = column < len(header.names) and needed.uses(header.labels[column], header.names[column])
        if row + 1 in rows and text not in words and is_used:
            found.setdefault((column, "formula" if text.startswith("=") else text), []).append(row)
    problems = []
    for (column, _), faulty in found.items():
        text = sheet.faults[faulty[0], column]
        cell = f"{column_letters(column + 1)}{faulty[0] + 1}"
        what = f"the formula {text}, which was never calculated" if text.startswith("=") else f"the error {text}"
        problems.append(
            Problem(
                rule="cell_without_value",
                source=folder.source_id,
                file=file.name,
                sheet=sheet.name,
                row=faulty[0] + 1,
                column=header.labels[column],
                value=text,
                found=f"The cell {cell} has {what}.",
                cells=len(faulty),
            )
        )
    return problems


def _read_parquet(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, target: Path) -> Header:
    schema = read_parquet_schema(folder.source_id, file)
    header = read_header(folder, file, [schema.names])
    # By position, as DuckDB treats names that differ only in case as the same.
    places = [f"c{number}" for number in range(len(header.names))]
    texts = [text_of_column(place, kind) for place, kind in zip(places, schema.types, strict=True)]
    columns = zip(texts, header.names, strict=True)
    try:
        run_sql(
            connection,
            "collect/read_parquet",
            file=quote_literal(file.name),
            path=quote_path(file.path),
            columns=", ".join(f"{text} AS {quote_identifier(name)}" for text, name in columns),
            texts=", ".join(texts),
            places=", ".join(places),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise unreadable(folder.source_id, file, error) from error
    return header
