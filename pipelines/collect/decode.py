"""Bytes to UTF-8 text, for external files: compression, size limit, disguised web pages, encodings."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from pipelines.collect.acquire import RawFile
from pipelines.collect.content import JSON, PACKED_DAMAGE, PACKED_KINDS, PIECE, XML, ZIP, describe_kind, open_content
from pipelines.system.errors import DataRefused, Problem
from schemas.definition.layouts import ReadOptions

_END_OF_FILE = "\x1a"
_BYTE_ORDER_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
"""How text of these encodings begins: without the mark their byte order is not known."""

_SINGLE_BYTE = {"iso8859-1", "cp1252", "iso8859-15", "cp850", "mac-roman"}


def refuse(
    source_id: str,
    file: RawFile,
    rule: str,
    found: str,
    *,
    sheet: str | None = None,
    row: int | None = None,
    value: str | None = None,
    nearest: tuple[str, ...] = (),
) -> DataRefused:
    """Return the error that refuses a file, to be raised."""
    return DataRefused([Problem(rule, source_id, found, file.name, sheet, row, value=value, nearest=nearest)])


def check_start(source_id: str, file: RawFile, options: ReadOptions) -> bytes:
    """Return the first bytes of a file's content, unpacked.

    Raises:
        DataRefused: the file is empty, a web page, or visibly of another type than declared; the error says which.
    """
    if file.size == 0:
        raise refuse(source_id, file, "file_empty", "The file is empty (0 bytes).")
    with open_content(file.path, file.member) as stream:
        try:
            start = stream.read(4096)
        except PACKED_DAMAGE as error:
            raise refuse(source_id, file, "file_truncated", f"The compressed file is damaged ({error}).") from error
    if not start.strip():
        raise refuse(source_id, file, "file_empty", "The file contains only white space.")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")) or (text.startswith(b"<") and b"<html" in text):
        raise refuse(source_id, file, "file_is_html", "The file is a web page (HTML), not data.", row=1)
    _check_kind(source_id, file, options, describe_kind(start))
    return start


def _check_kind(source_id: str, file: RawFile, options: ReadOptions, kind: str | None) -> None:
    """Refuse a file of another kind than declared: read as declared, all its columns would seem to be missing."""
    declared = {"csv": "text", "excel": "a workbook", "parquet": "a Parquet file"}[options.format]
    if options.format == "csv" and kind is not None and kind.startswith("UTF-"):
        _check_wide_text(source_id, file, options.encoding, kind)
        return
    if kind is None and options.format != "csv":
        kind = "text"
    if kind is None or kind.startswith(declared):
        return
    if kind == ZIP and options.format == "excel":  # perhaps one with its parts in another order: its reader knows
        return
    way_out = ""
    if kind in (JSON, XML):
        found = f"The file is {kind}, which is not read; get the table as CSV or as a workbook, or convert it to one."
        raise refuse(source_id, file, "file_not_readable", found)
    if kind.startswith("a workbook") and options.format == "csv":
        way_out = "; to read a workbook, declare format: excel, whatever its name"
        if file.member is not None:
            way_out = "; only text is read from an archive: unpack it, and declare format: excel"
    elif kind == ZIP:
        way_out = "; only text is read from an archive: unpack it"
    elif kind.endswith(PACKED_KINDS):
        way_out = "; unpack it"
    raise refuse(source_id, file, "file_not_readable", f"The file is not {declared} but {kind}{way_out}.")


def _check_wide_text(source_id: str, file: RawFile, encoding: str, kind: str) -> None:
    """Refuse UTF-16 or UTF-32 text that is declared otherwise, even if only the byte order differs."""
    codec = codecs.lookup(encoding).name
    with open_content(file.path, file.member) as stream:
        has_mark = stream.read(2) in (b"\xff\xfe", b"\xfe\xff") or "UTF-32" in kind
    fits = codec.startswith("utf-32") if "UTF-32" in kind else f"({codec})" in kind or (codec == "utf-16" and has_mark)
    if not fits:
        found = f"The declared encoding is {encoding}, but the file is {kind}."
        raise refuse(source_id, file, "wrong_encoding", found)


def decode_to_utf8(source_id: str, file: RawFile, encoding: str, target: Path, limit_mib: int) -> None:
    """Write a text file as UTF-8 with uniform line ends, without the end-of-file character (Ctrl-Z) of old programs.

    Args:
        source_id: for messages.
        file: the raw file, plain or packed.
        encoding: as declared; a wrong one is refused, never replaced.
        target: file to write.
        limit_mib: largest decompressed size.

    Raises:
        DataRefused: damaged compression, wrong encoding (with line), or too large.
    """
    line_ends = io.IncrementalNewlineDecoder(None, translate=True)
    kept = ""
    with target.open("w", encoding="utf-8", newline="") as out:
        for text in _decoded_pieces(source_id, file, encoding, limit_mib):
            piece = kept + line_ends.decode(text)
            mark = piece.find(_END_OF_FILE, len(piece.rstrip(_END_OF_FILE + "\n")))
            kept = "" if mark < 0 else piece[mark:]  # left out unless more text follows
            out.write(piece if mark < 0 else piece[:mark])
        out.write(line_ends.decode("", final=True))


def _decoded_pieces(source_id: str, file: RawFile, encoding: str, limit_mib: int) -> Iterator[str]:
    codec = codecs.lookup(encoding)
    decoder = codec.incrementaldecoder("strict")
    utf8 = _Utf8Watch(codec.name in _SINGLE_BYTE)
    line, first = 1, True
    marks = _BYTE_ORDER_MARKS.get(codec.name)
    for piece in _bytes(source_id, file, limit_mib):
        if first and marks and not piece.startswith(marks):
            found = (
                f"The declared encoding is {encoding}, but the file does not begin with a byte order mark; declare "
                f"{codec.name}-le or {codec.name}-be, or another encoding."
            )
            raise refuse(source_id, file, "wrong_encoding", found)
        utf8.see(piece)
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            guess = "cp1252 (latin-1)" if codec.name == "utf-8" else "of another encoding"
            raise refuse(
                source_id,
                file,
                "wrong_encoding",
                f"The declared encoding is {encoding}, but byte 0x{error.object[error.start]:02x} is not valid in it; "
                f"the file is probably {guess}.",
                row=line + error.object[: error.start].count(b"\n"),
            ) from error
        line += piece.count(b"\n")
        yield text.removeprefix("\ufeff") if first else text
        first = False
    if utf8.certain:
        found = f"The declared encoding is {encoding}, but every non-ASCII letter in the file is encoded as UTF-8."
        raise refuse(source_id, file, "wrong_encoding", found)


class _Utf8Watch:
    """Detects that a file declared in a single-byte encoding, which any bytes fit, is really UTF-8."""

    def __init__(self, watching: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._possible = watching
        self._accented = False

    def see(self, piece: bytes) -> None:
        """Look at the next bytes; an empty piece is the end."""
        if not self._possible:
            return
        self._accented = self._accented or not piece.isascii()
        try:
            self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            self._possible = False

    @property
    def certain(self) -> bool:
        """Whether there are letters beyond ASCII, all of them valid UTF-8."""
        return self._possible and self._accented


def _bytes(source_id: str, file: RawFile, limit_mib: int) -> Iterator[bytes]:
    """Yield the decompressed content in chunks, then an empty one."""
    size, lines = 0, 1
    with open_content(file.path, file.member) as stream:
        while True:
            try:
                piece = stream.read(PIECE)
            except PACKED_DAMAGE as error:
                found = f"The compressed file is truncated after line {lines:,} ({error})."
                raise refuse(source_id, file, "file_truncated", found) from error
            size += len(piece)
            lines += piece.count(b"\n")
            if size > limit_mib * 1024**2:
                raise refuse(
                    source_id, file, "file_too_large", f"Decompressed, the file has more than {limit_mib:,} MiB."
                )
            yield piece
            if not piece:
                return
