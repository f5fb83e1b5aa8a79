"""Folders of commands that were killed are deleted by the next command, and nothing else is.

What is right: the folder of temporary files is empty when no command works, whatever ended the last one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.removal import MARK
from pipelines.system.scratch import process_folder, scratch_folder, sweep
from tests.support.tiny_source import Tiny

ROWS = "area,year,code,n\n" + "".join(f"{1 + n % 32},{2015 + n % 9},HOM,{n}\n" for n in range(32))
LONG = "SELECT i::VARCHAR || repeat('x', 100) AS t FROM range(90000000) r(i) ORDER BY hash(i) LIMIT 1 OFFSET 80000000"
COMMAND = """
import sys
import pipelines.run, schemas.source
from pathlib import Path
own = schemas.source.list_sources(Path(sys.argv[1]))
schemas.source.list_sources = pipelines.run.list_sources = lambda *_, **__: own
from pipelines.cli.main import main
sys.argv[1:2] = []
if __name__ == "__main__":
    sys.exit(main())
"""
HOLDS = """
import sys, time
from pathlib import Path
from pipelines.system.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "rows").write_text("rows")
    print(folder, flush=True)
    time.sleep(600)
"""


def start(code: str, *words: str, temporary: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)} | variables,
        cwd=temporary.parent,
    )


def wait_for(process: subprocess.Popen[str], question: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not question():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    killed, living = (start(HOLDS, str(tmp_path), temporary=tmp_path) for _ in range(2))
    assert killed.stdout is not None and living.stdout is not None
    left, held = (Path(process.stdout.readline().strip()) for process in (killed, living) if process.stdout)
    killed.kill()
    killed.wait()
    assert (left / "rows").is_file()
    with scratch_folder(tmp_path) as own:
        assert not left.exists()
        assert (held / "rows").is_file()
        assert own.stat().st_mode & 0o077 == 0
    assert not own.exists()
    living.terminate()
    living.wait()
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_but_a_folder_of_ours_is_deleted(tmp_path: Path) -> None:
    """A folder of this name without the mark, one of another name, a file, and a link with what it leads to."""
    target = tmp_path / "users"
    for name in ("iccs-scratch-abcdefgh", "users", "iccs-scratch-abc", "iccs-scratch-abcdefgh.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows").write_text("rows")
    for name in ("users", "iccs-scratch-abc", "iccs-scratch-abcdefgh.old"):
        (tmp_path / name / MARK).write_text("")
    (tmp_path / "iccs-scratch-abcdefg1").write_text("a file")
    (tmp_path / "iccs-scratch-abcdefg2").symlink_to(target)
    before = sorted(tmp_path.rglob("*"))
    sweep(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_folder_of_a_process_is_its_own_and_one() -> None:
    assert process_folder() is process_folder()
    assert process_folder().stat().st_mode & 0o077 == 0


@pytest.fixture
def released(tiny: Tiny) -> Tiny:
    tiny.declare_plain()
    tiny.give("t.csv", ROWS)
    run_all([tiny.source], Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    return tiny


def test_a_query_that_is_killed_leaves_nothing_once_the_next_has_begun(released: Tiny) -> None:
    temporary = released.root / "tmp"
    temporary.mkdir()
    data = ["--data", str(released.settings.data)]
    query = [str(released.sources), "query", LONG, *data]
    process = start(COMMAND, *query, temporary=temporary, ICCS_MEMORY_LIMIT="60MB")
    wait_for(process, lambda: list(temporary.glob("iccs-scratch-*/spill/*")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(temporary.glob("iccs-scratch-*/spill/*")), "what the test is about"
    again = start(COMMAND, str(released.sources), "query", "SELECT 1", *data, temporary=temporary)
    assert again.wait(timeout=60) == 0
    assert not list(temporary.iterdir())
    assert not list(released.root.glob(".tmp*")), "the engine's own folder, in the current one"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_check_that_is_ended_leaves_nothing_once_the_next_command_has_begun(
    released: Tiny, ending: signal.Signals
) -> None:
    temporary = released.root / "tmp"
    temporary.mkdir()
    many = "area,year,code,n\n" + "".join(f"{1 + n % 32},{1900 + n // 32},HOM,{n}\n" for n in range(32 * 120))
    released.give("t.csv", many)
    given = str(released.given / "t.csv")
    words = [str(released.sources), "check", given, "--source", released.name, "--data", str(released.settings.data)]
    process = start(COMMAND, *words, temporary=temporary)
    wait_for(process, lambda: list(temporary.glob("iccs-scratch-*/*/data/.iccs-work/*/*")))
    process.send_signal(ending)
    process.wait(timeout=60)
    if ending == signal.SIGTERM:
        assert process.returncode == 143
        assert not list(temporary.iterdir())
    again = start(
        COMMAND,
        *(str(released.sources), "query", "SELECT 1", "--data", str(released.settings.data)),
        temporary=temporary,
    )
    assert again.wait(timeout=60) == 0
    assert not list(temporary.iterdir())


def test_a_site_whose_build_was_killed_between_two_names_is_put_back(released: Tiny) -> None:
    from pipelines.reader.site.build import MARK as SITE_MARK
    from pipelines.reader.site.build import put_back

    site = released.root / "site"
    killed = released.root / ".iccs-scratch-abcdefgh"
    (killed / "old" / "site").mkdir(parents=True)
    (killed / MARK).write_text("")
    (killed / "old" / "site" / SITE_MARK).write_text("2026-01-01\n")
    put_back(site)
    assert (site / SITE_MARK).read_text() == "2026-01-01\n"
    with scratch_folder(released.root):
        assert not killed.exists()
    shutil.rmtree(site)
