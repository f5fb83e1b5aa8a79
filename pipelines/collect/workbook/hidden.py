"""Rows and columns that are not visible in a workbook: hidden, filtered out, or of zero size.

Part of the process ``reader``: it imports nothing large.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # expat 2.4 and later refuses entities that grow without end

from pipelines.collect.workbook.cells import attribute_of, read_pieces, sheet_parts, tag_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Hidden = tuple[set[int], set[int]]
"""Rows and columns, counted from 0."""

_IN_XLSX = re.compile(rb"""\s(hidden=["'](1|true)|(ht|width)=["']0)["'.]""")
_IN_ODS = re.compile(rb"""visibility=["'](collapse|filter)""")
_MOST_REPEATED = 100_000
"""The most repeated rows and columns that are expanded: those beyond the last cell do not matter."""


def find_hidden_in_xlsx(path: Path, sheet: str) -> Hidden:
    """Return the hidden rows and columns of a sheet of an xlsx file.

    Raises:
        KeyError: the workbook has no part for the sheet.
    """
    rows: set[int] = set()
    columns: set[int] = set()
    with zipfile.ZipFile(path) as archive:
        part = sheet_parts(archive)[sheet]
        with archive.open(part) as stream:
            if not any(_IN_XLSX.search(piece) for piece in read_pieces(stream)):
                return rows, columns
        row = -1
        with archive.open(part) as stream:
            for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314
                tag = tag_of(element)
                if event == "start" and tag == "row":
                    row = int(element.get("r", row + 2)) - 1
                    if _is_hidden(element, "ht"):
                        rows.add(row)
                elif event == "start" and tag == "col" and _is_hidden(element, "width"):
                    columns.update(range(int(element.get("min", "1")) - 1, int(element.get("max", "0"))))
                elif event == "end" and tag in ("row", "col"):
                    element.clear()
    return rows, columns


def _is_hidden(element: Element, size: str) -> bool:
    return element.get("hidden", "0") in ("1", "true") or element.get(size, "1") in ("0", "0.0")


def find_hidden_in_ods(path: Path, sheet: str) -> Hidden:
    """Return the hidden rows and columns of a sheet of an ods file."""
    rows: set[int] = set()
    columns: set[int] = set()
    with zipfile.ZipFile(path) as archive:
        with archive.open("content.xml") as stream:
            if not any(_IN_ODS.search(piece) for piece in read_pieces(stream)):
                return rows, columns
        inside, row, column = False, 0, 0
        with archive.open("content.xml") as stream:
            for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314
                tag = tag_of(element)
                if event == "start" and tag == "table":
                    inside, row, column = attribute_of(element, "name") == sheet, 0, 0
                elif event == "start" and tag == "table-column":
                    column = _pass(element, "number-columns-repeated", column, columns if inside else set())
                elif event == "start" and tag == "table-row":
                    row = _pass(element, "number-rows-repeated", row, rows if inside else set())
                elif event == "end" and tag == "table-row":
                    element.clear()
    return rows, columns


def _pass(element: Element, repeated: str, place: int, hidden: set[int]) -> int:
    """Return the position after a row or column of an ods file, which may be repeated."""
    number = int(attribute_of(element, repeated) or 1)
    if attribute_of(element, "visibility") in ("collapse", "filter"):
        hidden.update(range(place, place + min(number, _MOST_REPEATED)))
    return place + number


def find_hidden_in_xls(path: Path, sheet: str) -> Hidden:
    """Return the hidden rows and columns of a sheet of an xls file."""
    import xlrd  # only here: no other workbook needs it

    book = xlrd.open_workbook(
        str(path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ignore_workbook_corruption=True
    )
    table = book.sheet_by_name(sheet)
    rows = {row for row, info in table.rowinfo_map.items() if info.hidden or info.height == 0}
    columns = {column for column, info in table.colinfo_map.items() if info.hidden or info.width == 0}
    return rows, columns
