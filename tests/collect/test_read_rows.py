"""Rows of a file keep the number that a spreadsheet shows; the foot ends the data; numbers are read whole or not."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.system.errors import DataRefused

HEAD = "area,year,code,n\n"
TOLERANT = "rejected_share_limit: 1\n"


def test_a_longer_word_than_that_of_the_foot_is_named(tiny: Tiny) -> None:
    tiny.declare_plain(read=", footer: {starts_with: Note}")
    tiny.give("a.csv", "area,year,code,n\n14,2024,HOM,5\nNotes: provisional figures,,,\n")
    with pytest.raises(DataRefused, match=r"row 3 begins with a longer one, 'Notes: provisional figures'"):
        tiny.read()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        pytest.param(f"{HEAD}14,2024,HOM,1\n13,2024,HOM,x\n", 3, id="header first"),
        pytest.param(f"Title\n\n\n{HEAD}14,2024,HOM,1\n13,2024,HOM,x\n", 6, id="blank lines above the header"),
        pytest.param(f'"Title\nof two lines",,,\n{HEAD}14,2024,HOM,1\n13,2024,HOM,x\n', 5, id="a title of two lines"),
        pytest.param(f"{HEAD}14,2024,HOM,1\n\n\n13,2024,HOM,x\n", 5, id="blank lines among the data"),
        pytest.param(f'{HEAD}14,2024,"H\n\nM",1\n13,2024,HOM,x\n', 5, id="a cell of several lines"),
        pytest.param(f"{HEAD}14,2024,HOM,1\n13,2024,HOM,x".replace("\n", "\r\n"), 3, id="no newline at the end"),
    ],
)
def test_row_number_is_the_line_that_an_editor_shows(tiny: Tiny, text: str, row: int) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", text)

    _, rows = tiny.read()

    assert [number for number, *fields in rows if fields[3] == "x"] == [row]


@pytest.mark.parametrize(
    "text",
    ["H\nA\nB\n", "H\r\nA\r\nB\r\n", "H\rA\rB\r", "H\nA\r\nB\n", "H\r\nA\nB\r\n", "H\n\nA\r\n\r\nB", "H\nA\rB\n"],
    ids=repr,
)
def test_lines_may_end_in_any_way_and_in_several(tiny: Tiny, text: str) -> None:
    # Files put together from parts, or with a title added by hand, mix the ends of lines.
    rows = {"H": HEAD.strip(), "A": "14,2024,HOM,1", "B": "13,2024,HOM,2"}
    tiny.declare_plain()
    tiny.give("t.csv", "".join(rows.get(letter, letter) for letter in text))

    _, found = tiny.read()

    assert [fields for _, *fields in found] == [["14", "2024", "HOM", "1"], ["13", "2024", "HOM", "2"]]


def test_line_longer_than_the_reader_takes_is_refused(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,{'1' * 3_000_000}\n")

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    assert [problem.row for problem in refused.value.problems] == [2]


@pytest.mark.parametrize(
    ("read", "more"),
    [(", footer: {starts_with: total}", "Total,,,5\n"), ("", "\n14,2024,HOM,9\n"), ("", "")],
    ids=["with a foot", "with a blank line", "plain"],
)
def test_quote_that_is_never_closed_is_refused_wherever_the_file_is_first_split(
    tiny: Tiny, read: str, more: str
) -> None:
    # Behind the rows in which the header is sought, and with more text behind it than a field may have.
    tiny.declare_plain(read=read)
    good = "14,2024,HOM,1\n"
    tiny.give("t.csv", f'{HEAD}{200 * good}14,2024,"HOM,1\n{20_000 * good}{more}')

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    assert [(problem.rule, problem.row) for problem in refused.value.problems] == [("malformed_line", 202)]


@pytest.mark.parametrize("label", ["number", "_row"])
def test_column_may_have_any_label(tiny: Tiny, label: str) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", f"{label},area,year,code,n\nx,14,2024,HOM,3\n")

    assert tiny.conform() == ([(2, 3)], [])


def test_row_numbers_of_a_long_file(tiny: Tiny) -> None:
    rows = 40_000
    tiny.declare_plain()
    tiny.give("t.csv", HEAD + "".join(f"14,2024,HOM,{n}\n" for n in range(2, rows + 2)))

    _, found = tiny.read()

    assert len(found) == rows
    assert all(number == int(fields[3]) for number, *fields in found)


def test_fields_in_quotes(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", 'area,year,code,n,note\n"14",2024,"HOM",3,"a, ""b""\nc"\n13,2024,HOM,4,a "b" c\n')

    assert tiny.read()[1] == [
        (2, "14", "2024", "HOM", "3", 'a, "b"\nc'),
        (4, "13", "2024", "HOM", "4", 'a "b" c'),
    ]


def test_words_that_look_missing_are_words(tiny: Tiny) -> None:
    tiny.declare_plain(TOLERANT)
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,NULL\n13,2024,HOM,NA\n12,2024,HOM,nan\n11,2024,HOM,0\n")

    values, rejected = tiny.conform()

    assert values == [(5, 0)]
    assert rejected == [(row, "count_not_a_number") for row in (2, 3, 4)]


# --- the foot ------------------------------------------------------------------------------------

FOOT = ", footer: {starts_with: TOTAL}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAD}14,2024,HOM,3\nTOTAL,,,3\nSource: x\n", id="first column"),
        pytest.param(f"{HEAD}14,2024,HOM,3\n,TOTAL,,3\n", id="first filled cell, as read.footer says"),
        pytest.param(f"{HEAD}14,2024,HOM,3\ntotal ,,,3\n", id="any case, as in a workbook"),
        pytest.param(f"TOTAL VICTIMS 2024\n{HEAD}14,2024,HOM,3\nTOTAL,,,3\n", id="the title begins so too"),
    ],
)
def test_foot_of_a_text_file_ends_the_data(tiny: Tiny, text: str) -> None:
    tiny.declare_plain(read=FOOT)
    tiny.give("t.csv", text)

    raw, rows = tiny.read()

    assert [fields for _, *fields in rows] == [["14", "2024", "HOM", "3"]]
    assert raw.footers["t.csv", None][0]["n"] == "3"


def test_foot_after_more_rows_than_are_read_at_once(tiny: Tiny) -> None:
    line = "14,2024,HOM,1\n"
    rows = (2**20 - len(HEAD)) // len(line)  # the foot begins within the first MiB and ends beyond it
    tiny.declare_plain(read=FOOT)
    tiny.give("t.csv", HEAD + line * rows + "TOTAL,,,12079\nSource: police\n")

    raw, found = tiny.read()

    assert len(found) == rows
    assert raw.footers["t.csv", None][0]["n"] == "12079"


def test_no_foot_where_one_is_declared(tiny: Tiny) -> None:
    tiny.declare_plain(read=FOOT)
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,3\nSUBTOTAL,,,3\n")

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    assert [(problem.rule, problem.value) for problem in refused.value.problems] == [("missing_footer", "TOTAL")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_wrong_encoding_is_found_in_a_file_with_a_foot(tiny: Tiny, encoding: str) -> None:
    tiny.declare_plain(read=f"{FOOT}, encoding: {encoding}")
    tiny.give("t.csv", f"{HEAD}14,2024,Córdoba,1\nTOTAL,,,1\nEnd\n".encode())

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    assert [problem.rule for problem in refused.value.problems] == ["wrong_encoding"]


def test_totals_with_thousands_separators_are_compared(tiny: Tiny) -> None:
    tiny.declare_plain(
        'thousands: ","\ncontrols:\n  - {control: foot, footer_column: n}\n'
        "  - {control: parts, total_column: t, part_columns: [n]}\n",
        read=FOOT,
    )
    tiny.give("t.csv", 'area,year,code,n,t\n14,2024,HOM,"1,203","1,204"\nTOTAL,,,"1,203",\n')

    controls = tiny.run().rows("controls", "control, expected, actual, within_tolerance")

    assert ("foot", 1203, 1203, True) in controls
    assert ("parts", 1204, 1203, False) in controls


# --- numbers -------------------------------------------------------------------------------------

WRITTEN = {
    "plain": (
        "",
        {"0": 0, "007": 7, " 12 ": 12, "+3": 3, "1234567": 1234567, "2.50": 2.5},
        ["1,234", "1 234", "1e3", ".5", "5.", "1.2.3", "--1", "½", "0x10", "1_000", "12a", "inf"],
    ),
    "English": (
        'thousands: ","\n',
        {"1,234": 1234, "1,234,567": 1234567, "999": 999, "1234": 1234, "1,234.5": 1234.5},
        ["1,23", "12,3456", ",123", "1,,234", "1.234,5", "1 234"],
    ),
    "German": (
        'thousands: "."\ndecimal: ","\n',
        {"1.234": 1234, "1.234.567,25": 1234567.25, "0,5": 0.5, "12": 12},
        ["1.23", "1,234.5", "12.3456", "1..234"],
    ),
    "French": (
        'thousands: " "\ndecimal: ","\n',
        {"1 234": 1234, "1 234,5": 1234.5, "987": 987},
        ["1  234", "12 34", "1.234", "1,5,5"],
    ),
}


@pytest.mark.parametrize("style", WRITTEN)
def test_numbers_are_read_as_the_source_writes_them_or_not_at_all(tiny: Tiny, style: str) -> None:
    marks, numbers, others = WRITTEN[style]
    tiny.declare_plain(f"{TOLERANT}whole_numbers: false\n{marks}")
    texts = [*numbers, *others]
    tiny.give("t.csv", HEAD + "".join(f'14,{1900 + n},HOM,"{text}"\n' for n, text in enumerate(texts)))

    values, rejected = tiny.conform()

    assert values == [(2 + n, number) for n, number in enumerate(numbers.values())]
    assert rejected == [(2 + len(numbers) + n, "count_not_a_number") for n in range(len(others))]


def test_whole_numbers_may_carry_zero_decimals_and_nothing_else(tiny: Tiny) -> None:
    tiny.declare_plain(TOLERANT)
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,3.0\n13,2024,HOM,3.5\n12,2024,HOM,-0.5\n11,2024,HOM,-1\n")

    values, rejected = tiny.conform()

    assert values == [(2, 3)]
    assert rejected == [
        (3, "count_not_whole"),
        (4, "count_not_whole"),  # a cell is rejected once, by the first rule that it breaks
        (5, "count_negative"),
    ]


# --- periods -------------------------------------------------------------------------------------


def test_periods_that_are_none_are_refused_as_such(tiny: Tiny) -> None:
    bad = ["24", "2024-13", "2024-00", "2024-Q5", "2023 (p)", "x", "", "20245", "2024-1"]
    tiny.declare_plain()
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,1\n" + "".join(f"13,{period},HOM,1\n" for period in bad))

    with pytest.raises(DataRefused) as refused:
        tiny.run()

    told = [
        (problem.rule, problem.column, problem.row, problem.value, problem.cells) for problem in refused.value.problems
    ]
    # Periods that differ in digits alone are wrong for one reason, and one problem: 24 and 20245; 2024-13, -00, -1.
    assert told == [
        ("invalid_period", "year", 3 + bad.index(period), period, cells)
        for period, cells in {"24": 2, "2024-13": 3, "2024-Q5": 1, "2023 (p)": 1, "x": 1, "": 1}.items()
    ]


# --- links ---------------------------------------------------------------------------------------


def test_code_without_a_link_in_its_period_is_told_with_that_period_only(tiny: Tiny) -> None:
    link = {"national_code": "HOM", "national_label": "h", "iccs_code": "0101", "relation": "exact"}
    tiny.declare_plain(links=[{**link, "valid_to": "2022"}])
    tiny.give("t.csv", HEAD + "".join(f"14,{year},HOM,1\n" for year in (2021, 2022, 2023, 2024)))

    with pytest.raises(DataRefused) as refused:
        tiny.run()

    (problem,) = refused.value.problems
    assert (problem.rule, problem.row, problem.cells) == ("unlinked_national_code", 4, 2)
    assert "2023" in problem.found
    assert "2024" in problem.found
    assert "2022" not in problem.found
    assert "2021" not in problem.found
