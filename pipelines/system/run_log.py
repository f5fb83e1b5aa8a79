"""What became of each source in each run: one line of JSON each in ``runs.jsonl`` of the data folder, oldest first.

By it missed runs are caught up, and a monitor knows the last outcome of a source.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pipelines.system.files import replace_text
from pipelines.system.settings import Settings

_MOST_LINES = 20_000
"""The oldest beyond these are dropped: some years of daily runs of a dozen sources."""
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Attempt:
    """One source in one run.

    Attributes:
        source: its identifier.
        started: when the run began, in UTC, as ISO 8601.
        end: ``loaded`` (new figures), ``unchanged`` (the same files), ``refused``, or ``failed`` (of the program).
        release: what was published by the run; None where nothing was.
        message: the first lines of why it was refused.
        named: whether the run was of sources that were named, not of all.
    """

    source: str
    started: str
    end: str
    release: str | None = None
    message: str = ""
    named: bool = False

    @property
    def moment(self) -> datetime:
        """When the run began."""
        return datetime.fromisoformat(self.started)

    @property
    def is_good(self) -> bool:
        """Whether the figures of the source are those of its files."""
        return self.end in ("loaded", "unchanged")


def start_time() -> str:
    """Return the current time as it is written down."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def log_attempts(attempts: Iterable[Attempt], settings: Settings) -> None:
    """Add attempts; call it with the lock of the data folder, as the file is replaced as a whole."""
    added = [
        json.dumps({**asdict(one), "message": one.message[:_LONGEST_MESSAGE]}, ensure_ascii=False) for one in attempts
    ]
    if not added:
        return
    path = settings.run_log
    kept = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    replace_text(path, "\n".join([*kept, *added][-_MOST_LINES:]) + "\n")


def read_attempts(settings: Settings) -> list[Attempt]:
    """Return all attempts, oldest first; a line that was cut or edited by hand and is none is passed over."""
    if not settings.run_log.is_file():
        return []
    found = []
    for line in settings.run_log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            attempt = Attempt(**json.loads(line))
            _ = attempt.moment
        except (ValueError, TypeError):
            continue
        found.append(attempt)
    return found


def last_attempts(settings: Settings) -> dict[str, Attempt]:
    """Return the last attempt of each source."""
    return {attempt.source: attempt for attempt in read_attempts(settings)}
