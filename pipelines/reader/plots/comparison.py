"""Pictures that compare: regions of two years, victims by age and sex, vintages of one source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.reader.plots.style import (
    add_foot,
    add_title,
    colon,
    figure_in,
    names_of,
    new_figure,
    picture_path,
    short_name,
    word,
)
from pipelines.reader.plots.trend import break_notes, bridge_rates, preferred_unit
from pipelines.reader.release import packaged_query, query
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, parse_age
from schemas.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

LEAST_FULL_SHADE = 5.0
"""Percent of change that gets the darkest shade at least: small revisions look small."""

LEAST_WHOLE_RATE = 20
"""Where the highest rate is below, whole numbers would name different rates alike."""


def plot_slopes(
    iccs: str,
    area: str,
    first_year: int,
    last_year: int,
    path: Path,
    *,
    sex: str = "_T",
    language: str = "en",
    settings: Settings | None = None,
) -> Path:
    """Draw a line for each area below a country from its rate in one year to that in another.

    Full lines rise, broken ones fall; the areas that changed most are named.

    Args:
        iccs: category.
        area: whose parts are drawn.
        first_year: on the left.
        last_year: on the right.
        path: picture to write, .png, .svg or .pdf.
        sex: of the persons counted.
        language: of titles and foot, en, fr or es.
        settings: where the published file is.

    Raises:
        UsageError: fewer than two areas have a rate in both years, without a break between that is not bridged.
    """
    rows = _regions(iccs, area, sex, settings)
    between = [row for row in rows if first_year <= row["year"] <= last_year]
    series, breaks = bridge_rates(iccs, list(_by_area(between).values()), settings)
    both = {}
    for one, inside in zip(series, breaks, strict=True):
        found = {row["year"]: row["rate_per_100k"] for row in one}
        if first_year in found and last_year in found and not inside.cuts:
            both[one[0]["ref_area"]] = (found[first_year], found[last_year])
    if len(both) < 2:
        raise UsageError(
            f"fewer than two areas of {area} have a rate of {iccs} in {first_year} and {last_year} without a break "
            "between"
        )
    names = dict(query(f"SELECT code, name_{language} FROM out.area", settings).rows)
    moved = sorted(both, key=lambda code: -abs(both[code][1] - both[code][0]))
    fell = min(both, key=lambda code: both[code][1] - both[code][0])
    named = {
        *moved[:7],
        *sorted(both, key=lambda code: -both[code][1])[:3],
        max(both, key=lambda code: both[code][0]),
        fell,
    }
    figure, axes = new_figure(6.5, 6.0)
    for code, ends in both.items():
        rises = ends[1] > ends[0]
        shade = "black" if code in named else "0.7"
        axes.plot(
            (0, 1), ends, "-o" if rises else "--s", color=shade, markersize=3, linewidth=1.2, zorder=2 + (code in named)
        )
    span = max(max(ends) for ends in both.values())
    decimals = 0 if span >= LEAST_WHOLE_RATE else 1
    for side, align, shift in ((0, "right", -0.07), (1, "left", 0.07)):
        ranked = sorted(named, key=lambda code: both[code][side])
        heights = spread_labels([both[code][side] for code in ranked], span * 0.035)
        for code, height in zip(ranked, heights, strict=True):
            text = f"{short_name(names[code])} {figure_in(f'{both[code][side]:.{decimals}f}', language)}"
            axes.plot((side, side + shift), (both[code][side], height), color="0.5", linewidth=0.6)
            axes.text(side + 1.3 * shift, height, text, ha=align, va="center", fontsize=7)
    axes.set_xlim(-0.55, 1.55)
    axes.set_xticks([0, 1], [str(first_year), str(last_year)])
    axes.set_ylim(bottom=0)
    axes.set_ylabel(word("rate", language))
    title, name = names_of(iccs, area, language, settings)
    years = word("from to", language).format(first=first_year, last=last_year)
    add_title(figure, f"{iccs} {title}{colon(language)}{name}, {years}")
    notes = [word("slopes", language), *break_notes(breaks, language)]
    add_foot(figure, sorted({row["source"] for row in rows}), notes, language, settings)
    figure.savefig(picture_path(path))
    return path


def plot_pyramid(
    iccs: str, area: str, year: int, path: Path, *, language: str = "en", settings: Settings | None = None
) -> Path:
    """Draw the victims of one year by age and sex, men to the left, women to the right.

    Args:
        iccs: category.
        area: code of the area.
        year: of the counts.
        path: picture to write.
        language: of titles and foot.
        settings: where the published file is.

    Raises:
        UsageError: no victims by age and sex there.
    """
    rows = packaged_query("reader/victims_by_age", settings, iccs=iccs, area=area, year=str(year)).records()
    aged = [row for row in rows if row["age"].startswith("Y") and row["sex"] in ("M", "F")]
    if not aged:
        raise UsageError(f"there are no victims of {iccs} in {area} in {year} by age and sex")
    source = min(row["source"] for row in aged)
    counts = {(row["age"], row["sex"]): row["value"] or 0.0 for row in aged if row["source"] == source}
    ages = sorted({age for age, _ in counts}, key=lambda age: (parse_age(age) or (0, None))[0])
    total = sum(
        row["value"] or 0 for row in rows if row["source"] == source and (row["age"], row["sex"]) == ("_T", "_T")
    )
    figure, axes = new_figure(7.0, max(2.6, 0.28 * len(ages) + 1.8))
    places = np.arange(len(ages))
    most = max(counts.values()) or 1.0
    for sex, sign, shade, hatch in (("M", -1, "0.35", ""), ("F", 1, "0.85", "///")):
        values = [counts.get((age, sex), 0.0) for age in ages]
        axes.barh(
            places, [sign * value for value in values], color=shade, edgecolor="black", linewidth=0.5, hatch=hatch
        )
        for place, value in enumerate(values):
            side = "right" if sign < 0 else "left"
            axes.text(
                sign * (value + most * 0.015),
                place,
                figure_in(f"{value:,.0f}", language),
                ha=side,
                va="center",
                fontsize=7,
            )
    axes.set_ylim(-0.6, len(ages) - 0.4)
    axes.set_yticks(places, [age_labels(age)[("en", "fr", "es").index(language)] for age in ages], fontsize=8)
    axes.set_xlim(-most * 1.2, most * 1.2)
    ticks = [tick for tick in axes.get_xticks() if abs(tick) <= most * 1.2]
    axes.set_xticks(ticks, [figure_in(f"{abs(tick):,.0f}", language) for tick in ticks])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.grid(visible=False)
    axes.set_xlabel(
        f"← {word('men', language)}      {word('victims', language)}      {word('women', language)} →", fontsize=8
    )
    title, name = names_of(iccs, area, language, settings)
    add_title(figure, f"{iccs} {title}{colon(language)}{name}, {year}")
    unknown = word("unknown", language).format(n=figure_in(f"{total - sum(counts.values()):,.0f}", language))
    add_foot(figure, [source], [f"{unknown}."], language, settings)
    figure.savefig(picture_path(path))
    return path


def plot_revisions(
    triangle: pd.DataFrame,
    title: str,
    path: Path,
    *,
    sources: Sequence[str] = (),
    language: str = "en",
    settings: Settings | None = None,
) -> Path:
    """Draw a revision triangle: a row for each period, a column for each vintage, shaded by the change it made.

    Args:
        triangle: columns time_period, vintage, value, as ``out.revision_triangle`` gives them for one stage and
            counting unit; at most one value for each pair. Vintages stand in the order of ``loaded_at`` if it is there.
        title: what is counted and where.
        path: picture to write.
        sources: whose figures, for the foot.
        language: of axes and foot.
        settings: where the published file is.

    Raises:
        UsageError: fewer than two vintages.
    """
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    order = triangle.sort_values("loaded_at" if "loaded_at" in triangle else "vintage")["vintage"].unique()
    table = triangle.pivot(index="time_period", columns="vintage", values="value").sort_index()[order]
    if table.shape[1] < 2:
        raise UsageError("a revision triangle needs at least two vintages")
    values = table.to_numpy(dtype=float)
    change = np.full(values.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        change[:, 1:] = 100 * (values[:, 1:] / values[:, :-1] - 1)
    most = max(float(np.nanmax(np.abs(change))) if np.isfinite(change).any() else 0.0, LEAST_FULL_SHADE)
    shades = colormaps["PuOr"]
    figure, axes = new_figure(max(5.5, 1.1 * table.shape[1] + 1.5), max(2.6, 0.32 * len(table) + 1.6))
    for (line, column), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        moved = change[line, column]
        share = 0.5 if np.isnan(moved) else 0.5 - 0.4 * moved / most
        axes.add_patch(Rectangle((column, line), 0.97, 0.95, facecolor=shades(share)))
        text = f"{value:,.0f}" + ("" if np.isnan(moved) or moved == 0 else f"\n{moved:+.1f} %")
        axes.text(
            column + 0.48,
            line + 0.48,
            figure_in(text, language),
            ha="center",
            va="center",
            fontsize=7,
            color="white" if abs(float(share) - 0.5) > 0.3 else "black",
        )
    axes.set_xlim(0, table.shape[1])
    axes.set_ylim(len(table), 0)
    axes.set_xticks(np.arange(table.shape[1]) + 0.48, [str(name) for name in table.columns], fontsize=7)
    axes.set_yticks(np.arange(len(table)) + 0.48, [str(name) for name in table.index], fontsize=7)
    axes.set_xlabel(word("vintage", language), fontsize=8)
    axes.set_ylabel(word("period", language), fontsize=8)
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    add_title(figure, title)
    add_foot(figure, sources, [word("revisions", language)], language, settings)
    figure.savefig(picture_path(path))
    return path


def spread_labels(places: Sequence[float], apart: float) -> list[float]:
    """Return heights at least so far apart and as near as possible to their places, for labels beside points.

    Least squares under order constraints by pooling neighbours (Robertson, Wright and Dykstra 1988, Order Restricted
    Statistical Inference, section 1.2).

    Args:
        places: rising.
        apart: smallest distance.

    >>> [round(height, 2) for height in spread_labels([1.0, 1.1, 5.0], 0.5)]
    [0.8, 1.3, 5.0]
    """
    pools: list[list[float]] = []  # mean and size
    for position, place in enumerate(places):
        pools.append([place - position * apart, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * size) / (pools[-1][1] + size), pools[-1][1] + size]
    flat = [mean for mean, size in pools for _ in range(int(size))]
    return [height + position * apart for position, height in enumerate(flat)]


def _by_area(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    areas: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        areas.setdefault(row["ref_area"], []).append(row)
    return areas


def _regions(iccs: str, area: str, sex: str, settings: Settings | None) -> list[dict[str, Any]]:
    below = query("SELECT code FROM out.area WHERE parent = $area", settings, {"area": area}).rows
    codes = [row[0] for row in below]
    found = packaged_query("reader/trend_rows", settings, iccs=iccs, areas=codes, sexes=[sex], ages=False).records()
    return preferred_unit(found)
