"""Limits on fetching: origins, size and time. They are set by the office, not by the definition of a source."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.definition.acquisition import Acquisition
from schemas.errors import UsageError

SECRET = "ICCS_SECRET_"  # noqa: S105 (the first letters of a variable's name)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True)
class Limits:
    """The limits for one file: its source and name, the most bytes, and the time in seconds."""

    source_id: str
    name: str
    max_bytes: int
    max_seconds: float
    began: float = field(default_factory=time.monotonic)

    def refuse(self, rule: str, found: str) -> DataRefused:
        """Return the error that refuses the file, to be raised."""
        return DataRefused([Problem(rule=rule, source=self.source_id, file=self.name, found=found)])

    @property
    def seconds_left(self) -> float:
        """The time that is left, in seconds."""
        return self.began + self.max_seconds - time.monotonic()

    def check(self, size: int) -> None:
        """Refuse a file that is too large or takes too long.

        Raises:
            DataRefused: it has.
        """
        if size > self.max_bytes:
            found = f"More than {self.max_bytes / 1024**2:,.0f} MiB came from the address; that is the limit."
            raise self.refuse("file_too_large", found)
        if self.seconds_left <= 0:
            found = f"After {self.max_seconds:,.0f} s only {size:,} bytes had arrived."
            raise self.refuse("file_not_fetched", found)


def origin_of(address: str) -> str:
    """Return scheme, host and port of a web address, or the store, as ``acquire_from`` writes them.

    >>> origin_of("https://Data.example.org:443/a.csv?key=1"), origin_of("s3://crime/2024/a.csv")
    ('https://data.example.org', 's3://crime')
    """
    parts = urlsplit(address)
    host, port = (parts.hostname or ""), parts.port
    shown = f"[{host}]" if ":" in host else host
    ending = f":{port}" if port is not None and port != _DEFAULT_PORTS.get(parts.scheme) else ""
    return f"{parts.scheme}://{shown}{ending}"


def require_allowed(one: Acquisition, settings: Settings) -> None:
    """Refuse an address whose origin ``iccs.toml`` does not list.

    Raises:
        UsageError: it is not listed; says what to write.
    """
    if one.is_web or one.is_store:
        origin = origin_of(one.address)
        is_allowed = origin in {origin_of(entry) for entry in settings.acquire_from if "://" in entry}
    else:
        folder = Path(one.address).parent.resolve()
        origin = str(Path(one.address).parent)
        listed = (Path(entry) for entry in settings.acquire_from if entry.startswith("/"))
        is_allowed = any(folder.is_relative_to(entry.resolve()) for entry in listed)
    if not is_allowed:
        raise UsageError(
            f"source.yml: acquire: {one.address} is not fetched, since a source definition alone may not decide which "
            f'machines and folders are accessed. To allow it, write acquire_from = ["{origin}"] into iccs.toml (or '
            "add it to the list); to use files you already have: iccs run --from DIR"
        )


def is_redirect_allowed(target: str, before: str, one: Acquisition, settings: Settings) -> bool:
    """Whether a redirect may be followed: to the same host, or to one that both source.yml and iccs.toml name.

    Never from https to http, as the answer could then come from anybody.
    """
    if urlsplit(target).scheme not in ("https", "http") or "@" in urlsplit(target).netloc:
        return False
    if before.startswith("https:") and not target.startswith("https:"):
        return False
    own, other = urlsplit(origin_of(before)).netloc, urlsplit(origin_of(target)).netloc
    if other == own:
        return True
    is_listed = origin_of(target) in {origin_of(entry) for entry in settings.acquire_from if "://" in entry}
    return is_listed and other in one.redirects


def secret_header(address: str) -> dict[str, str]:
    """Return the header with the credentials for the host of an address, from the environment.

    ``ICCS_SECRET_DATA_EXAMPLE_ORG="Authorization: Bearer ..."`` is sent to https://data.example.org only.

    Raises:
        UsageError: it is not a header line, or would be sent unencrypted.
    """
    parts = urlsplit(origin_of(address))
    variable = SECRET + re.sub(r"[^A-Z0-9]", "_", parts.netloc.upper())
    line = os.environ.get(variable)
    if line is None:
        return {}
    if parts.scheme != "https" and parts.netloc.rpartition(":")[0] not in _LOOPBACK:
        raise UsageError(f"{variable} is not sent to {origin_of(address)}: it would not be encrypted; use https")
    name, colon, value = line.partition(":")
    if (
        not colon
        or not re.fullmatch(r"[A-Za-z0-9-]+", name)
        or not re.fullmatch(r"[\x21-\x7e][\x20-\x7e]*", value.strip())
    ):
        raise UsageError(f"{variable} must be a header line, such as Authorization: Bearer ...")
    return {name: value.strip()}
