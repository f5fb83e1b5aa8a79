"""Boundaries of areas: bundled, or from an external GeoJSON or TopoJSON file, which is not trusted."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from schemas.codelists import read_csv_rows
from schemas.errors import UsageError, nearest_values
from schemas.project import BOUNDARIES, find_project

Ring = NDArray[np.float64]
"""Longitude and latitude of each point, in degrees; shape (n, 2)."""
Polygon = list[Ring]
"""The outline, then the holes."""
Feature = tuple[dict[str, Any], list[Polygon]]
"""The properties of a feature and its polygons."""

LARGEST_FILE_MIB = 64
"""No outline for a picture is larger than this, compressed or not."""
_SHOWN = 8
_ORIGINS = "origins.csv"
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


class NoBoundaries(UsageError):
    """There are no boundaries of the areas below a country."""


@dataclass(frozen=True)
class Boundaries:
    """Polygons of each area by its code, and where they come from."""

    shapes: dict[str, list[Polygon]]
    origin: str


def bundled_boundaries(parent: str | None) -> Boundaries:
    """Return the boundaries of the areas below a country, or of the countries if None: the project's, or packaged ones.

    The folder ``boundaries`` of a project has its files and ``origins.csv``: ``file`` (GeoJSON or TopoJSON, .gz or
    not), ``parent`` (the area above; blank for countries), ``property`` (that has the code of an area) and ``origin``.

    Raises:
        NoBoundaries: there are none; the message lists those that exist.
        UsageError: those of the project cannot be read.

    >>> len(bundled_boundaries("MX").shapes)
    32
    """
    if (own := _project_boundaries(parent or "")) is not None:
        return own
    folder = resources.files("schemas").joinpath("boundaries")
    rows = {row["parent"]: row for row in read_csv_rows(folder.joinpath(_ORIGINS))}
    row = rows.get(parent or "")
    if row is None:
        there = ", ".join(name for name in rows if name)
        raise NoBoundaries(
            f"no boundaries of the areas below {parent} are bundled (there are: {there}, and countries); give a "
            "GeoJSON or TopoJSON file with --boundaries FILE --property NAME, or put one into the boundaries folder "
            "of a project"
        )
    with folder.joinpath(f"{row['file']}.topojson.gz").open("rb") as handle:
        return Boundaries(_shapes(f"{row['file']}.topojson", _read(row["file"], handle, True), "id"), row["origin"])


def _project_boundaries(parent: str) -> Boundaries | None:
    project = find_project()
    files = project.entries(BOUNDARIES) if project is not None else {}
    if _ORIGINS not in files:
        return None
    table = read_csv_rows(files[_ORIGINS], ("file", "parent", "property", "origin"))
    row = next((row for row in table if row["parent"] == parent), None)
    if row is None:
        return None
    if row["file"] not in files or row["file"] == _ORIGINS:
        near = ", ".join(nearest_values(row["file"], [name for name in files if name != _ORIGINS])) or "none"
        raise UsageError(f"boundaries/{_ORIGINS}: there is no file {row['file']!r} in the same folder; nearest: {near}")
    return replace(read_boundaries(files[row["file"]], row["property"]), origin=row["origin"])


def read_boundaries(path: Path, name: str = "id") -> Boundaries:
    """Return the polygons of a file, by a property of its features that holds the code of an area.

    Args:
        path: GeoJSON or TopoJSON in degrees (WGS 84), .gz or not.
        name: property with the code; ``id`` may also be the feature's own.

    Raises:
        UsageError: no such file, too large, no JSON, no polygons, the property or a coordinate is not what it must be.
    """
    if not path.is_file():
        raise UsageError(f"--boundaries {path}: there is no such file")
    with path.open("rb") as handle:
        features = _read(path.name, handle, path.suffix == ".gz")
    return Boundaries(_shapes(path.name, features, name), path.name)


def _read(name: str, handle: IO[bytes], compressed: bool) -> list[Feature]:
    limit = LARGEST_FILE_MIB * 2**20
    try:
        raw = (gzip.GzipFile(fileobj=handle) if compressed else handle).read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        _refuse(name, f"it ends in .gz but is not a complete gzip file ({error})")
    if len(raw) > limit:
        _refuse(name, f"more than {LARGEST_FILE_MIB} MiB; simplify the outlines first")
    return parse_features(name, raw)


def parse_features(name: str, raw: bytes) -> list[Feature]:
    """Return the features of a GeoJSON or TopoJSON document, in order: properties (with ``id``), and polygons.

    A feature without a geometry has no polygons.

    Args:
        name: of the file, for messages.
        raw: its bytes.

    Raises:
        UsageError: no JSON, neither of the two kinds, no feature, or something in it that is not a polygon in degrees
            of longitude and latitude (WGS 84).

    >>> square = '[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]'
    >>> text = f'{{"type": "Feature", "id": "A", "geometry": {{"type": "Polygon", "coordinates": [{square}]}}}}'
    >>> [(values, len(polygons)) for values, polygons in parse_features("a.json", text.encode())]
    [({'id': 'A'}, 1)]
    """
    try:
        document = json.loads(raw.decode("utf-8-sig"), parse_constant=partial(_no_number, name))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        _refuse(name, f"it is not JSON in UTF-8 ({error})")
    except RecursionError:
        _refuse(name, "it is nested too deeply for GeoJSON or TopoJSON")
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Topology":
        features = list(_topology(name, document))
    elif kind in ("FeatureCollection", "Feature"):
        _check_system(name, document.get("crs"))
        features = list(_collection(name, document))
    else:
        _refuse(name, f"its type is {kind!r}; expected: FeatureCollection (GeoJSON) or Topology (TopoJSON)")
    if not features:
        _refuse(name, "it has no features")
    found = []
    for feature, polygons in features:
        properties = feature.get("properties")
        values = {"id": feature.get("id")} | (properties if isinstance(properties, dict) else {})
        found.append(({key: value for key, value in values.items() if value is not None}, polygons))
    return found


def _check_system(name: str, system: Any) -> None:
    """Refuse an old file that names another coordinate reference system."""
    if system is not None and not json.dumps(system).rstrip('"}').endswith(_WGS84):
        _refuse(name, f"coordinates must be longitude and latitude (WGS 84), not {json.dumps(system)[:200]}")


def _no_number(name: str, text: str) -> NoReturn:
    _refuse(name, f"it contains {text}, which is not a coordinate")


def _refuse(name: str, text: str) -> NoReturn:
    raise UsageError(f"boundaries {name}: {text}")


def _shapes(name: str, features: list[Feature], wanted: str) -> dict[str, list[Polygon]]:
    shapes: dict[str, list[Polygon]] = {}
    known: dict[str, None] = {}
    for values, polygons in features:
        known |= dict.fromkeys(values)
        code = values.get(wanted)
        if polygons and isinstance(code, (str, int)) and not isinstance(code, bool):
            shapes.setdefault(str(code), []).extend(polygons)  # an area may be in several features
    if not shapes:
        near = nearest_values(wanted, list(known))
        _refuse(
            name,
            f"no feature with an outline has a text or whole number as {wanted!r}; its properties: "
            f"{', '.join(list(known)[:_SHOWN]) or 'none'}"
            + (f" (nearest: {', '.join(near)})" if near else "")
            + "; choose one with --property",
        )
    return shapes


def _collection(name: str, document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Polygon]]]:
    features = [document] if document["type"] == "Feature" else document.get("features")
    if not isinstance(features, list):
        _refuse(name, "a FeatureCollection has a list of features")
    for place, feature in enumerate(features):
        if not isinstance(feature, dict):
            _refuse(name, f"feature {place} is not an object")
        geometry = feature.get("geometry")
        if geometry is None:  # allowed by GeoJSON: an area without a place
            yield feature, []
            continue
        parts = _polygons_of(name, f"feature {place}", geometry, "coordinates")
        yield feature, [[_ring(name, f"feature {place}", ring) for ring in polygon] for polygon in parts]


def _topology(name: str, document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[Polygon]]]:
    arcs, objects = document.get("arcs"), document.get("objects")
    if not isinstance(arcs, list) or not isinstance(objects, dict):
        _refuse(name, "a Topology has arcs and objects")
    lines = _lines(name, arcs, document.get("transform"))
    for key, found in objects.items():
        geometries = found.get("geometries", [found]) if isinstance(found, dict) else None
        if not isinstance(geometries, list):
            _refuse(name, f"object {key!r} has no list of geometries")
        for place, geometry in enumerate(geometries):
            where = f"geometry {place} of {key!r}"
            if not isinstance(geometry, dict):
                _refuse(name, f"{where} is not an object")
            if geometry.get("type") is None:
                yield geometry, []
                continue
            parts = _polygons_of(name, where, geometry, "arcs")
            yield geometry, [[_joined(name, where, ring, lines) for ring in polygon] for polygon in parts]


def _polygons_of(name: str, where: str, geometry: Any, member: str) -> list[list[Any]]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        _refuse(name, f"{where} is a {kind}; areas are drawn from Polygon and MultiPolygon")
    parts = geometry.get(member)
    parts = [parts] if kind == "Polygon" else parts
    if not isinstance(parts, list) or not all(isinstance(part, list) and part for part in parts):
        _refuse(name, f"{where} has no {member} of a {kind}")
    return parts


def _numbers(name: str, where: str, points: Any) -> Ring:
    try:
        found = np.asarray([point[:2] for point in points], dtype=np.float64)  # a third one is a height
    except (TypeError, ValueError, IndexError, OverflowError):
        _refuse(name, f"{where} has points that are not pairs of numbers")
    if found.ndim != 2 or found.shape[1] != 2 or not np.isfinite(found).all():
        _refuse(name, f"{where} has points that are not pairs of numbers")
    return found


def _ring(name: str, where: str, points: Any) -> Ring:
    ring = points if isinstance(points, np.ndarray) else _numbers(name, where, points)
    if len(ring) < 4:
        _refuse(
            name, f"{where} has a ring of {len(ring)} points; an outline has at least 4, the last equal to the first"
        )
    if (np.abs(ring) > (180.001, 90.001)).any():
        worst = ring[np.abs(ring).max(axis=1).argmax()].tolist()
        _refuse(name, f"{where} has the point {worst}; degrees of longitude and latitude (WGS 84) are expected")
    return ring


def _lines(name: str, arcs: list[Any], transform: Any) -> list[Ring]:
    """Arcs in degrees; with a transform, the file has integer differences between points."""
    lines = [_numbers(name, f"arc {place}", arc) for place, arc in enumerate(arcs)]
    if transform is None:
        return lines
    try:
        scale, translate = (np.asarray(transform[key], dtype=np.float64) for key in ("scale", "translate"))
    except (TypeError, ValueError, KeyError):
        _refuse(name, "its transform has no scale and translate of two numbers each")
    if scale.shape != (2,) or translate.shape != (2,) or not np.isfinite([*scale, *translate]).all():
        _refuse(name, "its transform has no scale and translate of two numbers each")
    return [np.cumsum(line, axis=0) * scale + translate for line in lines]


def _joined(name: str, where: str, numbers: Any, lines: list[Ring]) -> Ring:
    """One ring of arcs joined end to end; a negative number ~n is arc n backwards."""
    if not isinstance(numbers, list) or not numbers:
        _refuse(name, f"{where} has a ring without arcs")
    parts: list[Ring] = []
    for number in numbers:
        if not isinstance(number, int) or not -len(lines) <= number < len(lines):
            _refuse(name, f"{where} names the arc {number!r}; there are {len(lines)}")
        line = lines[number] if number >= 0 else lines[~number][::-1]
        parts.append(line[1:] if parts else line)
    return _ring(name, where, np.concatenate(parts))
