"""Columns that a reshape omits although it reads others of their kind: unknown sex, an age band, a month.

If the columns of counts are the sexes, ages or months of one figure, any further column of that kind is part of the
figure too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pipelines.collect.header import Needed
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.values.labels import sex_of_word
from pipelines.harmonise.values.meanings import is_unknown
from schemas.source import SourceFolder
from schemas.words_of_totals import plain

_A_NUMBER = re.compile(r"-?\d[\d.,'\s]*")
_LEAST_NUMBERS = 0.6
_LEAST_OF_KIND = 0.6
_AGE = re.compile(
    r"(?:ages?|edad|alter|de|from|von)?\s*(?:\d{1,3}\s*(?:-|–|to|a|à|bis|y|und)\s*\d{1,3}|\d{1,3}\s*\+"
    r"|(?:<|>|≥|under|over|below|bajo|menos de|menores de|mas de|mayores de|moins de|plus de|unter|uber|ab"
    r"|abaixo de|acima de)"
    r"\s*\d{1,3}|\d{1,3}\s*(?:and|y|et|und|e|&|years)\s*(?:over|older|above|mas|plus|mehr|mais|(?:and|or) (?:over"
    r"|older)))"
    r"\s*(?:years?|anos|ans|jahre)?(?: old)?"
)
_MONTH = re.compile(
    r"(?:jan|ene|feb|fev|mar|apr|abr|avr|may|mai|jun|jul|juil|aug|ago|aou|sep|set|oct|out|okt|nov|dec|dic|dez)\w*\.?"
)


def omitted_columns(folder: SourceFolder, unused: Sequence[UnusedColumn]) -> list[str]:
    """Return, as text, the columns of numbers that are not read although others of their kind are.

    Args:
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    named = [Needed(folder, layout) for layout in folder.source.layouts]
    return [
        f"{column.name!r} beside {', '.join(map(repr, column.beside[:3]))}"
        for column in unused
        if column.beside
        and not column.is_place
        and not column.in_sql
        and not any(needed.uses(column.name, column.name) for needed in named)
        and _has_numbers(column)
        and any(_is_left(column, is_kind, is_other) for is_kind, is_other in KINDS)
    ]


def _has_numbers(column: UnusedColumn) -> bool:
    numbers = sum(_A_NUMBER.fullmatch(word) is not None for word in column.words)
    return bool(column.words) and numbers >= _LEAST_NUMBERS * len(column.words)


def _groups(name: str, is_meant: Callable[[str], bool]) -> set[tuple[str, ...]]:
    """Return the groups of columns to which a column belongs: the parts of its name before each part that is meant."""
    parts = [plain(part.replace("_", " ")) for part in name.split(" | ")]
    return {tuple(parts[:number]) for number, part in enumerate(parts) if is_meant(part)}


def _is_left(column: UnusedColumn, is_kind: Callable[[str], bool], is_other: Callable[[str], bool]) -> bool:
    """Tell whether the columns of a kind are read in the group of a column which is of the kind, or of the unknown."""
    of_kind = [groups for name in column.beside if (groups := _groups(name, is_kind))]
    if len(column.beside) < 2 or len(of_kind) < _LEAST_OF_KIND * len(column.beside):
        return False
    own = _groups(column.name, lambda part: is_kind(part) or is_other(part))
    return any(own & groups for groups in of_kind)


def _is_sex(part: str) -> bool:
    return len(part) > 1 and sex_of_word(part) in ("F", "M")


def is_age(part: str) -> bool:
    """Tell whether a word, in lower case and without accents, gives ages: 15-17, under 18, 60 and over."""
    return _AGE.fullmatch(part) is not None


def _is_month(part: str) -> bool:
    return _MONTH.fullmatch(part) is not None


def _is_unknown(part: str) -> bool:
    return is_unknown(part) or part in ("n.s.", "ns", "n/s", "s/d", "sd", "unkn.", "other", "otro", "diverse", "x")


KINDS = ((_is_sex, _is_unknown), (is_age, _is_unknown), (_is_month, lambda part: False))
