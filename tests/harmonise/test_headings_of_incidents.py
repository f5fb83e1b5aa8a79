"""What the headings of files of incidents say of their figures; each sum is one that a person adds up in the rows."""

from __future__ import annotations

import pytest
from tiny_incidents import outcomes
from tiny_source import Tiny

from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused

ROWS = ("2023-01-05,14,HOM", "2023-02-06,14,HOM", "2023-03-07,9,HOM", "2023-04-08,9,HOM")


@pytest.mark.parametrize(
    ("column", "rule", "found"),
    [
        ("promedio_diario", "headings_agree", "'promedio_diario' says averages"),
        ("year_to_date", "headings_agree", "says cumulative figures"),
        ("suspects", "headings_agree", "says persons suspected"),
        ("victims_female", "headings_agree", "says women, but the source declares no sex"),
        ("Alter", "headings_agree", "says ages"),
        ("12_month_total", "headings_agree", "the figures of twelve months"),
        ("rate_per_100k", "heading_says_rate", "a.csv, row 1: 'rate' in 'rate_per_100k'"),
        ("victims", "headings_agree", ""),
        ("CANTIDAD", "heading_says_rate", ""),
    ],
)
def test_the_heading_of_counts_says_what_they_are(tiny: Tiny, column: str, rule: str, found: str) -> None:
    rows = [f"{row},{number}" for number, row in enumerate(ROWS, 1)]
    judged = outcomes(tiny, f"time_period: date, value: {column}", f"date,area,code,{column}", rows)
    assert judged[rule].outcome == ("warned" if found else "passed")
    assert found in judged[rule].detail


def test_below_a_banner_the_row_of_the_heading_is_not_named(tiny: Tiny) -> None:
    rows = [f"{row},{number}" for number, row in enumerate(ROWS, 1)]
    judged = outcomes(tiny, "time_period: date, value: tasa", "Homicidios,,,\ndate,area,code,tasa", rows)
    assert judged["heading_says_rate"].detail == "a.csv: 'tasa' in 'tasa'"


@pytest.mark.parametrize(
    ("role", "column", "rule", "found"),
    [
        ("year", "birth_year", "headings_agree", "year: 'birth_year' says the time of the birth"),
        ("year", "año_sentencia", "headings_agree", "the time of the sentence"),
        ("time_period", "year_cleared", "headings_agree", "the closing of the case"),
        ("time_period", "fiscal_year", "years_not_calendar", "'fiscal year'"),
        ("time_period", "year", "headings_agree", ""),
    ],
)
def test_the_heading_of_years_says_whose_they_are(tiny: Tiny, role: str, column: str, rule: str, found: str) -> None:
    more = "dates: [YYYY]\n" if role == "time_period" else ""
    rows = [f"{2021 + number % 2},{row.split(',', 1)[1]}" for number, row in enumerate(ROWS)]
    judged = outcomes(tiny, f"{role}: {column}", f"{column},area,code", rows, more=more)
    assert judged[rule].outcome == ("warned" if found else "passed")
    assert found in judged[rule].detail


@pytest.mark.parametrize(
    ("columns", "header"), [("year: y, month: quarter", "y,quarter"), ("time_period: week", "week")]
)
def test_quarters_and_weeks_are_not_read_as_months(tiny: Tiny, columns: str, header: str) -> None:
    is_week = header == "week"
    rows = [f"{'2023-02' if is_week else '2023,2'},{row.split(',', 1)[1]}" for row in ROWS]
    with pytest.raises(DataRefused, match=r"named after (weeks|quarters)"):
        outcomes(tiny, columns, f"{header},area,code", rows, more="dates: [YYYY-MM]\n" if is_week else "")


def test_a_date_named_after_the_week_that_it_begins_is_a_date(tiny: Tiny) -> None:
    judged = outcomes(tiny, "time_period: week_starting", "week_starting,area,code", list(ROWS))
    assert judged["headings_agree"].outcome == "passed"


SEXES = {
    "columns": "time_period: date, value: n",
    "layout": "    conserve: '^victims_(male|female)$'\n",
    "reshape": "SELECT *, CAST(CAST(victims_male AS INT) + CAST(victims_female AS INT) AS STRING) AS n FROM raw",
}


def test_a_total_that_is_more_than_its_sexes_is_told_with_its_row(tiny: Tiny) -> None:
    """1 + 1 is 2, 2 + 0 is 2, 0 + 1 is 1; the third row has 3."""
    rows = [f"{row},{more}" for row, more in zip(ROWS, ("1,1,2", "2,0,2", "0,1,3", "1,0,1"), strict=True)]
    header = "date,area,code,victims_male,victims_female,victims_total"
    judged = outcomes(tiny, header=header, rows=rows, **SEXES)["row_totals_agree"]
    assert (judged.outcome, judged.checked, judged.failing) == ("warned", 4, 1)
    assert judged.detail == (
        "1 of 4 rows: 'victims_total' is not the sum of 'victims_male', 'victims_female'; a.csv, row 4: 3, not 1"
    )


def test_a_total_that_is_the_sum_of_its_sexes_passes(tiny: Tiny) -> None:
    rows = [f"{row},{more}" for row, more in zip(ROWS, ("1,1,2", "2,0,2", "0,1,1", "1,0,1"), strict=True)]
    header = "date,area,code,victims_male,victims_female,victims_total"
    judged = outcomes(tiny, header=header, rows=rows, **SEXES)["row_totals_agree"]
    assert (judged.outcome, judged.checked) == ("passed", 4)


def test_victims_of_unknown_sex_in_a_column_of_their_own_are_told(tiny: Tiny) -> None:
    rows = [f"{row},{more}" for row, more in zip(ROWS, ("1,1,0", "2,0,0", "0,1,2", "1,0,0"), strict=True)]
    header = "date,area,code,victims_male,victims_female,victims_unknown"
    judged = outcomes(tiny, header=header, rows=rows, **SEXES)["columns_unread"]
    assert (judged.outcome, judged.detail) == (
        "warned",
        "a.csv: 'victims_unknown' beside 'victims_male', 'victims_female'",
    )


def test_the_name_of_a_column_of_ages_says_their_unit(tiny: Tiny) -> None:
    ages = "ages: {unit: years, bands: [Y0T14, Y15T29, Y_GE30]}\nbreakdowns: [{by: [age]}]\n"
    rows = [f"{row},{age}" for row, age in zip(ROWS, (2, 14, 20, 23), strict=True)]
    judged = outcomes(tiny, "time_period: date, age: edad_meses", "date,area,code,edad_meses", rows, more=ages)
    assert "ages in months, but the source reads them in years" in judged["headings_agree"].detail


def test_weeks_and_hours_are_units_of_ages(tiny: Tiny) -> None:
    """51 weeks and 20 hours are less than a year, 60 weeks and 40 years are not."""
    ages = "ages: {bands: [Y0, Y1T14, Y_GE15]}\nbreakdowns: [{by: [age]}]\n"
    rows = [f"{row},{age}" for row, age in zip(ROWS, ("51,W", "60,W", "20,H", "40,Y"), strict=True)]
    values = "age_unit,W,weeks,\nage_unit,H,hours,\nage_unit,Y,years,\n"
    header, columns = "date,area,code,age,unit", "time_period: date, age: age, age_unit: unit"
    outcomes(tiny, columns, header, rows, more=ages, values=values)
    with connect(tiny.settings) as connection:
        found = connection.execute(
            "SELECT CAST(age AS VARCHAR), sum(value)::INT FROM read_parquet($path) GROUP BY ALL ORDER BY ALL",
            {"path": str(tiny.work / "core.parquet")},
        ).fetchall()
    assert found == [("Y0", 2), ("Y1T14", 1), ("Y_GE15", 1)]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("municipio de residencia", "where persons live"),
        ("Wohnort", "where persons live"),
        ("mun_resid", "where persons live"),
        ("lieu de résidence", "where persons live"),
        ("place_of_birth", "where persons were born"),
        ("lieu des faits", ""),
        ("municipio", ""),
    ],
)
def test_the_place_of_residence_is_not_that_of_the_event(tiny: Tiny, column: str, said: str) -> None:
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [year, code, n]}\narea_scheme: inegi\nmeasures: {victims: "
        "{counting_unit: victim}}\n"
        f"columns: {{ref_area: {column}, time_period: year, national_code: code, value: n}}\n"
    )
    tiny.give("a.csv", f"{column},year,code,n\n" + "".join(f"{n},2023,HOM,3\n" for n in range(1, 10)))
    (found,) = (one for one in tiny.outcomes() if one.rule == "headings_agree")
    assert (found.outcome == "warned") == bool(said)
    assert said in found.detail
