"""Annual rates: one area with its interval, breaks and segments; by sex or age; small multiples of areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.publish.series.breaks import Breaks
from pipelines.publish.series.segments import fit_segments
from pipelines.reader.plots.style import (
    LANGUAGES,
    STYLES,
    add_foot,
    add_title,
    blank_figure,
    caveat_notes,
    clear_frame,
    figure_in,
    key_label,
    label_of,
    new_figure,
    picture_title,
    short_name,
    whole_years,
    word,
)
from pipelines.reader.rates import By, RateSeries, read_rates
from pipelines.reader.release import query
from pipelines.reader.selection import TOTAL, SeriesQuery
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.system.settings import Settings
from schemas.codelists import age_labels
from schemas.declarations import is_compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_PANELS = 42
MAX_LINEAR_RATIO = 8
"""Small multiples whose middle rates differ more than this go on a logarithmic scale."""


def plot_trend(
    wanted: SeriesQuery, by: By | None = None, language: str = "en", settings: Settings | None = None
) -> Figure:
    """Draw the annual rates of one category in one area: a line for each series, or by sex, age or area.

    Args:
        wanted: what is asked for.
        by: None for a line for each source, stage and counting unit; ``sex`` or ``age`` for the parts of the preferred
            series; ``area`` for the areas below, a panel each.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.

    Raises:
        UsageError: unknown area, sex or age, or there is no rate to draw.

    Example::

        plot_trend(SeriesQuery("0101", "MX"), by="sex")
    """
    series = read_rates(wanted, by, settings)
    if by == "area":
        return plot_areas(wanted, series, language, settings)
    figure, axes = new_figure()
    keys = list(dict.fromkeys(one.key for one in series))
    segments = False
    for position, one in enumerate(series):
        label = _part_label(one, by, language) if by else key_label(one.key, keys, language)
        draw_rates(axes, one, label, position)
        if by in (None, "sex") and (by or position == 0):  # the first is the preferred one
            segments |= _draw_segments(axes, one, position, language)
    breaks = [one.breaks for one in series]
    highest = max(row["ci_high"] or row["rate_per_100k"] for one in series for row in one.rows)
    _draw_breaks(axes, breaks, highest, language)
    shown = replace(wanted, sex=TOTAL) if by == "sex" else replace(wanted, age=TOTAL) if by == "age" else wanted
    add_title(figure, picture_title(shown, keys, language, settings))
    axes.set_ylabel(word("rate", language))
    axes.set_ylim(0, axes.get_ylim()[1] * 1.03)  # joinpoint marks and percentages are above the lines
    axes.margins(x=0.06)
    whole_years(axes)
    axes.legend(frameon=False, fontsize=8)
    notes = [*limit_notes(series, language), *([word("segments", language)] if segments else [])]
    notes += [word("bounds", language)] if any(one.bounds for one in series) else []
    notes += break_notes(breaks, language) + caveat_notes([row for one in series for row in one.rows], language)
    add_foot(figure, [key.source for key in keys], notes, language, settings)
    return figure


def plot_areas(
    wanted: SeriesQuery, series: Sequence[RateSeries], language: str = "en", settings: Settings | None = None
) -> Figure:
    """Draw small multiples of annual rates, a panel for each area, all on one scale.

    Args:
        wanted: what is drawn; its area is in the title.
        series: one for each area, of one source, stage and counting unit, as
            :func:`pipelines.reader.rates.read_rates_of_areas` gives them; at most 42 are drawn.
        language: of titles and foot.
        settings: where the published file is.
    """
    panels = series[:MAX_PANELS]
    columns = min(len(panels), 7 if len(panels) > 18 else 4 if len(panels) > 6 else 3)
    lines = math.ceil(len(panels) / columns)
    figure = blank_figure(max(1.45 * columns, 6.0), 1.25 * lines + 1.1)
    grid = list(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel())
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    for axes, one in zip(grid, panels, strict=False):
        clear_frame(axes)
        draw_rates(axes, one, "", 0, small=True)
        axes.set_title(short_name(names[one.area]), fontsize=7, loc="left", pad=2)
        axes.tick_params(labelsize=6)
        whole_years(axes)
        axes.xaxis.get_major_locator().set_params(nbins=3)
    for axes in grid[max(len(panels) - columns, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)  # the lowest panel of each column
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    notes = [*limit_notes(panels, language), *break_notes([one.breaks for one in panels], language)]
    notes += [word("bounds", language)] if any(one.bounds for one in panels) else []
    if _scale_panels(grid, panels, language):
        notes.append(word("log", language))
    notes += caveat_notes([row for one in panels for row in one.rows], language)
    keys = {one.key for one in panels}
    add_title(figure, f"{picture_title(wanted, keys, language, settings)}, {word('rate', language)}")
    add_foot(figure, sorted({key.source for key in keys}), notes, language, settings)
    return figure


def _scale_panels(grid: Sequence[Axes], panels: Sequence[RateSeries], language: str) -> bool:
    """Set the shared vertical scale; return whether it is logarithmic: on a straight one the low ones would be flat."""
    rates = [[row["rate_per_100k"] for row in one.rows] for one in panels]
    middles = [float(np.median(one)) for one in rates]
    least = min((middle for middle in middles if middle > 0), default=0.0)
    if not least or max(middles) <= MAX_LINEAR_RATIO * least:
        grid[0].set_ylim(bottom=0)
        return False
    grid[0].set_yscale("log")
    grid[0].set_ylim(least / 2, max(map(max, rates)) * 1.5)
    bottom, top = grid[0].get_ylim()
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if bottom <= tick <= top]
    grid[0].set_yticks(ticks[::2], [figure_in(f"{tick:g}", language) for tick in ticks[::2]])
    grid[0].minorticks_off()
    for line in [line for axes in grid for line in axes.lines]:
        line.set_ydata(np.where(np.asarray(line.get_ydata()) == 0, np.nan, line.get_ydata()))
    return True


def draw_rates(axes: Axes, one: RateSeries, label: str, position: int, *, small: bool = False) -> None:
    """Draw one annual series of rates with its interval; a missing year or a break leaves a gap.

    Args:
        axes: where to draw.
        one: the series; a recorded rate that differs from the bridged one is drawn in grey.
        label: name in the legend.
        position: number of the series, for its style.
        small: true in a panel among many: small markers.
    """
    line, marker, colour = STYLES[position % len(STYLES)]
    by_year = {row["year"]: row for row in one.rows}
    halves = {at - 0.5 for at in one.breaks.cuts}
    years = sorted({*map(float, range(min(by_year), max(by_year) + 1)), *halves})

    def column(name: str) -> list[float]:
        found = [by_year[year][name] if year in by_year else None for year in years]
        return [float("nan") if value is None else float(value) for value in found]

    axes.fill_between(years, column("ci_low"), column("ci_high"), color=colour, alpha=0.18, linewidth=0)
    mark, size, width = (".", 2.5, 1.1) if small else (marker, 4.0, 1.4)
    rates = column("rate_per_100k")
    before = [row for row in one.rows if row["recorded"] != row["rate_per_100k"]]
    if before:
        axes.plot(
            [row["year"] for row in before], [row["recorded"] for row in before], color="0.6", marker=".", linewidth=0.8
        )
    axes.plot(years, rates, linestyle=line, color=colour, label=label, marker=mark, markersize=size, linewidth=width)
    shift = 0.12 * position  # the brackets of men and women would hide each other
    for row in one.bounds:
        span = (row["rate_at_least"], row["rate_at_most"])
        axes.plot((row["year"] + shift,) * 2, span, color=colour, marker="_", markersize=2 * size, linewidth=0.8)


def _part_label(one: RateSeries, by: By, language: str) -> str:
    if by == "sex":
        return label_of("sex", one.sex, language)
    return age_labels(one.age)[LANGUAGES.index(language)]


def limit_notes(series: Sequence[RateSeries], language: str) -> list[str]:
    """Return what the bands are, where any figure has limits."""
    return [word("poisson", language)] if any(row["ci_low"] is not None for one in series for row in one.rows) else []


def break_notes(breaks: Sequence[Breaks], language: str) -> list[str]:
    """Return the footnotes about breaks and bridges."""
    notes = [word("breaks", language)] if any(one.cuts for one in breaks) else []
    return notes + ([word("bridges", language)] if any(one.bridges for one in breaks) else [])


def _draw_breaks(axes: Axes, breaks: Sequence[Breaks], top: float, language: str) -> None:
    factors: dict[int, set[str]] = {}
    for one in breaks:
        for bridge in one.bridges:
            factors.setdefault(bridge.at, set()).add(figure_in(f" × {bridge.factor:.2f}", language))
    cuts = {at for one in breaks for at in one.cuts}
    for year in sorted(cuts.union(factors)):
        known = factors.get(year, set())
        text = word("break", language) if year in cuts else word("bridged", language)
        axes.axvline(year - 0.5, color="0.3", linestyle=":", linewidth=1.2)
        text += next(iter(known)) if len(known) == 1 and year not in cuts else ""
        axes.text(year - 0.55, top, text, rotation=90, fontsize=7, va="top", ha="right", color="0.3")


def _draw_segments(axes: Axes, one: RateSeries, position: int, language: str) -> bool:
    """Draw the joinpoint segments of a series, of the years that are compared; return whether there are any."""
    rows = [row for row in one.rows if is_compared(row["caveats"])]
    years, counts, people = ([row[name] for row in rows] for name in ("year", "value", "population"))
    parts = fit_segments(years, counts, people, one.breaks)
    colour = STYLES[position % len(STYLES)][2]
    for place, part in enumerate(parts):
        span = np.linspace(part["first_year"], part["last_year"], 40)
        line = np.geomspace(part["fitted_first"], part["fitted_last"], 40)  # straight on the logarithm
        axes.plot(span, line, color=colour, linewidth=0.9)
        if place:
            axes.plot(span[0], line[0], marker="|", markersize=12, color=colour)
        text = figure_in(f"{part['apc']:+.1f} %", language) + ("" if part["p_value"] < SIGNIFICANCE else " (ns)")
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
        inside = [row for row in rows if part["first_year"] <= row["year"] <= part["last_year"]]
        fitted = np.interp([row["year"] for row in inside], span, line)
        at, above = place_label([row["rate_per_100k"] - height for row, height in zip(inside, fitted, strict=True)])
        axes.annotate(
            text,
            (inside[at]["year"], float(fitted[at])),
            (0, 14 if above else -14),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=7.5,
            color=colour,
            bbox=box,
            zorder=5,
        )
    return bool(parts)


def place_label(distances: Sequence[float]) -> tuple[int, bool]:
    """Return the point of a segment at which its label hides no other, and whether the label is above the line there.

    It is where the series keeps farthest to the other side of the line, also at the points next to it; at an end, where
    another segment may begin, only of a segment of two points.

    Args:
        distances: of the series from the line, at each point of the segment.

    >>> place_label([-0.1, 0.2, 0.3, 0.2, -0.1])
    (2, False)
    """

    def room(place: tuple[int, int]) -> float:
        at, side = place
        return min(-side * distance for distance in distances[max(at - 1, 0) : at + 2])

    within = range(1, len(distances) - 1) or range(len(distances))
    at, side = max(((at, side) for at in within for side in (1, -1)), key=room)
    return at, side > 0
