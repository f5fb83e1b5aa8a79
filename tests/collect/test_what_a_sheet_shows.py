"""A number is what the sheet shows, in every kind of workbook and in both grains."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from grains import Declared, take, write
from tiny_source import Tiny

from pipelines.collect.acquire import RawFile, acquire
from pipelines.collect.read import read_table
from pipelines.collect.text_table import open_partition
from pipelines.collect.workbook.sheets import Sheet, SheetsToRead, read_sheets
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings

xlsxwriter = pytest.importorskip("xlsxwriter")

XLS = Path(__file__).parents[1] / "golden" / "co_policia_homicides" / "homicidios_2020.xls"
ODS = Path(__file__).parents[1] / "cases" / "error_cells_ods" / "input" / "a.ods"
EXCEL = ", format: excel"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for name, kind in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("fo", "fo"))
)


def _read(folder: Path, content: bytes, sheet: str = "S") -> Sheet:
    path = folder / "book"
    path.write_bytes(content)
    file = RawFile("book", path, "", len(content), 0, "2026-01-01")
    (one,) = read_sheets("xx_test", file, SheetsToRead((sheet,)), Settings(data=folder), folder / "rows").sheets
    return one


def _ods(cells: str, styles: str = "", columns: str = "") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(ODS) as shipped, zipfile.ZipFile(content, "w") as archive:
        for name in shipped.namelist():
            if name != "content.xml":
                archive.writestr(name, shipped.read(name))
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
            f'<office:spreadsheet><table:table table:name="S">{columns}<table:table-row>{cells}</table:table-row>'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return content.getvalue()


def _book(path: Path, rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, raised = book.add_worksheet("S"), book.add_format({"font_script": 1})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, tuple):
                    sheet.write_rich_string(row, column, cell[0], raised, cell[1])
                else:
                    sheet.write(row, column, cell)


@pytest.mark.parametrize(
    ("base", "note", "shown"),
    [("1876", "2", "1876²"), ("1,876", "1)", "1,876¹⁾"), ("1876", "p", "1876p"), ("Robbery", "2", "Robbery2")],
)
def test_a_raised_digit_behind_a_number_is_no_digit_of_it(tmp_path: Path, base: str, note: str, shown: str) -> None:
    _book(tmp_path / "a.xlsx", [["n"], [(base, note)]])

    assert _read(tmp_path, (tmp_path / "a.xlsx").read_bytes()).rows == [["n"], [shown]]


def test_a_raised_digit_of_an_ods_file(tmp_path: Path) -> None:
    style = '<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/></style:style>'
    text = '<text:p>1876<text:span text:style-name="T1">2</text:span></text:p>'
    cells = f'<table:table-cell office:value-type="string">{text}</table:table-cell>'

    assert _read(tmp_path, _ods(cells, style)).rows == [["1876²"]]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!</text:p>', "#DIV/0!"),
        ('table:formula="of:=X" office:value-type="string"><text:p>Err:508</text:p>', "Err:508"),
        ('table:formula="of:=SUM([.A1:.A2])">', "=SUM([.A1:.A2])"),
    ],
)
def test_cells_of_an_ods_file_without_a_value(tmp_path: Path, cell: str, shown: str) -> None:
    two = '<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="1"/>'
    sheet = _read(tmp_path, _ods(f"{two}<table:table-cell {cell}</table:table-cell>"))

    assert sheet.rows == [["1", "1", shown]]
    assert sheet.faults == {(0, 2): shown}


def test_an_error_of_an_xls_file(tmp_path: Path) -> None:
    """A number and the record after it become an error (7: division by zero) and a record that no reader knows."""
    content = bytearray(XLS.read_bytes())
    at = content.index(struct.pack("<HH", 0x027E, 10))
    row, column, form = struct.unpack_from("<HHH", content, at + 4)
    (size,) = struct.unpack_from("<H", content, at + 16)
    error = struct.pack("<HHHHHBB", 0x0205, 8, row, column, form, 7, 1)
    content[at : at + 16] = error + struct.pack("<HH", 0x07FF, size + 2)
    content[at + 16 : at + 18] = b"\0\0"

    sheet = _read(tmp_path, bytes(content), "HOMICIDIOS ")

    assert sheet.faults == {(row, column): "#DIV/0!"}
    assert sheet.rows[row][column] == "#DIV/0!"


def test_zeros_in_the_place_of_results_that_are_still_to_be_calculated(tmp_path: Path) -> None:
    """xlsxwriter stores 0 for a formula, and leaves it to the spreadsheet program to calculate."""
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, [900, 976])
        sheet.write_formula(0, 2, "=A1+B1")
        sheet.write_formula(0, 3, "=A1+B1", value=1876)

    read = _read(tmp_path, (tmp_path / "a.xlsx").read_bytes())

    assert read.faults == {(0, 2): "=A1+B1"}
    assert read.rows == [["900", "976", "=A1+B1", "1876"]]


def test_errors_that_nobody_uses_and_those_that_have_a_word_do_not_matter(tiny: Tiny) -> None:
    """The German police statistics have #NUM! for rates of changes that cannot be computed."""
    tiny.declare_plain(read=EXCEL, values="value,#N/A,M\n")
    _book(tiny.given / "t.csv", [["area", "year", "code", "n", "change"], ["14", 2024, "HOM", "=NA()", "=1/0"]])
    content = (tiny.given / "t.csv").read_bytes()
    _replace(tiny.given / "t.csv", content, b'<c r="D2"><f>NA()</f><v>0</v></c>', b'<c r="D2" t="e"><v>#N/A</v></c>')
    _replace(tiny.given / "t.csv", None, b'<c r="E2"><f>1/0</f><v>0</v></c>', b'<c r="E2" t="e"><v>#DIV/0!</v></c>')

    assert tiny.read()[1] == [(2, "14", "2024", "HOM", "#N/A", "#DIV/0!")]


def _replace(path: Path, content: bytes | None, old: bytes, new: bytes) -> None:
    """Put something else into the first sheet of an xlsx file."""
    parts = {}
    with zipfile.ZipFile(io.BytesIO(content or path.read_bytes())) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    assert parts["xl/worksheets/sheet1.xml"].count(old) == 1
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)


@pytest.mark.parametrize("kind", ["count", "incident"])
def test_a_cell_without_a_value_refuses_tables_and_incidents(tiny: Tiny, kind: str) -> None:
    rows = [["2024-01", "AR-C", "HOM", "m"], ["2024-01", "AR-C", "HOM", "=B9"]]

    came = take(tiny, Declared(), rows, kind, "excel")

    assert came.refused == [("cell_without_value", "sex", "=B9", 3)]


@pytest.mark.parametrize("kind", ["count", "incident"])
@pytest.mark.parametrize("form", ["csv", "excel", "parquet"])
def test_content_without_a_name_refuses_tables_and_incidents(tiny: Tiny, kind: str, form: str) -> None:
    header = ("when", "place", "offence", "sex", "")
    declared = Declared(header=header[:4])
    folder = tiny.declare(declared.text(kind, form), values=declared.values, links=declared.links)
    write(tiny.given / f"events.{form}", header, [["2024-01", "AR-C", "HOM", "m", "876"]], form)
    acquired = acquire(folder, tiny.settings, tiny.given)
    with pytest.raises(DataRefused) as refused:
        if kind == "incident":
            open_partition(folder, acquired.files[0], tiny.settings, tiny.work)
        else:
            tiny.read()

    assert [(one.rule, one.column, one.value) for one in refused.value.problems] == [
        ("column_without_name", "column 5", "876")
    ]


@pytest.mark.parametrize("kind", ["count", "incident"])
@pytest.mark.parametrize("form", ["csv", "excel"])
@pytest.mark.parametrize(("numbers", "is_refused"), [((28, 30), False), ((5, 5), True)], ids=["filtered", "twice"])
def test_numbers_of_rows_need_no_name_in_any_kind_of_file(
    tiny: Tiny, kind: str, form: str, numbers: tuple[int, int], is_refused: bool
) -> None:
    header = ("", "when", "place", "offence", "sex")
    declared = Declared(header=header[1:])
    folder = tiny.declare(declared.text(kind, form), values=declared.values, links=declared.links)
    rows = [[number, "2024-01", "AR-C", "HOM", sex] for number, sex in zip(numbers, "mf", strict=True)]
    write(tiny.given / f"events.{form}", header, rows, form)
    file = acquire(folder, tiny.settings, tiny.given).files[0]
    target = tiny.work / "text.parquet"

    with connect(tiny.settings) as connection:
        if is_refused:
            with pytest.raises(DataRefused, match="column_without_name"):
                read_table(connection, folder, file, tiny.settings, target)
        else:
            read_table(connection, folder, file, tiny.settings, target)
            assert connection.sql(f"SELECT count(*) FROM '{target}'").fetchall() == [(2,)]


@pytest.mark.parametrize("number", [b"-1", b"1.0", b" 1 ", b"x", b"1e0"])
def test_a_damaged_number_of_a_text_is_not_the_first_text(tmp_path: Path, number: bytes) -> None:
    """The cell B1 is the second of two shared texts; the number of it is changed."""
    _book(tmp_path / "whole.xlsx", [["MX-JAL", "MX-MEX"]])
    assert _read(tmp_path, (tmp_path / "whole.xlsx").read_bytes()).faults == {}
    _replace(tmp_path / "whole.xlsx", None, b"<v>1</v>", b"<v>" + number + b"</v>")
    shown = f"damaged reference to a text ({number.decode()})"
    assert _read(tmp_path, (tmp_path / "whole.xlsx").read_bytes()).faults == {(0, 1): shown}


def test_hidden_rows_and_columns_of_an_ods_file(tmp_path: Path) -> None:
    """Rows 2 to 3 are left out by a filter, row 5 is hidden, and so is column B; the file writes equal ones once."""
    cell = '<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row{mark}>{cell}</table:table-row>"
        for mark in (
            ' table:visibility="filter" table:number-rows-repeated="2"',
            "",
            ' table:visibility="collapse"',
            ' table:visibility="visible"',
        )
    )
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
    content = _ods(f"{cell}</table:table-row>{rows}<table:table-row>{cell}", columns=columns)
    assert _read(tmp_path, content).hidden == ({1, 2, 4}, {1})


def test_hidden_rows_and_columns_of_an_xls_file(tmp_path: Path) -> None:
    """The third row and column were hidden by the program that wrote the file."""
    content = Path(__file__).with_name("hidden.xls").read_bytes()
    assert _read(tmp_path, content).hidden == ({2}, {2})


@pytest.mark.parametrize(
    ("form", "number", "shown"),
    [
        ('"<"0', 5, "<5"),  # a small count, hidden by its format alone
        ('[<5]"c";#,##0', 3, "c"),
        ('[<5]"c";#,##0', 5, "5"),
        (";;;", 12, ""),
        ('0"*"', 12, "12*"),
        ('0 "thousand"', 12, "12 thousand"),
        ("0.0%", 0.314, "31.4%"),
        ("#,##0.0,", 12345, "12345 shown as 12.345"),  # thousands or units? no number until a person chooses
        ('_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', 0, "0"),  # a dash for zero, as accountants write it
        ("[Red](#,##0)", 7, "7"),
    ],
)
def test_a_format_that_writes_something_else_than_the_number(
    tmp_path: Path, form: str, number: float, shown: str
) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, [1, "text"])
        sheet.write_number(0, 2, number, book.add_format({"num_format": form}))

    assert _read(tmp_path, (tmp_path / "a.xlsx").read_bytes()).rows == [["1", "text", shown]]


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [("&lt;5", "4", "<5"), ("1 234", "1234", "1234"), ("31%", "0.314", "31.4%"), ("-", "0", "0"), ("", "7", "")],
)
def test_a_format_of_an_ods_file(tmp_path: Path, text: str, number: str, shown: str) -> None:
    kind = "percentage" if "%" in text else "float"
    cell = f'<table:table-cell office:value-type="{kind}" office:value="{number}"><text:p>{text}</text:p>'

    assert _read(tmp_path, _ods(cell + "</table:table-cell>")).rows == ([[shown]] if shown else [[]])


def test_a_small_count_that_its_format_hides_is_not_published(tiny: Tiny) -> None:
    """The office suppresses counts below five by the format of their cells, and declares the sign."""
    tiny.given.mkdir()
    with xlsxwriter.Workbook(str(tiny.given / "t.csv")) as book:
        sheet = book.add_worksheet("S")
        small = book.add_format({"num_format": '[<5]"c";0'})
        for row, values in enumerate([["area", "year", "code", "n"], ["14", 2023, "HOM", 4], ["14", 2024, "HOM", 9]]):
            sheet.write_row(row, 0, values[:3])
            sheet.write(row, 3, values[3], small)

    tiny.declare_plain(read=EXCEL, values="value,c,Q\n")
    cells = tiny.run().cells("time_period", "iccs = '0101' AND ref_area = 'MX-JAL'")
    assert cells["2023"] == (None, "Q", "suppressed")
    assert cells["2024"] == (9, "A", None)

    tiny.declare_plain(read=EXCEL)
    with pytest.raises(DataRefused) as error:
        tiny.run()
    (problem,) = error.value.problems
    assert (problem.rule, problem.row, problem.value) == ("count_not_a_number", 2, "c")
