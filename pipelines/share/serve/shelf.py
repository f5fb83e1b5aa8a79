"""The packages served: each is checked before it is opened; new ones are picked up while the server runs.

Only packages written by ``iccs share package`` are opened: the checksums beside the database must be right. An internal
release has none.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import cast, get_args

import duckdb

from pipelines.share.data_package import SUMS
from pipelines.share.leave import DATABASE
from pipelines.share.sdmx.structures import Structures
from pipelines.share.serve.refused import NotAnswered
from pipelines.system.connection import fetch_row
from pipelines.system.files import sha256_of_file
from schemas.declarations import quote_literal
from schemas.definition.sharing import Level
from schemas.errors import UsageError

_LOG = logging.getLogger("iccs.share")
_LOOK_AGAIN_SECONDS = 0.5
_NAME = re.compile(r"crime-statistics-([a-z]+)")


class Edition:
    """One package: its name, its level, and when its release was published (UTC)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, alias: str, agency: str, level: Level, written: int = 0
    ) -> None:
        self._connection, self.alias, self.agency, self.level = connection, alias, agency, level
        self.written = written  # of two packages of one release, the later one counts
        self.release: str
        self.published_at: datetime
        self.release, self.published_at = fetch_row(
            self.cursor(), f"SELECT release, published_at FROM {alias}.out.release"
        )

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own for one request."""
        return self._connection.cursor()

    @property
    def cells(self) -> str:
        """The SQL name of the observations."""
        return f"{self.alias}.out.observation"

    @cached_property
    def structures(self) -> Structures:
        """The structures, built once."""
        cursor = self.cursor()
        cursor.execute(f"USE {self.alias}.out")
        found = Structures(cursor, self.agency)
        found.artefacts()
        return found


@dataclass(frozen=True)
class _Seen:
    """The state of a package when it was examined; a changed one has another state."""

    path: Path
    state: tuple[int, ...]


class Shelf:
    """The packages in a folder, or the one that it is.

    Args:
        folder: a package, or a folder of packages; names that begin with a point are passed over.
        agency: identifier of the agency that publishes, in SDMX.
        threads: of DuckDB, for all requests together.
        memory: of DuckDB, as ``1GB``.

    Raises:
        UsageError: there is no package, or one is not as it was written.
    """

    def __init__(self, folder: Path, agency: str, threads: int = 2, memory: str = "1GB") -> None:
        self.folder, self.agency = folder.resolve(), agency
        self._connection = duckdb.connect(config={"threads": threads, "memory_limit": memory})
        self._connection.execute(f"SET allowed_directories = [{quote_literal(str(self.folder))}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self._lock = threading.Lock()
        self._editions: dict[_Seen, Edition | None] = {}
        self._number = 0
        self._looked = 0.0
        self._look(self._refuse)
        if not any(self._editions.values()):
            raise UsageError(f"{folder} contains no package; write one there: iccs share package -o {folder}/FIRST")

    def editions(self, levels: tuple[Level, ...]) -> list[Edition]:
        """Return the packages for some levels, the newest last, including those added to the folder since.

        Of several packages of one release, it is the most restricted one, then the one written last.
        """
        with self._lock:
            if time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
                self._look(lambda path, why: _LOG.error("%s is not served: %s", path.name, why))
            found = [one for one in self._editions.values() if one is not None and one.level in levels]
        found.sort(key=lambda one: (one.published_at, levels.index(one.level), one.written))
        return list({one.published_at: one for one in found}.values())

    def current(self, levels: tuple[Level, ...], moment: datetime | None = None) -> Edition:
        """Return the newest package for some levels, or the one that was the newest at a moment (UTC).

        Raises:
            NotAnswered: there was none.
        """
        found = [one for one in self.editions(levels) if moment is None or one.published_at <= moment]
        if not found:
            raise NotAnswered(
                404, "No data from that time are kept here." if moment else "There are no figures that you may see."
            )
        return found[-1]

    def _refuse(self, path: Path, why: str) -> None:
        raise UsageError(f"{path}: {why}")

    def _look(self, complain: Callable[[Path, str], None]) -> None:
        """Open new packages and forget deleted ones; a damaged package is reported once."""
        there = [self.folder] if (self.folder / DATABASE).exists() else sorted(self.folder.glob("*"))
        seen = []
        for path in there:
            if path.name.startswith(".") or not (path / DATABASE).is_file():
                continue
            state = (path / DATABASE).stat()
            seen.append(_Seen(path, (state.st_ino, state.st_mtime_ns, state.st_size)))
        for one in seen:
            if one not in self._editions:
                try:
                    self._editions[one] = self._open(one.path)
                except (UsageError, duckdb.Error, OSError, ValueError, KeyError) as error:
                    self._editions[one] = None
                    complain(one.path, str(error) if isinstance(error, UsageError) else type(error).__name__)
        for one in self._editions.keys() - set(seen):
            del self._editions[one]  # its file stays open for requests that are under way
        self._looked = time.monotonic()

    def _open(self, path: Path) -> Edition:
        level = check_package(path)
        self._number += 1
        alias = f"package_{self._number}"
        self._connection.execute(f"ATTACH {quote_literal(str(path / DATABASE))} AS {alias} (READ_ONLY)")
        edition = Edition(self._connection, alias, self.agency, level, (path / DATABASE).stat().st_mtime_ns)
        described = json.loads((path / "datapackage.json").read_text(encoding="utf-8"))
        if described["version"] != edition.release:
            raise UsageError("its description belongs to another release")
        return edition


def check_package(path: Path) -> Level:
    """Return the level of a package, after checking its database and description against their checksums.

    Raises:
        UsageError: it is not a package, or has been altered.
    """
    sums = dict[str, str]()
    for name in (SUMS, f"{DATABASE}.sha256"):
        if not (path / name).is_file():
            raise UsageError(
                f"{name} is missing, so this is not a package; only packages written by iccs share package are served"
            )
        for line in (path / name).read_text(encoding="ascii").splitlines():
            digest, _, file = line.partition("  ")
            sums[file] = digest
    for name in (DATABASE, "datapackage.json"):
        if sha256_of_file(path / name) != sums.get(name):
            raise UsageError(f"{name} has changed since it was written; write the package again")
    described = json.loads((path / "datapackage.json").read_text(encoding="utf-8"))
    found = _NAME.fullmatch(described["name"])
    if found is None or found[1] not in get_args(Level) or found[1] == "internal":
        raise UsageError("its description does not state for whom it is")
    return cast(Level, found[1])
