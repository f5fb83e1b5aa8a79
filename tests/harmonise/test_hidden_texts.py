"""What is shown of a text in a file with persons: numbers that identify somebody never, dates and short codes always.

What may be shown is written down here by hand; that both engines hide alike is tried with made texts.
"""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.harmonise.values.hidden import hidden, hide_text

ENGINE = duckdb.connect()
IDENTITY = [
    "20110203",  # DNI of Argentina, which reads as a date without separators
    "20.110.203",
    "123-45-6789",  # social security number of the United States
    "123.456.789-09",  # CPF of Brazil
    "12.345.678-K",  # RUN of Chile
    "PEPJ800101HDFRRN09",  # CURP of Mexico
    "X1234567L",  # NIE of Spain
    "AB123456C",  # national insurance number of the United Kingdom
    "2 85 05 78 006 084 36",  # INSEE number of France
]
TELEPHONE = ["5512345678", "555 123-4567", "+54 11 4444-5555", "(011) 4444 5555", "+33.1.23.45.67.89", "1234 5678"]
OTHER = ["12 Ana 1980", "5.512345678E+9", "12345.6789", "Ana", "a_b", "Pe\u0301rez", "\u0663\u0664\u0665", "AB12345"]
SHOWN = [
    *("2021", "202113", "2021-13-01", "31/02/2021", "31.2.2021", "2999-01-01", "1-Feb-2021", "12 ENE 1980"),
    *("2021-01-02 10:05", "2021-01-02T10:05:00.000Z", "2020/2021", "2023-2024", "25:61", "0000-00-00"),
    *("130", "-1", "15-29", "1,5", "99.9%", "1e300", "1.5E+300", "14039", "123456"),
    *("H9", "MX-XXX", "US-1", "A.12", "CIE-1234", "09b"),
]


@pytest.mark.parametrize("text", [*IDENTITY, *TELEPHONE, *OTHER])
def test_what_could_point_to_a_person_has_its_shape_only(text: str) -> None:
    shown = hidden(text)
    assert not any(sign.isdigit() for sign in shown), shown
    assert set("".join(sign for sign in shown if sign.isalpha())) == {"x"}


@pytest.mark.parametrize("text", SHOWN)
def test_dates_years_short_numbers_and_short_codes_are_shown(text: str) -> None:
    assert hidden(text) == text


SIGNS = st.sampled_from([*"0123456789", *"09-./ :+_,()%TZeE", *"abXé", "\u0301", "\n", "\u0664", "\U0001d7d9", "*"])


@settings(deadline=None)
@given(st.one_of(st.text(SIGNS, max_size=36), st.sampled_from([*IDENTITY, *TELEPHONE, *OTHER, *SHOWN])))
@example("12\n")
@example("a_b")
def test_both_engines_hide_alike(text: str) -> None:
    query = f"SELECT {hide_text('text')} FROM (SELECT $1::VARCHAR AS text)"
    ((found,),) = ENGINE.execute(query, [text]).fetchall()
    assert found == hidden(text)


@given(st.text(st.sampled_from("0123456789"), min_size=7, max_size=30))
def test_seven_digits_in_a_row_are_never_shown(text: str) -> None:
    assert hidden(text) == "x"
