"""A text file as a table: decoded, its foot cut off, split into fields, each row with the line shown by an editor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import decode_to_utf8, refuse
from pipelines.collect.foot import Foot, FootFinder
from pipelines.collect.header import Header, read_first_rows, read_header, split_rows
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import SourceFolder


def read_text_file(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> tuple[Header, Foot | None]:
    """Write a text file as Parquet of text, and return its header, and its foot if the layout has one.

    Raises:
        DataRefused: it cannot be read as declared.
    """
    options = folder.source.layouts[file.layout].read
    text = target.with_suffix(".csv")
    decode_to_utf8(folder.source_id, file, options.encoding, text, settings.max_file_mib)
    with text.open(encoding="utf-8", newline="") as lines:
        header = read_header(folder, file, read_first_rows(folder.source_id, file, lines, options.delimiter))
    foot = _cut_foot(folder, file, text, header) if options.footer is not None else None
    connection.register("extra_line", _extra_lines(folder.source_id, file, text, options.delimiter, header))
    try:
        run_sql(
            connection,
            "collect/read_csv",
            path=quote_literal(str(text)),
            delimiter=quote_literal(options.delimiter),
            skip=str(header.last_row),
            columns=", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in header.names),
            names=", ".join(quote_identifier(name) for name in header.names),
            file=quote_literal(file.name),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise unreadable(folder.source_id, file, error) from error
    connection.unregister("extra_line")
    text.unlink()
    if problems := _malformed_lines(connection, folder.source_id, file, header):
        raise DataRefused(problems)
    return header, foot


def unreadable(source_id: str, file: RawFile, error: duckdb.Error) -> Exception:
    """Return what to raise if DuckDB cannot read a file: the error itself if it is not about the file."""
    if is_of_the_machine(error):
        return error
    found = f"The file cannot be read as a table ({str(error).splitlines()[0]})."
    return refuse(source_id, file, "file_not_readable", found)


def _malformed_lines(
    connection: duckdb.DuckDBPyConnection, source_id: str, file: RawFile, header: Header
) -> list[Problem]:
    """Return a problem for each kind of malformed line, with the number of lines and the first; clear the errors."""
    problems = []
    for lines, first, message in connection.execute(
        "SELECT count(*), list(line ORDER BY line)[1:6], arg_min(message, line) FROM ("
        "SELECT line, any_value(error_type) AS error_type, any_value(split_part(error_message, chr(10), 1)) AS message "
        "FROM reject_errors GROUP BY line) GROUP BY error_type ORDER BY min(line)"
    ).fetchall():
        found = f"The line cannot be split into the {len(header.names)} fields of the header: {message.rstrip('.')}."
        if lines > 1:
            others = f"{lines - 1:,} more lines" if lines > 2 else "one more line"
            found += f" The same is true of {others}: {', '.join(map(str, first[1:]))}"
            found += " and others." if lines > len(first) else "."
        problems.append(
            Problem(
                rule="malformed_line",
                source=source_id,
                file=file.name,
                row=first[0],
                found=found,
            )
        )
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    return problems


def _cut_foot(folder: SourceFolder, file: RawFile, text: Path, header: Header) -> Foot:
    """Truncate a text file before its foot."""
    options = folder.source.layouts[file.layout].read
    finder = FootFinder(folder.source_id, file, None, options, header)
    consumed = before = line = cut = 0
    with text.open("rb") as handle:

        def lines() -> Iterator[str]:
            nonlocal consumed, line
            for one in handle:
                consumed += len(one)
                line += 1
                yield one.decode("utf-8")

        first = 1
        for number, row in enumerate(split_rows(folder.source_id, file, lines(), options.delimiter), start=1):
            if number > header.last_row and finder.see(first, row):
                cut = before
            before, first = consumed, line + 1
    foot = finder.foot(folder.source.columns.get("value"))
    os.truncate(text, cut)
    return foot


def _extra_lines(source_id: str, file: RawFile, text: Path, delimiter: str, header: Header) -> pa.Table:
    """Return the records (``first``) from which on line numbers exceed header rows and records, and by how many lines.

    Extra lines are blank lines, which the reader of the table skips, and line ends inside quotes.
    """
    first: list[int] = []
    extra: list[int] = []
    if _has_blank_or_open_line(text):
        end = record = 0
        with text.open(encoding="utf-8", newline="") as handle:

            def lines() -> Iterator[str]:
                nonlocal end
                for one in handle:
                    end += 1
                    yield one

            start = 1
            for number, row in enumerate(split_rows(source_id, file, lines(), delimiter), start=1):
                if number > header.last_row and row:
                    record += 1
                    further = start - header.last_row - record
                    if further > (extra[-1] if extra else 0):
                        first.append(record)
                        extra.append(further)
                start = end + 1
    return pa.table({"first": pa.array(first, pa.int64()), "extra": pa.array(extra, pa.int64())})


def _has_blank_or_open_line(text: Path) -> bool:
    """Whether a line of a file is blank, or a quote opened in it is closed in another."""
    with text.open("rb") as handle:
        return any(line == b"\n" or line.count(b'"') % 2 for line in handle)
