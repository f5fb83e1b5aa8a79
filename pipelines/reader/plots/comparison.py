"""Pictures of comparisons: several areas by year, the areas of one in two years, counts of a year by age and sex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.publish.series.breaks import Breaks
from pipelines.reader.comparison import Comparison
from pipelines.reader.plots.sheets import SCREEN, sized, styled, thick
from pipelines.reader.plots.style import (
    STYLES,
    Picture,
    canvas,
    caveat_notes,
    finish_picture,
    foot_text,
    label_ends,
    label_of,
    picture_title,
    population_notes,
    short_name,
    spread_labels,
    whole_years,
)
from pipelines.reader.plots.trend import (
    break_notes,
    draw_rates,
    few_notes,
    limit_notes,
    line_ends,
    not_drawn_notes,
    series_notes,
)
from pipelines.reader.release import packaged_query, query
from pipelines.reader.selection import SeriesKey, SeriesQuery, choose_series, key_of
from pipelines.reader.series.rates import RateSeries, Rows, read_rates
from pipelines.reader.words import LANGUAGES, figure_in, word
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, parse_age
from schemas.declarations import is_compared
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Ends = dict[str, tuple[float, float]]

MIN_WHOLE_RATE = 20
"""Below this highest rate a decimal is shown, as different rates would otherwise have the same whole number."""


@styled
def plot_slopes(
    wanted: SeriesQuery,
    first_year: int,
    last_year: int,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw a line for each area below one from its rate in one year to that in another.

    Full lines rise, broken ones fall; the areas that changed most are named. All are of one source, stage and counting
    unit.

    Args:
        wanted: what is asked for; its area is the one whose parts are drawn.
        first_year: on the left.
        last_year: on the right.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes of yours to draw on; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: fewer than two areas have a rate in both years, without a break between that is not bridged.

    Example::

        plot_slopes(SeriesQuery("0101", "MX"), 2015, 2024)
    """
    series = read_rates(wanted, "area", settings)
    between = [one.breaks.inside(first_year, last_year) for one in series]
    ends = _ends(series, between, first_year, last_year)
    if len(ends) < 2:
        raise UsageError(
            f"fewer than two areas of {wanted.area} have a rate of {wanted.iccs} in {first_year} and {last_year} "
            "without a break between"
        )
    figure, axes = canvas(ax, 6.5, 6.0)
    named = _named(ends)
    _draw_slopes(axes, ends, named)
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    _name_ends(axes, {code: ends[code] for code in named}, names, language)
    axes.set_xlim(-0.55, 1.55)
    axes.set_xticks([0, 1], [str(first_year), str(last_year)])
    axes.set_ylim(bottom=0)
    axes.set_ylabel(word("rate", language))
    years = word("from to", language).format(first=first_year, last=last_year)
    keys = {one.key for one in series}
    title = f"{picture_title(wanted, keys, language, settings)}, {years}"
    notes = [word("slopes", language), *break_notes(between, language)]
    shown = [row for one in series if one.area in ends for row in one.rows if row["year"] in (first_year, last_year)]
    notes += [*population_notes(shown, language, settings), *caveat_notes(shown, language)]
    notes += not_drawn_notes([one.area for one in series if one.area not in ends], language)
    return finish_picture(
        figure, axes, title, foot_text(sorted({key.source for key in keys}), notes, language, settings), ax
    )


def _ends(series: Sequence[RateSeries], between: Sequence[Breaks], first_year: int, last_year: int) -> Ends:
    """Return the rates of both years for each area that has them, without an unbridged break between."""
    ends: Ends = {}
    for one, breaks in zip(series, between, strict=True):
        recorded = {row["year"]: row["recorded"] for row in one.rows if is_compared(row["caveats"])}
        if first_year in recorded and last_year in recorded and not breaks.cuts:
            factor, _ = breaks.multipliers([first_year, last_year])[0]
            ends[one.area] = (recorded[first_year] * factor, recorded[last_year])
    return ends


def _draw_slopes(axes: Axes, ends: Ends, named: set[str]) -> None:
    for code, heights in ends.items():
        look = "-o" if heights[1] > heights[0] else "--s"
        shade, above = ("black", 3) if code in named else ("0.7", 2)
        axes.plot((0, 1), heights, look, color=shade, markersize=3, linewidth=thick(1.2), zorder=above)


def _named(ends: Ends) -> set[str]:
    """Return the areas to name: those that changed most, the highest at each end, and the one that fell most."""
    moved = sorted(ends, key=lambda code: -abs(ends[code][1] - ends[code][0]))
    highest = sorted(ends, key=lambda code: -ends[code][1])
    fell = min(ends, key=lambda code: ends[code][1] - ends[code][0])
    return {*moved[:7], *highest[:3], max(ends, key=lambda code: ends[code][0]), fell}


def _name_ends(axes: Axes, ends: Ends, names: dict[str, str], language: str) -> None:
    top = max(map(max, ends.values()))
    decimals = 0 if top >= MIN_WHOLE_RATE else 1
    for side, align, shift in ((0, "right", -0.07), (1, "left", 0.07)):
        ranked = sorted(ends, key=lambda code: ends[code][side])
        heights = spread_labels([ends[code][side] for code in ranked], top * 0.035)
        for code, height in zip(ranked, heights, strict=True):
            text = f"{short_name(names[code])} {figure_in(f'{ends[code][side]:.{decimals}f}', language)}"
            axes.plot((side, side + shift), (ends[code][side], height), color="0.5", linewidth=thick(0.6))
            axes.text(side + 1.3 * shift, height, text, ha=align, va="center", fontsize=sized(7))


@styled
def plot_compared(
    found: Comparison,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw the annual rates of the ranked areas of a comparison in one picture, each from its own series.

    Areas that are not ranked count something else and are not drawn; the foot names them.

    Args:
        found: a comparison; of more areas than there are styles of lines, those with the highest rates are drawn.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.
        ax: axes of yours to draw on; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: no two of its figures are alike.

    Example::

        plot_compared(compare_areas(SeriesQuery("0101"), ["SE", "DE", "FR"]))
    """
    if not found.ranked:
        raise UsageError("no two of the figures are comparable in all respects, so there is nothing to draw together")
    drawn = found.ranked[: len(STYLES)]
    figure, axes = canvas(ax)
    series, labels = [], list[str]()
    for position, row in enumerate(drawn):
        one = read_rates(replace(found.query, area=row["ref_area"], source=row["source"]), settings=settings)[0]
        labels.append(row[f"area_{language}"] or row["area_en"])
        draw_rates(axes, one, labels[-1], position)
        series.append(one)
    keys = {one.key for one in series}
    years = [year for one in series for year in one.years]
    title = picture_title(replace(found.query, area=None), keys, language, settings)
    title += f", {min(years)}-{max(years)}"
    axes.set_ylabel(word("rate", language))
    axes.set_ylim(bottom=0)
    whole_years(axes)
    label_ends(axes, line_ends(series, labels))
    notes = [*series_notes(found.query, series, labels, language, settings), *limit_notes(series, language)]
    notes += few_notes(series, labels, language)
    notes += break_notes([one.breaks for one in series], language)
    notes += caveat_notes([row for one in series for row in one.rows], language)
    left = [row["ref_area"] for row in [*found.ranked[len(STYLES) :], *found.unranked]]
    notes += not_drawn_notes(left, language)
    return finish_picture(
        figure, axes, title, foot_text(sorted({key.source for key in keys}), notes, language, settings), ax
    )


@styled
def plot_pyramid(
    wanted: SeriesQuery,
    year: int,
    language: str = "en",
    settings: Settings | None = None,
    ax: Axes | None = None,
    *,
    style: str = SCREEN,
) -> Picture:
    """Draw the counts of one year by age and sex, men to the left, women to the right.

    Args:
        wanted: what is asked for; its sex and age are not used.
        year: of the counts.
        language: of titles and foot.
        settings: where the published file is.
        ax: axes of yours to draw on; a new figure if None.
        style: screen, print or slides, or a style sheet of matplotlib.

    Raises:
        UsageError: no counts by age and sex there.
    """
    key, rows, total = _read_pyramid(wanted, year, settings)
    counts = {(row["age"], row["sex"]): row["value"] for row in rows}
    ages = sorted({age for age, _ in counts}, key=lambda age: (parse_age(age) or (0, None))[0])
    figure, axes = canvas(ax, 7.0, max(2.6, 0.28 * len(ages) + 1.8))
    most = max(counts.values()) or 1.0
    for sex, sign in (("M", -1), ("F", 1)):
        _draw_side(axes, [counts.get((age, sex)) for age in ages], sign, most, language)
    axes.set_ylim(-0.6, len(ages) - 0.4)
    axes.set_yticks(
        np.arange(len(ages)), [age_labels(age)[LANGUAGES.index(language)] for age in ages], fontsize=sized(8)
    )
    axes.set_xlim(-most * 1.2, most * 1.2)
    ticks = [tick for tick in axes.get_xticks() if abs(tick) <= most * 1.2]
    axes.set_xticks(ticks, [figure_in(f"{abs(tick):,.0f}", language) for tick in ticks])
    axes.axvline(0, color="black", linewidth=thick(0.8))
    axes.grid(visible=False)
    unit = label_of("counting_unit", key.counting_unit, language).lower()
    axes.set_xlabel(f"← {word('men', language)}      {unit}      {word('women', language)} →", fontsize=sized(8))
    shown = SeriesQuery(wanted.iccs, wanted.area, attributes=wanted.attributes)
    title = f"{picture_title(shown, [key], language, settings)}, {year}"
    notes = caveat_notes(rows, language)
    left = None if total is None or len(counts) < 2 * len(ages) else total - sum(counts.values())
    if left is not None and left >= 0:  # bands that overlap hold more than everybody
        notes.insert(0, word("unknown", language).format(n=figure_in(f"{left:,.0f}", language)) + ".")
    return finish_picture(figure, axes, title, foot_text([key.source], notes, language, settings), ax)


def _read_pyramid(wanted: SeriesQuery, year: int, settings: Settings | None) -> tuple[SeriesKey, Rows, float | None]:
    """Return the preferred series, its rows by age and sex, and the total of everybody if it is known."""
    asked = {"iccs": wanted.iccs, "area": wanted.area, "year": str(year)}
    rows = packaged_query("reader/counts_by_age", settings, wanted, **asked).records()
    aged = [row for row in rows if row["sex"] in ("M", "F") and parse_age(row["age"]) and row["value"] is not None]
    keys = choose_series(map(key_of, aged), wanted)
    if not keys:
        raise UsageError(f"there are no counts of {wanted.iccs} in {wanted.area} in {year} by age and sex")
    everybody = [row["value"] for row in rows if key_of(row) == keys[0] and (row["age"], row["sex"]) == ("_T", "_T")]
    total = None if not everybody or None in everybody else sum(everybody)
    return keys[0], [row for row in aged if key_of(row) == keys[0]], total


def _draw_side(axes: Axes, values: Sequence[float | None], sign: int, most: float, language: str) -> None:
    shade, hatch, align = ("0.35", "", "right") if sign < 0 else ("0.85", "///", "left")
    places = np.arange(len(values))
    bars = [sign * (value or 0) for value in values]
    axes.barh(places, bars, color=shade, edgecolor="black", linewidth=thick(0.5), hatch=hatch)
    for place, value in enumerate(values):
        text = word("no figure", language) if value is None else figure_in(f"{value:,.0f}", language)
        axes.text(sign * ((value or 0) + most * 0.015), place, text, ha=align, va="center", fontsize=sized(7))
