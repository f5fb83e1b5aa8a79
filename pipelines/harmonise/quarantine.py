"""Rejected cells, kept for each load with file, row, its text, column, value and rule, until they are settled.

``data/quarantine/<source>/<name>.parquet``: the name is the vintage where the source was stored without those cells
(its source.yml allows a share), else ``refused-`` and the fingerprint of the files, so that no load overwrites another.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb

from pipelines.collect.acquire import Acquired, RawFile
from pipelines.collect.read import RawTable
from pipelines.system.connection import connect, fetch_row, run_sql
from pipelines.system.errors import is_of_the_machine
from pipelines.system.files import DamagedFile, check_seal, replace_atomically, seal, seal_path, sha256_of_file, unseal
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.errors import UsageError

_REFUSED = "refused-"


@dataclass(frozen=True)
class Quarantined:
    """The rejected cells of one load: their file, the vintage or ``refused-...``, the files received, and when."""

    source_id: str
    name: str
    path: Path
    files: tuple[RawFile, ...]
    kept_at: str


@dataclass(frozen=True)
class Replayed:
    """The result of retrying rejected cells, in cells: accepted now, still rejected, and newly rejected."""

    source: str
    name: str
    recovered: int
    still_rejected: int
    newly_rejected: int


def refused_name(files: Sequence[RawFile]) -> str:
    """Return the name of a load without a vintage: the fingerprint of the names and bytes received."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.sha256}\n".encode())
    return f"{_REFUSED}{digest.hexdigest()[:8]}"


def keep_rejected(connection: duckdb.DuckDBPyConnection, raw: RawTable, settings: Settings) -> None:
    """Write the relation ``rejected`` of a connection to quarantine, with the text of its rows."""
    folder = settings.quarantine / raw.source_id
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{refused_name(raw.files)}.parquet"
    texts = [
        "SELECT _file, _sheet, _row, "
        "CAST(to_json(struct_pack(*COLUMNS(* EXCLUDE (_file, _sheet, _row)))) AS VARCHAR) AS raw_text "
        f"FROM read_parquet({quote_literal(str(path))}) WHERE _row IN (SELECT _row FROM rejected)"
        for paths in raw.layouts
        for path in paths
    ]
    # Records on persons are not kept: a source of incidents has no table of text in which to look them up.
    texts = texts or ["SELECT '' AS _file, '' AS _sheet, 0 AS _row, '' AS raw_text LIMIT 0"]
    received = {
        "files": json.dumps([{**asdict(file), "path": file.path.name} for file in raw.files], ensure_ascii=False),
        "kept_at": datetime.now(UTC).isoformat(),
    }
    write = partial(
        run_sql,
        connection,
        "harmonise/keep_rejected",
        texts="\n    UNION ALL\n    ".join(texts),
        received=", ".join(f"{key}: {quote_literal(value)}" for key, value in received.items()),
    )
    unseal(target)
    replace_atomically(target, lambda temporary: write(target=quote_literal(str(temporary))))
    seal(target)


def forget_rejected(raw: RawTable, settings: Settings) -> None:
    """Delete the rejected cells of exactly these files: in a new attempt, none of their cells was rejected."""
    kept = settings.quarantine / raw.source_id / f"{refused_name(raw.files)}.parquet"
    if kept.is_file():
        _delete_sealed(kept, settings)


def _delete_sealed(path: Path, settings: Settings) -> None:
    delete(path, settings)
    unseal(path)


def settle_quarantine(acquired: Acquired, vintage: str, settings: Settings) -> None:
    """File the rejected cells of a stored load under its vintage; earlier refused loads are then settled."""
    folder = settings.quarantine / acquired.source_id
    kept = folder / f"{refused_name(acquired.files)}.parquet"
    target = folder / f"{vintage}.parquet"
    if kept.is_file():
        unseal(kept)
        unseal(target)
        kept.replace(target)
        seal(target)
    elif target.is_file():
        _delete_sealed(target, settings)
    clear_refused(acquired.source_id, settings)


def clear_refused(source_id: str, settings: Settings) -> None:
    """Delete the lists of refused loads after a good one; their files stay in ``data/raw``."""
    for path in _refused_loads(source_id, settings):
        _delete_sealed(path, settings)


def _refused_loads(source_id: str, settings: Settings, *, with_missing: bool = False) -> list[Path]:
    """The refused loads: the files with a name as given by ``refused_name``."""
    made = re.compile(rf"{_REFUSED}[0-9a-f]{{8}}\.parquet")
    folder = settings.quarantine / source_id
    paths = set(folder.glob("*.parquet"))
    if with_missing:
        paths |= {path.with_suffix("") for path in folder.glob("*.parquet.sha256")}
    return [path for path in paths if made.fullmatch(path.name)]


def open_quarantine(source_id: str, vintage: str | None, settings: Settings) -> list[Quarantined]:
    """Return what is not settled: loads refused since the last good one, newest first, then the current vintage's.

    Args:
        source_id: the source.
        vintage: the current vintage of the source; None if it was never loaded.
        settings: where data live.

    Raises:
        DamagedFile: a list has been altered, or is missing although its checksum exists, so that the others would
            wrongly pass for all.
    """
    folder = settings.quarantine / source_id
    refused = sorted(
        (read_note(path, settings) for path in _refused_loads(source_id, settings, with_missing=True)),
        key=lambda load: load.kept_at,
        reverse=True,
    )
    stored = folder / f"{vintage}.parquet"
    is_kept = bool(vintage) and (stored.is_file() or seal_path(stored).is_file())
    return [*refused, *([read_note(stored, settings)] if is_kept else [])]


def read_note(path: Path, settings: Settings) -> Quarantined:
    """The metadata in the footer of the Parquet file.

    Raises:
        DamagedFile: it has been altered.
    """
    check_seal(path)
    source_id = path.parent.name
    with connect(settings) as connection:
        note = dict(
            connection.execute(
                "SELECT decode(key), decode(value) FROM parquet_kv_metadata($path)", {"path": str(path)}
            ).fetchall()
        )
    raw = settings.raw / source_id
    files = tuple(RawFile(**{**file, "path": raw / file["path"]}) for file in json.loads(note["files"]))
    return Quarantined(source_id, path.stem, path, files, note["kept_at"])


def damaged_loads(source_id: str, settings: Settings) -> list[tuple[Path, str]]:
    """Return the missing or damaged lists of rejected cells of a source, each with what is wrong with it."""
    folder = settings.quarantine / source_id
    kept = {*folder.glob("*.parquet"), *(path.with_suffix("") for path in folder.glob("*.parquet.sha256"))}
    found = []
    for path in sorted(kept):
        try:
            read_note(path, settings)
        except DamagedFile as damage:
            found.append((path, damage.what))
        except (duckdb.Error, ValueError, KeyError, TypeError) as error:
            if is_of_the_machine(error):  # the list may be whole, and is not to be deleted as a damaged one
                raise
            found.append((path, "cannot be read"))
    return found


def forget_load(path: Path, settings: Settings) -> str:
    """Delete a list of rejected cells that is damaged."""
    if path.exists():
        delete(path, settings)
    unseal(path)
    return "deleted"


def receive_again(load: Quarantined) -> Acquired:
    """Return the files of a load as received, from ``data/raw``: a retry acquires these, whatever is in the input now.

    Raises:
        UsageError: the copy of a file is gone or damaged.
    """
    for file in load.files:
        if not file.path.is_file():
            raise UsageError(f"source {load.source_id}: {file.path} is gone, so {file.name} cannot be tried again")
        if sha256_of_file(file.path) != file.sha256:
            raise UsageError(f"source {load.source_id}: {file.path} is damaged; give {file.name} with --from DIR")
    return Acquired(load.source_id, load.files)


def compare_rejected(load: Quarantined, before: Path, vintage: str | None, settings: Settings) -> Replayed:
    """Count the cells of a load that were rejected before (a copy of its file) and those that are now."""
    after = next(
        (
            found.path
            for found in open_quarantine(load.source_id, vintage, settings)
            if refused_name(found.files) == refused_name(load.files)
        ),
        None,
    )
    with connect(settings) as connection:
        cells = [
            f"SELECT DISTINCT cell FROM read_parquet({quote_literal(str(path))})" if path else "SELECT 0 LIMIT 0"
            for path in (before, after)
        ]
        counts = fetch_row(
            connection,
            "SELECT count(*) FILTER (after.cell IS NULL), count(*) FILTER (before.cell = after.cell), "
            "count(*) FILTER (before.cell IS NULL) "
            f"FROM ({cells[0]}) AS before(cell) FULL JOIN ({cells[1]}) AS after(cell) ON after.cell = before.cell",
        )
    return Replayed(load.source_id, load.name, *counts)
