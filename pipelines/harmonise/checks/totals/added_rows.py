"""Rows that are added up although an unused column shows that they are not parts of one figure.

Only parts may be added up. Rows of one area, period, category and sex may differ in a column that source.yml does not
name: a total and its parts, a first and a revised figure, offences recorded and offences cleared up. The rule
``total_beside_parts`` covers the columns that are named; this module covers all others, and sheets and files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.collect.header import fold
from pipelines.collect.headings.kind_words import KINDS
from pipelines.collect.headings.parts_of_years import part_of_year_in
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.harmonise.checks.measures import measures_of_stocks
from pipelines.harmonise.checks.words.kinds_of_rows import (
    HOMICIDE,
    attempted_in,
    cancelled_in,
    other_deaths_in,
    suspects_in,
)
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.source import SourceFolder
from schemas.words_of_totals import TOTALS, plain

_LEAST_TOTALS = 5
_LEAST_DIFFERENT = 4
_LEAST_SHARE = 0.95
_LEAST_ALIKE = 0.3
_LEAST_VALUE = 5
_LEAST_CERTAIN = 8
_LEAST_CODES = 3
"""When rows with one word are taken for the total of the others: in how many figures they must have as much as all
others together, with how many different numbers, in what share of all figures (the lower share if no other word has
more, as parts may be suppressed), and from what number on, as small counts are equal by chance."""
_NEAR = 1.05
_LEAST_NEAR = 100
_LEAST_SPREAD = 1.5
"""Words with nearly the same figures in places of different size are editions or variants of one figure."""
_MOST_WORDS = 40
_LEAST_ALIKE_VALUE = 20
_LEAST_ALIKE_FIGURES = 3
_LEAST_ALIKE_SHARE = 0.05
"""When rows with identical words count as added up by mistake: from what number on, in how many sums, in what share."""
_KEYS = ("measure", "national_code", "iccs", "ref_area", "time_period", *breakdown_columns())
_OF_COLUMNS = UnusedColumn("tally_part", "_column", in_sql=False, words=())
_HOMICIDES = (
    f"(SELECT cell FROM core WHERE starts_with(CAST(iccs AS VARCHAR), {quote_literal(HOMICIDE)}) "
    "AND NOT contains(CAST(iccs AS VARCHAR), '_') AND attempted = '_T')"
)
_YEAR = r"\b(19|20)[0-9]{2}\b"
_SEXES = re.compile(
    r"[mfhwvk]|(fe)?males?|(wo)?m[ae]n|hombres?|mujer(es)?|hommes?|femmes?|masc\w*|fem\w*|homens?|mulher(es)?|m[aä]nn\w*"
    r"|frau(en)?|weiblich|boys?|girls?|niñ[oa]s?|[12]",
    re.IGNORECASE,
)
_EDITIONS = re.compile(
    r"first|initial|original|prelim\w*\.?|provisional\w*|revised?|rev\.?|final|definiti\w*|updated?|corrected|old|new"
    r"|previous|former|current|preliminar(es)?|provis[oó]ri[oa]s?|revisad[oa]s?|actualizad[oa]s?|provisoires?|révisée?s?"
    r"|vorläufig\w*|endgültig\w*|revidiert\w*|(first|second|1st|2nd) (estimate|edition|release)|v(ersion)?[ ._]?\d+",
    re.IGNORECASE,
)
_VARIANTS = re.compile(
    r"(high|medium|low|central|constant|instant|zero|no|alta|media|baja|hoch|mittel|niedrig|haute|moyenne|basse)\b.*"
    r"|.*\b(variante?s?|scenarios?|escenarios?|szenarien)\b.*",
    re.IGNORECASE,
)
_VARIANT = re.compile(r"variante?|scenario|escenario|sc[eé]nario|szenario|projection|hip[oó]tesis", re.IGNORECASE)
_PART_OF_OTHERS = re.compile(
    r"\W*(of (which|whom)|thereof|de l[oa]s cuales|d[oa]s quais|dont|darunter|davon|included (in|above))\b.*",
    re.IGNORECASE,
)
_RECORDED = re.compile(
    r"(recorded|reported|known|registrad\w+|conocid\w+|constat\w+|erfasst\w*|all|total)\b.*", re.IGNORECASE
)
_DELETED = re.compile(r"d|deletes?|deleted", re.IGNORECASE)


@dataclass(frozen=True)
class WordOfRows:
    """A word of a column, in figures that are sums over rows with different words: a row of ``added_words.sql``."""

    word: str | None
    figures: int
    totals: int
    large_totals: int
    different: int
    highest: int
    value: float
    file: str
    row: int
    near: int
    spread: float | None

    @property
    def is_total_of_several(self) -> bool:
        """Whether the figures alone prove that the rows with this word are the sum of others."""
        mostly = self.totals >= _LEAST_SHARE * self.figures and self.highest == self.figures
        return mostly and self.large_totals >= _LEAST_CERTAIN and self.different >= _LEAST_CERTAIN

    @property
    def is_total(self) -> bool:
        """Whether the rows with this word are the sum of the others."""
        largest = self.highest >= _LEAST_SHARE * self.figures and self.totals >= _LEAST_ALIKE * self.figures
        mostly = self.totals >= _LEAST_SHARE * self.figures or largest
        proven = mostly and self.large_totals >= _LEAST_TOTALS and self.different >= _LEAST_DIFFERENT
        named = plain(self.word or "") in TOTALS
        return proven or (named and max(self.totals, self.highest) >= _LEAST_SHARE * self.figures)


def check_added_rows(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Refuse totals that are added to their parts, and warn of rows that are added up but may not be parts.

    Args:
        connection: has ``core``, the observations in codes with their places, and ``doubted``, which gets the sums of
            such rows.
        folder: the source.
        unused: the columns of its tables of text that it does not use.

    Raises:
        DataRefused: rows with one word of an unused column are the total of the others.
    """
    if folder.source.rows == "cells" or not unused:
        return Outcome.not_applicable("parts_unlike")
    columns = column_names(connection, "core")
    run_sql(connection, "harmonise/added_rows", keys=", ".join(name for name in _KEYS if name in columns))
    (added,) = fetch_row(connection, "SELECT count(*) FROM added")
    are_stocks = len(measures_of_stocks(folder.source)) == len(folder.source.measures)
    problems, findings, checked = list[Problem](), list[str](), 0
    for column in (*unused, _OF_COLUMNS) if added else ():
        words = _words_of(connection, column, _parts_of_years(column, unused))
        if not words:
            continue
        checked += 1
        totals = [word for word in words if word.is_total]
        if totals:
            problems.append(total_problem(folder, column.name, totals[0], words))
            continue
        if are_stocks and (days := [one for one in words if part_of_year_in(one.word or "", column.name)]):
            problems.append(_days_problem(folder, column.name, days[0], words))
            continue
        rows = _rows_of(column, _parts_of_years(column, unused))
        if not (found := _why_unlike(folder, column.name, words)):
            rows = f"SELECT one.* FROM ({rows}) AS one SEMI JOIN {_HOMICIDES} AS homicide USING (cell)"
            found = _attempts_in(connection, column, words, rows)
        if found:
            findings.append(found)
            run_sql(connection, "harmonise/doubted_sums", rows=rows, detail=quote_literal(found))
    findings += _rows_alike(connection, unused) if added else []
    if problems:
        raise DataRefused(problems[:1] if len({problem.row for problem in problems}) == 1 else problems)
    return Outcome.of_warning("parts_unlike", checked, findings)


def _rows_alike(connection: duckdb.DuckDBPyConnection, unused: Sequence[UnusedColumn]) -> list[str]:
    """Return, as text, the tables in which added-up rows differ in nothing but the number.

    Parts of a figure are normally distinguished by some column. Rows without any such difference belong to groups that
    only their position shows (attempted, once below homicide and once below robbery), or to a second table below the
    first.
    """
    findings = []
    for table in dict.fromkeys(column.table for column in unused):
        names = next(column.others for column in unused if column.table == table)
        words = ", ".join(map(quote_identifier, names)) or "0"
        least = str(_LEAST_ALIKE_VALUE)
        figures, sums, file, first, last = run_sql(
            connection, "harmonise/rows_alike", raw=table, words=words, least_value=least
        ).fetchall()[0]
        if figures >= max(_LEAST_ALIKE_FIGURES, _LEAST_ALIKE_SHARE * sums):
            findings.append(
                f"rows that differ in nothing but the number, in {figures:,} of {sums:,} sums ({file}, rows {first} "
                f"and {last}): what tells them apart, or a second table below the first, is in no column"
            )
    return findings


def check_added_codes(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> None:
    """Refuse a national code that equals the sum of all others in its ICCS category, as it would be added to them.

    Args:
        connection: has ``core``, of tables or incidents.
        folder: the source.

    Raises:
        DataRefused: a code is the total of the others.
    """
    columns = column_names(connection, "core")
    if "national_code" not in columns or folder.source.kind == "population":
        return
    keys = ", ".join(name for name in _KEYS if name in columns and name != "national_code")
    several = f"SELECT iccs FROM core GROUP BY iccs HAVING count(DISTINCT national_code) >= {_LEAST_CODES}"
    if not connection.execute(f"{several} LIMIT 1").fetchall():
        return
    rows = (
        f"SELECT hash({keys}) AS sum_of, CAST(national_code AS VARCHAR) AS word, value, _file, _row FROM core "
        f"WHERE iccs IN ({several})"
    )
    words = judge_words(connection, "core", rows)
    totals = [word for word in words if word.is_total_of_several]
    if totals:
        raise DataRefused([_code_problem(folder, one) for one in totals])


def _code_problem(folder: SourceFolder, total: WordOfRows) -> Problem:
    found = (
        f"The national code {total.word!r} has as much as all others of its ICCS category together, in "
        f"{total.totals:,} of {total.figures:,} figures: it is their total, and each is counted twice."
    )
    column = folder.source.columns.get("national_code")
    return Problem(
        "total_beside_parts", folder.source_id, found, total.file, row=total.row, column=column, value=total.word
    )


def _parts_of_years(column: UnusedColumn, unused: Sequence[UnusedColumn]) -> str:
    """Return the SQL for the part of the year of a row, as given by other columns of its table.

    Provisional figures of some months beside final figures of others are not editions of one figure.
    """
    names = [
        other.quoted
        for other in unused
        if other.table == column.table
        and other != column
        and other.words
        and part_of_year_in(other.words[0], other.name)
    ]
    return f"hash({', '.join(names)})" if names else "0"


def _words_of(connection: duckdb.DuckDBPyConnection, column: UnusedColumn, part: str) -> list[WordOfRows]:
    return judge_words(connection, "added", _rows_of(column, part))


def _rows_of(column: UnusedColumn, part: str) -> str:
    """Return the SQL for the added-up rows, each with its word in a column."""
    if column == _OF_COLUMNS:  # of figures that stood side by side, the column is what a word is to a row
        place = "cell"
        words = f"SELECT cell, trim(regexp_replace(_column, '{_YEAR}', '')) AS word, 0 AS part FROM {column.table}"
    else:
        place, word = "_file, _sheet, _row", f"trim({column.quoted}) AS word, {part} AS part"
        words = f"SELECT _file, coalesce(_sheet, '') AS _sheet, _row, {word} FROM {column.table}"
    return f"SELECT * REPLACE (hash(sum_of, part) AS sum_of) FROM added JOIN ({words}) AS worded USING ({place})"


def judge_words(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> list[WordOfRows]:
    """Return the words that distinguish the rows of one figure, and how the numbers beside them compare.

    Args:
        connection: has the table.
        table: from which the rows are read.
        rows: SELECT of each row with its figure ``value``, the figure it is part of ``sum_of``, its ``word`` and place.
    """
    found = run_sql(
        connection,
        "harmonise/added_words",
        table=table,
        rows=rows,
        least_value=str(_LEAST_VALUE),
        least_near=str(_LEAST_NEAR),
        near=str(_NEAR),
        most_words=str(_MOST_WORDS),
    ).fetchall()
    return [WordOfRows(*row) for row in found]


def _days_problem(folder: SourceFolder, column: str, one: WordOfRows, words: Sequence[WordOfRows]) -> Problem:
    """Return the problem that persons on one day are added to those on other days of the year."""
    shown = ", ".join(_shown(word.word) for word in words[:3]) + (" ..." if len(words) > 3 else "")
    found = (
        f"Rows that differ in {_name_of(column)} are added up ({shown}), but the source counts persons on a day: the "
        "same persons are counted again in each part of a year."
    )
    place = None if column.startswith("_") else column
    return Problem("stock_added_up", folder.source_id, found, one.file, row=one.row, column=place, value=one.word)


def _name_of(column: str) -> str:
    """Return how a message names an unused column, or what stands in the place of one."""
    return {"_sheet": "the sheet", "_file": "the file", "_column": "the column of their figure"}.get(
        column, f"the column {column!r}, which source.yml does not use,"
    )


def total_problem(folder: SourceFolder, column: str, total: WordOfRows, words: Sequence[WordOfRows]) -> Problem:
    """Return the problem that the rows with one word of a column are the total of the rows with other words."""
    others = [_shown(one.word) for one in words if one.word != total.word]
    shown = ", ".join(others[:3]) + (" ..." if len(others) > 3 else "")
    what = _name_of(column)
    found = (
        f"Rows that differ in {what} are added up, but those of {_shown(total.word)} have as much as those of {shown} "
        f"together, in {total.totals:,} of {total.figures:,} figures: each is counted twice."
    )
    if not total.totals:
        found = (
            f"Rows that differ in {what} are added up, but those of {_shown(total.word)} are by their name the total "
            f"of those of {shown}: each is counted twice."
        )
    place = None if column.startswith("_") else column
    return Problem(
        "total_beside_parts", folder.source_id, found, file=total.file, row=total.row, column=place, value=total.word
    )


def _attempts_in(
    connection: duckdb.DuckDBPyConnection, column: UnusedColumn, words: Sequence[WordOfRows], rows: str
) -> str | None:
    """Return the word that marks some homicides among these rows as attempts, or as another kind of death."""
    texts, what = [one.word or "" for one in words], "completed homicide"
    found = attempted_in(column.name, texts)
    if not found:
        found, what = other_deaths_in(texts), "intentional homicide"
    if not found or column == _OF_COLUMNS:
        return None
    listed = ", ".join(map(quote_literal, found))
    (number,) = fetch_row(connection, f"SELECT count(*) FROM ({rows}) WHERE word IN ({listed})")
    return f"{column.name!r} has {found[0]!r} in {number:,} rows of {what}" if number else None


def _shown(word: str | None) -> str:
    return repr(word) if word else "a blank cell"


def _why_unlike(folder: SourceFolder, column: str, words: Sequence[WordOfRows]) -> str | None:
    """Return the evidence that rows with these words are not parts of one figure; None if there is none."""
    texts = [one.word or "" for one in words]
    shown = f"{column!r} ({', '.join(map(repr, texts[:3]))}{' ...' if len(texts) > 3 else ''})"
    is_part = [text for text in texts if _PART_OF_OTHERS.fullmatch(text)]
    if is_part:
        return f"{shown}: {is_part[0]!r} is part of another row"
    if sum(bool(_EDITIONS.fullmatch(text)) for text in texts) > 1:
        return f"{shown}: editions of one figure"
    is_variant = _VARIANT.fullmatch(fold(column).strip()) or folder.source.kind == "population"
    if is_variant and sum(bool(_VARIANTS.fullmatch(text)) for text in texts) > 1:
        return f"{shown}: variants of one figure"
    if any(map(_RECORDED.fullmatch, texts)) and any(map(KINDS["cases cleared up"].match, texts)):
        return f"{shown}: those cleared are recorded as well"
    if suspects_in(texts):
        return f"{shown}: victims, and persons suspected or sentenced"
    rates = [text for text in texts if words_for_rate(text)]
    if rates and len(rates) < len(texts):
        return f"{shown}: {rates[0]!r} is a rate or share"
    if fold(column).strip() == "action" and any(map(_DELETED.fullmatch, texts)):
        return f"{shown}: rows that are to be deleted"
    if cancelled := cancelled_in(column, texts):
        return f"{shown}: {cancelled[0]!r} may not be counted"
    parts = all(map(_SEXES.fullmatch, texts)) or any(part_of_year_in(text, column) for text in texts)
    figures = max(one.figures for one in words)
    near = max(one.near for one in words)
    is_near = near >= _LEAST_TOTALS and near >= _LEAST_SHARE * figures
    if is_near and not parts and max(one.spread or 0 for one in words) >= _LEAST_SPREAD:
        return f"{shown}: nearly the same figures, in {near:,} of {figures:,} cases, so perhaps variants of one figure"
    return None
