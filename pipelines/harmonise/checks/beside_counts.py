"""Unused columns that show the counts beside them are not plain counts: sampling errors, the last digits of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb

from pipelines.collect.header import Needed
from pipelines.collect.unread import unchecked
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.system.connection import column_names, fetch_row
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier
from schemas.definition.measures import AS_PUBLISHED
from schemas.source import Source, SourceFolder

_ERROR = re.compile(
    r"\b(?:standard|std\.?|sampling|relative standard|probable)\s+errors?\b|\bmargins? of error\b|\bRSE\b|\bs\.e\.|±"
    r"|\bconfidence (?:interval|limit)s?\b|\b\d{2}\s?%?\s?(?:CI|IC|KI)\b|\b(?:CI|IC|KI)\s?\(?\d{2}\b"
    r"|\bcoefficients? of variation\b"
    r"|\bintervalos? de confianza\b|\berror(?:es)? (?:est[aá]ndar|muestral(?:es)?)\b|\bcoeficientes? de variaci[oó]n\b"
    r"|\bintervalles? de confiance\b|\berreurs?[- ]types?\b|\bmarges? d['’]erreur\b|\bcoefficients? de variation\b"
    r"|\bkonfidenzintervalle?\b|\bstandardfehler\b|\bvariationskoeffizient(?:en)?\b|\bstichprobenfehler\b"
    r"|\bintervalos? de confiança\b|\berros?[- ](?:padr[aã]o|padr[oõ]es|amostra(?:l|is))\b"
    r"|\bcoeficientes? de variaç(?:ão|ao)\b",
    re.IGNORECASE,
)
_LEAST_SPLIT = 2
_LEAST_DIFFERENT = 0.5


def check_errors_beside(folder: SourceFolder, unused: Sequence[UnusedColumn], has_text: bool) -> Outcome:
    """Warn if an unused column has sampling errors: the figures are then estimates, but are declared as counts.

    Args:
        folder: the source.
        unused: the columns of its tables of text that it does not use.
        has_text: whether it has tables of text, so that their columns are known.
    """
    rule = "errors_beside_counts"
    if not has_text or any(one.figures in AS_PUBLISHED for one in folder.source.measures.values()):
        return Outcome.not_applicable(rule)
    named = [one.name for one in unused if not one.is_place and _ERROR.search(one.name.replace("_", " "))]
    found = [repr(name) for name in named if not folder.source.has_checked(name)]
    return Outcome.of_warning(rule, max(len(unused), 1), found)


def check_split_numbers(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Warn if the column after the counts has the last three digits of some of them: unquoted, 1,876 is 1 and 876.

    That column is blank beside numbers below 1,000; a code of three digits would be in every row.

    Args:
        connection: where the tables of text are read.
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    pairs = list(_pairs(connection, folder, unused))
    found = list[str]()
    for pair in pairs:
        found += filter(None, [_split_number(connection, *pair)])
    return Outcome.of_warning("number_in_two_columns", len(pairs), unchecked(folder.source, found))


def _split_number(connection: duckdb.DuckDBPyConnection, table: str, count: str, after: str) -> str | None:
    """Return, as text, the evidence that numbers are split between two columns; None if there is none."""
    first, rest = (f"trim({quote_identifier(name)})" for name in (count, after))
    is_rest = f"{rest} SIMILAR TO '[0-9]{{3}}' AND {first} SIMILAR TO '[1-9][0-9]{{0,2}}'"
    rows, filled, split, different, larger = fetch_row(
        connection,
        f"SELECT count(*) FILTER ({first} <> ''), count(*) FILTER ({rest} <> ''), count(*) FILTER ({is_rest}), "
        f"count(DISTINCT {rest}), count(*) FILTER ({first} SIMILAR TO '[0-9]{{4,}}') FROM {table}",
    )
    is_some = filled < rows or different >= max(_LEAST_DIFFERENT * rows, _LEAST_SPLIT)
    if split >= _LEAST_SPLIT and split == filled and is_some and not larger:
        return f"{after!r} has three digits after {count!r} in {split:,} of {rows:,} rows"
    return None


def find_split_numbers(file: IncidentFile) -> list[str]:
    """Return, as text, the evidence that the counts of a file of incidents are split between two columns, if any."""
    value, options, table = file.source.columns.get("value"), file.layout.read, file.table
    after = table.names[table.names.index(value) + 1 :][:1] if value is not None and value in table.names else ()
    if value not in table.kept or not after or after[0] not in file.unread:
        return []
    if options.format != "csv" or options.delimiter != ",":
        return []
    with file.connection() as connection:
        return list(filter(None, [_split_number(connection, file.rows((value, *after)), value, after[0])]))


def judge_split_numbers(source: Source, facts: FileFacts) -> Outcome:
    """Warn of files of incidents whose counts are split between two columns."""
    found = [
        f"{file.name}: {text}" for file, fact in facts for text in unchecked(source, fact.get("split_numbers", ()))
    ]
    return Outcome.of_warning("number_in_two_columns", len(facts), found)


def _pairs(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Iterator[tuple[str, str, str]]:
    """Yield each table of comma-separated text, its column of counts, and the unused column after that."""
    not_used = {(one.table, one.name) for one in unused if not one.in_sql and not one.is_place}
    commas = [one for one in folder.source.layouts if one.read.format == "csv" and one.read.delimiter == ","]
    needed = [Needed(folder, layout) for layout in commas]
    for table in dict.fromkeys(one.table for one in unused) if commas else ():
        names = column_names(connection, f"FROM {table}")
        for count, after in pairwise(names):
            if (table, after) in not_used and any(one.counts(count, count) for one in needed):
                yield table, count, after
