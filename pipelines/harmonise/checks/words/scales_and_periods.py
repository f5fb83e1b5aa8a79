"""Scales, years, parts of years and units of ages in the columns of a table that its source does not use.

A word beside a figure tells what the figure is, whether it is in a title, in the header or in a column of its own, and
whether the source names that column or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from pipelines.collect.header import fold
from pipelines.collect.headings.captions import Caption, scale_problem, words_for_scale
from pipelines.collect.headings.kinds_of_years import words_for_other_year
from pipelines.collect.headings.parts_of_years import PARTS_OF_A_YEAR, YearLackingParts, part_of_year_in
from pipelines.collect.headings.roles import is_heading
from pipelines.harmonise.checks.words.kinds_of_rows import units_of_age_in
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn, UnusedWord, words_in_used_rows
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused
from pipelines.system.outcomes import Outcome
from schemas.source import Source, SourceFolder

_MOST_WORDS = 400
_MOST_SHOWN = 4
_LEAST_MISSED = 5
"""Average figure of a part of a year from which a part without rows is missing, not empty."""
_UNITS = re.compile(
    r"(observation )?(unit|uom|unidad\w*|unit[ée]s?|einheit|medida|measure|scalar|scale|escala|[ée]chelle|multipl\w*)"
    r"([ _](of[ _])?(mult|multiplier|measure|meas|factor|id|de medida|de mesure))?s?",
    re.IGNORECASE,
)
_POWERS = re.compile(r"unit[ _]mult(iplier)?|scalar[ _]id|multiplier|unit[ _]multiplier", re.IGNORECASE)


def words_of_scales_and_periods(
    connection: duckdb.DuckDBPyConnection, unused: Sequence[UnusedColumn]
) -> tuple[UnusedWord, ...]:
    """Return the words of the unused columns that give a scale, a year other than a calendar year, or a part of a year.

    Args:
        connection: has ``core``; gets ``used_row``.
        unused: the columns.
    """
    telling = [column for column in unused if not column.is_place and _may_name_scale_or_period(column)]
    run_sql(connection, "harmonise/used_rows")
    return tuple(word for column in telling for word in words_in_used_rows(connection, column))


def _may_name_scale_or_period(column: UnusedColumn) -> bool:
    if not column.words or len(column.words) > _MOST_WORDS:
        return False
    is_unit = _UNITS.fullmatch(fold(column.name).strip()) is not None
    return (
        is_heading(column.name)
        or any(_is_scale(column.name, word, is_unit) or words_for_other_year(word) for word in column.words)
        or part_of_year_in(column.words[0], column.name, dates=True) is not None
    )


def refuse_scales(folder: SourceFolder, words: Iterable[UnusedWord]) -> None:
    """Refuse figures beside words for thousands, unless the source declares their scale.

    Raises:
        DataRefused: according to a column, used rows are in thousands, all or some of them.
    """
    by_column: dict[str, list[UnusedWord]] = {}
    for word in words:
        if not word.in_sql:
            by_column.setdefault(word.column, []).append(word)
    problems = []
    for column, there in by_column.items():
        is_unit = _UNITS.fullmatch(fold(column).strip()) is not None
        scaled = [one for one in there if _is_scale(column, one.word, is_unit)]
        others = [one for one in there if one not in scaled] if is_unit else []
        if scaled:
            first = min(scaled, key=lambda one: (one.file, one.row))
            caption = Caption(first.file, first.sheet, first.row, first.word)
            problem = scale_problem(folder, caption, column, other=others[0].word if others else None)
            problems += [problem] if problem else []
    if problems:
        raise DataRefused(problems)


def _is_scale(column: str, word: str, is_unit: bool) -> bool:
    if _POWERS.fullmatch(fold(column).strip()) and word.isdigit():
        return 0 < int(word) < 10
    return words_for_scale(word, is_unit=is_unit) is not None


def years_in_words(words: Iterable[UnusedWord]) -> list[Caption]:
    """Return, as captions, the words beside annual figures that mean other than calendar years."""
    return [
        Caption(one.file, one.sheet, one.row, one.word) for one in words if one.year and words_for_other_year(one.word)
    ]


def headings_in_words(words: Iterable[UnusedWord]) -> list[Caption]:
    """Return, as captions, the words of columns of units or indicators: in a long table, these are its headings."""
    first: dict[tuple[str, str], UnusedWord] = {}
    for one in words:
        if is_heading(one.column):
            first.setdefault((one.column, one.word), one)
    return [Caption(one.file, one.sheet, one.row, one.word, is_count=True, is_unit=True) for one in first.values()]


def parts_in_words(words: Iterable[UnusedWord]) -> list[YearLackingParts]:
    """Return the years whose figures are sums over parts of the year of which one is missing.

    A column names parts of years if all of its words do. A part without rows is missing if the others have too many
    events for it to be empty by chance.
    """
    by_column: dict[str, list[UnusedWord]] = {}
    for word in words:
        if word.year is not None:
            by_column.setdefault(word.column, []).append(word)
    return [
        findings
        for column, there in by_column.items()
        if all(part_of_year_in(one.word, column, dates=True) and _may_be_of_its_year(one) for one in there)
        for findings in years_lacking_parts(column, _figures_of_parts(column, there))
    ]


def _may_be_of_its_year(one: UnusedWord) -> bool:
    """Whether a word does not name another year than that of its figure, as a date of birth or of a sentence does."""
    named = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", one.word)
    return not named or one.year in named


def _figures_of_parts(column: str, words: Sequence[UnusedWord]) -> dict[str, dict[str, float]]:
    years: dict[str, dict[str, float]] = {}
    for one in words:
        of = years.setdefault(one.year or "", {})
        part = part_of_year_in(one.word, column, dates=True) or ""
        of[part] = of.get(part, 0.0) + one.value
    return years


def years_lacking_parts(column: str, years: Mapping[str, Mapping[str, float]]) -> list[YearLackingParts]:
    """Return the years of which a column lacks a part whose figure would hardly be zero by chance.

    Args:
        column: its name.
        years: the figure of each part, as :func:`part_of_year_in` names it, of each year.
    """
    findings = []
    for year, parts in sorted(years.items()):
        kinds = {re.sub(r"[ºª\d\s]", "", part) for part in parts}
        whole = PARTS_OF_A_YEAR.get(next(iter(kinds)), 0) if len(kinds) == 1 else 0
        if len(parts) < whole and sum(parts.values()) >= _LEAST_MISSED * len(parts):
            shown = sorted(parts, key=lambda one: int(re.sub(r"\D", "", one) or 0))
            named = ", ".join(shown) if len(shown) <= _MOST_SHOWN else f"{len(shown)} months, the last {shown[-1]},"
            findings.append(YearLackingParts(column, year, named))
    return findings


def check_age_units(source: Source, unused: Sequence[UnusedColumn]) -> Outcome:
    """Warn of an unused column with the units of ages, such as months and years."""
    if "age" not in source.columns:
        return Outcome.not_applicable("age_unit_unread")
    units = [
        (column.name, units_of_age_in(column.words)) for column in unused if not column.is_place and not column.in_sql
    ]
    found = [f"{name!r} has {words[0]!r}, but all ages are read in one unit" for name, words in units if words]
    return Outcome.of_warning("age_unit_unread", max(len(units), 1), found)
