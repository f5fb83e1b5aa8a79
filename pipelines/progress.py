"""Progress of the partitions of a source on a terminal: files, rows and rows a second; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from pipelines.acquire import RawFile

_INTERVAL_SECONDS = 0.5


class Watched(Protocol):
    """What tells how far the running statement is."""

    def progress(self) -> float:
        """Return the share done, from 0 to 1."""


class Progress:
    """One line on standard error that is written over, twice a second, while partitions are tallied."""

    def __init__(self, source_id: str, files: Sequence[RawFile], engine: Watched) -> None:
        self._source_id = source_id
        self._files = files
        self._engine = engine
        self._done = 0
        self._rows = 0
        self._start = time.perf_counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            self._thread = threading.Thread(target=self._tell, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def advance(self, file: RawFile) -> None:
        """Count a partition as done."""
        self._done += 1
        self._rows += file.lines or 0

    def line(self) -> str:
        """Return what is shown now."""
        total = len(self._files)
        share = self._engine.progress() if self._done < total else 0.0
        rows = self._rows
        if self._done < total:
            rows += int((self._files[self._done].lines or 0) * share)
        rate = rows / max(time.perf_counter() - self._start, 1e-9)
        return (
            f"{self._source_id}: file {min(self._done + 1, total)} of {total}, {rows:,} rows, {rate:,.0f} rows a second"
        )

    def _tell(self) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            sys.stderr.write(f"\r\x1b[K{self.line()}")
            sys.stderr.flush()
