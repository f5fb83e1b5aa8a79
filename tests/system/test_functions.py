"""Functions of SQL that several steps share, against the Python definition of the same thing."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iccs.periods import first_day, last_day
from pipelines.system.functions import shared_functions
from schemas.codelists import ranked_codes, weakest_status

STATUSES = st.sampled_from(ranked_codes("obs_status"))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE SCHEMA out")
        for schema in ("", "out"):
            for function in shared_functions(schema):
                opened.execute(function.statement)
        yield opened


@given(st.lists(STATUSES, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_sql_and_python_give_the_same_status(connection: duckdb.DuckDBPyConnection, statuses: list[str]) -> None:
    expected = weakest_status(statuses)
    query = "SELECT out.weakest_status(code), max(code::obs_status) FROM (SELECT unnest($codes) AS code)"
    connection.execute(f"CREATE OR REPLACE TYPE obs_status AS ENUM ({str(list(ranked_codes('obs_status')))[1:-1]})")
    assert connection.execute(query, {"codes": statuses}).fetchall() == [(expected, expected)]
    found = connection.execute("SELECT weaker_status($1, $2)", [statuses[0], statuses[-1]]).fetchall()
    assert found == [(weakest_status([statuses[0], statuses[-1]]),)]


def test_a_status_that_is_absent_is_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    two = "weaker_status(NULL, 'P'), weaker_status('P', NULL)"
    query = f"SELECT {two}, weakest_status(code) FROM (VALUES (NULL), ('P')) AS t (code)"
    assert connection.execute(query).fetchall() == [("P", "P", "P")]


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ("b;a", "c;a", "a;b;c"),
        (None, "a", "a"),
        ("a", None, "a"),
        (None, None, None),
        ("", "", None),
        ("a", "", "a"),
        (";a", "b;;", "a;b"),
    ],
)
def test_caveats_are_merged_once_each_in_order(
    connection: duckdb.DuckDBPyConnection, one: str | None, other: str | None, merged: str | None
) -> None:
    query = "SELECT join_caveats($1, $2), (SELECT merge_caveats(text) FROM (VALUES ($1), ($2)) AS t (text))"
    assert connection.execute(query, [one, other]).fetchall() == [(merged, merged)]


@pytest.mark.parametrize(
    ("period", "freq", "quarter"),
    [("2024", "A", None), ("2024-Q3", "Q", "2024-Q3"), ("2024-02", "M", "2024-Q1"), ("2024-12", "M", "2024-Q4")],
)
def test_periods_have_the_days_that_python_gives(
    connection: duckdb.DuckDBPyConnection, period: str, freq: str, quarter: str | None
) -> None:
    query = "SELECT freq_of($1), quarter_of($1), first_day_of($1, $2), last_day_of($1, $2)"
    assert connection.execute(query, [period, freq]).fetchall() == [
        (freq, quarter, first_day(period), last_day(period))
    ]


@pytest.mark.parametrize("text", ["2024-13", "2024-Q5", "20241", "2024-1", "", "x", "2024-02-01"])
def test_what_is_no_period_has_no_frequency(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert connection.execute("SELECT freq_of($1)", [text]).fetchall() == [(None,)]
