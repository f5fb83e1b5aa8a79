"""The stored files of one source: what is damaged, and how each file is rebuilt from intact ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.collect.acquire import find_files, find_layouts, split_pattern
from pipelines.harmonise.partition import damage_of
from pipelines.harmonise.quarantine import damaged_loads, forget_load
from pipelines.harmonise.tally import list_partitions
from pipelines.repair.damage import Damage, what_is_damaged
from pipelines.session import Session
from pipelines.source_steps import reload_source
from pipelines.system.files import DamagedFile, check_seal, read_json, replace_atomically, sha256_of_file, write_json
from pipelines.system.removal import delete, make_work_folder
from pipelines.tabulate.vintages.loads import POINTER
from pipelines.tabulate.vintages.parts import DamagedVintage, find_damage, read_manifest
from pipelines.tabulate.vintages.pointers import (
    LostPointer,
    current_vintage,
    forget_vintage,
    recover_pointer,
    renew_pointer_copy,
)
from pipelines.tabulate.vintages.retention import REDUCED
from pipelines.tabulate.vintages.vintage import REVISIONS, Vintage
from schemas.source import SourceFolder, list_sources

_FILE = re.compile(r"(.+?) \(([0-9a-f]{12})\)(?:; |$)")
"""A file of a load, as ``name_files`` writes it."""


@dataclass(frozen=True)
class _Wanted:
    """A received file: its name, the sha256 of its bytes or the beginning of it, and when it first came.

    ``layouts`` are the numbers of the layouts it was read by; empty if no manifest records them.
    """

    name: str
    digest: str
    first_seen: str | None = None
    layouts: tuple[int, ...] = ()


class StoredSource:
    """The stored files of one source."""

    def __init__(self, name: str, folder: SourceFolder | None, session: Session) -> None:
        self.name, self.folder, self.session, self.settings = name, folder, session, session.settings
        self.core, self.raw = self.settings.core / name, self.settings.raw / name
        self.is_personal_read = folder is not None and folder.source.of_persons
        self._input: dict[str, Path] | None = None

    def damage(self) -> Iterator[Damage]:
        """Yield the damage, first in the files from which others are made."""
        yield from self._raw_damage()
        yield from self._vintage_damage()
        for path in list_partitions(self.name, self.settings):
            if what := damage_of(path):
                remedy = "delete it; it is made again from its file in the next run that needs it"
                yield self._damage(path, what, remedy, partial(self._delete, path))
        yield from self._rejected_damage()

    def _damage(self, path: Path, what: str, remedy: str, mend: Callable[[], str] | None = None) -> Damage:
        return Damage(path, what, remedy, self.name, mend)

    def _delete(self, path: Path) -> str:
        delete(path, self.settings)
        return "deleted"

    # --- files as received

    def _wanted(self) -> dict[str, _Wanted]:
        """Return the files of tables behind vintages, by their full sha256."""
        wanted = {}
        for path in self.core.glob("[!.]*/manifest.json"):
            try:
                manifest = read_manifest(path.parent)
            except DamagedVintage:
                continue
            for file in manifest["files"] if REDUCED not in manifest else ():
                if file["path"] == f"{file['sha256']}.bin":
                    wanted[file["sha256"]] = _Wanted(_own_name(file), file["sha256"], file["first_seen"])
        return wanted

    def _raw_damage(self) -> Iterator[Damage]:
        note = self.raw / "files.json"
        if note.is_file() and (what := what_is_damaged(read_json, note)):
            remedy = "rewrite it with the dates known from the vintages; the next run reads the files to hash them"
            yield self._damage(note, what, remedy, self._renew_files_note)
        wanted = self._wanted()
        there = {path.stem for path in self.raw.glob("*") if re.fullmatch("[0-9a-f]{64}", path.stem)}
        for digest in sorted(there | set(wanted)):
            copy, own = self.raw / f"{digest}.bin", self.raw / f"{digest}.json"
            name = wanted[digest].name if digest in wanted else _noted_name(own)
            whole = copy.is_file() and sha256_of_file(copy) == digest
            if not whole:
                what = "has changed since it was received" if copy.is_file() else "is missing"
                yield self._raw_copy_damage(copy, digest, name, what)
            if whole and (what := what_is_damaged(read_json, own)):
                first_seen = wanted[digest].first_seen if digest in wanted else None
                remedy = f"rewrite it: {name}" if name else "rewrite it, without the file name"
                yield self._damage(own, what, remedy, partial(_renew_note, copy, name, first_seen))

    def _raw_copy_damage(self, copy: Path, digest: str, name: str | None, what: str) -> Damage:
        what = f"{what}: the file {name}" if name else what
        given = self._in_input(digest)
        if given is not None:
            return self._damage(copy, what, f"copy {given} again", partial(self._copy_again, given, copy, digest))
        remedy = (
            f"give the file {name or ''} (sha256 {digest[:12]}...) with --from DIR, or restore it from a copy of the "
            "data folder; published figures do not need it"
        )
        return self._damage(copy, what, remedy)

    def _copy_again(self, given: Path, copy: Path, digest: str) -> str:
        self.raw.mkdir(parents=True, exist_ok=True)
        replace_atomically(copy, lambda temporary: shutil.copyfile(given, temporary))
        if sha256_of_file(copy) != digest:
            return f"not repaired: {given} changed in the meantime"
        return f"copied from {given}"

    def _renew_files_note(self) -> str:
        seen: dict[str, str] = {}
        for path in self.core.glob("[!.]*/manifest.json"):
            try:
                seen |= {file["sha256"]: file["first_seen"] for file in read_manifest(path.parent)["files"]}
            except DamagedVintage:
                continue
        write_json(self.raw / "files.json", {"files": {}, "first_seen": seen})
        return "written again"

    def _in_input(self, digest: str) -> Path | None:
        """Return an input file whose sha256 begins like this."""
        if self._input is None:
            self._input = {}
            where = self.session.directory or self.settings.input
            if self.folder is not None and where.is_dir():
                for path, _ in find_files(self.folder, where):
                    if path.is_file() and not path.is_symlink():
                        self._input[sha256_of_file(path)] = path
        return next((path for one, path in self._input.items() if one.startswith(digest)), None)

    # --- vintages

    def _vintage_damage(self) -> Iterator[Damage]:
        try:
            current = current_vintage(self.name, self.settings)
        except LostPointer as lost:
            yield self._pointer_damage(lost)
            return
        except DamagedVintage as gone:  # a pointer of before 0.2, whose manifest is gone
            yield self._damage(gone.path, gone.what, self._way_back())
            return
        if current is None:
            return
        if damage := find_damage(current.folder):
            yield self._current_damage(current, damage)
        elif (current.folder / POINTER).is_file() and (what := what_is_damaged(read_json, current.folder / POINTER)):
            remedy = f"copy {self.core / POINTER} again"
            yield self._damage(current.folder / POINTER, what, remedy, partial(renew_pointer_copy, current))
        for load in current.loads[:-1]:
            past = self.core / load.folder
            if past != current.folder and (damage := find_damage(past)):
                yield self._past_damage(current, load.vintage, damage)

    def _pointer_damage(self, lost: LostPointer) -> Damage:
        remedy = "rebuild it from the copy in the newest vintage that has one"
        return self._damage(lost.path, lost.what, remedy, partial(recover_pointer, self.name, self.settings))

    def _current_damage(self, current: Vintage, damage: DamagedVintage) -> Damage:
        files = self._received(current)
        lacking = [file.name for file in files if self._locate(file) is None]
        what = f"{damage.what} (the current vintage)"
        if self.folder is None or lacking or not files:
            missing = f"; not found complete: {', '.join(lacking)}" if lacking else ""
            return self._damage(damage.path, what, self._way_back() + missing)
        remedy = f"rebuild the vintage from {', '.join(file.name for file in files)}"
        return self._damage(damage.path, what, remedy, partial(self._reload, self.folder, current, files))

    def _past_damage(self, current: Vintage, vintage: str, damage: DamagedVintage) -> Damage:
        what = f"{damage.what} (an earlier vintage)"
        if self._revisions_are_kept(current, vintage):
            remedy = "restore it from a copy of the data folder; published figures and revisions do not need it"
            return self._damage(damage.path, what, remedy)
        remedy = (
            f"leave {vintage} out of the history, because its revisions cannot be computed; its folder stays. Or first "
            "restore the file from a copy of the data folder"
        )
        return self._damage(damage.path, what, remedy, partial(forget_vintage, current, vintage, self.settings))

    def _revisions_are_kept(self, current: Vintage, vintage: str) -> bool:
        """Whether the revisions before and after a vintage were computed and are intact."""
        pairs = [pair for pair in pairwise(load.vintage for load in current.loads) if vintage in pair]
        for before, after in pairs:
            kept = [
                path
                for path in (self.core / REVISIONS).glob("*.parquet")
                if path.name.startswith(f"{before}..{after}.")
            ]
            if not kept or any(what_is_damaged(check_seal, path) for path in kept):
                return False
        return True

    def _way_back(self) -> str:
        return (
            f"give the files of the source again (iccs run {self.name} --from DIR), or restore the file from a copy of "
            f"the data folder; to continue without the source, move {self.core} away"
        )

    def _received(self, vintage: Vintage) -> list[_Wanted]:
        """Return the files behind a vintage, from its manifest or else its last load."""
        try:
            files = vintage.manifest["files"]
        except DamagedVintage:
            return [_Wanted(name, digest) for name, digest in _FILE.findall(vintage.loads[-1].files)]
        return [
            _Wanted(
                _own_name(file),
                digest,
                layouts=tuple(dict.fromkeys(one["layout"] for one in files if one["sha256"] == digest)),
            )
            for digest, file in {file["sha256"]: file for file in files}.items()
        ]

    def _locate(self, file: _Wanted) -> Path | None:
        """Return the path of an intact copy of a file: its raw copy, or an input file."""
        for copy in self.raw.glob(f"{file.digest}*.bin"):
            if sha256_of_file(copy) == copy.stem:
                return copy
        return self._in_input(file.digest)

    def _reload(self, folder: SourceFolder, current: Vintage, files: Sequence[_Wanted]) -> str:
        """Rebuild a vintage from its files, under their own names."""
        folder = _as_loaded(folder, current, self.session)
        directory = self.session.directory or self.settings.input
        if not self.is_personal_read:  # files with persons are read where they are
            directory = make_work_folder(self.settings) / "repair" / "input"
            shutil.rmtree(directory, ignore_errors=True)
        given: list[tuple[Path, int]] = []
        for number, file in enumerate(files):
            found = self._locate(file)
            if found is None:
                return f"not repaired: {file.name} is no longer there"
            path = found
            if not self.is_personal_read:
                path = directory / str(number) / (_noted_name(found.with_suffix(".json")) or file.name)
                path.parent.mkdir(parents=True)
                shutil.copyfile(found, path)
            layouts = self._layouts(folder, current, file, path, directory)
            if not layouts:
                return f"not repaired: it is not known which layout {file.name} has; {self._way_back()}"
            given += [(path, layout) for layout in layouts]
        session = replace(self.session, directory=directory, given=tuple(given))
        vintage = reload_source(folder, session)
        if vintage.vintage == current.vintage:
            return "rebuilt, with the same figures"
        return (
            "rebuilt with different figures, because the program or the source definition has changed since: "
            f"vintage {vintage.vintage}"
        )

    def _layouts(
        self, folder: SourceFolder, current: Vintage, file: _Wanted, path: Path, directory: Path
    ) -> Sequence[int]:
        """Return the layouts of a file: those it was read by, or those matching its name, without a usable manifest.

        For a raw copy, the original folder is not known: of patterns with folders only the last part is used, and
        nothing is returned if that is ambiguous.
        """
        if file.layouts and current.loads[-1].declaration_key == folder.fingerprint:
            return file.layouts
        if found := find_layouts(folder, directory, path):
            return found
        layouts = [
            number
            for number, layout in enumerate(folder.source.layouts)
            if any(
                fnmatch(path.name.casefold(), split_pattern(pattern)[0].rpartition("/")[2].casefold())
                for pattern in layout.files
            )
        ]
        return layouts if len(layouts) == 1 else ()

    # --- rejected cells

    def _rejected_damage(self) -> Iterator[Damage]:
        for path, what in damaged_loads(self.name, self.settings):
            remedy = (
                "delete the list of rejected cells; give the files again to see it (published figures do not need it)"
            )
            mend: Callable[[], str] = partial(forget_load, path, self.settings)
            current = self._whole_current()
            if current is not None and path.stem == current.vintage and self.folder is not None:
                files = self._received(current)
                if files and all(self._locate(file) for file in files):
                    remedy = f"rebuild it from {', '.join(file.name for file in files)}"
                    mend = partial(self._reload, self.folder, current, files)
            yield self._damage(path, what, remedy, mend)

    def _whole_current(self) -> Vintage | None:
        try:
            current = current_vintage(self.name, self.settings)
        except (LostPointer, DamagedVintage):
            return None
        return current if current is not None and find_damage(current.folder) is None else None


def _as_loaded(folder: SourceFolder, vintage: Vintage, session: Session) -> SourceFolder:
    """Return the definition with or without drafts, as when the vintage was loaded."""
    with_drafts = list_sources(session.source_folders, with_drafts=True)[folder.source_id]
    return with_drafts if with_drafts.fingerprint == vintage.loads[-1].declaration_key else folder


def _own_name(file: Mapping[str, Any]) -> str:
    """Return the original name of a file; for one in an archive, that of the archive."""
    name, member = str(file["name"]), file.get("member")
    return name.removesuffix(f"/{member}") if member else name


def _noted_name(note: Path) -> str | None:
    try:
        name = read_json(note).get("name")
    except DamagedFile:
        return None
    return Path(name).name if isinstance(name, str) and name else None


def _renew_note(copy: Path, name: str | None, first_seen: str | None) -> str:
    state = copy.stat()
    day = first_seen or datetime.fromtimestamp(state.st_mtime, UTC).date().isoformat()
    write_json(copy.with_suffix(".json"), {"name": name or copy.name, "size": state.st_size, "first_seen": day})
    return "written again"
