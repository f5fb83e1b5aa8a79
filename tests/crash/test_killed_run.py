"""A run that is killed leaves the last release whole; a reader is never disturbed; one writer at a time."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from pipelines.system.lock import writing
from pipelines.system.removal import MARK
from pipelines.system.settings import Settings
from schemas.errors import UsageError

ROOT = Path(__file__).parents[2]
SMALL = ("eu_crim_off_cat", "wb_population")


def _run(data: Path, *sources: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "run", *sources, "--data", str(data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "ICCS_THREADS": "2"},
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _one_whole_release(path: Path) -> str:
    with duckdb.connect(str(path), read_only=True) as connection:
        ((release, said),) = connection.execute("SELECT release, observations FROM out.release").fetchall()
        ((found,),) = connection.execute("SELECT count(*) FROM out.observation").fetchall()
        ((rates,),) = connection.execute("SELECT count(*) FROM out.rate").fetchall()
    assert said == found == rates > 0
    return str(release)


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("small")
    for source in SMALL:
        shutil.copytree(ROOT / "data" / "input" / source, data / "input" / source)
    assert _run(data).wait() == 0
    return data


def test_killed_at_any_point_the_old_release_stays_whole(small_data: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_data, data)
    published = data / "published" / "crime.duckdb"
    before = _digest(published)
    shutil.copytree(ROOT / "data" / "input" / "ar_snic", data / "input" / "ar_snic")
    start = time.monotonic()
    probe = tmp_path / "probe"
    shutil.copytree(data, probe)
    assert _run(probe).wait() == 0
    whole = time.monotonic() - start
    finished = 0
    for step in range(1, 9):
        run = _run(data)
        time.sleep(whole * step / 9)
        run.send_signal(signal.SIGKILL)
        run.wait()
        _one_whole_release(published)
        if _digest(published) == before:
            assert not (published.with_name("crime.duckdb.wal")).exists()
        else:
            finished += 1
    assert finished < 8, "every run ended before it was killed: the test proves nothing"
    assert _run(data).wait() == 0
    with duckdb.connect(str(published), read_only=True) as connection:
        closes = connection.execute(
            "SELECT bool_and(closes), count(DISTINCT source) FROM out.reconciliation"
        ).fetchall()
    assert closes == [(True, 3)]
    assert list((data / "published").glob(".*part*")) == []
    assert [path.name for path in (data / ".iccs-work").iterdir()] == [MARK]


def test_a_reader_with_the_old_file_open_is_not_disturbed(small_data: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(small_data, data)
    published = data / "published" / "crime.duckdb"
    with duckdb.connect(str(published), read_only=True) as reader:
        count = "SELECT count(*), (SELECT release FROM out.release) FROM out.observation"
        before = reader.execute(count).fetchall()
        shutil.copytree(ROOT / "data" / "input" / "ar_snic", data / "input" / "ar_snic")
        assert _run(data).wait() == 0
        assert reader.execute(count).fetchall() == before
    assert _one_whole_release(published) != before[0][1]


def test_a_second_run_does_no_work(small_data: Path) -> None:
    published = small_data / "published" / "crime.duckdb"
    before = (_digest(published), published.stat().st_mtime_ns)
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "run", "--data", str(small_data)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "unchanged since the last run, no work done: eu_crim_off_cat, wb_population" in done.stdout
    assert "the published file is up to date" in done.stdout
    assert (_digest(published), published.stat().st_mtime_ns) == before


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with writing(settings), pytest.raises(UsageError, match="another run is writing"), writing(settings):
        pass
    with writing(settings):
        pass
