"""An unused column of totals, compared with the sum of the columns of counts that are its parts.

A total that a file prints is always compared. What the total of a row has beyond men and women are persons of unknown
sex, who are in no figure if only the columns of men and women are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import duckdb

from pipelines.collect.header import Needed
from pipelines.harmonise.checks.words.omitted_columns import KINDS, parts_of_name, without_common
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.values.numbers import number_text
from pipelines.system.connection import fetch_row
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier
from schemas.source import SourceFolder
from schemas.words_of_totals import TOTALS

_LEAST_EQUAL = 2
_LEAST_SHARE = 0.5
"""In how many rows, and in what share of them, a total must equal the sum of columns that may not be all of its parts
(offences, of which a table may list only a few) before the other rows are judged."""
_TOLERANCE = 1e-6


def check_row_totals(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Warn if an unused column of totals differs from the sum of the columns of counts in the same row.

    Args:
        connection: where the tables of text are read, with ``to_raw_count``.
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    checked, failing, found = 0, 0, list[str]()
    for total, parts, are_all in _totals(folder, unused):
        rows, equal, example = _compare(connection, total, parts)
        if not are_all and (equal < _LEAST_EQUAL or equal < _LEAST_SHARE * rows):
            continue
        checked += rows
        if rows > equal:
            failing += rows - equal
            found.append(f"{rows - equal:,} of {rows:,} rows: {_describe(total, parts, example)}")
    return replace(Outcome.of_warning("row_totals_agree", checked, found), failing=failing)


def _totals(
    folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Iterator[tuple[UnusedColumn, tuple[str, ...], bool]]:
    """Yield each column of totals with its parts, and whether these are all the parts that there can be."""
    named = [Needed(folder, layout) for layout in folder.source.layouts]
    for column in unused:
        if column.in_sql or any(needed.uses(column.name, column.name) for needed in named):
            continue
        if group := parts_of_total(column.name, column.beside):
            ends = tuple(without_common(name, group)[-1] for name in group)
            yield column, group, any(_are_all(ends, is_kind, is_other) for is_kind, is_other in KINDS)


def parts_of_total(name: str, counts: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of counts whose total a column is, judging by its name; empty if it is not a total.

    >>> parts_of_total("victims_total", ["victims_male", "victims_female"]), parts_of_total("total", ["men"])
    (('victims_male', 'victims_female'), ())
    """
    place = name.split(" | ")[:-1]
    group = tuple(one for one in counts if one.split(" | ")[:-1] == place)
    if len(group) < _LEAST_EQUAL or not _is_total(name, group) or any(_is_total(one, group) for one in group):
        return ()
    return group


def _is_total(name: str, group: Sequence[str]) -> bool:
    """Tell whether a name says total, alone or with words that all columns of a group have (victims)."""
    whole, own = parts_of_name(name)[-1], without_common(name, group)[-1]
    return whole in TOTALS or own in TOTALS or whole.startswith("total ")


def _are_all(ends: Sequence[str], is_kind: Callable[[str], bool], is_other: Callable[[str], bool]) -> bool:
    return all(is_kind(part) or is_other(part) for part in ends)


def _compare(
    connection: duckdb.DuckDBPyConnection, total: UnusedColumn, parts: Sequence[str]
) -> tuple[int, int, tuple[str, int, float, float]]:
    """Return the rows in which all are numbers, those that agree, and the first that does not: file, row, numbers."""
    numbers = " + ".join(f"to_raw_count({quote_identifier(name)})" for name in parts)
    rows, equal, file, row, printed, added = fetch_row(
        connection,
        f"WITH pair AS (SELECT _file, _row, to_raw_count({total.quoted}) AS printed, {numbers} AS added "
        f"FROM {total.table}), compared AS (FROM pair WHERE printed IS NOT NULL AND added IS NOT NULL), "
        f"different AS (FROM compared WHERE abs(printed - added) > {_TOLERANCE} * greatest(abs(printed), 1)) "
        "SELECT (SELECT count(*) FROM compared), (SELECT count(*) FROM compared) - count(*), "
        "arg_min(_file, (_file, _row)), "
        "arg_min(_row, (_file, _row)), arg_min(printed, (_file, _row)), arg_min(added, (_file, _row)) FROM different",
    )
    return rows, equal, (file, row, printed, added)


def _describe(total: UnusedColumn, parts: Sequence[str], example: tuple[str, int, float, float]) -> str:
    file, row, printed, added = example
    named = ", ".join(map(repr, parts[:3])) + (" ..." if len(parts) > 3 else "")
    return (
        f"{total.name!r} is not the sum of {named}; {file}, row {row}: {number_text(printed)}, not {number_text(added)}"
    )
