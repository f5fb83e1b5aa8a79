"""Columns of counts that their heading calls a rate, and columns of one name; labels as offices print them."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.system.outcomes import Outcome

ROWS = "14,2024,HOM,12\n20,2024,HOM,7\n"


def outcome(tiny: Tiny, rule: str) -> Outcome:
    return next(one for one in tiny.outcomes() if one.rule == rule)


@pytest.mark.parametrize(
    "label",
    [
        "Tasa por 100 mil habitantes",
        "Incidents per 100,000 population",
        "Number of cases per 100 000",
        "Taux pour 1 000 habitants",
        "Häufigkeitszahl",
        "2024 | Taxa",
        "Victims (%)",
        "Porcentaje",
        "Casos y tasas | Tasa",
        "Crimes per 10,000 population",
        "je 10.000 Einwohner",
        "Por 10 mil habitantes",
        "Par 100 000 hab.",
        "NA 10 TYS. LUDNOŚCI",
        "HZ",
        "tauxpourmille",
        "rate100k",
        "Share of all crimes",
    ],
)
def test_a_heading_that_says_a_rate(label: str) -> None:
    assert words_for_rate(label)


@pytest.mark.parametrize(
    "label",
    [
        "n",
        "Victims",
        "Casos y tasas | Número",
        "Rate and number | Anzahl",
        "Erfasste Fälle",
        "Aufklärung in 100 % der Fälle",
        "Robbery with separate charges",
        "Operated vehicles, stolen",
        "Total per month",
        "Theft of more than 10,000",
        "Robbery by threat in 10 000 cases",
        "Separate incidents",
        "2024",
    ],
)
def test_a_heading_of_counts_says_none(label: str) -> None:
    assert words_for_rate(label) is None


@pytest.mark.parametrize(
    ("title", "label", "outcome_is"),
    [
        ("", "Tasa por 100 mil", "warned"),
        ("Tasa de víctimas por cada 100 000 habitantes", "n", "warned"),
        ("Número de víctimas y tasa por cada 100 000 habitantes", "n", "passed"),
        ("Recorded homicides, rates are in another table", "n", "passed"),
        ("", "n", "passed"),
    ],
)
def test_counts_that_their_table_calls_rates_are_said(tiny: Tiny, title: str, label: str, outcome_is: str) -> None:
    tiny.declare(
        f"layouts:\n  - files: ['*.csv']\n    read: {{columns: [area, year, code, '{label}']}}\n"
        f"area_scheme: inegi\ncolumns: {{ref_area: area, time_period: year, national_code: code, value: '{label}'}}\n"
        "measures: {victims: {counting_unit: victim}}\n"
    )
    tiny.give("a.csv", (f'"{title}",,,\n' if title else "") + f"area,year,code,{label}\n{ROWS}")
    assert outcome(tiny, "heading_says_rate").outcome == outcome_is


def test_a_ratio_that_is_declared_is_no_count(tiny: Tiny) -> None:
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, rate]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: rate}\n"
        "measures: {victims: {counting_unit: victim, figures: ratio, unit: per_100k, universe: persons}}\n"
    )
    tiny.give("a.csv", f"area,year,code,rate\n{ROWS}")
    assert outcome(tiny, "heading_says_rate").outcome == "not applicable"


@pytest.mark.parametrize(
    ("second", "rows", "pattern", "found"),
    [
        ("2023 (rev.)", "parts", "^20", 1),
        ("2023 %", "parts", "^20", 1),
        ("2023*", "parts", "^20", 1),
        ("2023 (rev.)", "parts", "^20..$", 0),  # the second is not among those that the reshape takes
        ("2023 Women", "parts", "^20", 0),  # a part, no edition
        ("2024", "parts", "^20", 0),
        ("2023 (rev.)", "cells", "^20", None),  # a cell that is given twice is refused by itself
    ],
)
def test_two_editions_of_a_column_that_are_added_up_are_said(
    tiny: Tiny, second: str, rows: str, pattern: str, found: int | None
) -> None:
    source = (
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, code]}\n    reshape: reshape.sql\n"
        f"    conserve: '{pattern}'\narea_scheme: inegi\nrows: {rows}\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures: {victims: {counting_unit: victim}}\n"
    )
    kind = "'x' || row_number() OVER ()" if rows == "cells" else "'HOM'"
    tiny.declare(
        source,
        reshape="-- Grain: one row for each raw row and year.\nSELECT _file, _sheet, _row, area, "
        f"CASE WHEN {kind} = '' THEN '' ELSE code END AS code, left(y, 4) AS year, n "
        f"FROM (UNPIVOT raw ON COLUMNS('{pattern}') INTO NAME y VALUE n)",
    )
    tiny.give("a.csv", f"area,code,2023,{second}\n14,HOM,12,13\n")
    if rows == "cells":
        tiny.give("a.csv", "area,code,2023\n14,HOM,12\n")
    alike = outcome(tiny, "columns_alike")
    assert (alike.outcome, alike.failing) == (
        ("not applicable", 0) if found is None else ("warned" if found else "passed", found)
    )
