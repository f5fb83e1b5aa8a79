"""A text becomes a number, and a period, in one place; expected values are read off the texts by hand."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from pipelines.harmonise.dates import OUR_FORMS, parse_dates, parse_period
from pipelines.harmonise.numbers import parse_decimal, parse_number, parse_whole
from schemas.source import Source


def value_of(expression: str, text: str | None) -> Any:
    with duckdb.connect() as connection:
        ((found,),) = connection.execute(f"SELECT {expression} FROM (SELECT $text AS word)", {"text": text}).fetchall()
        return found


def written(thousands: str = "", decimal: str = ".", marks: tuple[str, ...] = ()) -> Source:
    return cast("Source", SimpleNamespace(thousands=thousands, decimal=decimal, marks=dict.fromkeys(marks, "P")))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("-2", -2),
        ("+2", 2),
        ("1.5", 1.5),
        ("12.0", 12),
        ("", None),
        (None, None),
        ("12.", None),
        (".5", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("1 2", None),
        ("12\n", None),
        ("12 (p)", None),
        ("1,234", None),
        ("0x1F", None),
        ("1000000000000000", 1e15),
        ("1000000000000001", None),
    ],
)
def test_a_count_is_read_completely_or_not_at_all(text: str | None, number: float | None) -> None:
    assert value_of(parse_number("word", written()), text) == number


@pytest.mark.parametrize(
    ("source", "text", "number"),
    [
        (written(thousands=","), "1,234,567", 1234567),
        (written(thousands=","), "12,34", None),
        (written(thousands=" ", decimal=","), "1 234,5", 1234.5),
        (written(thousands=" ", decimal=","), "1.5", None),
        (written(marks=("(p)", "*")), "12 (p)", 12),
        (written(marks=("(p)", "*")), "12*", 12),
        (written(marks=("(p)", "*")), "*", None),
    ],
)
def test_separators_and_marks_are_those_that_the_source_declares(
    source: Source, text: str, number: float | None
) -> None:
    assert value_of(parse_number("word", source), text) == number


@pytest.mark.parametrize(
    ("text", "decimal", "whole"),
    [("34", 34, 34), ("34.0", 34, 34), ("34.5", 34.5, None), ("1e-05", 1e-05, None), ("0", 0, None), ("x", None, None)],
)
def test_a_number_that_a_program_wrote(text: str, decimal: float | None, whole: int | None) -> None:
    assert value_of(parse_decimal("word"), text) == decimal
    assert value_of(parse_whole("word", 100), text) == whole


@pytest.mark.parametrize(
    ("text", "first_day", "freq"),
    [
        ("2024", date(2024, 1, 1), "A"),
        ("2024-Q3", date(2024, 7, 1), "Q"),
        ("2024-03", date(2024, 3, 1), "M"),
        ("1749", date(1749, 1, 1), "A"),
        ("2024-Q0", None, None),
        ("2024-Q5", None, None),
        ("2024-13", None, None),
        ("2024-3", None, None),
        ("2024-00", None, None),
        ("0212", None, None),
        ("-123", None, None),
        (" 202", None, None),
        ("2024 ", None, None),
        ("2024 (p)", None, None),
        ("2024-03-05", None, None),
        ("", None, None),
    ],
)
def test_a_period_in_one_of_our_forms(text: str, first_day: date | None, freq: str | None) -> None:
    day, frequency = parse_period("word", OUR_FORMS)
    assert (value_of(day, text), value_of(frequency, text)) == (first_day, freq)


@pytest.mark.parametrize(
    ("forms", "text", "day"),
    [
        (("YYYY-MM-DD",), "2024-03-05", date(2024, 3, 5)),
        (("YYYY-MM-DD",), "2024-03-05 12:30", date(2024, 3, 5)),
        (("YYYY-MM-DD",), "2024-03-05T12:30:00Z", date(2024, 3, 5)),
        (("YYYY-MM-DD",), "2024-03-05 to 2024-04-06", None),
        (("YYYY-MM-DD",), "2024-02-30", None),
        (("YYYY-MM-DD",), "2024-03", None),
        (("DD/MM/YYYY",), "05/03/2024 9:15", date(2024, 3, 5)),
        (("YYYY-MM",), "2024-03 x:y", None),
        (("YYYY",), "2024 about", None),
        (("QN YYYY",), "Q2 2024", date(2024, 4, 1)),
        (("YYYYMMDD", "YYYY-MM-DD"), "20240305", date(2024, 3, 5)),
    ],
)
def test_a_date_has_exactly_the_form_that_is_declared(forms: tuple[str, ...], text: str, day: date | None) -> None:
    assert value_of(parse_dates("word", forms), text) == day
