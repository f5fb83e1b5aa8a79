"""Incidents from their files to judged rows: the engine tallies each partition once; unchanged ones are reused.

The result for a partition is small: the tally of its rows in numbers, their account, the counts of its links and a
sample of its rejected rows. It is stored under ``data/partitions`` by the hash of content, statements and lists.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pyarrow.parquet as pq

from iccs.concordance import Concordance
from pipelines.collect.acquire import Acquired, RawFile, is_unchanged
from pipelines.collect.decode import refuse
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.failed_sql import refused_if_sql_fails, sql_problem
from pipelines.collect.foot import CutRow
from pipelines.collect.read import RawTable
from pipelines.collect.text_table import TextTable, find_other_line_end, open_partition
from pipelines.collect.unread import Place, TableRead, sheets_not_named, sheets_read_twice, unread_sheets
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
from pipelines.harmonise.engine import Engine, FileUnreadable, StatementFailed, open_engine
from pipelines.harmonise.judged import Counted
from pipelines.harmonise.links import checked_concordance
from pipelines.harmonise.rejected import look_up_rejected, number_by_lines, write_no_rejected
from pipelines.harmonise.statements import Statements, make_statements, open_lists
from pipelines.harmonise.values.hidden import hiding_errors
from pipelines.harmonise.values.numbers import parse_number
from pipelines.system.code_version import tally_code_version
from pipelines.system.connection import column_names, connect, fetch_row
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.files import DamagedFile, read_json, sha256_of_file, write_json
from pipelines.system.removal import delete
from pipelines.system.running.progress import Progress
from pipelines.system.running.workers import LARGE_BYTES, Stopped, divide_limits, run_in_workers, stop_event
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import SourceFolder

_PACKED = ("GZIP", "DECOMPRESS", ".GZ")
_KEY = re.compile("[0-9a-f]{32}")  # of the folder of a partition
_LATER_KEYS = {
    *("title", "publisher", "url", "licence", "citation", "calendar", "acquire", "counted_at", "priority", "sharing"),
    *("breakdowns", "covers", "totals", "parent_counts", "allocate_unknown", "backcast"),
    *("caveats", "breaks", "no_break", "mass_events", "words_checked", "rejected_share_limit", "rejected_figure_limit"),
    "layouts",  # that of the file is part of its key by itself
}
"""Keys of source.yml that do not affect what is found in one file. Every other key is taken to, also a new one."""


@dataclass(frozen=True)
class Tallied:
    """Result of the step: one folder of small Parquet files for each partition, and the facts on each file."""

    source_id: str
    folders: tuple[Path, ...]
    files: tuple[RawFile, ...]
    facts: tuple[dict[str, Any], ...]
    reused: int
    rows: int
    engine: str
    folder: SourceFolder = field(repr=False)
    concordance: Concordance = field(repr=False)
    statements: Statements = field(repr=False)

    @property
    def raw(self) -> RawTable:
        """The files received; rows on persons are never kept as tables of text."""
        not_rows = self.not_rows()
        return RawTable(
            source_id=self.source_id,
            layouts=(),
            rows=self.rows,
            footers={
                place: tuple(more.footers.values()) or ({},)
                for place, (_, more) in zip(self.places, not_rows, strict=True)
            },
            files=self.files,
            cut=tuple(row for _, more in not_rows for row in more.cut),
            unread=unread_sheets(self.folder, not_rows),
            hidden=tuple(text for _, more in not_rows for text in more.hidden),
        )

    @property
    def places(self) -> list[Place]:
        """The files with their sheets: rows of all sheets were counted together, so their totals must be too."""
        return [(file.name, ", ".join(more.sheets) or None) for file, more in self.not_rows()]

    def not_rows(self) -> list[tuple[RawFile, TableRead]]:
        """Return the content of each file besides its rows."""
        found = []
        for file, fact in zip(self.files, self.facts, strict=True):
            more = fact["not_rows"]
            cut = tuple(CutRow(**row) for row in more["cut"])
            footers = {sheet: printed for sheet, printed in more["footers"]}
            # older tallies do not have these
            hidden, alike = (tuple(more.get(name, ())) for name in ("hidden", "sheets_alike"))
            sheets = tuple(more["sheets"])
            found.append((file, TableRead(footers, cut, sheets, more["other_sheets"], alike, hidden)))
        return found

    @property
    def file_facts(self) -> list[tuple[RawFile, dict[str, Any]]]:
        """Each file, with what was found in it."""
        return list(zip(self.files, self.facts, strict=True))

    @property
    def file_names(self) -> dict[str, str]:
        """The name of the file of each partition, by the name of its folder."""
        return {folder.name: file.name for folder, file in zip(self.folders, self.files, strict=True)}

    @property
    def malformed(self) -> int:
        """Lines that could not be split."""
        return sum(fact["malformed"] for fact in self.facts)

    @property
    def counted(self) -> dict[Place, dict[str | None, Counted]]:
        """The sum of the rows of each file; of incidents that of one column."""
        return {
            place: {None: Counted(fact["counted"], fact.get("excluded", 0))}
            for place, fact in zip(self.places, self.facts, strict=True)
        }

    @property
    def sums(self) -> dict[int, tuple[float | None, int]]:
        """What each published total covers in all partitions: the sum, and of how many combinations."""
        found: dict[int, tuple[float | None, int]] = {}
        for fact in self.facts:
            for number, (total, cells) in fact["controls"].items():
                before = found.get(int(number), (None, 0))
                some = [one for one in (before[0], total) if one is not None]
                found[int(number)] = (sum(some) if some else None, before[1] + cells)
        return found

    @property
    def summary(self) -> str:
        """One line for people."""
        new = len(self.folders) - self.reused
        return f"{new} partition{'s' if new != 1 else ''} tallied by {self.engine}, {self.reused} unchanged"

    def relation(self, name: str) -> str:
        """Return the SQL of a part of all partitions: tally, disposed, mapped or rejected."""
        return f"read_parquet([{', '.join(quote_literal(path) for path in self.parts(name))}])"

    def parts(self, name: str) -> list[str]:
        """Return the Parquet files of one part, one a partition; an engine on a cluster writes folders of them."""
        return [
            str(path / "*.parquet" if (path := folder / f"{name}.parquet").is_dir() else path)
            for folder in self.folders
        ]


@dataclass(frozen=True)
class Partition:
    """One partition to tally, with everything that another process or machine needs to do it."""

    folder: SourceFolder
    statements: Statements
    file: RawFile
    settings: Settings
    work: Path
    target: Path


# Tallies partitions and returns the problems of each, in their order; the flow replaces it by tasks on a runner.
TallyPartitions = Callable[[Sequence[Partition]], Sequence[tuple[Problem, ...]]]


def tally(
    folder: SourceFolder,
    acquired: Acquired,
    settings: Settings,
    work: Path,
    tally_partitions: TallyPartitions | None = None,
) -> Tallied:
    """Tally every partition that has no stored result.

    Args:
        folder: the source.
        acquired: its files, one a partition.
        settings: limits, engine and where data live.
        work: folder for files that live only during the run.
        tally_partitions: how they are tallied; default: in this process.

    Raises:
        DataRefused: every file that could not be read, together.
        ConcordanceError, UsageError: the declarations are not in order.
    """
    concordance = checked_concordance(folder)
    if concordance is None:
        raise ValueError(f"source {folder.source_id} has no categories: it cannot be a source of incidents")
    root = settings.partitions / folder.source_id
    root.mkdir(parents=True, exist_ok=True)
    statements = make_statements(folder, concordance)
    targets = [root / key for key in _keys(folder, acquired, statements)]
    new = [
        Partition(folder, statements, file, settings, work / target.name, target)
        for file, target in zip(acquired.files, targets, strict=True)
        if damage_of(target) is not None
    ]
    found = (tally_partitions or tally_here)(new) if new else ()
    if problems := [problem for one in found for problem in one]:
        raise DataRefused(problems)
    facts = tuple(read_json(target / "facts.json") for target in targets)
    tallied = Tallied(
        folder.source_id,
        tuple(targets),
        acquired.files,
        facts,
        len(targets) - len(new),
        sum(fact["records"] + fact["malformed"] for fact in facts),
        settings.engine,
        folder,
        concordance,
        statements,
    )
    not_rows = tallied.not_rows()
    if problems := sheets_read_twice(folder.source_id, not_rows) or sheets_not_named(folder, not_rows):
        raise DataRefused(problems)
    return tallied


def tally_here(partitions: Sequence[Partition]) -> list[tuple[Problem, ...]]:
    """Tally partitions of one source in this process, showing the progress on a terminal.

    Large files are tallied one after the other with all threads; small ones several at a time, as DuckDB uses one
    thread for each. A cluster distributes its own work.

    Returns:
        The problems of each partition, none if it was tallied.
    """
    settings, stop = partitions[0].settings, Event()
    stops = (stop, stop_event())  # a person who stops the run stops the worker that takes this source
    small = [one for one in partitions if one.file.size < LARGE_BYTES and settings.engine == "duckdb"]
    own, workers = divide_limits(settings, len(small))
    if workers == 1:
        small = []
    together = {one.target for one in small}
    alone = [one for one in partitions if one.target not in together]
    found: dict[Path, tuple[Problem, ...]] = {}
    with Progress(partitions[0].folder.source_id, len(partitions)) as progress:
        if alone:
            found |= _tally_share(alone, progress, stops, watched=True)
        if small:
            small = [replace(one, settings=own) for one in small]
            tally_share = partial(_tally_share, progress=progress, stops=stops, watched=False)
            for share in run_in_workers(tally_share, [small[one::workers] for one in range(workers)], workers, stop):
                found |= share
    return [found[partition.target] for partition in partitions]


def _tally_share(
    share: Sequence[Partition], progress: Progress, stops: Sequence[Event], watched: bool
) -> dict[Path, tuple[Problem, ...]]:
    """Tally partitions one after the other on one engine until stopped; return the problems of each by its target."""
    found = {}
    with _open_with_lists(share[0]) as engine:
        for partition in share:
            if any(stop.is_set() for stop in stops):
                raise Stopped
            with progress.watching(partition.file.lines or 0, engine) if watched else nullcontext():
                found[partition.target] = _try_partition(engine, partition)
            progress.advance(partition.file.lines or 0)
    return found


def tally_alone(partition: Partition) -> tuple[Problem, ...]:
    """Tally one partition on its own engine, with the settings it carries; return its problems.

    It may be a task of an orchestrator, which records errors.
    """
    with hiding_errors(bool(partition.folder.source.personal)), _open_with_lists(partition) as engine:
        return _try_partition(engine, partition)


@contextmanager
def _open_with_lists(partition: Partition) -> Iterator[Engine]:
    """Open an engine with the lists that the statements of the partition join."""
    with open_engine(partition.settings) as engine:
        for name, rows in partition.statements.lists.items():
            engine.add_list(name, rows)
        yield engine


def _try_partition(engine: Engine, partition: Partition) -> tuple[Problem, ...]:
    try:
        _tally_one(engine, partition)
    except DataRefused as refused:
        return refused.problems
    finally:
        shutil.rmtree(partition.work, ignore_errors=True)
    return ()


def forget_partitions(folder: SourceFolder, acquired: Acquired, settings: Settings) -> None:
    """Delete the tallies of partitions that are no longer part of the source, once its new vintage is stored.

    A folder with another form of name than those of ``_keys`` is not ours and stays.
    """
    concordance = checked_concordance(folder)
    if folder.source.kind != "incident" or concordance is None:
        return
    root = settings.partitions / folder.source_id
    statements = make_statements(folder, concordance)
    kept = set(_keys(folder, acquired, statements))
    for path in root.iterdir():
        if path.name not in kept and _KEY.fullmatch(path.name):
            delete(path, settings)


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


def _keys(folder: SourceFolder, acquired: Acquired, statements: Statements) -> list[str]:
    """Return the key of each partition's folder: content, name, day of arrival, reading, statements, declaration.

    The statements alone are not enough: identifiers, control totals and personal columns decide what else is looked
    for in a file, and it is looked for only once.
    """
    declared = folder.source.model_dump_json(exclude=_LATER_KEYS)
    shared = f"{declared} {tally_code_version()}"
    parts = (
        f"{file.sha256} {file.name} {file.first_seen} {file.layout} {statements.digest(file.layout)} "
        f"{folder.source.layouts[file.layout].read.model_dump_json()} {shared}"
        for file in acquired.files
    )
    return [hashlib.sha256(part.encode()).hexdigest()[:32] for part in parts]


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


def _sums(folder: Path) -> dict[str, str]:
    """The sha256 of each Parquet file of a partition; an engine on a cluster writes folders of them."""
    return {
        path.relative_to(folder).as_posix(): sha256_of_file(path)
        for path in sorted(folder.rglob("*.parquet"))
        if path.is_file()
    }


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


def list_partitions(source_id: str, settings: Settings) -> list[Path]:
    """Return the stored folders of the partitions of a source."""
    root = settings.partitions / source_id
    return sorted(path for path in root.glob("*/") if _KEY.fullmatch(path.name))


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


def _glob(path: Path) -> str:
    return str(path / "*.parquet") if path.is_dir() else str(path)


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
