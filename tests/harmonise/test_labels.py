"""Words of a file against their codes, on a few words written here."""

from __future__ import annotations

from pathlib import Path

import pytest
from figure_data import ABOUT
from tiny_source import Tiny

from pipelines.harmonise.values.labels import age_word_problem, check_labels, labels_of_cells
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.source import Source


def judged(folder: Path, *words: tuple[str, str, str, str]) -> dict[str, Outcome]:
    """The outcomes for cells with these (sex word, sex, age word, age)."""
    with connect(Settings(data=folder, threads=1)) as connection:
        connection.execute(
            "CREATE TEMP TABLE word (sex_word VARCHAR, sex VARCHAR, age_word VARCHAR, age VARCHAR);"
            "CREATE TEMP VIEW sex_code AS SELECT DISTINCT sex AS id, sex AS code FROM word;"
            "CREATE TEMP VIEW age_code AS SELECT DISTINCT age AS id, age AS code FROM word;"
            "CREATE TEMP VIEW tally AS SELECT *, sex AS sex_id, age AS age_id, 0 AS exclusion FROM word"
        )
        connection.executemany("INSERT INTO word VALUES (?, ?, ?, ?)", [list(row) for row in words])
        return {one.rule: one for one in check_labels(labels_of_cells(connection, Source.model_validate(ABOUT)))}


def test_one_word_for_each_code_passes(tmp_path: Path) -> None:
    found = judged(tmp_path, ("Hombre", "M", "0-17", "Y0T17"), ("No identificado", "_U", "No especificado", "_U"))
    assert [(one.rule, one.outcome, one.checked, one.failing) for one in found.values()] == [
        ("two_words_for_unknown", "passed", 2, 0),
        ("age_words_agree", "passed", 2, 0),
    ]


def test_two_words_for_the_unknown_age_are_told(tmp_path: Path) -> None:
    """The two words of Mexico's file of victims."""
    found = judged(tmp_path, ("Hombre", "M", "No especificado", "_U"), ("Hombre", "M", "No identificado", "_U"))
    told = found["two_words_for_unknown"]
    assert (told.outcome, told.checked, told.failing) == ("warned", 1, 1)
    assert told.detail == "age: 'No especificado' (1 cells), 'No identificado' (1 cells)"


def test_an_age_word_with_another_code_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, ("Hombre", "M", "6-11 months", "Y6T11"), ("Hombre", "M", "12-17", "Y12T17"))
    told = found["age_words_agree"]
    assert (told.outcome, told.checked, told.failing) == ("warned", 2, 1)
    assert "'6-11 months' has the code Y6T11" in told.detail


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Menores de edad (0-17)", "Y0T17"), ("Adultos (18 y más)", "Y_GE18"), ("m_13_14", "Y13T14"),
        ("14 bis unter 16", "Y14T15"), ("BELOW 6 YEARS", "Y0T5"), ("16 YEARS & ABOVE", "Y_GE16"), ("Adults", "Y_GE18"),
        ("minors", "Y0T17"), ("3 meses", "Y0"), ("40 days", "Y0"), ("18-30 months", "Y1T2"),
        ("12", "Y14T15"), ("x", "_U"),
    ],
)  # fmt: skip
def test_words_that_agree(word: str, code: str) -> None:
    assert age_word_problem(word, code) is None


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Adultos (18 y más)", "Y0T17"), ("0-14", "Y0T17"), ("minors", "Y_GE18"), ("Adults", "Y0T17"),
        ("3 meses", "Y3"), ("40 days", "Y40"), ("18-30 months", "Y18T30"), ("adultos", "Y15T29"),
    ],
)  # fmt: skip
def test_words_that_do_not(word: str, code: str) -> None:
    assert age_word_problem(word, code)


# Codes of ISO 3166-2 and of INEGI: Jalisco is MX-JAL and 14; México is the country and the state MX-MEX.
@pytest.mark.parametrize(
    ("scheme", "more", "word", "said", "nearest"),
    [
        ("name", "area_names: {of: MX}\n", "México", "'México' is the name of MX (Mexico) and MX-MEX (México)", ()),
        ("name", "area_names: {of: MX}\n", "Guatemala", "GT (Guatemala), which is not one of the areas", ()),
        ("name", "area_names: {of: MX}\n", "Sonorra", "unknown area.", ("Sonora", "SONORA")),
        ("inegi", "", "Jalisco", "'Jalisco' is the name of MX-JAL (Jalisco); the source gives codes", ("14",)),
        ("code", "", "MX-JL", "unknown area.", ("MX-JAL",)),
    ],
)
def test_a_place_that_has_a_name_is_not_taken_for_another_one(
    tiny: Tiny, scheme: str, more: str, word: str, said: str, nearest: tuple[str, ...]
) -> None:
    tiny.declare_plain(more, scheme=scheme)
    tiny.give("a.csv", f"area,year,code,n\n{word},2020,HOM,5\n")
    with pytest.raises(DataRefused) as refused:
        tiny.outcomes()
    (problem,) = refused.value.problems
    assert said in problem.found
    assert set(problem.nearest[:1]) <= set(nearest)
    assert bool(problem.nearest) is bool(nearest)
