"""Which estimates of a survey are withheld in addition to those from few records, so that these cannot be computed.

A total is the sum of its groups: a group withheld alone is the total less the others. Groups are withheld for all
measures of a national code, as the rate and the total of a group reveal each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

Cell = tuple[str, ...]
"""A group of sampled units: its word for each dimension, or the word for all groups."""
_TOLERANCE = 1e-9


def hide_more(records: Mapping[Cell, int], few: Iterable[Cell], everything: str) -> set[Cell]:
    """Return the groups to withhold: those from few records, and as many others as are needed to protect them.

    Readers of the table know the sums over each dimension: a group can be computed if these equations have a unique
    solution for it. Of the groups that could be added, the one with the fewest records is.

    Args:
        records: how many records each group has, totals over a dimension too.
        few: those with too few records.
        everything: the word for all groups of a dimension.

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
    """Return lists of groups that add up along one dimension, the total first."""
    found: dict[tuple[int, Cell], list[Cell]] = {}
    for cell in sorted(records, key=lambda one: [(word != everything, word) for word in one]):
        for place in range(len(cell)):
            rest = (*cell[:place], *cell[place + 1 :])
            found.setdefault((place, rest), []).append(cell)
    return [line for (place, _), line in found.items() if len(line) > 1 and line[0][place] == everything]


def _hide_alone(
    hidden: set[Cell], lines: Sequence[Sequence[Cell]], records: Mapping[Cell, int], everything: str
) -> None:
    """Hide another group wherever one of a sum is hidden alone."""
    again = True
    while again:
        again = False
        for line in lines:
            if sum(cell in hidden for cell in line) == 1:
                hidden.add(min((cell for cell in line if cell not in hidden), key=_cost(records, everything)))
                again = True


def _cost(records: Mapping[Cell, int], everything: str) -> Callable[[Cell], tuple[int, int, Cell]]:
    """Sort key for choosing a group to hide: totals last, then by number of records."""
    return lambda cell: (cell.count(everything), records[cell], cell)


def _determined(hidden: set[Cell], lines: Sequence[Sequence[Cell]]) -> set[Cell]:
    """Return the hidden groups for which the sums have a unique solution (zero in the null space of the equations)."""
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
    """Return the group to hide next, from a sum with a group that can be computed; None if all are hidden."""
    offered = {cell for line in lines if found.intersection(line) for cell in line if cell not in hidden}
    return min(offered, key=_cost(records, everything), default=None)
