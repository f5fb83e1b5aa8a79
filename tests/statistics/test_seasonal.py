"""Decomposition of monthly series against published components."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.statistics.resampling.monthly_noise import MonthlyNoise, flat_series, monthly_noise
from pipelines.statistics.seasonal import Smoothing, decompose, turning_points, turning_points_beyond_noise

Rows = Callable[[str], list[dict[str, str]]]


def _months(count: int, year: int = 1959) -> list[tuple[int, int]]:
    return [(year + n // 12, n % 12 + 1) for n in range(count)]


def test_co2_as_the_original_program(reference: Rows) -> None:
    # Output of the original Fortran of STL (kept as tests of statsmodels): a check that settings are passed on.
    values = [float(row["co2"]) for row in reference("co2_monthly")]
    base = Smoothing(
        seasonal=35, trend=19, low_pass=13, seasonal_jump=4, trend_jump=2, low_pass_jump=2, inner=1, outer=2
    )
    rows = reference("co2_stl_expected")
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        how = base
        if "nljump-1" in scenario:
            how = replace(how, low_pass_jump=1)
        if "ntjump-1" in scenario:
            how = replace(how, trend_jump=1)
        parts = decompose(_months(348), values, smoothing=how)
        for row in (row for row in rows if row["scenario"] == scenario):
            name, _, place = row["figure"].rstrip("]").partition("[")
            series = {"seasonal": parts.season, "trend": parts.trend, "weight": parts.weights}[name]
            assert series[int(place)] == pytest.approx(float(row["published"]), rel=1e-10, abs=1e-10), row


@pytest.mark.parametrize(
    ("robust", "season", "trend", "rest", "weight"),
    [
        (False, (-9.347198027, 12.845250096), (49.68067265, 49.00509708), (0.2665253789, -1.7269548041), 1.0),
        (
            True,
            (-9.341981084, 12.862490753),
            (50.01420141, 48.65425551),
            (-0.07222032315, -1.27547979781),
            0.8685446942,
        ),
    ],
)
def test_periodic_as_r(
    reference: Rows,
    robust: bool,
    season: tuple[float, float],
    trend: tuple[float, float],
    rest: tuple[float, float],
    weight: float,
) -> None:
    """Printed by R 4.2.2, ``stl(nottem, "periodic", robust = ...)``: January and July, first and last month."""
    values = [float(row[str(month)]) for row in reference("nottingham_temperatures") for month in range(1, 13)]
    how = Smoothing(
        periodic=True, robust=robust, inner=1 if robust else 2, seasonal_jump=241, trend_jump=2, low_pass_jump=2
    )
    parts = decompose(_months(240, 1920), values, smoothing=how)
    assert (parts.season[0], parts.season[6]) == pytest.approx(season, rel=1e-9)
    assert (parts.trend[0], parts.trend[-1]) == pytest.approx(trend, rel=1e-9)
    assert (parts.remainder[0], parts.remainder[-1]) == pytest.approx(rest, rel=1e-8)
    assert parts.weights.mean() == pytest.approx(weight, rel=1e-9)
    assert np.ptp(parts.season.reshape(20, 12), axis=0).max() == 0
    np.testing.assert_allclose(parts.trend + parts.season + parts.remainder, values)


@pytest.mark.parametrize("multiplicative", [False, True])
def test_parts_make_the_series(multiplicative: bool) -> None:
    random = np.random.default_rng(1)
    values = 100 + np.arange(60) + 10 * np.sin(np.arange(60) * math.pi / 6) + random.normal(0, 2, 60)
    parts = decompose(_months(60), values, multiplicative=multiplicative)
    if multiplicative:
        np.testing.assert_allclose(parts.trend * parts.season * parts.remainder, values)
        np.testing.assert_allclose(parts.adjusted * parts.season, values)
    else:
        np.testing.assert_allclose(parts.trend + parts.season + parts.remainder, values)
        np.testing.assert_allclose(parts.adjusted + parts.season, values)


def test_adjustment_takes_the_season_out() -> None:
    # A known season of +30 each July on a flat series: gone from the adjusted one, whatever one strange month does, and
    # the level of the year, 202.5, kept.
    values = np.full(72, 200.0)
    values[6::12] += 30
    values[40] += 500
    parts = decompose(_months(72), values)
    usual = np.delete(parts.adjusted, 40)
    assert np.abs(usual - 202.5).max() < 0.1
    assert parts.weights[40] < 0.01


def test_equal_months_remove_the_days() -> None:
    # Three events a day, every day: the raw series has a season, the series of equal months none.
    from calendar import monthrange

    values = [3 * monthrange(year, month)[1] for year, month in _months(48)]
    parts = decompose(_months(48), values, equal_months=True)
    np.testing.assert_allclose(parts.values, 3 * 365.2425 / 12)
    assert np.ptp(decompose(_months(48), values).season) > 5


def test_gaps_are_refused() -> None:
    months = _months(60)
    values = [float(n) for n in range(60)]
    with pytest.raises(ValueError, match="1960-03"):
        decompose(months[:14] + months[15:], values[:14] + values[15:])
    with pytest.raises(ValueError, match="1960-03, 1961-01"):
        decompose(months, [math.nan if n in (14, 24) else value for n, value in enumerate(values)])


def test_turning_points_of_a_known_cycle() -> None:
    # Peaks every 48 months from the 12th, troughs between; noise and season must not add any.
    random = np.random.default_rng(6)
    n = np.arange(144)
    values = 100 + 20 * np.sin(2 * math.pi * n / 48) + 8 * (n % 12 == 7) + random.normal(0, 1, 144)
    turns = turning_points(decompose(_months(144, 2010), values))
    assert [turn.kind for turn in turns] == ["peak", "trough"] * 3
    places = [(turn.month[0] - 2010) * 12 + turn.month[1] - 1 for turn in turns]
    assert np.abs(np.array(places) - [12, 36, 60, 84, 108, 132]).max() <= 2
    rising = decompose(_months(60), np.arange(60) + random.normal(0, 0.1, 60))
    assert turning_points(rising) == []


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="36"):
        decompose(_months(35), [1.0] * 35)
    with pytest.raises(ValueError, match="logarithm"):
        decompose(_months(36), [0.0] * 36, multiplicative=True)
    with pytest.raises(ValueError, match="ascending order"):
        decompose([(2000, 2), (2000, 1)] * 20, [1.0] * 40)


def test_turning_points_of_a_wave_and_none_of_noise() -> None:
    """A wave of 30 % up and down turns after 30, 60 and 90 months; of 12 flat series at most 2 (5 % each) turn."""
    months = [(2014 + n // 12, n % 12 + 1) for n in range(120)]
    random = np.random.default_rng(6)
    wave = 100 * np.exp(-0.3 * np.cos(2 * np.pi * np.arange(120) / 60) + random.normal(0, 0.08, 120))
    found = turning_points_beyond_noise(decompose(months, wave, multiplicative=True), samples=99)
    assert [turn.kind for turn in found] == ["peak", "trough", "peak"]
    flat = [
        turning_points_beyond_noise(decompose(months, random.poisson(80, 120), multiplicative=True), samples=39)
        for _ in range(12)
    ]
    assert sum(map(bool, flat)) <= 2


def _made(spread: float, r: float, months: int) -> NDArray[np.float64]:
    """A flat series whose noise is known: chance with a variance of 0.0125, and an AR(1)."""
    known = MonthlyNoise(0.0125, np.array([spread]), np.array([r]), np.ones((1, 1)))
    return flat_series(known, months, 1, 9)[0]


def test_the_noise_is_that_of_the_likelihood_by_scipy() -> None:
    """The same means from scipy's multivariate normal law, of differences with season and slow waves taken out."""
    from scipy.stats import multivariate_normal

    chance = 0.0125
    values = _made(0.15, 0.5, 48)
    differences, at = np.diff(values), np.arange(47)
    taken = [at % 12 == month for month in range(12)]
    taken += [np.cos(np.pi * wave * (at + 0.5) / 47) for wave in (1, 2, 3)]  # of 94, 47 and 31 months
    left = np.linalg.svd(np.array(taken, dtype=float))[2][15:]
    step = np.diff(np.eye(48), axis=0)
    spreads = np.linspace(0, 2 * np.sqrt(np.mean(differences**2)), 30)
    total = squares = correlations = 0.0
    for r in np.linspace(0, 0.8, 9):
        month = np.arange(48)
        levels = r ** np.abs(np.subtract.outer(month, month))
        for spread in spreads:
            covariance = left @ step @ (spread**2 * levels + chance * np.eye(48)) @ step.T @ left.T
            weight = np.exp(multivariate_normal(cov=covariance).logpdf(left @ differences) - 10)
            total += weight
            squares += weight * spread**2
            correlations += weight * r

    found = monthly_noise(values, chance)

    assert found.weights.sum() == pytest.approx(1)
    assert found.weights.sum(axis=1) @ found.correlations == pytest.approx(correlations / total, rel=1e-6)
    assert found.weights.sum(axis=0) @ found.spreads**2 == pytest.approx(squares / total, rel=1e-6)


def test_season_and_slow_waves_are_no_noise() -> None:
    month = np.arange(120)
    noise = _made(0.1, 0.4, 120)
    found = monthly_noise(noise, 0.01).weights
    other = monthly_noise(noise + 0.3 * np.sin(2 * np.pi * month / 12) + 0.2 * np.cos(2 * np.pi * month / 120), 0.01)
    assert other.weights.sum(axis=1) == pytest.approx(found.sum(axis=1), abs=0.03)


def test_flat_series_whose_noise_looks_short_do_not_turn() -> None:
    """Seven of 120 flat series, correlated at 0.5, in which turns were seen: their lag-1 covariance hid the swings.

    In one, where the noise is weak by chance, there still is one.
    """
    random = np.random.default_rng(20261128)
    for spread, r in ((0.0, 0.0), (0.15, 0.0), (0.15, 0.5)):
        noise = random.normal(size=(120, 120))
        for at in range(1, 120):
            noise[:, at] = r * noise[:, at - 1] + np.sqrt(1 - r**2) * noise[:, at]
        season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(120) / 12)
        counts = random.poisson(80 * season * np.exp(spread * noise))
    months = [(2014 + n // 12, n % 12 + 1) for n in range(120)]
    seen = [decompose(months, counts[number], multiplicative=True) for number in (3, 59, 68, 79, 90, 91, 94)]
    assert sum(bool(turning_points_beyond_noise(one)) for one in seen) <= 1
