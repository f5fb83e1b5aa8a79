"""Incidents of which only the year is read, beside columns that show which part of the year the file has.

Every file has 36 rows of homicide, one for each victim, of the months that a person reads in it.
"""

from __future__ import annotations

import pytest
from tiny_incidents import outcomes
from tiny_source import Tiny

from pipelines.system.outcomes import Outcome

THREE = [f"2024-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(1, 13)]
TWELVE = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 9, 27)]
NAMES = ("enero", "febrero", "marzo")


def part_of_year(tiny: Tiny, column: str, words: list[str], *, year: str = "2024", more: str = "") -> Outcome:
    rows = [f"{year},14,HOM,{word}" for word in words]
    found = outcomes(tiny, "year: year", f"year,area,code,{column}", rows, more=more)
    return found["part_of_year"]


@pytest.mark.parametrize(
    ("column", "words", "told"),
    [
        ("fecha_hecho", THREE, "'fecha_hecho': only month 1, month 2, month 3 of 2024"),
        ("hora_hecho", [f"{day} 13:45" for day in THREE], "'hora_hecho': only month 1, month 2, month 3 of 2024"),
        ("mes", [NAMES[at % 3] for at in range(36)], "'mes': only month 1, month 2, month 3 of 2024"),
        ("quarter", ["Q1"] * 18 + ["Q2"] * 18, "'quarter': only q1, q2 of 2024"),
        ("fecha_hecho", TWELVE, ""),
        ("nacido", [day.replace("2024", "1990") for day in THREE], ""),  # another year than that of the crime
        ("distrito", [str(at % 3 + 1) for at in range(36)], ""),
    ],
)
def test_the_months_beside_a_year_show_that_it_is_not_over(
    tiny: Tiny, column: str, words: list[str], told: str
) -> None:
    found = part_of_year(tiny, column, words)
    assert found.outcome == ("warned" if told else "passed")
    assert told in found.detail


def test_months_left_out_by_an_exclusion_are_not_the_year(tiny: Tiny) -> None:
    """Twelve months are in the file; the exclusion leaves the first three of them in the figures."""
    after = "exclusions:\n  - {rule: later, reason: not yet final, where: \"fecha_hecho >= '2024-04-01'\"}\n"
    assert "only month 1, month 2, month 3" in part_of_year(tiny, "fecha_hecho", TWELVE * 2, more=after).detail


def test_a_column_that_somebody_looked_at_is_not_told(tiny: Tiny) -> None:
    looked = "words_checked:\n  - {words: fecha_hecho, note: the day of the last change of the record}\n"
    assert part_of_year(tiny, "fecha_hecho", THREE, more=looked).outcome == "passed"


def test_the_name_of_the_file_may_say_the_part_of_the_year(tiny: Tiny) -> None:
    rows, name = ["2024,14,HOM"] * 36, "homicidios_enero-marzo_2024.csv"
    found = outcomes(tiny, "year: year", "year,area,code", rows, file=name)["part_of_year"]
    assert found.detail == f"{name}: 'enero-marzo', but the figures of 2024 are for the full year"
