"""``iccs estimates`` on a small release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.reader.plots.dark_figure import plot_dark_figure
from pipelines.run import Session, run_all
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.source import list_sources

SURVEY = """\
layouts:
  - files: ['survey.csv']
    read: {columns: [area, year, n, error]}
area_scheme: code
constants: {age: Y_GE15, national_code: HOM}
columns: {ref_area: area, time_period: year, value: n, standard_error: error}
measures:
  persons: {stage: experienced, counting_unit: victim, figures: estimate, universe: persons, sdg: "16.1.3"}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A survey of three years, and recorded victims of the last of them."""
    root = tmp_path_factory.mktemp("estimates")
    survey, police = Tiny(root, "xx_survey"), Tiny(root, "xx_police")
    survey.declare(SURVEY)
    police.declare_plain(scheme="code")
    path = police.sources / police.name / "source.yml"
    path.write_text(path.read_text().replace("*.csv", "police.csv"))
    survey.give("survey.csv", "area,year,n,error\nMX,2020,400,20\nMX,2021,500,30\nMX,2022,600,25\n")
    police.give("police.csv", "area,year,code,n\nMX,2022,HOM,150\n")
    with without_suite():
        folders = list(list_sources(survey.sources).values())
        assert not run_all(folders, Session(survey.settings, survey.given, source_folders=survey.sources)).refused
    return survey.settings.data


def test_figures_lines_and_recorded_counts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """150 recorded beside 600 with a standard error of 25: a quarter, from 150 / 649 to 150 / 551."""
    assert main(["estimates", "0101", "--areas", "Mexico", "--data", str(data), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert [row["estimate"] for row in found["figures"]] == [400, 500, 600]
    assert [line["direction"] for line in found["lines"]] == ["inconclusive"]  # three points, 1 degree of freedom
    (beside,) = found["beside"]
    assert (beside["recorded"], beside["recorded_share"]) == (150, 0.25)
    assert beside["recorded_share_low"] == pytest.approx(150 / (600 + 1.959964 * 25))
    assert beside["recorded_share_high"] == pytest.approx(150 / (600 - 1.959964 * 25))
    assert "persons (Y_GE15), the police count is of everybody" in beside["differences"]


def test_tables_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimates", "--sdg", "16.1.3", "--data", str(data)]) == 0

    printed = capsys.readouterr().out
    assert "persons Y_GE15" in printed
    assert "2020-2022, n = 3, +100 a year" in printed
    assert "recorded" not in printed  # an indicator as published, and nothing beside it


def test_what_is_not_there_is_named_with_the_nearest(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimates", "0102", "--data", str(data)]) == 2

    assert "no estimates of this category 0102 (nearest: 0101" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_picture_of_both_sides_says_what_keeps_them_apart(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    """150 recorded over 600 (551 to 649): 25.0 % (23.1 to 27.2)."""
    target = tmp_path / "dark.png"
    given = ["--areas", "MX", "--plot", str(target), "--lang", language, "--data", str(data)]
    assert main(["estimates", "0101", *given]) == 0

    assert target.stat().st_size > 10_000
    assert "picture" in capsys.readouterr().out
    picture = plot_dark_figure("0101", "MX", language=language, settings=Settings(data=data))
    share = {"en": "25.0 % (23.1 % to 27.2 %", "fr": "25,0", "es": "25,0 % (23,1 % a 27,2 %"}[language]
    assert share in picture.text
    assert {"en": "never one series", "fr": "jamais une seule série", "es": "nunca una sola serie"}[
        language
    ] in picture.text
    experienced, recorded, _ = picture.axes
    heights = [[list(line.get_ydata()) for line in axes.get_lines()] for axes in (experienced, recorded)]
    assert heights[1] == [[150]]
    assert [600] in heights[0]  # of the year with both; years without a count are in neither panel
    assert experienced.get_ylim() == recorded.get_ylim()


@pytest.mark.parametrize("given", [["0101"], ["--areas", "MX"], ["0101", "--areas", "MX", "--sex", "F"]])
def test_a_picture_is_of_one_category_and_area_with_both_sides(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    target = tmp_path / "dark.png"

    assert main(["estimates", *given, "--plot", str(target), "--data", str(data)]) == 2
    assert capsys.readouterr().err
    assert not target.exists()
