"""Signals that ask the process to end, noticed even while DuckDB is busy and Python runs no handler."""

from __future__ import annotations

import os
import signal
import threading

_ENDING = (signal.SIGINT, signal.SIGTERM)
_ASKED: list[int] = []
_PIPE: list[int] = []


def watch_signals() -> None:
    """Start recording the signals that ask the process to end. Main thread only."""
    if not _PIPE:
        _PIPE.extend(os.pipe())
        os.set_blocking(_PIPE[1], False)
        threading.Thread(target=_watch, daemon=True, name="signals").start()
    signal.set_wakeup_fd(_PIPE[1], warn_on_full_buffer=False)


def _watch() -> None:
    while received := os.read(_PIPE[0], 64):
        _ASKED.extend(number for number in received if number in _ENDING)


def is_watching() -> bool:
    """Whether this process is a command that ends on signals; a notebook or another user of the library is not."""
    return bool(_PIPE)


def asked_to_end() -> int:
    """Return the first signal that asked the process to end; 0 if none did."""
    return _ASKED[0] if _ASKED else 0
