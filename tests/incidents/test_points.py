"""Points lie in the area where another computation puts them, on a border in exactly one, and are kept nowhere.

The other computations: matplotlib's test of points in a path, and a count of borders to the west in fractions.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from pipelines.errors import DataRefused, UsageError
from pipelines.incident_account import account
from pipelines.incidents import Tallied, tally
from pipelines.partitions import acquire_partitions
from pipelines.point_areas import join_points, make_boundaries
from pipelines.run import plain_step, run_all
from pipelines.settings import Settings
from pipelines.source import Source, SourceFolder, list_sources
from pipelines.validate import Validated

SOURCES = Path(__file__).parent / "sources"
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
        ("{", "no JSON"),
        ('{"type": "Point"}', "wanted: FeatureCollection"),
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


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"boundaries": None}, "longitude and latitude need boundaries"),
        ({"constants": {"ref_area": "MX"}}, "and no ref_area"),
        (
            {"columns": {"time_period": "day", "longitude": "lon", "national_code": "offence"}},
            "must give longitude and",
        ),
        ({"kind": "count", "columns": {"time_period": "day", "value": "n"}}, "only incidents"),
    ],
)
def test_a_declaration_of_points_that_does_not_hold_together(
    points: SourceFolder, changes: dict[str, Any], says: str
) -> None:
    declared = points.source.model_dump(exclude_unset=True)
    with pytest.raises(ValueError, match=says):
        Source.model_validate({**declared, **changes})


@pytest.fixture
def points() -> SourceFolder:
    return list_sources(SOURCES)["xx_test_points"]


def make_points(count: int, seed: int) -> list[list[str]]:
    """Incidents all over the areas and around them, in the forms in which files write coordinates."""
    random = Random(seed)
    rows = []
    for _ in range(count):
        x, y = random.uniform(-104.5, -97), random.uniform(18.8, 24.2)
        form = random.choice(["{:.6f}", "{:.3f}", " {:.5f} ", "{:.8e}"])
        rows.append([f"2021-{random.randint(1, 12):02d}-11", form.format(x), form.format(y), "H1"])
    return rows


def write_points(path: Path, rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([["day", "lon", "lat", "offence"], *rows])


def areas_of(rows: list[list[str]]) -> Counter[str]:
    """Count the points of each area with matplotlib; '' where they are in none."""
    content = json.loads((SOURCES / "xx_test_points" / "areas.geojson").read_text(encoding="utf-8"))
    places = np.array([[float(row[1]), float(row[2])] for row in rows])
    codes = np.full(len(rows), "", dtype=object)
    for feature in content["features"]:
        shape = feature["geometry"]
        for polygon in [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]:
            inside = np.zeros(len(rows), dtype=bool)
            for ring in polygon:
                inside ^= Outline(np.array(ring)).contains_points(places)
            codes[inside] = feature["properties"]["iso_3166_2"]
    return Counter(codes.tolist())


def take_points(folder: SourceFolder, directory: Path, settings: Settings) -> tuple[Tallied, Validated]:
    work = settings.work / folder.source_id
    work.mkdir(parents=True, exist_ok=True)
    tallied = tally(folder, acquire_partitions(folder, settings, directory), settings, work)
    return tallied, account(folder, tallied, settings, work)


def test_incidents_with_coordinates_are_counted_in_their_areas_and_bad_ones_by_rule(
    points: SourceFolder, tmp_path: Path, settings: Settings
) -> None:
    rows = make_points(3000, 1)
    inside = areas_of(rows)
    good = [row for row in rows if areas_of([row])[""] == 0]
    faults = [
        ["20.5", "-103.5"],  # exchanged
        ["-103.5", "120.5"],
        ["-103,5", "20,5"],
        ["nan", "inf"],
        ["-103.5", ""],
        ["0", "0"],
        ["-97.9", "23.9"],
    ]
    empty = [["", ""], [" ", ""]]
    write_points(tmp_path / "in" / "a.csv", [*good, *(["2021-05-01", *one, "H1"] for one in faults + empty)])

    _, validated = take_points(points, tmp_path / "in", settings)

    with duckdb.connect() as connection:
        cells = connection.execute(
            "SELECT ref_area, sum(value)::BIGINT FROM read_parquet($core) GROUP BY 1", {"core": str(validated.core)}
        ).fetchall()
        (kept,) = (settings.quarantine / "xx_test_points").glob("*.parquet")
        rejected = connection.execute(
            'SELECT "row", rule, value FROM read_parquet($path) ORDER BY 1', {"path": str(kept)}
        ).fetchall()
    assert dict(cells) == {code: number for code, number in inside.items() if code}
    assert len(cells) == 3
    first = len(good) + 2
    assert rejected == [
        *((first + number, "point_outside_areas", None) for number in range(7)),
        *((first + 7 + number, "unknown_area", None) for number in range(2)),
    ]
    share = next(one for one in validated.outcomes if one.rule == "rejected_share")
    assert share.detail == "rows in quarantine, within the limit: point_outside_areas 7; unknown_area 2"


def test_coordinates_that_are_not_personal_are_shown_with_the_row(
    points: SourceFolder, tmp_path: Path, settings: Settings
) -> None:
    points.__dict__["source"] = points.source.model_copy(update={"personal": (), "rejected_share_limit": 0.0})
    rows = [["2021-05-01", "-103.5", "20.5", "H1"], ["2021-05-01", "20.5", "-103.5", "H1"]]
    write_points(tmp_path / "in" / "a.csv", rows)

    with pytest.raises(DataRefused) as refused:
        take_points(points, tmp_path / "in", settings)

    (problem,) = refused.value.problems
    assert (problem.rule, problem.row, problem.value) == ("point_outside_areas", 3, "20.5 -103.5")


def test_personal_coordinates_are_written_nowhere(points: SourceFolder, tmp_path: Path, settings: Settings) -> None:
    rows = [["2021-05-01", f"-103.{n}7654321", f"20.{n}1234567", "H1"] for n in range(10)]
    rows += [["2021-05-01", f"20.{n}1234567", f"-103.{n}7654321", "H1"] for n in range(2)]
    write_points(tmp_path / "in" / "a.csv", rows)

    result = run_all(
        [points], settings, tmp_path / "in", plain_step(lambda _: None), named=True, source_folders=SOURCES
    )

    assert result.refused == ()
    written = [path for path in settings.data.rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in written)
    seen = [_text_of(path) for path in written]
    assert sum("MX-JAL" in text for text in seen) > 2  # what is looked through can be read
    assert not any("7654321" in text or "1234567" in text for text in seen)


def _text_of(path: Path) -> str:
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            return str(connection.execute(f"FROM read_parquet('{path}')").fetchall())
        if path.suffix == ".duckdb":
            connection.execute(f"ATTACH '{path}' AS kept (READ_ONLY)")
            tables = connection.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'kept'"
            ).fetchall()
            return " ".join(
                str(connection.execute(f'FROM kept."{schema}"."{table}"').fetchall()) for schema, table in tables
            )
    return path.read_bytes().decode("utf-8", "replace")


def test_a_change_of_the_boundaries_tallies_anew(points: SourceFolder, tmp_path: Path, settings: Settings) -> None:
    write_points(tmp_path / "in" / "a.csv", [["2021-05-01", "-101.2", "20.5", "H1"]] * 3)
    assert _areas(take_points(points, tmp_path / "in", settings)) == ("MX-JAL", 0)
    assert _areas(take_points(points, tmp_path / "in", settings)) == ("MX-JAL", 1)
    text = points.folder.joinpath("areas.geojson").read_text(encoding="utf-8")
    changed = SimpleNamespace(
        **{name: getattr(points, name) for name in ("source_id", "source", "words", "concordance")}
    )
    changed.read_text = lambda name: text.replace("-100.5", "-101.5") if name == "areas.geojson" else None

    assert _areas(take_points(changed, tmp_path / "in", settings)) == ("MX-SON", 0)  # type: ignore[arg-type]


def _areas(taken: tuple[Tallied, Validated]) -> tuple[str, int]:
    tallied, validated = taken
    with duckdb.connect() as connection:
        ((area,),) = connection.execute(
            "SELECT DISTINCT ref_area FROM read_parquet($core)", {"core": str(validated.core)}
        ).fetchall()
    return area, tallied.reused
