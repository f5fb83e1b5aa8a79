"""A file of incidents as a table of text that an engine can read: where its header is, which columns may be seen."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import check_start, refuse
from pipelines.collect.parquet import read_parquet_schema
from pipelines.collect.partitions import folder_keys
from pipelines.collect.read import HEADER_SEARCH_ROWS, Header, find_header, read_table
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.errors import UsageError, nearest_values
from schemas.source import CODED_PERSONAL, ReadOptions, SourceFolder

_LONGEST_LINE = 2_000_000  # what DuckDB takes


@dataclass(frozen=True)
class TextTable:
    """One partition as a table of text: a CSV file (plain or gzip, UTF-8) or a Parquet file.

    ``names`` are the columns in the order of the file, ``kept`` those that may be read at all, ``constants`` columns
    that the file does not hold (its name, the day it came, keys of its folder).
    """

    path: Path
    format: str
    names: tuple[str, ...]
    kept: tuple[str, ...]
    delimiter: str = ","
    header_rows: int = 1
    constants: dict[str, str] = field(default_factory=dict)


def open_partition(
    folder: SourceFolder, file: RawFile, settings: Settings, work: Path
) -> tuple[TextTable, dict[str, str] | None]:
    """Return a partition as a table of text, and the first row of its foot where it has one.

    CSV in UTF-8 with its header in the first line, and Parquet, are read where they lie. Workbooks, files with a foot,
    a banner or another encoding are first turned into Parquet by the readers of national tables, in the work folder.

    Raises:
        DataRefused: the file is empty, damaged, a web page, or lacks a column.
    """
    options = folder.source.layouts[file.layout].read
    constants = {"_file": file.name, "_received": file.first_seen, **folder_keys(file.name)}
    if options.format == "parquet":
        return _open_parquet(folder, file, options, constants), None
    start = check_start(folder.source_id, file)
    if options.format == "csv":
        _check_text(folder.source_id, file, start, options)
    if options.format == "csv" and options.encoding.lower() in ("utf-8", "utf8") and options.footer is None:
        rows = _first_rows(folder.source_id, file, options)
        header = find_header(folder.source_id, file.name, rows, options, sheet=None)
        _check_once(folder, file, header)
        if header.last_row == 1:
            kept = _kept(folder, header.names)
            outside = {name: value for name, value in constants.items() if name not in header.names}
            return TextTable(file.path, "csv", header.names, kept, options.delimiter, 1, outside), None
    target = work / "text.parquet"
    target.unlink(missing_ok=True)
    with connect(settings) as connection:
        footer = read_table(connection, folder.source_id, file, options, settings, target)
    names = tuple(name for name in pq.read_schema(target).names if name not in ("_file", "_sheet"))
    kept = _kept(folder, names)
    return TextTable(target, "parquet", names, kept, header_rows=0, constants=constants), footer


def _check_text(source_id: str, file: RawFile, start: bytes, options: ReadOptions) -> None:
    """A file of another kind under the name of a text file: its columns would be told to be missing, one by one."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) and "16" not in options.encoding:
        found = f"The declared encoding is {options.encoding}, but the file begins with the mark of UTF-16."
        raise refuse(source_id, file, "wrong_encoding", found)
    kinds = {b"PK\x03\x04": "a zip archive or a workbook", b"PAR1": "a Parquet file", b"\xd0\xcf\x11\xe0": "a workbook"}
    for magic, kind in kinds.items():
        if start.startswith(magic):
            raise refuse(source_id, file, "file_not_readable", f"The file is no text but {kind}.")


def _check_once(folder: SourceFolder, file: RawFile, header: Header) -> None:
    """Of two columns with one label nobody can tell which is meant."""
    problems = [
        Problem(
            rule="column_twice",
            source=folder.source_id,
            file=file.name,
            row=header.last_row,
            column=name,
            found=f"The label {name!r} stands over two columns.",
        )
        for name in folder.source.columns.values()
        if f"{name} (2)" in header.names
    ]
    if problems:
        raise DataRefused(problems)


def find_other_line_end(path: Path) -> int | None:
    """Return the first line of a text file that ends in another way than the first line, None where there is none."""
    first = ""
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
        handle.seek(0)
        lines = io.TextIOWrapper(gzip.GzipFile(fileobj=handle) if packed else handle, encoding="latin-1", newline="")
        for number, line in enumerate(lines, start=1):
            end = line[len(line.rstrip("\r\n")) :]
            first = first or end
            if end and end != first:
                return number
    return None


def _kept(folder: SourceFolder, names: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that may be read: of the personal ones those of which only a code is kept."""
    source = folder.source
    unknown = [name for name in source.personal if name not in names]
    if unknown:
        near = ", ".join(nearest_values(unknown[0], names)) or "none"
        raise UsageError(
            f"source {source.source_id}: personal: the files have no column {unknown[0]!r} (nearest: {near}); a column "
            "that identifies persons must be named as the files write it"
        )
    hidden = set(source.personal) - {source.columns.get(name, "") for name in CODED_PERSONAL}
    return tuple(name for name in names if name not in hidden)


def _open_parquet(folder: SourceFolder, file: RawFile, options: ReadOptions, constants: dict[str, str]) -> TextTable:
    if file.size == 0:
        raise refuse(folder.source_id, file, "file_empty", "The file has no bytes.")
    names = tuple(read_parquet_schema(folder.source_id, file).names)
    folded = [name.casefold() for name in names]
    if twice := [name for name in names if folded.count(name.casefold()) > 1]:
        found = f"The file has several columns that differ in case at most: {', '.join(map(repr, twice))}."
        raise refuse(folder.source_id, file, "column_twice", found)
    find_header(folder.source_id, file.name, [[*names, *constants]], options, sheet=None)
    outside = {name: value for name, value in constants.items() if name not in names}
    return TextTable(file.path, "parquet", names, _kept(folder, names), header_rows=0, constants=outside)


def _first_rows(source_id: str, file: RawFile, options: ReadOptions) -> list[list[str]]:
    with file.path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
        handle.seek(0)
        stream = gzip.GzipFile(fileobj=handle) if packed else handle
        lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        try:
            return list(islice(csv.reader(_short_lines(lines), delimiter=options.delimiter), HEADER_SEARCH_ROWS))
        except csv.Error as error:
            found = f"The first lines cannot be read ({error})."
            raise refuse(source_id, file, "malformed_line", found) from error
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            found = f"The compressed file is damaged ({error})."
            raise refuse(source_id, file, "file_truncated", found) from error


def _short_lines(lines: io.TextIOWrapper) -> Iterator[str]:
    """Lines as they are, up to a length no header has: a packed file could unpack to one that fills the memory."""
    while line := lines.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line is longer than {_LONGEST_LINE:,} letters")
        yield line
