"""`iccs serve`: one command gives a server with its page and the flow on its schedule."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.cli.main import main
from pipelines.system.lock import writing
from pipelines.system.settings import Settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.flow


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(data: Path, port: int, path: str, body: bytes | None = None) -> Any:
    """Ask the server as its own page does: signed in, and with a token of its own for what is posted."""
    sign_in = (data / "prefect" / "password").read_text().strip()
    headers = {
        "Authorization": "Basic " + base64.b64encode(sign_in.encode()).decode(),
        "Content-Type": "application/json",
    }
    if body is not None:
        token = _ask(data, port, "csrf-token?client=test")["token"]
        headers |= {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "test"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/{path}", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


def _status(port: int, path: str, headers: dict[str, str], body: bytes | None = None, method: str | None = None) -> Any:
    """The status and headers of the answer to anybody's request."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/{path}", data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


# The command as a user types it, but that a test need not wait so long for a plan that never comes.
SERVE = """
import sys
import pipelines.cli.office.serve
from pipelines.cli.main import main
pipelines.cli.office.serve._PLANNING_SECONDS = int(sys.argv[1])
sys.exit(main(["serve", *sys.argv[2:]]))
"""


@contextlib.contextmanager
def _serving(
    data: Path, cron: str, port: int, planning_seconds: int = 90, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own, stopped as Ctrl-C does; what it says is in ``out.log``."""
    options = ["--cron", cron, "--port", str(port), "--data", str(data)]
    with (data / "out.log").open("wb") as log:
        serving = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(planning_seconds), *options],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")} | variables,
            start_new_session=True,
        )
    try:
        yield serving
    finally:
        try:
            if serving.poll() is None:
                serving.send_signal(signal.SIGINT)
                serving.wait(timeout=40)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(serving.pid, signal.SIGKILL)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the server outlived the command"


def _wait(serving: subprocess.Popen[bytes], data: Path, seconds: float, question: Callable[[], Any]) -> Any:
    """Ask the server again and again until it has an answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert serving.poll() is None, (data / "out.log").read_text(errors="replace")
        with contextlib.suppress(OSError):
            if found := question():
                return found
        time.sleep(1)
    raise AssertionError(f"no answer within {seconds} s\n{(data / 'out.log').read_text(errors='replace')}")


def _ended(data: Path, port: int) -> list[Any]:
    """The runs of deployments that have ended, however."""
    runs = _ask(data, port, "flow_runs/filter", b"{}")
    final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    return [run for run in runs if run["deployment_id"] and run["state_type"] in final]


def test_the_flow_is_on_its_schedule_and_the_page_answers(tmp_path: Path) -> None:
    port = _free_port()
    with _serving(tmp_path, "30 5 29 2 *", port) as serving:
        deployments = _wait(serving, tmp_path, 150, lambda: _ask(tmp_path, port, "deployments/filter", b"{}"))
        assert [deployment["name"] for deployment in deployments] == ["scheduled"]
        assert [item["schedule"]["cron"] for item in deployments[0]["schedules"]] == ["30 5 29 2 *"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            assert b"<html" in page.read().lower()
        due = _wait(
            serving, tmp_path, 120, lambda: re.search(r"next run: (.*) UTC", (tmp_path / "out.log").read_text())
        )
        _check_that_strangers_get_nothing(tmp_path, port, deployments[0])
        (given,) = (ROOT / "data" / "input" / "wb_population").iterdir()
        shutil.copy(given, tmp_path / "inbox" / f".{given.name}")
        (tmp_path / "inbox" / f".{given.name}").rename(tmp_path / "inbox" / given.name)
        (by_inbox,) = _wait(serving, tmp_path, 240, lambda: _ended(tmp_path, port))
    assert (by_inbox["state_type"], by_inbox["tags"]) == ("COMPLETED", ["inbox"]), by_inbox["state"]
    assert by_inbox["parameters"] == {"sources": ["wb_population"]}
    assert (tmp_path / "input" / "wb_population" / "inbox" / given.name).is_file()
    now = datetime.now(UTC)
    leap_days = (datetime(year, 2, 29, 5, 30, tzinfo=UTC) for year in range(now.year, 2100) if year % 4 == 0)
    assert due[1] == f"{next(day for day in leap_days if day > now):%Y-%m-%d %H:%M}"


def _check_that_strangers_get_nothing(data: Path, port: int, deployment: Any) -> None:
    """What another page of the browser, another account or a run with other paths may do: nothing."""
    run = f"deployments/{deployment['id']}/create_flow_run"
    own = {"Authorization": "Basic " + base64.b64encode((data / "prefect" / "password").read_bytes().strip()).decode()}
    origin = {"Origin": "http://evil.example", "Content-Type": "application/json"}
    for headers in ({}, origin, {"Authorization": "Basic aWNjczp3cm9uZw=="}, {**origin, "Host": "evil.example"}):
        assert _status(port, "flow_runs/filter", headers, b"{}")[0] in (401, 403)
        assert _status(port, run, headers, b"{}")[0] in (401, 403)
        assert _status(port, "deployments/name/iccs/scheduled", headers)[0] == 401
    asked = {**origin, "Access-Control-Request-Method": "POST"}
    preflight = _status(port, run, asked, method="OPTIONS")[1]
    assert preflight.get("access-control-allow-origin") in (None, f"http://127.0.0.1:{port}")
    assert _status(port, run, {**own, "Content-Type": "application/json"}, b"{}")[0] == 403, "no token, no change"
    assert deployment["parameters"] == {}
    assert set(deployment["parameter_openapi_schema"]["properties"]) == {"sources"}
    modes = {path.relative_to(data).as_posix(): path.stat().st_mode & 0o077 for path in (data / "prefect").rglob("*")}
    assert modes["prefect/password"] == modes["prefect/server.log"] == modes["prefect/prefect.db"] == 0
    assert (data / "prefect").stat().st_mode & 0o077 == 0
    said = (data / "out.log").read_text()
    assert said.count((data / "prefect" / "password").read_text().strip()) == 1


def test_the_password_is_kept_and_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    from pipelines.cli.office.serve import read_sign_in
    from schemas.errors import UsageError

    first, is_new = read_sign_in(tmp_path)
    assert is_new
    assert len(first) >= 24
    assert read_sign_in(tmp_path) == (first, False)
    (tmp_path / "password").chmod(0o644)
    with pytest.raises(UsageError, match="can be read by other accounts"):
        read_sign_in(tmp_path)
    (tmp_path / "password").write_text("iccs:\n")
    (tmp_path / "password").chmod(0o600)
    with pytest.raises(UsageError, match="at least 12 characters"):
        read_sign_in(tmp_path)


def test_a_run_that_is_due_is_started_by_the_schedule_and_publishes(tmp_path: Path) -> None:
    """Nobody starts it: the cron line comes round each minute."""
    shutil.copytree(ROOT / "data" / "input" / "wb_population", tmp_path / "input" / "wb_population")
    port = _free_port()

    with _serving(tmp_path, "* * * * *", port) as serving:
        _wait(serving, tmp_path, 180, lambda: "next run:" in (tmp_path / "out.log").read_text())
        first = min(
            _wait(serving, tmp_path, 150, lambda: _ended(tmp_path, port)), key=lambda run: run["expected_start_time"]
        )

    assert (first["state_type"], first["auto_scheduled"]) == ("COMPLETED", True), first["state"]
    assert first["created_by"]["type"] == "SCHEDULE"
    with duckdb.connect(str(tmp_path / "published" / "crime.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT source FROM out.source").fetchall() == [("wb_population",)]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_the_run_that_is_under_way(tmp_path: Path, ending: signal.Signals) -> None:
    """The command has done what it was asked for, to serve until it is stopped: it ends with 0, and nothing stays."""
    shutil.copytree(ROOT / "data" / "input", tmp_path / "input")
    port = _free_port()
    with _serving(tmp_path, "* * * * *", port) as serving:
        log = tmp_path / "out.log"
        _wait(serving, tmp_path, 240, lambda: "conform" in log.read_text())
        serving.send_signal(ending)
        assert serving.wait(timeout=60) == 0
        said = log.read_text()
        give_up = time.monotonic() + 10  # Python's tracker of resources ends a moment after those that it tracked
        while (left := _processes_of_session(serving.pid)) and time.monotonic() < give_up:
            time.sleep(0.2)
    assert left == []
    assert said.endswith("\nstopped\n")
    assert "never awaited" not in said and "Stopped" not in said
    with writing(Settings(tmp_path)):  # the lock is free
        pass
    assert not list((tmp_path / ".iccs-work").glob("*/"))


def _processes_of_session(session: int) -> list[str]:
    """The processes of a session that have not ended."""
    listed = subprocess.run(["ps", "-eo", "sid,stat,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.split()[0] == str(session) and line.split()[1][0] != "Z"]


def test_a_server_that_plans_no_run_is_a_fault_and_is_told(tmp_path: Path) -> None:
    """Its page shows a deployment that is ready, whether its scheduler works or not."""
    port = _free_port()
    off = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}
    with _serving(tmp_path, "0 6 * * 1", port, planning_seconds=15, **off) as serving:
        assert serving.wait(timeout=180) == 3
    said = (tmp_path / "out.log").read_text()
    assert "scheduled no run within 15 s" in said
    assert "last error in its log: " in said
    assert str(tmp_path / "prefect" / "server.log") in said
    assert "next run:" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--cron", "every Monday"], "--cron: 'every Monday' is not a cron expression"),
        (["--cron", "0 6 30 2 *"], "--cron: '0 6 30 2 *' is not a cron expression of a day that occurs"),
        (["--time-zone", "Mexico"], "--time-zone: "),
    ],
)
def test_a_wrong_plan_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert main(["serve", *options, "--data", str(tmp_path)]) == 2
    assert told in capsys.readouterr().err


def test_missed_runs_are_caught_up_and_a_source_that_fails_stops_no_other(tmp_path: Path) -> None:
    """A project with two sources that were due while nothing served; one has a file that is refused."""
    assert main(["init", str(tmp_path / "office")]) == 0
    office, data = tmp_path / "office", tmp_path / "office" / "data"
    (data / "input/xx_example_population/population_2024.csv").write_text(
        "Region,Sex,Year,Persons\nNorth,F,2024,many\n"
    )
    with (office / "sources/xx_example_population/source.yml").open("a") as file:
        file.write('calendar: {cron: "0 6 15 1 *", time_zone: Europe/Madrid}\n')
    names = ["xx_example_offences", "xx_example_population"]
    old = {"started": "2020-01-01T00:00:00+00:00", "end": "unchanged"}
    (data / "runs.jsonl").write_text("".join(json.dumps({"source": name, **old}) + "\n" for name in names))
    port = _free_port()

    def ended() -> Any:
        runs = {run["name"]: run for run in _ask(data, port, "flow_runs/filter", b"{}")}
        final = ("COMPLETED", "FAILED", "CRASHED")
        return runs if any("catching up" in name and run["state_type"] in final for name, run in runs.items()) else None

    # At a minute past six on 29 February: all sources were due too, so it is one run of all that is caught up.
    with _serving(data, "1 6 29 2 *", port, ICCS_PROJECT=str(office)) as serving:
        runs = _wait(serving, data, 300, ended)
        deployments = {one["name"]: one for one in _ask(data, port, "deployments/filter", b"{}")}

    assert deployments.keys() == {"scheduled", *names}
    assert deployments[names[0]]["schedules"][0]["schedule"]["timezone"] == "Europe/Madrid"
    assert deployments[names[0]]["parameters"] == {"sources": [names[0]]}
    states = {re.sub(r" \d{4}-\d\d-\d\d", "", name): run["state_type"] for name, run in runs.items()}
    assert states["all sources, catching up"] == "FAILED"
    assert (states[names[0]], states[names[1]]) == ("COMPLETED", "FAILED")
    with duckdb.connect(str(data / "published" / "crime.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT source FROM out.source").fetchall() == [(names[0],)]
    lines = [json.loads(line) for line in (data / "runs.jsonl").read_text().splitlines()]
    assert [(line["source"], line["end"]) for line in lines[2:]] == [(names[0], "loaded"), (names[1], "refused")]


def test_another_address_is_named_and_each_port_is_free() -> None:
    from pipelines.cli.office.serve import Places
    from schemas.errors import UsageError

    for host, said in (
        ("0.0.0.0", "give the address at which others"),  # noqa: S104
        ("::", "give the address at which others"),
        ("office", "an address"),
    ):
        with pytest.raises(UsageError, match=said):
            Places(host).check()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use"):
            Places(port=_free_port(), health_port=port).check()


def test_a_server_that_takes_long_to_start_is_waited_for_and_one_that_died_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a busy machine it takes minutes; here a server that begins to listen after a second and a half."""
    from pipelines.cli.office import serve
    from schemas.errors import UsageError

    monkeypatch.setattr(serve, "SAY_WAITING_SECONDS", 0.2)
    port, log = _free_port(), tmp_path / "server.log"
    late = "import time, http.server as h; time.sleep(1.5); h.test(h.SimpleHTTPRequestHandler, "
    late += f"port={port}, bind='127.0.0.1')"
    with subprocess.Popen([sys.executable, "-c", late], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        serve.wait_for_page(f"http://127.0.0.1:{port}/", server, log)
        assert server.poll() is None
        said = capsys.readouterr().out.replace("\n", " ")
        assert said.count("is slow to start") == 1
        server.kill()
        server.wait()
        with pytest.raises(UsageError, match="did not start"):
            serve.wait_for_page(f"http://127.0.0.1:{port}/", server, log)


def test_a_probe_is_told_whether_all_is_well_and_nothing_of_the_data() -> None:
    from pipelines.cli.office.health import answering_probes

    document: dict[str, Any] = {"good": True, "sources": {"xx_one": "good"}}
    port = _free_port()

    def ask(path: str = "health") -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    with answering_probes("127.0.0.1", port, lambda: document):
        assert ask() == (200, document)
        assert ask("other")[0] == 404

    def fails() -> dict[str, Any]:
        raise OSError("/secret/place is gone")

    for read, told in ((lambda: {"good": False}, {"good": False}), (fails, {"good": False, "error": "OSError"})):
        with answering_probes("127.0.0.1", port, read):
            assert ask() == (503, told)
