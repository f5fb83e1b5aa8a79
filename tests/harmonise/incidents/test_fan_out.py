"""Partitions tallied as tasks on a runner give the published cells of the plain run, and keep its limits together."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipelines.collect.acquire import acquire
from pipelines.harmonise.tally import Tallied, tally
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder
from pipelines.system.running.workers import divide_limits, memory_bytes, parse_runner
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder, list_sources

SOURCES = Path(__file__).parent / "sources"
TABLES = ("observation", "reconciliation", "quality", "mapping", "control")
needs_dask = pytest.mark.skipif(importlib.util.find_spec("prefect_dask") is None, reason="needs the extra [dask]")
needs_ray = pytest.mark.skipif(importlib.util.find_spec("prefect_ray") is None, reason="needs the extra [ray]")


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def given(made: SimpleNamespace, tmp_path: Path) -> Path:
    """Five years of incidents, one file a year, with rows that break rules and lines that are malformed."""
    for year in range(2018, 2023):
        rows = made.rows(600, year, year)
        rows[7][1], rows[8][4], rows[9][5] = f"{year}-02-30", "men", "140"
        path = made.write(tmp_path / "in" / f"{year}.csv", rows)
        path.write_text(path.read_text(encoding="utf-8") + "one,field,less\n", encoding="utf-8")
    return tmp_path / "in"


def _published(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        columns = {
            name: ", ".join(
                f'"{column}"'
                for (column,) in connection.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'out' AND table_name = ?", [name]
                ).fetchall()
                if column != "vintage"  # holds the time of the run
            )
            for name in TABLES
        }
        assert all(columns.values())
        return {
            name: sorted(connection.execute(f"SELECT {shown} FROM out.{name}").fetchall(), key=repr)
            for name, shown in columns.items()
        }


def _run(session: Session) -> None:
    folders = [list_sources(SOURCES)["xx_test_incidents"]]
    assert run_all(folders, session).refused == ()


def _run_as_flow(settings: Settings, given: Path, runner: str) -> list[str]:
    """Run the source as the flow does, on a runner; return the names of its task runs."""
    from prefect import flow
    from prefect.client.orchestration import get_client

    from pipelines import flows

    session = Session(
        settings,
        given,
        run_step=flows.run_as_task,
        tally_partitions=flows.tally_on(parse_runner(runner)),
        source_folders=SOURCES,
    )

    @flow(name=f"run on {runner}")
    def run() -> None:
        _run(session)

    with get_client(sync_client=True) as client:
        before = {one.id for one in client.read_task_runs()}
        run()
        return sorted(one.name for one in client.read_task_runs() if one.id not in before)


@pytest.mark.flow
@pytest.mark.parametrize(
    "runner", ["threads", pytest.param("dask", marks=needs_dask), pytest.param("ray", marks=needs_ray)]
)
def test_partitions_on_a_runner_give_the_published_tables_of_the_plain_run(
    server: None, settings: Settings, given: Path, runner: str
) -> None:
    _run(Session(settings, given, source_folders=SOURCES))
    spread = replace(settings, data=settings.data.parent / runner)

    runs = _run_as_flow(spread, given, runner)

    assert [name for name in runs if name.endswith(".csv")] == [f"tally {year}.csv" for year in range(2018, 2023)]
    plain = _published(settings)
    assert len(plain["observation"]) > 1000
    assert _published(spread) == plain


@pytest.mark.flow
def test_partitions_that_are_refused_on_a_runner_are_all_told(
    server: None, made: SimpleNamespace, given: Path, folder: SourceFolder, settings: Settings
) -> None:
    from prefect import flow

    from pipelines.flows import tally_on

    (given / "2019.csv").write_text(",".join(made.header) + "\n", encoding="utf-8")
    (given / "2021.csv").write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    tally_on_threads = tally_on(parse_runner("threads"))

    @flow(name="refused")
    def run() -> Tallied:
        return tally(folder, acquire(folder, settings, given), settings, make_work_folder(settings), tally_on_threads)

    with pytest.raises(DataRefused) as refused:
        run()

    found = [(problem.file, problem.rule) for problem in refused.value.problems]
    assert found == [("2019.csv", "no_data_rows"), ("2021.csv", "file_is_html")]
    assert len(list((settings.partitions / folder.source_id).iterdir())) == 3


@pytest.mark.parametrize(("threads", "memory", "partitions"), [(8, "1GiB", 100), (2, "400MB", 12), (16, "64GiB", 3)])
def test_partitions_together_keep_the_limits(tmp_path: Path, threads: int, memory: str, partitions: int) -> None:
    whole = Settings(tmp_path, memory_limit=memory, threads=threads)

    own, at_once = divide_limits(whole, partitions)

    assert 2 <= at_once <= min(threads, partitions)
    assert at_once * own.threads <= threads
    assert at_once * memory_bytes(own.memory_limit) <= memory_bytes(memory)


@pytest.mark.parametrize("memory", ["100MB", "300MB"])
def test_little_memory_is_not_divided(tmp_path: Path, memory: str) -> None:
    own, at_once = divide_limits(Settings(tmp_path, memory_limit=memory, threads=8), 100)
    assert (at_once, own.threads) == (1, 8)


@pytest.mark.parametrize("text", ["", "dusk", "threads:4", "dask:", "spark"])
def test_a_runner_that_there_is_not(text: str) -> None:
    with pytest.raises(UsageError, match="write threads, dask or ray"):
        parse_runner(text)


def test_a_memory_limit_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ICCS_MEMORY_LIMIT must be an amount such as 400MB"):
        memory_bytes("much")


@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_without_its_extra_a_runner_says_what_to_install(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from pipelines.flows import tally_on

    monkeypatch.setitem(sys.modules, f"prefect_{kind}", None)
    with pytest.raises(UsageError, match=rf"pip install 'iccs-pipelines\[{kind}\]'"):
        tally_on(parse_runner(kind))
