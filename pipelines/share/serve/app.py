"""The server: FastAPI gives each request to ``Service``, and uvicorn sends what it returns."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipelines.share.serve.service import Answer, Service
from pipelines.system.local_server import SILENT_SECONDS

_LOG = logging.getLogger("iccs.share")
_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


class _Impatient(H11Protocol):
    """A connection that is closed if its client sends nothing, only half a request, or does not read its answer.

    Each takes one of the server's connection slots; the library times out only those that have been answered.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection and start watching it."""
        super().connection_made(transport)
        self._seen: tuple[object, int] = (None, 0)
        self._look_later()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(SILENT_SECONDS, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching the connection."""
        self._look.cancel()
        super().connection_lost(exc)

    def _look_after(self) -> None:
        """Close the connection if nothing has happened since the last check."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        unsent = self.transport.get_write_buffer_size()
        now = (self.cycle, unsent)
        if now == self._seen and (unsent or not is_answering):
            self.transport.abort()
            return
        self._seen = now
        self._look_later()


def make_app(service: Service) -> FastAPI:
    """Return the application that answers GET and HEAD at every address, and nothing else.

    Args:
        service: makes the answers.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], response_model=None)
    def answer(request: Request) -> Response:
        path = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0]
        query = request.scope.get("query_string", b"").decode("ascii", "replace")
        try:
            made = service.answer(path, query, dict(request.headers), request.client.host if request.client else "")
        except Exception:  # a request must never stop the server, nor show a client its internals
            _LOG.exception("a request was not answered")
            made = Answer(500, {"Content-Type": "text/plain; charset=utf-8"}, iter([b"A fault of the server.\n"]))
        headers = {**made.headers, **_SAFE}
        if request.method == "HEAD" or made.status in (204, 304):
            return Response(status_code=made.status, headers=headers)
        return StreamingResponse(made.body, status_code=made.status, headers=headers)

    return app


def connection_options() -> dict[str, Any]:
    """Return the connection options for uvicorn."""
    return {"http": _Impatient, "ws": "none", "limit_concurrency": 200}


def run_server(service: Service, host: str, port: int) -> None:
    """Serve until stopped.

    Args:
        service: makes the answers.
        host: address to listen on.
        port: 0 for any free one.
    """
    uvicorn.run(
        make_app(service),
        host=host,
        port=port,
        log_level="info",
        server_header=False,
        **connection_options(),
    )
