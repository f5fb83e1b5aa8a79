"""What was fetched: a document for each source with every version that each address ever provided.

``data/acquired/<source>.json``. It contains no secrets: only ``KEPT_HEADERS`` are stored, and an address reached by a
redirect is stored without its query, which often contains a key.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from pipelines.system.clock import utc_now
from pipelines.system.files import read_json, write_json
from pipelines.system.settings import Settings

KEPT_HEADERS = ("content-type", "content-length", "content-disposition", "etag", "last-modified", "date")


@dataclass(frozen=True)
class Receipt:
    """One version of one file.

    Attributes:
        address: as declared; for a pattern, that of the file.
        name: of the file in the input folder.
        sha256: of its bytes.
        size: in bytes.
        received: time of arrival (UTC, ISO 8601).
        came_from: final address after redirects, without query.
        headers: of the answer, those of ``KEPT_HEADERS``.
    """

    address: str
    name: str
    sha256: str
    size: int
    received: str
    came_from: str
    headers: dict[str, str]

    @property
    def etag(self) -> str | None:
        """The server's identifier of the version."""
        return self.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """When the file last changed, as the server writes it."""
        return self.headers.get("last-modified")


@dataclass(frozen=True)
class Received:
    """The receipts of all addresses of a source; ``checked`` is when each was last contacted (UTC)."""

    receipts: tuple[Receipt, ...] = ()
    checked: dict[str, str] | None = None

    def last(self, address: str) -> Receipt | None:
        """Return the last receipt of an address."""
        return next((one for one in reversed(self.receipts) if one.address == address), None)

    def with_check(self, address: str, receipt: Receipt | None) -> Received:
        """Return a copy with an address marked as checked, and with its receipt if that is new."""
        checked = {**(self.checked or {}), address: utc_now()}
        return replace(self, receipts=(*self.receipts, *([receipt] if receipt else [])), checked=checked)


def read_received(source_id: str, settings: Settings) -> Received:
    """Return what has been received for a source.

    Raises:
        DamagedFile: the document has been altered.
    """
    path = settings.acquired / f"{source_id}.json"
    if not path.is_file():
        return Received()
    document: dict[str, Any] = read_json(path)
    return Received(tuple(Receipt(**one) for one in document["receipts"]), document["checked"])


def write_received(source_id: str, received: Received, settings: Settings) -> None:
    """Write it; the caller must hold the lock of the data folder."""
    settings.acquired.mkdir(parents=True, exist_ok=True)
    document = {"receipts": [asdict(one) for one in received.receipts], "checked": received.checked or {}}
    write_json(settings.acquired / f"{source_id}.json", document)
