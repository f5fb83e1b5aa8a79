"""The check, before a release is published, that no column identifies persons and no value comes from such a column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.system.connection import quote_path
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from pipelines.system.files import read_json
from pipelines.system.settings import Settings
from schemas.declarations import load_columns, quote_identifier
from schemas.source import Source

_ROWS_TRIED = 1000  # of each file, at its start
_FILES_TRIED = 20
_SHORTEST_VALUE = 5  # shorter texts (years, initials, small numbers) say nothing alone
_OUR_LISTS = ("age", "area", "caveat", "iccs", "sex", "theme")  # tables that hold nothing but what is packaged here
_PERIOD = re.compile(r"\d{4}-\d{2}")  # a month, also where a date of birth is known to the month


def refuse_personal(connection: duckdb.DuckDBPyConnection, sources: Iterable[Source], settings: Settings) -> None:
    """Search the schema ``out`` of a database for personal data before it is published.

    Undeclared columns are compared by name with every personal column; free text (columns without a code list) by value
    with the first rows of the personal columns, read from the files if these still exist. Words of our own lists
    identify nobody: a person may have the name of a state, or be "Unknown". The columns of views are compared by name
    only, as their values come from tables.

    Raises:
        DataRefused: names table and column, never the value.
    """
    with_personal = [source for source in sources if source.personal]
    if not with_personal:
        return
    known = load_columns()
    columns = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'out' ORDER BY 1, 2"
    ).fetchall()
    tables = {
        name
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'out'").fetchall()
    }
    ours = _texts(connection, [(table, column) for table, column, kind in columns if kind == "VARCHAR"])
    for source in with_personal:
        personal = {name.casefold() for name in source.personal}
        found = [
            f"out.{table} has the column {column!r}, which identifies persons."
            for table, column, _ in columns
            if column.casefold() in personal and column not in known
        ]
        values = {value for value in _first_values(connection, source, settings) if not _PERIOD.fullmatch(value)} - ours
        connection.register("personal_value", pa.table({"value": pa.array(sorted(values), pa.string())}))
        for table, column, kind in columns:
            free = table in tables and kind == "VARCHAR" and (column not in known or known[column].codelist is None)
            if values and free and _holds(connection, table, column):
                found.append(f"out.{table}, column {column!r}, contains a value of a column that identifies persons.")
        connection.unregister("personal_value")
        if found:
            raise DataRefused([Problem(rule="personal_data", source=source.source_id, found=text) for text in found])


def _texts(connection: duckdb.DuckDBPyConnection, columns: Iterable[tuple[str, str]]) -> set[str]:
    """Return all texts of our own lists."""
    texts = [
        f"SELECT {quote_identifier(column)} FROM out.{quote_identifier(table)}"
        for table, column in columns
        if table in _OUR_LISTS
    ]
    found = connection.execute(" UNION ".join(texts)).fetchall() if texts else []
    return {text for (text,) in found if text}


def _holds(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    name = quote_identifier(column)
    return bool(
        connection.execute(
            f"SELECT 1 FROM (SELECT DISTINCT {name} AS value FROM out.{quote_identifier(table)}) "
            "SEMI JOIN personal_value USING (value) LIMIT 1"
        ).fetchall()
    )


def _first_values(connection: duckdb.DuckDBPyConnection, source: Source, settings: Settings) -> set[str]:
    """Return values of the personal columns from the start of each file that still exists; they are never stored."""
    note = settings.raw / source.source_id / "files.json"
    if not note.is_file():
        return set()
    paths = [Path(path) for path in read_json(note)["files"]]
    values: set[str] = set()
    for path in [path for path in paths if path.is_file()][:_FILES_TRIED]:
        reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
        options = "" if reader == "read_parquet" else ", all_varchar = true, ignore_errors = true"
        for column in source.personal:
            try:
                found = connection.execute(
                    f"SELECT DISTINCT trim({quote_identifier(column)}::VARCHAR) FROM "
                    f"(FROM {reader}({quote_path(path)}{options}) LIMIT {_ROWS_TRIED})"
                ).fetchall()
            except duckdb.Error as error:
                if is_of_the_machine(error):
                    raise
                continue  # a workbook, or a layout with other columns: only names are compared
            values |= {value for (value,) in found if value and len(value) >= _SHORTEST_VALUE}
    return values
