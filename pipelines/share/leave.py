"""Make a package to share: check, build, read back, log, and only then move it to its destination."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.reader.release import OpenRelease
from pipelines.share.check import SharedSource, check_sharing
from pipelines.share.data_package import SUMS, write_data_package
from pipelines.share.left import log_package, read_left
from pipelines.share.package import BuiltRelease, build_release, protected_cells
from pipelines.share.protection.margins import dimensions
from pipelines.share.read_back import read_back
from pipelines.share.signature import read_key, sign_sums
from pipelines.system.connection import connect_apart, run_sql
from pipelines.system.errors import SharingRefused
from pipelines.system.files import replace_atomically, seal, sha256_of_file
from pipelines.system.scratch import scratch_folder
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.definition.sharing import Level
from schemas.errors import UsageError
from schemas.source import SourceFolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DATABASE = "crime.duckdb"


@dataclass(frozen=True)
class Package:
    """A shared package: its folder, its name, and the outcome for each source."""

    folder: Path
    package: str
    sources: tuple[SharedSource, ...]


Writer = Callable[[duckdb.DuckDBPyConnection, Path, Sequence[SharedSource]], None]
"""Writes files of a release into a folder."""


@dataclass(frozen=True)
class Form:
    """What a package is: its name in the log, and what writes it, None for the database and the data package."""

    name: str
    write: Writer | None = None


DATA_PACKAGE = Form("package")


def make_package(
    folders: Mapping[str, SourceFolder],
    level: Level,
    recipient: str,
    settings: Settings,
    target: Path,
    *,
    form: Form = DATA_PACKAGE,
    key: Path | None = None,
) -> Package:
    """Write the shareable part of the published release into a folder, and log that it was shared.

    The caller must hold the writer's lock. The log is written before the folder gets its final name: what may have been
    shared counts as shared.

    Args:
        folders: the definitions of sources, by identifier.
        level: who it is for.
        recipient: to whom it goes, for the log.
        settings: where data live.
        target: the folder to write; new or empty.
        form: what is written.
        key: a private key to sign the checksums of a data package.

    Raises:
        SharingRefused: a source cannot be shared, or nothing may be shared.
        UsageError: the folder is not empty.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} already exists and is not empty; give a new folder with -o")
    now = datetime.now(UTC)
    signing_key = read_key(key) if key else None
    with OpenRelease(settings) as release:
        found = check_sharing(release, folders, level, now.date(), read_left(settings))
        _refuse(found)
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as scratch:
            staging = scratch / "package"
            staging.mkdir(mode=0o700)
            built = build_release(release, found, folders, settings, staging / DATABASE, level)
            read_back(built, release, found)
            _write(built, staging, found, form.write or partial(write_data_package, level=level))
            if form.write is None:
                _sum_database(built, signing_key)
            else:
                built.path.unlink()
            package = f"{built.release}-{level}"
            _keep_cells(release, found, package, settings)
            entry: dict[str, Any] = {"package": package, "form": form.name, "level": level, "recipient": recipient}
            entry |= {"left_at": now.isoformat(timespec="seconds"), "release": release.release, "sums": _sums(staging)}
            sources = {one.source: _policy(one, built) for one in found}
            log_package({**entry, "content_key": built.content_key, "sources": sources}, settings)
            _put(staging, target)
    return Package(target, package, found)


def _refuse(found: Sequence[SharedSource]) -> None:
    if refused := [one for one in found if one.outcome == "refused"]:
        reasons = "; ".join(f"{one.source} cannot be shared: {one.why}" for one in refused)
        raise SharingRefused(f"nothing was written. {reasons}")
    if not any(one.outcome in ("as_it_is", "protected") for one in found):
        reasons = "; ".join(f"{one.source}: {one.why}" for one in found)
        raise SharingRefused(f"nothing may leave. {reasons}")


def _write(built: BuiltRelease, staging: Path, found: Sequence[SharedSource], write: Writer) -> None:
    """Write the files into a separate folder, so that checksums and lists include no others."""
    (staging / "files").mkdir()
    with connect_apart() as connection:
        connection.execute(f"ATTACH {quote_literal(str(built.path))} AS crime (READ_ONLY)")
        connection.execute("USE crime.out")
        write(connection, staging / "files", found)
    for path in (staging / "files").iterdir():
        path.rename(staging / path.name)
    (staging / "files").rmdir()


def _put(staging: Path, target: Path) -> None:
    if target.is_dir():
        target.rmdir()
    staging.chmod(0o755)
    os.replace(staging, target)


def _sum_database(built: BuiltRelease, key: Ed25519PrivateKey | None) -> None:
    """Write the checksum of the database beside it; sign all checksums if there is a key."""
    built.path.chmod(0o444)
    text = f"{sha256_of_file(built.path)}  {DATABASE}\n"
    built.path.with_name(f"{DATABASE}.sha256").write_text(text, encoding="ascii", newline="\n")
    if key:
        sign_sums(built.path.parent, key)


def _keep_cells(release: OpenRelease, found: Sequence[SharedSource], package: str, settings: Settings) -> None:
    """Store the true cells of what is shared, and which are shown, for the audit of the next package."""
    folder = settings.shared / package
    folder.mkdir(parents=True, exist_ok=True)
    for path in (folder.parent, folder):
        path.chmod(0o700)
    names = ("source", "stage", "counting_unit", *dimensions())
    with connect_apart() as connection:
        connection.register("hidden_cell", protected_cells(found))
        cells = release.connection.sql(
            f"SELECT {', '.join(names)}, value FROM out.observation "
            "WHERE value IS NOT NULL AND list_contains($sources, source)",
            params={"sources": [one.source for one in found if one.outcome in ("as_it_is", "protected")]},
        ).to_arrow_table()
        connection.register("cells", cells)

        def write(path: Path) -> None:
            run_sql(
                connection,
                "share/keep_cells",
                same_cell=" AND ".join(f"hidden.{name} = cells.{name}" for name in names),
                target=quote_literal(str(path)),
            )

        replace_atomically(folder / "cells.parquet", write)
    (folder / "cells.parquet").chmod(0o600)
    seal(folder / "cells.parquet")


def _sums(staging: Path) -> dict[str, str]:
    """Return the checksum of each file; for a data package, of its file of checksums and of files not listed there."""
    paths = [path for path in sorted(staging.rglob("*")) if path.is_file()]
    if (staging / SUMS).is_file():
        paths = [staging / name for name in (SUMS, DATABASE)]
    return {path.relative_to(staging).as_posix(): sha256_of_file(path) for path in paths}


def _policy(one: SharedSource, built: BuiltRelease) -> dict[str, Any]:
    entry: dict[str, Any] = {"outcome": one.outcome, "why": one.why}
    if one.policy is not None:
        entry |= one.policy.model_dump(mode="json")
    if one.source in built.vintages:
        entry["vintage"] = built.vintages[one.source].vintage
    if one.outcome == "protected":
        entry |= {
            "threshold": one.threshold,
            "cells": sum(series.cells for series in one.series),
            "hidden": sum(len(series.hidden) for series in one.series),
            "audited": sum(series.examined for series in one.series),
            "computable": sum(series.determined + series.determined_for_one_person for series in one.series),
        }
    return entry
