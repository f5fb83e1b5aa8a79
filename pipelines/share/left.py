"""What has been shared: a log of packages, and the cells of each, which recipients keep for ever.

The folder ``data/shared`` has ``log.jsonl`` (what was shared, when, to whom, under which policy) and a folder for each
package with its cells. These include the true counts of hidden cells, which the audit of the next package needs: the
folder must never be shared.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.share.protection.counts import Name
from pipelines.share.protection.margins import Key, dimensions
from pipelines.share.protection.protect import Edition, KnownCells, Protected
from pipelines.system.connection import connect_apart, run_sql
from pipelines.system.files import DamagedFile, check_seal, take_digest, with_digest
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.definition.measures import PER_UNIT

_PER = {"number": 1, **PER_UNIT}


@dataclass(frozen=True)
class Left:
    """One shared package: its line of the log, and the file of its cells."""

    package: str
    entry: dict[str, Any]
    cells: Path

    def policy_of(self, source: str) -> dict[str, Any]:
        """The policy under which a source was shared; empty if it was not."""
        found: dict[str, Any] = self.entry["sources"].get(source, {})
        return found


def read_left(settings: Settings) -> tuple[Left, ...]:
    """Return the shared packages, oldest first.

    Raises:
        DamagedFile: the log or the cells of a package are lost or have been altered, so that it is unknown what
            recipients have.
    """
    found = _read_log(settings)
    for left in found:
        check_seal(left.cells)
    return found


def _read_log(settings: Settings) -> tuple[Left, ...]:
    folder = settings.shared
    log = folder / "log.jsonl"
    if not log.is_file():
        if folder.is_dir() and any(folder.glob("*/cells.parquet")):
            raise DamagedFile(log, "is missing, so it is not known what has left the office")
        return ()
    found = []
    for number, line in enumerate(log.read_bytes().splitlines(), 1):
        try:
            entry = json.loads(line)
            is_whole = take_digest(entry)
            left = Left(entry["package"], entry, folder / entry["package"] / "cells.parquet")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedFile(log, f"cannot be read in line {number}") from error
        if not is_whole:
            raise DamagedFile(log, f"has changed in line {number} since it was written")
        found.append(left)
    kept = {path.parent.name for path in folder.glob("*/cells.parquet")}
    if unknown := sorted(kept - {left.package for left in found}):
        raise DamagedFile(
            log,
            f"has no line on {', '.join(unknown)}, whose cells are kept, so it is not known what has left the office "
            "(if iccs share was stopped before it wrote that package, delete the folder with its cells)",
        )
    return tuple(found)


def damaged_packages(settings: Settings) -> list[tuple[Path, str]]:
    """Return the log of packages or files of their cells that are lost or have been altered, and what is wrong."""
    damaged = {}
    try:
        for left in _read_log(settings):
            try:
                check_seal(left.cells)
            except DamagedFile as damage:
                damaged[damage.path] = damage.what
    except DamagedFile as damage:
        damaged[damage.path] = damage.what
    return list(damaged.items())


def log_package(entry: dict[str, Any], settings: Settings) -> None:
    """Add a line to the log, and flush it to disk; the cells of the package must be stored already."""
    log = settings.shared / "log.jsonl"
    with log.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(with_digest(entry), ensure_ascii=False, sort_keys=True) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def read_editions(left: Sequence[Left], sources: Sequence[str]) -> list[Edition]:
    """Return the counts of some sources as shared under protection, one edition for each package and source.

    Counts shared as they are have all been shown: they are known cells (``read_known``), which later hiding cannot
    undo.
    """
    found = []
    for package in {package.package: package for package in left}.values():  # one that left twice has the same cells
        for source in sources:
            policy = package.policy_of(source)
            if policy.get("outcome") == "protected":
                rounding = policy.get("rounding")  # of before there was rounding: none
                found.append(_edition(package, source, rounding, zeros_shown=policy["zeros"] == "shown"))
    return found


def _edition(package: Left, source: str, rounding: int | None, *, zeros_shown: bool) -> Edition:
    path = quote_literal(str(package.cells))
    with connect_apart() as connection:
        rows = connection.execute(
            f"SELECT stage, counting_unit, {', '.join(dimensions())}, value, shown, "
            f"{'rounded' if rounding else 'NULL'} FROM read_parquet({path}) WHERE source = $source",
            {"source": source},
        ).fetchall()
    counts: dict[Name, dict[Key, int]] = defaultdict(dict)
    shown: dict[Name, set[Key]] = defaultdict(set)
    rounded: dict[Name, dict[Key, int]] = defaultdict(dict)
    for stage, unit, *key, value, is_shown, left_as in rows:
        counts[stage, unit][tuple(key)] = int(value)
        if rounding:
            rounded[stage, unit][tuple(key)] = int(left_as)
        if is_shown:
            shown[stage, unit].add(tuple(key))
    return Edition(
        source,
        package.package,
        counts,
        {name: frozenset(shown[name]) for name in counts},
        zeros_shown=zeros_shown,
        rounding=rounding,
        rounded=rounded,
    )


def read_known(
    connection: duckdb.DuckDBPyConnection, group: Sequence[Protected], as_they_are: Sequence[str], left: Sequence[Left]
) -> KnownCells:
    """Return the cells of protected sources that recipients know from others, shared as they are now or before.

    Another source of the same counts shows them: cells with the same codes and the same count. So does one that prints
    their rates, if the population is known: with enough decimals only one whole count is possible.

    Args:
        connection: to the release.
        group: the protected sources.
        as_they_are: the sources of the release that leave as they are.
        left: the packages shared before.
    """
    wanted = {(name, key, count) for one in group for name, cells in one.counts.items() for key, count in cells.items()}
    columns = ", ".join(("stage", "counting_unit", *dimensions()))
    rows = connection.execute(
        f"SELECT {columns}, value FROM out.observation WHERE list_contains($sources, source) AND value IS NOT NULL",
        {"sources": list(as_they_are)},
    ).fetchall()
    for package in left:
        plain = [name for name, policy in package.entry["sources"].items() if policy["outcome"] == "as_it_is"]
        rows += connection.execute(
            f"SELECT {columns}, value FROM read_parquet({quote_literal(str(package.cells))}) "
            "WHERE list_contains($sources, source)",
            {"sources": plain},
        ).fetchall()
    printed = {((stage, unit), tuple(key), value) for stage, unit, *key, value in rows}
    return KnownCells(frozenset(wanted & (printed | _counts_of_rates(connection, as_they_are))))


def _counts_of_rates(connection: duckdb.DuckDBPyConnection, sources: Sequence[str]) -> set[tuple[Name, Key, int]]:
    """Return the counts revealed by printed rates and populations, as the only possible ones."""
    rows = run_sql(
        connection,
        "share/printed_rates",
        sources=f"[{', '.join(map(quote_literal, sources))}]",
        cell=", ".join(f"printed.{name}" for name in dimensions()),
    ).fetchall()
    found = set()
    for stage, unit, *key, printed, decimals, measured, population in rows:
        persons, half = population / _PER[measured], 0.5 * 10**-decimals
        least, greatest = ((printed + side * half) * persons for side in (-1, 1))
        if math.ceil(least - 1e-9) == math.floor(greatest + 1e-9):
            found.add(((stage, unit), tuple(key), math.floor(greatest + 1e-9)))
    return found
