"""Attacks on protected counts: what can be computed from the cells that are shown, by a model written here.

The attacker knows the detailed table's shape and every shown cell, and solves for the least and greatest count of each
hidden cell over the unpublished detail: another model than those of the suppression and of the audit.
"""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from pipelines.share.audit import audit_hidden
from pipelines.share.margins import Key, Levels, Margins, dimensions, link_margins, uncovered_crossing
from pipelines.share.suppression import hide_cells
from schemas.errors import UsageError

LEVELS = Levels(
    areas={"MX": None, **{f"MX-{n}": "MX" for n in range(6)}},
    iccs={"01": None, "0101": "01", "0102": "01"},
    ages={"Y0T17": (0, 17), "Y_GE18": (18, 200)},
)
NOT_USED = ("_T",) * (len(dimensions()) - 5)


def table(seed: int, periods: tuple[str, ...] = ("2021",), ages: tuple[str, ...] = ()) -> dict[Key, int]:
    """Persons drawn with a fixed seed, counted at the finest level: many cells of none, one and two."""
    draw = random.Random(seed)
    rows = product([f"MX-{n}" for n in range(6)], periods, ("0101", "0102"), ("M", "F"), ages or ("_T",))
    return {(*row, *NOT_USED): count for row in rows if (count := int(draw.expovariate(1 / 7)))}


def totals(detail: dict[Key, int]) -> dict[Key, int]:
    """Every total of the detail, with the cells that each is the sum of, as a release has them."""
    counted: dict[Key, int] = defaultdict(int)
    for key, count in detail.items():
        for total in product(
            *({code, *LEVELS.above(name, code)} for name, code in zip(dimensions(), key, strict=True))
        ):
            if "Q" not in total[1]:
                counted[total] += count
    return dict(counted)


def recovered(detail: dict[Key, int], cells: dict[Key, int], hidden: set[Key]) -> list[Key]:
    """The hidden cells of which only one count agrees with all cells shown, and with no hidden cell being a zero."""
    leaves = sorted(detail)

    def row(key: Key) -> list[float]:
        return [
            float(all(a == b or a in LEVELS.above(n, b) for n, a, b in zip(dimensions(), key, leaf, strict=True)))
            for leaf in leaves
        ]

    shown = [key for key in sorted(cells) if key not in hidden]
    no_zero = np.array([row(key) for key in sorted(hidden)])
    system, right = np.array([row(key) for key in shown]), np.array([cells[key] for key in shown])
    found = []
    for key in sorted(hidden):
        cost = np.array(row(key))
        ends = [
            linprog(
                sign * cost,
                A_ub=-no_zero,
                b_ub=-np.ones(len(hidden)),
                A_eq=system,
                b_eq=right,
                bounds=(0, 5000),
                method="highs",
            )
            for sign in (1, -1)
        ]
        assert [end.status for end in ends] == [0, 0]
        if np.ceil(ends[0].fun - 1e-6) >= np.floor(-ends[1].fun + 1e-6):
            found.append(key)
    return found


@pytest.mark.parametrize(
    ("seed", "periods", "ages"),
    [
        (0, ("2021",), ()),
        (1, ("2021",), ()),
        (5, ("2021-01", "2021-02", "2021-03"), ()),  # months against their year
        (6, ("2021",), ("Y0T17", "Y_GE18")),
    ],
)
def test_nothing_hidden_is_recovered_from_what_is_shown(
    seed: int, periods: tuple[str, ...], ages: tuple[str, ...]
) -> None:
    detail = table(seed, periods, ages)
    cells = totals(detail)
    margins = link_margins(cells, LEVELS)
    pattern = hide_cells(margins, 3)
    small = {key for key, count in cells.items() if 0 < count < 3}
    assert small
    assert {margins.keys[place] for place in pattern.primary} == small
    hidden = {margins.keys[place] for place in pattern.hidden}
    assert len(hidden) < len(cells)
    assert audit_hidden(margins, pattern.hidden, pattern.primary | pattern.small_unpublished).passed
    assert recovered(detail, cells, hidden) == []
    assert recovered(detail, cells, small), "the attack must be able to recover something: small cells hidden alone"


def test_the_audit_finds_a_weak_suppression() -> None:
    """Small cells hidden alone: the audit names the very cells that the attack recovers."""
    detail = table(1)
    cells = totals(detail)
    margins = link_margins(cells, LEVELS)
    small = {place for place, count in enumerate(margins.counts) if 0 < count < 3}
    audit = audit_hidden(margins, small, small)
    assert not audit.passed
    by_attack = recovered(detail, cells, {margins.keys[place] for place in small})
    assert by_attack
    assert sorted(margins.keys[place] for place in audit.determined) == by_attack


def square() -> tuple[Margins, dict[str, int]]:
    """Two areas and two sexes and their totals, by hand."""
    count = {"0M": 1, "0F": 1, "1M": 9, "1F": 9}
    detail = {(f"MX-{name[0]}", "2021", "0101", name[1], "_T", *NOT_USED): n for name, n in count.items()}
    cells = {key: n for key, n in totals(detail).items() if key[2] == "0101"}
    margins = link_margins(cells, LEVELS)
    return margins, {f"{key[0]} {key[3]}": place for place, key in enumerate(margins.keys)}


def test_one_person_cannot_compute_the_other() -> None:
    """Of MX-0 (2 = a man and a woman) the man knows his 1: with the four cells hidden he would know all of them."""
    margins, at = square()
    inner = {at["MX-0 M"], at["MX-0 F"], at["MX-1 M"], at["MX-1 F"]}
    small = {at["MX-0 M"], at["MX-0 F"]}
    found = audit_hidden(margins, inner, small, zeros_shown=False)
    assert found.determined == ()
    assert set(found.determined_for_one_person) == small
    assert set(audit_hidden(margins, inner, small).determined) == inner, (
        "as zeros are shown, 2 hidden as two is 1 and 1"
    )
    pattern = hide_cells(margins, 3)
    assert audit_hidden(margins, pattern.hidden, pattern.primary).passed


def test_what_a_total_has_beside_its_parts_is_protected_too() -> None:
    """0101 and 0102 leave 2 of category 01: nobody printed them, and everybody can subtract."""
    detail = {("MX-0", "2021", code, "_T", "_T", *NOT_USED): n for code, n in (("01", 22), ("0101", 9), ("0102", 11))}
    margins = link_margins(detail, LEVELS)
    pattern = hide_cells(margins, 3)
    assert [margins.counts[place] for place in pattern.small_unpublished] == [2]
    assert pattern.secondary
    assert not audit_hidden(margins, (), pattern.small_unpublished).passed
    assert audit_hidden(margins, pattern.hidden, pattern.small_unpublished).passed


def test_parts_that_overlap_are_refused() -> None:
    cells = {("MX-0", "2021", "0101", sex, "_T", *NOT_USED): n for sex, n in (("_T", 5), ("M", 4), ("F", 4))}
    with pytest.raises(UsageError, match=r"the parts by sex sum to 8, the total is 5.*leave sex out"):
        link_margins(cells, LEVELS)


def test_breakdowns_in_a_ring_are_found() -> None:
    """Sex by age, sex by area and age by area, without all three; two of them are no ring."""
    area, sex, age = (("MX-0", "M", "_T"), ("MX", "M", "Y0T17"), ("MX-0", "_T", "Y0T17"))
    keys = [(a, "2021", "0101", s, g, *NOT_USED) for a, s, g in (area, sex, age)]
    assert uncovered_crossing(keys, LEVELS) == ("age", "ref_area", "sex")
    assert uncovered_crossing(keys[:2], LEVELS) == ()
    assert uncovered_crossing([*keys, ("MX-0", "2021", "0101", "M", "Y0T17", *NOT_USED)], LEVELS) == ()


def test_a_size_that_cannot_be_done_is_refused_with_the_dimension_to_coarsen() -> None:
    areas = {"MX": None, **{f"MX-{n}": "MX" for n in range(6100)}}
    cells = {(area, "2021", "0101", "_T", "_T", *NOT_USED): 1 for area in areas}
    cells[("MX", "2021", "0101", "_T", "_T", *NOT_USED)] = 6100
    with pytest.raises(UsageError, match=r"6101 cells are linked.*ref_area has the most codes \(6101\)"):
        hide_cells(link_margins(cells, Levels(areas, LEVELS.iccs)), 3)


def test_a_cell_that_cannot_be_protected_is_refused() -> None:
    """One cell with a count, shown at every level: whatever is hidden of zeros changes nothing."""
    cells = {(area, "2021", "0101", "_T", "_T", *NOT_USED): 2 for area in ("MX", "MX-0")}
    margins = link_margins(cells, LEVELS)
    shown = {place for place, key in enumerate(margins.keys) if key[0] == "MX"}
    with pytest.raises(UsageError, match=r"ref_area MX-0.*can be computed whatever else is hidden.*never_suppress"):
        hide_cells(margins, 3, shown)
