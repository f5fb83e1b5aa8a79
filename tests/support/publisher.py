"""A publisher on this machine whose server behaves as real ones do, and worse."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Publisher:
    """``pages`` says what each path does; ``asked`` are the requests that came: path and headers."""

    port: int = 0
    pages: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self, path: str) -> str:
        return f"{self.origin}/{path}"

    def headers(self, name: str) -> list[str | None]:
        """What each request said under a header."""
        return [headers.get(name) for _, headers in self.asked]


@contextlib.contextmanager
def publishing() -> Iterator[Publisher]:
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            publisher.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            with contextlib.suppress(OSError):
                publisher.pages.get(self.path.partition("?")[0][1:], status(404))(self)
            self.close_connection = True

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    publisher.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, code: int, headers: dict[str, str], body: bytes = b"") -> None:
    handler.send_response(code)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def status(code: int, **headers: str) -> Behaviour:
    """Answers with a status and no body."""
    return lambda handler: _answer(handler, code, {name.replace("_", "-"): value for name, value in headers.items()})


def gives(body: bytes, kind: str = "text/csv", etag: str | None = None, modified: str | None = None) -> Behaviour:
    """Gives a file as a good server does: with its version, only if it changed, from any byte on."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        headers = {"Content-Type": kind}
        headers |= {"ETag": etag} if etag else {}
        headers |= {"Last-Modified": modified} if modified else {}
        asked = handler.headers
        if (etag and asked["If-None-Match"] == etag) or (modified and asked["If-Modified-Since"] == modified):
            return _answer(handler, 304, {})
        if asked["Range"] and asked["If-Range"] == etag:
            start = int(asked["Range"].removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return _answer(handler, 206, headers, body[start:])
        return _answer(handler, 200, headers, body)

    return give


def store(bucket: str, objects: dict[str, bytes]) -> dict[str, Behaviour]:
    """The part of S3 that reading needs: a list of keys, and each object."""

    def keys(handler: BaseHTTPRequestHandler) -> None:
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-02T06:00:00.000Z</LastModified>"
            f"<ETag>&quot;{len(body)}&quot;</ETag><Size>{len(body)}</Size></Contents>"
            for key, body in objects.items()
        )
        listing = f"<?xml version='1.0'?><ListBucketResult><Name>{bucket}</Name>{entries}</ListBucketResult>"
        _answer(handler, 200, {"Content-Type": "application/xml"}, listing.encode())

    return {bucket: keys} | {f"{bucket}/{key}": gives(body, etag=f'"{len(body)}"') for key, body in objects.items()}


def breaks_off(body: bytes, after: int, etag: str | None = None) -> Behaviour:
    """Announces the whole file and closes the connection after some bytes."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        if etag:
            handler.send_header("ETag", etag)
        handler.end_headers()
        handler.wfile.write(body[:after])

    return give


def endless() -> Behaviour:
    """Gives bytes without an end, of no announced length."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.end_headers()
        while True:
            handler.wfile.write(b"0" * 65_536)

    return give


def drips(first: bytes, seconds: float = 0.05) -> Behaviour:
    """Gives some bytes, raw and also of the header, and then one letter at a time."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(first)
        while True:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(seconds)

    return give


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Does one after the other, and the last one from then on."""
    left = list(behaviours)

    def give(handler: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return give


def leads_to(address: str) -> Behaviour:
    """Redirects."""
    return status(302, Location=address)
