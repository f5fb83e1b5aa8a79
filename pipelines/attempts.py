"""Processes sources, and collects the outcome of each: an error refuses its source, and the others continue."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from iccs.concordance import ConcordanceError
from pipelines.collect.acquire import find_files
from pipelines.harmonise.quarantine import Quarantined, Replayed, compare_rejected, open_quarantine
from pipelines.publish.build import Publication
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.connection import forget_engine
from pipelines.system.errors import DamagedStore, DataRefused, is_disk_full, is_out_of_memory, is_out_of_reach
from pipelines.system.removal import make_work_folder
from pipelines.system.running.faults import describe_fault, write_fault_report
from pipelines.system.running.run_log import Attempt
from pipelines.system.running.steps import WatchedSteps, raise_if_signalled
from pipelines.system.running.workers import Stopped
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.errors import UsageError
from schemas.source import SourceFolder


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


class Attempts:
    """Processes sources, and collects the outcome of each.

    Attributes:
        session: of the run.
        named: whether the user named the sources.
        replay: whether only what is in quarantine is tried again.
        stop: set to end the run before the next step of any source.
        ends: the outcome by source: loaded, unchanged, absent, refused, or nothing to replay.
        refused: the refusals.
        replayed: what became of the loads that were tried again.
        left_out: damaged vintages that were removed from their history, as text.
    """

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
