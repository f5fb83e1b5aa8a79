"""What became of each source in each run: one line of JSON each in ``runs.jsonl`` of the data folder, oldest first.

It is used to catch up on missed runs, and gives a monitor the last outcome of each source. The steps of each run are in
``logs/iccs.jsonl``, for programs that collect logs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pipelines.system.files import replace_text
from pipelines.system.settings import Settings

_MOST_LINES = 20_000
"""How many lines are kept, the oldest being dropped: some years of daily runs of a dozen sources."""
_LONGEST_MESSAGE = 500
_LOG_BYTES = 5_000_000
_KEPT_LOGS = 5
EVENTS = logging.getLogger("iccs.run")
"""The logger of a run's events; each record has the fields of ``extra={"event": {...}}``."""


@dataclass(frozen=True)
class Attempt:
    """One source in one run.

    Attributes:
        source: its identifier.
        started: when the run began, in UTC, as ISO 8601.
        end: ``loaded`` (new figures), ``unchanged`` (the same files), ``refused``, or ``failed`` (of the program).
        release: what was published by the run; None where nothing was.
        message: the first lines of the refusal.
        named: whether the run was of named sources only, not of all.
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
        """Whether the source's figures are up to date with its files."""
        return self.end in ("loaded", "unchanged")


def log_attempts(attempts: Collection[Attempt], settings: Settings) -> None:
    """Add attempts; the caller must hold the lock of the data folder, as the whole file is replaced."""
    added = [
        json.dumps({**asdict(one), "message": one.message[:_LONGEST_MESSAGE]}, ensure_ascii=False) for one in attempts
    ]
    if not added:
        return
    for one in attempts:
        level = logging.INFO if one.is_good else logging.ERROR
        EVENTS.log(
            level,
            one.message or one.end,
            extra={
                "event": {name: value for name, value in asdict(one).items() if name != "message"} | {"step": "end"}
            },
        )
    path = settings.run_log
    kept = _read_lines(path) if path.is_file() else []
    replace_text(path, "\n".join([*kept, *added][-_MOST_LINES:]) + "\n")


def _read_lines(path: Path) -> list[str]:
    """The lines, even of a damaged file; messages may contain other characters that Python takes for line ends."""
    return [line for line in path.read_bytes().decode("utf-8", errors="replace").split("\n") if line]


def read_attempts(settings: Settings) -> list[Attempt]:
    """Return all attempts, oldest first; a line that was truncated or edited by hand into something else is skipped."""
    if not settings.run_log.is_file():
        return []
    found = []
    for line in _read_lines(settings.run_log):
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


class _AsJson(logging.Formatter):
    """One JSON object per line: time (UTC), level, and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = getattr(record, "event", {})
        document = {"time": moment, "level": record.levelname.lower(), "message": record.getMessage(), **event}
        return json.dumps(document, ensure_ascii=False, default=str)


class _Handler(RotatingFileHandler):
    """A handler whose failure to write ends the run, as a failure to write figures does."""

    def handleError(self, _: logging.LogRecord) -> None:  # noqa: N802 - the name is that of the library
        """Raise the current error; the library would print a traceback and go on."""
        raise


@contextmanager
def logging_events(settings: Settings) -> Iterator[None]:
    """Write the events of the run inside to ``logs/iccs.jsonl``; the caller must hold the lock of the data folder.

    At 5 MB the file is renamed to ``iccs.jsonl.1`` and a new one is started; five old ones are kept.
    """
    settings.logs.mkdir(mode=0o750, exist_ok=True)
    path = settings.logs / "iccs.jsonl"
    handler = _Handler(path, maxBytes=_LOG_BYTES, backupCount=_KEPT_LOGS, encoding="utf-8")
    handler.setFormatter(_AsJson())
    EVENTS.addHandler(handler)
    EVENTS.setLevel(logging.INFO)
    EVENTS.propagate = False
    try:
        yield
    finally:
        EVENTS.removeHandler(handler)
        handler.close()


def rotate(log: Path) -> None:
    """Start a new log for another program, which must not be running, if the old one is large; keep five old ones.

    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "server.log"
    >>> _ = log.write_bytes(b"x" * 6_000_000)
    >>> rotate(log)
    >>> [path.name for path in log.parent.iterdir()]
    ['server.log.1']
    """
    if log.is_file() and log.stat().st_size > _LOG_BYTES:
        old = RotatingFileHandler(log, backupCount=_KEPT_LOGS, delay=True)
        old.doRollover()
        old.close()
        log.unlink(missing_ok=True)  # it is made by whoever writes to it, with the rights that it gives
