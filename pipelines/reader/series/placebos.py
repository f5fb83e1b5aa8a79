"""The effect of a policy in its first year, beside the same estimate at other dates and in other areas."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_index
from pipelines.reader.release import packaged_query
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.counts import Series
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.first_year import Placebos, controlled_exposures, first_year_effects, placebo_effects
from pipelines.statistics.regression import Effect
from pipelines.statistics.wording import p_value_text
from pipelines.system.settings import Settings
from schemas.declarations import is_compared

Numbers = NDArray[np.float64]

FEWEST_PLACEBOS = 40
"""With fewer, a randomisation p below 0.05 rests on one or two of them: the model alone then judges the effect."""
FEWEST_MONTHS_BEFORE = 24
FEWEST_YEARS_BEFORE = 8
_LJUNG_BOX_LAGS = 12


@dataclass(frozen=True)
class FirstYear:
    """The average over the first twelve months after a date (or the first year), over what was expected.

    Attributes:
        effect: ratio of the rate to what was expected, with limits and p of the model.
        periods: averaged over.
        weights: of the controls by area, in the expected course; empty without a control.
        autocorrelation: that the limits allow for.
        placebos: the same estimate at other dates and in other areas.
        randomisation_p: share of the placebos, with the estimate itself, that are as far out; None with fewer than 40.
        ljung_box_p: that the residuals left by the model are independent.
    """

    effect: Effect
    periods: int
    weights: Mapping[str, float]
    autocorrelation: float
    placebos: Placebos
    randomisation_p: float | None
    ljung_box_p: float

    @property
    def verdict(self) -> str:
        """What the effect is called: below or above the course expected only where both p say so."""
        if self.effect.p >= SIGNIFICANCE:
            return "within the usual swings"
        if self.randomisation_p is not None and self.randomisation_p >= SIGNIFICANCE:
            return "as at other dates and areas"
        return f"{'below' if self.effect.value < 1 else 'above'} the course expected"

    @property
    def cannot_tell(self) -> list[str]:
        """What the effect does not show, in words."""
        notes = []
        if self.randomisation_p is None:
            notes.append(
                f"Whether the same comparison gives as much at other dates: only {len(self.placebos.logs)} other dates "
                f"and areas can be compared, {FEWEST_PLACEBOS} are needed."
            )
        elif self.effect.p < SIGNIFICANCE <= self.randomisation_p:
            notes.append(
                f"Whether the date matters: of {len(self.placebos.logs):,} other dates and areas "
                f"{self.randomisation_p:.0%} show as much."
            )
        if self.ljung_box_p < SIGNIFICANCE:
            notes.append(
                "Its true margin of error: what the model leaves is still correlated "
                f"(Ljung-Box p {p_value_text(self.ljung_box_p)}); the other dates and areas do not depend on that."
            )
        return notes


def first_year(
    series: Series, exposures: Numbers, at: int, controls: Sequence[tuple[Series, Numbers]], settings: Settings | None
) -> FirstYear:
    """Return the effect over the first year after a date.

    Over bridges, the limits and p are the widest of those with their factors and with the factors' limits.

    Args:
        series: of the area, an unbroken run around the date.
        exposures: person-years of each period: with the factors of bridges, their lower and their upper limits.
        at: first step after the date.
        controls: series of the control areas over the same periods, with their person-years.
        settings: where the published file is.

    Raises:
        ValueError: too few periods, or no event before or after the date.
    """
    from statsmodels.stats.diagnostic import acorr_ljungbox

    monthly = series.query.freq == "M"
    before = series.steps.index(at)
    length = min(12 if monthly else 1, len(series.steps) - before)
    window, season = slice(0, before + length), 12 if monthly and not controls else None
    counts = np.array(series.counts, dtype=np.float64)[window]
    made, weights = [], np.zeros(0)
    for variant in exposures:
        sizes = variant[window]
        if controls:
            others = [np.array(one.counts, dtype=np.float64)[window] for one, _ in controls]
            sizes, found = controlled_exposures(
                counts, sizes, others, [people[window] for _, people in controls], before
            )
            weights = weights if len(weights) else found
        made.append(first_year_effects(counts, sizes, before, season=season))
    if not all(np.isfinite(one.scores).all() for one in made):
        raise ValueError("the regression did not converge: there may be hardly any event before or after the date")
    main, effects = made[0], [one.effect() for one in made]
    placebos = _placebos(series, at, length, [one.query.area or "" for one, _ in controls], season, settings)
    lags = max(min(_LJUNG_BOX_LAGS, len(counts) // 5), 1)
    left = main.residuals[0]
    r = float(main.autocorrelation[0])
    table = acorr_ljungbox(left[1:] - r * left[:-1], lags=[lags], return_df=True)
    return FirstYear(
        Effect(
            effects[0].value,
            min(one.low for one in effects),
            max(one.high for one in effects),
            1.0 if len({one.value > 1 for one in effects}) > 1 else max(one.p for one in effects),
        ),
        length,
        {one.query.area or "": float(weight) for (one, _), weight in zip(controls, weights, strict=True)},
        r,
        placebos,
        placebos.p(float(main.scores[0])) if len(placebos.logs) >= FEWEST_PLACEBOS else None,
        float(table["lb_pvalue"].iloc[0]),
    )


def _placebos(
    series: Series, at: int, length: int, controls: Sequence[str], season: int | None, settings: Settings | None
) -> Placebos:
    """The same estimate in all areas like this one, over the periods of the series."""
    areas, counts, exposures = areas_like(series.query, series.steps, settings)
    place = areas.index(series.query.area or "")
    return placebo_effects(
        counts,
        exposures,
        place,
        series.steps.index(at),
        length,
        controls=[areas.index(area) for area in controls] if controls else None,
        season=season,
        fewest_before=FEWEST_MONTHS_BEFORE if series.query.freq == "M" else FEWEST_YEARS_BEFORE,
    )


def areas_like(
    wanted: SeriesQuery, steps: Sequence[int], settings: Settings | None = None
) -> tuple[list[str], Numbers, Numbers]:
    """Return the areas of the same level with the same series, their counts and their person-years by period.

    A period without a figure, one that is not compared, and all before a break are not a number.

    Args:
        wanted: one series of one area.
        steps: years, or months counted through.
        settings: where the published file is.
    """
    names = ("iccs", "area", "sex", "age", "freq", "source", "stage", "counting_unit")
    rows = packaged_query(
        "reader/placebo_areas", settings, wanted, **{name: getattr(wanted, name) for name in names}
    ).records()
    areas = sorted({row["ref_area"] for row in rows} | {wanted.area or ""})
    counts, people = np.full((2, len(areas), len(steps)), np.nan)
    places = {step: place for place, step in enumerate(steps)}
    for row in rows:
        place = places.get(period_index(row["time_period"]))
        if place is None:
            continue
        area = areas.index(row["ref_area"])
        if row["obs_status"] == "B" and place:
            counts[area, :place] = np.nan
        if row["value"] is not None and is_compared(row["caveats"]):
            counts[area, place] = row["value"]
        people[area, place] = 1.0 if row["population"] is None else row["population"]
    without = np.isnan(people).any(axis=1) | (people == 1.0).any(axis=1)
    people[without] = 1.0  # as many people in all periods: the numbers are compared
    if wanted.freq == "M":
        people *= np.array([calendar.monthrange(step // 12, step % 12 + 1)[1] for step in steps]) / 365.25
    return areas, counts, people
