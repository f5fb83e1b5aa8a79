"""Incidents from their files to judged rows: the engine tallies each partition once; unchanged ones are reused.

The result for a partition is small: the tally of its rows in numbers, their account, the counts of its links and a
sample of its rejected rows. It is stored under ``data/partitions`` by the hash of content, statements and lists.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from iccs.concordance import Concordance
from pipelines.collect.acquire import Acquired, RawFile
from pipelines.collect.foot import CutRow
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place, TableRead, sheets_not_named, sheets_read_twice, unread_sheets
from pipelines.harmonise.engine import Engine, open_engine
from pipelines.harmonise.judged import Counted
from pipelines.harmonise.links import checked_concordance
from pipelines.harmonise.partition import Partition, damage_of, tally_partition
from pipelines.harmonise.statement_maker import make_statements
from pipelines.harmonise.statements import Statements
from pipelines.harmonise.values.hidden import hiding_errors
from pipelines.system.code_version import tally_code_version
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.files import read_json
from pipelines.system.removal import delete
from pipelines.system.running.progress import Progress
from pipelines.system.running.workers import LARGE_BYTES, Stopped, divide_limits, run_in_workers, stop_event
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.source import SourceFolder

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
                found[partition.target] = tally_partition(engine, partition)
            progress.advance(partition.file.lines or 0)
    return found


def tally_alone(partition: Partition) -> tuple[Problem, ...]:
    """Tally one partition on its own engine, with the settings it carries; return its problems.

    It may be a task of an orchestrator, which records errors.
    """
    with hiding_errors(bool(partition.folder.source.personal)), _open_with_lists(partition) as engine:
        return tally_partition(engine, partition)


@contextmanager
def _open_with_lists(partition: Partition) -> Iterator[Engine]:
    """Open an engine with the lists that the statements of the partition join."""
    with open_engine(partition.settings) as engine:
        for name, rows in partition.statements.lists.items():
            engine.add_list(name, rows)
        yield engine


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


def list_partitions(source_id: str, settings: Settings) -> list[Path]:
    """Return the stored folders of the partitions of a source."""
    root = settings.partitions / source_id
    return sorted(path for path in root.glob("*/") if _KEY.fullmatch(path.name))
