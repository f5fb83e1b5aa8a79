"""Nowcasts and early warning from tables filled by hand: editions of a series with a known delay, a rise, a break."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import numpy as np
import pytest

from iccs.periods import period_at
from pipelines.publish.published_schema import create_tables
from pipelines.publish.rates import group_populations
from pipelines.publish.series import latest_months
from pipelines.system.connection import insert_rows
from schemas.declarations import attribute_columns

LAST = 12 * 2024 + 11  # December 2024
SHARES = (0.8, 0.15, 0.05)  # of a month's events in the editions of the month itself, the next, and that after
FIRST_LOAD = datetime(2024, 6, 15)


def _key(area: str) -> dict[str, object]:
    totals = dict.fromkeys(attribute_columns(), "_T")
    return {
        "source": "xx_made", "vintage": "v", "ref_area": area, "area_level": "admin1", "freq": "M", "iccs": "0101",
        "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T", **totals,
    }  # fmt: skip


def _fill(connection: duckdb.DuckDBPyConnection, truth: dict[str, list[int]], editions: int) -> None:
    """Editions up to December 2024: each has the months up to its own, the last ones in part."""
    seen = {}
    for area, counts in truth.items():
        first = LAST - len(counts) + 1
        for number in range(editions):
            month = LAST - editions + 1 + number
            for n, count in enumerate(counts):
                delay = month - first - n
                if delay >= 0:
                    seen[area, first + n, number] = round(count * sum(SHARES[: delay + 1]))
    newest, months = editions - 1, {step for _, step, _ in seen}
    insert_rows(
        connection,
        "out.observation",
        [
            {**_key(area), "time_period": period_at(step, "M"), "value": seen[area, step, newest], "obs_status": "A"}
            for area in truth
            for step in sorted(months)
        ],
    )
    loads = [
        {"source": "xx_made", "vintage": f"v{n}", "loaded_at": FIRST_LOAD + timedelta(30 * n)} for n in range(editions)
    ]
    insert_rows(connection, "out.vintage", loads)
    insert_rows(
        connection,
        "out.revision",
        [
            {**_key(area), "vintage": f"v{n}", "time_period": period_at(step, "M"), "loaded_at": loads[n]["loaded_at"],
             "old_value": seen.get((area, step, n - 1)), "new_value": seen[area, step, n]}
            for area in truth for step in sorted(months) for n in range(1, editions)
            if (area, step, n) in seen and seen.get((area, step, n - 1)) != seen[area, step, n]
        ],
    )  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        create_tables(made)
        group_populations(made, {})
        yield made


def _level(mean: float, months: int = 84, seed: int = 1) -> list[int]:
    return np.random.default_rng(seed).poisson(mean, months).tolist()


def test_months_that_fill_up_are_completed_by_the_growth_of_earlier_editions(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, {"MX-JAL": [1000] * 84}, 8)
    latest_months.make_latest(connection)

    found = connection.execute(
        "SELECT time_period, value, nowcast, nowcast_low < 1000 AND nowcast_high > 1000, delay_months, editions "
        "FROM out.nowcast ORDER BY 1"
    ).fetchall()
    # December has 800 of 1,000 and November 950; October is whole.
    assert [row[:2] for row in found] == [("2024-11", 950.0), ("2024-12", 800.0)]
    assert [row[2] for row in found] == pytest.approx([1000, 1000], rel=1e-9)
    assert [row[3:] for row in found] == [(True, 1, 8), (True, 0, 8)]


def test_too_few_editions_give_no_nowcast(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, {"MX-JAL": [1000] * 84}, latest_months.FEWEST_EDITIONS - 1)
    latest_months.make_latest(connection)
    assert connection.execute("SELECT count(*) FROM out.nowcast").fetchone() == (0,)


@pytest.mark.parametrize("cause", ["declaration", "program", "files;declaration"])
def test_what_a_new_definition_adds_is_no_late_report(connection: duckdb.DuckDBPyConnection, cause: str) -> None:
    """The last of eight editions has twice the events of every month: another code is linked to the category."""
    _fill(connection, {"MX-JAL": [1000] * 84, "MX-MEX": [1000] * 84}, 8)
    last = FIRST_LOAD + timedelta(30 * 7)
    of_jalisco = "ref_area = 'MX-JAL' AND loaded_at = $last"
    connection.execute("UPDATE out.observation SET value = 2 * value WHERE ref_area = 'MX-JAL'")
    connection.execute(f"UPDATE out.revision SET new_value = 2 * new_value WHERE {of_jalisco}", {"last": last})
    insert_rows(
        connection,
        "out.revision",
        [
            {**_key("MX-JAL"), "vintage": "v7", "loaded_at": last, "time_period": period_at(step, "M"),
             "old_value": 1000.0, "new_value": 2000.0}
            for step in range(LAST - 40, LAST - 2)
        ],
    )  # fmt: skip
    connection.execute(
        "UPDATE out.revision SET revision_cause = CASE WHEN loaded_at = $last THEN $cause ELSE 'files' END, "
        "revision_reason = CASE WHEN old_value IS NULL THEN 'new_period' ELSE 'corrected' END",
        {"last": last, "cause": cause},
    )
    latest_months.make_latest(connection)
    found = connection.execute("SELECT ref_area, time_period, round(nowcast) FROM out.nowcast ORDER BY ALL").fetchall()
    # Nothing is known of what Jalisco reports late by the new definition; Mexico's months grow as they did. Where the
    # files are the same, whatever differs is a matter of definition.
    mexico = [("MX-MEX", "2024-11", 1000.0), ("MX-MEX", "2024-12", 1000.0)]
    assert found == (mexico if "files" in cause else [])


def test_editions_of_the_same_month_are_one(connection: duckdb.DuckDBPyConnection) -> None:
    """Six loads of one month only say nothing about growth from month to month."""
    _fill(connection, {"MX-JAL": [1000] * 84}, 1)
    again = [{"source": "xx_made", "vintage": f"w{n}", "loaded_at": FIRST_LOAD + timedelta(n)} for n in range(1, 8)]
    insert_rows(connection, "out.vintage", again)
    latest_months.make_latest(connection)
    assert connection.execute("SELECT count(*) FROM out.nowcast").fetchone() == (0,)


def test_a_rise_is_an_alert_and_a_level_is_none(connection: duckdb.DuckDBPyConnection) -> None:
    risen = _level(50)
    risen[-3:] = [90, 95, 100]
    truth = {"MX-SIN": risen, **{f"MX-A{n}": _level(50, seed=n + 2) for n in range(30)}}
    _fill(connection, truth, 1)
    # The one edition is whole but for its last months, as published.
    latest_months.make_latest(connection)

    rows = connection.execute(
        "SELECT ref_area, time_period, is_alert, exceedance > 1, value, count_expected FROM out.alert ORDER BY ALL"
    ).fetchall()
    assert len(rows) == 3 * 31
    alerts = {row[:2] for row in rows if row[2]}
    assert {area for area, _ in alerts} == {"MX-SIN"}
    assert ("MX-SIN", "2024-10") in alerts
    # The expected count is not drawn up by the rise: the last nine months are no part of the past.
    assert all(35 < row[5] < 65 for row in rows)
    comment = connection.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'alert' AND column_name = 'run_chance'"
    ).fetchone()
    assert comment is not None
    assert comment[0].endswith("Months tested in this release: 93.")


def test_the_past_begins_at_the_last_break(connection: duckdb.DuckDBPyConnection) -> None:
    """At half the level before the break: with it in the past, every month after would be an alert or a trend."""
    connection.execute(
        "INSERT INTO out.series_break BY NAME SELECT 'xx_made' AS source, NULL AS iccs, NULL AS ref_area, "
        "'2023' AS time_period, 'new law' AS note"
    )
    _fill(connection, {"MX-JAL": [400] * 60 + [800] * 24}, 1)
    latest_months.make_latest(connection)
    assert connection.execute("SELECT count(*) FROM out.alert").fetchone() == (0,)
