"""Numbers as sources write them: expected values are read off the text by eye."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.harmonise.values.numbers import create_number_macros
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from schemas.errors import UsageError

ROW = "area,year,code,n\n14,2024,HOM,"


def read(tiny: Tiny, more: str, *texts: str, macro: str = "to_number", values: str = "") -> list[float | None]:
    folder = tiny.declare_plain(more, values=values)
    with connect(tiny.settings) as connection:
        create_number_macros(connection, folder)
        found = (connection.execute(f"SELECT {macro}($text)", {"text": text}).fetchone() for text in texts)
        return [row[0] for row in found if row]


@pytest.mark.parametrize(
    ("more", "texts", "numbers"),
    [
        ('thousands: ","\n', ("1,234", "1,23,456", "12,34,56,789", "1,234,567"), [1234, 123456, 123456789, 1234567]),
        ('thousands: ","\n', ("12,34", "1,2345", "1,23,45", ",123", "1234,567"), [None] * 5),
        ("thousands: \"'\"\n", ("1'234", "1’234", "1ʼ234", "1´234", "1`234"), [1234] * 5),
        ("thousands: ' '\n", ("1\u2009234", "1\u200a234", "1\u2002234", "1 234 567"), [1234, 1234, 1234, 1234567]),
        ('thousands: "."\ndecimal: ","\nwhole_numbers: false\n', ("1.234,5", "1.234", "12,5"), [1234.5, 1234, 12.5]),
        ("marks: {b: B, (p): P, bp: B}\n", ("88 b", "88b", "88 (p)", "88bp", "88 x", "b"), [88] * 4 + [None] * 2),
        ("", ("1e3", "inf", "nan", "0x10", "1_000", "1²", "", "1.5.2", "--1"), [None] * 9),
        ('thousands: ","\n', ("١٢", "۱٬۲", "２０", "๑,๒๓๔"), [12, None, 20, 1234]),
    ],
)  # fmt: skip
def test_a_number_is_read_as_declared_or_not_at_all(
    tiny: Tiny, more: str, texts: tuple[str, ...], numbers: list[float | None]
) -> None:
    assert read(tiny, more, *texts) == numbers


def test_a_multiplier_moves_the_decimal_point_and_loses_no_digit(tiny: Tiny) -> None:
    """450359962737.049 x 1000 as a product of doubles is not the whole number that its digits give."""
    more = "multiply: 1000\nwhole_numbers: false\n"
    assert read(tiny, more, "126799.054", "450359962737.049", "-2", macro="to_count") == [
        126799054,
        450359962737049,
        -2000,
    ]


def test_a_word_for_missing_that_looks_like_a_number_is_none(tiny: Tiny) -> None:
    values = "value,-99,Q\nvalue,9999,O\nvalue,..,O\n"
    assert read(tiny, "", "-99", " 9999 ", "99", "..", values=values) == [None, None, 99, None]


def test_the_sum_before_a_reshape_reads_flags_that_values_csv_declares(tiny: Tiny) -> None:
    values = "obs_status,b,B\nobs_status,,A\n"
    assert read(tiny, "", "88 b", "88b", "88 x", ": b", macro="to_raw_count", values=values) == [88, 88, None, None]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('thousands: "."\n', r"thousands: '\.' is the decimal mark as well; decimal is '\.' if not given"),
        ('thousands: ","\ndecimal: ","\n', "thousands: ',' is the decimal mark as well"),
        ('thousands: "\'"\ndecimal: "’"\n', "is the decimal mark as well"),
        ('thousands: "0"\n', "thousands: '0' cannot be a mark between digits"),
        ('thousands: "e"\n', "thousands: 'e' cannot be a mark"),
        ('decimal: "-"\n', "decimal: '-' cannot be a mark"),
        ('decimal: " "\n', "decimal: a blank separates numbers"),
        ('marks: {"1": P}\n', "marks: '1' cannot follow a number"),
        ('marks: {"-": P}\n', "marks: '-' cannot follow a number"),
        ('marks: {".": P}\n', r"marks: '\.' cannot follow a number"),
        ("multiply: 12\n", "multiply: 12 must be 1, 10, 100, 1000"),
        ("multiply: 0\n", "multiply: 0 must be 1, 10, 100, 1000"),
    ],
)
def test_marks_under_which_a_figure_changes_are_refused(tiny: Tiny, more: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        _ = tiny.declare_plain(more).source


def test_a_figure_in_thousands_is_published_in_units_and_the_account_closes(tiny: Tiny) -> None:
    """Reshaped too: the sums before and after are both in units."""
    more = "multiply: 1000\ncontrols: [{control: all, where: 'true', expected: 12500, origin: by hand}]\n"
    for reshape in (None, "SELECT * FROM raw"):
        layout = "" if reshape is None else "    conserve: ^n$\n"
        tiny.declare_plain(more, reshape=reshape, layout=layout)
        tiny.give("a.csv", f"{ROW}12.5\n")
        result = tiny.run()
        assert result.rows("core", "value") == [(12500.0,)]
        assert result.rows("reconciliation", "count_read, count_published, closes") == [(12500.0, 12500.0, True)]
        assert result.rows("controls", "within_tolerance") == [(True,)]


def test_a_reshape_that_multiplies_is_told_of_the_key_for_it(tiny: Tiny) -> None:
    tiny.declare_plain(
        layout="    conserve: ^n$\n",
        reshape="SELECT * REPLACE (CAST(CAST(n AS DOUBLE) * 1000 AS BIGINT)::VARCHAR AS n) FROM raw",
    )
    tiny.give("a.csv", f"{ROW}237764\n13,2024,HOM,1\n")
    with pytest.raises(DataRefused, match=r"237,765 before .* to 237,765,000 after.*1,000 times.*write multiply: 1000"):
        tiny.run()


def test_the_raw_cell_that_is_no_number_is_named_where_a_sum_changed(tiny: Tiny) -> None:
    tiny.declare_plain(layout="    conserve: ^n$\n", reshape="SELECT * REPLACE (replace(n, '~', '') AS n) FROM raw")
    tiny.give("a.csv", f"{ROW}7\n13,2024,HOM,~12\n12,2024,HOM,~3\n")
    with pytest.raises(DataRefused) as refused:
        tiny.run()
    (problem,) = refused.value.problems
    assert (problem.rule, problem.row, problem.column, problem.value) == ("reshape_changed_sum", 3, "n", "~12")
    assert "2 of the raw cells under conserve are not numbers" in problem.found


def refused(tiny: Tiny, *figures: str, more: str = "", values: str = "", **parts: str) -> list[tuple[str, int | None]]:
    """Rule and row of each problem of a table of these figures, none where it is accepted."""
    tiny.declare_plain(more, values=values, **parts)
    areas = ("14", "13", "12", "11", "10")
    rows = "".join(f"{area},2024,HOM,{figure}\n" for area, figure in zip(areas, figures, strict=False))
    tiny.give("a.csv", f"area,year,code,n\n{rows}")
    try:
        tiny.run()
    except DataRefused as error:
        return [(problem.rule, problem.row) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("figures", "more", "rules"),
    [
        (("2.000", "12.000", "150.000"), "", {"count_mark_unclear"}),
        (("2.000", "500"), "", {"count_mark_unclear"}),
        (("1.234", "12.345"), "whole_numbers: false\n", {"count_mark_unclear"}),
        (("1.234",), "", {"count_mark_unclear"}),
        (("2.000", "12.50"), "whole_numbers: false\n", set()),
        (("1234.000", "12.000"), "", set()),
        (("0.125", "12.000"), "whole_numbers: false\n", set()),
        (("12.0", "13.00"), "", set()),
        (("2.000", "12.000"), 'decimal: "."\n', set()),
        (("2.000", "12.000"), 'thousands: "."\ndecimal: ","\n', set()),
        (("1.5", "2.000"), "", {"count_not_whole"}),
    ],
)
def test_a_point_before_three_digits_may_be_either_mark(
    tiny: Tiny, figures: tuple[str, ...], more: str, rules: set[str]
) -> None:
    """12.000 is refused where nothing says what the point is; any other number with a point says that it is decimal."""
    assert {rule for rule, _ in refused(tiny, *figures, more=more)} == rules


FLAGGED = "columns: {ref_area: area, time_period: year, national_code: code, value: n, obs_status: flag}\n"
FLAGS = "obs_status,,A\nobs_status,e,E\nobs_status,c,Q\nobs_status,m,O\nobs_status,l,L\n"


def with_flags(tiny: Tiny, rows: list[tuple[str, str]], words: str = "") -> list[tuple[float | None, str]]:
    declared = (
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, n, flag]}\narea_scheme: inegi\n"
        f"{FLAGGED}measures:\n  victims: {{counting_unit: victim}}\n"
    )
    tiny.declare(declared, values=FLAGS + words)
    text = "".join(f"{area},2024,HOM,{n},{flag}\n" for area, (n, flag) in zip(range(10, 20), rows, strict=False))
    tiny.give("a.csv", f"area,year,code,n,flag\n{text}")
    result = tiny.run()
    assert result.rows("reconciliation", "closes") == [(True,)]
    return [(value, status) for _, value, status in sorted(result.rows("core", "ref_area, value, obs_status"))]


def test_the_reason_that_a_flag_gives_is_that_of_a_missing_figure(tiny: Tiny) -> None:
    """Rows: blank with each flag; a word that says suppressed with a flag that says missing; zero as a blank."""
    found = with_flags(
        tiny,
        [("", "c"), ("", "l"), ("..", "c"), ("x", "m"), ("0", "c"), ("0", ""), ("7", "e"), ("", "")],
        "value,,O\nvalue,..,O\nvalue,x,Q\n",
    )
    # States 10 to 17 of Mexico in the order of their codes: DUR, GRO, GUA, HID, JAL, MEX, MIC, MOR.
    want = [(None, "Q"), (None, "L"), (None, "Q"), (None, "Q"), (None, "Q"), (0, "A"), (7, "E"), (None, "O")]
    assert sorted(found, key=str) == sorted(want, key=str)


def test_a_blank_needs_no_word_where_its_flag_says_why(tiny: Tiny) -> None:
    assert with_flags(tiny, [("", "c")]) == [(None, "Q")]
    with pytest.raises(DataRefused, match="count_empty"):
        with_flags(tiny, [("", "")])


def test_a_figure_beside_a_flag_that_says_there_is_none_is_refused(tiny: Tiny) -> None:
    with pytest.raises(DataRefused) as error:
        with_flags(tiny, [("3", ""), ("7", "m"), ("9", "m"), ("8", "c")])
    assert [(one.rule, one.row, one.column, one.value, one.cells) for one in error.value.problems] == [
        ("count_beside_missing_status", 3, "flag", "7 m", 2),
        ("count_beside_missing_status", 5, "flag", "8 c", 1),
    ]
