"""What the periods of a source are, seen from all rows together; figures are invented, and added up by hand."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused, Problem
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.errors import UsageError

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


CUMULATIVE = MONTHLY + "cumulative: true\n"


def of_months(tiny: Tiny, rows: str, more: str = CUMULATIVE, **parts: str) -> dict[tuple[str, str], float | None]:
    tiny.declare_plain(more, **parts)
    tiny.give("a.csv", HEADER + rows)
    result = tiny.run()
    assert result.rows("reconciliation", "closes") == [(True,)]
    return {(area, period): value for area, period, value in result.rows("core", "ref_area, time_period, value")}


def test_running_sums_become_figures_of_months(tiny: Tiny) -> None:
    """11, 23, 33 is 11, 12, 10; each year begins anew, each area and category is a series; rows in any order."""
    rows = months({2022: [11, 23, 33], 2023: [4, 4, 9]}) + months({2022: [5, 5]}, 13)
    shuffled = "".join(sorted(rows.splitlines(keepends=True), key=lambda row: row[::-1]))
    assert of_months(tiny, shuffled) == {
        ("MX-JAL", "2022-01"): 11,
        ("MX-JAL", "2022-02"): 12,
        ("MX-JAL", "2022-03"): 10,
        ("MX-JAL", "2023-01"): 4,
        ("MX-JAL", "2023-02"): 0,
        ("MX-JAL", "2023-03"): 5,
        ("MX-HID", "2022-01"): 5,
        ("MX-HID", "2022-02"): 0,
    }


def test_running_sums_keep_units_marks_and_the_account(tiny: Tiny) -> None:
    rows = '14,2022-01,HOM,"1.234,5 (p)"\n14,2022-02,HOM,"2.234,75 (p)"\n14,2022-03,HOM,..\n'
    more = CUMULATIVE + 'thousands: "."\ndecimal: ","\nmarks: {(p): P}\nmultiply: 1000\n'
    assert of_months(tiny, rows, more, values="value,..,O\n") == {
        ("MX-JAL", "2022-01"): 1234500,
        ("MX-JAL", "2022-02"): 1000250,
        ("MX-JAL", "2022-03"): None,
    }


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        (months({2022: [11, 23]}) + "14,2022-04,HOM,40\n", 4),
        ("14,2022-03,HOM,40\n14,2022-04,HOM,50\n", 2),
    ],
)
def test_a_running_sum_without_its_month_before_is_refused(tiny: Tiny, rows: str, row: int) -> None:
    (problem,) = refused(tiny, rows, CUMULATIVE)
    assert (problem.rule, problem.row) == ("cumulative_gap", row)


def test_a_running_sum_that_falls_is_refused_as_a_negative_count(tiny: Tiny) -> None:
    (problem,) = refused(tiny, months({2022: [11, 8]}), CUMULATIVE)
    assert (problem.rule, problem.row, problem.value) == ("count_negative", 3, "-3")


YEARS = 'year_starts: "04"\n'


@pytest.mark.parametrize(
    "written", ["2009-10", "2009/10", "2009-2010", "2009/2010", "2009\u201310", "2009 - 10", "2009"]
)
def test_a_financial_year_is_the_year_in_which_it_begins_and_says_so(tiny: Tiny, written: str) -> None:
    tiny.declare_plain(YEARS)
    tiny.give("a.csv", f"{HEADER}14,{written},HOM,7\n14,1999-00,HOM,5\n")
    result = tiny.run()
    assert sorted(result.rows("core", "time_period, freq, value")) == [("1999", "A", 5.0), ("2009", "A", 7.0)]
    (caveat,) = tiny.source.source.caveats
    assert caveat.note.startswith("Years begin in April: 2023 is April 2023 to March 2024")


@pytest.mark.parametrize("written", ["2009-11", "2009-12", "2009-08", "2009-2011", "2009-Q1", "2010-10"])
def test_what_is_no_year_of_the_declared_kind_is_refused(tiny: Tiny, written: str) -> None:
    (problem,) = refused(tiny, f"14,{written},HOM,7\n", YEARS)
    assert (problem.rule, problem.value) == ("invalid_period", written)
    assert "Its years are written 2009-10" in problem.found


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("year_starts: 4\n", "must be a month"),
        ('year_starts: "4"\n', '\'4\' must be a month from "02" to "12"'),
        ('year_starts: "01"\n', "years that begin in January do not need this key"),
        (YEARS + "breakdowns: [{freq: M}]\n", "breakdowns cannot have another freq"),
    ],
)
def test_a_start_of_years_that_cannot_be_is_refused(tiny: Tiny, more: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        _ = tiny.declare_plain(more).source


def test_a_school_year_says_its_months(tiny: Tiny) -> None:
    (caveat,) = tiny.declare_plain('year_starts: "09"\n').source.caveats
    assert "2023 is September 2023 to August 2024" in caveat.note


@pytest.mark.parametrize(
    ("on_first", "found"),
    [(19, ""), (25, "2024: 25 of 85 incidents of January are dated 1 January"), (0, "")],
)
def test_dates_of_which_only_the_year_is_known_pile_up_on_the_first_of_january(
    tiny: Tiny, on_first: int, found: str
) -> None:
    """Two incidents on each other day of January; 25 is more than six times as many, 19 too few to tell."""
    tiny.declare(
        "kind: incident\nlayouts: [{files: ['*.csv'], read: {columns: [when, area, code]}}]\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: when, national_code: code}\nrows: events\n"
        "measures: {victims: {counting_unit: victim}}\nbreakdowns: [{freq: M}]\n"
    )
    days = [f"2024-01-{day:02}" for day in range(2, 32)] * 2 + ["2024-01-01"] * on_first + ["2024-02-01"] * 100
    tiny.give("a.csv", "case,when,area,code\n" + "".join(f"{n},{day},14,HOM\n" for n, day in enumerate(days)))
    source, settings = tiny.source, tiny.settings
    judged = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        outcomes = account(source, judged, connection, settings, tiny.work).outcomes
    (outcome,) = (one for one in outcomes if one.rule == "first_days")
    assert (outcome.outcome, outcome.detail) == ("warned" if found else "passed", found)


def test_a_time_to_come_is_refused_in_every_kind_of_file(tiny: Tiny) -> None:
    """Nepal writes 2080 for 2023: without conversion it is a year that has not begun."""
    (problem,) = refused(tiny, "14,2023,HOM,3\n14,2080,HOM,4\n", "")
    assert (problem.rule, problem.file, problem.row, problem.value) == ("date_in_future", "a.csv", 3, "2080")

    (tiny.given / "a.csv").unlink()
    with zipfile.ZipFile(tiny.given / "a.zip", "w") as archive:
        archive.writestr("inner.csv", HEADER + "14,2023,HOM,3\n14,2023-Q5,HOM,3\n14,2098-07,HOM,4\n")
    declared = tiny.sources / tiny.name / "source.yml"
    declared.write_text(declared.read_text().replace("'*.csv'", "'*.csv', '*.zip'"))
    with pytest.raises(DataRefused) as error:
        tiny.run()
    assert {(problem.rule, problem.value) for problem in error.value.problems} == {
        ("invalid_period", "2023-Q5"),
        ("date_in_future", "2098-07"),
    }


def test_a_projected_population_is_of_a_time_to_come(tiny: Tiny) -> None:
    tiny.declare(
        "kind: population\n"
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, value: n}\n"
        "measures:\n  persons: {counting_unit: person}\n",
        links=(),
    )
    tiny.give("a.csv", "area,year,n\n14,2023,8000000\n14,2080,9000000\n")
    found = tiny.run().rows("core", "time_period, value")
    assert sorted(found) == [("2023", 8_000_000), ("2080", 9_000_000)]


def test_a_period_that_was_not_over_has_no_figure(tiny: Tiny) -> None:
    """Events of this year up to today, and of all of the last: only what is over is published."""
    today = datetime.now(UTC).date()
    days = [date(today.year - 1, month, 5) for month in range(1, 13)]
    days += [date(today.year, month, 1) for month in range(1, today.month + 1)]
    tiny.declare(
        "kind: incident\nrows: events\n"
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, date, code]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: date, national_code: code}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
        "breakdowns: [{freq: A}, {freq: M}]\ncovers: [MX-JAL]\n"
    )
    tiny.give("a.csv", "area,date,code\n" + "".join(f"14,{day},HOM\n" for day in days))
    run_source(tiny.source, Session(tiny.settings, tiny.given))
    vintage = current_vintage(tiny.name, tiny.settings)
    assert vintage is not None
    rows = duckdb.sql(
        "SELECT time_period, value, missing_reason FROM read_parquet($1) "
        "WHERE iccs = '0101' AND value IS DISTINCT FROM 0",
        params=[str(vintage.part("cells"))],
    ).fetchall()
    found = {period: (value, reason) for period, value, reason in rows}
    assert found[str(today.year - 1)] == (12, None)
    assert found[f"{today.year - 1}-12"] == (1, None)
    assert found[str(today.year)][0] is None
    assert found[f"{today:%Y-%m}"] == (None, "period_not_reported")
    if today.month > 1:
        assert found[f"{today.year}-{today.month - 1:02d}"] == (1, None)


def test_a_month_without_its_last_days_has_no_figure(tiny: Tiny) -> None:
    """Ten incidents a day in two years; the file was made on 15 December of the second, and one date is of the 28th.

    In the other state there is one every third day: seven days without any are no wonder there.
    """
    tiny.declare(
        "kind: incident\nrows: events\n"
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, date, code]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: date, national_code: code}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
        "breakdowns: [{freq: A}, {freq: M}]\ncovers: [MX-JAL, MX-MEX]\n"
    )
    first, last = date(2022, 1, 1), date(2023, 12, 15)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows = [f"14,{day},HOM,{number}" for day in days for number in range(10)]
    rows += [f"15,{day},HOM,x" for day in days[::3]] + ["14,2023-12-28,HOM,y"]
    tiny.give("a.csv", "area,date,code,case\n" + "\n".join(rows) + "\n")
    vintage, _ = run_source(tiny.source, Session(tiny.settings, tiny.given))
    found = duckdb.sql(
        "SELECT ref_area, time_period, value, missing_reason, caveats FROM read_parquet($1) "
        "WHERE iccs = '0101' AND time_period IN ('2022', '2023', '2023-11', '2023-12') ORDER BY ALL",
        params=[str(vintage.part("cells"))],
    ).fetchall()
    assert found == [
        ("MX-JAL", "2022", 3650, None, None),
        ("MX-JAL", "2023", 3491, None, "days_missing"),
        ("MX-JAL", "2023-11", 300, None, None),
        ("MX-JAL", "2023-12", None, "period_not_reported", "days_missing"),
        ("MX-MEX", "2022", 122, None, None),
        ("MX-MEX", "2023", 116, None, None),
        ("MX-MEX", "2023-11", 10, None, None),
        ("MX-MEX", "2023-12", 5, None, None),
    ]
