"""Store: keep the figures of a source as a vintage under ``data/core``; the last good one stays.

A **vintage** is one version of a source's figures: an immutable folder of Parquet files with a manifest, named by its
day and a fingerprint of its cells. A **load** is the ingestion of files that made a vintage current; the loads of a
source, oldest first, are its history, stored in the pointer file next to the vintages. If figures recur, they are the
same vintage, in another load.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from pipelines.collect.acquire import Acquired, describe_files
from pipelines.harmonise.reconcile import Validated
from pipelines.system.connection import connect, fetch_row
from pipelines.system.errors import DamagedStore
from pipelines.system.files import DamagedFile, read_json, sha256_of_file, write_json
from pipelines.system.outcomes import outcome_rows
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from pipelines.tabulate.rules import Checked
from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintage_columns import columns_version, definition_key, program_key, read_part
from schemas.errors import UsageError
from schemas.source import Source, SourceFolder

POINTER = "current.json"
REVISIONS = "revisions"

_PARTS = (
    "cells",
    "unmarked",
    "periods",
    "core",
    "links",
    "mapped",
    "reconciliation",
    "exclusions",
    "controls",
    "rates",
    "words",
    "findings",
    "judged",
    "coverage",
)
_UNPUBLISHED = ("unmarked", "periods", "core", "judged", "words")


class DamagedVintage(DamagedStore):
    """A file of a vintage is missing, or has been altered."""

    def __init__(self, path: Path, what: str) -> None:
        source = path.parents[1].name
        super().__init__(
            f"source {source}: the vintage in {path.parent} is damaged: {path.name} {what}. Nothing was published, and "
            "the last release is unchanged. iccs repair shows whether it can be rebuilt; or provide the files of the "
            f"source again (iccs run {source} --from DIR), or restore the file from a copy of the data folder."
        )
        self.path, self.what = path, what


class LostPointer(UsageError):
    """A source has vintages, but the pointer to the current one is missing or cannot be read."""

    def __init__(self, root: Path, what: str) -> None:
        self.path, self.what = root / POINTER, what
        super().__init__(
            f"source {root.name}: {root / POINTER}, which records the current vintage, {what}; the vintages next to it "
            "are still there, and the next iccs run rebuilds the file from them"
        )


@dataclass(frozen=True)
class Load:
    """One load: the vintage it made current, from what, and when (UTC).

    ``files_key``, ``declaration_key`` and ``program_key`` are fingerprints of what determines the figures; two loads
    differ in at least one of them. ``folder`` is the name of the folder with the Parquet files.
    """

    vintage: str
    folder: str
    loaded_at: str
    files: str
    files_key: str
    declaration_key: str
    program_key: str
    observations: int
    first_period: str | None
    last_period: str | None

    @property
    def moment(self) -> datetime:
        """When it was loaded, in UTC without a zone, as stored in the tables."""
        return datetime.fromisoformat(self.loaded_at).astimezone(UTC).replace(tzinfo=None)

    def causes(self, before: Load) -> str:
        """Return what differs from the previous load, separated by ';': files, declaration, program.

        >>> one = Load("v1", "v1", "2026-01-01T00:00:00+00:00", "", "f1", "d1", "p1", 1, "2024", "2024")
        >>> replace(one, files_key="f2", program_key="p2").causes(one)
        'files;program'
        """
        names = ("files", "declaration", "program")
        differing = [name for name in names if getattr(self, f"{name}_key") != getattr(before, f"{name}_key")]
        return ";".join(differing)


def read_loads(pointer: dict[str, Any], root: Path) -> tuple[Load, ...]:
    """Return the loads of a source, oldest first; a pointer from before 0.2 has only the current vintage."""
    if "loads" in pointer:
        return tuple(Load(**load) for load in pointer["loads"])
    name = pointer["vintage"]
    manifest = read_manifest(root / name)
    with duckdb.connect() as connection:
        described = describe_cells(connection, root / name / "cells.parquet")
    files = name_files(manifest["files"])
    return (Load(name, name, manifest["loaded_at"], files, "", "", "", *described),)


def name_files(files: list[dict[str, Any]]) -> str:
    """Return the files of a load in one line, each with the first digits of its sha256.

    >>> name_files([{"name": "a.csv", "sha256": "0123456789abcdef"}])
    'a.csv (0123456789ab)'
    """
    return "; ".join(f"{file['name']} ({file['sha256'][:12]})" for file in files)


def add_load(loads: tuple[Load, ...], load: Load) -> tuple[Load, ...]:
    """Return the history with a load added; one with the figures of the last load replaces that.

    The time of a load is always later than that of the previous load, whatever the clock shows.
    """
    same_figures = tuple(replace(old, folder=load.folder) if old.vintage == load.vintage else old for old in loads)
    if not loads:
        return (load,)
    last = loads[-1]
    if last.vintage == load.vintage:
        return (*same_figures[:-1], replace(load, loaded_at=last.loaded_at))
    after = datetime.fromisoformat(last.loaded_at) + timedelta(microseconds=1)
    moment = max(datetime.fromisoformat(load.loaded_at), after)
    return (*same_figures, replace(load, loaded_at=moment.isoformat(timespec="microseconds")))


def point_to(folder: Path, pointer: dict[str, Any], loads: tuple[Load, ...]) -> None:
    """Replace the pointer file of a folder, including the history, in one step."""
    write_json(folder / POINTER, {**pointer, "loads": [asdict(load) for load in loads]})


def describe_cells(connection: duckdb.DuckDBPyConnection, cells: Path) -> tuple[int, str | None, str | None]:
    """Return how many published cells a vintage has, and its first and last year."""
    observations, first, last = fetch_row(
        connection,
        "SELECT count(*), min(left(time_period, 4)), max(left(time_period, 4)) FROM read_parquet($cells)",
        {"cells": str(cells)},
    )
    return int(observations), first, last


@dataclass(frozen=True)
class Vintage:
    """One version of a source's figures: a folder of Parquet files and its metadata.

    ``loads`` is the history of the source up to this vintage, oldest first. ``note`` says whether the figures of a load
    were known. ``left_out`` is the previous vintage if it was damaged, so that these figures could be compared with
    nothing.
    """

    source_id: str
    vintage: str
    folder: Path
    run_key: str
    rows: int
    loads: tuple[Load, ...] = ()
    note: str = ""
    left_out: str = ""

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"vintage {self.vintage}{self.note}"

    @property
    def changed_at(self) -> datetime:
        """When its figures became current, by the clock.

        The time of a load is later than that of the load before, even if the clock was ahead then and is right now.
        """
        return min(self.loads[-1].moment.replace(tzinfo=UTC), datetime.fromisoformat(self.manifest["loaded_at"]))

    def part(self, name: str) -> Path:
        """Return the Parquet file of one part: cells, core, links, mapped, reconciliation ... (``_PARTS``)."""
        return self.folder / f"{name}.parquet"

    def has(self, name: str) -> bool:
        """Whether the vintage has a part, as one of an older version may lack some.

        Raises:
            DamagedVintage: it was stored with the part, which is now missing.
        """
        if self.part(name).is_file():
            return True
        if name in self.manifest.get("parts", ()):
            raise DamagedVintage(self.part(name), "is missing")
        return False

    def query(self, name: str, kind: str = "") -> str:
        """Return a query, in parentheses, over one part with the current columns.

        Args:
            name: the part.
            kind: the kind of its rows, if other than the name of the part: ``estimates`` for such cells.

        Raises:
            DamagedVintage: the part is missing, or its bytes have changed.
        """
        return read_part(kind or name, self.checked_part(name))

    def checked_part(self, name: str) -> Path:
        """Return the Parquet file of one part.

        Raises:
            DamagedVintage: it is missing, or its bytes have changed.
        """
        return checked_part(self.folder, name, self.manifest)

    def figures_of(self, source: Source) -> str:
        """Return the kind of its cells: count, population or estimate.

        A source may now declare as estimates what it declared as counts when the vintage was stored; a vintage of a
        version without estimates does not record its kind.
        """
        usual = "count" if source.figures == "estimate" else source.figures
        return str(self.manifest.get("figures", usual))

    def as_previous(self) -> PreviousVintage:
        """Return what the next load compares with and reuses unchanged years from; check ``is_damaged`` first."""
        keys = self.manifest.get("year_keys", {})  # a vintage of an older version has none
        digests = frozenset(file["sha256"] for file in self.manifest["files"])
        words = self.part("words") if "words" in self.manifest.get("parts", ()) else None  # an older vintage has none
        left_out = (self.part("exclusions"), self.part("reconciliation"))
        parts = (self.part("cells"), self.part("unmarked"), self.part("judged"))
        return PreviousVintage(*parts, keys, digests, words, left_out)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The metadata of the vintage: files, outcomes of the rules, time of loading, checksums of its parts.

        Raises:
            DamagedVintage: it is missing or cannot be read.
        """
        return read_manifest(self.folder)

    @property
    def is_damaged(self) -> bool:
        """Whether a part is missing or has changed bytes, so that the figures cannot be published again."""
        return find_damage(self.folder) is not None

    @property
    def content_key(self) -> str:
        """Fingerprint of what a release shows of the vintage: its parts and the rules' findings, whatever the code."""
        parts = self.manifest.get("parts")
        if parts is None:  # a vintage from before 0.2: the key of what determined its content
            return self.run_key
        shown = {name: digest for name, digest in parts.items() if name not in _UNPUBLISHED}
        return hashlib.sha256(json.dumps([shown, self.manifest["quality"]]).encode()).hexdigest()


def store(
    folder: SourceFolder, acquired: Acquired, validated: Validated, checked: Checked, settings: Settings
) -> Vintage:
    """Store a validated source; if its figures equal those of a stored vintage, that one becomes current again.

    A temporary folder is filled and renamed, then the pointer is replaced: a killed run leaves the last good vintage.
    No vintage is ever removed; if the same figures are loaded again, the newer load's folder replaces the old one.
    """
    root = settings.core / folder.source_id
    root.mkdir(parents=True, exist_ok=True)
    before = current_vintage(folder.source_id, settings)
    loads = before.loads if before else ()
    key = run_key(folder, acquired)
    known = [load.vintage for load in loads if load.vintage.endswith(f"-{checked.figures}")]
    left_out = before.vintage if before and before.is_damaged and before.vintage not in known else ""
    if left_out:
        loads = loads[:-1]  # nothing can be compared with its figures
    now = datetime.now(UTC)
    name = known[0] if known else f"{now.date().isoformat()}-{checked.figures}"
    files = describe_files(acquired)
    manifest = {
        "source": folder.source_id,
        "vintage": name,
        "loaded_at": now.isoformat(timespec="seconds"),
        "files": files,
        "quality": outcome_rows(folder.source_id, name, checked.outcomes),
        "rows": checked.rows,
        "year_keys": checked.year_keys,
        "columns": columns_version(),
        "figures": folder.source.figures,
        "declaration": folder.declaration,
    }
    target = _write_folder(root, name, manifest, validated, checked)
    with connect(settings) as connection:
        observations, first_period, last_period = describe_cells(connection, target / "cells.parquet")
    load = Load(
        vintage=name,
        folder=target.name,
        loaded_at=now.isoformat(timespec="microseconds"),
        files=name_files(files),
        files_key=_files_key(acquired),
        declaration_key=folder.fingerprint,
        program_key=program_key(),
        observations=observations,
        first_period=first_period,
        last_period=last_period,
    )
    loads = add_load(loads, load)
    pointer = {"vintage": name, "run_key": key, "rows": checked.rows}
    point_to(target, pointer, loads)  # a copy, from which a lost pointer is restored
    point_to(root, pointer, loads)
    remove_older_folders(root, name, target, settings)
    same_as_last = before is not None and before.vintage == name
    note = " (figures unchanged)" if same_as_last else " (figures of an earlier load again)" if known else ""
    return Vintage(folder.source_id, name, target, key, checked.rows, loads, note, left_out)


def _write_folder(root: Path, name: str, manifest: dict[str, Any], validated: Validated, checked: Checked) -> Path:
    """Write the folder of a vintage in one step, with the checksum of each part in its manifest; return it."""
    staging = Path(tempfile.mkdtemp(dir=root, prefix=".part-"))
    own = ("cells", "unmarked", "periods", "findings", "judged", "coverage")
    try:
        sums = {}
        for part in _PARTS:
            made: Path = getattr(checked if part in own else validated, part)
            shutil.copyfile(made, staging / f"{part}.parquet")
            sums[part] = sha256_of_file(staging / f"{part}.parquet")
        write_json(staging / "manifest.json", {**manifest, "parts": sums})
        staging.chmod(stat.S_IMODE(root.stat().st_mode))  # mkdtemp leaves it to the owner alone
        target = _unused(root, name)
        os.replace(staging, target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return target


def _unused(root: Path, name: str) -> Path:
    """Return a new folder for a vintage: numbered if one exists, which stays until the pointer has moved."""
    target, number = root / name, 2
    while target.exists():
        target, number = root / f"{name}.{number}", number + 1
    return target


def remove_older_folders(root: Path, name: str, target: Path, settings: Settings) -> None:
    """Remove leftovers of killed runs, and older folders of this vintage.

    They have names given by ``mkdtemp`` and ``_unused``; a copy under any other name belongs to the user.
    """
    made = re.compile(rf"{re.escape(name)}(\.\d+)?|\.part-[a-z0-9_]{{8}}")
    for path in root.iterdir():
        if path.is_dir() and path != target and made.fullmatch(path.name):
            delete(path, settings)


def remove_superseded(settings: Settings) -> None:
    """Remove superseded folders of vintages that a killed run did not remove.

    Only if the newer one is intact. The caller must hold the lock of the data folder, and pointers must exist.
    """
    for root in sorted(settings.core.glob("*/")):
        current = current_vintage(root.name, settings)
        named = {load.vintage: load.folder for load in current.loads} if current else {}
        for path in root.glob("*/"):
            replaced_by = named.get(re.sub(r"\.\d+$", "", path.name))
            if replaced_by is None or path.name in named.values() or find_damage(root / replaced_by) is not None:
                continue
            delete(path, settings)


def current_vintage(source_id: str, settings: Settings) -> Vintage | None:
    """Return the last good vintage of a source; None if it was never loaded.

    Raises:
        LostPointer: it was loaded, but the pointer to the current vintage is missing or cannot be read.
    """
    root = settings.core / source_id
    if not (root / POINTER).is_file():
        if _vintage_folders(root):
            raise LostPointer(root, "is missing")
        return None
    try:
        return _pointed_at(root, root / POINTER)
    except _UNREADABLE as error:
        raise LostPointer(root, "cannot be read") from error


def recover_pointers(settings: Settings) -> tuple[str, ...]:
    """Restore lost or damaged pointers, each from the newest vintage folder of its source.

    Without this, a source without a pointer would silently be missing in the next release. The caller must hold the
    lock of the data folder.

    Returns:
        One line for people for each restored pointer.

    Raises:
        DamagedVintage: no folder of the source records what was current.
    """
    made = []
    for root in sorted(settings.core.glob("*/")):
        try:
            current_vintage(root.name, settings)
        except LostPointer:
            made.append(f"{root.name}: lost or damaged {POINTER} rebuilt, current is {_recover(root).vintage}")
    return tuple(made)


def recover_pointer(source_id: str, settings: Settings) -> str:
    """Restore the pointer of one source as ``recover_pointers`` does; return what was done, in one line.

    Raises:
        DamagedVintage: no folder of the source records what was current.
    """
    return f"rebuilt, current is {_recover(settings.core / source_id).vintage}"


def renew_pointer_copy(vintage: Vintage) -> str:
    """Rewrite the copy of the pointer in the current vintage's folder; return what was done, in one line."""
    point_to(vintage.folder, _pointer_of(vintage), vintage.loads)
    return "copied again"


def forget_vintage(current: Vintage, vintage: str, settings: Settings) -> str:
    """Remove an earlier vintage from the history of its source, not its folder; return what was done, in one line."""
    loads = tuple(load for load in current.loads if load.vintage != vintage)
    point_to(current.folder, _pointer_of(current), loads)
    point_to(settings.core / current.source_id, _pointer_of(current), loads)
    return f"{vintage} left out of the history"


def _pointer_of(vintage: Vintage) -> dict[str, Any]:
    return {"vintage": vintage.vintage, "run_key": vintage.run_key, "rows": vintage.rows}


def _recover(root: Path) -> Vintage:
    """Rewrite the pointer of a source and return what it points to."""
    found = []
    for folder in _vintage_folders(root):
        copy = folder / POINTER
        try:
            vintage = _pointed_at(root, copy) if copy.is_file() else _of_manifest(root, folder)
        except (*_UNREADABLE, DamagedVintage):
            continue
        if vintage.folder == folder:  # else a copied folder, under a name of the user's own
            found.append(vintage)
    if not found:
        raise DamagedVintage(root / "?" / POINTER, "cannot be read in any of its folders")
    newest = max(found, key=lambda vintage: vintage.loads[-1].moment)
    point_to(root, _pointer_of(newest), newest.loads)
    return newest


# The errors from reading a JSON file that was truncated, emptied or overwritten.
_UNREADABLE = (DamagedFile, ValueError, KeyError, TypeError, IndexError, AttributeError)


def _pointed_at(root: Path, pointer: Path) -> Vintage:
    current = read_json(pointer)
    loads = read_loads(current, root)
    return Vintage(root.name, current["vintage"], root / loads[-1].folder, current["run_key"], current["rows"], loads)


def _of_manifest(root: Path, folder: Path) -> Vintage:
    """Return the pointer for a vintage from before 0.2, which has no copy: without a key, so that files load again."""
    manifest = read_manifest(folder)
    loads = read_loads({"vintage": folder.name}, root)
    return Vintage(root.name, manifest["vintage"], folder, "", manifest["rows"], loads)


def _vintage_folders(root: Path) -> list[Path]:
    return [path.parent for path in root.glob("[!.]*/manifest.json")]


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the metadata of a vintage.

    Raises:
        DamagedVintage: it is missing, cannot be read, or has been altered.
    """
    path = folder / "manifest.json"
    try:
        return read_json(path)
    except DamagedFile as error:
        raise DamagedVintage(path, error.what) from error


def checked_part(folder: Path, name: str, manifest: dict[str, Any] | None = None) -> Path:
    """Return the Parquet file of one part of a vintage, current or not.

    Args:
        folder: of the vintage.
        name: the part.
        manifest: of the vintage, if it has been read.

    Raises:
        DamagedVintage: the part or the manifest is missing or has been altered.
    """
    stored = (manifest or read_manifest(folder)).get("parts", {}).get(name)  # a vintage of before 0.2 has no sums
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise DamagedVintage(path, "is missing")
    if stored is not None and sha256_of_file(path) != stored:
        raise DamagedVintage(path, "has changed since it was stored")
    return path


def find_damage(folder: Path) -> DamagedVintage | None:
    """Return the first part of a vintage that is missing or has been altered; None if all are intact."""
    try:
        manifest = read_manifest(folder)
        for name in manifest.get("parts", ()):
            checked_part(folder, name, manifest)
    except DamagedVintage as damage:
        return damage
    return None


def run_key(folder: SourceFolder, acquired: Acquired) -> str:
    """Return the fingerprint of everything that determines the result: bytes, declaration, concordance, code."""
    return hashlib.sha256(f"{definition_key(folder)} {_files_key(acquired)}".encode()).hexdigest()


def _files_key(acquired: Acquired) -> str:
    digest = hashlib.sha256()
    for file in acquired.files:
        digest.update(f"{file.name} {file.sha256} {file.layout}\n".encode())
    return digest.hexdigest()
