"""Temporary folders of one command, outside the data folder; those of killed commands are deleted.

A folder has a marker file, locked as long as its process lives: the system frees the lock in any case. So whoever makes
the next folder in the same place can tell which ones are abandoned.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from pipelines.system.removal import MARK

_NAME = re.compile(r"\.?iccs-scratch-[a-z0-9_]{8}")
_MARK_TEXT = "iccs created this folder for temporary files of a command; the next command deletes it.\n"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Make a private hidden folder beside what a command writes, and delete it at the end.

    Args:
        parent: where it is made, so that the finished result can be renamed into place.
    """
    folder, lock = _make(parent, ".iccs-scratch-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@cache
def process_folder() -> Path:
    """Return this process's folder among the system's temporary files; it is deleted when the process ends.

    Raises:
        OSError: none can be made there.
    """
    folder, _ = _make(Path(tempfile.gettempdir()), "iccs-scratch-")
    owner = os.getpid()

    def delete() -> None:
        if os.getpid() == owner:  # and not a copy of the process
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(delete)
    return folder


def spill_folder() -> str:
    """Return the folder to spill into when no data folder may be written; empty if there is none.

    By default the engine makes its own in the current folder, and leaves it there if it is killed.
    """
    try:
        return str(process_folder() / "spill")
    except OSError:  # a machine that only reads: what fits into memory works
        return ""


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """Make, lock and mark a folder, after deleting abandoned ones."""
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with suppress(OSError):  # a file system without locks: then nobody can take it for one that was left
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (folder / MARK).write_text(_MARK_TEXT, encoding="utf-8")
    return folder, lock


def sweep(parent: Path) -> None:
    """Delete this account's marked folders that no process holds; links are not followed."""
    found: list[Path] = []
    with suppress(OSError):  # a place that may be written and not read
        found = [path for path in parent.iterdir() if _NAME.fullmatch(path.name)]
    for path in found:
        with suppress(OSError):  # another command deletes it just now
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid() and (path / MARK).is_file():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path)
            finally:
                os.close(lock)
