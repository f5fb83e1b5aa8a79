"""Releases: a publication never changes; the last few are kept as files, to be listed, compared and restored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.system.connection import connect_apart, fetch_row, run_sql
from pipelines.system.errors import is_of_the_machine
from pipelines.system.files import check_seal, replace_atomically, seal, seal_path, sha256_of_file, unseal
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from schemas.comparison import no_percent_sql, percent_change_sql
from schemas.declarations import load_tables, quote_identifier, quote_literal
from schemas.errors import UsageError, nearest_values

_LARGEST = 10
_HISTORY = ("release_history", "release_source")


@dataclass(frozen=True)
class Release:
    """One publication that is kept as a complete file."""

    release: str
    published_at: datetime
    content_key: str
    observations: int
    path: Path


def release_path(release: str, settings: Settings) -> Path:
    """Return where a release is kept."""
    return settings.releases / f"crime-{release}.duckdb"


@contextmanager
def attached(*paths: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open files read-only as ``release_0``, ``release_1`` ... of a connection in memory.

    They are attached because connecting to a path returns the database that the process already has open under it,
    which may be the previous release.
    """
    with connect_apart() as connection:
        for number, path in enumerate(paths):
            connection.execute(f"ATTACH {quote_literal(str(path))} AS release_{number} (READ_ONLY)")
        yield connection


@dataclass(frozen=True)
class _File:
    """A file in one state. Two names of one file are equal: a kept release is usually also the published file."""

    path: Path = field(compare=False)
    state: tuple[int, ...]


@dataclass(frozen=True)
class _Content:
    """What a release file records about itself and earlier releases."""

    release: tuple[Any, ...]
    history: dict[str, list[dict[str, Any]]]


def _read_content(path: Path) -> _Content | None:
    """Return what a file records about releases; None if there is no file, or it is damaged or of an older layout.

    Raises:
        UsageError: a client has the file open for writing: what it holds cannot be known now.
    """
    try:
        state = path.stat()
        return _read_file(_File(path, (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)))
    except FileNotFoundError:
        return None
    except duckdb.Error as error:  # a block whose checksum is wrong raises the base class
        if is_of_the_machine(error):
            raise
        if isinstance(error, duckdb.IOException) and "lock" in str(error):
            raise UsageError(f"{path} is open for writing in another program; close it there and run again") from error
        return None


@lru_cache(maxsize=64)
def _read_file(file: _File) -> _Content:
    """Read a file once in each state: DuckDB parses some hundred views and macros whenever it opens one."""
    with attached(file.path) as connection:
        release = fetch_row(
            connection, "SELECT release, published_at, content_key, observations FROM release_0.out.release"
        )
        rows = {name: _records(connection.execute(f"FROM release_0.out.{name}")) for name in _HISTORY}
    return _Content(release, rows)


def read_release(path: Path) -> Release | None:
    """Return which release a file is; None if there is no file, or it is damaged or of an older layout.

    Raises:
        UsageError: a client has the file open for writing: what it holds cannot be known now.
    """
    content = _read_content(path)
    if content is None:
        return None
    release, published_at, content_key, observations = content.release
    return Release(release, published_at, content_key, observations, path)


def kept_releases(settings: Settings) -> list[Release]:
    """Return the releases kept as complete files, oldest first.

    A file counts under the name of the release that it contains: a copy under another name belongs to the user.
    """
    found = [read_release(path) for path in settings.releases.glob("crime-*.duckdb")]
    kept = [release for release in found if release and release.path == release_path(release.release, settings)]
    return sorted(kept, key=lambda release: (release.published_at, release.path))


def newest_key(settings: Settings) -> str | None:
    """Return the content key of the newest release; None where the published file is not there or is damaged.

    A release that was put back is not the newest: it stays until there is something else to publish.
    """
    published = read_release(settings.published)
    if published is None or is_damaged(settings.published, published.release, settings):
        return None
    newest = max([published, *kept_releases(settings)], key=lambda release: release.published_at)
    return newest.content_key


def newer_than_published(settings: Settings) -> Release | None:
    """Return the newest release, if an older one was put back and is published in its place."""
    published = read_release(settings.published)
    newest = max(kept_releases(settings), key=lambda release: release.published_at, default=None)
    if published is None or newest is None or newest.published_at <= published.published_at:
        return None
    return newest


def is_damaged(path: Path, release: str, settings: Settings) -> bool:
    """Whether a file is not as the release was when it was published; one without a checksum is accepted as it is.

    DuckDB checks a block only when it reads it, so a file with a damaged block can still be opened.
    """
    sealed = seal_path(release_path(release, settings))
    return sealed.is_file() and sealed.read_text(encoding="ascii", errors="replace")[:64] != sha256_of_file(path)


def damaged_releases(settings: Settings) -> list[tuple[Path, str]]:
    """Return the published file and the kept ones that are missing or damaged, each with what is wrong with it."""
    found = []
    names = {*settings.releases.glob("crime-*.duckdb")}
    names |= {path.with_suffix("") for path in settings.releases.glob("crime-*.duckdb.sha256")}
    if settings.published.is_file() or names:
        names.add(settings.published)
    for path in sorted(names):
        if not path.is_file():
            found.append((path, "is missing"))
            continue
        release = read_release(path)
        if release is None:
            found.append((path, "cannot be read"))
        elif is_damaged(path, release.release, settings):
            found.append((path, "has changed since it was published"))
        elif not seal_path(release_path(release.release, settings)).is_file() and not _reads_whole(path):
            found.append((path, "has a block that cannot be read"))
    return found


def _reads_whole(path: Path) -> bool:
    """Whether every table can be read to its end; DuckDB checks each block as it reads it."""
    try:
        with attached(path) as connection:
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'release_0'"
            ).fetchall()
            for schema, table in tables:
                name = f"release_0.{quote_identifier(schema)}.{quote_identifier(table)}"
                connection.execute(f"SELECT bit_xor(hash(read)) FROM {name} AS read").fetchall()
    except duckdb.Error as error:
        if is_of_the_machine(error):
            raise
        return False
    return True


def published_is_whole(settings: Settings) -> bool:
    """Whether the published file exists and is as it was published; if not, nothing can be compared with it."""
    published = read_release(settings.published)
    return published is not None and not is_damaged(settings.published, published.release, settings)


def keep_published(settings: Settings) -> None:
    """Keep the published file under the name of its release, and remove the oldest beyond ``keep_releases``.

    Both names are one file where the file system can do that, so a release costs no room of its own while published.
    """
    published = read_release(settings.published)
    if published is not None and not release_path(published.release, settings).is_file():
        settings.releases.mkdir(parents=True, exist_ok=True)
        _second_name(settings.published, release_path(published.release, settings))
        seal(release_path(published.release, settings))
    kept = kept_releases(settings)
    for old in kept[: max(0, len(kept) - settings.keep_releases)]:
        if published is None or old.release != published.release:
            delete(old.path, settings)
            unseal(old.path)


def _second_name(path: Path, target: Path) -> None:
    """Give a file a second name in one step; on a file system without hard links a copy gets that name."""

    def link_or_copy(temporary: Path) -> None:
        try:
            os.link(path, temporary)
        except OSError:  # exFAT, some network folders
            shutil.copyfile(path, temporary)
            _make_read_only(temporary)

    replace_atomically(target, link_or_copy)


def _make_read_only(path: Path) -> None:
    """Take the right to write, which a client could use to lock every reader out; who may read it stays the same."""
    path.chmod(path.stat().st_mode & 0o444)


def put_in_place(half: Path, settings: Settings) -> None:
    """Make a finished file the published one in one step: readers see the complete old file or the complete new one."""
    _make_read_only(half)
    os.replace(half, settings.published)
    settings.published.with_name(settings.published.name + ".wal").unlink(missing_ok=True)  # of a file that is gone


def history(table: str, settings: Settings) -> list[dict[str, Any]]:
    """Return the rows of ``release_history`` or ``release_source`` of all files, each row once.

    Every file holds the history up to itself, so that no single file is needed for it.
    """
    columns = dict.fromkeys(column.name for column in load_tables()[table].columns)
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for path in [settings.published, *(release.path for release in kept_releases(settings))]:
        content = _read_content(path)
        for row in content.history[table] if content else ():
            # A release of another version may lack a column, or have one that is no more.
            known = columns | {name: value for name, value in row.items() if name in columns}
            rows[known["release"], known.get("source")] = known
    return sorted(rows.values(), key=lambda row: (str(row["release"]), str(row.get("source"))))


def time_of_release(rows: Iterable[dict[str, Any]], now: datetime) -> datetime:
    """Return when a new release was published, in UTC: after every earlier release, whatever the clock showed then.

    >>> time_of_release([{"published_at": datetime(2030, 1, 1)}], datetime(2026, 1, 1))
    datetime.datetime(2030, 1, 1, 0, 0, 0, 1)
    """
    after = [row["published_at"] + timedelta(microseconds=1) for row in rows]
    latest: datetime = max([now, *after])
    return latest


def new_release_id(day: str, content_key: str, settings: Settings) -> str:
    """Return an identifier that no release has had: day, fingerprint of the content, and a number if both repeat."""
    known = {row["release"] for row in history("release_history", settings)}
    first = f"{day}-{content_key[:8]}"
    number, release = 2, first
    while release in known:
        release, number = f"{first}.{number}", number + 1
    return release


def find_release(name: str, settings: Settings) -> Release:
    """Return a kept release.

    Raises:
        UsageError: it is not kept; gives the nearest.
    """
    kept = {release.release: release for release in kept_releases(settings)}
    if name not in kept:
        near = ", ".join(nearest_values(name, kept)) or "none"
        earlier = {row["release"] for row in history("release_history", settings)}
        why = "is no longer kept (ICCS_KEEP_RELEASES sets how many are)" if name in earlier else "is unknown"
        raise UsageError(f"release {name!r} {why}; nearest: {near}; list all: iccs releases list")
    return kept[name]


def restore_release(name: str, settings: Settings) -> Release:
    """Replace the published file with a kept release, in one step; the caller holds the writer's lock.

    It stays there until a run has something to publish that the newest release does not hold.

    Raises:
        UsageError: it is not kept.
        DamagedFile: the kept file is damaged.
    """
    keep_published(settings)
    release = find_release(name, settings)
    check_seal(release.path)
    _second_name(release.path, settings.published)
    return release


@dataclass(frozen=True)
class Comparison:
    """What differs between two releases: a row for each source, and the largest changes of a count."""

    sources: list[dict[str, Any]]
    largest: list[dict[str, Any]]


def compare_releases(old: str, new: str, settings: Settings) -> Comparison:
    """Return what a release added, withdrew and changed against another, by source: counts, populations, estimates.

    A cell is added or withdrawn; its figure is no longer given, now given, or changed (bounds and errors included); or
    only its marks are others. Sources with the same vintage in both have the same figures and are not compared.

    Raises:
        UsageError: one of them is not kept.
    """
    paths = [find_release(name, settings).path for name in (old, new)]
    with attached(*paths) as connection:
        keys = {table: ", ".join(_compare_cells(connection, table)) for table in _FIGURES}
        return Comparison(
            _records(run_sql(connection, "publish/release_sources")),
            _records(
                run_sql(
                    connection,
                    "publish/release_largest",
                    key=keys["observation"],
                    percent=percent_change_sql("old_value", "new_value"),
                    no_percent=no_percent_sql("old_value", "new_value"),
                    largest=str(_LARGEST),
                )
            ),
        )


_FIGURES = {"observation": "value", "population": "population", "estimate": "estimate"}
"""The column of the figure, by table."""


def _compare_cells(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Make the table of the cells that differ between two attached releases; return the columns that name a cell.

    A release of another version may lack columns, or the table: the columns of the other are then compared with none.
    """
    value = _FIGURES[table]
    there = [_columns_of(connection, f"release_{number}.out.{table}") for number in (0, 1)]
    both = [
        column
        for column in load_tables()[table].columns
        if column.name != "vintage" and all(column.name in names for names in there if names)
    ]
    key = [column.name for column in both if column.role == "dimension"]
    figures = [column.name for column in both if column.role == "measure"]
    marks = [column.name for column in both if column.role == "attribute"]
    sides = [
        f"release_{number}.out.{table}" if names else f"(FROM release_{1 - number}.out.{table} LIMIT 0)"
        for number, names in enumerate(there)
    ]
    run_sql(
        connection,
        "publish/release_cells",
        target="differing" if table == "observation" else f"differing_{table}",
        old=sides[0],
        new=sides[1],
        key=", ".join(key),
        columns=", ".join([*key, *figures, *marks]),
        value=value,
        figures_differ=_differ(figures),
        marks_differ=_differ(marks),
    )
    return key


def _columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Return the columns of a table; none if there is no such table."""
    try:
        return {name for name, *_ in connection.execute(f"DESCRIBE {table}").fetchall()}
    except duckdb.CatalogException:
        return set()


def _differ(columns: Iterable[str]) -> str:
    return " OR ".join(f"old_cell.{name} IS DISTINCT FROM new_cell.{name}" for name in columns)


def _records(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
