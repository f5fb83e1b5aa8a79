"""What the server of a site says to those who do not ask as a browser does."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.reader.site import serve
from pipelines.reader.site.build import MARK
from pipelines.reader.site.serve import site_server


@pytest.fixture(name="port")
def _port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A site of one page, with links that lead out of it, served."""
    monkeypatch.setattr(serve.PageHandler, "timeout", 0.3)
    site, outside = tmp_path / "site", tmp_path / "outside"
    for folder in (site / "shown", site / "linked", outside):
        folder.mkdir(parents=True)
    (site / MARK).touch()
    (site / "index.html").write_text("the page")
    (site / "shown" / "figures.csv").write_text("1,2")
    (outside / "secret.txt").write_text("secret")
    (site / "out").symlink_to(outside)
    (site / "linked" / "index.html").symlink_to(outside / "secret.txt")
    with site_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def ask(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


def reset(port: int, sent: bytes) -> None:
    """Send something and break the connection, so that the other side is told."""
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.send(sent)
    client.close()


def test_nothing_but_files_of_the_site_is_shown(port: int) -> None:
    assert ask(port, "/") == (200, b"the page")
    assert ask(port, "/shown/figures.csv") == (200, b"1,2")
    for path in ("/out/secret.txt", "/linked/", "/shown/", "/%00", "/..%2foutside/secret.txt", "/%2e%2e/outside/"):
        status, body = ask(port, path)
        assert status == 404, path
        assert b"secret" not in body


def test_clients_that_go_away_or_say_nothing_leave_no_word_and_no_thread(
    port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    before = threading.active_count()
    for sent in (b"", b"GET / HTTP/1.1\r\nHost", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        reset(port, sent)
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    assert ask(port, "/")[0] == 200
    deadline = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert threading.active_count() <= before
    for client in silent:
        client.close()
    assert capfd.readouterr() == ("", "")
