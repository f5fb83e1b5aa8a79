"""``iccs estimates`` on a small release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from languages import assert_no_english
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.reader.plots.dark_figure import plot_dark_figure
from pipelines.reader.series.estimates import read_estimates
from pipelines.run import run_all
from pipelines.session import Session
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
REPORTED = """\
layouts:
  - files: ['reported.csv']
    read: {columns: [area, year, n, error]}
area_scheme: code
constants: {age: Y_GE15, national_code: HOM}
columns: {ref_area: area, time_period: year, value: n, standard_error: error}
measures:
  reported_share: {stage: experienced, counting_unit: victim, figures: estimate, unit: percent, universe: victims}
"""
SEVERAL = """\
layouts:
  - files: ['several.csv']
    read: {columns: [area, year, what, ages, n, error]}
area_scheme: code
constants: {national_code: HOM}
columns: {ref_area: area, time_period: year, measure: what, age: ages, value: n, standard_error: error}
measures:
  persons:
    {stage: experienced, counting_unit: victim, figures: estimate, universe: persons, reference_period: last_12_months}
  events:
    {stage: experienced, counting_unit: incident, figures: estimate, universe: persons,
     reference_period: last_12_months}
  homes:
    {stage: experienced, counting_unit: household, figures: estimate, universe: households,
     reference_period: calendar_year}
  rate: {stage: experienced, counting_unit: victim, figures: estimate, unit: per_1000, universe: persons}
"""
"""Persons once each, events, households: three series; a rate, which stands beside no count; and one age group."""
TOLD = """\
area,year,what,ages,n,error
AR,2022,persons,15 +,1000,100
AR,2022,persons,15-29,400,80
AR,2022,events,15 +,1500,200
AR,2022,homes,all,800,50
AR,2021,rate,15 +,26,
AR,2022,rate,15 +,25,2
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A survey of three years, and recorded victims of the last of them."""
    root = tmp_path_factory.mktemp("estimates")
    survey, police, several = Tiny(root, "xx_survey"), Tiny(root, "xx_police"), Tiny(root, "xx_several")
    survey.declare(SURVEY)
    several.declare(SEVERAL, values="age,15 +,Y_GE15,\nage,15-29,Y15T29,\nage,all,_T,\n")
    several.give("several.csv", TOLD)
    reported = Tiny(root, "xx_reported")
    reported.declare(REPORTED)
    reported.give("reported.csv", "area,year,n,error\nCL,2021,40,5\nCL,2022,48,5\n")
    police.declare_plain(scheme="code")
    path = police.sources / police.name / "source.yml"
    path.write_text(path.read_text().replace("*.csv", "police.csv"))
    survey.give("survey.csv", "area,year,n,error\nMX,2020,400,20\nMX,2021,500,30\nMX,2022,600,25\nCL,2022,600,25\n")
    police.give("police.csv", "area,year,code,n\nMX,2022,HOM,150\nCL,2022,HOM,150\nAR,2022,HOM,300\n")
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
    assert "persons (Y_GE15), the police count covers everybody" in beside["differences"]


def test_every_measure_of_a_survey_is_a_series_of_its_own(data: Path) -> None:
    """Of the group of 15 to 29 there is no share of everybody's count, and of the rate none at all."""
    settings = Settings(data=data)

    beside = read_estimates("0101", ["AR"], settings=settings).beside

    columns = ("measure", "survey_counting_unit", "universe", "age", "reference_period", "recorded_share")
    assert {tuple(row[name] for name in columns) for row in beside} == {
        ("persons", "victim", "persons", "Y_GE15", "last_12_months", 300 / 1000),
        ("events", "incident", "persons", "Y_GE15", "last_12_months", 300 / 1500),
        ("homes", "household", "households", "_T", "calendar_year", 300 / 800),
    }
    said = {row["measure"]: row["differences"] for row in beside}
    assert "victims, each once however often the offence was experienced, the police victims" in said["persons"]
    assert (
        "people were asked about the 12 months before the interview, the police count is for the year" in said["events"]
    )
    assert "each once" not in said["events"] and "asked about" not in said["homes"]
    assert (
        "the period about which people were asked is not declared"
        in read_estimates("0101", ["MX"], settings=settings).beside[0]["differences"]
    )

    picture = plot_dark_figure("0101", "AR", settings=settings)
    experienced, recorded, share = picture.axes
    points = [[list(line.get_ydata()) for line in axes.get_lines() if line.get_linestyle() == "None"]
              for axes in (experienced, recorded, share)]  # fmt: skip
    assert sorted(points[0]) == [[800], [1000], [1500]]
    assert points[1] == [[300]]
    assert sorted(points[2]) == [[20], [pytest.approx(30)], [37.5]]
    names = [text.get_text() for text in experienced.get_legend().get_texts()]
    assert [name.split(", ")[2] for name in names] == [
        "events\n(incident; persons",
        "homes\n(household; households)",
        "persons\n(victim; persons",
    ]
    # Of three survey series there are too many numbers for a line above the panel: they are in the foot.
    assert share.get_title("left") == "Recorded over estimated"
    assert "asked about the calendar year" in picture.text
    assert "37.5 % (33.4 % to 42.7 %" in picture.text  # 300 / (800 +- 1.96 x 50)


def test_shares_stand_in_the_picture_as_numbers_with_their_limits(data: Path) -> None:
    """150 recorded over 600 (551 to 649); and 48 % of those robbed, plus and minus 1.96 times 5, told a survey."""
    settings = Settings(data=data)
    experienced, _, share = plot_dark_figure("0101", "CL", settings=settings).axes
    assert share.get_title("left").replace("\N{NO-BREAK SPACE}", " ").endswith("\n2022: 25.0 % (23.1-27.2)")
    assert (
        experienced.get_title("left")
        .replace("\N{NO-BREAK SPACE}", " ")
        .endswith("\nreported to the police, 2022: 48.0 % (38.2-57.8)")
    )


def test_tables_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimates", "--sdg", "16.1.3", "--data", str(data)]) == 0

    printed = capsys.readouterr().out
    assert "persons Y_GE15" in printed
    assert "2020-2022, n = 3, +100 a year" in printed
    assert "recorded" not in printed  # an indicator as published, and nothing beside it


@pytest.mark.parametrize("language", ["fr", "es"])
def test_tables_have_no_english_in_other_languages(
    data: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    said = {}
    for one in ("en", language):
        assert main(["estimates", "--lang", one, "--data", str(data)]) == 0
        said[one] = capsys.readouterr().out
    assert_no_english(said[language], said["en"], language, frozenset({"persons", "events", "rate"}))


def test_names_mean_their_codes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Titles and labels are those of iccs.csv and sex.csv, in any of three languages."""
    asked = ["estimates", "homicidio INTENCIONAL", "--sex", "total", "--areas", "Chili", "--data", str(data), "--json"]
    assert main(asked) == 0
    assert {row["ref_area"] for row in json.loads(capsys.readouterr().out)["figures"]} == {"CL"}
    assert main([*asked[:3], "nobody", *asked[4:]]) == 2
    assert "unknown sex 'nobody'; there are: F, M, _O, _T, _U, _Z" in capsys.readouterr().err
    assert main(["trend", "0101", "--area", "MX", "--sex", "femmes", "--data", str(data)]) == 2
    assert "no annual series of 0101 in MX, sex F" in capsys.readouterr().err
    unit = ["--stage", "Recorded", "--unit", "Víctima", "--json"]
    assert main(["trend", "0101", "--area", "MX", *unit, "--data", str(data)]) == 0
    assert {row["counting_unit"] for row in json.loads(capsys.readouterr().out)["series"]} == {"victim"}
    assert main(["trend", "0101", "--area", "MX", "--unit", "offences", "--data", str(data)]) == 2
    said = "no annual series of 0101 in MX, sex _T with unit offence; there are: xx_police: recorded victims"
    assert said in capsys.readouterr().err
    assert main(["trend", "homicide", "--area", "MX", "--data", str(data)]) == 2
    assert "0101 Intentional homicide" in capsys.readouterr().err
    assert main(["codes", "Other acts against liberty"]) == 2
    assert "several categories are called 'Other acts against liberty': 02029, 020299" in capsys.readouterr().err


def test_caveats_stand_below_the_figures_that_carry_them(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rate of 2021 has no error."""
    assert main(["estimates", "0101", "--areas", "AR", "--data", str(data)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("caveat ")]
    assert lines == ["caveat sampling_error_not_given: AR 2021"]


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
    printed = capsys.readouterr().out
    assert {"en": "picture", "fr": "image", "es": "imagen"}[language] in printed
    told = {"en": "covers everybody", "fr": "l’effectif de la police sur l’ensemble", "es": "a toda la población"}
    assert [one for one, text in told.items() if text in printed] == [language]
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
