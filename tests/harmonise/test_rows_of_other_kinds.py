"""Rows of incidents that are not what is counted, by columns that are not read; rows are counted in the files."""

from __future__ import annotations

import pytest
from tiny_incidents import outcomes
from tiny_source import HOMICIDE, Tiny

from pipelines.collect.acquire import acquire
from pipelines.collect.headings.labels_of_codes import unlike_measure
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from schemas.definition.measures import Measure

DAYS = [f"2023-{1 + number % 12:02}-{1 + number % 28:02},14,HOM" for number in range(36)]


def judged(tiny: Tiny, column: str, odd: str, other: str, rule: str = "parts_unlike") -> tuple[str, str]:
    """What the rule says of 36 homicides, every fourth with the odd word."""
    rows = [f"{day},{odd if number % 4 == 0 else other}" for number, day in enumerate(DAYS)]
    found = outcomes(tiny, "time_period: date", f"date,area,code,{column}", rows)[rule]
    return found.outcome, found.detail


@pytest.mark.parametrize(
    ("column", "odd", "other"),
    [
        ("is_valid", "0", "1"),
        ("vigente", "N", "S"),
        ("baja", "SI", "NO"),
        ("action", "delete", "insert"),
        ("resultado", "Falsa alarma", "Confirmado"),
        ("estatus", "Archivado por inexistencia de delito", "En trámite"),
        ("agency", "Assist other agency", "Own"),
        ("resolution", "Withdrawn by complainant", "Pending"),
        ("status", "Invalid", "Open"),
        ("estado", "Rechazado", "Abierto"),
        ("statut", "infraction non constituée", "ouverte"),
        ("Status", "Ungültig", "Offen"),
        ("situacao", "Registro cancelado", "Ativo"),
        ("last_outcome", "Offence cancelled following further investigation", "Under investigation"),
        ("doublon", "oui", "non"),
        ("storno", "ja", "nein"),
        ("aditamento", "S", "N"),
        ("competencia", "INCOMPETENCIA", "FUERO COMUN"),
        ("al_hala", "mulgha", "maftuh"),
    ],
)
def test_rows_that_may_not_be_counted_are_told(tiny: Tiny, column: str, odd: str, other: str) -> None:
    assert judged(tiny, column, odd, other) == (
        "warned",
        f"{column!r} has {odd!r} in 9 rows, which may not be counted",
    )


@pytest.mark.parametrize(
    ("column", "last", "other"), [("valid_to", "2024-05-01", "9999-12-31"), ("vigente_hasta", "2024-05-01", "")]
)
def test_a_row_that_was_valid_until_a_day_is_told(tiny: Tiny, column: str, last: str, other: str) -> None:
    assert judged(tiny, column, last, other) == ("warned", f"{column!r} has a day in 9 rows, which may not be counted")


@pytest.mark.parametrize(("column", "odd", "other"), [("imputed", "1", "0"), ("is_estimated", "Y", "N")])
def test_rows_that_a_column_calls_imputed_are_told(tiny: Tiny, column: str, odd: str, other: str) -> None:
    found = judged(tiny, column, odd, other, "flags_unread")
    assert found == ("warned", f"{column!r} has {odd!r} in 9 rows, but its figures are published as final")


@pytest.mark.parametrize(("column", "odd", "other"), [
    ("status", "classé sans suite", "en cours"),  # an offence recorded, whatever became of it
    ("bail", "Rejected", "Granted"),
    ("imputado", "SI", "NO"),
    ("valid_from", "2024-05-01", "2024-01-01"),
])  # fmt: skip
def test_rows_that_are_counted_all_the_same_are_not_told(tiny: Tiny, column: str, odd: str, other: str) -> None:
    assert judged(tiny, column, odd, other)[0] == "passed"
    assert judged(tiny, column, odd, other, "flags_unread")[0] == "passed"


@pytest.mark.parametrize(("column", "odd", "usual", "told"), [
    ("pais", "Guatemala", "México", "and 'México' in most others"),
    ("country", "GTM", "MEX", "and 'MEX' in most others"),
    ("pays_faits", "Guatemala", "Mexique", "and 'Mexique' in most others"),
    ("nacionalidad", "Guatemala", "México", ""),
    ("country", "México", "MEX", ""),
])  # fmt: skip
def test_rows_of_another_country_are_told(tiny: Tiny, column: str, odd: str, usual: str, told: str) -> None:
    outcome, detail = judged(tiny, column, odd, usual, "constants_agree")
    assert (outcome == "warned") == bool(told)
    assert told in detail


@pytest.mark.parametrize(("columns", "told"), [
    ("killed,injured,victims", True), ("muertos,heridos,victims", True), ("men,women,victims", False),
])  # fmt: skip
def test_the_injured_are_not_victims_of_homicide(tiny: Tiny, columns: str, told: bool) -> None:
    """Two dead and one injured in every row, and three in the column that is read."""
    rows = [f"{day},2,1,3" for day in DAYS]
    found = outcomes(tiny, "time_period: date, value: victims", f"date,area,code,{columns}", rows)["constants_agree"]
    assert (found.outcome == "warned") == told
    assert ("counts the injured as well, in 36 rows" in found.detail) == told
    (table := Tiny(tiny.root / "table")).declare_plain()
    table.give("a.csv", "area,year,code,n,killed,injured\n" + "".join(f"{n},2023,HOM,3,2,1\n" for n in range(1, 10)))
    (of_table,) = (one for one in table.outcomes() if one.rule == "constants_agree")
    assert "'n' is the sum of 'killed' and 'injured': it counts the injured as well, in 9 rows" in of_table.detail


@pytest.mark.parametrize(("years", "detail"), [
    (("1924", "2023"), "1924 to 1924: is it 2024 to 2024?"),
    (("1923", "1924"), "1923 to 1924: is it 2023 to 2024?"),
    (("1989", "2023"), ""),
])  # fmt: skip
def test_years_of_another_century_are_told(tiny: Tiny, years: tuple[str, str], detail: str) -> None:
    rows = [day.replace("2023", years[number % 2]) for number, day in enumerate(DAYS)]
    assert outcomes(tiny, "time_period: date", "date,area,code", rows)["century_of_years"].detail == detail


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Tatverdächtige Mord", "persons (Tatverdächtige)"),
        ("Meurtres (auteurs)", "persons (auteurs)"),
        ("Homicide rate", "rates"),
        ("Tasa de homicidios", "rates"),
        ("Homicide with firearm", "'firearm', but its link is exact and gives no weapon"),
        ("Homicide (children only)", "'children', but its link is exact and gives no age"),
        ("Homicide of women", "'women', but its link is exact and gives no sex"),
        ("Homicide victims", ""),  # which are counted
        ("Homicidio doloso", ""),
        ("Homicide of men and women", ""),
    ],
)
def test_labels_that_name_a_part_are_told(tiny: Tiny, label: str, said: str) -> None:
    tiny.declare_plain(links=({**HOMICIDE, "national_label": label},))
    tiny.give("a.csv", "area,year,code,n\n" + "".join(f"{n},2023,HOM,3\n" for n in range(1, 10)))
    (found,) = (one for one in tiny.outcomes() if one.rule == "headings_agree")
    assert (found.outcome == "warned") == bool(said)
    assert said in found.detail


def test_attempts_by_one_letter_are_told(tiny: Tiny) -> None:
    found = judged(tiny, "attempt_complete_flag", "A", "C")
    assert found == ("warned", "'attempt_complete_flag' has 'A' in 9 rows of completed homicide")


def test_the_day_of_a_deletion_is_told_without_the_day(tiny: Tiny) -> None:
    found = judged(tiny, "deleted_at", "2023-12-30", "")
    assert found == ("warned", "'deleted_at' has a day in 9 rows, which may not be counted")


@pytest.mark.parametrize(
    ("column", "odd", "other", "meaning"),
    [
        ("unidad", "Hecho", "Víctima", "which are not what is counted"),
        ("record_type", "Offender", "Victim", "which are not what is counted"),
        ("fase_divulgacao", "Parcial", "Consolidado", "perhaps replaced by those of another edition"),
        ("calidad_juridica", "DENUNCIANTE", "OFENDIDO", "but victims are counted"),
        ("edition", "Preliminary", "Final", "perhaps replaced by those of another edition"),
    ],
)
def test_rows_of_another_unit_or_edition_are_told(tiny: Tiny, column: str, odd: str, other: str, meaning: str) -> None:
    outcome, detail = judged(tiny, column, odd, other)
    assert outcome == "warned"
    assert f"{column!r} has {odd!r} in 9 rows, {meaning}" in detail


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("sexo_victima_1", "sexo_victima_2", "a.csv: 'sexo_victima_2' is given in 9 rows, in addition to"),
        ("sex", "sex_2", "a.csv: 'sex_2' is given in 9 rows, in addition to 'sex'"),
        ("sex", "sex_of_suspect", ""),
    ],
)
def test_a_second_victim_in_columns_of_its_own_is_told(tiny: Tiny, first: str, second: str, found: str) -> None:
    rows = [f"{day},F,{'M' if number % 4 == 0 else ''}" for number, day in enumerate(DAYS)]
    values, more = "sex,F,F,\nsex,M,M,\n", "breakdowns: [{by: [sex]}]\n"
    columns, header = f"time_period: date, sex: {first}", f"date,area,code,{first},{second}"
    outcome = outcomes(tiny, columns, header, rows, values=values, more=more)["count_column_unread"]
    assert (outcome.outcome, found in outcome.detail) == ("warned" if found else "passed", True)


@pytest.mark.parametrize(
    ("more", "outcome"), [("", "warned"), ("constants: {obs_status: P}\n", "passed")], ids=["not declared", "declared"]
)
def test_provisional_rows_are_told_unless_all_are_declared_so(tiny: Tiny, more: str, outcome: str) -> None:
    rows = [f"{day},Provisional" for day in DAYS]
    found = outcomes(tiny, "time_period: date", "date,area,code,data_status", rows, more=more)["flags_unread"]
    said = "'data_status' has 'Provisional' in 36 rows, but its figures are published as final"
    assert (found.outcome, found.detail) == (outcome, said if outcome == "warned" else "")


@pytest.mark.parametrize("word", ["Suicidio", "Culposo", "Natural death", "Legítima defensa"])
def test_other_deaths_among_intentional_homicides_are_told(tiny: Tiny, word: str) -> None:
    assert judged(tiny, "tipo", word, "Doloso") == ("warned", f"'tipo' has {word!r} in 9 rows of intentional homicide")


@pytest.mark.parametrize(
    ("column", "odd", "other"),
    [
        ("status", "Open", "Closed"),
        ("weapon", "Knife", "Pistol"),
        ("active", "N", "Y"),
        ("updated_at", "2024-01-05", ""),
    ],
)
def test_nothing_is_said_of_other_columns(tiny: Tiny, column: str, odd: str, other: str) -> None:
    assert judged(tiny, column, odd, other)[0] == "passed"


@pytest.mark.parametrize(
    ("column", "number", "found"),
    [
        ("dni", lambda n: 30000000 + n // 2, "a.csv: 'dni' has 18 different numbers in 36 rows"),
        (
            "version",
            lambda n: 1 + n % 2,
            "a.csv: 'version' numbers what the rows of one record are: it is above 1",
        ),
        ("weapon_no", lambda n: 1 + n % 2, "a.csv: 'weapon_no' numbers what"),
        ("victim_no", lambda n: 1 + n % 2, ""),  # victims are counted
        ("version", lambda n: 1, ""),
        ("version", lambda n: 7, ""),  # of the form, in every row
    ],
)
def test_a_row_for_each_part_of_a_record_is_told(tiny: Tiny, column: str, number: object, found: str) -> None:
    rows = [f"{day},{number(place)}" for place, day in enumerate(DAYS)]  # type: ignore[operator]
    judged = outcomes(tiny, "time_period: date", f"date,area,code,{column}", rows)["numbers_repeated"]
    assert (judged.outcome, found in judged.detail) == ("warned" if found else "passed", True)


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("Víctimas de homicidio", "victims, but the source declares counting_unit: incident"),
        ("Persons convicted of homicide", "persons convicted, but"),
        ("Condamnations pour vol", "persons convicted, but"),
        ("Presos por robo", "persons held, but"),
        ("Robo - infundado", "what is not to be counted"),
        ("Homicidios esclarecidos", "cases cleared up"),
        ("Escape of prisoners", ""),
        ("False report of a crime", ""),
        ("Offences against arrested persons", ""),
        ("Delitos contra la vida", ""),
    ],
)
def test_the_label_of_a_code_says_what_it_counts(label: str, found: str) -> None:
    said = "; ".join(unlike_measure(label, Measure(counting_unit="incident")))
    assert said.startswith(found) if found else said == ""


@pytest.mark.parametrize(
    ("column", "rule", "told"),
    [
        ("case_number", "numbers_repeated", "'case_number' has 18 different numbers in 36 rows"),
        ("victims", "count_column_unread", "'victims' is above 1 in 18 rows"),
    ],
)
def test_a_column_that_only_finds_the_header_is_not_read(tiny: Tiny, column: str, rule: str, told: str) -> None:
    """It is named under ``read.columns``, and nothing is done with it: every row counts as one."""
    tiny.declare(
        f"kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {{columns: [date, area, code, {column}]}}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: date, national_code: code}\nrows: events\n"
        f"measures: {{m: {{counting_unit: {'case' if rule == 'numbers_repeated' else 'victim'}}}}}\n"
    )
    numbers = [number // 2 if rule == "numbers_repeated" else 1 + number % 2 for number, _ in enumerate(DAYS)]
    tiny.give(
        "a.csv", f"date,area,code,{column}\n" + "".join(f"{day},{n}\n" for day, n in zip(DAYS, numbers, strict=True))
    )
    source, settings = tiny.source, tiny.settings
    incidents = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        found = {one.rule: one for one in account(source, incidents, connection, settings, tiny.work).outcomes}
    assert found[rule].outcome == "warned"
    assert told in found[rule].detail
