"""Acquire: find the files of a source and identify them by their content.

Files of national tables are kept as immutable copies by sha256. Files of incidents are read in place, as records on
persons are not copied: only a note is kept of their name, sha256, lines and the day they first came.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import time
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.collect.content import PACKED_DAMAGE, PIECE, ArchiveRefused, is_packed, list_members, open_content
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.files import read_json, replace_atomically, sha256_of_file, write_json
from pipelines.system.settings import Settings
from schemas.definition.layouts import reads_other_sheets
from schemas.errors import UsageError, nearest_values
from schemas.source import SourceFolder

FETCHED, FROM_INBOX = "acquired", "inbox"
"""Folders in the input folder of a source whose files no other source takes."""
_NEW_LINE = ord("\n")
_IN = "//"  # between the path of an archive and the name of a file in it: no path has it
_IN_ARCHIVE = re.compile(r"(.*\.zip)/(.+)", re.IGNORECASE)
_MOST_NEAREST = 100  # files for which the nearest patterns are looked for: it takes a millisecond for each
_NO_FIGURES = (".*", "*.md", "SHA256SUMS*", "*.sha256")
_ABOUT_FIGURES = re.compile(  # "read me" and "licence", as offices write them
    r"(read[ _-]?me|l[eé]e(me|nos)|leia([ _-]?me)?|lisez[ _-]?moi|lies[ _-]?mich|licen[sc]e|licen[cç][ia]a?|lizenz)"
    r"(?![a-zà-ÿ]).*"
)
_OF_TABLES = (".csv", ".tsv", ".tab", ".dat", ".psv", ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".parquet")
"""Files with such a name are never skipped, whatever else is in the name."""
# A file written again within this time of its hashing could keep size and times: its hash is then not trusted later.
_SAFE_AGE_NS = 2 * 10**9


@dataclass(frozen=True)
class RawFile:
    """One file as received: name, bytes (by sha256), its layout in the source, and when it first came.

    A workbook whose sheets have different layouts occurs once for each. ``member`` is the file's name in the zip
    archive that it came in; ``path`` and ``sha256`` are then those of the archive.
    """

    name: str
    path: Path
    sha256: str
    size: int
    layout: int
    first_seen: str
    lines: int | None = None
    member: str | None = None


@dataclass(frozen=True)
class Acquired:
    """The files of a source that a run found."""

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


@dataclass(frozen=True)
class _Measured:
    """The result of one pass over a file: sha256 of its bytes and of its unpacked content, and its lines of text.

    ``size`` is the unpacked size of a file in an archive.
    """

    sha256: str
    content: str
    lines: int | None
    size: int | None = None


def acquire(
    folder: SourceFolder,
    settings: Settings,
    directory: Path | None = None,
    given: Sequence[tuple[Path, int]] | None = None,
) -> Acquired:
    """Find the files of a source and return them with the sha256 of each; of a zip archive, each file in it.

    Files of national tables are copied to ``data/raw`` unless that holds the same bytes already; files of incidents
    stay where they are.

    Args:
        folder: the source.
        settings: where data live.
        directory: where to look; default ``data/input``.
        given: the files in it to take, each with the number of its layout; default: all that match a layout.

    Raises:
        DataRefused: no file, or any that is not a regular file, has an invalid name, is too large, damaged, being
            written, given twice, or shares its name with another; all of these together.
    """
    where = directory or settings.input
    intake = _Intake(folder, settings, where)
    problems: list[Problem] = []
    files: dict[tuple[str, int], RawFile] = {}
    by_content: dict[str, str] = {}
    for path, layout in find_files(folder, where) if given is None else given:
        try:
            taken = list(intake.take_all(path, layout))
        except DataRefused as refused:
            problems.extend(problem for problem in refused.problems if problem not in problems)
            continue
        for file, content in taken:
            other = files.setdefault((file.name, layout), file)
            first = by_content.setdefault(content, file.name) if file.size else file.name
            if other.sha256 != file.sha256:
                found = f"Two files have this name and different content; one is {path.relative_to(where)}."
                problems.append(_problem("file_ambiguous", folder, file.name, found))
            elif first != file.name:
                found = f"The file has the same content as {first}: its rows would be counted twice."
                problems.append(_problem("file_given_twice", folder, file.name, found))
    if not files and not problems:
        patterns = ", ".join(pattern for layout in folder.source.layouts for pattern in layout.files)
        problems.append(_problem("file_not_found", folder, patterns, "No input file was found."))
    problems += _editions_missing(folder, [file.name for file in files.values()])
    if problems:
        raise DataRefused(problems)
    intake.write_note()
    return Acquired(folder.source_id, tuple(files[key] for key in sorted(files)))


def _editions_missing(folder: SourceFolder, names: list[str]) -> list[Problem]:
    """Problems of files whose rows are to be replaced by a file that is missing: the rows would simply be lost."""

    def given(pattern: str) -> list[str]:
        return [name for name in names if fnmatch(Path(name).name.casefold(), pattern.casefold())]

    return [
        _problem(
            "file_not_found",
            folder,
            one.file,
            f"source.yml declares that it replaces rows of {', '.join(given(one.replaces)[:3])}, but it is not there.",
        )
        for one in folder.source.replaces
        if given(one.replaces) and not given(one.file)
    ]


def find_files(folder: SourceFolder, directory: Path) -> list[tuple[Path, int]]:
    """Return what is under a directory and matches a layout of the source, with the number of that layout.

    A file has the first layout that matches its name, together with those that read other sheets of it. A pattern is
    matched against the name, one with a slash against the path below the directory's parent. Links are not followed, so
    nothing outside the directory is read. Links, pipes, sockets and folders with a matching name are returned too:
    ``acquire`` refuses them, as skipping them would silently omit figures.
    """
    found = []
    folders = []
    for root, directories, names in os.walk(directory, followlinks=False):
        directories.sort()
        for name in sorted(names):
            path = Path(root, name)
            found += [(path, layout) for layout in find_layouts(folder, directory, path)]
        for path in (Path(root, name) for name in directories if Path(name).suffix):
            folders += [(path, layout) for layout in find_layouts(folder, directory, path)[:1]]
    # A data set of several files is a folder named like a file: its files are what counts.
    return found + [one for one in folders if not any(path.is_relative_to(one[0]) for path, _ in found)]


def find_unclaimed(folders: Iterable[SourceFolder], directory: Path) -> dict[str, tuple[str, ...]]:
    """Return the files under a directory that no source takes, the first of them with the nearest patterns.

    A file of figures with a name that no source expects would otherwise be silently ignored. Hidden files and those
    about the data (README, LICENSE, checksums) are not files of figures.

    Args:
        folders: every source, first those that have files; one whose definition is not valid claims nothing.
        directory: where the files are.
    """
    unclaimed: list[Path] = []
    for root, directories, names in os.walk(directory, followlinks=False):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        unclaimed += [Path(root, name) for name in sorted(names) if not is_about_figures(name)]
    patterns: set[str] = set()
    for folder in folders:
        if not unclaimed:  # reading the definitions of every source takes longer than a small source
            break
        own = _patterns_of(folder)
        patterns.update(own)
        unclaimed = [path for path in unclaimed if not _is_claimed(path, directory, own)]
    near = {path: nearest_values(path.name, patterns) for path in unclaimed[:_MOST_NEAREST]}
    return {path.relative_to(directory).as_posix(): tuple(near.get(path, ())) for path in unclaimed}


def _is_claimed(path: Path, directory: Path, patterns: Iterable[str]) -> bool:
    """Whether a file, or a folder around it below the directory, matches one of the patterns."""
    inside = [path, *(parent for parent in path.parents if directory in parent.parents)]
    return any(_has_pattern(part, directory, pattern) for part in inside for pattern in patterns)


def _patterns_of(folder: SourceFolder) -> list[str]:
    try:
        return [pattern for layout in folder.source.layouts for pattern in layout.files]
    except UsageError:  # reported where the source is run
        return []


def split_pattern(pattern: str) -> tuple[str, str | None]:
    """Return the pattern of a file and, if that is an archive, of the file in it.

    >>> split_pattern("eng.zip/351*.csv"), split_pattern("2024/*.csv")
    (('eng.zip', '351*.csv'), ('2024/*.csv', None))
    """
    found = _IN_ARCHIVE.fullmatch(pattern)
    return (found[1], found[2]) if found else (pattern, None)


def _has_pattern(path: Path, directory: Path, pattern: str) -> bool:
    """Whether a pattern matches a file, by its name or by its path below the parent of the directory.

    ``A.CSV`` matches ``*.csv``, as on systems where file names are case-insensitive.
    """
    pattern, _ = split_pattern(pattern)
    name = path.relative_to(directory.parent).as_posix() if "/" in pattern else path.name
    return fnmatch(name.casefold(), pattern.casefold())


def is_about_figures(name: str) -> bool:
    """Whether a file is about other files and has no figures itself: a README, a licence, checksums.

    >>> is_about_figures("LÉEME.txt"), is_about_figures("readme_2023.csv"), is_about_figures("licensed_guns.txt")
    (True, False, False)
    """
    bare = name.casefold()
    if any(fnmatch(bare, pattern.casefold()) for pattern in _NO_FIGURES):
        return True
    return _ABOUT_FIGURES.fullmatch(bare) is not None and not bare.endswith(_OF_TABLES)


def find_layouts(folder: SourceFolder, directory: Path, path: Path) -> list[int]:
    """Return the numbers of the layouts that read a file of this path, whether it exists or not.

    A file fetched for a source, or put into its inbox, belongs to that source alone, even if others match its name.
    """
    below = path.relative_to(directory).parts
    if len(below) > 2 and below[1] in (FETCHED, FROM_INBOX) and below[0] != folder.source_id:
        return []
    layouts = folder.source.layouts
    found: list[int] = []
    for number, layout in enumerate(layouts):
        matches = any(_has_pattern(path, directory, pattern) for pattern in layout.files)
        if matches and all(reads_other_sheets(layouts[other], layout) for other in found):
            found.append(number)
    return found


def _problem(rule: str, folder: SourceFolder, file: str, found: str) -> Problem:
    return Problem(rule=rule, source=folder.source_id, file=file, found=found)


class _Intake:
    """Takes in the files of one source, one after the other."""

    def __init__(self, folder: SourceFolder, settings: Settings, where: Path) -> None:
        self.folder, self.where = folder, where
        self.keep = not folder.source.of_persons
        self.limit_mib = settings.max_file_mib
        self.raw = settings.raw / folder.source_id
        self.known = (
            {"files": {}, "first_seen": {}} if self.keep else _read_note(_note_path(folder.source_id, settings))
        )

    def take_all(self, path: Path, layout: int) -> Iterator[tuple[RawFile, str]]:
        """Yield a file, or the files in a zip archive, each with the sha256 of its unpacked content.

        Raises:
            DataRefused: it cannot be taken.
        """
        # Tables are identified by their file name, the many files of incidents by their path below the folder.
        below = path.relative_to(self.where).as_posix().removeprefix(f"{self.folder.source_id}/")
        name = path.name if self.keep else below
        self._check_name(path)
        try:
            state = self._check_state(name, path)
            is_text = self.folder.source.layouts[layout].read.format == "csv"
            members = list_members(path, self.limit_mib) if is_text else None
            if members is None:
                yield self._take(name, path, state, layout, None)
            for member in self._wanted(name, path, layout, members or ()):
                if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in member):
                    raise self._refuse("file_name_invalid", name, f"The archive has a file {member!a}.")
                yield self._take(f"{name}/{member}", path, state, layout, member)
        except ArchiveRefused as refused:
            raise self._refuse(refused.rule, name, str(refused)) from refused
        except NotImplementedError as error:  # a member with an unknown compression method
            raise self._refuse("file_not_readable", name, f"The zip archive cannot be unpacked ({error}).") from error
        except _NotKeptError as failed:
            text = f"{failed.error.strerror or failed.error}: no copy of {name} can be kept in {self.raw}"
            raise OSError(failed.error.errno, text) from failed
        except OSError as error:
            found = f"The file cannot be read ({error.strerror or error})."
            raise self._refuse("file_not_opened", name, found) from error

    def _wanted(self, name: str, path: Path, layout: int, members: Sequence[str]) -> Sequence[str]:
        """The files in an archive that a layout names; all that may have figures if it names only the archive."""
        patterns = [one for one in self.folder.source.layouts[layout].files if _has_pattern(path, self.where, one)]
        named = [inside for _, inside in map(split_pattern, patterns) if inside is not None]
        if not members or len(named) < len(patterns):
            return [one for one in members if not is_about_figures(Path(one).name)] or members
        found = [
            one
            for one in members
            if any(fnmatch(text.casefold(), inside.casefold()) for inside in named for text in (one, Path(one).name))
        ]
        if not found:
            text = f"The archive has no file {' or '.join(named)}; it has {', '.join(members[:_MOST_NEAREST])}."
            raise self._refuse("file_not_found", name, text)
        return found

    def _take(
        self, name: str, path: Path, state: dict[str, int], layout: int, member: str | None
    ) -> tuple[RawFile, str]:
        measured = self._measure(name, path, state, member)
        if self.keep:
            try:
                return self._keep_copy(name, path, measured, layout, member), measured.content
            except OSError as error:
                raise _NotKeptError(error) from error
        first_seen = self.known["first_seen"].setdefault(measured.sha256, _today())
        size = measured.size or state["size"]
        return RawFile(name, path, measured.sha256, size, layout, first_seen, measured.lines, member), measured.content

    def write_note(self) -> None:
        """Save what is known of files that are read in place."""
        if not self.keep:
            self.known["files"] = {
                key: entry for key, entry in self.known["files"].items() if Path(key.partition(_IN)[0]).exists()
            }
            self.raw.mkdir(parents=True, exist_ok=True)
            write_json(self.raw / "files.json", self.known)

    def _refuse(self, rule: str, name: str, found: str) -> DataRefused:
        return DataRefused([_problem(rule, self.folder, name, found)])

    def _check_name(self, path: Path) -> None:
        """Refuse a name that cannot be shown in messages, reports and the published file."""
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in str(path)):
            found = "The name of the file or its folder contains bytes that are not valid UTF-8, or control characters."
            raise self._refuse("file_name_invalid", ascii(path.name), found)

    def _check_state(self, name: str, path: Path) -> dict[str, int]:
        """Return size, times and inode of a regular file within the size limit."""
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
            kind = "a folder" if stat.S_ISDIR(mode) else kinds.get(stat.S_IFMT(mode), "a device")
            raise self._refuse("file_not_regular", name, f"This is {kind}, not a file.")
        state = _state(path)
        if state["size"] > self.limit_mib * 1024**2:
            found = f"The file has {state['size'] / 1024**2:,.0f} MiB; the limit is {self.limit_mib:,} MiB."
            raise self._refuse("file_too_large", name, found)
        return state

    def _measure(self, name: str, path: Path, state: dict[str, int], member: str | None) -> _Measured:
        """Read a file once to identify it.

        For a file that is read in place, the note of an earlier run is used if path, size, inode, and times of change
        (mtime, ctime) are all the same, and the file was older than two seconds when it was hashed.
        """
        key = str(path) if member is None else f"{path}{_IN}{member}"
        entry = self.known["files"].get(key)
        if entry is not None and entry["state"] == state and entry["settled"] and "content" in entry:
            return _Measured(entry["sha256"], entry["content"], entry["lines"], entry.get("size"))
        began = time.time_ns()
        measured = self._read_all(name, path, member)
        settled = began - state["changed_ns"] > _SAFE_AGE_NS and _state(path) == state
        self.known["files"][key] = {"state": state, "settled": settled, **asdict(measured)}
        return measured

    def _read_all(self, name: str, path: Path, member: str | None) -> _Measured:
        """Return the hashes of a file, and the lines of a text file, the only independent count of its content.

        A compressed file's own checksum shows whether it is complete, which DuckDB does not check.
        """
        is_text = member is not None or path.name.lower().removesuffix(".gz").endswith((".csv", ".txt", ".tsv"))
        if member is None and not is_packed(path):
            with path.open("rb") as handle:
                digest, lines = _hash_and_count(iter(lambda: handle.read(PIECE), b""))
            return _Measured(digest, digest, lines if is_text else None)
        sizes: list[int] = []
        try:
            with open_content(path, member) as stream:
                pieces = self._within_limits(name, iter(lambda: stream.read(PIECE), b""), sizes)
                content, lines = _hash_and_count(pieces)
        except zipfile.BadZipFile as error:
            raise self._refuse("file_truncated", name, f"The zip archive is damaged ({error}).") from error
        size = None if member is None else sum(sizes)
        return _Measured(sha256_of_file(path), content, lines if is_text else None, size)

    def _within_limits(self, name: str, pieces: Iterator[bytes], sizes: list[int]) -> Iterator[bytes]:
        """Yield the unpacked content of a file until it is too large or turns out to be damaged; record the sizes."""
        size, lines = 0, 1
        try:
            for piece in pieces:
                size += len(piece)
                sizes.append(len(piece))
                lines += piece.count(b"\n")
                if size > self.limit_mib * 1024**2:
                    found = f"Decompressed, the file has more than {self.limit_mib:,} MiB."
                    raise self._refuse("file_too_large", name, found)
                yield piece
        except PACKED_DAMAGE as error:
            found = f"The compressed file is truncated after line {lines:,} ({error})."
            raise self._refuse("file_truncated", name, found) from error

    def _keep_copy(self, name: str, path: Path, measured: _Measured, layout: int, member: str | None) -> RawFile:
        """Keep a copy under the sha256 of its bytes; a copy that has been damaged since is replaced."""
        self.raw.mkdir(parents=True, exist_ok=True)
        digest = measured.sha256
        target, note = self.raw / f"{digest}.bin", self.raw / f"{digest}.json"

        def copy(temporary: Path) -> None:
            shutil.copyfile(path, temporary)
            if sha256_of_file(temporary) != digest:
                raise self._refuse("file_changed", path.name, "The file changed while it was copied.")

        if not target.is_file() or sha256_of_file(target) != digest:
            replace_atomically(target, copy)
        size = target.stat().st_size
        if not note.is_file():
            write_json(note, {"name": path.name, "size": size, "first_seen": _today()})
        first_seen = read_json(note)["first_seen"]
        return RawFile(
            name, target, digest, size if member is None else measured.size or 0, layout, first_seen, member=member
        )


class _NotKeptError(Exception):
    """A copy could not be written, because of the disk and not of the file."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _hash_and_count(pieces: Iterator[bytes]) -> tuple[str, int]:
    """Return the sha256 of a file's chunks and the number of lines, including a last one without a line end."""
    digest = hashlib.sha256()
    lines, last = 0, b"\n"
    hashed: Future[None] | None = None
    with ThreadPoolExecutor(1) as hasher:
        for piece in pieces:
            if hashed is not None:
                hashed.result()  # a piece is read and its lines counted while the one before is hashed
            hashed = hasher.submit(digest.update, piece)
            lines += int(np.count_nonzero(np.frombuffer(piece, np.uint8) == _NEW_LINE))
            last = piece[-1:]
    return digest.hexdigest(), lines + (last != b"\n")


def is_unchanged(file: RawFile, source_id: str, settings: Settings) -> bool:
    """Tell whether a file read in place is still the one that was hashed (by size, times and inode)."""
    known = _read_note(_note_path(source_id, settings))["files"]
    key = str(file.path) if file.member is None else f"{file.path}{_IN}{file.member}"
    return file.path.is_file() and known[key]["state"] == _state(file.path)


def describe_files(acquired: Acquired) -> list[dict[str, object]]:
    """Return the files for the manifest of a vintage."""
    return [{**asdict(file), "path": file.path.name} for file in acquired.files]


def _state(path: Path) -> dict[str, int]:
    found = path.stat()
    return {
        "size": found.st_size,
        "modified_ns": found.st_mtime_ns,
        "changed_ns": found.st_ctime_ns,
        "inode": found.st_ino,
    }


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _note_path(source_id: str, settings: Settings) -> Path:
    return settings.raw / source_id / "files.json"


def _read_note(note: Path) -> dict[str, Any]:
    return read_json(note) if note.is_file() else {"files": {}, "first_seen": {}}
