"""The columns of a table that its source does not use, with their words: what they say of the figures is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.collect.header import Needed
from pipelines.collect.read import RawTable
from pipelines.system.connection import fetch_row
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.layouts import OWN_COLUMNS
from schemas.source import SourceFolder

_MOST_WORDS = 5000


@dataclass(frozen=True)
class UnusedColumn:
    """A column that source.yml gives no meaning, with the SQL of its table, or the sheet or file of a row.

    ``in_sql``: whether a reshape or a condition of the source names it. ``words``: those of all rows; none if they are
    too many to be words. ``beside``: the columns of counts of its table; ``others``: all its columns without counts.
    """

    table: str
    name: str
    in_sql: bool
    words: tuple[str, ...]
    beside: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def quoted(self) -> str:
        """The column as SQL."""
        return quote_identifier(self.name)

    @property
    def is_place(self) -> bool:
        """Whether it is the sheet or the file of a row."""
        return self.name.startswith("_")


def unused_columns(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable
) -> tuple[UnusedColumn, ...]:
    """Return the columns of the tables of text that source.yml does not name and that hold no counts."""
    used = {*folder.source.columns.values(), *folder.source.id, "_row"}
    found: list[UnusedColumn] = []
    for layout, paths in zip(folder.source.layouts, raw.layouts, strict=True):
        if not paths:
            continue
        table, needed = _table(paths), Needed(folder, layout)
        present = [row[0] for row in connection.execute(f"DESCRIBE FROM {table}").fetchall()]
        counts = tuple(name for name in present if needed.counts(name, name))
        others = tuple(name for name in present if name not in counts and name not in OWN_COLUMNS)
        names = [name for name in present if name not in used and name not in counts]
        words = _words(connection, table, names)
        found += [
            UnusedColumn(table, name, needed.selects_by(name), words.get(name, ()), counts, others) for name in names
        ]
    return tuple(found)


def _words(connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the words of each column that has few enough."""
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


def _table(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(quote_literal(str(path)) for path in paths)}], union_by_name = true)"
