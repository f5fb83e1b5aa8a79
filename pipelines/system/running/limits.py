"""Messages for a limit that was reached (memory, temporary space, disk): which setting it is, and what to do.

The engine's own message ("failed to pin block of size 256.0 KiB") names settings that an office does not have, and may
quote a value, so it is never shown. It is interpreted only here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.system.errors import is_disk_full, is_out_of_memory, is_out_of_reach, reason_of
from pipelines.system.settings import Settings, bytes_of, describe_setting, setting_in_force

_USED_UP = re.compile(r"\([\d.]+ ?\w* ?/ ?([\d.]+ \w+) used\)")
_TEMPORARY = "max_temp_directory_size"
_BELOW, _ABOVE = 0.9, 1.1
"""Shares of the setting between which a limit shown by the engine, which rounds it, is taken for that setting."""


@dataclass(frozen=True)
class Limit:
    """A limit that was reached: which one, where or how much it is, and what can be done about it."""

    what: str
    more: str
    to_do: str

    @property
    def summary(self) -> str:
        """What was reached, in one line."""
        return f"{self.what} ({self.more})"


def describe_limit(
    error: BaseException, settings: Settings | None = None, most_spilled: str | None = None
) -> Limit | None:
    """Return which limit of the machine or of the settings an error is about; None for any other error.

    Args:
        error: of the system, of Python or of DuckDB.
        settings: those in force; default: those of the environment and the project.
        most_spilled: limit of temporary disk space, if it is not a setting.

    >>> describe_limit(ValueError("no")) is None
    True
    >>> class OutOfMemoryException(Exception): ...
    >>> limit = describe_limit(OutOfMemoryException("failed to pin block (4.7 MiB/4.7 MiB used)"))
    >>> limit.what, "ICCS_MEMORY_LIMIT" in limit.to_do
    ('the memory limit is too small', True)
    """
    if is_disk_full(error):
        what = "the disk is full, or a file exceeded its size limit"
        return Limit(what, reason_of(error), "free space there and run again")
    if isinstance(error, MemoryError):
        return _no_more_memory(settings)
    if is_out_of_memory(error):
        return _out_of_memory(str(error), settings, most_spilled)
    if is_out_of_reach(error):
        to_do = "check that it is mounted and accessible to the account that runs iccs; then run again"
        return Limit("a file or folder cannot be read or written", reason_of(error), to_do)
    return None


def _out_of_memory(text: str, settings: Settings | None, most_spilled: str | None) -> Limit:
    used = _USED_UP.search(text)
    if used is None:
        return _no_more_memory(settings)
    memory = describe_setting("memory_limit", settings and settings.memory_limit)
    if _TEMPORARY in text:
        what = "work that does not fit into memory takes too much temporary disk space"
        if most_spilled is not None:
            to_do = "ask for less, or raise ICCS_MEMORY_LIMIT (memory_limit in iccs.toml)"
            return Limit(what, f"more than {most_spilled}; {memory}", to_do)
        spill = describe_setting("spill_limit", settings and settings.spill_limit)
        to_do = "raise ICCS_SPILL_LIMIT or ICCS_MEMORY_LIMIT (spill_limit, memory_limit in iccs.toml) and run again"
        return Limit(what, f"{spill}; {memory}", to_do)
    set_to = settings.memory_limit if settings else setting_in_force("memory_limit")[0]
    share = bytes_of(used[1].replace("bytes", "B")) / bytes_of(set_to)
    if share > _ABOVE:  # a command that only reads may have more, by the size of the machine
        to_do = "ask for less, end other programs, or give the machine more memory"
        return Limit("the command takes more memory than it may use on this machine", used[1], to_do)
    part = f", of which each of several parallel parts has {used[1]}" if share < _BELOW else ""
    to_do = "raise ICCS_MEMORY_LIMIT (memory_limit in iccs.toml) and run again"
    if settings and settings.threads > 1:
        to_do += f"; fewer threads (ICCS_THREADS, now {settings.threads}) need less memory"
    return Limit("the memory limit is too small", memory + part, to_do)


def _no_more_memory(settings: Settings | None) -> Limit:
    memory = describe_setting("memory_limit", settings and settings.memory_limit)
    return Limit(
        "the system gives the program no more memory, although its own limit is not reached",
        memory,
        "end other programs, give the machine or container more memory, or set ICCS_MEMORY_LIMIT (memory_limit in "
        "iccs.toml) below what is available; then run again",
    )
