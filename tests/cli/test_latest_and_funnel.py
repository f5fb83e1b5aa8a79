"""``iccs latest`` and ``iccs funnel`` on the bundled release: words, JSON, pictures, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reader.plots.funnel import plot_funnel
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.small_areas import read_small_areas
from pipelines.system.settings import Settings


@pytest.fixture
def data(published: Path) -> str:
    return str(published.parent.parent)


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_the_violence_of_sinaloa_is_an_alert(capsys: pytest.CaptureFixture[str], data: str) -> None:
    """Sums of the rows of the file (homicidio doloso and feminicidio, state 25): 188, 176, 162."""
    found = _json(capsys, "latest", "0101", "--area", "Sinaloa", "--data", data)

    months = found["months"]
    assert isinstance(months, list)
    assert [(row["time_period"], row["value"], row["is_alert"]) for row in months] == [
        ("2024-10", 188, True),
        ("2024-11", 176, True),
        ("2024-12", 162, True),
    ]
    assert all(row["nowcast"] is None for row in months)
    assert str(found["no_nowcast"]).startswith("no nowcast: 1 edition of mx_sesnsp_victims kept")


def test_a_quiet_state_is_said_to_be_quiet(capsys: pytest.CaptureFixture[str], data: str, tmp_path: Path) -> None:
    picture = tmp_path / "latest.png"
    assert main(["latest", "0101", "--area", "MX-JAL", "--data", data, "--plot", str(picture), "--lang", "fr"]) == 0
    out = capsys.readouterr().out
    assert "aucun mois ne dépasse ce que le passé explique" in out
    assert "mois de toutes les séries testés dans cette version" in out
    # Of the links of the two categories that make it up, and of the source, whose last year is revised later.
    for caveat in ("femicide_counted_apart", "figures_revised_later", "legal_split_varies"):
        assert re.search(rf"réserve {caveat} \(.+\) : 2024-10–2024-12", out)
    assert picture.stat().st_size > 10_000


def test_an_annual_source_has_no_latest_months(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert main(["latest", "0101", "--area", "DE", "--data", data]) == 2
    assert "DE" in capsys.readouterr().err


def test_the_funnel_names_the_province_apart(capsys: pytest.CaptureFixture[str], data: str, tmp_path: Path) -> None:
    files = tmp_path / "funnel.png", tmp_path / "map.png"
    found = _json(
        capsys, "funnel", "0101", "--area", "Argentina", "--data", data, "--plot", str(files[0]), "--map", str(files[1])
    )
    assert found["outside"] == ["AR-S"]
    assert all(file.stat().st_size > 10_000 for file in files)
    rows = found["rows"]
    assert isinstance(rows, list)
    # Every smoothed rate lies between the recorded and the common one.
    for row in rows:
        low, high = sorted((row["rate_per_100k"], row["common_rate"]))
        assert low - 1e-9 <= row["smoothed_rate"] <= high + 1e-9


def test_an_area_that_is_not_in_the_funnel_is_named(capsys: pytest.CaptureFixture[str], data: str) -> None:
    """Río Negro: no rape in the file of 2023 after 152 in 2022, and so not reported; 1 other assault."""
    arguments = ["funnel", "0301", "--area", "AR", "--data", data]
    found = _json(capsys, *arguments)
    rows = found["rows"]
    assert isinstance(rows, list)
    assert found["left_out"] == ["AR-R"]
    assert "AR-R" not in {row["ref_area"] for row in rows}
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "left out, without a rate of that year that can be compared: AR-R" in out
    assert "caveat part_of_category: all areas" in out


def test_the_common_rate_is_that_of_the_country(data: str) -> None:
    found = read_small_areas(SeriesQuery("0101", "AR", source="ar_snic"), settings=Settings(data=Path(data)))
    events = sum(row["value"] for row in found.rows)
    people = sum(row["population"] for row in found.rows)
    assert found.common == pytest.approx(events / people * 100_000)
    assert len(found.rows) == 24


def test_too_few_areas_are_refused(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert main(["funnel", "0101", "--area", "MX", "--level", "admin2", "--data", data]) == 2
    assert "has no ten areas at level admin2" in capsys.readouterr().err


def test_boundaries_without_a_map_are_refused(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert main(["funnel", "0101", "--area", "AR", "--boundaries", "x.json", "--data", data]) == 2
    assert "--boundaries is for a map or neighbours: also give --map FILE or --method bym" in capsys.readouterr().err


def test_rates_that_lean_on_neighbours_stand_beside_the_others(
    capsys: pytest.CaptureFixture[str], data: str, tmp_path: Path
) -> None:
    """Santa Fe alone is surely above the rate of all; an island has no neighbour to lean on."""
    files = tmp_path / "bym.png", tmp_path / "bym_map.png"
    asked = "funnel", "0101", "--area", "AR", "--method", "bym", "--data", data
    found = _json(capsys, *asked, "--plot", str(files[0]), "--map", str(files[1]))
    assert all(file.stat().st_size > 10_000 for file in files)
    assert found["method"] == "bym"
    around = found["neighbourhood"]
    assert isinstance(around, dict)
    assert (around["pairs"], around["alone"]) == (43, ["AR-V"])
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [row["bym_rate"] for row in rows] == sorted((row["bym_rate"] for row in rows), reverse=True)
    for row in rows:
        assert row["bym_low"] < row["bym_rate"] < row["bym_high"]
        assert 0 <= row["bym_above"] <= 1
        # Of many events the recorded rate says nearly all: 4.6 with 829 events in Buenos Aires.
        assert row["value"] < 300 or row["bym_rate"] == pytest.approx(row["rate_per_100k"], rel=0.03)
    assert rows[0]["ref_area"] == "AR-S" and rows[0]["bym_above"] > 0.999
    unsure = found["limits_hold_common_rate"]
    assert isinstance(unsure, list)
    assert "AR-S" not in unsure and {row["ref_area"] for row in rows if 0.1 < row["bym_above"] < 0.9} <= set(unsure)

    assert main([*asked]) == 0
    out = capsys.readouterr().out
    assert "P above" in out and "43 pairs of neighbours in Natural Earth" in out
    assert "without neighbours, shrunk only towards the rate of all areas: AR-V" in out


def test_pictures_say_that_rates_lean_on_neighbours(data: str) -> None:
    settings = Settings(data=Path(data))
    found = read_small_areas(SeriesQuery("0101", "AR", source="ar_snic"), settings=settings, method="bym")
    for language, text in (
        ("en", "Smoothed towards the rates of neighbours and of all areas (BYM2, Riebler 2016). Without neighbours"),
        ("fr", "Lissé vers les taux des zones voisines et de l’ensemble (BYM2, Riebler 2016). Sans zone voisine"),
        ("es", "Suavizado hacia las tasas de las áreas vecinas y del conjunto (BYM2, Riebler 2016). Sin área vecina"),
    ):
        assert text in " ".join(plot_funnel(found, language, settings).text.split())


def test_outlines_without_common_borders_are_refused(
    capsys: pytest.CaptureFixture[str], data: str, tmp_path: Path
) -> None:
    """Two squares of other areas."""
    square = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
    features = [
        {"type": "Feature", "id": code, "geometry": {"type": "Polygon", "coordinates": square}} for code in ("X", "Y")
    ]
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    asked = "funnel", "0101", "--area", "AR", "--method", "bym", "--data", data
    assert main([*asked, "--boundaries", str(file)]) == 2
    said = capsys.readouterr().err
    assert "boundaries other.json: 24 of 24 areas share no border with another" in said
    assert "--method marshall" in said


def test_a_thousand_municipalities_can_be_read(data: str) -> None:
    """Forty of them far outside, side by side: no code covers another, and the foot promises no dashes."""
    settings = Settings(data=Path(data))
    found = read_small_areas(SeriesQuery("0101", "AR", source="ar_snic"), settings=settings)
    many = [
        {**found.rows[0], "ref_area": f"AR-X{n:04}", "population": 20_000.0 + 40 * n, "rate_per_100k": 5 + n % 3,
         "funnel": "inside", "chance": "inside"}
        for n in range(1_000)
    ] + [
        {**found.rows[0], "ref_area": f"AR-Y{n:04}", "population": 30_000.0 + 300 * n, "rate_per_100k": 90.0 + n % 4,
         "funnel": "above", "chance": "above"}
        for n in range(40)
    ]  # fmt: skip
    picture = plot_funnel(replace(found, level="admin2", rows=many), settings=settings)
    names = [text for text in picture.axes.texts if text.get_text().startswith("AR-Y")]
    boxes = [name.get_window_extent() for name in names]
    assert 2 <= len(names) <= 14
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert "1040 areas" in picture.text and "Dashes" not in picture.text
    few = plot_funnel(found, settings=settings)
    assert "Dashes: smoothed rates" in few.text
