"""A file of boundaries is somebody else's: it is drawn, or refused with the reason, and nothing else happens."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.collect import boundaries
from pipelines.collect.boundaries import bundled_boundaries, read_boundaries
from pipelines.reader.maps import class_limits
from pipelines.reader.projection import project
from schemas.errors import UsageError

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
HOLE = [[0.5, 0.5], [1, 0.5], [1, 1], [0.5, 1], [0.5, 0.5]]


def _feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _write(folder: Path, document: Any, name: str = "areas.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_geojson_with_holes_parts_heights_and_areas_in_several_features(tmp_path: Path) -> None:
    high = [[x, y, 12.5] for x, y in SQUARE]
    found = read_boundaries(
        _write(
            tmp_path,
            _collection(
                _feature({"type": "Polygon", "coordinates": [SQUARE, HOLE]}, code="A"),
                _feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [high]]}, code="B"),
                _feature({"type": "Polygon", "coordinates": [SQUARE]}, code="A"),
                _feature(None, code="C"),  # an area without a place
                _feature({"type": "Polygon", "coordinates": [SQUARE]}, code=7),
            ),
        ),
        "code",
    ).shapes
    assert {code: [len(polygon) for polygon in polygons] for code, polygons in found.items()} == {
        "A": [2, 1],
        "B": [1, 1],
        "7": [1],
    }


@pytest.mark.parametrize("steps", [False, True])
def test_topojson_joins_arcs_forwards_and_backwards(tmp_path: Path, steps: bool) -> None:
    """Two squares that share a side; the shared arc is drawn backwards by the second."""
    arcs = [[[2, 0], [2, 2]], [[2, 2], [0, 2], [0, 0], [2, 0]], [[2, 0], [4, 0], [4, 2], [2, 2]]]
    document: dict[str, Any] = {
        "type": "Topology",
        "arcs": arcs,
        "objects": {
            "x": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "id": "A", "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "id": "B", "arcs": [[[2, -1]]]},
                    {"type": None, "id": "C"},
                ],
            }
        },
    }
    if steps:  # whole steps from point to point, of half a degree from (-1, 0)
        document["transform"] = {"scale": [0.5, 0.5], "translate": [-1, 0]}
        document["arcs"] = [np.diff(np.array([[0, 0], *arc]), axis=0).tolist() for arc in arcs]
    found = read_boundaries(_write(tmp_path, document)).shapes
    plain = {
        "A": [[2, 0], [2, 2], [0, 2], [0, 0], [2, 0]],
        "B": [[2, 0], [4, 0], [4, 2], [2, 2], [2, 0]],
    }
    for code, ring in plain.items():
        wanted = np.array(ring) * (0.5 if steps else 1) + ([-1, 0] if steps else [0, 0])
        assert found[code][0][0].tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([1], "its type is None"),
        ({"type": "Point"}, "expected: FeatureCollection"),
        ({"type": "FeatureCollection"}, "has a list of features"),
        (_collection(), "has no feature"),
        (_collection(3), "feature 0 is not an object"),
        (_collection(_feature({"type": "Point", "coordinates": [0, 0]}, id="A")), "feature 0 is a Point"),
        (_collection(_feature({"type": "Polygon"}, id="A")), "has no coordinates of a Polygon"),
        (_collection(_feature({"type": "Polygon", "coordinates": []}, id="A")), "has no coordinates of a Polygon"),
        (_collection(_feature({"type": "Polygon", "coordinates": [SQUARE[:2]]}, id="A")), "a ring of 2 points"),
        (_collection(_feature({"type": "Polygon", "coordinates": [["a"] * 4]}, id="A")), "not pairs of numbers"),
        (_collection(_feature({"type": "Polygon", "coordinates": [[[0, None]] * 4]}, id="A")), "not pairs of numbers"),
        (_collection(_feature({"type": "Polygon", "coordinates": [[[5e5, 2e6]] * 4]}, id="A")), "degrees of longitude"),
        (_collection(_feature({"type": "Polygon", "coordinates": [SQUARE]}, ID="A")), "its properties: ID"),
        (_collection(_feature({"type": "Polygon", "coordinates": [SQUARE]}, id=True)), "has a text or whole number"),
        ({"type": "Topology", "arcs": {}, "objects": {}}, "a Topology has arcs and objects"),
        (
            {"type": "Topology", "arcs": [SQUARE], "objects": {"x": {"type": "Polygon", "id": "A", "arcs": [[7]]}}},
            "names the arc 7; there are 1",
        ),
        (
            {"type": "Topology", "arcs": [SQUARE], "objects": {"x": {"type": "Polygon", "id": "A", "arcs": [[]]}}},
            "a ring without arcs",
        ),
        ({"type": "Topology", "arcs": [], "objects": {}, "transform": {"scale": [1]}}, "no scale and translate"),
    ],
)
def test_what_is_no_boundary_is_refused(tmp_path: Path, document: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        read_boundaries(_write(tmp_path, document))
    assert "areas.json" in str(refused.value)


def test_files_that_are_no_json_too_large_too_deep_or_cut_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "areas.json"
    for text, told in (
        ("<html>", "not JSON in UTF-8"),
        ('{"type": "Polygon", "coordinates": [[NaN]]}', "contains NaN"),
        ("[" * 200_000, "nested too deeply"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=told):
            read_boundaries(path)
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(UsageError, match="not JSON in UTF-8"):
        read_boundaries(path)
    with pytest.raises(UsageError, match="there is no such file"):
        read_boundaries(tmp_path / "none.json")
    packed = tmp_path / "areas.json.gz"
    whole = gzip.compress(json.dumps(_collection()).encode() + b" " * 3_000_000)  # some 3 kB, 3 MB when opened
    for raw in (b"no gzip", whole[:-20]):
        packed.write_bytes(raw)
        with pytest.raises(UsageError, match="not a complete gzip file"):
            read_boundaries(packed)
    monkeypatch.setattr(boundaries, "LARGEST_FILE_MIB", 1)
    packed.write_bytes(whole)
    with pytest.raises(UsageError, match="more than 1 MiB"):
        read_boundaries(packed)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(
        ["type", "features", "arcs", "objects", "transform", "geometry", "coordinates", "properties", "id"]
    ),
    _ANYTHING,
    st.booleans(),
)
@example("coordinates", [[[[10**400, 0]] * 4]], False)
def test_odd_values_anywhere_end_in_outlines_or_a_reason(tmp_path: Path, key: str, value: Any, topology: bool) -> None:
    feature = _feature({"type": "Polygon", "coordinates": [SQUARE]}, id="A")
    document: dict[str, Any] = _collection(feature)
    if topology:
        geometry = {"type": "Polygon", "id": "A", "arcs": [[0]]}
        document = {
            "type": "Topology",
            "arcs": [SQUARE],
            "objects": {"x": {"type": "GeometryCollection", "geometries": [geometry]}},
            "transform": {"scale": [1, 1], "translate": [0, 0]},
        }
        for part in (document, document["objects"]["x"], geometry):
            if key in part:
                part[key] = value
    for part in (document, feature, feature["geometry"]):
        if key in part and not topology:
            part[key] = value
    try:
        found = read_boundaries(_write(tmp_path, document)).shapes
    except UsageError as error:
        assert "areas.json" in str(error)
        return
    assert all(np.isfinite(ring).all() for polygons in found.values() for polygon in polygons for ring in polygon)


def test_bundled_boundaries_are_named_where_there_are_none() -> None:
    with pytest.raises(UsageError, match=r"there are: AR, MX, and countries"):
        bundled_boundaries("CO")


def test_the_projection_keeps_areas() -> None:
    """A cell of one degree has the area sin(top) - sin(bottom) times the width, wherever it lies."""
    for longitude, latitude in ((0, 0), (40, 60), (-30, -45)):
        side = np.linspace(0, 1, 200)
        ring = np.concatenate(
            [
                np.column_stack([longitude + side, np.full(200, latitude)]),
                np.column_stack([np.full(200, longitude + 1), latitude + side]),
                np.column_stack([longitude + side[::-1], np.full(200, latitude + 1)]),
                np.column_stack([np.full(200, longitude), latitude + side[::-1]]),
            ]
        )
        x, y = project(ring, (10.0, 50.0)).T
        area = abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2
        wanted = np.radians(1) * (np.sin(np.radians(latitude + 1)) - np.sin(np.radians(latitude)))
        assert area == pytest.approx(wanted, rel=1e-4)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60))
def test_every_class_has_an_area_and_equal_rates_stand_together(rates: list[float]) -> None:
    limits = class_limits(rates)
    places = np.searchsorted(limits, rates, side="left")
    assert set(places.tolist()) == set(range(len(limits) + 1))
    assert list(limits) == sorted(set(limits))
