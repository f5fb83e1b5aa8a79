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
        and any(is_left(column.name, column.beside, is_kind, is_other) for is_kind, is_other in KINDS)
    ]


def _has_numbers(column: UnusedColumn) -> bool:
    numbers = sum(_A_NUMBER.fullmatch(word) is not None for word in column.words)
    return bool(column.words) and numbers >= _LEAST_NUMBERS * len(column.words)


def parts_of_name(name: str) -> list[str]:
    """Return the parts of the name of a column, in lower case and without accents.

    >>> parts_of_name("2024 | Víctimas_hombres")
    ['2024', 'victimas hombres']
    """
    return [plain(part.replace("_", " ")) for part in name.split(" | ")]


def without_common(name: str, group: Sequence[str]) -> list[str]:
    """Return the parts of a name, without the words that every name of a group has in its last part.

    >>> without_common("victims_unknown", ["victims_male", "victims_female"]), without_common("x", ["a_b"])
    (['unknown'], ['x'])
    """
    parts = parts_of_name(name)
    words = [set(parts_of_name(one)[-1].split()) for one in group]
    common = set.intersection(*words) if len(words) > 1 else set()
    rest = " ".join(word for word in parts[-1].split() if word not in common)
    return [*parts[:-1], rest or parts[-1]]


def _groups(name: str, beside: Sequence[str], is_meant: Callable[[str], bool]) -> set[tuple[str, ...]]:
    """Return the parts of a name before each part that is meant: the group of columns to which it belongs."""
    parts = without_common(name, beside)
    return {tuple(parts[:number]) for number, part in enumerate(parts) if is_meant(part)}


def is_left(name: str, beside: Sequence[str], is_kind: Callable[[str], bool], is_other: Callable[[str], bool]) -> bool:
    """Tell whether a column is of a kind, or of the unknown, in a group whose columns of this kind are read.

    Args:
        name: of the column.
        beside: the columns of counts of its table.
        is_kind: whether a part of a name is of the kind.
        is_other: whether it is what belongs to the kind besides: unknown.
    """
    of_kind = [groups for one in beside if (groups := _groups(one, beside, is_kind))]
    if len(beside) < 2 or len(of_kind) < _LEAST_OF_KIND * len(beside):
        return False
    own = _groups(name, beside, lambda part: is_kind(part) or is_other(part))
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
