"""`iccs deploy` on a Prefect server of the site: what it plans, and the notices that the server sends by itself."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.flow

# A block of the site, the command as a user types it, twice, then one run of each end that a worker would report.
DEPLOY = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Completed, Crashed, Failed
from pipelines.cli.main import main

hook = CustomWebhookNotificationBlock(
    name="Office", url=sys.argv[1], json_data={"title": "{{subject}}", "message": "{{body}}"}
)
hook.save("office", overwrite=True)
with get_client(sync_client=True) as client:
    client.create_work_pool(WorkPoolCreate(name="crime", type="process"))
    assert main(["deploy", "--pool", "crime", "--notify", "no/such"]) == 2
    for _ in range(2):
        assert main(["deploy", "--pool", "crime", "--notify", "custom-webhook/office"]) == 0
    print(sorted(one.name for one in client.read_automations()))
    planned = client.read_deployment_by_name("iccs/scheduled")
    for name, state in (("good", Completed()), ("refused", Failed()), ("killed", Crashed())):
        run = client.create_flow_run_from_deployment(planned.id, name=name)
        client.set_flow_run_state(run.id, state, force=True)
"""


class _Hook(BaseHTTPRequestHandler):
    got: list[str]

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append(f"{document['title']}|{document['message']}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _hook(got: list[str]) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), type("Hook", (_Hook,), {"got": got}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _prefect_server(home: Path, environment: dict[str, str], port: int) -> Iterator[None]:
    """A server that knows nothing of the program, as a site has it."""
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        deadline = time.monotonic() + 150
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2):
                break
            assert server.poll() is None, (home / "server.log").read_text(errors="replace")
            assert time.monotonic() < deadline, "the server did not answer"
            time.sleep(0.5)
        yield
    finally:
        server.terminate()
        server.wait(timeout=40)


def test_the_server_tells_of_runs_that_failed_and_crashed(tmp_path: Path) -> None:
    (tmp_path / "iccs.toml").write_text("notify_silent_days = 35\n", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "ICCS_"))} | {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "ICCS_PROJECT": str(tmp_path),
    }
    (tmp_path / "prefect").mkdir()
    got: list[str] = []
    with _hook(got) as url, _prefect_server(tmp_path, environment, port):
        made = subprocess.run(
            [sys.executable, "-c", DEPLOY, url], env=environment, capture_output=True, text=True, timeout=300
        )
        assert made.returncode == 0, made.stdout + made.stderr
        deadline = time.monotonic() + 120
        while len(got) < 2 and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(3)  # for one too many

    assert "the Prefect server has no block 'no/such'" in made.stderr
    assert made.stdout.splitlines()[-1] == (
        "['iccs: a planned run failed, crashed or is late', 'iccs: no planned run ended well for 35 days']"
    )
    assert sorted(one.split("|")[1].partition(".")[0] for one in got) == ["killed: Crashed", "refused: Failed"]
    assert {one.split("|")[0] for one in got} == {"iccs: a planned run failed, crashed or is late"}
