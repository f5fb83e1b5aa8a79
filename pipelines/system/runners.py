"""Partitions of incidents at the same time: which runner takes them, and what each may have of one machine.

Runners are Prefect's (``flows`` submits to them); nothing here imports it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from pipelines.system.connection import fetch_row
from pipelines.system.settings import Settings
from schemas.errors import UsageError

LEAST_MEMORY_BYTES = 190 * 2**20  # under this a partition of an ordinary source spills more than it reads


@dataclass(frozen=True)
class Runner:
    """What takes the partitions: ``threads`` of this process, or ``dask`` or ``ray``, here or at an address."""

    kind: str
    address: str | None = None

    @property
    def is_local(self) -> bool:
        """Tell whether all partitions are taken by this machine, whose memory and threads they then share."""
        return self.address is None


def parse_runner(text: str) -> Runner:
    """Return the runner that a setting names.

    Raises:
        UsageError: there is none of this name.

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
    """Return the settings of one partition, and how many are taken at a time, so that together they keep the limits.

    As many at a time as there are threads, where each still has ``LEAST_MEMORY_BYTES`` of memory.

    Raises:
        UsageError: the memory limit is not a number with a unit.

    >>> from pathlib import Path
    >>> own, at_once = divide_limits(Settings(Path("data"), memory_limit="1GiB", threads=8), 100)
    >>> own.memory_limit, own.threads, at_once
    ('214748364B', 1, 5)
    """
    memory = memory_bytes(settings.memory_limit)
    at_once = max(1, min(settings.threads, memory // LEAST_MEMORY_BYTES, partitions))
    own = replace(settings, memory_limit=f"{memory // at_once}B", threads=settings.threads // at_once)
    return own, at_once


def memory_bytes(text: str) -> int:
    """Return how many bytes a memory limit is, as DuckDB understands it (and rounds it).

    Raises:
        UsageError: DuckDB does not understand it.

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
