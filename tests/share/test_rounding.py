"""Rounding in place of hiding: totals fit, nothing is further away than the base, and no small count is computable."""

from __future__ import annotations

import numpy as np
import pytest
from made_counts import LEVELS, NOT_USED, table, totals
from scipy.optimize import linprog

from pipelines.share.protection.margins import Key, link_margins
from pipelines.share.protection.protect import Edition, KnownCells, Protected, Series, protect
from pipelines.share.protection.rounding import audit_rounded, round_counts
from schemas.definition.sharing import Sharing
from schemas.errors import UsageError

NAME = ("recorded", "victim")
NOTHING = KnownCells()


def rounded(cells: dict[Key, int], *editions: Edition, base: int = 3, known: KnownCells = NOTHING) -> Series:
    (series,) = protect([Protected("s", {NAME: cells}, 3, rounding=base)], editions, known, LEVELS)["s"]
    return series


def computable(detail: dict[Key, int], seen: list[tuple[dict[Key, int], int]]) -> list[Key]:
    """The attack: cells of 1 to below the base for which one whole count alone agrees with all rounded ones.

    One unknown for each cell of the finest table; each printed cell is the sum of those inside it, less than the base
    away from what is printed. The model shares nothing with rounding and audit.
    """
    keys = sorted(detail)
    inside: dict[Key, list[int]] = {}
    for number, key in enumerate(keys):
        for total in totals({key: 1}):
            inside.setdefault(total, []).append(number)
    rows, limits = [], []
    for printed, base in seen:
        for key, value in printed.items():
            row = np.zeros(len(keys))
            row[inside.get(key, [])] = 1
            rows += [row, -row]
            limits += [value + base - 1, -(value - base + 1)]
    found = []
    for key, count in totals(detail).items():
        if not 0 < count < min(base for _, base in seen):
            continue
        cost = np.zeros(len(keys))
        cost[inside[key]] = 1
        least, greatest = (
            linprog(sign * cost, A_ub=np.array(rows), b_ub=np.array(limits), bounds=(0, None)).fun * sign
            for sign in (1, -1)
        )
        if np.ceil(least - 1e-6) >= np.floor(greatest + 1e-6):
            found.append(key)
    return found


@pytest.mark.parametrize(("seed", "base"), [(0, 3), (1, 5)])
def test_totals_fit_and_no_small_count_is_computable(seed: int, base: int) -> None:
    """Expected: by the definition of controlled rounding, checked on every total by the sums of the detail."""
    detail = table(seed)
    cells = totals(detail)
    series = rounded(cells, base=base)
    assert (series.determined, series.determined_for_one_person) == (0, 0)
    assert series.rounded.keys() == cells.keys()
    assert all(value % base == 0 and abs(value - cells[key]) < base for key, value in series.rounded.items())
    assert all(series.rounded[key] == count for key, count in cells.items() if count % base == 0)
    finest = {key: series.rounded[key] for key in detail}
    assert totals(finest) == series.rounded
    assert computable(detail, [(dict(series.rounded), base)]) == []
    nearest = {key: base * round(count / base) for key, count in cells.items()}
    assert totals({key: nearest[key] for key in detail}) != nearest, "each count by itself has totals that do not fit"


def test_the_audit_finds_what_a_weak_rounding_gives_away() -> None:
    """By hand, of two parts of 1 and their total of 2."""
    parts = [("MX-0", "2021", "0101", sex, "_T", *NOT_USED) for sex in ("M", "F", "_T")]
    margins = link_margins(dict(zip(parts, (1, 1, 2), strict=True)), LEVELS)
    at = [margins.keys.index(key) for key in parts]

    def printed(*values: int) -> tuple[int, ...]:
        return tuple(values[at.index(place)] for place in range(3))

    with pytest.raises(AssertionError, match="not the sum of its parts"):
        audit_rounded(margins, printed(0, 0, 2), 2, at[:2])
    # To multiples of 2: a part printed as 2 is 1 to 3, one printed as 0 is 0 or 1. A base of 1 rounds nothing.
    assert audit_rounded(margins, printed(2, 0, 2), 2, at[:2]).determined == ()
    assert set(audit_rounded(margins, printed(1, 1, 2), 1, at[:2]).determined) == set(at[:2])
    # Whoever is the one person of a part knows the 1: the total is 1 to 3, and the other 0 to 2.
    assert audit_rounded(margins, printed(2, 0, 2), 2, at[:2]).determined_for_one_person == ()


def test_a_second_package_rounds_unchanged_counts_alike() -> None:
    """Two roundings of one count would leave the counts that agree with both."""
    first = table(4)
    changed = min(first)
    second = {**first, changed: first[changed] + 4}
    before, cells = totals(first), totals(second)
    one = rounded(before)
    edition = Edition("s", "p1", {NAME: before}, {NAME: frozenset(before)}, rounding=3, rounded={NAME: one.rounded})
    two = rounded(cells, edition)
    assert (two.determined, two.determined_for_one_person) == (0, 0)
    assert {key: two.rounded[key] for key, n in cells.items() if before[key] == n} == {
        key: one.rounded[key] for key, n in cells.items() if before[key] == n
    }
    hidden = Edition("s", "p0", {NAME: before}, {NAME: frozenset()})
    with pytest.raises(
        UsageError, match=r"shown or hidden in package p0.*two methods together reveal more than either"
    ):
        rounded(cells, hidden)


def test_what_makes_rounding_useless_is_refused() -> None:
    cells = totals(table(4))
    key = min(cells)
    with pytest.raises(UsageError, match="another source shows 1 of the same counts unrounded"):
        rounded(cells, known=KnownCells(frozenset({(NAME, key, cells[key])})))
    with pytest.raises(ValueError, match="never_suppress: with rounding, no count is hidden"):
        Sharing(level="public", rounding=3, never_suppress=("0101",))
    for name in ("dominance", "p_percent"):
        with pytest.raises(ValueError, match=f"{name} protects sums of amounts"):
            Sharing.model_validate({"level": "public", name: 10})


def test_a_table_that_cannot_be_rounded_is_refused() -> None:
    """By hand: two parts of 1 were left as 3 and 3, and their total of 2, unchanged, as 0."""
    parts = [("MX-0", "2021", "0101", sex, "_T", *NOT_USED) for sex in ("M", "F", "_T")]
    cells = dict(zip(parts, (1, 1, 2), strict=True))
    margins = link_margins(cells, LEVELS)
    at = {key: place for place, key in enumerate(margins.keys)}
    with pytest.raises(UsageError, match=r"cannot be rounded to multiples of 3 whose totals add up.*threshold: 3"):
        round_counts(margins, 3, {at[parts[0]]: 3, at[parts[1]]: 3, at[parts[2]]: 0})
