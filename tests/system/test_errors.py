"""A problem says what and where, which rule and why, and what to do."""

from __future__ import annotations

import json

import pytest

from pipelines.system.errors import DataRefused, Problem
from schemas.declarations import load_rules
from schemas.errors import nearest_values

FULL = Problem(
    rule="unknown_word",
    source="mx_sesnsp_victims",
    found="12 cells rejected: unknown word.",
    file="victims.csv",
    sheet="Hoja1",
    row=3,
    column="Sexo",
    value="Mujeres",
    nearest=("Mujer", "Hombre"),
    cells=12,
)


def test_problem_reads_as_declared() -> None:
    # The texts of the rule stand in schemas/rules/cells.yml.
    assert str(FULL).splitlines() == [
        "12 cells rejected: unknown word.",
        "  where:   source mx_sesnsp_victims, file victims.csv, sheet Hoja1, row 3, column 'Sexo', value 'Mujeres'",
        "  rule:    unknown_word: A label without a code would be lost or counted as unknown.",
        "  nearest: Mujer, Hombre",
        "  to do:   Correct the label in the file, or add it with its code to values.csv of the source.",
        "  also:    11 more cells with the same problem",
    ]


def test_what_is_not_known_is_left_out() -> None:
    text = str(Problem(rule="file_empty", source="ar_snic", found="The file is empty (0 bytes).", file="x.csv"))

    assert "  where:   source ar_snic, file x.csv\n" in text
    assert not any(word in text for word in ("None", "sheet", "row", "column", "nearest", "also"))


@pytest.mark.parametrize(("row", "value", "place"), [(0, None, "row 0"), (None, "", "value ''")])
def test_row_zero_and_an_empty_value_are_said(row: int | None, value: str | None, place: str) -> None:
    problem = Problem(rule="count_empty", source="s", found="f", row=row, value=value)

    assert problem.place == f"source s, {place}"


def test_problem_for_machines_has_every_field() -> None:
    told = json.loads(json.dumps(FULL.as_dict()))

    assert told == {
        "rule": "unknown_word",
        "source": "mx_sesnsp_victims",
        "found": "12 cells rejected: unknown word.",
        "file": "victims.csv",
        "sheet": "Hoja1",
        "row": 3,
        "column": "Sexo",
        "value": "Mujeres",
        "nearest": ["Mujer", "Hombre"],
        "cells": 12,
        "reason": "A label without a code would be lost or counted as unknown.",
        "what_to_do": "Correct the label in the file, or add it with its code to values.csv of the source.",
    }


def test_all_problems_of_a_stage_are_told_together() -> None:
    other = Problem(rule="count_negative", source="mx_sesnsp_victims", found="1 cell rejected.", row=9)

    text = str(DataRefused([FULL, other]))

    assert text == f"{FULL}\n\n{other}"


@pytest.mark.parametrize("rule", sorted(load_rules()))
def test_every_rule_can_be_told(rule: str) -> None:
    text = str(Problem(rule=rule, source="s", found="f"))

    assert load_rules()[rule].reason in text
    assert load_rules()[rule].what_to_do in text


def test_nearest_values_ignore_case_and_give_the_true_spelling() -> None:
    assert nearest_values("HOMICIDIO DOLOSO", ["Homicidio doloso", "Extorsión"]) == ("Homicidio doloso",)
    assert nearest_values("qqq", ["Homicidio doloso"]) == ()
    assert nearest_values("x", []) == ()
