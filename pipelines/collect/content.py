"""The content of an external file: its unpacked bytes, and its kind as seen from the first of them."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20
"""Bytes read at a time."""
PACKED_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading a truncated or altered compressed file raises."""
UTF_16 = "UTF-16 text"
JSON, XML = "a JSON document", "an XML document"
ZIP = "a zip archive"

_MOST_MEMBERS = 10_000
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_BZIP2 = tuple(b"BZh%d1AY&SY" % size for size in range(1, 10))
_LONGEST = 10
_JSON = re.compile(rb'[{][ \t\r\n]*"[^"]*"[ \t\r\n]*:|\[[ \t\r\n]*[\[{]')
"""How an object, a list of objects and a list of lists begin; no header of a table does."""
_PACKED_NAMES = (".gz", ".bz2", ".xz", ".zst")
PACKED_KINDS = ("archive", "(.Z)", "gzip file", "bzip2 file", "xz file", "LZ4 file", "Zstandard file")
"""How the names of kinds of packed tables end."""
_MAGIC = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": "an empty zip archive",
    **dict.fromkeys(_BZIP2, "a bzip2 file"),
    _XZ: "an xz file",
    _GZIP: "a gzip file",  # seen where one packing is off already
    b"\x1f\x9d": "a file compressed with compress (.Z)",
    b"\x04\x22\x4d\x18": "an LZ4 file",
    b"MSCF\x00\x00": "a cabinet archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "a workbook (xls)",
    b"%PDF-": "a PDF document",
    b"\xff\xfe\x00\x00": "UTF-32 text",
    b"\x00\x00\xfe\xff": "UTF-32 text",
    b"\xff\xfe": f"{UTF_16} (utf-16-le)",
    b"\xfe\xff": f"{UTF_16} (utf-16-be)",
    b"SQLite format 3\x00": "an SQLite database",
    b"{\\rtf": "a text document (RTF)",
}


class ArchiveRefused(Exception):
    """An archive whose files cannot be listed, or are too many or too large: the rule, and what was found."""

    def __init__(self, rule: str, found: str) -> None:
        super().__init__(found)
        self.rule = rule


def is_read_in_place(path: Path) -> bool:
    """Tell whether an engine can read a text file itself: plain, or packed with gzip under the right name.

    An engine decides by the name whether a file is packed, and would read a misnamed one as plain text.
    """
    with path.open("rb") as handle:
        start = handle.read(_LONGEST)
    name = path.name.lower()
    if start.startswith(_GZIP):
        return name.endswith(".gz")
    return not start.startswith((*_BZIP2, _XZ)) and not name.endswith(_PACKED_NAMES)


def ends_with_mark(path: Path) -> bool:
    """Tell whether a file ends with the end-of-file character (Ctrl-Z) of old programs."""
    with path.open("rb") as handle:
        handle.seek(max(path.stat().st_size - 8, 0))
        return handle.read().rstrip(b"\r\n").endswith(b"\x1a")


def has_blank_row(path: Path, delimiter: str, columns: int) -> bool:
    """Tell whether an uncompressed text file has a row of delimiters only, as spreadsheets save a blank row.

    The bytes are searched, which takes a fraction of the time of reading the fields.

    Args:
        path: the file.
        delimiter: what separates its fields.
        columns: the number of fields; a blank row of one column is a blank line, which every reader skips.
    """
    if columns < 2 or is_packed(path):
        return False
    bare = b"\n" + delimiter.encode() * (columns - 1)
    rest = b""
    with path.open("rb") as handle:
        while piece := handle.read(PIECE):
            text = rest + piece
            if bare + b"\n" in text or bare + b"\r" in text:
                return True
            rest = text[-len(bare) - 1 :]
    return rest.endswith(bare)


def is_packed(path: Path) -> bool:
    """Tell by the first bytes whether a file is packed with gzip, bzip2 or xz, whatever its name."""
    with path.open("rb") as handle:
        return handle.read(_LONGEST).startswith((_GZIP, *_BZIP2, _XZ))


@contextmanager
def open_content(path: Path, member: str | None = None) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, unpacked if it is packed with gzip, bzip2 or xz.

    Args:
        path: the file.
        member: of a zip archive, the file in it to open.

    Raises:
        OSError: the file cannot be opened. Reading raises one of ``PACKED_DAMAGE`` where a packed file is damaged.
    """
    if member is not None:
        with zipfile.ZipFile(path) as archive, archive.open(member) as inside:
            yield cast(BinaryIO, inside)
        return
    with path.open("rb") as handle:
        start = handle.read(_LONGEST)
        handle.seek(0)
        if start.startswith(_GZIP):
            with gzip.open(handle, "rb") as stream:
                yield cast(BinaryIO, stream)
        elif start.startswith(_XZ):
            with lzma.open(handle, "rb") as xz:
                yield cast(BinaryIO, xz)
        elif start.startswith(_BZIP2):
            with _Bzip2(handle) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield handle


class _Bzip2(bz2.BZ2File):
    """A bzip2 file that raises different errors for its own damage, which has no errno, and for a failing disk."""

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes."""
        with _damage_as_end_of_file():
            return super().read(-1 if size is None else size)

    def readinto(self, b: WriteableBuffer) -> int:
        """Read the next bytes into a buffer."""
        with _damage_as_end_of_file():
            return super().readinto(b)

    def read1(self, size: int = -1) -> bytes:
        """Return some of the next bytes."""
        with _damage_as_end_of_file():
            return super().read1(size)


@contextmanager
def _damage_as_end_of_file() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise EOFError(str(error)) from error
        raise


def list_members(path: Path, limit_mib: int) -> tuple[str, ...] | None:
    """Return the files in a zip archive, by name; None if it is a workbook or not a zip file.

    Args:
        path: the archive.
        limit_mib: the largest sum of their sizes, unpacked.

    Raises:
        ArchiveRefused: they are damaged, encrypted, too many or too large, or two have the same name.
    """
    with path.open("rb") as handle:
        if describe_kind(handle.read(4096)) != ZIP:
            return None
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [part for part in archive.infolist() if not part.is_dir() and not _is_of_the_system(part.filename)]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveRefused("file_truncated", f"The zip archive is damaged ({error}).") from error
    names = [part.filename for part in parts]
    if {"[Content_Types].xml", "content.xml"} & set(names):  # a workbook with its parts in another order
        return None
    if not names:
        raise ArchiveRefused("file_empty", "The zip archive contains no file.")
    if len(names) > min(_MOST_MEMBERS, len(set(names))):
        raise ArchiveRefused(
            "file_not_readable", f"The zip archive has {len(names):,} files, or two with the same name."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise ArchiveRefused("file_not_readable", "The zip archive is protected by a password.")
    if link := next((part.filename for part in parts if stat.S_ISLNK(part.external_attr >> 16)), None):
        raise ArchiveRefused("file_not_readable", f"In the zip archive, {link!r} is a link, not a file with data.")
    size = sum(part.file_size for part in parts)
    if size > limit_mib * 1024**2:
        found = f"Unpacked, the zip archive has {size / 1024**2:,.0f} MiB; the limit is {limit_mib:,} MiB."
        raise ArchiveRefused("file_too_large", found)
    return tuple(sorted(names))


def _is_of_the_system(name: str) -> bool:
    """Whether an operating system added this member to the archive."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


def describe_kind(start: bytes) -> str | None:
    """Return the kind of file that begins with these bytes; None if they may be a table as text in a common encoding.

    >>> describe_kind(b"%PDF-1.7"), describe_kind(b"year,count"), describe_kind("año".encode("utf-16-le"))
    ('a PDF document', None, 'UTF-16 text (utf-16-le)')
    >>> describe_kind(b'[{"year": 2024}]'), describe_kind(b"[Table 1],,")
    ('a JSON document', None)
    """
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return _describe_zip(start) if kind == ZIP else kind
    if start[257:262] == b"ustar":
        return "a tar archive"
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start:
        return "an XML spreadsheet (Excel 2003)"
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if _JSON.match(text):
        return JSON
    if text.startswith(b"<?xml"):
        return XML
    # UTF-16 or UTF-32 without a byte order mark: Western letters, digits and delimiters have one non-zero byte.
    quarters = [start[place::4].count(0) * 16 > len(start) for place in range(4)]
    if quarters.count(True) == 3:
        return "UTF-32 text"
    zeros = start[0::2].count(0), start[1::2].count(0)
    if max(zeros) * 4 > len(start) > min(zeros) * 8:
        return f"{UTF_16} ({'utf-16-be' if zeros[0] > zeros[1] else 'utf-16-le'})"
    return None


def _describe_zip(start: bytes) -> str:
    """Workbooks are zip archives too: the name of the first member distinguishes most of them."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    if name.startswith((b"[Content_Types].xml", b"xl/", b"_rels/", b"docProps/")):
        return "a workbook (xlsx)"
    return "a workbook (ods)" if name == b"mimetype" and b"opendocument.spreadsheet" in start else ZIP
