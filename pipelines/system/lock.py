"""The writer's lock: one run at a time in a data folder; others wait, or report who holds it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from pipelines.system.files import replace_text
from pipelines.system.settings import Settings
from schemas.errors import UsageError

_POLL_SECONDS = 0.2


@contextmanager
def writing(settings: Settings, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock of the data folder. The operating system frees it when the process dies, in whatever way.

    Args:
        settings: where data live.
        wait_seconds: how long to wait for another writer to end.

    Raises:
        UsageError: another run holds it; names the process and since when.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.data / ".writer.lock")
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=_POLL_SECONDS)
    except Timeout as error:
        waited = f" after {wait_seconds:g} s of waiting" if wait_seconds else ""
        raise UsageError(
            f"another run is writing to {settings.data}{waited}: {_holder(settings)}; wait for it to end, or give a "
            "longer --wait SECONDS"
        ) from error
    try:
        _note_holder(settings)
        yield
    finally:
        lock.release()


def _note(settings: Settings) -> Path:
    return settings.data / ".writer.json"


def _note_holder(settings: Settings) -> None:
    """Leave a note for those who wait. It is informative only: the lock itself is the operating system's."""
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    replace_text(_note(settings), json.dumps(holder))


def _holder(settings: Settings) -> str:
    try:
        note = json.loads(_note(settings).read_text(encoding="utf-8"))
        return f"process {note['pid']} on {note['host']}, since {note['since']} UTC"
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # not there yet, or damaged: the lock itself holds
        return "an unknown process"
