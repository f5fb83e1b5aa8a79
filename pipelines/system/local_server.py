"""Servers of the standard library that strangers may ask: one that goes away or says nonsense is no fault of ours."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any

SILENT_SECONDS = 30
"""How long a client may say or take nothing before its connection is closed; a ``timeout`` of the handler."""


class LocalServer(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the process alive."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in a line that a request was not answered; nothing where its client has gone."""
        error = sys.exception()
        if not isinstance(error, OSError):
            sys.stderr.write(f"a request was not answered: {type(error).__name__}: {error}\n")
