"""``iccs serve``: a local Prefect server with its web UI, and the flow on a schedule."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_line
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands

_SERVER_START_SECONDS = 90
_SERVER_END_SECONDS = 30


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "serve", "run on a schedule (Prefect, local)")
    parser.add_argument("--cron", default="0 6 * * 1", help='when, in UTC (default: "0 6 * * 1", Mondays at six)')
    parser.add_argument("--port", type=int, default=4200, help="port of the web UI (default: 4200)")
    parser.add_argument(
        "--runner",
        metavar="RUNNER",
        help="runs partitions of incidents: threads, dask, ray, dask:ADDRESS (default: ICCS_RUNNER, else threads)",
    )
    parser.set_defaults(command=serve_command)


def serve_command(options: argparse.Namespace) -> int:
    """Serve the flow until stopped."""
    from pipelines.system.errors import EXIT_DONE

    serve(options.cron, options.port, options.data, options.runner)
    return EXIT_DONE


def prefect_environment(home: Path, port: int) -> dict[str, str]:
    """Return Prefect's settings for a server of our own: local, no analytics, web UI on its own port."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def serve(cron: str, port: int, data: str | None, runner: str | None = None) -> None:
    """Start the server, wait until it answers, then serve the flow until stopped (Ctrl-C stops both).

    Raises:
        UsageError: the cron line or the runner is not valid, its library is missing, or the port is taken.
    """
    from pipelines.system.settings import load_settings

    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise UsageError(f"port {port} is taken; give another with --port")
    settings = load_settings(data, runner=runner)
    home = settings.data / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(prefect_environment(home, port))
    # Late, and after its settings are in place: Prefect reads them when it is imported.
    from pipelines.flows import check_cron, publish_crime_statistics, tally_on
    from pipelines.system.workers import parse_runner

    check_cron(cron)
    tally_on(parse_runner(settings.runner))
    log = (home / "server.log").open("ab")
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/health", server, home / "server.log")
        print_line(f"web UI: http://127.0.0.1:{port}   schedule: {cron} (UTC)   stop: Ctrl-C")
        publish_crime_statistics.serve(
            name="scheduled",
            cron=cron,
            parameters={"data": str(settings.data), "runner": settings.runner},
            pause_on_shutdown=False,
        )
    finally:
        server.terminate()
        try:
            server.wait(timeout=_SERVER_END_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()  # else the port stays taken
            server.wait()
        log.close()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SERVER_START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UsageError(f"the Prefect server did not start; see {log}")
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (our own server on this machine)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise UsageError(f"the Prefect server did not answer within {_SERVER_START_SECONDS} s; see {log}")
