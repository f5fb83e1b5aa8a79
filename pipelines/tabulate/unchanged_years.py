"""Incremental processing: reuse the cells and rule outcomes of years that are unchanged since the previous vintage.

The figures of a year of incidents depend on the partitions with rows of that year, the definition and the program, and
the zeros filled in for every year (for the areas and categories that occur in any). Each year has a key of all these.
Only rules that check years separately (``by_year`` in their declaration) have outcomes by year; the others always run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.sql import fill_sql


@dataclass(frozen=True)
class PreviousVintage:
    """The previous vintage, for comparison and for reusing years, each with the key of what determined its figures.

    ``left_out`` are its exclusions and reconciliation. ``digests`` are the sha256 of its files; ``same_files`` is
    whether this load has the same, so that a difference comes from a changed declaration or program, not from the
    publisher.
    """

    cells: Path
    unmarked: Path
    judged: Path
    year_keys: dict[str, str]
    digests: frozenset[str] = frozenset()
    words: Path | None = None
    left_out: tuple[Path, Path] | None = None
    same_files: bool = False

    def beside(self, digests: Iterable[str]) -> PreviousVintage:
        """Return a copy with ``same_files`` set for a load of files with these sha256."""
        return replace(self, same_files=bool(self.digests) and self.digests == frozenset(digests))


def make_year_keys(
    connection: duckdb.DuckDBPyConnection, year_partitions: dict[str, str], shared: str
) -> dict[str, str]:
    """Return the key of each year.

    Args:
        connection: with ``given_combination``, ``given_area`` and ``given_category``.
        year_partitions: the partitions with rows of each year; empty if the source is not processed by year.
        shared: fingerprint of what affects every year: declarations and program.
    """
    if not year_partitions:
        return {}
    (zeros,) = fetch_row(connection, fill_sql("tabulate/zeros_fingerprint"))
    return {
        year: hashlib.sha256(f"{partitions} {zeros} {shared}".encode()).hexdigest()
        for year, partitions in sorted(year_partitions.items())
    }


def find_unchanged_years(
    connection: duckdb.DuckDBPyConnection, year_keys: dict[str, str], previous: PreviousVintage | None
) -> tuple[str, ...]:
    """Return the years with the same key as in the previous vintage; create ``unchanged_year``, ``period_to_make``.

    Args:
        connection: with the type ``time_period_code``.
        year_keys: the key of each year.
        previous: the previous vintage.
    """
    before = previous.year_keys if previous else {}
    kept = tuple(year for year, key in year_keys.items() if before.get(year) == key)
    connection.register("year_list", pa.table({"year": pa.array(kept, pa.string())}))
    run_sql(connection, "tabulate/unchanged_years")
    connection.unregister("year_list")
    return kept
