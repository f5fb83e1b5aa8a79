"""Locations of rejected rows and their invalid values: a sample, and nothing that identifies a person.

In a row whose columns are swapped, a name can be where a sex should be. A wrong word is therefore not kept where a
personal column of its row holds what could have stood in its place, nor where the row breaks another rule too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.collect.text_table import TextTable, find_lines
from pipelines.harmonise.engine import text_query
from pipelines.harmonise.statements import RowRule, Statements
from pipelines.system.connection import fetch_row
from pipelines.system.sql import fill_sql
from schemas.declarations import quote_identifier, quote_literal

_NOT_SHOWN = ("NULL", "CAST(NULL AS STRING)")  # the value of a rule on a personal column
_MALFORMED = "malformed_line"  # has the line already that the reader gives
SAMPLE = 100  # rejected rows kept of each rule and partition

_REJECTED = pa.schema(
    [
        ("_file", pa.string()),
        ("_row", pa.int64()),
        ("rule", pa.string()),
        ("column_name", pa.string()),
        ("bad_value", pa.string()),
    ]
)


def write_no_rejected(target: Path) -> None:
    """Write the sample of a partition without rejected rows."""
    pq.write_table(_REJECTED.empty_table(), target)


def look_up_rejected(
    connection: duckdb.DuckDBPyConnection,
    statements: Statements,
    layout: int,
    table: TextTable,
    computed: Mapping[str, str],
    personal: bool,
    malformed: int,
    target: Path,
) -> None:
    """Find the locations of the first rejected rows of each rule. Only a partition that has any is read a second time.

    Bytes that are no UTF-8 in a personal column make a line malformed for a reader of that column only: the rows are
    then counted without these columns, as in the tally, and no wrong word is kept.

    Args:
        connection: one that has the lists of the statements.
        statements: those of the source, with the rules that rows may break.
        layout: number of the layout of the partition.
        table: the partition.
        computed: columns that the statements expect beside those of the file.
        personal: whether the source has columns that identify persons.
        malformed: lines that could not be split when it was tallied.
        target: Parquet file to write.
    """
    hidden = tuple(name for name in table.names if name not in (*table.kept, "_row"))
    whole = replace(table, kept=(*table.kept, *hidden))
    most = 1 if personal else len(statements.rules)
    numbered = _number_rows(statements, layout, statements.rules, hidden)
    if _find_faults(connection, numbered, whole, computed, most) != malformed:
        rules = [replace(rule, word="NULL") for rule in statements.rules]
        _find_faults(connection, _number_rows(statements, layout, rules, ()), table, computed, most)
    header = table.header_rows if table.format == "csv" else 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE malformed AS SELECT line, any_value(error_type) AS error_type, "
        f"line - {header} - row_number() OVER (ORDER BY line) AS rows_before FROM reject_errors GROUP BY line"
        if _has_rejects(connection)
        else "CREATE OR REPLACE TEMP TABLE malformed AS SELECT 0 AS line, '' AS error_type, 0 AS rows_before LIMIT 0"
    )
    file = quote_literal(table.constants["_file"])
    connection.execute(
        f"COPY (SELECT {file} AS _file, (SELECT {header} + _number + count(*) FROM malformed "
        "WHERE rows_before < _number)::BIGINT AS _row, rule, column_name, bad_value FROM fault "
        f"UNION ALL (SELECT {file}, line::BIGINT, 'malformed_line', NULL, lower(error_type) FROM malformed "
        f"ORDER BY line LIMIT {SAMPLE})) TO {quote_literal(str(target))} (FORMAT parquet)"
    )
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def number_by_lines(table: TextTable, rejected: Path) -> None:
    """Give rejected rows the lines that an editor shows, where blank lines or line ends in quotes stand above them."""
    rows = pq.read_table(rejected)
    found = rows.to_pylist()
    lines = find_lines(table, {row["_row"] for row in found if row["rule"] != _MALFORMED})
    for row in found:
        if row["rule"] != _MALFORMED:
            row["_row"] = lines.get(row["_row"], row["_row"])
    pq.write_table(pa.Table.from_pylist(found, rows.schema), rejected)


def _number_rows(statements: Statements, layout: int, rules: Sequence[RowRule], hidden: Sequence[str]) -> str:
    """The query for the position of each row that no rule excludes, and the faults that it has.

    Of the file's own columns only those needed are selected, under names of ours: a label such as "period" would
    otherwise take the place of the period.
    """
    words = {f"_word_{number}": _shown(rule) for number, rule in enumerate(rules)}
    words |= {f"_hidden_{number}": f"r.{quote_identifier(name)}" for number, name in enumerate(hidden)}
    selected = ", ".join(
        ["r._number", "r._exclusion AS exclusion", *(f"{text} AS {name}" for name, text in words.items())]
    )
    faults = [_fault(rule, f"_word_{number}", len(hidden)) for number, rule in enumerate(rules)]
    rows = fill_sql("harmonise/incident_rows", selected=selected, **statements.rows[layout])
    return (
        f"SELECT _number, list_filter([{', '.join(faults)}], lambda one: one IS NOT NULL) AS faults "
        f"FROM ({rows}) AS numbered\n{statements.known} WHERE exclusion = 0"
    )


def _find_faults(
    connection: duckdb.DuckDBPyConnection,
    numbered: str,
    table: TextTable,
    computed: Mapping[str, str],
    most: int,
) -> int:
    """Make the table ``fault``, the first faults of each rule, and return how many lines could not be split.

    The words of a row with more than ``most`` faults are left out.
    """
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {text_query(table, computed, numbered=True)}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE fault AS "
        "SELECT fault.rule, fault.column_name, "
        f"CASE WHEN broken <= {most} THEN fault.bad_value END AS bad_value, _number "
        f"FROM (SELECT _number, unnest(faults) AS fault, len(faults) AS broken FROM ({numbered})) "
        f"QUALIFY row_number() OVER (PARTITION BY fault.rule ORDER BY _number) <= {SAMPLE}"
    )
    if not _has_rejects(connection):
        return 0
    return int(fetch_row(connection, "SELECT count(DISTINCT line) FROM reject_errors")[0])


def _has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall())


def _shown(rule: RowRule) -> str:
    return "CAST(NULL AS VARCHAR)" if rule.word in _NOT_SHOWN else f"trim(coalesce(CAST({rule.word} AS VARCHAR), ''))"


def _fault(rule: RowRule, word: str, hidden: int) -> str:
    exchanged = " OR ".join(f"coalesce({rule.fits(f'_hidden_{number}')}, FALSE)" for number in range(hidden))
    shown = f"CASE WHEN NOT ({exchanged}) THEN {word} END" if exchanged else word
    return (
        f"CASE WHEN {rule.condition} THEN {{'rule': {quote_literal(rule.rule)}, "
        f"'column_name': {quote_literal(rule.column or '')}, 'bad_value': {shown}}} END"
    )
