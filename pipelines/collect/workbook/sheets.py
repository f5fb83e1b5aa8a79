"""Workbooks (xls, xlsx, ods) as rows of text, read in a separate process with limits of memory and time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse
from pipelines.collect.header import HEADER_SEARCH_ROWS
from pipelines.system.settings import Settings
from schemas.errors import nearest_values

MEMORY_BYTES = 2 * 2**30
"""What reading one workbook may take; enough for about a million rows of 20 columns."""
CPU_SECONDS, CPU_SECONDS_PER_MIB = 30, 3
_WAIT_FACTOR = 20  # real time for processor time, on a machine that does other work as well

PROGRAM = Path(__file__).parents[3]


@dataclass(frozen=True)
class Sheet:
    """One sheet as read: name, rows of text ('' where empty) from row 1 and column A on, an empty row as [].

    ``faults`` are the cells without a value, by row and column from 0, with what they show: #REF!, =SUM(A1:A2).
    ``fills`` are the colours of cells, if requested; ``hidden`` the rows and the columns that are not visible.
    """

    name: str
    rows: list[list[str]]
    faults: dict[tuple[int, int], str]
    fills: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())


@dataclass(frozen=True)
class SheetsToRead:
    """What is read of a workbook.

    Attributes:
        names: names of sheets, or patterns with ``*``; if none, the first one that is visible and has cells.
        decimal: the decimal mark of the source, used for numbers as well.
        fills: whether to read the colours of cells.
        left_out: names or patterns of sheets that contain nothing to read.
    """

    names: Sequence[str] = ()
    decimal: str = "."
    fills: bool = False
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Workbook:
    """The sheets read of a workbook, and the names of the others with cells, with whether each is hidden.

    ``tops`` are the first rows of the others that are visible and not declared to hold nothing to read.
    """

    sheets: tuple[Sheet, ...]
    others: dict[str, bool]
    tops: dict[str, list[list[str]]]


def read_sheets(source_id: str, file: RawFile, wanted: SheetsToRead, settings: Settings, target: Path) -> Workbook:
    """Read sheets of a workbook, every cell as the text it shows.

    Args:
        source_id: for messages.
        file: the workbook.
        wanted: which sheets, and how.
        settings: size limit, also for the decompressed content.
        target: temporary file, deleted at the end.

    Raises:
        DataRefused: not a workbook, a damaged one, no such sheet, or one that takes more memory or time than allowed.
    """
    cpu_seconds = CPU_SECONDS + int(file.size / 2**20 * CPU_SECONDS_PER_MIB)
    job = {
        "path": str(file.path),
        "sheets": list(wanted.names),
        "decimal": wanted.decimal,
        "fills": wanted.fills,
        "left_out": list(wanted.left_out),
        "top": HEADER_SEARCH_ROWS,
        "target": str(target),
        "memory_bytes": MEMORY_BYTES,
        "cpu_seconds": cpu_seconds,
        "max_bytes": settings.max_file_mib * 2**20,
    }
    try:
        answer = _ask_reader(job)
        if "rule" in answer:
            sheet = answer.get("sheet")
            near = nearest_values(sheet, answer.get("sheets", [])) if sheet else ()
            raise refuse(source_id, file, answer["rule"], answer["found"], sheet=sheet, nearest=near)
        return Workbook(
            tuple(_read_back(sheet, target, number) for number, sheet in enumerate(answer["sheets"])),
            {other["name"]: other["hidden"] for other in answer["others"]},
            {other["name"]: other["top"] for other in answer["others"] if other["top"]},
        )
    finally:
        for path in target.parent.glob(f"{target.name}.*"):
            path.unlink()


def _read_back(sheet: dict[str, Any], target: Path, number: int) -> Sheet:
    with target.with_name(f"{target.name}.{number}").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    faults, fills = ({(row, column): text for row, column, text in sheet[name]} for name in ("faults", "fills"))
    hidden_rows, hidden_columns = map(frozenset, sheet["hidden"])
    return Sheet(sheet["name"], rows, faults, fills, (hidden_rows, hidden_columns))


def _ask_reader(job: dict[str, Any]) -> dict[str, Any]:
    """Start the reader, and return its answer, or why it was ended before it could give one."""
    # -P and the path at the end: a file in the current folder must not take the place of a library.
    start = f"import sys; sys.path.append({str(PROGRAM)!r}); from pipelines.collect.workbook.reader import main; main()"
    command = [sys.executable, "-P", "-c", start]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=job["cpu_seconds"] * _WAIT_FACTOR,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _ended(f"Reading the workbook did not finish within {job['cpu_seconds'] * _WAIT_FACTOR:,} s.")
    errors = done.stderr.decode("utf-8", errors="replace").strip()
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        if "errno" in answer:
            raise OSError(answer["errno"], answer["strerror"])
        if not answer.get("out_of_memory"):
            return answer
    if done.returncode == 0 or "memory allocation of" in errors:
        more = f"Reading the workbook takes more than {job['memory_bytes'] / 2**20:,.0f} MiB of memory"
        return _ended(f"{more}: it is damaged, or a stray cell is far from the data.")
    if done.returncode == -signal.SIGXCPU:
        return _ended(f"Reading the workbook takes more than {job['cpu_seconds']:,} s of processor time.")
    if done.returncode > 0:
        raise RuntimeError(f"the workbook reader did not start: {errors}")
    return _ended(f"The workbook is damaged: its reader was terminated by signal {-done.returncode}.")


def _ended(found: str) -> dict[str, Any]:
    return {"rule": "file_not_readable", "found": found}
