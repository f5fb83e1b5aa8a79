"""The complete run without an orchestrator: one source after the other, then one publication."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipelines.attempts import Attempts, Refusal
from pipelines.collect.acquire import find_files, find_unclaimed
from pipelines.collect.fetch.inbox import TakenFile, WaitingFile, describe_waiting, take_inbox
from pipelines.harmonise.engine import check_engine_name
from pipelines.harmonise.quarantine import Replayed
from pipelines.publish.build import Publication, content_key, publish
from pipelines.publish.loaded import edited_since
from pipelines.publish.releases import keep_published, newest_key
from pipelines.publish.report import write_reports
from pipelines.reader.release import open_published
from pipelines.session import Session
from pipelines.system.clock import utc_now
from pipelines.system.connection import engine_forgotten_on_error
from pipelines.system.lock import writing
from pipelines.system.removal import check_folders, empty_work_folder
from pipelines.system.running.run_log import log_attempts, logging_events
from pipelines.system.running.workers import LARGE_BYTES, run_in_workers
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import open_suite
from pipelines.tabulate.vintages.loads import POINTER
from pipelines.tabulate.vintages.pointers import current_vintage, recover_pointers
from pipelines.tabulate.vintages.retention import NOTHING_FREED, Freed, reduce_old_vintages
from pipelines.tabulate.vintages.store import remove_superseded
from schemas.errors import UsageError, nearest_values
from schemas.source import SourceFolder, list_sources


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
        attempts = Attempts(replace(session, suite=suite), named=named, replay=replay)
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
def _logging_attempts(attempts: Attempts, started: str, settings: Settings) -> Iterator[list[Publication | None]]:
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


def _find_edited(known: Mapping[str, SourceFolder], attempts: Attempts, settings: Settings) -> tuple[str, ...]:
    """Return sources whose definition was edited after their load, except those that this run has just refused."""
    others = [name for name in known if attempts.ends.get(name) != "refused"]
    vintages = [vintage for name in others if (vintage := current_vintage(name, settings)) is not None]
    return edited_since(vintages, known)


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
