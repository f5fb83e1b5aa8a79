"""Progress of the partitions of a source on a terminal: files, rows and rows a second; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
import time
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

    def __init__(self, source_id: str, files: int) -> None:
        self._source_id = source_id
        self._files = files
        self._running: tuple[RawFile, Watched] | None = None
        self._counting = threading.Lock()
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

    def begin(self, file: RawFile, engine: Watched) -> None:
        """Tell how far a partition is while it is tallied; small ones, several at a time, are told when done."""
        self._running = file, engine

    def advance(self, file: RawFile) -> None:
        """Count a partition as done."""
        with self._counting:
            self._running = None
            self._done += 1
            self._rows += file.lines or 0

    def line(self) -> str:
        """Return what is shown now."""
        rows, running = self._rows, self._running
        if running is not None:
            file, engine = running
            rows += int((file.lines or 0) * engine.progress())
        rate = rows / max(time.perf_counter() - self._start, 1e-9)
        number = min(self._done + 1, self._files)
        return f"{self._source_id}: file {number} of {self._files}, {rows:,} rows, {rate:,.0f} rows a second"

    def _tell(self) -> None:
        while not self._stop.wait(_INTERVAL_SECONDS):
            sys.stderr.write(f"\r\x1b[K{self.line()}")
            sys.stderr.flush()
