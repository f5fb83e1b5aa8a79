"""The foot of a table: the rows at its end, from a declared word on, with a total and notes instead of data.

Rule: the first filled cell of a row must be the word, or begin with it as a whole word; the last such row counts, and
no row below it may look like data. Nothing is cut off silently: rows below with a number where the table has numbers
are returned, to be accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse
from pipelines.collect.header import Header, fold
from pipelines.system.errors import DataRefused
from schemas.definition.layouts import ReadOptions

_SHOWN = 60
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,'’\s]*%?")
_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?|[0-9]{4}[-/][0-9]{1,2}")


@dataclass(frozen=True)
class CutRow:
    """A row below the foot with numbers: its place, its first text, and the text in the column of counts."""

    file: str
    sheet: str | None
    row: int
    label: str
    value: str | None


@dataclass(frozen=True)
class Foot:
    """Where a table is cut: before this row, counted from 1 at its top.

    ``printed`` is the total, by column; ``cut`` the rows below it with numbers; ``rows`` the whole foot.
    """

    row: int
    printed: dict[str, str]
    cut: tuple[CutRow, ...]
    rows: tuple[tuple[int, list[str]], ...] = ()


@dataclass
class _Place:
    """A row that begins with the word, and the rows after it."""

    number: int
    printed: list[str]
    is_exact: bool
    below: list[tuple[int, list[str]]] = field(default_factory=list)


def begins_with_word(text: str, word: str) -> bool:
    """Tell whether a text is or begins with exactly this word, not a longer one.

    A number ends a word of a script that writes none apart (\u6ce81 is a note).

    >>> begins_with_word("Total norte", "total"), begins_with_word("Notarial fraud", "nota")
    (True, False)
    >>> begins_with_word("\u6ce81", "\u6ce8"), begins_with_word("A1", "a")
    (True, False)
    """
    one, other = fold(text), fold(word)
    last, after = other[-1:], one[len(other) :][:1]
    is_apart = not (after.isalnum() and last.isalnum()) or (after.isdigit() and unicodedata.category(last) == "Lo")
    return one.startswith(other) and is_apart


class FootFinder:
    """Finds the foot while it is shown the rows of a table in order, from the first below the header on."""

    def __init__(self, source_id: str, file: RawFile, sheet: str | None, options: ReadOptions, header: Header) -> None:
        self._source_id, self._file, self._sheet, self._header = source_id, file, sheet, header
        self._word = options.footer.starts_with if options.footer else ""
        declared = {fold(name) for name in options.columns}
        self._declared = {place for place, name in enumerate(header.labels) if fold(name) in declared}
        self._filled: set[int] | None = None  # by every row of data
        self._texts: Counter[int] = Counter()
        self._numbers: Counter[int] = Counter()
        self._place: _Place | None = None
        self._longer: tuple[int, str] | None = None  # the last row that begins with a longer word
        self._passed: tuple[int, str, int] | None = None  # a row with the word, and the row of data below it

    def see(self, number: int, row: Sequence[str]) -> bool:
        """Examine a row; return whether it may be the first of the foot."""
        first = next((cell for cell in row if cell.strip()), "")
        if not first:
            return False
        if begins_with_word(first, self._word):
            is_exact = fold(first) == fold(self._word)
            if self._place is None:
                self._place = _Place(number, list(row), is_exact)
                return True
            if is_exact and not self._place.is_exact:
                self._place.printed, self._place.is_exact = list(row), True
            return False
        if fold(first).startswith(fold(self._word)):
            self._longer = (number, first)
        if self._place is None:
            self._learn(row)
        elif self._is_like_data(row):
            self._passed = self._passed or (self._place.number, first, number)
            self._place = None
            self._learn(row)
        else:
            self._place.below.append((number, list(row)))
        return False

    def foot(self, value_column: str | None) -> Foot:
        """Return the foot, once all rows have been seen.

        Raises:
            DataRefused: no row begins with the word, or rows that look like data follow the last one that does.
        """
        if self._place is None:
            raise self._refuse()
        place = self._header.names.index(value_column) if value_column in self._header.names else None
        cut = tuple(
            CutRow(
                file=self._file.name,
                sheet=self._sheet,
                row=number,
                label=next(cell for cell in row if cell.strip()),
                value=row[place] if place is not None and place < len(row) else None,
            )
            for number, row in self._place.below
            if self._numbers_in(row)
        )
        printed = dict(zip(self._header.names, self._place.printed, strict=False))
        return Foot(self._place.number, printed, cut, ((self._place.number, self._place.printed), *self._place.below))

    def _learn(self, row: Sequence[str]) -> None:
        filled = {place for place, cell in enumerate(row) if cell.strip()}
        self._filled = filled if self._filled is None else self._filled & filled
        numbers = {place for place in filled if _is_figure(row[place])}
        self._texts.update(filled - numbers)
        self._numbers.update(numbers)

    def _figures_in(self, row: Sequence[str]) -> set[int]:
        """Positions of numbers and dates in a row, in columns that mostly have some."""
        found = {place for place, cell in enumerate(row) if _is_figure(cell)}
        # A count with a note or a sign for missing is a text: such columns are those of figures all the same.
        return {place for place in found if 0 < self._numbers[place] >= self._texts[place]} if self._numbers else found

    def _numbers_in(self, row: Sequence[str]) -> set[int]:
        return {place for place in self._figures_in(row) if _NUMBER.fullmatch(row[place].strip())}

    def _is_like_data(self, row: Sequence[str]) -> bool:
        filled = {place for place, cell in enumerate(row) if cell.strip()}
        always = self._declared if self._filled is None else self._filled
        if not self._declared & always <= filled:
            return False
        # Rows of incidents may have no figure at all: one of them fills every column that all the rows above fill.
        return bool(self._figures_in(row)) or (not self._numbers and len(always) > 1 and always <= filled)

    def _refuse(self) -> DataRefused:
        if self._passed is None:
            found, row = f"No row begins with the text {self._word!r}.", None
            if self._longer is not None:
                row, first = self._longer
                longer = f"row {row:,} begins with a longer one, {first[:_SHOWN]!r}"
                found = f"No row begins with the word {self._word!r}; {longer}."
            word, sheet = self._word, self._sheet
            return refuse(self._source_id, self._file, "missing_footer", found, sheet=sheet, row=row, value=word)
        row, _, after = self._passed
        found = f"Row {row:,} begins with {self._word!r} (read.footer), but data follow in row {after:,}."
        return refuse(
            self._source_id, self._file, "footer_above_data", found, sheet=self._sheet, row=row, value=self._word
        )


def _is_figure(text: str) -> bool:
    """Tell whether a cell has a number or a date.

    >>> [text for text in ("1 721", "2024-03-05 12:30", "5/3/2024", "Jalisco", "12 (p)") if _is_figure(text)]
    ['1 721', '2024-03-05 12:30', '5/3/2024']
    """
    return bool(_NUMBER.fullmatch(text.strip()) or _DATE.fullmatch(text.strip()))


def find_foot(finder: FootFinder, rows: Iterable[tuple[int, Sequence[str]]], value_column: str | None) -> Foot:
    """Return the foot of a table, given all its rows by their numbers."""
    for number, row in rows:
        finder.see(number, row)
    return finder.foot(value_column)
