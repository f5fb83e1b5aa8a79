"""The effect over the first year: against the GLM and GEE of statsmodels, by simulation, and its placebos by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pipelines.statistics import first_year
from pipelines.statistics.first_year import (
    control_weights,
    controlled_exposures,
    first_year_effects,
    monthly_trends,
    placebo_effects,
)


def _noisy(random: np.random.Generator, series: int, periods: int, autocorrelation: float) -> np.ndarray:
    noise = random.normal(size=(series, periods))
    for at in range(1, periods):
        noise[:, at] = autocorrelation * noise[:, at - 1] + (1 - autocorrelation**2) ** 0.5 * noise[:, at]
    return np.exp(0.15 * noise)


def test_effect_is_that_of_the_estimating_equations_of_statsmodels() -> None:
    """GEE with an autoregressive working correlation at the same value gives the same effect."""
    random = np.random.default_rng(2)
    counts = random.poisson(150 * _noisy(random, 1, 60, 0.5)[0])
    people = 1e6 * 1.001 ** np.arange(60)
    found = first_year_effects(counts, people, 48)
    t = np.arange(60)
    x = np.column_stack([np.ones(60), t >= 48, (t - 48) / 60])
    family = sm.families.Poisson()
    structure = sm.cov_struct.Autoregressive(grid=True)
    structure.dep_params = float(found.autocorrelation[0])
    model = sm.GEE(counts, x, np.zeros(60), time=t[:, None], family=family, cov_struct=structure, offset=np.log(people))
    theirs = model.fit(params_niter=60, first_dep_update=10**6)
    assert found.logs[0] == pytest.approx(theirs.params[1], abs=1e-5)


@pytest.mark.parametrize(("autocorrelation", "most"), [(0.0, 0.07), (0.4, 0.08)])
def test_false_alarms_and_coverage_of_a_known_effect(autocorrelation: float, most: float) -> None:
    """1,500 series of 72 months, 12 of them after; the law is 8 % and 93 % at an autocorrelation of 0.4."""
    random = np.random.default_rng(11)
    season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(72) / 12)
    rates = 200 * season * _noisy(random, 1500, 72, autocorrelation)
    alarms, held, found = [], [], []
    for factor in (1.0, 0.8):
        counts = random.poisson(rates * np.where(np.arange(72) >= 60, factor, 1))
        made = first_year_effects(counts, np.ones(counts.shape), 60, season=12)
        effects = [made.effect(place) for place in range(1500)]
        alarms.append(np.mean([effect.p < 0.05 for effect in effects]))
        held.append(np.mean([effect.low < factor < effect.high for effect in effects]))
        found.append(np.exp(np.mean(made.logs)))
    assert alarms[0] <= most
    assert held[1] >= 0.93
    assert found[1] == pytest.approx(0.8, abs=0.02)
    assert alarms[1] > 0.4


def test_weights_follow_the_control_that_moves_alike() -> None:
    random = np.random.default_rng(3)
    controls = 5 + random.normal(size=(4, 60)).cumsum(axis=1) * 0.1
    mixed = 3 * (0.3 * controls[1] / controls[1].mean() + 0.7 * controls[3] / controls[3].mean())
    assert control_weights(mixed, controls) == pytest.approx([0, 0.3, 0, 0.7], abs=1e-6)


def test_a_fall_shared_with_the_controls_is_no_effect() -> None:
    random = np.random.default_rng(9)
    shared = np.where(np.arange(60) >= 48, 0.6, 1.0) * _noisy(random, 1, 60, 0.4)[0]
    counts = [random.poisson(size * shared) for size in (300, 500, 200)]
    ones = np.ones((3, 60))
    sizes, weights = controlled_exposures(counts[0], ones[0], counts[1:], ones[1:], 48)
    effect = first_year_effects(counts[0], sizes, 48).effect()
    alone = first_year_effects(counts[0], ones[0], 48).effect()
    assert weights.sum() == pytest.approx(1)
    assert effect.low < 1 < effect.high
    assert alone.value < 0.8


def test_placebos_are_all_other_dates_and_areas() -> None:
    """Counted by hand, and one of them made again alone."""
    random = np.random.default_rng(5)
    counts = random.poisson(50, (4, 40)).astype(float)
    counts[3, 10] = np.nan  # an area with a gap is left out
    made = placebo_effects(counts, np.ones((4, 40)), 0, 30, 6, fewest_before=12)
    dates = [set(made.dates[made.areas == area].tolist()) for area in range(4)]
    assert dates[0] == set(range(12, 25))  # ends before the date
    assert dates[1] == dates[2] == set(range(12, 35))
    assert dates[3] == set()
    place = int(np.flatnonzero((made.areas == 2) & (made.dates == 20))[0])
    alone = first_year_effects(counts[2, :26], np.ones(26), 20)
    assert made.logs[place] == pytest.approx(alone.logs[0])
    assert made.p(float("inf")) == pytest.approx(1 / (1 + len(made.logs)))
    assert made.p(0.0) == 1


def test_placebos_that_fall_to_no_event_count_as_far_out() -> None:
    """Counted by hand: area 1 has its last event in period 19, area 2 its first in 25, area 3 none, area 4 a gap."""
    counts = np.random.default_rng(6).poisson(50, (5, 40)).astype(float)
    counts[1, 20:], counts[2, :25], counts[3] = 0, 0, 0
    counts[4, 30] = np.nan
    made = placebo_effects(counts, np.ones((5, 40)), 0, 30, 6, fewest_before=12)
    assert made.extreme == {"no event after the date": 15, "no event before the date": 6}  # 20 to 34; 20 to 25
    none = 23 + 8  # area 3 at 12 to 34, area 2 at 12 to 19, whose six periods end before 25
    assert made.left_out == {"no event at all": none, "a period without a comparable figure": 10}  # 25 to 34
    dates = {area: set(made.dates[made.areas == area].tolist()) for area in range(5)}
    assert dates[1] == set(range(12, 20))
    assert dates[2] == set(range(26, 35))
    assert dates[4] == set(range(12, 25))
    assert made.number == len(made.scores) + 21
    assert made.p(float("inf")) == pytest.approx(22 / (1 + made.number))


def test_a_control_with_a_gap_is_left_out_of_placebos_only_where_the_gap_is() -> None:
    counts = np.random.default_rng(7).poisson(80, (4, 40)).astype(float)
    counts[3, 20] = np.nan
    made = placebo_effects(counts, np.ones((4, 40)), 0, 30, 6, controls=[2, 3], areas=[0, 1], fewest_before=12)
    assert set(made.areas.tolist()) == {0, 1}
    for at, controls in ((14, [2, 3]), (25, [2])):
        place = int(np.flatnonzero((made.areas == 1) & (made.dates == at))[0])
        window = slice(0, at + 6)
        ones = np.ones((len(controls), at + 6))
        sizes, _ = controlled_exposures(counts[1, window], ones[0], counts[controls, window], ones, at)
        assert made.logs[place] == pytest.approx(first_year_effects(counts[1, window], sizes, at).logs[0])


@pytest.mark.parametrize("season", [None, 12])
def test_a_series_that_cannot_be_fitted_says_so_and_stops_no_other(season: int | None) -> None:
    """A million million events in the first month, one in the last: the fit does not come to an end."""
    good = np.random.default_rng(1).poisson(50, (1, 60)).astype(float)
    bad = np.zeros((1, 60))
    bad[0, 0], bad[0, -1] = 1e12, 1
    both = first_year_effects(np.vstack([good, bad]), np.ones((2, 60)), 48, season=season)
    alone = first_year_effects(good, np.ones((1, 60)), 48, season=season)
    assert both.converged.tolist() == [True, False]
    assert np.isnan([both.logs[1], both.errors[1], both.autocorrelation[1]]).all()
    assert both.logs[0] == pytest.approx(alone.logs[0], rel=1e-6)


def test_a_system_without_a_solution_stops_no_other() -> None:
    solved, regular = first_year.solve_each(np.array([[[2.0, 0], [0, 4]], [[1, 1], [1, 1]]]), np.eye(2))
    assert regular.tolist() == [True, False]
    assert solved[0].tolist() == [[0.5, 0], [0, 0.25]]


def test_what_is_expected_is_the_course_without_the_effect() -> None:
    """100 a month and a fall by 20 %: about 100 are expected after the date, and the effect is the ratio to that."""
    counts = [100.0, 101, 99, 100] * 12 + [80, 81, 79, 80] * 3
    made = first_year_effects(counts, np.ones(60), 48)
    assert made.expected[0] == pytest.approx(np.full(60, 100), rel=0.01)
    assert np.exp(made.logs[0]) == pytest.approx(960 / made.expected[0, 48:].sum(), rel=1e-3)


def test_bias_of_the_autocorrelation_is_that_of_the_columns_themselves() -> None:
    """Hat matrix by hand; 4,000 series of independent normal errors have the lag-1 correlation it says."""
    months = np.eye(12)[np.arange(60) % 12]
    for x in (np.column_stack([months, np.arange(60)]), first_year.design_matrix(60, 48, 12)):
        hat = x @ np.linalg.pinv(x)
        taken = float(np.trace(hat, offset=1))
        assert first_year.own_autocorrelation(x) == pytest.approx(taken)
        e = np.random.default_rng(4).normal(size=(4000, 60)) @ (np.eye(60) - hat)
        raw = (e[:, 1:] * e[:, :-1]).sum(axis=1) / (e**2).sum(axis=1)
        assert raw.mean() == pytest.approx(-taken / (60 - x.shape[1]), abs=0.01)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="at least 8"):
        first_year_effects([1] * 9, [1] * 9, 7)
    with pytest.raises(ValueError, match="no event"):
        first_year_effects([1] * 9 + [0], [1] * 10, 9)


def test_monthly_trends_are_found_where_they_are() -> None:
    """5 % a year in 5 years at an autocorrelation of 0.5: a bias of 13 coefficients let 13 in 100 be found."""
    random = np.random.default_rng(15)
    rising = 100 * 1.05 ** (np.arange(60) / 12) * (1 + 0.1 * np.sin(2 * np.pi * np.arange(60) / 12))
    counts = random.poisson(rising * _noisy(random, 400, 60, 0.5))
    made = monthly_trends(counts, np.ones(counts.shape))
    assert np.mean([made.effect(place).p < 0.05 for place in range(400)]) > 0.3


@pytest.mark.parametrize(("years", "autocorrelation"), [(3, 0.6), (5, 0.5), (9, 0.8)])
def test_flat_monthly_series_have_no_trend(years: int, autocorrelation: float) -> None:
    """400 series; the seasonal Mann-Kendall test that takes months as independent alarms in 13 to 40 %."""
    random = np.random.default_rng(13)
    season = 1 + 0.1 * np.sin(2 * np.pi * np.arange(12 * years) / 12)
    counts = random.poisson(100 * season * _noisy(random, 400, 12 * years, autocorrelation))
    made = monthly_trends(counts, np.ones(counts.shape))
    assert np.mean([made.effect(place).p < 0.05 for place in range(400)]) <= 0.08


def test_monthly_trend_is_that_of_the_glm_where_months_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_year, "LARGEST_AUTOCORRELATION", 0.0)
    random = np.random.default_rng(14)
    counts = random.poisson(80 * 1.06 ** (np.arange(60) / 12))
    people = 1e5 * 1.01 ** (np.arange(60) / 12)
    found = monthly_trends(counts, people)
    months = np.eye(12)[np.arange(60) % 12]
    x = np.column_stack([np.arange(60) / 12, months])
    model = sm.GLM(counts, x, family=sm.families.Poisson(), offset=np.log(people)).fit(tol=1e-12)
    assert found.logs[0] == pytest.approx(model.params[0], abs=1e-7)
    spread = max(model.pearson_chi2 / model.df_resid, 1.0)
    assert found.errors[0] == pytest.approx(model.bse[0] * spread**0.5, rel=1e-5)
