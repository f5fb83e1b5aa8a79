"""What a user sees when data are refused: all problems of a stage at once, with place, rule and remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemas.declarations import load_rules

_OUT_OF_REACH = (
    "Permission denied",
    "Operation not permitted",
    "Read-only file system",
    "Input/output error",
    "Stale file handle",
    "Transport endpoint is not connected",
    "No such device",
    "Too many open files",
    "No such file or directory",
    "No files found that match",
)
"""Errors of the system for a file that this account may not use, or whose device or folder is gone."""

_FULL = ("No space left on device", "File too large", "Disk quota exceeded")
"""Errors of the system when nothing more can be written."""

_QUOTING = (
    "BinderException",
    "CatalogException",
    "ConstraintException",
    "ConversionException",
    "DataRefused",
    "InvalidInputException",
    "InvalidTypeException",
    "OutOfRangeException",
    "ParserException",
    "TypeMismatchException",
    "UsageError",
)
"""Errors that quote a file or a definition, which may contain anything."""

_WANTED_MORE = re.compile(r"(allocate|pin|offload) .* used\)")
"""DuckDB's message when a commit needs more memory than the limit."""

EXIT_DONE = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_FAULT = 3


@dataclass(frozen=True)
class Problem:
    """One problem of one source: its location, the declared rule it breaks, what was found.

    ``row`` counts from 1 at the top of the file or sheet, as a spreadsheet shows it.
    """

    rule: str
    source: str
    found: str
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    nearest: tuple[str, ...] = ()
    cells: int = 1

    @property
    def place(self) -> str:
        """The location of the problem, as text."""
        parts = [
            f"source {self.source}" if self.source else "",  # no source is declared yet for a file of a draft
            f"file {self.file}" if self.file else "",
            f"sheet {self.sheet}" if self.sheet else "",
            f"row {self.row}" if self.row is not None else "",
            f"column {self.column!r}" if self.column else "",
            f"value {self.value!r}" if self.value is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        rule = load_rules()[self.rule]
        lines = [f"{self.found}", f"  where:   {self.place}", f"  rule:    {self.rule}: {rule.reason}"]
        if self.nearest:
            lines.append(f"  nearest: {', '.join(self.nearest)}")
        lines.append(f"  to do:   {rule.what_to_do}")
        if self.cells > 1:
            lines.append(f"  also:    {self.cells - 1} more cells with the same problem")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the problem for JSON output, with the rule's texts."""
        rule = load_rules()[self.rule]
        return {**asdict(self), "reason": rule.reason, "what_to_do": rule.what_to_do}


class DataRefused(Exception):
    """The data of a source cannot be used; carries every problem found at that stage."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(str(problem) for problem in self.problems))


class SharingRefused(Exception):
    """Figures may not leave the office as asked; the text names the sources and the reasons."""


class LimitReached(Exception):
    """Memory, temporary space or disk was not enough for the request; the text says which limit it is."""


class DamagedStore(Exception):
    """A file that the program wrote into the data folder is missing or damaged; not a fault of data or program."""


def is_out_of_reach(error: BaseException) -> bool:
    """Tell whether an error, of the system or of DuckDB, means that a file may not or cannot be read or written.

    >>> is_out_of_reach(PermissionError(13, "Permission denied")), is_out_of_reach(ValueError("Permission denied"))
    (True, False)
    """
    of_duckdb = type(error).__name__ in ("IOException", "PermissionException", "HTTPException", "Error")
    return (isinstance(error, OSError) or of_duckdb) and any(text in str(error) for text in _OUT_OF_REACH)


def reason_of(error: BaseException) -> str:
    r"""Return the message of an error, in one line.

    For a library that failed because of the machine, it is the system's message and the path, as the library's own
    message adds nothing for people.

    >>> reason_of(ValueError("no\nmore"))
    'no'
    >>> class IOException(Exception): ...
    >>> reason_of(IOException('IO Error: Async write failed: {"a":"Could not write \\"/data/x\\": File too large"}'))
    'File too large: /data/x'
    """
    text = str(error).strip()
    if not isinstance(error, OSError) and is_of_the_machine(error):
        known = next((one for one in (*_FULL, *_OUT_OF_REACH) if one in text), None)
        if known:
            path = re.search(r"""["'](/[^"'\\]+)""", text)
            return f"{known}: {path[1]}" if path else known
    return text.splitlines()[0] if text else type(error).__name__


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error, of the system or of DuckDB, means that nothing more can be written.

    >>> is_disk_full(OSError(28, "No space left on device")), is_disk_full(ValueError("no"))
    (True, False)
    >>> class ConversionException(Exception): ...
    >>> is_disk_full(ConversionException("Could not convert string 'No space left on device' to INT32"))
    False
    """
    return type(error).__name__ not in _QUOTING and any(text in str(error) for text in _FULL)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error of DuckDB means that its memory limit is too small.

    >>> is_out_of_memory(MemoryError())
    False
    >>> class TransactionException(Exception): ...
    >>> is_out_of_memory(TransactionException("Failed to commit: could not allocate block (881.5 KiB/976.5 KiB used)"))
    True
    """
    name = type(error).__name__  # by name, as importing DuckDB takes longer than most commands
    at_the_end = name in ("TransactionException", "FatalException") and _WANTED_MORE.search(str(error)) is not None
    return name == "OutOfMemoryException" or at_the_end


def is_of_the_machine(error: BaseException) -> bool:
    """Tell whether an error is about disk, memory or access, and not about what is in the file that was read.

    >>> is_of_the_machine(OSError(28, "No space left on device")), is_of_the_machine(OSError(5, "Input/output error"))
    (True, True)
    """
    return is_disk_full(error) or is_out_of_memory(error) or is_out_of_reach(error)
