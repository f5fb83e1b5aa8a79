"""What a series did at a date, against its own course or a control, and what that cannot tell."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_of, step_of
from pipelines.reader.series import Series, read_series
from pipelines.statistics.evaluation import (
    ControlledSeries,
    InterruptedSeries,
    controlled_time_series,
    interrupted_time_series,
)
from pipelines.statistics.regression import Effect, Family
from pipelines.system.settings import Settings
from schemas.errors import UsageError

MOST_POISSON_DISPERSION = 1.5


"""Above this dispersion counts are taken as negative binomial."""


@dataclass(frozen=True)
class Evaluation:
    """Result for one area and date: the series used, both analyses, and remarks on how they were made."""

    series: Series
    control: Series | None
    at: int
    interrupted: InterruptedSeries
    controlled: ControlledSeries | None
    family: Family
    remarks: tuple[str, ...]

    @property
    def exposures(self) -> NDArray[np.float64]:
        """Person-years of each period, those before a bridge divided by its factor."""
        years: NDArray[np.float64] = person_years(self.series)[0]
        return years


def person_years(series: Series) -> NDArray[np.float64]:
    """Return the person-years of each period: population x share of the year; 1 a year where it is unknown.

    Periods before a bridge have fewer, by its factor: so many recorded counts as there were, at the rate of today's
    definition. The rows are those with the factors, with their lower limits and with their upper ones.
    """
    multipliers: NDArray[np.float64] = np.array(series.multipliers, dtype=np.float64)
    return _people(series)[np.newaxis, :] / multipliers


def _people(series: Series) -> NDArray[np.float64]:
    unknown = any(population is None for population in series.populations)
    people = [1.0 if unknown or population is None else population for population in series.populations]
    if series.freq == "A":
        return np.array(people, dtype=np.float64)
    days = [calendar.monthrange(at // 12, at % 12 + 1)[1] for at in series.steps]
    return np.array(people, dtype=np.float64) * np.array(days, dtype=np.float64) / 365.25


def evaluate(
    iccs: str,
    area: str,
    date: str,
    *,
    control: str | None = None,
    sex: str = "_T",
    source: str | None = None,
    counting_unit: str | None = None,
    settings: Settings | None = None,
) -> Evaluation:
    """Return the interrupted time series of one area at a date, and the difference to a control where one is named.

    A date with a month takes the monthly series, a year the annual one. Used is the stretch around the date without a
    gap or a break; a break with a bridge is gone over, and limits and p are then the widest of those with the bridge's
    factor and with its own limits. The counts are Poisson, or negative binomial where they vary 1.5 times more
    (quasi-Poisson where no theta can be found); errors are the larger of the model's and Newey-West's.

    Args:
        iccs: category.
        area: where the strategy was.
        date: first period with the strategy, ``2019`` or ``2019-03``.
        control: area without the strategy.
        sex: of the persons counted.
        source: whose figures; the first by counting unit if None.
        counting_unit: what is counted.
        settings: where the published file is.

    Raises:
        UsageError: unknown area, no such series, a date outside it or at a break, too few periods.
    """
    try:
        at = step_of(date)
    except ValueError as error:
        raise UsageError(f"--date {error}") from error
    freq = "M" if "-" in date else "A"
    whole = read_series(iccs, area, sex=sex, freq=freq, source=source, counting_unit=counting_unit, settings=settings)
    series = _around(whole, at, date)
    remarks = [f"other series there: {', '.join(whole.others)}"] if whole.others else []
    if len(series.periods) < len(whole.periods):
        remarks.append(
            f"used {series.periods[0]} to {series.periods[-1]} of {whole.periods[0]} to {whole.periods[-1]}: "
            "the stretch around the date without a gap or a break"
        )
    remarks += [f"bridged in {period_of(one.at, freq)} ({one.words})" for one in series.crossed]
    counts, exposures = _counts(series), person_years(series)
    if any(population is None for population in series.populations):
        remarks.append("no population: the counts themselves are compared, not rates")
    season = 12 if freq == "M" else None
    try:
        family, interrupted = _interrupted(series.steps, counts, exposures[0], at, season)
        if series.crossed:
            others = [
                interrupted_time_series(series.steps, counts, people, at, season=season, family=family)
                for people in exposures[1:]
            ]
            interrupted = _widest_interrupted([interrupted, *others])
        compared = _control(series, control, at, sex, settings) if control else None
        controlled = None
        if compared is not None:
            inside = [n for n, step in enumerate(series.steps) if step in set(compared.steps)]
            pairs = [(0, 0), *(product((1, 2), repeat=2) if series.crossed or compared.crossed else ())]
            controlled = _widest_controlled(
                [
                    controlled_time_series(
                        [series.steps[n] for n in inside],
                        counts[inside],
                        exposures[own][inside],
                        _counts(compared),
                        person_years(compared)[other],
                        at,
                    )
                    for own, other in pairs
                ]
            )
    except ValueError as error:
        raise UsageError(f"{iccs} in {area} at {date} cannot be evaluated: {error}") from error
    return Evaluation(series, compared, at, interrupted, controlled, family, tuple(remarks))


def _around(whole: Series, at: int, date: str) -> Series:
    steps = whole.steps
    if not steps[0] < at <= steps[-1]:
        raise UsageError(
            f"--date {date} is outside the series {whole.name}, which runs from {whole.periods[0]} to "
            f"{whole.periods[-1]}"
        )
    if at in whole.breaks.all:  # bridged or not: a factor from the same time holds some of the effect, too
        raise UsageError(f"--date {date}: the series itself has a break at {date}; its effect cannot be told apart")
    if at not in steps or whole.counts[steps.index(at)] is None:
        raise UsageError(f"--date {date}: the series {whole.name} has no figure for that period")
    return whole.around(at)


def _control(series: Series, area: str, at: int, sex: str, settings: Settings | None) -> Series:
    """Series of the control area over the periods that both have, of the same source and unit."""
    if area == series.area:
        raise UsageError("--control must be another area than --area")
    whole = read_series(
        series.iccs,
        area,
        sex=sex,
        freq=series.freq,
        source=series.source,
        counting_unit=series.counting_unit,
        settings=settings,
    )
    part = whole.around(at)
    steps = set(series.steps)
    kept = part.kept([n for n, step in enumerate(part.steps) if step in steps])
    if any(people is None for people in (*series.populations, *kept.populations)):
        raise UsageError(f"a control needs populations: there is none for {series.area} or {area} in some period")
    return kept


def _widest(effects: Sequence[Effect]) -> Effect:
    """The first of the effects with the widest limits and largest p of all; p is 1 where they point apart."""
    values = [effect.value for effect in effects]
    return Effect(
        values[0],
        min(effect.low for effect in effects),
        max(effect.high for effect in effects),
        1.0 if min(values) < 1 < max(values) else max(effect.p for effect in effects),
    )


def _widest_interrupted(found: Sequence[InterruptedSeries]) -> InterruptedSeries:
    slopes = [one.slope for one in found if one.slope is not None]
    return replace(
        found[0],
        level=_widest([one.level for one in found]),
        slope=_widest(slopes) if slopes else None,
        end=_widest([one.end for one in found]),
    )


def _widest_controlled(found: Sequence[ControlledSeries]) -> ControlledSeries:
    return replace(
        found[0],
        effect=_widest([one.effect for one in found]),
        pre_trend=_widest([one.pre_trend for one in found]),
    )


def _counts(series: Series) -> NDArray[np.float64]:
    return np.array(series.counts, dtype=np.float64)


def _interrupted(
    steps: list[int], counts: NDArray[np.float64], exposures: NDArray[np.float64], at: int, season: int | None
) -> tuple[Family, InterruptedSeries]:
    found = interrupted_time_series(steps, counts, exposures, at, season=season, family="poisson")
    if found.diagnostics["dispersion"] <= MOST_POISSON_DISPERSION:
        return "poisson", found
    try:
        family: Family = "negative binomial"
        return family, interrupted_time_series(steps, counts, exposures, at, season=season, family=family)
    except ValueError:  # theta cannot be found; quasi-Poisson always can be
        family = "quasi-poisson"
        return family, interrupted_time_series(steps, counts, exposures, at, season=season, family=family)


def as_document(found: Evaluation, plot: str | None = None) -> dict[str, object]:
    """Return the evaluation for machines."""
    series, interrupted, controlled = found.series, found.interrupted, found.controlled
    return {
        "series": series.name,
        "iccs": series.iccs,
        "area": series.area,
        "sex": series.sex,
        "date": period_of(found.at, series.freq),
        "periods": list(series.periods),
        "counts": list(series.counts),
        "bridges": [vars(bridge) | {"at": period_of(bridge.at, series.freq)} for bridge in series.crossed],
        "fitted": interrupted.model.fitted.tolist(),
        "expected_without": interrupted.expected_without.tolist(),
        "model": found.family,
        "effects": {name: vars(effect) for name, effect in effects(found).items()},
        "diagnostics": interrupted.diagnostics,
        "control": None if controlled is None or found.control is None else found.control.area,
        "control_diagnostics": None if controlled is None else controlled.diagnostics,
        "cannot_tell": cannot_tell(found),
        "remarks": list(found.remarks),
        "plot": plot,
    }


def effects(found: Evaluation) -> dict[str, Effect]:
    """Return each effect with what it is, in words; all are ratios of rates."""
    step = "month" if found.series.freq == "M" else "year"
    named = {"level just after the date, over what was expected": found.interrupted.level}
    if found.interrupted.slope is not None:
        named[f"change of the slope, each {step}"] = found.interrupted.slope
    named[f"last {step}, over what was expected"] = found.interrupted.end
    if found.controlled is not None and found.control is not None:
        named[f"after over before, against {found.control.area}"] = found.controlled.effect
        named[f"before the date: drift against {found.control.area}, each {step}"] = found.controlled.pre_trend
    return named


def cannot_tell(found: Evaluation) -> list[str]:
    """Return what the evaluation does not show, each once."""
    notes = list(found.interrupted.cannot_tell)
    before, after = (found.interrupted.diagnostics[f"periods {name}"] for name in ("before", "after"))
    if after > before / 2:
        notes.append(f"What the last period would have been: the trend before is drawn out over {after:.0f} periods.")
    if found.controlled is not None:
        notes = [note for note in notes if "there is no control series" not in note]
        notes += found.controlled.cannot_tell
    return list(dict.fromkeys(notes))
