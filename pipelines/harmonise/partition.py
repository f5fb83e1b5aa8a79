"""One partition of incidents: its file is tallied by the engine, checked, and stored with what was found in it."""

from __future__ import annotations

import os
import shutil
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipelines.collect.acquire import RawFile, is_unchanged
from pipelines.collect.decode import refuse
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.failed_sql import refused_if_sql_fails, sql_problem
from pipelines.collect.text_table import TextTable, find_other_line_end, open_partition
from pipelines.harmonise.checks.ages import find_births
from pipelines.harmonise.checks.beside_counts import find_split_numbers
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.harmonise.checks.points import find_common_point
from pipelines.harmonise.checks.repeats.case_numbers import find_case_numbers, find_numbered_parts
from pipelines.harmonise.checks.repeats.incidents import count_repeats
from pipelines.harmonise.checks.reshaped_rows import check_reshaped_rows
from pipelines.harmonise.checks.totals.counts_of_incidents import find_beside_counts
from pipelines.harmonise.checks.totals.incidents import find_total_words, refuse_totals
from pipelines.harmonise.checks.unread_counts import find_second_columns, find_unread_counts
from pipelines.harmonise.checks.words.incident_constants import find_words_against_constants
from pipelines.harmonise.checks.words.incidents import find_words_beside
from pipelines.harmonise.checks.words.parts_of_years import find_parts_of_years
from pipelines.harmonise.controls import sum_controls
from pipelines.harmonise.engine import Engine, FileUnreadable, StatementFailed
from pipelines.harmonise.rejected import look_up_rejected, number_by_lines, write_no_rejected
from pipelines.harmonise.statements import Statements, open_lists
from pipelines.harmonise.values.numbers import parse_number
from pipelines.system.connection import column_names, connect, fetch_row
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.files import DamagedFile, read_json, sha256_of_file, write_json
from pipelines.system.removal import delete
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import SourceFolder

_PACKED = ("GZIP", "DECOMPRESS", ".GZ")


@dataclass(frozen=True)
class Partition:
    """One partition to tally, with everything that another process or machine needs to do it."""

    folder: SourceFolder
    statements: Statements
    file: RawFile
    settings: Settings
    work: Path
    target: Path


def tally_partition(engine: Engine, partition: Partition) -> tuple[Problem, ...]:
    """Tally one partition on an engine that has the lists of its statements; return why its file is refused."""
    try:
        _tally_one(engine, partition)
    except DataRefused as refused:
        return refused.problems
    finally:
        shutil.rmtree(partition.work, ignore_errors=True)
    return ()


def damage_of(partition: Path) -> str | None:
    """Return what is wrong with the folder of a partition; None if it is intact and need not be tallied again."""
    try:
        facts = read_json(partition / "facts.json")
    except DamagedFile as error:
        return f"facts.json {error.what}"
    found = _sums(partition)
    # One of an older version has no sums: it is tallied again.
    return next(
        (
            f"{name} has changed since it was written"
            for name, written in (facts.get("parts") or {"facts.json": ""}).items()
            if found.get(name) != written
        ),
        None,
    )


def _tally_one(engine: Engine, partition: Partition) -> None:
    """Tally one partition in a temporary folder, and move that into place when complete."""
    folder, file, settings = partition.folder, partition.file, partition.settings
    half = partition.work / "half"
    half.mkdir(parents=True)
    table, more = open_partition(folder, file, settings, partition.work)
    with connect(settings) as connection, sql_limits(folder, connection, settings):  # planning runs what is constant
        computed = _computed(folder, file, table)
        _check_columns(folder, file, table, computed)
    opened = IncidentFile(folder, file, table, settings)
    check_reshaped_rows(opened)
    own = engine.own_connection
    with nullcontext() if own is None else sql_limits(folder, own, settings):
        malformed = _run_statements(engine, partition, table, computed, half)
    if not is_unchanged(file, folder.source_id, settings):
        raise refuse(folder.source_id, file, "file_changed", "The file changed while it was read.")
    facts = {
        "malformed": malformed,
        "not_rows": {**asdict(more), "footers": [list(one) for one in more.footers.items()]},
        "header_rows": table.header_rows,
        "columns": list(table.kept),
        "lines_expected": table.path == file.path and table.format == "csv",
        **_count_records(settings, half),
    }
    if repeats := count_repeats(opened):
        facts["repeats"] = repeats
    refuse_totals(opened)
    facts |= _find_in_unread_columns(opened)
    rows = facts["records"] + malformed
    if rows == 0:
        raise refuse(folder.source_id, file, "no_data_rows", "There is a header but no row below it.")
    if facts["lines_expected"]:
        _check_quotes(folder, file, table, engine, rows)
    _check_complete(folder, file, table, rows)
    with connect(settings) as connection:
        if computed:
            _check_conserved(connection, folder, file, half / "tally.parquet", facts["counted"])
        facts["controls"] = _sum_controls(connection, folder, partition.statements, half / "tally.parquet")
        if malformed or facts["broken"]:
            open_lists(connection, partition.statements)
            target = half / "rejected.parquet"
            look_up_rejected(connection, partition.statements, opened, computed, malformed, target)
            if facts["lines_expected"] and (file.lines or 0) > table.header_rows + rows:
                number_by_lines(table, half / "rejected.parquet")
        else:
            write_no_rejected(half / "rejected.parquet")
    write_json(half / "facts.json", facts | {"parts": _sums(half)})
    if partition.target.exists():
        delete(partition.target, settings)  # damaged, else it would not have been tallied again
    os.replace(half, partition.target)


def _computed(folder: SourceFolder, file: RawFile, table: TextTable) -> dict[str, str]:
    """Return the column of the raw table with the sum, in each row, of the columns that a reshape must conserve."""
    pattern = folder.source.layouts[file.layout].conserve
    if pattern is None:
        return {}
    with refused_if_sql_fails(folder, f"conserve {pattern!r}", "declaration_invalid", files=[file.name]):
        names = _describe(f"SELECT COLUMNS({quote_literal(pattern)}) FROM raw", table.kept)
    return {
        "_conserved": " + ".join(
            f"coalesce({parse_number(quote_identifier(name), folder.source)}, 0)" for name in names
        )
    }


def _check_columns(folder: SourceFolder, file: RawFile, table: TextTable, computed: dict[str, str]) -> None:
    """Check that the columns declared exist after the reshape, and that the definition's SQL is valid."""
    source = folder.source
    layout = source.layouts[file.layout]
    reshape, statement = folder.reshape_name(layout), folder.reshape(layout) or "FROM raw"
    own = (*table.constants, *computed, "_number")
    names = (*table.kept, *own)
    with refused_if_sql_fails(folder, reshape, files=[file.name]):
        columns = _describe(statement, names)
    if lost := [name for name in own if name not in columns]:
        found = f"{reshape}: begin with SELECT *, because {', '.join(lost)} must be kept."
        raise refuse(folder.source_id, file, "reshape_failed", found)
    for item in source.exclusions:
        with refused_if_sql_fails(folder, f"exclusions: {item.rule}", "declaration_invalid", files=[file.name]):
            _describe(f"SELECT {item.where} FROM ({statement})", names)
    missing = [name for name in source.columns.values() if name not in columns]
    if missing:
        raise DataRefused(
            [
                Problem(
                    rule="missing_column",
                    source=folder.source_id,
                    file=file.name,
                    column=name,
                    found=f"The column {name!r} is not in the file.",
                    nearest=nearest_values(name, columns),
                )
                for name in missing
            ]
        )


@lru_cache
def _describe(query: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a query over a table ``raw`` of text columns; cached, as many files have the same."""
    empty = ", ".join(f"NULL::VARCHAR AS {quote_identifier(name)}" for name in names)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TEMP VIEW raw AS SELECT {empty} LIMIT 0")
        return tuple(column_names(connection, query))


def _run_statements(
    engine: Engine, partition: Partition, table: TextTable, computed: dict[str, str], target: Path
) -> int:
    """Make the tally of a partition and what is derived from it; return how many lines could not be split."""
    folder, statements, file = partition.folder, partition.statements, partition.file
    try:
        engine.open_text("raw", table, computed)
        engine.run(statements.tally[file.layout], target / "tally.parquet")
        malformed = engine.count_malformed()
        engine.open_parquet("tally", target / "tally.parquet")
        for name in ("disposed", "mapped"):
            engine.run(getattr(statements, name), target / f"{name}.parquet")
    except StatementFailed as error:
        raise DataRefused([sql_problem(folder, error.cause, files=[file.name])]) from error
    except FileUnreadable as error:
        other = find_other_line_end(file.path) if table.path == file.path and table.format == "csv" else None
        if other is not None:
            found = f"Mixed line endings: line 1 and line {other:,} differ."
            raise refuse(folder.source_id, file, "line_ends_differ", found, row=other) from error
        rule = "file_truncated" if any(word in str(error).upper() for word in _PACKED) else "file_not_readable"
        found = f"The file cannot be read to its end ({error})."
        if rule == "file_truncated":
            found = "The compressed file is damaged or truncated, or is followed by other data."
        raise refuse(folder.source_id, file, rule, found) from error
    return malformed


def _find_in_unread_columns(file: IncidentFile) -> dict[str, Any]:
    """Return what the columns that the source does not read reveal about its rows, by kind, where they reveal any."""
    found = {
        "counts_unread": find_unread_counts(file),
        "second_columns": find_second_columns(file),
        "numbers": find_case_numbers(file),
        "numbered_parts": find_numbered_parts(file),
        "births": find_births(file),
        "common_point": find_common_point(file),
        "total_words": find_total_words(file),
        "split_numbers": find_split_numbers(file),
        "beside_counts": find_beside_counts(file),
        "words_beside": find_words_beside(file),
        "against_constants": find_words_against_constants(file),
        "parts_of_years": find_parts_of_years(file),
    }
    return {name: columns for name, columns in found.items() if columns}


def _count_records(settings: Settings, part: Path) -> dict[str, Any]:
    """Return how many rows a partition has, their sum, that of the excluded, and how often a rule on rows is broken."""
    with connect(settings) as connection:
        (records, counted, excluded, broken) = fetch_row(
            connection,
            "SELECT coalesce(sum(cells) FILTER (disposition <> 'broken'), 0)::BIGINT, "
            "coalesce(sum(counted) FILTER (disposition <> 'broken'), 0)::DOUBLE, "
            "coalesce(sum(counted) FILTER (disposition = 'excluded'), 0)::DOUBLE, "
            "coalesce(sum(cells) FILTER (disposition = 'broken'), 0)::BIGINT FROM read_parquet($path)",
            {"path": _glob(part / "disposed.parquet")},
        )
    return {"records": records, "counted": counted, "excluded": excluded, "broken": broken}


def _sum_controls(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, statements: Statements, tally: Path
) -> dict[int, tuple[float | None, int]]:
    open_lists(connection, statements)
    path = quote_literal(_glob(tally))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW tally AS FROM read_parquet({path})")
    return sum_controls(connection, folder, statements.conformed)


def _check_conserved(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, tally: Path, after: float
) -> None:
    """Check that the columns of counts have the same sum before and after the reshape."""
    statement = "SELECT coalesce(sum(conserved), 0)::DOUBLE FROM read_parquet($path)"
    (before,) = fetch_row(connection, statement, {"path": _glob(tally)})
    if abs(before - after) > 1e-9 * max(abs(before), 1):
        name = folder.reshape_name(folder.source.layouts[file.layout])
        found = f"The counts add up to {before:,.6g} before {name} and to {after:,.6g} after it."
        raise refuse(folder.source_id, file, "reshape_changed_sum", found)


def _check_quotes(folder: SourceFolder, file: RawFile, table: TextTable, engine: Engine, rows: int) -> None:
    """Refuse an unclosed quote, which makes one value of the lines after it, up to the next quote or the end."""
    lost = (file.lines or 0) - table.header_rows - rows
    line = engine.find_open_quote()
    if lost > 0 and line is not None:
        found = f"Unclosed quote; {lost:,} of the lines after it could not be parsed."
        raise refuse(folder.source_id, file, "quote_not_closed", found, row=line)


def _check_complete(folder: SourceFolder, file: RawFile, table: TextTable, rows: int) -> None:
    """Refuse a reshape that loses or doubles rows of a Parquet file, which records its number of rows."""
    if table.format == "parquet":
        expected = pq.ParquetFile(table.path).metadata.num_rows
        if expected != rows:
            found = f"The file has {expected:,} rows; the reshape returned {rows:,}."
            raise refuse(folder.source_id, file, "reshape_lost_rows", found)


def _glob(path: Path) -> str:
    return str(path / "*.parquet") if path.is_dir() else str(path)


def _sums(folder: Path) -> dict[str, str]:
    """The sha256 of each Parquet file of a partition; an engine on a cluster writes folders of them."""
    return {
        path.relative_to(folder).as_posix(): sha256_of_file(path)
        for path in sorted(folder.rglob("*.parquet"))
        if path.is_file()
    }
