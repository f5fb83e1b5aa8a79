"""``iccs init``: a folder that is a project, whose example runs, and in which nothing is replaced."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from pipelines.cli.main import build_parser, main
from pipelines.project.new_project import LISTED
from pipelines.system.settings import Settings, load_settings
from schemas.project import SETTINGS
from schemas.source import list_sources

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ICCS_PROJECT", "ICCS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["init", "office"]) == 0
    monkeypatch.chdir(tmp_path / "office")
    return tmp_path / "office"


@pytest.mark.slow
def test_the_example_runs_and_gives_the_figures_of_its_file(office: Path) -> None:
    assert main(["run"]) == 0
    with (office / "data/input/xx_example_offences/offences_2024.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter=";") if row["Region"] != "Total"]
    sums = Counter[tuple[str, str]]()
    for row in rows:
        sums["0101" if row["Offence"] == "Murder" else "0401", row["Year"]] += int(row["Victims"])
    with duckdb.connect(str(office / "data/published/crime.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT iccs, time_period, value FROM out.rate "
            "WHERE ref_area = 'XX' AND sex = '_T' AND iccs IN ('0101', '0401') AND rate_per_100k IS NOT NULL"
        ).fetchall()
        by_sex = connection.execute(
            "SELECT DISTINCT sex FROM out.rate WHERE ref_area = 'XX' AND rate_per_100k IS NOT NULL ORDER BY sex"
        ).fetchall()
    assert {(iccs, year): value for iccs, year, value in found} == dict(sums)
    assert by_sex == [("F",), ("M",), ("_T",)]


def test_every_setting_is_in_the_file_commented_with_its_default(office: Path) -> None:
    lines = (office / "iccs.toml").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("#") or not line for line in lines)
    given = dict(line.removeprefix("# ").split(" = ", 1) for line in lines if " = " in line)
    assert given.keys() == SETTINGS.keys()
    (office / "iccs.toml").write_text("\n".join(f"{key} = {value}" for key, value in given.items()), encoding="utf-8")
    assert load_settings() == Settings(data=office / "data")


def test_nothing_is_replaced(office: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "."]) == 2
    assert "is already a project" in capsys.readouterr().err
    assert main(["init", "sources/inner"]) == 2
    assert "is inside the project" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "README.md").write_text("mine", encoding="utf-8")
    assert main(["init", str(tmp_path / "other")]) == 2
    assert "has README.md already, and nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["README.md"]


def test_the_demonstration_is_what_the_checkout_has(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["init", ".", "--demo", "--json"]) == 0
    written = {Path(path).relative_to(office / "data") for path in json.loads(capsys.readouterr().out)["written"]}
    bundled = {path.relative_to(ROOT / "data") for path in (ROOT / "data" / "input").rglob("*") if path.is_file()}
    assert written == {*bundled, Path("README.md")}
    assert all((office / "data" / path).read_bytes() == (ROOT / "data" / path).read_bytes() for path in written)
    (office / "data" / "README.md").write_text("mine", encoding="utf-8")
    assert main(["init", ".", "--demo"]) == 2
    assert "with other content; nothing is overwritten" in capsys.readouterr().err


def test_the_demonstration_goes_into_the_data_folder_of_the_project(office: Path) -> None:
    (office / "iccs.toml").write_text('data = "figures"\n', encoding="utf-8")
    assert main(["init", ".", "--demo"]) == 0
    assert (office / "figures" / "input" / "ar_snic" / "snic-provincias.csv.gz").is_file()
    assert not (office / "data" / "input" / "ar_snic").exists()


def test_the_files_given_on_are_those_that_are_listed() -> None:
    """In wheels, source archives and projects: a file that lies beside the inputs by chance is nobody else's."""
    packed = re.findall(r"include data/input/(\S+)", (ROOT / "MANIFEST.in").read_text(encoding="utf-8"))
    listed = LISTED.findall((ROOT / "data" / "README.md").read_text(encoding="utf-8"))
    assert sorted(packed) == sorted(listed)
    assert "graft" not in (ROOT / "MANIFEST.in").read_text(encoding="utf-8")


def test_the_sources_are_listed_with_where_they_are_from(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = office / "sources" / "ar_snic"
    folder.mkdir()
    (folder / "source.yml").write_text("title: 5\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["sources", "list", "--json"]) == 0
    rows = {row["source"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["xx_example_offences"]["from"] == "project"
    assert (rows["ar_snic"]["from"], rows["ar_snic"]["kind"]) == ("project, in place of the package's", "not valid")
    assert rows["wb_population"]["from"] == "package"
    assert main(["sources", "show", "xx_example_offences"]) == 0
    assert str(office / "sources" / "xx_example_offences" / "concordance.csv") in capsys.readouterr().out


@pytest.mark.slow
def test_figures_of_a_source_that_is_gone_are_named(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "xx_example_population"]) == 0
    assert "xx_example_population" in list_sources()
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["run", "--data", "office/data"]) == 1
    assert "not in the release: xx_example_population; the data folder has figures" in capsys.readouterr().err


def test_the_examples_of_operations_start_a_command_that_there_is(office: Path) -> None:
    unit = (office / "operations" / "iccs.service").read_text(encoding="utf-8")
    image = (office / "operations" / "Containerfile").read_text(encoding="utf-8")
    started = re.findall(r"^ExecStart=\S+/iccs (.*)$", unit, re.MULTILINE)
    started += [shlex.join(json.loads(line)[1:]) for line in re.findall(r"CMD (\[.*\])$", image, re.MULTILINE)]
    assert len(started) == 3
    for line in started:
        build_parser().parse_args(shlex.split(line))
