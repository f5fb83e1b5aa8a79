"""Reads sheets of a workbook (xls, xlsx, ods), as a separate process started by ``sheets``.

A damaged or hostile workbook can make the library take unlimited memory or time, or abort the process. Here that ends
this process only. It imports nothing large, so that it starts quickly.

Input, on stdin: a JSON object with ``path``, ``sheets`` (names, or patterns with ``*``; none: the first that a person
sees), ``left_out`` (patterns of sheets with nothing to read), ``top`` (see ``others``), ``decimal``, ``fills`` (whether
to read colours of cells), ``target``, ``memory_bytes``, ``cpu_seconds`` and ``max_bytes``. Output, on stdout:
``{"sheets": [...], "others": [...]}`` once the rows of the first sheet are in ``target`` with ``.0`` added, of the
second with ``.1`` and so on, one JSON list of texts a line, an empty list for an empty row. Of each sheet there is the
``name``, and ``faults``: row, column (from 0) and what the cell shows that has no value; ``fills``: the same with its
colour; ``hidden``: its hidden rows and columns. ``others`` are sheets with cells that were not asked for, with their
first rows (as many as ``top``) unless they are hidden or left out. Else ``{"rule": ..., "found": ...}``, or
``{"errno": ...}`` where the disk failed.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from pipelines.collect.workbook.cells import (
    Cells,
    Write,
    column_letters,
    find_fills,
    find_in_ods,
    find_in_xls,
    find_in_xlsx,
    has_cells,
    sheet_parts,
)
from pipelines.collect.workbook.hidden import Hidden, find_hidden_in_ods, find_hidden_in_xls, find_hidden_in_xlsx

Cell = str | float | int | bool | date | datetime | time | timedelta | None

_PIECE = 1 << 20
_CELL_BYTES = 32  # of an empty cell, in the reader
_MAX_REFERENCE = 20
# Places of rows and cells (r="9", r="AB9") that are far away: the number of the row, the letters of the column.
_FAR_ROWS = re.compile(rb"""\sr=["'][A-Z]{0,3}(\d{4,7})["']""")
_FAR_COLUMNS = re.compile(rb"""\sr=["']([A-Z]{2,3})\d""")


class Refused(Exception):
    """The workbook cannot be used: the broken rule, what was found, and what else the message needs."""

    def __init__(self, rule: str, found: str, **more: Any) -> None:
        super().__init__(found)
        self.answer = {"rule": rule, "found": found, **more}


class DiskFailed(Exception):
    """The rows cannot be written; the workbook is not at fault."""

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
        return read_sheets(job)
    except Refused as refused:
        return refused.answer
    except MemoryError:
        return {"rule": "file_not_readable", "out_of_memory": True}
    except DiskFailed as failed:
        return {"errno": failed.error.errno, "strerror": failed.error.strerror}
    except PasswordError:
        return {"rule": "file_not_readable", "found": "The workbook is protected by a password."}
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        return {
            "rule": "file_not_readable",
            "found": f"The workbook cannot be read; it is damaged ({_describe(error)}).",
        }


def _describe(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__


def _has_parts_of_a_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.casefold().startswith("xl/") or name == "content.xml" for name in archive.namelist())


def read_sheets(job: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of the sheets asked for, and return the answer.

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
    except Exception as error:  # the library has an error class for each format, and some of Rust
        found = f"The file is not a workbook, or is damaged ({_describe(error)})."
        if zipfile.is_zipfile(path) and not _has_parts_of_a_workbook(path):
            found = "The file is a zip archive, not a workbook; unpack it."
        raise Refused("file_not_readable", found) from error
    find_shown, find_hidden = _finders(path)
    if job["fills"] and find_shown is not find_in_xlsx:
        raise Refused(
            "file_not_readable", "Cell colours (read.fills) can be read only from xlsx; save the workbook as xlsx."
        )
    names = _choose_sheets(workbook, job["sheets"])
    sheets = []
    for number, name in enumerate(names):
        shown = find_shown(path, name, partial(cell_text, decimal=job["decimal"]))
        sheet = workbook.get_sheet_by_name(name)
        _write_rows(sheet, shown, job["decimal"], Path(f"{job['target']}.{number}"), job["max_bytes"])
        faults = [[*place, one.text] for place, one in sorted(shown.items()) if one.is_fault]
        fills = find_fills(path, name) if job["fills"] else {}
        colours = [[*place, one] for place, one in fills.items()]
        hidden = find_hidden(path, name)
        sheets.append({"name": name, "faults": faults, "fills": colours, "hidden": [sorted(one) for one in hidden]})
    return {"sheets": sheets, "others": _other_sheets(path, workbook, names, job)}


def _finders(path: Path) -> tuple[Callable[[Path, str, Write], Cells], Callable[[Path, str], Hidden]]:
    """Return the functions that find, in this kind of workbook, cells that show something else, and hidden rows."""
    if not zipfile.is_zipfile(path):
        return find_in_xls, find_hidden_in_xls
    with zipfile.ZipFile(path) as archive:
        parts = {name.lower() for name in archive.namelist()}
    if "xl/workbook.xml" in parts:
        return find_in_xlsx, find_hidden_in_xlsx
    if "content.xml" in parts:
        return find_in_ods, find_hidden_in_ods
    found = "This kind of workbook (xlsb) does not distinguish errors from empty cells; save it as xlsx."
    raise Refused("file_not_readable", found)


def _check_archive(path: Path, max_bytes: int, memory_bytes: int) -> None:
    """Read every part of an xlsx or ods file: its checksum must be right, and its cells must fit in memory.

    The library verifies the checksums of some parts only.
    """
    last = (0, 0)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
            if size > max_bytes:
                found = f"Decompressed, the workbook has {size / 1024**2:,.0f} MiB."
                raise Refused("file_too_large", found)
            names = Counter(part.filename.lower() for part in archive.infolist())
            if twice := next((name for name, times in names.items() if times > 1), None):
                found = f"The workbook contains the part {twice} twice: which one is shown depends on the program."
                raise Refused("file_not_readable", found)
            for part in archive.infolist():
                is_sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
                reached = _read_part(archive, part)
                last = max(last, reached if is_sheet else last, key=prod)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # a damaged archive raises errors of many types
        raise Refused("file_not_readable", f"The workbook is damaged or locked ({error}).") from error
    if prod(last) * _CELL_BYTES > memory_bytes:
        cell = f"{column_letters(last[1])}{last[0]}"
        raise Refused("cell_far_away", f"The used range of a sheet ends at cell {cell}: {prod(last):,} cells.")


def _read_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Read a part to its end, which compares its checksum, and return its last row and column if it is a sheet.

    A sheet is taken to have 26 columns and 999 rows at least.
    """
    rows, columns, end = 999, 26, b""
    with archive.open(part) as content:
        while piece := content.read(_PIECE):
            text = end + piece
            rows = max([rows, *(int(row) for row in set(_FAR_ROWS.findall(text)))])
            columns = max([columns, *(_column_number(name) for name in set(_FAR_COLUMNS.findall(text)))])
            end = piece[-_MAX_REFERENCE:]
    return rows, columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _choose_sheets(workbook: CalamineWorkbook, wanted: list[str]) -> list[str]:
    """Return the requested sheets in the order of the workbook; by default the first that is visible and no chart.

    A pattern does not match a hidden sheet.
    """
    sheets = workbook.sheets_metadata
    tables = [sheet.name for sheet in sheets if sheet.typ == SheetTypeEnum.WorkSheet]
    seen = [sheet.name for sheet in sheets if sheet.name in tables and sheet.visible == SheetVisibleEnum.Visible]
    hidden = [name for name in tables if name not in seen]
    listed = ", ".join(repr(name) + (" (hidden)" if name in hidden else "") for name in tables) or "none"
    if not wanted and not seen:
        found = f"The workbook has no visible sheet with cells; its sheets with cells: {listed}."
        raise Refused("missing_sheet", found, sheets=tables)
    chosen = set() if wanted else {seen[0]}
    for one in wanted:
        matching = {one} if one in tables else {name for name in seen if "*" in one and fnmatchcase(name, one)}
        if not matching:
            found = f"There is no sheet {one!r} with cells; the workbook has: {listed}."
            raise Refused("missing_sheet", found, sheet=one, sheets=tables)
        chosen |= matching
    times = Counter(sheet.name for sheet in sheets)
    if twice := next((name for name in tables if name in chosen and times[name] > 1), None):
        raise Refused("file_not_readable", f"The workbook has two sheets named {twice!r}; rename one of them.")
    return [name for name in tables if name in chosen]


def _other_sheets(
    path: Path, workbook: CalamineWorkbook, names: list[str], job: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the sheets with cells that are not read, and the first rows of those that a person sees."""
    others = [
        {"name": sheet.name, "hidden": sheet.visible != SheetVisibleEnum.Visible}
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.name not in names
    ]
    if _finders(path)[0] is not find_in_xlsx:  # these are read as a whole by now
        others = [one for one in others if workbook.get_sheet_by_name(str(one["name"])).height]
    else:
        with zipfile.ZipFile(path) as archive:
            parts = sheet_parts(archive)
            others = [one for one in others if has_cells(archive, parts[str(one["name"])])]
    for one in others:
        is_out = one["hidden"] or any(fnmatchcase(str(one["name"]), pattern) for pattern in job["left_out"])
        one["top"] = [] if is_out else _first_rows(workbook.get_sheet_by_name(str(one["name"])), job)
    return others


def _first_rows(sheet: CalamineSheet, job: dict[str, Any]) -> list[list[str]]:
    return [[cell_text(cell, job["decimal"]) for cell in row] for row in islice(sheet.iter_rows(), job["top"])]


def _write_rows(sheet: CalamineSheet, shown: Cells, decimal: str, target: Path, max_bytes: int) -> None:
    """Write the rows from row 1 and column A on, all of one width."""
    before = sheet.start[1] if sheet.start else 0
    width = max([before + sheet.width, *(column + 1 for _, column in shown)])
    by_row: dict[int, dict[int, str]] = {}
    for (place, column), one in shown.items():
        by_row.setdefault(place, {})[column] = one.text
    written = 0
    with _writing(target) as write:
        for number, row in enumerate(_rows_down_to(sheet, max(by_row, default=-1))):
            texts = [""] * before + [cell_text(cell, decimal) for cell in row]
            texts += [""] * (width - len(texts))
            for column, text in by_row.get(number, {}).items():
                texts[column] = text
            written += write(json.dumps(texts if any(texts) else [], ensure_ascii=False) + "\n")
            if written > max_bytes:
                raise Refused("file_too_large", f"The text of the sheet has more than {max_bytes / 1024**2:,.0f} MiB.")


def _rows_down_to(sheet: CalamineSheet, last: int) -> Iterator[Sequence[Cell]]:
    """Yield the rows of a sheet, and empty ones down to this number, as the last may have formulas only."""
    rows = 0
    for row in sheet.iter_rows():
        rows += 1
        yield row
    for _ in range(rows, last + 1):
        yield []


@contextmanager
def _writing(target: Path) -> Iterator[Callable[[str], int]]:
    """Yield a writer to a file whose errors are raised as ``DiskFailed``."""

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


def cell_text(cell: Cell, decimal: str = ".") -> str:
    """Return a cell as text: whole numbers without a decimal mark, others with that of the source, dates as ISO 8601.

    The declared marks are for text. A number is written with the same decimal mark and without thousands marks, so
    that it keeps its value in a column with text such as 1.234,5.

    >>> cell_text(5212000.0), cell_text(0.1), cell_text(" A "), cell_text(None), cell_text(12.345, ",")
    ('5212000', '0.1', 'A', '', '12,345')
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
