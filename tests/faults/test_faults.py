"""Bad input: one tiny file a fault, and beside it (``<fault>.expected.yml``) what the user must be told.

Each fault meets a data folder that already holds a good release. It must be refused with the place, the rule and the
remedy, leave that release as it is, and keep the rejected cells in quarantine. README.md explains the fields.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

import pipelines.run
import schemas.source
from pipelines.cli.main import main
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.declarations import load_rules
from schemas.source import find_sources, list_sources

HERE = Path(__file__).parent
GOOD_SOURCES = ["ar_snic", "co_dane_population", "co_policia_homicides", "mx_sesnsp_victims"]
FAULTS = sorted(path.name.removesuffix(".expected.yml") for path in HERE.glob("*.expected.yml"))
FIELDS = {"sheet": None, "row": None, "column": None, "value": None, "file": None, "nearest": (), "cells": 1}


def _run(names: list[str], data: Path, directory: Path, source_folders: Path | None = None) -> RunResult:
    return run_all(
        find_sources(names, source_folders),
        Session(Settings(data=data), directory, source_folders=source_folders),
    )


def _contents(data: Path) -> dict[str, bytes]:
    """Everything a release consists of: the published file, and the vintages with their pointers."""
    kept = [path for name in ("core", "published") for path in (data / name).rglob("*") if path.is_file()]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture(scope="module", autouse=True)
def _without_the_suite() -> Iterator[None]:
    """Leave out the suite of Great Expectations: it is loaded for seconds, and every fault here is found before it."""
    with without_suite():
        yield


@pytest.fixture(scope="module")
def good_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a release made from ``good/``, the files that the faults differ from in one thing."""
    data = tmp_path_factory.mktemp("good") / "data"
    result = _run(GOOD_SOURCES, data, HERE / "good")
    assert [refusal.message for refusal in result.refused] == []
    assert result.publication is not None
    return data


class Case:
    """One fault, its bad files laid out as a user would have them, and a data folder of its own."""

    def __init__(self, fault: str, folder: Path, good: Path) -> None:
        declared: dict[str, Any] = yaml.safe_load((HERE / f"{fault}.expected.yml").read_text(encoding="utf-8"))
        self.source: str = declared["source"]
        self.problems: list[dict[str, Any]] = declared["problems"]
        self.says: list[str] = declared.get("says", [])
        self.quarantine: list[dict[str, Any]] | None = declared.get("quarantine")
        self.source_folders = HERE / declared["sources"] if "sources" in declared else None
        self.data = folder / "data"
        self.input = folder / "given"
        shutil.copytree(good, self.data)
        for bad, given_as in declared["files"].items():
            target = self.input / given_as
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HERE / bad, target)

    def run(self) -> RunResult:
        return _run([self.source], self.data, self.input, self.source_folders)

    def quarantined(self) -> Counter[tuple[object, ...]] | None:
        paths = [str(path) for path in (self.data / "quarantine" / self.source).glob("*.parquet")]
        if not paths:
            return None
        with duckdb.connect() as connection:
            rows = connection.execute(
                "SELECT file, row, column_name, value, rule FROM read_parquet($paths)", {"paths": paths}
            ).fetchall()
        return Counter(tuple(row) for row in rows)

    def expected_quarantine(self) -> Counter[tuple[object, ...]] | None:
        if self.quarantine is None:
            return None
        return Counter(
            {
                tuple(cell[name] for name in ("file", "row", "column", "value", "rule")): cell["cells"]
                for cell in self.quarantine
            }
        )

    def missing_from(self, said: str) -> list[str]:
        """What a person must be told of the fault, and is not."""
        wanted = [*self.says]
        for problem in self.problems:
            rule = load_rules()[problem["rule"]]
            place = [f"source {self.source}"]
            place += [f"file {problem['file']}"] if "file" in problem else []
            place += [f"sheet {problem['sheet']}"] if "sheet" in problem else []
            place += [f"row {problem['row']}"] if "row" in problem else []
            place += [f"column {problem['column']!r}"] if "column" in problem else []
            place += [f"value {problem['value']!r}"] if "value" in problem else []
            wanted += [", ".join(place), problem["rule"], rule.reason, rule.what_to_do, *problem.get("nearest", [])]
        return [part for part in wanted if part not in said]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, good_release: Path) -> Case:
    return Case(request.param, tmp_path, good_release)


def _tell(problem: dict[str, Any], source: str) -> dict[str, Any]:
    given = {**FIELDS, "source": source, **problem}
    return {name: tuple(given[name]) if name == "nearest" else given[name] for name in ("rule", "source", *FIELDS)}


@pytest.mark.parametrize("case", FAULTS, indirect=True)
def test_fault_is_refused_with_place_rule_and_remedy(case: Case) -> None:
    before = _contents(case.data)

    result = case.run()

    (refusal,) = result.refused
    assert refusal.source == case.source
    told = [{name: problem[name] for name in ("rule", "source", *FIELDS)} for problem in refusal.problems]
    assert sorted(told, key=repr) == sorted((_tell(problem, case.source) for problem in case.problems), key=repr)
    assert _contents(case.data) == before, "a refused source must leave the last good release as it is"
    assert result.publication is None
    assert case.missing_from(refusal.message) == []
    assert case.quarantined() == case.expected_quarantine()
    assert not (case.data / ".iccs-work" / case.source).exists()


# The command prints the message that every fault is tried for above.
@pytest.mark.parametrize("case", FAULTS[::6], indirect=True)
def test_command_tells_people_and_ends_with_1(
    case: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _contents(case.data)
    if case.source_folders is not None:  # the command reads the sources of the package; a test's own take their place
        own = partial(list_sources, case.source_folders)
        monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own())
        monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: own())

    code = main(["run", case.source, "--from", str(case.input), "--data", str(case.data)])

    said = capsys.readouterr().err
    assert code == 1
    assert "Traceback" not in said
    assert _contents(case.data) == before
    assert case.missing_from(said) == []


@pytest.mark.parametrize("case", ["negative_count"], indirect=True)
def test_corrected_file_is_published_and_its_quarantine_goes(case: Case) -> None:
    (refused,) = case.run().refused
    assert refused.problems[0]["rule"] == "count_negative"
    path = case.input / "IDVFC_NM_dic24.csv"
    path.write_bytes(path.read_bytes().replace(b"-2", b"20"))

    corrected = case.run()

    assert corrected.refused == ()
    assert corrected.publication is not None
    assert case.quarantined() is None


@pytest.mark.parametrize("case", ["negative_count"], indirect=True)
def test_other_sources_go_on_when_one_is_refused(case: Case) -> None:
    changed = HERE / "good" / "snic-provincias.csv"
    (case.input / changed.name).write_bytes(changed.read_bytes().replace(b"dolosos,8,", b"dolosos,9,"))

    result = _run(["ar_snic", case.source], case.data, case.input)

    assert result.loaded == ("ar_snic",)
    assert [refusal.source for refusal in result.refused] == [case.source]
    with duckdb.connect(str(result.published), read_only=True) as connection:
        cells = connection.execute(
            "SELECT source, sum(value) FROM out.observation WHERE iccs = '0101' AND area_level = 'admin1' "
            "AND freq = 'A' AND sex = '_T' AND age = '_T' AND weapon = '_T' "
            "AND (source, counting_unit) IN (('ar_snic', 'offence'), ('mx_sesnsp_victims', 'victim')) "
            "GROUP BY source ORDER BY source"
        ).fetchall()
    assert cells == [("ar_snic", 9 + 5), ("mx_sesnsp_victims", 52 + 9 + 3 + 3)]  # Mexico as last released


@pytest.mark.parametrize("case", ["missing_column"], indirect=True)
def test_machines_get_the_same_problems_as_json(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["run", case.source, "--from", str(case.input), "--data", str(case.data), "--json"])

    out = capsys.readouterr().out
    (refused,) = json.loads(out)["refused"]
    (problem,) = refused["problems"]
    assert code == 1
    assert problem["column"] == "Rango de edad"
    assert problem["nearest"] == ["Rango edad"]
    assert problem["what_to_do"] == load_rules()["missing_column"].what_to_do
