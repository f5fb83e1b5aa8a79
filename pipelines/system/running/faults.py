"""Internal errors: the message to the user, and the report that is written for the maintainers.

A report contains no values of the data: it gives the places in the program, the types of the errors and the versions
of the libraries, but not the texts of the errors, which may quote a cell.
"""

from __future__ import annotations

import platform
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.system.running.limits import describe_limit
from pipelines.system.settings import Settings

_LIBRARIES = ("iccs-pipelines", "duckdb", "pyarrow", "python-calamine", "great_expectations", "prefect")


def write_fault_report(settings: Settings, source: str, step: str, error: BaseException) -> Path:
    """Write a report on an internal error to a text file under ``data/faults``; return its path.

    Raises:
        OSError: it cannot be written.
    """
    now = datetime.now(UTC)
    settings.faults.mkdir(parents=True, exist_ok=True)
    path = settings.faults / f"{now:%Y-%m-%dT%H%M%S.%f}-{source}.txt"
    path.write_text("\n".join(_report_lines(now, source, step, error)) + "\n", encoding="utf-8")
    return path


def _report_lines(now: datetime, source: str, step: str, error: BaseException) -> Iterator[str]:
    yield f"time: {now.isoformat(timespec='seconds')}"
    yield f"source: {source}"
    yield f"step: {step}"
    yield f"python: {platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in _LIBRARIES:
        try:
            yield f"{name}: {version(name)}"
        except PackageNotFoundError:
            yield f"{name}: not installed"
    yield "The texts of the errors are left out, because they may quote the data."
    for link in _chain(error):
        yield f"\n{type(link).__module__}.{type(link).__qualname__}"
        yield "".join(traceback.format_tb(link.__traceback__)).rstrip()


def _chain(error: BaseException) -> list[BaseException]:
    """The error and those that led to it, the first cause first."""
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found[::-1]


def describe_fault(
    error: BaseException, step: str, report: Path | None, *, show_text: bool, settings: Settings | None = None
) -> str:
    """Return the message for people about an error that is not about the data.

    Args:
        error: what was raised.
        step: the step that was running.
        report: the file written about it, None if it could not be written.
        show_text: whether the text of the error may be shown, as it may quote a cell. The operating system's message
            about a file is always shown.
        settings: those in force, for an error about a limit.

    >>> print(describe_fault(KeyError("0"), "account", Path("faults/1.txt"), show_text=True))
    internal error in step account (KeyError: '0')
      The data of this source were not used; they may be correct.
      report: faults/1.txt (no data values in it; please send it to the maintainers)
    """
    limit = describe_limit(error, settings)
    if limit is not None and not isinstance(error, MemoryError):  # of Python: it may be the program's own fault
        return (
            f"{limit.what} in step {step} ({limit.more})\n"
            "  The data of this source were not used; they may be correct.\n"
            f"  {limit.to_do[0].upper()}{limit.to_do[1:]}."
        )
    first = (str(error).strip().splitlines() or [""])[0]
    described = f"{type(error).__name__}: {first}" if show_text and first else type(error).__name__
    described += f": {limit.summary}; {limit.to_do}" if limit else ""
    where = f"{report} (no data values in it; please send it to the maintainers)" if report else "could not be written"
    return (
        f"internal error in step {step} ({described})\n"
        "  The data of this source were not used; they may be correct.\n"
        f"  report: {where}"
    )
