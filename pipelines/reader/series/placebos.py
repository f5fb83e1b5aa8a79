"""The effect of a policy in its first year, compared with the same estimate at other dates and in other areas."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_index
from pipelines.publish.series.breaks import Breaks, SeriesBreaks, series_break_at
from pipelines.reader.release import open_published, packaged_query
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.counts import Series, person_years, series_breaks
from pipelines.reader.words import figure_in, semicolon, word
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.bridging import widest_effect
from pipelines.statistics.first_year import (
    FirstYearEffects,
    Placebos,
    controlled_exposures,
    first_year_effects,
    placebo_effects,
)
from pipelines.statistics.regression import Effect
from pipelines.statistics.wording import p_value_text
from pipelines.system.settings import Settings
from schemas.declarations import is_compared

Numbers = NDArray[np.float64]

FEWEST_PLACEBOS = 40
"""With fewer placebos, a randomisation p below 0.05 depends on one or two of them; the verdict then names the model."""
FEWEST_MONTHS_BEFORE = 24
FEWEST_YEARS_BEFORE = 8
_LJUNG_BOX_LAGS = 12


@dataclass(frozen=True)
class FirstYear:
    """The average over the first twelve months after a date (or the first year), relative to the expected rate.

    Attributes:
        effect: ratio of the rate to the expected one, with limits and p of the model.
        periods: averaged over.
        weights: of the controls by area, in the expected course; empty without a control.
        autocorrelation: allowed for in the limits.
        placebos: the same estimate at other dates and in other areas.
        randomisation_p: share of the placebos, including the estimate itself, as extreme; None with fewer than 40.
        ljung_box_p: p of the independence of the model's residuals.
        expected_by_period: counts without the effect: as fitted before the date, as expected in the periods after it.
    """

    effect: Effect
    periods: int
    weights: Mapping[str, float]
    autocorrelation: float
    placebos: Placebos
    randomisation_p: float | None
    ljung_box_p: float
    expected_by_period: Mapping[str, float]

    @property
    def verdict_key(self) -> str:
        """The key of the verdict in the catalogues: below or above only if both p values agree.

        If there are too few placebos for a second p, the verdict is by the model alone, and says so.
        """
        if self.effect.p >= SIGNIFICANCE:
            return "verdict within"
        side = "below" if self.effect.value < 1 else "above"
        if self.randomisation_p is None:
            return f"verdict {side} by model"
        return "verdict elsewhere" if self.randomisation_p >= SIGNIFICANCE else f"verdict {side}"

    @property
    def verdict(self) -> str:
        """The verdict in English: see :attr:`verdict_key`."""
        return word(self.verdict_key, "en")

    def cannot_tell(self, language: str = "en") -> list[str]:
        """Return the limitations of the effect, in words."""
        notes = []
        if self.randomisation_p is None:
            few = word("cannot tell placebos", language)
            notes.append(few.format(n=self.placebos.number, least=FEWEST_PLACEBOS))
        elif self.effect.p < SIGNIFICANCE <= self.randomisation_p:
            n, share = figure_in(f"{self.placebos.number:,}", language), f"{100 * self.randomisation_p:.0f}"
            notes.append(word("cannot tell date", language).format(n=n, share=share))
        if self.ljung_box_p < SIGNIFICANCE:
            p = figure_in(p_value_text(self.ljung_box_p), language)
            notes.append(word("cannot tell residuals", language).format(p=p))
        return notes

    def placebos_in_words(self, language: str = "en") -> str:
        """Return which other dates and areas count as extreme without an estimate, and which do not count."""
        parts = []
        for key, numbers in (("others extreme", self.placebos.extreme), ("others left out", self.placebos.left_out)):
            listed = ", ".join(
                word(f"without {reason}", language).format(n=figure_in(f"{number:,}", language))
                for reason, number in numbers.items()
            )
            parts += [word(key, language).format(listed=listed)] if listed else []
        return semicolon(language).join(parts)


def first_year(series: Series, at: int, controls: Sequence[Series], settings: Settings | None) -> FirstYear:
    """Return the effect over the first year after a date.

    Over bridges, including those of the controls, limits and p are the widest of those with their factors and with the
    factors' limits.

    Args:
        series: of the area, an unbroken run around the date.
        at: first step after the date.
        controls: series of the control areas over the same periods.
        settings: where the published file is.

    Raises:
        ValueError: too few periods, or no event before or after the date.
    """
    from statsmodels.stats.diagnostic import acorr_ljungbox

    monthly = series.query.freq == "M"
    before = series.steps.index(at)
    length = min(12 if monthly else 1, len(series.steps) - before)
    season = 12 if monthly and not controls else None
    made, weights = _estimates(series, controls, before, length, season)
    if not all(one.converged.all() for one in made):
        raise ValueError("the regression did not converge: there may be hardly any events before or after the date")
    main = made[0]
    placebos = _placebos(series, at, length, [one.query.area or "" for one in controls], season, settings)
    left, r = main.residuals[0], float(main.autocorrelation[0])
    lags = max(min(_LJUNG_BOX_LAGS, len(left) // 5), 1)
    table = acorr_ljungbox(left[1:] - r * left[:-1], lags=[lags], return_df=True)
    return FirstYear(
        widest_effect([one.effect() for one in made]),
        length,
        {one.query.area or "": float(weight) for one, weight in zip(controls, weights, strict=True)},
        r,
        placebos,
        placebos.p(float(main.scores[0])) if placebos.number >= FEWEST_PLACEBOS else None,
        float(table["lb_pvalue"].iloc[0]),
        dict(zip(series.periods[: before + length], main.expected[0].tolist(), strict=True)),
    )


def _estimates(
    series: Series, controls: Sequence[Series], before: int, length: int, season: int | None
) -> tuple[list[FirstYearEffects], Numbers]:
    """Return the effects with the factors of bridges, and with their limits if crossed; and the controls' weights."""
    window = slice(0, before + length)
    counts = np.array(series.counts, dtype=np.float64)[window]
    others = [np.array(one.counts, dtype=np.float64)[window] for one in controls]
    own, people = person_years(series), [person_years(one) for one in controls]
    crossed = bool(series.crossed) or any(one.crossed for one in controls)
    made, weights = [], np.zeros(0)
    for variant, other in [(0, 0), *(product((1, 2), repeat=2) if crossed else ())]:
        sizes = own[variant][window]
        if controls:
            sizes, found = controlled_exposures(counts, sizes, others, [part[other][window] for part in people], before)
            weights = weights if len(weights) else found
        made.append(first_year_effects(counts, sizes, before, season=season))
    return made, weights


def _placebos(
    series: Series, at: int, length: int, controls: Sequence[str], season: int | None, settings: Settings | None
) -> Placebos:
    """Return the same estimate in all areas like this one, over the periods of the series."""
    found = areas_like(series.query, series.steps, settings, controls)
    return placebo_effects(
        found.counts,
        found.exposures,
        found.areas.index(series.query.area or ""),
        series.steps.index(at),
        length,
        controls=[found.areas.index(area) for area in controls] if controls else None,
        areas=found.alike,
        season=season,
        fewest_before=FEWEST_MONTHS_BEFORE if series.query.freq == "M" else FEWEST_YEARS_BEFORE,
    )


@dataclass(frozen=True)
class AreasLike:
    """The same series of several areas.

    Attributes:
        areas: their codes.
        counts: by area and period; NaN if there is no comparable one, and from a break on.
        exposures: person-years of the same; constant for an area without a population.
        alike: positions of the areas of the same level and country as the requested one.
    """

    areas: list[str]
    counts: Numbers
    exposures: Numbers
    alike: list[int]


def areas_like(
    wanted: SeriesQuery, steps: Sequence[int], settings: Settings | None = None, others: Sequence[str] = ()
) -> AreasLike:
    """Return the areas of the same level with the same series, their counts and their person-years by period.

    A period without a comparable figure, and all from the first unbridged break on, are NaN; person-years before a
    bridge are divided by its factor.

    Args:
        wanted: one series of one area.
        steps: years, or consecutive months.
        settings: where the published file is.
        others: areas of other levels, such as controls.
    """
    names = ("iccs", "area", "sex", "age", "freq", "source", "stage", "counting_unit")
    asked = {name: getattr(wanted, name) for name in names} | {"others": list(others)}
    rows: dict[str, list[dict[str, Any]]] = {area: [] for area in (wanted.area or "", *others)}
    for row in packaged_query("reader/placebo_areas", settings, wanted, **asked).records():
        rows.setdefault(row["ref_area"], []).append(row)
    areas = sorted(rows)
    counts, people = np.full((2, len(areas), len(steps)), np.nan)
    with open_published(settings) as connection:
        declared = SeriesBreaks(connection)
    for place, area in enumerate(areas):
        starts = [series_break_at(row["time_period"], row["obs_status"]) for row in rows[area]]
        breaks = series_breaks(declared, replace(wanted, area=area), starts).inside(steps[0], steps[-1])
        counts[place], people[place] = _figures(rows[area], steps, breaks)
    if wanted.freq == "M":
        people *= np.array([calendar.monthrange(step // 12, step % 12 + 1)[1] for step in steps]) / 365.25
    alike = [n for n, area in enumerate(areas) if area == wanted.area or any(row["is_alike"] for row in rows[area])]
    return AreasLike(areas, counts, people, alike)


def _figures(rows: Sequence[dict[str, Any]], steps: Sequence[int], breaks: Breaks) -> tuple[Numbers, Numbers]:
    """Return counts and populations of one area by step."""
    counts, people = np.full((2, len(steps)), np.nan)
    places = {step: place for place, step in enumerate(steps)}
    end = min(breaks.cuts, default=steps[-1] + 1)
    for row in rows:
        step = period_index(row["time_period"])
        place = places.get(step)
        if place is None or step >= end:
            continue
        if row["value"] is not None and is_compared(row["caveats"]):
            counts[place] = row["value"]
        people[place] = -1.0 if row["population"] is None else row["population"]
    if (people == -1.0).any():
        people[np.isfinite(people)] = 1.0  # as many people in all periods: the numbers are compared
    return counts, people / np.array(breaks.multipliers(steps)[0], dtype=np.float64)
