"""A run that ended badly leaves nothing to the next one in the same process, as a server runs many.

The right figures are those of a process that has done nothing else.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from damaged_files import content
from tiny_source import Tiny

import pipelines.publish.build
import pipelines.source_steps
from pipelines.publish.build import make_empty
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.connection import connect
from pipelines.system.lock import writing
from pipelines.system.running.run_log import EVENTS
from pipelines.system.settings import Settings
from schemas.source import list_sources

FULL = OSError(28, "No space left on device")
ENDS: dict[str, BaseException] = {
    "acquire": FULL,
    "read": KeyboardInterrupt(),
    "conform": duckdb.FatalException("FATAL Error: the database has been invalidated"),
    "account": duckdb.InternalException("INTERNAL Error: attempted to access index 0 within vector of size 0"),
    "aggregate": duckdb.IOException("IO Error: Could not write file: No space left on device"),
    "check": SystemExit(143),
    "store": MemoryError(),
    "publish": duckdb.TransactionException("TransactionContext Error: Failed to commit: No space left on device"),
}


def run(tiny: Tiny, data: Path) -> tuple[str, ...]:
    folders = list_sources(tiny.sources)
    session = Session(Settings(data=data, threads=1), tiny.given, source_folders=tiny.sources)
    return run_all(list(folders.values()), session).loaded


RUN = """
import sys
sys.path[:0] = sys.argv[4:]
from pathlib import Path
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite
from schemas.source import list_sources
sources, given, data = map(Path, sys.argv[1:4])
with without_suite():
    session = Session(Settings(data=data, threads=1), given, source_folders=sources)
    assert run_all(list(list_sources(sources).values()), session).loaded
"""


@contextmanager
def failing(step: str, settings: Settings) -> Iterator[None]:
    """Let a step fail when its work is done and it has left a table in the engine that the steps share."""
    module = pipelines.publish.build if step == "publish" else pipelines.source_steps
    name = "derive_figures" if step == "publish" else step
    real: Callable[..., Any] = getattr(module, name)

    def fails(*arguments: Any, **more: Any) -> Any:
        real(*arguments, **more)
        with connect(settings) as connection:
            connection.execute("CREATE TABLE left_behind AS SELECT 1 AS one")
        raise ENDS[step]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, fails)
        yield


def test_a_run_after_bad_ends_at_every_step_gives_what_a_fresh_process_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.publish.build, "EMPTY_RELEASES", {})
    tiny = Tiny(tmp_path, "xx_one")
    tiny.declare_plain()
    tiny.give("t.csv", "area,year,code,n\n14,2023,HOM,3\n14,2024,HOM,5\n")
    settings = Settings(data=tmp_path / "data", threads=1)
    bound, handlers = resource.getrlimit(resource.RLIMIT_AS), list(EVENTS.handlers)  # those that record this test
    for step in ENDS:
        with failing(step, settings):
            try:
                assert run(tiny, settings.data) == (), "a refused source"
            except BaseException as error:
                assert error is ENDS[step], step
                error.__traceback__ = None  # it holds what was open
        with connect(settings) as connection:
            assert connection.execute("FROM duckdb_tables()").fetchall() == [], step
        with writing(settings):  # the lock is free
            assert not list(settings.work.glob("xx_*")), step
        assert EVENTS.handlers == handlers, step
        assert resource.getrlimit(resource.RLIMIT_AS) == bound, step
        assert not [one for one in threading.enumerate() if one.name == "time limit"], step

    run(tiny, settings.data)

    given = [str(tiny.sources), str(tiny.given), str(tmp_path / "fresh")]
    subprocess.run([sys.executable, "-c", RUN, *given, *sys.path], check=True)
    right = content(tmp_path / "fresh" / "published" / "crime.duckdb")
    assert right is not None
    assert content(settings.published) == right


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file become larger, as on a disk that is full: who writes more is told so."""
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_release_begun_on_a_full_disk_is_not_kept_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """The log of the database still had room for its tables, and its file had none: closing it says nothing."""
    monkeypatch.setattr(pipelines.publish.build, "EMPTY_RELEASES", {})
    settings = Settings(data=tmp_path, threads=1)
    make_empty(tmp_path / "whole.duckdb", settings)
    size = (tmp_path / "whole.duckdb").stat().st_size
    pipelines.publish.build.EMPTY_RELEASES.clear()
    with files_of_at_most(int(size * share)), pytest.raises(duckdb.Error, match="File too large"):
        make_empty(tmp_path / "first.duckdb", settings)

    make_empty(tmp_path / "second.duckdb", settings)

    count = "SELECT count(*) FROM duckdb_tables()"
    counts = []
    for name in ("whole", "second"):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb"), read_only=True) as connection:
            counts.append(connection.execute(count).fetchone())
    assert counts[0] == counts[1] != (0,)


def test_a_log_that_cannot_be_written_ends_the_run_without_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tiny = Tiny(tmp_path, "xx_one")
    tiny.declare_plain()
    tiny.give("t.csv", "area,year,code,n\n14,2024,HOM,3\n")
    logs = tiny.settings.logs
    logs.mkdir(parents=True)
    logs.joinpath("iccs.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        run(tiny, tiny.settings.data)
    assert "Traceback" not in capfd.readouterr().err
