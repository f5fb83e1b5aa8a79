"""The view ``out.latest_rate``, on cells written here, and on the bundled release against its rates read in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.publish.published_schema import create_tables
from schemas.declarations import attribute_columns, is_compared

RATE: dict[str, Any] = {
    "source": "xx_a", "vintage": "v", "ref_area": "SE", "area_level": "country", "iccs": "0101", "stage": "recorded",
    "counting_unit": "victim", "sex": "_T", "age": "_T", **dict.fromkeys(attribute_columns(), "_T"),
    "value": 10.0, "obs_status": "A",
}  # fmt: skip
SERIES = ("source", "ref_area", "iccs", "stage", "counting_unit", "sex")


def test_it_is_the_last_year_with_a_rate_of_each_series() -> None:
    rows = [
        {"time_period": "2018", "rate_per_100k": 1.5},
        {"time_period": "2019", "rate_per_100k": 2.5, "obs_status": "P", "few_events": True, "caveats": "volume_jump"},
        {"time_period": "2020", "rate_per_100k": None},  # no population yet
        {"time_period": "2021", "rate_per_100k": 9.0, "age": "Y15T29"},  # not all ages
        {"time_period": "2021", "rate_per_100k": 9.0, "weapon": "1"},  # not all weapons
        {"time_period": "2017", "rate_per_100k": 0.0, "sex": "F"},
        {"time_period": "2017", "rate_per_100k": None, "sex": "_U"},
        {"time_period": "2016", "rate_per_100k": 4.0, "counting_unit": "offence"},
    ]
    with duckdb.connect() as connection:
        create_tables(connection)
        connection.register(
            "given", pa.Table.from_pylist([{"few_events": None, "caveats": None, **RATE, **row} for row in rows])
        )
        connection.execute("INSERT INTO out.rate BY NAME FROM given")
        found = connection.execute(
            "SELECT counting_unit, sex, time_period, last_period, rate_per_100k, obs_status, few_events, caveats "
            "FROM out.latest_rate ORDER BY ALL"
        ).fetchall()
    assert found == [
        ("offence", "_T", "2016", "2016", 4.0, "A", None, None),
        ("victim", "F", "2017", "2017", 0.0, "A", None, None),
        ("victim", "_T", "2019", "2020", 2.5, "P", True, "volume_jump"),
    ]


def test_the_bundled_release_has_one_row_for_each_series_with_a_rate(published: Path) -> None:
    latest: dict[tuple[Any, ...], tuple[str, float]] = {}
    totals = " AND ".join(f"{name} = '_T'" for name in ("age", *attribute_columns()))
    with duckdb.connect(str(published), read_only=True) as connection:
        rates = f"SELECT {', '.join(SERIES)}, time_period, caveats, rate_per_100k FROM out.rate WHERE {totals}"
        for *key, year, caveats, rate in connection.execute(rates).fetchall():
            # One that lacks a part, or holds an exceptional event, is put beside no other.
            if rate is not None and is_compared(caveats) and year > latest.get(tuple(key), ("", 0.0))[0]:
                latest[tuple(key)] = (year, rate)
        view = f"SELECT {', '.join(SERIES)}, time_period, rate_per_100k FROM out.latest_rate"
        found = connection.execute(view).fetchall()
    assert {tuple(key): (year, rate) for *key, year, rate in found} == latest
    assert len(found) == len(latest) > 3000
