"""Tables and lines for people: rich on a terminal, plain text elsewhere; JSON for machines."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from pipelines.statistics.wording import rounded_text
from pipelines.system.printable import UNPRINTABLE, printable

if TYPE_CHECKING:
    from rich.console import Console

_MIN_TEXT = 16
"""Smallest width to which a column of text is narrowed, in characters."""


@cache
def console() -> Console:
    """Return the console for results: colour only on a terminal, and elsewhere wide enough not to cut anything."""
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            """Leave it to the command, which does not treat a closed pipe as a failure; rich would exit with 1."""
            raise BrokenPipeError

    return PipedConsole(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 1000)


def rates_and_limits(rows: Iterable[Mapping[str, Any]], language: str = "en") -> str:
    """Return what a table of rates shows: with limits, unless none of its rates has any, such as those of prisoners.

    >>> rates_and_limits([{"ci_low": None}]), rates_and_limits([{"ci_low": None}, {"ci_low": 1.5}])
    ('rates per 100,000', 'rates per 100,000 with 95 % limits')
    """
    from pipelines.reader.words import word

    return word("rates with limits" if any(row["ci_low"] is not None for row in rows) else "rates", language)


def figure_as(number: float, form: str, language: str) -> str:
    """Return a number in a format, with the separators of a language.

    >>> figure_as(1234.56, "+,.1f", "fr")
    '+1\u202f234,6'
    """
    from pipelines.reader.words import figure_in

    return figure_in(f"{number:{form}}", language)


def headings_in(language: str, *names: str) -> list[str]:
    """Return the headings of columns in a language.

    >>> headings_in("es", "year", "rate")
    ['año', 'tasa']
    """
    from pipelines.reader.words import word

    return [word(f"column {name}", language) for name in names]


def print_line(text: str = "") -> None:
    """Print one line as it is: no markup, no emoji, control characters written out."""
    console().print(printable(text), markup=False, emoji=False, highlight=False, soft_wrap=True)


def print_error(text: str) -> None:
    """Print to standard error, control characters written out."""
    sys.stderr.write(printable(text.rstrip()) + "\n")


def print_json(value: object) -> None:
    """Print one JSON document for machines: a missing number is null, and control characters are escaped."""
    text = json.dumps(_plain(value), ensure_ascii=False, indent=1)
    sys.stdout.write(UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


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
    if hasattr(value, "item"):  # a NumPy scalar
        return _plain(value.item())
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    decimals: int = 2,
    language: str = "en",
) -> None:
    """Print a table: numbers right-aligned and never wrapped, with the separators of a language; NULL as an empty cell.

    On a terminal that is too narrow, each row is a block of lines ``column  value`` instead.
    """
    from rich.cells import cell_len

    columns = [printable(name) for name in columns]
    kept = [list(row) for row in rows]
    numbers = [any(isinstance(row[n], (int, float, Decimal)) for row in kept) for n in range(len(columns))]
    places = [0 if _all_whole([row[n] for row in kept]) else decimals for n in range(len(columns))]
    cells = [[_cell(value, place, language) for value, place in zip(row, places, strict=True)] for row in kept]
    widest = [
        max([cell_len(name), *(cell_len(line) for row in cells for line in row[n].split("\n"))])
        for n, name in enumerate(columns)
    ]
    least = [
        width if number else max(cell_len(name), min(width, _MIN_TEXT))
        for name, width, number in zip(columns, widest, numbers, strict=True)
    ]
    room = console().width
    between = 3 if sum(widest) + 3 * len(columns) <= room else 2
    widths = _fit(widest, least, room - between * len(columns))
    if widths is None:
        _print_blocks(columns, cells, title)
        return
    lines = [printable(title), ""] if title else [""]
    lines += _lines([list(columns)], widths, numbers, between)
    lines.append(f" {'─' * (sum(widths) + between * (len(columns) - 1) + 1)}")
    lines += _lines(cells, widths, numbers, between)
    console().out("\n".join(lines), "\n", sep="", highlight=False)


def _lines(
    cells: Sequence[Sequence[str]], widths: Sequence[int], numbers: Sequence[bool], between: int
) -> Iterator[str]:
    """Yield the lines of a table, several for a row whose text is wrapped."""
    from rich.cells import cell_len
    from rich.text import Text

    def folded(text: str, width: int) -> list[str]:
        if "\n" not in text and cell_len(text) <= width:
            return [text]
        return [line.plain.rstrip() for line in Text(text).wrap(console(), width, overflow="fold")]

    for texts in cells:
        parts = [folded(text, width) for text, width in zip(texts, widths, strict=True)]
        for row in zip_longest(*parts, fillvalue=""):
            padded = [
                " " * (width - cell_len(text)) + text if number else text + " " * (width - cell_len(text))
                for text, width, number in zip(row, widths, numbers, strict=True)
            ]
            yield f" {(' ' * between).join(padded)}".rstrip()


def _fit(widest: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Return column widths that fit the room, narrowing the widest first; None if even the least widths do not fit.

    >>> _fit([30, 6, 20], [16, 6, 16], 50), _fit([30, 6], [16, 6], 20)
    ([24, 6, 20], None)
    """
    if sum(least) > room:
        return None
    widths = list(widest)
    while sum(widths) > room:
        _, place = max((width, n) for n, width in enumerate(widths) if width > least[n])
        widths[place] -= 1
    return widths


def _print_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str | None) -> None:
    from rich.cells import cell_len

    if title:
        print_line(title)
    margin = max(map(cell_len, columns), default=0)
    for texts in cells:
        print_line()
        for name, text in zip(columns, texts, strict=True):
            print_line(f"{name}{' ' * (margin - cell_len(name))}  {text}".rstrip())
    print_line()


def _all_whole(values: Sequence[object]) -> bool:
    return all(float(value).is_integer() for value in values if isinstance(value, (float, Decimal)))


def _cell(value: object, decimals: int, language: str = "en") -> str:
    if language != "en" and isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        from pipelines.reader.words import figure_in

        return figure_in(_cell(value, decimals), language)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, Decimal)):
        return rounded_text(float(value), decimals) if decimals else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return printable(str(value))
