"""What headings and titles say against the declaration, in words that offices print; and words that say nothing."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.collect.headings.captions import Caption
from pipelines.collect.headings.roles import judge_headings
from schemas.source import Source

RECORDED = "victims: {counting_unit: victim}"
OFFENCES = "offences: {counting_unit: offence}"
CONVICTED = "persons: {stage: convicted, counting_unit: person}"
SHARE = (
    "persons: {stage: experienced, counting_unit: person, figures: ratio, unit: percent, universe: persons, "
    "reference_period: last_12_months, confidence_percent: 95}"
)


def source_of(tiny: Tiny, measure: str, more: str = "") -> Source:
    return tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        f"measures: {{{measure}}}\n{more}"
    ).source


def test_another_scale_than_the_declared_one(tiny: Tiny) -> None:
    thousands = source_of(tiny, OFFENCES, "multiply: 1000\n")
    assert "'in hundreds', but the source declares multiply: 1000" in said(
        thousands, "Offences (in hundreds)", is_title=True
    )
    assert said(thousands, "Offences (in thousands)", is_title=True) == ""


def said(source: Source, text: str, *, is_title: bool) -> str:
    caption = Caption("t.csv", None, 1, text, is_title=is_title, is_count=not is_title)
    return judge_headings([caption], source).detail or ""


@pytest.mark.parametrize(
    ("measure", "text", "is_title", "says"),
    [
        (RECORDED, "Personas condenadas por homicidio", True, "persons convicted"),
        (RECORDED, "Arrests", False, "persons suspected"),
        (CONVICTED, "Verurteilte", False, ""),
        (OFFENCES, "Number of victims", False, "victims, but"),
        (RECORDED, "Delitos", False, "offences, but"),
        (RECORDED, "Víctimas", False, ""),
        (OFFENCES, "Aufgeklärte", False, "cases cleared up"),
        (OFFENCES, "Aufklärung Anzahl Fälle", False, "cases cleared up"),
        (OFFENCES, "Clear-ups", False, "cases cleared up"),
        (OFFENCES, "Casos aclarados", False, "cases cleared up"),
        (OFFENCES, "Unfounded incidents", False, "unfounded or cancelled reports"),
        (OFFENCES, "Total, persons charged", False, "persons suspected"),
        (OFFENCES, "Personnes mises en cause", False, "persons suspected"),
        (OFFENCES, "Personas capturadas", False, "persons suspected"),
        (OFFENCES, "Verdächtige", False, "persons suspected"),
        (OFFENCES, "Defendants", False, "persons prosecuted"),
        (OFFENCES, "Offenders sentenced", False, "persons suspected"),
        (CONVICTED, "Offenders sentenced", False, ""),
        (CONVICTED.replace("convicted", "prosecuted"), "Persons charged", False, ""),
        (CONVICTED.replace("convicted", "suspected"), "Persons charged", False, ""),
        (OFFENCES, "Actual incidents", False, ""),
        (OFFENCES, "Casos investigados", False, ""),
        (OFFENCES, "Variación", False, "changes"),
        (OFFENCES, "Año anterior", False, "figures of the year before"),
        (OFFENCES, "Promedio mensual", False, "averages"),
        (OFFENCES, "Acumulado", False, "cumulative figures"),
        (OFFENCES, "2023 | Enero", False, ""),
        (RECORDED, "Mujeres víctimas de homicidio", True, "women"),
        (RECORDED, "Hombres y mujeres víctimas de homicidio", True, ""),
        (RECORDED, "Kvinnor", False, "women"),
        (RECORDED, "2023 | Maschi", False, "men"),
        (RECORDED, "Kobiety", False, "women"),
        (RECORDED, "Kvinnor och män", True, ""),
        (RECORDED, "Victims aged 15 and over", True, "'aged 15'"),
        (RECORDED, "Recorded crime and persons convicted", True, ""),
        (OFFENCES, "Cases cleared up by the police", True, "cases cleared up"),
        (OFFENCES, "Offences recorded and cleared up", True, ""),
        (OFFENCES, "Average length of proceedings in days", True, "averages"),
        (OFFENCES, "Crime index (2010 = 100)", True, "index numbers"),
        (OFFENCES, "Índice base 2015", False, "index numbers"),
        (OFFENCES, "Index crimes", False, ""),
        (OFFENCES, "Offences: three-year rolling mean", True, "averages"),
        (OFFENCES, "Median", False, "averages"),
        (OFFENCES, "Losses (million USD)", False, "amounts of money"),
        (OFFENCES, "Schaden in Euro", False, "amounts of money"),
        (OFFENCES, "Duración en días", False, "durations"),
        (OFFENCES, "Criminal damage", False, ""),
        (RECORDED, "Homicides per 100 000 children", True, "per 100 000 children"),
        (SHARE, "Share of all offences (%)", False, "of offences"),
        (SHARE, "Taxa por milhão de habitantes", False, "per million"),
        (SHARE, "Tasa por mil habitantes", True, "per 1000"),
        (SHARE, "Rate per 100,000", False, "per 100k"),
        (SHARE, "% of households", False, "of households"),
        (SHARE, "Upper limit", False, "limits or errors"),
        (SHARE, "Victims in the last 5 years, 90 % confidence intervals", True, "90 percent"),
        (SHARE, "Victims in the last 12 months (%), 95 % confidence intervals", True, ""),
    ],
)
def test_a_heading_and_the_declaration(tiny: Tiny, measure: str, text: str, is_title: bool, says: str) -> None:
    found = said(source_of(tiny, measure), text, is_title=is_title)
    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("role", "column", "says"),
    [
        ("standard_error", "95% CI (±)", "half width, not standard error"),
        ("standard_error", "Relative standard error (%)", "coefficient of variation, not standard error"),
        ("standard_error", "variance", "variance, not"),
        ("standard_error", "deff", "design effect, not"),
        ("standard_error", "std_err", ""),
        ("cv_percent", "RSE (%)", ""),
        ("cv_percent", "Standard error (% of estimate)", ""),
        ("half_width", "Standard error", "standard error, not half width"),
        ("half_width", "moe_90", "limits of 90 percent"),
        ("half_width", "moe95", ""),
        ("half_width", "Margin of error", ""),
    ],
)
def test_the_name_of_a_column_of_errors(tiny: Tiny, role: str, column: str, says: str) -> None:
    source = tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, n]}\narea_scheme: inegi\n"
        f"columns: {{ref_area: area, time_period: year, national_code: code, value: n, {role}: '{column}'}}\n"
        "measures: {persons: {stage: experienced, counting_unit: victim, figures: estimate, universe: persons, "
        "confidence_percent: 95}}\n"
    ).source
    found = judge_headings([], source).detail or ""
    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Offences, 12 months ending", True),
        ("Delitos acumulados en los últimos 12 meses", True),
        ("Faits constatés, 12 mois glissants", True),
        ("Offences by month", False),
        ("Homicidios de los últimos 12 meses", False),  # each may be that of one month
    ],
)
def test_twelve_months_are_not_those_of_one(tiny: Tiny, text: str, says: bool) -> None:
    caption, source = Caption("t.csv", None, 1, text, is_title=True), source_of(tiny, OFFENCES)
    assert ("twelve months" in judge_headings([caption], source, frozenset({("t.csv", None)})).detail) == says
    assert judge_headings([caption], source).detail == ""


@pytest.mark.parametrize(
    ("measure", "text", "is_title", "says"),
    [
        (CONVICTED, "Persons in prison on 31 December", True, "persons held"),
        (CONVICTED, "Personas privadas de libertad", False, "persons held"),
        (CONVICTED, "Charges", False, "'Charges', but the source declares counting_unit: person"),
        (CONVICTED, "Number of persons", False, ""),
        (OFFENCES, "2023 | Personas", False, "'Personas', but the source declares counting_unit: offence"),
        (OFFENCES, "Trafficking in persons", False, ""),
        (OFFENCES, "Crime Survey for England and Wales: incidents", True, "estimates of a survey"),
        (OFFENCES, "Detected trafficking victims", True, ""),
        ("persons: {stage: held, counting_unit: person}", "Admissions", False, "events of the period"),
        ("persons: {stage: held, counting_unit: person}", "Persons in custody", False, ""),
        (SHARE, "Incidence rate (%)", False, "incidence, which counts incidents"),
        (SHARE, "Prevalence (%)", False, ""),
        (
            SHARE.replace("counting_unit: person", "counting_unit: incident"),
            "Prevalence (%)",
            False,
            "prevalence, which",
        ),
        (SHARE.replace("counting_unit: person", "counting_unit: victim"), "Incidents", False, "'Incidents', but"),
    ],
)
def test_what_is_counted_and_at_which_stage(tiny: Tiny, measure: str, text: str, is_title: bool, says: str) -> None:
    found = said(source_of(tiny, measure), text, is_title=is_title)
    assert says in found
    assert bool(found) == bool(says)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cleared", "cases cleared up"),
        ("Rate per 100000", "says 'Rate', but"),
        ("victims", "victims, but"),
        ("Number", ""),
    ],
)
def test_the_name_of_a_measure_is_a_heading(tiny: Tiny, name: str, says: str) -> None:
    source = tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, kind, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n, measure: kind}\n"
        f"measures: {{{name}: {{counting_unit: offence}}, recorded: {{counting_unit: case}}}}\n"
    ).source
    found = judge_headings([], source, measures=frozenset({name, "recorded"})).detail or ""
    assert says in found
    assert bool(found) == bool(says)
    assert judge_headings([], source, measures=frozenset({"recorded"})).detail == ""  # no figure of the other is used


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Attempted homicides", "'Attempted'"),
        ("Tentativas de homicidio", "'Tentativas'"),
        ("Homicides volontaires par arme à feu", "'arme à feu'"),
        ("firearm_deaths", "'firearm'"),
        ("erfasste Fälle davon: Versuche Anzahl", "'Versuche'"),
        ("Omicidi tentati", "'tentati'"),
        ("Dråp (inkl. försök)", ""),
        ("Opfer einschl. Versuche", ""),
        ("Homicides, completed and attempted", ""),
        ("Homicides without firearms", ""),
        ("Homicides", ""),
    ],
)
@pytest.mark.parametrize("is_title", [True, False])
def test_attempts_or_firearms_alone(tiny: Tiny, text: str, says: str, is_title: bool) -> None:
    source = source_of(tiny, RECORDED)
    assert says in said(source, text, is_title=is_title)
    caption = Caption("t.csv", None, 1, text, is_title=is_title, is_count=not is_title)
    found = judge_headings([caption], source, attributes={"attempted", "weapon"})
    assert found.detail == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("registered_voters", "voters"),
        ("Hogares", "households"),
        ("naissances", "births"),
        ("pop_0_14", "'0 14'"),
        ("pop_15plus", "'15plus'"),
        ("population_01_07_2021", ""),
        ("Población total", ""),
    ],
)
def test_a_population_is_that_of_all_residents(tiny: Tiny, text: str, says: str) -> None:
    source = tiny.declare(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  persons: {counting_unit: person}\n"
    ).source
    found = said(source, text, is_title=False)
    assert says in found
    assert bool(found) == bool(says)


def test_the_title_of_a_census_is_no_title_of_dwellings(tiny: Tiny) -> None:
    source = tiny.declare(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  persons: {counting_unit: person}\n"
    ).source
    assert said(source, "Census of Population and Housing Units", is_title=True) == ""
    assert "households" in said(source, "Hogares por entidad", is_title=True)
