"""Step 8, store: keep the result of a source as an immutable vintage under ``data/core``; the last good one stays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pipelines.acquire import Acquired, describe_files
from pipelines.database import connect, fetch_row
from pipelines.outcome import outcome_rows
from pipelines.rules import Checked
from pipelines.settings import Settings
from pipelines.source import SourceFolder
from pipelines.validate import Validated

_CURRENT = "current.json"
_PARTS = (
    "cells",
    "core",
    "links",
    "mapped",
    "reconciliation",
    "exclusions",
    "controls",
    "rates",
    "findings",
    "coverage",
)


@dataclass(frozen=True)
class Vintage:
    """One version of a source's figures: a folder of Parquet files and what is known about them."""

    source_id: str
    vintage: str
    folder: Path
    run_key: str
    rows: int
    new: bool = False

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"vintage {self.vintage}" + ("" if self.new else " (figures unchanged)")

    def part(self, name: str) -> Path:
        """Return the Parquet file of one part: cells, core, links, mapped, reconciliation ... (``_PARTS``)."""
        return self.folder / f"{name}.parquet"

    def manifest(self) -> dict[str, Any]:
        """Return what was recorded with the vintage: files, outcomes of the rules, when it was loaded."""
        loaded: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return loaded


def store(
    folder: SourceFolder, acquired: Acquired, validated: Validated, checked: Checked, settings: Settings
) -> Vintage:
    """Keep a validated source; if its figures are those of a vintage already kept, that one is current again.

    The folder is filled beside and renamed, then the pointer is replaced: a killed run leaves the last good vintage.
    """
    root = settings.core / folder.source_id
    root.mkdir(parents=True, exist_ok=True)
    key = run_key(folder, acquired)
    figures = _fingerprint(checked, settings)
    known = sorted(path.name for path in root.iterdir() if path.is_dir() and path.name.endswith(f"-{figures}"))
    name = known[0] if known else f"{datetime.now(UTC).date().isoformat()}-{figures}"
    half = Path(tempfile.mkdtemp(dir=root, prefix=".part-"))
    try:
        sources = {
            "cells": checked.cells,
            "core": validated.core,
            "links": validated.links,
            "mapped": validated.mapped,
            "reconciliation": validated.reconciliation,
            "exclusions": validated.exclusions,
            "controls": validated.controls,
            "rates": validated.rates,
            "findings": checked.findings,
            "coverage": checked.coverage,
        }
        for part in _PARTS:
            shutil.copyfile(sources[part], half / f"{part}.parquet")
        manifest = {
            "source": folder.source_id,
            "vintage": name,
            "loaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": describe_files(acquired),
            "quality": outcome_rows(folder.source_id, name, checked.outcomes),
            "rows": checked.rows,
        }
        (half / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        target = root / name
        if target.exists():  # same figures, perhaps another way to them: the proof is renewed
            old = Path(tempfile.mkdtemp(dir=root, prefix=".old-"))
            os.replace(target, old / "vintage")
            os.replace(half, target)
            shutil.rmtree(old)
        else:
            os.replace(half, target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    _point_to(root, {"vintage": name, "run_key": key, "rows": checked.rows})
    return Vintage(folder.source_id, name, root / name, key, checked.rows, new=not known)


def current_vintage(source_id: str, settings: Settings) -> Vintage | None:
    """Return the last good vintage of a source, None where it was never loaded."""
    root = settings.core / source_id
    pointer = root / _CURRENT
    if not pointer.is_file():
        return None
    current = json.loads(pointer.read_text(encoding="utf-8"))
    return Vintage(source_id, current["vintage"], root / current["vintage"], current["run_key"], current["rows"])


def run_key(folder: SourceFolder, acquired: Acquired) -> str:
    """Return the fingerprint of everything that decides the result: bytes, declaration, concordance, code."""
    digest = hashlib.sha256((folder.fingerprint + code_fingerprint()).encode())
    for file in acquired.files:
        digest.update(f"{file.name} {file.sha256} {file.layout}\n".encode())
    return digest.hexdigest()


@cache
def code_fingerprint() -> str:
    """Return the fingerprint of the code and declarations that every source shares."""
    digest = hashlib.sha256()
    for package in ("iccs", "schemas", "pipelines"):
        _add_tree(digest, resources.files(package), {"sources", "concordances", "__pycache__"})
    return digest.hexdigest()


def _add_tree(digest: Any, node: Traversable, skip: set[str]) -> None:
    for entry in sorted(node.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            if entry.name not in skip:
                _add_tree(digest, entry, skip)
        elif entry.name.endswith((".py", ".sql", ".yml", ".csv")):
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes() + b"\0")


def _fingerprint(checked: Checked, settings: Settings) -> str:
    """Fingerprint of the published figures, whatever their order."""
    with connect(settings) as connection:
        (figures,) = fetch_row(
            connection,
            "SELECT bit_xor(md5_number(cells::VARCHAR))::VARCHAR || count(*) FROM read_parquet($path) AS cells",
            {"path": str(checked.cells)},
        )
    return hashlib.sha256(str(figures).encode()).hexdigest()[:8]


def _point_to(root: Path, current: dict[str, object]) -> None:
    half = root / f".{_CURRENT}.part"
    half.write_text(json.dumps(current), encoding="utf-8")
    os.replace(half, root / _CURRENT)
