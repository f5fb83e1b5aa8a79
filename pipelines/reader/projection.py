"""Map projections: equal-area projections, and outlines as they appear on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.collect.boundaries import Boundaries, Polygon, Ring

Numbers = NDArray[np.float64]

FARTHEST = -0.7
"""Cosine of the distance from the centre of the map beyond which outlines are torn apart, and not drawn."""
_WORLD = 0.25
"""Cosine of the distance from the centre of the map; if an area shown is farther, a world map is used."""
_WORLD_SOUTH, _WORLD_NORTH = -57.0, 84.0
"""Latitude in degrees below which land is left out: Antarctica has no figures."""


@dataclass(frozen=True)
class Place:
    """The projection of a map; outlines far from ``middle`` are torn apart and not drawn."""

    project: Callable[[Ring], Numbers]
    middle: tuple[float, float] | None

    def __call__(self, points: Ring) -> Numbers:
        """Return points, given in degrees, in map coordinates."""
        return self.project(points)

    @property
    def is_world(self) -> bool:
        """Whether the map shows the whole earth."""
        return self.middle is None

    def is_torn(self, points: Ring) -> bool:
        """Whether an outline is so far away that it cannot be drawn."""
        return self.middle is not None and float(closeness(points, self.middle).min()) < FARTHEST


def find_place(boundaries: Boundaries, shown: Sequence[str]) -> tuple[Place, Numbers, Numbers]:
    """Return the projection for a map of some areas, and its lower left and upper right corner in map coordinates.

    The largest part of each area is inside. Areas of several continents are shown on a world map.

    Args:
        boundaries: outlines by code of the area.
        shown: codes of the areas shown.
    """
    parts = [largest(boundaries.shapes[code]) for code in shown]
    middle = _middle(parts)
    world = min(float(closeness(ring, middle).mean()) for ring in parts) < _WORLD

    def place(points: Ring) -> Numbers:
        return project_world(points) if world else project(points, middle)

    every = np.concatenate([place(ring) for ring in parts])
    if world:
        every = project_world(np.array([[-180.0, 0.0], [180.0, 0.0], [0.0, _WORLD_SOUTH], [0.0, _WORLD_NORTH]]))
    return Place(place, None if world else middle), every.min(axis=0), every.max(axis=0)


def project(points: Ring, middle: tuple[float, float]) -> Numbers:
    """Return points in Lambert's azimuthal equal-area projection of a sphere of radius 1.

    Snyder (1987), Map Projections: A Working Manual, U.S. Geological Survey, equations 22-4, 24-2, 24-13 and 24-14.

    Args:
        points: longitude and latitude in degrees, shape (n, 2).
        middle: longitude and latitude where x and y are 0.

    >>> project(np.array([[10.0, 0.0], [0.0, 90.0]]), (0.0, 0.0)).round(4).tolist()
    [[0.1743, 0.0], [0.0, 1.4142]]
    """
    turned, latitude = np.radians(points[:, 0] - middle[0]), np.radians(points[:, 1])
    centre = np.radians(middle[1])
    scale = np.sqrt(2 / np.maximum(1 + closeness(points, middle), 1e-9))
    return np.column_stack(
        [
            scale * np.cos(latitude) * np.sin(turned),
            scale * (np.cos(centre) * np.sin(latitude) - np.sin(centre) * np.cos(latitude) * np.cos(turned)),
        ]
    )


def project_world(points: Ring) -> Numbers:
    """Return points in the Equal Earth projection, an equal-area projection of the whole earth.

    Šavrič, Patterson and Jenny (2018), The Equal Earth map projection, International Journal of Geographical
    Information Science 33(3), equations 1 and 2; a sphere of radius 1.

    Args:
        points: longitude and latitude in degrees, shape (n, 2).

    >>> project_world(np.array([[180.0, 0.0], [0.0, 90.0]])).round(4).tolist()
    [[2.7066, 0.0], [0.0, 1.3174]]
    """
    longitude, latitude = np.radians(points[:, 0]), np.radians(points[:, 1])
    tilt = np.arcsin(np.sqrt(3) / 2 * np.sin(latitude))
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    across = 2 * np.sqrt(3) * longitude * np.cos(tilt)
    across /= 3 * (9 * a4 * tilt**8 + 7 * a3 * tilt**6 + 3 * a2 * tilt**2 + a1)
    return np.column_stack([across, a4 * tilt**9 + a3 * tilt**7 + a2 * tilt**3 + a1 * tilt])


def closeness(points: Ring, middle: tuple[float, float]) -> Numbers:
    """Return the cosine of the distance of points from the middle, on the sphere."""
    turned, latitude, centre = np.radians(points[:, 0] - middle[0]), np.radians(points[:, 1]), np.radians(middle[1])
    found: Numbers = np.sin(centre) * np.sin(latitude) + np.cos(centre) * np.cos(latitude) * np.cos(turned)
    return found


def _middle(rings: Iterable[Ring]) -> tuple[float, float]:
    """Return longitude and latitude of the centre of outlines, each counted once: the mean of their directions."""
    directions = []
    for ring in rings:
        longitude, latitude = np.radians(ring.T)
        around = np.cos(latitude)
        directions.append(
            np.column_stack([around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude)]).mean(axis=0)
        )
    x, y, z = np.mean(directions, axis=0).tolist()
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def largest(polygons: list[Polygon]) -> Ring:
    """Return the outline of the largest polygon."""
    return max((polygon[0] for polygon in polygons), key=lambda ring: abs(signed_area(ring)))


def signed_area(ring: Numbers) -> float:
    """Return the area inside a closed ring, positive if it runs counterclockwise."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def unwrapped(ring: Ring) -> Ring:
    """Return a ring without the jump from 180 to -180 degrees, continued beyond one of them."""
    return np.column_stack([np.unwrap(ring[:, 0], period=360), ring[:, 1]])


def copies_of(ring: Ring) -> list[Ring]:
    """Return a ring as often as it appears on a world map: at both edges if it crosses 180 degrees."""
    whole = unwrapped(ring)
    if abs(whole[-1, 0] - whole[0, 0]) > 1:  # around a pole: it has no inside on the map
        return []
    shifts = [0.0, *([-360.0] if whole[:, 0].max() > 180 else []), *([360.0] if whole[:, 0].min() < -180 else [])]
    return [np.add(whole, (shift, 0.0)) for shift in shifts]


def centre_of(ring: Numbers) -> Numbers:
    """Return the centroid of a closed outline; the mean of its points if it has no area."""
    x, y = (ring - ring[0]).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    if not abs(cross.sum()) > 0:
        return np.asarray(ring.mean(axis=0), dtype=np.float64)
    weights = cross / (3 * cross.sum())
    middle = np.array([((x[:-1] + x[1:]) * weights).sum(), ((y[:-1] + y[1:]) * weights).sum()])
    return np.asarray(middle + ring[0], dtype=np.float64)
