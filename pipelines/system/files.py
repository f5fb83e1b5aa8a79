"""Files written atomically, so that no reader sees half of one, and identified by their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path


def replace_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a temporary file in the same folder, flush it to disk and rename it: readers see the old or the new file.

    A run that is killed leaves the old file, and next to it at most ``.<name>.part``, which the next call removes.
    Permissions are those that the umask gives, unless ``write`` sets others.

    Args:
        path: the file to create or replace; its folder exists.
        write: writes the file whose path it is given; nothing is there yet.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.json"
    >>> replace_atomically(target, lambda temporary: temporary.write_text("{}"))
    >>> [(file.name, file.read_text()) for file in target.parent.iterdir()]
    [('note.json', '{}')]
    """
    temporary = temporary_name(path)
    temporary.unlink(missing_ok=True)
    try:
        write(temporary)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())  # else a power cut after the rename could leave the new name without content
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_name(path: Path) -> Path:
    """Return the file that ``replace_atomically`` writes before it takes the place of another."""
    return path.with_name(f".{path.name}.part")


def replace_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 as ``replace_atomically`` does."""
    replace_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of the bytes of a file, as 64 hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
