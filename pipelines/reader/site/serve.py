"""A server for a site, reachable from this machine only."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pipelines.reader.site.build import MARK
from pipelines.system.local_server import SILENT_SECONDS, LocalServer
from schemas.errors import UsageError

_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)


class PageHandler(SimpleHTTPRequestHandler):
    """Serves the files of the site, logs nothing, and lets browsers load only its own scripts and resources."""

    timeout = SILENT_SECONDS

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Send the headers of a file; files outside the site, reached through a link, are not found."""
        asked, site = self.translate_path(self.path), Path(self.directory).resolve()
        if "\0" in asked or not all(
            path.resolve().is_relative_to(site) for path in (Path(asked), Path(asked, "index.html"))
        ):
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return None
        return super().send_head()

    def list_directory(self, path: object) -> None:
        """Show no list of files."""
        self.send_error(HTTPStatus.NOT_FOUND, "File not found")

    def end_headers(self) -> None:
        """Add the policy."""
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def site_server(folder: Path, port: int) -> LocalServer:
    """Return a server of a site on 127.0.0.1, to be used as a context manager.

    Args:
        folder: of the site.
        port: where it listens; 0 for any free one.

    Raises:
        UsageError: the folder is not a site, or the port is taken.
    """
    if not (folder / MARK).is_file():
        raise UsageError(f"{folder} is not a site; build one with: iccs site build -o {folder}")
    try:
        return LocalServer(("127.0.0.1", port), partial(PageHandler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "a port must be a number from 0 to 65535"
        raise UsageError(f"port {port} cannot be used ({why}); give another with --port") from error
