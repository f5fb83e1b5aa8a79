"""Numbers as sources write them: expected values are read off the text by eye."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.harmonise.numbers import create_number_macros
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
        ("", ("1e3", "inf", "nan", "0x10", "1_000", "١٢", "", "1.5.2", "--1"), [None] * 9),
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
        ("multiply: 12\n", "multiply: 12 must be 10, 100, 1000"),
        ("multiply: 1\n", "multiply: 1 must be 10, 100, 1000"),
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
    assert "2 of the raw cells under conserve are no numbers" in problem.found
