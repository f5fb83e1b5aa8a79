"""Rows and identifiers that repeat within one file of incidents, found while the file is read.

Rows are compared by their hashes. Of a personal identifier, only how often it repeats and in which rows is kept. A file
that is too large to be read once more is checked for ``id`` only. ``between_files`` judges what was found.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.harmonise.checks.repeats.case_numbers import canonical_number
from pipelines.harmonise.checks.repeats.tables import (
    SEVERAL_TIMES,
    read_repeated,
)
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.running.workers import LARGE_BYTES
from schemas.declarations import quote_identifier
from schemas.errors import UsageError, nearest_values
from schemas.source import SourceFolder

_FEW_WORDS = 40


def count_repeats(opened: IncidentFile) -> dict[str, Any]:
    """Return how many rows of a partition repeat another row or its identifier; empty if it was not checked.

    Raises:
        UsageError: the file has no such column.
    """
    folder, file, table = opened.folder, opened.file, opened.table
    if file.size >= LARGE_BYTES and not folder.source.id:
        return {}
    with opened.connection() as connection:
        texts = columns_of_texts(connection, folder, table, table.kept) if _has_a_row_each(folder) else set[str]()
        hash_rows(connection, folder, file, table, texts=texts)
        rows, different, repeated, places, ids, blank, id_rows, near, times = run_sql(
            connection, "harmonise/repeated_incidents", **SEVERAL_TIMES
        ).fetchall()[0]
        of_file = read_repeated(connection, "(SELECT '' AS part, content, _row FROM hashed)")
        narrow = "(SELECT '' AS part, narrow AS content, _row FROM hashed)"
        has_texts = bool(texts - set(folder.source.columns.values()))
        but_for_words = read_repeated(connection, narrow) if has_texts else []
    return {
        "rows": rows,
        "different": different,
        "repeated": repeated,
        "places": places or [],
        "ids": ids,
        "blank": blank,
        "id_rows": id_rows or [],
        "near": near,
        "times": times,
        "again": [one.as_dict() for one in of_file],
        "but_for_words": [one.as_dict() for one in but_for_words],
    }


def _has_a_row_each(folder: SourceFolder) -> bool:
    """Whether each row is an incident or a case, so that those of one are one counted several times."""
    units = {measure.counting_unit for measure in folder.source.measures.values()}
    return units <= {"incident", "case"} and "value" not in folder.source.columns


def hash_rows(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    file: RawFile,
    table: TextTable,
    common: Collection[str] | None = None,
    texts: Collection[str] = (),
) -> None:
    """Create the table ``hashed`` of the rows of a partition that are not excluded: content, id, _row.

    Args:
        connection: gets the table.
        folder: the source.
        file: the partition.
        table: how it is read.
        common: the columns to compare, of those of the file; all if not given.
        texts: those of them that distinguish rows; ``narrow`` is the hash of these.
    """
    source = folder.source
    if missing := [name for name in source.id if name not in table.names and name not in table.constants]:
        near = ", ".join(nearest_values(missing[0], table.names)) or "none"
        raise UsageError(f"source {source.source_id}: id: the files have no column {missing[0]!r} (nearest: {near})")
    hidden = tuple(name for name in source.id if name in table.names and name not in table.kept)
    ids = ", ".join(f"trim(coalesce({quote_identifier(name)}::VARCHAR, ''))" for name in source.id)
    identifier = f"nullif(concat_ws(chr(31), {ids}), repeat(chr(31), {len(source.id) - 1}))" if ids else "NULL"
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    whole = text_query(replace(table, kept=(*table.kept, *hidden)), {}, numbered=True)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {whole}")
    rows = folder.reshape(source.layouts[file.layout]) or "FROM raw"
    there = column_names(connection, rows)  # a reshape may leave columns out
    content = [name for name in table.kept if name in there and (common is None or name in common)]
    run_sql(
        connection,
        "harmonise/hashed_rows",
        content=", ".join(map(_folded, content)) or "''",
        narrow=", ".join(_folded(name) for name in content if name in texts) or "''",
        identifier=identifier,
        near=canonical_number(identifier) if ids and file.size < LARGE_BYTES else identifier,
        header=str(table.rows_above),
        rows=rows,
        left_out=source.left_out,
    )


def _folded(name: str) -> str:
    """The SQL of a text without what is written in two ways: capitals, accents, blanks."""
    return f"strip_accents(lower(regexp_replace(trim({quote_identifier(name)}::VARCHAR), '\\s+', ' ', 'g')))"


def columns_of_texts(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, table: TextTable, common: Collection[str]
) -> set[str]:
    """Return the columns that the source reads, and those with more than a few words, but for identifiers."""
    names = [name for name in table.kept if name in common and name not in folder.source.id]
    counts = ", ".join(f"approx_count_distinct({quote_identifier(name)}::VARCHAR)" for name in names)
    numbers = fetch_row(connection, f"SELECT {counts} FROM ({text_query(table, {})})")
    used = set(folder.source.columns.values())
    return {name for name, number in zip(names, numbers, strict=True) if name in used or number > _FEW_WORDS}
