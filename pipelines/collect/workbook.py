"""Workbooks (xls, xlsx, ods) as rows of text, read in a process of their own within limits of memory and time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse
from pipelines.system.settings import Settings
from schemas.errors import nearest_values

MEMORY_BYTES = 2 * 2**30
"""What reading one workbook may take: of a sheet of 20 columns, about a million rows."""
_CPU_SECONDS, _CPU_SECONDS_PER_MIB = 30, 3
_WAIT_FACTOR = 20  # real time for processor time, on a machine that does other work as well

_READER = Path(__file__).with_name("workbook_reader.py")


def read_sheet(
    source_id: str, file: RawFile, sheet: str | None, settings: Settings, target: Path
) -> tuple[str, list[list[str]]]:
    """Return the name and the rows of one sheet, every cell as text ('' where empty), row 1 first; an empty row is [].

    Args:
        source_id: for messages.
        file: the workbook.
        sheet: name of the sheet; where None, the first one that is visible and has cells.
        settings: size limit, also for the decompressed content.
        target: file to write in between; deleted at the end.

    Raises:
        DataRefused: not a workbook, a damaged one, no such sheet, or one that takes more memory or time than allowed.
    """
    cpu_seconds = _CPU_SECONDS + int(file.size / 2**20 * _CPU_SECONDS_PER_MIB)
    job = {
        "path": str(file.path),
        "sheet": sheet,
        "target": str(target),
        "memory_bytes": MEMORY_BYTES,
        "cpu_seconds": cpu_seconds,
        "max_bytes": settings.max_file_mib * 2**20,
    }
    try:
        answer = _ask_reader(job)
        if "rule" in answer:
            sheets = answer.get("sheets")
            place = {"sheet": sheet, "nearest": nearest_values(sheet, sheets)} if sheet and sheets else {}
            raise refuse(source_id, file, answer["rule"], answer["found"], **place)
        with target.open(encoding="utf-8") as lines:
            return answer["sheet"], [json.loads(line) for line in lines]
    finally:
        target.unlink(missing_ok=True)


def _ask_reader(job: dict[str, Any]) -> dict[str, Any]:
    """Start the reader, and return its answer; where it was ended before it could give one, why."""
    # -P: a file in the current folder must not take the place of a library.
    command = [sys.executable, "-P", str(_READER)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=job["cpu_seconds"] * _WAIT_FACTOR,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _ended(f"Reading the workbook did not end within {job['cpu_seconds'] * _WAIT_FACTOR:,} s.")
    said = done.stderr.decode("utf-8", errors="replace").strip()
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        if "errno" in answer:
            raise OSError(answer["errno"], answer["strerror"])
        if not answer.get("out_of_memory"):
            return answer
    if done.returncode == 0 or "memory allocation of" in said:
        more = f"Reading the workbook takes more than {job['memory_bytes'] / 2**20:,.0f} MiB of memory"
        return _ended(f"{more}: it is damaged, or a stray cell is far from the data.")
    if done.returncode == -signal.SIGXCPU:
        return _ended(f"Reading the workbook takes more than {job['cpu_seconds']:,} s of processor time.")
    if done.returncode > 0:
        raise RuntimeError(f"the reader of workbooks did not start: {said}")
    return _ended(f"The workbook is damaged: its reader was ended by signal {-done.returncode}.")


def _ended(found: str) -> dict[str, Any]:
    return {"rule": "file_not_readable", "found": found}
