"""A point is put into the area where another computation puts it, and on a border into exactly one.

The other computations: matplotlib's test of points in a path, and a count of borders to the west in fractions.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from pipelines.harmonise.points import join_points, make_boundaries
from schemas.errors import UsageError

Ring = list[list[float]]


def collection(areas: dict[str, list[list[Ring]]]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        }
        for code, polygons in areas.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def locate(text: str, numbers: dict[str, int], longitudes: Any, latitudes: Any) -> list[list[int | None]]:
    """All areas that the join gives for each point: one number, or None."""
    boundaries = make_boundaries(text, "code", numbers)
    with duckdb.connect() as connection:
        points = {"n": np.arange(len(longitudes)), "_longitude": longitudes, "_latitude": latitudes}
        connection.register("point", pa.table(points))
        connection.register("list_boundary", boundaries.cells)
        joined = f"SELECT n, boundary.id FROM point AS r {join_points('list_boundary', boundaries)}"
        found = connection.execute(f"SELECT n, list(id) FROM ({joined}) GROUP BY n ORDER BY n").fetchall()
    return [areas for _, areas in found]


def wavy_areas(seed: int, across: int = 4, up: int = 3, vertices: int = 40) -> dict[str, list[list[Ring]]]:
    """Areas side by side whose common borders are wavy lines of the same vertices; the first has a hole."""
    random = np.random.default_rng(seed)

    def border(one: tuple[float, float], other: tuple[float, float], sideways: int) -> Any:
        share = np.linspace(0, 1, vertices)[:, None]
        line = np.array(one) * (1 - share) + np.array(other) * share
        line[:, sideways] += random.uniform(-0.2, 0.2, vertices) * np.sin(np.pi * share[:, 0])
        return line.round(6)

    def corner(i: int, j: int) -> tuple[float, float]:
        return -100 + 1.5 * i, 15 + 1.5 * j

    level = {(i, j): border(corner(i, j), corner(i + 1, j), 1) for i in range(across) for j in range(up + 1)}
    upright = {(i, j): border(corner(i, j), corner(i, j + 1), 0) for i in range(across + 1) for j in range(up)}
    areas = {}
    for i in range(across):
        for j in range(up):
            sides = (level[i, j], upright[i + 1, j], level[i, j + 1][::-1], upright[i, j][::-1])
            ring = np.concatenate([side[:-1] for side in sides])
            areas[f"{i}-{j}"] = [[[*ring.tolist(), ring[0].tolist()]]]
    hole = [[-99.5, 15.5], [-99.0, 15.5], [-99.2, 16.0], [-99.5, 15.5]]
    areas["0-0"][0].append(hole)
    return areas


@pytest.mark.parametrize("seed", range(3))
def test_random_points_lie_where_matplotlib_puts_them(seed: int) -> None:
    areas = wavy_areas(seed)
    numbers = {code: number for number, code in enumerate(areas)}
    random = np.random.default_rng(seed + 100)
    longitudes, latitudes = random.uniform(-101, -93, 20_000), random.uniform(14, 20, 20_000)

    found = locate(collection(areas), numbers, longitudes, latitudes)

    points = np.column_stack([longitudes, latitudes])
    expected = np.full(len(points), -1)
    for code, polygons in areas.items():
        inside = np.zeros(len(points), dtype=bool)
        for ring in polygons[0]:
            inside ^= Outline(np.array(ring)).contains_points(points)
        expected[inside] = numbers[code]
    assert {len(one) for one in found} == {1}
    assert [one[0] if one[0] is not None else -1 for one in found] == expected.tolist()
    assert set(expected.tolist()) == {-1, *numbers.values()}


def test_every_vertex_and_every_middle_of_a_common_border_is_in_exactly_one_area() -> None:
    areas = wavy_areas(7)
    numbers = {code: number for number, code in enumerate(areas)}
    inner = Counter(tuple(point) for polygons in areas.values() for ring in polygons[0][:1] for point in ring[:-1])
    common = [point for point, times in inner.items() if times > 1]
    middles = [
        ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
        for polygons in areas.values()
        for one, other in pairwise(polygons[0][0])
        if inner[tuple(one)] > 1
        and inner[tuple(other)] > 1
        and -99.9 < (one[0] + other[0]) / 2 < -94.1
        and 15.3 < (one[1] + other[1]) / 2 < 19.2
    ]
    corners_inside = [point for point in common if -99.9 < point[0] < -94.1 and 15.3 < point[1] < 19.2]
    points = np.array([*corners_inside, *middles])
    assert len(points) > 1000

    found = locate(collection(areas), numbers, points[:, 0], points[:, 1])

    assert {len(one) for one in found} == {1}
    assert None not in {one[0] for one in found}


@given(
    st.integers(2, 5).flatmap(
        lambda levels: st.lists(st.lists(st.integers(0, 12), min_size=levels, max_size=levels), min_size=2, max_size=5)
    )
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_point_is_east_of_as_many_borders_as_fractions_say(steps: list[list[int]]) -> None:
    """Areas between chains that may touch: the area of a point is the number of chains at or west of it, less one."""
    chains = np.cumsum(np.array(steps), axis=0)  # longitude of each chain at latitudes 0, 4, 8 ...
    levels = [4 * number for number in range(chains.shape[1])]
    areas: dict[str, list[list[Ring]]] = {}
    for number, (west, east) in enumerate(pairwise(chains)):
        if (west == east).all():
            continue
        up = [[float(x), float(y)] for x, y in zip(east, levels, strict=True)]
        down = [[float(x), float(y)] for x, y in zip(west, levels, strict=True)][::-1]
        areas[str(number)] = [[[*down[-1:], *up, *down]]]
    if not areas:
        return
    points = [(Fraction(x, 4), Fraction(y)) for x in range(-4, 4 * 61, 3) for y in range(levels[-1])]

    found = locate(
        collection(areas),
        {code: int(code) for code in areas},
        np.array([float(x) for x, _ in points]),
        np.array([float(y) for _, y in points]),
    )

    def expected(x: Fraction, y: Fraction) -> int | None:
        level, share = int(y) // 4, Fraction(int(y) % 4, 4)
        at = [int(c[level]) + (int(c[level + 1]) - int(c[level])) * share for c in chains]
        west = sum(1 for place in at if place <= x) - 1
        return west if 0 <= west < len(chains) - 1 else None

    assert found == [[expected(x, y)] for x, y in points]


SQUARE: Ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


def moved(ring: Ring, east: float) -> Ring:
    return [[x + east, y] for x, y in ring]


def test_areas_that_overlap_are_an_error_that_names_both_and_the_place() -> None:
    text = collection({"A": [[SQUARE]], "B": [[moved(SQUARE, 0.75)]]})
    with pytest.raises(UsageError, match=r"A and B, by 0\.25000 degrees, near longitude 0\.75000, latitude 0\.00000"):
        make_boundaries(text, "code", {"A": 1, "B": 2})


def test_parts_of_one_area_that_overlap_are_an_error_too() -> None:
    text = collection({"A": [[SQUARE], [moved(SQUARE, 0.5)]]})
    with pytest.raises(UsageError, match=r"A with itself, near longitude 0\.5"):
        make_boundaries(text, "code", {"A": 1})


def test_vertices_that_are_rounded_apart_are_no_overlap_and_double_no_point() -> None:
    """B has a vertex on the common border that A has not, half a metre inside A: points there are in one area."""
    other: Ring = [[1, 0], [2, 0], [2, 1], [1, 1], [1 - 5e-6, 0.5], [1, 0]]
    latitudes = np.linspace(0.01, 0.99, 99)
    longitudes = np.concatenate([np.full(99, 1 - step) for step in (0, 1e-6, 2e-6, 4e-6, 6e-6)])

    found = locate(collection({"A": [[SQUARE]], "B": [[other]]}), {"A": 1, "B": 2}, longitudes, np.tile(latitudes, 5))

    assert {len(one) for one in found} == {1}
    assert {one[0] for one in found} == {1, 2}


def test_topojson_is_the_same_as_geojson() -> None:
    """Two squares with a common arc, used in both directions, in steps of a tenth of a degree from (10, 20)."""
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [10, 20]},
        "arcs": [
            [[10, 0], [0, 10]],
            [[10, 10], [-10, 0], [0, -10], [10, 0]],
            [[10, 0], [10, 0], [0, 10], [-10, 0]],
        ],
        "objects": {
            "areas": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "properties": {"code": "A"}, "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "properties": {"code": "B"}, "arcs": [[[2, -1]]]},
                ],
            }
        },
    }
    squares = {"A": [[[[10, 20], [11, 20], [11, 21], [10, 21], [10, 20]]]]}
    squares["B"] = [[moved(squares["A"][0][0], 1)]]
    longitudes, latitudes = (
        side.ravel() for side in np.meshgrid(np.arange(9.8, 12.4, 0.1), np.arange(19.8, 21.4, 0.1))
    )
    numbers = {"A": 1, "B": 2}

    found = locate(json.dumps(topology), numbers, longitudes, latitudes)

    assert found == locate(collection(squares), numbers, longitudes, latitudes)
    assert {one[0] for one in found} == {None, 1, 2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ('{"type": "Point"}', "expected: FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "has no feature"),
        (collection({"Jalisko": [[SQUARE]]}), r"no area 'Jalisko' \(nearest: Jalisco\)"),
        (collection({"Jalisco": [[SQUARE[:-1]]]}), "end where it begins"),
        (
            collection({"Jalisco": [[[[672000.0, 2280000.0], *SQUARE[1:-1], [672000.0, 2280000.0]]]]}),
            "degrees of longitude and latitude",
        ),
        (collection({"Jalisco": [[[[0, 0], [1, 0], [0, 1], [1, 1], [0, 0]]]]}), "Jalisco: the boundary crosses itself"),
        (collection({"Jalisco": [[[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]]}), "Jalisco with itself"),
        (collection({"Jalisco": [[SQUARE]]}).replace('"code"', '"name"'), r"no property 'code' \(it has: name\)"),
        (collection({"Jalisco": [[SQUARE]]}).replace("MultiPolygon", "MultiPoint"), "is a MultiPoint"),
        (
            collection({"Jalisco": [[SQUARE]]})[:-1]
            + ', "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6372"}}}',
            "WGS 84",
        ),
    ],
)
def test_a_file_of_boundaries_that_cannot_be_used(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_boundaries(text, "code", {"Jalisco": 1})
