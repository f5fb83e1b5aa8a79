"""A file of incidents as a table of text that an engine can read: where its header is, which columns may be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.collect.acquire import RawFile
from pipelines.collect.content import ends_with_mark, has_blank_row, is_read_in_place, open_content
from pipelines.collect.decode import check_start, refuse
from pipelines.collect.header import find_header, read_first_rows, read_header
from pipelines.collect.parquet import read_parquet_schema
from pipelines.collect.read import nameless_columns, read_table
from pipelines.collect.unread import TableRead
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.definition.layouts import OWN_COLUMNS, ReadOptions
from schemas.errors import nearest_values
from schemas.source import CODED_PERSONAL, SourceFolder

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_PLACE = ("_file", "_sheet")


@dataclass(frozen=True)
class TextTable:
    """One partition as a table of text: a CSV file (plain or gzip, UTF-8) or a Parquet file.

    ``names`` are the columns in the order of the file, ``kept`` those that may be read at all, ``constants`` values of
    columns that are not in the file (its name, the day it came, keys of its folder), ``types`` the column types of a
    Parquet file.
    """

    path: Path
    format: str
    names: tuple[str, ...]
    kept: tuple[str, ...]
    delimiter: str = ","
    header_rows: int = 1
    constants: dict[str, str] = field(default_factory=dict)
    types: dict[str, pa.DataType] = field(default_factory=dict)

    @property
    def rows_above(self) -> int:
        """How many rows of the file come before the first of its data."""
        return self.header_rows if self.format == "csv" else 0


def open_partition(folder: SourceFolder, file: RawFile, settings: Settings, work: Path) -> tuple[TextTable, TableRead]:
    """Return a partition as a table of text, and what else is in its file: feet, other sheets.

    CSV in UTF-8 with its header in the first line, and Parquet, are read in place. Workbooks, files in an archive, and
    those with a foot, a banner, a column without a name, rows of delimiters only, another encoding or a compression
    other than gzip are first converted to Parquet in the work folder by the readers of national tables.

    Raises:
        DataRefused: the file is empty, damaged, a web page, of another kind, or lacks a column.
    """
    options = folder.source.layouts[file.layout].read
    constants = {"_file": file.name, "_received": file.first_seen, **folder_keys(file.name)}
    check_start(folder.source_id, file, options)
    if options.format == "parquet" and all(map(str.strip, read_parquet_schema(folder.source_id, file).names)):
        return _open_parquet(folder, file, options, constants), TableRead()
    if _may_be_read_in_place(file, options):
        header = read_header(folder, file, _read_first_rows(folder.source_id, file, options))
        is_plain = header.last_row == 1 and not nameless_columns(folder, file, header)
        if is_plain and not has_blank_row(file.path, options.delimiter, len(header.names)):
            kept = _kept(folder, file, header.names)
            outside = {name: value for name, value in constants.items() if name not in header.names}
            return TextTable(file.path, "csv", header.names, kept, options.delimiter, 1, outside), TableRead()
    target = work / "text.parquet"
    target.unlink(missing_ok=True)
    with connect(settings) as connection:
        more = read_table(connection, folder, file, settings, target)
    schema = pq.read_schema(target)
    types = {name: kind for name, kind in zip(schema.names, schema.types, strict=True) if name not in _PLACE}
    kept = _kept(folder, file, tuple(types))
    table = TextTable(target, "parquet", tuple(types), kept, header_rows=0, constants=constants, types=types)
    return table, more


def _may_be_read_in_place(file: RawFile, options: ReadOptions) -> bool:
    if options.format != "csv" or options.encoding.lower() not in ("utf-8", "utf8") or options.footer is not None:
        return False
    return file.member is None and is_read_in_place(file.path) and not ends_with_mark(file.path)


def folder_keys(name: str) -> dict[str, str]:
    """Return the columns that a partitioned folder has in its names.

    >>> folder_keys("year=2024/month=03/part-0.parquet")
    {'year': '2024', 'month': '03'}
    >>> folder_keys("place=San%20Jos%C3%A9/sex=__HIVE_DEFAULT_PARTITION__/part-0.parquet")
    {'place': 'San José', 'sex': ''}
    """
    pairs = [part.split("=", 1) for part in name.split("/")[:-1] if "=" in part]
    return {key: "" if value == _NO_VALUE else unquote(value) for key, value in pairs}


def find_other_line_end(path: Path) -> int | None:
    """Return the first line of a text file whose line ending differs from that of the first line; None if all agree."""
    first = ""
    with open_content(path) as content:
        lines = io.TextIOWrapper(content, encoding="latin-1", newline="")
        for number, line in enumerate(lines, start=1):
            end = line[len(line.rstrip("\r\n")) :]
            first = first or end
            if end and end != first:
                return number
    return None


def find_lines(table: TextTable, records: Collection[int]) -> dict[int, int]:
    """Return the line where each of these records of a text file begins, as shown by an editor; both count from 1.

    Blank lines are not records, and a record with line ends inside quotes has several lines. A record that cannot be
    split into fields is left out, as are those after it.
    """
    found: dict[int, int] = {}
    record, last = 0, max(records, default=0)
    with open_content(table.path) as content:
        lines = io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="")
        rows = csv.reader(lines, delimiter=table.delimiter)
        start = 1
        with suppress(csv.Error):
            for row in rows:
                record += 1 if row else 0
                if row and record in records:
                    found[record] = start
                if record >= last:
                    break
                start = rows.line_num + 1
    return found


def _kept(folder: SourceFolder, file: RawFile, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that may be read; of the personal ones, only those from which just a code is kept."""
    source = folder.source
    unknown = [] if source.survey else [name for name in source.personal if name not in names]  # see harmonise/survey
    if unknown:
        found = (
            f"personal: the file has no column {unknown[0]!r}. A column that identifies persons must be given exactly "
            "as in the file: under another name it would be read."
        )
        near = tuple(nearest_values(unknown[0], names))
        raise DataRefused(
            [Problem("missing_column", source.source_id, found, file=file.name, column=unknown[0], nearest=near)]
        )
    hidden = set(source.personal) - {source.columns.get(name, "") for name in CODED_PERSONAL}
    hidden -= set(source.survey.key) if source.survey else set()
    return tuple(name for name in names if name not in hidden)


def _open_parquet(folder: SourceFolder, file: RawFile, options: ReadOptions, constants: dict[str, str]) -> TextTable:
    schema = read_parquet_schema(folder.source_id, file)
    names = tuple(schema.names)
    folded = [name.casefold() for name in names]
    if twice := [name for name in names if folded.count(name.casefold()) > 1]:
        found = f"The file has column names that are identical except for case: {', '.join(map(repr, twice))}."
        raise refuse(folder.source_id, file, "column_twice", found)
    names = tuple(name for name in names if name.casefold() not in OWN_COLUMNS)
    find_header(folder.source_id, file.name, [[*names, *constants]], options, sheet=None)
    outside = {name: value for name, value in constants.items() if name not in names}
    types = {name: schema.field(name).type for name in names}
    kept = _kept(folder, file, names)
    return TextTable(file.path, "parquet", names, kept, header_rows=0, constants=outside, types=types)


def _read_first_rows(source_id: str, file: RawFile, options: ReadOptions) -> list[list[str]]:
    with open_content(file.path) as content:
        lines = io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="")
        return read_first_rows(source_id, file, lines, options.delimiter)
