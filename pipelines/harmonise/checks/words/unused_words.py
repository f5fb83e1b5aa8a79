"""What columns that a source does not use say of its figures: their unit, the part of the year, the name of the area.

The law: a word beside a figure says what the figure is, in a title, in the header or in a column of its own, whether
the source names that column or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import duckdb

from pipelines.collect.header import fold
from pipelines.collect.headings.captions import Caption, scale_problem, scale_said
from pipelines.collect.headings.kinds_of_years import says_other_year
from pipelines.collect.headings.parts_of_years import PARTS_OF_A_YEAR, part_of_year_in
from pipelines.collect.headings.roles import is_heading
from pipelines.harmonise.checks.words.kinds_of_rows import units_of_age_in
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn, UnusedWord, words_in_used_rows
from pipelines.harmonise.values.labels import area_words
from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called
from schemas.codelists import area_ancestors, load_areas
from schemas.source import Source, SourceFolder
from schemas.words_of_totals import plain

_MOST_WORDS = 400
_LEAST_NAMES = 0.6
_LEAST_OWN = 0.5
"""Share of words that are names of areas, and of the pairs of code and name that agree, in a column of names."""
_MOST_SHOWN = 4
_LEAST_MISSED = 5
"""Figure that a part of a year has on average, from which a part without rows is missing and not empty."""
_UNITS = re.compile(
    r"(observation )?(unit|uom|unidad\w*|unit[ée]s?|einheit|medida|measure|scalar|scale|escala|[ée]chelle|multipl\w*)"
    r"([ _](of[ _])?(mult|multiplier|measure|meas|factor|id|de medida|de mesure))?s?",
    re.IGNORECASE,
)
_POWERS = re.compile(r"unit[ _]mult(iplier)?|scalar[ _]id|multiplier|unit[ _]multiplier", re.IGNORECASE)


@dataclass(frozen=True)
class NameOfPlace:
    """A name of an area in a column of a file of incidents, beside an area: its word in the file, then our code."""

    file: str
    column: str
    code: str
    name: str
    rows: int


def words_unused(connection: duckdb.DuckDBPyConnection, unused: Sequence[UnusedColumn]) -> tuple[UnusedWord, ...]:
    """Return the words of unused columns that say a scale, other years than those of the calendar, or parts of years.

    Args:
        connection: has ``core``; gets ``used_row``.
        unused: the columns.
    """
    telling = [column for column in unused if not column.is_place and _is_telling(column)]
    run_sql(connection, "harmonise/used_rows")
    return tuple(word for column in telling for word in words_in_used_rows(connection, column))


def _is_telling(column: UnusedColumn) -> bool:
    if not column.words or len(column.words) > _MOST_WORDS:
        return False
    is_unit = _UNITS.fullmatch(fold(column.name).strip()) is not None
    return (
        is_heading(column.name)
        or any(_says_scale(column.name, word, is_unit) or says_other_year(word) for word in column.words)
        or part_of_year_in(column.words[0], column.name) is not None
    )


def refuse_scales(folder: SourceFolder, words: Iterable[UnusedWord]) -> None:
    """Refuse figures next to words that say thousands, unless the source declares their scale.

    Raises:
        DataRefused: a column says of used rows that they are in thousands, or of some that they are and of others not.
    """
    by_column: dict[str, list[UnusedWord]] = {}
    for word in words:
        if not word.in_sql:
            by_column.setdefault(word.column, []).append(word)
    problems = []
    for column, there in by_column.items():
        is_unit = _UNITS.fullmatch(fold(column).strip()) is not None
        scaled = [one for one in there if _says_scale(column, one.word, is_unit)]
        others = [one for one in there if one not in scaled] if is_unit else []
        if scaled:
            first = min(scaled, key=lambda one: (one.file, one.row))
            caption = Caption(first.file, first.sheet, first.row, first.word)
            problem = scale_problem(folder, caption, column, other=others[0].word if others else None)
            problems += [problem] if problem else []
    if problems:
        raise DataRefused(problems)


def _says_scale(column: str, word: str, is_unit: bool) -> bool:
    if _POWERS.fullmatch(fold(column).strip()) and word.isdigit():
        return 0 < int(word) < 10
    return scale_said(word, is_unit=is_unit) is not None


def years_in_words(words: Iterable[UnusedWord]) -> list[Caption]:
    """Return the words that say other than calendar years, of annual figures, as captions of their tables."""
    return [Caption(one.file, one.sheet, one.row, one.word) for one in words if one.year and says_other_year(one.word)]


def headings_in_words(words: Iterable[UnusedWord]) -> list[Caption]:
    """Return the words of a column of units or indicators as captions: they are the headings of a long table."""
    first: dict[tuple[str, str], UnusedWord] = {}
    for one in words:
        if is_heading(one.column):
            first.setdefault((one.column, one.word), one)
    return [Caption(one.file, one.sheet, one.row, one.word, is_count=True, is_unit=True) for one in first.values()]


def parts_in_words(words: Iterable[UnusedWord]) -> list[str]:
    """Return, as text, the years whose figures are sums over parts of the year that lack one, by column.

    A column names parts of years if nearly all of its words do. A part without rows is missing where the others have
    too many events for it to be empty by chance.
    """
    by_column: dict[str, list[UnusedWord]] = {}
    for word in words:
        if word.year is not None:
            by_column.setdefault(word.column, []).append(word)
    return [
        told
        for column, there in by_column.items()
        if all(part_of_year_in(one.word, column) for one in there)
        for told in _years_lacking_parts(column, there)
    ]


def _years_lacking_parts(column: str, words: Sequence[UnusedWord]) -> list[str]:
    years: dict[str, dict[str, float]] = {}
    for one in words:
        of = years.setdefault(one.year or "", {})
        part = part_of_year_in(one.word, column) or ""
        of[part] = of.get(part, 0.0) + one.value
    told = []
    for year, parts in sorted(years.items()):
        kinds = {re.sub(r"[ºª\d\s]", "", part) for part in parts}
        whole = PARTS_OF_A_YEAR.get(next(iter(kinds)), 0) if len(kinds) == 1 else 0
        if len(parts) < whole and sum(parts.values()) >= _LEAST_MISSED * len(parts):
            shown = sorted(parts, key=lambda one: int(re.sub(r"\D", "", one) or 0))
            named = ", ".join(shown) if len(shown) <= _MOST_SHOWN else f"{len(shown)} months, the last {shown[-1]},"
            told.append(f"{column!r}: only {named} of {year}, but the figures of {year} are for the full year")
    return told


def check_age_units(source: Source, unused: Sequence[UnusedColumn]) -> Outcome:
    """Warn of a column with the units of the ages of a table, months and years, that the source does not use."""
    if "age" not in source.columns:
        return Outcome.not_applicable("age_unit_unread")
    units = [
        (column.name, units_of_age_in(column.words)) for column in unused if not column.is_place and not column.in_sql
    ]
    found = [f"{name!r} has {words[0]!r}, but all ages are read in one unit" for name, words in units if words]
    return Outcome.of_warning("age_unit_unread", max(len(units), 1), found)


def check_area_words(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    unused: Sequence[UnusedColumn],
    beside: Sequence[NameOfPlace] = (),
) -> Outcome:
    """Warn of areas whose name, in values.csv or next to their code, is that of another area of the same country.

    Args:
        connection: has ``used_row``, of tables.
        folder: the source.
        unused: the columns of its tables of text that it does not use; none of incidents.
        beside: of incidents, the names of areas in columns that it does not use.
    """
    declared = [(word, code) for name, word, code in folder.words if name == "ref_area" and areas_called(word)]
    found = [
        f"values.csv gives {word!r} the code {code}, but it is the name of {other}"
        for word, code in declared
        if (other := _another_area(code, word))
    ]
    checked = len(declared)
    for column in unused:
        pairs = [] if column.is_place else _named_areas(connection, column)
        checked += bool(pairs)
        wrong = [(code, word, file, row) for code, word, _, file, row in pairs if _another_area(code, word)]
        if wrong:
            code, word, file, row = wrong[0]
            more = f", and {len(wrong) - 1:,} more areas" if len(wrong) > 1 else ""
            found.append(f"{file}, row {row}: {code} with {word!r} in the column {column.name!r}{more}")
    by_incidents = _named_by_incidents(folder, beside)
    checked += len(by_incidents)
    found += filter(None, (_another_named(column, names) for column, names in by_incidents.items()))
    return Outcome.of_warning("area_words_agree", checked, found)


def _named_areas(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> list[tuple[str, str, int, str, int]]:
    """Return each code with each name next to it, if the column has the names of the areas; nothing otherwise."""
    named = sum(map(bool, map(areas_called, column.words)))
    if not named or named < _LEAST_NAMES * len(column.words):
        return []
    parts = {"raw": column.table, "column": column.quoted}
    pairs = run_sql(connection, "harmonise/names_of_places", **parts).fetchall()
    own = sum(any(area.code == code for area in areas_called(word)) for code, word, *_ in pairs)
    return pairs if own >= _LEAST_OWN * len(pairs) else []


def _named_by_incidents(folder: SourceFolder, beside: Sequence[NameOfPlace]) -> dict[str, list[NameOfPlace]]:
    """Return each area, by its code, with each name next to it, of the columns that have the names of the areas."""
    if not beside:
        return {}
    codes = dict(area_words(folder)) | {word: code for name, word, code in folder.words if name == "ref_area"}
    columns: dict[str, list[NameOfPlace]] = {}
    for one in beside:
        if code := codes.get(one.code):
            columns.setdefault(one.column, []).append(replace(one, code=code))
    return {
        column: pairs
        for column, pairs in columns.items()
        if sum(one.rows for one in pairs if any(area.code == one.code for area in areas_called(one.name)))
        >= _LEAST_OWN * sum(one.rows for one in pairs)
    }


def _another_named(column: str, names: Sequence[NameOfPlace]) -> str | None:
    """Return which area has the name of another in most rows of a column, as text; None if none has."""
    wrong = [one for one in names if _another_area(one.code, one.name)]
    if not wrong or len(wrong) > max(len({one.code for one in names}), 2):  # else another place than that of the row
        return None
    first = max(wrong, key=lambda one: one.rows)
    more = f", and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
    return f"{first.file}: {first.code} with {first.name!r} in the column {column!r}, in {first.rows:,} rows{more}"


def _names(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d_]{3,}", plain(text))}


def _another_area(code: str, word: str) -> str | None:
    """Return the area of the same country and level that a word names instead of the one with this code, if any.

    >>> _another_area("ZA-GP", "Limpopo"), _another_area("ZA-GP", "Gauteng"), _another_area("ZA-GP", "South Africa")
    ('ZA-LP', None, None)
    """
    called = areas_called(word)
    related = {code} | {above for area, above, _ in area_ancestors() if area == code} if called else set()
    if not called or any(area.code in related or area.code.startswith(f"{code}-") for area in called):
        return None
    country = code.split("-")[0]
    others = [
        area.code
        for area in called
        if ("-" in area.code) == ("-" in code) and ("-" not in code or area.code.split("-")[0] == country)
    ]
    if not others:
        return None
    own = next((area for area in load_areas() if area.code == code), None)
    is_short_form = own is not None and _names(word) <= _names(own.name_en, own.name_fr, own.name_es)
    return None if is_short_form else others[0]
