"""Evidence on programmes in a release, as stated by its authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.reader.release import packaged_query, query
from pipelines.system.settings import Settings
from schemas.errors import UsageError


def read_evidence(
    iccs: str | None = None, areas: Sequence[str] = (), settings: Settings | None = None
) -> list[dict[str, Any]]:
    """Return the evidence on programmes for a category and its subcategories, or all.

    Args:
        iccs: category; None for all.
        areas: codes of areas; all if none is given.
        settings: where the published file is.

    Raises:
        UsageError: there is none; lists what is available.

    Example::

        read_evidence("0501")
    """
    found = packaged_query("reader/evidence", settings, None, iccs=iccs, areas=list(areas)).records()
    if found:
        return found
    there = query("SELECT DISTINCT iccs, ref_area FROM out.evaluation ORDER BY ALL", settings).rows
    if not there:
        raise UsageError("the release has no evidence on programmes: the project has no evaluations.csv")
    listed = "; ".join(f"{code} in {area}" for code, area in there[:12])
    raise UsageError(f"no evidence on programmes of this category and area; there is: {listed}")
