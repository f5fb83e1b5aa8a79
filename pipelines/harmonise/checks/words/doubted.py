"""Figures on which words of their files cast doubt: each carries a caveat until somebody has looked at the words.

Rule: if a file says that a figure may be something else, the figure is not published without that caveat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb

from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.system.connection import run_sql
from pipelines.system.outcomes import ANNUAL, Outcome
from schemas.declarations import quote_literal

_FIRST_ROW = "arg_min(_file, _row), arg_min(_sheet, _row), min(_row)"
_NO_ROW = "NULL, NULL, NULL"
_SHOWN = 300


@dataclass(frozen=True)
class Doubt:
    """What casts doubt on figures: what was found in a column, and the words in the rows concerned."""

    text: str
    words: tuple[str, ...]


def figures_text(number: int) -> str:
    """Return a number of figures, as text.

    >>> figures_text(1), figures_text(1200)
    ('1 figure', '1,200 figures')
    """
    return f"{number:,} figure{'' if number == 1 else 's'}"


def doubt_rows(
    connection: duckdb.DuckDBPyConnection, rule: str, column: UnusedColumn, words: Collection[str], found: str
) -> None:
    """Add the figures of the rows that have certain words in an unused column to ``doubted``.

    Args:
        connection: has ``core``, with the places of its rows, and ``doubted``.
        rule: that found the words.
        column: the column.
        words: the words.
        found: what was found.
    """
    listed = ", ".join(map(quote_literal, words))
    rows = (
        f"(_file, coalesce(_sheet, ''), _row) IN (SELECT (_file, coalesce(_sheet, ''), _row) FROM {column.table} "
        f"WHERE trim({column.quoted}) IN ({listed}))"
    )
    _doubt(connection, rule, found, rows, _FIRST_ROW)


def doubt_figures(connection: duckdb.DuckDBPyConnection, outcomes: Iterable[Outcome], *, has_places: bool) -> None:
    """Add to ``doubted`` the figures that are something else according to words of their files.

    Args:
        connection: has ``core`` and ``doubted``.
        outcomes: of the rules on words; one that names no files or measures is about all.
        has_places: whether the observations have their files; those of incidents do not.
    """
    for outcome in outcomes:
        if outcome.outcome != "warned":
            continue
        rows = " OR ".join(_condition(*one, has_places=has_places) for one in outcome.about) or "true"
        _doubt(connection, outcome.rule, outcome.detail, rows, _FIRST_ROW if has_places else _NO_ROW)


def _condition(column: str, value: str, *, has_places: bool) -> str:
    if column == ANNUAL:
        return f"freq = 'A' AND left(CAST(time_period AS VARCHAR), 4) = {quote_literal(value)}"
    return f"CAST({column} AS VARCHAR) = {quote_literal(value)}" if has_places or column != "_file" else "true"


def doubt_codes(
    connection: duckdb.DuckDBPyConnection, rule: str, spans: Iterable[tuple[str, str, str]], found: str
) -> None:
    """Add the figures of national codes to ``doubted``.

    Args:
        connection: has ``core`` and ``doubted``.
        rule: that found something about these codes.
        spans: each code, '' for all codes, with the first and the last period concerned, '' where these are unknown.
        found: what was found.
    """
    rows = " OR ".join(_condition_of_span(*span) for span in spans)
    if rows:
        _doubt(connection, rule, found, rows, _NO_ROW)


def _condition_of_span(code: str, first: str, last: str) -> str:
    parts = [f"CAST(national_code AS VARCHAR) = {quote_literal(code)}"] if code else []
    if first or last:
        years = f"{quote_literal(first[:4])} AND {quote_literal(last[:4] or '9999')}"
        parts.append(f"left(CAST(time_period AS VARCHAR), 4) BETWEEN {years}")
    return f"({' AND '.join(parts) or 'true'})"


def _doubt(connection: duckdb.DuckDBPyConnection, rule: str, found: str, rows: str, place: str) -> None:
    run_sql(
        connection,
        "harmonise/doubted_by_words",
        rule=quote_literal(rule),
        detail=quote_literal(found[:_SHOWN]),
        rows=rows,
        place=place,
    )
