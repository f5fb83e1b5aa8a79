"""Incidents with coordinates are counted in the area where matplotlib puts them, and their points are kept nowhere."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from matplotlib.path import Path as Outline

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import Validated, account
from pipelines.harmonise.tally import Tallied, tally
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder, list_sources

SOURCES = Path(__file__).parent / "sources"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"boundaries": None}, "longitude and latitude need boundaries"),
        ({"constants": {"ref_area": "MX"}}, "but not ref_area"),
        (
            {"columns": {"time_period": "day", "longitude": "lon", "national_code": "offence"}},
            "must include longitude and",
        ),
        (
            {"kind": "count", "columns": {"time_period": "day", "value": "n"}, "personal": []},
            "boundaries: .*only incidents",
        ),
    ],
)
def test_a_declaration_of_points_that_does_not_hold_together(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    path = shutil.copytree(SOURCES / "xx_test_points", tmp_path / "xx_test_points") / "source.yml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**declared, **changes}), encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        _ = list_sources(tmp_path)["xx_test_points"].source


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
    work = make_work_folder(settings) / folder.source_id
    work.mkdir(exist_ok=True)
    tallied = tally(folder, acquire(folder, settings, directory), settings, work)
    with connect(settings) as connection:
        return tallied, account(folder, tallied, connection, settings, work)


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

    result = run_all([points], Session(settings, tmp_path / "in", source_folders=SOURCES))

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
    path = shutil.copytree(SOURCES / "xx_test_points", tmp_path / "xx_test_points") / "areas.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace("-100.5", "-101.5"), encoding="utf-8")
    changed = list_sources(tmp_path)["xx_test_points"]

    assert _areas(take_points(changed, tmp_path / "in", settings)) == ("MX-SON", 0)


def _areas(taken: tuple[Tallied, Validated]) -> tuple[str, int]:
    tallied, validated = taken
    with duckdb.connect() as connection:
        ((area,),) = connection.execute(
            "SELECT DISTINCT ref_area FROM read_parquet($core)", {"core": str(validated.core)}
        ).fetchall()
    return area, tallied.reused
