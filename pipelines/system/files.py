"""Files written atomically, so that no reader sees an incomplete one, and identified by their content."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.system.errors import DamagedStore

_DIGEST = "sha256"
"""The key in a document for the checksum of all its other keys."""


def replace_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a temporary file in the same folder, flush it to disk and rename it: readers see the old or the new file.

    A killed run leaves the old file, and next to it at most ``.<name>.part``, which the next call removes. Permissions
    follow the umask, unless ``write`` sets others.

    Args:
        path: the file to create or replace; its folder exists.
        write: writes the file at the path it is given, which does not exist yet.

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
    """Return the temporary file that ``replace_atomically`` writes and then renames."""
    return path.with_name(f".{path.name}.part")


def replace_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 as ``replace_atomically`` does."""
    replace_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def sha256_of_file(path: Path) -> str:
    """Return the sha256 of the bytes of a file, as 64 hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class DamagedFile(DamagedStore):
    """A file that the program wrote cannot be read, or has been altered."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}; to see what can be done: iccs repair")
        self.path, self.what = path, what


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document in one step, with the sha256 of its content in it.

    >>> import tempfile
    >>> note = Path(tempfile.mkdtemp()) / "note.json"
    >>> write_json(note, {"rows": 5})
    >>> read_json(note)
    {'rows': 5}
    >>> _ = note.write_text(note.read_text().replace("5", "4", 1))
    >>> read_json(note)
    Traceback (most recent call last):
    pipelines.system.files.DamagedFile: ...note.json has changed since it was written; ...: iccs repair
    """
    replace_text(path, json.dumps(with_digest(document), indent=1, ensure_ascii=False))


def read_json(path: Path) -> dict[str, Any]:
    """Return a document that ``write_json``, or an older version without checksums, wrote.

    Raises:
        DamagedFile: it is missing, cannot be read, or has been altered.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedFile(path, "is missing") from error
    except ValueError as error:
        raise DamagedFile(path, "cannot be read") from error
    if not isinstance(document, dict):
        raise DamagedFile(path, "cannot be read")
    if not take_digest(document):
        raise DamagedFile(path, "has changed since it was written")
    return document


def with_digest(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with the sha256 of its content in it."""
    return {**document, _DIGEST: _digest(document)}


def take_digest(document: dict[str, Any]) -> bool:
    """Remove the sha256 from a document, and return whether it is that of the content.

    One without, from an older version, is accepted as it is.

    >>> note = with_digest({"rows": 5})
    >>> take_digest(dict(note)), take_digest({**note, "rows": 4}), take_digest({"rows": 4})
    (True, False, True)
    """
    written = document.pop(_DIGEST, None)
    return written is None or written == _digest(document)


def _digest(document: Mapping[str, Any]) -> str:
    as_read = json.loads(json.dumps(document))  # keys that are numbers come back as texts
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()


def seal(path: Path) -> None:
    """Write the sha256 of a finished file beside it; to be called once the file has its final name."""
    replace_text(seal_path(path), f"{sha256_of_file(path)}  {path.name}\n")


def seal_path(path: Path) -> Path:
    """Return the path of the checksum of a file, in the format of ``sha256sum --check``."""
    return path.with_name(f"{path.name}.sha256")


def unseal(path: Path) -> None:
    """Delete the checksum of a file that is to be deleted, renamed or rewritten."""
    seal_path(path).unlink(missing_ok=True)


def check_seal(path: Path) -> None:
    """Compare a file with its checksum; one without, from an older version or a killed run, is accepted as it is.

    Raises:
        DamagedFile: it is missing, or has been altered.
    """
    if not path.is_file():
        raise DamagedFile(path, "is missing")
    sealed = seal_path(path)
    if not sealed.is_file():
        return
    written = sealed.read_bytes()[:64]
    if re.fullmatch(b"[0-9a-f]{64}", written) and written.decode() != sha256_of_file(path):
        raise DamagedFile(path, "has changed since it was written")
