"""The latest months of a series: counts, expected counts with their upper limit, and nowcasts with their limits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from iccs.periods import period_at, period_index
from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import Picture, canvas, finish_picture, foot_text, picture_title, series_caveat_notes
from pipelines.reader.series.latest import LatestMonths
from pipelines.reader.words import word
from pipelines.system.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MONTHS_SHOWN = 48


@styled
def plot_latest(
    found: LatestMonths,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw the last four years of a monthly series, with the upper limit from its past and nowcasts.

    Args:
        found: of :func:`pipelines.reader.series.latest.read_latest`.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes to draw on; new ones if None.
        style: screen, print or slides, or a style sheet of matplotlib.
    """
    figure, axes = canvas(ax)
    last = found.series.steps[-1]
    first = last - _MONTHS_SHOWN + 1
    steps = [(period_index(at, "M"), expected, upper) for at, expected, upper in found.expected]
    limits = [(step / 12, expected, upper) for step, expected, upper in steps if step >= first]
    if limits:
        at, expected, upper = zip(*limits, strict=True)
        axes.plot(at, expected, color="#0072B2", linewidth=thick(1), label=word("expected from the past", language))
        axes.plot(
            at, upper, color="#0072B2", linewidth=thick(1), linestyle="--", label=word("limit of the past", language)
        )
    _draw_counts(axes, found, first, language)
    alerts = [(period_index(row["time_period"], "M") / 12, row["value"]) for row in found.months if row["is_alert"]]
    if alerts:
        axes.plot(*zip(*alerts, strict=True), "D", color="#D55E00", markersize=7, label=word("alert", language))
    _draw_nowcasts(axes, found, language)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(word("events a month", language))
    axes.legend(frameon=False, fontsize=sized(8), loc="best")
    from matplotlib.ticker import MultipleLocator

    axes.xaxis.set_major_locator(MultipleLocator(1))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    title = picture_title(found.series.query, [found.series.key], language, settings)
    title += f", {period_at(max(first, found.series.steps[0]), 'M')} – {found.series.periods[-1]}"
    notes = [word("latest", language)] if found.expected else []
    places = [place for place, step in enumerate(found.series.steps) if step >= first]
    notes += series_caveat_notes(found.series.selected(places), language)
    return finish_picture(figure, axes, title, foot_text([found.series.key.source], notes, language, settings), ax)


def _draw_counts(axes: Axes, found: LatestMonths, first: int, language: str) -> None:
    """Draw the counts from a month on: no line leads over a gap or a break, or to a month that is not compared."""
    series = found.series
    counts = [count if step >= first else None for step, count in zip(series.steps, series.counts, strict=True)]
    look: dict[str, Any] = {"color": "black", "markersize": 3, "linewidth": thick(1)}
    label: str | None = word("as published", language)
    for run in runs_of_months(series.steps, counts, series.breaks.all):
        axes.plot([at / 12 for at, _ in run], [count for _, count in run], "o-", label=label, **look)
        label = None
    apart = [
        (step / 12, value)
        for step, value, count in zip(series.steps, series.published, series.counts, strict=True)
        if step >= first and count is None and value is not None
    ]
    if apart:
        axes.plot(*zip(*apart, strict=True), "o", fillstyle="none", label=word("month apart", language), **look)


def runs_of_months(
    steps: Sequence[int], counts: Sequence[float | None], breaks: Collection[int]
) -> list[list[tuple[int, float]]]:
    """Return the months with a count, apart where a month is missing between them or a break begins.

    >>> runs_of_months([1, 2, 3, 5, 6], [7, 8, None, 9, 10], {6})
    [[(1, 7), (2, 8)], [(5, 9)], [(6, 10)]]
    """
    runs: list[list[tuple[int, float]]] = []
    for step, count in zip(steps, counts, strict=True):
        if count is None:
            continue
        if not runs or runs[-1][-1][0] != step - 1 or step in breaks:
            runs.append([])
        runs[-1].append((step, count))
    return runs


def _draw_nowcasts(axes: Axes, found: LatestMonths, language: str) -> None:
    """Draw the nowcasts of incomplete months, with limits."""
    if not found.nowcasts:
        return
    places = [period_index(row["time_period"], "M") / 12 for row in found.nowcasts]
    middle = [row["nowcast"] for row in found.nowcasts]
    reach = [
        [row["nowcast"] - row["nowcast_low"] for row in found.nowcasts],
        [row["nowcast_high"] - row["nowcast"] for row in found.nowcasts],
    ]
    label = word("nowcast", language)
    axes.errorbar(
        places, middle, reach, fmt="s", color="#009E73", markersize=4, capsize=3, fillstyle="none", label=label
    )
