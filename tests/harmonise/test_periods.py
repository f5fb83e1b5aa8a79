"""What the periods of a source are, seen from all rows together; figures are invented, and added up by hand."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.system.errors import DataRefused, Problem

HEADER = "area,year,code,n\n"
MONTHLY = "breakdowns: [{freq: M}, {freq: A}]\n"


def refused(tiny: Tiny, rows: str, more: str = MONTHLY) -> list[Problem]:
    tiny.declare_plain(more)
    tiny.give("a.csv", HEADER + rows)
    try:
        tiny.run()
    except DataRefused as error:
        return list(error.problems)
    return []


def months(figures: dict[int, list[int]], area: int = 14) -> str:
    return "".join(
        f"{area},{year}-{month:02d},HOM,{figure}\n"
        for year, values in figures.items()
        for month, figure in enumerate(values, start=1)
    )


@pytest.mark.parametrize(
    "rows",
    [
        "14,2009-10,HOM,3\n14,2010-11,HOM,4\n",
        "14,2009-10,HOM,3\n14,2011-12,HOM,4\n",
        "14,2009-10,HOM,3\n13,2009-10,HOM,4\n14,2010-11,HOM,4\n",
    ],
)
def test_months_that_are_all_named_by_the_next_year_are_not_taken_for_months(tiny: Tiny, rows: str) -> None:
    (problem,) = refused(tiny, rows)
    assert (problem.rule, problem.row, problem.value) == ("years_as_months", 2, "2009-10")


def test_months_among_which_one_is_not_named_by_the_next_year_are_months(tiny: Tiny) -> None:
    assert refused(tiny, "14,2009-10,HOM,3\n14,2009-11,HOM,4\n14,2010-11,HOM,4\n") == []


def test_a_year_of_two_in_another_form_is_named_for_what_it_is(tiny: Tiny) -> None:
    (problem,) = refused(tiny, "14,2009/10,HOM,3\n14,2010/11,HOM,4\n")
    assert (problem.rule, problem.column, problem.value, problem.cells) == ("invalid_period", "year", "2009/10", 2)
    assert "a year that does not begin in January" in problem.found


def test_two_frequencies_of_a_measure_are_named_with_a_row_of_each(tiny: Tiny) -> None:
    (problem,) = refused(tiny, months({2023: [5] * 12}) + "14,2021,HOM,60\n14,2022,HOM,61\n")
    assert (problem.rule, problem.row, problem.value) == ("mixed_frequencies", 14, "2021")
    assert "12 by month (first in row 2: 2023-01); 2 by year (first in row 14: 2021)" in problem.found


RISING = [11, 23, 33, 44, 52, 60, 77, 90, 99, 110, 127, 144]
PLAIN = [11, 12, 10, 11, 8, 8, 17, 13, 9, 11, 17, 17]


@pytest.mark.parametrize(
    "rows",
    [
        months({2021: RISING, 2022: RISING}),
        months({2021: RISING[:6]}),
        months({2021: RISING, 2022: RISING[:4]}),
        months({2021: RISING}) + months({2021: [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]}, 13),
        # one correction downward among many months
        "".join(months({2021: RISING, 2022: RISING}, area) for area in range(10, 15)) + months({2021: [9, 20, 19]}, 9),
    ],
)
def test_running_sums_that_are_not_declared_are_refused(tiny: Tiny, rows: str) -> None:
    (problem,) = refused(tiny, rows)
    assert problem.rule == "months_accumulate"
    assert "cumulative: true" in str(problem)


@pytest.mark.parametrize(
    "figures",
    [
        {2021: PLAIN, 2022: PLAIN},
        {2021: [10, 11, 12, 13, 14, 15]},  # a season: it rises, and not as months added up would
        {2021: [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0]},
        {
            2021: [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
            2022: [32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43],
        },
        {2021: [5] * 12},
    ],
)
def test_months_that_rise_by_themselves_are_no_running_sums(tiny: Tiny, figures: dict[int, list[int]]) -> None:
    assert refused(tiny, months(figures)) == []


def test_a_source_may_say_that_its_months_are_no_running_sums(tiny: Tiny) -> None:
    assert refused(tiny, months({2021: RISING}), MONTHLY + "cumulative: false\n") == []
