"""What a label's neighbours say about it: national lists have chapters, so neighbours are usually of one subject.

How much they count is measured on the list itself: not at all if neighbours are no more alike than labels drawn at
random, as in a list ordered by alphabet or by counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]

_LEAST_LABELS = 20  # with fewer, order cannot be told from chance
_REACH = 3  # neighbours on either side
_LIFT = 1.5  # for a division that holds all neighbours of a label in a perfectly ordered list
_FULL_SCORE = 0.25  # a label whose best score is lower says less about its neighbours


def lift_by_neighbours(scores: Table, codes: Sequence[str]) -> Table:
    """Return the scores of a list's labels (labels by codes), higher in the divisions that their neighbours are in.

    A score of zero stays zero: neighbours alone are not evidence.
    """
    if len(scores) < _LEAST_LABELS:
        return scores
    division_of = [code[:4] for code in codes]
    divisions = sorted(set(division_of))
    columns = np.array([divisions.index(division) for division in division_of])
    best = np.stack([scores[:, columns == number].max(axis=1) for number in range(len(divisions))], axis=1)
    squares = best**2
    shares = squares / np.maximum(squares.sum(axis=1, keepdims=True), 1e-9)
    shares *= np.minimum(1.0, best.max(axis=1, keepdims=True) / _FULL_SCORE)
    lift = _LIFT * _order(shares)
    lifted: Table = scores * (1 + lift * _around(shares)[:, columns]) / (1 + lift)
    return lifted


def _around(shares: Table) -> Table:
    """Return the mean of each label's neighbours, nearer ones weighing more."""
    found = np.zeros_like(shares)
    weights = 0.0
    for distance in range(1, _REACH + 1):
        found[distance:] += shares[:-distance] / distance
        found[:-distance] += shares[distance:] / distance
        weights += 2 / distance
    around: Table = found / weights
    return around


def _order(shares: Table) -> float:
    """Return how far a list goes by subject: 0 if neighbours are as alike as any two labels, 1 if they are the same."""
    neighbours = float((shares[1:] * shares[:-1]).sum(axis=1).mean())
    mean = shares.mean(axis=0)
    any_two, same = float((mean * mean).sum()), float((shares * shares).sum(axis=1).mean())
    return max(0.0, (neighbours - any_two) / max(same - any_two, 1e-9))
