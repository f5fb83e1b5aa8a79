"""What dates, files and columns of incidents say as a whole: exchanged days, deliveries that overlap, unread counts.

Dates are every day of some months, written as offices and spreadsheets write them; what is expected is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome

DAYS = [date(2023, 1, 1) + timedelta(days) for days in range(181)]  # January to June
EARLY = [day for day in DAYS if day.day <= 12]


def judged(
    tiny: Tiny, files: dict[str, Sequence[str]], dates: str, rule: str, columns: str = "when,area,code"
) -> Outcome:
    tiny.declare(
        "kind: incident\nlayouts: [{files: ['*.csv'], read: {columns: [when, area, code]}}]\narea_scheme: inegi\n"
        f"columns: {{ref_area: area, time_period: when, national_code: code}}\nrows: events\ndates: {dates}\n"
        "measures: {victims: {counting_unit: victim}}\n"
    )
    for name, rows in files.items():
        tiny.give(name, f"{columns},case\n" + "".join(f"{row},{case}\n" for case, row in enumerate(rows)))
    source, settings = tiny.source, tiny.settings
    incidents = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        outcomes = account(source, incidents, connection, settings, tiny.work).outcomes
    return next(one for one in outcomes if one.rule == rule)


def as_spreadsheet(day: date) -> str:
    """A date typed as D/M/Y into a spreadsheet that expects M/D/Y: a date where it can be one, else text."""
    return f"{day.year}-{day.day:02}-{day.month:02}" if day.day <= 12 else f"{day:%d/%m/%Y}"


@pytest.mark.parametrize(
    ("write", "dates", "found"),
    [
        (
            as_spreadsheet,
            "[YYYY-MM-DD, DD/MM/YYYY]",
            ["72 of 72 dates as YYYY-MM-DD", "109 of 109 dates as DD/MM/YYYY"],
        ),
        # written by two clerks, each on some days
        (lambda day: f"{day:%Y-%m-%d}" if day.day % 2 else f"{day:%d/%m/%Y}", "[YYYY-MM-DD, DD/MM/YYYY]", []),
        (lambda day: f"{day:%Y-%m-%d}", "[YYYY-MM-DD]", []),
        (lambda day: f"{day:%Y-%m}-01", "[YYYY-MM-DD]", []),  # dates that are known to the month
        (lambda day: f"{day.day}/{day.month}/{day.year}", "[D/M/YYYY]", []),
    ],
)
def test_dates_of_one_form_without_a_day_above_the_twelfth_are_said(
    tiny: Tiny, write: Callable[[date], str], dates: str, found: list[str]
) -> None:
    outcome = judged(tiny, {"a.csv": [f"{write(day)},14,HOM" for day in DAYS]}, dates, "days_up_to_twelve")
    assert outcome.outcome == ("warned" if found else "passed")
    assert outcome.failing == len(found)
    assert all(words in outcome.detail for words in found)


def test_dates_of_one_area_without_a_day_above_the_twelfth_are_said(tiny: Tiny) -> None:
    rows = [f"{day:%Y-%m-%d},14,HOM" for day in DAYS] + [f"{day:%Y-%d-%m},20,HOM" for day in EARLY]
    outcome = judged(tiny, {"a.csv": rows}, "[YYYY-MM-DD]", "days_up_to_twelve")
    assert (outcome.outcome, outcome.failing) == ("warned", 1)
    assert outcome.detail == "MX-OAX: 72 of 72 dates as YYYY-MM-DD have a day up to 12"


def test_dates_of_one_file_without_a_day_above_the_twelfth_are_said(tiny: Tiny) -> None:
    # In the other file, of the same form and area, dates are as they should be.
    files = {
        "a.csv": [f"{day:%Y-%m-%d},14,HOM" for day in DAYS],
        "b.csv": [f"2024-{day:%d-%m},14,HOM" for day in EARLY],
    }
    outcome = judged(tiny, files, "[YYYY-MM-DD]", "days_up_to_twelve")
    assert (outcome.outcome, outcome.failing) == ("warned", 1)
    assert outcome.detail == "b.csv: 72 of 72 dates as YYYY-MM-DD have a day up to 12"


def test_the_first_days_of_one_month_are_no_exchange(tiny: Tiny) -> None:
    rows = [f"2023-06-{day:02},14,HOM" for day in range(1, 11) for _ in range(10)]
    assert judged(tiny, {"a.csv": rows}, "[YYYY-MM-DD]", "days_up_to_twelve").outcome == "passed"


def deliveries(first_ends: date, second_begins: date) -> dict[str, Sequence[str]]:
    return {
        "a.csv": [f"{day},14,HOM,one" for day in DAYS if day <= first_ends],
        "b.csv": [f"{day},14,HOM,two" for day in DAYS if day >= second_begins],
    }


@pytest.mark.parametrize(
    ("first_ends", "second_begins", "found"),
    [
        (date(2023, 3, 31), date(2023, 4, 1), ""),
        (date(2023, 3, 15), date(2023, 3, 16), ""),  # one ends in the middle of a month, where the next begins
        (date(2023, 3, 31), date(2023, 3, 1), "a.csv has 31 incidents of 2023-03, and b.csv has 31"),
    ],
)
def test_a_month_that_two_following_files_have_is_said(
    tiny: Tiny, first_ends: date, second_begins: date, found: str
) -> None:
    files = deliveries(first_ends, second_begins)
    outcome = judged(tiny, files, "[YYYY-MM-DD]", "files_overlap", "when,area,code,edition")
    assert (outcome.outcome, outcome.detail) == ("warned" if found else "passed", found)


def test_files_of_two_stations_over_the_same_months_are_no_deliveries(tiny: Tiny) -> None:
    files = {
        "north.csv": [f"{day},14,HOM,north" for day in DAYS[:-40]],
        "south.csv": [f"{day},14,HOM,south" for day in DAYS[40:]],
    }
    assert judged(tiny, files, "[YYYY-MM-DD]", "files_overlap", "when,area,code,station").outcome == "passed"


@pytest.mark.parametrize(
    ("column", "number", "found"),
    [
        ("CANTIDAD", lambda n: 1 + n % 3, "a.csv: 'CANTIDAD' is above 1 in 120 rows"),
        ("factor_expansion", lambda n: 104.5, "a.csv: 'factor_expansion' is not 1 in 181 rows"),
        ("Gewicht", lambda n: 0.5, "a.csv: 'Gewicht' is not 1 in 181 rows"),
        ("peso_kg", lambda n: 80, ""),
        ("fallecidos", lambda n: 2, "a.csv: 'fallecidos' is above 1 in 181 rows"),
        ("n", lambda n: 1 + n % 3, "a.csv: 'n' is above 1 in 120 rows"),
        ("n", lambda n: n, ""),  # it numbers the rows
        ("victims", lambda n: 2, "a.csv: 'victims' is above 1 in 181 rows"),
        ("Vítimas", lambda n: 2, "a.csv: 'Vítimas' is above 1 in 181 rows"),
        ("number of victims", lambda n: 2, "a.csv: 'number of victims' is above 1 in 181 rows"),
        ("CANTIDAD", lambda n: 1, ""),
        ("street number", lambda n: n, ""),
    ],
)
def test_a_column_of_counts_that_nobody_reads_is_said(
    tiny: Tiny, column: str, number: Callable[[int], float], found: str
) -> None:
    rows = [f"{day},14,HOM,{number(place)}" for place, day in enumerate(DAYS)]
    outcome = judged(tiny, {"a.csv": rows}, "[YYYY-MM-DD]", "count_column_unread", f"when,area,code,{column}")
    assert (outcome.outcome, outcome.detail) == ("warned" if found else "passed", found)


@pytest.mark.parametrize(
    ("years", "found"),
    [
        (
            ["2016", "2017", "2018-19", "2019-20"],
            "years of 2016 to 2017 are written as one year, years of 2018 to 2019",
        ),
        (["2016-17", "2017/18", "2018-19"], ""),
        (["2016", "2017", "2018"], ""),
    ],
)
def test_calendar_years_beside_financial_ones_are_said(tiny: Tiny, years: list[str], found: str) -> None:
    tiny.declare_plain('year_starts: "04"\n')
    tiny.give("a.csv", "area,year,code,n\n" + "".join(f"14,{year},HOM,5\n" for year in years))
    outcome = next(one for one in tiny.outcomes() if one.rule == "years_of_two_kinds")
    assert outcome.outcome == ("warned" if found else "passed")
    assert outcome.detail.startswith(found)
