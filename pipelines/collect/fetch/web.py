"""Files from web addresses: retried, resumed where they broke off, and fetched only if they have changed.

Neither an address nor an answer is trusted. Redirects are followed one by one, each checked; a body is read in chunks
up to limits of size and time; its length must be the one announced; and it must be data, not a web page.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from pipelines.collect.fetch.limits import Limits, is_redirect_allowed, secret_header
from pipelines.collect.fetch.received import KEPT_HEADERS, Receipt
from pipelines.system.settings import Settings
from schemas.definition.acquisition import Acquisition

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 6
"""How many attempts in a row may bring nothing."""
FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 60.0
_SILENCE_SECONDS = 30.0
_MOST_REDIRECTS = 5
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Status codes of temporary failures; all others are final."""
_SDMX_CSV = "application/vnd.sdmx.data+csv;version=1.0.0;labels=id, application/vnd.sdmx.data+csv;labels=id;q=0.5"
_NO_DATA = ("text/html", "application/xhtml+xml", "application/json", "application/problem+json")


@dataclass(frozen=True)
class Answer:
    """A download: its final address, and the headers."""

    came_from: str
    headers: dict[str, str]


@dataclass
class _Partial:
    """The part of a file received so far, and the server's identifier of its version."""

    path: Path
    etag: str | None = None
    total: int | None = None
    failures: int = 0

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.etag = self.total = None


class _Passing(Exception):
    """A temporary failure; ``wait`` is how long the server asks to wait, in seconds."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


def fetch_web(
    one: Acquisition, last: Receipt | None, target: Path, limits: Limits, settings: Settings
) -> Answer | None:
    """Download an address into a file.

    Args:
        one: the address.
        last: its last receipt; None fetches the file whatever its version.
        target: the file to write or overwrite.
        limits: of size and time, over all attempts together.
        settings: with the allowed hosts.

    Returns:
        The download; None if the server answers that the file has not changed.

    Raises:
        DataRefused: it could not be fetched, is too large or not data, or redirects to another host.
        UsageError: the credentials for the host are not valid.
    """
    import httpx
    from tenacity import Retrying, retry_if_exception_type

    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes down whole addresses, with their keys
    partial = _Partial(target)
    partial.forget()
    client = httpx.Client(
        timeout=httpx.Timeout(_SILENCE_SECONDS, connect=15.0),
        headers={"Accept-Encoding": "identity", "User-Agent": "iccs-pipelines", "Accept": "*/*"},
    )
    # An answer that trickles in byte by byte stays within every timeout of its parts.
    watch = threading.Timer(limits.max_seconds, _close, [client])
    watch.daemon = True
    watch.start()
    attempts = Retrying(
        retry=retry_if_exception_type((_Passing, httpx.TransportError)),
        stop=lambda state: partial.failures >= ATTEMPTS or limits.seconds_left <= 0,
        wait=_wait(partial, limits),
        reraise=True,
    )
    try:
        return attempts(
            _attempt, functools.partial(_ask, client, one, last, partial, limits, settings), partial, limits
        )
    except (_Passing, httpx.HTTPError, httpx.InvalidURL, RuntimeError) as error:
        why = str(error) if isinstance(error, _Passing) else f"{type(error).__name__}: {error}"
        if limits.seconds_left <= 0:
            why = f"gave {partial.size:,} bytes in {limits.max_seconds:,.0f} s"
        found = f"{without_query(one.address)} {why}; tried {max(partial.failures, 1)} times without progress."
        raise limits.refuse("file_not_fetched", found) from error
    finally:
        watch.cancel()
        _close(client)


def _close(client: httpx.Client) -> None:
    with suppress(Exception):  # whatever was under way is over
        client.close()


def _wait(partial: _Partial, limits: Limits) -> Callable[..., float]:
    """The waiting time: doubled each time, or as long as the server asks, but never beyond the time that is left."""

    def seconds(state: object) -> float:
        error = getattr(state, "outcome").exception()  # noqa: B009 (tenacity says what it is at run time)
        asked = error.wait if isinstance(error, _Passing) else None
        own: float = FIRST_WAIT_SECONDS * 2 ** max(partial.failures - 1, 0)
        return max(0.0, min(max(own, asked or 0.0), _LONGEST_WAIT_SECONDS, limits.seconds_left))

    return seconds


def _attempt(ask: Callable[[], Answer | None], partial: _Partial, limits: Limits) -> Answer | None:
    """Make one attempt; what arrived is kept in ``partial`` for the next."""
    before = partial.size
    try:
        return ask()
    except Exception:  # only counted here: the caller decides which errors are retried
        partial.failures = 0 if partial.size > before else partial.failures + 1
        limits.check(partial.size)
        raise


def _ask(
    client: httpx.Client,
    one: Acquisition,
    last: Receipt | None,
    partial: _Partial,
    limits: Limits,
    settings: Settings,
) -> Answer | None:
    address, headers = one.address, _conditions(last, partial)
    for _ in range(_MOST_REDIRECTS + 1):
        asked = {"Accept": _SDMX_CSV} if one.is_sdmx else {}
        request = client.build_request("GET", address, headers={**headers, **asked, **secret_header(address)})
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            if not response.has_redirect_location:
                return _take(response, one, partial, limits)
            target = str(response.next_request.url) if response.next_request else ""
        finally:
            response.close()
        if not is_redirect_allowed(target, address, one, settings):
            own, other = without_query(one.address), without_query(target)
            found = f"{own} redirects to {other}, which is not named in both source.yml and iccs.toml."
            raise limits.refuse("redirect_refused", found)
        address = target
    found = f"{without_query(one.address)} redirects endlessly."
    raise limits.refuse("file_not_fetched", found)


def _conditions(last: Receipt | None, partial: _Partial) -> dict[str, str]:
    """The conditional headers: for the rest of a file that broke off, or for a version other than the known one."""
    if partial.size and partial.etag:
        return {"Range": f"bytes={partial.size}-", "If-Range": partial.etag}
    partial.forget()
    if last is None:
        return {}
    if last.etag:
        return {"If-None-Match": last.etag}
    return {"If-Modified-Since": last.last_modified} if last.last_modified else {}


def _take(response: httpx.Response, one: Acquisition, partial: _Partial, limits: Limits) -> Answer | None:
    status, headers = response.status_code, response.headers
    if status == 304:
        return None
    if status in _PASSING:
        raise _Passing(f"answered {status}", _asked_wait(headers.get("retry-after")))
    if status == 416:  # the file there is shorter than what has come: another one
        partial.forget()
        raise _Passing("answered 416")
    if status not in (200, 206):
        raise limits.refuse("file_not_fetched", f"{without_query(one.address)} answered {status}.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise limits.refuse("file_is_html", f"{without_query(one.address)} returned a web page (content type {kind}).")
    if kind in _NO_DATA:
        raise limits.refuse(
            "file_not_readable", f"{without_query(one.address)} returned a message (content type {kind})."
        )
    if one.is_sdmx and "csv" not in kind:
        found = f"{without_query(one.address)} gives {kind or 'no content type'} instead of SDMX-CSV."
        raise limits.refuse("file_not_readable", found)
    if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        packed = headers["content-encoding"]
        found = f"{without_query(one.address)} returned the file compressed ({packed}), without being asked to."
        raise limits.refuse("file_not_readable", found)
    _write(response, partial, limits)
    return Answer(without_query(str(response.url)), {name: headers[name] for name in KEPT_HEADERS if name in headers})


def _write(response: httpx.Response, partial: _Partial, limits: Limits) -> None:
    """Append the body to the file, which is complete when it has the announced length."""
    begins, total = 0, _whole_number(response.headers.get("content-length"))
    if response.status_code == 206:
        begins, total = _range(response.headers.get("content-range", ""))
        if begins != partial.size or (partial.total is not None and total not in (None, partial.total)):
            partial.forget()
            raise _Passing("returned a different part from the one requested")
    elif partial.size:
        partial.forget()  # the file has changed since, and comes from its beginning
    etag = response.headers.get("etag")
    partial.etag = etag if etag and not etag.startswith("W/") else None
    partial.total = total
    if total is not None:
        limits.check(total)
    size = begins
    with partial.path.open("ab" if begins else "wb") as file:
        for piece in response.iter_raw():
            size += len(piece)
            limits.check(size)
            file.write(piece)
    if total is not None and size != total:
        raise _Passing(f"announced {total:,} bytes and gave {size:,}")


def _range(text: str) -> tuple[int, int | None]:
    """Return the start of a part and the length of the whole, from ``bytes 5-9/10``."""
    unit, _, rest = text.partition(" ")
    span, _, whole = rest.partition("/")
    begins = _whole_number(span.partition("-")[0])
    return (-1 if unit != "bytes" or begins is None else begins), _whole_number(whole)


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _asked_wait(text: str | None) -> float | None:
    """Return the seconds of ``Retry-After``, which is a number or a date."""
    if text is None:
        return None
    if (number := _whole_number(text)) is not None:
        return float(number)
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None


def without_query(address: str) -> str:
    """Return an address without its query, which may contain a key."""
    return urlunsplit(urlsplit(address)._replace(query="", fragment=""))
