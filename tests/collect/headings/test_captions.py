"""What a table says of itself in words, against what the declaration takes it for. Expected: as written here."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook
from tiny_source import Tiny

from pipelines.collect.headings.captions import years_in
from pipelines.system.errors import DataRefused
from pipelines.system.outcomes import Outcome

HEADER = "area,year,code,n\n"
ROWS = "14,2024,HOM,12\n20,2024,HOM,7\n"


def years(tiny: Tiny) -> Outcome:
    return next(one for one in tiny.outcomes() if one.rule == "years_of_title")


@pytest.mark.parametrize(
    ("text", "row", "said"),
    [
        (f"Recorded offences (in thousands)\n\n{HEADER}{ROWS}", 1, "in thousands"),
        (f"Infractions enregistrées en milliers,,,\n{HEADER}{ROWS}", 1, "en milliers"),
        (f"Delitos registrados,,,\nCifras en miles,,,\n{HEADER}{ROWS}", 2, "en miles"),
        (f"Straftaten (in 1.000),,,\n{HEADER}{ROWS}", 1, "in 1.000"),
        (f"Ocorrências em mil,,,\n{HEADER}{ROWS}", 1, "em mil"),
        (f"Offences '000,,,\n{HEADER}{ROWS}", 1, "'000"),
        (f"{HEADER}{ROWS}Note: thousands of offences,,,\n", 4, "thousands of offences"),
    ],
)
def test_figures_said_to_be_in_thousands_are_refused_until_the_source_says_what_they_are(
    tiny: Tiny, text: str, row: int, said: str
) -> None:
    tiny.declare_plain(read=", footer: {starts_with: Note}" if "Note" in text else "")
    tiny.give("a.csv", text)
    with pytest.raises(DataRefused) as refused:
        tiny.read()
    (problem,) = refused.value.problems
    assert (problem.rule, problem.file, problem.row, problem.value) == ("scale_not_declared", "a.csv", row, said)


@pytest.mark.parametrize(
    "title",
    [
        "Offences per 1,000 inhabitants and their number",
        "Offences; population in thousands",
        "Pérdidas en miles de pesos, y delitos",
        "Offences in 2,000 municipalities",
        "Homicidios en mil municipios no, en 1994",
        "Thousand Oaks; Milliers; Miles; in 1000 places",
    ],
)
def test_words_that_are_about_other_things_are_no_scale(tiny: Tiny, title: str) -> None:
    tiny.declare_plain()
    tiny.give("a.csv", f'"{title}",,,\n{HEADER}{ROWS}')
    assert len(tiny.read()[1]) == 2


@pytest.mark.parametrize(("more", "value"), [("multiply: 1\n", 12), ("multiply: 1000\n", 12000)])
def test_a_declared_multiplier_says_what_the_figures_are(tiny: Tiny, more: str, value: int) -> None:
    tiny.declare_plain(more)
    tiny.give("a.csv", f"Recorded offences (in thousands)\n{HEADER}14,2024,HOM,12\n")
    assert tiny.run().rows("core", "value") == [(value,)]


def test_the_label_of_the_column_of_figures_may_say_it(tiny: Tiny) -> None:
    """Another column, which the source does not use, may say what it likes."""
    declaration = (
        "layouts: [{files: ['*.csv'], read: {columns: [area]}}]\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: %s}\n"
        "measures: {victims: {counting_unit: victim}}\n"
    )
    tiny.give("a.csv", "area,year,code,Offences (000s),Other (thousands)\n14,2024,HOM,12,1\n")
    tiny.declare(declaration % "'Offences (000s)'")
    with pytest.raises(DataRefused, match="000s"):
        tiny.read()
    tiny.give("a.csv", "area,year,code,Offences,Other (thousands)\n14,2024,HOM,12,1\n")
    tiny.declare(declaration % "Offences")
    assert len(tiny.read()[1]) == 1


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Recorded offences 2022", 1),
        ("Recorded offences 2019-2022", 1),
        ("Recorded offences 2024", 0),
        ("Recorded offences 2019-2024", 0),
        ("Recorded offences; published in 2025", 0),
        ("Recorded offences, 12.03.2025", 0),
        ("Recorded offences under the law of 1998", 0),
        ("Grundtabelle ab 1987", 0),
        ("Grundtabelle ab 1987 bis 2022", 1),
        ("Recorded offences in 1,998 places", 0),
    ],
)
def test_a_title_of_years_that_no_figure_is_of_is_said(tiny: Tiny, title: str, found: int) -> None:
    tiny.declare_plain()
    tiny.give("a.csv", f'"{title}",,,\n{HEADER}{ROWS}')
    outcome = years(tiny)
    assert outcome.failing == found
    assert (f"a.csv: {title!r}, and the figures are of 2024" == outcome.detail) == bool(found)


@pytest.mark.parametrize(("name", "found"), [("2021.csv", 1), ("2025.csv", 0), ("crime_2015_24.csv", 0)])
def test_a_file_whose_name_is_older_than_its_figures_is_said(tiny: Tiny, name: str, found: int) -> None:
    tiny.declare_plain()
    tiny.give(name, HEADER + ROWS)
    assert years(tiny).failing == found


def test_the_name_of_a_sheet_is_a_title(tiny: Tiny) -> None:
    book = Workbook()
    for number, name in enumerate(("2023", "2024")):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = name
        for row in (["area", "year", "code", "n"], ["14" if number else "20", "2024", "HOM", 12]):
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    declaration = (
        "layouts: [{files: ['*.xlsx'], read: {columns: [area, year, code, n], format: excel, sheet: '*'}}]\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures: {victims: {counting_unit: victim}}\n"
    )
    tiny.declare(declaration)
    tiny.give("a.xlsx", content.getvalue())
    assert years(tiny).detail == "a.xlsx, 2023: '2023', and the figures are of 2024"


def test_years_of_a_text_are_found_with_their_spans() -> None:
    assert years_in("Año 2019/20; 2021 to 2023; 31/12/1999; 20201231; 1.998; ley 2000-2300") == {*range(2019, 2024)}


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("Homicidios, enero a septiembre de 2024", "enero a septiembre"),
        ("Homicides, January - June 2024", "January - June"),
        ("Infractions 2024, janvier à mars", "janvier à mars"),
        ("Erstes Quartal 2024", "Erstes Quartal"),
        ("Ocorrências, primeiro semestre de 2024", "primeiro semestre"),
        ("Provisional figures until May 2024", "until May"),
        ("First nine months of 2024", "nine months"),
        ("Offences, January to December 2024", None),
        ("Offences, April 2023 to March 2024", None),
        ("Offences, January to March 2019", None),  # another year, of which there are no figures
        ("Offences of 2024 in March district", None),
        ("Offences 2024, month of registration", None),
        ("Délits, T1 2024", "T1"),
        ("Table T1", None),  # the number of the table
        ("Fecha de corte: 31 de marzo de 2024", "corte: 31 de marzo de 2024"),
        ("Recorded offences, as at 30 June 2024", "as at 30 June 2024"),
        ("Stand: 15.10.2024", "Stand: 15.10.2024"),
        ("Data as of 2024-09-30", "as of 2024-09-30"),
        ("Data as of 31 December 2024", None),
        ("Corte al 15 de enero de 2025", None),
        ("Tasas con la población al corte de 30 de junio de 2024", None),
    ],
)
def test_annual_figures_said_to_be_of_a_part_of_the_year_are_named(tiny: Tiny, title: str, part: str | None) -> None:
    tiny.declare_plain()
    tiny.give("a.csv", f'"{title}",,,\n{HEADER}{ROWS}')
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "part_of_year")
    assert outcome.detail == (f"a.csv, row 1: {part!r}, but the figures of 2024 are for the full year" if part else "")


def test_the_name_of_a_file_may_say_it(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("delitos_2024_enero-noviembre.csv", HEADER + ROWS)
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "part_of_year")
    assert outcome.detail.startswith("delitos_2024_enero-noviembre.csv: 'enero-noviembre', but the figures of 2024")


def test_the_label_of_a_year_may_say_that_it_is_a_part(tiny: Tiny) -> None:
    """The pattern takes the column for 2024, and left() its first letters."""
    tiny.declare(
        "layouts: [{files: ['*.csv'], read: {columns: [area, code]}, conserve: '^20'}]\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures: {victims: {counting_unit: victim}}\n",
        reshape="SELECT *, c AS _column, left(c, 4) AS year FROM raw UNPIVOT (n FOR c IN (COLUMNS('^20')))",
    )
    tiny.give("a.csv", "area,code,2023,2024 (Jan-Sep)\n14,HOM,12,9\n")
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "part_of_year")
    assert outcome.detail == "a.csv, row 1: 'Jan-Sep', but the figures of 2024 are for the full year"


def test_months_are_months_whatever_the_title_says(tiny: Tiny) -> None:
    tiny.declare_plain("breakdowns: [{freq: M}]\n")
    tiny.give("a.csv", f"January to March 2024\n{HEADER}14,2024-01,HOM,3\n14,2024-02,HOM,3\n14,2024-03,HOM,3\n")
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "part_of_year")
    assert outcome.outcome == "not applicable"
