"""Estimates and ratios of a release, with the recorded counts beside them if both exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.reader.release import packaged_query, query
from pipelines.system.settings import Settings
from schemas.errors import UsageError, nearest_values

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Estimates:
    """Figures as published, of one or several series.

    Attributes:
        figures: rows of ``out.estimate``, with the titles of the categories, in the order of series and periods.
        lines: rows of ``out.estimate_trend`` of the same series.
        beside: rows of ``out.dark_figure``: recorded counts beside these estimates.
    """

    figures: Rows
    lines: Rows
    beside: Rows


def read_estimates(
    iccs: str | None = None,
    areas: Sequence[str] = (),
    sdg: str | None = None,
    sex: str = "_T",
    settings: Settings | None = None,
) -> Estimates:
    """Return the estimates and ratios of a category and its subcategories, or of an SDG indicator.

    Args:
        iccs: category; None for all.
        areas: codes of areas; all if none is given.
        sdg: number of an SDG indicator; None for all figures.
        sex: of the persons.
        settings: where the published file is.

    Raises:
        UsageError: there is no such estimate; lists those available.

    Example::

        read_estimates("0201", ["AU"])
    """
    asked: dict[str, object] = {"iccs": iccs, "areas": list(areas), "sdg": sdg, "sex": sex}
    figures = packaged_query("reader/estimates", settings, None, **asked).records()
    if not figures:
        raise UsageError(_nothing(iccs, areas, sdg, settings))
    lines = packaged_query("reader/estimate_lines", settings, None, **asked).records()
    asked.pop("sdg")
    beside = [] if sdg else packaged_query("reader/estimates_beside_counts", settings, None, **asked).records()
    return Estimates(figures, lines, beside)


def _nothing(iccs: str | None, areas: Sequence[str], sdg: str | None, settings: Settings | None) -> str:
    there = query("SELECT DISTINCT iccs, sdg, ref_area FROM out.estimate", settings).rows
    if not there:
        return "the release has no estimates or ratios: no source with figures: estimate or ratio is loaded"
    codes, numbers, places = ({str(value) for value in column if value} for column in zip(*there, strict=True))
    asked = [("category", [iccs], codes), ("SDG indicator", [sdg], numbers), ("area", areas, places)]
    reasons = [
        f"{what} {text} (nearest: {', '.join(nearest_values(text, known)) or ', '.join(sorted(known)[:12])})"
        for what, texts, known in asked
        for text in texts
        if text is not None and text not in known
    ]
    return "no estimates of this " + (" and ".join(reasons) if reasons else "combination of category, area and sex")
