"""Step 1, acquire: find the files of a source, keep immutable copies by sha256."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.source import SourceFolder


@dataclass(frozen=True)
class RawFile:
    """One file as received: name, bytes (by sha256), which layout of the source it has, when it first came."""

    name: str
    path: Path
    sha256: str
    size: int
    layout: int
    first_seen: str
    lines: int | None = None


@dataclass(frozen=True)
class Acquired:
    """Result of step 1."""

    source_id: str
    files: tuple[RawFile, ...]

    @property
    def rows(self) -> int:
        """How many files there are."""
        return len(self.files)

    @property
    def summary(self) -> str:
        """One line for people."""
        size = sum(file.size for file in self.files) / 1024**2
        return f"{len(self.files)} file{'s' if len(self.files) != 1 else ''}, {size:.1f} MiB"


def find_files(folder: SourceFolder, directory: Path) -> list[tuple[Path, int]]:
    """Return the files under a directory that the source's layouts name, with the layout's number.

    A pattern is matched on the file name, one with a slash on the path below the directory's parent. Links are not
    followed, so nothing outside the directory is read.
    """
    found = []
    for root, directories, names in os.walk(directory, followlinks=False):
        directories.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.is_symlink() or not path.is_file():
                continue
            relative = path.relative_to(directory.parent).as_posix()
            for number, layout in enumerate(folder.source.layouts):
                if any(fnmatch(relative if "/" in pattern else name, pattern) for pattern in layout.files):
                    found.append((path, number))
                    break
    return found


def name_problem(source_id: str, path: Path) -> Problem | None:
    """Return what is wrong with the name of a file: it stands in messages, in the published file and in reports."""
    if not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in str(path)):
        return None
    shown = ascii(path.name)
    found = "The name of the file, or of its folder, has bytes that are no UTF-8 text, or control characters."
    return Problem(rule="file_name_invalid", source=source_id, file=shown, found=found)


def not_opened(source_id: str, name: str, error: OSError) -> Problem:
    """Return the problem of a file that the system does not give out; other sources go on."""
    found = f"The file cannot be read ({error.strerror or error})."
    return Problem(rule="file_not_opened", source=source_id, file=name, found=found)


def acquire(folder: SourceFolder, settings: Settings, directory: Path | None = None) -> Acquired:
    """Copy the files of a source into ``data/raw`` and return them; known bytes are not copied again.

    Args:
        folder: the source.
        settings: where data live.
        directory: where to look; default ``data/input``.

    Raises:
        DataRefused: no file, the same name twice with different bytes, a file over the size limit, or one that is being
            written.
    """
    where = directory or settings.input
    problems: list[Problem] = []
    files: dict[str, RawFile] = {}
    raw = settings.raw / folder.source_id
    for path, layout in find_files(folder, where):
        if (problem := name_problem(folder.source_id, path)) is not None:
            problems.append(problem)
            continue
        size = path.stat().st_size
        if size > settings.max_file_mib * 1024**2:
            problems.append(
                Problem(
                    rule="file_too_large",
                    source=folder.source_id,
                    file=path.name,
                    found=f"The file has {size / 1024**2:,.0f} MiB; the limit is {settings.max_file_mib:,} MiB.",
                )
            )
            continue
        try:
            digest = _sha256(path)
        except OSError as error:
            problems.append(not_opened(folder.source_id, path.name, error))
            continue
        file = _keep(path, digest, layout, raw)
        if file is None:
            found = "The file changed while it was copied."
            problems.append(Problem(rule="file_changed", source=folder.source_id, file=path.name, found=found))
            continue
        other = files.get(path.name)
        if other is not None and other.sha256 != file.sha256:
            problems.append(
                Problem(
                    rule="file_ambiguous",
                    source=folder.source_id,
                    file=path.name,
                    found=f"Two files of this name with different content; one is {path.relative_to(where)}.",
                )
            )
        files[path.name] = file
    if not files and not problems:
        patterns = ", ".join(pattern for layout in folder.source.layouts for pattern in layout.files)
        problems.append(
            Problem(rule="file_not_found", source=folder.source_id, file=patterns, found="No input file was found.")
        )
    if problems:
        raise DataRefused(problems)
    return Acquired(source_id=folder.source_id, files=tuple(files[name] for name in sorted(files)))


def _keep(path: Path, digest: str, layout: int, raw: Path) -> RawFile | None:
    """Keep a copy under the sha256 of its bytes; None where the file changed between reading and copying."""
    raw.mkdir(parents=True, exist_ok=True)
    target = raw / f"{digest}.bin"
    note = raw / f"{digest}.json"
    if not target.exists():
        try:
            _place(lambda temporary: _copy(path, Path(temporary), digest), target)
        except _Changed:
            return None
    if not note.exists():
        seen = {"name": path.name, "size": path.stat().st_size, "first_seen": datetime.now(UTC).date().isoformat()}
        _place(lambda temporary: Path(temporary).write_text(json.dumps(seen), encoding="utf-8"), note)
    known = json.loads(note.read_text(encoding="utf-8"))
    return RawFile(
        name=path.name,
        path=target,
        sha256=digest,
        size=target.stat().st_size,
        layout=layout,
        first_seen=known["first_seen"],
    )


class _Changed(Exception):
    """A copy has other bytes than those that were hashed."""


def _copy(path: Path, temporary: Path, digest: str) -> None:
    shutil.copyfile(path, temporary)
    if _sha256(temporary) != digest:
        raise _Changed


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _place(write: Callable[[str], object], target: Path) -> None:
    """Write beside, then rename: a killed run leaves no half file under the final name."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    os.close(handle)
    try:
        write(temporary)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def describe_files(acquired: Acquired) -> list[dict[str, object]]:
    """Return the files for the manifest of a vintage."""
    return [{**asdict(file), "path": file.path.name} for file in acquired.files]
