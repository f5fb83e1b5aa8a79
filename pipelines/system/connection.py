"""DuckDB as the engine: one place that opens connections and runs the packaged SQL."""

from __future__ import annotations

import glob
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.system.errors import EXIT_FAULT
from pipelines.system.functions import shared_functions
from pipelines.system.removal import make_work_folder
from pipelines.system.scratch import spill_folder
from pipelines.system.settings import Settings
from pipelines.system.signals import asked_to_end, is_watching
from pipelines.system.sql import SqlValue, fill_sql
from schemas.declarations import quote_literal

# Files in this storage format open with every DuckDB client from 1.4 on.
STORAGE_VERSION = "v1.4.0"

# Timestamps with a time zone are converted to dates in UTC, whatever the machine's zone.
TIME_ZONE = "UTC"

_INTERRUPT_SECONDS = 0.2
_OBEY_SECONDS = 30
"""How long an interrupted statement may take to stop, which it does between two groups of rows."""

_OPENING = Lock()
_SETTING = Lock()
_AS_WRITTEN: list[duckdb.DuckDBPyConnection] = []
GIVEN_CONNECTIONS: list[duckdb.DuckDBPyConnection] = []

_BOUNDING = Lock()
_BOUNDS: list[int] = []
_UNBOUNDED: list[int] = []
"""The limit on memory that the process had before the first of ``_BOUNDS``."""


@contextmanager
def connect(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that keeps the memory limit, spills into the work folder and never loads extensions.

    Args:
        settings: limits and folders.
        path: database file to write; by default in memory.
    """
    connection = open_connection(settings, path)
    try:
        yield connection
    finally:
        connection.close()


def open_connection(settings: Settings, path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a connection as ``connect`` does, for a caller that closes it itself."""
    limits = (settings.memory_limit, settings.spill_limit, settings.threads, make_work_folder(settings) / "spill")
    if path:
        return _open(str(path), *limits)
    with _OPENING:
        engine = GIVEN_CONNECTIONS[-1] if GIVEN_CONNECTIONS else _open_in_memory(*limits)
        return engine.cursor()


def connect_apart() -> duckdb.DuckDBPyConnection:
    """Open a connection in memory outside any run: with all of the machine's memory, without extensions.

    What does not fit into memory goes to the system's temporary files, never to a folder of the user's.
    """
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": spill_folder(),
        }
    )


@contextmanager
def one_engine(settings: Settings) -> Iterator[None]:
    """Let every connection in memory use the engine of these settings inside, whatever its own settings.

    For many small runs in one process, each with its own data folder: opening an engine takes as long as all steps of a
    tiny source.
    """
    limits = (settings.memory_limit, settings.spill_limit, settings.threads, make_work_folder(settings) / "spill")
    engine = _open(":memory:", *limits)
    GIVEN_CONNECTIONS.append(engine)
    try:
        yield
    finally:
        if engine in GIVEN_CONNECTIONS:
            GIVEN_CONNECTIONS.remove(engine)


@lru_cache(maxsize=1)
def _open_in_memory(memory_limit: str, spill_limit: str, threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    """One engine for all steps of a run: opening it takes as long as a small step, and they share one memory limit."""
    return _open(":memory:", memory_limit, spill_limit, threads, spill)


def forget_engine(error: BaseException) -> None:
    """Give the next connection a new engine after an error that is not about data, as its state is unknown.

    Open connections keep theirs. The engine of ``one_engine`` is given up only if it cannot be used any more.
    """
    _open_in_memory.cache_clear()
    if isinstance(error, (duckdb.FatalException, duckdb.InternalException)):
        GIVEN_CONNECTIONS.clear()


def _open(database: str, memory_limit: str, spill_limit: str, threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(database, config=_config(memory_limit, spill_limit, threads, spill))
    connection.execute(f"SET GLOBAL TimeZone = {quote_literal(TIME_ZONE)}")
    if database == ":memory:":  # a published file has the functions in schema out
        for function in shared_functions():
            connection.execute(function.statement)
    return connection


@contextmanager
def engine_forgotten_on_error() -> Iterator[None]:
    """Give up the shared engine if the work inside ends in an error, see ``forget_engine``."""
    try:
        yield
    except BaseException as error:
        forget_engine(error)
        raise


@contextmanager
def time_limit(connection: duckdb.DuckDBPyConnection, seconds: float, too_long: Exception) -> Iterator[None]:
    """Interrupt the statements of a connection that take too long; those of other connections go on.

    They are also interrupted when a signal asks the process to end, which DuckDB does not always check. A function on
    a single value (``levenshtein`` of two texts of a million letters) cannot be interrupted: if it does not end by
    itself, the whole command is ended, as it would otherwise hang.

    Args:
        connection: for the statements inside.
        seconds: how long all of them may take together.
        too_long: raised then, whatever error the interrupted statement raised.
    """
    ended, done = Event(), Event()

    def watch() -> None:
        begun, interrupted = time.monotonic(), 0.0
        while not done.wait(_INTERRUPT_SECONDS):  # again and again: an interrupt between two statements is lost
            now = time.monotonic()
            if now - begun >= seconds:
                ended.set()
            if ended.is_set() or asked_to_end():
                interrupted = interrupted or now
                connection.interrupt()
                if now - interrupted > _OBEY_SECONDS and is_watching():
                    _end_process(too_long)

    watcher = Thread(target=watch, daemon=True, name="time limit")
    watcher.start()
    try:
        yield
    except Exception as error:
        if ended.is_set():
            raise too_long from error
        raise
    finally:
        done.set()
        watcher.join()


def _end_process(too_long: Exception) -> None:
    """End a command whose statement cannot be stopped: its locks go with it, and the next run tidies up."""
    number = asked_to_end()
    reason = f"stopped by signal {number}" if number else str(too_long)
    sys.stderr.write(
        f"{reason}\nThe statement could not be stopped, so the command ends; the last release is unchanged.\n"
    )
    sys.stderr.flush()
    os._exit(128 + number if number else EXIT_FAULT)


@contextmanager
def memory_bound(beyond: int, too_much: Exception) -> Iterator[None]:
    """Limit the memory that the process may take beyond its current use, for statements that escape DuckDB's own limit.

    DuckDB counts what it stores, not what a function produces: ``repeat('x', 4000000000)`` takes 4 GB whatever the
    limit. This one is on the address space of the whole process; several at a time add up. There is none where the
    system does not report how much memory a process has.

    Args:
        beyond: bytes; well above the memory limit of the connection, as reserved memory counts as well.
        too_much: raised if a statement needed more.
    """
    taken = Path("/proc/self/statm")
    if not taken.is_file():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with _BOUNDING:
        _BOUNDS.append(beyond)
        if len(_BOUNDS) == 1:
            _UNBOUNDED[:] = [soft]
    try:
        with _BOUNDING:
            _bound_memory(int(taken.read_text().split()[0]) * resource.getpagesize() + sum(_BOUNDS), hard)
        yield
    except Exception as error:
        if _is_beyond_bound(error) or _is_beyond_bound(error.__cause__):
            raise too_much from error
        raise
    finally:
        with _BOUNDING:
            _BOUNDS.remove(beyond)
            if not _BOUNDS:
                resource.setrlimit(resource.RLIMIT_AS, (_UNBOUNDED[0], hard))


def _is_beyond_bound(error: BaseException | None) -> bool:
    """Whether an allocation failed; when DuckDB's own limit is reached, its message says how much is used."""
    return isinstance(error, MemoryError) or (
        isinstance(error, duckdb.OutOfMemoryException) and " used)" not in str(error)
    )


def _bound_memory(most: int, hard: int) -> None:
    """Set the limit for the first of several, and raise it for the others."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits = [one for one in (_UNBOUNDED[0], hard) if one != resource.RLIM_INFINITY]
    if len(_BOUNDS) > 1:
        most = max(most, soft)
    resource.setrlimit(resource.RLIMIT_AS, (min([most, *limits]), hard))


def connection_config(settings: Settings) -> dict[str, Any]:
    """Return the options of every connection: limits, a folder to spill into, no external extensions."""
    return _config(settings.memory_limit, settings.spill_limit, settings.threads, settings.work / "spill")


def _config(memory_limit: str, spill_limit: str, threads: int, spill: Path) -> dict[str, Any]:
    return {
        "memory_limit": memory_limit,
        "max_temp_directory_size": spill_limit,
        "threads": threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "storage_compatibility_version": STORAGE_VERSION,
    }


def quote_path(path: Path) -> str:
    """Return the path of a file from outside, quoted for SQL: DuckDB takes a bare name with brackets for a pattern.

    >>> quote_path(Path("in/2024 [1].csv"))
    "'in/2024 [[]1].csv'"
    """
    return quote_literal(glob.escape(str(path)))


def run_sql(connection: duckdb.DuckDBPyConnection, name: str, /, **values: SqlValue) -> duckdb.DuckDBPyConnection:
    """Run a packaged statement, filled by ``fill_sql``."""
    return connection.execute(fill_sql(name, **values))


@contextmanager
def joins_as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Execute joins as written: the rows are streamed past the lookup lists, which are held in memory.

    If DuckDB expects few rows, it would hold the rows in memory instead of the lists, and its estimate may be wrong.
    The setting belongs to the engine, which the sources of a run share: the first that needs it sets it, the last
    resets it. Meanwhile statements of other sources give the same results, with joins in the order written.
    """
    with _SETTING:
        connection.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
        _AS_WRITTEN.append(connection)
    try:
        yield
    finally:
        with _SETTING:
            _AS_WRITTEN.remove(connection)
            if not _AS_WRITTEN:  # with a cursor, as a failed statement ends the transaction of the connection
                connection.cursor().execute("RESET disabled_optimizers").close()


def fetch_arrow(connection: duckdb.DuckDBPyConnection, name: str, /, **values: str) -> pa.Table:
    """Return the result of a packaged SELECT, filled by ``fill_sql``, as an Arrow table."""
    return connection.sql(fill_sql(name, **values)).to_arrow_table()


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table | Sequence[Mapping[str, object]]
) -> None:
    """Insert rows into a table by the names of their columns; without rows, do nothing.

    Args:
        connection: to the database of the table.
        table: its name with the schema, as in SQL.
        rows: an Arrow table, or one mapping of column to value for each row.

    Raises:
        ValueError: mappings that do not all have the same columns: Arrow would keep those of the first.
    """
    if not isinstance(rows, pa.Table) and any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"rows of {table} with different columns")
    given = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows))
    if not given.num_rows:
        return
    connection.register("rows_to_insert", given)
    try:
        connection.execute(f"INSERT INTO {table} BY NAME FROM rows_to_insert")
    finally:
        with suppress(duckdb.TransactionException):  # the error to report is that of the insertion
            connection.unregister("rows_to_insert")


def column_names(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Return the columns of a table, view or query, in order."""
    return [name for name, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()]


def fetch_row(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object] | None = None
) -> tuple[Any, ...]:
    """Return the only row of a query.

    It fetches all rows: from DuckDB 2.0 on, a result that was not read to its end blocks the connection.

    Raises:
        ValueError: the query gives no row, or more than one.
    """
    (row,) = connection.execute(statement, parameters).fetchall()
    return tuple(row)
