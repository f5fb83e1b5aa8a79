"""All that was declared and given is read, or said: sheets, layouts, feet, archives, in both grains."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from grains import Declared
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.collect.content import ArchiveRefused, list_members
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.reconcile import Judged, Validated, account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from schemas.errors import UsageError

xlsxwriter = pytest.importorskip("xlsxwriter")

KINDS = ["count", "incident"]
HEADER = ["when", "place", "offence", "sex"]
MAN = ["2024-01", "AR-C", "HOM", "m"]
WOMAN = ["2024-02", "AR-C", "HOM", "f"]


def _book(path: Path, sheets: dict[str, list[list[Any]]], hidden: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            if name == hidden:
                sheet.hide()


def _validate(tiny: Tiny, kind: str, declaration: str, declared: Declared) -> Validated:
    folder = tiny.declare(declaration, values=declared.values, links=declared.links)
    settings, work = tiny.settings, tiny.work
    acquired = acquire(folder, settings, tiny.given)
    judged: Judged
    if kind == "incident":
        judged = tally(folder, acquired, settings, work)
    else:
        judged = conform(folder, read(folder, acquired, settings, work), settings, work)
    with connect(settings) as connection:
        return account(folder, judged, connection, settings, work)


def _sexes(tiny: Tiny, validated: Validated) -> list[tuple[str, float]]:
    with connect(tiny.settings) as connection:
        query = "SELECT sex::VARCHAR, sum(value) FROM read_parquet($core) GROUP BY ALL ORDER BY ALL"
        return connection.execute(query, {"core": str(validated.core)}).fetchall()


def _outcomes(validated: Validated) -> dict[str, tuple[str, int, str]]:
    return {one.rule: (one.outcome, one.failing, one.detail) for one in validated.outcomes}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", ["[Men, Women]", "'*en'", "'*'"])
def test_several_sheets_are_one_table(tiny: Tiny, kind: str, wanted: str) -> None:
    declared = Declared(read=f", sheet: {wanted}")
    _book(tiny.given / "a.excel", {"Men": [HEADER, MAN, MAN], "Women": [HEADER, WOMAN], "Old": [HEADER, MAN]}, "Old")

    validated = _validate(tiny, kind, declared.text(kind, "excel"), declared)

    assert sorted(_sexes(tiny, validated)) == [("F", 1), ("M", 2)]
    assert _outcomes(validated)["unread_sheets"] == ("warned", 1, "a.excel: 'Old' (hidden)")


@pytest.mark.parametrize("kind", KINDS)
def test_a_layout_for_each_sheet_of_one_file(tiny: Tiny, kind: str) -> None:
    declared = Declared()
    text = declared.text(kind, "excel")
    start = text.index("  - files:")
    end = text.index("area_scheme")
    layout = text[start:end]
    text = text[:start] + "".join(layout.replace("columns:", f"sheet: {name}, columns:") for name in ("Men", "Women"))
    text += declared.text(kind, "excel")[end:]
    _book(tiny.given / "a.excel", {"Men": [HEADER, MAN, MAN], "Women": [HEADER, WOMAN], "Notes": [["see page 3"]]})

    validated = _validate(tiny, kind, text, declared)

    assert sorted(_sexes(tiny, validated)) == [("F", 1), ("M", 2)]
    assert _outcomes(validated)["unread_sheets"] == ("warned", 1, "a.excel: 'Notes'")
    assert _outcomes(validated)["layouts_without_file"][0] == "passed"


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_that_hold_nothing_to_read_are_declared(tiny: Tiny, kind: str) -> None:
    declared = Declared(read=", sheet: Men, other_sheets: ['N*']")
    _book(tiny.given / "a.excel", {"Notes": [["see page 3"]], "Men": [HEADER, MAN], "Empty": []})

    validated = _validate(tiny, kind, declared.text(kind, "excel"), declared)

    assert _outcomes(validated)["unread_sheets"] == ("passed", 0, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wanted", ["", ", sheet: Men"])
def test_a_second_sheet_of_the_same_columns_is_refused_until_it_is_named(tiny: Tiny, kind: str, wanted: str) -> None:
    """Women stand in a sheet of their own: two of three victims would be missing without a word in their figures."""
    sheets = {"Men": [HEADER, MAN], "Women": [["Women"], HEADER, WOMAN, WOMAN], "Notes": [["see page 3"]]}
    sheets |= {
        "Empty form": [HEADER],
        "By age": [["when", "place", "offence", "0-17"], ["2024-01", "AR-C", "HOM", "1"]],
    }
    _book(tiny.given / "a.excel", sheets)

    with pytest.raises(DataRefused) as refused:
        _validate(tiny, kind, Declared(read=wanted).text(kind, "excel"), Declared(read=wanted))

    (problem,) = refused.value.problems
    assert (problem.rule, problem.sheet) == ("sheet_not_named", "Women")
    assert "'Women' has the columns of 'Men'" in problem.found
    for remedy, expected in (("sheet: [Men, Women]", [("F", 2), ("M", 1)]), ("other_sheets: [Women]", [("M", 1)])):
        declared = Declared(read=f", {remedy}")
        validated = _validate(tiny, kind, declared.text(kind, "excel"), declared)
        assert sorted(_sexes(tiny, validated)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_sheets_of_two_years_have_the_same_columns(tiny: Tiny, kind: str) -> None:
    declared = Declared(read=", sheet: '2023'")
    sheets = {year: [[*HEADER, f"before {year}"], [*MAN, "x"]] for year in ("2023", "2024")}
    _book(tiny.given / "a.excel", sheets)

    with pytest.raises(DataRefused) as refused:
        _validate(tiny, kind, declared.text(kind, "excel"), declared)

    assert [(one.rule, one.sheet) for one in refused.value.problems] == [("sheet_not_named", "2024")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_that_two_layouts_read_is_refused(tiny: Tiny, kind: str) -> None:
    declared = Declared()
    text = declared.text(kind, "excel")
    start, end = text.index("  - files:"), text.index("area_scheme")
    layouts = [text[start:end].replace("columns:", f"sheet: '{name}', columns:") for name in ("M*", "*n")]
    _book(tiny.given / "a.excel", {"Men": [HEADER, MAN]})

    with pytest.raises(DataRefused) as refused:
        _validate(tiny, kind, text[:start] + "".join(layouts) + text[end:], declared)

    assert [(one.rule, one.sheet) for one in refused.value.problems] == [("sheet_read_twice", "Men")]


@pytest.mark.parametrize(("first", "second"), [("*.csv", "*.csv"), ("*.csv", "b*.csv"), ("*", "a?.txt")])
def test_a_layout_that_no_file_can_have_is_refused(tiny: Tiny, first: str, second: str) -> None:
    read = "read: {columns: [area, year, code, n]}"
    with pytest.raises(UsageError, match=r"layouts\.2\.files: no file can have this layout"):
        _ = tiny.declare(
            f"layouts:\n  - files: ['{first}']\n    {read}\n  - files: ['{second}']\n    {read}\narea_scheme: inegi\n"
            "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
            "measures:\n  victims: {counting_unit: victim}\n"
        ).source


def test_a_layout_that_gets_no_file_is_named(tiny: Tiny) -> None:
    read = "read: {columns: [area, year, code, n]}"
    tiny.declare(
        f"layouts:\n  - files: ['a.csv']\n    {read}\n  - files: ['b.csv']\n    {read}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
    )
    tiny.give("a.csv", "area,year,code,n\n14,2024,HOM,3\n")

    outcomes = {one.rule: (one.outcome, one.failing, one.detail) for one in tiny.outcomes()}

    assert outcomes["layouts_without_file"] == ("warned", 1, "layouts.2 (b.csv)")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["csv", "excel"])
def test_numbers_below_a_foot_are_accounted_for(tiny: Tiny, kind: str, form: str) -> None:
    """Of the rows below the total, one has a number in the column of numbers and no place: it is left out and named."""
    header = [*HEADER, "n"]
    declared = Declared(
        columns="{ref_area: place, time_period: when, national_code: offence, sex: sex, value: n}",
        read=", footer: {starts_with: Total}",
        value=False,
        header=header,
        more="controls: [{control: foot, footer_column: n}]\n",
    )
    rows = [header, [*MAN, "3"], [*WOMAN, "4"], ["Total", "", "", "", "7"]]
    rows += [["of which attempts", "", "", "", "2"], ["Source: police", "", "", "", ""]]
    if form == "excel":
        _book(tiny.given / "a.excel", {"S": rows})
    else:
        tiny.give("a.csv", "".join(",".join(row) + "\n" for row in rows))

    validated = _validate(tiny, kind, declared.text(kind, form), declared)

    assert sorted(_sexes(tiny, validated)) == [("F", 4), ("M", 3)]
    outcome, failing, detail = _outcomes(validated)["rows_below_foot"]
    assert (outcome, failing) == ("warned", 1)
    assert "row 5: 'of which attempts', 2" in detail
    with connect(tiny.settings) as connection:
        account_of = connection.execute(
            "SELECT rows_read, rows_used, rows_excluded, count_read, count_used, count_excluded, closes "
            "FROM read_parquet($path)",
            {"path": str(validated.reconciliation)},
        ).fetchall()
        left_out = connection.execute(
            "SELECT rule, cells, count FROM read_parquet($path)", {"path": str(validated.exclusions)}
        ).fetchall()
        controls = connection.execute(
            "SELECT expected, actual FROM read_parquet($path) WHERE control = 'foot'",
            {"path": str(validated.controls)},
        ).fetchall()
    assert account_of == [(3, 2, 1, 9, 7, 2, True)]
    assert left_out == [("foot", 1, 2)]
    assert controls == [(7, 7)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rejected_row_has_the_number_of_its_line(tiny: Tiny, kind: str) -> None:
    """A note of two lines and a blank line stand above the wrong word, which an editor shows in line 6."""
    declared = Declared()
    lines = ["when,place,offence,sex,note", '2024-01,AR-C,HOM,m,"one', 'two"', "2024-01,AR-C,HOM,f,", ""]
    tiny.give("a.csv", "\n".join([*lines, "2024-01,AR-C,HOM,wrong,"]) + "\n")

    with pytest.raises(DataRefused) as refused:
        _validate(tiny, kind, declared.text(kind, "csv"), declared)

    assert [(one.rule, one.row, one.value) for one in refused.value.problems] == [("unknown_word", 6, "wrong")]


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_of_an_archive_is_read(tiny: Tiny, kind: str) -> None:
    declared = Declared()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, row in (("2024/men.csv", MAN), ("2024/women.csv", WOMAN), ("__MACOSX/._men.csv", ["x"])):
            archive.writestr(name, f"{','.join(HEADER)}\n{','.join(row)}\n")
    tiny.give("a.zip", content.getvalue())

    validated = _validate(tiny, kind, declared.text(kind, "csv"), declared)

    assert sorted(_sexes(tiny, validated)) == [("F", 1), ("M", 1)]


def test_what_is_said_about_the_data_in_an_archive_is_no_table(tiny: Tiny) -> None:
    """A README beside the table is passed over, as it is in a folder; alone it is the file that was declared."""
    tiny.declare_plain()
    path = tiny.sources / tiny.name / "source.yml"
    path.write_text(path.read_text().replace("'*.csv'", "'*.ZIP'"))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("table.csv", "area,year,code,n\n14,2020,HOM,7\n")
        archive.writestr("README.txt", "Figures of the office.\n")
    tiny.give("a.zip", content.getvalue())
    _, rows = tiny.read()
    assert len(rows) == 1


def test_an_archive_beyond_the_limit_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 2**20)
        archive.writestr("b.csv", b"1")

    with pytest.raises(ArchiveRefused, match="the limit is 1 MiB") as refused:
        list_members(tmp_path / "a.zip", limit_mib=1)

    assert refused.value.rule == "file_too_large"


@pytest.mark.parametrize("newest", ["2023*", "2023p", "2023 (p)", "2023 1/", "2023¹", "2023 provisional"])
def test_the_column_of_the_newest_year_with_a_mark_is_named(tiny: Tiny, newest: str) -> None:
    """The reshape takes columns of four digits; a column of rates beside that of its year is none of counts."""
    years = (
        "SELECT _file, _sheet, _row, area, code, year, n "
        "FROM (UNPIVOT raw ON COLUMNS('^[0-9]{4}$') INTO NAME year VALUE n)"
    )
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, code]}\n"
        "    reshape: reshape.sql\n    conserve: '^[0-9]{4}$'\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n",
        reshape=f"-- Grain: one row for each area and year.\n{years}",
    )
    tiny.give("a.csv", f"area,code,2021,2022,2022 rate,{newest}\n14,HOM,5,6,0.1,7\n")
    found = next(one for one in tiny.outcomes() if one.rule == "columns_unread")
    assert (found.outcome, found.failing, found.detail) == ("warned", 1, f"a.csv: '{newest}'")

    tiny.give("a.csv", "area,code,2021,2022,2022 rate,2023,Total\n14,HOM,5,6,0.1,7,18\n")
    assert next(one for one in tiny.outcomes() if one.rule == "columns_unread").outcome == "passed"


def test_a_mark_in_the_first_row_of_a_header_is_seen(tiny: Tiny) -> None:
    years = (
        "SELECT _file, _sheet, _row, area, code, left(name, 4) AS year, n "
        "FROM (UNPIVOT raw ON COLUMNS('^[0-9]{4} [|]') INTO NAME name VALUE n)"
    )
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, code], header_rows: 2}\n"
        "    reshape: reshape.sql\n    conserve: '^[0-9]{4} [|]'\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n",
        reshape=f"-- Grain: one row for each area and year.\n{years}",
    )
    tiny.give("a.csv", "area,code,2021,2022*\n,,Women,Women\n14,HOM,5,6\n")
    found = next(one for one in tiny.outcomes() if one.rule == "columns_unread")
    assert (found.outcome, found.detail) == ("warned", "a.csv: '2022* | Women'")
