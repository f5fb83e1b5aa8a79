"""A limit of the settings or the machine that is reached: every command says which, what it is set to and what to do.

What is expected are the names of the settings (docs/projects.md) and the amounts set here; no sentence of the engine.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import pipelines.run
import schemas.source
from pipelines.cli.main import main
from pipelines.harmonise.quarantine import damaged_loads
from pipelines.publish.build import publish
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.errors import LimitReached
from pipelines.system.running.limits import describe_limit
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.source import list_sources
from tests.support.tiny_source import Tiny

ROWS = "area,year,code,n\n" + "".join(f"{1 + n % 32},{2015 + n % 9},HOM,{n}\n" for n in range(32))
ENGINE_WORDS = ("Out of Memory Error", "pin block", "allocate", "Possible solutions", "SET threads", "duckdb.org")
SHUFFLED = "SELECT i::VARCHAR || repeat('x', 100) AS t FROM range(900000) r(i) ORDER BY hash(i) LIMIT 1 OFFSET 800000"


@pytest.fixture
def given(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A source that commands find."""
    tiny.declare_plain()
    tiny.give("t.csv", ROWS)
    own = list_sources(tiny.sources)
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own)
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: own)
    return tiny


def command(tiny: Tiny, *words: str) -> int:
    return main([*words, "--data", str(tiny.settings.data)])


def own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what runs now have an engine with its own limits, and not that which the tests share."""
    monkeypatch.setattr("pipelines.system.connection.GIVEN_CONNECTIONS", [])


def said_once(text: str) -> None:
    assert not [word for word in ENGINE_WORDS if word in text], text


def test_a_run_names_the_limit_the_step_and_what_to_do(
    given: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", "1MB")
    monkeypatch.setenv("ICCS_THREADS", "2")
    own_engine(monkeypatch)
    assert command(given, "run", given.name, "--from", str(given.given)) == 3
    said = capsys.readouterr().err
    said_once(said)
    assert f"source {given.name} not used" in said
    assert "the memory limit is too small in step read (ICCS_MEMORY_LIMIT is 1MB)" in said
    assert (
        "Raise ICCS_MEMORY_LIMIT (memory_limit in iccs.toml) and run again; fewer threads (ICCS_THREADS, now 2)" in said
    )


def test_a_check_names_the_limit(
    given: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", "1MB")
    own_engine(monkeypatch)
    assert command(given, "check", str(given.given / "t.csv"), "--source", given.name) == 3
    said = capsys.readouterr().err
    said_once(said)
    assert "the memory limit is too small" in said and "ICCS_MEMORY_LIMIT is 1MB" in said


def test_a_limit_that_only_publishing_reaches_tells_also_what_was_refused_before(
    given: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusals of the sources are not lost with the error of the release."""
    full = duckdb.OutOfMemoryException(
        "Out of Memory Error: failed to pin block of size 256.0 KiB (9.5 MiB/9.5 MiB used)"
    )

    def fails(*_: object) -> None:
        raise full

    good, given.name = given.name, "xx_bad"
    given.declare_plain(layout="    reshape: reshape.sql\n    conserve: '^n$'\n", reshape="SELECT *, yaer FROM raw")
    own = list_sources(given.sources)
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own)
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: own)
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", "10MB")
    monkeypatch.setattr(pipelines.run, "publish_if_new", fails)
    with pytest.raises(duckdb.OutOfMemoryException):
        run_all(list(own.values()), Session(given.settings, given.given, source_folders=given.sources))
    (note,) = full.__notes__
    assert f"loaded before the failure, and kept for the next run: {good}" in note
    assert "source xx_bad not used before the failure:" in note and "there is no column 'yaer'" in note


def test_a_query_names_the_limit_and_ends_as_a_failure_of_the_machine(
    given: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_all([given.source], Session(given.settings, given.given, source_folders=given.sources))
    capsys.readouterr()
    monkeypatch.setenv("ICCS_MEMORY_LIMIT", "20MB")
    monkeypatch.setattr("pipelines.reader.release.MOST_SPILLED", "1MB")
    assert command(given, "query", SHUFFLED) == 3
    said = capsys.readouterr().err
    said_once(said)
    told = (
        "work that does not fit into memory takes too much temporary disk space (more than 1MB; "
        "ICCS_MEMORY_LIMIT is 20MB)"
    )
    assert told in said or "the memory limit is too small (ICCS_MEMORY_LIMIT is 20MB)" in said  # whichever is first
    assert command(given, "query", "SELECT list(range) FROM range(9000000)") == 3
    said = capsys.readouterr().err
    said_once(said)
    assert "the memory limit is too small (ICCS_MEMORY_LIMIT is 20MB)" in said
    assert command(given, "query", "SELECT list(range) FROM range(9000000)", "--output", str(given.root / "a.csv")) == 3
    said_once(capsys.readouterr().err)
    assert not (given.root / "a.csv").exists()


@pytest.mark.parametrize("amount", ["1MB", "8MB"])
def test_whatever_statement_of_publishing_reaches_the_limit_it_is_told_as_that(given: Tiny, amount: str) -> None:
    """What follows the statement that failed ("transaction is aborted") does not take its place."""
    run_all([given.source], Session(given.settings, given.given, source_folders=given.sources))
    vintage = current_vintage(given.name, given.settings)
    assert vintage is not None
    small = replace(given.settings, memory_limit=amount)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(duckdb.Error) as error:
        patch.setattr("pipelines.publish.build.EMPTY_RELEASES", {})
        publish([vintage], {given.name: given.source}, small)
    limit = describe_limit(error.value, small)
    assert limit is not None, repr(error.value)
    assert limit.summary == f"the memory limit is too small (memory_limit is {amount})"


def test_temporary_space_of_a_run_is_named_by_its_setting() -> None:
    text = (
        "Out of Memory Error: failed to offload data block of size 96.0 KiB (96.0 KiB/97.6 KiB used).\n"
        "This limit was set by the 'max_temp_directory_size' setting."
    )
    limit = describe_limit(duckdb.OutOfMemoryException(text), Settings(Path("data"), spill_limit="100KB"))
    assert limit is not None
    assert "spill_limit is 100KB; memory_limit is 400MB, by default" in limit.summary
    assert "raise ICCS_SPILL_LIMIT or ICCS_MEMORY_LIMIT" in limit.to_do


@pytest.mark.parametrize(
    ("used", "set_to", "said"),
    [
        ("(190.7 MiB/190.7 MiB used)", "400MB", "of which each of several parallel parts has 190.7 MiB"),
        ("(381.4 MiB/381.4 MiB used)", "400MB", "the memory limit is too small (memory_limit is 400MB"),
        ("(12.1 GiB/12.5 GiB used)", "400MB", "takes more memory than it may use on this machine (12.5 GiB)"),
    ],
)
def test_the_limit_that_is_named_is_the_one_in_force(used: str, set_to: str, said: str) -> None:
    """Parts of a run share the setting, and a command that only reads has what the machine has."""
    limit = describe_limit(duckdb.OutOfMemoryException(f"no more {used}"), Settings(Path("data"), memory_limit=set_to))
    assert limit is not None and said in limit.summary


def test_the_setting_is_named_as_the_project_sets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "iccs.toml").write_text('memory_limit = "30MB"\n', encoding="utf-8")
    monkeypatch.setenv("ICCS_PROJECT", str(tmp_path))
    monkeypatch.delenv("ICCS_MEMORY_LIMIT", raising=False)
    limit = describe_limit(duckdb.OutOfMemoryException("no more (28.6 MiB/28.6 MiB used)"))
    assert limit is not None and f"({tmp_path / 'iccs.toml'}: memory_limit is 30MB)" in limit.summary


def test_a_list_of_rejected_cells_is_not_damaged_because_memory_is_short(
    given: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``iccs repair`` deletes damaged lists: one that could not be read for want of memory is whole."""
    given.give("t.csv", ROWS + "99,2020,HOM,5\n")
    run_all([given.source], Session(given.settings, given.given, source_folders=given.sources))
    assert list((given.settings.quarantine / given.name).glob("*.parquet"))
    assert damaged_loads(given.name, given.settings) == []

    def fails(*_: object) -> None:
        raise duckdb.OutOfMemoryException("no more (9.5 MiB/9.5 MiB used)")

    monkeypatch.setattr("pipelines.harmonise.quarantine.read_note", fails)
    with pytest.raises(duckdb.OutOfMemoryException):
        damaged_loads(given.name, given.settings)


def test_a_limit_of_a_query_is_an_error_of_its_own_for_callers_in_python(given: Tiny) -> None:
    from pipelines.reader.release import query

    run_all([given.source], Session(given.settings, given.given, source_folders=given.sources))
    small = Settings(given.settings.data, memory_limit="20MB", threads=1)
    with pytest.raises(LimitReached, match="the memory limit is too small"):
        query("SELECT list(range) FROM range(9000000)", small)
