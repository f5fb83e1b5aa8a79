"""Workbooks (xls, xlsx, ods) as rows of text, through python-calamine."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from pipelines.acquire import RawFile
from pipelines.decode import refuse
from pipelines.errors import nearest_values
from pipelines.settings import Settings


def read_sheet(source_id: str, file: RawFile, sheet: str | None, settings: Settings) -> tuple[str, list[list[str]]]:
    """Return the name and the rows of one sheet, every cell as text ('' where empty), row 1 first.

    Args:
        source_id: for messages.
        file: the workbook.
        sheet: name of the sheet; the first one where None.
        settings: size limit, also for the unpacked content of the archive.

    Raises:
        DataRefused: not a workbook, no such sheet, or an archive that unpacks beyond the limit.
    """
    if zipfile.is_zipfile(file.path):
        with zipfile.ZipFile(file.path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > settings.max_file_mib * 1024**2:
            raise refuse(source_id, file, "file_too_large", f"Unpacked, the workbook has {size / 1024**2:,.0f} MiB.")
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
