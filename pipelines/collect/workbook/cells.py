"""Cells of a workbook that show something else than the library reads: errors, uncalculated formulas, superscripts.

Rule: a number is what the sheet shows. The library reads an error (#REF!) and a formula that was never calculated as an
empty cell, 1876 with a superscript 2 as 18762, 4 where the format of the cell shows <5, and for a cell with a damaged
reference to a shared text the first of these texts. Part of the process ``reader``: it imports nothing large.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from posixpath import join, normpath
from typing import IO, TYPE_CHECKING
from xml.etree import ElementTree as ET  # expat 2.4 and later refuses entities that grow without end

from pipelines.collect.workbook.formats import built_in, shown_as, shown_by

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PIECE = 1 << 20
_OVERLAP = 512
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384  # of a sheet, in every program
_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
_LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,'’\s]*")
_ERROR = re.compile(r"#[A-Z/0]+[!?]?|#N/A|Err:[0-9]+")
_SUSPECT = re.compile(
    rb"""\st\s*=\s*["']e["']|(super|sub)script|</(\w+:)?f>\s*<(/|(\w+:)?v\s*/>|(\w+:)?v>\s*</)"""
    rb"""|<(\w+:)?f\b[^>]*/>\s*<(/|(\w+:)?v\s*/>|(\w+:)?v>\s*</)"""
    rb"""|\st\s*=\s*["']s["'][^<]*<(\w+:)?v\b[^>]*>(?![0-9]+<|<)"""
)
_FORMULA = re.compile(rb"<(\w+:)?f[\s>]")


@dataclass(frozen=True)
class Shown:
    """What a cell shows; ``is_fault`` if that is not a value: an error, or a formula without a result."""

    text: str
    is_fault: bool = False


Cells = dict[tuple[int, int], Shown]
"""By row and column, counted from 0."""
Write = Callable[[float], str]
Show = Callable[[float, Write], str | None]


def find_in_xlsx(path: Path, sheet: str, write: Write) -> Cells:
    """Return what cells of a sheet of an xlsx file show.

    Args:
        path: the file.
        sheet: its name.
        write: how a number is written.

    Raises:
        KeyError: the workbook has no part for the sheet.
    """
    with zipfile.ZipFile(path) as archive:
        part = sheet_parts(archive)[sheet]
        uncalculated = _is_uncalculated(archive)
        strings, formats = _raised_strings(archive), _style_formats(archive)
        with archive.open(part) as stream:
            if not strings and not _has_suspect(stream, uncalculated, list(formats)):
                return {}
        with archive.open(part) as stream:
            cells = ((place, cell, formats.get(cell.get("s", "0"))) for place, cell in _xlsx_elements(stream))
            shown = ((place, _shown_in_xlsx(cell, strings, uncalculated, show, write)) for place, cell, show in cells)
            return {place: one for place, one in shown if one is not None}


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of an xlsx file that holds each sheet, by the sheet's name."""
    book = next((name for name in archive.namelist() if name.lower() == "xl/workbook.xml"), None)
    if book is None:
        return {}
    folder, name = book.rsplit("/", 1)
    links = {link.get("Id"): link.get("Target", "") for link in _tree(archive, f"{folder}/_rels/{name}.rels")}
    parts = {}
    for element in _tree(archive, book).iter():
        if tag_of(element) == "sheet":
            link = next((value for key, value in element.items() if key.endswith("}id")), None)
            target = links.get(link, "")
            parts[element.get("name", "")] = (
                target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
            )
    return parts


def find_fills(path: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Return the fill colours of cells of a sheet of an xlsx file: ``FFEA00``, or the file's name of it (``theme 4``).

    White and patterns without a colour do not count. A colour that depends on the value of the cell (conditional
    formatting) is not stored in the cell and not found.

    Raises:
        KeyError: the workbook has no part for the sheet.
    """
    with zipfile.ZipFile(path) as archive:
        colours = _style_colours(archive)
        with archive.open(sheet_parts(archive)[sheet]) as stream:
            coloured = ((place, colours.get(cell.get("s", "0"))) for place, cell in _xlsx_elements(stream))
            return {place: colour for place, colour in coloured if colour}


def _style_parts(archive: zipfile.ZipFile, name: str) -> list[Element]:
    """Return one list of the style sheet, such as ``fills``; ``cellXfs`` has the styles of cells."""
    part = next((one for one in archive.namelist() if one.lower() == "xl/styles.xml"), None)
    if part is None:
        return []
    return [element for elements in _tree(archive, part) if tag_of(elements) == name for element in elements]


def _style_colours(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the fill colour of each cell style that has one, by number."""
    fills = [_fill_colour(fill) for fill in _style_parts(archive, "fills")]
    styles = _style_parts(archive, "cellXfs")
    numbered = {str(number): int(style.get("fillId", "0")) for number, style in enumerate(styles)}
    return {number: fills[fill] for number, fill in numbered.items() if fill < len(fills) and fills[fill]}


def _style_formats(archive: zipfile.ZipFile) -> dict[str, Show]:
    """Return the formatter of each cell style that shows something else than the number, by number of the style."""
    codes = {one.get("numFmtId", ""): one.get("formatCode", "") for one in _style_parts(archive, "numFmts")}
    found = {}
    for number, style in enumerate(_style_parts(archive, "cellXfs")):
        named = style.get("numFmtId", "0")
        if (show := shown_by(codes.get(named, built_in(named)) or "General")) is not None:
            found[str(number)] = show
    return found


def _fill_colour(fill: Element) -> str:
    for pattern in fill:
        colour = next((one for one in pattern if tag_of(one) == "fgColor"), None)
        if pattern.get("patternType", "none") in ("none", "gray125") or colour is None:
            return "gradient" if tag_of(pattern) == "gradientFill" else ""
        rgb = colour.get("rgb", "")
        if rgb:
            return "" if rgb[-6:].upper() == "FFFFFF" else rgb[-6:].upper()
        named = {name: colour.get(name) for name in ("theme", "indexed", "tint") if colour.get(name)}
        return (
            ""
            if named in ({"theme": "0"}, {"indexed": "9"}, {"indexed": "1"})
            else " ".join(f"{name} {value}" for name, value in named.items())
        )
    return ""


def has_cells(archive: zipfile.ZipFile, part: str) -> bool:
    """Tell whether a sheet of an xlsx file has a cell with a value."""
    with archive.open(part) as stream:
        return any(re.search(rb"<(\w+:)?(v|is)[\s>]", piece) for piece in read_pieces(stream))


def _is_uncalculated(archive: zipfile.ZipFile) -> bool:
    """Whether the results of formulas are still to be calculated; programs that cannot do so write 0 instead."""
    with archive.open("xl/workbook.xml") as stream:
        return re.search(rb"""fullCalcOnLoad\s*=\s*["'](1|true)["']""", stream.read()) is not None


def _tree(archive: zipfile.ZipFile, part: str) -> Element:
    with archive.open(part) as stream:
        return ET.parse(stream).getroot()  # noqa: S314


def tag_of(element: Element) -> str:
    """Return the tag of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def read_pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield a part in overlapping chunks of 1 MiB, so that a short pattern is always within one."""
    end = b""
    while piece := stream.read(_PIECE):
        yield end + piece
        end = piece[-_OVERLAP:]


def _has_suspect(stream: IO[bytes], uncalculated: bool, styles: list[str]) -> bool:
    patterns = [_SUSPECT, *([_FORMULA] if uncalculated else [])]
    if styles:
        patterns.append(re.compile(rf"""\ss=["']({"|".join(styles)})["']""".encode()))
    return any(pattern.search(piece) for piece in read_pieces(stream) for pattern in patterns)


def _raised_strings(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the shared strings, by number, that are a number with a superscript or subscript note mark."""
    name = next((name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        return {}
    with archive.open(name) as stream:
        if not any(re.search(rb"(super|sub)script", piece) for piece in read_pieces(stream)):
            return {}
    found, number = {}, 0
    with archive.open(name) as stream:
        for _, element in ET.iterparse(stream):  # noqa: S314
            if tag_of(element) == "si":
                if (text := _raised_text(element)) is not None:
                    found[str(number)] = text
                number += 1
                element.clear()
    return found


def _raised_text(item: Element) -> str | None:
    runs = []
    for run in item:
        text = "".join(child.text or "" for child in run if tag_of(child) == "t")
        position = next((one.get("val", "") for one in run.iter() if tag_of(one) == "vertAlign"), "")
        runs.append((run.text or "" if tag_of(run) == "t" else text if tag_of(run) == "r" else "", position))
    return mark_raised(runs)


def mark_raised(runs: Iterable[tuple[str, str]]) -> str | None:
    """Return a number with its raised or lowered digits marked as such; None if it is not such a number.

    Args:
        runs: parts of the text, each with ``superscript``, ``subscript`` or something else.

    >>> mark_raised([("1876", ""), ("2", "superscript")])
    '1876²'
    >>> mark_raised([("Homicide", ""), ("2", "superscript")])
    """
    signs = {"superscript": _RAISED, "subscript": _LOWERED}
    parts = list(runs)
    base = "".join(text for text, position in parts if position not in signs)
    if all(position not in signs for _, position in parts) or not _NUMBER.fullmatch(base.strip()):
        return None
    return "".join(text.translate(signs.get(position, {})) for text, position in parts)


def _xlsx_elements(stream: IO[bytes]) -> Iterator[tuple[tuple[int, int], Element]]:
    """Yield the element of each cell of a sheet with its row and column, from 0; it is cleared afterwards."""
    row = column = -1
    for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314
        tag = tag_of(element)
        if event == "start" and tag == "row":
            row, column = int(element.get("r", row + 2)) - 1, -1
        elif event == "start" and tag == "c":
            column = _column(element.get("r", ""), column + 1)
        elif tag == "c":
            yield (row, column), element
            element.clear()
        elif tag == "row":
            element.clear()


def _column(reference: str, otherwise: int) -> int:
    """Return the number, from 0, of the column that a reference like AB9 names."""
    number = 0
    for letter in reference.rstrip("0123456789").upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1 if number else otherwise


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 1.

    >>> column_letters(1), column_letters(28), column_letters(16384)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def _shown_in_xlsx(
    cell: Element, strings: dict[str, str], uncalculated: bool, show: Show | None, write: Write
) -> Shown | None:
    kind = cell.get("t", "n")
    parts = {tag_of(child): child for child in cell}
    number = (parts["v"].text or "") if "v" in parts else ""
    value = number.strip()
    if kind == "s" and number and not re.fullmatch("[0-9]+", number):  # the reader would take the first text of all
        return Shown(f"damaged reference to a text ({number})", is_fault=True)
    if kind == "e":
        return Shown(value or "#ERROR!", is_fault=True)
    if "f" in parts and kind not in ("str", "inlineStr") and (not value or (uncalculated and value == "0")):
        return Shown(f"={parts['f'].text or ''}", is_fault=True)
    if kind == "n":
        text = show(float(value), write) if show is not None and value else None
    else:
        text = strings.get(value) if kind == "s" else _raised_text(parts["is"]) if "is" in parts else None
    return Shown(text) if text is not None else None


def find_in_ods(path: Path, sheet: str, write: Write) -> Cells:
    """Return what cells of a sheet of an ods file show; numbers are written by ``write``."""
    with zipfile.ZipFile(path) as archive:
        styles: dict[str, str] = {}
        for part in ("styles.xml", "content.xml"):
            if part in archive.namelist():
                with archive.open(part) as stream:
                    styles |= _raised_styles(stream)
        with archive.open("content.xml") as stream:
            return dict(_ods_cells(stream, sheet, styles, write))


def _raised_styles(stream: IO[bytes]) -> dict[str, str]:
    """Return the styles of superscript and subscript text."""
    styles, name = {}, ""
    for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314
        tag = tag_of(element)
        if event == "start" and tag == "style":
            name = attribute_of(element, "name")
        elif event == "start" and tag == "text-properties":
            height = attribute_of(element, "text-position").split(" ")[0]
            if height and height.strip("-0%"):
                styles[name] = "subscript" if height == "sub" or height.startswith("-") else "superscript"
        elif event == "end" and tag == "body":
            break
        elif event == "end" and tag == "table-row":
            element.clear()
    return styles


def _ods_cells(
    stream: IO[bytes], sheet: str, styles: dict[str, str], write: Write
) -> Iterator[tuple[tuple[int, int], Shown]]:
    inside, row, column, rows = False, 0, 0, 1
    around: list[tuple[bool, int, int, int]] = []  # of a table that stands within another: not read
    for event, element in ET.iterparse(stream, ("start", "end")):  # noqa: S314
        tag = tag_of(element)
        if event == "start" and tag == "table":
            around.append((inside, row, column, rows))
            inside, row = len(around) == 1 and attribute_of(element, "name") == sheet, 0
        elif event == "end" and tag == "table":
            inside, row, column, rows = around.pop()
        elif event == "start" and tag == "table-row":
            column, rows = 0, _times(element, "number-rows-repeated")
        elif event == "end" and tag in ("table-cell", "covered-table-cell"):
            columns = _times(element, "number-columns-repeated")
            if inside and attribute_of(element, "value-type"):
                _check_end(row + rows, column + columns)
            if inside and (shown := _shown_in_ods(element, styles, write)) is not None:
                for place in product(range(row, row + rows), range(column, column + columns)):
                    yield place, shown
            column += columns
        elif event == "end" and tag == "table-row":
            row += rows
            element.clear()


def _times(element: Element, name: str) -> int:
    """How many identical rows or cells an element of an ods file represents."""
    return int(attribute_of(element, name) or 1)


def _check_end(row: int, column: int) -> None:
    """Refuse a value beyond the last row or column of any program: the library would silently omit it."""
    if row > _MOST_ROWS or column > _MOST_COLUMNS:
        raise ValueError(f"there is a value beyond row {_MOST_ROWS:,} or column {_MOST_COLUMNS:,}")


def _shown_in_ods(cell: Element, styles: dict[str, str], write: Write) -> Shown | None:
    paragraphs = [child for child in cell if tag_of(child) == "p"]
    text = " ".join("".join(paragraph.itertext()) for paragraph in paragraphs).strip()
    formula = attribute_of(cell, "formula")
    kinds = {value for key, value in cell.items() if key.endswith("}value-type")}
    if "error" in kinds or (formula and _ERROR.fullmatch(text)):
        return Shown(text or "#ERROR!", is_fault=True)
    if formula and not kinds:
        return Shown(formula.partition(":")[2] or formula, is_fault=True)
    if styles and len(paragraphs) == 1 and "string" in kinds:
        raised = mark_raised(_spans(paragraphs[0], styles, ""))
        return Shown(raised) if raised is not None else None
    if paragraphs and kinds & {"float", "percentage"}:
        if not attribute_of(cell, "value"):  # its reader takes the cell for blank
            return Shown(text)
        number = float(attribute_of(cell, "value"))
        shown = shown_as(text, number, write)
        return Shown(shown) if shown is not None else None
    return None


def _spans(element: Element, styles: dict[str, str], position: str) -> Iterator[tuple[str, str]]:
    own = styles.get(attribute_of(element, "style-name"), position)
    yield element.text or "", own
    for child in element:
        yield from _spans(child, styles, own)
        yield child.tail or "", own


def attribute_of(element: Element, name: str) -> str:
    """Return an attribute of an element by its name without namespace; an empty text if there is none."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def find_in_xls(path: Path, sheet: str, write: Write) -> Cells:
    """Return what cells of a sheet of an xls file show; numbers are written by ``write``."""
    import xlrd  # only here: no other workbook needs it

    book = xlrd.open_workbook(
        str(path), logfile=io.StringIO(), formatting_info=True, on_demand=True, ignore_workbook_corruption=True
    )
    table = book.sheet_by_name(sheet)
    found = {}
    for row in range(table.nrows):
        for column, kind in enumerate(table.row_types(row)):
            if kind == xlrd.XL_CELL_ERROR:
                text = xlrd.error_text_from_code.get(table.cell_value(row, column), "#ERROR!")
                found[row, column] = Shown(text, is_fault=True)
            elif kind == xlrd.XL_CELL_NUMBER:
                style = book.format_map.get(book.xf_list[table.cell_xf_index(row, column)].format_key)
                show = shown_by(style.format_str or "General") if style is not None else None
                shown = show(table.cell_value(row, column), write) if show is not None else None
                if shown is not None:
                    found[row, column] = Shown(shown)
    for (row, column), changes in table.rich_text_runlist_map.items():
        text = str(table.cell_value(row, column))
        cuts = [0, *(start for start, _ in changes), len(text)]
        places = [
            "",
            *({1: "superscript", 2: "subscript"}.get(book.font_list[font].escapement, "") for _, font in changes),
        ]
        raised = mark_raised(
            (text[one:other], place) for one, other, place in zip(cuts, cuts[1:], places, strict=False)
        )
        if raised is not None:
            found[row, column] = Shown(raised)
    return found
