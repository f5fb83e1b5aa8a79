"""Annual rates: one area with its interval, breaks and segments; by sex or age; small multiples of areas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.publish.breaks import Breaks, SeriesBreaks, series_break_at
from pipelines.publish.segments import fit_segments
from pipelines.reader.plots.style import (
    STYLES,
    add_foot,
    add_title,
    blank_figure,
    clear_frame,
    colon,
    figure_in,
    label_of,
    names_of,
    new_figure,
    picture_path,
    short_name,
    whole_years,
    word,
)
from pipelines.reader.release import open_published, packaged_query, query
from pipelines.reader.series import UNITS
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, parse_age
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = list[dict[str, Any]]
MOST_PANELS = 42
MOST_LINEAR_RATIO = 8
"""Small multiples whose middle rates differ more than this go on a logarithmic scale."""


def plot_trend(
    iccs: str,
    area: str,
    path: Path,
    *,
    sex: str = "_T",
    by: str | None = None,
    source: str | None = None,
    counting_unit: str | None = None,
    language: str = "en",
    settings: Settings | None = None,
) -> Path:
    """Draw the annual rates of one category in one area: a line for each counting unit, or by sex, age or area.

    Args:
        iccs: category.
        area: code of the area.
        path: picture to write, .png, .svg or .pdf.
        sex: of the persons; not used where ``by`` is sex.
        by: None, ``sex``, ``age``, or ``area`` for the areas below it, a panel each.
        source: whose figures; all if None.
        counting_unit: what is counted; all, or the first where ``by`` is given, if None.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.

    Raises:
        UsageError: there is no rate to draw, or the file's ending is not that of a picture.
    """
    if by == "area":
        below = query("SELECT code FROM out.area WHERE parent = $area ORDER BY code", settings, {"area": area}).rows
        if not below:
            raise UsageError(f"there is no area below {area}: leave out --by area")
        codes = [row[0] for row in below]
        return plot_areas(iccs, codes, path, title_area=area, sex=sex, language=language, settings=settings)
    sexes = ["M", "F"] if by == "sex" else [sex]
    rows = _rates(iccs, [area], sexes, by == "age", settings)
    rows = [row for row in rows if source in (None, row["source"]) and counting_unit in (None, row["counting_unit"])]
    if by is not None:
        rows = preferred_unit(rows)
    if by == "age":
        rows = [row for row in rows if row["age"] != "_T"]
    if not rows:
        raise UsageError(f"there is no rate of {iccs} in {area}{f' by {by}' if by else ''} to draw")
    figure, axes = new_figure()
    series = _split(rows, "sex", "age") if by else _split(rows)
    if by == "age":
        series.sort(key=lambda one: (parse_age(one[0]["age"]) or (0, 0))[0])
    series, breaks = bridge_rates(iccs, series, settings)
    rows = [row for one in series for row in one]
    segments = False
    first = min(range(len(series)), key=lambda place: UNITS.index(series[place][0]["counting_unit"]))
    for position, one in enumerate(series):
        draw_rates(axes, one, _label(one[0], by, language), position, breaks=breaks[position].cuts)
        if by in (None, "sex") and (by or position == first):
            segments |= _draw_segments(axes, one, breaks[position], position, language)
    _draw_breaks(axes, breaks, rows, language)
    title, name = names_of(iccs, area, language, settings)
    people = "" if sex == "_T" or by == "sex" else f", {label_of('sex', sex, language).lower()}"
    add_title(figure, f"{iccs} {title}{colon(language)}{name}{people}")
    axes.set_ylabel(word("rate", language))
    axes.set_ylim(0, axes.get_ylim()[1] * 1.03)  # marks of joinpoints and percentages stand above the lines
    axes.margins(x=0.06)
    whole_years(axes)
    axes.legend(frameon=False, fontsize=8)
    notes = [word("poisson", language), *([word("segments", language)] if segments else [])]
    notes += break_notes(breaks, language)
    add_foot(figure, sorted({row["source"] for row in rows}), notes, language, settings)
    figure.savefig(picture_path(path))
    return path


def plot_areas(
    iccs: str,
    areas: Sequence[str],
    path: Path,
    *,
    title_area: str | None = None,
    sex: str = "_T",
    language: str = "en",
    settings: Settings | None = None,
) -> Path:
    """Draw small multiples of annual rates, a panel for each area, all on one scale, the highest latest rates first.

    Args:
        iccs: category.
        areas: codes; those without a rate are left out, and at most 42 are drawn.
        path: picture to write.
        title_area: area named in the title, such as the country whose regions are drawn.
        sex: of the persons counted.
        language: of titles and foot.
        settings: where the published file is.

    Raises:
        UsageError: none of the areas has a rate.
    """
    rows = preferred_unit(_rates(iccs, areas, [sex], False, settings))
    panels = sorted(_split(rows, "ref_area"), key=lambda one: -one[-1]["rate_per_100k"])[:MOST_PANELS]
    if not panels:
        raise UsageError(f"there is no rate of {iccs} in {', '.join(areas[:5])} to draw")
    columns = min(len(panels), 7 if len(panels) > 18 else 4 if len(panels) > 6 else 3)
    lines = math.ceil(len(panels) / columns)
    figure = blank_figure(max(1.45 * columns, 6.0), 1.25 * lines + 1.1)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    names = dict(query(f"SELECT code, name_{language} FROM out.area", settings).rows)
    panels, breaks = bridge_rates(iccs, panels, settings)
    for axes, one, inside in zip(grid, panels, breaks, strict=False):
        clear_frame(axes)
        draw_rates(axes, one, "", 0, breaks=inside.cuts, small=True)
        axes.set_title(short_name(names[one[0]["ref_area"]]), fontsize=7, loc="left", pad=2)
        axes.tick_params(labelsize=6)
        whole_years(axes)
        axes.xaxis.get_major_locator().set_params(nbins=3)
    for axes in grid[max(len(panels) - columns, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)  # the lowest panel of each column
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    notes = [word("poisson", language), *break_notes(breaks, language)]
    middles = [float(np.median([row["rate_per_100k"] for row in one])) for one in panels]
    least = min((middle for middle in middles if middle > 0), default=0.0)
    if least and max(middles) > MOST_LINEAR_RATIO * least:  # on one straight scale the low ones would be flat
        grid[0].set_yscale("log")
        grid[0].set_ylim(least / 2, max(row["rate_per_100k"] for one in panels for row in one) * 1.5)
        bottom, top = grid[0].get_ylim()
        ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if bottom <= tick <= top]
        grid[0].set_yticks(ticks[::2], [figure_in(f"{tick:g}", language) for tick in ticks[::2]])
        grid[0].minorticks_off()
        for line in [line for axes in grid for line in axes.lines]:
            line.set_ydata(np.where(np.asarray(line.get_ydata()) == 0, np.nan, line.get_ydata()))
        notes.append(word("log", language))
    else:
        grid[0].set_ylim(bottom=0)
    title, name = names_of(iccs, title_area or areas[0], language, settings)
    add_title(figure, f"{iccs} {title}{colon(language) + name if title_area else ''}, {word('rate', language)}")
    add_foot(figure, sorted({row["source"] for row in rows}), notes, language, settings)
    figure.savefig(picture_path(path))
    return path


def draw_rates(
    axes: Axes, rows: Rows, label: str, position: int, *, breaks: Sequence[int] = (), small: bool = False
) -> None:
    """Draw one annual series of rates with its interval; a missing year or a break leaves a gap.

    Args:
        axes: where to draw.
        rows: year, rate_per_100k, ci_low, ci_high; recorded, in grey, where it differs from the rate.
        label: name in the legend.
        position: number of the series, for its style.
        breaks: years that begin anew.
        small: true in a panel among many: small markers.
    """
    line, marker, colour = STYLES[position % len(STYLES)]
    by_year = {row["year"]: row for row in rows}
    halves = {at - 0.5 for at in breaks}
    years = sorted({*map(float, range(min(by_year), max(by_year) + 1)), *halves})

    def column(name: str) -> list[float]:
        return [float(by_year[year][name]) if year in by_year else float("nan") for year in years]

    axes.fill_between(years, column("ci_low"), column("ci_high"), color=colour, alpha=0.18, linewidth=0)
    mark, size, width = (".", 2.5, 1.1) if small else (marker, 4.0, 1.4)
    rates = column("rate_per_100k")
    if any(row["recorded"] != row["rate_per_100k"] for row in rows):
        before = [row for row in rows if row["recorded"] != row["rate_per_100k"]]
        axes.plot(
            [row["year"] for row in before], [row["recorded"] for row in before], color="0.6", marker=".", linewidth=0.8
        )
    axes.plot(years, rates, linestyle=line, color=colour, label=label, marker=mark, markersize=size, linewidth=width)


def preferred_unit(rows: Rows) -> Rows:
    """Keep for each area the first counting unit and source: one line a group, never two units side by side."""
    best: dict[str, tuple[int, str, str]] = {}
    for row in rows:
        key = (UNITS.index(row["counting_unit"]), row["source"], row["stage"])
        best[row["ref_area"]] = min(key, best.get(row["ref_area"], key))
    return [
        row for row in rows if (UNITS.index(row["counting_unit"]), row["source"], row["stage"]) == best[row["ref_area"]]
    ]


def _rates(iccs: str, areas: Sequence[str], sexes: Sequence[str], ages: bool, settings: Settings | None) -> Rows:
    return packaged_query(
        "reader/trend_rows", settings, iccs=iccs, areas=list(areas), sexes=list(sexes), ages=ages
    ).records()


def _split(rows: Rows, *dimensions: str) -> list[Rows]:
    groups: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        key = tuple(row[name] for name in ("source", "stage", "counting_unit", *dimensions))
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def _label(row: dict[str, Any], by: str | None, language: str) -> str:
    if by == "sex":
        return label_of("sex", row["sex"], language)
    if by == "age":
        return age_labels(row["age"])[("en", "fr", "es").index(language)]
    return f"{label_of('counting_unit', row['counting_unit'], language)}, {row['source']}"


def bridge_rates(iccs: str, series: Sequence[Rows], settings: Settings | None) -> tuple[list[Rows], list[Breaks]]:
    """Return the series with rates brought over bridged breaks, and the breaks inside each.

    Each row gets ``recorded``, the rate as it is published. The factor's limits widen those of the rate. Bridges are of
    all ages together: a series of one age stays cut there.
    """
    with open_published(settings) as connection:
        declared = SeriesBreaks(connection)
    bridged, breaks = [], []
    for rows in series:
        first, years = rows[0], [row["year"] for row in rows]
        marked = [
            series_break_at(str(row["year"]), row["obs_status"], row["caveats"], sex=row["sex"], age=row["age"])
            for row in rows
        ]
        key = (first["source"], first["ref_area"], iccs, first["stage"], first["counting_unit"], first["sex"])
        inside = declared.of(key, marked).inside(years[0], years[-1])
        if first["age"] != "_T":
            inside = Breaks(tuple(inside.all))
        breaks.append(inside)
        bridged.append(
            [
                row
                | {
                    "recorded": row["rate_per_100k"],
                    "rate_per_100k": row["rate_per_100k"] * factor,
                    "ci_low": row["ci_low"] * low,
                    "ci_high": row["ci_high"] * high,
                }
                for row, factor, low, high in zip(rows, *inside.multipliers(years), strict=True)
            ]
        )
    return bridged, breaks


def break_notes(breaks: Sequence[Breaks], language: str) -> list[str]:
    """Return what the foot says about breaks and bridges."""
    notes = [word("breaks", language)] if any(one.cuts for one in breaks) else []
    return notes + ([word("bridges", language)] if any(one.bridges for one in breaks) else [])


def _draw_breaks(axes: Axes, breaks: Sequence[Breaks], rows: Rows, language: str) -> None:
    top = max(row["ci_high"] for row in rows)
    factors: dict[int, set[str]] = {}
    for one in breaks:
        for bridge in one.bridges:
            factors.setdefault(bridge.at, set()).add(figure_in(f" × {bridge.factor:.2f}", language))
    cuts = {at for one in breaks for at in one.cuts}
    for year in sorted(cuts.union(factors)):
        told = factors.get(year, set())
        text = word("break", language) if year in cuts else word("bridged", language)
        axes.axvline(year - 0.5, color="0.3", linestyle=":", linewidth=1.2)
        text += next(iter(told)) if len(told) == 1 and year not in cuts else ""
        axes.text(year - 0.55, top, text, rotation=90, fontsize=7, va="top", ha="right", color="0.3")


def _draw_segments(axes: Axes, rows: Rows, breaks: Breaks, position: int, language: str) -> bool:
    """Draw the joinpoint segments of a series; return whether there are any."""
    years = [row["year"] for row in rows]
    parts = fit_segments(years, [row["value"] for row in rows], [row["population"] for row in rows], breaks)
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
        at, above = place_label([row["rate_per_100k"] - one for row, one in zip(inside, fitted, strict=True)])
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
    """Return the point of a segment at which its label hides no other, and whether it stands above the line there.

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
