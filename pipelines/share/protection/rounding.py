"""Controlled rounding: counts rounded to a base so that totals still fit, instead of hidden cells.

Each count becomes one of the two multiples of the base around it, and a multiple is unchanged, such that every total is
the sum of its rounded parts. If there is no such table, a multiple may move by one base. ``audit_rounded`` checks
whether a count can still be computed; it shares no code with the rounding.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack

from pipelines.share.protection.audit import Audit, audit_within
from pipelines.share.protection.margins import Margins, dimensions
from pipelines.share.protection.suppression import linked_cells, refuse_size
from schemas.errors import UsageError

_MOST_SECONDS = 120.0


def round_counts(margins: Margins, base: int, fixed: Mapping[int, int]) -> tuple[int, ...]:
    """Return the rounded count of each cell, published or not, by place.

    Args:
        margins: cells and sums.
        base: 3 or 5.
        fixed: by place, the rounded count of a cell in an earlier package.

    Raises:
        UsageError: too many cells are linked, or no table of multiples has consistent totals; says what to do.
    """
    rounded = [0] * len(margins.counts)
    for block in linked_cells(margins):
        if not any(margins.counts[place] for place in block):
            continue
        refuse_size(margins, block)
        found = _round_block(margins, block, base, fixed, 0)
        if found is None:
            found = _round_block(margins, block, base, fixed, 1)
        if found is None:
            key = dict(zip(dimensions(), margins.keys[block[0]], strict=True))
            cell = ", ".join(f"{name} {code}" for name, code in key.items() if code != "_T")
            raise UsageError(
                f"the counts linked with {cell} cannot be rounded to multiples of {base} whose totals add up, each "
                f"within {base} of the true count{', given what has left before' if fixed else ''}. Declare fewer "
                "breakdowns, or hide small counts: sharing: {threshold: 3} instead of rounding"
            )
        for place, value in zip(block, found, strict=True):
            rounded[place] = value
    return tuple(rounded)


def _round_block(
    margins: Margins, block: list[int], base: int, fixed: Mapping[int, int], more: int
) -> list[int] | None:
    """Return the rounded counts of linked cells; None if there are none. Multiples may move by ``more`` bases."""
    counts = np.array([margins.counts[place] for place in block], dtype=float)
    below, above = np.floor(counts / base), np.ceil(counts / base)
    exact = (below == above) & (counts > 0)
    below, above = below - more * exact, above + more * exact
    for number, place in enumerate(block):
        if place in fixed:
            below[number] = above[number] = fixed[place] // base
    # The cost is the extra distance beyond the nearest multiple, so the nearest consistent table is found.
    nearest = np.floor(counts / base + 0.5)
    size = len(block)
    system, sums = _sums(margins, block)
    # Each cell is its nearest multiple plus some bases minus some bases.
    rows: Any = csr_array(hstack([system, -system]))
    wanted = -(system @ nearest)
    bounds = Bounds(
        np.zeros(2 * size), np.concatenate([np.maximum(above - nearest, 0), np.maximum(nearest - below, 0)])
    )
    away = counts / base - nearest
    cost = np.concatenate([1 - 2 * away, 1 + 2 * away]) + 1e-3
    constraints: Any = LinearConstraint(rows, wanted, wanted) if sums else ()
    need = [(number, below[number] - nearest[number]) for number in range(size) if below[number] > nearest[number]]
    need += [
        (size + number, nearest[number] - above[number]) for number in range(size) if above[number] < nearest[number]
    ]
    for place, least in need:  # what left before was rounded the other way
        bounds.lb[place] = bounds.ub[place] = least
    found = milp(
        cost,
        integrality=np.ones(2 * size, dtype=np.uint8),
        bounds=bounds,
        constraints=constraints,
        options={"time_limit": _MOST_SECONDS, "mip_rel_gap": 0.02},
    )
    if found.x is None:
        return None
    steps = np.round(found.x[:size] - found.x[size:])
    return [int(value) for value in (nearest + steps) * base]


def _sums(margins: Margins, block: list[int]) -> tuple[Any, int]:
    at = {place: number for number, place in enumerate(block)}
    sums = [(total, parts) for total, parts in margins.sums if total in at]
    rows, columns, signs = [], [], []
    for row, (total, parts) in enumerate(sums):
        for place, sign in ((total, -1.0), *((part, 1.0) for part in parts)):
            rows.append(row)
            columns.append(at[place])
            signs.append(sign)
    return csr_array(coo_array((signs, (rows, columns)), shape=(len(sums), len(block)))), len(sums)


def audit_rounded(
    margins: Margins, rounded: tuple[int, ...], base: int, small: Collection[int], *, zeros_shown: bool = True
) -> Audit:
    """Return which small counts can be computed from the rounded ones.

    Readers know the largest distance between a count and its rounded value, and that all sums are of whole persons. If
    zeros are shown, they know that a zero is rounded to zero.

    Args:
        margins: cells and sums, with the true counts.
        rounded: of each place.
        base: of the rounding.
        small: places of the cells that must have at least two possible counts.
        zeros_shown: whether a zero stays zero in the rounded table.

    Raises:
        AssertionError: totals do not fit, or a count is too far from its rounded value; an internal error.
    """
    away = [abs(one - count) for one, count in zip(rounded, margins.counts, strict=True)]
    if any(one % base for one in rounded) or max(away, default=0) > base:
        raise AssertionError(
            "a rounded count is not a multiple of its base, or is more than one base away from the true count"
        )
    for total, parts in margins.sums:
        if rounded[total] != sum(rounded[part] for part in parts):
            raise AssertionError("a rounded total is not the sum of its parts")
    most = base if base in away else base - 1
    least = [max(one - most, int(zeros_shown and one > 0), 0) for one in rounded]
    return audit_within(margins, least, [one + most for one in rounded], small)
