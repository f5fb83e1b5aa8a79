"""An undeclared file: its format, encoding, delimiter, header and foot, found by inspecting it."""

from __future__ import annotations

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipelines.collect.acquire import RawFile
from pipelines.collect.content import ZIP, ArchiveRefused, describe_kind, list_members, open_content
from pipelines.collect.decode import check_start, decode_to_utf8
from pipelines.collect.foot import begins_with_word
from pipelines.collect.header import fold, join_header, split_rows
from pipelines.collect.unread import names_alike
from pipelines.collect.workbook.sheets import SheetsToRead, read_sheets
from pipelines.system.errors import DataRefused
from pipelines.system.scratch import process_folder
from pipelines.system.settings import Settings
from schemas.definition.layouts import ReadOptions
from schemas.definition.numbers import in_ascii
from schemas.errors import UsageError

MOST_ROWS = 200_000
"""Rows that are inspected; further down, a larger file has the same columns and hardly any new words."""
_HEADER_ROWS = 60
_LONGEST_FOOT = 60
_MOST_SHEETS = 8
_MOST_READ = 1_000_000
_DELIMITERS = (",", ";", "\t", "|")
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
NUMBER = re.compile(r"[-+]?\d[\d.,٬'’\s\u00a0\u202f]*")
YEAR = re.compile(r"(19|20)\d\d")
SPLIT_YEAR = re.compile(r"(19|20)\d\d[-/](?!0[1-9]$|1[0-2]$)(\d\d|(19|20)\d\d)")
"""A year that does not begin in January: 2009-2010, 2009/10, 2015-16; not what could be a month (2009-10)."""


@dataclass(frozen=True)
class SeenTable:
    """A file as a table of text.

    Attributes:
        path: the file.
        read: how it is read, columns aside: the keys of ``read`` in source.yml that differ from the default.
        names: the labels of the columns.
        header_row: the row of the header, from 1.
        rows: the rows below the header and above the foot, each as long as the header.
        foot: rows at the end that are not data; the first of them ends the table.
        other_sheets: the sheets of a workbook that were not inspected.
        alike_sheets: those of them that have the same columns, apart from the year in their labels.
        is_whole: whether all rows were inspected.
        nameless: the columns without a label that have words; their names are their positions.
        numbering: the row below the header that numbers the columns; it is not among the rows.
    """

    path: Path
    read: dict[str, str]
    names: tuple[str, ...]
    header_row: int
    rows: list[list[str]]
    foot: list[list[str]]
    other_sheets: tuple[str, ...]
    alike_sheets: tuple[str, ...]
    is_whole: bool
    nameless: tuple[str, ...] = ()
    numbering: tuple[str, ...] = ()

    def column(self, name: str) -> list[str]:
        """Return the texts of a column, stripped of surrounding blanks."""
        place = self.names.index(name)
        return [row[place].strip() for row in self.rows]


def see_table(path: Path, settings: Settings, sheet: str | None = None, encoding: str | None = None) -> SeenTable:
    """Inspect a file.

    Args:
        path: a text file (plain, compressed or in a zip archive) or a workbook.
        settings: the size limit.
        sheet: sheet of a workbook; by default the first that is visible and has cells.
        encoding: encoding of a text file; by default found by trying.

    Raises:
        UsageError: the file is of another format, is damaged, has no such sheet, or no header can be found in it.
    """
    try:
        with tempfile.TemporaryDirectory(dir=process_folder()) as place:
            read, found, tops, is_whole = _read(path, settings, Path(place), sheet, encoding)
    except (DataRefused, ArchiveRefused) as refused:
        raise UsageError(f"{path} cannot be read as a table:\n{refused}") from refused
    rows = [[cell.strip() for cell in row] for row in found]
    at, names = _header_of(path, rows, read, tuple(tops))
    nameless, numbering = [], tuple[str, ...]()
    below = [[*row, *[""] * (len(names) - len(row))][: len(names)] for row in rows[at + 1 :]]
    if below and _numbers_columns(below[0]):
        numbering, below[0] = tuple(below[0]), [""] * len(names)
    for column, name in enumerate(names):
        if not name and any(sign.isalpha() for row in below[:1000] for sign in row[column]):
            names[column] = f"column {column + 1}"
            nameless.append(names[column])
    end = _find_end(below) if is_whole else len(below)
    data, foot = [row for row in below[:end] if any(row)], [row for row in below[end:] if any(row)]
    if foot and not _ends_there(foot[0], data):  # data rows have the word too: to be declared as an exclusion
        data, foot = [*data, *foot], []
    alike = tuple(sheet for sheet, top in tops.items() if any(names_alike(names) <= names_alike(row) for row in top))
    more = (tuple(nameless), numbering)
    return SeenTable(path, read, tuple(names), at + 1, data, foot, tuple(tops), alike, is_whole, *more)


def _header_of(path: Path, rows: list[list[str]], read: dict[str, str], others: Sequence[str]) -> tuple[int, list[str]]:
    """Return the last row of the header and the labels; the number of its rows, if there are several, goes to read.

    Raises:
        UsageError: no header can be found, or two columns have one label.
    """
    at = _find_header(rows)
    names = [" ".join(label.split()) for label in _trimmed(rows[at])] if at is not None else []
    twice = [name for name, times in Counter(map(fold, names)).items() if times > 1 and name]
    if at is not None and not twice:
        return at, names
    if (joined := _find_joined_header(rows)) is not None:
        at, names, number = joined
        read["header_rows"] = str(number)
        return at, names
    by_hand = "write the definition by hand: docs/add_a_source.md has an example, and header_rows for several rows"
    if others:
        listed = ", ".join(map(repr, others[:_MOST_SHEETS])) + (" ..." if len(others) > _MOST_SHEETS else "")
        by_hand = f"give --sheet for another sheet ({listed}), or {by_hand}"
    if at is not None:
        raise UsageError(f"{path}, row {at + 1}: two columns have the label {twice[0]!r}; {by_hand}")
    raise UsageError(f"{path}: no row looks like a header with data below it; {by_hand}")


def _read(
    path: Path, settings: Settings, work: Path, sheet: str | None, encoding: str | None
) -> tuple[dict[str, str], list[list[str]], dict[str, list[list[str]]], bool]:
    """Return how a file is read, its rows, the first rows of each other sheet, and whether these are all its rows."""
    members = list_members(path, settings.max_file_mib)
    file = RawFile(path.name, path, "", path.stat().st_size, 0, "", member=members[0] if members else None)
    with open_content(path, file.member) as content:
        kind = describe_kind(content.read(4096))
    if kind is not None and (kind.startswith("a workbook") or (kind == ZIP and not members)):
        book = read_sheets("", file, SheetsToRead((sheet,) if sheet else ()), settings, work / "sheet")
        first = book.sheets[0]
        others = {name: book.tops.get(name, []) for name, is_hidden in book.others.items() if not is_hidden}
        named = {"format": "excel"} | ({"sheet": first.name} if sheet or others else {})
        return named, first.rows[:MOST_ROWS], others, len(first.rows) <= MOST_ROWS
    options = {"encoding": encoding or (kind.partition("(")[2].rstrip(")") if kind and "UTF-16" in kind else "")}
    check_start("", file, ReadOptions(columns=("?",), encoding=options["encoding"] or "utf-8"))
    target = work / "text.csv"
    options["encoding"] = _decode(file, options["encoding"], target, settings)
    with target.open(encoding="utf-8", newline="") as lines:
        delimiter = _find_delimiter([*islice(lines, 500)])
        lines.seek(0)
        rows = [*islice(split_rows("", file, lines, delimiter), MOST_ROWS + 1)]
    read = {} if options["encoding"] == "utf-8" else dict(options)
    if delimiter != ",":
        read["delimiter"] = delimiter
    return read, rows[:MOST_ROWS], {}, len(rows) <= MOST_ROWS


def _decode(file: RawFile, encoding: str, target: Path, settings: Settings) -> str:
    """Write the text as UTF-8 and return its encoding: the first that fits every byte."""
    tried = (encoding,) if encoding else _ENCODINGS
    for one in tried:
        try:
            decode_to_utf8("", file, one, target, settings.max_file_mib)
        except DataRefused as refused:
            if refused.problems[0].rule != "wrong_encoding" or one == tried[-1]:
                raise
        else:
            if not encoding and one != "utf-8" and _is_of_other_letters(target):
                raise UsageError(
                    f"the encoding of {file.name} cannot be found: it is neither UTF-8 nor Western European; give "
                    "--encoding, such as cp932 (Japanese), gb18030 or big5 (Chinese), cp949 (Korean), cp1251 "
                    "(Cyrillic), cp1253 (Greek), cp1256 (Arabic) or cp874 (Thai)"
                )
            return one
    raise AssertionError("latin-1 fits any bytes")


def _is_of_other_letters(target: Path) -> bool:
    """Whether a text is not what its encoding makes of it: it has control characters, or few letters are a to z."""
    with target.open(encoding="utf-8", newline="") as content:
        text = content.read(_MOST_READ)
    letters = [letter for letter in text if letter.isalpha()]
    return any("\x80" <= sign <= "\x9f" for sign in text) or 2 * sum(map(str.isascii, letters)) < len(letters)


def _find_delimiter(lines: Sequence[str]) -> str:
    """Return the sign that splits most lines into the same number of fields, at least two; if tied, into more."""

    def score(sign: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(lines, delimiter=sign) if row)
        except csv.Error:  # with this delimiter a quoted field never ends
            return 0, 0
        width, times = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        return (times if width > 1 else 0), width

    return max(_DELIMITERS, key=score)


def _trimmed(row: Sequence[str]) -> list[str]:
    filled = [place for place, cell in enumerate(row) if cell]
    return list(row[: filled[-1] + 1]) if filled else []


def _numbers_columns(row: Sequence[str]) -> bool:
    """Whether a row numbers the columns: (1), (2), (3), or 1, 2, 3."""
    given = [cell for cell in row if cell]
    cells = [cell.strip("()[]. ") for cell in given]
    return len(cells) >= (5 if cells == given else 3) and cells == [str(number) for number in range(1, len(cells) + 1)]


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(_trimmed(row)) for row in rows[:1000])
    return max((width for width, times in widths.items() if times >= max(widths.values()) / 4), default=0)


_YEAR_OF_A_CALENDAR = re.compile(r"(?:19|20|25|13|14)\d\d")
"""A year, also one of the Buddhist era or the Hijri calendar."""


def _is_of_labels(cells: Iterable[str]) -> bool:
    written = [in_ascii(cell) for cell in cells if cell]
    return all(_YEAR_OF_A_CALENDAR.fullmatch(cell) or not NUMBER.fullmatch(cell) for cell in written)


def _find_joined_header(rows: Sequence[Sequence[str]]) -> tuple[int, list[str], int] | None:
    """Find the two or three rows that give each column a label of its own together: last row, labels, how many.

    The upper row has several groups, and the row below has figures.
    """
    usual = _usual_width(rows)
    for number in (2, 3) if usual >= 2 else ():
        for start in range(min(_HEADER_ROWS, len(rows) - number)):
            block, after = rows[start : start + number], rows[start + number :][:3]
            if sum(map(bool, block[0])) < 2 or not all(any(row) and _is_of_labels(row) for row in block):
                continue
            names = _trimmed(join_header([list(row) for row in block]))
            labels = [fold(name) for name in names if name]
            has_figures = any(NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for row in after for cell in row)
            if len(labels) >= max(2, usual - 1) and len(set(labels)) == len(labels) and has_figures:
                return start + number - 1, names, number
    return None


def _find_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Find the first row with as many labels as the rows below have cells, and no numbers among them except years."""
    usual = _usual_width(rows)
    if usual < 2:
        return None
    for place, row in enumerate(rows[:_HEADER_ROWS]):
        labels = [cell for cell in _trimmed(row) if cell]
        is_label = _is_of_labels(labels) and not _numbers_columns(labels)
        if len(labels) >= max(2, usual - 1) and is_label and any(not YEAR.fullmatch(cell) for cell in labels):
            below = rows[place + 1 : place + 200]
            if any(sign.isdigit() for one in below for cell in one for sign in cell):
                return place
    return None


def _find_end(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows are data: a total or notes at the end are not.

    Such a row lacks a text that nearly every full row has, or has no number at all. A row that lacks some numbers is
    data: the coming months of the current year are blank.
    """
    widths = sorted(sum(map(bool, row)) for row in rows if any(row))
    usual = widths[len(widths) // 2] if widths else 0
    full = [row for row in rows if sum(map(bool, row)) >= usual]
    filled = Counter(place for row in full for place, cell in enumerate(row) if cell)
    numbers = Counter(place for row in full for place, cell in enumerate(row) if NUMBER.fullmatch(cell))
    numeric = {place for place, times in numbers.items() if times >= filled[place] * 0.8}
    texts = {place for place, times in filled.items() if times >= len(full) * 0.9} - numeric
    end = len(rows)
    for place in range(len(rows) - 1, -1, -1):
        row = rows[place]
        has_number = any(NUMBER.fullmatch(row[one]) for one in numeric)
        if any(row) and all(row[one] for one in texts) and (has_number or not numeric):
            break
        end = place
    return end if sum(map(any, rows[end:])) <= _LONGEST_FOOT else len(rows)


def _ends_there(row: Sequence[str], data: Sequence[Sequence[str]]) -> bool:
    """Whether no row of data begins with a row's first word, since a foot is recognised by that word."""
    word = next(cell for cell in row if cell)
    firsts: Iterator[str] = (next((cell for cell in one if cell), "") for one in data)
    return not any(begins_with_word(first, word) for first in firsts)
