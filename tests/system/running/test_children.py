"""Processes that were started end with the one that started them, also where that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PARENT = """
import os, subprocess, sys
os.environ["ICCS_SERVED_BY"] = str(os.getpid())
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]])
child.wait()
"""
BEGIN = """
import os, sys, time
from pathlib import Path
from pipelines.system.running import children
children._LOOK_SECONDS = 0.05
children._CLEAN_UP_SECONDS = 0.5
"""
SAY = "Path(sys.argv[2]).write_text(str(os.getpid()))\n"
CHILDREN = {
    "killed by the system": "children.end_with_parent(int(sys.argv[1]))\n" + SAY + "time.sleep(60)",
    "cleaning up": "children.end_with_server()\n"
    + SAY
    + "import signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    + "try:\n    time.sleep(60)\nfinally:\n    Path(sys.argv[2]).with_name('cleaned').touch()",
    "not listening": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    + "children.end_with_server()\n"
    + SAY
    + "time.sleep(60)",
}


def is_running(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(found: Callable[[], Any], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not found() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found())


@pytest.mark.skipif(sys.platform != "linux", reason="of the system")
@pytest.mark.parametrize("kind", CHILDREN)
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, kind: str) -> None:
    said = tmp_path / "process"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, BEGIN + CHILDREN[kind], str(said)], env=environment)
    try:
        assert wait_until(lambda: said.is_file() and said.read_text())
        child = int(said.read_text())
        assert is_running(child)
        time.sleep(0.2)
        assert is_running(child), "the parent lives"
        parent.kill()
        parent.wait()
        assert wait_until(lambda: not is_running(child))
        assert (tmp_path / "cleaned").exists() == (kind == "cleaning up")
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
