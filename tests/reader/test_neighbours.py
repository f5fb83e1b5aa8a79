"""Neighbours from outlines: states of Mexico and provinces of Argentina as any map shows them, and made-up squares."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.collect.boundaries import Boundaries, bundled_boundaries
from pipelines.reader.neighbours import neighbour_pairs


def _square(west: float, south: float) -> list[list[np.ndarray]]:
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return [[np.array([(west + x, south + y) for x, y in corners], dtype=float)]]


def _around(country: str, area: str) -> set[str]:
    pairs = neighbour_pairs(bundled_boundaries(country), bundled_boundaries(country).shapes)
    return {code for pair in pairs if area in pair for code in pair} - {area}


@pytest.mark.parametrize(
    ("country", "area", "neighbours"),
    [
        ("MX", "MX-AGU", {"MX-JAL", "MX-ZAC"}),
        ("MX", "MX-CMX", {"MX-MEX", "MX-MOR"}),
        ("MX", "MX-SON", {"MX-BCN", "MX-CHH", "MX-SIN"}),
        ("MX", "MX-YUC", {"MX-CAM", "MX-ROO"}),
        ("AR", "AR-C", {"AR-B"}),
        ("AR", "AR-N", {"AR-W"}),
        ("AR", "AR-T", {"AR-A", "AR-G", "AR-K"}),
        ("AR", "AR-V", set()),  # Tierra del Fuego: an island
    ],
)
def test_neighbours_are_those_of_the_map(country: str, area: str, neighbours: set[str]) -> None:
    assert _around(country, area) == neighbours


def test_a_corner_is_no_border_and_others_are_left_out() -> None:
    outlines = Boundaries({"A": _square(0, 0), "B": _square(1, 0), "C": _square(1, 1), "D": _square(0, 1)}, "made")
    assert neighbour_pairs(outlines, "ABCD") == [("A", "B"), ("A", "D"), ("B", "C"), ("C", "D")]
    assert neighbour_pairs(outlines, "ACX") == []


def test_points_are_the_same_to_a_centimetre() -> None:
    outlines = Boundaries({"A": _square(0, 0), "B": _square(1 + 1e-9, 0), "C": _square(0, 1.0001)}, "made")
    assert neighbour_pairs(outlines, "ABC") == [("A", "B")]
