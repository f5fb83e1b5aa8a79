"""Stores the figures of a load as a vintage, and removes what a killed run left."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.collect.acquire import Acquired, describe_files
from pipelines.harmonise.reconcile import Validated
from pipelines.system.connection import connect
from pipelines.system.files import sha256_of_file, write_json
from pipelines.system.outcomes import outcome_rows
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from pipelines.tabulate.rules import CHECKED_PARTS, Checked
from pipelines.tabulate.vintages.columns import columns_version, definition_key, program_key
from pipelines.tabulate.vintages.loads import Load, add_load, describe_cells, name_files, point_to
from pipelines.tabulate.vintages.parts import PARTS, find_damage
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.source import SourceFolder


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
    try:
        sums = {}
        for part in PARTS:
            made: Path = getattr(checked if part in CHECKED_PARTS else validated, part)
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


def run_key(folder: SourceFolder, acquired: Acquired) -> str:
    """Return the fingerprint of everything that determines the result: bytes, declaration, concordance, code."""
    return hashlib.sha256(f"{definition_key(folder)} {_files_key(acquired)}".encode()).hexdigest()


def _files_key(acquired: Acquired) -> str:
    digest = hashlib.sha256()
    for file in acquired.files:
        digest.update(f"{file.name} {file.sha256} {file.layout}\n".encode())
    return digest.hexdigest()
