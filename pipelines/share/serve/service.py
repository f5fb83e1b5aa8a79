"""The service: from a path and a few headers to a status, headers and a body in chunks.

It is independent of HTTP libraries: ``app`` passes it the request and sends what it returns.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import IO

import duckdb

from pipelines.share.serve import catalogue
from pipelines.share.serve.cells import answer_data, codes_in_cells
from pipelines.share.serve.formats import DATA, STRUCTURE, Form, choose_form
from pipelines.share.serve.periods import read_moment
from pipelines.share.serve.rates import Rates, client_of
from pipelines.share.serve.refused import NotAnswered
from pipelines.share.serve.request import Ask, parse_request
from pipelines.share.serve.shelf import Edition, Shelf
from pipelines.system.connection import time_limit
from schemas.definition.sharing import Level

_PUBLIC: tuple[Level, ...] = ("public",)
_PARTNERS: tuple[Level, ...] = ("public", "partners")
_IN_MEMORY, _PIECE = 8 * 1024**2, 256 * 1024  # bytes
_VARY = "Accept, Accept-Encoding, Authorization"


@dataclass(frozen=True)
class Limits:
    """Limits on the size of an answer, the time to make it (seconds), and the number made at a time.

    ``per_minute`` is how many requests a client may send, 0 for any number.
    """

    cells: int = 1_000_000
    seconds: float = 60.0
    at_a_time: int = 8
    per_minute: int = 0


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes] = field(default_factory=lambda: iter(()))


class Service:
    """Answers requests from the packages of a shelf.

    Args:
        shelf: the packages.
        tokens: of partners, by name; whoever sends one also gets what is for partners.
        limits: of each answer.
    """

    def __init__(self, shelf: Shelf, tokens: Mapping[str, str] | None = None, limits: Limits | None = None) -> None:
        self.shelf = shelf
        self.limits = limits or Limits()
        self._tokens = {name: hashlib.sha256(token.encode()).digest() for name, token in (tokens or {}).items()}
        self._rates = Rates(self.limits.per_minute)
        self._places = BoundedSemaphore(self.limits.at_a_time)

    def answer(self, path: str, query: str, headers: Mapping[str, str], address: str = "") -> Answer:
        """Answer a request.

        Args:
            path: as it came.
            query: as it came.
            headers: by names in small letters.
            address: of who asks.
        """
        try:
            partner = self._partner(headers.get("authorization"))
            if seconds := self._rates.wait(f"token {partner}" if partner else f"address {client_of(address)}"):
                raise NotAnswered(429, f"More than {self.limits.per_minute:,} requests in a minute.", seconds)
            if partner == "":
                raise NotAnswered(401, "The token is not known here; without a token you get what is public.")
            levels = _PARTNERS if partner else _PUBLIC
            ask = parse_request(path, query)
            return self._answer(ask, levels, path, query, headers)
        except NotAnswered as error:
            return _refusal(error)

    def _partner(self, authorization: str | None) -> str | None:
        """Return whose token it is, empty if nobody's, None without one. Comparisons take constant time."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        digest = hashlib.sha256(token.strip().encode()).digest()
        matches = [name for name, one in self._tokens.items() if hmac.compare_digest(digest, one)]
        return matches[0] if matches and scheme.lower() == "bearer" else ""

    def _answer(self, ask: Ask, levels: tuple[Level, ...], path: str, query: str, headers: Mapping[str, str]) -> Answer:
        forms = DATA[ask.version] if ask.resource == "data" else STRUCTURE[ask.version]
        form = choose_form(forms, headers.get("accept", ""), ask.form)
        editions = self._editions(ask, levels)
        packed = _takes_gzip(headers.get("accept-encoding", ""))
        tag = _tag(editions, levels, path, query, form, packed=packed)
        response_headers = {
            "ETag": tag,
            "Vary": _VARY,
            "Cache-Control": "private, no-cache" if "partners" in levels else "no-cache",
        }
        if _has_tag(headers.get("if-none-match", ""), tag):
            return Answer(304, response_headers)
        response_headers["Content-Type"] = form.content_type
        if packed:
            response_headers["Content-Encoding"] = "gzip"
        if not self._places.acquire(timeout=self.limits.seconds):
            raise NotAnswered(503, "Too many requests are being processed; try again in a minute.", 60)
        try:
            body = _spool(self._pieces(ask, editions, form), packed=packed)
        finally:
            self._places.release()
        size = body.seek(0, 2)
        return Answer(200, {**response_headers, "Content-Length": str(size)}, _read(body))

    def _editions(self, ask: Ask, levels: tuple[Level, ...]) -> list[Edition]:
        """Return the packages for an answer: the current one first, then earlier ones."""
        moment = read_moment(ask.parameters["asOf"]) if "asOf" in ask.parameters else None
        current = self.shelf.current(levels, moment)
        before = [one for one in self.shelf.editions(levels) if one.published_at < current.published_at]
        if "updatedAfter" in ask.parameters:
            since = read_moment(ask.parameters["updatedAfter"])
            if moment is not None and since > moment:
                raise NotAnswered(400, "updatedAfter is later than asOf.")
            return [current, *_known(before, current, since)]
        if ask.parameters.get("includeHistory", "false") == "true":
            return [current, *reversed(before)]
        return [current]

    def _pieces(self, ask: Ask, editions: Sequence[Edition], form: Form) -> Iterator[str]:
        """Yield the body in chunks; DuckDB's statements are stopped when they take too long."""
        cursor = editions[0].cursor()
        too_long = NotAnswered(413, f"The answer takes more than {self.limits.seconds:,.0f} seconds; ask for less.")
        try:
            with time_limit(cursor, self.limits.seconds, too_long):
                if ask.resource == "data":
                    yield from answer_data(ask, editions, form, cursor, self.limits.cells)
                else:
                    yield _structure_message(ask, editions[0], form, cursor)
        except duckdb.OutOfMemoryException as error:
            raise NotAnswered(413, "The answer needs more memory than is available; ask for less.") from error
        finally:
            cursor.close()


def _known(before: Sequence[Edition], current: Edition, since: datetime) -> list[Edition]:
    """Return the package that was current for a client at a moment.

    Raises:
        NotAnswered: 501, it is not kept: what is gone since could not be said, and would stay with the client.
    """
    had = [one for one in (*before, current) if one.published_at <= since]
    if not had:
        raise NotAnswered(501, "The state at that time is no longer available; ask for all data, without updatedAfter.")
    return [had[-1]]


def _structure_message(ask: Ask, edition: Edition, form: Form, cursor: duckdb.DuckDBPyConnection) -> str:
    structures = edition.structures
    references = ask.parameters.get("references", "none")
    if ask.resource == "structure":
        found = catalogue.select(structures, ask.artefacts, references, ask.parameters.get("detail", "full"))
        return catalogue.write_structures(edition, found, form)
    if ask.parameters.get("mode", "exact") not in ("exact", "available"):
        raise NotAnswered(400, "mode is exact or available.")
    if not [one for one in structures.artefacts() if catalogue.is_meant(one, ask.artefacts)]:
        raise NotAnswered(404, "There is no such dataflow here.")
    asked = catalogue.constraint_of(structures, codes_in_cells(ask, edition, cursor))
    found = []
    if references != "none":
        beside = catalogue.select(structures, ask.artefacts, "descendants", "full")
        kinds = set(references.replace("contentconstraint", "dataconstraint").split(","))
        found = [one for one in beside if "all" in kinds or catalogue.kind_of(one) in kinds]
    return catalogue.write_structures(edition, [*found, asked], form)


def _tag(
    editions: Sequence[Edition], levels: Sequence[Level], path: str, query: str, form: Form, *, packed: bool
) -> str:
    """Return the entity tag of an answer, which depends on release, request and format."""
    parts = (*(one.release for one in editions), editions[0].agency, levels, path, query, form.content_type)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return f'"{editions[0].release}-{digest}{"-gzip" if packed else ""}"'


def _has_tag(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in [one.strip().removeprefix("W/") for one in header.split(",")]


def _takes_gzip(header: str) -> bool:
    for one in header.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        if name == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def _spool(pieces: Iterator[str], *, packed: bool) -> IO[bytes]:
    """Buffer a whole body, so that failures come before anything is sent, and slow readers block nothing."""
    packer = zlib.compressobj(6, wbits=31) if packed else None
    body: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (closed when it was read)
    try:
        for piece in pieces:
            body.write(packer.compress(piece.encode()) if packer else piece.encode())
        if packer:
            body.write(packer.flush())
    except BaseException:
        body.close()
        raise
    return body


def _read(body: IO[bytes]) -> Iterator[bytes]:
    with body:
        body.seek(0)
        while piece := body.read(_PIECE):
            yield piece


def _refusal(error: NotAnswered) -> Answer:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Vary": _VARY, "Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 204:
        return Answer(204, {name: headers[name] for name in ("Vary", "Cache-Control")})
    return Answer(error.status, headers, iter([f"{error.sentence}\n".encode()]))
