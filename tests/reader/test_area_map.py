"""Maps of pages: what is shaded, hatched, named and marked."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from pipelines.collect.boundaries import bundled_boundaries
from pipelines.reader.site.area_map import AreaMap, KnownOutlines, draw_area_map


def _row(code: str, rate: float | None, **more: Any) -> dict[str, Any]:
    usual = {"name": f"Name of {code}", "time_period": "2024", "is_compared": True, "value": 100.0}
    return {"ref_area": code, "rate_per_100k": rate, "direction": None, **usual, **more}


def _states(**more: dict[str, Any]) -> list[dict[str, Any]]:
    """The states of Mexico with rates of 1, 2, 3 ... in the order of their codes, but for what is said of some."""
    codes = sorted(bundled_boundaries("MX").shapes)
    return [_row(code, float(place)) | more.get(code[3:], {}) for place, code in enumerate(codes, 1)]


def _paths(found: AreaMap | None, kind: str) -> list[ElementTree.Element]:
    assert found is not None
    svg = ElementTree.fromstring(str(found.picture))  # noqa: S314 (our own)
    return [one for one in svg.iter("path") if one.get("class") == kind]


def _extent(data: str) -> float:
    """Square units inside an outline: its rings are a point each, and steps from there."""
    whole = 0.0
    for ring in re.findall(r"M(-?\d+) (-?\d+)l([^z]*)z", data):
        steps = np.array(re.findall(r"-?\d+", ring[2]), dtype=float).reshape(-1, 2)
        points = np.vstack([[float(ring[0]), float(ring[1])], steps]).cumsum(axis=0)
        x, y = np.vstack([points, points[:1]]).T
        whole += abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2
    return whole


def test_each_area_has_its_shade_and_says_its_rate_and_course() -> None:
    marked: dict[str, Any] = {"JAL": {"direction": "rising"}, "YUC": {"direction": "inconclusive"}}
    found = draw_area_map(
        _states(**marked, COL={"value": 19.0}, CAM={"value": 20.0}), "MX", "Of", "en", KnownOutlines()
    )
    assert found is not None and found.year == "2024"
    sizes = [len(_paths(found, f"shade{place}")) for place in range(5)]
    assert sizes == [7, 6, 7, 6, 6] and sum(sizes) == 32
    # Rates of 1 to 32 in five classes: the limits are the 7th, 13th, 20th and 26th.
    assert [text for _, text in found.classes] == [
        "27.0 – 32.0 (6)", "21.0 – 26.0 (6)", "14.0 – 20.0 (7)", "8.00 – 13.0 (6)", "1.00 – 7.00 (7)",
    ]  # fmt: skip
    said = {one.text for place in range(5) for path in _paths(found, f"shade{place}") for one in path}
    assert {"Name of MX-AGU: 1.00", "Name of MX-JAL: 14.0, rising", "Name of MX-COL: 9.00 *"} <= said
    assert "*: count below 20." in found.notes and str(found.picture).count("*<") == 2  # rate and name of one
    assert len(_paths(found, "course-mark")) == 1  # inconclusive has none
    assert ("▲", "rising") in found.marks


@pytest.mark.parametrize(
    "other", [{"rate_per_100k": None}, {"time_period": "2023"}, {"is_compared": False}], ids=["none", "year", "apart"]
)
def test_an_area_without_a_rate_of_the_year_that_is_compared_is_hatched(other: dict[str, Any]) -> None:
    found = draw_area_map(_states(JAL=other), "MX", "Of", "en", KnownOutlines())
    assert len(_paths(found, "none")) == 1
    assert found is not None and any("Hatched" in note for note in found.notes)
    assert "MX-JAL:" not in str(found.picture)
    assert "Hatched" not in " ".join(getattr(draw_area_map(_states(), "MX", "Of", "en", KnownOutlines()), "notes", ()))


def test_areas_are_as_large_as_they_are() -> None:
    """Shares of the land of Mexico by INEGI (Cuéntame, superficie continental): 12.6, 9.1, 4.8 and 3.7 percent."""
    found = draw_area_map(_states(), "MX", "Of", "en", KnownOutlines())
    extents = {
        str(path[0].text).partition(":")[0].removeprefix("Name of MX-"): _extent(str(path.get("d")))
        for place in range(5)
        for path in _paths(found, f"shade{place}")
    }
    whole = sum(extents.values())
    for code, percent in {"CHH": 12.6, "SON": 9.1, "OAX": 4.8, "CHP": 3.7}.items():
        assert 100 * extents[code] / whole == pytest.approx(percent, abs=0.2), code


def test_countries_in_no_order_are_hatched_and_the_others_of_the_map_are_white() -> None:
    rows = [_row("FR", 1.2), _row("DE", 0.8), _row("IT", 0.5), _row("ES", 0.6, is_compared=False)]
    found = draw_area_map(rows, None, "Of", "fr", KnownOutlines())
    assert [len(_paths(found, kind)) for kind in ("shade0", "shade2", "shade4", "none")] == [1, 1, 1, 1]
    assert len(_paths(found, "land")) > 5
    assert found is not None and found.classes[0][1] == "1,20 (1)"


def test_there_is_no_map_without_outlines_or_of_one_area() -> None:
    rows = [_row("CO-05", 1.0), _row("CO-11", 2.0)]
    assert draw_area_map(rows, "CO", "Of", "en", KnownOutlines()) is None
    assert draw_area_map([_row("MX-JAL", 1.0), _row("MX-COL", None)], "MX", "Of", "en", KnownOutlines()) is None
    assert draw_area_map([], "MX", "Of", "en", KnownOutlines()) is None


def test_names_have_room_and_lie_apart() -> None:
    """Letters are at most 5.4 units wide, lines 11 high; where a name has no room, the end of the code stands."""
    found = draw_area_map(_states(), "MX", "Of", "en", KnownOutlines())
    assert found is not None
    svg = ElementTree.fromstring(str(found.picture))  # noqa: S314 (our own)
    names = [(float(one.get("x") or 0), float(one.get("y") or 0), str(one.text)) for one in svg.iter("text")]
    assert len(names) > 20 and {"AGU", "Name of MX-CHH"} <= {text for _, _, text in names}
    for place, (x, y, text) in enumerate(names):
        for other_x, other_y, other in names[place + 1 :]:
            assert abs(x - other_x) >= 5.4 * (len(text) + len(other)) / 2 or abs(y - other_y) >= 11
