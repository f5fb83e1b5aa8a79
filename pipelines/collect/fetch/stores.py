"""Files from S3-compatible stores and from folders of this machine."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pipelines.collect.content import PIECE
from pipelines.collect.fetch.limits import Limits
from pipelines.collect.fetch.received import Receipt
from pipelines.collect.fetch.web import Answer
from schemas.definition.acquisition import Acquisition
from schemas.errors import UsageError

SETTLED_SECONDS = 10.0
"""A file modified within this time is assumed to be still being written."""


class NothingThere(Exception):
    """There is no file at an address; the text gives the address."""


def open_store() -> Any:
    """Return the file system of S3-compatible stores, configured by the variables of the AWS clients.

    Without ``AWS_ACCESS_KEY_ID`` or ``AWS_PROFILE`` requests are not signed; ``AWS_ENDPOINT_URL`` names another store.

    Raises:
        UsageError: the library is not installed.
    """
    try:
        from s3fs import S3FileSystem
    except ImportError as error:
        raise UsageError("s3:// addresses need a library: pip install 'iccs-pipelines[s3]'") from error
    # Otherwise it would try to get keys from the network's metadata address on every machine.
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    signed = "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ
    return S3FileSystem(anon=not signed, use_listings_cache=False, skip_instance_cache=True)


def list_store(store: Any, one: Acquisition) -> list[Acquisition]:
    """Return the addresses of the files that an address stands for.

    Raises:
        NothingThere: there are none.
    """
    found = [f"s3://{key}" for key in sorted(store.glob(one.address))] if one.is_pattern else [one.address]
    if not found:
        raise NothingThere(f"{one.address}: there is no such file in the store")
    return [one if address == one.address else Acquisition(address=address) for address in found]


def fetch_store(store: Any, one: Acquisition, last: Receipt | None, target: Path, limits: Limits) -> Answer | None:
    """Copy a file of a store to a local file; return None if it has not changed.

    Raises:
        DataRefused: it is too large, takes too long, or has another length than the store announced.
        OSError: the store cannot be reached, or does not deliver the file.
    """
    info = store.info(one.address)
    size, etag = int(info["size"]), str(info.get("ETag", "")).strip('"')
    limits.check(size)
    if last is not None and etag and last.etag == etag and last.size == size:
        return None
    with store.open(one.address, "rb") as given:
        came = _copy(iter(lambda: given.read(PIECE), b""), target, limits)
    if came != size:
        raise limits.refuse("file_not_fetched", f"{one.address} has {size:,} bytes, of which {came:,} came.")
    modified = str(info.get("LastModified", ""))
    return Answer(one.address, {"etag": etag, "content-length": str(size), "last-modified": modified})


def list_folder(one: Acquisition) -> list[Acquisition]:
    """Return the addresses of the files that an address in a folder stands for, without links and hidden files.

    Raises:
        NothingThere: there are none, or no such folder, as a share that is not mounted must not pass for no news.
    """
    path = Path(one.address)
    if not path.parent.is_dir():
        raise NothingThere(f"there is no folder {path.parent}, or it is not mounted")
    names = sorted(
        entry.name
        for entry in path.parent.iterdir()
        if (fnmatchcase(entry.name, path.name) if one.is_pattern else entry.name == path.name)
        and not entry.name.startswith(".")
        and stat.S_ISREG(entry.lstat().st_mode)
    )
    if not names:
        raise NothingThere(f"there is no file {one.address}")
    return [one if not one.is_pattern else Acquisition(address=str(path.parent / name)) for name in names]


def copy_file(one: Acquisition, target: Path, limits: Limits) -> Answer:
    """Copy a file of a folder.

    Raises:
        DataRefused: it is too large, or is being written.
        OSError: it cannot be read.
    """
    path = Path(one.address)
    before = path.stat()
    limits.check(before.st_size)
    if being_written(path):
        raise limits.refuse("file_changed", f"{path} is still being written.")
    with path.open("rb") as given:
        _copy(iter(lambda: given.read(PIECE), b""), target, limits)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
        raise limits.refuse("file_changed", f"{path} changed while it was copied.")
    return Answer(one.address, {"content-length": str(after.st_size)})


def being_written(path: Path, now: float | None = None) -> bool:
    """Whether a file may be incomplete: a program has it open for writing, or wrote to it just now.

    Open files are known on Linux only, and only for one's own files. Anywhere, a file that is written under another
    name (``crime.csv.part``) and then renamed is complete.
    """
    if (now or time.time()) - path.stat().st_ctime < SETTLED_SECONDS:
        return True
    try:
        import fcntl

        lease, read = fcntl.F_SETLEASE, fcntl.F_RDLCK
    except (ImportError, AttributeError):  # not on Linux
        return False
    with path.open("rb") as file:
        try:
            fcntl.fcntl(file, lease, read)
        except BlockingIOError:
            return True
        except OSError:  # another account's file, or a network drive
            return False
        fcntl.fcntl(file, lease, fcntl.F_UNLCK)
    return False


def _copy(pieces: Iterator[bytes], target: Path, limits: Limits) -> int:
    size = 0
    with target.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            limits.check(size)
            file.write(piece)
    return size
