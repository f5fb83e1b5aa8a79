"""Reading the published file: for the command line, notebooks and plots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb

from pipelines.system.connection import fetch_row
from pipelines.system.settings import Settings, load_settings
from pipelines.system.sql import fill_sql, load_sql, needed_values
from schemas.declarations import no_attributes_sql, quote_literal
from schemas.errors import UsageError, nearest_values

_MOST_CODES = 12
"""Lists of codes up to this length are told whole where none is near."""


@dataclass(frozen=True)
class Result:
    """Answer to a query: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class OpenRelease:
    """The published file, open for reading: one whole release, whatever is published meanwhile.

    Close it, or use it as a context manager. ``connection`` is a DuckDB connection of its own, in memory, with the file
    attached read-only; tables are named as in the file, ``out.observation`` ...
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._path = (settings or load_settings()).published
        self.connection: duckdb.DuckDBPyConnection
        self.release: str
        self._open()

    def _open(self) -> None:
        """Attach the file that has the name now.

        Not by connecting to the path: within one process DuckDB gives the database that it has open under a path
        already, which may be of the release before.

        Raises:
            UsageError: there is no file, or it cannot be opened: it is damaged, or a client has it open for writing.
        """
        while True:
            identity = self._identity()
            if identity is None:
                raise UsageError(f"there is no {self._path}; make it with: iccs run")
            connection = duckdb.connect(
                config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
            )
            try:
                connection.execute(f"ATTACH {quote_literal(str(self._path))} AS crime (READ_ONLY)")
            except duckdb.Error as error:
                connection.close()
                if self._identity() != identity:
                    continue
                reason = str(error).splitlines()[0]
                raise UsageError(
                    f"{self._path} cannot be opened ({reason}); close who writes to it, or make it again: iccs run"
                ) from error
            if self._identity() == identity:  # else another release took the name between looking and opening
                break
            connection.close()
        connection.execute("USE crime.out")
        self._opened = identity
        self.connection = connection
        (self.release,) = fetch_row(connection, "SELECT release FROM out.release")

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def is_newer(self) -> bool:
        """Return whether another release has been published (or put back) since this one was opened."""
        return self._identity() not in (None, self._opened)

    def reconnect(self) -> bool:
        """Change to the release that is published now; returns False where it is the one that is open.

        What was made on the old connection (temporary tables, results not yet fetched) ends with it.
        """
        if not self.is_newer():
            return False
        old = self.connection
        self._open()
        old.close()
        return True

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> OpenRelease:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_release(data: str | Path | None = None) -> OpenRelease:
    """Open the newest release read-only, for notebooks and Python; it says when a newer one is there.

    Args:
        data: data folder; else ICCS_DATA; else ``data`` in the current folder.

    Raises:
        UsageError: nothing has been published yet.

    Example::

        crime = open_release()
        crime.connection.sql("FROM out.trend_of('0101', 'MX')").df()
        if crime.is_newer():
            crime.reconnect()
    """
    return OpenRelease(load_settings(data))


@contextmanager
def open_published(settings: Settings | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file read-only for a moment; a release that comes meanwhile does not disturb.

    Raises:
        UsageError: nothing has been published yet.
    """
    with OpenRelease(settings) as release:
        yield release.connection


def query(statement: str, settings: Settings | None = None, parameters: dict[str, object] | None = None) -> Result:
    """Return the answer to one SQL statement on the published file.

    Raises:
        UsageError: nothing published, or the statement is not valid; gives DuckDB's own words.
    """
    with open_published(settings) as connection:
        try:
            # None for a text without a statement, which DuckDB's own types do not say.
            found = cast("duckdb.DuckDBPyConnection | None", connection.execute(statement, parameters))
            if found is None:
                raise UsageError("the query is empty")
            columns = tuple(column[0] for column in found.description or ())
            return Result(columns, [tuple(row) for row in found.fetchall()])
        except duckdb.Error as error:
            raise UsageError(f"the query failed: {error}") from error


def packaged_query(name: str, settings: Settings | None = None, **parameters: object) -> Result:
    """Return the answer to ``pipelines/reader/sql/<name>.sql`` with bound parameters.

    ``{{no_attributes}}`` restricts it to the total of every ICCS attribute, so that no part is taken for a total.
    """
    values = needed_values(load_sql(name), {"no_attributes": no_attributes_sql()})
    return query(fill_sql(name, **values), settings, dict(parameters) or None)


def check_code(column: str, code: str, settings: Settings | None = None) -> str:
    """Return a code of one of the lists area, sex, age or iccs; an unknown one is refused with the nearest.

    Raises:
        UsageError: the code is not in the list.
    """
    known = [row[0] for row in query(f"SELECT code FROM out.{column}", settings).rows]
    if code not in known:
        near = nearest_values(code, known)
        if near or len(known) > _MOST_CODES:
            raise UsageError(f"unknown {column} {code!r}; nearest: {', '.join(near) or 'none'}")
        raise UsageError(f"unknown {column} {code!r}; there are: {', '.join(sorted(known))}")
    return code
