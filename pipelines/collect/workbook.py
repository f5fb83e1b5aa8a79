"""Workbooks (xls, xlsx, ods) as rows of text, through python-calamine."""

from __future__ import annotations

import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse
from pipelines.system.settings import Settings
from schemas.errors import nearest_values

_CELL_BYTES = 32  # of an empty cell, in the reader
_LONGEST_REFERENCE = 20
# Places of rows and cells (r="9", r="AB9") that are far away: the number of the row, the letters of the column.
_FAR_ROWS = re.compile(rb"""\sr=["'][A-Z]{0,3}(\d{4,7})["']""")
_FAR_COLUMNS = re.compile(rb"""\sr=["']([A-Z]{2,3})\d""")


def read_sheet(source_id: str, file: RawFile, sheet: str | None, settings: Settings) -> tuple[str, list[list[str]]]:
    """Return the name and the rows of one sheet, every cell as text ('' where empty), row 1 first.

    Args:
        source_id: for messages.
        file: the workbook.
        sheet: name of the sheet; the first one where None.
        settings: size limit, also for the unpacked content of the archive.

    Raises:
        DataRefused: not a workbook, no such sheet, or one that unpacks beyond the limit, also by empty cells.
    """
    if zipfile.is_zipfile(file.path):
        with zipfile.ZipFile(file.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > settings.max_file_mib * 1024**2:
            raise refuse(source_id, file, "file_too_large", f"Unpacked, the workbook has {size / 1024**2:,.0f} MiB.")
        try:
            cells = _largest_area(file.path)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # the last: a password is needed
            raise refuse(
                source_id, file, "file_not_readable", f"The workbook is damaged or locked ({error})."
            ) from error
        if cells * _CELL_BYTES > settings.max_file_mib * 1024**2:
            found = f"A sheet reaches over {cells:,} cells: a stray one stands far from the others."
            raise refuse(source_id, file, "file_too_large", found)
    try:
        workbook = CalamineWorkbook.from_path(str(file.path))
    except CalamineError as error:
        raise refuse(source_id, file, "file_not_readable", f"The file is not a workbook ({error}).") from error
    name = sheet or workbook.sheet_names[0]
    if name not in workbook.sheet_names:
        raise refuse(
            source_id,
            file,
            "missing_sheet",
            f"There is no sheet {name!r}; the workbook has {', '.join(map(repr, workbook.sheet_names))}.",
            sheet=name,
            nearest=nearest_values(name, workbook.sheet_names),
        )
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return name, [[cell_text(cell) for cell in row] for row in rows]


def _largest_area(path: Path) -> int:
    """Return how many cells the largest sheet of an xlsx file reaches over: the reader takes memory for the empty ones.

    A sheet is taken to have 26 columns and 999 rows at least.
    """
    largest = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if not (member.startswith("xl/worksheets/") and member.endswith(".xml")):
                continue
            rows, columns, end = 999, 26, b""
            with archive.open(member) as sheet:
                while piece := sheet.read(1 << 20):
                    text = end + piece
                    rows = max([rows, *(int(row) for row in set(_FAR_ROWS.findall(text)))])
                    columns = max([columns, *(_column_number(name) for name in set(_FAR_COLUMNS.findall(text)))])
                    end = piece[-_LONGEST_REFERENCE:]
            largest = max(largest, rows * columns)
    return largest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def cell_text(cell: str | float | int | bool | date | datetime | time | timedelta | None) -> str:
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
