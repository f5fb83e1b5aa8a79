"""Limits of joinpoints by resampling, beside every model of every drawn series fitted by itself with numpy."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.statistics.joinpoints.limits import resampled_limits

YEARS = np.arange(2006, 2020)
VALUES = 20 * np.exp(
    0.06 * np.minimum(YEARS - 2006, 7)
    - 0.05 * np.maximum(YEARS - 2013, 0)
    + np.random.default_rng(3).normal(0, 0.04, 14)
)
ERRORS = VALUES * np.linspace(0.02, 0.06, 14)
DRAWS, CORRELATION = 199, 0.6


def best(logs: np.ndarray, covariance: np.ndarray) -> tuple[float, int, np.ndarray]:
    """Sum of squares, joinpoint and coefficients of the best of all models with one joinpoint."""
    x, inverse = (YEARS - 2006).astype(float), np.linalg.inv(covariance)
    found = []
    for turn in range(2, 12):
        design = np.column_stack([np.ones(14), x, np.maximum(x - turn, 0)])
        left = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ logs)
        rest = logs - design @ left
        found.append((float(rest @ inverse @ rest), turn, left))
    return min(found, key=lambda one: one[0])


def test_the_limits_are_quantiles_of_models_fitted_one_by_one() -> None:
    """The residuals are made independent, as large as errors are, and drawn, with the seed of the function."""
    apart = np.abs(YEARS[:, None] - YEARS[None, :])
    spread = ERRORS / VALUES
    covariance = np.outer(spread, spread) * CORRELATION**apart
    root = np.linalg.cholesky(covariance)
    logs = np.log(VALUES / VALUES[0])
    _, turn, left = best(logs, covariance)
    x = (YEARS - 2006).astype(float)
    fitted = np.column_stack([np.ones(14), x, np.maximum(x - turn, 0)]) @ left
    residuals = np.linalg.solve(root, logs - fitted) * np.sqrt(14 / 10)
    drawn = np.random.default_rng(1).choice(residuals, size=(14, DRAWS))
    models = [best(fitted + root @ one, covariance) for one in drawn.T]
    turns = np.array([2006 + model[1] for model in models])
    slopes = np.array([[model[2][1], model[2][1] + model[2][2]] for model in models])
    average = (slopes[:, 0] * (turns - 2006) + slopes[:, 1] * (2019 - turns)) / 13

    found = resampled_limits(YEARS.tolist(), VALUES, ERRORS, number=1, autocorrelation=CORRELATION, draws=DRAWS)
    assert found.joinpoints == (2006 + turn,)
    low, high = sorted(turns)[4], sorted(turns)[-5]  # of 199, 2.5 % is between the fifth and the sixth from each end
    assert found.joinpoint_limits == ((low, high),)
    for limits, own in zip((*found.apc_limits, found.aapc_limits), (*slopes.T, average), strict=True):
        assert limits == pytest.approx(tuple(100 * np.expm1(np.quantile(own, [0.025, 0.975]))), rel=1e-7)


def test_most_limits_hold_the_true_joinpoint() -> None:
    """One turn of twelve percent points among errors of 6 %: at least nine of ten limits hold it, and not all years."""
    generator = np.random.default_rng(11)
    course = 0.06 * np.minimum(YEARS - 2006, 7) - 0.06 * np.maximum(YEARS - 2013, 0)
    limits = [
        resampled_limits(YEARS.tolist(), np.exp(course + generator.normal(0, 0.06, 14)), number=1, draws=199)
        for _ in range(80)
    ]
    spans = [one.joinpoint_limits[0] for one in limits]
    assert sum(low <= 2013 <= high for low, high in spans) >= 72
    assert np.mean([high - low for low, high in spans]) < 5


@pytest.mark.parametrize(
    ("number", "draws", "says"),
    [(1, 50, "too few"), (6, 199, "14 years are too few"), (-1, 199, "not a possible number of joinpoints")],
)
def test_what_cannot_be_resampled_is_refused(number: int, draws: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        resampled_limits(YEARS.tolist(), VALUES, number=number, draws=draws)
