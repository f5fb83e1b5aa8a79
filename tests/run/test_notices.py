"""A webhook and a mail server on loopback get what a run refused; nobody is told of a run that went well."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.attempts import Refusal
from pipelines.notices import notify_of_failure, notify_of_run
from pipelines.run import RunResult, run_all
from pipelines.schedule import find_office_problems
from pipelines.session import Session
from pipelines.system.running.run_log import Attempt, log_attempts
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import find_sources

got: list[str] = []


class Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        got.append(f"{body['title']}\n{body['message']}")
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 loopback\r\n")
        for line in self.rfile:
            if line.strip().upper() == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                got.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            if line.strip().upper() == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def result(tmp_path: Path, *refused: str, loaded: tuple[str, ...] = ()) -> RunResult:
    refusals = tuple(Refusal(name, "1 cell rejected: unknown area.", ()) for name in refused)
    return RunResult(loaded, (), (), refusals, None, tmp_path / "p.duckdb", tmp_path, 1.0)


@pytest.fixture(autouse=True)
def _nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    got.clear()
    monkeypatch.delenv("ICCS_NOTIFY", raising=False)


def test_a_webhook_and_a_mail_say_what_was_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path)
    with (
        serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook,
        serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)) as mail,
    ):
        address = f"mailto://127.0.0.1:{mail}?from=iccs@example.org&to=office@example.org&mode=insecure"
        monkeypatch.setenv("ICCS_NOTIFY", f"json://127.0.0.1:{hook} {address}")
        assert notify_of_run(result(tmp_path, "mx_one", "mx_two"), settings) == []
        assert len(got) == 2
        assert got[0].startswith(f"iccs: 2 problems in the run in {tmp_path}")
        assert "mx_one: 1 cell rejected: unknown area.\n\nmx_two: 1 cell rejected" in got[0]
        assert "mx_two: 1 cell rejected" in got[1]
        assert notify_of_run(result(tmp_path, loaded=("mx_one",)), settings) == []
        assert len(got) == 2, "nobody is told of a run that succeeded"
        assert notify_of_run(result(tmp_path), settings) == []
        assert "no file of any source was found" in got[2]


def test_a_notice_that_cannot_be_sent_is_said_without_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data=tmp_path)
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        monkeypatch.setenv("ICCS_NOTIFY", f"json://user:s3cret@127.0.0.1:{hook}/broken json://127.0.0.1:{hook}/fine")
        failed = notify_of_run(result(tmp_path, "mx_one"), settings)
    assert failed == ["ICCS_NOTIFY: the notice could not be sent to address 1 (json)"]
    assert len(got) == 2, "the second address is told all the same"
    assert "s3cret" not in caplog.text
    monkeypatch.setenv("ICCS_NOTIFY", "no-address:s3cret")
    (said,) = notify_of_run(result(tmp_path, "mx_one"), settings)
    assert "address 1 (not of the form kind://...) is of a kind unknown to apprise" in said
    for pieces in ("https//hooks.example/T0/s3cret", "user:s3cret@host"):
        monkeypatch.setenv("ICCS_NOTIFY", pieces)
        assert not any(part in str(notify_of_run(result(tmp_path, "mx_one"), settings)) for part in ("s3cret", "user"))
    assert "s3cret" not in said


def test_a_run_that_could_not_publish_is_told_without_values_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path)
    said: list[str] = []
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        monkeypatch.setenv("ICCS_NOTIFY", f"json://127.0.0.1:{hook}")
        with pytest.raises(UsageError), notify_of_failure(settings, said.append):
            raise UsageError("another run is writing")
        with pytest.raises(ValueError), notify_of_failure(settings, said.append):
            raise ValueError("cannot read 'Jane Doe'")
    assert "the run was aborted; the last complete release stays published. another run is writing" in got[0]
    assert "ValueError; see the log of the run for more" in got[1]
    assert "Jane" not in got[1]
    assert said == []


def test_without_addresses_nothing_is_sent(tmp_path: Path) -> None:
    assert notify_of_run(result(tmp_path, "mx_one"), Settings(data=tmp_path)) == []


def test_room_that_runs_out_and_a_long_silence_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path, notify_free_space="900TB", notify_silent_days=35)
    log_attempts([Attempt("mx_one", "2026-01-05T06:00:00+00:00", "loaded")], settings)
    log_attempts([Attempt("mx_one", "2026-03-01T06:00:00+00:00", "refused")], settings)
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        monkeypatch.setenv("ICCS_NOTIFY", f"json://127.0.0.1:{hook}")
        assert notify_of_run(result(tmp_path, loaded=("mx_one",)), settings) == []
    assert got[0].startswith(f"iccs: 2 problems in the run in {tmp_path}")
    assert "no run has succeeded since 2026-01-05, more than 35 days ago" in got[0]
    assert "less than 900TB (notify_free_space)" in got[0]
    enough = Settings(data=tmp_path, notify_free_space="1KB", notify_silent_days=35)
    assert find_office_problems(enough, datetime(2026, 2, 9, tzinfo=UTC)) == []
    assert len(find_office_problems(enough, datetime(2026, 2, 10, tzinfo=UTC))) == 1


def test_who_wishes_is_told_of_a_run_that_went_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path, notify_free_space="1KB", notify_success=True)
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        monkeypatch.setenv("ICCS_NOTIFY", f"json://127.0.0.1:{hook}")
        assert notify_of_run(result(tmp_path, loaded=("mx_one",)), settings) == []
    assert got[0].startswith(f"iccs: the run in {tmp_path} succeeded")
    assert got[0].endswith("nothing new to publish\n\nloaded: mx_one")


@pytest.mark.slow
def test_a_figure_that_is_revised_by_much_is_told_with_both_values(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.declare(
        "layouts:\n  - files: [t.csv]\n    read: {columns: [area, period, code, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: period, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\n"
    )
    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources)
    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as hook:
        monkeypatch.setenv("ICCS_NOTIFY", f"json://127.0.0.1:{hook}")
        for events in (200, 210, 240):  # by 5 %, then by 14.3 %
            tiny.give("t.csv", f"area,period,code,n\nMX-JAL,2024,HOM,{events}\n")
            run = run_all(find_sources([], tiny.sources), session, named=False)
            assert notify_of_run(run, tiny.settings) == []
    assert len(got) == 1
    assert got[0].startswith("iccs: large revisions in the run in")
    assert "xx_tiny: MX-JAL, 2024, ICCS 0101: 210 became 240 (+14.3 %)" in got[0]
