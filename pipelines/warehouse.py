"""Reading the published file: for the command line, notebooks and plots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

import duckdb

from pipelines.errors import UsageError, nearest_values
from pipelines.settings import Settings, load_settings


@dataclass(frozen=True)
class Result:
    """Answer to a query: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@contextmanager
def open_published(settings: Settings | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file read-only; a release that comes meanwhile does not disturb.

    Raises:
        UsageError: nothing has been published yet.
    """
    where = settings or load_settings()
    if not where.published.is_file():
        raise UsageError(f"there is no {where.published}; make it with: iccs run")
    connection = duckdb.connect(
        str(where.published),
        read_only=True,
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
    )
    try:
        yield connection
    finally:
        connection.close()


def query(statement: str, settings: Settings | None = None, parameters: dict[str, object] | None = None) -> Result:
    """Return the answer to one SQL statement on the published file.

    Raises:
        UsageError: nothing published, or the statement is not valid; gives DuckDB's own words.
    """
    with open_published(settings) as connection:
        try:
            found = connection.execute(statement, parameters)
            columns = tuple(column[0] for column in found.description or ())
            return Result(columns, [tuple(row) for row in found.fetchall()])
        except duckdb.Error as error:
            raise UsageError(f"the query failed: {error}") from error


def packaged_query(name: str, settings: Settings | None = None, **parameters: object) -> Result:
    """Return the answer to ``pipelines/sql/<name>.sql`` with bound parameters."""
    text = resources.files("pipelines").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return query(text, settings, dict(parameters) or None)


def check_code(column: str, code: str, settings: Settings | None = None) -> str:
    """Return a code of one of the lists area, sex, age or iccs; an unknown one is refused with the nearest.

    Raises:
        UsageError: the code is not in the list.
    """
    known = [row[0] for row in query(f"SELECT code FROM out.{column}", settings).rows]
    if code not in known:
        near = ", ".join(nearest_values(code, known)) or "none"
        raise UsageError(f"unknown {column} {code!r}; nearest: {near}")
    return code
