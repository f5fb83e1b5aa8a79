"""Notify people that a source needs attention: by mail, webhook or chat, to the addresses in ICCS_NOTIFY.

The addresses contain passwords, so they are read from the environment only, and never written or printed: messages name
the kind of address (``mailto``, ``json`` ...). A failure to send a notice does not fail a run, but is reported.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pipelines.reader.release_changes import read_release_changes
from pipelines.run import RunResult
from pipelines.schedule import SourceState, find_office_problems
from pipelines.system.errors import DamagedStore
from pipelines.system.running.limits import describe_limit
from pipelines.system.settings import Settings
from schemas.errors import UsageError

VARIABLE = "ICCS_NOTIFY"
_LONGEST = 4_000  # letters; a mail or chat shows no more at a glance


def notify_of_run(result: RunResult, settings: Settings) -> list[str]:
    """Send a notice of a run that refused a source, found no file at all, or greatly revised figures.

    Low disk space is reported too, and any other run if ``notify_success`` is set.

    Returns:
        The failures to send, a line for each address.
    """
    lines = [f"{refusal.source}: {refusal.message}" for refusal in result.refused]
    if not (result.loaded or result.unchanged or result.refused):
        lines = [f"no file of any source was found in {result.searched}"]
    lines += find_office_problems(settings)
    revised = _large_revisions(settings) if result.publication is not None else []
    if not (lines or revised):
        return _send(f"iccs: the run in {settings.data} succeeded", _account(result)) if settings.notify_success else []
    subjects = [_count(lines)] if lines else []
    subjects += ["large revisions"] if revised else []
    return _send(f"iccs: {' and '.join(subjects)} in the run in {settings.data}", [*lines, *revised])


def _large_revisions(settings: Settings) -> list[str]:
    """Return which of the ten largest changes of the release are revisions of over ``notify_revision_percent``."""
    most = settings.notify_revision_percent
    found = read_release_changes(settings)
    return [
        f"{row['source']}: {row['ref_area']}, {row['time_period']}, ICCS {row['iccs']}: {row['old_value']:,.0f} became "
        f"{row['new_value']:,.0f} ({row['revision_percent']:+.1f} %)"
        for row in found.largest
        if row["release_change"] == "revised"
        and row["revision_percent"] is not None
        and abs(row["revision_percent"]) > most
    ]


def _account(result: RunResult) -> list[str]:
    """Return what a run did, for recipients who want a notice of every run."""
    release = f"published: release {result.publication.release}" if result.publication else "nothing new to publish"
    named = {"loaded": result.loaded, "unchanged": result.unchanged}
    return [release, *(f"{word}: {', '.join(names)}" for word, names in named.items() if names)]


@contextmanager
def notify_of_failure(settings: Settings, say: Callable[[str], object]) -> Iterator[None]:
    """Send a notice if the run inside fails with an error; failures to send are reported by ``say``.

    Only our own errors are quoted, as that of a library may contain a value of a file.
    """
    try:
        yield
    except Exception as error:  # every failure is a reason for a notice; it is raised again below
        own = isinstance(error, (UsageError, DamagedStore))
        limit = describe_limit(error, settings)
        kind = f"{type(error).__name__}; see the log of the run for more"
        what = str(error) if own else f"{limit.summary}; {limit.to_do}" if limit else kind
        line = f"the run was aborted; the last complete release stays published. {what}"
        for failed in _send(f"iccs: the run in {settings.data} failed", [line]):
            say(failed)
        raise


def notify_of_states(states: Iterable[SourceState], settings: Settings) -> list[str]:
    """Send a notice of the sources that need attention, as in ``iccs status``; return the failures to send."""
    lines = [
        f"{one.source}: {one.state}{f': {one.message}' if one.message else ''}" for one in states if one.is_problem
    ]
    if not settings.published.is_file():
        lines.append("nothing is published")
    lines += find_office_problems(settings)
    return _send(f"iccs: {_count(lines)} in {settings.data}", lines)


def _count(lines: list[str]) -> str:
    return "1 problem" if len(lines) == 1 else f"{len(lines)} problems"


def _send(title: str, lines: list[str]) -> list[str]:
    addresses = os.environ.get(VARIABLE, "").split()
    if not lines or not addresses:
        return []
    from apprise import Apprise  # half a second, and only where there is something to tell

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages hold the addresses
    body = "\n\n".join(lines)[:_LONGEST]
    failed = []
    for number, address in enumerate(addresses, start=1):
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)", address)
        kind = scheme[0] if scheme else "not of the form kind://..."  # any part of it may be a secret
        one = Apprise()
        if not one.add(address):
            failed.append(
                f"{VARIABLE}: address {number} ({kind}) is of a kind unknown to apprise (mailto://, json://, ...)"
            )
        elif not one.notify(title=f"{title} ({socket.gethostname()})", body=body):
            failed.append(f"{VARIABLE}: the notice could not be sent to address {number} ({kind})")
    return failed
