"""Rows that count more or less than one by a column that is not read.

Victims of an event, sampling weights; the number of an incident that has a row for each of its updates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.checks.words.names_of_counts import is_count, is_weight, may_number_rows
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect, fetch_row
from pipelines.system.outcomes import Outcome
from pipelines.system.running.workers import LARGE_BYTES
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import Source, SourceFolder
from schemas.words_of_totals import plain

_NUMBER = r"(id|no|nr|n|num|number|numero|folio|code|clave|key|ref|reference|nummer|zeichen)"
_OF_UNIT = {
    "incident": r"(case|incident|file|record|report|event|crime|complaint|caso|incidente|hecho|expediente|carpeta"
    r"|denuncia|evento|affaire|dossier|fait|akten?|fall|processo|ocorrencia|boletim)",
    "victim": r"(victim|victima|victime|vitima|opfer|person|persona|personne)",
    "person": r"(person|persona|personne|suspect|offender|accused|imputado|detenido|arrestee|defendant|inmate|interno)",
    "offence": r"(offen[cs]e|charge|count|delito|infraction|tat|delikt)",
}
_OF_UNIT["case"] = _OF_UNIT["incident"]
_ALONE = rf"|{_NUMBER}|folio|expediente|carpeta|aktenzeichen|incident|case"
"""Names of columns that number what is counted; in a file with a row for each incident a number alone is its number."""
_CANONICAL = (
    (r"[^a-z0-9]+", "-"),
    (r"([a-z])-|-([a-z])", r"\1\2"),
    (r"(^|[^0-9])0+([0-9])", r"\1\2"),
    (r"^-+|-+$|r$", ""),
)
"""Capitals, signs, leading zeros, and the letter of a case that was reopened, make no other number."""
_SKETCH = 2000
_MOST_FILES = 50
_MOST_HASHES = 500_000
"""Of the hashes of the numbers of a file, with day and area, so many of the lowest are kept, and compared of all files:
they are enough to estimate what two files have in common."""
_CODES = re.compile(r"(.* )?(code|clave|key|n|no)( .*)?")
_LEAST_OF_NUMBERS = 0.02
_LEAST_NUMBERS = 50
"""A column with so many numbers numbers what is counted, also where each is there many times (a file of the open cases
of each month), unless its name may be that of a code."""
_LEAST_NUMERIC = 0.5
"""A column of counts or weights has numbers in at least this share of its cells."""
_LEAST_REPEATED = 5
_LEAST_SHARE_REPEATED = 0.005
_LEAST_DIFFERENT = 0.4
"""Rows that repeat a number, their share of all, and the share of different numbers that a column of numbers has."""


def find_repeated_numbers(
    folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings
) -> dict[str, dict[str, Any]]:
    """Return what the unread columns say that number what a file has a row for: rows, numbers, and a sketch of them.

    None is returned for a source that names the column under ``id``. A file without such a column is not read again.
    """
    source = folder.source
    pattern = _names_of_numbers(source)
    if pattern is None:
        return {}
    needed = Needed(folder, source.layouts[file.layout])
    names = [name for name in table.kept if pattern.fullmatch(_spaced(name)) and not needed.uses(name, name)]
    if not names:
        return {}
    beside = [source.columns.get(name) for name in ("time_period", "ref_area")]
    others = [name for name in beside if name is not None and name in table.kept]
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        rows = f"({text_query(replace(table, kept=tuple(dict.fromkeys((*names, *others)))), {})})"
        return {
            name: {"rows": count, "different": different, "sketch": _sketch(connection, rows, name, others, different)}
            for name, (count, different) in _numbers(connection, rows, names, file.size >= LARGE_BYTES).items()
            if _are_numbers(name, count, different)
        }


def _sketch(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, others: Sequence[str], different: int
) -> list[int]:
    """Return the lowest hashes of the different numbers in a column, each with its day and area."""
    texts = ", ".join(_plain(one) for one in (name, *others))
    most = 2**64 * min(
        4 * _SKETCH / max(different, 1), 1
    )  # below it are four times as many as wanted: no need to sort all
    statement = (
        f"SELECT DISTINCT one FROM (SELECT hash({texts}) AS one FROM {rows} WHERE {_plain(name)} IS NOT NULL) "
        f"WHERE one::DOUBLE <= {most} ORDER BY one LIMIT {_SKETCH}"
    )
    return [int(one) for (one,) in connection.execute(statement).fetchall()]


def check_repeated_numbers(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, unused: Sequence[UnusedColumn]
) -> Outcome:
    """Return the outcome of the rule on incidents with the number of another row, of a table with a row for each.

    Args:
        connection: where the tables of text are read.
        folder: the source.
        unused: the columns of its tables of text that it does not use.
    """
    pattern = _names_of_numbers(folder.source) if folder.source.rows != "cells" else None
    columns = [one for one in unused if pattern is not None and pattern.fullmatch(_spaced(one.name))]
    found = [
        _numbers_told(name, rows, different)
        for column in columns
        for name, (rows, different) in _numbers(connection, column.table, [column.name]).items()
        if _are_numbers(name, rows, different) and _is_again(rows, different)
    ]
    outcome = "warned" if found else "passed" if columns else "not applicable"
    return Outcome("numbers_repeated", outcome, len(columns), len(found), "; ".join(found[:5]))


def _numbers_told(name: str, rows: int, different: int) -> str:
    return f"{name!r} has {different:,} different numbers in {rows:,} rows"


def _spaced(name: str) -> str:
    """The name of a column in lower case, with a blank between its words.

    >>> _spaced("victimID"), _spaced("Número_de_caso")
    ('victim id', 'numero de caso')
    """
    return " ".join(re.split(r"[\W_]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))).strip()


def _names_of_numbers(source: Source) -> re.Pattern[str] | None:
    """Return the names of columns that number what the source counts, if a row is one of them; None otherwise."""
    units = {measure.counting_unit for measure in source.measures.values()}
    unit = next(iter(units)) if len(units) == 1 else ""
    if source.id or "value" in source.columns or unit not in _OF_UNIT:
        return None
    thing, alone = _OF_UNIT[unit], _ALONE if unit in ("incident", "case") else ""
    return re.compile(rf"{_NUMBER} ?((of|de|del|der|du) )?{thing}|{thing} ?((of|de|del|der|du) )?{_NUMBER}{alone}")


def _plain(name: str) -> str:
    return f"nullif(lower(trim({quote_identifier(name)}::VARCHAR)), '')"


def _canonical(name: str) -> str:
    return canonical_number(quote_identifier(name))


def canonical_number(expression: str) -> str:
    """Return the SQL of a number without what makes no other number: capitals, signs, leading zeros."""
    text = f"lower(trim({expression}::VARCHAR))"
    for pattern, new in _CANONICAL:
        text = f"regexp_replace({text}, {quote_literal(pattern)}, {quote_literal(new)}, 'g')"
    return f"nullif({text}, '')"


def _numbers(
    connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str], is_large: bool = False
) -> dict[str, tuple[int, int]]:
    """Return how many rows have a number in each column, and how many are different; of a large file as written."""
    counts = ", ".join(
        f"count({text}), count(DISTINCT hash({text})) FILTER ({text} IS NOT NULL)" for text in map(_canonical, names)
    )
    found = fetch_row(connection, f"SELECT {counts} FROM {rows}")
    pairs = zip(names, found[::2], found[1::2], strict=True)
    return {name: (int(rows), int(different)) for name, rows, different in pairs if rows}


def _are_numbers(name: str, rows: int, different: int) -> bool:
    """Whether a column has a number for each incident, each in one row or several.

    >>> _are_numbers("case", 1080, 900), _are_numbers("case_code", 1080, 60), _are_numbers("case_number", 1080, 60)
    (True, False, True)
    """
    certain = different >= max(_LEAST_NUMBERS, _LEAST_OF_NUMBERS * rows) and not _CODES.fullmatch(_spaced(name))
    return certain or different >= _LEAST_DIFFERENT * rows


def _is_again(rows: int, different: int) -> bool:
    """Whether some of the numbers of incidents are there again.

    >>> _is_again(1080, 900), _is_again(1080, 1080)
    (True, False)
    """
    return rows - different >= max(_LEAST_REPEATED, _LEAST_SHARE_REPEATED * rows)


def judge_repeated_numbers(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on incidents with the number of another row, in a file or in two."""
    pairs = list(facts)
    found = [
        f"{file.name}: {_numbers_told(name, one['rows'], one['different'])}"
        for file, fact in pairs
        for name, one in fact.get("numbers", {}).items()
        if _is_again(one["rows"], one["different"])
    ]
    found += [
        f"{file.name}: {near:,} identifiers (id) are another one but for leading zeros, signs or capitals"
        for file, fact in pairs
        if (near := fact.get("repeats", {}).get("near"))
    ]
    found += _numbers_of_two_files(pairs)
    outcome = "warned" if found else "passed"
    return Outcome("numbers_repeated", outcome, max(len(pairs), len(found), 1), len(found), "; ".join(found[:5]))


def _numbers_of_two_files(facts: Sequence[tuple[RawFile, Mapping[str, Any]]]) -> list[str]:
    """Return which files have numbers of another one, with the same day and area, as text: incidents updated later."""
    sketches = [
        (file.name, name, one["sketch"], one["different"])
        for file, fact in facts
        for name, one in fact.get("numbers", {}).items()
    ]
    highest = [_highest(sketch) for *_, sketch, _ in sketches]
    limit = sorted(one for *_, sketch, _ in sketches for one in sketch)[:_MOST_HASHES][-1:]
    files_of: dict[tuple[str, int], list[int]] = {}
    for number, (_, name, sketch, _) in enumerate(sketches):
        for one in sketch:
            if one <= limit[0]:
                files_of.setdefault((name, one), []).append(number)
    common = Counter(pair for numbers in files_of.values() for pair in combinations(numbers[:_MOST_FILES], 2))
    told = []
    for (one, other), shared in sorted(common.items()):
        (first, name, *_), (second, _, sketch, different) = sketches[one], sketches[other]
        compared = sum(hashed <= min(highest[one], highest[other], limit[0]) for hashed in sketch)
        if shared >= _LEAST_REPEATED and shared >= _LEAST_SHARE_REPEATED * compared:
            both = shared / max(compared, shared) * different
            told.append(
                f"{second}: about {both:,.0f} of {different:,} numbers in {name!r} are in {first} too, with the same "
                "day and area"
            )
    return told


def _highest(sketch: Sequence[int]) -> int:
    """The hash up to which a sketch has those of all numbers; one with fewer than it may have has them all."""
    return sketch[-1] if len(sketch) >= _SKETCH else 2**64


def find_unread_counts(folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings) -> dict[str, int]:
    """Return how many rows have a number above one in each unread column whose name suggests a count or a weight.

    A weight below one is told too. Where incidents are counted, their victims are not. A file without such a column is
    not read again.
    """
    source = folder.source
    needed = Needed(folder, source.layouts[file.layout])
    units = {measure.counting_unit for measure in source.measures.values()}
    counts_once = "value" not in source.columns and "value" not in source.constants
    weights = [name for name in table.kept if is_weight(name) and not needed.uses(name, name)]
    of_persons = not units <= {"incident", "case"}
    counts = [
        name
        for name in table.kept
        if counts_once and name not in weights and is_count(name, of_persons) and not needed.uses(name, name)
    ]
    if not (names := [*counts, *weights]):
        return {}
    numbers = [f"TRY_CAST(replace(trim({quote_identifier(name)}), ',', '.') AS DOUBLE)" for name in names]
    conditions = [f"{one} > 1" for one in numbers[: len(counts)]]
    conditions += [f"{one} <> 1 AND {one} > 0" for one in numbers[len(counts) :]]
    found = ", ".join(
        f"count(*) FILTER ({condition}), count({one}), count(DISTINCT {one}), count({_plain(name)})"
        for name, one, condition in zip(names, numbers, conditions, strict=True)
    )
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        values = fetch_row(connection, f"SELECT {found} FROM ({text_query(replace(table, kept=tuple(names)), {})})")
    columns = zip(names, values[::4], values[1::4], values[2::4], values[3::4], strict=True)
    return {
        name: int(above)
        for name, above, numeric, different, filled in columns
        if above and numeric >= _LEAST_NUMERIC * filled and not (may_number_rows(name) and different > numeric / 2)
    }


def judge_unread_counts(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on unread columns of counts in files of incidents."""
    pairs = list(facts)
    found = [
        f"{file.name}: {name!r} is {'not 1' if is_weight(name) else 'above 1'} in {rows:,} rows"
        for file, fact in pairs
        for name, rows in fact.get("counts_unread", {}).items()
    ]
    shown = "; ".join(found[:5])
    return Outcome("count_column_unread", "warned" if found else "passed", max(len(pairs), 1), len(found), shown)
