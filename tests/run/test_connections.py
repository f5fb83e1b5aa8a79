"""A run with all of its processes, the suite of Great Expectations among them, connects to no other machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARD = """
import ipaddress, os, socket, sys

def is_here(host):
    if host in ("", None, "localhost", "0.0.0.0"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False

def guard(event, arguments):
    if event == "socket.connect" and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(f"{'here' if is_here(host) else 'OUTSIDE'} {event} {host!r}\\n")
    if not is_here(host):
        raise OSError("connections to other machines are forbidden here")

sys.addaudithook(guard)
"""


def _python(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the guard, also in the processes that it starts."""
    (tmp_path / "guard").mkdir(exist_ok=True)
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    path = os.pathsep.join([str(tmp_path / "guard"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "SEEN": str(tmp_path / "seen"), "ICCS_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def _seen(tmp_path: Path) -> list[str]:
    return (tmp_path / "seen").read_text().splitlines() if (tmp_path / "seen").exists() else []


def test_the_guard_sees_a_connection(tmp_path: Path) -> None:
    asked = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    assert "forbidden here" in _python(tmp_path, "-c", asked).stderr
    assert any(line.startswith("OUTSIDE") for line in _seen(tmp_path))


@pytest.mark.slow
def test_a_run_connects_to_no_other_machine(tmp_path: Path) -> None:
    for source in ("eu_crim_off_cat", "wb_population"):
        given = tmp_path / "data" / "input" / source
        given.mkdir(parents=True)
        for path in (ROOT / "tests" / "golden" / source).iterdir():
            if path.name != "expected.csv":
                shutil.copy(path, given)
    done = _python(tmp_path, "-m", "pipelines.cli", "run", "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "published" / "crime.duckdb").is_file()
    assert [line for line in _seen(tmp_path) if not line.startswith("here")] == []
