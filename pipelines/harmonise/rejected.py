"""Rejected rows: their place, rule and invalid value, and the messages about them.

Of incidents a sample is kept, without anything that names a person.

In a row of incidents whose columns are swapped, a name can be where a sex should be. An invalid word is therefore not
kept if a personal column of its row has a value that would fit in its place, or if the row breaks another rule too; and
of a text that is not a number, date or code only the shape is kept (``values.hidden``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from iccs.concordance import Concordance
from pipelines.collect.text_table import TextTable, find_lines
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.harmonise.engine import text_query
from pipelines.harmonise.statements import Grain, RowRule, Statements
from pipelines.harmonise.values.dates import describe_period
from pipelines.harmonise.values.hidden import hide_text
from pipelines.harmonise.values.labels import area_words, areas_named, decode_again, nearest_areas
from pipelines.harmonise.values.numbers import describe_number
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import Problem
from pipelines.system.sql import fill_sql
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import SourceFolder

_NOT_SHOWN = ("NULL", "CAST(NULL AS STRING)")  # the value of a rule on a personal column
_MALFORMED = "malformed_line"  # has the line already that the reader gives
SAMPLE = 100  # rejected incidents kept of each rule and partition
ROW_NOUNS: dict[Grain, str] = {"cell": "cell", "incident": "row"}
"""What a rejected row of either grain is called in messages."""
_MOST_PROBLEMS_SHOWN = 50
_MOST_OF_A_RULE = 5  # for incidents, of whose rejected rows only a sample is kept
_BELOW_SUM_SO_FAR = (
    " Figures are cumulative (cumulative: true); this is the difference from the month before, for which the file "
    "gives a larger figure."
)
_ENCODED_TWICE = (
    "It looks like {meant!r}, encoded twice (UTF-8 read as Windows-1252 and saved again): ask for the original "
    "file, or repair the letters before loading it."
)
_RULES_ON_WORDS = ("unknown_word", "unknown_area", "unknown_measure", "unlinked_national_code")

_REJECTED = pa.schema(
    [
        ("cell", pa.int64()),
        ("_file", pa.string()),
        ("_sheet", pa.string()),
        ("_row", pa.int64()),
        ("rule", pa.string()),
        ("column_name", pa.string()),
        ("bad_value", pa.string()),
        ("period", pa.int32()),
    ]
)


@dataclass(frozen=True)
class _Fault:
    """A rule as SQL: its name, whether a row breaks it, in which column, and the value to show."""

    rule: str
    condition: str
    column: str
    shown: str


def write_no_rejected(target: Path) -> None:
    """Write an empty table of rejected rows."""
    pq.write_table(_REJECTED.empty_table(), target)


def write_rejected_cells(
    connection: duckdb.DuckDBPyConnection, statements: Statements, disposed: Path, target: Path
) -> None:
    """Write every cell and rule it breaks.

    Args:
        connection: one with the cells as ``tally`` and the lists of the statements.
        statements: those of the source.
        disposed: the disposition of the cells; if no rule is broken, they are not searched again.
        target: Parquet file to write.
    """
    broken = f"SELECT count(*) FROM read_parquet({quote_literal(str(disposed))}) WHERE disposition = 'broken'"
    if fetch_row(connection, broken) == (0,):
        write_no_rejected(target)
        return
    faults = [_fault_of_cell(rule) for rule in statements.rules]
    query = _find(statements, faults, "cell, _file, _sheet, _row", "tally")
    connection.execute(
        f"COPY (SELECT cell, _file, _sheet, _row, unnest(faults, recursive := true) FROM ({query})) "
        f"TO {quote_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _fault_of_cell(rule: RowRule) -> _Fault:
    """Return the fault of a cell; the column of a count is that before the reshape, if the reshape gives it."""
    column = "CAST(NULL AS VARCHAR)" if rule.column is None else quote_literal(rule.column)
    if rule.moved:
        column = f"coalesce(_column, {column})"
    return _Fault(quote_literal(rule.rule), rule.condition, column, rule.word)


def _find(statements: Statements, faults: Sequence[_Fault], selected: str, numbered: str) -> str:
    """Return the query for the rows that break a rule, each with its faults."""
    period = "CASE WHEN period > 0 THEN period END"
    return fill_sql(
        "harmonise/faults",
        selected=selected,
        faults=faults,
        period=period,
        numbered=numbered,
        joins=statements.joins,
    )


def look_up_rejected(
    connection: duckdb.DuckDBPyConnection,
    statements: Statements,
    file: IncidentFile,
    computed: Mapping[str, str],
    malformed: int,
    target: Path,
) -> None:
    """Find the places of the first rejected incidents of each rule; only a file that has any is read again.

    Invalid UTF-8 in a personal column makes a line malformed only if that column is read: the rows are then counted
    without these columns, as in the tally, and no invalid word is kept.

    Args:
        connection: one that has the lists of the statements.
        statements: those of the source, with the rules on rows.
        file: the file.
        computed: columns that the statements expect besides those of the file.
        malformed: lines that could not be split when it was tallied.
        target: Parquet file to write.
    """
    table, personal, layout = file.table, bool(file.source.personal), file.file.layout
    hidden = tuple(name for name in table.names if name not in (*table.kept, "_row"))
    whole = replace(table, kept=(*table.kept, *hidden))
    most = 1 if personal else len(statements.rules)
    numbered = _number_rows(statements, layout, statements.rules, hidden, personal)
    if _find_faults(connection, numbered, whole, computed, most) != malformed:
        rules = [replace(rule, word="NULL") for rule in statements.rules]
        _find_faults(connection, _number_rows(statements, layout, rules, (), personal), table, computed, most)
    header = table.rows_above
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE malformed AS SELECT line, any_value(error_type) AS error_type, "
        f"line - {header} - row_number() OVER (ORDER BY line) AS rows_before FROM reject_errors GROUP BY line"
        if _has_rejects(connection)
        else "CREATE OR REPLACE TEMP TABLE malformed AS SELECT 0 AS line, '' AS error_type, 0 AS rows_before LIMIT 0"
    )
    name = quote_literal(table.constants["_file"])
    none = f"NULL::BIGINT AS cell, {name} AS _file, NULL::VARCHAR AS _sheet"
    connection.execute(
        f"COPY (SELECT {none}, (SELECT {header} + _number + count(*) FROM malformed "
        "WHERE rows_before < _number)::BIGINT AS _row, rule, column_name, bad_value, period::INTEGER AS period "
        f"FROM fault UNION ALL (SELECT {none}, line::BIGINT, 'malformed_line', NULL, lower(error_type), NULL "
        f"FROM malformed ORDER BY line LIMIT {SAMPLE})) TO {quote_literal(str(target))} (FORMAT parquet)"
    )
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def number_by_lines(table: TextTable, rejected: Path) -> None:
    """Give rejected rows the line numbers of an editor, if there are blank lines or line ends in quotes above them."""
    rows = pq.read_table(rejected)
    found = rows.to_pylist()
    lines = find_lines(table, {row["_row"] for row in found if row["rule"] != _MALFORMED})
    for row in found:
        if row["rule"] != _MALFORMED:
            row["_row"] = lines.get(row["_row"], row["_row"])
    pq.write_table(pa.Table.from_pylist(found, rows.schema), rejected)


def open_lost_rows(
    connection: duckdb.DuckDBPyConnection, statements: Statements, rejected: int, malformed: int, counted: float | None
) -> None:
    """Create ``lost_row``: rejected and used rows by all their codes; empty if nothing is rejected.

    Args:
        connection: one with all rows of the source as ``tally_part``, and the lists of the statements.
        statements: those of the source.
        rejected: how many rows are rejected.
        malformed: lines among them that could not be split; nothing else is known about them.
        counted: what each of these counts; None if that is in the row.
    """
    connection.execute("CREATE OR REPLACE TEMP VIEW tally AS FROM tally_part")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE lost_row AS SELECT * FROM (\n{statements.lost}\n) LIMIT "
        + ("ALL" if rejected else "0")
    )
    connection.execute("DROP VIEW tally")
    if malformed:
        connection.execute(
            "INSERT INTO lost_row BY NAME SELECT true AS is_rejected, $lines AS records, $counted AS counted, "
            "$unread AS unread",
            {
                "lines": malformed,
                "counted": malformed * (counted or 0),
                "unread": malformed if counted is None else 0,
            },
        )


def _number_rows(
    statements: Statements, layout: int, rules: Sequence[RowRule], hidden: Sequence[str], personal: bool
) -> str:
    """Return the query for the position of each row that breaks a rule, and its faults."""
    words = {f"_word_{number}": _shown(rule, personal) for number, rule in enumerate(rules)}
    words |= {f"_hidden_{number}": f"r._hidden_{number}" for number in range(len(hidden))}
    own = {f"_hidden_{number}": f"tidy.{quote_identifier(name)}" for number, name in enumerate(hidden)}
    rows = statements.rows[layout].select(
        {"_number": "r._number", "exclusion": "r._exclusion", **words}, {"_number": "tidy._number", **own}
    )
    faults = [_fault_of_incident(rule, f"_word_{number}", len(hidden)) for number, rule in enumerate(rules)]
    return _find(statements, faults, "_number", f"(\n{rows}\n)")


def _find_faults(
    connection: duckdb.DuckDBPyConnection,
    numbered: str,
    table: TextTable,
    computed: Mapping[str, str],
    most: int,
) -> int:
    """Create the table ``fault``, the first faults of each rule, and return how many lines could not be split.

    Words of a row with more than ``most`` faults are left out.
    """
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {text_query(table, computed, numbered=True)}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE fault AS "
        "SELECT fault.rule, fault.column_name, fault.period, "
        f"CASE WHEN broken <= {most} THEN fault.bad_value END AS bad_value, _number "
        f"FROM (SELECT _number, unnest(faults) AS fault, len(faults) AS broken FROM ({numbered})) "
        f"QUALIFY row_number() OVER (PARTITION BY fault.rule ORDER BY _number) <= {SAMPLE}"
    )
    if not _has_rejects(connection):
        return 0
    return int(fetch_row(connection, "SELECT count(DISTINCT line) FROM reject_errors")[0])


def _has_rejects(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall())


def _shown(rule: RowRule, personal: bool) -> str:
    if rule.word in _NOT_SHOWN:
        return "CAST(NULL AS VARCHAR)"
    word = f"trim(coalesce(CAST({rule.word} AS VARCHAR), ''))"
    return hide_text(word) if personal else word


def _fault_of_incident(rule: RowRule, word: str, hidden: int) -> _Fault:
    exchanged = " OR ".join(f"coalesce({rule.fits(f'_hidden_{number}')}, FALSE)" for number in range(hidden))
    shown = f"CASE WHEN NOT ({exchanged}) THEN {word} END" if exchanged else word
    return _Fault(quote_literal(rule.rule), rule.condition, quote_literal(rule.column or ""), shown)


def rejected_problems(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, concordance: Concordance | None, grain: Grain
) -> list[Problem]:
    """Return a problem for each rule, column and invalid label, with its first place.

    Args:
        connection: has ``rejected`` and ``disposed``.
        folder: the source.
        concordance: its links; None for a population.
        grain: of its rows.
    """
    valid = _valid_words(folder, concordance)
    is_sample = grain == "incident"  # only some of the rejected rows are kept
    noun = ROW_NOUNS[grain]
    numbers = {
        (rule, column): number
        for rule, column, number in connection.execute(
            "SELECT rule, nullif(column_name, ''), sum(cells)::BIGINT FROM disposed WHERE disposition = 'broken' "
            "GROUP BY ALL"
        ).fetchall()
    }
    most_of_a_rule = _MOST_OF_A_RULE if is_sample else _MOST_PROBLEMS_SHOWN
    most = {"most_of_a_rule": str(most_of_a_rule), "most": str(_MOST_PROBLEMS_SHOWN)}
    problems = []
    for rule, file, sheet, row, column, value, years, kept in run_sql(
        connection, "harmonise/rejected_by_fault", **most
    ).fetchall():
        number = numbers.get((rule, column or None), kept) if is_sample else kept
        found = f"{number:,} {noun}{'' if number == 1 else 's'} rejected: "
        if rule == "unlinked_national_code" and value is not None:
            found += f"the national code {value!r} has no link to the ICCS that is valid for {years or 'any year'}."
        else:
            found += f"{rule.replace('_', ' ')}."
        found += _what_it_looks_like(rule, value or "", folder)
        found += _BELOW_SUM_SO_FAR if rule == "count_negative" and folder.source.cumulative else ""
        found += _doubled_rows(connection) if rule == "duplicate_key" else ""
        if folder.source.personal and value is not None and "x" in value:
            found += (
                " Letters and long numbers are shown as x, because the file has columns that identify persons. Look "
                "at the row in the file."
            )
        if is_sample and value is None and column and column not in folder.source.personal:
            found += " The value is not shown, because the columns of the row may be swapped."
        problems.append(
            Problem(
                rule=rule,
                source=folder.source_id,
                file=file,
                sheet=sheet,
                row=row,
                column=column or None,
                value=value,
                found=found,
                nearest=_nearest(rule, value or "", folder, valid.get(column or "", [])),
                cells=1 if is_sample else kept,
            )
        )
    return problems


def _nearest(rule: str, value: str, folder: SourceFolder, valid: list[str]) -> tuple[str, ...]:
    """Return the valid words that an invalid one probably means."""
    meant = decode_again(value) or value
    if rule == "unknown_area":
        return nearest_areas(folder, meant, valid)
    return nearest_values(meant, valid) if rule in _RULES_ON_WORDS else ()


def _what_it_looks_like(rule: str, value: str, folder: SourceFolder) -> str:
    """Return a sentence on a value that cannot be read, if it resembles something known."""
    if not value:
        return ""
    if rule == "invalid_period":
        return f" {describe_period(value, folder.source)}"
    if rule == "count_not_a_number":
        return f" {describe_number(value)}".rstrip()
    meant = decode_again(value) if rule in _RULES_ON_WORDS and not folder.source.personal else ""
    if rule == "unknown_area" and not meant:
        return areas_named(folder, value)
    return f" {_ENCODED_TWICE.format(meant=meant)}" if meant else ""


def _doubled_rows(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the places of the first cell that is given more than once, and its values."""
    cells, files, rows, values = run_sql(connection, "harmonise/doubled_rows").fetchall()[0]
    places = [str(row) if file == files[0] else f"{row} of {file}" for file, row in zip(files, rows, strict=True)]
    number = f"{cells:,} cells are" if cells > 1 else "One cell is"
    given = f", as {' and '.join(values)}" if all(values) else ""
    return f" {number} given more than once; the first in rows {' and '.join(places)}{given}."


def _valid_words(folder: SourceFolder, concordance: Concordance | None) -> dict[str, list[str]]:
    """Return the valid words of each column."""
    national_codes = sorted({link.national_code for link in concordance.links}) if concordance else []
    columns = folder.source.columns
    valid: dict[str, list[str]] = {}
    for dimension, word, _ in folder.words:
        if dimension in columns:
            valid.setdefault(columns[dimension], []).append(word)
    for dimension, words in (
        ("ref_area", [word for word, _ in sorted(area_words(folder))]),
        ("measure", list(folder.source.measures)),
        ("national_code", national_codes),
    ):
        valid.setdefault(columns.get(dimension, dimension), []).extend(words)
    return valid
