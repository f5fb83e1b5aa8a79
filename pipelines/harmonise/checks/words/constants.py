"""Unused columns of tables that contradict a constant, with another country, sex or year beside some of the figures.

The regular expressions match names of columns, or the words in them, in English, Spanish, French, Portuguese and
German; both are compared in lower case, with blanks for underscores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb

from iccs.concordance import Concordance
from pipelines.collect.header import fold, heading_words
from pipelines.collect.headings.roles import is_about_suspects
from pipelines.harmonise.checks.codes import are_different
from pipelines.harmonise.checks.words.dead_and_injured import is_of_homicides, rows_with_injured, sum_message
from pipelines.harmonise.checks.words.doubted import Doubt, doubt_rows, figures_text
from pipelines.harmonise.checks.words.names_of_counts import of_dead_and_injured
from pipelines.harmonise.checks.words.omitted_columns import is_age
from pipelines.harmonise.checks.words.unused_columns import (
    UnusedColumn,
    columns_of_words,
    words_in_used_rows,
)
from pipelines.harmonise.values.labels import age_word_problem, sex_of_word
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called, country_called
from schemas.codelists import area_ancestors
from schemas.source import SourceFolder
from schemas.words_of_totals import plain

_MOST_LABELS = 40
_LEAST_NAMES = 0.6
_LEAST_DIFFERING = 0.5
_LEAST_OF_COUNTRY = 0.6
_YEAR = re.compile(r"(?:19|20)\d\d")
_AREAS = re.compile(
    r"(?:name of (?:the )?|reporting )?(?:countr(?:y|ies)|pa[ií]s(?:es)?|pays|land|state|province|provincia|region"
    r"|regi[oó]n"
    r"|territor(?:y|io)|geo|area|ref area|entidad|departamento|estado|jurisdic\w+|location|place)(?: name"
    r"| of report\w*)?"
)
_COUNTRIES = re.compile(
    r"(?:reporting |name of (?:the )?)?(?:country|pa[ií]s|pays|land|staat|paese)(?: (?:name|code|iso|id"
    r"|of (?:event|offence|crime|incident|occurrence)|(?:del? |do |des |du |de )?(?:hechos?|ocurrencia|fatos?|faits?"
    r"|suceso)))?"
    r"|iso[ -]?3?(?: code)?|country ?(?:code|name)"
)
_YEARS = re.compile(r"(?:reference |data |statistical )?(?:year|yr|a[nñ]o|ann[eé]e|jahr|ano|anno|period|time period)")
_OFFENCES = re.compile(
    r"(?:type of |tipo de |nature of )?(?:offen[cs]es?|crimes?|delitos?|infractions?|straftat(?:en)?|delikte?"
    r"|reat[oi]|crimen)"
    r"(?: (?:type|name|category|group|label|description))?"
)
_OF_THE_EVENT = re.compile(
    r".*(?<![^\W_])(?:reference|referencia|r[eé]f[eé]rence|occurrence|ocurrencia|(?:of|del?) (?:the )?(?:offen[cs]e"
    r"|event|hecho|fait))"
)
_AGES = re.compile(
    r"(?:grupos? de |rango de |tranche d['’]?)?(?:ages?|edad(?:es)?|idade|alter"
    r"|altersgruppe)(?: (?:group|band|class|range)s?)?"
)
_SEXES = re.compile(r".*(?:sex[oe]?|gender|g[eé]nero|geschlecht|genre)\b.*")
_ATTRIBUTES = {  # two whose columns are called the same everywhere
    "weapon": re.compile(r"(?:type of |tipo de )?(?:weapons?|armas?|armes?|waffen?)(?: (?:used|type|empleada))?"),
    "citizenship": re.compile(r"(?:citizenship|nationality|nacionalidad|nationalit[éä]t?|staatsangehörigkeit)"),
}
_KIND_OF_PLACE = re.compile(r"(?:zona |area )?(?:urban[oa]?|rural|urbaine?|ländlich|städtisch)(?: areas?)?")


def check_constants(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    unused: Sequence[UnusedColumn],
    concordance: Concordance | None,
) -> Outcome:
    """Warn of unused columns that contradict a constant.

    Args:
        connection: has ``used_row`` and ``core``, and ``doubted``, which gets the figures of these rows.
        folder: the source.
        unused: the columns of its tables of text that it does not use; none of incidents.
        concordance: its links.
    """
    rule, label = "constants_agree", folder.source.constants.get("national_code", "")
    if concordance and label:
        label += "".join(f" {link.national_label}" for link in concordance.links if link.national_code == label)
    columns = columns_of_words(folder.source, unused)
    found = [(column, one) for column in columns for one in _against_declaration(connection, folder, column, label)]
    injured = _with_injured(connection, folder, unused)
    for column, one in found:
        doubt_rows(connection, rule, column, one.words, one.text)
    return Outcome.of_warning(rule, len(columns), [*(one.text for _, one in found), *injured])


def _against_declaration(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, column: UnusedColumn, label: str
) -> Iterator[Doubt]:
    """Yield the contradictions between a column and a constant of the source, or the column of its periods."""
    constants, name = folder.source.constants, column.heading
    if constants.get("sex") in ("M", "F") and _has_only_sexes(column) and not is_about_suspects(name):
        yield from _others(
            connection, column, "sex", constants["sex"], lambda word: sex_of_word(word) == constants["sex"]
        )
    if "ref_area" in constants and _AREAS.fullmatch(name) and _names_areas(column):
        yield from _others(
            connection, column, "ref_area", constants["ref_area"], lambda word: may_be_in(word, constants["ref_area"])
        )
    is_years = all(map(_YEAR.fullmatch, column.words))
    if "ref_area" in folder.source.columns and is_of_countries(name):
        yield from _other_countries(connection, column)
    if "time_period" in constants and is_years and _YEARS.fullmatch(name):
        year = constants["time_period"][:4]
        yield from _others(connection, column, "time_period", constants["time_period"], lambda word: word == year)
    if "national_code" in constants and _OFFENCES.fullmatch(name) and len(column.words) > 1:
        yield from _others(
            connection, column, "national_code", constants["national_code"], lambda word: not are_different(word, label)
        )
    yield from _part_as_whole(connection, folder, column)
    for dimension in ("sex", "age"):
        if dimension in folder.source.columns:
            yield from _labels_beside(connection, column, dimension)
    if "time_period" in folder.source.columns and is_years and not column.in_sql and _OF_THE_EVENT.match(name):
        yield from _other_years(connection, column)


def _others(
    connection: duckdb.DuckDBPyConnection,
    column: UnusedColumn,
    dimension: str,
    constant: str,
    agrees: Callable[[str], bool],
) -> Iterator[Doubt]:
    """Yield the words of a column that differ from a constant, if any rows with them are used."""
    others = [one for one in words_in_used_rows(connection, column) if not agrees(one.word)]
    if others:
        words = list(dict.fromkeys(one.word for one in others))
        shown = ", ".join(map(repr, words[:3])) + (" ..." if len(words) > 3 else "")
        rows, first = sum(one.rows for one in others), others[0]
        yield Doubt(
            f"{column.name!r} has {shown} beside {figures_text(rows)} (first: {first.file}, row {first.row}), but "
            f"constants.{dimension} is {constant}",
            tuple(words),
        )


def _with_injured(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> list[str]:
    """Return the columns of counts that are the sum of the dead and the injured, and doubt their figures."""
    value, found = folder.source.columns.get("value", ""), []
    for table in dict.fromkeys(column.table for column in unused):
        here = [column for column in unused if column.table == table]
        pair = of_dead_and_injured(column.name for column in here)
        if pair is None or value not in column_names(connection, f"FROM {table}") or not is_of_homicides(folder):
            continue
        if not folder.source.has_checked(value) and (rows := rows_with_injured(connection, table, value, *pair)):
            found.append(sum_message(value, f"{pair[0]!r} and {pair[1]!r}", rows))
            (column,) = (column for column in here if column.name == pair[1])
            words = [word for word in column.words if re.search("[1-9]", word)]
            doubt_rows(connection, "constants_agree", column, words, found[-1])
    return found


def _other_countries(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> Iterator[Doubt]:
    """Yield the countries other than that of most rows, if any rows with them are used."""
    used = words_in_used_rows(connection, column)
    rows_of = {word: sum(one.rows for one in used if one.word == word) for word in {one.word for one in used}}
    most, others = other_countries(rows_of)
    if others:
        first = next(one for one in used if one.word in others)
        yield Doubt(
            f"{column.name!r} has {first.word!r} beside {figures_text(sum(rows_of[word] for word in others))} (first: "
            f"{first.file}, row {first.row}), and {most!r} beside most others",
            tuple(others),
        )


def _labels_beside(connection: duckdb.DuckDBPyConnection, column: UnusedColumn, dimension: str) -> Iterator[Doubt]:
    """Yield the labels of sexes or ages that mean something else than the codes beside them."""
    if not 1 < len(column.words) <= _MOST_LABELS or not any(_is_label(dimension, word) for word in column.words):
        return
    pairs = run_sql(
        connection, "harmonise/labels_beside_persons", raw=column.table, column=column.quoted, dimension=dimension
    ).fetchall()
    codes, labels = {code for code, *_ in pairs}, {word for _, word, *_ in pairs}
    if not len(codes) == len(labels) == len(pairs):
        return
    for code, word, rows, file, row in pairs:
        meant = sex_of_word(word) if dimension == "sex" else None
        wrong = meant in ("M", "F") and code in ("M", "F") and meant != code
        if wrong or (dimension == "age" and age_word_problem(word, code)):
            yield Doubt(
                f"{column.name!r} has {word!r} beside {figures_text(rows)} of {dimension} {code} "
                f"(first: {file}, row {row})",
                (word,),
            )


def _is_label(dimension: str, word: str) -> bool:
    return len(word) > 1 and (sex_of_word(word) is not None if dimension == "sex" else _is_age(word))


def _part_as_whole(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, column: UnusedColumn
) -> Iterator[Doubt]:
    """Yield the one sex, age, weapon or kind of place that all figures are of although the source does not say so."""
    source, name = folder.source, column.heading
    declared = {*source.columns, *source.constants, *source.totals}
    is_part = (
        ("sex" not in declared and _has_only_sexes(column))
        or ("age" not in declared and _AGES.fullmatch(name) and all(map(_is_age, column.words)))
        or any(dimension not in declared and names.fullmatch(name) for dimension, names in _ATTRIBUTES.items())
        or all(map(_KIND_OF_PLACE.fullmatch, map(fold, column.words)))
    )
    if not is_part or is_about_suspects(name):
        return
    used = words_in_used_rows(connection, column)
    words = list(dict.fromkeys(one.word for one in used))
    if len(words) != 1 or sex_of_word(words[0]) in ("_T", "_U"):
        return
    place = "_file, coalesce(_sheet, '') AS _sheet, _row"
    (rows,) = fetch_row(
        connection,
        f"SELECT count(*) FROM used_row SEMI JOIN (SELECT {place} FROM {column.table}) USING (_file, _sheet, _row)",
    )
    if sum(one.rows for one in used) == rows:
        yield Doubt(
            f"{column.name!r} has {words[0]!r} beside all figures, but the source definition does not declare it",
            (words[0],),
        )


def is_of_sex(name: str) -> bool:
    """Tell whether a column is called after the sex."""
    return _SEXES.fullmatch(heading_words(name)) is not None


def is_of_countries(name: str) -> bool:
    """Tell whether a column is called after the country of its rows."""
    return _COUNTRIES.fullmatch(heading_words(name)) is not None


def other_countries(rows_of_words: Mapping[str, int]) -> tuple[str, list[str]]:
    """Return the country of most rows, by the word for it, and the words for others; none if few words name one.

    >>> other_countries({"México": 90, "Guatemala": 8, "": 2}), other_countries({"FR": 50, "DE": 50})
    (('México', ['Guatemala']), ('', []))

    Args:
        rows_of_words: how many rows have each word of a column of countries.
    """
    named = {word: country.code for word in rows_of_words if (country := country_called(word))}
    rows = {code: sum(rows_of_words[word] for word, of in named.items() if of == code) for code in named.values()}
    most = max(rows, key=lambda code: rows[code], default="")
    if not rows or rows[most] < _LEAST_OF_COUNTRY * sum(rows_of_words.values()):
        return "", []
    return next(word for word in named if named[word] == most), [word for word in named if named[word] != most]


def is_of_areas(name: str) -> bool:
    """Tell whether a column is called after countries or places."""
    return _AREAS.fullmatch(heading_words(name)) is not None


def _has_only_sexes(column: UnusedColumn) -> bool:
    """Tell whether a column has only words for sexes; single letters count only in a column named after the sex."""
    is_named = is_of_sex(column.name)
    return all(sex_of_word(word) and (is_named or len(word) > 1) for word in column.words)


def _is_age(word: str) -> bool:
    return is_age(plain(word))


def _names_areas(column: UnusedColumn) -> bool:
    return sum(map(bool, map(areas_called, column.words))) >= _LEAST_NAMES * len(column.words)


def may_be_in(word: str, code: str) -> bool:
    """Tell whether a word may be the name of an area, of one inside it, or of one around it."""
    called = areas_called(word)
    around = {above for area, above, _ in area_ancestors() if area == code} | {code}
    return not called or any(area.code in around or area.code.startswith(f"{code}-") for area in called)


def _other_years(connection: duckdb.DuckDBPyConnection, column: UnusedColumn) -> Iterator[Doubt]:
    annual = [one for one in words_in_used_rows(connection, column) if one.year is not None]
    others = [one for one in annual if one.word != one.year]
    differing, of = sum(one.rows for one in others), sum(one.rows for one in annual)
    if of and differing >= _LEAST_DIFFERING * of:
        first = others[0]
        yield Doubt(
            f"{column.name!r} differs from the period of {differing:,} of {of:,} figures: {first.word} beside the one "
            f"published for {first.year} ({first.file}, row {first.row})",
            tuple({one.word for one in others}),
        )
