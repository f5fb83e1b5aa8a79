"""The scaled precision matrix of effects that vary smoothly between neighbouring areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """Intrinsic autoregression of areas and their neighbours (Besag, York and Mollié 1991), scaled.

    The precision of an area's effect is as large as it has neighbours, and -1 between two neighbours; in each group of
    areas that hang together it is multiplied so that the geometric mean of the variances is 1 (Sørbye and Rue 2014;
    by group, Freni-Sterrantino, Ventrucci and Rue 2018). An area without neighbours has a variance of 1.

    Attributes:
        order: number of the area in each place; places keep neighbours close together.
        band: lower diagonals of the precision by place, shape (width + 1, areas), as scipy's banded functions take it.
        sums: a row of ones for each group of two areas and more, whose effects add to nothing; shape (groups, areas).
        variances: eigenvalues of the covariance, 0 for each such group; shape (areas,).
    """

    order: NDArray[np.intp]
    band: Numbers
    sums: Numbers
    variances: Numbers

    def times(self, effects: Numbers) -> Numbers:
        """Return the precision times effects, both by place."""
        found: Numbers = self.band[0] * effects
        for below in range(1, len(self.band)):
            part = self.band[below, :-below]
            found[below:] += part * effects[:-below]
            found[:-below] += part * effects[below:]
        return found


def neighbour_structure(areas: int, pairs: Sequence[tuple[int, int]]) -> Structure:
    """Return the structure of areas from their neighbour pairs.

    Args:
        areas: number of areas.
        pairs: numbers of two neighbours each, from 0, in any order.

    >>> neighbour_structure(3, [(0, 1)]).variances.round(3).tolist()
    [0.0, 1.0, 2.0]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee

    ends = np.array(sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})).reshape(-1, 2)
    beside = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(areas, areas))
    beside = (beside + beside.T).tocsr()
    order = np.asarray(reverse_cuthill_mckee(beside, symmetric_mode=True), dtype=np.intp)
    placed = beside[order][:, order].toarray()
    groups = connected_components(placed, directed=False)[1]
    precision = np.diag(placed.sum(axis=1)) - placed
    variances, sums = np.ones(areas), []
    for group in range(int(groups.max()) + 1):
        inside = np.flatnonzero(groups == group)
        block = np.ix_(inside, inside)
        if len(inside) == 1:
            precision[block] = 1.0
            continue
        roots, vectors = np.linalg.eigh(precision[block])
        inverse = np.concatenate([[0.0], 1 / roots[1:]])
        scale = float(np.exp(np.log((vectors**2 * inverse).sum(axis=1)).mean()))
        precision[block] *= scale
        variances[inside] = inverse / scale
        sums.append((groups == group).astype(float))
    width = int(np.max(np.subtract(*np.nonzero(placed)), initial=0))
    band = np.zeros((width + 1, areas))
    for below in range(width + 1):
        band[below, : areas - below] = np.diagonal(precision, -below)
    return Structure(order, band, np.array(sums).reshape(-1, areas), np.sort(variances))


def inverse_diagonal(factor: Numbers) -> Numbers:
    """Return the diagonal of the inverse of a banded matrix, from its lower Cholesky factor in bands.

    Takahashi, Fagan and Chin (1973): from the last row to the first, only within the band.

    Args:
        factor: as scipy's ``cholesky_banded(..., lower=True)`` gives it, shape (width + 1, rows).

    >>> inverse_diagonal(np.array([[2.0, 1.0], [1.0, 0.0]])).tolist()  # of [[4, 2], [2, 2]]
    [0.5, 1.0]
    """
    width, size = len(factor) - 1, factor.shape[1]
    inverse = np.zeros((size, size))
    for row in range(size - 1, -1, -1):
        end = min(row + width, size - 1) + 1
        below = factor[1 : end - row, row] / factor[0, row]
        across = -inverse[row + 1 : end, row + 1 : end] @ below
        inverse[row, row + 1 : end] = inverse[row + 1 : end, row] = across
        inverse[row, row] = 1 / factor[0, row] ** 2 - below @ across
    return np.diagonal(inverse).copy()
