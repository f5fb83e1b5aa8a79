"""The audit: which hidden cells can be computed from all published ones.

It shares no code with ``suppression``: it has another model (only the hidden cells, within what the published cells
leave of each sum) and solves other problems. It uses the true counts of hidden cells only to find single persons, and
to bound what is unbounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from pipelines.share.protection.margins import Margins

_EXACT = 1e-6

_ROUNDS = 5
"""Pairs of problems that change many cells at once, before single cells are examined."""


@dataclass(frozen=True)
class Audit:
    """The result of an audit: the places of cells that can be computed, and how many cells were examined."""

    determined: tuple[int, ...]
    determined_for_one_person: tuple[int, ...]
    examined: int

    @property
    def passed(self) -> bool:
        """Whether no hidden cell is determined."""
        return not self.determined and not self.determined_for_one_person


def audit_hidden(
    margins: Margins, hidden: Collection[int], small: Collection[int] = (), *, zeros_shown: bool = True
) -> Audit:
    """Return which hidden cells are determined by all cells that are shown.

    A cell is determined if its smallest and largest possible whole counts are equal. Counts are whole and not negative.
    If zeros are shown, everybody knows that a hidden cell is not zero; nothing else is known.

    Args:
        margins: cells and sums.
        hidden: places of the hidden published cells. Cells that are not published are unknown too.
        small: places of the cells hidden because of their own count, or not published but not to be computable either.
            The only person in a cell knows its count, and must not be able to compute another of these.
        zeros_shown: whether zeros are never hidden.
    """
    unknown = sorted({*hidden, *(place for place, shown in enumerate(margins.published) if not shown)})
    system, left = _what_is_left(margins, unknown)
    must_hold = {*hidden, *small}
    determined: list[int] = []
    for_one: set[int] = set()
    for block in _blocks(system):
        places = [unknown[number] for number in block]
        most = 10.0 * sum(margins.counts[place] for place in places) + 10
        least = np.array([float(zeros_shown and margins.published[place]) for place in places])
        part = _Block(csr_array(system[:, block]), left, least, most)
        targets = [number for number, place in enumerate(places) if place in must_hold]
        determined += [places[number] for number in part.determined(targets)]
        for_one |= _known_to_one(part, places, margins, set(small))
    return Audit(tuple(determined), tuple(sorted(for_one)), len(must_hold))


def audit_within(margins: Margins, least: Sequence[int], greatest: Sequence[int], small: Collection[int]) -> Audit:
    """Return which small cells are determined if readers know bounds of every cell, and the sums.

    Args:
        margins: cells and sums; their true counts show who is the only person in a cell.
        least: of each place.
        greatest: of each place.
        small: places of the cells that must have two possible counts, also for the only person of another cell.
    """
    every = range(len(margins.counts))
    system, left = _what_is_left(margins, every)
    determined: list[int] = []
    for_one: set[int] = set()
    for block in _blocks(system):
        places = [int(place) for place in block]
        targets = [number for number, place in enumerate(places) if place in small]
        if not targets:
            continue
        low = np.array([float(least[place]) for place in places])
        high = np.array([float(greatest[place]) for place in places])
        part = _Block(csr_array(system[:, block]), left, low, high)
        determined += [places[number] for number in part.determined(targets)]
        for_one |= _known_to_one(part, places, margins, set(small))
    return Audit(tuple(determined), tuple(sorted(for_one)), len(small))


def _what_is_left(margins: Margins, unknown: Sequence[int]) -> tuple[csr_array, np.ndarray]:
    """Return the sums over unknown cells, and what the shown cells leave for them."""
    column = {place: number for number, place in enumerate(unknown)}
    left, rows, columns, signs = [], [], [], []
    for total, parts in margins.sums:
        members = [(total, -1), *((part, 1) for part in parts)]
        if not any(place in column for place, _ in members):
            continue
        left.append(-sum(sign * margins.counts[place] for place, sign in members if place not in column))
        for place, sign in members:
            if place in column:
                rows.append(len(left) - 1)
                columns.append(column[place])
                signs.append(sign)
    system = coo_array((signs, (rows, columns)), shape=(len(left), len(unknown)), dtype=float)
    return csr_array(system), np.array(left, dtype=float)


def _blocks(system: csr_array) -> list[np.ndarray]:
    """Return groups of columns that are linked with each other, one array each."""
    if not system.shape[1]:
        return []
    number, labels = connected_components(csr_array(abs(system).T @ abs(system)), directed=False)
    return [np.flatnonzero(labels == one) for one in range(number)]


class _Block:
    """Unknown cells that are linked with each other, and the remainders of the sums among them."""

    def __init__(self, system: csr_array, left: np.ndarray, least: np.ndarray, most: float | np.ndarray) -> None:
        used = np.flatnonzero(np.diff(system.indptr))
        self._system: Any = csr_array(system[used])  # the stubs of linprog know dense arrays only
        self._left = left[used]
        self._bounds = np.column_stack([least, np.broadcast_to(most, len(least))])

    def determined(self, targets: Sequence[int], known: int | None = None) -> list[int]:
        """Return the targets with only one possible whole count; ``known`` is a cell that is known to be 1.

        Every solution is a possible table, and so is evidence on all cells at once: after a few that change many cells,
        few cells must be examined one by one.
        """
        size = self._system.shape[1]
        low, high = np.full(size, np.inf), np.full(size, -np.inf)
        bounds = self._bounds.copy()
        if known is not None:
            bounds[known] = 1
        found = []

        def is_free(target: int) -> bool:
            return bool(np.floor(high[target] + _EXACT) > np.ceil(low[target] - _EXACT))

        generator = np.random.default_rng(0)
        for _ in range(_ROUNDS):
            held = [target for target in targets if not is_free(target)]
            if len(held) < _ROUNDS:
                break
            cost = np.zeros(size)
            cost[held] = generator.uniform(0.5, 1, len(held)) * generator.choice((-1, 1), len(held))
            for sign in (1, -1):
                possible = self._solve(sign * cost, bounds)
                low, high = np.minimum(low, possible), np.maximum(high, possible)
        for target in targets:
            for sign in (1, -1):
                if is_free(target):
                    break
                cost = np.zeros(size)
                cost[target] = sign
                possible = self._solve(cost, bounds)
                low, high = np.minimum(low, possible), np.maximum(high, possible)
            if not is_free(target):
                found.append(target)
        return found

    def _solve(self, cost: np.ndarray, bounds: Any) -> np.ndarray:
        system, left = (self._system, self._left) if len(self._left) else (None, None)
        found = linprog(cost, A_eq=system, b_eq=left, bounds=bounds, method="highs")
        if found.status != 0:
            raise ArithmeticError(f"the audit could not be solved: {found.message}")
        return np.asarray(found.x)


def _known_to_one(part: _Block, places: Sequence[int], margins: Margins, small: set[int]) -> set[int]:
    """Return the small cells that the only person in another cell can compute."""
    same_person = _cells_of_one_person(margins)
    found: set[int] = set()
    for number, place in enumerate(places):
        if place not in small or margins.counts[place] != 1:
            continue
        own = same_person.get(place, set()) | {place}
        others = [other for other, at in enumerate(places) if at in small and at not in own]
        found |= {places[other] for other in part.determined(others, number)}
    return found


def _cells_of_one_person(margins: Margins) -> dict[int, set[int]]:
    """Return, for each cell with a count of 1, the others with the same person, which share a part that is 1."""
    totals = _totals_above(margins)
    together: dict[int, set[int]] = {}
    for place, count in enumerate(margins.counts):
        if count == 1:
            holding = {place, *(total for total in totals(place) if margins.counts[total] == 1)}
            for one in holding:
                together.setdefault(one, set()).update(holding)
    return together


def _totals_above(margins: Margins) -> Callable[[int], frozenset[int]]:
    """Return the function that gives the cells, along any dimension, in which a cell is counted."""
    direct: dict[int, list[int]] = {}
    for total, parts in margins.sums:
        for part in parts:
            direct.setdefault(part, []).append(total)

    @cache
    def above(place: int) -> frozenset[int]:
        return frozenset().union(*({total} | above(total) for total in direct.get(place, ())))

    return above
