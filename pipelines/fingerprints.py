"""What names the figures of a vintage: the fingerprints of its cells, by period."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from pipelines.database import fetch_row, run_sql
from schemas.declarations import load_tables, quote_literal


def fingerprint_periods(connection: duckdb.DuckDBPyConnection, written: Path, target: Path) -> str:
    """Write the fingerprint of each period's cells, and return that of all; the order of cells does not matter.

    Made from the texts of all columns; one with the same value in every cell is taken up once, not by cell. Revisions
    compare the periods whose fingerprints differ, and no others.

    Args:
        connection: with the table ``cells``.
        written: the same cells with their caveats, a Parquet file.
        target: Parquet file to write, one row a frequency and period.
    """
    names = [column.name for column in load_tables()["observation"].columns][2:-1]  # but for source and caveats
    alike = ", ".join(f"min({name}) = max({name}) AND count({name}) = count(*) OR count({name}) = 0" for name in names)
    is_constant = dict(zip(names, fetch_row(connection, f"SELECT {alike} FROM cells"), strict=True))
    texts = {name: f"coalesce(CAST({name} AS VARCHAR), '')" for name in names}
    varying = [texts[name] for name in names if not is_constant[name]]
    constants = [name for name in names if is_constant[name]]
    shared = ", ".join(texts[name] for name in constants) or "NULL"
    values = connection.execute(f"SELECT {shared} FROM cells LIMIT 1").fetchall()
    run_sql(
        connection,
        "period_fingerprints",
        columns=", ".join(varying) or "''",
        constants=quote_literal(repr((constants, values))),
        written=quote_literal(str(written)),
        target=quote_literal(str(target)),
    )
    periods = connection.execute("FROM read_parquet($path) ORDER BY ALL", {"path": str(target)}).fetchall()
    return hashlib.sha256(repr(periods).encode()).hexdigest()[:8]
