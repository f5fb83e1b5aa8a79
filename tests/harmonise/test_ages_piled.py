"""Numbers that stand for an unknown age among the ages of incidents; the ages are invented, and counted here."""

from __future__ import annotations

import pytest
from tiny_incidents import outcomes
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome

ALL_AGES = [str(age) for age in range(98)] * 5


def _piled(tiny: Tiny, ages: list[str], values: str = "", unit: str = "years") -> Outcome:
    tiny.declare(
        "kind: incident\nlayouts: [{files: ['*.csv'], read: {columns: [when, area, code, age]}}]\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: when, national_code: code, age: age}\nrows: events\n"
        f"ages: {{unit: {unit}, bands: [Y0T17, Y_GE18]}}\n"
        "measures: {victims: {counting_unit: victim}}\nbreakdowns: [{by: [age]}]\n",
        values=values,
    )
    rows = (f"2024-02-01,14,HOM,{age},{case}\n" for case, age in enumerate(ages))
    tiny.give("a.csv", "when,area,code,age,case\n" + "".join(rows))
    source, settings = tiny.source, tiny.settings
    judged = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        outcomes = account(source, judged, connection, settings, tiny.work).outcomes
    return next(one for one in outcomes if one.rule == "ages_piled")


@pytest.mark.parametrize(
    ("piled", "detail"),
    [
        ([], ""),
        (["0"] * 15, ""),  # 20 new-born beside 5 of each age after: four times as many, as in a file of infanticides
        (["0"] * 45, "50 of 535 have the age 0, and 45 an age from 1 to 9"),
        (["99"] * 60, "60 of 550 have the age 98 or 99, and 40 an age from 90 to 97"),
        (["98"] * 10, ""),  # the oldest
        (
            ["0"] * 45 + ["99"] * 60,
            "50 of 595 have the age 0, and 45 an age from 1 to 9; 60 of 595 have the age 98 or 99",
        ),
    ],
)
def test_ages_that_pile_up_stand_for_none(tiny: Tiny, piled: list[str], detail: str) -> None:
    found = _piled(tiny, ALL_AGES + piled)
    assert found.outcome == ("warned" if detail else "passed")
    assert found.detail.startswith(detail)


def test_a_number_that_is_declared_to_mean_unknown_is_no_age(tiny: Tiny) -> None:
    found = _piled(tiny, ALL_AGES + ["99"] * 60, values="age,99,_U\n")
    assert (found.outcome, found.checked) == ("passed", 490)


BIRTHS = [f"{year}-{1 + year % 12:02}-{1 + year % 28:02}" for year in range(1930, 2020)]


@pytest.mark.parametrize(
    ("piled", "values", "detail"),
    [
        (["1970-01-01"] * 25, "", "a.csv: 25 of 115 have the same date of birth, and 1 the next in number"),
        (["1970-01-01"] * 25, "age,1970-01-01,_U,\n", ""),
        (["1970-01-01"] * 5, "", ""),
        (
            ["2024-02-01"] * 25,
            "",
            "a.csv: 25 of 115 have the same date of birth, and 1 the next in number; 25 of",
        ),
    ],
    ids=["a default", "declared as unknown", "few", "the day of the event"],
)
def test_a_date_of_birth_that_many_have_is_none(tiny: Tiny, piled: list[str], values: str, detail: str) -> None:
    found = _piled(tiny, BIRTHS + piled, values=values, unit="birth_date")
    assert found.outcome == ("warned" if detail else "passed")
    assert found.detail.startswith(detail)


@pytest.mark.parametrize(("column", "outcome"), [("grupo_edad", "warned"), ("age", "passed")])
def test_codes_of_groups_of_ages_are_no_years(tiny: Tiny, column: str, outcome: str) -> None:
    ages = "ages: {bands: [Y0T17, Y_GE18]}\nbreakdowns: [{by: [age]}]\n"
    rows = [f"2024-02-01,14,HOM,{1 + case % 8}" for case in range(40)]
    header = f"date,area,code,{column}"
    found = outcomes(tiny, f"time_period: date, age: {column}", header, rows, more=ages)["ages_piled"]
    assert found.outcome == outcome
    assert (f"all 40 ages are 1 to 8 in {column!r}" in found.detail) == (outcome == "warned")
