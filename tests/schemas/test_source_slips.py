"""Slips of a person who adds a source: each is named with its key or row and the nearest right one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.collect.acquire import acquire
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.values.numbers import create_number_macros
from pipelines.session import Session
from pipelines.source_steps import check_source
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from schemas.codelists import read_areas
from schemas.declarations import DeclarationError
from schemas.errors import UsageError
from schemas.source import SourceFolder

GOOD = (
    "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, n]}\n"
    "area_scheme: inegi\n"
    "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
    "measures:\n  victims: {counting_unit: victim}\n"
)
ROWS = "area,year,code,n\n14,2024,HOM,5\n"
AREAS = "code,name_en,name_fr,name_es,level,parent,ours\nXX,X,X,X,country,,\nXX-A,A,A,A,admin1,XX,a\n"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("area_scheme", "area_schema", "area_schema: there is no such key; nearest: area_scheme"),
        ("read: {", "read: {delimitor: ';', ", "layouts.1.read.delimitor: there is no such key; nearest: delimiter"),
        ("national_code: code", "national_cod: code", "nearest: national_code"),
        ("counting_unit:", "units:", "measures.victims.units: there is no such key; nearest: unit"),
        ("counting_unit: victim", "counting_unit: victm", "there is no code 'victm'; nearest: victim"),
        ("counting_unit: victim", "counting_unit: victim, stage: record", "no code 'record'; nearest: recorded"),
        ("area_scheme: inegi", "area_scheme: ingei", "no area list has the scheme 'ingei'; nearest: inegi"),
        ("area_scheme: inegi\n", "", "area_scheme: is missing"),
        ("read: {", "read: {encoding: latin1x, ", "layouts.1.read.encoding: 'latin1x' is not an encoding"),
        ("read: {", "read: {delimiter: ';;', ", "layouts.1.read.delimiter: String should have at most 1 character"),
        ("area_scheme", "constants: {time_period: 2024}\narea_scheme", "time_period: 2024 must be text; put it in"),
        ("area_scheme", "constants: {sex: X}\narea_scheme", "constants.sex: there is no code 'X'"),
        ("area_scheme", "totals: {age: Y0-17}\narea_scheme", "'Y0-17' is not an age code"),
        ("area_scheme", "caveats: [{caveat: revised, note: n}]\narea_scheme", "caveats.1.caveat: there is no code"),
        ("area_scheme", "breakdowns: [{area_levels: [state]}]\narea_scheme", "there is no code 'state'"),
        ("[area, year", "[_File, year", "_File is a column added to every file; name other columns"),
        ("['*.csv']", "t.csv", "layouts.1.files: must be a list"),
        ("layouts:", "note: Cases: by area\nlayouts:", "text that contains a colon and a space must be quoted"),
        ("    read:", "\tread:", "indent with spaces, not tabs"),
        ("    read:", "   read:", "line 8, column 4"),
    ],
)  # fmt: skip
def test_a_slip_in_source_yml_is_named_with_what_is_right(tiny: Tiny, old: str, new: str, told: str) -> None:
    assert tiny.declare(GOOD).source.source_id == "xx_tiny"
    assert old in GOOD
    with pytest.raises(UsageError) as refused:
        _ = tiny.declare(GOOD.replace(old, new, 1)).source
    assert told in str(refused.value)
    assert "xx_tiny" in str(refused.value)
    assert "at least 1 item" not in str(refused.value), "what follows from another line is not told"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"dimension;word;code\nsex;H;M\n", "values.csv: the header has no dimension, word, code"),
        (b"dimension,word,code\nsex,Ni\xf1o,M\n", "values.csv: byte 0xf1 is not UTF-8"),
        (b"dimension,word,code\nsex,H\n", "values.csv, row 2: fewer fields than the header"),
        (b"dimension,word,code,note\nsex,H,M,men, boys\n", "values.csv, row 2: more fields than the header"),
        (b"dimension,word,code\nsexo,H,M\n", "values.csv, row 2: unknown dimension 'sexo'; nearest: sex"),
        (b"dimension,word,code\nsex,H,M\nsex,H,F\n", "row 2: 'H' has two codes for sex"),
    ],
)
def test_a_slip_in_values_csv_is_named(tiny: Tiny, content: bytes, told: str) -> None:
    folder = tiny.declare(GOOD)
    (tiny.sources / tiny.name / "values.csv").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        _ = folder.words
    assert told in str(refused.value)


def test_values_csv_may_begin_with_a_byte_order_mark(tiny: Tiny) -> None:
    """As spreadsheets save "CSV UTF-8"."""
    folder = tiny.declare(GOOD)
    (tiny.sources / tiny.name / "values.csv").write_bytes(b"\xef\xbb\xbfdimension,word,code\nsex,H,M\n")
    assert folder.words == [("sex", "H", "M")]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",", ";", "XX.csv: the header has no code"),
        ("XX-A", "XX", "XX is listed twice"),
        ("admin1", "region", "XX-A has the level 'region', not one of admin1, admin2, country"),
        ("admin1,XX", "admin1,XY", "the parent 'XY' of XX-A is in no area list"),
        ("XX-A,A,", "XX-B,B,B,B,admin1,XX,a\nXX-A,A,", "ours 'a' is both XX-B and XX-A"),
    ],
)  # fmt: skip
def test_a_slip_in_a_list_of_areas_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "XX.csv").write_text(AREAS, encoding="utf-8")
    lists = {"XX.csv": tmp_path / "XX.csv"}
    assert [area.code for area in read_areas(lists)] == ["XX", "XX-A", "XX-_U"]
    (tmp_path / "XX.csv").write_text(AREAS.replace(old, new), encoding="utf-8")
    with pytest.raises(DeclarationError) as refused:
        read_areas(lists)
    assert told in str(refused.value)


def test_a_slip_in_a_list_of_areas_ends_the_command_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slip(*_: object) -> int:
        raise DeclarationError("areas: XX is listed twice (a.csv); keep one row for each area")

    monkeypatch.setattr("pipelines.cli.release.query.query_command", slip)
    assert main(["query", "SELECT 1"]) == 2
    assert capsys.readouterr().err == "areas: XX is listed twice (a.csv); keep one row for each area\n"


def check(tiny: Tiny, folder: SourceFolder, rows: str) -> None:
    tiny.give("t.csv", rows)
    check_source(folder, Session(tiny.settings, tiny.given))


def test_a_column_that_the_table_does_not_have_is_named_with_the_nearest(tiny: Tiny) -> None:
    shaped = GOOD.replace("value: n}", "value: victms}").replace("area_scheme", "    conserve: '^n$'\narea_scheme", 1)
    folder = tiny.declare(shaped, reshape="SELECT * EXCLUDE (n), n AS victims FROM raw")
    with pytest.raises(DataRefused) as refused:
        check(tiny, folder, ROWS)
    assert "columns.value: the table has no column 'victms'; nearest: victims" in str(refused.value)
    (tiny.sources / tiny.name / "reshape.sql").unlink()
    plain = tiny.declare(GOOD.replace("time_period: year", "time_period: yaer"))
    with pytest.raises(DataRefused, match="no column 'yaer'; nearest: year"):
        check(tiny, plain, ROWS)


def test_an_unknown_code_in_values_csv_is_told_with_those_there_are(tiny: Tiny) -> None:
    folder = tiny.declare(GOOD, values="value,..,NA,\n")
    with pytest.raises(
        DataRefused, match=r"value '\.\.' has the unknown code 'NA'; nearest: A; there are A, "
    ) as refused:
        check(tiny, folder, ROWS)
    assert [problem.rule for problem in refused.value.problems] == ["declaration_invalid"]


def test_numbers_that_are_wrong_for_one_reason_are_one_problem(tiny: Tiny) -> None:
    """Ten figures with a note mark are one slip, told with the first; a word among them is another."""
    rows = "".join(f"{area},2024,HOM,{area} (p)\n" for area in range(1, 11))
    with pytest.raises(DataRefused) as refused:
        check(tiny, tiny.declare(GOOD), f"area,year,code,n\n{rows}11,2024,HOM,..\n12,2024,HOM,7\n")
    told = [(one.rule, one.row, one.value, one.cells) for one in refused.value.problems]
    assert told == [("count_not_a_number", 2, "1 (p)", 10), ("count_not_a_number", 12, "..", 1)]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009"])
def test_a_blank_between_thousands_is_any_blank(tiny: Tiny, blank: str) -> None:
    """Spreadsheets in French, Spanish or Swedish write a no-break space, which nobody can see is another character."""
    folder = tiny.declare(GOOD + "thousands: ' '\n")
    with connect(tiny.settings) as connection:
        create_number_macros(connection, folder)
        assert _number(connection, f"1{blank}234{blank}567") == 1234567
        assert _number(connection, f"12{blank}34") is None


def _number(connection: duckdb.DuckDBPyConnection, text: str) -> float | None:
    row = connection.execute("SELECT to_number($text)", {"text": text}).fetchone()
    assert row is not None
    number: float | None = row[0]
    return number


def test_a_row_of_delimiters_only_is_a_blank_line(tiny: Tiny) -> None:
    """Spreadsheets save a blank line so; the rows behind it keep the number an editor shows."""
    folder = tiny.declare(GOOD)
    check(tiny, folder, "area,year,code,n\n,,,\n14,2024,HOM,5\n,,,\n13,2024,HOM,7\n,,,\n")
    with pytest.raises(DataRefused) as refused:
        check(tiny, folder, "area,year,code,n\n,,,\n14,2024,HOM,5\n,,,\n13,2024,HOM,x\n")
    assert [problem.row for problem in refused.value.problems] == [5]


def test_a_declared_mark_behind_a_number_is_its_status(tiny: Tiny) -> None:
    """Provisional figures as offices print them; the sum of the raw counts, reshaped or not, has them too."""
    marked = GOOD + "thousands: ' '\nmarks: {(p): P, r: A}\n"
    rows = "area,year,code,n\n14,2024,HOM,1 250 (p)\n13,2024,HOM,7r\n12,2024,HOM,8\n"
    plain = tiny.declare(marked)
    reshaped = tiny.declare(
        marked.replace("area_scheme", "    conserve: '^n$'\narea_scheme", 1), reshape="SELECT * FROM raw"
    )
    for folder in (plain, reshaped):
        assert cells(tiny, folder, rows) == [("MX-HID", 7, "A"), ("MX-GRO", 8, "A"), ("MX-JAL", 1250, "P")]
    with pytest.raises(DataRefused) as refused:
        check(tiny, plain, rows.replace("7r", "r"))
    assert [(one.rule, one.value) for one in refused.value.problems] == [("count_not_a_number", "r")]
    with pytest.raises(UsageError, match=r"marks\.\(p\): 'Q' must be 'A', 'B'"):
        _ = tiny.declare(GOOD + "marks: {(p): Q}\n").source


def cells(tiny: Tiny, folder: SourceFolder, rows: str) -> list[tuple[str, float, str]]:
    tiny.give("t.csv", rows)
    raw = read(folder, acquire(folder, tiny.settings, tiny.given), tiny.settings, tiny.work)
    conformed = conform(folder, raw, tiny.settings, tiny.work)
    with connect(tiny.settings) as connection:
        account(folder, conformed, connection, tiny.settings, tiny.work)
        return connection.execute(
            "SELECT ref_area::VARCHAR, value, obs_status::VARCHAR FROM core ORDER BY value"
        ).fetchall()


def test_a_constant_area_needs_no_scheme(tiny: Tiny) -> None:
    tiny.declare(
        "layouts: [{files: ['*.csv'], read: {columns: [year, code, n]}}]\nconstants: {ref_area: MX-JAL}\n"
        "columns: {time_period: year, national_code: code, value: n}\nmeasures: {victims: {counting_unit: victim}}\n"
    )
    tiny.give("a.csv", "year,code,n\n2024,HOM,5\n")
    assert tiny.run().cells("ref_area", "iccs = '0101'")["MX-JAL"] == (5, "A", None)
