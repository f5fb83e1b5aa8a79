"""Maps on pages: areas shaded by their rates, with marks for their trends, as SVG.

Points are on a grid of whole units, on which neighbours share the points of their border, so that a map of a country
has about ten kilobytes and no gaps between areas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from pipelines.collect.boundaries import Boundaries, NoBoundaries, Polygon, bundled_boundaries
from pipelines.reader.borders import disputed_land, disputed_lines
from pipelines.reader.maps import class_limits
from pipelines.reader.plots.style import short_name
from pipelines.reader.projection import (
    Numbers,
    Place,
    copies_of,
    find_place,
    largest,
    signed_area,
    unwrapped,
)
from pipelines.reader.site.content import Rows
from pipelines.reader.words import colon, figure_in, word
from schemas.comparison import load_comparison_rules

_Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""
Grid = NDArray[np.int64]
"""Points in whole units from the upper left corner, shape (n, 2)."""

_MOST_WIDTH, _MOST_HEIGHT, _MARGIN = 640, 620, 8
_NARROW = 400
"""A map up to this width shows its names on phones too."""
_LETTER = 5.4
"""Width of a letter of a name, in units of the map."""
_LEAST_AREA = 3.0
"""In square units: a smaller part of an area is left out, unless it is the largest."""
_BEYOND = 20
"""Units beyond the edge of the map at which outlines are cut off."""
_ROWS = 9
"""Heights of an area at which a name is tried."""
_LINE = 11
"""Height of a name, in units of the map."""
_SMALLEST = 7
"""An area smaller than this in both directions gets a disc, as its shade would not be visible."""
_SIGNS = {"rising": "▲", "falling": "▼", "stable": "▬"}
_MARKS = {"rising": "M-5 4h10l-5 -9z", "falling": "M-5 -4h10l-5 9z", "stable": "M-5 -2h10v4h-10z"}


@dataclass(frozen=True)
class Room:
    """The best position for a name on an area: its centre and width; and the height, area and size of the area."""

    x: int
    y: int
    width: float
    height: float
    content: float
    size: float


@dataclass(frozen=True)
class Outlines:
    """Areas as shown on a map of a page.

    Attributes:
        width: of the map.
        height: of the map.
        paths: outline of each area by code, as the data of a path.
        rooms: where the largest part of each area has most room for a name, by code.
        claimed: land that two areas claim.
        disputed: borders that are disputed.
        origin: of the boundaries.
    """

    width: int
    height: int
    paths: dict[str, str]
    rooms: dict[str, Room]
    claimed: str
    disputed: str
    origin: str


class KnownOutlines:
    """The outlines of one build, each computed once."""

    def __init__(self) -> None:
        self._boundaries: dict[str | None, tuple[Boundaries, list[Numbers], list[Polygon]] | None] = {}
        self._made: dict[tuple[str | None, tuple[str, ...]], Outlines] = {}

    def of(self, parent: str | None, shown: Iterable[str]) -> Outlines | None:
        """Return the areas of a map as paths; None if there are no boundaries of them.

        Args:
            parent: the area above those of the map, or None for countries.
            shown: codes of the areas that the map is of.
        """
        if parent not in self._boundaries:
            self._boundaries[parent] = _read_boundaries(parent)
        known = self._boundaries[parent]
        there = tuple(sorted(code for code in shown if known is not None and code in known[0].shapes))
        if known is None or not there:
            return None
        if (parent, there) not in self._made:
            self._made[parent, there] = _make_outlines(*known, there)
        return self._made[parent, there]


def _read_boundaries(parent: str | None) -> tuple[Boundaries, list[Numbers], list[Polygon]] | None:
    """Return the boundaries, disputed borders and land claimed by two areas; None without boundaries."""
    try:
        boundaries = bundled_boundaries(parent)
    except NoBoundaries:  # the page has its table
        return None
    return boundaries, disputed_lines(boundaries), disputed_land(boundaries)


@dataclass(frozen=True)
class AreaMap:
    """A map, its legend and its caption.

    Attributes:
        picture: the SVG.
        classes: of the legend: name of the CSS class of a shade, and its rates with the number of areas in words.
        marks: of the legend: each mark of a course with what it means.
        year: of the rates.
        notes: sentences of the caption.
    """

    picture: Markup
    classes: tuple[tuple[str, str], ...]
    marks: tuple[tuple[str, str], ...]
    year: str
    notes: tuple[str, ...]


def draw_area_map(rows: Rows, parent: str | None, title: str, language: str, known: KnownOutlines) -> AreaMap | None:
    """Return the map of one category by area; None if fewer than two areas have a rate and boundaries.

    The year is the one with most rates. Areas without a comparable rate in that year are hatched.

    Args:
        rows: of one source, stage and counting unit: ref_area, name, time_period, value, rate_per_100k, is_compared,
            and ``direction`` of the trend or None.
        parent: the area above those of the map, or None for countries.
        title: of the picture.
        language: of the words.
        known: outlines that were made for other maps.
    """
    rated = [row for row in rows if row["rate_per_100k"] is not None and row["is_compared"]]
    years = [row["time_period"] for row in rated]
    if not years:
        return None
    year = max(sorted(set(years), reverse=True), key=years.count)
    found = {row["ref_area"]: row for row in rated if row["time_period"] == year}
    outlines = known.of(parent, {row["ref_area"] for row in rows} if parent else found)
    found = {code: row for code, row in found.items() if outlines is not None and code in outlines.paths}
    if outlines is None or len(found) < 2:
        return None
    limits = class_limits([row["rate_per_100k"] for row in found.values()])
    class_of = {code: int(np.searchsorted(limits, row["rate_per_100k"])) for code, row in found.items()}
    of_whole = outlines.paths.keys() if parent else {row["ref_area"] for row in rows}
    parts = [_areas(outlines, found, class_of, len(limits), of_whole, language)]
    if outlines.claimed:
        parts.append(f'<path class="land" d="{outlines.claimed}"/>')
    if outlines.disputed:
        parts.append(f'<path class="disputed" d="{outlines.disputed}"/>')
    parts.append(_labels(outlines, found))
    width, height = outlines.width, outlines.height
    kind = "chart map wide" if width > _NARROW else "chart map"
    look = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    svg = (
        f'<svg class="{kind}" {look} role="img" aria-label="{escape(title)}, {year}">'
        '<defs><pattern id="hatched" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0V5" stroke="#777"/></pattern></defs>'
    )
    return AreaMap(
        Markup(f"{svg}{''.join(parts)}</svg>"),  # noqa: S704 (names are escaped, all else is numbers)
        _legend(found, class_of, len(limits), language),
        tuple((sign, word(f"direction {course}", language)) for course, sign in _SIGNS.items()),
        year,
        tuple(_notes(outlines, found, of_whole, language)),
    )


def _areas(
    outlines: Outlines,
    found: dict[str, dict[str, Any]],
    class_of: dict[str, int],
    most: int,
    of_whole: Iterable[str],
    language: str,
) -> str:
    """Return every area: shaded by its rate, hatched without one, white if it does not belong to the map."""
    parts, discs = [], []
    for code, path in outlines.paths.items():
        if code not in found:
            parts.append(f'<path class="{"none" if code in of_whole else "land"}" d="{path}"/>')
            continue
        row, shade = found[code], _shade(class_of[code], most)
        title = f"{row['name']}{colon(language)}{_rate(row['rate_per_100k'], language)}{_star(row)}"
        if row["direction"]:
            title += f", {word('direction ' + row['direction'], language)}"
        parts.append(f'<path class="{shade}" d="{path}"><title>{escape(title)}</title></path>')
        room = outlines.rooms[code]
        if room.size < _SMALLEST:
            at = f'cx="{room.x}" cy="{room.y}" r="4"'
            discs.append(f'<circle class="{shade}" {at}><title>{escape(title)}</title></circle>')
    return "".join([*parts, *discs])


def _labels(outlines: Outlines, found: dict[str, dict[str, Any]]) -> str:
    """Return names if the areas have room for them, else the last part of their codes; and marks and stars."""
    parts = []
    taken: list[_Box] = []
    for code in sorted(found, key=lambda code: -outlines.rooms[code].content):
        room, mark, star = outlines.rooms[code], _MARKS.get(found[code]["direction"] or ""), _star(found[code])
        height = _LINE * (2 if mark else 1)
        boxes = {
            text: _box(room, len(text) * _LETTER, height)
            for text in (short_name(found[code]["name"]) + star, code.rpartition("-")[2] + star)
        }
        text = next((text for text, box in boxes.items() if _fits(box, room, taken)), star.strip())
        taken += [boxes.get(text) or _box(room, 10, height)] if text or mark else []
        if text:
            y = room.y + (-2 if mark else 4)
            parts.append(f'<text class="mark name" x="{room.x}" y="{y}" text-anchor="middle">{escape(text)}</text>')
        if mark:
            at = f"translate({room.x} {room.y + (8 if text else 0)})"
            parts.append(f'<path class="course-mark" transform="{at}" d="{mark}"/>')
    return "".join(parts)


def _box(room: Room, width: float, height: float) -> _Box:
    """Return a box at the centre of a room."""
    return room.x - width / 2, room.y - height / 2, room.x + width / 2, room.y + height / 2


def _fits(box: _Box, room: Room, taken: Iterable[_Box]) -> bool:
    """Whether a name fits on its area, with at most a seventh outside, and touches no other."""
    left, top, right, bottom = box
    has_room = room.width >= 0.85 * (right - left) and room.height >= bottom - top
    return has_room and not any(_overlap(box, other) for other in taken)


def _star(row: dict[str, Any]) -> str:
    """Return the mark of a rate based on few events, as on the maps of ``iccs map``."""
    return " *" if row["value"] < load_comparison_rules().fewest_events else ""


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend(
    found: dict[str, dict[str, Any]], class_of: dict[str, int], most: int, language: str
) -> tuple[tuple[str, str], ...]:
    """Return shade, rates and number of areas of each class, the highest first."""
    lines = []
    for place in range(most, -1, -1):
        rates = sorted(found[code]["rate_per_100k"] for code, own in class_of.items() if own == place)
        ends = dict.fromkeys(_rate(rate, language) for rate in (rates[0], rates[-1]))
        lines.append((_shade(place, most), f"{' – '.join(ends)} ({len(rates)})"))
    return tuple(lines)


def _shade(place: int, most: int) -> str:
    """Return the CSS class of a class of rates, from the lightest for the lowest to the darkest for the highest."""
    return f"shade{round(4 * place / most) if most else 2}"


def _rate(value: float, language: str) -> str:
    return figure_in(f"{value:,.2f}" if value < 10 else f"{value:,.1f}", language)


def _notes(
    outlines: Outlines, found: dict[str, dict[str, Any]], of_whole: Iterable[str], language: str
) -> Iterable[str]:
    yield word("classes", language)
    if any(code not in found for code in of_whole):
        yield word("hatched", language)
    if any(map(_star, found.values())):
        yield word("few events", language).format(n=load_comparison_rules().fewest_events)
    yield word("names of areas", language)
    if outlines.disputed:
        yield word("disputed borders", language).format(name="declared")
    if outlines.claimed:
        yield word("disputed land", language)
    yield word("outlines", language).format(origin=outlines.origin)


def _make_outlines(
    boundaries: Boundaries, disputed: Sequence[Numbers], claimed: Sequence[Polygon], there: Sequence[str]
) -> Outlines:
    """Return the areas of a map as paths, with the largest part of those in ``there`` inside."""
    place, low, high = find_place(boundaries, there)
    scale = min((_MOST_WIDTH - 2 * _MARGIN) / (high[0] - low[0]), (_MOST_HEIGHT - 2 * _MARGIN) / (high[1] - low[1]))
    width, height = (np.rint(scale * (high - low)).astype(int) + 2 * _MARGIN).tolist()
    sheet = _Sheet(place, scale, low, np.array([width, height]))
    paths = {code: sheet.path(polygons) for code, polygons in boundaries.shapes.items()}
    lines = [sheet.points(line) for line in disputed if not place.is_torn(line)]
    inside = [line for line in lines if ((line >= 0) & (line <= (width, height))).all()]
    return Outlines(
        width,
        height,
        {code: path for code, path in paths.items() if path},
        {code: sheet.room(boundaries.shapes[code]) for code in there},
        "".join(sheet.path([polygon]) for polygon in claimed),
        "".join(f"M{line[0, 0]} {line[0, 1]}L{line[1, 0]} {line[1, 1]}" for line in inside),
        boundaries.origin,
    )


@dataclass(frozen=True)
class _Sheet:
    """The projection of a map, in whole units from its upper left corner."""

    place: Place
    scale: float
    low: Numbers
    size: Grid

    def points(self, ring: Numbers) -> Grid:
        across, up = ((self.place(ring) - self.low) * self.scale + _MARGIN).T
        found: Grid = np.rint(np.column_stack([across, self.size[1] - up])).astype(np.int64)
        return found

    def path(self, polygons: Sequence[Polygon]) -> str:
        """Return the outline of an area; empty if none of it is on the map."""
        rings = []
        outer = largest(list(polygons))
        for polygon in (one for one in polygons if not self.place.is_torn(np.concatenate(one))):
            for ring in polygon:
                for copy in copies_of(ring) if self.place.is_world else [ring]:
                    whole = self.points(copy)
                    outside = (whole.max(axis=0) < 0).any() or (whole.min(axis=0) > self.size).any()
                    flat = _fewer(np.clip(whole, -_BEYOND, self.size + _BEYOND))
                    seen = len(flat) > 3 and abs(signed_area(flat.astype(np.float64))) >= _LEAST_AREA
                    if not outside and (seen or (ring is outer and len(flat) > 2)):
                        rings.append(_data(flat))
        return "".join(rings)

    def room(self, polygons: Sequence[Polygon]) -> Room:
        """Return the best position for a name on the largest part of an area."""
        flat = self.points(unwrapped(largest(list(polygons)))).astype(np.float64)
        low, high = flat.min(axis=0), flat.max(axis=0)
        rows = np.linspace(low[1], high[1], _ROWS + 2)[1:-1]
        inside = [
            (end - start, -abs(y - rows.mean()), (start + end) / 2, y) for y in rows for start, end in _crossed(flat, y)
        ]
        width, _, x, y = max(inside, default=(0.0, 0.0, *((low + high) / 2).tolist()))
        size = float((high - low).max())
        return Room(round(x), round(y), float(width), float(high[1] - low[1]), abs(signed_area(flat)), size)


def _crossed(ring: Numbers, y: float) -> list[tuple[float, float]]:
    """Return start and end of each part of a horizontal line inside a ring."""
    one, other = ring[:-1], ring[1:]
    over = (one[:, 1] > y) != (other[:, 1] > y)
    share = (y - one[over, 1]) / (other[over, 1] - one[over, 1])
    places = np.sort(one[over, 0] + share * (other[over, 0] - one[over, 0])).tolist()
    return list(zip(places[::2], places[1::2], strict=False))


def _fewer(points: Grid) -> Grid:
    """Return a ring without repeated points and points on the line between their neighbours."""
    kept: Grid = points[np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))]
    if len(kept) < 4:
        return kept
    before, after = np.diff(kept[:-1], axis=0), np.diff(kept[1:], axis=0)
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    found: Grid = kept[np.concatenate([[True], turns, [True]])]
    return found


def _data(points: Grid) -> str:
    """Return a ring as SVG path data: its first point, then the steps to the others."""
    steps = "".join(f"{x:d}{'' if y < 0 else ' '}{y:d} " for x, y in np.diff(points, axis=0)[:-1].tolist())
    return f"M{points[0, 0]} {points[0, 1]}l{steps.strip()}z"
