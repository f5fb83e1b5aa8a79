"""The inbox: a folder where people and programs drop new files, processed in the order of arrival.

A complete file goes to the source whose layouts match its name, into that source's input folder, where it replaces one
of the same name. Nothing is lost: what is replaced has been kept by sha256, or is put aside. A file that matches no
source, or several, stays where it is and is reported. In a subfolder with the name of a source it belongs to that
source alone.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.collect.acquire import FROM_INBOX, find_files, find_layouts, is_about_figures
from pipelines.collect.fetch.stores import being_written
from pipelines.system.files import replace_atomically, sha256_of_file
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder

REPLACED = "replaced"
"""Subfolder of the inbox for replaced files of which no copy had been kept."""
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", "~")


@dataclass(frozen=True)
class WaitingFile:
    """A complete file in the inbox, and the sources that accept its name."""

    path: Path
    sources: tuple[str, ...]


@dataclass(frozen=True)
class TakenFile:
    """A file that a run took from the inbox, and whether it replaced another."""

    source: str
    name: str
    is_replacement: bool


def find_waiting(folders: Iterable[SourceFolder], settings: Settings) -> list[WaitingFile]:
    """Return the complete files of the inbox, the oldest first.

    Args:
        folders: every source; one whose definition is not valid accepts nothing.
        settings: where the inbox is; it need not exist.
    """
    known = list(folders)
    found = []
    for path, owner in _files(settings, {folder.source_id for folder in known}):
        takers = [folder for folder in known if owner in (None, folder.source_id) and _takes(folder, path, settings)]
        found.append(WaitingFile(path, tuple(folder.source_id for folder in takers)))
    return found


def _files(settings: Settings, sources: Collection[str]) -> Iterator[tuple[Path, str | None]]:
    """Yield the complete files, each with the source in whose own folder it is."""
    if not settings.inbox.is_dir():
        return
    places = [(settings.inbox, None), *((settings.inbox / name, name) for name in sorted(sources))]
    files = [
        (path, owner)
        for place, owner in places
        if place.is_dir() and not place.is_symlink()
        for path in place.iterdir()
        if stat.S_ISREG(path.lstat().st_mode) and not is_about_figures(path.name)
    ]
    for path, owner in sorted(files, key=lambda one: (one[0].stat().st_mtime_ns, one[0].name)):
        if not path.name.lower().endswith(_UNFINISHED) and not being_written(path):
            yield path, owner


def _takes(folder: SourceFolder, path: Path, settings: Settings) -> bool:
    try:
        return bool(find_layouts(folder, settings.input, settings.input / folder.source_id / FROM_INBOX / path.name))
    except UsageError:  # reported where the source is run
        return False


def take_inbox(
    known: Iterable[SourceFolder], running: Collection[str], settings: Settings
) -> tuple[list[TakenFile], list[WaitingFile]]:
    """Move the files of the inbox into the input folders of the sources that are run.

    The caller must hold the lock of the data folder, so that no other run reads a file while it is replaced.

    Args:
        known: every source.
        running: the names of those that are run; files of others wait for their own run.
        settings: where data live.

    Returns:
        The files that were taken, and those that match no source or several.
    """
    folders = {folder.source_id: folder for folder in known}
    taken, left = [], []
    for one in find_waiting(folders.values(), settings):
        if len(one.sources) != 1:
            left.append(one)
        elif one.sources[0] in running:
            taken.append(_take(one.path, folders[one.sources[0]], settings))
    return taken, left


def _take(path: Path, folder: SourceFolder, settings: Settings) -> TakenFile:
    own = settings.input / folder.source_id / FROM_INBOX
    there = find_files(folder, settings.input) if settings.input.is_dir() else []
    same_name = sorted({old for old, _ in there if old.name.casefold() == path.name.casefold() and old.is_file()})
    target = same_name[0] if len(same_name) == 1 else own / path.name
    is_replacement = target.is_file()
    if is_replacement:
        _put_aside(target, folder.source_id, settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_atomically(target, lambda temporary: shutil.move(path, temporary))
    return TakenFile(folder.source_id, path.name, is_replacement)


def _put_aside(old: Path, source: str, settings: Settings) -> None:
    """Copy a file that is to be replaced, unless a run has kept a copy."""
    digest = sha256_of_file(old)
    if (settings.raw / source / f"{digest}.bin").is_file():
        return
    place = settings.inbox / REPLACED / source
    place.mkdir(parents=True, mode=0o700, exist_ok=True)
    replace_atomically(place / f"{digest[:12]}-{old.name}", lambda temporary: shutil.copy2(old, temporary))


def describe_waiting(left: Iterable[WaitingFile]) -> list[str]:
    """Return the message about the files that stay in the inbox."""
    return [
        f"{one.path} is in the inbox, and "
        + (
            f"several sources have a file with this name: {', '.join(one.sources)}; put it into a subfolder of the "
            "inbox named after one of them"
            if one.sources
            else "no source has a file with this name; rename it, or put it into a subfolder of the inbox named after "
            "its source, and add the name under files in its source.yml"
        )
        for one in left
    ]
