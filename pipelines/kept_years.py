"""Years that are as in the vintage before: their cells, and outcomes of rules on them, are taken over, not made again.

What decides the figures of a year of incidents: the partitions with rows of it, the declarations and the program, and
what is filled with zeros in every year (the areas and categories that occur in any). Each year has a key of all that.
Only rules that look at one year at a time (``within: year``) have outcomes by year; the others are always judged anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.database import fetch_row, load_sql, run_sql
from pipelines.incidents import Tallied
from schemas.declarations import quote_literal


@dataclass(frozen=True)
class Before:
    """The vintage before: its parts that years are taken from, and the key of each year that it holds."""

    cells: Path
    periods: Path
    judged: Path
    year_keys: dict[str, str]


@dataclass(frozen=True)
class Years:
    """The key of each year (none where a source is not kept by year), and the years that are as in ``before``."""

    keys: dict[str, str]
    kept: tuple[str, ...] = ()
    before: Before | None = None


NO_YEARS = Years({})


def digest_partitions(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> dict[str, str]:
    """Return, for each year with incidents, the fingerprint of the partitions that have some of it.

    Args:
        connection: with the table ``period_seen``, as account makes it.
        tallied: the partitions.
    """
    files = ", ".join(quote_literal(path) for path in tallied.parts("tally"))
    rows = run_sql(connection, "partition_years", files=files).fetchall()
    return {year: hashlib.sha256(partitions.encode()).hexdigest() for year, partitions in rows}


def find_kept_years(
    connection: duckdb.DuckDBPyConnection, partitions: dict[str, str], shared: str, before: Before | None
) -> Years:
    """Compare the years with those of the vintage before; creates ``kept_year`` and ``touched_period``.

    Args:
        connection: with ``core``, its types, and ``given_combination`` and ``given_area``.
        partitions: the fingerprint of the partitions of each year; empty where a source is not kept by year.
        shared: fingerprint of what decides every year: declarations and program.
        before: the vintage before.
    """
    keys = {}
    if partitions:
        (lists,) = fetch_row(connection, load_sql("given_fingerprint"))
        keys = {
            year: hashlib.sha256(f"{digest} {lists} {shared}".encode()).hexdigest()[:32]
            for year, digest in sorted(partitions.items())
        }
    old = before.year_keys if before else {}
    kept = tuple(year for year, key in keys.items() if old.get(year) == key)
    connection.register("year_list", pa.table({"year": pa.array(kept, pa.string())}))
    run_sql(connection, "kept_years")
    connection.unregister("year_list")
    return Years(keys, kept, before)
