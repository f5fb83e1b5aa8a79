"""Monotonic trend against published figures."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.statistics.many_series import mann_kendall, sen_slopes
from pipelines.statistics.monotonic import (
    false_discovery,
    hamed_rao_correction,
    kendall,
    mann_kendall_autocorrelated,
    seasonal_mann_kendall,
    seasonal_sen_line,
    sen_line,
)

Rows = Callable[[str], list[dict[str, str]]]
Printed = Callable[[float, str], bool]

# Suspended sediment of the Rhine at Maxau, yearly means 1965-2009, from the vignette of the R package trend 1.1.6 (T.
# Pohlert), sections 1.1 and 2.1, which prints the results below.
MAXAU = """37.38356164383562 31.28219178082192 26.41917808219178 28.82786885245902 32.88219178082192 37.57260273972603
27.34246575342466 29.85792349726776 35.49315068493151 28.9041095890411 25.69315068493151 16.96994535519126
28.9013698630137 20.25205479452055 19.26849315068493 19.19125683060109 24.33698630136986 28.81095890410959
17.6958904109589 19.63661202185792 20.95616438356164 29.10410958904109 27.34520547945205 27.60382513661202
20.98904109589041 26.96986301369863 27.44383561643836 32.79234972677595 27.56164383561644 30.72876712328767
33.14520547945205 25.77868852459016 25.28767123287671 24.40821917808219 28.38356164383562 17.97267759562842
16.0958904109589 17.26849315068493 11.89041095890411 13.77049180327869 21.46896551724138 23.0986301369863
16.44413407821229 15.77322404371585 13.87362637362637"""


def test_maxau(as_printed: Printed) -> None:
    years, values = range(1965, 2010), [float(text) for text in MAXAU.split()]
    test, line = kendall(years, values), sen_line(years, values)
    assert as_printed(test.z, "-3.8445")
    assert as_printed(test.p, "0.0001208")
    assert as_printed(line.slope, "-0.2876139")
    assert as_printed(line.low, "-0.4196477")
    assert as_printed(line.high, "-0.1519026")
    # The two ways in this package to the same numbers.
    s, variance, p = mann_kendall(values)
    assert (test.s, test.variance, test.p) == pytest.approx((s, variance, p))
    assert sen_slopes(years, values, variance) == pytest.approx((line.slope, line.low, line.high))


def test_kendall_textbook(as_printed: Printed) -> None:
    # Kendall (1976), Rank Correlation Methods, examples 3.4 and 4.3, as quoted in the R package Kendall 2.2.1.
    a = [2.5, 2.5, 2.5, 2.5, 5, 6.5, 6.5, 10, 10, 10, 10, 10, 14, 14, 14, 16, 17]
    b = [1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    found = kendall(a, b)
    assert found.s == 34
    assert as_printed(found.tau, "0.41")
    x = [1.5, 1.5, 3, 4, 6, 6, 6, 8, 9.5, 9.5, 11, 12]
    y = [2.5, 2.5, 7, 4.5, 1, 4.5, 6, 11.5, 11.5, 8.5, 8.5, 10]
    found = kendall(x, y)
    assert found.s == 34
    assert as_printed(found.variance, "203.30")


def test_nottingham(reference: Rows, as_printed: Printed) -> None:
    rows = reference("nottingham_temperatures")
    cells = [(int(row["year"]), month, float(row[str(month)])) for row in rows for month in range(1, 13)]
    years, months, values = ([cell[n] for cell in cells] for n in range(3))
    plain = seasonal_mann_kendall(years, months, values)  # type: ignore[arg-type]
    assert (plain.n, plain.s, plain.variance) == (240, 224, 11364)
    assert as_printed(plain.z, "2.0919")
    assert as_printed(plain.p, "0.03645")
    assert as_printed(seasonal_sen_line(years, months, values).slope, "0.05")  # type: ignore[arg-type]
    together = seasonal_mann_kendall(years, months, values, correlated=True)  # type: ignore[arg-type]
    assert as_printed(together.variance, "19663.33")
    assert as_printed(together.z, "1.5974")
    assert as_printed(together.p, "0.1102")
    # Of the 12 x 190 slopes those of rank (2280 -+ 1.96 sqrt(19663.33)) / 2, one more above: the limits of that test.
    slopes = [(b[2] - a[2]) / (b[0] - a[0]) for a in cells for b in cells if a[1] == b[1] and a[0] < b[0]]
    line = seasonal_sen_line(years, months, values, correlated=True)  # type: ignore[arg-type]
    assert (line.low, line.high) == (sorted(slopes)[1003 - 1], sorted(slopes)[1278 - 1])
    assert line.low <= 0 < line.high  # p is 0.11
    august = kendall(range(20), [float(row["8"]) for row in rows])
    september = kendall(range(20), [float(row["9"]) for row in rows])
    assert (august.s, september.s) == (80, 67)


def test_pymannkendall(reference: Rows) -> None:
    # Figures of tests/test_pymannkendall.py (MIT): gaps dropped for S; the Sen line over the true times, but then
    # removed from the series with the gaps closed up. The parts reproduce that; the test of the next function does not.
    rows = reference("pymannkendall_monthly")
    times = np.array([int(row["t"]) for row in rows])
    values = np.array([float(row["value"] or "nan") for row in rows])
    plain, line = kendall(times, values), sen_line(times - 1, values)
    n = plain.n
    assert (plain.s, plain.variance, plain.z, plain.p) == pytest.approx(
        (-1959, 4889800.333333333, -0.8854562842589916, 0.37591058740506833), rel=1e-12
    )
    assert plain.s / (n * (n - 1) / 2) == pytest.approx(-0.03153167653875869, rel=1e-12)
    assert (line.slope, line.intercept) == pytest.approx((-0.006369426751592357, 96.15286624203821), rel=1e-12)
    closed_up = values[~np.isnan(values)] - line.slope * np.arange(1, n + 1)
    all_lags, three = hamed_rao_correction(closed_up)[0], hamed_rao_correction(closed_up, lags=3)[0]
    assert plain.variance * all_lags == pytest.approx(259723.81316716125, rel=1e-10)
    assert plain.variance * three == pytest.approx(14228919.889368296, rel=1e-10)
    years, months = ((times - 1) // 12).tolist(), ((times - 1) % 12).tolist()
    seasonal = seasonal_sen_line(years, months, values)
    assert (seasonal.slope, seasonal.intercept) == pytest.approx((-0.08695652173913043, 96.31159420289855), rel=1e-12)


def test_hamed_rao_without_gaps_is_the_published_variant() -> None:
    # Without gaps the time bases are one: the function is then the same as its parts.
    values = np.cumsum(np.random.default_rng(2).normal(size=50))
    line = sen_line(range(50), values)
    factor, used = hamed_rao_correction(values - line.slope * np.arange(50), lags=5)
    found = mann_kendall_autocorrelated(range(50), values, lags=5)
    assert (found.correction, found.lags) == (pytest.approx(factor), used)


def test_hamed_rao_with_gaps_keeps_one_time_base() -> None:
    # Independent: statsmodels' autocorrelation with missing values left in their places.
    from scipy.stats import rankdata
    from statsmodels.tsa.stattools import acf

    values = np.cumsum(np.random.default_rng(3).normal(size=40))
    values[[5, 6, 17, 30]] = np.nan
    times = np.arange(1980, 2020)
    found = mann_kendall_autocorrelated(times, values, lags=4)
    line = sen_line(times, values)
    ranks = np.full(40, np.nan)
    here = ~np.isnan(values)
    ranks[here] = rankdata((values - line.slope * (times - 1980))[here])
    r = acf(ranks, nlags=4, fft=False, missing="conservative")
    used = [lag for lag in range(1, 5) if abs(r[lag]) > 1.959964 / math.sqrt(36)]
    factor = 1 + 2 / (40 * 39 * 38) * sum((40 - i) * (39 - i) * (38 - i) * r[i] for i in used)
    assert list(found.lags) == used
    assert found.correction == pytest.approx(factor)
    assert found.n == 36
    dropped = mann_kendall_autocorrelated(times[here], values[here], lags=4)
    assert dropped == found  # a year left out and a year without a value are the same gap


def test_hamed_rao_on_persistent_series_without_trend() -> None:
    # AR(1) with 0.6, 200 series of 40: the plain test calls far more than 5 % a trend, the corrected one clearly fewer
    # (62 and 32 here), though still too many.
    random = np.random.default_rng(11)
    plain = corrected = refused = 0
    for _ in range(200):
        noise = random.normal(size=60)
        for n in range(1, 60):
            noise[n] += 0.6 * noise[n - 1]
        plain += kendall(range(40), noise[20:]).p < 0.05
        try:
            corrected += mann_kendall_autocorrelated(range(40), noise[20:], lags=1).p < 0.05
        except ValueError:
            refused += 1
    assert plain > 50
    assert corrected < plain * 0.6
    assert refused == 0


@given(st.lists(st.integers(0, 8), min_size=4, max_size=30))
def test_tau_is_scipys(values: list[int]) -> None:
    from scipy.stats import kendalltau

    found = kendall(range(len(values)), values)
    if len(set(values)) > 1:
        assert found.tau == pytest.approx(kendalltau(range(len(values)), values).statistic)
    else:
        assert (found.tau, found.p) == (0, 1)


def test_false_discovery_is_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]
    assert false_discovery(p) == pytest.approx(multipletests(p, method="fdr_bh")[1].tolist())
    assert false_discovery([None, None]) == [None, None]


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        kendall([1, 2], [1, 2])
    with pytest.raises(ValueError, match="ascending order"):
        mann_kendall_autocorrelated([1, 1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="smaller number of lags"):
        mann_kendall_autocorrelated(range(60), [(-1) ** n * (1 + n / 100) for n in range(60)], lags=1)
    with pytest.raises(ValueError, match="two values for one season"):
        seasonal_mann_kendall([2000, 2000], [1, 1], [1, 2])
