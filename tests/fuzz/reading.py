"""Reads changed files as a run would, and again with other libraries; says what differs.

The outcome of one input is ``same`` (accepted, and every row and text is what the other library reads), ``accepted``
(the other library could not read it), ``refused`` (with file and rule), or a fault: ``exception``, ``differs``,
``no place``, ``slow``.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import resource
import shutil
import traceback
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random

import openpyxl
import pyarrow.parquet as pq
import xlrd
from mutators import OF_FORMAT

from pipelines.collect.acquire import RawFile, acquire
from pipelines.collect.read import FILL, read_table
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.source import SourceFolder, list_sources

TESTS = Path(__file__).parents[1]
FAULTS = ("exception", "differs", "no place", "slow")
_SLOW = 60.0
Rows = dict[tuple[str | None, int], list[object]]  # by sheet and row, from 1


@dataclass(frozen=True)
class Base:
    """A good file: its source, its name, its format and its bytes."""

    source: SourceFolder
    name: str
    format: str
    content: bytes


@dataclass(frozen=True)
class Found:
    """What became of one input."""

    outcome: str
    said: str = ""


@cache
def load_bases() -> tuple[Base, ...]:
    """The small files of the tests, of every format."""
    packaged = list_sources()
    own = list_sources(TESTS / "harmonise" / "incidents" / "sources")["xx_test_incidents"]
    paths = [
        (packaged[path.parent.name], path)
        for path in sorted(TESTS.glob("extracts/*/*"))
        if path.parent.name in packaged
    ]
    paths += [
        (packaged["co_policia_homicides"], path) for path in sorted(TESTS.glob("golden/co_policia_homicides/*.xls*"))
    ]
    paths += [(packaged["co_dane_population"], path) for path in sorted(TESTS.glob("golden/co_dane_population/*.xls*"))]
    of_ods = next(iter(list_sources(TESTS / "cases" / "error_cells_ods" / "source").values()))
    bases = [
        Base(folder, path.name, kind, path.read_bytes())
        for folder, path in paths
        if path.name != "expected.csv" and (kind := _format(path.name)) is not None and path.stat().st_size < 60_000
    ]
    return (
        *bases,
        Base(of_ods, "a.ods", "ods", _ods()),
        Base(own, "a.parquet", "parquet", _parquet()),
        Base(own, "a.csv", "csv", _incidents()),
    )


def _format(name: str) -> str | None:
    end = name.lower().rsplit(".", 1)[-1]
    return {"tsv": "csv", "txt": "csv"}.get(end, end if end in OF_FORMAT else None)


def _incidents() -> bytes:
    rows = [f"F{n},2021-{n % 12 + 1:02},MX-JAL,H1,man,{n},Person {n}" for n in range(40)]
    return "\n".join(["folio,day,place,offence,sex,age,name", *rows, ""]).encode()


def _ods() -> bytes:
    texts = [
        ["area", "offence", "year"],
        *([area, "HOM", str(year)] for area in ("MX", "ES") for year in range(2010, 2020)),
    ]
    cell = '<table:table-cell office:value-type="{}"{}><text:p>{}</text:p></table:table-cell>'
    rows = [
        "<table:table-row>"
        + "".join(cell.format("string", "", text) for text in row)
        + (cell.format("float", f' office:value="{n}"', n) if n else cell.format("string", "", "n"))
        + "</table:table-row>"
        for n, row in enumerate(texts)
    ]
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        parts.writestr("mimetype", kind)
        parts.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
        parts.writestr(
            "content.xml",
            f"<office:document-content{spaces}><office:body><office:spreadsheet><table:table table:name='S'>"
            f"{''.join(rows)}</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return out.getvalue()


def _parquet() -> bytes:
    import pyarrow.csv

    out = io.BytesIO()
    pq.write_table(pyarrow.csv.read_csv(io.BytesIO(_incidents())), out)
    return out.getvalue()


def try_one(base: Base, mutator: str, chance: Random, folder: Path) -> Found:
    """Change a file, read it, and judge what comes of it."""
    given, work = folder / base.source.source_id, folder / "work"
    for path in (given, work):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    try:
        content = OF_FORMAT[base.format][mutator](base.content, chance)
    except Exception as error:  # the mutator found nothing to change
        return Found("not changed", str(error))
    (given / base.name).write_bytes(content)
    settings = Settings(data=folder / "data", threads=1)
    start = _processor_seconds()
    try:
        found = [
            Found("differs", text)
            if (text := _compare(base, file, content, target))
            else Found(_accepted(base, content))
            for file, target in _read(base, settings, given, work)
        ]
        outcome = next(
            (one for one in found if one.outcome in FAULTS), found[0] if found else Found("refused", "nothing")
        )
    except DataRefused as refused:
        without = [str(one) for one in refused.problems if one.file is None]
        outcome = Found("no place", without[0]) if without else Found("refused", refused.problems[0].rule)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        outcome = Found("exception", traceback.format_exc())
    seconds = _processor_seconds() - start
    return Found("slow", f"{seconds:.0f} s of the processor") if seconds > _SLOW else outcome


def _processor_seconds() -> float:
    """What this process and those that it began have used: a busy machine makes nothing slow."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _read(base: Base, settings: Settings, given: Path, work: Path) -> Iterator[tuple[RawFile, Path]]:
    acquired = acquire(base.source, settings, given)
    with connect(settings) as connection:
        for number, file in enumerate(acquired.files):
            target = work / f"raw-{number}.parquet"
            read_table(connection, base.source, file, settings, target)
            yield file, target


def _accepted(base: Base, content: bytes) -> str:
    return "same" if _other_rows(base, content, 0) else "accepted"


def _compare(base: Base, file: RawFile, content: bytes, target: Path) -> str:
    """Say what the rows that were read have that another library does not read there, or the other way round."""
    expected = _other_rows(base, content, file.layout)
    if not expected:
        return ""
    table = pq.read_table(target)
    colours = [f"{name}{FILL}" for name in table.column_names]  # these are no cells: openpyxl's rows have none
    names = [name for name in table.column_names if name not in ("_file", "_sheet", "_row", *colours)]
    places = list(zip(table["_sheet"].to_pylist(), table["_row"].to_pylist(), strict=True))
    columns = [table[name].to_pylist() for name in names]
    for n, place in enumerate(places):
        read = [column[n] for column in columns]
        other = expected.get(place)
        if other is None:
            return f"{place}: read {read[:6]}, which the other library has not"
        if not all(_alike(one, two) for one, two in zip(read, [*other, *[None] * len(read)], strict=False)):
            return f"{place}: read {read[:12]}, the other library {other[:12]}"
    options = base.source.source.layouts[file.layout].read
    if options.footer is None and base.format in ("csv", "gz", "parquet") and places:
        first = min(row for _, row in places)
        lost = [
            place for place, row in expected.items() if place not in set(places) and place[1] > first and _filled(row)
        ]
        if lost:
            return f"not read: {lost[:3]}, {expected[lost[0]][:6]}"
    return ""


def _filled(row: list[object]) -> bool:
    return any(value is not None and str(value).strip() for value in row)


def _alike(read: object, other: object) -> bool:
    """Whether two libraries read the same: numbers by value, texts without blanks; dates are not compared."""
    if other is None or not isinstance(other, (str, int, float)) or isinstance(other, bool):
        return other is not None or read is None or not str(read).strip()
    if isinstance(other, str):
        return "".join(str(read or "").split()) == "".join(other.split())
    try:
        return abs(float(str(read)) - other) <= 1e-9 * max(abs(other), 1)
    except ValueError:
        return not str(read).replace(".", "").isdigit()  # a number that is shown as a date


def _other_rows(base: Base, content: bytes, layout: int) -> Rows:
    """The rows as another library reads them; none where it cannot."""
    options = base.source.source.layouts[layout].read
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if base.format in ("csv", "gz"):
                unpacked = gzip.decompress(content) if base.format == "gz" else content
                return _csv_rows(unpacked.decode(options.encoding), options.delimiter)
            if base.format == "parquet":
                rows = zip(*(column.to_pylist() for column in pq.read_table(io.BytesIO(content)).columns), strict=True)
                return {(None, number): [_of_parquet(value) for value in row] for number, row in enumerate(rows, 1)}
            if base.format == "xls":
                book = xlrd.open_workbook(file_contents=content, logfile=io.StringIO())
                return {
                    (sheet.name, n + 1): [_of_xls(cell) for cell in sheet.row(n)]
                    for sheet in book.sheets()
                    for n in range(sheet.nrows)
                }
            if base.format == "xlsx":
                if _has_unknown_kind(content) or _has_damaged_reference(content):
                    return {}
                workbook = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
                return {
                    (sheet.title, n): list(row)
                    for sheet in workbook.worksheets
                    for n, row in enumerate(sheet.iter_rows(values_only=True), 1)
                }
    except Exception:
        return {}
    return {}


def _sheets(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/"))


def _has_damaged_reference(content: bytes) -> bool:
    """Whether a cell has a text of a number that there cannot be: openpyxl counts -1 from the end."""
    return re.search(rb'\bt="s"[^<]*<v>(?![0-9]+<|<)', _sheets(content)) is not None


def _has_unknown_kind(content: bytes) -> bool:
    """Whether a cell is of no known kind: openpyxl has no text for it, where others read what is there."""
    kinds = {kind.decode("latin-1") for kind in re.findall(rb'<c [^>]*?\bt="([^"]*)"', _sheets(content))}
    return not kinds <= {"b", "d", "e", "inlineStr", "n", "s", "str"}


def _of_parquet(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, str, datetime)) else value


def _of_xls(cell: xlrd.sheet.Cell) -> object:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    return cell.value if cell.ctype in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else cell  # dates are not compared


def _csv_rows(text: str, delimiter: str) -> Rows:
    rows: Rows = {}
    reader = csv.reader(
        io.StringIO(text.removeprefix("\ufeff").removesuffix("\x1a"), newline=""), delimiter=delimiter, strict=True
    )
    start = 1
    for record in reader:
        rows[None, start] = list(record)
        start = reader.line_num + 1
    return rows
