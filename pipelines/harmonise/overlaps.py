"""The same incidents in two files of different bytes: packed and not, in another order, or a year so far."""

from __future__ import annotations

import duckdb

from pipelines.harmonise.tally import Tallied
from pipelines.system.connection import run_sql
from pipelines.system.errors import Problem
from schemas.declarations import quote_literal

# Two tallies of so many different combinations of area, code, sex, age ... are not alike by chance.
_LEAST_COMBINATIONS = 20


def find_overlaps(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> list[Problem]:
    """Compare the tallies of partitions, period by period and as a whole.

    Returns:
        A problem for each partition that counts a period exactly as another one does; neither can be told to be the
        right one.
    """
    if len(tallied.folders) < 2:
        return []
    names = {folder.name: file.name for folder, file in zip(tallied.folders, tallied.files, strict=True)}
    columns = [*tallied.statements.keys, "ref_area_id", "period", "records"]
    columns += ["total"] if tallied.statements.value == "total" else []
    rows = run_sql(
        connection,
        "harmonise/incident_overlaps",
        counted=", ".join(columns),
        files=", ".join(quote_literal(path) for path in tallied.parts("tally")),
        least=str(_LEAST_COMBINATIONS),
    ).fetchall()
    alike: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for one, other, period, records in rows:
        first, second = sorted((names[one], names[other]))
        alike.setdefault(second, {}).setdefault(first, []).append((period, records))
    problems = []
    for second, others in sorted(alike.items()):
        first, periods = min(others.items())
        problems.append(
            Problem(rule="file_given_twice", source=tallied.source_id, file=second, found=_found(first, periods))
        )
    return problems


def _found(first: str, periods: list[tuple[int, int]]) -> str:
    months = sorted(periods)
    which = "All of its rows"
    if months[0][0]:  # else period 0, which is the whole of the file
        rows = sum(records for _, records in months)
        which = f"{rows:,} of its rows, of {_text(months[0][0])} to {_text(months[-1][0])},"
    return f"{which} are in {first} too: both files have as many incidents for each area, code and other value."


def _text(period: int) -> str:
    year, month = divmod(period, 100)
    return f"{year}-{month:02d}" if month else str(year)
