"""``iccs map`` on the bundled data: every area has its outline, and what is missing is drawn as missing."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import matplotlib.pyplot as plt
import numpy as np
import pytest

from pipelines.cli.main import main
from pipelines.collect.boundaries import bundled_boundaries
from pipelines.reader.maps import map_boundaries, read_map_rates
from pipelines.reader.plots.map import plot_map
from pipelines.reader.plots.style import save_picture
from pipelines.reader.plots.trend import plot_trend
from pipelines.reader.release import query
from pipelines.reader.selection import SeriesQuery
from pipelines.system.settings import Settings
from schemas.errors import UsageError

pytestmark = pytest.mark.usefixtures("letters_as_text")


def _words(path: Path) -> str:
    """All text of an SVG, lines joined."""
    return " ".join(" ".join(ElementTree.parse(path).getroot().itertext()).split())  # noqa: S314 (our own)


@pytest.mark.parametrize("parent", ["MX", "AR", None])
def test_area_codes_join_fully(out: duckdb.DuckDBPyConnection, parent: str | None) -> None:
    """Every state of Mexico, province of Argentina and country of Eurostat; none has to be named as left out."""
    wanted = out.execute(
        "SELECT DISTINCT code FROM out.area JOIN out.rate ON ref_area = code WHERE CASE WHEN $parent IS NULL "
        "THEN area.area_level = 'country' AND source = 'eu_crim_off_cat' ELSE parent = $parent END",
        {"parent": parent},
    ).fetchall()
    assert len(wanted) == {"MX": 32, "AR": 24, None: 39}[parent]
    assert {code for (code,) in wanted} - bundled_boundaries(parent).shapes.keys() == set()


def test_rates_are_those_of_the_release_of_one_source_and_year(
    settings: Settings, out: duckdb.DuckDBPyConnection
) -> None:
    found = read_map_rates(SeriesQuery("0101", "AR", sex="F"), 2023, settings)
    assert (found.key.source, found.key.counting_unit, len(found.rows)) == ("ar_snic", "victim", 24)
    rates = dict(
        out.execute(
            "SELECT ref_area, rate_per_100k FROM out.rate WHERE source = 'ar_snic' AND iccs = '0101' AND sex = 'F' "
            "AND counting_unit = 'victim' AND time_period = '2023' AND area_level = 'admin1'"
        ).fetchall()
    )
    assert {code: row["rate_per_100k"] for code, row in found.rows.items()} == rates
    # The file has no woman killed in two provinces that year: a rate of zero, in the lowest class and not missing.
    assert [code for code, rate in sorted(rates.items()) if rate == 0] == ["AR-K", "AR-V"]
    assert {found.class_of(code) for code in ("AR-K", "AR-V")} == {0}
    assert found.missing == {}
    whole = out.execute(
        "SELECT rate_per_100k FROM out.rate WHERE source = 'ar_snic' AND iccs = '0101' AND sex = 'F' AND age = '_T' "
        "AND counting_unit = 'victim' AND time_period = '2023' AND ref_area = 'AR' AND weapon = '_T'"
    ).fetchall()
    assert found.whole is not None
    assert [(found.whole["rate_per_100k"],)] == whole
    sizes = [sum(found.class_of(code) == number for code in found.rows) for number in range(5)]
    assert min(sizes) >= 4


def test_what_is_missing_is_hatched_and_said(
    settings: Settings, out: duckdb.DuckDBPyConnection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "europe.svg"
    data = ["--data", str(settings.data), "--source", "eu_crim_off_cat"]
    assert main(["map", "0101", "--year", "2022", "--plot", str(path), *data]) == 0
    text = capsys.readouterr().out
    assert "no rate: GB United Kingdom, value missing" in text
    words = _words(path)
    assert "no rate (2)" in words
    assert "not zero" in words
    assert "no opinion on any border" in words
    (areas,) = out.execute(
        "SELECT string_agg(ref_area, ', ' ORDER BY ref_area) FROM out.rate WHERE source = 'eu_crim_off_cat' AND "
        "iccs = '0101' AND time_period = '2022' AND sex = '_T' AND caveats LIKE '%rate_population_differs%'"
    ).fetchone() or ("",)
    assert areas and f"({areas})" in words
    assert path.read_text(encoding="utf-8").count("<pattern") == 1  # one hatching, of the two countries and the legend
    found = read_map_rates(SeriesQuery("0101", source="eu_crim_off_cat"), 2022, settings)
    assert found.missing == {"GB": "value_missing", "XK": "value_missing"}


def test_a_country_that_publishes_first_is_not_alone_on_the_map(settings: Settings) -> None:
    """Mexico has 2024 and Argentina 2023 when Eurostat's last year is 2022."""
    found = read_map_rates(SeriesQuery("0101"), settings=settings)
    assert (found.key.source, found.year, len(found.rows)) == ("eu_crim_off_cat", 2022, 37)


def test_an_area_without_an_outline_is_named(settings: Settings, tmp_path: Path) -> None:
    found = read_map_rates(SeriesQuery("0101", "MX"), settings=settings)
    outlines = bundled_boundaries("MX")
    del outlines.shapes["MX-CMX"]
    path = tmp_path / "mexico.svg"
    save_picture(plot_map(found, outlines, "es", settings), path)
    words = _words(path)
    assert "Sin dibujar, por falta de contorno: Ciudad de México." in words


def test_boundaries_of_the_user_s_are_joined_by_a_property(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = [[-104, 19], [-103, 19], [-103, 21], [-104, 21], [-104, 19]]
    feature = {
        "type": "Feature",
        "properties": {"iso": "MX-JAL"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path = tmp_path / "own.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    picture = tmp_path / "own.png"
    arguments = ["map", "0101", "--area", "MX", "--data", str(settings.data), "--plot", str(picture)]
    assert main([*arguments, "--boundaries", str(path), "--property", "iso"]) == 0
    assert "not on the map (no outline): MX-AGU" in capsys.readouterr().out
    assert picture.stat().st_size > 10_000
    assert main([*arguments, "--boundaries", str(path), "--property", "name"]) == 2
    assert "its properties: iso" in capsys.readouterr().err
    feature["properties"] = {"iso": "Jalisco"}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"There: Jalisco; wanted: MX-AGU"):
        map_boundaries(read_map_rates(SeriesQuery("0101", "MX"), settings=settings), path, "iso")


def _name(written: str) -> str:
    """A name as written on a map without its lines and its star."""
    return written.replace("\n", " ").removesuffix("*").strip()


@pytest.mark.parametrize(
    ("area", "language", "style", "named", "coded"),
    [
        (None, "fr", "screen", {"Allemagne", "Italie", "Royaume-Uni"}, {"NL", "AL"}),
        ("AR", "es", "slides", {"Buenos Aires", "Santiago del Estero", "Chubut"}, {"T"}),
        ("MX", "en", "print", {"Chihuahua", "Nuevo León", "Guerrero"}, {"BCS", "SLP"}),
    ],
)
def test_names_on_the_map_lie_on_their_areas_and_apart(
    settings: Settings, area: str | None, language: str, style: str, named: set[str], coded: set[str]
) -> None:
    """Measured on the drawn letters: as wide as the renderer makes them, in the picture as it is saved."""
    found = read_map_rates(SeriesQuery("0101", area), settings=settings)
    outlines = map_boundaries(found)
    figure, axes = plot_map(found, outlines, language, settings, style=style)
    figure.canvas.draw()
    texts = [text for text in axes.texts if text.get_text() != "*"]
    words = {_name(text.get_text()) for text in texts}
    assert named <= words and coded <= words
    boxes = [text.get_window_extent() for text in texts]
    # Their rectangles, with the room below letters such as g, are half a point smaller than where they may touch.
    assert not [(one, other) for one, other in combinations(boxes, 2) if one.padded(-0.5).overlaps(other.padded(-0.5))]
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    land = {patch.get_gid(): patch.get_path() for patch in axes.patches if patch.get_gid()}
    for text, box in zip(texts, boxes, strict=True):
        (code,) = (one for one in found.codes if _name(text.get_text()) in (names[one], one.rpartition("-")[2]))
        spread = np.stack(np.meshgrid(np.linspace(box.x0, box.x1, 30), np.linspace(box.y0, box.y1, 12)), axis=-1)
        on_map = axes.transData.inverted().transform(spread.reshape(-1, 2))
        shares = {one: outline.contains_points(on_map).mean() for one, outline in land.items()}
        assert shares[code] > 0.5 and max(shares, key=lambda one: shares[one]) == code, (code, shares[code])
        assert text.get_text().endswith("*") == (code in found.rows and found.is_few(code))
    stars = [text.get_text() for text in axes.texts if text.get_text().endswith("*")]
    assert len(stars) == sum(map(found.is_few, found.rows))  # one of each, though a name had no room


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--area", "MX-JA"], "nearest: MX-JAL"),
        (["--area", "MX", "--year", "1990"], "there are rates from 2015 to 2024"),
        (["--area", "IT"], "no rate of 0101 below IT"),
        (["--area", "MX", "--source", "ar_snic"], "figures there are from mx_sesnsp_victims"),
        (["--area", "MX", "--boundaries", "x.json"], "also give --plot FILE"),
        (["--area", "MX", "--plot", "x.gif"], "must end in .png"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["map", "0101", *arguments, "--data", str(settings.data)]) == 2
    assert told in capsys.readouterr().err


def test_panels_and_maps_take_the_place_of_axes_of_the_caller(settings: Settings) -> None:
    """All they draw lies in the place of the axes given; what the caller drew beside it is as it was."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(18, 6))
    left.plot([1, 2], [3, 4])
    limits = left.get_xlim(), left.get_ylim()
    wanted = SeriesQuery("0101", "MX")
    found = read_map_rates(wanted, settings=settings)
    areas = plot_trend(wanted, by="area", settings=settings, ax=right)
    on_map = plot_map(found, map_boundaries(found), settings=settings, ax=middle)
    assert areas.figure is figure and on_map.figure is figure
    figure.canvas.draw()
    ends = [left.get_tightbbox().x1]
    for picture in (on_map, areas):
        axes = np.ravel(picture.axes).tolist()
        part = axes[0].get_figure(root=False)
        drawn = [one.get_tightbbox() for one in [*axes, *part.legends, *part.texts]]
        assert all(ends[-1] < box.x0 and box.x1 < part.bbox.x1 for box in drawn)
        ends.append(max(box.x1 for box in drawn))
        assert part.get_suptitle().replace("\n", " ") == picture.title
    assert (left.get_xlim(), left.get_ylim()) == limits and left.lines and left in figure.axes
    assert middle not in figure.axes and right not in figure.axes
    with pytest.raises(UsageError, match="created by subplots"):
        plot_map(found, map_boundaries(found), settings=settings, ax=figure.add_axes((0.1, 0.1, 0.2, 0.2)))
    plt.close(figure)
