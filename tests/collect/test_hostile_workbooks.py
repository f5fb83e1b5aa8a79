"""Damaged and hostile workbooks refuse their own file, within seconds and without filling the memory."""

from __future__ import annotations

import io
import resource
import shutil
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import RawFile
from pipelines.collect.workbook import sheets as workbook
from pipelines.collect.workbook.sheets import SheetsToRead, read_sheets
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.source import find_sources

GOLDEN = Path(__file__).parents[1] / "golden" / "co_policia_homicides"
XLS = GOLDEN / "homicidios_2020.xls"
SECTOR = 512  # bytes; sector 0 comes after a header of the same size

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CELLS = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>39</v></c></row>'
STRINGS = f'<sst xmlns="{MAIN}" count="1" uniqueCount="1"><si><t>n</t></si></sst>'


def _sheet(cells: str = CELLS) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'


def _xlsx(
    sheet: str | None = None,
    strings: str = STRINGS,
    sheets: str = '<sheet name="Data" sheetId="1" r:id="rId1"/>',
    path: str = "worksheets/sheet1.xml",
) -> bytes:
    """The smallest xlsx file with one sheet: the label n and the number 39 below it."""
    links = "".join(
        f'<Relationship Id="{name}" Type="{LINKS}/{kind}" Target="{target}"/>'
        for name, kind, target in (("rId1", "worksheet", path), ("rId2", "sharedStrings", "sharedStrings.xml"))
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        f"xl/{path}": _sheet() if sheet is None else sheet,
        "xl/sharedStrings.xml": strings,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


def _with_wrong_checksum() -> bytes:
    """The words of the file are others than those that its checksum is of."""
    content = _xlsx(strings=STRINGS.replace(">n<", ">n39<"))
    assert content.count(b"n39") == 1  # parts are not compressed
    return content.replace(b"n39", b"n99")


def _xls_with_circular_chain() -> bytes:
    """A table gives for each sector the number of the next one; that of the directory is its own."""
    content = bytearray(XLS.read_bytes())
    (table,) = struct.unpack_from("<I", content, 0x4C)
    (directory,) = struct.unpack_from("<I", content, 0x30)
    struct.pack_into("<I", content, (table + 1) * SECTOR + 4 * directory, directory)
    return bytes(content)


def _xls_with_false_dimensions() -> bytes:
    """The record DIMENSIONS says which rows and columns of the sheet are used."""
    content = bytearray(XLS.read_bytes())
    at = content.index(struct.pack("<HH", 0x0200, 14))
    struct.pack_into("<IIHH", content, at + 4, 0, 0xFFFFFFFF, 0, 0xFFFF)
    return bytes(content)


def _read(folder: Path, content: bytes, sheet: str | None = None) -> tuple[str, list[list[str]]]:
    path = folder / "given"
    path.write_bytes(content)
    file = RawFile("book.xlsx", path, "", len(content), 0, "2026-01-01")
    wanted = () if sheet is None else (sheet,)
    (one,) = read_sheets("xx_test", file, SheetsToRead(wanted), Settings(data=folder), folder / "rows").sheets
    return one.name, one.rows


def _refused(folder: Path, content: bytes, sheet: str | None = None) -> Problem:
    with pytest.raises(DataRefused) as refused:
        _read(folder, content, sheet)
    (problem,) = refused.value.problems
    assert problem.file == "book.xlsx"
    assert not (folder / "rows").exists()
    return problem


def test_the_smallest_workbook_is_read(tmp_path: Path) -> None:
    """What the other tests change is right before they do."""
    assert _read(tmp_path, _xlsx()) == ("Data", [["n"], ["39"]])


FAR = {
    "far-cell": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "far-cell-with-blanks": '<row r = "1048576"><c r = "XFD1048576"><v>1</v></c></row>',
    "far-cell-padded": '<row r="01048576"><c r="XFD01048576"><v>1</v></c></row>',
    "far-cell-small-letters": '<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
}
HOSTILE: dict[str, Callable[[], bytes]] = {
    "strings-without-end": lambda: _xlsx(strings=STRINGS.replace('uniqueCount="1"', 'uniqueCount="99999999999999"')),
    "wrong-checksum": _with_wrong_checksum,
    "no-sheets": lambda: _xlsx(sheets=""),
    "sheet-is-not-there": lambda: _xlsx(sheets='<sheet name="Data" sheetId="1" r:id="rId7"/>'),
    "unknown-type-of-cell": lambda: _xlsx(_sheet('<row r="1"><c r="A1" t="zz"><v>0</v></c></row>')),
    "string-that-is-not-there": lambda: _xlsx(_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
    "broken-xml": lambda: _xlsx(_sheet()[:-30]),
    "half-an-archive": lambda: _xlsx()[:-300],
    "archive-of-nothing": lambda: b"PK\x05\x06" + bytes(18),
    "xls-circular-chain": _xls_with_circular_chain,
    "xls-false-dimensions": _xls_with_false_dimensions,
    "xls-half": lambda: XLS.read_bytes()[:3000],
    "xls-header-only": lambda: XLS.read_bytes()[:SECTOR],
    **{
        f"{name}-in-{path}": (lambda cells=cells, path=path: _xlsx(_sheet(CELLS + cells), path=path))
        for name, cells in FAR.items()
        for path in ("worksheets/sheet1.xml", "elsewhere/sheet1.XML")
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_makes_a_reader_abort_refuses_the_file_within_seconds(tmp_path: Path, name: str) -> None:
    began = time.monotonic()

    problem = _refused(tmp_path, HOSTILE[name]())

    assert problem.rule in ("cell_far_away", "file_not_readable", "file_too_large", "missing_sheet")
    assert problem.found
    assert "Traceback" not in problem.found
    assert time.monotonic() - began < 60
    used_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # the most that any child has had
    assert used_kib * 1024 < workbook.MEMORY_BYTES


def test_a_reader_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path(workbook.__file__).parent, tmp_path / "pipelines" / "collect" / "workbook")
    reader = tmp_path / "pipelines" / "collect" / "workbook" / "reader.py"
    source = reader.read_text(encoding="utf-8")
    start = "    try:\n        return read_sheets"
    assert source.count(start) == 1
    reader.write_text(source.replace(start, f"    while True:\n        pass\n{start}"), encoding="utf-8")
    monkeypatch.setattr(workbook, "PROGRAM", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(workbook, "CPU_SECONDS", 1)

    problem = _refused(tmp_path, _xlsx())

    assert (problem.rule, problem.found) == (
        "file_not_readable",
        "Reading the workbook takes more than 1 s of processor time.",
    )


def test_a_library_in_the_current_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("python_calamine", "zipfile", "json"):
        tmp_path.joinpath(f"{name}.py").write_text("raise SystemExit('taken over')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert _read(tmp_path, _xlsx())[0] == "Data"


def _with_sheets(*sheets: tuple[str, str]) -> bytes:
    """A workbook of several sheets; a chart is a sheet of another kind, a hidden one has a mark."""
    xlsxwriter = pytest.importorskip("xlsxwriter")
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    for name, kind in sheets:
        if kind == "chart":
            chart = book.add_chart({"type": "line"})
            chart.add_series({"values": "=Data!$A$1:$A$2"})
            book.add_chartsheet(name).set_chart(chart)
            continue
        sheet = book.add_worksheet(name)
        sheet.write("B2", name)  # neither in the first row nor in the first column
        if kind == "hidden":
            sheet.hide()
    book.worksheets()[-1].activate()
    book.close()
    return content.getvalue()


def test_the_first_sheet_is_the_first_one_with_cells_that_a_reader_sees(tmp_path: Path) -> None:
    content = _with_sheets(("Chart", "chart"), ("Old", "hidden"), ("Data", "seen"))

    assert _read(tmp_path, content) == ("Data", [[], ["", "Data"]])
    assert _read(tmp_path, content, "Old") == ("Old", [[], ["", "Old"]])  # by its name it is read


def test_a_sheet_that_has_no_cells_is_refused_with_those_that_have(tmp_path: Path) -> None:
    content = _with_sheets(("Chart", "chart"), ("Data", "seen"))

    problem = _refused(tmp_path, content, "Chart")

    assert (problem.rule, problem.sheet) == ("missing_sheet", "Chart")
    assert "There is no sheet 'Chart' with cells; the workbook has: 'Data'." in problem.found


def test_the_other_sources_of_a_run_are_published(tiny: Tiny) -> None:
    table = "area,year,code,n\n14,2024,HOM,3\n"
    tiny.name = "xx_good"
    tiny.declare_plain()
    tiny.give("good.csv", table)
    tiny.name = "xx_hostile"
    tiny.declare(
        "layouts:\n  - files: ['*.xls', '*.xlsx']\n    read: {format: excel, columns: [area, year, code, n]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
    )
    tiny.give("circular.xls", _xls_with_circular_chain())
    tiny.give("far.xlsx", _xlsx(_sheet(CELLS + FAR["far-cell-with-blanks"])))

    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    result = run_all(find_sources([], tiny.sources), session)

    assert result.loaded == ("xx_good",)
    assert result.publication is not None
    (refusal,) = result.refused
    assert [(one["rule"], one["file"]) for one in refusal.problems] == [
        ("file_not_readable", "circular.xls"),
        ("file_not_readable", "far.xlsx"),
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_workbook_that_holds_a_part_twice_is_refused(tmp_path: Path) -> None:
    """One program shows the first, another the last: 39 or 99."""
    content = io.BytesIO(_xlsx())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/worksheets/Sheet1.xml", _sheet(CELLS.replace("39", "99")))
    problem = _refused(tmp_path, content.getvalue())
    assert problem.rule == "file_not_readable"
    assert "contains the part xl/worksheets/sheet1.xml twice" in problem.found


NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)
NUMBER = '<table:table-cell office:value-type="float" office:value="39"{more}><text:p>39</text:p></table:table-cell>'


def _ods(*rows: str, tables: str | None = None) -> bytes:
    """The smallest ods file: a sheet with the label n and these rows below it, or these tables."""
    label = '<table:table-cell office:value-type="string"><text:p>n</text:p></table:table-cell>'
    lines = "".join((f"<table:table-row>{label}</table:table-row>", *rows))
    tables = f'<table:table table:name="Data">{lines}</table:table>' if tables is None else tables
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMES} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", text)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{manifest}"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{kind}"/></manifest:manifest>',
        )
    return content.getvalue()


def _row(cell: str, more: str = "") -> str:
    return f"<table:table-row{more}>{cell}</table:table-row>"


PERCENT = NUMBER.replace('"float"', '"percentage"').replace('"39"', '"0.39"').replace(">39<", ">39 %<")
BROKEN = NUMBER.replace('value="39"', 'value="0" table:formula="of:=1/0"').replace(">39<", ">#DIV/0!<")
TWICE = {"columns": ' table:number-columns-repeated="2"', "rows": ' table:number-rows-repeated="2"'}


@pytest.mark.parametrize(("cell", "text"), [(NUMBER, "39"), (PERCENT, "39%"), (BROKEN, "#DIV/0!")])
def test_cells_of_ods_that_are_written_once_for_many_show_all_the_same(tmp_path: Path, cell: str, text: str) -> None:
    """An error was a 0, and a percentage a hundredth, in all but the first of them."""
    content = _ods(_row(cell.format(more=TWICE["columns"]), TWICE["rows"]), _row(NUMBER.format(more="")))
    assert _read(tmp_path, content)[1] == [["n", ""], [text, text], [text, text], ["39", ""]]


def test_a_number_of_ods_that_has_only_its_text_is_not_taken_for_a_blank(tmp_path: Path) -> None:
    cell = NUMBER.format(more="").replace(' office:value="39"', "")
    assert _read(tmp_path, _ods(_row(cell)))[1] == [["n"], ["39"]]


@pytest.mark.parametrize(
    "rows",
    [
        [_row(NUMBER.format(more=' table:number-columns-repeated="1000000000"'))],
        [_row('<table:table-cell table:number-columns-repeated="20000"/>' + NUMBER.format(more=""))],
        [_row(NUMBER.format(more=""), ' table:number-rows-repeated="1000000000"')],
        [_row("<table:table-cell/>", ' table:number-rows-repeated="2000000"'), _row(NUMBER.format(more=""))],
    ],
)
def test_a_value_of_ods_beyond_the_end_of_a_sheet_is_not_left_out_without_a_word(
    tmp_path: Path, rows: list[str]
) -> None:
    assert "there is a value beyond row 1,048,576 or column 16,384" in _refused(tmp_path, _ods(*rows)).found


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    """The figures of the last were read twice, and those of the first not at all."""
    sheet = '<table:table table:name="Data">{row}</table:table>'
    first, last = (sheet.format(row=_row(NUMBER.format(more="").replace("39", number))) for number in ("39", "41"))
    assert "two sheets named 'Data'" in _refused(tmp_path, _ods(tables=first + last)).found


def test_a_table_within_a_cell_moves_no_row_of_the_sheet(tmp_path: Path) -> None:
    inner = _row(BROKEN.format(more=""))
    nested = f'<table:table-cell><table:table table:name="Data">{inner}</table:table></table:table-cell>'
    content = _ods(_row(nested), _row(BROKEN.format(more="")), _row(NUMBER.format(more="")))
    assert _read(tmp_path, content)[1] == [["n"], [], ["#DIV/0!"], ["39"]]
