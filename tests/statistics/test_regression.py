"""Regression of counts against printed regressions, and against an independent maximum of the likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.statistics.regression import fit_counts

Rows = Callable[[str], list[dict[str, str]]]
Printed = Callable[[float, str], bool]


def test_sicily(reference: Rows, as_printed: Printed) -> None:
    # Lopez Bernal et al. (2017). R stops its fitting a little early: errors agree to 1.5e-7, the dispersion to 1e-5.
    data = reference("sicily_coronary_events")
    y, n, t, ban = (np.array([float(row[name]) for row in data]) for name in ("events", "population", "time", "ban"))
    step = {"level_change": ban, "trend_per_month": t}
    angle = 2 * np.pi * t / 12
    season = {"sin_12": np.sin(angle), "sin_6": np.sin(2 * angle), "cos_12": np.cos(angle), "cos_6": np.cos(2 * angle)}
    models = {
        "model1_poisson_step": fit_counts(y, step, n),
        "model2_quasipoisson_step": fit_counts(y, step, n, family="quasi-poisson"),
        "model3_quasipoisson_step_harmonic": fit_counts(y, step | season, n, family="quasi-poisson"),
        "model4_quasipoisson_step_slope_harmonic": fit_counts(
            y, step | season | {"level_x_time_uncentred": ban * t}, n, family="quasi-poisson"
        ),
    }
    rows = reference("sicily_expected")
    for row in rows:
        model, figure, text = models[row["model"]], row["figure"], row["published"]
        name, _, kind = figure.rpartition("_")
        if kind == "se":
            assert model.error(name) == pytest.approx(float(text), abs=1.5e-7), row
            continue
        if figure == "dispersion_pearson":
            assert model.dispersion == pytest.approx(float(text), abs=1e-5)
            continue
        whole = {"residual_deviance": model.deviance, "null_deviance": model.null_deviance, "aic": model.aic}
        if figure in whole:
            value = whole[figure]
        elif figure == "trend_rr_per_year":
            value = model.effect({"trend_per_month": 12}).value
        elif kind == "coef":
            value = model.coefficients[name]
        else:
            effect = model.effect({figure.partition("_rr")[0]: 1})
            value = {"rr": effect.value, "lower95": effect.low, "upper95": effect.high}[kind]
        assert value is not None
        assert as_printed(value, text), row
    assert len(rows) == 79


def test_negative_binomial_is_the_maximum() -> None:
    # Independent: the likelihood of the negative binomial written with scipy and maximised over all parameters at once.
    from scipy.optimize import minimize
    from scipy.stats import nbinom

    random = np.random.default_rng(5)
    x, n = random.normal(size=200), random.uniform(1e4, 1e5, 200)
    y = random.negative_binomial(2.5, 2.5 / (2.5 + n * np.exp(-8 + 0.4 * x)))

    def unlikely(parameters: np.ndarray) -> float:
        mean, theta = n * np.exp(parameters[0] + parameters[1] * x), np.exp(parameters[2])
        return -float(nbinom.logpmf(y, theta, theta / (theta + mean)).sum())

    found = minimize(
        unlikely, [-8, 0, 0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 5000}
    )
    model = fit_counts(y, {"x": x}, n, family="negative binomial")
    assert model.theta == pytest.approx(np.exp(found.x[2]), rel=1e-5)
    assert [*model.coefficients.values()] == pytest.approx(found.x[:2].tolist(), abs=1e-6)
    assert model.aic == pytest.approx(2 * 3 + 2 * found.fun)


def test_exposure_is_an_offset() -> None:
    # Twice the population and twice the events: the same rate, so no effect whatever.
    model = fit_counts([50, 100, 51, 102], {"large": [0, 1, 0, 1]}, [1e5, 2e5, 1e5, 2e5])
    assert model.effect({"large": 1}).value == pytest.approx(1)


def test_newey_west_errors() -> None:
    # Independent: Newey and West's formula by hand for a Poisson mean without columns but the intercept and a step.
    random = np.random.default_rng(2)
    y = random.poisson(20, 40).astype(float)
    step = (np.arange(40) >= 20).astype(float)
    model = fit_counts(y, {"step": step}, errors="newey-west", lags=2)
    x = np.column_stack([np.ones(40), step])
    scores = x * (y - model.fitted)[:, None]
    middle = scores.T @ scores
    for lag in (1, 2):
        part = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / 3) * (part + part.T)
    bread = np.linalg.inv(x.T @ (x * model.fitted[:, None]))
    np.testing.assert_allclose(model.covariances[0], bread @ middle @ bread * 40 / 38, rtol=1e-6)


def test_cautious_errors_are_the_larger() -> None:
    random = np.random.default_rng(3)
    y, step = random.poisson(20, 30), {"step": [0.0] * 15 + [1.0] * 15}
    way = {errors: fit_counts(y, step, family="quasi-poisson", errors=errors) for errors in ("model", "newey-west")}  # type: ignore[arg-type]
    cautious = fit_counts(y, step, family="quasi-poisson", errors="cautious")
    assert cautious.error("step") == pytest.approx(max(model.error("step") for model in way.values()))
    # Student's t on 28 degrees: 2.048407 (printed tables 2.048).
    effect = cautious.effect({"step": 1})
    assert np.log(effect.high / effect.value) == pytest.approx(2.048407 * cautious.error("step"), rel=1e-6)


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="vary no more than Poisson"):
        fit_counts([10, 10, 11, 9, 10, 10, 11, 9], {"a": [0, 1] * 4}, family="negative binomial")
    with pytest.raises(ValueError, match="repeat each other"):
        fit_counts([1, 2, 3, 4], {"a": [0, 1, 0, 1], "b": [0, 2, 0, 2]})
    with pytest.raises(ValueError, match="whole"):
        fit_counts([1.5, 2, 3], {"a": [0, 1, 0]})
    with pytest.raises(ValueError, match="above 0"), np.errstate(divide="ignore"):
        fit_counts([1, 2, 3], {"a": [0, 1, 0]}, [1, 0, 1])
