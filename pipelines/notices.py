"""Tell someone that a source needs attention: by mail, webhook or chat, to the addresses in ICCS_NOTIFY.

The addresses hold passwords, so they are read from the environment only, and never written or printed: messages name
the kind of address (``mailto``, ``json`` ...). That a notice could not be sent fails no run, and is said.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from pipelines.run import RunResult
from pipelines.schedule import SourceState
from pipelines.system.errors import DamagedStore
from pipelines.system.settings import Settings
from schemas.errors import UsageError

VARIABLE = "ICCS_NOTIFY"
_LONGEST = 4_000  # letters; a mail or chat shows no more at a glance


def tell_of_run(result: RunResult, settings: Settings) -> list[str]:
    """Send a notice of a run that refused a source or found no file at all.

    Returns:
        What went wrong with sending, a line for each address.
    """
    lines = [f"{refusal.source}: {refusal.message}" for refusal in result.refused]
    if not (result.loaded or result.unchanged or result.refused):
        lines = [f"no file of any source was found in {result.searched}"]
    return _send(f"iccs: {_count(lines)} in the run in {settings.data}", lines)


@contextmanager
def telling_of_failure(settings: Settings, say: Callable[[str], object]) -> Iterator[None]:
    """Send a notice if the run inside breaks off; what went wrong with sending is said by ``say``.

    Only our own errors are quoted: that of a library may hold a value of a file.
    """
    try:
        yield
    except Exception as error:
        own = isinstance(error, (UsageError, DamagedStore))
        what = str(error) if own else f"{type(error).__name__}; the log of the run says more"
        line = f"the run broke off; what is published is the last whole release. {what}"
        for failed in _send(f"iccs: the run in {settings.data} failed", [line]):
            say(failed)
        raise


def tell_of_states(states: Iterable[SourceState], settings: Settings) -> list[str]:
    """Send a notice of the sources that need attention, as ``iccs status`` lists them; returns as above."""
    lines = [
        f"{one.source}: {one.state}{f': {one.message}' if one.message else ''}" for one in states if one.is_problem
    ]
    if not settings.published.is_file():
        lines.append("nothing is published")
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
        kind = scheme[0] if scheme else "not of the form kind://..."  # of what is none, every part may be a secret
        one = Apprise()
        if not one.add(address):
            failed.append(f"{VARIABLE}: address {number} ({kind}) is none that apprise knows: mailto://, json://, ...")
        elif not one.notify(title=f"{title} ({socket.gethostname()})", body=body):
            failed.append(f"{VARIABLE}: the notice could not be sent to address {number} ({kind})")
    return failed
