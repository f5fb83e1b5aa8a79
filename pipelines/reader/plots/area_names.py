"""Names on a map: each where its own area has room for it, away from the others, and legible on any shade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.plots.sheets import sized, thick
from pipelines.reader.plots.style import text_width
from pipelines.reader.projection import Numbers, centre_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Land = list[list[Numbers]]
"""Polygons of an area in map coordinates: for each the outline, then its holes; shape (n, 2)."""

STAR = "*"
"""The mark after the name of an area with few events."""
_LETTERS = 6.0
_LINE_HEIGHT = 1.2
_MOST_LINES = 3
_MOST_WORDS = 7
_LEAST_OWN = 0.6
"""Share of a name that must be on its own area; the rest may be on water."""
_MOST_FOREIGN = 0.1
"""Share of a name that may be on another area."""
_COST_OF_LINE = 0.15
"""How much better the position of a name must be for one more line."""
_STEPS = 9
_TRIED = 40
"""How many positions of a name, the best first, are compared with other areas and names."""
_SAMPLE = np.array([(x, y) for x in np.linspace(-0.5, 0.5, 7) for y in (-0.5, 0.0, 0.5)])
"""Points of a box around 0, 0 that is 1 wide and 1 high."""


@dataclass(frozen=True)
class Box:
    """A rectangle in map coordinates, by its centre."""

    x: float
    y: float
    width: float
    height: float

    @property
    def points(self) -> Numbers:
        """Points spread over the box, shape (n, 2)."""
        found: Numbers = _SAMPLE * (self.width, self.height) + (self.x, self.y)
        return found


class Ground:
    """The land of all areas, indexed by bounding rectangles of its polygons, and the boxes already taken."""

    def __init__(self, land: Mapping[str, Land], taken: Sequence[Box] = ()) -> None:
        self.land = land
        self._taken = np.zeros((0, 4))
        for box in taken:
            self.take(box)
        every = [(code, polygon) for code, polygons in land.items() for polygon in polygons]
        self._codes = np.array([code for code, _ in every])
        self._polygons = [polygon for _, polygon in every]
        self._low = np.array([polygon[0].min(axis=0) for polygon in self._polygons])
        self._high = np.array([polygon[0].max(axis=0) for polygon in self._polygons])

    def take(self, box: Box) -> None:
        """Reserve a box."""
        self._taken = np.vstack([self._taken, (box.x, box.y, box.width, box.height)])

    def is_free(self, box: Box) -> bool:
        """Whether a box has no point in common with any that is taken.

        >>> ground = Ground({"A": [[np.zeros((4, 2))]]}, [Box(0, 0, 2, 2)])
        >>> ground.is_free(Box(3, 0, 1, 1)), ground.is_free(Box(1, 1, 1, 1))
        (True, False)
        """
        x, y, width, height = self._taken.T
        meets = (abs(x - box.x) <= (width + box.width) / 2) & (abs(y - box.y) <= (height + box.height) / 2)
        return not bool(meets.any())

    def share_of_others(self, code: str, box: Box) -> float:
        """Return the share of a box that is on areas other than this one."""
        points = box.points
        near = ((self._low < points.max(axis=0)) & (self._high > points.min(axis=0))).all(axis=1)
        others = [self._polygons[at] for at in np.flatnonzero(near & (self._codes != code))]
        return float((_inside(others, points) & ~_inside(self.land[code], points)).mean()) if others else 0.0


def draw_names(
    figure: Figure,
    axes: Axes,
    names: Mapping[str, str],
    starred: Set[str],
    land: Mapping[str, Land],
    discs: Sequence[tuple[float, float]],
) -> dict[str, Text]:
    """Write names on their areas where there is room, over no disc and no other name; return what is written by area.

    Where a name has no room, the area has the last part of its code, or nothing; its star, if it has one, in any case.

    Args:
        figure: with title, foot and legend, as these decide how large the map is.
        axes: of the map.
        names: of the areas; the largest has the first choice.
        starred: those of them with a star behind the name.
        land: outlines of every area drawn, those that have no name too.
        discs: places of discs that stay free.
    """
    from matplotlib.patheffects import withStroke

    figure.draw_without_rendering()  # the layout is made when a figure is drawn
    left, right = axes.get_xlim()
    point = (right - left) / axes.get_window_extent().width * figure.dpi / 72
    letters = sized(_LETTERS)
    disc = sized(7) * point
    ground = Ground(land, [Box(x, y, disc, disc) for x, y in discs])
    written: dict[str, Text] = {}
    for code in sorted(names, key=lambda code: -_size(land[code])):
        star = f" {STAR}" if code in starred else ""
        best = None
        for name in (names[code], code.rpartition("-")[2], *([""] if star else [])):
            forms = forms_of_name(f"{name}{star}".strip())
            best = best or _best_form(code, {text: _box_of(text, letters, point) for text in forms}, ground, axes)
        if best is None and star:
            best = STAR, replace(_box_of(STAR, letters, point), **_middle(land[code]))
        if best is not None:
            text, box = best
            ground.take(box)
            written[code] = axes.text(box.x, box.y, text, ha="center", va="center", fontsize=letters, zorder=5)
            written[code].set_path_effects([withStroke(linewidth=thick(1.8), foreground="white")])
            written[code].set_in_layout(False)
    return written


def forms_of_name(name: str) -> list[str]:
    r"""Return a name in one line, and in two and three lines as equal as possible.

    >>> forms_of_name("Baja California Sur")
    ['Baja California Sur', 'Baja\nCalifornia Sur', 'Baja\nCalifornia\nSur']
    """
    parts = name.replace(f" {STAR}", f"\N{NO-BREAK SPACE}{STAR}").split(" ")
    forms = [" ".join(parts)]
    for lines in range(2, min(_MOST_LINES, len(parts)) + 1 if len(parts) <= _MOST_WORDS else 1):
        cuts = [(0, *inner, len(parts)) for inner in combinations(range(1, len(parts)), lines - 1)]
        splits = [[" ".join(parts[start:end]) for start, end in pairwise(cut)] for cut in cuts]
        forms.append("\n".join(min(splits, key=lambda split: max(map(len, split)))))
    return forms


def _best_form(code: str, boxes: Mapping[str, Box], ground: Ground, axes: Axes) -> tuple[str, Box] | None:
    """Return the form of a name that fits its area best, and its position; None if none has room."""
    places = {text: _place(code, box, ground, axes) for text, box in boxes.items()}
    fitting = {text: place for text, place in places.items() if place is not None}
    if not fitting:
        return None
    text = max(fitting, key=lambda text: fitting[text][0] - _COST_OF_LINE * text.count("\n"))
    return text, fitting[text][1]


def _box_of(text: str, letters: float, point: float) -> Box:
    """Return the box of a text around 0, 0; ``point`` is the size of a typographic point on the map."""
    lines = text.split("\n")
    width = max(text_width(line, letters) for line in lines)
    return Box(0.0, 0.0, width * point, _LINE_HEIGHT * letters * len(lines) * point)


def _place(code: str, box: Box, ground: Ground, axes: Axes) -> tuple[float, Box] | None:
    """Return how well a box fits on an area, and its best position; None if it has no room."""
    largest = max(ground.land[code], key=lambda polygon: _extent(polygon[0]))[0]
    low, high = largest.min(axis=0), largest.max(axis=0)
    if box.width * box.height * _LEAST_OWN > _size(ground.land[code]):
        return None
    grid = np.stack(np.meshgrid(*(np.linspace(low[at], high[at], _STEPS + 2)[1:-1] for at in (0, 1))), axis=-1)
    middles = np.concatenate([[centre_of(largest)], grid.reshape(-1, 2)])
    points = (middles[:, None, :] + box.points[None, :, :]).reshape(-1, 2)
    own = _inside(ground.land[code], points).reshape(len(middles), -1).mean(axis=1)
    far = np.hypot(*((middles - middles[0]) / (high - low).max()).T)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    best: tuple[float, Box] | None = None
    for at in np.argsort(far - 2 * own, kind="stable")[:_TRIED]:
        if best is not None and 2 * own[at] - far[at] <= best[0]:
            break  # nor can a later one lie better: they are in this order
        there = replace(box, x=float(middles[at, 0]), y=float(middles[at, 1]))
        held = left + box.width / 2 <= there.x <= right - box.width / 2
        held = held and bottom + box.height / 2 <= there.y <= top - box.height / 2
        if own[at] < _LEAST_OWN or not held or not ground.is_free(there):
            continue
        foreign = ground.share_of_others(code, there)
        score = float(2 * own[at] - far[at] - 4 * foreign)
        if foreign <= _MOST_FOREIGN and (best is None or score > best[0]):
            best = score, there
    return best


def _middle(polygons: Land) -> dict[str, float]:
    """Return the grid point on an area that is farthest from its outline."""
    largest = max(polygons, key=lambda polygon: _extent(polygon[0]))
    low, high = largest[0].min(axis=0), largest[0].max(axis=0)
    grid = np.stack(np.meshgrid(*(np.linspace(low[at], high[at], 22)[1:-1] for at in (0, 1))), axis=-1).reshape(-1, 2)
    on_land = grid[_inside([largest], grid)]
    x, y = centre_of(largest[0])
    if len(on_land):
        apart = np.hypot(*np.moveaxis(on_land[:, None, :] - largest[0][None, :, :], -1, 0)).min(axis=1)
        x, y = on_land[int(apart.argmax())]
    return {"x": float(x), "y": float(y)}


def _inside(polygons: Land, points: Numbers) -> NDArray[np.bool_]:
    """Return whether each point is on one of the polygons and in none of its holes."""
    from matplotlib.path import Path as Outline

    found = np.zeros(len(points), dtype=bool)
    for outer, *holes in polygons:
        in_one = Outline(outer).contains_points(points)
        for hole in holes:
            in_one &= ~Outline(hole).contains_points(points)
        found |= in_one
    return found


def _size(polygons: Land) -> float:
    return max(_extent(polygon[0]) for polygon in polygons)


def _extent(ring: Numbers) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(abs((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) / 2)
