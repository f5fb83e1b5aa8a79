"""Maps drawn from made outlines: areas keep their size, shades are in order without colour, borders are as declared."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.collect.boundaries import Boundaries, bundled_boundaries
from pipelines.reader import borders
from pipelines.reader.borders import disputed_land, disputed_lines, disputed_rows
from pipelines.reader.maps import MapRates
from pipelines.reader.plots.map import area_shades, class_labels
from pipelines.reader.projection import copies_of, project_world, signed_area
from pipelines.reader.selection import SeriesKey, SeriesQuery
from pipelines.reader.words import LANGUAGES
from schemas.errors import UsageError


def _box(west: float, south: float, east: float, north: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    across, up = np.linspace(west, east, 400), np.linspace(south, north, 400)
    bottom, right = np.column_stack([across, np.full(400, south)]), np.column_stack([np.full(400, east), up])
    return np.concatenate([bottom, right, bottom[::-1] * (1, 0) + (0, north), right[::-1] * (0, 1) + (west, 0)])


@pytest.mark.parametrize("south", [-50.0, 0.0, 60.0])
def test_a_map_of_the_world_keeps_areas(south: float) -> None:
    """The area between two parallels on a sphere of radius 1: difference of longitude times that of the sines."""
    box = _box(20, south, 40, south + 10)
    expected = np.radians(20) * (np.sin(np.radians(south + 10)) - np.sin(np.radians(south)))
    assert abs(signed_area(project_world(box))) == pytest.approx(expected, rel=1e-3)


def test_land_at_the_edge_of_the_world_is_seen_at_both_and_not_drawn_across() -> None:
    at_edge = np.array([[170.0, 60.0], [180.0, 60.0], [-170.0, 65.0], [170.0, 65.0], [170.0, 60.0]])
    copies = copies_of(at_edge)
    assert [(ring[:, 0].min(), ring[:, 0].max()) for ring in copies] == [(170, 190), (-190, -170)]
    assert len(copies_of(_box(0, 0, 10, 10))) == 1
    pole = np.array([[-180.0, -80.0], [-60.0, -80.0], [60.0, -80.0], [180.0, -80.0], [-180.0, -80.0]])
    assert [float(np.ptp(ring[:, 0])) for ring in copies_of(pole)] in ([], [360.0])


def _rates(*limits: float) -> MapRates:
    rows = {str(place): {"rate_per_100k": rate} for place, rate in enumerate((*limits, 99.0))}
    return MapRates(SeriesQuery("0101", "XX"), SeriesKey("xx_a", "recorded", "victim"), 2024, rows, {}, limits, (), ())


@pytest.mark.parametrize("limits", [(), (1.0,), (1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0, 4.0)])
def test_classes_darken_step_by_step_none_is_grey_and_each_has_its_name(limits: tuple[float, ...]) -> None:
    found = _rates(*limits)
    shades = [np.array(shade[:3]) for shade in area_shades(found)]
    grey = [float(shade @ (0.2126, 0.7152, 0.0722)) for shade in shades]  # luminance, Rec. 709
    assert all(one - other > 0.08 for one, other in pairwise(grey))
    assert min(float(np.ptp(shade)) for shade in shades) > 0.1
    for language in LANGUAGES:
        labels = class_labels(found, language)
        assert len({label.split(":")[0] for label in labels}) == len(limits) + 1


def test_a_border_is_drawn_as_disputed_where_its_set_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    west = np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [5.0, 10.0], [0.0, 10.0], [0.0, 0.0]])
    east = np.array([[5.0, 0.0], [9.0, 0.0], [9.0, 10.0], [5.0, 10.0], [5.0, 5.0], [5.0, 0.0]])
    outlines = Boundaries({"AA": [[west]], "BB": [[east]]}, "made")
    file = tmp_path / "disputed.csv"
    head = "set,area,other,west,south,east,north,why\n"
    monkeypatch.setattr(borders, "find_project", lambda: type("P", (), {"entries": lambda _, __: {file.name: file}})())
    file.write_text(f"{head}ours,BB,AA,-180,0,180,5,north is agreed\nours,AA,CC,-180,-90,180,90,none\n", "utf-8")
    (line,) = disputed_lines(outlines, "ours")
    assert sorted(map(tuple, line.tolist())) == [(5.0, 0.0), (5.0, 5.0)]
    assert disputed_lines(outlines, "none") == []
    with pytest.raises(UsageError, match="no set of disputed borders 'our'; nearest: ours"):
        disputed_lines(outlines, "our")
    file.write_text(f"{head}ours,BB,AA,x,0,180,5,\n", "utf-8")
    with pytest.raises(UsageError, match="not a number"):
        disputed_lines(outlines, "ours")


def test_every_disputed_border_that_is_packaged_is_one_of_the_packaged_outlines() -> None:
    outlines = bundled_boundaries(None)
    assert all({row["area"], row["other"]} <= outlines.shapes.keys() and row["why"] for row in disputed_rows())
    assert len(disputed_lines(outlines)) > 300


def test_land_that_two_countries_claim_is_that_of_the_packaged_set() -> None:
    """Of the packaged outlines it is Crimea alone: between 32.5 and 36.6 degrees east, 44.4 and 46.2 north."""
    outlines = bundled_boundaries(None)
    (crimea,) = disputed_land(outlines)
    assert [*crimea[0].min(axis=0).round(1), *crimea[0].max(axis=0).round(1)] == [32.5, 44.4, 36.6, 46.2]
    assert disputed_land(outlines, "none") == []
