"""Situations that users of crime statistics report in public, each with the law that must hold in it.

A case is a folder beside this file: a small source, the files it is given, and ``expect.yml``, what must come of it.
``README.md`` in this folder has the form. Cases run as the command runs them, in this process; only where ``publish``
asks for it a release is built, which takes longer than all steps before. Every expected figure is one that a person
reads in the input file.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

import pipelines.run
import schemas.source
from pipelines.cli.main import main
from pipelines.publish.build import load_lists, load_vintage
from pipelines.publish.published_schema import create_tables
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.source import SourceFolder, list_sources

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/expect.yml"))


@dataclass(frozen=True)
class Expected:
    """What ``expect.yml`` says; README.md explains the keys."""

    commands: tuple[tuple[str, ...], ...] = ()
    publish: bool = False
    exit: int = 0
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()
    queries: tuple[dict[str, Any], ...] = ()
    warns: dict[str, str] = field(default_factory=dict)
    quiet: tuple[str, ...] = ()


@dataclass
class Case:
    """One case in a folder of its own, and what it left there."""

    name: str
    work: Path
    tables: Path
    sources: dict[str, SourceFolder]

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def expected(self) -> Expected:
        return Expected(**yaml.safe_load(self.folder.joinpath("expect.yml").read_text(encoding="utf-8")))

    def commands(self) -> list[list[str]]:
        places = {"input": str(self.work / "input"), "data": str(self.work / "data"), "work": str(self.work)}
        own = [path.name for path in sorted(self.folder.glob("source/*"))]
        commands = self.expected.commands or (("run", *own, "--from", "{input}", "--data", "{data}"),)
        return [[part.format(**places) for part in command] for command in commands]

    def open_out(self) -> duckdb.DuckDBPyConnection:
        """Return schema ``out`` with what the sources of the case stored, or the release where one was published."""
        settings = Settings(data=self.work / "data")
        if self.expected.publish:
            return duckdb.connect(str(settings.published), read_only=True)
        shutil.copyfile(self.tables, self.work / "cases.duckdb")
        connection = duckdb.connect(str(self.work / "cases.duckdb"))
        for name, folder in self.sources.items():
            if (vintage := current_vintage(name, settings)) is not None:
                load_vintage(connection, vintage, folder)
        return connection


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, one_engine: None) -> Path:
    """An empty database with the tables and code lists of ``out``, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "cases.duckdb"
    with duckdb.connect(str(path)) as connection:
        create_tables(connection)
        load_lists(connection)
    return path


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, tables: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    folder = HERE / request.param
    if folder.joinpath("input").is_dir():
        shutil.copytree(folder / "input", tmp_path / "input")
    sources = {**list_sources(), **(list_sources(folder / "source") if folder.joinpath("source").is_dir() else {})}
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: sources)
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: sources)
    one = Case(request.param, tmp_path, tables, sources)
    if not one.expected.publish:
        monkeypatch.setattr(pipelines.run, "publish_if_new", lambda session, folders: None)
    areas = folder / "areas"
    if areas.is_dir():
        shutil.copytree(areas, tmp_path / "project" / "areas")
        (tmp_path / "project" / "iccs.toml").touch()
        monkeypatch.setenv("ICCS_PROJECT", str(tmp_path / "project"))
    return one


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_case_ends_as_expected(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    expected = case.expected
    code = 0
    for command in case.commands():
        code = main(command)
        if code != 0:
            break

    printed = capsys.readouterr()
    said = " ".join((printed.out + printed.err).split())
    assert "Traceback" not in said
    assert code == expected.exit, said
    assert [text for text in expected.says if text.casefold() not in said.casefold()] == [], said
    assert [text for text in expected.says_not if text.casefold() in said.casefold()] == [], said
    if not (expected.queries or expected.warns or expected.quiet):
        assert expected.exit != 0 or expected.says, "expect.yml must say what comes of an input that is accepted"
        return
    with case.open_out() as out:
        for query in expected.queries:
            assert _differing(out.execute(query["sql"]).fetchall(), query["rows"]) == [], query["sql"]
        found = dict(out.execute(_NOT_PASSED).fetchall())
    assert {rule: found.get(rule) for rule, text in expected.warns.items() if not _has(found, rule, text)} == {}
    assert {rule: found[rule] for rule in expected.quiet if rule in found} == {}


_NOT_PASSED = """
    SELECT rule, coalesce(detail, '') FROM out.quality WHERE outcome NOT IN ('passed', 'not applicable')
"""


def _has(found: dict[str, str], rule: str, text: str) -> bool:
    return rule in found and text.casefold() in found[rule].casefold()


def _differing(found: list[tuple[Any, ...]], wanted: list[list[Any]]) -> list[str]:
    """What differs between rows found and rows wanted, in order; numbers to six digits, NULL is not zero."""

    def same(one: Any, other: Any) -> bool:
        numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)]
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) if all(numbers) else one == other

    if len(found) == len(wanted) and all(
        len(one) == len(other) and all(map(same, one, other)) for one, other in zip(found, wanted, strict=True)
    ):
        return []
    return [f"{found} is not {wanted}"]
