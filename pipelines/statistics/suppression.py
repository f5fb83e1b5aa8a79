"""Suppression of small counts in a table with margins, so that no hidden count can be worked out from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Suppression:
    """Which cells are hidden: ``primary`` because they are small, ``hidden`` these and what would give them away."""

    primary: Flags
    hidden: Flags


def suppress_small_counts(
    margins: ArrayLike,
    counts: ArrayLike,
    *,
    most: int,
    zeros_are_primary: bool = True,
    zeros_may_be_hidden: bool = False,
    always_shown: ArrayLike = (),
) -> Suppression:
    """Return which cells of a table must be hidden, all its margins and sub-totals among them.

    Primary are counts up to ``most``. A further cell is shown, the largest first, unless some primary cell would be a
    linear combination of cells that are shown; then it is hidden, too. A hidden cell cannot be worked out by adding and
    subtracting, since it would give a primary one away. Langsrud (2024), Secondary Cell Suppression by Gaussian
    Elimination, Privacy in Statistical Databases, LNCS 14915; the pattern is not unique.

    It does not protect against what is known from elsewhere, from other tables of the same persons, or from counts not
    being below 0, which bounds a hidden cell. The published file does not use it: national offices have published its
    counts already.

    Args:
        margins: a row for each cell of the table, totals included, a column for each of the innermost cells: 1 where
            that cell is part of the row.
        counts: of the innermost cells, whole.
        most: largest count that is too small to show.
        zeros_are_primary: whether 0 is too small, too; it tells that nobody is in the cell.
        zeros_may_be_hidden: whether a 0 that is not primary may be hidden to protect others.
        always_shown: cells, by row, that are shown whatever their count, such as zeros that cannot be otherwise.

    Raises:
        ValueError: margins that are not 0 or 1, counts not whole or below 0, a primary cell that the cells which are
            always shown give away.

    >>> rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]  # three areas and their total
    >>> found = suppress_small_counts(rows, [2, 7, 30], most=4)
    >>> found.primary.tolist(), found.hidden.tolist()
    ([True, False, False, False], [True, True, False, False])
    """
    table, inner = np.asarray(margins, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or inner.shape != table.shape[1:] or not np.isin(table, (0, 1)).all():
        raise ValueError("margins have a row for each cell and a column for each innermost count, all 0 or 1")
    if not ((inner >= 0) & (inner % 1 == 0)).all():
        raise ValueError("counts must be whole, not below 0, none missing")
    if not set(np.asarray(always_shown, dtype=np.intp).tolist()) <= set(range(len(table))):
        raise ValueError(f"always_shown are rows of the margins, 0 to {len(table) - 1}")
    values = table @ inner
    forced = np.zeros(len(table), dtype=bool)
    forced[np.asarray(always_shown, dtype=np.intp)] = True
    primary = (values <= most) & ((values > 0) | zeros_are_primary) & ~forced
    shown = forced | ((values == 0) & ~primary & (not zeros_may_be_hidden))
    if _any_known(table[shown], table[primary]):
        raise ValueError("cells that are always shown give a small count away: show fewer of them")
    for place in sorted(np.flatnonzero(~primary & ~shown), key=lambda row: (-values[row], -table[row].sum())):
        shown[place] = True
        if _any_known(table[shown], table[primary]):
            shown[place] = False
    return Suppression(primary, ~shown)


def _any_known(shown: NDArray[np.float64], secret: NDArray[np.float64]) -> bool:
    """Whether one of the secret rows is a linear combination of those shown."""
    if not len(secret):
        return False
    if not len(shown):
        return not secret.any(axis=1).all()
    left = secret - secret @ np.linalg.pinv(shown) @ shown
    return bool((np.abs(left).max(axis=1) < 1e-9).any())
