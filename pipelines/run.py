"""The whole run in reading order, without an orchestrator: one source after the other, then one publication."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from iccs.concordance import ConcordanceError
from pipelines.acquire import Acquired, acquire, find_files
from pipelines.aggregate import aggregate
from pipelines.classify import classify
from pipelines.conform import conform
from pipelines.engine import check_engine_name
from pipelines.errors import DataRefused, UsageError
from pipelines.expectations import SuiteProcess
from pipelines.incident_account import account
from pipelines.incidents import forget_partitions, tally
from pipelines.kept_years import PreviousVintage
from pipelines.lanes import LARGE_BYTES, run_in_lanes, stoppable
from pipelines.lock import writing
from pipelines.partitions import acquire_partitions
from pipelines.publish import Publication, content_key, publish
from pipelines.quarantine import (
    Quarantined,
    Replayed,
    clear_refused,
    compare_rejected,
    open_quarantine,
    receive_again,
    settle_quarantine,
)
from pipelines.read import read
from pipelines.releases import newest_key
from pipelines.removal import check_folders, empty_work_folder, make_work_folder
from pipelines.report import write_reports
from pipelines.rules import Checked, check
from pipelines.settings import Settings
from pipelines.source import SourceFolder, list_sources
from pipelines.store import Vintage, current_vintage, run_key, store
from pipelines.validate import Validated, validate


@dataclass(frozen=True)
class StepReport:
    """What one step did: rows in, rows out (in the unit named by the summary) and seconds."""

    source: str
    step: str
    rows_in: int
    rows_out: int
    seconds: float
    summary: str


@dataclass(frozen=True)
class Refusal:
    """A source whose data were refused, with the message for people and the problems for machines."""

    source: str
    message: str
    problems: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class RunResult:
    """What a run did: sources loaded, unchanged, absent or refused, and the publication (None where unchanged).

    ``searched`` is the folder in which files were looked for.
    """

    loaded: tuple[str, ...]
    unchanged: tuple[str, ...]
    absent: tuple[str, ...]
    refused: tuple[Refusal, ...]
    publication: Publication | None
    published: Path
    searched: Path
    seconds: float
    replayed: tuple[Replayed, ...] = ()


# Runs one step: its name, the source, rows in, the function and its arguments. The flow puts tasks in this place.
RunStep = Callable[..., Any]
Report = Callable[[StepReport], None]


def plain_step(report: Report) -> RunStep:
    """Return the way to run a step without an orchestrator: call it, time it, report it."""

    def run_step(name: str, source: str, rows_in: int, function: Callable[..., Any], *arguments: object) -> Any:
        start = time.perf_counter()
        result = function(*arguments)
        rows_out = rows_of(result)
        report(StepReport(source, name, rows_in, rows_out, time.perf_counter() - start, result.summary))
        return result

    return run_step


def rows_of(result: Any) -> int:
    """Return how many rows a step gave out, for its line."""
    for name in ("cell_count", "rows", "observations"):
        if hasattr(result, name):
            return int(getattr(result, name))
    return len(result.files)


def run_source(
    folder: SourceFolder,
    settings: Settings,
    directory: Path | None,
    run_step: RunStep,
    suite: SuiteProcess | None = None,
    again: Quarantined | None = None,
) -> tuple[Vintage, bool]:
    """Take one source from its files to a stored vintage.

    Args:
        folder: the source.
        settings: where data live.
        directory: where its files are; default ``data/input``.
        run_step: how a step is run (see ``plain_step``).
        suite: judge of the structure of cells; None leaves that part of the rules out.
        again: a load in quarantine whose files are tried again, in the place of those in the directory.

    Returns:
        The vintage that is now current, and whether there was work to do: with the same bytes, declarations and code
        as last time there is none.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used; its last good vintage stays current.
    """
    name = folder.source_id
    acquired: Acquired = (
        run_step("acquire", name, 0, _acquiring(folder), folder, settings, directory)
        if again is None
        else run_step("acquire", name, 0, receive_again, again)
    )
    current = current_vintage(name, settings)
    if current is not None and current.run_key == run_key(folder, acquired):
        clear_refused(name, settings)  # of a file that came in between and was refused
        return current, False
    if suite is not None:
        suite.start()
    previous = current.as_previous() if current else None
    with _working_folder(name, settings) as work:
        validated, checked = _check_acquired(folder, acquired, settings, work, run_step, suite, previous)
        vintage: Vintage = run_step("store", name, checked.rows, store, folder, acquired, validated, checked, settings)
        settle_quarantine(acquired, vintage.vintage, settings)
        forget_partitions(folder, acquired, settings)
    return vintage, True


@contextmanager
def _working_folder(name: str, settings: Settings) -> Iterator[Path]:
    work = make_work_folder(settings) / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_acquired(
    folder: SourceFolder,
    acquired: Acquired,
    settings: Settings,
    work: Path,
    run_step: RunStep,
    suite: SuiteProcess | None,
    previous: PreviousVintage | None,
) -> tuple[Validated, Checked]:
    """Steps 2 to 7: from files to figures that may be stored."""
    name = folder.source_id
    if folder.source.kind == "incident":
        tallied = run_step("tally", name, len(acquired.files), tally, folder, acquired, settings, work)
        validated = run_step("account", name, tallied.rows, account, folder, tallied, settings, work)
    else:
        validated = _validate_tables(folder, acquired, settings, work, run_step)
    with closing(
        run_step("aggregate", name, validated.rows, aggregate, folder, validated, settings, previous)
    ) as aggregated:
        checked = run_step(
            "check", name, aggregated.rows, check, folder, validated, aggregated, settings, work, suite, previous
        )
    return validated, checked


def _acquiring(folder: SourceFolder) -> Callable[..., Acquired]:
    return acquire_partitions if folder.source.kind == "incident" else acquire


def _validate_tables(
    folder: SourceFolder, acquired: Acquired, settings: Settings, work: Path, run_step: RunStep
) -> Validated:
    """Steps 2 to 5 of a source of national tables."""
    name = folder.source_id
    raw = run_step("read", name, len(acquired.files), read, folder, acquired, settings, work)
    conformed = run_step("conform", name, raw.rows, conform, folder, raw, settings, work)
    classified = run_step("classify", name, conformed.cell_count, classify, folder, conformed, settings, work)
    validated: Validated = run_step(
        "validate", name, classified.rows, validate, folder, raw, classified, settings, work
    )
    return validated


def check_source(
    folder: SourceFolder,
    settings: Settings,
    directory: Path,
    suite: SuiteProcess | None,
    previous: PreviousVintage | None,
) -> Checked:
    """Take the files of a source through every step short of storing; what is written is under ``settings.data``.

    Args:
        folder: the source.
        settings: limits, and a data folder to throw away.
        directory: where the files are.
        suite: judge of the structure of cells.
        previous: the vintage before: to compare with, and to take unchanged years from.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used.
    """
    if suite is not None:
        suite.start()
    step = plain_step(lambda _: None)
    acquired = step("acquire", folder.source_id, 0, _acquiring(folder), folder, settings, directory)
    with _working_folder(folder.source_id, settings) as work:
        return _check_acquired(folder, acquired, settings, work, step, suite, previous)[1]


def run_all(
    folders: Sequence[SourceFolder],
    settings: Settings,
    directory: Path | None,
    run_step: RunStep,
    *,
    named: bool,
    source_folders: Path | None = None,
    wait_seconds: float = 0,
    replay: bool = False,
    lanes: int = 1,
) -> RunResult:
    """Run sources and publish every source that has a good vintage.

    A source that is refused keeps its last good vintage, and the others go on.

    Args:
        folders: the sources to run.
        settings: where data live.
        directory: where their files are; default ``data/input``.
        run_step: how a step is run (see ``plain_step``).
        named: whether the user named the sources; a source without a file is then an error, not a remark.
        source_folders: where all sources are declared; default those of the package.
        wait_seconds: how long to wait where another run is writing.
        replay: try only what is in quarantine again, each source with the files that it was rejected from.
        lanes: how many small sources at a time; an orchestrator that watches the caller's thread wants one.

    Raises:
        UsageError: another run is writing, the directory is not there, a setting is not one, or a folder that the run
            would delete from is not its own.
    """
    start = time.perf_counter()
    if directory is not None and not directory.is_dir():
        raise UsageError(f"there is no folder {directory} to take files from")
    check_engine_name(settings.engine)
    check_folders(settings)
    where = directory or settings.input
    refused: list[Refusal] = []
    replayed: list[Replayed] = []
    stop = Event()
    step = stoppable(run_step, stop)

    def attempt(folder: SourceFolder) -> str:
        """Take one source as far as it goes; return what became of it."""
        try:
            again = _to_replay(folder, settings) if replay else None
            if replay and again is None:
                return "nothing to replay"
            if again is None and not named and not find_files(folder, where):
                return "absent"
            # A population has few columns and no categories: SQL rules alone judge it.
            judge = suite if folder.source.figures == "count" else None
            with _counting_rejected(again, settings, replayed):
                _, worked = run_source(folder, settings, directory, step, judge, again)
        except DataRefused as error:
            problems = tuple(problem.as_dict() for problem in error.problems)
            refused.append(Refusal(folder.source_id, str(error), problems))
            return "refused"
        except (ConcordanceError, UsageError) as error:
            refused.append(Refusal(folder.source_id, str(error), ({"rule": "declaration", "found": str(error)},)))
            return "refused"
        return "loaded" if worked else "unchanged"

    with writing(settings, wait_seconds), SuiteProcess() as suite:
        sizes = _find_sizes(folders, where)
        if replay or any(size is not None for size in sizes.values()):
            empty_work_folder(settings)  # of a run that was killed
        large, small = _by_size(folders, sizes)
        ends = run_in_lanes(attempt, large, 1, stop) + run_in_lanes(attempt, small, lanes, stop)
        publication = _publish_if_new(settings, list_sources(source_folders), run_step)
    became = {folder.source_id: end for folder, end in zip(large + small, ends, strict=True)}
    loaded, unchanged, absent = (
        tuple(sorted(name for name, end in became.items() if end == one)) for one in ("loaded", "unchanged", "absent")
    )
    return RunResult(
        loaded,
        unchanged,
        absent,
        tuple(sorted(refused, key=lambda refusal: refusal.source)),
        publication,
        settings.published,
        where,
        time.perf_counter() - start,
        tuple(sorted(replayed, key=lambda one: one.source)),
    )


def _to_replay(folder: SourceFolder, settings: Settings) -> Quarantined | None:
    """The load to try again: the newest that was refused, else the current vintage's, as it came without some cells.

    Raises:
        UsageError: rows on persons were rejected, and no copy of them is kept.
    """
    name = folder.source_id
    current = current_vintage(name, settings)
    loads = open_quarantine(name, current.vintage if current else None, settings)
    if loads and folder.source.kind == "incident":
        files = ", ".join(file.name for file in loads[0].files)
        raise UsageError(
            f"source {name}: rows on persons are not kept, so there is no copy of {files} to try again; give the files "
            f"once more: iccs run {name} --from DIR"
        )
    return loads[0] if loads else None


@contextmanager
def _counting_rejected(again: Quarantined | None, settings: Settings, replayed: list[Replayed]) -> Iterator[None]:
    """Note what a new try of rejected cells recovered, also where the source is refused again."""
    if again is None:
        yield
        return
    before = make_work_folder(settings) / f"{again.source_id}-before.parquet"
    shutil.copyfile(again.path, before)
    try:
        yield
    finally:
        current = current_vintage(again.source_id, settings)
        replayed.append(compare_rejected(again, before, current.vintage if current else None, settings))


def _find_sizes(folders: Sequence[SourceFolder], directory: Path) -> dict[str, int | None]:
    """The bytes of each source's files, None where it has none or its declaration is not in order."""

    def size(folder: SourceFolder) -> int | None:
        try:
            found = find_files(folder, directory)
        except UsageError:  # told when the source's turn comes
            return None
        return sum(path.stat().st_size for path, _ in found) if found else None

    return {folder.source_id: size(folder) for folder in folders}


def _by_size(
    folders: Sequence[SourceFolder], sizes: dict[str, int | None]
) -> tuple[list[SourceFolder], list[SourceFolder]]:
    """Large sources, which have the machine to themselves, and small ones; the largest of each first.

    The suite of rules takes seconds to load: it does so while the source with the largest files is read.
    """
    ordered = sorted(folders, key=lambda folder: sizes[folder.source_id] or 0, reverse=True)
    large = [folder for folder in ordered if (sizes[folder.source_id] or 0) >= LARGE_BYTES]
    return large, ordered[len(large) :]


def _publish_if_new(settings: Settings, folders: dict[str, SourceFolder], run_step: RunStep) -> Publication | None:
    vintages = [vintage for name in folders if (vintage := current_vintage(name, settings)) is not None]
    if not vintages or newest_key(settings) == content_key(vintages, folders):
        return None
    cells = sum(vintage.rows for vintage in vintages)
    publication: Publication = run_step("publish", "all sources", cells, publish, vintages, folders, settings)
    write_reports(settings)
    return publication
