"""What names the figures of a vintage, the fingerprints of its cells by period; and the fingerprint of the program."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import duckdb

from pipelines.database import fetch_row, fill_sql, run_sql
from pipelines.kept_years import NO_YEARS, Years
from schemas.declarations import load_tables, quote_literal


def fingerprint_periods(
    connection: duckdb.DuckDBPyConnection, written: Path, target: Path, years: Years = NO_YEARS
) -> str:
    """Write the fingerprint of each period's cells, and return that of all; the order of cells does not matter.

    Made from the texts of all columns; a dimension with the same code in every cell is taken up once, not by cell.
    Revisions compare the periods whose fingerprints differ, and no others.

    Args:
        connection: with the table ``cells``.
        written: the same cells with their caveats, a Parquet file.
        target: Parquet file to write, one row a frequency and period.
        years: the years whose cells are those of the vintage before, and what it has of them.
    """
    columns = load_tables()["observation"].columns[2:-1]  # but for source and caveats
    dimensions = [column.name for column in columns if column.role == "dimension"]
    alike = ", ".join(f"min({name}) = max({name}) AND count({name}) = count(*)" for name in dimensions)
    found = zip(dimensions, fetch_row(connection, f"SELECT {alike} FROM cells"), strict=True)
    constants = [name for name, is_alike in found if is_alike]
    texts = {column.name: f"coalesce(CAST({column.name} AS VARCHAR), '')" for column in columns}
    shared = ", ".join(texts[name] for name in constants) or "NULL"
    values = connection.execute(f"SELECT {shared} FROM cells LIMIT 1").fetchall()
    alike_text = repr((constants, values))
    run_sql(
        connection,
        "period_fingerprints",
        columns=", ".join(text for name, text in texts.items() if name not in constants),
        constants=quote_literal(alike_text),
        written=quote_literal(str(written)),
        target=quote_literal(str(target)),
        **_kept_parts(connection, alike_text, years),
    )
    periods = connection.execute(
        "SELECT freq, time_period, cells, fingerprint FROM read_parquet($path) ORDER BY ALL", {"path": str(target)}
    ).fetchall()
    return hashlib.sha256(repr(periods).encode()).hexdigest()[:8]


def _kept_parts(connection: duckdb.DuckDBPyConnection, constants: str, years: Years) -> dict[str, str]:
    """What leaves the cells of kept years out, and puts what the vintage before has of them in their place.

    Nothing is kept where another column is now alike in all cells, as the fingerprint is then made of other columns.
    """
    if not years.kept or years.before is None:
        return {"touched": "", "kept": ""}
    path = str(years.before.periods)
    before = connection.execute("SELECT DISTINCT constants FROM read_parquet($path)", {"path": path}).fetchall()
    if before != [(constants,)]:
        return {"touched": "", "kept": ""}
    kept = fill_sql("kept_fingerprints", periods=quote_literal(path))
    return {"touched": "SEMI JOIN touched_period USING (time_period)", "kept": kept}


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
