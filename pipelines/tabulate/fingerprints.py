"""The fingerprints of the cells of a vintage, by period, which identify its figures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from pipelines.system.connection import fetch_row, run_sql
from schemas.declarations import load_tables, quote_literal


def fingerprint_periods(
    connection: duckdb.DuckDBPyConnection, written: Path, target: Path, table: str = "observation"
) -> str:
    """Write the fingerprint of each period's cells, and return that of all; the order of cells does not matter.

    It is made from the texts of all columns; a dimension with the same code in every cell is included only once.
    Revisions compare only the periods whose fingerprints differ.

    Args:
        connection: to run it on.
        written: the published cells, a Parquet file.
        target: Parquet file to write, one row a frequency and period.
        table: the published table whose rows they are.
    """
    columns = load_tables()[table].columns[2:]  # without source and vintage
    dimensions = [column.name for column in columns if column.role == "dimension"]
    tests = ", ".join(f"min({name}) = max({name}) AND count({name}) = count(*)" for name in dimensions)
    path: dict[str, object] = {"path": str(written)}
    found = zip(dimensions, fetch_row(connection, f"SELECT {tests} FROM read_parquet($path)", path), strict=True)
    alike = [name for name, is_alike in found if is_alike]
    texts = {column.name: f"coalesce(CAST({column.name} AS VARCHAR), '')" for column in columns}
    shared = ", ".join(texts[name] for name in alike) or "NULL"
    values = connection.execute(f"SELECT {shared} FROM read_parquet($path) LIMIT 1", path).fetchall()
    constants = repr((alike, values))
    run_sql(
        connection,
        "tabulate/period_fingerprints",
        columns=", ".join(text for name, text in texts.items() if name not in alike),
        constants=quote_literal(constants),
        written=quote_literal(str(written)),
        target=quote_literal(str(target)),
    )
    periods = connection.execute(
        "SELECT freq, time_period, cells, fingerprint FROM read_parquet($path) ORDER BY ALL", {"path": str(target)}
    ).fetchall()
    return hashlib.sha256(repr(periods).encode()).hexdigest()[:8]
