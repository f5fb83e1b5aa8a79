"""Step 2, read: raw file + reading options -> table of text with the source's own labels, row numbers kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.acquire import Acquired, RawFile
from pipelines.collect.decode import check_start, decode_to_utf8, refuse
from pipelines.collect.header import HEADER_SEARCH_ROWS, Header, fold, read_first_rows, read_header, split_rows
from pipelines.collect.parquet import read_parquet_schema, text_of_column
from pipelines.collect.workbook import read_sheet
from pipelines.system.connection import connect, fetch_row, quote_path, run_sql
from pipelines.system.errors import DataRefused, Problem, is_out_of_room
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import Footer, ReadOptions, SourceFolder


@dataclass(frozen=True)
class RawTable:
    """Result of step 2, one Parquet file of text a raw file: columns as labelled, and _file, _sheet, _row.

    ``footers`` holds, for each file with a foot, the value under each column of its first foot row; ``files`` what was
    received.
    """

    source_id: str
    layouts: tuple[tuple[Path, ...], ...]
    rows: int
    footers: dict[str, dict[str, str]]
    files: tuple[RawFile, ...]

    @property
    def summary(self) -> str:
        """One line for people."""
        return f"{sum(len(paths) for paths in self.layouts)} tables of text"


def read(folder: SourceFolder, acquired: Acquired, settings: Settings, work: Path) -> RawTable:
    """Read every file of a source as text.

    Raises:
        DataRefused: every file that could not be read, together.
    """
    layouts: list[list[Path]] = [[] for _ in folder.source.layouts]
    problems: list[Problem] = []
    footers: dict[str, dict[str, str]] = {}
    rows = 0
    with connect(settings) as connection:
        for number, file in enumerate(acquired.files):
            target = work / f"raw-{number}.parquet"
            try:
                footer = read_table(connection, folder, file, settings, target)
                (read_rows,) = fetch_row(connection, "SELECT count(*) FROM read_parquet($path)", {"path": str(target)})
                if read_rows == 0:
                    raise refuse(folder.source_id, file, "no_data_rows", "There is a header but no row below it.")
            except DataRefused as refused:
                problems.extend(refused.problems)
                continue
            rows += read_rows
            layouts[file.layout].append(target)
            if footer is not None:
                footers[file.name] = footer
    if problems:
        raise DataRefused(problems)
    return RawTable(folder.source_id, tuple(tuple(paths) for paths in layouts), rows, footers, acquired.files)


def read_table(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> dict[str, str] | None:
    """Write one file as Parquet of text, and return the first row of its foot where it has one.

    Raises:
        DataRefused: the file cannot be read as declared.
    """
    options = folder.source.layouts[file.layout].read
    check_start(folder.source_id, file, options)
    reader = {"csv": _read_csv, "excel": _read_workbook, "parquet": _read_parquet}[options.format]
    return reader(connection, folder, file, settings, target)


def _read_csv(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> dict[str, str] | None:
    options = folder.source.layouts[file.layout].read
    text = target.with_suffix(".csv")
    decode_to_utf8(folder.source_id, file, options.encoding, text, settings.max_file_mib)
    with text.open(encoding="utf-8", newline="") as lines:
        header = read_header(folder, file, read_first_rows(folder.source_id, file, lines, options.delimiter))
    foot = _cut_foot(folder.source_id, file, text, options, header)
    blank = _blank_lines(folder.source_id, file, text, options, header)
    connection.register("blank_line", pa.table({"before": pa.array(blank, pa.int64())}))
    try:
        run_sql(
            connection,
            "collect/read_csv",
            path=quote_literal(str(text)),
            delimiter=quote_literal(options.delimiter),
            skip=str(header.last_row),
            blank='(SELECT count(*) FROM blank_line WHERE before < "number of record")' if blank else "0",
            columns=", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in header.names),
            names=", ".join(quote_identifier(name) for name in header.names),
            file=quote_literal(file.name),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise _unreadable(folder.source_id, file, error) from error
    connection.unregister("blank_line")
    text.unlink()
    if problems := _malformed_lines(connection, folder.source_id, file, header):
        raise DataRefused(problems)
    return foot


def _malformed_lines(
    connection: duckdb.DuckDBPyConnection, source_id: str, file: RawFile, header: Header
) -> list[Problem]:
    """Return the lines that the reader set aside, at most 20, and forget them."""
    problems = [
        Problem(
            rule="malformed_line",
            source=source_id,
            file=file.name,
            row=line,
            found=f"The line cannot be split into the {len(header.names)} fields of the header: {message}",
        )
        for line, message in connection.execute(
            "SELECT line, any_value(split_part(error_message, chr(10), 1)) FROM reject_errors "
            "GROUP BY line ORDER BY line LIMIT 20"
        ).fetchall()
    ]
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    return problems


def _cut_foot(source_id: str, file: RawFile, text: Path, options: ReadOptions, header: Header) -> dict[str, str] | None:
    """Cut a text file off before its foot, and return the first row of the foot by column."""
    if options.footer is None:
        return None
    word, consumed, before = fold(options.footer.starts_with), 0, 0
    with text.open("rb") as handle:

        def lines() -> Iterator[str]:
            nonlocal consumed
            for line in handle:
                consumed += len(line)
                yield line.decode("utf-8")

        for number, row in enumerate(split_rows(source_id, file, lines(), options.delimiter), start=1):
            if number > header.last_row and fold(next((cell for cell in row if cell.strip()), "")).startswith(word):
                os.truncate(text, before)
                return dict(zip(header.names, row, strict=False))
            before = consumed
    raise _no_footer(source_id, file, options.footer)


def _blank_lines(source_id: str, file: RawFile, text: Path, options: ReadOptions, header: Header) -> list[int]:
    """Return, for each blank line among the data, how many rows come before it; the reader of the table skips them."""
    with text.open("rb") as handle:
        end = b""
        while piece := handle.read(1 << 20):
            if b"\n\n" in end + piece:
                break
            end = piece[-1:]
        else:
            return []
    blank: list[int] = []
    with text.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(split_rows(source_id, file, lines, options.delimiter), start=-header.last_row):
            if number >= 0 and not row:
                blank.append(number - len(blank))
    return blank


def _read_workbook(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> dict[str, str] | None:
    options = folder.source.layouts[file.layout].read
    sheet, rows = read_sheet(folder.source_id, file, options.sheet, settings, target.with_suffix(".rows"))
    header = read_header(folder, file, rows[:HEADER_SEARCH_ROWS], sheet)
    data = rows[header.last_row :]
    footer: dict[str, str] | None = None
    if options.footer is not None:
        word = fold(options.footer.starts_with)
        foot = next((n for n, row in enumerate(data) if fold(next((c for c in row if c), "")).startswith(word)), None)
        if foot is None:
            raise _no_footer(folder.source_id, file, options.footer, sheet)
        footer = dict(zip(header.names, data[foot], strict=False))
        data = data[:foot]
    numbers = [number for number, row in enumerate(data, start=header.last_row + 1) if any(row)]
    kept = [row for row in data if any(row)]
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(header.names)
    table = pa.table(
        [
            pa.array(numbers, pa.int64()),
            *(pa.array([cell or None for cell in column], pa.string()) for column in columns),
        ],
        names=["_row", *header.names],
    )
    connection.register("sheet_rows", table)
    run_sql(
        connection,
        "collect/read_sheet",
        file=quote_literal(file.name),
        sheet=quote_literal(sheet),
        columns=", ".join(quote_identifier(name) for name in header.names),
        target=quote_literal(str(target)),
    )
    connection.unregister("sheet_rows")
    return footer


def _no_footer(source_id: str, file: RawFile, footer: Footer, sheet: str | None = None) -> DataRefused:
    found = f"No row begins with {footer.starts_with!r}."
    return refuse(source_id, file, "missing_footer", found, sheet=sheet, value=footer.starts_with)


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, settings: Settings, target: Path
) -> None:
    schema = read_parquet_schema(folder.source_id, file)
    names = read_header(folder, file, [schema.names]).names
    # By place, as DuckDB takes names that differ in case for the same.
    places = [f"c{number}" for number in range(len(names))]
    texts = [text_of_column(place, kind) for place, kind in zip(places, schema.types, strict=True)]
    try:
        run_sql(
            connection,
            "collect/read_parquet",
            file=quote_literal(file.name),
            path=quote_path(file.path),
            columns=", ".join(f"{text} AS {quote_identifier(name)}" for text, name in zip(texts, names, strict=True)),
            texts=", ".join(texts),
            places=", ".join(places),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise _unreadable(folder.source_id, file, error) from error


def _unreadable(source_id: str, file: RawFile, error: duckdb.Error) -> Exception:
    """What to raise where DuckDB cannot read a file: the error itself where it is not about the file."""
    if is_out_of_room(error):
        return error
    found = f"The file cannot be read as a table ({str(error).splitlines()[0]})."
    return refuse(source_id, file, "file_not_readable", found)
