"""A file of incidents, opened once more for the columns that its source does not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.layouts import Layout
from schemas.source import Source, SourceFolder

FileFacts = Sequence[tuple[RawFile, Mapping[str, Any]]]
"""The files of a source of incidents, each with what was found in it while it was tallied (``facts.json``)."""


@dataclass(frozen=True)
class IncidentFile:
    """One file of a source of incidents, with all that is needed to read it."""

    folder: SourceFolder
    file: RawFile
    table: TextTable
    settings: Settings

    @property
    def source(self) -> Source:
        """The declaration of the source."""
        return self.folder.source

    @property
    def layout(self) -> Layout:
        """The layout of the file."""
        return self.source.layouts[self.file.layout]

    @property
    def reshape(self) -> str | None:
        """The SELECT that reshapes the file; None if there is none."""
        return self.folder.reshape(self.layout)

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The columns that may be read but that the source does not use, in the order of the file."""
        needed = Needed(self.folder, self.layout)
        return tuple(name for name in self.table.kept if not needed.reads(name))

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a connection for SQL of the definition, which may be a stranger's: with limits of time and memory."""
        with connect(self.settings) as connection, sql_limits(self.folder, connection, self.settings):
            yield connection

    def rows(self, columns: Iterable[str]) -> str:
        """Return the query, in parentheses, that reads some columns of the file as text."""
        return f"({text_query(replace(self.table, kept=tuple(dict.fromkeys(columns))), {})})"

    def count_most_common(self, columns: Sequence[str], unknown: Iterable[str] = ()) -> list[int]:
        """Return how many rows have the most common content of some columns, the next one, and any.

        The content itself is not kept: it may be about a person.

        Args:
            columns: all of them in the file.
            unknown: words in place of a content, as blank cells are.

        Returns:
            Three numbers; none if there are fewer than two contents.
        """
        listed = ", ".join(map(quote_literal, ["", *unknown]))
        texts = [f"trim({quote_identifier(name)})" for name in columns]
        with self.connection() as connection:
            rows = connection.execute(
                f"SELECT count(*) AS number, sum(number) OVER () FROM {self.rows(columns)} "
                f"WHERE {' AND '.join(f'{text} NOT IN ({listed})' for text in texts)} GROUP BY {', '.join(texts)} "
                "ORDER BY number DESC LIMIT 2"
            ).fetchall()
        return [*(int(number) for number, _ in rows), int(rows[0][1])] if len(rows) == 2 else []

    def numbered_rows(self) -> str:
        """Return the query that reads the file in order, with the position of each row as ``_number``."""
        return text_query(self.table, {}, numbered=True)
