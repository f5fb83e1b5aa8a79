"""Which cells to hide so that those below the threshold cannot be computed from the others.

Cells below the threshold are hidden (primary suppression). A single hidden cell in a sum is the total less the rest, so
more are hidden (secondary suppression): first wherever a sum has one hidden cell, then, for each cell still constrained
too closely, those that the cheapest alternative table would change (Kelly, Golden and Assad). ``audit`` decides whether
that is enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from pipelines.share.protection.margins import Margins, dimensions
from schemas.errors import UsageError

MOST_CELLS = 2000
"""The most linked cells, which can be protected together in minutes (1,300 in one, measured); more are refused."""

_FREE = 0.001
"""Cost of changing a cell that is already hidden: low, so that few others are."""

_MOVED = 1 - 1e-6

_ROUNDS = 4
"""Linear programs that search for a table changing many cells at once, before single cells are examined."""


@dataclass(frozen=True)
class Pattern:
    """The hidden cells, by place: those with small counts (primary), and those that protect them (secondary)."""

    primary: frozenset[int]
    secondary: frozenset[int]
    small_unpublished: frozenset[int]

    @property
    def hidden(self) -> frozenset[int]:
        """All published cells that are hidden."""
        return self.primary | self.secondary


def hide_cells(
    margins: Margins,
    threshold: int,
    shown: Collection[int] = (),
    also: Collection[int] = (),
    *,
    zeros_shown: bool = True,
) -> Pattern:
    """Return the cells to hide.

    If zeros are shown, everybody knows that a hidden cell is not zero: two hidden cells that sum to 2 are 1 and 1.

    Args:
        margins: cells and sums.
        threshold: counts from 1 to below it are hidden.
        shown: places of the cells that are never hidden, whatever their count.
        also: places of cells hidden for another reason.
        zeros_shown: whether zeros are always shown; otherwise they are hidden like the small counts.

    Raises:
        UsageError: too many cells are linked, or a cell cannot be protected because others are always shown; says what
            to do.
    """
    pinned = set(shown)
    least = 1 if zeros_shown else 0
    small = {place for place, count in enumerate(margins.counts) if least <= count < threshold} - pinned
    unpublished = {place for place, shown_too in enumerate(margins.published) if not shown_too}
    hidden = small | unpublished | {place for place in also if margins.counts[place] >= least}
    for block in linked_cells(margins):
        if hidden.isdisjoint(block):
            continue
        refuse_size(margins, block)
        hidden |= _Block(margins, block, pinned, threshold, least).hide(hidden & set(block), small)
    primary = frozenset(small - unpublished)
    return Pattern(primary, frozenset(hidden - unpublished - small), frozenset(small & unpublished))


def linked_cells(margins: Margins) -> list[list[int]]:
    """Return groups of cells that are linked by sums, one list each."""
    pairs = [(total, part) for total, parts in margins.sums for part in parts]
    size = len(margins.keys)
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    links = csr_array(coo_array((np.ones(len(pairs)), (rows, columns)), shape=(size, size)))
    number, labels = connected_components(links, directed=False)
    groups: list[list[int]] = [[] for _ in range(number)]
    for place, label in enumerate(labels):
        groups[label].append(place)
    return groups


def refuse_size(margins: Margins, block: Collection[int]) -> None:
    """Refuse more linked cells than can be protected together.

    Raises:
        UsageError: names the dimension with the most codes.
    """
    if len(block) <= MOST_CELLS:
        return
    codes = {name: len({margins.keys[place][at] for place in block}) for at, name in enumerate(dimensions())}
    widest = max(codes, key=codes.__getitem__)
    raise UsageError(
        f"{len(block)} cells are linked by sums; at most {MOST_CELLS} can be protected together. {widest} has the most "
        f"codes ({codes[widest]}): under breakdowns in source.yml, declare fewer levels of it, or fewer breakdowns "
        "in addition to it"
    )


class _Block:
    """Linked cells, numbered from 0, and the tables that readers cannot distinguish from the true one."""

    def __init__(
        self, margins: Margins, block: Collection[int], pinned: Collection[int], threshold: int, least: int
    ) -> None:
        self.places = sorted(block)
        at = {place: number for number, place in enumerate(self.places)}
        self.margins, self.threshold = margins, threshold
        self.counts = np.array([margins.counts[place] for place in self.places], dtype=float)
        self.fixed = np.array([place in pinned for place in self.places]) | (self.counts < least)
        self.room = self.counts - [least if margins.published[place] else 0 for place in self.places]
        self.sums = [[at[total], *(at[part] for part in parts)] for total, parts in margins.sums if total in at]
        rows = [row for row, members in enumerate(self.sums) for _ in members]
        columns = [number for members in self.sums for number in members]
        signs = [-1.0 if place == 0 else 1.0 for members in self.sums for place in range(len(members))]
        system = coo_array((signs, (rows, columns)), shape=(len(self.sums), len(self.places)))
        self.system: Any = csr_array(hstack([system, -system]))
        self.cost = np.log1p(self.counts) + 0.2
        self.moves: list[np.ndarray] = []

    def hide(self, hidden: Collection[int], small: Collection[int]) -> set[int]:
        """Return the places to hide, including those given."""
        chosen = {number for number, place in enumerate(self.places) if place in hidden}
        targets = [number for number, place in enumerate(self.places) if place in small]
        self._fill(chosen)
        for target in targets:
            self._protect(target, self.threshold - 1, chosen)
            if self.room[target] >= 1:
                self._protect(target, -1, chosen, wanted_only=True)
        self._protect_from_one(targets, chosen)
        done: set[int] = set()
        while left := sorted(chosen - done - set(targets)):
            for target in left:
                if self.margins.published[self.places[target]]:
                    self._protect(target, 1, chosen)
            done |= set(left)
        return {self.places[number] for number in chosen}

    def _fill(self, chosen: set[int]) -> None:
        """Hide the cheapest other cell of each sum with a single hidden cell, until there is none."""
        changed = True
        while changed:
            changed = False
            for members in self.sums:
                if len(chosen.intersection(members)) != 1:
                    continue
                free = [number for number in members if number not in chosen and not self.fixed[number]]
                if free:
                    chosen.add(min(free, key=lambda number: (self.cost[number], number)))
                    changed = True

    def _protect_from_one(self, targets: Iterable[int], chosen: set[int]) -> None:
        """Keep each small cell uncertain even if any cell with a single person is known, as that person knows it."""
        targets = list(targets)
        for single in (number for number in targets if self.counts[number] == 1):
            others = [target for target in targets if target != single]
            for left in range(_ROUNDS, -1, -1):
                others = self._still_held(others, single)
                if not others or not left:
                    break
                self._move_many(others, chosen, single, left)
            for target in others:
                if self._still_held([target], single):
                    self._protect(target, 1, chosen, kept=single)

    def _still_held(self, targets: Sequence[int], single: int) -> list[int]:
        """Return the targets that no table found so far changes while the single cell is fixed."""
        if not self.moves or not targets:
            return list(targets)
        moves = np.array([move for move in self.moves if not move[single]])
        if not len(moves):
            return list(targets)
        moved = np.abs(moves[:, list(targets)]).max(axis=0) >= _MOVED
        return [target for target, free in zip(targets, moved, strict=True) if not free]

    def _move_many(self, targets: Sequence[int], chosen: set[int], kept: int, seed: int) -> None:
        """Search for one table that changes many targets but nothing shown, by one program instead of many."""
        size = len(self.places)
        free = np.zeros(size, dtype=bool)
        free[list(chosen)] = True
        free &= ~self.fixed
        free[kept] = False
        up = np.where(free, float(self.threshold), 0.0)
        down = np.where(free, np.minimum(self.room, self.threshold), 0.0)
        weight = np.zeros(size)
        generator = np.random.default_rng((seed, kept))
        weight[list(targets)] = generator.uniform(0.5, 1, len(targets)) * generator.choice((-1, 1), len(targets))
        bounds: Any = np.column_stack([np.zeros(2 * size), np.concatenate([up, down])])
        found = linprog(
            np.concatenate([-weight, weight]),
            A_eq=self.system,
            b_eq=np.zeros(len(self.sums)),
            bounds=bounds,
            method="highs",
        )
        if found.status == 0 and found.x is not None:
            self._keep_move(found.x)

    def _keep_move(self, solution: np.ndarray) -> np.ndarray:
        size = len(self.places)
        move: np.ndarray = solution[:size] - solution[size:]
        move[np.abs(move) < 1e-7] = 0
        self.moves.append(move)
        return move

    def _protect(
        self, target: int, change: int, chosen: set[int], kept: int | None = None, *, wanted_only: bool = False
    ) -> None:
        """Hide the cells changed by the cheapest table in which the target is larger or smaller by ``change``.

        Args:
            target: the cell.
            change: of its count.
            chosen: cells that are hidden; those that the table changes are added.
            kept: a cell that must not change.
            wanted_only: the cell is protected anyway, so that it does not matter if there is no such table.
        """
        enough = any(move[target] * np.sign(change) >= abs(change) - 1e-6 for move in self.moves)
        if enough and kept is None:
            return
        size = len(self.places)
        up = np.where(self.fixed, 0.0, np.inf)
        down = np.where(self.fixed, 0.0, self.room)
        if kept is not None:
            up[kept] = down[kept] = 0
        bounds: Any = np.column_stack([np.zeros(2 * size), np.concatenate([up, down])])
        bounds[target] = max(change, 0)
        bounds[size + target] = max(-change, 0)
        cost = self.cost.copy()
        cost[list(chosen)] = _FREE
        found = linprog(
            np.concatenate([cost, cost]), A_eq=self.system, b_eq=np.zeros(len(self.sums)), bounds=bounds, method="highs"
        )
        if found.status != 0 or found.x is None:
            if wanted_only or (kept is not None and self._is_same_person(target, kept)):
                return
            raise UsageError(self._unprotectable(target))
        move = self._keep_move(found.x)
        chosen.update(int(number) for number in np.flatnonzero(move))

    def _is_same_person(self, target: int, kept: int) -> bool:
        """Whether two cells of one may be the same person, who then only learns about themselves."""
        return bool(self.counts[target] == 1 and self.counts[kept] == 1)

    def _unprotectable(self, target: int) -> str:
        key = dict(zip(dimensions(), self.margins.keys[self.places[target]], strict=True))
        cell = ", ".join(f"{name} {code}" for name, code in key.items() if code != "_T")
        codes = Counter({name: len({key[at] for key in self.margins.keys}) for at, name in enumerate(dimensions())})
        return (
            f"the cell {cell} is below the threshold of {self.threshold} and can be computed whatever else is hidden, "
            "because too few other cells have counts, or they are always shown. Declare fewer breakdowns (for "
            f"instance of {codes.most_common(1)[0][0]}), or a shorter never_suppress"
        )
