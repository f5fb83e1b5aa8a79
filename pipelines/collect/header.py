"""The header of a table: the rows searched for it, the row in which it is, and the labels of its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TextIO

from pipelines.collect.acquire import RawFile
from pipelines.collect.content import PACKED_DAMAGE
from pipelines.collect.decode import refuse
from pipelines.system.errors import DataRefused, Problem
from schemas.definition.layouts import OWN_COLUMNS, Layout, ReadOptions
from schemas.errors import nearest_values
from schemas.source import SourceFolder

HEADER_SEARCH_ROWS = 100

MOST_COLUMNS = 8_000
"""DuckDB ends the process (a division by zero) where it sorts rows wider than a block: from 8,192 columns on."""

_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")
_FIGURE = re.compile(r"[-+(]?\d[\d.,'’\s]*[%)]?")
_MAX_LINE = 2_000_000  # what DuckDB takes; a compressed file could hold one that fills the memory


@dataclass(frozen=True)
class Header:
    """Where the header is: its last row (counted from 1) and the column names, unique, in order.

    ``labels`` are the same names as they are in the file, without the numbers that make them unique; ``above`` are the
    rows before the header.
    """

    last_row: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    above: tuple[list[str], ...] = ()


def read_header(folder: SourceFolder, file: RawFile, rows: list[list[str]], sheet: str | None = None) -> Header:
    """Return the header among the first rows of a file.

    Raises:
        DataRefused: a label is missing, or two columns have one that the source needs.
    """
    layout = folder.source.layouts[file.layout]
    header = find_header(folder.source_id, file.name, rows, layout.read, sheet)
    if layout.read.header_rows > 1:
        _refuse_groups(folder, file, rows, header.last_row, sheet)
    _refuse_twice(folder, file, layout, header, sheet)
    return header


def read_first_rows(source_id: str, file: RawFile, lines: TextIO, delimiter: str) -> list[list[str]]:
    """Return the rows of a text file in which its header is searched.

    Raises:
        DataRefused: they cannot be split into fields, or the compressed file is damaged.
    """
    try:
        return list(islice(split_rows(source_id, file, _short_lines(lines), delimiter), HEADER_SEARCH_ROWS))
    except PACKED_DAMAGE as error:
        raise refuse(source_id, file, "file_truncated", f"The compressed file is damaged ({error}).") from error


def split_rows(source_id: str, file: RawFile, lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Split lines into rows of fields.

    Raises:
        DataRefused: a field is too long for the reader, as happens with an unclosed quote in a large file.
    """
    number = 0
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            yield row
            number += 1
    except csv.Error as error:
        found = f"The row cannot be read ({error})."
        raise refuse(source_id, file, "malformed_line", found, row=number + 1) from error


def _short_lines(lines: TextIO) -> Iterator[str]:
    while line := lines.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise csv.Error(f"a line is longer than {_MAX_LINE:,} characters")
        yield line


def fold(label: str) -> str:
    """Return a label for comparison: white space trimmed and collapsed, case ignored.

    >>> fold("  Rango de  edad ")
    'rango de edad'
    """
    return " ".join(label.split()).casefold()


def heading_words(label: str) -> str:
    """Return the words of a label for comparison: as ``fold`` does, and an underscore is a blank.

    >>> heading_words("Grupo_de_edad")
    'grupo de edad'
    """
    return " ".join(fold(label).replace("_", " ").split())


def find_header(source_id: str, file: str, rows: list[list[str]], options: ReadOptions, sheet: str | None) -> Header:
    """Return the header among the first rows of a table: the first row that has every required label.

    With several header rows, the labels are searched in the joined rows: a merged cell counts for the columns to its
    right, and the parts of a name are joined by " | ".

    Raises:
        DataRefused: no row has all the labels; names those missing and the nearest ones found.
    """
    widest = max((len(row) for row in rows), default=0)
    if widest > MOST_COLUMNS:
        found = f"A row has {widest:,} columns; at most {MOST_COLUMNS:,} are read."
        raise DataRefused([Problem("file_not_readable", source_id, found, file=file, sheet=sheet)])
    best: tuple[int, list[str], list[str]] | None = None
    for start in range(max(len(rows) - options.header_rows + 1, 0)):
        names = join_header(rows[start : start + options.header_rows])
        folded = {fold(name) for name in names}
        missing = [label for label in options.columns if fold(label) not in folded]
        if best is None or len(missing) < len(best[1]):
            best = (start, missing, names)
        if not missing:
            start, names = _below_the_title(rows, start, names, options)
            labels, declared = _name_declared(names, options.columns)
            return Header(start + options.header_rows, _unique(labels, declared), labels, tuple(rows[:start]))
    if best is None:
        raise DataRefused([Problem(rule="file_empty", source=source_id, file=file, sheet=sheet, found="No rows.")])
    row, missing, names = best
    if (
        len(missing) > 1
        and len(missing) == len(options.columns)
        and not any(nearest_values(one, names) for one in missing)
    ):
        found = (
            f"None of the columns {', '.join(map(repr, missing))} is in the file: it is another table, or not a table."
        )
        row += options.header_rows
        raise DataRefused([Problem("missing_column", source_id, found, file=file, sheet=sheet, row=row)])
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


def _below_the_title(
    rows: list[list[str]], start: int, names: list[str], options: ReadOptions
) -> tuple[int, list[str]]:
    """Return where a header of several rows begins, and its names: not with a blank row or a note above it.

    The first of the rows that have the labels together may be the blank row below the title, or one with a single cell,
    such as the unit, where the label of the first column is in the upper row of the header. Then the rows one further
    down have the labels too, and the last of them has words or years, not figures.
    """
    for first in range(start, min(start + options.header_rows - 1, len(rows) - options.header_rows)):
        after = rows[first + 1 : first + 1 + options.header_rows]
        joined = join_header(after)
        last = [cell.strip() for cell in after[-1] if cell.strip()]
        is_title = sum(bool(cell.strip()) for cell in rows[first]) <= 1
        is_of_labels = bool(last) and all(_YEAR.fullmatch(cell) or not _FIGURE.fullmatch(cell) for cell in last)
        if not (is_title and is_of_labels and {fold(one) for one in options.columns} <= {fold(one) for one in joined}):
            break
        start, names = first + 1, joined
    return start, names


def join_header(rows: list[list[str]]) -> list[str]:
    """Return the names of the columns below several header rows, the parts of each joined by " | "."""
    width = max((len(row) for row in rows), default=0)
    filled: list[list[str]] = []
    for number, row in enumerate(rows):
        cells = [" ".join(cell.split()) for cell in [*row, *[""] * (width - len(row))]]
        if number < len(rows) - 1:  # a merged cell is only in its first column, and ends with the group above it
            for position in range(1, width):
                same_group = all(upper[position] == upper[position - 1] for upper in filled)
                if not cells[position] and same_group:
                    cells[position] = cells[position - 1]
        filled.append(cells)
    return [" | ".join(dict.fromkeys(part for part in parts if part)) for parts in zip(*filled, strict=True)]


def _refuse_groups(folder: SourceFolder, file: RawFile, rows: list[list[str]], last: int, sheet: str | None) -> None:
    """Refuse a header in which the label of a group is not above the first of its parts.

    A label written above the middle of its columns, without a merged cell, would count only for the columns to its
    right, and the first part of each group would be assigned to the group before it. It is detected where a part that
    other groups have follows a column of words that has none: ``offence, Men, 2022: Women, Men, 2023: Women``.
    """
    first = last - folder.source.layouts[file.layout].read.header_rows
    width = max(map(len, rows[first:last]))
    filled = [[" ".join(cell.split()) for cell in [*row, *[""] * (width - len(row))]] for row in rows[first:]]
    top, low, below = filled[0], filled[last - first - 1], filled[last - first :]
    starts: list[int] = []
    for place in range(width):
        starts.append(place if top[place] or not place else starts[-1])
    elsewhere = {fold(low[place]) for place in range(width) if low[place] and low[starts[place]]}
    for place, start in enumerate(starts):
        if place == start or not low[place] or low[start] or fold(low[place]) not in elsewhere:
            continue
        cells = [row[start] for row in below if start < len(row) and row[start]]
        if 2 * sum(not any(map(str.isdigit, cell)) for cell in cells) > len(cells):
            found = (
                f"{low[place]!r} in column {place + 1} is a part of groups further right, and here of {top[start]!r}."
            )
            raise DataRefused([Problem("header_groups_unclear", folder.source_id, found, file.name, sheet, first + 1)])


def _name_declared(names: list[str], declared: tuple[str, ...]) -> tuple[tuple[str, ...], set[int]]:
    """Return the labels, with the declared ones in their declared spelling, and the positions of these.

    A column spelled exactly as declared is the one meant, even if another differs from it in case only: some publishers
    have both ``sex``, a code, and ``Sex``, its label.
    """
    labels, places = list(names), set()
    for label in declared:
        same = [place for place, name in enumerate(names) if fold(name) == fold(label)]
        exact = [place for place in same if names[place] == " ".join(label.split())]
        for place in exact or same:
            labels[place] = label
            places.add(place)
    return tuple(labels), places


def _unique(labels: tuple[str, ...], first: set[int]) -> tuple[str, ...]:
    """Number the columns that share a label, by DuckDB's comparison of names, and name those without by position.

    Those at the positions ``first`` keep theirs, unless it is the name of one of our own columns.
    """
    names = [label or f"column {place}" for place, label in enumerate(labels, start=1)]
    taken = {name.casefold() for name in names}
    seen = dict.fromkeys(OWN_COLUMNS, 1)
    for place in sorted(range(len(names)), key=lambda place: (place not in first, place)):
        same = names[place].casefold()
        number = seen[same] = seen.get(same, 0) + 1
        if number > 1:
            while f"{same} ({number})" in taken:  # a label of the file that looks like a number of ours
                number += 1
            seen[same] = number
            names[place] = f"{names[place]} ({number})"
            taken.add(names[place].casefold())
    return tuple(names)


def _refuse_twice(folder: SourceFolder, file: RawFile, layout: Layout, header: Header, sheet: str | None) -> None:
    """Refuse two columns with the same label that the source uses, as there is no way to know which is meant."""
    groups: dict[str, list[int]] = {}
    for place, label in enumerate(header.labels):
        groups.setdefault(fold(label), []).append(place)
    twice = [places for label, places in groups.items() if label and len(places) > 1]
    needed = Needed(folder, layout) if twice else None
    problems = []
    for places in twice:
        if needed is not None and needed.is_in_doubt([(header.labels[place], header.names[place]) for place in places]):
            label, number = header.labels[places[0]], len(places)
            problems.append(
                Problem(
                    rule="column_twice",
                    source=folder.source_id,
                    file=file.name,
                    sheet=sheet,
                    row=None if layout.read.format == "parquet" else header.last_row,
                    column=label,
                    found=f"{'Two' if number == 2 else number} columns have the header {label!r}.",
                )
            )
    if problems:
        raise DataRefused(problems)


class Needed:
    """The labels that a source uses: declared, named in its SQL, or matched by its patterns of columns.

    A label is not ambiguous if the source also names the second column, as numbered by the reader: ``"Total (2)"``.
    """

    def __init__(self, folder: SourceFolder, layout: Layout) -> None:
        source = folder.source
        declared = [*source.columns.values(), *source.personal]
        for control in source.controls:
            declared += [*filter(None, (control.footer_column, control.total_column)), *control.part_columns]
        self.read = {*declared, *source.id}
        self.labels = {*declared, *layout.read.columns}
        self.personal = {fold(label) for label in source.personal}
        reshape = layout.reshape or "reshape.sql"
        others = {"reshape.sql", *(other.reshape for other in source.layouts)} - {reshape}
        sql = [folder.read_text(name) or "" for name in _sql_files(folder) if name not in others]
        sql += [exclusion.where for exclusion in source.exclusions]
        sql += [control.where for control in source.controls if control.where]
        text = re.sub(r"--.*", "", "\n".join(sql))
        patterns = re.findall(r"\bCOLUMNS\s*\(\s*'((?:[^']|'')*)'", text, re.IGNORECASE)
        self.conserve = layout.conserve
        self.value = source.columns.get("value")
        self.patterns = [one.replace("''", "'") for one in patterns] + ([layout.conserve] if layout.conserve else [])
        # Which columns any(name -> ...) or * within COLUMNS() excludes is not known here.
        self.takes_all = re.search(r"\bCOLUMNS\s*\(\s*(\*|[\w(\[])", text, re.IGNORECASE) is not None
        code = re.sub(r"'(?:[^']|'')*'", "''", text)  # a text in quotes is a value, not a column
        quoted = {name.replace('""', '"') for name in re.findall(r'"((?:[^"]|"")*)"', code)}
        self.in_sql = quoted | set(re.findall(r"\w+", re.sub(r'"(?:[^"]|"")*"', "", code)))
        self.labels |= self.in_sql
        self.read |= self.in_sql

    def names(self, name: str) -> bool:
        """Tell whether the source names a column by exactly this name."""
        return any(fold(label) == fold(name) for label in self.labels)

    def selects_by(self, name: str) -> bool:
        """Tell whether a reshape or a condition of the source names a column."""
        return any(fold(label) == fold(name) for label in self.in_sql)

    def uses(self, label: str, name: str) -> bool:
        """Tell whether the source uses a column, by its label or given name, or by a pattern or ``COLUMNS(*)``."""
        return self.takes_all or self.names(label) or self.names(name) or self.matches(label) or self.matches(name)

    def reads(self, name: str) -> bool:
        """Tell whether the source does something with a column, other than finding the header by its name."""
        return self.takes_all or self.matches(name) or any(fold(label) == fold(name) for label in self.read)

    def counts(self, label: str, name: str) -> bool:
        """Tell whether a column has counts: the source names it as the value, or its sum is conserved."""
        if self.value is not None and fold(self.value) in (fold(label), fold(name)):
            return True
        return self.conserve is not None and any(_matches(self.conserve, one) for one in (label, name))

    def matches(self, name: str) -> bool:
        """Tell whether a pattern of the source matches a name."""
        return any(_matches(pattern, name) for pattern in self.patterns)

    def is_in_doubt(self, columns: list[tuple[str, str]]) -> bool:
        """Tell whether the source uses some of these columns, which share a label, without saying which.

        Args:
            columns: label and name of each.
        """
        same = fold(columns[0][0])
        if same in self.personal:  # the other one could show a person
            return True
        used = {label for label in self.labels if fold(label) == same}
        used |= {label for label, _ in columns if self.matches(label)}
        if any(fold(label) == f"{same} (2)" for label in self.labels):
            return False
        return any([name for label, name in columns if label == one] != [one] for one in used)


def _matches(pattern: str, label: str) -> bool:
    try:
        return re.search(pattern, label) is not None
    except re.error:  # DuckDB supports some syntax that Python does not: the label may be matched
        return True


def _sql_files(folder: SourceFolder) -> list[str]:
    return sorted(item.name for item in folder.folder.iterdir() if item.name.endswith(".sql"))
