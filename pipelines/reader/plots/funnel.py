"""Funnel: rates of areas against their population, with limits around the common rate, and the smoothed rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import Picture, canvas, caveat_notes, finish_picture, foot_text, picture_title
from pipelines.reader.release import query
from pipelines.reader.series.small_areas import INNER, OUTER, SmallAreas
from pipelines.reader.words import figure_in, word
from pipelines.statistics.surveillance.funnel import funnel_limits
from pipelines.system.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = NDArray[np.float64]

_MOST_DASHES = 100
_MOST_NAMES = 14
_MOST_ALONE = 8
_SIDES = (
    ((5, 0), "left", "center"),
    ((-5, 0), "right", "center"),
    ((0, 5), "center", "bottom"),
    ((0, -5), "center", "top"),
)
"""Possible positions of the name of a point: the offset in points, and the alignment."""
_POINT = 4.0
"""Half the width of a point, in pixels."""


@styled
def plot_funnel(
    found: SmallAreas,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw the rate of each area against its population, on a logarithmic scale.

    Args:
        found: of :func:`pipelines.reader.series.small_areas.read_small_areas`.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes to draw on; new ones if None.
        style: screen, print or slides, or a style sheet of matplotlib.
    """
    figure, axes = canvas(ax)
    persons = np.array([row["population"] for row in found.rows], dtype=float)
    rates = np.array([row["rate_per_100k"] for row in found.rows], dtype=float)
    grid = np.geomspace(persons.min() / 1.15, persons.max() * 1.15, 300)
    _draw_limits(axes, found, grid, language)
    outside = np.array([row["funnel"] != "inside" for row in found.rows])
    size = 4 if len(rates) <= _MOST_DASHES else 2.5
    axes.plot(persons[~outside], rates[~outside], "o", color="black", markersize=size)
    axes.plot(persons[outside], rates[outside], "D", color="#D55E00", markersize=size + 1)
    with_dashes = len(rates) <= _MOST_DASHES
    if with_dashes:
        smoothed = np.array([row[found.smoothed[0]] for row in found.rows], dtype=float)
        axes.vlines(persons, rates, smoothed, color="0.45", linewidth=thick(0.8))
        axes.plot(persons, smoothed, "_", color="#009E73", markersize=8)
    axes.set_xscale("log")
    axes.set_ylim(0, float(rates.max()) * 1.12)
    axes.set_xlim(float(grid[0]), float(grid[-1]))
    axes.set_ylabel(word("rate", language))
    people = word("funnel people", language)
    if ax is None:  # below axes of the caller stands the foot, which names it there
        axes.set_xlabel(people)
    axes.legend(frameon=False, fontsize=sized(8), loc="upper right")
    title = f"{picture_title(found.query, [found.key], language, settings)}, {found.year}"
    share = figure_in(f"{100 * found.spread:.0f}", language)
    notes = [] if ax is None else [f"{people[0].upper()}{people[1:]}."]
    notes += [
        word("funnel", language).format(
            share=share, outside=int(outside.sum()), chance=len(found.beyond_chance), n=len(rates)
        ),
    ]
    if with_dashes:
        notes.append(word("funnel dashes" if found.method == "marshall" else "funnel dashes bym", language))
        notes += smoothing_notes(found, language, settings)
    notes += caveat_notes(found.rows, language, "ref_area")
    picture = finish_picture(figure, axes, title, foot_text([found.key.source], notes, language, settings), ax)
    figure.draw_without_rendering()  # the foot has taken its room: names are put where they will stand
    _name_outside(axes, found)
    return picture


def smoothing_notes(found: SmallAreas, language: str, settings: Settings | None) -> list[str]:
    """Return the notes on rates smoothed with neighbours; none for others."""
    if found.neighbourhood is None:
        return []
    notes = [word("bym", language)]
    alone = found.neighbourhood.alone
    if alone:
        names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
        shown = [names[code] for code in alone[:_MOST_ALONE]] + (["..."] if len(alone) > _MOST_ALONE else [])
        notes.append(word("without neighbour", language).format(names=", ".join(shown)))
    return notes


def _draw_limits(axes: Axes, found: SmallAreas, grid: Numbers, language: str) -> None:
    """Draw the common rate and its limits by population: for chance alone, and with the spread between areas."""
    for spread, colour in ((0.0, "0.6"), (found.spread, "#0072B2")):
        for confidence, name in ((INNER, "funnel 95"), (OUTER, "funnel 998")):
            low, high = (
                100_000 * part / grid for part in funnel_limits(grid * found.common / 100_000, confidence, spread)
            )
            line = ":" if spread == 0.0 else "--" if confidence == INNER else "-"
            label = word(name, language) if spread == found.spread else None
            axes.plot(grid, low, line, color=colour, linewidth=thick(0.9), label=label)
            axes.plot(grid, high, line, color=colour, linewidth=thick(0.9))
    axes.axhline(found.common, color="0.3", linewidth=thick(0.9))


def _name_outside(axes: Axes, found: SmallAreas) -> None:
    """Write the codes of the areas farthest outside beside their points, if they cover no other code or such point."""
    from matplotlib.transforms import Bbox

    named = sorted(
        (row for row in found.rows if row["funnel"] != "inside"),
        key=lambda row: -abs(row["rate_per_100k"] - found.common),
    )
    if not named:
        return
    points = axes.transData.transform([(row["population"], row["rate_per_100k"]) for row in named])
    taken = [Bbox.from_extents(x - _POINT, y - _POINT, x + _POINT, y + _POINT) for x, y in points]
    for row in named[:_MOST_NAMES]:
        at = (row["population"], row["rate_per_100k"])
        for shift, across, along in _SIDES:
            name = axes.annotate(
                row["ref_area"], at, shift, textcoords="offset points", ha=across, va=along, fontsize=sized(7)
            )
            box = name.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            name.remove()
