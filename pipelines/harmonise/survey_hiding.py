"""Which estimates of a survey are withheld beside those from few records, so that these do not follow from the others.

A total is the sum of its groups: where one group alone is withheld, it is the total less the others. What is hidden is
so for all measures of a national code, as a rate and a total of one group give each other away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

Cell = tuple[str, ...]
"""A group of sampled units: its word for each dimension, or that of all groups."""
_TOLERANCE = 1e-9


def hide_more(records: Mapping[Cell, int], few: Iterable[Cell], everything: str) -> set[Cell]:
    """Return the groups to withhold: those from few records, and as many others as keep them from being computed.

    Sums over each dimension are known to whoever reads the table: a group follows where these equations have one
    solution for it. Of the groups that could be added, that with the fewest records is.

    Args:
        records: how many records each group has, totals over a dimension too.
        few: those with too few records.
        everything: the word that stands for all groups of a dimension.

    >>> sorted(hide_more({("all",): 60, ("a",): 4, ("b",): 20, ("c",): 36}, [("a",)], "all"))
    [('a',), ('b',)]
    """
    first = set(few)
    hidden = set(first)
    lines = _lines(records, everything)
    while True:
        _hide_alone(hidden, lines, records, everything)
        found = _determined(hidden, lines) & first
        if not found:
            return hidden
        more = _cheapest(found, hidden, lines, records, everything)
        if more is None:
            return set(records)
        hidden.add(more)


def _lines(records: Mapping[Cell, int], everything: str) -> list[list[Cell]]:
    """Groups that add up, the total first: of each dimension, what is the same in the others."""
    found: dict[tuple[int, Cell], list[Cell]] = {}
    for cell in sorted(records, key=lambda one: [(word != everything, word) for word in one]):
        for place in range(len(cell)):
            rest = (*cell[:place], *cell[place + 1 :])
            found.setdefault((place, rest), []).append(cell)
    return [line for (place, _), line in found.items() if len(line) > 1 and line[0][place] == everything]


def _hide_alone(
    hidden: set[Cell], lines: Sequence[Sequence[Cell]], records: Mapping[Cell, int], everything: str
) -> None:
    """Wherever one group of a sum is hidden alone, hide another one with it."""
    again = True
    while again:
        again = False
        for line in lines:
            if sum(cell in hidden for cell in line) == 1:
                hidden.add(min((cell for cell in line if cell not in hidden), key=_cost(records, everything)))
                again = True


def _cost(records: Mapping[Cell, int], everything: str) -> Callable[[Cell], tuple[int, int, Cell]]:
    """Totals last, then by the number of records."""
    return lambda cell: (cell.count(everything), records[cell], cell)


def _determined(hidden: set[Cell], lines: Sequence[Sequence[Cell]]) -> set[Cell]:
    """The hidden groups for which the sums have one solution: no solution of the sums being zero moves them."""
    cells = sorted(hidden)
    place = {cell: number for number, cell in enumerate(cells)}
    rows = []
    for line in lines:
        row = np.zeros(len(cells))
        for number, cell in enumerate(line):
            if cell in place:
                row[place[cell]] = -1 if number == 0 else 1
        if row.any():
            rows.append(row)
    if not rows:
        return set()
    _, sizes, directions = np.linalg.svd(np.array(rows))
    free = directions[int(np.sum(sizes > _TOLERANCE)) :]
    moved = np.abs(free).max(axis=0) if len(free) else np.zeros(len(cells))
    return {cell for cell in cells if moved[place[cell]] <= _TOLERANCE}


def _cheapest(
    found: set[Cell],
    hidden: set[Cell],
    lines: Sequence[Sequence[Cell]],
    records: Mapping[Cell, int],
    everything: str,
) -> Cell | None:
    """The group to hide next: of a sum with one that follows; None where all of these are hidden."""
    offered = {cell for line in lines if found.intersection(line) for cell in line if cell not in hidden}
    return min(offered, key=_cost(records, everything), default=None)
