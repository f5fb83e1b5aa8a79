"""A point at which far more incidents are than at any other; the incidents at each point are counted here."""

from __future__ import annotations

import json

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect

SQUARE = [[-104, 20], [-103, 20], [-103, 21], [-104, 21], [-104, 20]]
SPREAD = [f"{-103.9 + step / 200:.3f},20.5" for step in range(80)]


@pytest.mark.parametrize(
    ("piled", "found"),
    [
        (["-103.5,20.25"] * 25, "a.csv: 25 of 105 incidents are at one point, and 1 at the next in number"),
        (["-103.5,20.25"] * 25 + ["-103.4,20.25"] * 10, ""),  # several stations, or a city: nothing stands out
        (["-103.5,20.25"] * 10, ""),
        ([","] * 30, ""),  # blank, and declared as unknown
    ],
    ids=["one point", "two points", "few", "blank"],
)
def test_one_point_of_many_incidents_may_stand_for_an_unknown_place(tiny: Tiny, piled: list[str], found: str) -> None:
    folder = tiny.declare(
        "kind: incident\nlayouts: [{files: ['*.csv'], read: {columns: [day, lon, lat]}}]\narea_scheme: inegi\n"
        "columns: {time_period: day, longitude: lon, latitude: lat}\nconstants: {national_code: HOM}\nrows: events\n"
        "boundaries: {file: areas.geojson, area_property: code}\nmeasures: {victims: {counting_unit: victim}}\n",
        values="ref_area,,MX-_U,\n",
    )
    area = {"type": "Feature", "properties": {"code": "14"}, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    outlines = {"type": "FeatureCollection", "features": [area]}
    folder.folder.joinpath("areas.geojson").write_text(json.dumps(outlines), encoding="utf-8")
    rows = [f"2023-0{1 + place % 9}-05,{point}" for place, point in enumerate([*SPREAD, *piled])]
    tiny.give("a.csv", "\n".join(["day,lon,lat", *rows]) + "\n")
    source, settings = tiny.source, tiny.settings
    incidents = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        outcomes = account(source, incidents, connection, settings, tiny.work).outcomes
    (outcome,) = (one for one in outcomes if one.rule == "points_piled")
    assert (outcome.outcome, outcome.detail) == ("warned" if found else "passed", found)
