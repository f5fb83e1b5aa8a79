"""Step 8, store: keep the result of a source as an immutable vintage under ``data/core``; the last good one stays."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.acquire import Acquired, describe_files
from pipelines.database import connect
from pipelines.kept_years import PreviousVintage
from pipelines.loads import POINTER, Load, add_load, describe_cells, name_files, point_to, read_loads
from pipelines.outcome import outcome_rows
from pipelines.program import code_fingerprint
from pipelines.removal import delete
from pipelines.rules import Checked
from pipelines.settings import Settings
from pipelines.source import SourceFolder
from pipelines.validate import Validated

_PARTS = (
    "cells",
    "periods",
    "core",
    "links",
    "mapped",
    "reconciliation",
    "exclusions",
    "controls",
    "rates",
    "findings",
    "judged",
    "coverage",
)


@dataclass(frozen=True)
class Vintage:
    """One version of a source's figures: a folder of Parquet files and what is known about them.

    ``loads`` is the history of the source up to this vintage, oldest first.
    """

    source_id: str
    vintage: str
    folder: Path
    run_key: str
    rows: int
    loads: tuple[Load, ...] = ()
    new: bool = False

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"vintage {self.vintage}" + ("" if self.new else " (figures unchanged)")

    def part(self, name: str) -> Path:
        """Return the Parquet file of one part: cells, core, links, mapped, reconciliation ... (``_PARTS``)."""
        return self.folder / f"{name}.parquet"

    def as_previous(self) -> PreviousVintage:
        """Return what a next load compares with, and takes unchanged years from."""
        keys = self.manifest().get("year_keys", {})  # a vintage of an older version has none
        return PreviousVintage(self.part("cells"), self.part("periods"), self.part("judged"), keys)

    def manifest(self) -> dict[str, Any]:
        """Return what was recorded with the vintage: files, outcomes of the rules, when it was loaded."""
        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return loaded


def store(
    folder: SourceFolder, acquired: Acquired, validated: Validated, checked: Checked, settings: Settings
) -> Vintage:
    """Keep a validated source; if its figures are those of a vintage already kept, that one is current again.

    The folder is filled beside and renamed, then the pointer is replaced: a killed run leaves the last good vintage.
    No vintage is ever removed; where figures come again, with a newer proof, the folder of the proof takes the place.
    """
    root = settings.core / folder.source_id
    root.mkdir(parents=True, exist_ok=True)
    before = current_vintage(folder.source_id, settings)
    loads = before.loads if before else ()
    key = run_key(folder, acquired)
    with connect(settings) as connection:
        observations, first_period, last_period = describe_cells(connection, checked.cells)
    known = [load.vintage for load in loads if load.vintage.endswith(f"-{checked.figures}")]
    now = datetime.now(UTC)
    name = known[0] if known else f"{now.date().isoformat()}-{checked.figures}"
    half = Path(tempfile.mkdtemp(dir=root, prefix=".part-"))
    parts = {
        "cells": checked.cells,
        "periods": checked.periods,
        "core": validated.core,
        "links": validated.links,
        "mapped": validated.mapped,
        "reconciliation": validated.reconciliation,
        "exclusions": validated.exclusions,
        "controls": validated.controls,
        "rates": validated.rates,
        "findings": checked.findings,
        "judged": checked.judged,
        "coverage": checked.coverage,
    }
    files = describe_files(acquired)
    manifest = {
        "source": folder.source_id,
        "vintage": name,
        "loaded_at": now.isoformat(timespec="seconds"),
        "files": files,
        "quality": outcome_rows(folder.source_id, name, checked.outcomes),
        "rows": checked.rows,
        "year_keys": checked.year_keys,
    }
    try:
        for part in _PARTS:
            shutil.copyfile(parts[part], half / f"{part}.parquet")
        (half / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        target = _unused(root, name)
        os.replace(half, target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    load = Load(
        vintage=name,
        folder=target.name,
        loaded_at=now.isoformat(timespec="microseconds"),
        files=name_files(files),
        files_key=_files_key(acquired),
        declaration_key=folder.fingerprint,
        program_key=code_fingerprint(),
        observations=observations,
        first_period=first_period,
        last_period=last_period,
    )
    loads = add_load(loads, load)
    pointer = {"vintage": name, "run_key": key, "rows": checked.rows}
    point_to(root, pointer, loads)
    _remove_superseded(root, name, target, settings)
    return Vintage(folder.source_id, name, target, key, checked.rows, loads, new=not known)


def _unused(root: Path, name: str) -> Path:
    """The folder of a vintage; where there is one already, which stays until the pointer has moved, a numbered one."""
    target, number = root / name, 2
    while target.exists():
        target, number = root / f"{name}.{number}", number + 1
    return target


def _remove_superseded(root: Path, name: str, target: Path, settings: Settings) -> None:
    """Remove halves of killed runs, and other folders of this vintage: its proof was renewed.

    Their names are those of ``mkdtemp`` and ``_unused``; a copy under any other name is the user's own.
    """
    made = re.compile(rf"{re.escape(name)}(\.\d+)?|\.part-[a-z0-9_]{{8}}")
    for path in root.iterdir():
        if path.is_dir() and path != target and made.fullmatch(path.name):
            delete(path, settings)


def current_vintage(source_id: str, settings: Settings) -> Vintage | None:
    """Return the last good vintage of a source, None where it was never loaded."""
    root = settings.core / source_id
    pointer = root / POINTER
    if not pointer.is_file():
        return None
    current = json.loads(pointer.read_text(encoding="utf-8"))
    loads = read_loads(current, root)
    folder = root / loads[-1].folder
    return Vintage(source_id, current["vintage"], folder, current["run_key"], current["rows"], loads)


def run_key(folder: SourceFolder, acquired: Acquired) -> str:
    """Return the fingerprint of everything that decides the result: bytes, declaration, concordance, code."""
    return hashlib.sha256((folder.fingerprint + code_fingerprint() + _files_key(acquired)).encode()).hexdigest()


def _files_key(acquired: Acquired) -> str:
    digest = hashlib.sha256()
    for file in acquired.files:
        digest.update(f"{file.name} {file.sha256} {file.layout}\n".encode())
    return digest.hexdigest()
