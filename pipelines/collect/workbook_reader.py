"""Reads one sheet of a workbook (xls, xlsx, ods), as a program of its own that ``workbook`` starts.

A damaged or hostile workbook can make its reader take memory or time without end, or abort the process. Here that ends
this program only. It imports nothing of the package and no large library, so that it starts in a moment.

Input, on stdin: a JSON object with ``path``, ``sheet`` (null: the first), ``target``, ``memory_bytes``,
``cpu_seconds`` and ``max_bytes``. Output, on stdout: ``{"sheet": name}`` once the rows are in ``target``, one JSON list
of texts a line, an empty list for an empty row; else ``{"rule": ..., "found": ...}``, or ``{"errno": ...}`` where the
disk failed.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

Cell = str | float | int | bool | date | datetime | time | timedelta | None

_PIECE = 1 << 20
_CELL_BYTES = 32  # of an empty cell, in the reader
_MAX_REFERENCE = 20
# Places of rows and cells (r="9", r="AB9") that are far away: the number of the row, the letters of the column.
_FAR_ROWS = re.compile(rb"""\sr=["'][A-Z]{0,3}(\d{4,7})["']""")
_FAR_COLUMNS = re.compile(rb"""\sr=["']([A-Z]{2,3})\d""")


class Refused(Exception):
    """The workbook cannot be used: the rule that it breaks, what was found, and what else the message needs."""

    def __init__(self, rule: str, found: str, **more: Any) -> None:
        super().__init__(found)
        self.answer = {"rule": rule, "found": found, **more}


class DiskFailed(Exception):
    """The rows cannot be written: nothing is wrong with the workbook."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def main() -> None:
    """Answer one request."""
    job = json.load(sys.stdin)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, job["cpu_seconds"])
    _limit(resource.RLIMIT_AS, job["memory_bytes"])
    sys.stdout.write(json.dumps(_answer(job)))


def _limit(kind: int, amount: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"sheet": read_sheet(job)}
    except Refused as refused:
        return refused.answer
    except MemoryError:
        return {"rule": "file_not_readable", "out_of_memory": True}
    except DiskFailed as failed:
        return {"errno": failed.error.errno, "strerror": failed.error.strerror}
    except PasswordError:
        return {"rule": "file_not_readable", "found": "The workbook is locked with a password."}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        return {"rule": "file_not_readable", "found": f"The workbook cannot be read; it is damaged ({error})."}


def read_sheet(job: dict[str, Any]) -> str:
    """Write the rows of a sheet and return its name.

    Raises:
        Refused: the file is not a workbook, is damaged, has no such sheet, or is too large.
    """
    path = Path(job["path"])
    if zipfile.is_zipfile(path):
        _check_archive(path, job["max_bytes"], job["memory_bytes"])
    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except (PasswordError, MemoryError):
        raise
    except Exception as error:
        raise Refused("file_not_readable", f"The file is not a workbook, or is damaged ({error}).") from error
    name = _choose_sheet(workbook, job["sheet"])
    _write_rows(workbook.get_sheet_by_name(name), Path(job["target"]), job["max_bytes"])
    return name


def _check_archive(path: Path, max_bytes: int, memory_bytes: int) -> None:
    """Read every part of an xlsx or ods file: its checksum must be right, and its cells must fit in memory.

    The reader of workbooks compares the checksums of some parts only.
    """
    cells = 0
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
            if size > max_bytes:
                found = f"Decompressed, the workbook has {size / 1024**2:,.0f} MiB."
                raise Refused("file_too_large", found)
            for part in archive.infolist():
                is_sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
                area = _read_part(archive, part)
                cells = max(cells, area if is_sheet else 0)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # what a damaged archive raises is of many kinds
        raise Refused("file_not_readable", f"The workbook is damaged or locked ({error}).") from error
    if cells * _CELL_BYTES > memory_bytes:
        found = f"The used range of a sheet is {cells:,} cells; probably one stray cell is far from the data."
        raise Refused("file_too_large", found)


def _read_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Read a part to its end, which compares its checksum, and return how many cells it reaches over if it is a sheet.

    A sheet is taken to have 26 columns and 999 rows at least.
    """
    rows, columns, end = 999, 26, b""
    with archive.open(part) as content:
        while piece := content.read(_PIECE):
            text = end + piece
            rows = max([rows, *(int(row) for row in set(_FAR_ROWS.findall(text)))])
            columns = max([columns, *(_column_number(name) for name in set(_FAR_COLUMNS.findall(text)))])
            end = piece[-_MAX_REFERENCE:]
    return rows * columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _choose_sheet(workbook: CalamineWorkbook, wanted: str | None) -> str:
    """Return the requested sheet, else the first one that a person sees: neither hidden nor a chart."""
    sheets = workbook.sheets_metadata
    tables = [sheet.name for sheet in sheets if sheet.typ == SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in sheets if sheet.name in tables and sheet.visible == SheetVisibleEnum.Visible]
    listed = ", ".join(map(repr, tables)) or "none"
    if wanted is None and not seen:
        found = f"The workbook has no visible sheet with cells; its sheets with cells: {listed}."
        raise Refused("missing_sheet", found, sheets=tables)
    if wanted is not None and wanted not in tables:
        found = f"There is no sheet {wanted!r} with cells; the workbook has: {listed}."
        raise Refused("missing_sheet", found, sheets=tables)
    return seen[0] if wanted is None else wanted


def _write_rows(sheet: CalamineSheet, target: Path, max_bytes: int) -> None:
    """Write the rows from row 1 and column A on."""
    left = [""] * (sheet.start[1] if sheet.start else 0)
    lines = (_line(left, [cell_text(cell) for cell in row]) for row in sheet.iter_rows())
    written = 0
    with _writing(target) as write:
        for line in lines:
            written += write(line)
            if written > max_bytes:
                raise Refused("file_too_large", f"The text of the sheet has more than {max_bytes / 1024**2:,.0f} MiB.")


def _line(left: list[str], texts: list[str]) -> str:
    return json.dumps([*left, *texts] if any(texts) else [], ensure_ascii=False) + "\n"


@contextmanager
def _writing(target: Path) -> Iterator[Callable[[str], int]]:
    """Yield a writer to a file; a failure of the disk is distinguished from one of the workbook."""

    def write(text: str) -> int:
        try:
            return out.write(text)
        except OSError as error:
            raise DiskFailed(error) from error

    try:
        out = target.open("w", encoding="utf-8")
    except OSError as error:
        raise DiskFailed(error) from error
    try:
        yield write
    finally:
        try:
            out.close()
        except OSError as error:
            raise DiskFailed(error) from error


def cell_text(cell: Cell) -> str:
    """Return a cell as text: whole numbers without a decimal point, dates as ISO 8601.

    >>> cell_text(5212000.0), cell_text(0.1), cell_text(" A "), cell_text(None)
    ('5212000', '0.1', 'A', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


if __name__ == "__main__":
    main()
