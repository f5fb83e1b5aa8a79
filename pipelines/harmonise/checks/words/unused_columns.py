"""The columns of a table that its source does not use, and the words in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.collect.header import Needed, heading_words
from pipelines.collect.read import RawTable, text_tables
from pipelines.system.connection import column_names, fetch_row, run_sql
from schemas.declarations import quote_identifier
from schemas.definition.layouts import OWN_COLUMNS
from schemas.source import Source, SourceFolder

_MOST_WORDS = 5000
_MOST_COMPARED = 400


@dataclass(frozen=True)
class UnusedColumn:
    """A column to which source.yml gives no meaning; the sheet and the file of a row are treated as columns too.

    Attributes:
        table: the SQL that reads its table.
        name: its name.
        in_sql: whether a reshape or a condition of the source names it.
        words: the different words in it; none if there are too many to be words.
        beside: the columns of counts in its table.
        others: the columns without counts in its table.
    """

    table: str
    name: str
    in_sql: bool
    words: tuple[str, ...]
    beside: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The words of its name, for comparison with words for columns."""
        return heading_words(self.name)

    @property
    def quoted(self) -> str:
        """The column as SQL."""
        return quote_identifier(self.name)

    @property
    def is_place(self) -> bool:
        """Whether it is the sheet or the file of a row."""
        return self.name.startswith("_")


@dataclass(frozen=True)
class UnusedWord:
    """A word of an unused column in the rows that the source uses.

    Attributes:
        column: its name.
        in_sql: whether a reshape or a condition of the source names the column, and may already allow for the word.
        word: as in the file.
        year: of the figures, if they are annual.
        rows: how many figures of that year have the word.
        value: their sum.
        zeros: how many of them are zero.
        file: of the first of them.
        sheet: of the first of them.
        row: of the first of them.
    """

    column: str
    in_sql: bool
    word: str
    year: str | None
    rows: int
    value: float
    zeros: int
    file: str
    sheet: str | None
    row: int


def columns_of_words(source: Source, unused: Sequence[UnusedColumn]) -> list[UnusedColumn]:
    """Return the columns with few different words, except sheets, files and those in ``words_checked``."""
    return [
        one
        for one in unused
        if not one.is_place and one.words and len(one.words) <= _MOST_COMPARED and not source.has_checked(one.name)
    ]


def words_in_used_rows(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> list[UnusedWord]:
    """Return the words of an unused column in the rows that are used, by year where the figures are annual.

    Args:
        connection: has ``used_row``.
        column: the column.
    """
    rows = run_sql(connection, "harmonise/unused_words", raw=column.table, column=column.quoted).fetchall()
    return [UnusedWord(column.name, column.in_sql, *row) for row in rows]


def unused_columns(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable
) -> tuple[UnusedColumn, ...]:
    """Return the columns of the tables of text that source.yml does not name and that hold no counts."""
    used = {*folder.source.columns.values(), *folder.source.id, "_row"}
    found: list[UnusedColumn] = []
    for layout, paths in zip(folder.source.layouts, raw.layouts, strict=True):
        if not paths:
            continue
        table, needed = text_tables(paths), Needed(folder, layout)
        present = column_names(connection, f"FROM {table}")
        counts = tuple(name for name in present if needed.counts(name, name))
        others = tuple(name for name in present if name not in counts and name not in OWN_COLUMNS)
        names = [name for name in present if name not in used and name not in counts]
        words = _words(connection, table, names)
        found += [
            UnusedColumn(table, name, needed.selects_by(name), words.get(name, ()), counts, others) for name in names
        ]
    return tuple(found)


def _words(connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the different words of each column that has few of them."""
    if not names:
        return {}
    sizes = fetch_row(
        connection,
        f"SELECT {', '.join(f'approx_count_distinct({quote_identifier(name)})' for name in names)} FROM {table}",
    )
    few = [name for name, size in zip(names, sizes, strict=True) if size <= _MOST_WORDS]
    if not few:
        return {}
    lists = ", ".join(f"list(DISTINCT trim({quote_identifier(name)}))" for name in few)
    found = fetch_row(connection, f"SELECT {lists} FROM {table}")
    return {name: tuple(sorted(filter(None, of or ()))) for name, of in zip(few, found, strict=True)}
