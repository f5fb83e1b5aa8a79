"""Rates that a source prints beside its counts: not published, but a control of both (its ``rates.sql``)."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.collect.read import RawTable
from pipelines.harmonise.conform import register_words
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem
from schemas.declarations import quote_literal
from schemas.source import SourceFolder

_NO_RATES = (
    "SELECT NULL AS _row, '' AS ref_area, '' AS time_period, '' AS national_code, '' AS measure, '' AS count, "
    "'' AS rate, '1' AS per LIMIT 0"
)


def read_published_rates(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, links: Path, target: Path
) -> None:
    """Write the printed rates of a source, beside the counts they were made from; none where it has no ``rates.sql``.

    The statement is one SELECT from ``raw`` that gives, as text, ref_area, time_period, national_code, measure, count,
    rate, and per: how many persons the rate is for.

    Raises:
        DataRefused: the statement fails.
    """
    own = folder.read_text("rates.sql")
    source = folder.source
    files = ", ".join(quote_literal(str(path)) for paths in raw.layouts for path in paths)
    statement = (
        f"WITH raw AS (FROM read_parquet([{files}], union_by_name = true)) FROM (\n{own}\n)" if own else _NO_RATES
    )
    register_words(connection, folder)
    measures = source.measures.items()
    try:
        run_sql(
            connection,
            "harmonise/published_rates",
            statement=statement,
            stages=" ".join(f"WHEN {quote_literal(name)} THEN {quote_literal(one.stage)}" for name, one in measures),
            units=" ".join(
                f"WHEN {quote_literal(name)} THEN {quote_literal(one.counting_unit)}" for name, one in measures
            ),
            links=quote_literal(str(links)),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        found = f"rates.sql: {error}"
        raise DataRefused([Problem(rule="declaration_invalid", source=source.source_id, found=found)]) from error
