"""``/health`` of ``iccs serve``: an answer for probes, with the state of each source and none of its data."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from pipelines.system.local_server import LocalServer
from schemas.errors import UsageError

_KEPT_SECONDS = 30
"""How long an answer is reused, in seconds: asking more often causes no extra work."""


@contextmanager
def answering_probes(host: str, port: int, read_health: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Answer ``GET /health`` as long as the block lasts: 200 if ``good`` is true, else 503.

    Args:
        host: address on which to listen.
        port: its port.
        read_health: what is answered, as a document with ``good``.

    Raises:
        UsageError: the port is taken.
    """
    latest: tuple[float, dict[str, Any]] | None = None
    one_at_a_time = threading.Lock()

    def health() -> dict[str, Any]:
        nonlocal latest
        with one_at_a_time:
            if latest is None or time.monotonic() - latest[0] > _KEPT_SECONDS:
                latest = time.monotonic(), read_health()
            return latest[1]

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # for a client that connects and sends nothing

        def do_GET(self) -> None:
            if self.path != "/health":
                self._answer(404, {"good": False})
                return
            try:
                document = health()
            except Exception as error:  # whatever it is, the probe must be told that something is wrong
                document = {"good": False, "error": type(error).__name__}
            self._answer(200 if document["good"] else 503, document)

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document, default=str).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: a probe asks every minute."""

    try:
        server = LocalServer((host, port), Handler)
    except OSError as error:
        raise UsageError(f"--health-port {port}: nothing can listen there ({error.strerror})") from error
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
