"""Replicate weights of a survey beside the formulas by hand, and beside linearisation where both must be one number.

Replicates are made here of an invented sample of 8 strata with two primary sampling units each: half-samples of a
Hadamard matrix, the same damped by Fay's method, one unit of a pair or of all left out, successive differences.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.linalg import hadamard
from scipy.stats import t as student
from tiny_source import Tiny

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.tabulate.structure_suite import without_suite
from schemas.definition.survey import Replicates
from schemas.errors import UsageError
from schemas.source import find_sources

DECLARED = """\
kind: survey
layouts:
  - {files: ['%(name)s_persons.csv'], read: {columns: [id, weight, sex]}, sample: true}
  - {files: ['%(name)s_events.csv'], read: {columns: [id, offence, times]}}
area_scheme: code
columns: {sex: sex, national_code: offence, value: times}
constants: {ref_area: AU, time_period: "2021"}
personal: [id]
survey:
  key: id
  weight: weight
  smallest_sample: 3
  %(design)s
measures:
  incidents: {stage: experienced, counting_unit: incident, figures: estimate, universe: persons}
  victims: {stage: experienced, counting_unit: victim, figures: estimate, unit: percent, universe: persons}
breakdowns: [{by: [sex]}]
"""
WORDS = "sex,man,M,\nsex,woman,F,\n"
STRATA, PERSONS = 8, 160
Row = dict[str, Any]
Matrix = Any

CHANCE = Random(11)
UNITS = [
    {"id": f"P{n}", "weight": round(CHANCE.uniform(50, 150), 3), "sex": ("man", "woman")[n % 2],
     "stratum": n // 2 % STRATA, "psu": n // 2 // STRATA % 2}
    for n in range(PERSONS)
]  # fmt: skip
TIMES = [[CHANCE.choice([1, 1, 3]) for _ in range(CHANCE.choice([0, 0, 1, 2]))] for _ in UNITS]
EVENTS = [{"id": one["id"], "offence": "HOM", "times": n} for one, own in zip(UNITS, TIMES, strict=True) for n in own]
WEIGHT = np.array([one["weight"] for one in UNITS])
STRATUM, PSU = np.array([one["stratum"] for one in UNITS]), np.array([one["psu"] for one in UNITS])


def give(tiny: Tiny, persons: list[Row]) -> None:
    for name, rows in (("persons", persons), ("events", EVENTS)):
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        tiny.give(f"{tiny.name}_{name}.csv", text.getvalue())


def load(*sources: Tiny) -> RunResult:
    first, names = sources[0], [one.name for one in sources]
    with without_suite():
        return run_all(
            find_sources(names, first.sources), Session(first.settings, first.given, source_folders=first.sources)
        )


def half_samples(kept: float) -> Matrix:
    """Multiples of the weight in 16 balanced replicates: 2 - kept in the one half, kept in the other."""
    signs = hadamard(2 * STRATA)[:, 1 : STRATA + 1]
    first = np.where(PSU == 0, 1, -1)
    return np.array([1 + (1 - kept) * signs[r, STRATUM] * first for r in range(2 * STRATA)]).T


def pairs() -> Matrix:
    """One of the pair of a stratum left out, the other doubled: a column for each stratum."""
    return np.array([np.where(r == STRATUM, 2 * PSU, 1) for r in range(STRATA)]).T


def one_left_out() -> Matrix:
    """One of 16 units left out of all, as if there were no strata."""
    unit = STRATUM * 2 + PSU
    return np.array([np.where(unit == r, 0, 16 / 15) for r in range(16)]).T


def successive() -> Matrix:
    """1 + 2^-1.5 (a - b) of two rows of a Hadamard matrix: multiples of 0.3, 1 and 1.7."""
    rows = hadamard(16)
    unit = STRATUM * 2 + PSU
    return np.array([1 + 2**-1.5 * (rows[unit, r] - rows[(unit + 1) % 16, r]) for r in range(16)]).T


def declare(
    tiny: Tiny, multiples: Matrix, method: str, *, factors: bool = False, number: int | None = None
) -> list[Row]:
    """Declare a survey with these replicates, and return its records of persons."""
    count = multiples.shape[1]
    text = f"replicates: {{weights: 'rep*', number: {number or count}, method: {method}}}"
    design = text.replace("}", ", factors: true}" if factors else "}")
    tiny.declare(DECLARED % {"name": tiny.name, "design": design}, values=WORDS)
    replicates = multiples if factors else multiples * WEIGHT[:, None]
    return [
        {**{name: one[name] for name in ("id", "weight", "sex")},
         **{f"rep{r}": repr(float(value)) for r, value in enumerate(replicates[n])}}
        for n, one in enumerate(UNITS)
    ]  # fmt: skip


def by_hand(multiples: Matrix, factor: float, sex: str) -> dict[str, tuple[float, float]]:
    """The estimates and their errors: factor x the sum of squared distances of those of the replicates."""
    events = np.array([sum(own) for own in TIMES])
    struck = np.array([bool(own) for own in TIMES])
    within = np.array([sex in ("_T", {"man": "M", "woman": "F"}[one["sex"]]) for one in UNITS])
    weights = np.column_stack([WEIGHT, multiples * WEIGHT[:, None]]) * within[:, None]
    totals, shares = events @ weights, 100 * (struck @ weights) / weights.sum(axis=0)
    return {
        name: (figures[0], sqrt(factor * np.sum((figures[1:] - figures[0]) ** 2)))
        for name, figures in (("incidents", totals), ("victims", shares))
    }


METHODS: list[tuple[str, Matrix, float, bool]] = [
    ("brr", half_samples(0.0), 1 / 16, False),
    ("fay, fay: 0.5", half_samples(0.5), 1 / (16 * 0.25), True),
    ("jk1", one_left_out(), 15 / 16, False),
    ("jk2", pairs(), 1.0, False),
    ("jkn, scale: 0.9375", one_left_out(), 0.9375, False),
    ("sdr", successive(), 4 / 16, True),
]


def test_errors_of_every_method_are_those_of_its_formula(tmp_path: Path) -> None:
    sources = []
    for place, (method, multiples, _, factors) in enumerate(METHODS):
        tiny = Tiny(tmp_path, f"xx_{place}")
        give(tiny, declare(tiny, multiples, method, factors=factors))
        sources.append(tiny)

    assert not load(*sources).refused

    with duckdb.connect(str(sources[0].settings.published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT source, sex, measure, estimate, standard_error, upper_limit, error_given_as FROM out.estimate"
        ).fetchall()
    assert len(rows) == 6 * len(METHODS)
    for source, sex, measure, estimate, error, upper, form in rows:
        _, multiples, factor, _ = METHODS[int(source.removeprefix("xx_"))]
        value, expected = by_hand(multiples, factor, sex)[measure]
        assert (estimate, error) == (pytest.approx(value, rel=1e-8), pytest.approx(expected, rel=1e-6))
        assert upper == pytest.approx(value + student.ppf(0.975, multiples.shape[1] - 1) * expected, rel=1e-6)
        assert form == "replicates"


def test_of_a_total_half_samples_and_pairs_give_the_error_of_linearisation() -> None:
    """Theory (Wolter 2007, 3.2 and 4.5): of two units a stratum, and a total, the three are one number."""
    sums = np.zeros((STRATA, 2))
    for one, own in zip(UNITS, TIMES, strict=True):
        sums[one["stratum"], one["psu"]] += one["weight"] * sum(own)
    linear = sqrt(np.sum((sums[:, 0] - sums[:, 1]) ** 2))
    for multiples, method in ((half_samples(0.0), "brr"), (half_samples(0.5), "fay"), (pairs(), "jk2")):
        declared = Replicates(
            weights="r*", number=multiples.shape[1], method=method, fay=0.5 if method == "fay" else None
        )
        assert by_hand(multiples, declared.factor, "_T")["incidents"][1] == pytest.approx(linear, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "made", "change", "rule", "said"),
    [
        ("brr", lambda: half_samples(0), {"number": 15}, "survey_replicates_number", "16 columns are named rep"),
        ("brr", lambda: half_samples(0.5), {}, "survey_replicate_scale", "leaves nobody out"),
        ("fay, fay: 0.5", lambda: half_samples(0), {}, "survey_replicate_scale", "leaves 50 % of the sample out"),
        ("jk2", lambda: pairs() / WEIGHT[:, None], {}, "survey_replicate_scale", "times the weights on average"),
    ],
)
def test_replicates_that_are_not_as_declared_are_refused(
    tiny: Tiny, method: str, made: Callable[[], Matrix], change: Row, rule: str, said: str
) -> None:
    """A number or a method that is another; multiples of the weight taken for weights."""
    give(tiny, declare(tiny, made(), method, **change))

    (refused,) = load(tiny).refused

    assert (refused.problems[0]["rule"], refused.problems[0]["column"]) == (rule, "rep*")
    assert said in refused.message


@pytest.mark.parametrize(("value", "shown"), [("-3", "-3.0"), ("", None), ("x", None)])
def test_a_replicate_weight_that_is_none_is_refused_with_its_place(tiny: Tiny, value: str, shown: str | None) -> None:
    persons = declare(tiny, half_samples(0.0), "brr")
    persons[4]["rep3"] = value
    give(tiny, persons)

    (refused,) = load(tiny).refused

    problem = refused.problems[0]
    assert (problem["rule"], problem["column"], problem["row"]) == ("survey_replicate_weight", "rep3", 6)
    assert problem.get("value") == shown


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("stratum: sex", "stratum and psu: name both"),
        ("replicates: {weights: 'r*', number: 4, method: fay}", "fay: is for method fay, which needs it"),
        ("replicates: {weights: 'r*', number: 4, method: jk1, scale: 1}", "scale: is for method jkn"),
        ("psu: sex\n  replicates: {weights: 'r*', number: 4, method: jk1}", "delete it, or replicates"),
    ],
)
def test_a_design_is_declared_once_and_whole(tiny: Tiny, design: str, said: str) -> None:
    tiny.declare(DECLARED % {"name": tiny.name, "design": design}, values=WORDS)

    with pytest.raises(UsageError, match=said):
        _ = tiny.source.source
