"""Which vintage of a source is current, and how a lost pointer to it is restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.system.files import DamagedFile, read_json
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.loads import POINTER, point_to, read_loads
from pipelines.tabulate.vintages.parts import DamagedVintage, read_manifest
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.errors import UsageError


class LostPointer(UsageError):
    """A source has vintages, but the pointer to the current one is missing or cannot be read."""

    def __init__(self, root: Path, what: str) -> None:
        self.path, self.what = root / POINTER, what
        super().__init__(
            f"source {root.name}: {root / POINTER}, which records the current vintage, {what}; the vintages next to it "
            "are still there, and the next iccs run rebuilds the file from them"
        )


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
