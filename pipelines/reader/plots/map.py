"""Choropleth: areas shaded by the class of their rate, those without a rate hatched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.collect.boundaries import Boundaries, Polygon, Ring
from pipelines.reader.maps import MapRates
from pipelines.reader.plots.style import (
    Picture,
    blank_figure,
    caveat_notes,
    finish_picture,
    foot_text,
    picture_title,
)
from pipelines.reader.release import query
from pipelines.reader.words import figure_in, word
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

Numbers = NDArray[np.float64]

FARTHEST = -0.7
"""Cosine of the distance from the middle of the map beyond which an outline is not drawn: there it is torn apart."""
_MARGIN = 0.03
_LINE: dict[str, Any] = {"edgecolor": "0.25", "linewidth": 0.5}
_HATCHED: dict[str, Any] = {"facecolor": "white", "hatch": "////", "edgecolor": "0.45", "linewidth": 0.5}
_DOTTED: dict[str, Any] = {"hatch": "...."}
_SMALL = 0.018
"""Share of the map's width below which an area gets a disc, or its shade would not be seen."""


def plot_map(
    found: MapRates,
    boundaries: Boundaries,
    language: str = "en",
    settings: Settings | None = None,
    *,
    unsure: frozenset[str] | None = None,
) -> Picture:
    """Draw rates by area in classes, on an equal-area projection.

    Areas without a rate are hatched; a star marks rates from few events; land that is not asked for is white. The
    map shows the largest part of each area: distant islands may lie outside it.

    Args:
        found: rates, of :func:`pipelines.reader.maps.read_map_rates`.
        boundaries: outlines by code of the area.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        unsure: the rates are smoothed, and those of these areas cannot be told from the common one: dotted.

    Raises:
        UsageError: no area of the map has an outline.
    """
    shown = [code for code in found.codes if code in boundaries.shapes]
    if not shown:
        raise UsageError(f"boundaries {boundaries.origin}: there is no outline of any area of the map")
    figure, axes, middle, width = _canvas(boundaries, shown)
    looks = _looks(found, unsure or frozenset())
    drawn = set()
    for code, polygons in boundaries.shapes.items():
        outline = _outline(polygons, middle)
        if outline is None:
            continue
        if code not in shown:
            axes.add_patch(_patch(outline, facecolor="white", edgecolor="0.8", linewidth=0.4, zorder=1))
            continue
        drawn.add(code)
        axes.add_patch(_patch(outline, zorder=2, **looks[code]))
        _draw_marks(axes, found, code, project(_largest(polygons), middle), width, looks[code])
    _add_legend(figure, found, language, len(unsure or ()))
    title = picture_title(found.query, [found.key], language, settings)
    title = f"{title}, {found.year}, {word('rate' if unsure is None else 'smoothed', language)}"
    notes = [word("classes", language)]
    notes += [word("hatched", language)] if found.missing else []
    if any(map(found.is_few, found.rows)):
        notes.append(word("few events", language).format(n=load_comparison_rules().fewest_events))
    notes += caveat_notes(list(found.rows.values()), language, "ref_area")
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    undrawn = [names[code] for code in found.codes if code not in drawn]
    notes += [word("without outline", language).format(names=", ".join(undrawn))] if undrawn else []
    notes.append(word("outlines", language).format(origin=boundaries.origin))
    return finish_picture(figure, axes, title, foot_text([found.key.source], notes, language, settings))


def _canvas(boundaries: Boundaries, shown: Sequence[str]) -> tuple[Figure, Axes, tuple[float, float], float]:
    """Return a figure and axes that hold the outlines shown, the middle of the projection, and the map's width."""
    middle = _middle(_largest(boundaries.shapes[code]) for code in shown)
    every = np.concatenate([project(_largest(boundaries.shapes[code]), middle) for code in shown])
    low, high = every.min(axis=0), every.max(axis=0)
    width, height = (high - low).tolist()
    figure = blank_figure(8.0, float(np.clip(6.0 * height / width, 3.2, 7.5)) + 0.9)
    axes = figure.subplots()
    axes.set_xlim(low[0] - _MARGIN * width, high[0] + _MARGIN * width)
    axes.set_ylim(low[1] - _MARGIN * height, high[1] + _MARGIN * height)
    axes.set_aspect("equal")
    axes.set_axis_off()
    return figure, axes, middle, width


def _patch(outline: Outline, **look: Any) -> PathPatch:
    from matplotlib.patches import PathPatch as NewPatch

    return NewPatch(outline, **look)


def _looks(found: MapRates, unsure: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Return how each area is filled: by its class, dotted where unsure, or hatched."""
    shades = _shades(found)
    dotted = dict.fromkeys(unsure, _DOTTED)
    return {
        code: {"facecolor": shades[found.class_of(code)], **_LINE, **dotted.get(code, {})}
        if code in found.rows
        else _HATCHED
        for code in found.codes
    }


def _shades(found: MapRates) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["YlGnBu"](share) for share in np.linspace(0.12, 1.0, len(found.limits) + 1)]


def _draw_marks(axes: Axes, found: MapRates, code: str, outline: Numbers, width: float, look: dict[str, Any]) -> None:
    """Draw a disc on an area too small to see, and a star where the rate is based on few events."""
    x, y = ((outline.min(axis=0) + outline.max(axis=0)) / 2).tolist()
    if float(np.ptp(outline, axis=0).max()) < _SMALL * width:
        axes.plot(x, y, "o", markersize=7, markeredgecolor="0.25", zorder=3, markerfacecolor=look["facecolor"])
    if code in found.rows and found.is_few(code):
        ink = "white" if found.class_of(code) > (len(found.limits) + 1) / 2 else "black"
        axes.text(x, y, "*", ha="center", va="center", fontsize=9, zorder=4, color=ink)


def _add_legend(figure: Figure, found: MapRates, language: str, unsure: int) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=shade, **_LINE) for shade in reversed(_shades(found))]
    labels = _class_labels(found, language)[::-1]
    if unsure:
        handles.append(Patch(facecolor="white", **_LINE, **_DOTTED))
        labels.append(f"{word('not told apart', language)} ({unsure})")
    if found.missing:
        handles.append(Patch(**_HATCHED))
        labels.append(f"{word('no rate', language)} ({len(found.missing)})")
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=8, handleheight=1.4)


def project(points: Ring, middle: tuple[float, float]) -> Numbers:
    """Return points on a plane that keeps areas: Lambert's azimuthal projection of a sphere of radius 1.

    Snyder (1987), Map Projections: A Working Manual, U.S. Geological Survey, equations 22-4, 24-2, 24-13 and 24-14.

    Args:
        points: longitude and latitude in degrees, shape (n, 2).
        middle: longitude and latitude where x and y are 0.

    >>> project(np.array([[10.0, 0.0], [0.0, 90.0]]), (0.0, 0.0)).round(4).tolist()
    [[0.1743, 0.0], [0.0, 1.4142]]
    """
    turned, latitude = np.radians(points[:, 0] - middle[0]), np.radians(points[:, 1])
    centre = np.radians(middle[1])
    scale = np.sqrt(2 / np.maximum(1 + _closeness(points, middle), 1e-9))
    return np.column_stack(
        [
            scale * np.cos(latitude) * np.sin(turned),
            scale * (np.cos(centre) * np.sin(latitude) - np.sin(centre) * np.cos(latitude) * np.cos(turned)),
        ]
    )


def _closeness(points: Ring, middle: tuple[float, float]) -> Numbers:
    """Cosine of the distance of points from the middle, on the sphere."""
    turned, latitude, centre = np.radians(points[:, 0] - middle[0]), np.radians(points[:, 1]), np.radians(middle[1])
    found: Numbers = np.sin(centre) * np.sin(latitude) + np.cos(centre) * np.cos(latitude) * np.cos(turned)
    return found


def _middle(rings: Iterable[Ring]) -> tuple[float, float]:
    """Longitude and latitude in the middle of outlines, each counted once: the mean of their directions."""
    directions = []
    for ring in rings:
        longitude, latitude = np.radians(ring.T)
        around = np.cos(latitude)
        directions.append(
            np.column_stack([around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude)]).mean(axis=0)
        )
    x, y, z = np.mean(directions, axis=0).tolist()
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def _largest(polygons: list[Polygon]) -> Ring:
    """The outline of the polygon that covers most."""
    return max((polygon[0] for polygon in polygons), key=lambda ring: abs(_signed_area(ring)))


def _signed_area(ring: Numbers) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def _outline(polygons: list[Polygon], middle: tuple[float, float]) -> Outline | None:
    """All polygons of an area as one outline: outer rings one way round, holes the other, so that holes stay open."""
    from matplotlib.path import Path as NewOutline

    parts = []
    for polygon in polygons:
        if _closeness(np.concatenate(polygon), middle).min() < FARTHEST:
            continue
        for place, ring in enumerate(polygon):
            flat = project(ring, middle)
            outer = place == 0
            flat = flat if (_signed_area(flat) > 0) == outer else flat[::-1]
            parts.append(NewOutline(flat, closed=True))
    return NewOutline.make_compound_path(*parts) if parts else None


def _class_labels(found: MapRates, language: str) -> list[str]:
    """Lowest and highest rate in each class, and how many areas are in it."""
    groups: list[list[float]] = [[] for _ in range(len(found.limits) + 1)]
    for code, row in found.rows.items():
        groups[found.class_of(code)].append(row["rate_per_100k"])
    decimals = 1 if max(map(max, groups)) >= 5 else 2
    return [
        figure_in(
            f"{min(group):.{decimals}f}"
            + (f" – {max(group):.{decimals}f}" if max(group) > min(group) else "")
            + f"  ({len(group)})",
            language,
        )
        for group in groups
    ]
