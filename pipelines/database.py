"""DuckDB as the engine: one place that opens connections and runs the packaged SQL."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.removal import make_work_folder
from pipelines.settings import Settings
from schemas.declarations import quote_literal

# Files written in this format open with every client from 1.4 on.
STORAGE_VERSION = "v1.4.0"

# Moments with a zone are told as days of this one, whatever the machine's.
TIME_ZONE = "UTC"

_OPENING = Lock()


@contextmanager
def connect(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection that stays within the memory limit, spills into the folder for work and never loads extensions.

    Args:
        settings: limits and folders.
        path: database file to write; default in memory, where a connection sees its own temporary tables only.
    """
    connection = open_connection(settings, path)
    try:
        yield connection
    finally:
        connection.close()


def open_connection(settings: Settings, path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a connection as ``connect`` does, for a caller that closes it itself."""
    limits = (settings.memory_limit, settings.threads, make_work_folder(settings) / "spill")
    if path:
        return _open(str(path), *limits)
    with _OPENING:
        return _open_in_memory(*limits).cursor()


@lru_cache(maxsize=1)
def _open_in_memory(memory_limit: str, threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    """One engine for all steps of a run: opening it takes as long as a small step, and they share one memory limit."""
    return _open(":memory:", memory_limit, threads, spill)


def _open(database: str, memory_limit: str, threads: int, spill: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(database, config=_config(memory_limit, threads, spill))
    connection.execute(f"SET GLOBAL TimeZone = {quote_literal(TIME_ZONE)}")
    return connection


def connection_config(settings: Settings) -> dict[str, Any]:
    """Return what every connection is opened with: limits, a folder to spill into, no extensions from outside."""
    return _config(settings.memory_limit, settings.threads, settings.work / "spill")


def _config(memory_limit: str, threads: int, spill: Path) -> dict[str, Any]:
    return {
        "memory_limit": memory_limit,
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


@cache
def load_sql(name: str) -> str:
    """Return a packaged statement, ``pipelines/sql/<name>.sql``."""
    return resources.files("pipelines").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def run_sql(connection: duckdb.DuckDBPyConnection, name: str, **parts: str) -> duckdb.DuckDBPyConnection:
    """Run a packaged statement; ``{{part}}`` marks are filled with SQL made from declarations, never from data."""
    return connection.execute(fill_sql(name, **parts))


def fetch_arrow(connection: duckdb.DuckDBPyConnection, name: str, **parts: str) -> pa.Table:
    """Return the answer to a packaged SELECT as an Arrow table, for work on whole columns."""
    return connection.sql(fill_sql(name, **parts)).to_arrow_table()


def fill_sql(name: str, **parts: str) -> str:
    """Return a packaged statement with its marks filled."""
    text = load_sql(name)
    for mark, part in parts.items():
        text = text.replace("{{" + mark + "}}", part)
    return text


def fetch_row(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object] | None = None
) -> tuple[Any, ...]:
    """Return the only row of a query.

    Fetches all: from DuckDB 2.0 on, a result that was not read to its end blocks the connection.

    Raises:
        ValueError: the query gives no row, or more than one.
    """
    (row,) = connection.execute(statement, parameters).fetchall()
    return tuple(row)
