"""Tables and lines for people: rich on a terminal, plain text elsewhere; JSON for machines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console() -> Console:
    """Return the console for results; colour only on a terminal, and wide enough elsewhere not to cut."""
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the command, where a reader that went away is no failure; rich would end with 1."""
            raise BrokenPipeError

    return PipedConsole(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 1000)


def print_line(text: str = "") -> None:
    """Print one line as it is."""
    console().print(text, markup=False, soft_wrap=True)


def print_error(text: str) -> None:
    """Print to standard error."""
    sys.stderr.write(text.rstrip() + "\n")


def print_json(value: object) -> None:
    """Print one JSON document for machines; a missing number is null."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=1) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if hasattr(value, "item"):  # a number of numpy
        return _plain(value.item())
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, decimals: int = 2
) -> None:
    """Print a table; numbers to the right, NULL as an empty cell."""
    from rich import box
    from rich.table import Table

    kept = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        numbers = any(isinstance(row[position], (int, float, Decimal)) for row in kept)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    places = [0 if _all_whole([row[n] for row in kept]) else decimals for n in range(len(columns))]
    for row in kept:
        table.add_row(*(_cell(value, place) for value, place in zip(row, places, strict=True)))
    console().print(table)


def _all_whole(values: Sequence[object]) -> bool:
    return all(float(value).is_integer() for value in values if isinstance(value, (float, Decimal)))


def _cell(value: object, decimals: int) -> str:
    from rich.markup import escape

    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, Decimal)):
        return f"{value:,.{decimals}f}"
    if isinstance(value, int):
        return f"{value:,}"
    return escape(str(value))
