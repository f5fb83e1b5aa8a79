"""Which areas are neighbours: those with a common border in their outlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import combinations

import numpy as np

from pipelines.collect.boundaries import Boundaries

_DECIMALS = 7
"""Decimals of degrees to which points of two outlines are equal: about a centimetre."""
_FEWEST_POINTS = 2
"""Fewest common points of neighbours; a single one is a corner."""


def neighbour_pairs(boundaries: Boundaries, codes: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of areas with at least two common points in their outlines, in order of the codes.

    Outlines that were simplified together (TopoJSON, or GeoJSON made from it) share the points of a border; between
    outlines drawn independently none is found.

    Args:
        boundaries: outlines by code of the area.
        codes: areas to look at; the others are nobody's neighbours.

    >>> from pipelines.collect.boundaries import bundled_boundaries
    >>> neighbour_pairs(bundled_boundaries("MX"), ["MX-ROO", "MX-YUC", "MX-SON"])
    [('MX-ROO', 'MX-YUC')]
    """
    owners: dict[tuple[float, ...], list[str]] = {}
    for code in sorted(set(codes) & boundaries.shapes.keys()):
        rings = [ring for polygon in boundaries.shapes[code] for ring in polygon]
        for point in np.unique(np.concatenate(rings).round(_DECIMALS) + 0.0, axis=0).tolist():
            owners.setdefault(tuple(point), []).append(code)
    shared = Counter(pair for codes_there in owners.values() for pair in combinations(codes_there, 2))
    return sorted(pair for pair, points in shared.items() if points >= _FEWEST_POINTS)
