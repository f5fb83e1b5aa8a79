"""The content of a file from outside: decompressed bytes, and the kind of file that the first of them belong to."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

PIECE = 1 << 20
"""Bytes read at a time."""
GZIP_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
"""What reading a gzip file raises that is cut short or altered."""
UTF_16 = "UTF-16 text"
ZIP = "a zip archive"

_MAGIC = {
    b"PK\x03\x04": ZIP,
    **{b"BZh%d1AY&SY" % size: "a bzip2 file" for size in range(1, 10)},
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "a workbook (xls)",
    b"%PDF-": "a PDF document",
    b"\xff\xfe": UTF_16,
    b"\xfe\xff": UTF_16,
}


def is_gzip(path: Path) -> bool:
    """Tell whether a file is compressed with gzip, by its first bytes, whatever its name."""
    with path.open("rb") as handle:
        return handle.read(2) == b"\x1f\x8b"


@contextmanager
def open_content(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, decompressed where it is a gzip file.

    Raises:
        OSError: the file cannot be opened. Reading raises one of ``GZIP_DAMAGE`` where a gzip file is damaged.
    """
    if is_gzip(path):
        with gzip.open(path, "rb") as stream:
            yield cast(BinaryIO, stream)
    else:
        with path.open("rb") as handle:
            yield handle


def describe_kind(start: bytes) -> str | None:
    """Return what kind of file these are the first bytes of; None where they may be text in a common encoding.

    >>> describe_kind(b"BZh91AY&SY"), describe_kind(b"year,count"), describe_kind("año".encode("utf-16-le"))
    ('a bzip2 file', None, 'UTF-16 text')
    """
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return _describe_zip(start) if kind == ZIP else kind
    # Text in UTF-16 without a mark: every second byte of a Western letter, digit or delimiter is zero.
    zeros = start[0::2].count(0), start[1::2].count(0)
    return UTF_16 if max(zeros) * 4 > len(start) > min(zeros) * 8 else None


def _describe_zip(start: bytes) -> str:
    """Workbooks are zip archives too: the name of the first member distinguishes most of them."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    if name.startswith((b"[Content_Types].xml", b"xl/", b"_rels/", b"docProps/")):
        return "a workbook (xlsx)"
    return "a workbook (ods)" if name == b"mimetype" and b"opendocument.spreadsheet" in start else ZIP
