"""Incidents that count more than one by a column that is not read: victims of an event, sampling weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed, fold
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect, fetch_row
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier
from schemas.source import SourceFolder

_OF_WHAT = r"(victims?|v[ií]ctimas|casos|cases|hechos|delitos|offen[cs]es|incidents|personas?|persons)"
_COUNTS = re.compile(
    r"cantidad|quantity|qty|counts?|anzahl|effectifs?"
    rf"|(total|n[uú]mero|n[uú]m|number|n|no|nr|cantidad)[ _.]*(of|de)?[ _]*{_OF_WHAT}|{_OF_WHAT}[ _]?counts?"
    r"|v[ií]c?timas|casos|muertos|fallecidos|victims|cases|killed|victimes|opfer|fälle"
    r"|weights?|peso|ponderador|factor[ _]*(de)?[ _]*(expansi[oó]n|expansao|pondera\w+)|fac_?exp"
    r"|expansion([ _]factor)?",
    re.IGNORECASE,
)


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
