"""A run of incidents that a full disk, a kill or Ctrl-C ends: the release stays, and the next run goes on."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import list_sources

HERE = Path(__file__).parent

RUN = """
import resource, sys
from pathlib import Path
from pipelines.cli.main import main
import pipelines.run, schemas.source, pipelines.cli.run
from functools import partial
own = partial(schemas.source.list_sources, Path(sys.argv[1]))
schemas.source.list_sources = pipelines.run.list_sources = lambda *_, **__: own()
from pipelines.tabulate.structure_suite import without_suite
if sys.argv[4] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
with without_suite():
    words = ["run", "xx_test_incidents", "--from", sys.argv[2], "--data", sys.argv[3]]
    sys.exit(main([*words, "--accept-loss", "a hundred times as many rows"]))
"""


def _start(given: Path, data: Path, largest_file: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(HERE / "sources"), str(given), str(data), str(largest_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HERE.parents[2],
    )


def _run_again(given: Path, settings: Settings) -> RunResult:
    folders = [list_sources(HERE / "sources")["xx_test_incidents"]]
    meant = "a hundred times as many rows"
    return run_all(folders, Session(settings, given, source_folders=HERE / "sources", accepted_loss=meant))


def _release(data: Path, folders: tuple[str, ...] = ("core", "published")) -> dict[str, str]:
    kept = [path for name in folders for path in (data / name).rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.fixture
def released(made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult], settings: Settings) -> Path:
    made.write(tmp_path / "before" / "a.csv", made.rows(200))
    assert publish(tmp_path / "before").refused == ()
    return settings.data


@pytest.mark.parametrize(("largest_file", "unchanged"), [(20_000, ("core", "published")), (1_000_000, ("published",))])
def test_a_disk_that_is_full_leaves_the_release(
    made: SimpleNamespace,
    tmp_path: Path,
    released: Path,
    settings: Settings,
    largest_file: int,
    unchanged: tuple[str, ...],
) -> None:
    """The small limit is met by the tally, the large one by the file to publish, when the vintage is stored already."""
    assert (released / "published" / "crime.duckdb").stat().st_size > 2 * 1_000_000
    before = _release(released, unchanged)
    made.write(tmp_path / "in" / "a.csv", made.rows(20000))

    run = _start(tmp_path / "in", released, largest_file)
    _, said = run.communicate(timeout=300)

    assert run.returncode == 3, said
    assert "the disk is full, or a file exceeded its size limit" in said
    assert "Traceback" not in said
    assert _release(released, unchanged) == before
    assert [path for path in (released / "published").rglob("*.part*")] == []
    assert not list((released / ".iccs-work").glob("*/*"))
    again = _run_again(tmp_path / "in", settings)
    assert (again.refused, again.publication is None) == ((), False)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_while_it_publishes_leaves_the_release(
    made: SimpleNamespace, tmp_path: Path, released: Path, settings: Settings, how: signal.Signals
) -> None:
    published = released / "published" / "crime.duckdb"
    before = hashlib.sha256(published.read_bytes()).hexdigest()
    made.write(tmp_path / "in" / "a.csv", made.rows(300, 5))
    run = _start(tmp_path / "in", released)
    while not list(published.parent.glob(".crime-*.part")) and run.poll() is None:
        time.sleep(0.005)
    run.send_signal(how)
    _, said = run.communicate(timeout=300)

    assert run.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), said
    assert hashlib.sha256(published.read_bytes()).hexdigest() == before
    again = _run_again(tmp_path / "in", settings)
    assert again.refused == ()
    assert again.publication is not None
    assert list(published.parent.glob(".crime-*.part*")) == []
    with duckdb.connect(str(published), read_only=True) as connection:
        assert connection.execute("SELECT bool_and(closes), sum(rows_read) FROM out.reconciliation").fetchall() == [
            (True, 300)
        ]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_the_release_and_the_next_one_goes_on(
    made: SimpleNamespace, tmp_path: Path, released: Path, settings: Settings, how: signal.Signals
) -> None:
    before = _release(released)
    rows = made.rows(1000)
    for number in range(20):
        made.write(tmp_path / "in" / f"{number}.csv", rows[number::20])
    partitions = released / "partitions" / "xx_test_incidents"
    known = len(list(partitions.iterdir()))
    run = _start(tmp_path / "in", released)
    while len(list(partitions.iterdir())) < known + 2 and run.poll() is None:
        time.sleep(0.01)
    run.send_signal(how)
    _, said = run.communicate(timeout=300)

    assert run.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), said
    assert "Traceback" not in said
    assert _release(released) == before
    assert _run_again(tmp_path / "in", settings).refused == ()
    assert _release(released) != before
