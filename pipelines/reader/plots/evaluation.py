"""Pictures of monthly series and of evaluations: what was seen, what was fitted, what would have been expected."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_of
from pipelines.publish.breaks import Breaks
from pipelines.reader.plots.style import (
    add_foot,
    add_title,
    colon,
    figure_in,
    label_of,
    names_of,
    new_figure,
    picture_path,
    word,
)
from pipelines.reader.plots.trend import break_notes
from pipelines.reader.series import Series
from pipelines.statistics.seasonal import Decomposition, TurningPoint
from pipelines.statistics.wording import p_value_text
from pipelines.system.settings import Settings

if TYPE_CHECKING:
    from pipelines.reader.policy import Evaluation


def plot_evaluation(found: Evaluation, path: Path, *, language: str = "en", settings: Settings | None = None) -> Path:
    """Draw an evaluation: rates as recorded, the model, and what the model expects without the change at the date.

    Args:
        found: result of :func:`pipelines.reader.policy.evaluate`.
        path: picture to write, .png, .svg or .pdf.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
    """
    series, model = found.series, found.interrupted.model
    exposures = found.exposures
    rates = all(population is not None for population in series.populations)
    scale = 100_000 / exposures if rates else np.array(series.multipliers[0])
    x = _positions(series.steps, series.freq)
    after = np.array(series.steps) >= found.at
    figure, axes = new_figure()
    counts = np.array(series.counts, dtype=np.float64)
    axes.plot(x, counts * scale, "o", color="0.45", markersize=3, label=word("observed", language))
    for part in (~after, after):
        axes.plot(
            x[part],
            model.fitted[part] * scale[part],
            "-",
            color="black",
            linewidth=1.6,
            label=word("fitted", language) if part is after else None,
        )
    expected = found.interrupted.expected_without * scale
    axes.plot(x[after], expected[after], "--", color="#D55E00", linewidth=1.4, label=word("without", language))
    begin = float(_positions([found.at], series.freq)[0]) - (0.5 / 12 if series.freq == "M" else 0.5)
    axes.axvline(begin, color="0.3", linestyle=":", linewidth=1.2)
    top = float(np.nanmax(np.concatenate([counts * scale, model.fitted * scale])))
    axes.set_ylim(0, top * 1.25)  # an expectation drawn far out may leave the picture
    axes.text(begin, top * 1.24, " " + word("begins", language), fontsize=8, va="top", color="0.3")
    unit = label_of("counting_unit", series.counting_unit, language).lower()
    axes.set_ylabel(word("yearly rate", language) if rates else unit)
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    title, name = names_of(series.iccs, series.area, language, settings)
    when = word("evaluation", language).format(date=period_of(found.at, series.freq))
    add_title(figure, f"{series.iccs} {title}{colon(language)}{name}, {when}")
    level = found.interrupted.level
    shown = {name: figure_in(f"{getattr(level, name):.2f}", language) for name in ("value", "low", "high")}
    note = word("effect", language).format(**shown, p=figure_in(p_value_text(level.p), language))
    notes = [
        word(f"{found.family} regression", language),
        note,
        *break_notes([Breaks(bridges=series.crossed)], language),
    ]
    add_foot(figure, [series.source], notes, language, settings)
    figure.savefig(picture_path(path))
    return path


def plot_monthly(
    series: Series,
    parts: Decomposition,
    turns: Sequence[TurningPoint],
    path: Path,
    *,
    language: str = "en",
    settings: Settings | None = None,
) -> Path:
    """Draw a monthly series as recorded, seasonally adjusted and its trend, with the turning points.

    Args:
        series: of counts.
        parts: its decomposition.
        turns: of the trend.
        path: picture to write.
        language: of titles and foot.
        settings: where the published file is.
    """
    steps = [year * 12 + month - 1 for year, month in parts.months]
    x = _positions(steps, "M")
    figure, axes = new_figure()
    axes.plot(x, parts.values, "-", color="0.65", linewidth=0.9, label=word("raw", language))
    axes.plot(x, parts.adjusted, "--", color="#0072B2", linewidth=1.0, label=word("adjusted", language))
    axes.plot(x, parts.trend, "-", color="black", linewidth=2.0, label=word("trend", language))
    places = [year * 12 + month - 1 for year, month in (turn.month for turn in turns)]
    if turns:
        marks, heights = _positions(places, "M"), [turn.value for turn in turns]
        axes.plot(marks, heights, "o", color="white", markeredgecolor="black", label=word("turns", language), zorder=4)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
        for at, turn, place in zip(marks, turns, places, strict=True):
            above = 8 if turn.kind == "peak" else -14
            axes.annotate(
                period_of(place, "M"),
                (at, turn.value),
                (0, above),
                textcoords="offset points",
                fontsize=7,
                ha="center",
                bbox=box,
            )
    axes.set_ylim(bottom=0)
    unit = label_of("counting_unit", series.counting_unit, language).lower()
    axes.set_ylabel(f"{word('monthly', language)} ({unit})")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    title, name = names_of(series.iccs, series.area, language, settings)
    add_title(figure, f"{series.iccs} {title}{colon(language)}{name}, {word('monthly', language)}")
    notes = [word("stl", language), *break_notes([Breaks(bridges=series.crossed)], language)]
    add_foot(figure, [series.source], notes, language, settings)
    figure.savefig(picture_path(path))
    return path


def _positions(steps: Sequence[int], freq: str) -> NDArray[np.float64]:
    """Places on an axis of years; a month stands in its middle."""
    at = np.array(steps, dtype=np.float64)
    return (at + 0.5) / 12 if freq == "M" else at
