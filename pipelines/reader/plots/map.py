"""Choropleth: areas shaded by the class of their rate, those without a rate hatched."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.collect.boundaries import Boundaries, Polygon
from pipelines.reader.borders import DECLARED, disputed_land, disputed_lines
from pipelines.reader.maps import MapRates
from pipelines.reader.plots.area_names import STAR, Land, draw_names
from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import (
    Picture,
    caveat_notes,
    finish_picture,
    foot_text,
    panel_canvas,
    picture_title,
    population_notes,
)
from pipelines.reader.projection import (
    Numbers,
    Place,
    copies_of,
    find_place,
    largest,
    project_world,
    signed_area,
    unwrapped,
)
from pipelines.reader.release import query
from pipelines.reader.words import colon, figure_in, word
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

_MARGIN = 0.03
_LINE: dict[str, Any] = {"edgecolor": "0.25", "linewidth": 0.5}
_HATCHED: dict[str, Any] = {"facecolor": "white", "hatch": "////", "edgecolor": "0.45", "linewidth": 0.5}
_DOTTED: dict[str, Any] = {"hatch": "...."}
_SMALL, _SMALLEST = 0.018, 0.004
"""Share of the map's width below which an area gets a disc, as its shade would not be visible; with many areas."""
_MOST_NAMED = 150
"""A map of smoothed rates with more areas has neither names nor stars; its dots show how certain each rate is."""
_CLASS_NAMES = {5: ("lowest", "low", "middle", "high", "highest"), 4: ("lowest", "low", "high", "highest")}
_CLASS_NAMES |= {3: ("lowest", "middle", "highest"), 2: ("lowest", "highest")}


@styled
def plot_map(
    found: MapRates,
    boundaries: Boundaries,
    language: str = "en",
    settings: Settings | None = None,
    *,
    unsure: frozenset[str] | None = None,
    remarks: Sequence[str] = (),
    disputed: str = DECLARED,
    ax: Axes | None = None,
    style: str = SCREEN,
) -> Picture:
    """Draw rates by area in classes, on an equal-area projection.

    Areas without a rate are hatched; a star marks rates from few events; land not asked for is white. The largest part
    of each area is shown: distant islands may lie outside. Countries of several continents are on a map of the world.
    If areas of a country are shown, the legend has the rate of the country.

    Args:
        found: rates, of :func:`pipelines.reader.maps.read_map_rates`.
        boundaries: outlines by code of the area.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        unsure: areas whose smoothed rate cannot be distinguished from the common one; they are dotted.
        remarks: sentences for the foot.
        disputed: set of borders that are drawn as disputed (:mod:`pipelines.reader.borders`), or ``none``.
        ax: axes of yours, made by ``subplots``, whose place map and legend take; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: no area has an outline, there is no such set of borders, or ``ax`` is in no grid.
    """
    if not (shown := [code for code in found.codes if code in boundaries.shapes]):
        raise UsageError(f"boundaries {boundaries.origin}: there is no outline of any area of the map")
    figure, axes, place, width = _canvas(boundaries, shown, ax)
    many = unsure is not None and len(found.codes) > _MOST_NAMED
    starred = set() if many else {code for code in found.rows if found.is_few(code)}
    smallest, looks = width * (_SMALLEST if many else _SMALL), _looks(found, unsure or frozenset())
    drawn, discs = _draw_areas(axes, found, boundaries, place, smallest, looks, starred)
    claimed = _draw_claimed(axes, found, boundaries, disputed, place)
    dotted = _draw_disputed(axes, boundaries, disputed, place)
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    whole = names[found.query.area] if found.query.area is not None and unsure is None else ""
    _add_legend(figure, found, language, len(unsure or ()), whole)
    title = picture_title(found.query, [found.key], language, settings)
    title += f", {found.year}, {word('rate' if unsure is None else 'smoothed', language)}"
    notes = [word("classes", language), *remarks, *([word("hatched", language)] if found.missing else [])]
    notes += [word("few events", language).format(n=load_comparison_rules().fewest_events)] if starred else []
    rows = list(found.rows.values())
    notes += [*population_notes(rows, language, settings), *caveat_notes(rows, language, "ref_area")]
    undrawn = ", ".join(names[code] for code in found.codes if code not in drawn)
    notes += [word("without outline", language).format(names=undrawn)] if undrawn else []
    notes += [] if many else [word("names of areas", language)]
    notes += [word("disputed borders", language).format(name=disputed)] if dotted else []
    notes += [word("disputed land", language)] if claimed else []
    notes += [word("outlines", language).format(origin=boundaries.origin)]
    picture = finish_picture(figure, axes, title, foot_text([found.key.source], notes, language, settings))
    named = {} if many else {code: names[code] for code in drawn - discs.keys()}
    draw_names(picture.figure, axes, named, starred, _land(boundaries, place), list(discs.values()))
    return picture


def _land(boundaries: Boundaries, place: Place) -> dict[str, Land]:
    """Return the outlines of all areas in map coordinates, except those that cannot be drawn."""
    land = {
        code: [
            [place(unwrapped(ring)) for ring in polygon]
            for polygon in polygons
            if not place.is_torn(np.concatenate(polygon))
        ]
        for code, polygons in boundaries.shapes.items()
    }
    return {code: polygons for code, polygons in land.items() if polygons}


def _draw_areas(
    axes: Axes,
    found: MapRates,
    boundaries: Boundaries,
    place: Place,
    smallest: float,
    looks: Mapping[str, dict[str, Any]],
    starred: Set[str],
) -> tuple[set[str], dict[str, tuple[float, float]]]:
    """Draw every outline; return the areas of the map that have one, and the discs of those too small to see."""
    drawn = set()
    discs: dict[str, tuple[float, float]] = {}
    edge = (_frame(), axes.transData) if place.is_world else None
    for code, polygons in boundaries.shapes.items():
        outline = _outline(polygons, place)
        if outline is None:
            continue
        if code not in looks:
            patch = axes.add_patch(_patch(outline, facecolor="white", edgecolor="0.8", linewidth=thick(0.4), zorder=1))
        else:
            patch = axes.add_patch(_patch(outline, zorder=2, gid=code, **looks[code]))
        if edge is not None:
            patch.set_clip_path(*edge)
        if code not in looks:
            continue
        drawn.add(code)
        size = 7.0 if edge is None else 3.5
        outer = place(unwrapped(largest(polygons)))
        if float(np.ptp(outer, axis=0).max()) < smallest:
            discs[code] = _draw_disc(axes, found, code, outer, looks[code] | {"size": size}, starred=code in starred)
    return drawn, discs


def _draw_claimed(axes: Axes, found: MapRates, boundaries: Boundaries, disputed: str, place: Place) -> bool:
    """Draw land claimed by two areas in the shade of neither; return whether any belongs to an area with a rate."""
    claimed = disputed_land(boundaries, disputed)
    shaded = {id(polygon) for code in found.rows for polygon in boundaries.shapes.get(code, [])}
    mine = [polygon for polygon in claimed if id(polygon) in shaded]
    for polygon in mine:
        outline = _outline([polygon], place)
        if outline is not None:
            patch = axes.add_patch(
                _patch(outline, zorder=2.2, facecolor="white", edgecolor="0.25", linewidth=thick(0.5))
            )
            if place.is_world:
                patch.set_clip_path(_frame(), axes.transData)
    return bool(mine)


def _draw_disputed(axes: Axes, boundaries: Boundaries, disputed: str, place: Place) -> bool:
    """Draw the disputed borders on the map dotted, over a white line; return whether there are any."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    lines = [place(line) for line in disputed_lines(boundaries, disputed) if not place.is_torn(line)]
    inside = [flat for flat in lines if ((flat > (left, bottom)) & (flat < (right, top))).all()]
    if not inside:
        return False
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(inside, colors="white", linewidths=1.4, zorder=2.5))
    points = np.array([flat.mean(axis=0) for flat in inside])
    axes.plot(points[:, 0], points[:, 1], ".", color="0.1", markersize=1.6, markeredgewidth=0, zorder=2.6)
    return True


def _canvas(
    boundaries: Boundaries, shown: Sequence[str], ax: Axes | None
) -> tuple[Figure | SubFigure, Axes, Place, float]:
    """Return a figure or part of one, axes for the outlines shown, their projection, and their width."""
    place, low, high = find_place(boundaries, shown)
    width, height = (high - low).tolist()
    across = 11.0 if place.is_world else 8.0
    figure = panel_canvas(ax, across, float(np.clip((across - 2) * height / width, 3.2, 7.5)) + 0.9)
    axes = figure.subplots()
    axes.set_xlim(low[0] - _MARGIN * width, high[0] + _MARGIN * width)
    axes.set_ylim(low[1] - _MARGIN * height, high[1] + _MARGIN * height)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure, axes, place, width


def _patch(outline: Outline, **look: Any) -> PathPatch:
    from matplotlib.patches import PathPatch as NewPatch

    return NewPatch(outline, **look)


def _looks(found: MapRates, unsure: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Return the fill of each area: by its class, dotted if uncertain, or hatched."""
    shades = area_shades(found)
    dotted = dict.fromkeys(unsure, _DOTTED)
    return {
        code: {"facecolor": shades[found.class_of(code)], **_LINE, **dotted.get(code, {})}
        if code in found.rows
        else _HATCHED
        for code in found.codes
    }


def area_shades(found: MapRates) -> list[Any]:
    """Return the colour of each class of rates, from light to dark."""
    from matplotlib import colormaps

    return [colormaps["YlGnBu"](share) for share in np.linspace(0.12, 1.0, len(found.limits) + 1)]


def _draw_disc(
    axes: Axes, found: MapRates, code: str, outline: Numbers, look: dict[str, Any], *, starred: bool
) -> tuple[float, float]:
    """Draw a disc on an area too small to see, with a star if the rate is based on few events; return its position."""
    x, y = ((outline.min(axis=0) + outline.max(axis=0)) / 2).tolist()
    edge, size = {"markeredgecolor": "0.25", "markeredgewidth": look["size"] / 10}, look["size"]
    axes.plot(x, y, "o", markersize=size, zorder=3, markerfacecolor=look["facecolor"], **edge)
    if starred:
        ink = "white" if found.class_of(code) > (len(found.limits) + 1) / 2 else "black"
        axes.text(x, y, STAR, ha="center", va="center", fontsize=sized(9), zorder=4, color=ink)
    return x, y


def _add_legend(figure: Figure | SubFigure, found: MapRates, language: str, unsure: int, whole: str) -> None:
    """Add the classes and their limits, the meaning of hatches and dots, and the rate of the whole with its class."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shades = area_shades(found)
    handles: list[Any] = [Patch(facecolor=shade, **_LINE) for shade in reversed(shades)]
    labels = class_labels(found, language)[::-1]
    if unsure:
        handles.append(Patch(facecolor="white", **_LINE, **_DOTTED))
        labels.append(f"{word('not told apart', language)} ({unsure})")
    if found.missing:
        handles.append(Patch(**_HATCHED))
        labels.append(f"{word('no rate', language)} ({len(found.missing)})")
    if whole:
        row = found.whole or {}
        rate = row.get("rate_per_100k")
        text = word("no rate", language) if rate is None else figure_in(f"{rate:.{2 if rate < 10 else 1}f}", language)
        label = f"{whole}{colon(language)}{text}"
        handles.append(Line2D([], [], linestyle=""))
        labels.append("\n".join(textwrap.wrap(label, 26)))
    heading = f"{word('rate' if not unsure else 'smoothed', language)}\n({word('areas in brackets', language)})"
    look: dict[str, Any] = {"frameon": False, "fontsize": sized(8), "title_fontsize": sized(8), "handleheight": 1.4}
    legend = figure.legend(handles, labels, loc="outside right center", title=heading, **look)
    legend.set_alignment("left")


def _outline(polygons: list[Polygon], place: Place) -> Outline | None:
    """Return all polygons of an area as one outline: outer rings in one direction, holes in the other."""
    from matplotlib.path import Path as NewOutline

    parts = []
    for polygon in polygons:
        if place.is_torn(np.concatenate(polygon)):
            continue
        for number, ring in enumerate(polygon):
            for copy in copies_of(ring) if place.is_world else [ring]:
                flat = place(copy)
                outer = number == 0
                flat = flat if (signed_area(flat) > 0) == outer else flat[::-1]
                parts.append(NewOutline(flat, closed=True))
    return NewOutline.make_compound_path(*parts) if parts else None


def _frame() -> Outline:
    """Return the edge of a world map."""
    from matplotlib.path import Path as NewOutline

    north = np.linspace(-90, 90, 181)
    edge = [np.column_stack([np.full(181, side), way]) for side, way in ((-180.0, north), (180.0, north[::-1]))]
    return NewOutline(project_world(np.concatenate(edge)), closed=False)


def class_labels(found: MapRates, language: str) -> list[str]:
    """Return the label of each class: its lowest and highest rate, and its number of areas."""
    groups: list[list[float]] = [[] for _ in range(len(found.limits) + 1)]
    for code, row in found.rows.items():
        groups[found.class_of(code)].append(row["rate_per_100k"])
    decimals = 1 if max(map(max, groups)) >= 5 else 2
    names = _CLASS_NAMES.get(len(groups), ("",) * len(groups))
    return [
        (f"{word(f'class {name}', language)}{colon(language)}" if name else "")
        + figure_in(
            f"{min(group):.{decimals}f}" + (f" – {max(group):.{decimals}f}" if max(group) > min(group) else ""),
            language,
        )
        + f"  ({len(group)})"
        for name, group in zip(names, groups, strict=True)
    ]
