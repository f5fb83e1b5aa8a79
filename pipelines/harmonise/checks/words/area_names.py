"""Names of areas beside the codes of other areas, in values.csv or in a column that the source does not use."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import duckdb

from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.values.labels import area_words
from pipelines.system.connection import run_sql
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called
from schemas.codelists import area_ancestors, load_areas
from schemas.source import SourceFolder
from schemas.words_of_totals import plain

_LEAST_NAMES = 0.6
_LEAST_OWN = 0.5
"""Share of words that are names of areas, and of the pairs of code and name that agree, in a column of names."""
_LEAST_ONE_TO_ONE = 5
"""So many codes with one name each, no two with the same, are codes with their names, whether these agree or not: of
another place (of birth, of residence) the rows of a code have several."""


@dataclass(frozen=True)
class NameOfPlace:
    """A name in a column of incidents, beside the area of the same rows: first its word in the file, later our code."""

    file: str
    column: str
    code: str
    name: str
    rows: int


def check_area_names(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    unused: Sequence[UnusedColumn],
    beside: Sequence[NameOfPlace] = (),
) -> Outcome:
    """Warn of areas whose name, in values.csv or beside their code, is that of another area of the same country.

    Args:
        connection: has ``used_row``, of tables.
        folder: the source.
        unused: the columns of its tables of text that it does not use; none of incidents.
        beside: of incidents, the names of areas in columns that it does not use.
    """
    declared = [(word, code) for name, word, code in folder.words if name == "ref_area" and areas_called(word)]
    called = {(word, code): other for word, code in declared if (other := _another_area(code, word))}
    found = [
        f"values.csv gives {word!r} the code {code}, but it is the name of {other}"
        for (word, code), other in called.items()
    ]
    doubted = [area for (_, code), other in called.items() for area in (code, other)]
    checked = len(declared)
    for column in unused:
        pairs = [] if column.is_place else _named_areas(connection, column)
        checked += bool(pairs)
        wrong = [(code, word, file, row) for code, word, _, file, row in pairs if _another_area(code, word)]
        if wrong:
            doubted += [code for code, *_ in wrong]
            code, word, file, row = wrong[0]
            more = f", and {len(wrong) - 1:,} more areas" if len(wrong) > 1 else ""
            found.append(f"{file}, row {row}: {code} with {word!r} in the column {column.name!r}{more}")
    by_incidents = _named_by_incidents(folder, beside)
    checked += len(by_incidents)
    for name, names in by_incidents.items():
        if told := _another_named(name, names):
            found.append(told)
            doubted += [one.code for one in names if _another_area(one.code, one.name)]
    about = tuple(("ref_area", area) for area in dict.fromkeys(doubted))
    return replace(Outcome.of_warning("area_words_agree", checked, found), about=about)


def _named_areas(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> list[tuple[str, str, int, str, int]]:
    """Return each code with each name beside it, if the column holds the names of the areas; otherwise nothing."""
    named = sum(map(bool, map(areas_called, column.words)))
    if not named or named < _LEAST_NAMES * len(column.words):
        return []
    parts = {"raw": column.table, "column": column.quoted}
    pairs = run_sql(connection, "harmonise/names_of_places", **parts).fetchall()
    own = sum(any(area.code == code for area in areas_called(word)) for code, word, *_ in pairs)
    is_own = own >= _LEAST_OWN * len(pairs) or _is_one_to_one({(code, plain(word)) for code, word, *_ in pairs})
    return pairs if is_own else []


def _is_one_to_one(pairs: Collection[tuple[str, str]]) -> bool:
    """Return whether each code has one name, and each name one code.

    >>> _is_one_to_one({(str(n), chr(97 + n)) for n in range(5)}), _is_one_to_one({("1", "a"), ("2", "a")})
    (True, False)
    """
    codes, names = ({pair[of] for pair in pairs} for of in (0, 1))
    return len(codes) >= _LEAST_ONE_TO_ONE and len(codes) == len(names) == len(pairs)


def _named_by_incidents(folder: SourceFolder, beside: Sequence[NameOfPlace]) -> dict[str, list[NameOfPlace]]:
    """Return, for each column with the names of the areas, each area by its code with each name beside it."""
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
        or _is_one_to_one({(one.code, plain(one.name)) for one in pairs})
    }


def _another_named(column: str, names: Sequence[NameOfPlace]) -> str | None:
    """Return, as text, the area that has the name of another one in a column; None if there is none."""
    wrong = [one for one in names if _another_area(one.code, one.name)]
    if not wrong or len(wrong) > max(len({one.code for one in names}), 2):  # else another place than that of the row
        return None
    first = max(wrong, key=lambda one: one.rows)
    more = f", and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
    return f"{first.file}: {first.code} with {first.name!r} in the column {column!r}, in {first.rows:,} rows{more}"


def _names(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d_]{3,}", plain(text))}


def _another_area(code: str, word: str) -> str | None:
    """Return the other area of the same country and level that a word names; None if it may name the one with the code.

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
