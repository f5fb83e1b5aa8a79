"""Codes that mean something else in the file than in the concordance, and codes that are a part of another."""

from __future__ import annotations

import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.checks.codes import are_different
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome

ROBBERY = {"national_code": "12", "national_label": "Robo", "iccs_code": "0401", "relation": "exact"}
SOURCE = (
    "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, code, label, n]}\narea_scheme: inegi\n"
    "columns: {ref_area: area, time_period: year, national_code: code, national_label: label, value: n}\n"
    "measures: {victims: {counting_unit: victim}}\n"
)


def outcome(tiny: Tiny, rule: str) -> Outcome:
    return next(one for one in tiny.outcomes() if one.rule == rule)


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("Robo", "Fraude", True),
        ("ROBOS A CASA HABITACIÓN", "Robo a casa habitacion", False),  # the plural, accents, case
        ("Homicidio", "Homicidio doloso", False),
        ("Robo con violencia", "Lesiones con arma", True),  # of small words none counts
        ("12", "Robo", False),  # a number says nothing
        ("", "Robo", False),
    ],
)
def test_labels_without_a_word_in_common(one: str, other: str, different: bool) -> None:
    assert are_different(one, other) is different


def test_a_code_that_was_given_to_another_offence_is_said(tiny: Tiny) -> None:
    tiny.declare(SOURCE, links=(ROBBERY,))
    tiny.give("a.csv", "area,year,code,label,n\n14,2017,12,Robo,5\n14,2018,12,Fraude,7\n14,2019,12,Fraude,7\n")
    found = outcome(tiny, "code_means_another")
    assert (found.outcome, found.checked, found.failing) == ("warned", 2, 1)
    assert found.detail == "12: 'Fraude' in the file (2018 to 2019), 'Robo' in the concordance"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Tentativa de robo", "'Tentativa', a part of the act"),
        ("Detenidos por robo", "persons suspected, but the source declares stage: recorded"),
        ("Sentenciados por robo", "persons convicted, but the source declares stage: recorded"),
        ("Robo (tasa)", "'tasa', a rate"),
        ("Robo por 100 mil habitantes", "'por 100', a rate"),
        ("Robo (en miles)", "'en miles', but the source declares multiply: 1"),
        ("Robo, esclarecidos", "cases cleared up"),
        ("ROBO SIMPLE", ""),
        ("Robos", ""),
    ],
)
def test_a_label_in_the_file_that_says_the_figures_are_something_else(tiny: Tiny, label: str, said: str) -> None:
    tiny.declare(SOURCE, links=(ROBBERY,))
    tiny.give("a.csv", f'area,year,code,label,n\n14,2017,12,Robo,5\n14,2018,12,"{label}",7\n')
    found = outcome(tiny, "code_means_another")
    assert found.detail == (f"12: {label!r} in the file (2018) says {said}, 'Robo' in the concordance" if said else "")


def test_a_code_with_a_link_for_each_meaning_is_right(tiny: Tiny) -> None:
    fraud = {"national_code": "12", "national_label": "Fraude", "iccs_code": "0701", "relation": "exact"}
    tiny.declare(SOURCE, links=({**ROBBERY, "valid_to": "2017"}, {**fraud, "valid_from": "2018"}))
    tiny.give("a.csv", "area,year,code,label,n\n14,2017,12,Robo,5\n14,2018,12,Fraude,7\n")
    assert outcome(tiny, "code_means_another").outcome == "passed"


PART = {"national_code": "FEM", "iccs_code": "0101", "relation": "narrower"}


@pytest.mark.parametrize(
    ("label", "is_said"),
    [
        ("de los cuales: feminicidio", True),
        ("Femicide (included in homicide)", True),
        ("darunter Mord an Frauen", True),
        ("dont féminicides", True),
        ("Feminicidio", False),
        ("Homicide including manslaughter", False),
    ],
)
def test_a_part_that_is_counted_beside_its_whole_is_said(tiny: Tiny, label: str, is_said: bool) -> None:
    tiny.declare_plain(links=(HOMICIDE, {**PART, "national_label": label}))
    tiny.give("a.csv", "area,year,code,n\n14,2017,HOM,50\n14,2017,FEM,7\n")
    assert outcome(tiny, "part_beside_whole").outcome == ("warned" if is_said else "passed")


def test_a_part_is_right_out_of_scope_or_inside_a_parent_that_includes_it(tiny: Tiny) -> None:
    label = {"national_code": "PART", "national_label": "de los cuales: robo a personas"}
    without = {**label, "relation": "none", "out_of_scope": "counted_elsewhere"}
    inside = {**label, "iccs_code": "04011", "relation": "narrower"}
    for more, link in (("", without), ("parent_counts: include_children\n", inside)):
        tiny.declare_plain(more, links=(ROBBERY, link))
        tiny.give("a.csv", "area,year,code,n\n14,2017,12,50\n14,2017,PART,7\n")
        assert outcome(tiny, "part_beside_whole").outcome == "passed"


KILLINGS = tuple(
    {"national_code": code, "national_label": f"Homicidio {kind}", "iccs_code": iccs, "relation": "exact"}
    for code, kind, iccs in (("101", "doloso", "0101"), ("102", "culposo", "0103"))
)


@pytest.mark.parametrize("columns", ["national_label: label, ", ""])
@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (("Homicidio doloso", "Homicidio culposo"), ""),
        (("HOMICIDIOS DOLOSOS", "Homicidio culposo"), ""),
        (("Homicidio culposo", "Homicidio doloso"), "101: 'Homicidio culposo' in the file (2018)"),
    ],
)
def test_a_code_with_the_label_of_another_code_is_told_though_they_have_a_word_in_common(
    tiny: Tiny, columns: str, labels: tuple[str, str], found: str
) -> None:
    tiny.declare(SOURCE.replace("national_label: label, ", columns), links=KILLINGS)
    rows = [f"{area},2018,{code},{label},5" for area in (9, 14) for code, label in zip((101, 102), labels, strict=True)]
    tiny.give("a.csv", "\n".join(["area,year,code,label,n", *rows]) + "\n")
    told = outcome(tiny, "code_means_another")
    assert (told.outcome, told.failing) == (("warned", 2) if found else ("passed", 0))
    assert found in told.detail


@pytest.mark.parametrize("kind", ["count", "incident"])
def test_codes_of_areas_that_are_all_beside_the_name_of_another_are_told(tiny: Tiny, kind: str) -> None:
    """The codes of another list, in which each area has the number of the one before."""
    names = ("Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Coahuila de Zaragoza", "Colima")
    tiny.declare(
        f"kind: {kind}\nlayouts:\n  - files: ['*.csv']\n    read: {{columns: [area, year, code]}}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code}\nconstants: {value: '1'}\nrows: events\n"
        "measures: {victims: {counting_unit: victim}}\n" + ("dates: [YYYY]\n" if kind == "incident" else "")
    )
    for shift, found in ((0, ""), (1, "with 'Aguascalientes' in the column 'name'")):
        rows = [f"{n + 1 + shift},{year},HOM,{name}" for year in (2018, 2019) for n, name in enumerate(names)]
        tiny.give("a.csv", "\n".join(["area,year,code,name", *rows]) + "\n")
        told = _of_kind(tiny, kind)
        assert told.outcome == ("warned" if found else "passed")
        assert found in told.detail


def test_areas_that_have_several_other_names_each_are_those_of_something_else(tiny: Tiny) -> None:
    """Such as the place of birth: of five areas, each beside the names of two others."""
    names = ("Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Coahuila de Zaragoza")
    tiny.declare_plain(read=", format: csv", values="")
    rows = [f"{n + 1},{2018 + step},HOM,4,{names[(n + step) % 5]}" for step in (1, 2) for n in range(5)]
    tiny.give("a.csv", "\n".join(["area,year,code,n,born", *rows]) + "\n")
    assert outcome(tiny, "area_words_agree").outcome == "not applicable"


def _of_kind(tiny: Tiny, kind: str) -> Outcome:
    if kind == "count":
        return outcome(tiny, "area_words_agree")
    source, settings = tiny.source, tiny.settings
    tallied = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        found = account(source, tallied, connection, settings, tiny.work).outcomes
    return next(one for one in found if one.rule == "area_words_agree")
