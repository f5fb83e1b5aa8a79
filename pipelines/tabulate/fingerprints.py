"""What names the figures of a vintage: the fingerprints of its cells, by period."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.sql import fill_sql
from schemas.declarations import load_tables, quote_literal


def fingerprint_periods(
    connection: duckdb.DuckDBPyConnection, written: Path, target: Path, reused_from: Path | None = None
) -> str:
    """Write the fingerprint of each period's cells, and return that of all; the order of cells does not matter.

    Made from the texts of all columns; a dimension with the same code in every cell is taken up once, not by cell.
    Revisions compare the periods whose fingerprints differ, and no others.

    Args:
        connection: with the table ``cells``.
        written: the same cells with their caveats, a Parquet file.
        target: Parquet file to write, one row a frequency and period.
        reused_from: the file written for the previous vintage, if the years in ``unchanged_year`` are reused from it;
            the connection then has ``period_to_make`` too.
    """
    columns = load_tables()["observation"].columns[2:-1]  # but for source and caveats
    dimensions = [column.name for column in columns if column.role == "dimension"]
    tests = ", ".join(f"min({name}) = max({name}) AND count({name}) = count(*)" for name in dimensions)
    found = zip(dimensions, fetch_row(connection, f"SELECT {tests} FROM cells"), strict=True)
    alike = [name for name, is_alike in found if is_alike]
    texts = {column.name: f"coalesce(CAST({column.name} AS VARCHAR), '')" for column in columns}
    shared = ", ".join(texts[name] for name in alike) or "NULL"
    values = connection.execute(f"SELECT {shared} FROM cells LIMIT 1").fetchall()
    constants = repr((alike, values))
    run_sql(
        connection,
        "tabulate/period_fingerprints",
        columns=", ".join(text for name, text in texts.items() if name not in alike),
        constants=quote_literal(constants),
        written=quote_literal(str(written)),
        target=quote_literal(str(target)),
        **_reused_parts(connection, constants, reused_from),
    )
    periods = connection.execute(
        "SELECT freq, time_period, cells, fingerprint FROM read_parquet($path) ORDER BY ALL", {"path": str(target)}
    ).fetchall()
    return hashlib.sha256(repr(periods).encode()).hexdigest()[:8]


def _reused_parts(connection: duckdb.DuckDBPyConnection, constants: str, reused_from: Path | None) -> dict[str, str]:
    """What leaves the cells of unchanged years out, and puts what the previous vintage has of them in their place.

    Nothing is kept where another column is now the same in all cells, as the fingerprint is then made of other columns.
    """
    if reused_from is not None:
        path = str(reused_from)
        before = connection.execute("SELECT DISTINCT constants FROM read_parquet($path)", {"path": path}).fetchall()
        if before == [(constants,)]:
            kept = fill_sql("tabulate/reuse_fingerprints", periods=quote_literal(path))
            return {"made": "SEMI JOIN period_to_make USING (time_period)", "kept": kept}
    return {"made": "", "kept": ""}
