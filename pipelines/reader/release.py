"""Reading the published file: for the command line, notebooks and plots."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.system.connection import connect_apart, fetch_row, memory_bound, time_limit
from pipelines.system.errors import LimitReached
from pipelines.system.running.limits import describe_limit
from pipelines.system.running.workers import address_space
from pipelines.system.scratch import spill_folder
from pipelines.system.settings import Settings, load_settings
from pipelines.system.sql import fill_sql, load_sql, needed_values
from schemas.declarations import no_attributes_sql, quote_literal
from schemas.errors import UsageError, nearest_values
from schemas.project import check_owner, find_project

if TYPE_CHECKING:
    from pipelines.reader.selection import SeriesQuery

_MOST_SECONDS = 600
"""Time limit of a statement on a release, which usually takes seconds."""

_ROWS_AT_A_TIME = 20_000

MOST_ANSWER_BYTES = 2 * 2**30
"""Limit of memory for the rows of an answer in Python."""

MOST_SPILLED = "4GB"
"""Limit of what a statement may write to the temporary folder."""

_MAX_CODES_SHOWN = 12
"""A list of codes up to this length is shown in full if no code is near."""


@dataclass(frozen=True)
class Result:
    """Answer to a query: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class OpenRelease:
    """The published file, open for reading: one complete release, whatever is published meanwhile.

    Close it, or use it as a context manager. ``connection`` is a separate DuckDB connection in memory, with the file
    attached read-only; tables are named as in the file, ``out.observation`` ...
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._path = (settings or reading_settings()).published
        self.connection: duckdb.DuckDBPyConnection
        self.release: str
        self._open()

    def _open(self) -> None:
        """Attach the file that currently has the name.

        It does not connect to the path, as DuckDB returns the database that the process already has open under a path,
        which may be the previous release.

        Raises:
            UsageError: there is no file, or it cannot be opened: it is damaged, or a client has it open for writing.
        """
        while True:
            identity = self._identity()
            if identity is None:
                raise UsageError(f"there is no {self._path}; create it with: iccs run")
            connection = connect_apart()
            try:
                connection.execute(f"ATTACH {quote_literal(str(self._path))} AS crime (READ_ONLY)")
            except duckdb.Error as error:
                connection.close()
                if self._identity() != identity:
                    continue
                reason = str(error).splitlines()[0]
                raise UsageError(
                    f"{self._path} cannot be opened ({reason}); close the program that has it open for writing, or "
                    "rebuild it: iccs run"
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
        """Switch to the release that is published now; return False if it is already open.

        Everything on the old connection (temporary tables, results not yet fetched) is lost.
        """
        if not self.is_newer():
            return False
        old = self.connection
        self._open()
        old.close()
        return True

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __enter__(self) -> OpenRelease:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reading_settings(data: str | Path | None = None) -> Settings:
    """Return the settings for reading: as for a run, but from any folder below the one with the data.

    A notebook runs in its own folder, not in the one above that has ``data``. If neither an argument, nor ICCS_DATA,
    nor a project gives the data folder, and ``data`` in the current folder has no published file, the nearest folder
    above whose ``data`` has one is used. A run never searches above, as it would write there.

    Raises:
        UsageError: as in ``load_settings``, or the file found above belongs to another account.
    """
    settings = load_settings(data)
    if data or os.environ.get("ICCS_DATA") or find_project() is not None or settings.published.is_file():
        return settings
    for folder in Path.cwd().parents:
        above = replace(settings, data=folder / "data")
        if above.published.is_file():
            check_owner(above.published, f"export ICCS_DATA={above.data}")
            return above
    return settings


def open_release(data: str | Path | None = None) -> OpenRelease:
    """Open the newest release read-only, for notebooks and Python; ``is_newer`` is true once another was published.

    Args:
        data: data folder; default: found by :func:`reading_settings`.

    Raises:
        UsageError: nothing has been published yet.

    Example::

        crime = open_release()
        crime.connection.sql("FROM out.trend_of('0101', 'MX')").df()
        if crime.is_newer():
            crime.reconnect()
    """
    return OpenRelease(reading_settings(data))


def lock_down(connection: duckdb.DuckDBPyConnection, settings: Settings, writes: Path | None = None) -> None:
    """Restrict a connection to the release: no files, network, extensions, settings or Python variables.

    A user's SQL may come from anybody. The restrictions cannot be undone on the connection.

    Args:
        connection: to a release.
        settings: the limit of memory.
        writes: the only files that may be written.
    """
    values: dict[str, str | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": spill_folder(),
        "max_temp_directory_size": MOST_SPILLED,
        "python_enable_replacements": "false",
        "allowed_paths": [str(writes)] if writes else [],
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    for name, value in values.items():
        texts = [quote_literal(one) for one in value] if isinstance(value, list) else quote_literal(value)
        connection.execute(f"SET {name} = {texts if isinstance(texts, str) else '[' + ', '.join(texts) + ']'}")


def query_time(connection: duckdb.DuckDBPyConnection) -> AbstractContextManager[None]:
    """Stop a statement that takes an unreasonable time, as a failed statement."""
    return time_limit(
        connection, _MOST_SECONDS, UsageError(f"the query took more than {_MOST_SECONDS} seconds and was stopped")
    )


def query_memory(settings: Settings) -> AbstractContextManager[None]:
    """Stop a statement that makes values far beyond the memory limit, which DuckDB's own limit does not prevent."""
    found = f"the query failed: it needs far more memory than ICCS_MEMORY_LIMIT ({settings.memory_limit}) for one value"
    return memory_bound(address_space(settings), UsageError(found))


_QUESTIONS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)
"""Kinds of statements that only read; MULTI is a PIVOT, which the parser splits into several."""


@contextmanager
def open_published(settings: Settings | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file read-only for a short time, unaffected by a release published meanwhile.

    Raises:
        UsageError: nothing has been published yet.
    """
    with OpenRelease(settings) as release:
        yield release.connection


def check_query(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Refuse a text that is not a single query, as only the last of several statements would return a result.

    Raises:
        UsageError: no statement, several, or one that does not only read.
        duckdb.Error: the text cannot be parsed.
    """
    statements = connection.extract_statements(statement)
    if not statements:
        raise UsageError("the query is empty")
    if len(statements) > 1:
        raise UsageError(f"a query is one statement, but this text has {len(statements)}; run them one at a time")
    kind = statements[0].type
    if kind not in _QUESTIONS:
        raise UsageError(
            f"a query begins with SELECT, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN; this is {kind.name}. It "
            "can read only the published file; to write the result to a file use --output FILE"
        )


def query(statement: str, settings: Settings | None = None, parameters: dict[str, object] | None = None) -> Result:
    """Return the answer to one SQL statement on the published file.

    Raises:
        UsageError: nothing published, or the statement is not valid; gives DuckDB's own message.
        LimitReached: it needs more memory or disk than allowed.
    """
    settings = settings or reading_settings()
    with open_published(settings) as connection, query_time(connection):
        lock_down(connection, settings)
        try:
            check_query(connection, statement)
            with query_memory(settings):  # Python may need more for the answer
                found = connection.execute(statement, parameters)
            columns = tuple(column[0] for column in found.description or ())
            return Result(columns, fetch_all(found))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise query_failed(error, settings) from error


def fetch_all(found: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Return all rows of an answer, which are held in Python's memory.

    Raises:
        UsageError: they take more memory than any reasonable answer.
    """
    rows: list[tuple[Any, ...]] = []
    before = _resident_bytes()
    while batch := found.fetchmany(_ROWS_AT_A_TIME):
        rows += map(tuple, batch)
        if _resident_bytes() - before > MOST_ANSWER_BYTES:
            raise UsageError(
                f"the result has more than {len(rows):,} rows, which take {MOST_ANSWER_BYTES // 2**30} GiB of memory; "
                "select less, or write it to a file: iccs query SQL --output FILE.parquet"
            )
    return rows


def _resident_bytes() -> int:
    """Return the resident memory of the process; 0 if the system does not report it."""
    held = Path("/proc/self/statm")
    return int(held.read_text().split()[1]) * resource.getpagesize() if held.is_file() else 0


def query_failed(error: duckdb.Error, settings: Settings) -> Exception:
    """Return what to raise for a user's SQL that failed: DuckDB's own message, and the cause if it is one of ours."""
    if (limit := describe_limit(error, settings, MOST_SPILLED)) is not None:
        return LimitReached(f"the query failed: {limit.summary}; {limit.to_do}")
    text = str(error)
    if isinstance(error, duckdb.PermissionException) or "configuration has been locked" in text:
        text += "\nA query can read only the published file; to write the result to a file use --output FILE"
    return UsageError(f"the query failed: {text}")


def packaged_query(
    name: str, settings: Settings | None = None, wanted: SeriesQuery | None = None, **parameters: object
) -> Result:
    """Return the answer to a packaged statement (``reader/series_points``) with bound parameters.

    Args:
        name: of the statement. Its placeholder ``attributes`` is a condition on every ICCS attribute: the total unless
            the query asks for another code, so that no cell of a part is taken for the total.
        settings: where the published file is.
        wanted: the query, for its attributes.
        parameters: of the statement.
    """
    condition = wanted.condition() if wanted else no_attributes_sql()
    values = needed_values(load_sql(name), {"attributes": condition})
    return query(fill_sql(name, **values), settings, dict(parameters) or None)


def packaged_rows(connection: duckdb.DuckDBPyConnection, name: str, **values: str) -> list[dict[str, Any]]:
    """Return the answer to a packaged statement on a connection to a release; ``values`` fill its placeholders."""
    found = connection.execute(fill_sql(name, **values))
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def check_code(column: str, code: str, settings: Settings | None = None) -> str:
    """Return a code of one of the lists area, sex, age or iccs; refuse an unknown one, naming the nearest.

    Raises:
        UsageError: the code is not in the list.
    """
    known = [row[0] for row in query(f"SELECT code FROM out.{column}", settings).rows]
    if code not in known:
        near = nearest_values(code, known)
        if near or len(known) > _MAX_CODES_SHOWN:
            raise UsageError(f"unknown {column} {code!r}; nearest: {', '.join(near) or 'none'}")
        raise UsageError(f"unknown {column} {code!r}; there are: {', '.join(sorted(known))}")
    return code


def names_of(iccs: str, area: str, language: str = "en", settings: Settings | None = None) -> tuple[str, str]:
    """Return the title of a category and the name of an area in a language, or in English if there is none."""
    (row,) = query(
        f"SELECT (SELECT coalesce(title_{language}, title_en) FROM out.iccs WHERE code = $iccs), "
        f"(SELECT coalesce(name_{language}, name_en) FROM out.area WHERE code = $area)",
        settings,
        {"iccs": iccs, "area": area},
    ).rows
    return str(row[0]), str(row[1])
