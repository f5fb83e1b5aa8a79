"""A text becomes a number, and a period, in one place; expected values are read off the texts by hand."""

from __future__ import annotations

from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from pipelines.harmonise.values.dates import (
    OUR_FORMS,
    RowPeriod,
    describe_period,
    parse_dates,
    parse_period,
    period_number,
)
from pipelines.harmonise.values.numbers import describe_number, parse_decimal, parse_number, parse_whole
from schemas.source import Source


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One for all tests here: opening it takes longer than what they ask."""
    return duckdb.connect()


def value_of(expression: str, text: str | None) -> Any:
    ((found,),) = _engine().execute(f"SELECT {expression} FROM (SELECT $text AS word)", {"text": text}).fetchall()
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
        (("YYYY-MM-DD",), "2024-03-05T12:30:00", date(2024, 3, 5)),
        (("YYYY-MM-DD",), "2024-03-05T12:30:00Z", None),
        (("YYYY-MM-DD",), "2024-03-05 12:30:00-06:00", None),
        (("YYYY-MM-DD",), "2024-03-05 12:30 EST", None),
        (("YYYY-MM-DD",), "2024-03-05 02:30 PM", date(2024, 3, 5)),
        (("M/D/YYYY",), "3/7/2023", date(2023, 3, 7)),
        (("M/D/YYYY",), "03/07/2023", date(2023, 3, 7)),
        (("M/D/YYYY",), "3/7/2023 14:05", date(2023, 3, 7)),
        (("M/D/YYYY",), "3/7/23", None),
        (("M/D/YYYY",), "13/7/2023", None),
        (("MM/DD/YYYY",), "3/7/2023", None),
        (("D.M.YY",), "5.3.24", date(2024, 3, 5)),
        (("D.M.YY",), "05.03.69", date(1969, 3, 5)),
        (("D.M.YY",), "5.3.2024", None),
        (("YYYY-MM-DD", "YYYY-MM", "YYYY-00-00", "YYYY"), "2023-00-00", date(2023, 1, 1)),
        (("YYYY-MM-DD", "YYYY-MM", "YYYY-00-00", "YYYY"), "2023-02", date(2023, 2, 1)),
        (("YYYY-MM-DD", "YYYY-MM", "YYYY-00-00", "YYYY"), "2023", date(2023, 1, 1)),
        (("YYYY-MM-DD", "YYYY-MM", "YYYY-00-00", "YYYY"), "2023-02-03", date(2023, 2, 3)),
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


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        # Mexico City was 5 hours behind UTC in the summer of 2022, and 6 in winter and since.
        ("America/Mexico_City", "2022-01-01T02:30:00Z", date(2021, 12, 31)),
        ("America/Mexico_City", "2022-01-01T06:00:00Z", date(2022, 1, 1)),
        ("America/Mexico_City", "2022-07-01T05:30:00Z", date(2022, 7, 1)),
        ("America/Mexico_City", "2024-07-01T05:30:00Z", date(2024, 6, 30)),
        ("America/Mexico_City", "2024-07-01T05:30:00.123Z", date(2024, 6, 30)),
        ("America/Mexico_City", "2024-06-30T23:30:00-06:00", date(2024, 6, 30)),
        ("America/Mexico_City", "2024-07-01 01:30:00 +0200", date(2024, 6, 30)),
        ("America/Mexico_City", "2024-07-01 09:30:00+05:30", date(2024, 6, 30)),
        ("Asia/Kolkata", "2024-06-30T18:30:00Z", date(2024, 7, 1)),
        ("Asia/Kolkata", "2024-06-30T18:29:59Z", date(2024, 6, 30)),
        ("Asia/Kolkata", "2024-06-30 23:59", date(2024, 6, 30)),
        ("Asia/Kolkata", "2024-06-30", date(2024, 6, 30)),
        ("Asia/Kolkata", "2024-06-30 12:00 EST", None),
        ("Asia/Kolkata", "2024-06-30 08:00 PM Z", None),
    ],
)
def test_a_time_with_a_zone_is_of_the_day_where_the_incident_was(zone: str, text: str, day: date | None) -> None:
    """Expected days from the offsets that the IANA database gives for these zones, added by hand."""
    assert value_of(parse_dates("word", ("YYYY-MM-DD",), zone), text) == day


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024-03", 202403),
        ("2024-13", -202400),  # no period, and yet its year is known
        ("30/02/2022", -202200),
        ("20220230", -202200),
        ("2023*", -202300),
        ("12023", None),
        ("2023-02-30 2015", -202302),  # the last four digits are a time; the month is as plain as the year
        ("2023/02/91", -202302),
        ("2023-13-01", -202300),
        ("29/02/2023 1930", -202300),
        ("29/02/2023 19:30", -202300),
        ("31-Feb-2023", -202300),
        ("13/2023", -202300),
        ("30022023", -202300),
        ("20230230 2015", -202300),
        ("2016-2020", None),  # two years: none is said
        ("2012/13", None),
        ("20132024", None),  # 20 of month 13 in 2024, or 2013
        ("unknown", None),
        ("2026-02", -1),  # after the day on which the file came
    ],
)
def test_a_text_that_is_no_period_may_say_its_year(text: str, number: int | None) -> None:
    source = cast("Source", SimpleNamespace(kind="count", columns={"time_period": "t"}, constants={}, year_starts=None))
    period = RowPeriod(source)
    own = ", ".join(f"{expression} AS {name}" for name, expression in period.own().items())
    with duckdb.connect() as connection:
        tidy = "(SELECT $text AS t, '2026-01-01' AS _received) AS tidy"
        query = f"SELECT {period_number(period)} FROM (SELECT {own} FROM {tidy}) AS r"
        assert connection.execute(query, {"text": text}).fetchone() == (number,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2009/10", "financial, fiscal or school year"),
        ("2019-2020", "financial, fiscal or school year"),
        ("2006_2008", "a span of 3 years"),
        ("2020-W05", "a week"),
        ("2020-S1", "half a year"),
        ("2024-3", "a month or quarter in another format"),
        ("T1 2024", "a month or quarter in another format"),
        ("2024-03-05", "a day"),
        ("2015.0", "a year with a decimal point"),
        ("2023*", "a year followed by a mark or note"),
        ("2023 (p)", "a year followed by a mark or note"),
        ("2023²", "a year followed by a mark or note"),
        ("1990s", "a decade"),
        ("1st quarter 2023", "a quarter in words"),
        ("2º trimestre de 2023", "a quarter in words"),
        ("FY2020", "a financial or fiscal year"),
        ("Winter 2022", "a season"),
        ("verano 2023", "a season"),
        ("1397", "a year of another calendar"),
        ("Septiembre", "the name of a month"),
        ("août 2023", "the name of a month"),
        ("Jan 2020", "the name of a month"),
        ("marzo de 2020", "the name of a month"),
        ("44197", "a number of days, as spreadsheets store dates"),
        ("unknown", "In a table, write 2024"),
    ],
)
def test_a_period_that_is_none_is_named_for_what_it_looks_like(text: str, said: str) -> None:
    assert said in describe_period(text, cast("Source", SimpleNamespace(kind="count", columns={}, year_starts=None)))


def test_a_number_in_a_column_of_weeks_is_no_month() -> None:
    source = cast("Source", SimpleNamespace(kind="count", columns={"time_period": "week"}, year_starts=None))
    assert "a week" in describe_period("202301", source)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12 %", "a percentage or a share"),
        ("\u22123", "a negative number"),
        ("(1,203)", "a negative number"),
        ("1.4E+06", "an exponent"),
        ("3-5", "a range"),
        ("<5", "a limit"),
        ("1O2", "the letter O"),
        ("\u0661\u0662", "digits other than 0 to 9"),
        ("#REF!", "a spreadsheet error"),
        ("-", "If it means zero"),
    ],
)
def test_a_count_that_is_none_is_named_for_what_it_looks_like(text: str, said: str) -> None:
    assert said in describe_number(text)


@pytest.mark.parametrize("text", ["12 b", "n.d.", "12,5,3"])
def test_a_text_that_looks_like_nothing_known_is_not_guessed(text: str) -> None:
    assert describe_number(text) == ""
