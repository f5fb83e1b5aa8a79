"""Columns of counts or weights in a file of incidents that are not read, so that every row counts as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.header import fold
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.system.connection import fetch_row
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier

_OF_WHAT = r"(victims?|v[ií]ctimas|casos|cases|hechos|delitos|offen[cs]es|incidents|personas?|persons)"
_COUNTS = re.compile(
    r"cantidad|quantity|qty|counts?|anzahl|effectifs?"
    rf"|(total|n[uú]mero|n[uú]m|number|n|no|nr|cantidad)[ _.]*(of|de)?[ _]*{_OF_WHAT}|{_OF_WHAT}[ _]?counts?"
    r"|v[ií]c?timas|casos|muertos|fallecidos|victims|cases|killed|victimes|opfer|fälle"
    r"|weights?|peso|ponderador|factor[ _]*(de)?[ _]*(expansi[oó]n|expansao|pondera\w+)|f(ac(t(or)?)?)?_?exp"
    r"|pond|wgt|wt|expansion([ _]factor)?",
    re.IGNORECASE,
)


def find_unread_counts(file: IncidentFile) -> dict[str, int]:
    """Return, for each unread column with the name of a count or a weight, how many rows have a number above one.

    A file without such a column is not read again.
    """
    if "value" in file.source.columns or "value" in file.source.constants:
        return {}
    names = [name for name in file.unread if _COUNTS.fullmatch(fold(name).strip())]
    if not names:
        return {}
    counts = ", ".join(f"count(*) FILTER (TRY_CAST({quote_identifier(name)} AS DOUBLE) > 1)" for name in names)
    with file.connection() as connection:
        found = fetch_row(connection, f"SELECT {counts} FROM {file.rows(names)}")
    return {name: int(number) for name, number in zip(names, found, strict=True) if number}


def judge_unread_counts(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Warn of columns of counts that are not read in files of incidents."""
    pairs = list(facts)
    found = [
        f"{file.name}: {name!r} is above 1 in {rows:,} rows"
        for file, fact in pairs
        for name, rows in fact.get("counts_unread", {}).items()
    ]
    return Outcome.of_warning("count_column_unread", len(pairs), found)
