"""Pictures of monthly series and of policy evaluations: observed, fitted and expected figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_at
from pipelines.publish.series.breaks import Breaks
from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import (
    Picture,
    canvas,
    finish_picture,
    foot_text,
    label_of,
    picture_title,
    series_caveat_notes,
)
from pipelines.reader.plots.trend import break_notes
from pipelines.reader.release import names_of
from pipelines.reader.series.monthly import MonthlyReport
from pipelines.reader.series.policy import PolicyEvaluation
from pipelines.reader.words import figure_in, word
from pipelines.statistics.wording import p_value_text
from pipelines.system.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def plot_evaluation(
    found: PolicyEvaluation,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw an evaluation: rates as recorded, the course before the date, and what is expected in the first year after.

    Curve, effect and verdict are of one model, :class:`pipelines.reader.series.placebos.FirstYear`.

    Args:
        found: result of :func:`pipelines.reader.series.policy.evaluate_policy`.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes of yours to draw on; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.
    """
    series, freq = found.series, found.series.query.freq
    figure, axes = canvas(ax)
    rates = all(population is not None for population in series.populations)
    _draw_model(axes, found, 100_000 / found.exposures if rates else np.array(series.multipliers[0]), language)
    unit = label_of("counting_unit", series.key.counting_unit, language).lower()
    axes.set_ylabel(word("yearly rate", language) if rates else unit)
    axes.legend(frameon=False, fontsize=sized(8), loc="lower left")
    when = word("evaluation", language).format(date=period_at(found.at, freq))
    title = f"{picture_title(series.query, [series.key], language, settings)}, {when}"
    notes = [
        *_effect_notes(found, language, settings),
        word("evaluation model", language),
        *break_notes([Breaks(bridges=series.crossed)], language),
        *series_caveat_notes(series, language),
    ]
    return finish_picture(figure, axes, title, foot_text([series.key.source], notes, language, settings), ax)


def _effect_notes(found: PolicyEvaluation, language: str, settings: Settings | None) -> list[str]:
    """Return the notes on an effect: verdict, periods, controls, other dates and areas."""
    first = found.first_year
    shown = {name: figure_in(f"{getattr(first.effect, name):.2f}", language) for name in ("value", "low", "high")}
    shown |= {"p": figure_in(p_value_text(first.effect.p), language), "verdict": word(first.verdict_key, language)}
    kind = "effect months" if found.series.query.freq == "M" else "effect year"
    notes = [word(kind, language).format(n=first.periods, **shown)]
    if first.weights:
        iccs = found.series.query.iccs
        areas = ", ".join(
            f"{names_of(iccs, area, language, settings)[1]} ({figure_in(f'{weight:.2f}', language)})"
            for area, weight in first.weights.items()
        )
        notes.append(word("effect controls", language).format(areas=areas))
    else:
        notes.append(word("effect own", language))
    if first.randomisation_p is not None:
        number = figure_in(f"{first.placebos.number:,}", language)
        share = figure_in(f"{100 * first.randomisation_p:.3g} %", language)
        notes.append(word("effect placebos", language).format(n=number, share=share))
    return [*notes, word("no cause", language)]


def _draw_model(axes: Axes, found: PolicyEvaluation, scale: NDArray[np.float64], language: str) -> None:
    """Draw counts, the course before the date and the one expected after it, each times the scale, and the date."""
    series, freq = found.series, found.series.query.freq
    x, steps = _positions(series.steps, freq), np.array(series.steps)
    counts = np.array(series.counts, dtype=np.float64) * scale
    axes.plot(x, counts, "o", color="0.45", markersize=3, label=word("observed", language))
    by_period = found.first_year.expected_by_period
    course = np.array([by_period.get(period, np.nan) for period in series.periods]) * scale
    before, after = steps < found.at, (steps >= found.at - 1) & np.isfinite(course)
    axes.plot(x[before], course[before], "-", color="black", linewidth=thick(1.6), label=word("fitted", language))
    axes.plot(x[after], course[after], "--", color="#D55E00", linewidth=thick(1.6), label=word("without", language))
    inside = after & ~before
    mark = "-" if found.first_year.periods > 1 else "_"
    axes.plot(x[inside], found.first_year.effect.value * course[inside], mark, color="black", linewidth=thick(1.6))
    begin = float(_positions([found.at], freq)[0]) - (0.5 / 12 if freq == "M" else 0.5)
    axes.axvline(begin, color="0.3", linestyle=":", linewidth=thick(1.2))
    top = float(np.nanmax(np.concatenate([counts, course])))
    axes.set_ylim(0, top * 1.25)
    axes.text(begin, top * 1.24, " " + word("begins", language), fontsize=sized(8), va="top", color="0.3")


@styled
def plot_monthly(
    found: MonthlyReport,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw a monthly series as recorded, seasonally adjusted and its trend, with the turning points.

    Args:
        found: result of :func:`pipelines.reader.series.monthly.read_monthly`.
        language: of titles and foot.
        settings: where the published file is.
        ax: axes of yours to draw on; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.
    """
    series, parts = found.series, found.parts
    x = _positions([year * 12 + month - 1 for year, month in parts.months], "M")
    figure, axes = canvas(ax)
    axes.plot(x, parts.values, "-", color="0.65", linewidth=thick(0.9), label=word("raw", language))
    axes.plot(x, parts.adjusted, "--", color="#0072B2", linewidth=thick(1.0), label=word("adjusted", language))
    axes.plot(x, parts.trend, "-", color="black", linewidth=thick(2.0), label=word("trend", language))
    _draw_turns(axes, found, language)
    axes.set_ylim(bottom=0)
    unit = label_of("counting_unit", series.key.counting_unit, language).lower()
    axes.set_ylabel(f"{word('monthly', language)} ({unit})")
    axes.legend(frameon=False, fontsize=sized(8), loc="lower right")
    title = f"{picture_title(series.query, [series.key], language, settings)}, {word('monthly', language)}"
    notes = [word("stl", language), *break_notes([Breaks(bridges=series.crossed)], language)]
    notes += series_caveat_notes(series, language)
    return finish_picture(figure, axes, title, foot_text([series.key.source], notes, language, settings), ax)


def _draw_turns(axes: Axes, found: MonthlyReport, language: str) -> None:
    places = [turn.month[0] * 12 + turn.month[1] - 1 for turn in found.turns]
    if not places:
        return
    marks, heights = _positions(places, "M"), [turn.value for turn in found.turns]
    axes.plot(marks, heights, "o", color="white", markeredgecolor="black", label=word("turns", language), zorder=4)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
    for at, turn, place in zip(marks, found.turns, places, strict=True):
        axes.annotate(
            period_at(place, "M"),
            (at, turn.value),
            (0, 8 if turn.kind == "peak" else -14),
            textcoords="offset points",
            fontsize=sized(7),
            ha="center",
            bbox=box,
        )


def _positions(steps: Sequence[int], freq: str) -> NDArray[np.float64]:
    """Return positions on an axis of years; a month is at its middle."""
    at = np.array(steps, dtype=np.float64)
    return (at + 0.5) / 12 if freq == "M" else at
