"""Answers to queries as files: CSV, Parquet and Excel."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.reader.release import (
    check_query,
    lock_down,
    open_published,
    query_failed,
    query_memory,
    query_time,
    reading_settings,
)
from pipelines.system.connection import fetch_row
from pipelines.system.files import replace_atomically, temporary_name
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError

if TYPE_CHECKING:
    Write = Callable[[duckdb.DuckDBPyConnection, Path], None]

_FORMULA = r"^[=+\-@\t\r]"

MOST_ROWS_OF_A_SHEET = 1_048_575
"""Rows of an Excel sheet below its header."""


def write_answer(statement: str, path: Path, settings: Settings | None = None, *, force: bool = False) -> int:
    """Write the result of one SQL statement on the published file to a new file, and return its number of rows.

    CSV is UTF-8 with a header, NULL as an empty field; a text that a spreadsheet would treat as a formula gets an
    apostrophe. In Excel texts stay texts (``0101``) and nothing is a formula.

    Args:
        statement: a query.
        path: ends with ``.csv``, ``.parquet`` or ``.xlsx``.
        settings: where the published file is.
        force: replace a file that exists.

    Raises:
        UsageError: nothing published, an invalid statement or one without a result, another ending, an existing file,
            or more rows than a sheet can hold.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UsageError(f"{path.name}: the file name must end with {', '.join(_WRITERS)}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give the name of a file")
    if path.is_symlink() or (path.exists() and not (force and path.is_file())):
        raise UsageError(f"{path} already exists; give another name, or --force")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}")
    settings = settings or reading_settings()
    with open_published(settings) as connection, query_time(connection):
        lock_down(connection, settings, temporary_name(path.absolute()))
        try:
            check_query(connection, statement)
            with query_memory(settings):  # planning runs what is constant
                answer = connection.sql(statement)
        except duckdb.Error as error:
            raise query_failed(error, settings) from error
        if answer is None:
            raise UsageError("the statement returns no result to write")
        try:
            with query_memory(settings):
                answer.to_table("memory.main.answer")
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise query_failed(error, settings) from error
        (rows,) = fetch_row(connection, "SELECT count(*) FROM memory.main.answer")
        if path.suffix.lower() == ".xlsx" and rows > MOST_ROWS_OF_A_SHEET:
            raise UsageError(
                f"{rows:,} rows do not fit in an Excel sheet ({MOST_ROWS_OF_A_SHEET:,}); write .csv or .parquet"
            )
        replace_atomically(path.absolute(), lambda temporary: write(connection, temporary))
    return int(rows)


def _copy(options: str) -> Write:
    def write(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        connection.execute(f"COPY memory.main.answer TO {quote_literal(str(path))} ({options})")

    return write


def _write_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write CSV with an apostrophe before texts that begin like a formula; numbers written as text are unchanged."""
    columns = []
    for column, kind, *_ in connection.execute("DESCRIBE memory.main.answer").fetchall():
        text, label = quote_identifier(column), quote_identifier(_harmless(column))
        if kind == "VARCHAR" or kind.startswith("ENUM"):
            looks_like_one = f"regexp_matches({text}, {quote_literal(_FORMULA)}) AND try_cast({text} AS DOUBLE) IS NULL"
            text = f"CASE WHEN {looks_like_one} THEN chr(39) || {text} ELSE {text} END"
        columns.append(f"{text} AS {label}")
    connection.execute(
        f"COPY (SELECT {', '.join(columns)} FROM memory.main.answer) TO {quote_literal(str(path))} (FORMAT csv, HEADER)"
    )


def _harmless(label: str) -> str:
    return f"'{label}" if re.match(_FORMULA, label) else label


_ROWS_HELD = 5_000


def _write_workbook(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        import xlsxwriter
    except ImportError as error:
        raise UsageError("workbooks need a library: pip install 'iccs-pipelines[xlsx]'; or write .csv") from error
    ((rows,),) = connection.execute("SELECT count(*) FROM memory.main.answer").fetchall()
    found = connection.execute("FROM memory.main.answer")
    options = {
        # Texts written once and pointed at are quicker, and smaller, but all of the workbook is held until its end.
        "constant_memory": rows > _ROWS_HELD,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet("answer")
        sheet.freeze_panes(1, 0)
        for column, (name, *_) in enumerate(found.description or ()):
            sheet.write_string(0, column, str(name))
        place = 0
        while batch := found.fetchmany(10_000):
            for row in batch:
                place += 1
                for column, value in enumerate(row):
                    if isinstance(value, bool):
                        sheet.write_boolean(place, column, value)
                    elif isinstance(value, (int, float, Decimal)) and math.isfinite(value):
                        sheet.write_number(place, column, value)
                    elif value is not None:
                        sheet.write_string(place, column, str(value))


_WRITERS: dict[str, Write] = {
    ".csv": _write_csv,
    ".parquet": _copy("FORMAT parquet, COMPRESSION zstd"),
    ".xlsx": _write_workbook,
}


def write_table(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the table ``memory.main.answer`` of a connection to a file, in the format of its ending."""
    _WRITERS[path.suffix](connection, path)


def write_csv_rows(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write a few rows as CSV, by the rules of :func:`write_answer`; for many small files this is faster than SQL."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow([_harmless(str(name)) for name in rows[0]])
        lines.writerows([_harmless_value(value) for value in row.values()] for row in rows)


def _harmless_value(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        float(value)
    except ValueError:
        return _harmless(value)
    return value
