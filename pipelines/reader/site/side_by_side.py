"""Countries side by side in one category: comparable figures ranked, the others with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pipelines.reader.comparison import common_year, rank_figures, status_words
from pipelines.reader.plots.style import short_name
from pipelines.reader.site.chart import run_of_years, step_of_marks
from pipelines.reader.site.content import Rows
from pipelines.reader.words import colon, figure_in, word
from pipelines.statistics.wording import rounded_text

_WIDTH, _NAMES, _VALUES, _ROW, _FOOT = 400, 138, 52, 19, 22
_SMALL_WIDTH, _SMALL_HEIGHT, _SMALL_TOP, _SMALL_FOOT, _SMALL_SIDE = 160, 110, 34, 16, 6


@dataclass(frozen=True)
class SideBySide:
    """Figures of several countries in one year.

    Attributes:
        year: of the figures.
        ranked: rows of ``site_figures.sql`` that are alike in all that matters, the highest rate first, with ``place``.
        unranked: the other rows of that year, with ``why``: reasons in words.
        elsewhere: countries with figures, none of them in that year, by code: their first and last year.
    """

    year: int
    ranked: Rows
    unranked: Rows
    elsewhere: dict[str, tuple[str, str]]


def put_side_by_side(by_country: dict[str, Rows], language: str) -> SideBySide | None:
    """Return the figures of one category by country in the last year that most have; None unless two have a rate.

    A figure with a mark that prevents comparison, or with a status other than A and B, is not ranked.

    Args:
        by_country: rows of ``site_figures.sql`` of one category, in order of years.
        language: of the reasons.
    """
    every = [row for rows in by_country.values() for row in rows]
    if len({row["ref_area"] for row in every if row["rate_per_100k"] is not None}) < 2:
        return None
    year = common_year(row for row in every if _is_comparable(row)) if any(map(_is_comparable, every)) else None
    if year is None:
        return None
    of_year = [
        row | {"events": row["value"]} for row in every if int(row["time_period"]) == year and row["value"] is not None
    ]
    ranked, unranked = rank_figures([row for row in of_year if _is_comparable(row)], language=language)
    unranked += [row | {"why": _reasons(row, language)} for row in of_year if not _is_comparable(row)]
    there = {row["ref_area"] for row in of_year}
    elsewhere = {}
    for code, rows in by_country.items():
        years = [row["time_period"] for row in rows if row["value"] is not None]
        if code not in there and years:
            elsewhere[code] = (years[0], years[-1])
    return SideBySide(year, ranked, sorted(unranked, key=lambda row: row["ref_area"]), elsewhere)


def _is_comparable(row: dict[str, Any]) -> bool:
    return row["rate_per_100k"] is not None and row["is_compared"] and row["obs_status"] in ("A", "B")


def _reasons(row: dict[str, Any], language: str) -> list[str]:
    """Return why a figure is not ranked, whatever the others are."""
    alone = [word("no other alike", language)]
    (found,) = rank_figures([row], language=language)[1]
    if found["why"] != alone:
        return list(found["why"])
    if row["obs_status"] not in ("A", "B"):
        return [status_words(row["obs_status"], language)]
    return [word("part missing", language)]


def draw_dots(rows: Rows, names: dict[str, str], text: str, language: str) -> Markup:
    """Return a picture of rates with their limits, a line for each country, the highest first, as SVG.

    Args:
        rows: ranked, with rate_per_100k, ci_low and ci_high.
        names: of the countries by code.
        text: what it shows in words, for readers who do not see it.
        language: of figures.
    """
    highest: float = max(max(row["rate_per_100k"], row["ci_high"] or 0) for row in rows)
    room, height = _WIDTH - _NAMES - _VALUES, len(rows) * _ROW
    step = step_of_marks(highest)
    top: float = max(step, highest)

    def x(value: float) -> float:
        return float(round(_NAMES + room * value / top, 1))

    parts = []
    for mark in range(int(top / step) + 1):
        label = escape(figure_in(f"{mark * step:,.10g}", language))
        parts.append(f'<path class="grid" d="M{x(mark * step)} 0V{height}"/>')
        parts.append(f'<text class="mark" x="{x(mark * step)}" y="{height + 15}" text-anchor="middle">{label}</text>')
    for place, row in enumerate(rows):
        y = place * _ROW + _ROW / 2
        name = escape(short_name(names[row["ref_area"]]))
        parts.append(f'<text class="mark" x="{_NAMES - 8}" y="{y + 4}" text-anchor="end">{name}</text>')
        if row["ci_low"] is not None and row["ci_high"] is not None:
            parts.append(f'<path class="limits" d="M{x(row["ci_low"])} {y}H{x(row["ci_high"])}"/>')
        parts.append(f'<circle cx="{x(row["rate_per_100k"])}" cy="{y}" r="3"/>')
        value = row["rate_per_100k"]
        label = escape(figure_in(rounded_text(value, 2 if value < 10 else 1), language))
        parts.append(f'<text class="mark" x="{_WIDTH}" y="{y + 4}" text-anchor="end">{label}</text>')
    svg = f'<svg class="chart dots" viewBox="0 0 {_WIDTH} {height + _FOOT}" role="img" aria-label="{escape(text)}">'
    return Markup(f"{svg}{''.join(parts)}</svg>")  # noqa: S704 (the texts are escaped above, all else is numbers)


def draw_courses(by_country: dict[str, Rows], names: dict[str, str], language: str) -> list[Markup]:
    """Return a small picture of each country's rates by year, as SVG: all with the same years and the same height.

    Each is labelled with its last comparable rate. Gaps and breaks interrupt the line, and an incomparable figure is a
    ring. The attributes have what ``choose.js`` needs to draw several countries: code, name, and the rates.

    Args:
        by_country: rows of ``site_figures.sql`` of one category.
        names: of the countries by code.
        language: of figures and words.
    """
    drawn = {code: [row for row in rows if row["rate_per_100k"] is not None] for code, rows in by_country.items()}
    years = [int(row["time_period"]) for rows in drawn.values() for row in rows]
    top = max((row["rate_per_100k"] for rows in drawn.values() for row in rows), default=0) or 1.0
    first, last = min(years), max(years)
    base, span = _SMALL_HEIGHT - _SMALL_FOOT, max(last - first, 1)

    def point(row: dict[str, Any]) -> tuple[float, float]:
        across = _SMALL_SIDE + (_SMALL_WIDTH - 2 * _SMALL_SIDE) * (int(row["time_period"]) - first) / span
        return round(across, 1), round(base - (base - _SMALL_TOP) * row["rate_per_100k"] / top, 1)

    pictures = []
    for code, rows in drawn.items():
        parts = [f'<path class="grid" d="M{_SMALL_SIDE} {base}H{_SMALL_WIDTH - _SMALL_SIDE}"/>']
        for run in run_of_years(rows, "rate_per_100k"):
            points = [point(row) for row in run]
            parts.append(f'<path class="line" d="M{"L".join(f"{x} {y}" for x, y in points)}"/>')
            if len(run) == 1:
                mark = "" if run[0]["is_compared"] else ' class="apart"'
                parts.append(f'<circle{mark} cx="{points[0][0]}" cy="{points[0][1]}" r="2"/>')
        name = names[code]
        parts.append(f'<text class="mark" x="{_SMALL_SIDE}" y="12">{escape(short_name(name))}</text>')
        parts.append(f'<text class="mark" x="{_SMALL_SIDE}" y="{_SMALL_HEIGHT - 3}">{first}</text>')
        at = f'x="{_SMALL_WIDTH - _SMALL_SIDE}" y="{_SMALL_HEIGHT - 3}" text-anchor="end"'
        parts.append(f'<text class="mark" {at}>{last}</text>')
        if compared := [row for row in rows if row["is_compared"]]:
            at = f'x="{_SMALL_WIDTH - _SMALL_SIDE}" y="26" text-anchor="end"'
            parts.append(f'<text class="mark" {at}>{escape(_ends(compared[-1:], language))}</text>')
        text = f"{name}, {word('rate', language)}{colon(language)}{_ends(rows, language)}"
        svg = f'<svg class="chart" viewBox="0 0 {_SMALL_WIDTH} {_SMALL_HEIGHT}" role="img" aria-label="{escape(text)}" '
        svg += f'data-code="{escape(code)}" data-name="{escape(name)}" data-rates="{_rates(rows)}">'
        pictures.append(Markup(f"{svg}{''.join(parts)}</svg>"))  # noqa: S704 (escaped above)
    return pictures


def _rates(rows: Rows) -> str:
    """Years and rates, ``2010 1.5,2011 1.7;2013 2*``: a line may join those of a run; a star: it is not compared."""
    runs = run_of_years(rows, "rate_per_100k")
    text = (f"{row['time_period']} {row['rate_per_100k']:.6g}{'' if row['is_compared'] else '*'}" for row in rows)
    of_year = dict(zip((row["time_period"] for row in rows), text, strict=True))
    return ";".join(",".join(of_year[row["time_period"]] for row in run) for run in runs)


def _ends(rows: Rows, language: str) -> str:
    ends = [rows[0], rows[-1]] if len(rows) > 1 else rows
    rates = [figure_in(f"{row['rate_per_100k']:.2f}", language) for row in ends]
    return "; ".join(f"{row['time_period']}{colon(language)}{rate}" for row, rate in zip(ends, rates, strict=True))
