"""An exclusion leaves out what has its count elsewhere, and says so where it has none."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.system.outcomes import Outcome

SOURCE = """\
layouts:
  - files: ['*.csv']
    read: {columns: [area, year, code, unit, n]}
area_scheme: inegi
columns: {ref_area: area, time_period: year, national_code: code, value: n}
measures:
  victims: {counting_unit: victim}
exclusions:
  - {rule: published_rate, where: unit <> 'number', reason: Rates are made from the counts.}
"""
AREAS, YEARS = range(1, 8), range(2018, 2022)


def lines(**changed: str) -> str:
    """A count and a rate of 7 areas in 4 years, 28 of each. ``changed`` has units by kind, area and year."""
    rows = ["area,year,code,unit,n"]
    for area in AREAS:
        for year in YEARS:
            for unit, number in (("number", str(area + 40)), ("rate", f"{area}.5")):
                rows.append(f"{area},{year},HOM,{changed.get(f'{unit}_{area}_{year}', unit)},{number}")
    return "\n".join(rows) + "\n"


def outcome(tiny: Tiny) -> Outcome:
    (found,) = [one for one in tiny.outcomes() if one.rule == "excluded_alone"]
    return found


def test_rates_beside_their_counts_are_rightly_left_out(tiny: Tiny) -> None:
    tiny.declare(SOURCE)
    tiny.give("a.csv", lines())
    assert outcome(tiny) == Outcome("excluded_alone", "passed", 28, 0, "")


def test_a_count_under_the_unit_of_rates_is_told(tiny: Tiny) -> None:
    """Row 1 is the heading, and each area has eight rows: the count of area 3 in 2019 is row 1 + 16 + 2 + 1."""
    tiny.declare(SOURCE)
    tiny.give("a.csv", lines(number_3_2019="rate"))
    found = outcome(tiny)
    assert (found.outcome, found.checked, found.failing) == ("warned", 28, 1)
    assert found.detail == (
        "published_rate: 1 of 28 figures left out have none of the same area, period and category that counts: "
        "3 HOM 2019 (a.csv, row 20)"
    )


@pytest.mark.parametrize("gone", ["a whole area", "a row of no value"])
def test_rows_that_are_left_out_as_such_are_no_fault(tiny: Tiny, gone: str) -> None:
    """A whole area is a seventh of the figures; a rate of zero or without a number has no count to lose."""
    tiny.declare(SOURCE)
    if gone == "a whole area":
        content = lines(**{f"number_3_{year}": "rate" for year in YEARS})
    else:
        content = (
            lines(number_3_2019="rate")
            .replace("3,2019,HOM,rate,43", "3,2019,HOM,rate,")
            .replace("3,2019,HOM,rate,3.5", "3,2019,HOM,rate,0")
        )
    tiny.give("a.csv", content)
    assert outcome(tiny).outcome == "passed"
