"""Retention: old vintages keep only their figures, if the settings limit how many of a source stay complete.

Revisions and reporting delays are computed from the figures of every vintage, so these are never deleted. An old
vintage can do without the rows behind its figures, the findings of rules, and received files that no complete vintage
was made from. A run killed in between loses nothing else: parts that are no longer in the manifest of a vintage are
deleted by the next run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.harmonise.quarantine import open_quarantine
from pipelines.system.errors import DamagedStore
from pipelines.system.files import DamagedFile, read_json, write_json
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.loads import POINTER
from pipelines.tabulate.vintages.parts import DamagedVintage, read_manifest
from pipelines.tabulate.vintages.pointers import LostPointer, current_vintage
from pipelines.tabulate.vintages.vintage import Vintage

KEPT_PARTS = ("cells", "periods")
"""The parts that stay of an old vintage: its figures, and their fingerprints by period, used in comparisons."""
REDUCED = "reduced_on"
"""Key of a manifest: the day on which all other parts were deleted."""
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Freed:
    """What was deleted: vintages reduced to their figures, received files, and the bytes of both."""

    vintages: int = 0
    files: int = 0
    bytes: int = 0

    @property
    def summary(self) -> str:
        """One line for people, empty where nothing was deleted.

        >>> Freed(2, 3, 5_300_000).summary
        'old editions: 2 vintages reduced to their figures, 3 files as received deleted, 5.3 MB freed'
        """
        if not (self.vintages or self.files):
            return ""
        return (
            f"old editions: {self.vintages:,} vintages reduced to their figures, {self.files:,} files as received "
            f"deleted, {self.bytes / 1e6:,.1f} MB freed"
        )


NOTHING_FREED = Freed()


def reduce_old_vintages(settings: Settings) -> Freed:
    """Keep ``settings.keep_vintages`` vintages of each source complete; do nothing if that is 0.

    The caller must hold the lock of the data folder. A source is skipped if it is not known what its vintages were made
    from: ``iccs repair`` reports the damage.
    """
    if not settings.keep_vintages:
        return NOTHING_FREED
    vintages = files = size = 0
    for root in sorted(path.parent for path in settings.core.glob(f"*/{POINTER}")):
        try:
            current = current_vintage(root.name, settings)
            if current is None:
                continue
            whole, old = _divide(current, settings.keep_vintages)
            kept = [read_manifest(folder) for folder in whole]
            wanted = _wanted(kept, current, settings)
        except (LostPointer, DamagedStore, DamagedFile):
            continue
        reduced = [_reduce(folder, settings) for folder in old]
        before = min(manifest["loaded_at"] for manifest in kept)[:10]
        notes = list(_unwanted_notes(settings.raw / root.name, wanted, before))
        copies = [_delete(note.with_suffix(".bin"), settings) + _delete(note, settings) for note in notes]
        vintages += sum(1 for freed in reduced if freed)
        files += len(copies)
        size += sum(reduced) + sum(copies)
    return Freed(vintages, files, size)


def _divide(current: Vintage, keep: int) -> tuple[list[Path], list[Path]]:
    """Return the folders of the vintages that stay complete, the current one first, and those of older ones."""
    root = current.folder.parent
    folders = list(dict.fromkeys(root / load.folder for load in reversed(current.loads)))
    return folders[:keep], [folder for folder in folders[keep:] if folder.is_dir()]


def _wanted(kept: Iterable[Mapping[str, Any]], current: Vintage, settings: Settings) -> set[str]:
    """Return the sha256 of the files behind vintages that stay complete, and of those in quarantine."""
    wanted = {file["sha256"] for manifest in kept for file in manifest["files"]}
    loads = open_quarantine(current.source_id, current.vintage, settings)
    return wanted | {file.sha256 for load in loads for file in load.files}


def _reduce(folder: Path, settings: Settings) -> int:
    """Delete all parts of a vintage except its figures; return the bytes freed."""
    try:
        manifest = read_manifest(folder)
    except DamagedVintage:
        return 0  # iccs repair names it
    if "parts" not in manifest:
        return 0  # stored before 0.2, with other parts
    removed = [name for name in manifest["parts"] if name not in KEPT_PARTS]
    if removed:
        parts = {name: digest for name, digest in manifest["parts"].items() if name in KEPT_PARTS}
        today = datetime.now(UTC).date().isoformat()
        write_json(folder / "manifest.json", {**manifest, "parts": parts, REDUCED: today})
    elif REDUCED not in manifest:
        return 0
    left = [path for path in folder.glob("*.parquet") if path.stem not in KEPT_PARTS]
    return sum(_delete(path, settings) for path in left)


def _unwanted_notes(raw: Path, wanted: set[str], before: str) -> Iterator[Path]:
    """Yield the notes, no longer needed, of files first received before a day.

    A note is deleted after its file, so that one left by a killed run is found again.
    """
    for note in sorted(raw.glob("*.json")):
        if not _DIGEST.fullmatch(note.stem) or note.stem in wanted:
            continue
        try:
            first_seen = read_json(note)["first_seen"]
        except (DamagedFile, KeyError):
            continue  # when it came is not known; iccs repair names it
        if first_seen < before:
            yield note


def _delete(path: Path, settings: Settings) -> int:
    """Delete a file, if it is there; return its bytes."""
    if not path.is_file():
        return 0
    size = path.stat().st_size
    delete(path, settings)
    return size
