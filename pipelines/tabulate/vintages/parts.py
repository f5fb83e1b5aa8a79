"""The files of a vintage: its manifest, and its parts with their checksums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.system.errors import DamagedStore
from pipelines.system.files import DamagedFile, read_json, sha256_of_file

PARTS = (
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
