"""Parallel work: sources and files by threads of this process, partitions also by a cluster.

Clusters are reached through Prefect (``flows`` submits to them), which nothing here imports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from threading import Event, local
from typing import TypeVar

import duckdb

from pipelines.system.connection import fetch_row
from pipelines.system.settings import Settings
from schemas.errors import UsageError

LARGE_BYTES = 32 * 2**20
"""Size from which a text file keeps several threads busy: DuckDB reads it in chunks of this size, one per thread."""

MIN_MEMORY_BYTES = 190 * 2**20
"""Memory for one partition: with less, a partition of an ordinary source spills more than it reads."""

BESIDE_LIMIT_BYTES = 2**30
"""What a process may take in addition to DuckDB's own limit for statements of unknown authors."""

_RESERVED_BYTES = 2**27
"""The most address space that the allocators reserve for a thread."""

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORKER = local()


class Stopped(Exception):
    """The run ends: another worker failed, or a person stopped it."""


def run_in_workers(action: Callable[[Item], Result], items: Sequence[Item], workers: int, stop: Event) -> list[Result]:
    """Return the result of the action for each item, in their order, working on several at a time.

    Args:
        action: what to do; it must end soon after ``stop`` is set.
        items: started in this order.
        workers: how many at a time; with one, the work is done in the caller's thread.
        stop: set when an action fails, or a person stops the run.

    Raises:
        Exception: the first that an action raised, once the other workers have ended.

    >>> run_in_workers(len, ["a", "bcd", ""], 2, Event())
    [1, 3, 0]
    """
    if workers == 1 or len(items) < 2:
        return [action(item) for item in items]

    failures: list[BaseException] = []

    def guarded(item: Item) -> Result:
        _WORKER.stop = stop
        try:
            return action(item)
        except BaseException as error:
            failures.append(error)  # the first is the cause; the others may only have been stopped
            stop.set()
            raise

    with ThreadPoolExecutor(workers, thread_name_prefix="worker") as pool:
        try:
            return list(pool.map(guarded, items))
        except BaseException as error:
            stop.set()
            pool.shutdown(cancel_futures=True)
            if isinstance(error, Exception) and failures[0] is not error:
                raise failures[0] from None
            raise


def stop_event() -> Event:
    """Return this worker's stop event, for long work to poll; outside a worker, an event that is never set.

    >>> stop_event().is_set()
    False
    """
    return getattr(_WORKER, "stop", None) or Event()


@dataclass(frozen=True)
class Runner:
    """Where partitions are tallied: ``threads`` of this process, or ``dask`` or ``ray``, here or at an address."""

    kind: str
    address: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether this machine does all of the work, so that partitions share its memory and threads."""
        return self.address is None


def parse_runner(text: str) -> Runner:
    """Return the runner named by a setting.

    Raises:
        UsageError: there is no runner of this name.

    >>> parse_runner("dask:tcp://10.0.0.5:8786")
    Runner(kind='dask', address='tcp://10.0.0.5:8786')
    >>> parse_runner("threads").is_local
    True
    """
    kind, _, address = text.partition(":")
    if text == "threads" or (kind in ("dask", "ray") and (address or text == kind)):
        return Runner(kind, address or None)
    raise UsageError(
        f"there is no runner {text!r}; write threads, dask or ray, or the address of a cluster: dask:tcp://HOST:8786, "
        "ray:ray://HOST:10001"
    )


def divide_limits(settings: Settings, partitions: int) -> tuple[Settings, int]:
    """Return the settings for one partition, and how many run at a time, so that together they keep the limits.

    As many run at a time as there are threads, if each still gets ``MIN_MEMORY_BYTES`` of memory.

    Raises:
        UsageError: the memory limit is not a number with a unit.

    >>> from pathlib import Path
    >>> own, at_once = divide_limits(Settings(Path("data"), memory_limit="1GiB", threads=8), 100)
    >>> own.memory_limit, own.threads, at_once
    ('214748364B', 1, 5)
    """
    memory = memory_bytes(settings.memory_limit)
    at_once = max(1, min(settings.threads, memory // MIN_MEMORY_BYTES, partitions))
    own = replace(settings, memory_limit=f"{memory // at_once}B", threads=settings.threads // at_once)
    return own, at_once


@cache
def memory_bytes(text: str) -> int:
    """Return how many bytes a memory limit is, as DuckDB reads and rounds it.

    Raises:
        UsageError: DuckDB cannot read it.

    >>> memory_bytes("2GiB"), memory_bytes("512 MiB")
    (2147483648, 536870912)
    """
    try:
        with duckdb.connect(config={"memory_limit": text}) as connection:
            (shown,) = fetch_row(connection, "SELECT current_setting('memory_limit')")
    except duckdb.Error as error:
        raise UsageError(f"ICCS_MEMORY_LIMIT must be an amount such as 400MB or 2GiB, not {text!r}") from error
    number, unit = str(shown).split()
    return int(float(number) * 1024 ** ("KMGT".find(unit[0]) + 1))


def address_space(settings: Settings) -> int:
    """Return how many bytes of address space statements under the memory limit may need in addition.

    >>> from pathlib import Path
    >>> address_space(Settings(Path("data"), memory_limit="1GiB", threads=2)) / 2**30
    2.25
    """
    return memory_bytes(settings.memory_limit) + BESIDE_LIMIT_BYTES + settings.threads * _RESERVED_BYTES
