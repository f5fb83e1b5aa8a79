"""Where the files of a source come from: the key ``acquire`` of source.yml.

A definition may come from a stranger, so it only names addresses. Which of them this machine may contact is set in
``iccs.toml`` (``acquire_from``); credentials come from the environment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator, model_validator

from schemas.definition.model import Declared

SCHEMES = ("https", "http", "s3")
_PATTERN = re.compile(r"[*?\[]")
_FLOW = re.compile(r"[A-Za-z0-9_@$\-.]+(,[A-Za-z0-9_@$\-]+(,[0-9A-Za-z.+]+)?)?")
_KEY = re.compile(r"[A-Za-z0-9_@$\-.+]+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?")


class Acquisition(Declared):
    """One address, a pattern of files in a folder or store, or a dataflow of an SDMX server."""

    address: str = Field(default="", validate_default=True)
    sdmx: str | None = Field(default=None, description="entry point of SDMX REST 1 (SDMX 2.1), instead of address")
    flow: str | None = Field(default=None, description="its dataflow: ID, or AGENCY,ID,VERSION")
    key: str | None = Field(default=None, description="codes of its dimensions, such as A.MX+AR..; all if not given")
    name: str | None = Field(
        default=None, description="name under which the file is stored; by default the end of the address"
    )
    redirects: tuple[str, ...] = Field(default=(), description="other hosts to which the address may redirect")

    @model_validator(mode="before")
    @classmethod
    def _make_address(cls, given: object) -> object:
        """Make the address of the data of a dataflow."""
        if not isinstance(given, Mapping) or not {"sdmx", "flow", "key"} & given.keys():
            return given
        entry, flow, key = (given.get(name) for name in ("sdmx", "flow", "key"))
        if "address" in given or not isinstance(entry, str) or not isinstance(flow, str):
            raise ValueError("give sdmx and flow together, instead of address: {sdmx: https://host/v1, flow: ID}")
        if not entry.startswith(("https://", "http://")) or "?" in entry or "#" in entry:
            raise ValueError(f"sdmx: {entry!r} is not an entry point: write https://host/path, without a query")
        if not _FLOW.fullmatch(flow):
            raise ValueError(f"flow: {flow!r} is not a dataflow: write ID, AGENCY,ID or AGENCY,ID,VERSION")
        if key is not None and not (isinstance(key, str) and _KEY.fullmatch(key)):
            raise ValueError(f"key: {key!r} is not a key: write codes by dimension, such as A.MX+AR..")
        plain = flow.split(",")[1 if "," in flow else 0]
        return {"name": f"{plain}.csv", **given, "address": f"{entry.rstrip('/')}/data/{flow}/{key or 'all'}"}

    @field_validator("address")
    @classmethod
    def _check_address(cls, address: str) -> str:
        if any(unicodedata.category(sign) in ("Cc", "Cs", "Zs") for sign in address):
            raise ValueError("an address must not contain blanks or control characters; write %20 for a blank")
        try:
            parts = urlsplit(address)
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"{address!r} is not an address ({error})") from error
        if address.startswith("/") and not address.startswith("//"):
            if ".." in PurePosixPath(address).parts:
                raise ValueError("a folder must be given as an absolute path, without '..'")
            return address
        if parts.scheme not in SCHEMES or not parts.netloc:
            raise ValueError(
                f"{address!r} is not an address: write https://host/path, http://host/path, s3://bucket/key, or the "
                "absolute path of a file: /folder/file.csv"
            )
        if "@" in parts.netloc:
            raise ValueError(
                "an address must not contain a user name or password; set them in the environment (docs/operations.md)"
            )
        return address

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str | None) -> str | None:
        return name if name is None else plain_file_name(name)

    @field_validator("redirects")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is not a host: write files.example.org, without https:// and path")
        return hosts

    @model_validator(mode="after")
    def _check_together(self) -> Acquisition:
        if self.is_pattern and self.name is not None:
            raise ValueError("name: a pattern matches several files, which keep their names")
        if self.redirects and not self.is_web:
            raise ValueError("redirects: only web addresses redirect to other hosts")
        if self.name is None and not self.is_pattern:
            try:
                plain_file_name(self.file_name)
            except ValueError as error:
                raise ValueError(f"name: the address does not end in the name of a file ({error}); give one") from error
        return self

    @property
    def is_web(self) -> bool:
        """Whether it is fetched over HTTP."""
        return self.address.startswith(("http://", "https://"))

    @property
    def is_sdmx(self) -> bool:
        """Whether it is an SDMX dataflow, fetched as SDMX-CSV.

        >>> Acquisition(sdmx="https://example.org/v1", flow="NSO,DF_ICCS,1.0", key="A.MX...").address
        'https://example.org/v1/data/NSO,DF_ICCS,1.0/A.MX...'
        """
        return self.sdmx is not None

    @property
    def is_store(self) -> bool:
        """Whether it is an S3-compatible store."""
        return self.address.startswith("s3://")

    @property
    def is_pattern(self) -> bool:
        """Whether it matches several files; a web address never does, as ``?`` begins its query."""
        return not self.is_web and _PATTERN.search(PurePosixPath(self.address).name) is not None

    @property
    def file_name(self) -> str:
        """What the file is called here.

        >>> Acquisition(address="https://example.org/open/crime%202024.csv?download=1").file_name
        'crime 2024.csv'
        """
        path = urlsplit(self.address).path if self.is_web else self.address
        last = path.rpartition("/")[2]
        return self.name or (unquote(last) if self.is_web else last)


def plain_file_name(name: str) -> str:
    """Return the name of a file, checked not to lead out of the folder it is put into.

    >>> plain_file_name("crime 2024.csv")
    'crime 2024.csv'

    Raises:
        ValueError: it has a folder in it, is hidden, empty or too long, or has control characters.
    """
    if not name or name.startswith((".", "-")) or "/" in name or "\\" in name or len(name.encode()) > 200:
        raise ValueError(f"{name!r} is not a plain name of a file")
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name):
        raise ValueError(f"{name!a} has control characters")
    return name
