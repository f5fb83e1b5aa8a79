"""Attacks with what readers have besides a package: earlier packages, other sources of the same counts."""

from __future__ import annotations

import random

import pytest
from made_counts import LEVELS, NOT_USED, Seen, recovered, table, totals

from pipelines.share.protection.margins import Key
from pipelines.share.protection.protect import Edition, KnownCells, Protected, Series, group_sources, protect
from schemas.errors import UsageError

NAME = ("recorded", "victim")
NOTHING = KnownCells()


def revised(detail: dict[Key, int], seed: int, share: float = 0.15) -> dict[Key, int]:
    """The detail with some counts one or two higher."""
    draw = random.Random(seed)
    return {key: count + (draw.randint(1, 2) if draw.random() < share else 0) for key, count in detail.items()}


def protected(cells: dict[Key, int], *editions: Edition, source: str = "s", known: KnownCells = NOTHING) -> Series:
    (series,) = protect([Protected(source, {NAME: cells}, 3)], editions, known, LEVELS)[source]
    assert (series.determined, series.determined_for_one_person) == (0, 0)
    return series


def left(cells: dict[Key, int], hidden: frozenset[Key], package: str = "p1") -> Edition:
    return Edition("s", package, {NAME: cells}, {NAME: frozenset(cells) - hidden})


@pytest.mark.parametrize("seed", [1, 2])
def test_differencing_two_packages_recovers_nothing(seed: int) -> None:
    first, second = table(seed), revised(table(seed), seed)
    cells = [totals(first), totals(second)]
    one = protected(cells[0])
    alone = protected(cells[1])
    known = protected(cells[1], left(cells[0], one.hidden))
    with_first = [Seen(first, cells[0], one.hidden), Seen(second, cells[1], known.hidden)]
    assert recovered(with_first) == []
    assert {key for key in one.hidden if key in cells[1]} <= known.hidden, "what was hidden stays hidden"
    unchanged = {key for key, count in cells[0].items() if cells[1][key] == count}
    assert known.hidden.isdisjoint(unchanged - one.hidden), "what was shown and is unchanged stays shown"
    each_alone = [Seen(first, cells[0], one.hidden), Seen(second, cells[1], alone.hidden)]
    assert recovered(each_alone), "the attack must be able to recover something where each package is protected alone"


def test_three_packages(seed: int = 2) -> None:
    details = [table(seed)]
    details += [revised(details[0], 7), revised(revised(details[0], 7), 8)]
    editions: list[Edition] = []
    seen = []
    for number, detail in enumerate(details):
        cells = totals(detail)
        series = protected(cells, *editions)
        editions.append(left(cells, series.hidden, f"p{number}"))
        seen.append(Seen(detail, cells, series.hidden))
    assert recovered(seen) == []


def test_a_package_of_unchanged_counts_hides_the_same_cells() -> None:
    cells = totals(table(3))
    first = protected(cells)
    again = protected(cells, left(cells, first.hidden))
    assert again.hidden == first.hidden


def test_a_revision_that_what_left_gives_away_is_refused() -> None:
    """Two women of 9 persons, shown as 9 and 7 men before: they can be subtracted whatever is done."""
    key = {sex: ("MX-0", "2021", "0101", sex, *NOT_USED, "_T") for sex in ("_T", "M", "F")}
    before = {key["_T"]: 9, key["M"]: 7}
    edition = Edition("s", "p1", {NAME: before}, {NAME: frozenset(before)})
    with pytest.raises(UsageError, match=r"sex F is below the threshold.*What has left in package p1 stays shown"):
        protected(before | {key["F"]: 2}, edition)


def test_two_protected_sources_of_the_same_counts_hide_the_same_cells() -> None:
    """The second has no ages: by itself it would hide other cells, and the two together would show all."""
    detail = table(6, ages=("Y0T17", "Y_GE18"))
    cells = totals(detail)
    short = {key: count for key, count in cells.items() if key[4] == "_T"}
    sources = [Protected("a", {NAME: cells}, 3), Protected("b", {NAME: short}, 3)]
    assert [[one.source for one in group] for group in group_sources(sources)] == [["a", "b"]]
    found = protect(sources, (), NOTHING, LEVELS)
    hidden = {name: series[0].hidden for name, series in found.items()}
    assert hidden["b"] == {key for key in hidden["a"] if key in short}


def test_sources_without_counts_in_common_are_protected_apart() -> None:
    one, other = table(1), {("MX-9", *key[1:]): count for key, count in table(2).items()}
    sources = [Protected("a", {NAME: one}, 3), Protected("b", {NAME: other}, 3)]
    assert len(group_sources(sources)) == 2


def test_a_count_that_another_source_prints_is_known() -> None:
    """Of the hidden cells, one is printed by a public source: the others must hold without it."""
    detail = table(1)
    cells = totals(detail)
    without = protected(cells)
    printed = min(key for key in without.secondary)
    known = protected(cells, known=KnownCells(frozenset({(NAME, printed, cells[printed])})))
    assert printed not in known.hidden
    assert recovered([Seen(detail, cells, known.hidden)]) == []
    assert recovered([Seen(detail, cells, without.hidden - {printed})]) or known.hidden != without.hidden


def test_the_policy_on_zeros_cannot_change_once_a_package_left() -> None:
    cells = totals(table(3))
    edition = left(cells, protected(cells).hidden)
    with pytest.raises(UsageError, match=r"zeros of s were shown in package p1.*a shared package cannot be withdrawn"):
        protect([Protected("s", {NAME: cells}, 3, zeros_shown=False)], [edition], NOTHING, LEVELS)


def test_zeros_are_hidden_where_they_are_a_secret() -> None:
    """Nobody of MX-1 is a woman: shown, everybody knows it; hidden, it is one of several counts."""
    count = {"0M": 30, "0F": 12, "1M": 15, "1F": 0, "2M": 11, "2F": 14}
    detail = {(f"MX-{name[0]}", "2021", "0101", name[1], "_T", *NOT_USED): n for name, n in count.items()}
    cells = {key: n for key, n in totals(detail).items() if key[2] == "0101"}
    (series,) = protect([Protected("s", {NAME: cells}, 3, zeros_shown=False)], (), NOTHING, LEVELS)["s"]
    assert {(key[0], key[3]) for key in series.primary} == {("MX-1", "F")}
    assert series.secondary
    assert series.determined == 0
    assert protected(cells).hidden == frozenset()
