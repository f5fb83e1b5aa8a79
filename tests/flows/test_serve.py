"""`iccs serve`: one command gives a server with its page and the flow on its schedule."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli.main import main

pytestmark = pytest.mark.flow


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(url: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


def test_the_flow_is_on_its_schedule_and_the_page_answers(tmp_path: Path) -> None:
    port = _free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    with (tmp_path / "out.log").open("wb") as log:
        serving = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pipelines.cli",
                "serve",
                "--cron",
                "30 5 * * 2",
                "--port",
                str(port),
                "--data",
                str(tmp_path),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 150
        deployments: list[Any] = []
        while time.monotonic() < deadline and not deployments:
            assert serving.poll() is None, (tmp_path / "out.log").read_text(errors="replace")
            with contextlib.suppress(OSError):
                deployments = _ask(f"http://127.0.0.1:{port}/api/deployments/filter", b"{}")
            time.sleep(1)
        assert [deployment["name"] for deployment in deployments] == ["scheduled"]
        assert [item["schedule"]["cron"] for item in deployments[0]["schedules"]] == ["30 5 * * 2"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            assert b"<html" in page.read().lower()
    finally:
        serving.send_signal(signal.SIGINT)
        try:
            serving.wait(timeout=40)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(serving.pid, signal.SIGKILL)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server outlived the command"


def test_a_wrong_cron_line_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--cron", "every Monday", "--data", str(tmp_path)]) == 2
    assert "is not a cron line" in capsys.readouterr().err
