"""What a step is: a plain function whose result has a number of rows and a one-line summary.

A step takes the result of the previous one and the definition of its source, and returns the next result. ``RunStep``
is the way to run one: a plain call here, a Prefect task in the flow.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import ParamSpec, Protocol, TypeVar

from pipelines.system.running.run_log import EVENTS
from pipelines.system.running.workers import Stopped
from pipelines.system.signals import watch_signals


class StepResult(Protocol):
    """What every step returns."""

    @property
    def rows(self) -> int:
        """How many rows the step returned, in the unit named in the summary."""

    @property
    def summary(self) -> str:
        """One line for people."""


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result", bound=StepResult)


class RunStep(Protocol):
    """Runs one step: its name, the source, rows in, the function and its arguments; returns what the function does."""

    def __call__(
        self,
        name: str,
        source: str,
        rows_in: int,
        function: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Return the result of the function."""


@dataclass(frozen=True)
class StepReport:
    """What one step did: rows in, rows out (in the unit named by the summary) and seconds."""

    source: str
    step: str
    rows_in: int
    rows_out: int
    seconds: float
    summary: str


_SIGNALS: list[int] = []
"""The signals that asked the process to end."""


def end_on_signals() -> None:
    """End the process on SIGTERM as on Ctrl-C, after removing temporary files. Main thread only."""

    def end(number: int, _: object) -> None:
        _SIGNALS.append(number)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would interrupt the cleaning up
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    watch_signals()
    for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) == usual:
            signal.signal(number, end)


def ended_by_signal() -> int:
    """Return the first signal that asked the process to end; 0 if none did."""
    return _SIGNALS[0] if _SIGNALS else 0


def raise_if_signalled(error: BaseException) -> None:
    """Raise the exception for a signal that a library turned into its own error, as DuckDB's "Query interrupted".

    Raises:
        KeyboardInterrupt, SystemExit: a signal asked the process to end.
    """
    if _SIGNALS:
        raise (KeyboardInterrupt if _SIGNALS[0] == signal.SIGINT else SystemExit(128 + _SIGNALS[0])) from error


def plain_step(report: Callable[[StepReport], None] | None = None) -> RunStep:
    """Return a ``RunStep`` without an orchestrator: it calls the step, times it and reports it."""

    def run_step(
        name: str,
        source: str,
        rows_in: int,
        function: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        start = time.perf_counter()
        result = function(*args, **kwargs)
        if report is not None:
            seconds = time.perf_counter() - start
            report(StepReport(source, name, rows_in, result.rows, seconds, result.summary))
        return result

    return run_step


class WatchedSteps:
    """Runs the steps of one source: starts none after ``stop`` is set, and records which one was started last."""

    def __init__(self, run_step: RunStep, stop: Event) -> None:
        self._run_step = run_step
        self._stop = stop
        self.current = "before the first step"

    def __call__(
        self,
        name: str,
        source: str,
        rows_in: int,
        function: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run a step.

        Raises:
            Stopped: the run ends; the step was not begun.
        """
        if self._stop.is_set():
            raise Stopped
        self.current = name
        start = time.perf_counter()
        result = self._run_step(name, source, rows_in, function, *args, **kwargs)
        event = {"source": source, "step": name, "rows_in": rows_in, "rows_out": result.rows}
        event["seconds"] = round(time.perf_counter() - start, 3)
        EVENTS.info(result.summary, extra={"event": event})
        return result
