"""Farrington's method against numbers of R's surveillance package, and the fits against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pipelines.statistics.surveillance.early_warning import (
    TAIL_DEGREES,
    design_of,
    excess,
    fit_past,
    outbreak_weights,
    upper_limit,
)


def test_the_limit_is_that_of_the_surveillance_package() -> None:
    # CRAN package surveillance 1.19, tests/testthat/test-farringtonFlexible.R: mean 5, error 0.2, power 2/3, count 8.
    limit, p = upper_limit(5.0, 0.2, 1.0, 8.0, one_sided=0.05)
    assert float(limit) == pytest.approx(9.1154825, abs=1e-6)
    assert float(p) == pytest.approx(0.1094727, abs=1e-6)
    assert (8 - 5) / (float(limit) - 5) == pytest.approx(0.7289546, abs=1e-6)


def test_weights_are_those_checked_by_hand_there() -> None:
    found = outbreak_weights([0.0] * 5 + [2.0] * 5, 0.0)
    assert found.tolist() == pytest.approx([1.6] * 5 + [0.4] * 5)
    assert outbreak_weights([0.0] * 10, 0.0).tolist() == [1.0] * 10


def test_fits_are_those_of_statsmodels() -> None:
    rng = np.random.default_rng(11)
    steps = np.arange(24180, 24240)
    design = design_of(steps, steps.mean())
    exposures = rng.uniform(0.8, 1.2, (3, 60)) * 1000
    rates = np.array([[0.02], [0.1], [0.6]]) * np.exp(0.3 * design[:, 2] + 0.05 * design[:, 1])
    counts = rng.negative_binomial(8, 8 / (8 + rates * exposures)).astype(float)
    counts[2, 20] *= 4  # an outbreak of the past
    counts[1, 7] = np.nan
    now, people = np.array([30.0, 150.0, 700.0]), np.array([1000.0, 1000.0, 1000.0])
    row = design_of([24246], steps.mean())[0]

    fit = fit_past(counts, exposures, design, correlated=False)
    found = excess(fit, now, people, row)

    assert fit.converged.all()
    for place in range(3):
        there = np.isfinite(counts[place])
        y, x, offset = counts[place][there], design[there], np.log(exposures[place][there])
        model = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset)
        first = model.fit(scale="X2")
        phi = max(first.scale, 1.0)
        mean = first.fittedvalues
        hat = mean * np.einsum("np,pq,nq->n", x, first.cov_params() / first.scale, x)
        s = 1.5 * (y ** (2 / 3) * mean ** (-1 / 6) - np.sqrt(mean)) / np.sqrt(phi * (1 - hat))
        weights = np.where(s > 2.58, 1 / s**2, 1.0)
        weights *= len(weights) / weights.sum()
        second = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset, var_weights=weights).fit()
        fitted = second.fittedvalues
        phi = max((weights * (y - fitted) ** 2 / fitted).sum() / (len(y) - 6), 1.0)
        expected = np.exp(row @ second.params + np.log(1000))
        error = expected * np.sqrt(phi * row @ second.normalized_cov_params @ row)
        upper, p = upper_limit(expected, error, phi, now[place], degrees=TAIL_DEGREES)

        assert fit.coefficients[place] == pytest.approx(second.params, abs=1e-6)
        assert fit.weights[place][there] == pytest.approx(weights, rel=1e-5)
        assert fit.dispersion[place] == pytest.approx(phi, rel=1e-6)
        assert found.expected[place] == pytest.approx(expected, rel=1e-6)
        assert found.upper[place] == pytest.approx(float(upper), rel=1e-6)
        assert found.p[place] == pytest.approx(float(p), rel=1e-4)
    assert fit.weights[2, 20] < 0.5 < fit.weights[2, 21]


def test_an_outbreak_in_the_past_does_not_hide_one_now() -> None:
    """Eight months at three times the level raise the limit less where they weigh less."""
    steps = np.arange(24180, 24240)
    design = design_of(steps, steps.mean())
    counts = np.random.default_rng(3).poisson(40, (1, 60)).astype(float)
    calm = fit_past(counts, np.ones((1, 60)), design, correlated=False)
    counts[0, 30:33] *= 3
    after = fit_past(counts, np.ones((1, 60)), design, correlated=False)
    row = design_of([24246], steps.mean())[0]

    limits = [float(excess(fit, [70.0], [1.0], row).upper[0]) for fit in (calm, after)]
    model = sm.GLM(counts[0], design, family=sm.families.Poisson()).fit(scale="X2")
    unweighted = float(upper_limit(np.exp(row @ model.params), 0.0, model.scale, 70.0, degrees=TAIL_DEGREES)[0])
    assert limits[0] < limits[1] < unweighted
