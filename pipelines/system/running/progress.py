"""Progress of the partitions of a source: files, rows and rows per second; shown on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

_INTERVAL_SECONDS = 0.5


class Watched(Protocol):
    """An engine that reports how far its running statement is."""

    def progress(self) -> float:
        """Return the share done, from 0 to 1."""


class Progress:
    """One line on standard error, overwritten twice a second while partitions are tallied."""

    def __init__(self, source_id: str, file_count: int) -> None:
        self._source_id = source_id
        self._file_count = file_count
        self._running: tuple[int, Watched] | None = None
        self._lock = threading.Lock()
        self._done = 0
        self._rows = 0
        self._start = time.perf_counter()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            self._thread = threading.Thread(target=self._show, daemon=True)
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

    @contextmanager
    def watching(self, lines: int, engine: Watched) -> Iterator[None]:
        """Show the progress within a partition that is tallied alone; of several at a time, count those that end."""
        with self._lock:
            self._running = lines, engine
        try:
            yield
        finally:  # the engine may be closed afterwards
            with self._lock:
                self._running = None

    def advance(self, lines: int) -> None:
        """Count a partition of this many lines as done."""
        with self._lock:
            self._done += 1
            self._rows += lines

    def line(self) -> str:
        """Return what is shown now."""
        with self._lock:
            rows, number = self._rows, min(self._done + 1, self._file_count)
            if self._running is not None:
                lines, engine = self._running
                rows += int(lines * engine.progress())
        rate = rows / max(time.perf_counter() - self._start, 1e-9)
        return f"{self._source_id}: file {number} of {self._file_count}, {rows:,} rows, {rate:,.0f} rows a second"

    def _show(self) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            sys.stderr.write(f"\r\x1b[K{self.line()}")
            sys.stderr.flush()
