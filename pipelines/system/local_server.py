"""Servers of the standard library open to strangers: a client that disconnects or sends nonsense is not our fault."""

from __future__ import annotations

import sys
from http.server import ThreadingHTTPServer
from typing import Any

SILENT_SECONDS = 30
"""How long a client may send or receive nothing before its connection is closed; the handler's ``timeout``."""


class LocalServer(ThreadingHTTPServer):
    """A server with a thread for each connection, none of which keeps the process alive."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log in one line that a request was not answered; nothing if its client has disconnected."""
        error = sys.exception()
        if not isinstance(error, OSError):
            sys.stderr.write(f"a request was not answered: {type(error).__name__}: {error}\n")
