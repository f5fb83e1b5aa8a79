"""Printed rates as numbers: their digits say how exact they are, and their count which population is meant."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.system.sql import fill_sql

LINKS = "SELECT 'H' AS national_code, '0101' AS iccs_code"


def judged(folder: Path, rows: list[tuple[str, str, str, str]]) -> dict[tuple[str, str], tuple[float | None, ...]]:
    """Rounding, range and population of each year and category of one area; rows are year, category, count, rate."""
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO to_number(text) AS try_cast(text AS DOUBLE)")
        connection.execute("CREATE TABLE list_ref_area AS SELECT 'A' AS word, 1 AS id")
        connection.execute("CREATE TABLE area_code AS SELECT 1 AS id, 'DE-HB' AS code")
        connection.execute(f"COPY ({LINKS}) TO '{folder}/links.parquet'")
        values = ", ".join(repr((number, *row)) for number, row in enumerate(rows))
        statement = (
            "SELECT number AS _row, 'A' AS ref_area, year AS time_period, code AS national_code, 'n' AS measure, "
            f"count, rate, '100000' AS per FROM (VALUES {values}) AS printed (number, year, code, count, rate)"
        )
        connection.execute(
            fill_sql(
                "harmonise/published_rates",
                statement=statement,
                stages="WHEN 'n' THEN 'recorded'",
                units="WHEN 'n' THEN 'case'",
                links=f"'{folder}/links.parquet'",
                fraction="'[.]([0-9]+)'",
                target=f"'{folder}/rates.parquet'",
            )
        )
        found = connection.execute(
            "SELECT time_period, national_code, rounding, rate_low, rate_high, population, between_years "
            f"FROM '{folder}/rates.parquet'"
        ).fetchall()
    return {(year, code): tuple(rest) for year, code, *rest in found}


def test_a_rate_is_as_exact_as_its_year_prints(tmp_path: Path) -> None:
    """1,000,000 persons: 3, 12 and 24 cases are 0.3, 1.2 and 2.4. The zero at the end of 2.40 is not always written."""
    one = judged(tmp_path, [("2020", "a", "3", "0.3"), ("2020", "b", "12", "1.2"), ("2020", "c", "24", "2.4")])
    two = judged(tmp_path, [("2020", "a", "3", "0.3"), ("2020", "b", "12", "1.23"), ("2020", "c", "24", "2.4")])

    assert {rest[0] for rest in one.values()} == {0.05}
    assert {rest[0] for rest in two.values()} == {0.005}
    # by hand: the three imply 3 / 0.35 to 3 / 0.25 and so on; the medians are 12 / 1.25 and 12 / 1.15 (times 10^5)
    assert one["2020", "a"][1] == pytest.approx(3 / (12 / 1.15) - 0.05)
    assert one["2020", "a"][2] == pytest.approx(3 / (12 / 1.25) + 0.05)


def test_one_rate_a_year_is_compared_with_the_other_years(tmp_path: Path) -> None:
    """20 a year in 100,000, 110,000, 120,000 and 130,000 persons; in 2012 the rate is ten times too high."""
    rates = {"2010": "20.00", "2011": "18.18", "2012": "166.67", "2013": "15.38"}
    found = judged(tmp_path, [(year, "H", "20", rate) for year, rate in rates.items()])

    assert all(rest[4] for rest in found.values())
    low, high = found["2012", "H"][1:3]  # the median of the other three years, 110,000
    assert low is not None and high is not None
    assert low < 20 / 110_000 * 1e5 < high < 19 < 166.67
    assert found["2010", "H"][3] == pytest.approx(100_000)  # two decimals of 20.00 say the population to 0.05 %


def test_two_rates_are_too_few_to_judge_by(tmp_path: Path) -> None:
    found = judged(tmp_path, [("2020", "H", "20", "20.00"), ("2021", "H", "20", "18.18")])
    assert [rest[1:3] for rest in found.values()] == [(None, None), (None, None)]
