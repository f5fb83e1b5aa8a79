"""``iccs evidence``: results on programmes as their authors state them; the rows are written here."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.share.leave import make_package
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.source import list_sources

EVALUATIONS = """\
programme,ref_area,started,iccs,study_design,compared_with,effect_measure,effect,effect_low,effect_high,effect_confidence_percent,cannot_tell,said_by,share_level
Lamps,MX,2019-04,0501,randomised,lots without,rate_ratio,0.8,0.6,1.05,95,the long term,An office,public
Patrols,AU,2020,0101,before_after,,percent_change,-12,,,,other causes,A police,
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a project with two results on programmes."""
    root = tmp_path_factory.mktemp("evidence")
    (root / "iccs.toml").touch()
    (root / "evaluations.csv").write_text(EVALUATIONS, encoding="utf-8")
    tiny = Tiny(root)
    tiny.declare_plain(scheme="code")
    tiny.give("t.csv", "area,year,code,n\nMX,2022,HOM,150\n")
    folders = list(list_sources(tiny.sources).values())
    with pytest.MonkeyPatch.context() as patch, without_suite():
        patch.setenv("ICCS_PROJECT", str(root))
        assert not run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources)).refused
    return tiny.settings.data


def test_each_result_has_its_interval_or_says_that_it_has_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "--data", str(data)]) == 0

    printed = capsys.readouterr().out
    assert "rate ratio 0.8 (0.6 to 1.05, 95 %)" in printed
    assert "percent change -12, no interval" in printed
    assert "Patrols: lacks: interval; comparison; cannot tell: other causes" in printed
    assert "Lamps: cannot tell: the long term" in printed


def test_in_another_language_with_its_separators(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "--lang", "fr", "--data", str(data)]) == 0

    printed = " ".join(capsys.readouterr().out.split())
    assert "Rapport de taux 0,8 (0,6 à 1,05, 95 %)" in printed
    assert "Variation en pourcentage -12, sans intervalle" in printed
    assert "Patrols : il manque : un intervalle ; une comparaison ; ne montre pas : other causes" in printed
    assert "0501 Cambriolage" in printed


def test_of_one_category_and_area_for_machines(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "05", "--areas", "Mexico", "--json", "--data", str(data)]) == 0

    (row,) = json.loads(capsys.readouterr().out)
    assert (row["programme"], row["effect"], row["title"]) == ("Lamps", 0.8, "Burglary")


def test_what_is_not_there_is_said_with_what_is(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "0401", "--data", str(data)]) == 2

    assert "0101 in AU; 0501 in MX" in capsys.readouterr().err


def test_a_package_has_the_results_that_its_level_allows(data: Path, tmp_path: Path) -> None:
    """The second result says nothing of its level: it stays in the office, as figures of persons would."""
    folders = list_sources(data.parent / "sources")

    make_package(folders, "public", "a reader", Settings(data=data, threads=1), tmp_path / "package")

    (file,) = (tmp_path / "package").glob("*.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute("SELECT programme, share_level FROM out.evaluation").fetchall()
    assert found == [("Lamps", "public")]
    assert (tmp_path / "package" / "data" / "evaluation.csv").is_file()
