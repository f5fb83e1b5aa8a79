"""Totals among rows of incidents that have counts: told by their word, and by their figures.

Of rows that each count one, none is a total; only a file whose rows have counts is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.checks.added_rows import judge_words, total_problem
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect, fetch_row
from pipelines.system.errors import DataRefused
from pipelines.system.running.workers import LARGE_BYTES
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import SourceFolder
from schemas.words_of_totals import TOTALS


def refuse_totals(folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings) -> None:
    """Refuse a file whose rows have counts, if those with one word of an unread column are the sum of the others.

    Rows are compared where they have all else in common that the source reads. Files too large to be read once more are
    judged by their words alone.

    Raises:
        DataRefused: a total is among its parts.
    """
    source = folder.source
    value, used = source.columns.get("value"), {*source.columns.values(), *source.id, *source.personal}
    names = [name for name in table.kept if name not in used]
    if value is None or not names or file.size >= LARGE_BYTES:
        return
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {text_query(table, {}, numbered=True)}")
        rows = folder.reshape(source.layouts[file.layout]) or "FROM raw"
        there = {name for name, *_ in connection.execute(f"DESCRIBE {rows}").fetchall()}
        left_out = " OR ".join(f"coalesce(({item.where}), false)" for item in source.exclusions) or "false"
        keys = ", ".join(quote_identifier(name) for name in source.columns.values() if name != value)
        header = table.header_rows if table.format == "csv" else 0
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted AS SELECT *, hash({keys}) AS _sum_of, "
            f"TRY_CAST({quote_identifier(value)} AS DOUBLE) AS _value FROM ({rows}) WHERE NOT ({left_out})"
        )
        for name in (one for one in names if one in there):
            statement = (
                f"SELECT _sum_of AS sum_of, trim({quote_identifier(name)}::VARCHAR) AS word, _value AS value, "
                f"{quote_literal(file.name)} AS _file, {header} + _number AS _row FROM counted WHERE _value IS NOT NULL"
            )
            words = judge_words(connection, "counted", statement)
            if total := next((word for word in words if word.is_total), None):
                raise DataRefused([total_problem(folder, name, total, words)])


def find_total_words(
    folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings
) -> dict[str, tuple[str, int, int]]:
    """Return, for each unread column, a word that says total, how many rows have it, and how many another word."""
    source = folder.source
    needed = Needed(folder, source.layouts[file.layout])
    names = [name for name in table.kept if not needed.uses(name, name)] if "value" in source.columns else []
    if not names:
        return {}
    totals = ", ".join(quote_literal(word) for word in sorted(TOTALS))
    found = {}
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        rows = text_query(replace(table, kept=tuple(names)), {})
        texts = [f"trim({quote_identifier(name)})" for name in names]
        is_total = [f"strip_accents(lower({text})) IN ({totals})" for text in texts]
        counts = ", ".join(
            f"min({text}) FILTER ({total}), count(*) FILTER ({total}), count(*) FILTER ({text} <> '' AND NOT {total})"
            for text, total in zip(texts, is_total, strict=True)
        )
        values = fetch_row(connection, f"SELECT {counts} FROM ({rows})")
    for name, word, number, others in zip(names, values[::3], values[1::3], values[2::3], strict=True):
        if word is not None and others >= number:
            found[name] = (str(word), int(number), int(others))
    return found


def total_words(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> list[str]:
    """Return what was found of words that say total, in files of incidents, as text."""
    return [
        f"{file.name}: {name!r} has {word!r} in {rows:,} rows, and other words in {others:,}"
        for file, fact in facts
        for name, (word, rows, others) in fact.get("total_words", {}).items()
    ]
