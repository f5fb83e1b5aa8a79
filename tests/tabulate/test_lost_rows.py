"""Rows of a table that are lost: which of them the rule ``rows_missing`` names, and which nobody can know of.

Each table is made here, one row for each area, year and sex, and the rows that are taken out are the ones expected.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from figure_cases import ZA_AREAS
from figure_data import Data, Judge, Rows

YEARS = tuple(str(year) for year in range(2015, 2021))
Row = dict[str, Any]


def table(count: Callable[[int], float], sexes: str = "MF", areas: tuple[str, ...] = ZA_AREAS) -> Rows:
    """One row for each area, year and sex; the n-th has ``count(n)``."""
    keys = [(area, year, sex) for area in areas for year in YEARS for sex in sexes]
    return [
        {"ref_area": area, "area_level": "admin1", "time_period": year, "sex": sex, "value": count(number)}
        for number, (area, year, sex) in enumerate(keys)
    ]


def without(rows: Rows, area: str, year: str, sex: str = "M") -> Rows:
    return [row for row in rows if (row["ref_area"], row["time_period"], row["sex"]) != (area, year, sex)]


def some_zeros(number: int) -> float:
    return float(number % 4)


def no_zeros(number: int) -> float:
    return 3.0 + number % 4


def large(number: int) -> float:
    return 40.0 + number % 4


@pytest.fixture
def named(tmp_path: Path) -> Callable[[Rows], str]:
    """What the rule says of a table; empty where it says nothing."""

    def judge(rows: Rows, **about: Any) -> str:
        outcome, _, failing, detail = Judge(tmp_path)("rows_missing", Data(core=rows, about=about))
        assert (failing > 0) == (outcome == "warned"), outcome
        return detail

    return judge


def test_a_row_inside_the_years_of_a_table_that_writes_zeros(named: Callable[[Rows], str]) -> None:
    rows = table(some_zeros)
    assert named(rows) == ""
    assert "ZA-GP 0101 2018: 1 counts missing" in named(without(rows, "ZA-GP", "2018"))


def test_rows_of_several_leaves_are_each_named(named: Callable[[Rows], str]) -> None:
    rows = table(some_zeros)
    for area, year, sex in [("ZA-GP", "2016", "M"), ("ZA-GP", "2016", "F"), ("ZA-WC", "2019", "F")]:
        rows = without(rows, area, year, sex)
    found = named(rows)
    assert "ZA-WC 0101 2019: 1 counts missing" in found
    assert "2016" not in found, "an area without any row in a year is another rule's: areas_missing, periods_missing"


def test_a_small_count_that_a_table_without_zeros_lacks_may_be_none(named: Callable[[Rows], str]) -> None:
    assert named(without(without(table(no_zeros), "ZA-GP", "2018"), "ZA-WC", "2016")) == ""


def test_a_large_count_is_never_none_by_chance(named: Callable[[Rows], str]) -> None:
    assert "ZA-GP 0101 2018: 1 counts missing" in named(
        without(without(table(large), "ZA-GP", "2018"), "ZA-WC", "2016")
    )


@pytest.mark.parametrize("year", [YEARS[0], YEARS[-1]])
def test_the_first_and_the_last_year_are_known_by_the_other_areas(named: Callable[[Rows], str], year: str) -> None:
    found = named(without(without(table(large), "ZA-GP", year), "ZA-WC", "2016"))
    assert f"ZA-GP 0101 {year}: 1 counts missing" in found


def test_nobody_knows_of_the_last_year_where_there_are_few_areas(named: Callable[[Rows], str]) -> None:
    assert named(without(table(large, areas=ZA_AREAS[:3]), ZA_AREAS[0], YEARS[-1])) == ""


def test_a_leaf_that_ends_everywhere_is_not_lost(named: Callable[[Rows], str]) -> None:
    rows = table(large)
    for area in ZA_AREAS:
        rows = without(rows, area, YEARS[-1])
    assert named(rows) == ""


def test_one_of_several_rows_of_a_leaf(named: Callable[[Rows], str]) -> None:
    rows = table(some_zeros) + table(some_zeros)  # two articles of the law under one national code
    del rows[len(rows) // 2 + 20]
    assert "ZA-FS 0101 2019: 1 counts missing" in named(rows)


def test_one_of_twelve_months(named: Callable[[Rows], str]) -> None:
    months = [
        {**row, "freq": "M", "time_period": f"{row['time_period']}-{month:02d}"}
        for row in table(some_zeros, sexes="M", areas=ZA_AREAS[:6])
        for month in range(1, 13)
    ]
    lost = [row for row in months if (row["ref_area"], row["time_period"]) != (ZA_AREAS[1], "2017-08")]
    assert f"{ZA_AREAS[1]} 0101 2017: 1 counts missing" in named(lost)


def test_a_printed_total_beside_its_parts_says_what_they_lack(named: Callable[[Rows], str]) -> None:
    rows = table(large, sexes="MF") + [{**row, "sex": "_T"} for row in table(large, sexes="M")]
    assert named(without(rows, "ZA-GP", "2018", "M")) == ""
    assert named(without(rows, "ZA-GP", "2018", "_T")) == ""


def test_persons_who_are_among_the_unknown_are_not_lost(named: Callable[[Rows], str]) -> None:
    rows = table(large)
    lost = without(without(rows, "ZA-GP", "2018", "M"), "ZA-GP", "2018", "F")
    unknown: Row = {"ref_area": "ZA-GP", "area_level": "admin1", "time_period": "2018", "sex": "_U", "value": 84.0}
    assert named([*lost, unknown]) == ""


def test_events_have_no_row_where_nothing_was_counted(tmp_path: Path) -> None:
    data = Data(core=without(table(large), "ZA-GP", "2018"), about={"rows": "events"})
    assert Judge(tmp_path)("rows_missing", data)[0] == "not applicable"
