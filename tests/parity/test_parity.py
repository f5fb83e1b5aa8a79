"""What a declaration says, it says for a table of cells and for a file of incidents, as text, workbook and Parquet.

Each case is one declaration and one content; expected figures are counted by hand from the rows above them. Every kind
and format must give them, and the same account, mapping, quarantine and refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from grains import CELL, FORMATS, KINDS, Came, Declared, take
from tiny_source import HOMICIDE, Tiny

pytest.importorskip("xlsxwriter")
NewTiny = Callable[[], Tiny]

ROWS = [
    ("2024-01", "MX-JAL", "HOM", "m"),
    ("2024-01", "MX-JAL", "HOM", "f"),
    ("2024-02", "MX-JAL", "HOM", "m"),
    ("2024-01", "MX-AGU", "HOM", "m"),
    ("2024-01", "MX-AGU", "HOM", "m"),
]
OLD = {
    "national_code": "HOM",
    "national_label": "x",
    "iccs_code": "0101",
    "relation": "exact",
    "valid_to": "2024-01-31",
}
NEW = {
    "national_code": "HOM",
    "national_label": "x",
    "iccs_code": "0102",
    "relation": "exact",
    "valid_from": "2024-02-01",
}
SPLIT = [
    {
        "national_code": "HOM",
        "national_label": "x",
        "iccs_code": iccs,
        "relation": "partial",
        "weight": weight,
        "basis": "counts of 2023",
    }
    for iccs, weight in (("0101", "0.25"), ("0102", "0.75"))
]
WITH_SEX = {**HOMICIDE, "sex": "F"}
TRAFFIC = {"national_code": "T", "national_label": "Traffic", "relation": "none", "out_of_scope": "not_crime"}
COUNTED = Declared(
    columns="{ref_area: place, time_period: when, national_code: offence, sex: sex, value: n}",
    value=False,
    header=("when", "place", "offence", "sex", "n"),
)
SWAP = "SELECT * REPLACE (CASE sex WHEN 'm' THEN 'f' ELSE 'm' END AS sex) FROM raw"
LIMIT = "rejected_share_limit: 0.9\n"


@dataclass(frozen=True)
class Case:
    """A declaration, a content and the base cells: (month, area, ICCS, sex) -> count and status."""

    declared: Declared
    rows: Sequence[Sequence[Any]]
    cells: dict[tuple[str, str, str, str], tuple[float, str]]


PLAIN = {
    ("2024-01", "MX-JAL", "0101", "M"): (1, "A"),
    ("2024-01", "MX-JAL", "0101", "F"): (1, "A"),
    ("2024-02", "MX-JAL", "0101", "M"): (1, "A"),
    ("2024-01", "MX-AGU", "0101", "M"): (2, "A"),
}

CASES = {
    "plain": Case(Declared(), ROWS, PLAIN),
    "value is not said": Case(
        COUNTED,
        [(*row, count) for row, count in zip(ROWS, (3, 0, 5, 7, 11), strict=True)],
        {
            ("2024-01", "MX-JAL", "0101", "M"): (3, "A"),
            ("2024-01", "MX-JAL", "0101", "F"): (0, "A"),
            ("2024-02", "MX-JAL", "0101", "M"): (5, "A"),
            ("2024-01", "MX-AGU", "0101", "M"): (18, "A"),
        },
    ),
    "reshape of a layout": Case(
        Declared(layout="    reshape: swap.sql\n", files={"swap.sql": SWAP}),
        ROWS,
        {(*key[:3], {"M": "F", "F": "M"}[key[3]]): value for key, value in PLAIN.items()},
    ),
    "reshape of the folder": Case(
        Declared(files={"reshape.sql": SWAP}),
        ROWS,
        {(*key[:3], {"M": "F", "F": "M"}[key[3]]): value for key, value in PLAIN.items()},
    ),
    "status of all figures": Case(
        Declared(value=False, more='constants: {value: "1", obs_status: P}\n'),
        ROWS,
        {key: (value, "P") for key, (value, _) in PLAIN.items()},
    ),
    "each row counts two": Case(
        Declared(value=False, more='constants: {value: "2"}\n'),
        ROWS,
        {key: (2 * value, status) for key, (value, status) in PLAIN.items()},
    ),
    "one period, area, category and sex": Case(
        Declared(
            columns="{weapon: kind}",
            value=False,
            more='constants: {value: "1", ref_area: MX-SON, time_period: "2023-12", national_code: HOM, sex: F}\n',
            values="weapon,x,_U\n",
            header=("kind", "other"),
        ),
        [("x", "1"), ("x", "2")],
        {("2023-12", "MX-SON", "0101", "F"): (2, "A")},
    ),
    "a link for a time": Case(
        Declared(links=[OLD, NEW]),
        ROWS,
        {(key[0], key[1], "0101" if key[0] == "2024-01" else "0102", key[3]): count for key, count in PLAIN.items()},
    ),
    "a split by weights": Case(
        Declared(links=SPLIT),
        ROWS,
        {
            (month, area, iccs, sex): (count * weight, "E")
            for (month, area, _, sex), (count, _) in PLAIN.items()
            for iccs, weight in (("0101", 0.25), ("0102", 0.75))
        },
    ),
    "a split of provisional figures": Case(
        Declared(links=SPLIT, value=False, more='constants: {value: "1", obs_status: P}\n'),
        ROWS,
        {
            (month, area, iccs, sex): (count * weight, "E")
            for (month, area, _, sex), (count, _) in PLAIN.items()
            for iccs, weight in (("0101", 0.25), ("0102", 0.75))
        },
    ),
    "a link says the sex": Case(
        Declared(links=[WITH_SEX]),
        [("2024-01", "MX-JAL", "HOM", ""), ("2024-01", "MX-JAL", "HOM", "f")],
        {("2024-01", "MX-JAL", "0101", "F"): (2, "A")},
    ),
    "rows left out, and out of scope": Case(
        Declared(
            links=[HOMICIDE, TRAFFIC],
            more="exclusions: [{rule: other_state, where: \"place = 'MX-AGU'\", reason: counted elsewhere}]\n"
            'controls: [{control: all, where: "true", expected: 4, origin: a report}, '
            "{control: men, where: \"sex = 'M'\", expected: 2, refuse_from: 1, origin: a report}]\n",
        ),
        [*ROWS, ("2024-01", "MX-JAL", "T", "m")],
        {key: value for key, value in PLAIN.items() if key[1] == "MX-JAL"},
    ),
    "another spelling, with blanks around": Case(
        Declared(values="sex,m,M\nsex,f,F\nref_area,Jalisco,MX-JAL\n"),
        [("2024-01", " Jalisco ", "HOM", " m"), ("2024-01", "MX-JAL", "HOM", "m")],
        {("2024-01", "MX-JAL", "0101", "M"): (2, "A")},
    ),
    "words that are not known": Case(
        Declared(more=LIMIT),
        [
            *ROWS,
            ("2024-01", "MX-JALL", "HOM", "m"),
            ("2024-01", "MX-JAL", "HOM", "x"),
            ("2024-13", "MX-JAL", "HOM", "m"),
        ],
        PLAIN,
    ),
    "counts that are none": Case(
        replace(COUNTED, more=LIMIT),
        [
            *((*row, "1") for row in ROWS),
            ("2024-01", "MX-JAL", "HOM", "m", ""),
            ("2024-01", "MX-JAL", "HOM", "m", "many"),
            ("2024-01", "MX-JAL", "HOM", "m", "-2"),
            ("2024-01", "MX-JAL", "HOM", "m", "1.5"),
        ],
        PLAIN,
    ),
    "a tag against what the file says": Case(
        Declared(links=[WITH_SEX], more=LIMIT),
        [("2024-01", "MX-JAL", "HOM", "f"), ("2024-01", "MX-JAL", "HOM", "m")],
        {("2024-01", "MX-JAL", "0101", "F"): (1, "A")},
    ),
    "an attribute": Case(
        Declared(
            columns="{ref_area: place, time_period: when, national_code: offence, sex: sex, weapon: weapon}",
            values="sex,m,M\nweapon,gun,FIREARM\nweapon,,_U\n",
            header=("when", "place", "offence", "sex", "weapon"),
        ),
        [("2024-01", "MX-JAL", "HOM", "m", "gun"), ("2024-01", "MX-JAL", "HOM", "m", "")],
        {("2024-01", "MX-JAL", "0101", "M"): (2, "A")},
    ),
}  # fmt: skip
REFUSED = {
    "a code without a link": (Declared(), [*ROWS, ("2024-01", "MX-JAL", "ROB", "m")]),
    "a code without a link at its time": (Declared(links=[OLD]), ROWS),
    "more rejected than allowed": (Declared(), [*ROWS, ("2024-01", "MX-JAL", "HOM", "x")]),
}


def by_cell(came: Came) -> dict[tuple[str, str, str, str], tuple[float, str]]:
    place = [CELL.index(name) for name in ("time_period", "ref_area", "iccs", "sex")]
    found: dict[tuple[str, str, str, str], tuple[float, str]] = {}
    for key, (value, status) in came.cells.items():
        name = tuple(key[at] for at in place)
        assert len(name) == 4
        found[name] = (found.get(name, (0, status))[0] + value, status)
    return found


Take = Callable[[str, str, str], Came]


@pytest.fixture(scope="module")
def taken(new_tiny: NewTiny) -> Take:
    """What comes of a case, by its name, kind and form; taken once, as several tests compare it."""
    return cache(lambda name, kind, form: take(new_tiny(), CASES[name].declared, CASES[name].rows, kind, form))


FORMS = [form if form == "csv" else pytest.param(form, marks=pytest.mark.slow) for form in FORMATS]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_both_grains_count_the_same_and_account_for_every_row(taken: Take, name: str, form: str) -> None:
    case = CASES[name]
    table, incidents = (taken(name, kind, form) for kind in KINDS)
    assert by_cell(table) == case.cells
    assert by_cell(incidents) == case.cells
    assert all(row[-1] for row in table.reconciliation), "closes"
    assert incidents == table


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_every_format_gives_the_same(taken: Take, name: str, kind: str) -> None:
    text, *others = (taken(name, kind, form) for form in FORMATS)
    for other in others:
        if kind == "count" or other.rejected:  # a Parquet file's rows are counted without its header
            assert replace(other, rejected=[], refused=[]) == replace(text, rejected=[], refused=[])
        assert [one[:3] for one in other.rejected] == [one[:3] for one in text.rejected]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REFUSED)
def test_both_grains_refuse_the_same_in_the_same_place(new_tiny: NewTiny, name: str, form: str) -> None:
    declared, rows = REFUSED[name]
    table, incidents = (take(new_tiny(), declared, rows, kind, form) for kind in KINDS)
    assert table.refused
    assert incidents.refused == table.refused
    assert incidents.rejected == table.rejected


@pytest.mark.parametrize("kind", KINDS)
def test_a_reshape_that_changes_the_sum_of_the_counts_is_refused(new_tiny: NewTiny, kind: str) -> None:
    twice = "SELECT * REPLACE (CAST(2 * CAST(n AS INTEGER) AS VARCHAR) AS n) FROM raw"
    declared = replace(COUNTED, layout="    conserve: ^n$\n", files={"reshape.sql": twice})
    came = take(new_tiny(), declared, [(*row, "3") for row in ROWS], kind, "csv")
    assert [rule for rule, *_ in came.refused] == ["reshape_changed_sum"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_foot_of_a_file_is_compared(new_tiny: NewTiny, kind: str) -> None:
    declared = replace(
        COUNTED, read=", footer: {starts_with: Total}", more="controls: [{control: foot, footer_column: n}]\n"
    )
    rows = [*((*row, "3") for row in ROWS), ("Total", "", "", "", "15")]
    came = take(new_tiny(), declared, rows, kind, "csv")
    assert came.controls == [("foot", 15, 15, 0, True)]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_a_parquet_file_are_codes_without_a_fraction(new_tiny: NewTiny, kind: str) -> None:
    """12.0 in a column of floating point numbers is the code 12, as the same column as text or whole numbers has it."""
    link = {**HOMICIDE, "national_code": "12"}
    rows = [("2024-01", "MX-JAL", code, "m") for code in (12.0, 12.0)]
    came = take(new_tiny(), Declared(links=[link]), rows, kind, "parquet")
    assert came.refused == []
    assert by_cell(came) == {("2024-01", "MX-JAL", "0101", "M"): (2, "A")}


@pytest.mark.parametrize("form", ["csv", "excel"])
def test_thousands_with_a_point_are_refused_where_nothing_declares_it(new_tiny: NewTiny, form: str) -> None:
    rows = [(*row, count) for row, count in zip(ROWS, ("2.000", "12.000", "3", "1", "1"), strict=True)]
    table, incidents = (take(new_tiny(), COUNTED, rows, kind, form) for kind in KINDS)
    assert {rule for rule, *_ in table.refused} == {"count_mark_unclear"}
    assert incidents.refused == table.refused


@pytest.mark.parametrize("kind", KINDS)
def test_years_that_look_like_months_are_refused(new_tiny: NewTiny, kind: str) -> None:
    rows = [(when, "MX-JAL", "HOM", "m") for when in ("2009-10", "2010-11", "2010-11", "2011-12")]
    came = take(new_tiny(), Declared(), rows, kind, "csv")
    assert [(rule, value) for rule, _, value, _ in came.refused] == [("years_as_months", "2009-10")]
