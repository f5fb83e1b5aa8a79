"""Several small pieces of work at once, sources or files: one alone leaves half of the machine idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, local
from typing import Any, TypeVar

LARGE_BYTES = 32 * 2**20
"""From here on a text file keeps several threads busy: DuckDB reads it in pieces of this size, a thread a piece."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_THIS_LANE = local()


class Stopped(Exception):
    """The run ends: another lane failed, or a person stopped it."""


def run_in_lanes(action: Callable[[Item], Result], items: Sequence[Item], lanes: int, stop: Event) -> list[Result]:
    """Return what the action gives for each item, in their order, working on several at a time.

    Args:
        action: what to do; it must end soon after ``stop`` is set.
        items: taken up in this order.
        lanes: how many at a time; with one, the caller's own thread does the work.
        stop: set when an action fails, or a person stops the run.

    Raises:
        Exception: whatever an action raised, once the other lanes have ended.

    >>> run_in_lanes(len, ["a", "bcd", ""], 2, Event())
    [1, 3, 0]
    """
    if lanes == 1 or len(items) < 2:
        return [action(item) for item in items]

    failures: list[BaseException] = []

    def guarded(item: Item) -> Result:
        _THIS_LANE.stop = stop
        try:
            return action(item)
        except BaseException as error:
            failures.append(error)  # the first is the cause; those of other lanes may be that they were stopped
            stop.set()
            raise

    with ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
        try:
            return list(pool.map(guarded, items))
        except BaseException as error:
            stop.set()
            pool.shutdown(cancel_futures=True)
            if isinstance(error, Exception) and failures[0] is not error:
                raise failures[0] from None
            raise


def stop_of_lane() -> Event:
    """Return the stop of the lane that this thread works in, for work that is long; else one that nobody sets.

    >>> stop_of_lane().is_set()
    False
    """
    return getattr(_THIS_LANE, "stop", None) or Event()


def stoppable(run_step: Callable[..., Any], stop: Event) -> Callable[..., Any]:
    """Return the way to run a step that begins none once ``stop`` is set.

    Raises:
        Stopped: instead of the step.
    """

    def run(*arguments: object) -> Any:
        if stop.is_set():
            raise Stopped
        return run_step(*arguments)

    return run
