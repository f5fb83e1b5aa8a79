"""Boundaries of areas as a small list that an engine joins with points, so that no geometry is computed per row.

A GeoJSON or TopoJSON file becomes trapezoids: between two neighbouring vertices the inside of an area lies between its
first and second edge, its third and fourth ... from the west (even-odd rule, so holes and parts need no care). A
trapezoid is listed under each cell of a grid that it touches; a point is in the one trapezoid of its cell whose edges
it is between. West and south edges belong to an area, east and north ones to its neighbour: a point on a border is in
exactly one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.collect.boundaries import Ring, parse_features
from pipelines.system.connection import fetch_arrow
from schemas.errors import UsageError, nearest_values

# About a metre: vertices that two files or two drawings round differently. The point goes to the eastern area.
TOLERANCE_DEGREES = 1e-5
_ROWS, _COLUMNS = 512, 32  # cells of the grid over the whole of the boundaries, at least


@dataclass(frozen=True)
class Boundaries:
    """The list of trapezoids by grid cell, and the resolution in cells per degree (powers of two, so exact)."""

    cells: pa.Table
    rows_per_degree: float
    columns_per_degree: float


def make_boundaries(text: str, area_property: str, areas: Mapping[str, int]) -> Boundaries:
    """Turn a GeoJSON or TopoJSON text into the list with which points are joined.

    Args:
        text: GeoJSON or TopoJSON, Polygons and MultiPolygons, longitude and latitude in degrees (WGS 84).
        area_property: the property of a feature with the code of its area.
        areas: code in the file -> number of the area; several features may have one code.

    Returns:
        A row for each trapezoid and cell: ``cell_y``, ``cell_x``, ``low`` and ``high`` (latitudes), and for the edges
        ``west``, ``east`` and ``next`` a point (``_x``, ``_y``) and a ``_slope`` in degrees of longitude per degree of
        latitude; ``id``, the number of the area.

    Raises:
        UsageError: the text is no such collection, an area is not known, a ring is not closed or crosses itself, or two
            areas overlap by more than ``TOLERANCE_DEGREES``.

    >>> import json
    >>> square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    >>> feature = {"type": "Feature", "properties": {"code": "A"}, "geometry": square}
    >>> text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    >>> cells = make_boundaries(text, "code", {"A": 7}).cells
    >>> sorted(set(cells["id"].to_pylist())), min(cells["low"].to_pylist()), max(cells["high"].to_pylist())
    ([7], 0.0, 1.0)
    """
    return _make(text, area_property, tuple(sorted(areas.items())))


def join_points(table: str, boundaries: Boundaries) -> str:
    """Return the join of rows ``r`` with their area ``boundary``, by ``r._longitude`` and ``r._latitude`` in degrees.

    A row has at most one area; with missing or impossible coordinates, or outside all areas, it has none.

    Args:
        table: name of the list of cells.
        boundaries: what the list was made with.
    """
    cells = {
        "cell_y": f"r._latitude BETWEEN -90 AND 90 THEN r._latitude * CAST({boundaries.rows_per_degree!r} AS DOUBLE)",
        "cell_x": "r._longitude BETWEEN -180 AND 180 THEN "
        f"r._longitude * CAST({boundaries.columns_per_degree!r} AS DOUBLE)",
    }
    east_of, west_of, before_next = (
        f"boundary.{edge}_x + (r._latitude - boundary.{edge}_y) * boundary.{edge}_slope"
        for edge in ("west", "east", "next")
    )
    conditions = [f"boundary.{name} = CAST(floor(CASE WHEN {cell} END) AS INTEGER)" for name, cell in cells.items()]
    conditions += ["r._latitude >= boundary.low", "r._latitude < boundary.high", f"r._longitude >= {east_of}"]
    conditions += [f"r._longitude < {west_of}", f"r._longitude < {before_next}"]
    return f"LEFT JOIN {table} AS boundary ON " + "\n    AND ".join(conditions)


@lru_cache(maxsize=4)
def _make(text: str, area_property: str, areas: tuple[tuple[str, int], ...]) -> Boundaries:
    number = dict(areas)
    polygons = list(_polygons(text, area_property))
    for code in dict.fromkeys(code for code, _ in polygons):
        if code not in number:
            near = ", ".join(nearest_values(code, number)) or "none"
            raise UsageError(f"boundaries: there is no area {code!r} (nearest: {near})")
    trapezoids = pa.concat_tables(_trapezoids(code, number[code], rings) for code, rings in polygons)
    every = np.concatenate([ring for _, rings in polygons for ring in rings])
    width, height = np.maximum(every.max(axis=0) - every.min(axis=0), 1e-6)
    rows, columns = (2.0 ** np.ceil(np.log2(count / size)) for count, size in ((_ROWS, height), (_COLUMNS, width)))
    with duckdb.connect() as connection:
        connection.register("trapezoid", trapezoids)
        parts = {"rows": repr(float(rows)), "columns": repr(float(columns))}
        connection.register("piece", fetch_arrow(connection, "harmonise/boundary_pieces", **parts))
        _refuse_overlaps(connection, {area: code for code, area in number.items()})
        cells = fetch_arrow(connection, "harmonise/boundary_cells")
    return Boundaries(cells, float(rows), float(columns))


def _polygons(text: str, area_property: str) -> Iterator[tuple[str, list[Ring]]]:
    """Every polygon as its outer ring and its holes, with the code of its area; no feature is skipped."""
    for position, (values, polygons) in enumerate(parse_features("file", text.encode()), start=1):
        code = str(values.get(area_property, ""))
        if not code:
            names = ", ".join(values) or "none"
            raise UsageError(f"boundaries: feature {position} has no property {area_property!r} (it has: {names})")
        if not polygons:
            raise UsageError(f"boundaries: {code}: the area has no outline")
        for rings in polygons:
            if not all(np.array_equal(ring[0], ring[-1]) for ring in rings):
                raise UsageError(f"boundaries: {code}: a ring must end where it begins")
            yield code, rings


def _trapezoids(code: str, area: int, rings: list[Ring]) -> pa.Table:
    """Cut the inside of a polygon at the latitude of each vertex, and rejoin pieces with the same two edges."""
    ends = np.concatenate([np.hstack([ring[:-1], ring[1:]]) for ring in rings])
    ends = ends[ends[:, 1] != ends[:, 3]]  # a level edge bounds nothing: those that meet it do
    # From south to north, whatever the direction of the ring: neighbours compute an edge identically to the last bit.
    ends = np.where((ends[:, 1] < ends[:, 3])[:, None], ends, ends[:, [2, 3, 0, 1]])
    x, y = ends[:, 0], ends[:, 1]
    slope = (ends[:, 2] - x) / (ends[:, 3] - y)
    levels = np.unique(ends[:, [1, 3]])
    first, after = np.searchsorted(levels, y), np.searchsorted(levels, ends[:, 3])
    edge = np.repeat(np.arange(len(ends)), after - first)
    strip = np.arange(len(edge)) - np.repeat(np.cumsum(after - first) - after, after - first)
    middle = (levels[strip] + levels[strip + 1]) / 2
    order = np.lexsort((x[edge] + (middle - y[edge]) * slope[edge], strip))
    strip, west, east = strip[order][::2], edge[order][::2], edge[order][1::2]
    order = np.lexsort((strip, east, west))
    strip, west, east = strip[order], west[order], east[order]
    begins = np.ones(len(strip), dtype=bool)
    begins[1:] = (np.diff(strip) != 1) | (np.diff(west) != 0) | (np.diff(east) != 0)
    ends_at = np.append(np.flatnonzero(begins)[1:], len(strip)) - 1
    low, high = levels[strip[begins]], levels[strip[ends_at] + 1]
    west, east = west[begins], east[begins]
    for level in (low, high):
        crossed = x[west] + (level - y[west]) * slope[west] - x[east] - (level - y[east]) * slope[east]
        if crossed.max(initial=0) > TOLERANCE_DEGREES:
            at = level[crossed.argmax()]
            raise UsageError(f"boundaries: {code}: the boundary crosses itself near latitude {at:.5f}")
    columns = {"low": low, "high": high}
    for name, one in (("west", west), ("east", east)):
        columns |= {f"{name}_x": x[one], f"{name}_y": y[one], f"{name}_slope": slope[one]}
    return pa.table({"id": pa.array(np.full(len(low), area), pa.int32()), **columns})


def _refuse_overlaps(connection: duckdb.DuckDBPyConnection, codes: dict[int, str]) -> None:
    found = connection.execute(
        "SELECT id, next_id, arg_max(low, (overlap, -low)), "
        "arg_max(next_x + (low - next_y) * next_slope, (overlap, -low)), max(overlap) "
        "FROM piece WHERE overlap > $most GROUP BY id, next_id ORDER BY max(overlap) DESC LIMIT 5",
        {"most": TOLERANCE_DEGREES},
    ).fetchall()
    if found:
        pairs = [
            f"  {codes[one]} and {codes[other]}, by {overlap:.5f} degrees, near longitude {x:.5f}, latitude {y:.5f}"
            if one != other
            else f"  {codes[one]} with itself, near longitude {x:.5f}, latitude {y:.5f}"
            for one, other, y, x, overlap in found
        ]
        raise UsageError("\n".join(["boundaries: areas overlap, so a point could be in two of them:", *pairs]))
