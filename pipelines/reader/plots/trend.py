"""Annual rates: one area with its interval, breaks and segments; by sex or age; small multiples of areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iccs.periods import year_spans
from pipelines.publish.series.breaks import Breaks
from pipelines.publish.series.segments import fit_segments
from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import (
    POINTS_OF_INCH,
    STYLES,
    Picture,
    canvas,
    caveat_notes,
    clear_frame,
    finish_picture,
    foot_text,
    inches_wide,
    key_label,
    label_ends,
    label_of,
    panel_canvas,
    picture_title,
    population_notes,
    text_width,
    whole_years,
)
from pipelines.reader.release import query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery
from pipelines.reader.series.rates import By, RateSeries, read_rates
from pipelines.reader.series.trends import series_sentence
from pipelines.reader.words import LANGUAGES, colon, figure_in, word
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.rates import FEWEST_EVENTS
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, load_codelist
from schemas.declarations import is_compared
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_PANELS = 42
MAX_SENTENCES = 2
"""Up to this number, each series has a sentence on its course in the foot."""
_FEW_NAMED = 6
"""Up to this number, series with few events are named; above it, only their number is given."""
MAX_LINEAR_RATIO = 8
"""Small multiples whose median rates differ by more than this factor get a logarithmic scale."""


@styled
def plot_trend(
    wanted: SeriesQuery,
    by: By | None = None,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw the annual rates of one category in one area: a line for each series, or by sex, age or area.

    Args:
        wanted: what is asked for.
        by: None for a line for each source, stage and counting unit; ``sex`` or ``age`` for the parts of the preferred
            series; ``area`` for the areas below, a panel each.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes of yours to draw on, or, where areas have a panel each, whose place the panels take; a new figure if
            None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: unknown area, sex or age, there is no rate to draw, or panels were asked for and ``ax`` is in no
            grid.

    Example::

        plot_trend(SeriesQuery("0101", "MX"), by="sex")
    """
    series = read_rates(wanted, by, settings)
    if by == "area":
        return plot_areas(wanted, series, language, settings, ax=ax, style=style)
    figure, axes = canvas(ax)
    keys = list(dict.fromkeys(one.key for one in series))
    segments, labels = False, list[str]()
    for position, one in enumerate(series):
        label = _part_label(one, by, language) if by else key_label(one.key, keys, language)
        labels.append(label)
        draw_rates(axes, one, label, position)
        if by in (None, "sex") and (by or position == 0):  # the first is the preferred one
            segments |= _draw_segments(axes, one, position, language)
    shown = replace(wanted, sex=TOTAL) if by == "sex" else replace(wanted, age=TOTAL) if by == "age" else wanted
    years = [year for one in series for year in one.years]
    title = f"{picture_title(shown, keys, language, settings)}, {min(years)}-{max(years)}"
    axes.set_ylabel(word("rate", language))
    axes.set_ylim(0, axes.get_ylim()[1] * 1.03)  # joinpoint marks and percentages are above the lines
    axes.margins(x=0.06)
    whole_years(axes)
    draw_breaks(axes, series, language)
    gaps = draw_gaps(axes, series)
    label_ends(axes, line_ends(series, labels))
    notes = series_notes(wanted, series, labels, language, settings) + _line_notes(series, labels, gaps, language)
    notes += [word("segments", language)] if segments else []
    notes += break_notes([one.breaks for one in series], language)
    notes += caveat_notes([row for one in series for row in one.rows], language)
    return finish_picture(figure, axes, title, foot_text([key.source for key in keys], notes, language, settings), ax)


def _line_notes(
    series: Sequence[RateSeries], labels: Sequence[str], gaps: set[tuple[int, str | None]], language: str
) -> list[str]:
    """Return the notes on the lines: their gaps, bands, few events and brackets."""
    return [
        *gap_notes(gaps, language),
        *limit_notes(series, language),
        *few_notes(series, labels, language),
        *([word("bounds", language)] if any(one.bounds for one in series) else []),
    ]


@styled
def plot_areas(
    wanted: SeriesQuery,
    series: Sequence[RateSeries],
    language: str = "en",
    settings: Settings | None = None,
    *,
    ax: Axes | None = None,
    style: str = SCREEN,
) -> Picture:
    """Draw small multiples of annual rates, a panel for each area, all on one scale.

    Args:
        wanted: what is drawn; its area is in the title.
        series: one for each area, of one source, stage and counting unit (``read_rates_of_areas``); 42 are drawn.
        language: of titles and foot.
        settings: where the published file is.
        ax: axes of yours, made by ``subplots``, whose place the panels take; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: ``ax`` is in no grid.
    """
    panels = series[:MAX_PANELS]
    columns = min(len(panels), 7 if len(panels) > 18 else 4 if len(panels) > 6 else 3)
    lines = math.ceil(len(panels) / columns)
    figure = panel_canvas(ax, max(1.45 * columns, 6.0), 1.25 * lines + 1.1)
    grid = list(figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel())
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    whole = _read_whole(wanted, panels[0].key, settings)
    ends = [_last_compared(one) for one in panels]
    last_year = max((row["year"] for row in ends if row is not None), default=0)
    for axes, one in zip(grid, panels, strict=False):
        clear_frame(axes)
        if whole is not None:
            _draw_whole(axes, whole)
        draw_rates(axes, one, "", 0, small=True)
        _head_panel(axes, one, names[one.area], last_year, inches_wide(figure) / columns, language)
        axes.tick_params(labelsize=sized(6))
        whole_years(axes)
        axes.xaxis.get_major_locator().set_params(nbins=3)
    for axes in grid[max(len(panels) - columns, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)  # the lowest panel of each column
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    notes = [*limit_notes(panels, language), *few_notes(panels, [names[one.area] for one in panels], language)]
    notes += break_notes([one.breaks for one in panels], language)
    notes += [word("bounds", language)] if any(one.bounds for one in panels) else []
    notes += [word("whole line", language).format(name=names[whole.area])] if whole is not None else []
    if _scale_panels(grid, panels, language):
        notes.append(word("log", language))
    notes += population_notes([row for one in panels for row in one.rows], language, settings)
    notes += caveat_notes([row for one in panels for row in one.rows], language)
    notes += not_drawn_notes([one.area for one in series[MAX_PANELS:]], language)
    notes += [word("last rates", language).format(year=last_year)] if last_year else []
    keys = {one.key for one in panels}
    years = [year for one in panels for year in one.years]
    title = f"{picture_title(wanted, keys, language, settings)}, {min(years)}-{max(years)}, {word('rate', language)}"
    text = foot_text(sorted({key.source for key in keys}), notes, language, settings)
    return finish_picture(figure, grid[: len(panels)], title, text)


def _last_compared(one: RateSeries) -> dict[str, Any] | None:
    """Return the last comparable row of a series, as the figure of a partly reported year would mislead."""
    return next((row for row in reversed(one.rows) if is_compared(row["caveats"])), None)


def _head_panel(axes: Axes, one: RateSeries, name: str, last_year: int, inches: float, language: str) -> None:
    """Write the name of an area above its panel, shortened if necessary, and its last rate on the right.

    ``inches`` is the width of the panel with its margins.
    """
    last, rate = _last_compared(one), ""
    if last is not None:
        rate = figure_in(f"{last['rate_per_100k']:.{2 if last['rate_per_100k'] < 10 else 1}f}", language)
        rate = rate if last["year"] == last_year else f"{rate} ({last['year']})"
    letters = sized(7)
    left = 0.82 * inches * POINTS_OF_INCH - text_width(f"    {rate}", letters)
    shown = name
    while len(shown) > 1 and text_width(shown, letters) > left:
        shown = f"{shown.removesuffix('…')[:-1].rstrip()}…"
    axes.set_title(shown, fontsize=letters, loc="left", pad=2)
    axes.set_title(rate, fontsize=letters, loc="right", pad=2)


def _read_whole(wanted: SeriesQuery, key: SeriesKey, settings: Settings | None) -> RateSeries | None:
    """Return the series of the area whose parts are drawn, if it has comparable rates."""
    if wanted.area is None:
        return None
    try:
        every = read_rates(wanted.of(key), settings=settings)
    except UsageError:  # no rate of the whole: its parts are drawn alone
        return None
    return next((one for one in every if one.key == key), None)


def _draw_whole(axes: Axes, whole: RateSeries) -> None:
    """Draw the comparable rates of the whole in grey behind those of a part, not across gaps or breaks."""
    rates = {row["year"]: row["rate_per_100k"] for row in whole.rows if is_compared(row["caveats"])}
    for year in rates:
        if year + 1 in rates and year + 1 not in whole.breaks.cuts:
            pair = (rates[year], rates[year + 1])
            axes.plot((year, year + 1), pair, color="0.6", linewidth=thick(1.0), zorder=1)


def _scale_panels(grid: Sequence[Axes], panels: Sequence[RateSeries], language: str) -> bool:
    """Set the shared vertical scale; return whether it is logarithmic, as low rates would be flat on a linear one."""
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
    line, marker, filled, colour = STYLES[position % len(STYLES)]
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
    look: dict[str, Any] = {"marker": mark, "markersize": size, "markerfacecolor": colour if filled else "white"}
    axes.plot(years, rates, linestyle=line, color=colour, label=label, linewidth=width, zorder=3, **look)
    shift = 0.12 * position  # the brackets of men and women would hide each other
    for row in one.bounds:
        span = (row["rate_at_least"], row["rate_at_most"])
        axes.plot((row["year"] + shift,) * 2, span, color=colour, marker="_", markersize=2 * size, linewidth=thick(0.8))


def _part_label(one: RateSeries, by: By, language: str) -> str:
    if by == "sex":
        return label_of("sex", one.sex, language)
    return age_labels(one.age)[LANGUAGES.index(language)]


def limit_notes(series: Sequence[RateSeries], language: str) -> list[str]:
    """Return the notes on bands, if figures have limits, and on the usual variation between years, if that is wider."""
    if not any(row["ci_low"] is not None for one in series for row in one.rows):
        return []
    wide = [row for one in series for row in one.rows if row.get("usual_low") is not None]
    if len(series) == 1 and wide:
        low, high = (figure_in(f"{wide[-1][name]:.2f}", language) for name in ("usual_low", "usual_high"))
        return [
            word("poisson", language),
            word("usual year", language).format(year=wide[-1]["year"], low=low, high=high),
        ]
    return [word("poisson", language), *([word("usual", language)] if wide else [])]


def few_notes(series: Sequence[RateSeries], labels: Sequence[str], language: str) -> list[str]:
    """Return which years are based on few events, with names of several series, or only their number for many.

    Persons counted on a day are not events, so chance does not move them.

    Args:
        series: what is drawn.
        labels: the name of each.
        language: en, fr or es.
    """
    found = []
    for one, label in zip(series, labels, strict=True):
        few = [] if one.is_stock else [row["year"] for row in one.rows if row["value"] < FEWEST_EVENTS]
        if few:
            found.append(f"{label} {year_spans(few)}" if len(series) > 1 else year_spans(few))
    if not found:
        return []
    listed = "; ".join(found) if len(found) <= _FEW_NAMED else f"{len(found)}/{len(series)}"
    return [word("few events in", language).format(n=FEWEST_EVENTS, where=listed)]


def break_notes(breaks: Sequence[Breaks], language: str) -> list[str]:
    """Return the footnotes about breaks and bridges."""
    notes = [word("breaks", language)] if any(one.cuts for one in breaks) else []
    return notes + ([word("bridges", language)] if any(one.bridges for one in breaks) else [])


def draw_breaks(axes: Axes, series: Sequence[RateSeries], language: str) -> None:
    """Draw each break on its own series only, as a short dotted line across it, with a label."""
    low, high = axes.get_ylim()
    reach = 0.07 * (high - low)
    named: set[tuple[int, str]] = set()  # series that break in one year need its name once
    for position, one in enumerate(series):
        colour = STYLES[position % len(STYLES)][3]
        factors = {bridge.at: figure_in(f" × {bridge.factor:.2f}", language) for bridge in one.breaks.bridges}
        for year in sorted({*one.breaks.cuts, *factors}):
            near = min(one.rows, key=lambda row: abs(row["year"] - year))["rate_per_100k"]
            text = word("break", language) if year in one.breaks.cuts else word("bridged", language) + factors[year]
            axes.plot(
                (year - 0.5,) * 2, (near - reach, near + reach), linestyle=":", color=colour, linewidth=thick(1.4)
            )
            if (year, text) not in named:
                place: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": sized(7)}
                axes.annotate(text, (year - 0.5, near + reach), (0, 2), **place)
            named.add((year, text))
    axes.set_ylim(low, high)


def draw_gaps(axes: Axes, series: Sequence[RateSeries]) -> set[tuple[int, str | None]]:
    """Mark, at the foot of the picture, years inside a series without a rate to show.

    Returns:
        Each year with the reasons, as series may lack a year for different reasons.
    """
    gaps: set[tuple[int, str | None]] = set()
    for position, one in enumerate(series):
        there, every = set(one.years), {*one.years, *one.gaps}
        missing = [year for year in range(min(every), max(every) + 1) if year not in there]
        gaps.update((year, one.gaps.get(year)) for year in missing)
        colour, across = STYLES[position % len(STYLES)][3], axes.get_xaxis_transform()
        axes.plot(missing, [0.015 + 0.025 * position] * len(missing), "x", color=colour, markersize=5, transform=across)
    return gaps


def not_drawn_notes(areas: Sequence[str], language: str) -> list[str]:
    """Return the footnote on requested areas that were left out."""
    return [word("not drawn", language).format(areas=", ".join(areas))] if areas else []


def gap_notes(gaps: set[tuple[int, str | None]], language: str) -> list[str]:
    """Return the footnote on the marked years: each reason with its years."""
    reasons: dict[str, list[int]] = {}
    for year, reason in sorted(gaps, key=lambda gap: (gap[0], gap[1] or "")):
        text = word("no figure", language) if reason is None else _reason_label(reason, language)
        reasons.setdefault(text, []).append(year)
    listed = "; ".join(f"{text} ({year_spans(years)})" for text, years in reasons.items())
    return [word("gaps", language).format(reasons=listed)] if reasons else []


def _reason_label(reason: str, language: str) -> str:
    codelist = "missing_reason" if reason in {entry.code for entry in load_codelist("missing_reason")} else ""
    return label_of(codelist or "no_rate_reason", reason, language)


def line_ends(series: Sequence[RateSeries], labels: Sequence[str]) -> list[tuple[float, float, str, str]]:
    """Return the last point of each series with its label and colour, for :func:`style.label_ends`."""
    return [
        (one.rows[-1]["year"], one.rows[-1]["rate_per_100k"], label, STYLES[position % len(STYLES)][3])
        for position, (one, label) in enumerate(zip(series, labels, strict=True))
    ]


def series_notes(
    wanted: SeriesQuery,
    series: Sequence[RateSeries],
    labels: Sequence[str],
    language: str,
    settings: Settings | None = None,
) -> list[str]:
    """Return the main notes on the series of a picture: their course, population and definition."""
    notes = []
    for one, label in zip(series, labels, strict=True) if len(series) <= MAX_SENTENCES else ():
        text = series_sentence(replace(wanted, area=one.area, sex=one.sex, age=one.age), one.key, language, settings)
        if text:
            notes.append(f"{label}{colon(language)}{text}" if len(series) > 1 else text)
    notes += population_notes([row for one in series for row in one.rows], language, settings)
    made = sorted({row["iccs_made_from"] for one in series for row in one.rows if row["iccs_made_from"]})
    if made:
        notes.append(f"{word('made of', language)}{colon(language)}{' | '.join(made)}.")
    return notes


def _draw_segments(axes: Axes, one: RateSeries, position: int, language: str) -> bool:
    """Draw the joinpoint segments of a series over comparable years; return whether there are any: only of events."""
    if one.is_stock:
        return False
    rows = [row for row in one.rows if is_compared(row["caveats"])]
    years, counts, people = ([row[name] for row in rows] for name in ("year", "value", "population"))
    parts = fit_segments(years, counts, people, one.breaks)
    colour = STYLES[position % len(STYLES)][3]
    for place, part in enumerate(parts):
        span = np.linspace(part["first_year"], part["last_year"], 40)
        line = np.geomspace(part["fitted_first"], part["fitted_last"], 40)  # straight on the logarithm
        axes.plot(span, line, color=colour, linewidth=thick(0.9))
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
            fontsize=sized(7.5),
            color=colour,
            bbox=box,
            zorder=2.5,  # beneath the points, of this series and of others
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
