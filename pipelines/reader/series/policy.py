"""Effect of a policy on a series (interrupted time series), alone or against controls, and its limitations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_at, period_index
from pipelines.reader.selection import SeriesKey, SeriesQuery
from pipelines.reader.series.counts import Series, bridge_words, person_years, read_series
from pipelines.reader.series.placebos import FirstYear, first_year
from pipelines.reader.words import reworded, word
from pipelines.statistics.bridging import widest_effect
from pipelines.statistics.evaluation import (
    ControlledSeries,
    InterruptedSeries,
    controlled_time_series,
    interrupted_time_series,
)
from pipelines.statistics.regression import Effect, Family
from pipelines.system.settings import Settings
from schemas.errors import UsageError

MAX_POISSON_DISPERSION = 1.5
"""Above this dispersion counts are modelled as negative binomial."""


@dataclass(frozen=True)
class PolicyEvaluation:
    """Result for one area and date: the series used, the analyses, and remarks on how they were done.

    Attributes:
        series: of the area.
        controls: of the control areas.
        at: first step after the date.
        first_year: the reported effect: the average over the first twelve months relative to the expected rate.
        interrupted: change of level and slope, whose extrapolation far from the date is unreliable.
        controlled: after over before relative to the control, if there is only one; and its drift before the date.
        family: of the counts in ``interrupted``.
        remarks: how the series was chosen and cut.
    """

    series: Series
    controls: tuple[Series, ...]
    at: int
    first_year: FirstYear
    interrupted: InterruptedSeries
    controlled: ControlledSeries | None
    family: Family
    remarks: tuple[str, ...]

    @property
    def exposures(self) -> NDArray[np.float64]:
        """Person-years of each period, those before a bridge divided by its factor."""
        years: NDArray[np.float64] = person_years(self.series)[0]
        return years


def evaluate_policy(
    wanted: SeriesQuery,
    date: str,
    control: str | Sequence[str] | None = None,
    settings: Settings | None = None,
    language: str = "en",
) -> PolicyEvaluation:
    """Return the effect in one area over the first year after a date, against its own course or that of controls.

    The effect is compared with the same estimate at all other dates and in all areas of the same level that have the
    series: its rank among them is the randomisation p. Several controls are weighted (synthetic control).

    A date with a month uses the monthly series, a year the annual one. The run around the date without a gap or a
    break is used; a break with a bridge is crossed, and limits and p are then the widest of those with the bridge's
    factor and with its own limits. In the segmented model, the counts are Poisson, or negative binomial if they vary
    1.5 times more (quasi-Poisson if no theta can be found); errors are the larger of the model's and Newey-West's.

    Args:
        wanted: the series of the area with the policy.
        date: first period with the policy, ``2019`` or ``2019-03``.
        control: area without the policy, or several; of the same source, stage, counting unit, sex and age.
        settings: where the published file is.
        language: of the remarks.

    Raises:
        UsageError: unknown area, no such series, a date outside it or at a break, too few periods, or a series of
            persons counted on a day.
    """
    try:
        at = period_index(date)
    except ValueError as error:
        raise UsageError(f"--date {error}") from error
    published = read_series(replace(wanted, freq="M" if "-" in date else "A"), settings)
    if published.is_stock:
        raise UsageError(
            f"{published.key.name} are counted on one day of each year: the method is for events, whose number varies "
            "by chance. Evaluate the persons sent to prison or released in each year, if a source has them; the "
            "figures themselves: iccs trend"
        )
    series = _run_around(published, at, date)
    areas = [control] if isinstance(control, str) else list(dict.fromkeys(control or ()))
    try:
        family, interrupted = _fit(series, at)
        compared = tuple(_control(series, area, at, settings) for area in areas)
        common = _common_run(series, compared, at)
        effect = first_year(common[0], at, common[1:], settings)
        controlled = _compare(series, compared[0], at) if len(compared) == 1 else None
    except ValueError as error:
        raise UsageError(f"{wanted.words}, {date}, cannot be evaluated: {error}") from error
    remarks = _remarks(series, published, language)
    return PolicyEvaluation(series, compared, at, effect, interrupted, controlled, family, remarks)


def _common_run(series: Series, controls: Sequence[Series], at: int) -> list[Series]:
    """Return the series and its controls over their common periods around the date."""
    every = [series, *controls]
    shared = set.intersection(*(set(one.steps) for one in every))
    if at not in shared:
        raise ValueError("a control has no figure at the date")
    first = last = at
    while first - 1 in shared:
        first -= 1
    while last + 1 in shared:
        last += 1
    return [one.selected([n for n, step in enumerate(one.steps) if first <= step <= last]) for one in every]


def _remarks(series: Series, published: Series, language: str) -> tuple[str, ...]:
    """Return how the series was chosen and cut."""
    names = ", ".join(SeriesKey.of_name(name).named(language) for name in published.others)
    remarks = [word("remark others", language).format(names=names)] if names else []
    if len(series.periods) < len(published.periods):
        (begin, *_, end), (first, *_, last) = published.periods, series.periods
        remarks.append(word("remark run", language).format(first=first, last=last, begin=begin, end=end))
    remarks += [
        word("remark bridged", language).format(
            period=period_at(one.at, series.query.freq), factor=bridge_words(one, language)
        )
        for one in series.crossed
    ]
    if any(population is None for population in series.populations):
        remarks.append(word("remark counts", language))
    return tuple(remarks)


def _fit(series: Series, at: int) -> tuple[Family, InterruptedSeries]:
    """Return the family and the model; over bridges, with the widest limits."""
    counts, exposures = _counts(series), person_years(series)
    season = 12 if series.query.freq == "M" else None
    family, interrupted = _interrupted(series.steps, counts, exposures[0], at, season)
    if series.crossed:
        others = [
            interrupted_time_series(series.steps, counts, people, at, season=season, family=family)
            for people in exposures[1:]
        ]
        interrupted = _widest_interrupted([interrupted, *others])
    return family, interrupted


def _compare(series: Series, control: Series, at: int) -> ControlledSeries:
    """Return the comparison with the control over the periods that both have; over bridges, with the widest limits."""
    both = set(control.steps)
    inside = [n for n, step in enumerate(series.steps) if step in both]
    counts, exposures, others = _counts(series), person_years(series), person_years(control)
    pairs = [(0, 0), *(product((1, 2), repeat=2) if series.crossed or control.crossed else ())]
    return _widest_controlled(
        [
            controlled_time_series(
                [series.steps[n] for n in inside],
                counts[inside],
                exposures[own][inside],
                _counts(control),
                others[other],
                at,
            )
            for own, other in pairs
        ]
    )


def _run_around(published: Series, at: int, date: str) -> Series:
    steps = published.steps
    if not steps[0] < at <= steps[-1]:
        raise UsageError(
            f"--date {date} is outside the series {published.key.name}, which runs from {published.periods[0]} to "
            f"{published.periods[-1]}"
        )
    if at in published.breaks.all:  # bridged or not: a factor from the same time holds some of the effect, too
        raise UsageError(
            f"--date {date}: the series itself has a break at {date}; an effect cannot be separated from it"
        )
    if at not in steps or published.counts[steps.index(at)] is None:
        raise UsageError(f"--date {date}: the series {published.key.name} has no figure for that period")
    return published.unbroken_run(at)


def _control(series: Series, area: str, at: int, settings: Settings | None) -> Series:
    """Return the same series of the control area over the common periods."""
    if area == series.query.area:
        raise UsageError("--control must be a different area from --area")
    run = read_series(replace(series.query, area=area), settings).unbroken_run(at)
    steps = set(series.steps)
    both = run.selected([n for n, step in enumerate(run.steps) if step in steps])
    if any(people is None for people in (*series.populations, *both.populations)):
        raise UsageError(f"a control needs populations: there is none for {series.query.area} or {area} in some period")
    return both


def _widest_interrupted(found: Sequence[InterruptedSeries]) -> InterruptedSeries:
    slopes = [one.slope for one in found if one.slope is not None]
    return replace(
        found[0],
        level=widest_effect([one.level for one in found]),
        slope=widest_effect(slopes) if slopes else None,
        end=widest_effect([one.end for one in found]),
    )


def _widest_controlled(found: Sequence[ControlledSeries]) -> ControlledSeries:
    return replace(
        found[0],
        effect=widest_effect([one.effect for one in found]),
        pre_trend=widest_effect([one.pre_trend for one in found]),
    )


def _counts(series: Series) -> NDArray[np.float64]:
    return np.array(series.counts, dtype=np.float64)


def _interrupted(
    steps: list[int], counts: NDArray[np.float64], exposures: NDArray[np.float64], at: int, season: int | None
) -> tuple[Family, InterruptedSeries]:
    found = interrupted_time_series(steps, counts, exposures, at, season=season, family="poisson")
    if found.diagnostics["dispersion"] <= MAX_POISSON_DISPERSION:
        return "poisson", found
    try:
        family: Family = "negative binomial"
        return family, interrupted_time_series(steps, counts, exposures, at, season=season, family=family)
    except ValueError:  # theta cannot be found; quasi-Poisson always can be
        family = "quasi-poisson"
        return family, interrupted_time_series(steps, counts, exposures, at, season=season, family=family)


def as_document(found: PolicyEvaluation, plot: str | None = None) -> dict[str, object]:
    """Return the evaluation for JSON output."""
    series, interrupted, controlled = found.series, found.interrupted, found.controlled
    return {
        "series": series.key.name,
        **series.query.as_document(),
        "date": period_at(found.at, series.query.freq),
        "periods": list(series.periods),
        "counts": list(series.counts),
        "caveats": list(series.caveats),
        "bridges": [vars(bridge) | {"at": period_at(bridge.at, series.query.freq)} for bridge in series.crossed],
        "effects": {name: vars(effect) for name, effect in effects(found).items()},
        "segmented": {
            "model": found.family,
            "fitted": interrupted.model.fitted.tolist(),
            "expected_without": interrupted.expected_without.tolist(),
            "diagnostics": interrupted.diagnostics,
        },
        "controls": dict(found.first_year.weights),
        "first_year": {
            **vars(found.first_year.effect),
            "model": "quasi-poisson",
            "periods": found.first_year.periods,
            "autocorrelation": found.first_year.autocorrelation,
            "randomisation_p": found.first_year.randomisation_p,
            "placebos": found.first_year.placebos.number,
            "placebos_as_far_out": dict(found.first_year.placebos.extreme),
            "placebos_left_out": dict(found.first_year.placebos.left_out),
            "placebo_ratios": np.exp(found.first_year.placebos.logs).tolist(),
            "verdict": found.first_year.verdict,
            "expected": dict(found.first_year.expected_by_period),
        },
        "control_diagnostics": None if controlled is None else controlled.diagnostics,
        "limitations": limitations(found),
        "remarks": list(found.remarks),
        "plot": plot,
    }


def effects(found: PolicyEvaluation, language: str = "en") -> dict[str, Effect]:
    """Return each effect with its description; all are ratios of rates."""
    step = "month" if found.series.query.freq == "M" else "year"
    first = found.first_year
    names = ", ".join(first.weights)
    when = f"first {'year' if step == 'year' else 'months'} {'against' if names else 'alone'}"
    named = {word(when, language).format(n=first.periods, names=names): first.effect}
    if found.controlled is not None:
        named[word(f"drift each {step}", language).format(names=names)] = found.controlled.pre_trend
    return named


def limitations(found: PolicyEvaluation, language: str = "en") -> list[str]:
    """Return the limitations of the evaluation, each once."""
    notes = list(found.interrupted.cannot_tell)
    if found.controls:
        notes = [note for note in notes if "there is no control series" not in note]
    if found.controlled is not None:
        notes += found.controlled.cannot_tell
    own = found.first_year.cannot_tell(language)
    return list(dict.fromkeys([*own, *(reworded(note, "cannot tell ", language) for note in notes)]))
