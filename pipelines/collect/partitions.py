"""Step 1 for incidents: the files as partitions, recognised by content; they are read where they lie, never copied.

Records on persons are not multiplied: unlike national tables they get no copy under ``data/raw``, only a note of name,
sha256, lines and the day they first came.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from pipelines.collect.acquire import Acquired, RawFile, find_files, name_problem, not_opened
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.source import SourceFolder

_CHUNK = 1 << 20
_NEW_LINE = ord("\n")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# A file written again within this time of its hashing could keep size and times: its hash is then not trusted later.
_SAFE_AGE_NS = 2 * 10**9


def acquire_partitions(folder: SourceFolder, settings: Settings, directory: Path | None = None) -> Acquired:
    """Find the files of a source of incidents and return them with the sha256 of each; one file is one partition.

    A hash is taken from the note of an earlier run where path, size, inode, and times of change of content and of the
    file's record are all the same, and the file was older than two seconds when it was hashed; else the file is read.

    Args:
        folder: the source.
        settings: where data live.
        directory: where to look; default ``data/input``.

    Raises:
        DataRefused: no file, a file over the size limit, or the same content twice.
    """
    where = directory or settings.input
    note = settings.raw / folder.source_id / "files.json"
    known = _read_note(note)
    today = datetime.now(UTC).date().isoformat()
    files, problems = [], []
    by_content: dict[str, str] = {}
    for path, layout in find_files(folder, where):
        if (problem := name_problem(folder.source_id, path)) is not None:
            problems.append(problem)
            continue
        name = path.relative_to(where).as_posix().removeprefix(f"{folder.source_id}/")
        state = _state(path)
        if state["size"] > settings.max_file_mib * 1024**2:
            found = f"The file has {state['size'] / 1024**2:,.0f} MiB; the limit is {settings.max_file_mib:,} MiB."
            problems.append(Problem(rule="file_too_large", source=folder.source_id, file=name, found=found))
            continue
        entry = known["files"].get(str(path))
        if entry is None or entry["state"] != state or not entry["settled"]:
            made = _read_for_note(folder.source_id, name, path, state, settings)
            if isinstance(made, Problem):
                problems.append(made)
                continue
            entry = made
            known["files"][str(path)] = entry
        digest = entry["sha256"]
        if digest in by_content:
            found = f"The file has the same content as {by_content[digest]}: its incidents would be counted twice."
            problems.append(Problem(rule="file_given_twice", source=folder.source_id, file=name, found=found))
            continue
        by_content[digest] = name
        first_seen = known["first_seen"].setdefault(digest, today)
        files.append(RawFile(name, path, digest, state["size"], layout, first_seen, entry["lines"]))
    if not files and not problems:
        patterns = ", ".join(pattern for layout in folder.source.layouts for pattern in layout.files)
        found = "No input file was found."
        problems.append(Problem(rule="file_not_found", source=folder.source_id, file=patterns, found=found))
    if problems:
        raise DataRefused(problems)
    _write_note(note, known)
    return Acquired(folder.source_id, tuple(sorted(files, key=lambda file: file.name)))


def _read_for_note(
    source_id: str, name: str, path: Path, state: dict[str, int], settings: Settings
) -> dict[str, Any] | Problem:
    """Read a file once for what the note says of it, or return what is wrong with it."""
    began, limit = time.time_ns(), settings.max_file_mib * 1024**2
    try:
        digest, lines, damage, unpacked = _read_all(path, limit)
    except OSError as error:
        return not_opened(source_id, name, error)
    if damage:
        found = f"The compressed file is damaged ({damage})."
        return Problem(rule="file_truncated", source=source_id, file=name, found=found)
    if unpacked > limit:
        found = f"Unpacked, the file has more than {settings.max_file_mib:,} MiB."
        return Problem(rule="file_too_large", source=source_id, file=name, found=found)
    settled = began - state["changed_ns"] > _SAFE_AGE_NS and _state(path) == state
    return {"state": state, "settled": settled, "sha256": digest, "lines": lines}


def is_unchanged(file: RawFile, source_id: str, settings: Settings) -> bool:
    """Tell whether a file that was read is, at the end, still the one that was hashed (by size, times and inode)."""
    known = _read_note(settings.raw / source_id / "files.json")["files"]
    return file.path.is_file() and known[str(file.path)]["state"] == _state(file.path)


def folder_keys(name: str) -> dict[str, str]:
    """Return the columns that a partitioned folder keeps in its names.

    >>> folder_keys("year=2024/month=03/part-0.parquet")
    {'year': '2024', 'month': '03'}
    >>> folder_keys("place=San%20Jos%C3%A9/sex=__HIVE_DEFAULT_PARTITION__/part-0.parquet")
    {'place': 'San José', 'sex': ''}
    """
    pairs = [part.split("=", 1) for part in name.split("/")[:-1] if "=" in part]
    return {key: "" if value == _NO_VALUE else unquote(value) for key, value in pairs}


def _state(path: Path) -> dict[str, int]:
    stat = path.stat()
    return {
        "size": stat.st_size,
        "modified_ns": stat.st_mtime_ns,
        "changed_ns": stat.st_ctime_ns,
        "inode": stat.st_ino,
    }


def _read_all(path: Path, limit: int) -> tuple[str, int | None, str, int]:
    """Return the sha256 of a file, the lines of a text file, what is wrong with a packed one, and its size unpacked.

    Lines are the one independent count of what is in a file. Its own checksum says whether a compressed file is whole,
    which DuckDB does not ask.
    """
    digest = hashlib.sha256()
    lines, last, size = 0, b"", 0
    name = path.name.lower().removesuffix(".gz")
    text = name.endswith((".csv", ".txt", ".tsv"))
    with path.open("rb") as handle, ThreadPoolExecutor(1) as hasher:
        packed = handle.read(2) == b"\x1f\x8b"
        handle.seek(0)
        hashed: Future[None] | None = None
        while piece := handle.read(_CHUNK):
            if hashed is not None:
                hashed.result()  # a piece is read and its lines counted while the one before is hashed
            hashed = hasher.submit(digest.update, piece)
            if text and not packed:
                lines += int(np.count_nonzero(np.frombuffer(piece, np.uint8) == _NEW_LINE))
                last = piece[-1:]
    if packed:
        try:
            with gzip.open(path, "rb") as unpacked:
                while size <= limit and (piece := unpacked.read(_CHUNK)):
                    size += len(piece)
                    lines += piece.count(b"\n")
                    last = piece[-1:]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            return digest.hexdigest(), None, str(error), size
    return digest.hexdigest(), lines + (last not in (b"", b"\n")) if text else None, "", size


def _read_note(note: Path) -> dict[str, Any]:
    if not note.is_file():
        return {"files": {}, "first_seen": {}}
    known: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return known


def _write_note(note: Path, known: dict[str, Any]) -> None:
    known["files"] = {path: entry for path, entry in known["files"].items() if Path(path).exists()}
    note.parent.mkdir(parents=True, exist_ok=True)
    half = note.with_suffix(".part")
    half.write_text(json.dumps(known, indent=1), encoding="utf-8")
    os.replace(half, note)
