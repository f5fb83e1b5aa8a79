"""The picture of a page: rates (or counts) of one series by year, as hand-written SVG.

matplotlib takes a fifth of a second for a picture; thousands of pages need each within milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pipelines.reader.words import figure_in, word

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 14, 30
_MOST_YEAR_MARKS = 9
_ROOM = 80
"""Left of the right edge: what a word needs."""


@dataclass(frozen=True)
class Frame:
    """The coordinates of years (or consecutive months) and values in a picture."""

    first: int
    last: int
    top: float

    def x(self, year: float) -> float:
        """Return the position of a year from the left."""
        span = max(self.last - self.first, 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (year - self.first) / span, 1)

    def y(self, value: float) -> float:
        """Return the position of a value from the top."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 1)


def draw_chart(rows: Sequence[dict[str, Any]], title: str, text: str, language: str) -> Markup:
    """Return a picture of one series as SVG; empty if no year has a figure.

    A year without a figure that may be shown is a gap with a cross at the foot; a break is a dotted line, and the line
    of the series is not drawn across it. A figure that is not compared with
    others is a ring, and the line does not lead to it.

    Args:
        rows: of each year in order: time_period, value, rate_per_100k, ci_low, ci_high, break_before, is_compared.
        title: of the picture.
        text: what it shows in words, for readers who do not see it.
        language: of figures and words.
    """
    column = drawn_column(rows)
    drawn = [row for row in rows if row[column] is not None]
    if not drawn:
        return Markup("")
    limits = column == "rate_per_100k"
    highest = max(max(row[column], (limits and row["ci_high"]) or 0) for row in drawn)
    step = step_of_marks(highest)
    frame = Frame(int(rows[0]["time_period"]), int(rows[-1]["time_period"]), max(math.ceil(highest / step), 1) * step)
    parts = [*draw_grid(frame, step, language), *_years(frame)]
    for run in run_of_years(rows, column):
        parts += _run(run, column, frame, limits=limits)
    for year in sorted({int(row["break_before"]) for row in rows if row["break_before"]}):
        if frame.first < year <= frame.last:
            at = frame.x(year - 0.5)
            label = escape(word("break", language))
            parts.append(f'<path class="break" d="M{at} {TOP}V{HEIGHT - BOTTOM}"/>')
            x, anchor = (at + 3, "start") if at < WIDTH - _ROOM else (at - 3, "end")  # at the edge it would be cut off
            parts.append(f'<text class="mark" x="{x}" y="{TOP + 9}" text-anchor="{anchor}">{label}</text>')
    there = {int(row["time_period"]) for row in drawn}
    for year in range(frame.first, frame.last + 1):
        if year not in there:
            at, foot = frame.x(year), HEIGHT - BOTTOM
            parts.append(f'<path class="gap" d="M{at - 3} {foot - 9}l6 6m0 -6l-6 6"/>')
    svg = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="chart-title chart-text">'
        f'<title id="chart-title">{escape(title)}</title><desc id="chart-text">{escape(text)}</desc>'
    )
    return Markup(f"{svg}{''.join(parts)}</svg>")  # noqa: S704 (the texts are escaped above, all else is numbers)


def drawn_column(rows: Sequence[dict[str, Any]]) -> str:
    """Return the column to draw: the rate if any year has one, else the value."""
    return "rate_per_100k" if any(row["rate_per_100k"] is not None for row in rows) else "value"


def years_apart(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Return the years drawn as rings: those with an incomparable figure."""
    column = drawn_column(rows)
    return [int(row["time_period"]) for row in rows if row[column] is not None and not row["is_compared"]]


def step_of_marks(highest: float) -> float:
    """Return the distance of tick marks: 1, 2 or 5 times a power of ten, for four to eight ticks.

    >>> step_of_marks(23.4), step_of_marks(0.9), step_of_marks(0)
    (5.0, 0.2, 1.0)
    """
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest / 4))
    return float(next(round(power * by, 12) for by in (1, 2, 5, 10) if highest / (power * by) <= 6))


def draw_grid(frame: Frame, step: float, language: str) -> list[str]:
    """Return a line with its figure at each ``step`` of the vertical axis, as parts of an SVG."""
    decimals = max(0, -math.floor(math.log10(step)))
    parts = []
    for number in range(round(frame.top / step) + 1):
        height = frame.y(number * step)
        label = escape(figure_in(f"{number * step:,.{decimals}f}", language))
        parts.append(f'<path class="grid" d="M{LEFT} {height}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="mark" x="{LEFT - 6}" y="{height + 4}" text-anchor="end">{label}</text>')
    return parts


def _years(frame: Frame) -> list[str]:
    every = math.ceil((frame.last - frame.first + 1) / _MOST_YEAR_MARKS)
    return [
        f'<text class="mark" x="{frame.x(year)}" y="{HEIGHT - 10}" text-anchor="middle">{year}</text>'
        for year in range(frame.first, frame.last + 1, every)
    ]


def run_of_years(rows: Sequence[dict[str, Any]], column: str) -> list[list[dict[str, Any]]]:
    """Return runs of years between gaps, breaks and incomparable figures, which are runs of their own."""
    runs: list[list[dict[str, Any]]] = []
    before: dict[str, Any] | None = None
    for row in rows:
        if row[column] is None:
            continue
        if before is None or not _goes_on(before, row):
            runs.append([])
        runs[-1].append(row)
        before = row
    return runs


def _goes_on(before: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a year directly follows the previous one, and the two are comparable."""
    follows = int(row["time_period"]) == int(before["time_period"]) + 1
    return follows and row["break_before"] == before["break_before"] and row["is_compared"] and before["is_compared"]


def _run(run: Sequence[dict[str, Any]], column: str, frame: Frame, *, limits: bool) -> list[str]:
    points = [(frame.x(int(row["time_period"])), frame.y(row[column])) for row in run]
    parts = []
    if limits and all(row["ci_low"] is not None and row["ci_high"] is not None for row in run):
        upper = [f"{frame.x(int(row['time_period']))} {frame.y(row['ci_high'])}" for row in run]
        lower = [f"{frame.x(int(row['time_period']))} {frame.y(row['ci_low'])}" for row in run]
        parts.append(f'<path class="band" d="M{"L".join([*upper, *reversed(lower)])}Z"/>')
    parts.append(f'<path class="line" d="M{"L".join(f"{x} {y}" for x, y in points)}"/>')
    marks = ["" if row["is_compared"] else ' class="apart"' for row in run]
    parts += [f'<circle{mark} cx="{x}" cy="{y}" r="3"/>' for mark, (x, y) in zip(marks, points, strict=True)]
    return parts
