"""A server of packages on this machine, as long as a test needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from pipelines.share.serve.app import connection_options, make_app
from pipelines.share.serve.service import Limits, Service
from pipelines.share.serve.shelf import Shelf


@contextmanager
def serving(
    packages: Path, agency: str, tokens: Mapping[str, str] | None = None, limits: Limits | None = None
) -> Iterator[str]:
    """Serve packages on a free port of the loopback; give the address."""
    service = Service(Shelf(packages, agency), tokens, limits)
    quiet = {"host": "127.0.0.1", "port": 0, "log_level": "warning"}
    server = uvicorn.Server(uvicorn.Config(make_app(service), **quiet, **connection_options()))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
