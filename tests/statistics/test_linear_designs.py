"""Linear evaluations against published figures, and against independent routes.

Cigarette sales of California, packs a head, 1970-2000 (Abadie, Diamond and Hainmueller 2010), as in the file
``data/california_prop99.csv`` of synth-inference/synthdid; the coefficients printed by Stata's ``itsa`` (Linden 2015)
for them stand in the help file of ``power itsa``: 132.2258, -1.779474, -20.0581, and -3.274126 a year after 1989.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from statsmodels.formula.api import ols

from pipelines.statistics.linear_designs import (
    difference_in_differences,
    linear_time_series,
    panel_difference,
    two_group_time_series,
)

YEARS = range(1970, 2001)
CALIFORNIA = [123, 121, 123.5, 124.4, 126.7, 127.1, 128, 126.4, 126.1, 121.9, 120.2, 118.6, 115.4, 110.8, 104.8, 102.8]
CALIFORNIA += [99.7, 97.5, 90.1, 82.4, 77.8, 68.7, 67.5, 63.4, 58.6, 56.4, 54.5, 53.8, 52.3, 47.2, 41.6]


def test_published_single_group() -> None:
    model = linear_time_series(YEARS, CALIFORNIA, 1989, lags=1)
    assert model.coefficients["intercept"] == pytest.approx(132.2258, abs=5e-5)
    assert model.coefficients["trend"] == pytest.approx(-1.779474, abs=5e-7)
    assert model.coefficients["level"] == pytest.approx(-20.0581, abs=5e-5)
    assert model.effect({"trend": 1, "slope change": 1}).value == pytest.approx(-3.274126, abs=5e-7)


def test_two_groups_differ_as_the_two_models_do() -> None:
    """The coefficients are those of each group by itself; ordinary errors are those of one regression of both."""
    random = np.random.default_rng(4)
    other = 100 + np.arange(31) * -0.5 + random.normal(0, 2, 31)
    both = two_group_time_series(YEARS, CALIFORNIA, other, 1989, errors="model")
    one, two = (linear_time_series(YEARS, part, 1989, errors="model") for part in (CALIFORNIA, other))
    for name in ("intercept", "trend", "level", "slope change"):
        assert both.coefficients[name] == pytest.approx(two.coefficients[name], abs=1e-8)
        assert both.coefficients[f"difference in {name}"] == pytest.approx(
            one.coefficients[name] - two.coefficients[name], abs=1e-8
        )
    spread = (one.residuals @ one.residuals + two.residuals @ two.residuals) / (62 - 8)
    each = [model.covariance[2, 2] / (model.residuals @ model.residuals / 27) for model in (one, two)]
    assert both.effect("difference in level").error == pytest.approx((spread * sum(each)) ** 0.5)


def test_newey_west_is_within_each_unit() -> None:
    """Written out: Bartlett weights on the scores of each unit, factor n / (n - k)."""
    random = np.random.default_rng(5)
    values = random.normal(size=(3, 12)).cumsum(axis=1)
    model = two_group_time_series(range(12), values[0], values[1:], 6, lags=2)
    t = np.arange(12.0)
    after = (t >= 6) * 1.0
    one = np.column_stack([np.ones(12), t, after, (t - 6) * after])
    blocks = [np.hstack([one, one * treated]) for treated in (1, 0, 0)]
    x, y = np.vstack(blocks), values.ravel()
    bread = np.linalg.inv(x.T @ x)
    left = y - x @ (bread @ x.T @ y)
    meat = np.zeros((8, 8))
    for unit, block in enumerate(blocks):
        scores = block * left[12 * unit : 12 * unit + 12, None]
        meat += scores.T @ scores
        for lag in (1, 2):
            part = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / 3) * (part + part.T)
    expected = bread @ meat @ bread * 36 / 28
    assert model.covariance == pytest.approx(expected, rel=1e-8)


def test_prais_winsten_is_generalised_least_squares_at_its_autocorrelation() -> None:
    model = linear_time_series(YEARS, CALIFORNIA, 1989, errors="ar1")
    r = model.autocorrelation
    weight = np.linalg.inv(r ** np.abs(np.subtract.outer(np.arange(31), np.arange(31))))
    t = np.arange(31.0)
    after = (t >= 19) * 1.0
    x = np.column_stack([np.ones(31), t, after, (t - 19) * after])
    expected = np.linalg.solve(x.T @ weight @ x, x.T @ weight @ np.array(CALIFORNIA))
    assert list(model.coefficients.values()) == pytest.approx(expected.tolist(), rel=1e-8)
    assert 0 < r < 1


def test_difference_in_differences_with_clusters_is_that_of_the_formula() -> None:
    random = np.random.default_rng(6)
    area = np.repeat(np.arange(12), 8)
    treated, after = (area < 5) * 1, np.tile([0] * 4 + [1] * 4, 12)
    y = random.normal(size=96) + random.normal(size=12)[area] + 2 * treated * after
    found = difference_in_differences(y, treated, after, clusters=area.tolist()).effect("effect")
    model = ols("y ~ treated * after", {"y": y, "treated": treated, "after": after})
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": area}, use_t=True)
    assert found.value == pytest.approx(theirs.params["treated:after"])
    assert found.error == pytest.approx(theirs.bse["treated:after"])
    assert found.p == pytest.approx(theirs.pvalues["treated:after"])
    means = [y[(treated == d) & (after == a)].mean() for d, a in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert found.value == pytest.approx(means[0] - means[1] - means[2] + means[3])


def test_randomisation_tries_every_choice_of_areas() -> None:
    random = np.random.default_rng(7)
    values = random.normal(size=(9, 6))
    values[[1, 4], 3:] += 1.5
    found = panel_difference(values, [4, 1], 3, studentised=False)
    change = values[:, 3:].mean(axis=1) - values[:, :3].mean(axis=1)
    every = []
    for chosen in combinations(range(9), 2):
        inside = np.isin(range(9), chosen)
        every.append(change[inside].mean() - change[~inside].mean())
    assert found.assignments == 36
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.value) - 1e-12))


def test_the_smallest_p_with_half_of_the_areas_treated_is_that_of_two_choices() -> None:
    """Three of six areas: 20 choices, and the largest difference of all comes twice, once with each sign."""
    values = np.array([[0, 9.0], [0, 10], [0, 12], [0, 1], [0, 2], [0, 3]])
    half = panel_difference(values, [0, 1, 2], 1)
    assert (half.p, half.smallest_p, half.assignments) == (2 / 20, 2 / 20, 20)
    two = panel_difference(values, [1, 2], 1, studentised=False)
    assert (two.p, two.smallest_p, two.assignments) == (1 / 15, 1 / 15, 15)


def test_three_treated_areas_of_thirty_two_do_not_alarm_too_often() -> None:
    """Without any effect; clustered errors find one in 18 % of such panels."""
    random = np.random.default_rng(8)
    alarms = [panel_difference(random.normal(size=(32, 10)), [0, 1, 2], 5).p < 0.05 for _ in range(150)]
    assert np.mean(alarms) <= 0.09  # at 5 %, 14 or more of 150 come out once in 50 times


def test_refusals() -> None:
    with pytest.raises(ValueError, match="2 on each side"):
        linear_time_series(range(5), [1, 2, 3, 4, 5], 4)
    with pytest.raises(ValueError, match="ascending order"):
        linear_time_series([1, 3, 2], [1, 2, 3], 2)
    with pytest.raises(ValueError, match="before and after"):
        difference_in_differences([1, 2, 3], [0, 1, 1], [0, 0, 1])
    with pytest.raises(ValueError, match="some areas treated"):
        panel_difference([[1, 2], [1, 2]], [0, 1], 1)
