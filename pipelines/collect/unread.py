"""What was declared or received but not read: all of it is reported.

Rule: every layout has a file, every sheet with cells has a layout, and no row below a foot is silently left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.foot import CutRow
from pipelines.collect.header import Header, find_header, fold
from pipelines.collect.headings.captions import Caption
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_literal
from schemas.definition.layouts import ReadOptions
from schemas.source import Source, SourceFolder

_MOST_SHOWN = 10
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
Place = tuple[str, str | None]
"""A file, and the sheet of a workbook."""


@dataclass(frozen=True)
class TableRead:
    """The content of one file besides its rows.

    Attributes:
        footers: the total printed at the foot of each sheet, by column; the key of a text file is None.
        cut: rows below a foot that have numbers.
        sheets: the sheets of a workbook that were read.
        other_sheets: those with cells that were not, and whether each is hidden.
        sheets_alike: those of the latter that a person sees and that have the columns of a sheet that was read.
        hidden: rows and columns that were read but are hidden in the workbook, as text.
        captions: the captions of each table.
    """

    footers: dict[str | None, dict[str, str]] = field(default_factory=dict)
    cut: tuple[CutRow, ...] = ()
    sheets: tuple[str, ...] = ()
    other_sheets: dict[str, bool] = field(default_factory=dict)
    sheets_alike: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    captions: tuple[Caption, ...] = ()


def sheets_read_twice(source_id: str, tables: Sequence[tuple[RawFile, TableRead]]) -> list[Problem]:
    """Return a problem for each sheet that two layouts read."""
    seen: dict[Place, int] = {}
    problems = []
    for file, table in tables:
        for sheet in table.sheets:
            first = seen.setdefault((file.name, sheet), file.layout)
            if first != file.layout:
                found = f"layouts.{first + 1} and layouts.{file.layout + 1} both read the sheet {sheet!r}."
                problems.append(Problem("sheet_read_twice", source_id, found, file=file.name, sheet=sheet))
    return problems


def find_sheets_alike(
    options: ReadOptions, headers: Sequence[Header], tops: Mapping[str, list[list[str]]]
) -> tuple[str, ...]:
    """Return the sheets that have rows, and the same header as a sheet that was read except for the years in it.

    Args:
        options: how the sheets are read.
        headers: those of the sheets that were read.
        tops: the first rows of the sheets that were not.
    """
    read = [names_alike(header.labels) for header in headers]
    found = []
    for name, rows in tops.items():
        try:
            header = find_header("", "", rows, options, name)
        except DataRefused:  # another table, or no table
            continue
        has_rows = any(any(row) for row in rows[header.last_row :])
        if has_rows and any(other <= own or own <= other for own in [names_alike(header.labels)] for other in read):
            found.append(name)
    return tuple(found)


def names_alike(labels: Iterable[str]) -> frozenset[str]:
    """Return the names of the columns of a table with any year in place of a year.

    >>> names_alike(["State", "Cases 2023"]) == names_alike(["cases 2022", "", "State"])
    True
    """
    return frozenset(_YEAR.sub("0000", fold(label)) for label in labels if label)


def sheets_not_named(folder: SourceFolder, tables: Sequence[tuple[RawFile, TableRead]]) -> list[Problem]:
    """Return a problem for each sheet with the columns of one that is read, if no layout reads it or leaves it out.

    Otherwise its rows would be silently missing from the figures.
    """
    unread = _unread_places(folder, tables)
    problems: dict[Place, Problem] = {}
    for file, table in tables:
        for sheet in table.sheets_alike:
            if (file.name, sheet) in unread:
                read = ", ".join(map(repr, table.sheets))
                found = f"The sheet {sheet!r} has the columns of {read}, and is not read."
                problems[file.name, sheet] = Problem(
                    "sheet_not_named", folder.source_id, found, file=file.name, sheet=sheet
                )
    return list(problems.values())


def unread_sheets(folder: SourceFolder, tables: Sequence[tuple[RawFile, TableRead]]) -> tuple[str, ...]:
    """Return, as text, the sheets with cells that no layout reads and that are not declared under ``other_sheets``."""
    unread = _unread_places(folder, tables)
    return tuple(
        f"{file}: {sheet!r}" + (" (hidden)" if is_hidden else "") for (file, sheet), is_hidden in unread.items()
    )


def _unread_places(folder: SourceFolder, tables: Sequence[tuple[RawFile, TableRead]]) -> dict[Place, bool]:
    """Return the sheets of ``unread_sheets``, and whether each is hidden."""
    taken = {(file.name, sheet) for file, table in tables for sheet in table.sheets}
    layouts = folder.source.layouts
    found: dict[Place, bool] = {}
    for file, table in tables:
        own = [layouts[other.layout] for other, _ in tables if other.name == file.name]
        for sheet, is_hidden in table.other_sheets.items():
            declared = any(layout.read.has_other_sheet(sheet) for layout in own)
            if (file.name, sheet) not in taken and not declared:
                found[file.name, sheet] = is_hidden
    return found


# Each part of a name without a mark, brackets or a word that may follow it: 2023*, 2023p, 2023 (p), 2023 1/.
_BEHIND = r"(\s*[(\[][^)\]]*[)\]]|\s+[^\s]*[^0-9\s]|[^0-9\s]{1,2}|[⁰¹²³⁴-⁹]+)$"
_BARE = (
    "array_to_string([trim(regexp_replace(trim(part, ' *†‡'), "
    f"{quote_literal(_BEHIND)}, '')) FOR part IN string_split(name, ' | ')], ' | ')"
)


def unread_columns(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, names: Sequence[str]
) -> list[str]:
    """Return the columns that ``conserve`` would match if their name had no mark, or an earlier year.

    A publisher writes the newest year as 2023* or 2023 (p), and a reshape that takes columns of four digits silently
    leaves it out; so does one that takes those of a decade (^201) with the year 2020.
    """
    conserve = folder.source.layouts[file.layout].conserve
    if conserve is None:
        return []
    found = connection.execute(
        "SELECT name FROM (SELECT unnest($names) AS name) WHERE NOT regexp_matches(name, $pattern) "
        f"AND regexp_matches({_BARE}, $pattern) AND NOT list_contains($names, {_BARE})",
        {"names": list(names), "pattern": conserve},
    ).fetchall()
    later = connection.execute(
        "WITH named AS (SELECT name, regexp_matches(name, $pattern) AS is_read, regexp_extract(name, $year) AS year, "
        "regexp_replace(name, $year, '') AS form FROM (SELECT unnest($names) AS name)) "
        "SELECT name FROM named WHERE NOT is_read AND year <> '' AND year > "
        "(SELECT max(year) FROM named AS other WHERE other.is_read AND other.form = named.form)",
        {"names": list(names), "pattern": conserve, "year": r"\b(19|20)[0-9]{2}\b"},
    ).fetchall()
    return [f"{file.name}: {name!r}" for (name,) in dict.fromkeys([*found, *later])]


# What may follow a name for another edition of its column, or its share: 2023 (rev.), 2023 r, 2023 %, 2023 old.
_EDITION = (
    r"(?i)^[\s(\[]*(%|percent\w*|porcent\w*|pourcent\w*|prozent\w*|rev\w*\.?|corr\w*\.?|prov\w*\.?|pr[eé]l\w*\.?"
    r"|def\w*\.?|actuali[sz]\w*|atuali[sz]\w*|old|new|anterior|antes|r|p|[*†‡]+|[0-9]\s?/)[\s)\]]*$"
)


def columns_alike(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, file: RawFile, names: Sequence[str]
) -> list[str]:
    """Return the pairs of columns of counts whose names differ only by a word for an edition or a share.

    If rows add up to a cell, a reshape that takes the first four digits as the year adds 2023 and 2023 (rev.). If each
    row is a cell, the cell is refused as given twice.
    """
    source = folder.source
    conserve = source.layouts[file.layout].conserve
    if conserve is None or source.rows == "cells":
        return []
    found = connection.execute(
        "SELECT name, shorter FROM (SELECT unnest($names) AS name), (SELECT unnest($names) AS shorter) "
        "WHERE regexp_matches(name, $pattern) AND regexp_matches(shorter, $pattern) AND starts_with(name, shorter) "
        "AND regexp_full_match(substr(name, length(shorter) + 1), $edition)",
        {"names": list(names), "pattern": conserve, "edition": _EDITION},
    ).fetchall()
    return [f"{file.name}: {shorter!r} and {name!r}" for name, shorter in found]


def judge_unread(
    folder: SourceFolder,
    files: Sequence[RawFile],
    unread: Sequence[str],
    cut: Sequence[CutRow],
    hidden: Sequence[str],
    columns: Sequence[str],
    alike: Sequence[str],
) -> list[Outcome]:
    """Return the outcomes of the rules on what was not read: layouts without a file, sheets, columns, rows.

    They include hidden rows and columns that were read, and columns that may have been read twice.
    """
    layouts = folder.source.layouts
    columns, alike = (unchecked(folder.source, texts) for texts in (columns, alike))
    without = set(range(len(layouts))) - {file.layout for file in files}
    patterns = [f"layouts.{number + 1} ({', '.join(layouts[number].files)})" for number in sorted(without)]
    rows = [
        f"{row.file}{f', {row.sheet}' if row.sheet else ''}, row {row.row}: {row.label!r}, {row.value or 'no count'}"
        for row in cut
    ]
    workbooks = {file.name for file in files if layouts[file.layout].read.format == "excel"}
    feet = {file.name for file in files if layouts[file.layout].read.footer is not None}
    conserving = sum(layout.conserve is not None for layout in layouts)
    return [
        _of_files("columns_unread", conserving, columns, files),
        Outcome.not_applicable("columns_alike")  # each row is a cell, and one given twice is refused
        if folder.source.rows == "cells"
        else _of_files("columns_alike", conserving, alike, files),
        Outcome.of_warning("layouts_without_file", len(layouts), patterns, shown=_MOST_SHOWN),
        Outcome.of_warning("unread_sheets", len(workbooks), unread, shown=_MOST_SHOWN),
        _of_files("hidden_cells", len(workbooks), hidden, files),
        # A label in a file on persons may be a name.
        Outcome.of_warning("rows_below_foot", len(feet), rows, shown=0 if folder.source.personal else _MOST_SHOWN),
    ]


def _of_files(rule: str, checked: int, found: Sequence[str], files: Sequence[RawFile]) -> Outcome:
    """Return an outcome about the files that the texts begin with."""
    named = [file.name for file in files if any(text.startswith(file.name) for text in found)]
    outcome = Outcome.of_warning(rule, checked, found, shown=_MOST_SHOWN)
    return replace(outcome, about=tuple(("_file", name) for name in named))


def unchecked(source: Source, found: Iterable[str]) -> list[str]:
    """Return the texts whose first words in quotation marks, the name of a column, nobody said to have looked at."""
    names = {text: _QUOTED.search(text) for text in found}
    return [text for text, name in names.items() if name is None or not source.has_checked(name[0][1:-1])]
