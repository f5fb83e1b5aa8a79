"""The server: FastAPI gives each request to ``Service``, and uvicorn sends what it returns."""

from __future__ import annotations

import logging

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse

from pipelines.share.serve.service import Answer, Service

_LOG = logging.getLogger("iccs.share")
_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


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
        except Exception:
            _LOG.exception("a request was not answered")
            made = Answer(500, {"Content-Type": "text/plain; charset=utf-8"}, iter([b"A fault of the server.\n"]))
        headers = {**made.headers, **_SAFE}
        if request.method == "HEAD" or made.status in (204, 304):
            return Response(status_code=made.status, headers=headers)
        return StreamingResponse(made.body, status_code=made.status, headers=headers)

    return app


def run_server(service: Service, host: str, port: int) -> None:
    """Serve until stopped.

    Args:
        service: makes the answers.
        host: address of this machine.
        port: 0 for any that is free.
    """
    uvicorn.run(make_app(service), host=host, port=port, log_level="info", server_header=False, limit_concurrency=200)
