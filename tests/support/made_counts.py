"""Made tables of persons with many small counts, and what somebody can compute who sees a part of their cells.

The attacker's model is written here and shares nothing with the suppression or the audit: one unknown for each cell of
the finest table of each edition, and an equation for each cell that is shown.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from pipelines.share.protection.margins import Key, Levels, dimensions

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


def totals(detail: Mapping[Key, int], levels: Levels = LEVELS) -> dict[Key, int]:
    """Every total of the detail, with the cells that each is the sum of, as a release has them."""
    counted: dict[Key, int] = defaultdict(int)
    for key, count in detail.items():
        for total in product(
            *({code, *levels.above(name, code)} for name, code in zip(dimensions(), key, strict=True))
        ):
            if "Q" not in total[1]:
                counted[total] += count
    return dict(counted)


@dataclass(frozen=True)
class Seen:
    """One edition of a table: the detail, its cells, and those that are hidden."""

    detail: Mapping[Key, int]
    cells: Mapping[Key, int]
    hidden: frozenset[Key]


def recovered(editions: Sequence[Seen], levels: Levels = LEVELS) -> list[tuple[int, Key]]:
    """The hidden cells, with the number of their edition, of which one count only agrees with all that is known."""
    return [cell for cell, (low, high) in intervals(editions, levels).items() if low >= high]


def intervals(editions: Sequence[Seen], levels: Levels = LEVELS) -> dict[tuple[int, Key], tuple[int, int]]:
    """The least and the greatest whole count of each hidden cell, with the number of its edition.

    Known are every cell shown in any edition, that no hidden cell is a zero, and (guessed rightly) which cells of the
    detail did not change from one edition to another.
    """
    unknown: dict[tuple[Key, int], int] = {}
    places = [
        {key: unknown.setdefault((key, count), len(unknown)) for key, count in sorted(edition.detail.items())}
        for edition in editions
    ]
    rows: dict[tuple[int, Key], list[int]] = defaultdict(list)
    for number, edition in enumerate(editions):
        for leaf in edition.detail:
            above = ({code, *levels.above(name, code)} for name, code in zip(dimensions(), leaf, strict=True))
            for total in product(*above):
                if total in edition.cells:
                    rows[number, total].append(places[number][leaf])
    shown = [cell for cell in sorted(rows) if cell[1] not in editions[cell[0]].hidden]
    hidden = [cell for cell in sorted(rows) if cell[1] in editions[cell[0]].hidden]

    def matrix(cells: Sequence[tuple[int, Key]]) -> csr_array:
        at = [(row, column) for row, cell in enumerate(cells) for column in rows[cell]]
        first, second = zip(*at, strict=True) if at else ((), ())
        return csr_array(coo_array((np.ones(len(at)), (first, second)), shape=(len(cells), len(unknown))))

    right = [editions[number].cells[key] for number, key in shown]
    found = {}
    for cell in hidden:
        cost = np.zeros(len(unknown))
        cost[rows[cell]] = 1
        ends = [
            linprog(
                sign * cost,
                A_ub=-matrix(hidden),
                b_ub=-np.ones(len(hidden)),
                A_eq=matrix(shown),
                b_eq=right,
                bounds=(0, 100_000),
                method="highs",
            )
            for sign in (1, -1)
        ]
        assert [end.status for end in ends] == [0, 0]
        found[cell] = (int(np.ceil(ends[0].fun - 1e-6)), int(np.floor(-ends[1].fun + 1e-6)))
    return found
