"""Attacks on protected counts: what can be computed from the cells that are shown, by another model (made_counts)."""

from __future__ import annotations

import pytest
from made_counts import LEVELS, NOT_USED, Seen, recovered, table, totals

from pipelines.share.protection.audit import audit_hidden
from pipelines.share.protection.margins import Levels, Margins, link_margins, uncovered_crossing
from pipelines.share.protection.suppression import hide_cells
from schemas.errors import UsageError


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
    assert recovered([Seen(detail, cells, frozenset(hidden))]) == []
    assert recovered([Seen(detail, cells, frozenset(small))]), (
        "the attack must be able to recover something: small cells hidden alone"
    )


def test_the_audit_finds_a_weak_suppression() -> None:
    """Small cells hidden alone: the audit names the very cells that the attack recovers."""
    detail = table(1)
    cells = totals(detail)
    margins = link_margins(cells, LEVELS)
    small = {place for place, count in enumerate(margins.counts) if 0 < count < 3}
    audit = audit_hidden(margins, small, small)
    assert not audit.passed
    by_attack = [key for _, key in recovered([Seen(detail, cells, frozenset(margins.keys[place] for place in small))])]
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
    areas = {"MX": None, **{f"MX-{n}": "MX" for n in range(2100)}}
    cells = {(area, "2021", "0101", "_T", "_T", *NOT_USED): 1 for area in areas}
    cells[("MX", "2021", "0101", "_T", "_T", *NOT_USED)] = 2100
    with pytest.raises(UsageError, match=r"2101 cells are linked.*ref_area has the most codes \(2101\)"):
        hide_cells(link_margins(cells, Levels(areas, LEVELS.iccs)), 3)


def test_a_cell_that_cannot_be_protected_is_refused() -> None:
    """One cell with a count, shown at every level: whatever is hidden of zeros changes nothing."""
    cells = {(area, "2021", "0101", "_T", "_T", *NOT_USED): 2 for area in ("MX", "MX-0")}
    margins = link_margins(cells, LEVELS)
    shown = {place for place, key in enumerate(margins.keys) if key[0] == "MX"}
    with pytest.raises(UsageError, match=r"ref_area MX-0.*can be computed whatever else is hidden.*never_suppress"):
        hide_cells(margins, 3, shown)
