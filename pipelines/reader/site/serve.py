"""A server of a site for this machine only."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pipelines.reader.site.build import MARK
from schemas.errors import UsageError

_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site; nothing is logged, and a browser runs only its own scripts and asks no other machine."""

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def site_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of a site on 127.0.0.1, to be used as a context manager.

    Args:
        folder: of the site.
        port: where it listens; 0 for any free one.

    Raises:
        UsageError: the folder is no site, or the port is taken.
    """
    if not (folder / MARK).is_file():
        raise UsageError(f"{folder} is not a site; make one with: iccs site build -o {folder}")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "a port is a number from 0 to 65535"
        raise UsageError(f"port {port} cannot be used ({why}); give another with --port") from error
