"""Evidence on programmes for a page: what the authors state, whether it has limits, and what each result lacks."""

from __future__ import annotations

from typing import Any

from pipelines.reader.plots.style import label_of
from pipelines.reader.site.content import Rows
from pipelines.reader.words import figure_in

_NOTHING_CHANGED = {"rate_ratio": 1.0, "odds_ratio": 1.0}
"""The value of no effect, for measures for which it is not zero."""


def evidence_rows(rows: Rows, language: str) -> list[dict[str, Any]]:
    """Return the rows of ``site_evidence.sql`` in words of a language.

    Args:
        rows: of the release, those that everybody may have.
        language: en, fr or es.

    Returns:
        For each: ``area`` and ``category``, ``design`` and ``measure`` in words, ``figure`` and ``limits`` as text
        (empty where the source gives none), ``excludes`` (whether the limits exclude that nothing changed; None without
        any), ``lacks`` (effect, interval, comparison), and the other columns as they are.
    """
    return [row | _in_words(row, language) for row in rows]


def _in_words(row: dict[str, Any], language: str) -> dict[str, Any]:
    low, high = row["effect_low"], row["effect_high"]
    nothing = _NOTHING_CHANGED.get(row["effect_measure"], 0.0)
    limited = low is not None and high is not None
    level = row["effect_confidence_percent"]
    limits = f"{_figure(low, language)} – {_figure(high, language)}" if limited else ""
    if limited and level is not None:
        limits += f" ({_figure(level, language)} %)"
    return {
        "area": row[f"area_{language}"] or row["area_en"],
        "category": f"{row['iccs']} {row[f'category_{language}'] or row['category_en']}".strip(),
        "design": label_of("study_design", row["study_design"], language),
        "measure": label_of("effect_measure", row["effect_measure"], language),
        "figure": "" if row["effect"] is None else _figure(row["effect"], language),
        "limits": limits,
        "excludes": (low > nothing or high < nothing) if limited else None,
        "lacks": (row["evidence_lacks"] or "").split("; ") if row["evidence_lacks"] else [],
    }


def _figure(value: float, language: str) -> str:
    return figure_in(f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}", language)
