"""Rejected cells are kept, with file, row, column, value and rule, until their source runs without any."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from pipelines.settings import Settings
from schemas.declarations import quote_literal


def quarantine_file(source_id: str, settings: Settings) -> Path:
    """Return where the rejected cells of a source are kept, whether there are any or not."""
    return settings.quarantine / f"{source_id}.parquet"


def keep_rejected(connection: duckdb.DuckDBPyConnection, source_id: str, settings: Settings) -> None:
    """Write the relation ``rejected`` of a connection into quarantine, in the place of what was there."""
    target = quarantine_file(source_id, settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".part")
    connection.execute(f"COPY (FROM rejected ORDER BY cell, rule) TO {quote_literal(str(half))} (FORMAT parquet)")
    os.replace(half, target)


def clear_quarantine(source_id: str, settings: Settings) -> None:
    """Forget the rejected cells of a source that has none any more."""
    quarantine_file(source_id, settings).unlink(missing_ok=True)
