"""What is due and what is late: the calendars of sources compared with their loads and the log of runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.collect.acquire import find_files
from pipelines.collect.fetch.inbox import WaitingFile, describe_waiting, find_waiting
from pipelines.system.running.run_log import Attempt, last_attempts, read_attempts
from pipelines.system.settings import Settings, bytes_of
from pipelines.tabulate.vintages.parts import find_damage
from pipelines.tabulate.vintages.pointers import LostPointer, current_vintage
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.definition.publication_calendar import Calendar
from schemas.errors import UsageError
from schemas.source import SourceFolder, list_sources

PROBLEMS = ("not valid", "failed", "refused", "damaged", "no file", "late", "missed")
"""States of a source that need attention; the first that applies is shown."""


@dataclass(frozen=True)
class SourceState:
    """How one source is doing.

    Attributes:
        source: its identifier.
        state: one of ``PROBLEMS``, or ``good``, or ``not loaded yet``.
        vintage: the current vintage.
        changed: when its figures last changed (UTC).
        last_run: when it was last run (UTC).
        outcome: of the last run: loaded, unchanged, refused, failed.
        message: the first two lines of the refusal.
        due: when it was last due by its calendar (UTC).
        next_run: when it is due next (UTC).
    """

    source: str
    state: str
    vintage: str | None = None
    changed: datetime | None = None
    last_run: datetime | None = None
    outcome: str | None = None
    message: str = ""
    due: datetime | None = None
    next_run: datetime | None = None

    @property
    def is_problem(self) -> bool:
        """Whether it needs attention."""
        return self.state in PROBLEMS


def read_calendars(settings: Settings) -> dict[str, Calendar]:
    """Return the calendars of this office's sources: those in its project, loaded before, or with a file."""
    return {
        folder.source_id: calendar
        for folder in _own_sources(list_sources().values(), settings)
        if (calendar := _calendar(folder)) is not None
    }


def _own_sources(folders: Iterable[SourceFolder], settings: Settings) -> list[SourceFolder]:
    return [folder for folder in folders if folder.origin != "package" or _is_used(folder, settings)]


def _is_used(folder: SourceFolder, settings: Settings) -> bool:
    if folder.source_id in settings.expected or (settings.core / folder.source_id).is_dir():
        return True
    return settings.input.is_dir() and bool(find_files(folder, settings.input))


def _calendar(folder: SourceFolder) -> Calendar | None:
    try:
        return folder.source.calendar
    except UsageError:  # ``read_states`` says so
        return None


def find_missed(calendars: dict[str, Calendar], settings: Settings, now: datetime) -> list[str]:
    """Return the sources that became due after their last run, while nothing was serving.

    A run in between, by whomever, counts like the planned one, as it took the same files.
    """
    last = last_attempts(settings)
    return [
        source
        for source, calendar in calendars.items()
        if source in last and last[source].moment < calendar.last_due(now)
    ]


def is_missed(calendar: Calendar, settings: Settings, now: datetime) -> bool:
    """Return whether a run of all sources became due and was not made; false if nothing has ever run.

    A run of named sources does not count, as the others were still due.
    """
    attempts = read_attempts(settings)
    last = max((attempt.moment for attempt in attempts if not attempt.named), default=None)
    return bool(attempts) and (last is None or last < calendar.last_due(now))


class InboxWatch:
    """Checks the inbox repeatedly, and reports each file once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._seen: set[tuple[str, int, int]] = set()

    def look(self) -> tuple[list[str], list[str]]:
        """Return the sources to run because of new complete files, and the messages on files of no source.

        A file that a run did not take is not reported again until it changes.
        """
        inbox = self.settings.inbox
        if not inbox.is_dir() or not any(inbox.iterdir()):
            return [], []
        new = [one for one in find_waiting(list_sources().values(), self.settings) if self._is_new(one)]
        sources = {one.sources[0] for one in new if len(one.sources) == 1}
        return sorted(sources), describe_waiting(one for one in new if len(one.sources) != 1)

    def forget(self) -> None:
        """Treat every file as new, as the last report was not delivered."""
        self._seen.clear()

    def _is_new(self, one: WaitingFile) -> bool:
        found = one.path.stat()
        mark = (str(one.path), found.st_size, found.st_mtime_ns)
        is_new = mark not in self._seen
        self._seen.add(mark)
        return is_new


def read_states(settings: Settings, now: datetime | None = None) -> list[SourceState]:
    """Return how each source of this office is doing.

    Args:
        settings: where data live.
        now: the time to judge by; default the current time.
    """
    moment, last = now or datetime.now(UTC), last_attempts(settings)
    folders = _own_sources(list_sources().values(), settings)
    return [_state(folder, settings, last.get(folder.source_id), moment) for folder in folders]


def find_office_problems(settings: Settings, now: datetime | None = None) -> list[str]:
    """Return problems of the office as a whole: no successful run for a long time, low disk space.

    Args:
        settings: where data live, and the thresholds.
        now: the time to judge by; default the current time.
    """
    lines = []
    days = settings.notify_silent_days
    good = max((attempt.moment for attempt in read_attempts(settings) if attempt.is_good), default=None)
    if days and good is not None and (now or datetime.now(UTC)) - good > timedelta(days=days):
        lines.append(f"no run has succeeded since {good:%Y-%m-%d}, more than {days} days ago (notify_silent_days)")
    free = shutil.disk_usage(settings.data).free if settings.data.is_dir() else None
    if free is not None and free < bytes_of(settings.notify_free_space):
        lines.append(
            f"{free / 1e9:,.1f} GB are left for data in {settings.data}, less than {settings.notify_free_space} "
            "(notify_free_space)"
        )
    return lines


def read_health(settings: Settings) -> dict[str, Any]:
    """Return the answer to a health probe: whether all is well, the state of each source, the time of publication.

    Messages are left out, as they may quote a file, and anybody who can reach the port can ask.
    """
    published = settings.published
    since = datetime.fromtimestamp(published.stat().st_mtime, UTC) if published.is_file() else None
    states = read_states(settings)
    good = since is not None and not any(state.is_problem for state in states) and not find_office_problems(settings)
    return {"good": good, "published_at": since, "sources": {state.source: state.state for state in states}}


def _state(folder: SourceFolder, settings: Settings, last: Attempt | None, now: datetime) -> SourceState:
    name = folder.source_id
    try:
        vintage = current_vintage(name, settings)
        damage = str(find_damage(vintage.folder) or "") if vintage else ""
    except LostPointer as error:
        vintage, damage = None, str(error)
    try:
        calendar, problem = folder.source.calendar, None
    except UsageError as error:
        calendar, problem = None, str(error)
    changed = None if vintage is None or damage else vintage.changed_at
    why = problem or damage or (last.message if last and not last.is_good else "")
    return SourceState(
        source=name,
        state="not valid" if problem else "damaged" if damage else _judge(folder, settings, last, vintage, now),
        vintage=vintage.vintage if vintage else None,
        changed=changed,
        last_run=last.moment if last else None,
        outcome=last.end if last else None,
        message=" ".join(" ".join(why.splitlines()[:2]).split()),  # what is wrong, and where
        due=calendar.last_due(now) if calendar else None,
        next_run=calendar.next_due(now) if calendar else None,
    )


def _judge(
    folder: SourceFolder, settings: Settings, last: Attempt | None, vintage: Vintage | None, now: datetime
) -> str:
    if last is not None and not last.is_good:
        return last.end
    if folder.source_id in settings.expected and not find_files(folder, settings.input):
        return "no file"
    if vintage is None:
        return "not loaded yet"
    calendar = folder.source.calendar
    if calendar is not None:
        if calendar.is_late(vintage.changed_at, now):
            return "late"
        if last is not None and last.moment < calendar.last_due(now):
            return "missed"
    return "good"
