"""The latest months of a country and category: a small and a large picture, and their description."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from markupsafe import Markup, escape

from iccs.periods import month_spans, period_at
from pipelines.reader.site.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Frame, draw_grid, step_of_marks
from pipelines.reader.site.content import Rows
from pipelines.reader.words import colon, word

MONTHS_OF_TABLE = 24
_SMALL_WIDTH, _SMALL_HEIGHT, _SMALL_SIDE = 150, 44, 4
Number = Callable[[float | None], str]


@dataclass(frozen=True)
class MonthTable:
    """Months as a table: each with count, the same month a year before, what was expected, and remarks.

    Attributes:
        rows: month, marks (of the caveats that hold for it and not for all), value, before, expected, limit, remarks;
            the last month first.
        caveats: mark, text and months of each caveat; the mark is empty if it holds for every month of the table.
    """

    rows: Rows
    caveats: list[tuple[str, str, str]]

    @property
    def tested(self) -> bool:
        """Whether any month was compared with the count expected from the past."""
        return any(row["limit"] is not None for row in self.rows)

    @property
    def remarked(self) -> bool:
        """Whether any month has a remark."""
        return any(row["remarks"] for row in self.rows)


def month_sentences(rows: Rows, number: Number, language: str) -> list[str]:
    """Return sentences on the latest months: on alerts, on incomplete months, or why there are none.

    Args:
        rows: of ``site_months.sql``, of one country and category.
        number: writes a figure in the language.
        language: of the sentences.
    """
    tested = [row for row in rows if row["count_upper"] is not None]
    texts = [
        word("month alert", language).format(
            month=row["time_period"],
            value=number(row["value"]),
            expected=number(round(row["count_expected"])),
            upper=number(math.floor(row["count_upper"])),
        )
        for row in tested
        if row["is_alert"]
    ]
    if tested and not texts:
        texts.append(
            word("months usual", language).format(first=tested[0]["time_period"], last=tested[-1]["time_period"])
        )
    if not tested:
        texts.append(word("months not tested", language))
    for row in rows:
        if row["nowcast"] is not None:
            figures = {name: number(round(row[f"nowcast{name}"])) for name in ("", "_low", "_high")}
            month, low, high = row["time_period"], figures["_low"], figures["_high"]
            texts.append(word("month fills", language).format(month=month, value=figures[""], low=low, high=high))
    return texts


def year_before(rows: Rows, row: dict[str, Any]) -> float | None:
    """Return the count of the same month a year before; None if there is none, or it is not comparable.

    Args:
        rows: of one country and category, in order.
        row: one of them.
    """
    before = next((one for one in rows if one["step"] == row["step"] - 12), None)
    crossed = any(one["starts_anew"] for one in rows if row["step"] - 12 < one["step"] <= row["step"])
    if before is None or crossed or not (before["is_compared"] and row["is_compared"]):
        return None
    value: float | None = before["value"]
    return value


def table_of_months(
    rows: Rows, number: Number, caveat: Callable[[str], str], reason: Callable[[str], str], language: str
) -> MonthTable:
    """Return the latest 24 months as a table, the last one first, with remarks and caveats in words.

    Args:
        rows: of one country and category, in order.
        number: writes a figure in the language.
        caveat: label of a caveat in the language.
        reason: label of a reason why there is no figure.
        language: of the words.
    """
    latest = rows[-MONTHS_OF_TABLE:]
    steps: dict[str, list[int]] = {}
    for row in latest:
        for code in filter(None, (row["caveats"] or "").split(";")):
            steps.setdefault(code, []).append(row["step"])
    partial = [code for code, found in sorted(steps.items()) if len(found) < len(latest)]
    marks = {code: ascii_lowercase[at % 26] * (at // 26 + 1) for at, code in enumerate(partial)}
    months = [
        {
            "month": row["time_period"],
            "marks": " ".join(mark for code, mark in marks.items() if row["step"] in steps[code]),
            "value": row["value"],
            "before": year_before(rows, row),
            "expected": None if row["count_expected"] is None else round(row["count_expected"]),
            "limit": None if row["count_upper"] is None else math.floor(row["count_upper"]),
            "remarks": "; ".join(_remarks(row, number, reason, language)),
        }
        for row in reversed(latest)
    ]
    caveats = [(marks.get(code, ""), caveat(code), month_spans(steps[code])) for code in sorted(steps)]
    return MonthTable(months, sorted(caveats, key=lambda one: one[0]))


def _remarks(row: dict[str, Any], number: Number, reason: Callable[[str], str], language: str) -> Iterator[str]:
    """Return the remarks on one month."""
    if row["value"] is None:
        yield reason(row["missing_reason"]) if row["missing_reason"] else word("no figure", language)
    if row["starts_anew"]:
        yield word("break", language)
    if not row["is_compared"]:
        yield word("month apart", language)
    if row["is_alert"]:
        yield word("alert", language)
    if row["nowcast"] is not None:
        value, low, high = (number(round(row[f"nowcast{name}"])) for name in ("", "_low", "_high"))
        yield f"{word('nowcast', language)}{colon(language)}{value} ({low}–{high})"


def draw_small_months(rows: Rows, text: str) -> Markup:
    """Return a small picture of the counts by month for a table, from 0 up; gaps and breaks interrupt its line.

    Args:
        rows: of one country and category, in order.
        text: what it shows in words, for readers who do not see it.
    """
    first, last, top = rows[0]["step"], rows[-1]["step"], _highest(rows)
    base, room = _SMALL_HEIGHT - 3, _SMALL_WIDTH - 2 * _SMALL_SIDE

    def point(row: dict[str, Any]) -> str:
        across = _SMALL_SIDE + room * (row["step"] - first) / max(last - first, 1)
        return f"{across:.1f} {base - (base - 5) * row['value'] / top:.1f}"

    parts = [f'<path class="grid" d="M{_SMALL_SIDE} {base}H{_SMALL_WIDTH - _SMALL_SIDE}"/>']
    for run in _runs(rows):
        parts.append(f'<path class="line" d="M{"L".join(map(point, run if len(run) > 1 else run * 2))}"/>')
    for row in rows:
        if row["is_alert"]:
            parts.append(f'<path class="alert" d="M{point(row)}m0 -4l4 4l-4 4l-4 -4z"/>')
    size = f"{_SMALL_WIDTH} {_SMALL_HEIGHT}"
    svg = f'<svg class="chart months" viewBox="0 0 {size}" role="img" aria-label="{escape(text)}">'
    return Markup(f"{svg}{''.join(parts)}</svg>")  # noqa: S704 (the text is escaped above, all else is numbers)


def draw_months(rows: Rows, title: str, text: str, language: str) -> Markup:
    """Return a picture of the counts by month, with expected counts of the months tested, and nowcasts.

    Args:
        rows: of one country and category, in order.
        title: of the picture.
        text: what it shows in words, for readers who do not see it.
        language: of figures and words.
    """
    step = step_of_marks(_highest(rows))
    first, last = rows[0]["step"], rows[-1]["step"]
    frame = Frame(first, last, max(math.ceil(_highest(rows) / step), 1) * step)
    parts = draw_grid(frame, step, language)
    for month in range(first, last + 1):
        if month % 12 == 0:
            year = period_at(month, "M")[:4]
            parts.append(f'<path class="grid" d="M{frame.x(month)} {TOP}V{HEIGHT - BOTTOM}"/>')
            parts.append(
                f'<text class="mark" x="{frame.x(month)}" y="{HEIGHT - 10}" text-anchor="middle">{year}</text>'
            )
    for run in _runs(rows):
        points = [f"{frame.x(row['step'])} {frame.y(row['value'])}" for row in run]
        parts.append(f'<path class="line" d="M{"L".join(points)}"/>')
    for row in rows:
        parts += _month_marks(row, frame, language, first=row["step"] == first)
    svg = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="months-title months-text">'
        f'<title id="months-title">{escape(title)}</title><desc id="months-text">{escape(text)}</desc>'
    )
    return Markup(f"{svg}{''.join(parts)}</svg>")  # noqa: S704 (the texts are escaped above, all else is numbers)


def _month_marks(row: dict[str, Any], frame: Frame, language: str, *, first: bool) -> Iterator[str]:
    """Return the point of a month, or a cross if there is none, with limits and nowcast."""
    at, foot = frame.x(row["step"]), HEIGHT - BOTTOM
    if row["starts_anew"] and not first:
        edge = frame.x(row["step"] - 0.5)
        yield f'<path class="break" d="M{edge} {TOP}V{foot}"/>'
        label, right = escape(word("break", language)), edge > WIDTH - RIGHT - LEFT
        x, anchor = (edge - 3, "end") if right else (edge + 3, "start")
        yield f'<text class="mark" x="{x}" y="{TOP + 9}" text-anchor="{anchor}">{label}</text>'
    if row["value"] is None:
        yield f'<path class="gap" d="M{at - 3} {foot - 9}l6 6m0 -6l-6 6"/>'
        return
    if row["count_upper"] is not None:
        expected, upper = frame.y(row["count_expected"]), frame.y(row["count_upper"])
        yield f'<path class="limits" d="M{at} {expected}V{upper}"/>'
        yield f'<path class="expected" d="M{at - 4} {expected}h8M{at - 4} {upper}h8"/>'
    if row["nowcast"] is not None:
        low, high, middle = (frame.y(row[f"nowcast{name}"]) for name in ("_low", "_high", ""))
        yield f'<path class="expected" d="M{at} {low}V{high}M{at - 3} {middle - 3}h6v6h-6z"/>'
    mark = "" if row["is_compared"] else ' class="apart"'
    yield f'<circle{mark} cx="{at}" cy="{frame.y(row["value"])}" r="2.2"/>'
    if row["is_alert"]:
        yield f'<path class="alert" d="M{at} {frame.y(row["value"])}m0 -6l6 6l-6 6l-6 -6z"/>'


def _highest(rows: Rows) -> float:
    names = ("value", "count_upper", "nowcast_high")
    return max((row[name] for row in rows for name in names if row[name] is not None), default=0.0) or 1.0


def _runs(rows: Rows) -> list[Rows]:
    """Yield runs of months between gaps, breaks and incomparable figures, which are runs of their own."""
    runs: list[Rows] = []
    before: dict[str, Any] | None = None
    for row in rows:
        if row["value"] is None:
            continue
        follows = before is not None and row["step"] == before["step"] + 1 and not row["starts_anew"]
        if before is None or not (follows and row["is_compared"] and before["is_compared"]):
            runs.append([])
        runs[-1].append(row)
        before = row
    return runs
