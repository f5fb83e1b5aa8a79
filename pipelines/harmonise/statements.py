"""The statements that turn the rows of a source into observations, for either grain.

The grain is what a row is: a ``cell`` of a table, which keeps its place, or an ``incident``, which is counted before
anything leaves the engine. Both go through the same statements: ``rows`` gives each row its codes, as positions in
small lists (NULL or negative if a rule is broken); for incidents ``tally`` counts the combinations of these positions.
``judged`` decides what becomes of each. From it follow ``disposed``, the account of every row; ``mapped``, the counts
that went through each link; and ``linked``, the codes of every combination that is used. What runs over incidents is in
the subset of SQL that DuckDB and Spark share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import duckdb
import pyarrow as pa

from pipelines.system.sql import fill_sql

Grain = Literal["cell", "incident"]

Fits = Callable[[str], str]
"""Makes, from the SQL expression of a word, the condition that the word could belong in the column of a rule.

A function, not a template: labels and forms of dates may contain anything that a placeholder looks like.
"""


def fits_nothing(_: str) -> str:
    """Return the condition of rules whose values are never searched for in other columns."""
    return "FALSE"


@dataclass(frozen=True)
class RowRule:
    """A rule that a row may break: its name, the column and the label it checks, and the condition on its numbers."""

    rule: str
    column: str | None
    word: str
    condition: str
    fits: Fits = fits_nothing  # whether a word of another column could have been here
    moved: bool = False  # whether the label was in another column before the reshape, which may say in which


@dataclass(frozen=True)
class Rows:
    """The parts of ``rows`` for one layout: labels, numbers, the relation they come from, and the joins they need."""

    own: dict[str, str]
    numbers: dict[str, str]
    tidy: str
    joins: str

    def select(self, first: Mapping[str, str], own: Mapping[str, str] | None = None) -> str:
        """Return the statement, with ``first`` columns before the numbers and ``own`` ones for their expressions."""
        selected = {**first, **self.numbers}
        return fill_sql(
            "harmonise/rows", selected=selected, own={**self.own, **(own or {})}, tidy=self.tidy, joins=self.joins
        )


@dataclass(frozen=True)
class Statements:
    """Everything needed to turn the rows of a source into observations: lists by name, statements, rules on rows."""

    grain: Grain
    lists: dict[str, pa.Table]
    rows: tuple[Rows, ...]  # of each layout
    tally: tuple[str, ...]  # of each layout; of cells the rows themselves
    disposed: str
    mapped: str
    linked: str
    lost: str  # what is used and rejected, of a connection with all rows as tally
    conformed: str
    rules: tuple[RowRule, ...]
    joins: str  # of the lists that the conditions of the rules need beside the numbers of a row
    keys: tuple[str, ...]  # the numbers of a combination, except area and period
    counted: str  # the column of the tally that a row counts by
    each: str  # what one of it counts
    noted: tuple[str, ...]  # what else the tallies count
    unique: tuple[str, ...]  # the labels that together identify a cell; none where rows may repeat
    compared: tuple[str, ...]  # what only a comparison of all cells shows: doubled, unclear

    def value(self, tally: str) -> str:
        """Return the SQL for what a row of the tally counts: a cell's number, or incidents times what each counts."""
        return f"{tally}.{self.counted}" if self.each == "1" else f"{tally}.{self.counted} * {self.each}"

    def digest(self, layout: int) -> str:
        """Hash of what determines the tally of a file of a layout, apart from the file itself: statements and lists."""
        return hashlib.sha256(self.tally[layout].encode() + b"\0" + self._digest_of_lists).hexdigest()

    @cached_property
    def _digest_of_lists(self) -> bytes:
        digest = hashlib.sha256()
        for text in (self.disposed, self.mapped):
            digest.update(text.encode() + b"\0")
        for name, table in sorted(self.lists.items()):
            content = pa.BufferOutputStream()
            with pa.ipc.new_stream(content, table.schema) as stream:
                stream.write_table(table.combine_chunks())
            digest.update(name.encode() + memoryview(content.getvalue()))
        return digest.digest()


def open_lists(connection: duckdb.DuckDBPyConnection, statements: Statements) -> None:
    """Create the small lists that the statements join."""
    for name, rows in statements.lists.items():
        connection.register("incoming", rows)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM incoming")
        connection.unregister("incoming")
