"""A point at which far more incidents lie than at any other: a default for events whose place is unknown."""

from __future__ import annotations

from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.system.outcomes import Outcome

_LEAST_INCIDENTS = 20
_LEAST_SHARE = 0.05
_TIMES_THE_NEXT = 5
"""How many incidents, and what share of all, are at one point, and how many times as many as at the next."""


def find_common_point(file: IncidentFile) -> list[int]:
    """Return how many incidents are at the most common point, at the next one, and at any; empty without points."""
    columns = [file.source.columns.get(role, "") for role in ("longitude", "latitude")]
    if not set(columns) <= set(file.table.kept):
        return []
    return file.count_most_common(columns)


def judge_points(facts: FileFacts) -> Outcome:
    """Warn of files in which so many incidents are at one point that it may stand for an unknown place."""
    judged = [(file.name, *fact["common_point"]) for file, fact in facts if "common_point" in fact]
    found = [
        f"{name}: {most:,} of {known:,} incidents are at one point, and {following:,} at the next in number"
        for name, most, following, known in judged
        if most >= max(_LEAST_INCIDENTS, _LEAST_SHARE * known) and most > _TIMES_THE_NEXT * following
    ]
    return Outcome.of_warning("points_piled", len(judged), found)
