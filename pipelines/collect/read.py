"""Step 2, read: raw file + reading options -> table of text in the source's own words, row numbers kept."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.acquire import Acquired, RawFile
from pipelines.collect.decode import check_start, decode_to_utf8, refuse
from pipelines.collect.parquet import read_parquet_schema, texts_of
from pipelines.system.connection import connect, fetch_row, quote_path, run_sql
from pipelines.system.errors import DataRefused, Problem, is_out_of_room
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import ReadOptions, SourceFolder

HEADER_SEARCH_ROWS = 100


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


@dataclass(frozen=True)
class Header:
    """Where the header is: its last row (counted from 1) and the column names, unique, in order."""

    last_row: int
    names: tuple[str, ...]


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
            options = folder.source.layouts[file.layout].read
            target = work / f"raw-{number}.parquet"
            try:
                check_start(folder.source_id, file)
                footer = read_table(connection, folder.source_id, file, options, settings, target)
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
    connection: duckdb.DuckDBPyConnection,
    source_id: str,
    file: RawFile,
    options: ReadOptions,
    settings: Settings,
    target: Path,
) -> dict[str, str] | None:
    """Write one file as Parquet of text, and return the first row of its foot where it has one.

    Raises:
        DataRefused: the file cannot be read as declared.
    """
    reader = {"csv": _read_csv, "excel": _read_excel, "parquet": _read_parquet}[options.format]
    return reader(connection, source_id, file, options, settings, target)


def fold(label: str) -> str:
    """Return a label for comparison: blanks trimmed and folded, case ignored.

    >>> fold("  Rango de  edad ")
    'rango de edad'
    """
    return " ".join(label.split()).casefold()


def find_header(source_id: str, file: str, rows: list[list[str]], options: ReadOptions, sheet: str | None) -> Header:
    """Return the header among the first rows of a table: the first row that holds every label asked for.

    With several header rows, the labels are sought in the rows joined: a merged cell counts for the columns to its
    right, and the parts of a name are joined by " | ".

    Raises:
        DataRefused: no row holds all the labels; names those missing and the nearest there are.
    """
    best: tuple[int, list[str], list[str]] | None = None
    for start in range(max(len(rows) - options.header_rows + 1, 0)):
        names = _join_header(rows[start : start + options.header_rows])
        folded = {fold(name) for name in names}
        missing = [label for label in options.columns if fold(label) not in folded]
        if best is None or len(missing) < len(best[1]):
            best = (start, missing, names)
        if not missing:
            labels = {fold(label): label for label in options.columns}
            return Header(start + options.header_rows, _unique([labels.get(fold(name), name) for name in names]))
    if best is None:
        raise DataRefused([Problem(rule="file_empty", source=source_id, file=file, sheet=sheet, found="No rows.")])
    row, missing, names = best
    raise DataRefused(
        [
            Problem(
                rule="missing_column",
                source=source_id,
                file=file,
                sheet=sheet,
                row=row + options.header_rows,
                column=label,
                found=f"The column {label!r} is not in the file.",
                nearest=nearest_values(label, [name for name in names if name not in options.columns]),
            )
            for label in missing
        ]
    )


def _join_header(rows: list[list[str]]) -> list[str]:
    width = max((len(row) for row in rows), default=0)
    filled: list[list[str]] = []
    for number, row in enumerate(rows):
        cells = [" ".join(cell.split()) for cell in [*row, *[""] * (width - len(row))]]
        if number < len(rows) - 1:  # a merged cell stands only in its first column, and ends with the group above it
            for position in range(1, width):
                same_group = all(upper[position] == upper[position - 1] for upper in filled)
                if not cells[position] and same_group:
                    cells[position] = cells[position - 1]
        filled.append(cells)
    return [" | ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*filled, strict=True)]


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique = []
    for position, name in enumerate(names, start=1):
        label = name or f"column {position}"
        same = label.casefold()  # as DuckDB compares the names of columns
        seen[same] = seen.get(same, 0) + 1
        unique.append(label if seen[same] == 1 else f"{label} ({seen[same]})")
    return tuple(unique)


def _read_csv(
    connection: duckdb.DuckDBPyConnection,
    source_id: str,
    file: RawFile,
    options: ReadOptions,
    settings: Settings,
    target: Path,
) -> dict[str, str] | None:
    text = target.with_suffix(".csv")
    decode_to_utf8(source_id, file, options.encoding, text, settings.max_file_mib)
    header = find_header(source_id, file.name, _first_rows(source_id, file, text, options), options, sheet=None)
    foot = _cut_foot(source_id, file, text, options, header)
    columns = ", ".join(f"{quote_literal(name)}: 'VARCHAR'" for name in header.names)
    blank = _blank_lines(source_id, file, text, options, header)
    connection.register("blank_line", pa.table({"before": pa.array(blank, pa.int64())}))
    try:
        run_sql(
            connection,
            "collect/read_csv",
            path=quote_literal(str(text)),
            delimiter=quote_literal(options.delimiter),
            skip=str(header.last_row),
            blank='(SELECT count(*) FROM blank_line WHERE before < "number of record")' if blank else "0",
            columns=columns,
            names=", ".join(quote_identifier(name) for name in header.names),
            file=quote_literal(file.name),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise _unreadable(source_id, file, error) from error
    connection.unregister("blank_line")
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
    text.unlink()
    if problems:
        raise DataRefused(problems)
    return foot


def _first_rows(source_id: str, file: RawFile, text: Path, options: ReadOptions) -> list[list[str]]:
    with text.open(encoding="utf-8", newline="") as handle:
        return list(islice(_split(source_id, file, handle, options), HEADER_SEARCH_ROWS))


def _split(source_id: str, file: RawFile, lines: Iterable[str], options: ReadOptions) -> Iterator[list[str]]:
    """Split lines into rows of fields.

    Raises:
        DataRefused: a field is longer than the reader takes, as one whose quote is never closed is in a large file.
    """
    number = 0
    try:
        for row in csv.reader(lines, delimiter=options.delimiter):
            yield row
            number += 1
    except csv.Error as error:
        found = f"The row cannot be read ({error})."
        raise refuse(source_id, file, "malformed_line", found, row=number + 1) from error


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

        for number, row in enumerate(_split(source_id, file, lines(), options), start=1):
            if number > header.last_row and fold(next((cell for cell in row if cell.strip()), "")).startswith(word):
                os.truncate(text, before)
                return dict(zip(header.names, row, strict=False))
            before = consumed
    raise refuse(
        source_id,
        file,
        "missing_footer",
        f"No row begins with {options.footer.starts_with!r}.",
        value=options.footer.starts_with,
    )


def _blank_lines(source_id: str, file: RawFile, text: Path, options: ReadOptions, header: Header) -> list[int]:
    """Return, for each blank line among the data, how many rows stand before it; the reader of the table skips them."""
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
        for number, row in enumerate(_split(source_id, file, lines, options), start=-header.last_row):
            if number >= 0 and not row:
                blank.append(number - len(blank))
    return blank


def _read_excel(
    connection: duckdb.DuckDBPyConnection,
    source_id: str,
    file: RawFile,
    options: ReadOptions,
    settings: Settings,
    target: Path,
) -> dict[str, str] | None:
    # Imported late: a run on text files alone does not need it.
    from pipelines.collect.workbook import read_sheet

    sheet, rows = read_sheet(source_id, file, options.sheet, settings)
    header = find_header(source_id, file.name, rows[:HEADER_SEARCH_ROWS], options, sheet)
    data = rows[header.last_row :]
    footer: dict[str, str] | None = None
    if options.footer is not None:
        word = fold(options.footer.starts_with)
        foot = next((n for n, row in enumerate(data) if fold(next((c for c in row if c), "")).startswith(word)), None)
        if foot is None:
            raise refuse(
                source_id,
                file,
                "missing_footer",
                f"No row begins with {options.footer.starts_with!r}.",
                sheet=sheet,
                value=options.footer.starts_with,
            )
        footer = dict(zip(header.names, data[foot], strict=False))
        data = data[:foot]
    numbers = [number for number, row in enumerate(data, start=header.last_row + 1) if any(row)]
    kept = [row for row in data if any(row)]
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(header.names)
    table = pa.table(
        {
            "_row": pa.array(numbers, pa.int64()),
            **{
                name: pa.array([cell or None for cell in column], pa.string())
                for name, column in zip(header.names, columns, strict=False)
            },
        }
    )
    connection.register("sheet_rows", table)
    names = ", ".join(quote_identifier(name) for name in header.names)
    run_sql(
        connection,
        "collect/read_sheet",
        file=quote_literal(file.name),
        sheet=quote_literal(sheet),
        columns=names,
        target=quote_literal(str(target)),
    )
    connection.unregister("sheet_rows")
    return footer


def _read_parquet(
    connection: duckdb.DuckDBPyConnection,
    source_id: str,
    file: RawFile,
    options: ReadOptions,
    settings: Settings,
    target: Path,
) -> None:
    schema = read_parquet_schema(source_id, file)
    names = find_header(source_id, file.name, [schema.names], options, sheet=None).names
    texts = texts_of(schema)
    try:
        run_sql(
            connection,
            "collect/read_parquet",
            file=quote_literal(file.name),
            path=quote_path(file.path),
            columns=", ".join(f"{text} AS {quote_identifier(name)}" for text, name in zip(texts, names, strict=True)),
            texts=", ".join(texts),
            places=", ".join(f"c{number}" for number in range(len(texts))),
            target=quote_literal(str(target)),
        )
    except duckdb.Error as error:
        raise _unreadable(source_id, file, error) from error


def _unreadable(source_id: str, file: RawFile, error: duckdb.Error) -> Exception:
    """What to raise where DuckDB cannot read a file: the error itself where it is not about the file."""
    if is_out_of_room(error):
        return error
    found = f"The file cannot be read as a table ({str(error).splitlines()[0]})."
    return refuse(source_id, file, "file_not_readable", found)
