"""The complete run in reading order, without an orchestrator: one source after the other, then one publication.

Each source has one connection, opened and closed here; the steps use it and leave their tables in it. Any error in one
source refuses that source, and the others continue.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import Any

import duckdb

from iccs.concordance import ConcordanceError
from pipelines.collect.acquire import Acquired, acquire, find_files, find_unclaimed
from pipelines.collect.definition_sql import check_definition_sql, sql_limits
from pipelines.collect.fetch.fetch import fetch
from pipelines.collect.fetch.inbox import TakenFile, WaitingFile, describe_waiting, take_inbox
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.engine import check_engine_name
from pipelines.harmonise.quarantine import (
    Quarantined,
    Replayed,
    clear_refused,
    compare_rejected,
    open_quarantine,
    receive_again,
    settle_quarantine,
)
from pipelines.harmonise.reconcile import Validated, account
from pipelines.harmonise.survey.account import add_records
from pipelines.harmonise.survey.estimates_folder import EstimatesFolder
from pipelines.harmonise.survey.records import estimate_survey
from pipelines.harmonise.tally import TallyPartitions, forget_partitions, tally, tally_here
from pipelines.harmonise.values.hidden import hiding, hiding_steps
from pipelines.publish.build import Publication, content_key, publish
from pipelines.publish.loaded import edited_since
from pipelines.publish.releases import keep_published, newest_key
from pipelines.publish.report import write_reports
from pipelines.reader.release import open_published
from pipelines.system.clock import utc_now
from pipelines.system.connection import connect, engine_forgotten_on_error, forget_engine
from pipelines.system.errors import DamagedStore, DataRefused, is_disk_full, is_out_of_memory, is_out_of_reach
from pipelines.system.lock import writing
from pipelines.system.removal import check_folders, empty_work_folder, make_work_folder
from pipelines.system.running.clean_copy import note_records
from pipelines.system.running.faults import describe_fault, write_fault_report
from pipelines.system.running.run_log import Attempt, log_attempts, logging_events
from pipelines.system.running.steps import RunStep, WatchedSteps, plain_step, raise_if_signalled
from pipelines.system.running.workers import LARGE_BYTES, Stopped, run_in_workers
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.estimates import take_estimates
from pipelines.tabulate.losses import Earlier
from pipelines.tabulate.rules import Checked, Suite, check
from pipelines.tabulate.structure_suite import open_suite
from pipelines.tabulate.unchanged_years import PreviousVintage
from pipelines.tabulate.vintages.loads import POINTER
from pipelines.tabulate.vintages.pointers import current_vintage, recover_pointers
from pipelines.tabulate.vintages.retention import NOTHING_FREED, Freed, reduce_old_vintages
from pipelines.tabulate.vintages.store import remove_superseded, run_key, store
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.errors import UsageError, nearest_values
from schemas.source import SourceFolder, list_sources


def take_plainly(source: str, attempt: Callable[[], str | None]) -> None:
    """Process one source; an orchestrator does more around it."""
    attempt()


@dataclass(frozen=True)
class Session:
    """What all sources of a run have in common.

    Attributes:
        settings: where data live, and limits.
        directory: where the files are; default ``data/input``.
        run_step: how a step is run (see ``steps``).
        take_source: how a source is processed, given its name and a function that processes it and returns any refusal.
        suite: checks the structure of cells; None skips those rules.
        tally_partitions: how the partitions of a source of incidents are tallied.
        source_folders: where all sources are declared; default: those of the package.
        wait_seconds: how long to wait if another run holds the lock.
        workers: how many small sources to process at a time, each in its own thread if more than one.
        accepted_loss: why it is intended that the load lost most of what the previous vintage had.
        given: the files of the directory to take, each with the number of its layout; default: all.
    """

    settings: Settings
    directory: Path | None = None
    run_step: RunStep = field(default_factory=plain_step)
    take_source: Callable[[str, Callable[[], str | None]], None] = take_plainly
    suite: Suite | None = None
    tally_partitions: TallyPartitions = tally_here
    source_folders: Path | None = None
    wait_seconds: float = 0
    workers: int = 1
    accepted_loss: str | None = None
    given: tuple[tuple[Path, int], ...] | None = None


@dataclass(frozen=True)
class Refusal:
    """A refused source, with the message for people and the problems for JSON output.

    ``is_fault`` is true if the program or the machine is at fault rather than the data; ``report`` is the fault report.
    """

    source: str
    message: str
    problems: tuple[dict[str, Any], ...]
    is_fault: bool = False
    report: Path | None = None


@dataclass(frozen=True)
class RunResult:
    """What a run did: sources loaded, unchanged, absent or refused, and the publication (None if unchanged).

    Attributes:
        loaded, unchanged, absent, refused: the sources, by what became of them.
        publication: the release that was built.
        published: the database that holds the current release.
        searched: the folder that was searched for files.
        seconds: how long the run took.
        replayed: loads in quarantine that were tried again.
        recovered: pointers to vintages that were lost or damaged and have been restored.
        unclaimed: the files in ``searched`` that no source takes, each with the nearest patterns.
        undefined: sources with figures in the data folder but no definition here; no release from here contains them.
        edited: sources whose definition was edited after their figures were loaded.
        kept: absent sources that keep the figures of an earlier load.
        taken: the files taken from the inbox.
        left: why other files stay in the inbox.
        freed: what was deleted of old vintages.
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
    recovered: tuple[str, ...] = ()
    unclaimed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undefined: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    taken: tuple[TakenFile, ...] = ()
    left: tuple[str, ...] = ()
    freed: Freed = NOTHING_FREED

    @property
    def faults(self) -> tuple[Refusal, ...]:
        """The sources in which the program failed."""
        return tuple(refusal for refusal in self.refused if refusal.is_fault)


def run_source(folder: SourceFolder, session: Session, again: Quarantined | None = None) -> tuple[Vintage, bool]:
    """Process one source from its files to a stored vintage.

    Args:
        folder: the source.
        session: of the run.
        again: a load in quarantine whose files are tried again, instead of those in the directory.

    Returns:
        The vintage that is now current, and whether there was work to do; with the same bytes, declarations and code
        as last time there is none.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used; its last good vintage stays current.
    """
    with hiding(bool(folder.source.personal)):
        return _run_source(folder, _for_persons(folder, session), again)


def _for_persons(folder: SourceFolder, session: Session) -> Session:
    """Return the session for a source; for one on persons, an orchestrator records no texts of errors."""
    return replace(session, run_step=hiding_steps(session.run_step)) if folder.source.personal else session


def _run_source(folder: SourceFolder, session: Session, again: Quarantined | None) -> tuple[Vintage, bool]:
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    if folder.source.of_persons or folder.source.personal:
        note_records(name)
    if again is None and session.directory is None and folder.source.acquire:
        run_step("fetch", name, 0, fetch, folder, settings)
    acquired = _acquire(folder, session) if again is None else run_step("acquire", name, 0, receive_again, again)
    current = current_vintage(name, settings)
    if current is not None and current.is_damaged:
        current = None  # load it again, and compare with nothing
    if current is not None and current.run_key == run_key(folder, acquired):
        clear_refused(name, settings)  # a file that came in between may have been refused
        return current, False
    return _load(folder, acquired, session, current), True


def _load(folder: SourceFolder, acquired: Acquired, session: Session, current: Vintage | None) -> Vintage:
    """Run the steps from the acquired files to the vintage; figures are compared with ``current``."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    check_definition_sql(folder)
    if session.suite is not None:
        session.suite.start()
    previous = current.as_previous() if current else None
    with _working_folder(name, settings) as work:
        validated, checked = _check_acquired(folder, acquired, session, work, previous)
        vintage = run_step("store", name, checked.rows, store, folder, acquired, validated, checked, settings)
        settle_quarantine(acquired, vintage.vintage, settings)
        forget_partitions(folder, acquired, settings)
    return vintage


def reload_source(folder: SourceFolder, session: Session) -> Vintage:
    """Load a source from the files of the session's directory even if unchanged, as its stored data are lost.

    The caller must hold the lock of the data folder.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used.
    """
    if folder.source.of_persons or folder.source.personal:
        note_records(folder.source_id)
    with hiding(bool(folder.source.personal)):
        return _load(folder, _acquire(folder, session), _for_persons(folder, session), None)


def _acquire(folder: SourceFolder, session: Session) -> Acquired:
    return session.run_step(
        "acquire", folder.source_id, 0, acquire, folder, session.settings, session.directory, session.given
    )


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
    folder: SourceFolder, acquired: Acquired, session: Session, work: Path, previous: PreviousVintage | None
) -> tuple[Validated, Checked]:
    """Run the steps from reading the files to checking the figures, after which the figures may be stored."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    previous = previous and previous.beside(file.sha256 for file in acquired.files)
    earlier = Earlier(previous, session.accepted_loss)
    with connect(settings) as connection:
        if folder.source.kind == "incident":
            validated = _account_incidents(folder, acquired, session, connection, work)
        elif folder.source.kind == "survey":
            folder, validated = _account_survey(folder, acquired, session, connection, work)
        else:
            validated = _account_tables(folder, acquired, session, connection, work)
        if folder.source.figures == "estimate":
            checked = run_step(
                "check", name, validated.rows, take_estimates, folder, validated, connection, work, earlier
            )
            return validated, checked
        aggregated = run_step("aggregate", name, validated.rows, aggregate, folder, validated, connection, previous)
        checked = run_step(
            "check",
            name,
            aggregated.rows,
            check,
            folder,
            validated,
            aggregated,
            connection,
            work,
            session.suite,
            earlier,
        )
    return validated, checked


def _account_incidents(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> Validated:
    """Run the steps of a source of incidents up to its account; leaves ``core`` in the connection."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    tallied = run_step("tally", name, acquired.rows, tally, folder, acquired, settings, work, session.tally_partitions)
    with sql_limits(folder, connection, settings):
        return run_step("account", name, tallied.rows, account, folder, tallied, connection, settings, work)


def _account_tables(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> Validated:
    """Run the steps of a source of national tables up to its account; leaves ``core`` in the connection."""
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    raw = run_step("read", name, acquired.rows, read, folder, acquired, settings, work)
    conformed = run_step("conform", name, raw.rows, conform, folder, raw, settings, work)
    with sql_limits(folder, connection, settings):
        return run_step("account", name, conformed.rows, account, folder, conformed, connection, settings, work)


def _account_survey(
    folder: SourceFolder, acquired: Acquired, session: Session, connection: duckdb.DuckDBPyConnection, work: Path
) -> tuple[SourceFolder, Validated]:
    """Run the steps of survey records: to a table of estimates, and from that to its account; leaves ``core``.

    Returns:
        The source of the table of estimates, and its account with the records in it.
    """
    name, settings, run_step = folder.source_id, session.settings, session.run_step
    surveyed = run_step("estimate", name, acquired.rows, estimate_survey, folder, acquired, settings, work)
    table = EstimatesFolder(folder)
    conformed = run_step("conform", name, surveyed.rows, conform, table, surveyed.raw, settings, work)
    validated = run_step("account", name, conformed.rows, account, table, conformed, connection, settings, work)
    return table, add_records(folder, surveyed, validated, settings)


def check_source(folder: SourceFolder, session: Session, previous: PreviousVintage | None = None) -> Checked:
    """Take the files of a source through every step except storing; everything written is under ``settings.data``.

    Args:
        folder: the source.
        session: where the files are, limits, and a temporary data folder.
        previous: the previous vintage, for comparison and for reusing unchanged years.

    Raises:
        DataRefused, ConcordanceError, UsageError: the source cannot be used.
    """
    if session.suite is not None:
        session.suite.start()
    check_definition_sql(folder)
    with hiding(bool(folder.source.personal)), _working_folder(folder.source_id, session.settings) as work:
        session = _for_persons(folder, session)
        acquired = _acquire(folder, session)
        return _check_acquired(folder, acquired, session, work, previous)[1]


class _Attempts:
    """Processes sources, and collects the outcome of each."""

    def __init__(self, session: Session, *, named: bool, replay: bool) -> None:
        self.session = session
        self.named = named
        self.replay = replay
        self.stop = Event()
        self.ends: dict[str, str] = {}
        self.refused: list[Refusal] = []
        self.replayed: list[Replayed] = []
        self.left_out: list[str] = []

    def attempt(self, folder: SourceFolder) -> None:
        """Run one source through its steps; skip one without a file.

        Raises:
            Stopped, KeyboardInterrupt, SystemExit: the whole run ends.
            OSError, duckdb.Error: the disk is full, which would affect every other source.
        """
        if self._is_absent(folder):
            self.ends[folder.source_id] = "absent"
        else:
            self.session.take_source(folder.source_id, lambda: self._attempt(folder))

    def _is_absent(self, folder: SourceFolder) -> bool:
        settings = self.session.settings
        if self.replay or self.named or folder.source_id in settings.expected:
            return False
        try:
            if self.session.directory is None and folder.source.acquire:
                return False
            return not find_files(folder, self.session.directory or settings.input)
        except UsageError:  # its definition is not valid: the run reports it when it takes the source
            return False

    def _attempt(self, folder: SourceFolder) -> str | None:
        """Process a source, and return why it was refused; None if it was not."""
        name = folder.source_id
        steps = WatchedSteps(self.session.run_step, self.stop)
        try:
            self.ends[name] = self._take(folder, replace(self.session, run_step=steps))
            return None
        except DataRefused as error:
            refusal = Refusal(name, str(error), tuple(problem.as_dict() for problem in error.problems))
        except DamagedStore as error:
            refusal = Refusal(name, str(error), ({"rule": "stored_file_damaged", "found": str(error)},), True)
        except (ConcordanceError, UsageError) as error:
            refusal = Refusal(name, str(error), ({"rule": "declaration", "found": str(error)},))
        except (Stopped, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a library in Rust is not an Exception
            raise_if_signalled(error)
            if is_disk_full(error):
                error.add_note(f"source {name}, step {steps.current}")
                raise
            refusal = self._refuse_for_fault(folder, steps.current, error)
        self.refused.append(refusal)
        self.ends[name] = "refused"
        return refusal.message

    def _take(self, folder: SourceFolder, session: Session) -> str:
        settings = session.settings
        again = _to_replay(folder, settings) if self.replay else None
        if self.replay and again is None:
            return "nothing to replay"
        if folder.source.figures != "count":  # a population has no categories: SQL rules alone judge it
            session = replace(session, suite=None)
        with _counting_rejected(again, settings, self.replayed):
            vintage, worked = run_source(folder, session, again)
        if vintage.left_out:
            self.left_out.append(_describe_left_out(vintage))
        return "loaded" if worked else "unchanged"

    def _refuse_for_fault(self, folder: SourceFolder, step: str, error: BaseException) -> Refusal:
        forget_engine(error)
        name = folder.source_id
        report, rule = None, "out_of_reach"
        if is_out_of_memory(error):
            rule = "limit_reached"
        elif not is_out_of_reach(error):
            rule = "internal_error"
            with suppress(OSError):
                report = write_fault_report(self.session.settings, name, step, error)
        message = describe_fault(
            error, step, report, show_text=not folder.source.personal, settings=self.session.settings
        )
        return Refusal(name, message, ({"rule": rule, "found": message},), True, report)

    def as_logged(self, started: str, publication: Publication | None) -> list[Attempt]:
        """Return the log entries of this run: every source for which there was work to do."""
        release = publication.release if publication else None
        why = {refusal.source: refusal for refusal in self.refused}
        logged = []
        for source, end in sorted(self.ends.items()):
            refusal = why.get(source)
            if end in ("loaded", "unchanged"):
                logged.append(Attempt(source, started, end, release, named=self.named))
            elif refusal is not None:
                ended = "failed" if refusal.is_fault else end
                logged.append(Attempt(source, started, ended, release, refusal.message, self.named))
        return logged

    def describe_so_far(self) -> str:
        """Return the outcome of the sources, to be shown together with an error of publishing."""
        good = ", ".join(self.names("loaded")) or "none"
        lines = [f"nothing was published; loaded before the failure, and kept for the next run: {good}"]
        lines += [f"source {one.source} not used before the failure: {one.message}" for one in self.refused]
        return "\n".join(lines)

    def names(self, end: str) -> tuple[str, ...]:
        """Return the sources with this outcome, in order."""
        return tuple(sorted(name for name, one in self.ends.items() if one == end))


@engine_forgotten_on_error()
def run_all(
    folders: Sequence[SourceFolder], session: Session, *, named: bool = True, replay: bool = False
) -> RunResult:
    """Run sources and publish every source that has a good vintage.

    A source that is refused keeps its last good vintage, and the others go on.

    Args:
        folders: the sources to run.
        session: what they have in common; the structure suite is added here, and ends with the run.
        named: whether the user named the sources; a source without a file is then an error, not a remark.
        replay: only retry what is in quarantine, each source with the files from which it was rejected.

    Raises:
        UsageError: another run is writing, the directory does not exist, a setting is not valid, or a folder from which
            the run would delete is not its own.
    """
    start, started = time.perf_counter(), utc_now()
    settings = session.settings
    if session.directory is not None and not session.directory.is_dir():
        raise UsageError(f"there is no folder {session.directory} to take files from")
    check_engine_name(settings.engine)
    check_folders(settings)
    where = session.directory or settings.input
    named_first = {folder.source_id: folder for folder in folders}
    known = named_first | list_sources(session.source_folders) | named_first
    _check_expected(settings, known)
    with writing(settings, session.wait_seconds), logging_events(settings), open_suite() as suite:
        recovered = recover_pointers(settings)
        remove_superseded(settings)
        attempts = _Attempts(replace(session, suite=suite), named=named, replay=replay)
        taken, left = _take_from_inbox(known, folders, session, replay=replay)
        sizes = _find_sizes(folders, where)
        empty_work_folder(settings)  # of a run that was killed: it may hold rows with persons
        large, small = _by_size(folders, sizes)
        run_in_workers(attempts.attempt, large, 1, attempts.stop)
        run_in_workers(attempts.attempt, small, session.workers, attempts.stop)
        with _logging_attempts(attempts, started, settings) as published:
            publication = publish_if_new(session, known)
            published.append(publication)
            freed = reduce_old_vintages(settings)
    return RunResult(
        loaded=attempts.names("loaded"),
        unchanged=attempts.names("unchanged"),
        absent=attempts.names("absent"),
        refused=tuple(sorted(attempts.refused, key=lambda refusal: refusal.source)),
        publication=publication,
        published=settings.published,
        searched=where,
        seconds=time.perf_counter() - start,
        replayed=tuple(sorted(attempts.replayed, key=lambda one: one.source)),
        recovered=(*recovered, *sorted(attempts.left_out)),
        unclaimed={} if replay else find_unclaimed(known.values(), where),
        undefined=_find_undefined(known, settings),
        edited=_find_edited(known, attempts, settings),
        kept=tuple(name for name in attempts.names("absent") if current_vintage(name, settings) is not None),
        taken=tuple(taken),
        left=tuple(describe_waiting(left)),
        freed=freed,
    )


@contextmanager
def _logging_attempts(attempts: _Attempts, started: str, settings: Settings) -> Iterator[list[Publication | None]]:
    """Log the outcome of the sources even if publishing fails, and then add it to the error as a note."""
    published: list[Publication | None] = []
    try:
        yield published
    except Exception as error:
        error.add_note(attempts.describe_so_far())
        raise
    finally:
        log_attempts(attempts.as_logged(started, published[0] if published else None), settings)


def _take_from_inbox(
    known: Mapping[str, SourceFolder], folders: Sequence[SourceFolder], session: Session, *, replay: bool
) -> tuple[list[TakenFile], list[WaitingFile]]:
    """Take new files from the inbox, unless the run is of given files or of those in quarantine."""
    if session.directory is not None or replay:
        return [], []
    return take_inbox(known.values(), {folder.source_id for folder in folders}, session.settings)


def _check_expected(settings: Settings, known: Collection[str]) -> None:
    """Refuse expected sources that do not exist."""
    for name in settings.expected:
        if name not in known:
            near = ", ".join(nearest_values(name, known)) or "none"
            raise UsageError(f"iccs.toml: expected: there is no source {name!r}; nearest: {near}")


def _find_undefined(known: Collection[str], settings: Settings) -> tuple[str, ...]:
    """Return sources with figures in the data folder but no definition, such as those of another project."""
    stored = {path.parent.name for path in settings.core.glob(f"*/{POINTER}")}
    return tuple(sorted(stored.difference(known)))


def _find_edited(known: Mapping[str, SourceFolder], attempts: _Attempts, settings: Settings) -> tuple[str, ...]:
    """Return sources whose definition was edited after their load, except those that this run has just refused."""
    others = [name for name in known if attempts.ends.get(name) != "refused"]
    vintages = [vintage for name in others if (vintage := current_vintage(name, settings)) is not None]
    return edited_since(vintages, known)


def _describe_left_out(vintage: Vintage) -> str:
    return (
        f"{vintage.source_id}: the vintage {vintage.left_out} is damaged and was removed from the history; "
        f"{vintage.vintage} was not compared with any vintage, so its revisions are not known. To recover it, restore "
        "data/core from a backup and run again"
    )


def _to_replay(folder: SourceFolder, settings: Settings) -> Quarantined | None:
    """Return the load to retry: the newest refused one, or else that of the current vintage, which lacks some cells.

    Raises:
        UsageError: rows on persons were rejected, and no copy of them is kept.
    """
    name = folder.source_id
    current = current_vintage(name, settings)
    loads = open_quarantine(name, current.vintage if current else None, settings)
    if loads and folder.source.of_persons:
        files = ", ".join(file.name for file in loads[0].files)
        raise UsageError(
            f"source {name}: rows on persons are not kept, so there is no copy of {files} to try again; provide the "
            f"files again: iccs run {name} --from DIR"
        )
    return loads[0] if loads else None


@contextmanager
def _counting_rejected(again: Quarantined | None, settings: Settings, replayed: list[Replayed]) -> Iterator[None]:
    """Record what a retry of rejected cells recovered, even if the source is refused again."""
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
    """Return the bytes of each source's files; None if it has none, or if they cannot be found."""

    def size(folder: SourceFolder) -> int | None:
        try:
            found = find_files(folder, directory)
            return sum(path.lstat().st_size for path, _ in found) if found else None
        except (UsageError, OSError):  # reported later, when this source is processed
            return None

    return {folder.source_id: size(folder) for folder in folders}


def _by_size(
    folders: Sequence[SourceFolder], sizes: dict[str, int | None]
) -> tuple[list[SourceFolder], list[SourceFolder]]:
    """Return large sources, which run alone, and small ones; the largest of each first.

    The library of the structure suite takes seconds to load, which happens while the largest files are read.
    """
    ordered = sorted(folders, key=lambda folder: sizes[folder.source_id] or 0, reverse=True)
    large = [folder for folder in ordered if (sizes[folder.source_id] or 0) >= LARGE_BYTES]
    return large, ordered[len(large) :]


def publish_if_new(session: Session, folders: dict[str, SourceFolder]) -> Publication | None:
    """Publish the vintages of these sources, with a report of each, unless the newest release has exactly these.

    The caller must hold the lock of the data folder.
    """
    settings = session.settings
    vintages = [vintage for name in folders if (vintage := current_vintage(name, settings)) is not None]
    if not vintages:
        return None
    if newest_key(settings) == content_key(vintages, folders):
        keep_published(settings)  # a run that was stopped here has left one release more than are kept
        return None
    cells = sum(vintage.rows for vintage in vintages)
    publication = session.run_step("publish", "all sources", cells, publish, vintages, folders, settings)
    with open_published(settings) as connection:
        write_reports(connection, settings)
    return publication
