"""A file is replaced in one step, or stays as it was."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.system.files import replace_atomically, replace_text, sha256_of_file


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "note.json"
    target.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_atomically(target, fail)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("note.json", "old")]


def test_the_old_file_is_there_until_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "note.json"
    target.write_text("old")
    seen = []

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        seen.append(target.read_text())
        temporary.write_text("new")

    replace_atomically(target, write)

    assert (seen, target.read_text()) == (["old"], "new")


def test_what_a_killed_run_left_beside_is_removed(tmp_path: Path) -> None:
    target = tmp_path / "note.json"
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom pipelines.system.files import replace_atomically\n"
        "def write(temporary):\n    temporary.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "replace_atomically(Path(sys.argv[1]), write)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(target)], check=False)
    assert killed.returncode != 0
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1

    replace_text(target, "whole")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("note.json", "whole")]


def test_permissions_are_those_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_text(tmp_path / "note.json", "x")
    finally:
        os.umask(before)

    assert (tmp_path / "note.json").stat().st_mode & 0o777 == 0o640


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000
    (tmp_path / "a").write_bytes(content)

    assert sha256_of_file(tmp_path / "a") == hashlib.sha256(content).hexdigest()
