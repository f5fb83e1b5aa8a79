"""A policy evaluated by a linear model of rates, as in many published studies, in addition to the reported result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.series.counts import Series, person_years
from pipelines.reader.series.policy import PolicyEvaluation
from pipelines.reader.words import word
from pipelines.statistics.linear_designs import (
    LinearEffect,
    LinearModel,
    PanelEffect,
    linear_time_series,
    panel_difference,
    two_group_time_series,
)
from schemas.errors import UsageError

_OF_ONE = ("trend", "level", "slope change")
_OF_TWO = ("difference in trend", "difference in level", "difference in slope change")


@dataclass(frozen=True)
class LinearEvaluation:
    """The linear (gaussian) evaluation of one area and date; effects are differences of the rate, not ratios.

    Attributes:
        unit: of the effects.
        model: level and slope before and after; with controls, those of the area over those of the controls.
        effects: by name: the trend before the date, the change of level at it, the change of slope after it.
        panel: difference of mean changes against several controls, tested by randomisation; None with fewer than two.
    """

    unit: str
    model: LinearModel
    effects: dict[str, LinearEffect]
    panel: PanelEffect | None


def evaluate_linear(found: PolicyEvaluation) -> LinearEvaluation:
    """Return the linear evaluation of the series, controls and date of an evaluation: Newey-West errors.

    One series: Wagner et al. (2002); against controls: Linden (2015), each control a unit of the control group. With
    few areas clustered errors are too small: the mean difference is ranked among those of all areas taken as treated
    (:func:`~pipelines.statistics.linear_designs.panel_difference`). Rates are per 100,000 a year.

    Raises:
        UsageError: a series crosses a bridge, whose uncertainty a linear model cannot include, or has no population
            although there are controls; too few periods.
    """
    series, controls = found.series, found.controls
    if series.crossed or any(one.crossed for one in controls):
        raise UsageError(
            "a linear model is not fitted across a bridge: its limits would not include those of the factor"
        )
    shared = [step for step in series.steps if all(step in one.steps for one in controls)]
    units = np.array([_rates(one, shared) for one in (series, *controls)])
    rated = None not in series.populations
    try:
        if controls:
            model = two_group_time_series(shared, units[:1], units[1:], found.at)
        else:
            model = linear_time_series(shared, units[0], found.at)
        before = shared.index(found.at)
        panel = panel_difference(units, [0], before) if len(controls) > 1 else None
    except ValueError as error:
        raise UsageError(f"{series.query.words} cannot be evaluated by a linear model: {error}") from error
    effects = {name: model.effect(name) for name in (_OF_TWO if controls else _OF_ONE)}
    return LinearEvaluation(word("linear rate", "en") if rated else series.key.counting_unit, model, effects, panel)


def _rates(series: Series, steps: list[int]) -> NDArray[np.float64]:
    """Return rates per 100,000 a year for the periods; counts without a population."""
    places = [series.steps.index(step) for step in steps]
    counts = np.array(series.counts, dtype=np.float64)
    if None in series.populations:
        return counts[places]
    rates: NDArray[np.float64] = 1e5 * counts / person_years(series)[0]
    return rates[places]


def as_document(found: LinearEvaluation) -> dict[str, object]:
    """Return the linear evaluation for JSON output."""
    return {
        "unit": found.unit,
        "errors": f"Newey-West, {found.model.lags} lags",
        "effects": {name: vars(effect) for name, effect in found.effects.items()},
        "panel": None if found.panel is None else vars(found.panel),
    }
