"""The loads of a source, and the pointer file that holds them beside the current vintage."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.system.connection import fetch_row
from pipelines.system.files import write_json
from pipelines.tabulate.vintages.parts import read_manifest

POINTER = "current.json"


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
