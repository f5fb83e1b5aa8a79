"""Files that end exactly where a program stops: the rows after that are not in the file.

A sheet of a workbook ends at row 65,536 (.xls) or 1,048,576, and what was longer was cut without a word when it was
saved. Portals hand out rows in pages of 1,000, 2,000, 5,000 or tens of thousands: a download of one page looks whole.
A table may well have 10,000 cells (years by areas by sexes); incidents come in no round number except by chance.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines.collect.read import text_tables
from pipelines.collect.unread import Place
from pipelines.harmonise.conform import Conformed
from pipelines.harmonise.judged import Judged
from pipelines.harmonise.tally import Tallied
from pipelines.system.outcomes import Outcome

_SHEETS = (65_536, 1_048_576)  # rows of a sheet, in the old format of workbooks and in the new one
_PAGES = (1_000, 2_000, 5_000)
_LARGE_PAGES = 10_000
_MOST_SHOWN = 5


def check_row_limits(connection: duckdb.DuckDBPyConnection, judged: Judged) -> Outcome:
    """Judge whether a file or sheet ends where a program or a portal cuts off.

    Args:
        connection: to read the tables of text.
        judged: the rows of the source, in either grain.
    """
    if isinstance(judged, Tallied):
        rows = (
            (place, fact["records"] + fact["malformed"])
            for place, fact in zip(judged.places, judged.facts, strict=True)
        )
        return _judge((place, number, number + 1, is_round(number)) for place, number in rows)
    if not isinstance(judged, Conformed):
        return Outcome.not_applicable("rows_at_limit")
    paths = [path for layout in judged.raw.layouts for path in layout]
    found = connection.execute(
        f"SELECT _file, _sheet, count(*), max(_row) FROM {text_tables(paths)} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return _judge(((file, sheet), number, last, False) for file, sheet, number, last in found)


def is_round(rows: int) -> bool:
    """Return whether so many rows are a page of a portal, or several large ones.

    >>> [rows for rows in (999, 1_000, 3_000, 5_000, 50_000, 65_000) if is_round(rows)]
    [1000, 5000, 50000]
    """
    return rows in _PAGES or (rows > 0 and rows % _LARGE_PAGES == 0)


def _judge(tables: Iterable[tuple[Place, int, int, bool]]) -> Outcome:
    """Return the outcome for tables with their number of rows, their last row, and whether that is a page."""
    checked, found, files = 0, [], []
    for (file, sheet), rows, last, is_page in tables:
        checked += 1
        sheets = [limit for limit in _SHEETS if limit in (rows, rows + 1, last)]
        if not sheets and not is_page:
            continue
        why = f"a sheet ends at row {sheets[0]:,}" if sheets else "portals hand out so many at a time"
        found.append(f"{file}{f', sheet {sheet!r}' if sheet else ''}: exactly {rows:,} rows, and {why}")
        files.append(("_file", file))
    if not found:
        return Outcome.of_refusal("rows_at_limit", checked)
    detail = "; ".join(found[:_MOST_SHOWN])
    return Outcome("rows_at_limit", "warned", checked, len(found), detail, tuple(dict.fromkeys(files)))
