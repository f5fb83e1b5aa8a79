"""Rows that count more or less than one by a column that is not read.

Victims of an event, sampling weights; the number of an incident that has a row for each of its updates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed, fold
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect, fetch_row
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import Source, SourceFolder
from schemas.words_of_totals import TOTALS

_OF_WHAT = r"(victims?|v[ií]ctimas|casos|cases|hechos|delitos|offen[cs]es|incidents|personas?|persons)"
_COUNTS = re.compile(
    r"cantidad|quantity|qty|counts?|anzahl|effectifs?"
    rf"|(total|n[uú]mero|n[uú]m|number|n|no|nr|cantidad)[ _.]*(of|de)?[ _]*{_OF_WHAT}|{_OF_WHAT}[ _]?counts?"
    r"|v[ií]c?timas|casos|muertos|fallecidos|victims|cases|killed|victimes|opfer|fälle"
    r"|weights?|peso|ponderador|factor[ _]*(de)?[ _]*(expansi[oó]n|expansao|pondera\w+)|f(ac(t(or)?)?)?_?exp"
    r"|pond|wgt|wt|expansion([ _]factor)?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"(id|no|nr|n|num|n[uú]m|number|n[uú]mero|numero|folio|code|clave|key|ref|reference)[ _.]*(of|de|del|der|du)?[ _.]*"
    r"(case|incident|file|record|report|event|crime|complaint|caso|incidente|hecho|expediente|carpeta|denuncia|evento"
    r"|affaire|dossier|fait|akte|fall|processo|ocorr[eê]ncia|boletim)?"
    r"|(case|incident|file|record|report|event|crime|complaint|caso|incidente|hecho|expediente|carpeta|denuncia|evento"
    r"|affaire|dossier|fait|akten|fall|processo|ocorr[eê]ncia|boletim)[ _.]*(id|no|nr|num|number|n[uú]mero|zeichen"
    r"|nummer|ref|reference|key)|folio|expediente|carpeta|aktenzeichen|incident|case",
    re.IGNORECASE,
)
_ONE_ROW_EACH = ("incident", "case")
"""Counting units of which each has one row in a file of incidents; a victim or an offence may share its number."""
_LEAST_REPEATED = 5
_LEAST_SHARE_REPEATED = 0.005
_LEAST_DIFFERENT = 0.4
"""Rows that repeat a number, their share of all, and the share of different numbers that a column of numbers has."""


def find_repeated_numbers(
    folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings
) -> dict[str, tuple[int, int]]:
    """Return, for each unread column that numbers the rows of a file, how many rows have a number, and how many others.

    None is returned for a source that counts victims or offences, of which several may have one number, or that names
    the column under ``id``. A file without such a column is not read again.
    """
    source = folder.source
    if not _has_a_row_each(source):
        return {}
    needed = Needed(folder, source.layouts[file.layout])
    names = [name for name in table.kept if _NUMBERS.fullmatch(fold(name).strip()) and not needed.uses(name, name)]
    if not names:
        return {}
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        return _repeated(connection, f"({text_query(replace(table, kept=tuple(names)), {})})", names)


def check_repeated_numbers(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Return the outcome of the rule on incidents with the number of another row, of a table with a row for each.

    Args:
        connection: where the tables of text are read.
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    is_judged = folder.source.rows != "cells" and _has_a_row_each(folder.source)
    columns = [one for one in unused if is_judged and _NUMBERS.fullmatch(fold(one.name).strip())]
    found = [
        f"{name!r} has {different:,} different numbers in {rows:,} rows"
        for column in columns
        for name, (rows, different) in _repeated(connection, column.table, [column.name]).items()
    ]
    outcome = "warned" if found else "passed" if columns else "not applicable"
    return Outcome("numbers_repeated", outcome, len(columns), len(found), "; ".join(found[:5]))


def _has_a_row_each(source: Source) -> bool:
    units = {measure.counting_unit for measure in source.measures.values()}
    return not source.id and "value" not in source.columns and units <= set(_ONE_ROW_EACH)


def _repeated(connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    texts = [f"nullif(trim({quote_identifier(name)}), '')" for name in names]
    counts = ", ".join(f"count({text}), count(DISTINCT {text})" for text in texts)
    found = fetch_row(connection, f"SELECT {counts} FROM {rows}")
    pairs = zip(names, found[::2], found[1::2], strict=True)
    return {name: (int(rows), int(different)) for name, rows, different in pairs if _is_number_again(rows, different)}


def _is_number_again(rows: int, different: int) -> bool:
    """Whether a column has a number for each incident, and some of them again.

    >>> _is_number_again(1080, 900), _is_number_again(1080, 1080), _is_number_again(1080, 40)
    (True, False, False)
    """
    again = rows - different
    return again >= max(_LEAST_REPEATED, _LEAST_SHARE_REPEATED * rows) and different >= _LEAST_DIFFERENT * rows


def judge_repeated_numbers(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on incidents with the number of another row."""
    pairs = list(facts)
    found = [
        f"{file.name}: {name!r} has {different:,} different numbers in {rows:,} rows"
        for file, fact in pairs
        for name, (rows, different) in fact.get("numbers_again", {}).items()
    ]
    outcome = "warned" if found else "passed"
    return Outcome("numbers_repeated", outcome, max(len(pairs), 1), len(found), "; ".join(found[:5]))


def find_unread_counts(folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings) -> dict[str, int]:
    """Return how many rows have a number above one in each unread column whose name suggests a count.

    A file without such a column is not read again.
    """
    source = folder.source
    if "value" in source.columns or "value" in source.constants:
        return {}
    needed = Needed(folder, source.layouts[file.layout])
    names = [name for name in table.kept if _COUNTS.fullmatch(fold(name).strip()) and not needed.uses(name, name)]
    if not names:
        return {}
    counts = ", ".join(f"count(*) FILTER (TRY_CAST({quote_identifier(name)} AS DOUBLE) > 1)" for name in names)
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        rows = text_query(replace(table, kept=tuple(names)), {})
        found = fetch_row(connection, f"SELECT {counts} FROM ({rows})")
    return {name: int(number) for name, number in zip(names, found, strict=True) if number}


def find_total_words(
    folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings
) -> dict[str, tuple[str, int, int]]:
    """Return, for each unread column, a word that says total, how many rows have it, and how many another word.

    Of rows that each count one, none is a total; only a file whose rows have counts is read again.
    """
    source = folder.source
    needed = Needed(folder, source.layouts[file.layout])
    names = [name for name in table.kept if not needed.uses(name, name)] if "value" in source.columns else []
    if not names:
        return {}
    totals = ", ".join(quote_literal(word) for word in sorted(TOTALS))
    found = {}
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        rows = text_query(replace(table, kept=tuple(names)), {})
        texts = [f"trim({quote_identifier(name)})" for name in names]
        is_total = [f"strip_accents(lower({text})) IN ({totals})" for text in texts]
        counts = ", ".join(
            f"min({text}) FILTER ({total}), count(*) FILTER ({total}), count(*) FILTER ({text} <> '' AND NOT {total})"
            for text, total in zip(texts, is_total, strict=True)
        )
        values = fetch_row(connection, f"SELECT {counts} FROM ({rows})")
    for name, word, number, others in zip(names, values[::3], values[1::3], values[2::3], strict=True):
        if word is not None and others >= number:
            found[name] = (str(word), int(number), int(others))
    return found


def judge_total_words(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on rows that are added up without being parts, of files of incidents."""
    pairs = list(facts)
    found = [
        f"{file.name}: {name!r} has {word!r} in {rows:,} rows, and other words in {others:,}"
        for file, fact in pairs
        for name, (word, rows, others) in fact.get("total_words", {}).items()
    ]
    outcome = "warned" if found else "passed"
    return Outcome("parts_unlike", outcome, max(len(pairs), 1), len(found), "; ".join(found[:5]))


def judge_unread_counts(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on unread columns of counts in files of incidents."""
    pairs = list(facts)
    found = [
        f"{file.name}: {name!r} is above 1 in {rows:,} rows"
        for file, fact in pairs
        for name, rows in fact.get("counts_unread", {}).items()
    ]
    shown = "; ".join(found[:5])
    return Outcome("count_column_unread", "warned" if found else "passed", max(len(pairs), 1), len(found), shown)
