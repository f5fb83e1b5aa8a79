"""The words in columns of a file of incidents that its source does not read.

As in tables, a word beside a row tells what the row is, whether the source names its column or not. The words are
counted by the engine, which reads the columns with few different words once more. Only what cannot be a text on a
person is kept: names of areas, labels of national codes, and words for a kind of row, such as cancelled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from iccs.concordance import Concordance, read_concordance
from pipelines.harmonise.checks.codes import LabelOfCode, stems
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.totals.incidents import total_words
from pipelines.harmonise.checks.words.area_names import NameOfPlace
from pipelines.harmonise.checks.words.doubted import doubt_codes
from pipelines.harmonise.checks.words.flags import flag_on_row
from pipelines.harmonise.checks.words.kinds_of_rows import (
    A_DAY,
    HOMICIDE,
    attempted_in,
    cancelled_in,
    editions_in,
    is_about_report,
    is_day_of_cancelling,
    is_day_of_crime,
    other_deaths_in,
    records_in,
    suspects_in,
    units_of_age_in,
)
from pipelines.harmonise.checks.words.row_words import NO_END
from pipelines.harmonise.values.hidden import hidden
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.outcomes import Outcome
from schemas.area_names import areas_called
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import Source, SourceFolder

_ROWS_TRIED = 2000
_MOST_WORDS = 400
_MOST_COLUMNS = 40
_MOST_PAIRS = 20_000
_FEW_WORDS = 40
_LEAST_NAMES = 0.6
_MOST_OF_ROWS = 0.5
"""Limits on what counts as a column of words: how many rows are tried, the most different words, columns, and pairs of
words and codes; the number of words, and the share of rows, beyond which a column holds free text; and the share of
words that must be names of areas in a column of areas."""
_LEAST_OTHER_YEARS = 0.01
_MEANS = {
    "cancelled": ", which may not be counted",
    "attempted": " of completed homicide",
    "other_deaths": " of intentional homicide",
    "flag": ", but its figures are published as final",
    "edition": ", perhaps replaced by those of another edition",
    "suspects": ", but victims are counted",
    "age_unit": ", but all ages are read in one unit",
}
_NOT_THE_UNIT = ", which are not what is counted"
_OF_HOMICIDE = ("attempted", "other_deaths")
_PLACE = ("_file", "_sheet", "_row", "_received", "_number")


@dataclass(frozen=True)
class Beside:
    """A word of an unread column in rows of one area or national code, with their first and last year."""

    column: str
    is_area: bool
    beside: str
    word: str
    first: str
    last: str
    rows: int


def find_words_beside(file: IncidentFile) -> dict[str, Any]:
    """Return what the unread columns of a file tell about its rows, by kind; only kinds with a finding.

    ``areas``: names of areas with the file's own words for the area of the same rows; ``codes``: labels with the
    national codes of the same rows; ``kinds``: words for a kind of row, with the codes of such rows; ``ages``: how many
    rows have each age in years; ``days``: columns with the day of the crime if the source reads that of the report.
    """
    source = file.source
    used = {*source.columns.values(), *source.id, *source.personal, *_PLACE}
    names = [name for name in (*file.table.kept, *file.table.constants) if name not in used]
    if not names and "age" not in source.columns:
        return {}
    with file.connection() as connection:
        rows = file.rows(file.table.kept) if file.reshape is None else file.numbered_rows()  # in order takes longer
        connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {rows}")
        columns = _columns_of_words(connection, names)
        age = source.columns.get("age") if source.ages is not None and source.ages.unit == "years" else None
        columns |= {age: False} if age is not None else {}
        pairs = _read_pairs(connection, file, columns) if columns else []
        days = _days_of_others(connection, file, names)
    by_column: dict[tuple[str, bool], list[Beside]] = {}
    for pair in pairs:
        by_column.setdefault((pair.column, pair.is_area), []).append(pair)
    ages = by_column.pop((age or "", False), [])
    found: dict[str, list[Any]] = {"areas": [], "codes": [], "kinds": [], "ages": _ages(ages), "days": days}
    labels = _labels(file.folder)
    for (column, is_area), there in by_column.items():
        if is_area:
            found["areas"] += [[one.column, one.beside, one.word, one.rows] for one in there if areas_called(one.word)]
        else:
            found["codes"] += _labels_of_codes(there, labels, bool(source.personal))
            found["kinds"] += _kinds(column, there)
    return {name: rows for name, rows in found.items() if rows}


def _columns_of_words(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, bool]:
    """Return the columns whose first rows have few different words, and whether these are names of areas."""
    if not names:
        return {}
    texts = [f"trim({quote_identifier(name)}::VARCHAR)" for name in names]
    counts = ", ".join(f"count(nullif({text}, '')), list(DISTINCT {text}) FILTER ({text} <> '')" for text in texts)
    values = fetch_row(connection, f"SELECT {counts} FROM (FROM raw LIMIT {_ROWS_TRIED})")
    found = {}
    for name, rows, words in zip(names, values[::2], values[1::2], strict=True):
        several = words or []
        is_text = len(several) > max(_FEW_WORDS, _MOST_OF_ROWS * rows)
        if is_day_of_cancelling(name) and several:
            found[name] = False
        elif several and len(several) <= _MOST_WORDS and not is_text and any(map(_has_letters_or_is_flag, several)):
            named = sum(map(bool, map(areas_called, several)))
            found[name] = named >= _LEAST_NAMES * len(several)
    return dict(list(found.items())[:_MOST_COLUMNS])


def _has_letters_or_is_flag(word: str) -> bool:
    return re.search(r"[^\W\d_]", word) is not None or word in ("0", "1")


def _read_pairs(connection: duckdb.DuckDBPyConnection, file: IncidentFile, columns: Mapping[str, bool]) -> list[Beside]:
    """Count each word of these columns by national code, and names of areas by area, over all rows."""
    source = file.source
    area, code = source.columns.get("ref_area"), source.columns.get("national_code")
    day = source.columns.get("time_period", source.columns.get("year"))
    rows = file.reshape or "FROM raw"
    there = column_names(connection, rows)
    names = [name for name in columns if name in there]
    sets = [f"word_{number}, code" for number, _ in enumerate(names)]
    sets += [f"word_{number}, area" for number, name in enumerate(names) if columns[name] and area]
    if not names:
        return []
    found = run_sql(
        connection,
        "harmonise/words_of_incidents",
        area=_text(area),
        code=_text(code),
        year=_year(day),
        words=[_day_or_blank(name) if is_day_of_cancelling(name) else _text(name) for name in names],
        rows=rows,
        left_out=source.left_out,
        sets=sets,
        named=len(sets) > len(names),
        most=str(_MOST_PAIRS),
    ).fetchall()
    return [
        Beside(names[number], is_area, beside, word, first or "", last or "", rows)
        for number, is_area, beside, word, first, last, rows in found
    ]


def _text(name: str | None) -> str:
    return f"trim(coalesce({quote_identifier(name)}::VARCHAR, ''))" if name else "''"


def _day_or_blank(name: str) -> str:
    """The SQL for a day, whichever it is, of the column with the days on which rows were cancelled."""
    text, no_end = _text(name), quote_literal(NO_END)
    is_day = f"regexp_matches({text}, '[1-9]') AND NOT regexp_matches({text}, {no_end})"
    return f"CASE WHEN {is_day} THEN {quote_literal(A_DAY)} ELSE '' END"


def _ages(pairs: Iterable[Beside]) -> list[list[int]]:
    """How many rows have each whole number of years."""
    rows = Counter[int]()
    for pair in pairs:
        if re.fullmatch(r"\d{1,3}(\.0+)?", pair.word):
            rows[int(float(pair.word))] += pair.rows
    return [[age, number] for age, number in sorted(rows.items())]


def _days_of_others(connection: duckdb.DuckDBPyConnection, file: IncidentFile, names: Sequence[str]) -> list[list[Any]]:
    """Return the columns with the day of the crime if the source reads the day of the report: rows, and other years.

    A crime is often reported in the year after it was committed: its year depends on which of the two days is read.
    """
    day = file.source.columns.get("time_period", file.source.columns.get("year"))
    others = [name for name in names if is_day_of_crime(name)]
    if day is None or not is_about_report(day) or not others or file.reshape:
        return []
    years = {name: _year(name) for name in (day, *others)}
    counts = ", ".join(
        f"count(*) FILTER ({years[name]} IS NOT NULL AND {years[day]} IS NOT NULL), "
        f"count(*) FILTER ({years[name]} <> {years[day]})"
        for name in others
    )
    values = fetch_row(connection, f"SELECT {counts} FROM raw")
    return [[day, *one] for one in zip(others, values[::2], values[1::2], strict=True)]


def _year(name: str | None) -> str:
    return f"nullif(regexp_extract({_text(name)}, '(^|[^0-9])((19|20)[0-9][0-9])([^0-9]|$)', 2), '')"


def _labels(folder: SourceFolder) -> frozenset[str]:
    """The stems of all labels of the concordance."""
    links = read_concordance(folder.concordance).links if folder.concordance is not None else ()
    return frozenset(stem for link in links for stem in stems(link.national_label))


def _labels_of_codes(pairs: Sequence[Beside], labels: frozenset[str], personal: bool) -> list[list[Any]]:
    """The words of a column if they may be labels of the codes: half of them share a word with the concordance."""
    known = {pair.word for pair in pairs if stems(pair.word) & labels}
    words, codes = {pair.word for pair in pairs}, {pair.beside for pair in pairs} - {""}
    if not codes or len(known) * 2 < len(words):
        return []
    return [
        [
            one.column,
            one.beside,
            hidden(one.word) if personal and one.word not in known else one.word,
            one.first,
            one.last,
        ]
        for one in pairs
    ]


def _kinds(column: str, pairs: Sequence[Beside]) -> list[list[Any]]:
    """The words of a column that mean another kind of row, each with the kind, its codes and its rows."""
    words = sorted({pair.word for pair in pairs})
    by_kind = {
        "cancelled": cancelled_in(column, words),
        "attempted": attempted_in(column, words),
        "other_deaths": other_deaths_in(words),
        "edition": editions_in(words),
        "suspects": suspects_in(words),
        "age_unit": units_of_age_in(words),
    }
    by_kind["flag"] = [word for word in words if flag_on_row(column, word)]
    for word, unit in records_in(words).items():
        by_kind.setdefault(f"record {unit}", []).append(word)
    return [
        [kind, column, word, [[one.beside, one.rows] for one in pairs if one.word == word]]
        for kind, found in by_kind.items()
        for word in found
    ]


def names_beside(facts: FileFacts) -> list[NameOfPlace]:
    """Return the names of areas that were found beside areas in all partitions."""
    return [
        NameOfPlace(file.name, *row) for file, fact in facts for row in fact.get("words_beside", {}).get("areas", ())
    ]


def labels_beside(facts: FileFacts) -> list[LabelOfCode]:
    """Return what may be labels of national codes in all partitions."""
    return [
        (column, code, word, first, last)
        for _, fact in facts
        for column, code, word, first, last in fact.get("words_beside", {}).get("codes", ())
    ]


def judge_kinds(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    concordance: Concordance,
    facts: FileFacts,
) -> list[Outcome]:
    """Warn of rows of another kind, and of ages in other units, as shown by columns that are not read.

    Args:
        connection: has ``core``, and ``doubted``, which gets the sums of the codes with such rows.
        folder: the source.
        concordance: its links.
        facts: what was found in each partition.
    """
    findings, ages, flags = total_words(facts), list[str](), list[str]()
    for (kind, column, word), (rows, codes) in _kinds_of_all(folder.source, concordance, facts).items():
        found = (
            f"{column!r} has {word if word == A_DAY else repr(word)} in {rows:,} rows{_MEANS.get(kind, _NOT_THE_UNIT)}"
        )
        if kind == "age_unit":
            ages.append(found)
        elif folder.source.has_checked(column):
            continue
        else:
            rule, several = ("flags_unread", flags) if kind == "flag" else ("parts_unlike", findings)
            several.append(found)
            doubt_codes(connection, rule, [(code, "", "") for code in codes], found)
    return [
        Outcome.of_warning("parts_unlike", len(facts), findings),
        Outcome.of_warning("age_unit_unread", int("age" in folder.source.columns), ages),
        Outcome.of_warning("flags_unread", len(facts), flags),
    ]


def _kinds_of_all(
    source: Source, concordance: Concordance, facts: FileFacts
) -> dict[tuple[str, str, str], tuple[int, list[str]]]:
    """Return the words that matter for what this source counts, with their rows and codes in all partitions."""
    homicides = {
        link.national_code
        for link in concordance.links
        if link.iccs_code.startswith(HOMICIDE) and "_" not in link.iccs_code and not link.text_of("attempted")
        if "includes_attempts" not in link.named_caveats
    }
    victims = {measure.counting_unit for measure in source.measures.values()} == {"victim"}
    asked = {"suspects": victims, "age_unit": "age" in source.columns, "flag": "obs_status" not in source.constants}
    units = {measure.counting_unit for measure in source.measures.values()}
    asked |= {f"record {unit}": False for unit in (*units, *(["incident"] if "case" in units else []))}
    found: dict[tuple[str, str, str], tuple[int, list[str]]] = {}
    for _, fact in facts:
        for kind, column, word, rows_of_codes in fact.get("words_beside", {}).get("kinds", ()):
            counted = {
                code: rows for code, rows in rows_of_codes if kind not in _OF_HOMICIDE or not code or code in homicides
            }
            if counted and asked.get(kind, True) and (kind not in _OF_HOMICIDE or homicides):
                rows, codes = found.get((kind, column, word), (0, []))
                found[kind, column, word] = rows + sum(counted.values()), sorted({*codes, *counted})
    return found


def ages_given(facts: FileFacts) -> dict[int, int]:
    """Return how many rows of all partitions have each age in whole years."""
    rows = Counter[int]()
    for _, fact in facts:
        rows.update(dict(fact.get("words_beside", {}).get("ages", ())))
    return rows


def judge_days(facts: FileFacts) -> Outcome:
    """Warn if the days of reports are read although the file has the days of the crimes as well."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for _, fact in facts:
        for day, name, rows, others in fact.get("words_beside", {}).get("days", ()):
            before = found.get((day, name), (0, 0))
            found[day, name] = (before[0] + rows, before[1] + others)
    findings = [
        f"{others:,} of {rows:,} rows ({others / rows:.0%}) have another year in {name!r} than in {day!r}"
        for (day, name), (rows, others) in found.items()
        if others > _LEAST_OTHER_YEARS * rows
    ]
    return Outcome.of_warning("day_of_report", len(found), findings)
