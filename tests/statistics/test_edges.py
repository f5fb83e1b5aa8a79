"""Extremes that published cases do not hold: no event, one event, ties alone, gaps, impossible input.

Expected values are worked out from the formulas, or made by scipy and statsmodels.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from pipelines.statistics.bridging import overlap_factor
from pipelines.statistics.evaluation import controlled_time_series, interrupted_time_series
from pipelines.statistics.joinpoints.model import fit_joinpoints, log_ready
from pipelines.statistics.joinpoints.number import choose_joinpoints
from pipelines.statistics.monotonic import (
    kendall,
    mann_kendall_autocorrelated,
    seasonal_mann_kendall,
    seasonal_sen_line,
    sen_line,
)
from pipelines.statistics.rates import byar_limits, crude_rate, exact_limits, rate_ratio
from pipelines.statistics.regression import fit_counts
from pipelines.statistics.seasonal import decompose, turning_points
from pipelines.statistics.standardisation import standardised_rate

MONTHS = [(2010 + n // 12, n % 12 + 1) for n in range(120)]


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    """What a library would warn of must have been refused or handled before."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_limits_of_no_event_and_of_one() -> None:
    low, high = exact_limits([0, 1])
    assert low.tolist() == pytest.approx([0.0, -math.log(0.975)])  # P(X >= 1) = 0.025
    assert high[0] == pytest.approx(-math.log(0.025))
    assert stats.poisson.cdf(1, high[1]) == pytest.approx(0.025)
    byar_low, byar_high = byar_limits([0])
    assert (byar_low[0], byar_high[0]) == pytest.approx((0.0, (1 - 1 / 9 + 1.959964 / 3) ** 3))


def test_ratio_with_no_event_on_one_side() -> None:
    # Given 5 events in two equal populations, all on one side: the share's limit is 1 - 0.025^(1/5).
    share = 1 - 0.025 ** (1 / 5)
    none, all_of_them = rate_ratio(0, 1e5, 5, 1e5), rate_ratio(5, 1e5, 0, 1e5)
    assert (none.value, none.low, none.high) == pytest.approx((0.0, 0.0, share / (1 - share)))
    assert (all_of_them.value, all_of_them.high) == (math.inf, math.inf)
    assert all_of_them.low == pytest.approx((1 - share) / share)
    assert none.p == all_of_them.p == pytest.approx(2 * 0.5**5)


def test_standardised_rate_of_no_event_and_of_one() -> None:
    """Fay and Feuer's gamma limits by scipy's gamma: shape y^2/v and scale v/y."""
    people, weights = [1000.0, 2000.0, 4000.0], [0.2, 0.3, 0.5]
    w = np.array(weights) / people
    one = standardised_rate([0, 1, 0], people, weights, per=1)
    assert one.value == pytest.approx(0.3 / 2000)
    assert one.low == pytest.approx(stats.gamma.ppf(0.025, 1, scale=w[1]))
    mean, variance = w[1] + w.max(), w[1] ** 2 + w.max() ** 2
    assert one.high == pytest.approx(stats.gamma.ppf(0.975, mean**2 / variance, scale=variance / mean))
    none = standardised_rate([0, 0, 0], people, weights, per=1)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(-math.log(0.025) * w.max())
    tiwari = standardised_rate([0, 0, 0], people, weights, per=1, method="tiwari")
    mean, variance = w.mean(), (w**2).mean()
    assert tiwari.high == pytest.approx(stats.gamma.ppf(0.975, mean**2 / variance, scale=variance / mean))
    # Weights are shares or numbers of persons alike.
    assert standardised_rate([1, 2, 3], people, [20, 30, 50]) == standardised_rate([1, 2, 3], people, weights)


def test_ties_alone_and_steady_series() -> None:
    flat = [5.0] * 10
    assert (kendall(range(10), flat).p, sen_line(range(10), flat).slope) == (1.0, 0.0)
    assert mann_kendall_autocorrelated(range(10), flat).p == 1.0
    years, months = [year for year, _ in MONTHS], [month for _, month in MONTHS]
    for correlated in (False, True):
        assert seasonal_mann_kendall(years, months, [3.0] * 120, correlated=correlated).p == 1.0
    assert turning_points(decompose(MONTHS, [5.0] * 120)) == []


def test_seasonal_test_with_missing_months_is_the_sum_of_its_months() -> None:
    """S and variance of each month alone, by the formula without ties; a month never seen is no season."""
    values = np.random.default_rng(1).normal(size=120)
    values[5::7] = np.nan
    values[3::12] = np.nan
    years, months = np.array(MONTHS).T
    s, variance = 0, 0.0
    slopes: list[float] = []
    for month in range(1, 13):
        own = [(year, x) for (year, _), x in zip(MONTHS, values, strict=True) if _ == month and not np.isnan(x)]
        n = len(own)
        s += sum(int(np.sign(b[1] - a[1])) for at, a in enumerate(own) for b in own[at + 1 :])
        variance += n * (n - 1) * (2 * n + 5) / 18
        slopes += [(b[1] - a[1]) / (b[0] - a[0]) for at, a in enumerate(own) for b in own[at + 1 :]]
    test = seasonal_mann_kendall(years.tolist(), months.tolist(), values)
    assert (test.s, test.variance) == (s, pytest.approx(variance))
    assert test.z == pytest.approx((s - np.sign(s)) / math.sqrt(variance))
    assert seasonal_sen_line(years.tolist(), months.tolist(), values).slope == pytest.approx(np.median(slopes))


@pytest.mark.parametrize("number", range(6))
def test_joinpoints_of_a_series_with_years_without_events(number: int) -> None:
    """Fitted again by statsmodels, for the joinpoints found, with the half events of ``log_ready``."""
    years = np.arange(1990, 2015)
    counts = np.random.default_rng(8).poisson(1.2 * 1.05 ** np.arange(25))
    assert (counts == 0).any()
    rates, errors = log_ready(counts, np.full(25, 1e5), zeros="add half")
    model = fit_joinpoints(years.tolist(), rates, errors, number=number)
    assert len(model.joinpoints) == number
    hinges = [np.maximum(years - joint, 0) for joint in model.joinpoints]
    design = np.column_stack([np.ones(25), years - 1990, *hinges])
    fit = sm.WLS(np.log(rates), design, weights=(rates / errors) ** 2).fit()
    assert np.cumsum(fit.params[1:]) == pytest.approx([segment.slope for segment in model.segments])
    assert fit.ssr == pytest.approx(model.sse)


def test_rounding_makes_no_slope_and_no_joinpoint() -> None:
    """A series that does not move, and one that grows by the same share each year."""
    flat = fit_joinpoints(range(10), [5.3] * 10)
    assert (flat.segments[0].value, flat.segments[0].p, flat.average.p) == (0.0, 1.0, 1.0)
    assert flat.fitted == pytest.approx([5.3] * 10)
    for growth in (1.0, 1.05, 0.9, 1.3):
        values = [7.7 * growth**n for n in range(25)]
        for method in ("bic", "bic3", "weighted bic"):
            choice = choose_joinpoints(range(25), values, method=method)  # type: ignore[arg-type]
            assert choice.model.joinpoints == ()
            assert choice.model.average.value == pytest.approx(100 * (growth - 1))


def test_large_counts_converge() -> None:
    """A deviance of ten thousands is rounded more coarsely than 1e-12: such series were refused before."""
    counts = np.random.default_rng(2).negative_binomial(20, 2e-4, 40)
    people = np.full(40, 3e8)
    columns = {"trend": np.arange(40.0)}
    design = sm.add_constant(columns["trend"])
    poisson = sm.GLM(counts, design, family=sm.families.Poisson(), offset=np.log(people)).fit()
    assert list(fit_counts(counts, columns, people).coefficients.values()) == pytest.approx(poisson.params.tolist())
    theta = fit_counts(counts, columns, people, family="negative binomial").theta
    assert theta is not None
    assert 10 < theta < 40
    found = interrupted_time_series(range(40), counts, people, 20, family="negative binomial")
    assert found.level.low < 1 < found.level.high


def test_counts_that_do_not_vary_have_no_change() -> None:
    model = fit_counts([10] * 8, {"after": [0] * 4 + [1] * 4}, family="quasi-poisson", errors="cautious")
    effect = model.effect({"after": 1})
    assert effect.value == pytest.approx(1.0)
    assert model.dispersion == pytest.approx(0.0)


STEPS = list(range(30))
STEADY = [100 + (7 * n) % 5 for n in range(30)]
PEOPLE = [1e5] * 30


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crude_rate(math.inf, 1e5), "infinite"),
        (lambda: crude_rate(5, math.inf), "finite"),
        (lambda: crude_rate(5, 1e5, method="wald"), "there are exact, byar"),
        (lambda: rate_ratio(math.nan, 1, 3, 1), "must be whole"),
        (lambda: standardised_rate([1, math.inf], [1, 1], [1, 1]), "missing"),
        (lambda: standardised_rate([1], [1], [1], method="exact"), "there are fay-feuer"),
        (lambda: standardised_rate([1], [1], [1], confidence=95), "write 0.95 for 95 %"),
        (lambda: kendall([1, 2, 3], [1, math.inf, 2]), "infinite"),
        (lambda: seasonal_mann_kendall([], [], []), "no season has a value"),
        (lambda: seasonal_mann_kendall([2010, 2011, 2012, 2010], [1, 1, 1, 2], [1, 2, 3, 4]), "season 2 has 1 years"),
        (lambda: fit_joinpoints(STEPS, STEADY, number=-1), "is not a possible number of joinpoints"),
        (lambda: fit_joinpoints(STEPS, [math.inf, *STEADY[1:]]), "infinite"),
        (lambda: choose_joinpoints(STEPS, STEADY, method="aic"), "there are permutation, bic"),
        (lambda: choose_joinpoints(STEPS, STEADY, method="permutation", permutations=5), "too few"),
        (lambda: choose_joinpoints(STEPS, STEADY, autocorrelation=1.0), "not between -1 and 1"),
        (lambda: choose_joinpoints(STEPS, STEADY, confidence=1.5), "write 0.95 for 95 %"),
        (lambda: choose_joinpoints(STEPS, STEADY, most=-1), "is not a possible largest number"),
        (lambda: choose_joinpoints(STEPS, STEADY, level=5), "write 0.05 for 5 %"),
        (lambda: sen_line(STEPS, STEADY, confidence=95), "write 0.95 for 95 %"),
        (lambda: mann_kendall_autocorrelated(STEPS, STEADY, confidence=95), "write 0.95 for 95 %"),
        (lambda: mann_kendall_autocorrelated(STEPS, STEADY, lags=-1), "lags from 0 up"),
        (lambda: log_ready([1, 2, 3], [1, 2]), "one population for each count"),
        (lambda: log_ready([0], [1], zeros="drop"), "there are refuse, add half"),
        (lambda: decompose(MONTHS, [math.inf, *[1.0] * 119]), "infinite"),
        (lambda: fit_counts([0] * 8, {"a": [0] * 4 + [1] * 4}), "no events at all"),
        (lambda: fit_counts([0] * 4 + [5, 6, 7, 8], {"a": [0] * 4 + [1] * 4}), "no events at all, so that its ratio"),
        (lambda: fit_counts([1, 2, 3, 4], {"a": [0, 0, 1, 1]}, [0, 1, 1, 1]), "exposure above 0"),
        (lambda: fit_counts([1, 2, 3, 4], {"a": [0, 0, 1]}), "one value of each column"),
        (lambda: fit_counts([1, 2, 3, 4], {"a": [0, 0, 1, 1]}, family="gamma"), "there are poisson"),
        (lambda: fit_counts([1, 2, 3, 4], {"a": [0, 0, 1, 1]}, errors="hc3"), "there are model"),
        (lambda: fit_counts([1, 2, 3, 4], {"a": [0, 0, 1, 1]}, errors="newey-west", lags=9), "there are 0 to 3"),
        (lambda: interrupted_time_series(STEPS, STEADY[:15] + [0] * 15, PEOPLE, 15), "did not converge"),
        (lambda: interrupted_time_series(STEPS, STEADY, PEOPLE, 15, season=1), "12 for months"),
        (lambda: controlled_time_series(STEPS, STEADY, PEOPLE, [0] * 30, PEOPLE, 15), "no events at all"),
        (
            lambda: controlled_time_series(STEPS, STEADY[:15] + [0] * 15, PEOPLE, STEADY, PEOPLE, 15),
            "no events before or after",
        ),
        (lambda: overlap_factor([math.inf], [1]), "missing"),
        (lambda: overlap_factor([0, 0], [5, 6]), "no events in the overlap"),
        (lambda: overlap_factor([], []), "at least one period"),
    ],
)
def test_refusals_say_why(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
