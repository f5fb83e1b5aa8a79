"""Totals among the rows of a file of incidents, recognised by their words or by their figures.

A row that counts as one cannot be a total: only files whose rows have counts are read again.
"""

from __future__ import annotations

from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.totals.added_rows import judge_words, total_problem
from pipelines.system.connection import column_names, fetch_row
from pipelines.system.errors import DataRefused
from pipelines.system.running.workers import LARGE_BYTES
from schemas.declarations import quote_identifier, quote_literal
from schemas.words_of_totals import TOTALS


def refuse_totals(file: IncidentFile) -> None:
    """Refuse a file whose rows have counts if the rows with one word of an unread column are the sum of the others.

    Rows are compared if they agree in everything else that the source reads. Files too large to be read once more are
    judged by their words alone.

    Raises:
        DataRefused: a total is among its parts.
    """
    source = file.source
    value, used = source.columns.get("value"), {*source.columns.values(), *source.id, *source.personal}
    names = [name for name in file.table.kept if name not in used]
    if value is None or not names or file.file.size >= LARGE_BYTES:
        return
    with file.connection() as connection:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {file.numbered_rows()}")
        rows = file.reshape or "FROM raw"
        there = column_names(connection, rows)
        keys = ", ".join(quote_identifier(name) for name in source.columns.values() if name != value)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted AS SELECT *, hash({keys}) AS _sum_of, "
            f"TRY_CAST({quote_identifier(value)} AS DOUBLE) AS _value FROM ({rows}) WHERE NOT ({source.left_out})"
        )
        for name in (one for one in names if one in there):
            statement = (
                f"SELECT _sum_of AS sum_of, trim({quote_identifier(name)}::VARCHAR) AS word, _value AS value, "
                f"{quote_literal(file.file.name)} AS _file, {file.table.rows_above} + _number AS _row "
                "FROM counted WHERE _value IS NOT NULL"
            )
            words = judge_words(connection, "counted", statement)
            if total := next((word for word in words if word.is_total), None):
                raise DataRefused([total_problem(file.folder, name, total, words)])


def find_total_words(file: IncidentFile) -> dict[str, tuple[str, int, int]]:
    """Return a word for a total in each unread column, the number of rows with it, and with any other word."""
    names = file.unread if "value" in file.source.columns else ()
    if not names:
        return {}
    totals = ", ".join(quote_literal(word) for word in sorted(TOTALS))
    found = {}
    with file.connection() as connection:
        texts = [f"trim({quote_identifier(name)})" for name in names]
        is_total = [f"strip_accents(lower({text})) IN ({totals})" for text in texts]
        counts = ", ".join(
            f"min({text}) FILTER ({total}), count(*) FILTER ({total}), count(*) FILTER ({text} <> '' AND NOT {total})"
            for text, total in zip(texts, is_total, strict=True)
        )
        values = fetch_row(connection, f"SELECT {counts} FROM {file.rows(names)}")
    for name, word, number, others in zip(names, values[::3], values[1::3], values[2::3], strict=True):
        if word is not None and others >= number:
            found[name] = (str(word), int(number), int(others))
    return found


def total_words(facts: FileFacts) -> list[str]:
    """Return, as text, the words for a total that were found in files of incidents."""
    return [
        f"{file.name}: {name!r} has {word!r} in {rows:,} rows, and other words in {others:,}"
        for file, fact in facts
        for name, (word, rows, others) in fact.get("total_words", {}).items()
    ]
