"""The trend of many series of counts against the GLM of statsmodels, one series at a time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.tools import add_constant

from pipelines.statistics import count_trends
from pipelines.statistics.count_trends import CountTrends, fit_count_trends


def _series(number: int, years: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(7)
    times = np.sort(np.stack([generator.choice(np.arange(1990, 1994 + years), years, False) for _ in range(number)]))
    sizes = 1e5 * 10 ** generator.uniform(0, 2, (number, 1)) * 1.01 ** (times - 1990)
    means = sizes / sizes[:, :1] * 10 ** generator.uniform(0.5, 4, (number, 1))
    counts = generator.negative_binomial(4, 4 / (4 + means)).astype(float)
    counts[:, :3] += 1  # events in three years at least
    return times.astype(float), counts, sizes


@pytest.mark.parametrize("years", [8, 15, 40])
def test_slopes_are_those_of_the_glm(years: int) -> None:
    times, counts, sizes = _series(30, years)
    found = fit_count_trends(times, counts, sizes)
    for place in range(30):
        design = add_constant(times[place] - times[place].mean())
        model = GLM(counts[place], design, family=families.Poisson(), offset=np.log(sizes[place])).fit(tol=1e-12)
        assert found.slopes[place] == pytest.approx(model.params[1], rel=1e-6, abs=1e-9)


def test_errors_are_those_of_the_quasi_poisson_glm_without_autocorrelation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count_trends, "LARGEST_AUTOCORRELATION", 0.0)
    times, counts, sizes = _series(30, 12)
    found = fit_count_trends(times, counts, sizes)
    for place in range(30):
        design = add_constant(times[place] - times[place].mean())
        model = GLM(counts[place], design, family=families.Poisson(), offset=np.log(sizes[place])).fit(tol=1e-12)
        spread = max(model.pearson_chi2 / 10, 1.0)
        assert found.dispersion[place] == pytest.approx(spread, rel=1e-6)
        assert found.errors[place] == pytest.approx(model.bse[1] * spread**0.5, rel=1e-6)


def test_errors_with_autocorrelation_are_those_of_the_sandwich_written_out() -> None:
    """One series with gaps: Cov = phi (A'A)^-1 A'RA (A'A)^-1 with a full R, fitted counts from statsmodels."""
    times, counts, sizes = _series(1, 14)
    found = fit_count_trends(times, counts, sizes)
    t = times[0] - times[0].mean()
    model = GLM(counts[0], add_constant(t), family=families.Poisson(), offset=np.log(sizes[0])).fit(tol=1e-12)
    root, r = np.sqrt(model.mu), float(found.autocorrelation[0])
    a = np.column_stack([root, root * t])
    correlation = np.array([[r ** abs(i - j) for j in times[0]] for i in times[0]])
    bread = np.linalg.inv(a.T @ a)
    hat = np.eye(14) - a @ bread @ a.T
    phi = float((model.resid_pearson**2).sum() / np.trace(hat @ correlation))
    expected = (max(phi, 1.0) * (bread @ a.T @ correlation @ a @ bread)[1, 1]) ** 0.5
    assert found.errors[0] == pytest.approx(expected, rel=1e-6)
    assert found.degrees[0] == pytest.approx(12 * (1 - r))


def test_only_true_neighbours_count_for_the_autocorrelation() -> None:
    """No two neighbouring years: nothing is known, and the prior is used."""
    found = fit_count_trends([range(2000, 2020, 2)], [[30, 42, 35, 50, 44, 38, 60, 41, 55, 47]], [[1.0] * 10])
    assert found.autocorrelation[0] == count_trends.PRIOR_AUTOCORRELATION


def test_false_alarms_of_persistent_series_are_at_most_seven_per_cent() -> None:
    """A constant rate, autocorrelation 0.6, overdispersed, 24 years, 4,000 series."""
    generator = np.random.default_rng(8)
    noise = generator.normal(size=(4000, 24))
    for year in range(1, 24):
        noise[:, year] = 0.6 * noise[:, year - 1] + 0.8 * noise[:, year]
    counts = np.round(2000 * np.exp(0.1 * noise))
    found = fit_count_trends(np.tile(np.arange(24.0), (4000, 1)), counts, np.ones((4000, 24)))
    assert (found.p < 0.05).mean() <= 0.07


def test_five_thousand_series_take_seconds() -> None:
    times, counts, sizes = _series(5700, 24)
    before = time.process_time()
    fit_count_trends(times, counts, sizes)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("times", "counts", "sizes", "message"),
    [
        (range(4), [1, 2, 3, 4], [1] * 4, "at least 5 years"),
        (range(8), [1] * 7, [1] * 8, "one count"),
        ([0, 1, 2, 2, 3], [1] * 5, [1] * 5, "ascending order"),
        (range(5), [1, 1, -1, 1, 1], [1] * 5, "below 0"),
        (range(5), [1] * 5, [1, 1, 0, 1, 1], "above 0"),
        (range(5), [0, 0, 0, 1, 9], [1] * 5, "at least 3 years"),
    ],
)
def test_what_cannot_be_fitted_is_refused(times: object, counts: object, sizes: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_count_trends([times], [counts], [sizes])  # type: ignore[list-item]


def test_where_nothing_is_known_the_upper_limit_is_infinite_and_the_rest_finite() -> None:
    """exp(0.1 +- 4.30 * 400): the upper limit is more than a double can hold."""
    one = np.array([1.0])
    found = CountTrends(slopes=0.1 * one, errors=400 * one, degrees=2 * one, p=one, dispersion=one, autocorrelation=one)
    middle, low, high = (float(part[0]) for part in found.percent_a_year())
    assert middle == pytest.approx(10.517, abs=1e-3)
    assert low == -100
    assert high == np.inf


@pytest.mark.parametrize("autocorrelation", [0.0, 0.3, 0.6])
def test_bias_of_the_autocorrelation_of_residuals_is_the_one_taken_out(autocorrelation: float) -> None:
    """By simulation: 10,000 AR(1) series of 60 years, their line taken out by least squares."""
    generator = np.random.default_rng(3)
    noise = generator.normal(size=(10000, 60))
    for year in range(1, 60):
        noise[:, year] = autocorrelation * noise[:, year - 1] + (1 - autocorrelation**2) ** 0.5 * noise[:, year]
    line = np.linalg.qr(add_constant(np.arange(60.0)))[0]
    left = noise - noise @ line @ line.T
    r1 = (left[:, 1:] * left[:, :-1]).sum(axis=1) / (left**2).sum(axis=1)
    assert r1.mean() == pytest.approx(autocorrelation - (2 + 4 * autocorrelation) / 60, abs=0.02)
