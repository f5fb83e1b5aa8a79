"""Columns of counts or weights in a file of incidents that are not read, so that every row counts as one."""

from __future__ import annotations

import re

from pipelines.collect.unread import unchecked
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.words.names_of_counts import is_count, is_weight, may_number_rows
from pipelines.system.connection import fetch_row
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier
from schemas.source import Source
from schemas.words_of_totals import plain

_LEAST_NUMERIC = 0.5
"""A column of counts or weights has numbers in at least this share of its cells."""


def find_unread_counts(file: IncidentFile) -> dict[str, int]:
    """Return how many rows have more than one in each unread column whose name is that of a count or a weight.

    For a weight, rows with less than one are included. Where incidents are counted, a number of victims is not taken
    for a count. A file without such a column is not read again.
    """
    source = file.source
    of_persons = not {measure.counting_unit for measure in source.measures.values()} <= {"incident", "case"}
    weights = [name for name in file.unread if is_weight(name)]
    counts = [name for name in file.unread if name not in weights and is_count(name, of_persons)]
    if "value" in source.columns or "value" in source.constants:
        counts = []
    names = [*counts, *weights]
    if not names:
        return {}
    columns = []
    for name in names:
        text = f"nullif(trim({quote_identifier(name)}), '')"
        number = f"TRY_CAST(replace({text}, ',', '.') AS DOUBLE)"
        several = f"{number} > 1" if name in counts else f"{number} > 0 AND {number} <> 1"
        columns.append(
            f"count(*) FILTER ({several}), count({number}), count(DISTINCT {number}), "
            f"count({number}) >= {_LEAST_NUMERIC} * count({text})"
        )
    with file.connection() as connection:
        values = fetch_row(connection, f"SELECT {', '.join(columns)} FROM {file.rows(names)}")
    found = zip(names, values[::4], values[1::4], values[2::4], values[3::4], strict=True)
    return {
        name: int(several)
        for name, several, numbers, different, are_numbers in found
        if several and are_numbers and not (may_number_rows(name) and different > numbers / 2)
    }


def find_second_columns(file: IncidentFile) -> dict[str, tuple[str, int]]:
    """Return, for each unread column of a second victim or offence, the column of the first, and the rows that have it.

    Where victims are counted, a row with the sexes of two is two; where offences are, one with the codes of two. An
    incident with two victims is one.
    """
    units = {measure.counting_unit for measure in file.source.measures.values()}
    roles = {
        "victim": ("sex", "age"),
        "person": ("sex", "age"),
        "offence": ("national_code",),
        "charge": ("national_code",),
    }
    if "value" in file.source.columns or "value" in file.source.constants:
        return {}
    firsts = {file.source.columns.get(role) for unit in units for role in roles.get(unit, ())} - {None}
    pairs = {name: first for name in file.unread for first in firsts if first and _is_second(plain(first), plain(name))}
    if not pairs:
        return {}
    counts = ", ".join(f"count(nullif(trim({quote_identifier(name)}), ''))" for name in pairs)
    with file.connection() as connection:
        values = fetch_row(connection, f"SELECT {counts} FROM {file.rows(pairs)}")
    return {name: (first, int(rows)) for (name, first), rows in zip(pairs.items(), values, strict=True) if rows}


def _is_second(first: str, other: str) -> bool:
    """Tell whether a name is that of the first of several columns, and another that of the second.

    >>> _is_second("sexo_victima_1", "sexo_victima_2"), _is_second("offense1", "offense2"), _is_second("age", "age_2")
    (True, True, True)
    >>> _is_second("area_1", "area_code"), _is_second("sex1", "sex3")
    (False, False)
    """
    seconds = [re.sub(r"1(?!\d)", "2", first, count=1), f"{first}2", f"{first}_2", f"{first} 2"]
    return other != first and other in seconds


def judge_unread_counts(source: Source, facts: FileFacts) -> Outcome:
    """Warn of columns of counts or weights that are not read in files of incidents."""
    found = [
        f"{file.name}: {name!r} is {'not 1' if is_weight(name) else 'above 1'} in {rows:,} rows"
        for file, fact in facts
        for name, rows in fact.get("counts_unread", {}).items()
    ]
    found += [
        f"{file.name}: {name!r} is given in {rows:,} rows, in addition to {first!r}"
        for file, fact in facts
        for name, (first, rows) in fact.get("second_columns", {}).items()
    ]
    return Outcome.of_warning("count_column_unread", len(facts), unchecked(source, found))
