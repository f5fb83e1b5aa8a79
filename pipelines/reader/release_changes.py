"""What the published release changed compared with the previous one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.reader.release import query
from pipelines.reader.series.rates import Rows
from pipelines.system.settings import Settings
from schemas.codelists import load_codelist


@dataclass(frozen=True)
class ReleaseChanges:
    """Changes of a release.

    Attributes:
        against: the previous release; None if nothing differs from it, or there is none.
        sources: a row for each source: the number of figures of each kind of change, and ``reasons`` of withdrawn or
            newly marked figures, in words.
        largest: the figures that changed most, as in ``out.release_change_cell``.
    """

    against: str | None
    sources: Rows
    largest: Rows


def read_release_changes(settings: Settings | None = None) -> ReleaseChanges:
    """Return what the published release changed."""
    rows = query("FROM out.release_change ORDER BY source", settings).records()
    kinds = [code.code for code in load_codelist("release_change")]
    sources: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = sources.setdefault(row["source"], {"source": row["source"], **dict.fromkeys(kinds, 0), "reasons": {}})
        one[row["release_change"]] = row["cells"]
        if row["what_changed"]:
            one["reasons"][row["release_change"]] = row["what_changed"]
    largest = query("SELECT * EXCLUDE (release) FROM out.release_change_cell", settings).records()
    return ReleaseChanges(rows[0]["previous_release"] if rows else None, list(sources.values()), largest)
