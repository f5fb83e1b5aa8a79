"""Disputed borders of a map, declared in a table as sets; a map uses one of them."""

from __future__ import annotations

from importlib import resources
from itertools import pairwise

import numpy as np

from pipelines.collect.boundaries import Boundaries, Polygon, Ring
from schemas.codelists import read_csv_rows
from schemas.errors import UsageError, nearest_values
from schemas.project import BOUNDARIES, find_project

DECLARED = "declared"
"""The set that is packaged."""
NONE = "none"
"""Draw every border in the same way."""
_FILE = "disputed.csv"
_COLUMNS = ("set", "area", "other", "west", "south", "east", "north", "why")
_CORNERS = ("west", "south", "east", "north")
Segment = tuple[tuple[float, float], tuple[float, float]]


def disputed_rows(name: str = DECLARED) -> list[dict[str, str]]:
    """Return the disputed borders of a set: those of the project's ``boundaries/disputed.csv``, or the packaged ones.

    Each is the border that the areas ``area`` and ``other`` share between ``west``, ``south``, ``east`` and ``north``
    (degrees), with ``why`` it is one.

    Raises:
        UsageError: there is no such set.

    >>> disputed_rows("none"), {row["set"] for row in disputed_rows()}
    ([], {'declared'})
    """
    if name == NONE:
        return []
    project = find_project()
    own = project.entries(BOUNDARIES).get(_FILE) if project is not None else None
    packaged = resources.files("schemas").joinpath("boundaries", _FILE)
    rows = read_csv_rows(own if own is not None else packaged, _COLUMNS)
    sets = sorted({row["set"] for row in rows} | {NONE})
    if name not in sets:
        near = nearest_values(name, sets) or sets
        raise UsageError(f"there is no set of disputed borders {name!r}; nearest: {', '.join(near)}")
    return [row for row in rows if row["set"] == name]


def disputed_lines(boundaries: Boundaries, name: str = DECLARED) -> list[Ring]:
    """Return the disputed borders among the outlines of a map, as lines of two points in degrees, shape (2, 2).

    A border is what two outlines have in common, point for point, as neighbours do in TopoJSON; between outlines drawn
    independently none is found.

    Args:
        boundaries: outlines by code of the area.
        name: of the set.

    Raises:
        UsageError: there is no such set, or one of its limits is no number.
    """
    found: list[Ring] = []
    sides: dict[str, dict[frozenset[tuple[float, float]], Segment]] = {}
    for row in disputed_rows(name):
        if not {row["area"], row["other"]} <= boundaries.shapes.keys():
            continue
        for code in (row["area"], row["other"]):
            if code not in sides:
                sides[code] = _sides(boundaries.shapes[code])
        first, second = sides[row["area"]], sides[row["other"]]
        west, south, east, north = _limits(row)
        for key in first.keys() & second.keys():
            line = np.array(first[key])
            middle = line.mean(axis=0)
            if west <= middle[0] <= east and south <= middle[1] <= north:
                found.append(line)
    return found


def disputed_land(boundaries: Boundaries, name: str = DECLARED) -> list[Polygon]:
    """Return the land that two areas claim: polygons of ``area`` that are entirely inside the limits of its border.

    Rows without limits (the whole earth) only name a border.

    Args:
        boundaries: outlines by code of the area.
        name: of the set.

    Raises:
        UsageError: there is no such set, or one of its limits is no number.
    """
    found: list[Polygon] = []
    for row in disputed_rows(name):
        west, south, east, north = _limits(row)
        if east - west >= 360 or row["other"] not in boundaries.shapes:
            continue
        for polygon in boundaries.shapes.get(row["area"], []):
            (left, low), (right, high) = polygon[0].min(axis=0), polygon[0].max(axis=0)
            if west <= left and right <= east and south <= low and high <= north:
                found.append(polygon)
    return found


def _limits(row: dict[str, str]) -> list[float]:
    try:
        return [float(row[corner]) for corner in _CORNERS]
    except ValueError as error:
        where = f"{row['area']} and {row['other']}"
        raise UsageError(f"{_FILE}: the border of {where} has a limit that is not a number ({error})") from error


def _sides(polygons: list[Polygon]) -> dict[frozenset[tuple[float, float]], Segment]:
    sides: dict[frozenset[tuple[float, float]], Segment] = {}
    for polygon in polygons:
        for ring in polygon:
            points = list(map(tuple, ring.tolist()))
            for one, other in pairwise(points):
                sides[frozenset((one, other))] = (one, other)
    return sides
