"""Rates and ratios against published figures, and against what must hold for any counts."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.statistics.rates import (
    byar_limits,
    crude_rate,
    exact_limits,
    rate_ratio,
    share_limits,
)

Printed = Callable[[float, str], bool]

# PHEindicatormethods 2.1.0 (Public Health England), testdata_Rate.xlsx: count, population, then rate per 100 with 95 %
# and 99.8 % limits; exact below 10 events, Byar's from 10 up.
PHE = [
    (1, 100, 1.0, 0.025317807984289897, 5.571643390938898, 0.0010005003335835344, 9.233413476451585),
    (5, 100, 5.0, 1.62348639011842, 11.668332079322669, 0.739371731917839, 16.454745203680105),
    (20, 100, 20.0, 12.211428834875937, 30.889880369197066, 8.922802365144193, 38.08503562504191),
    (65, 100, 65.0, 50.163187710459454, 82.84913854593984, 42.8802614714802, 94.00029084431802),
    (9856, 12345, 79.83799108950991, 78.26949058976757, 81.4300165427214, 77.37590543271052, 82.3544727709543),
]


@pytest.mark.parametrize(("count", "population", "rate", "low", "high", "low_998", "high_998"), PHE)
def test_phe_rates(
    count: int, population: int, rate: float, low: float, high: float, low_998: float, high_998: float
) -> None:
    found = crude_rate(count, population, per=100, method="exact below 10")
    wide = crude_rate(count, population, per=100, method="exact below 10", confidence=0.998)
    assert (found.value, found.low, found.high) == pytest.approx((rate, low, high), rel=1e-10)
    assert (wide.low, wide.high) == pytest.approx((low_998, high_998), rel=1e-10)
    assert found.method == ("exact" if count < 10 else "byar")


# The same package, testdata_Byars_Wilson.xlsx: limits of the count itself, Byar's also for 1.
@pytest.mark.parametrize(
    ("count", "confidence", "low", "high"),
    [
        (65, 0.95, 50.163187710459454, 82.84913854593984),
        (1045, 0.95, 982.5932018073325, 1110.33121298565),
        (1, 0.95, 0.01307213290150435, 5.5637555824752605),
        (10, 0.998, 2.916318374695686, 24.193724927880535),
    ],
)
def test_phe_byar(count: int, confidence: float, low: float, high: float) -> None:
    found = byar_limits([count], confidence)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), rel=1e-10)


def test_r_poisson_test(as_printed: Printed) -> None:
    # help(poisson.test) in R, reference output: Welsh nickel workers; lung cancer in Fredericia.
    nickel = crude_rate(137, 24.19893, per=1)
    assert as_printed(nickel.value, "5.661407")
    assert as_printed(nickel.low, "4.753125")
    assert as_printed(nickel.high, "6.692709")
    lung = rate_ratio(11, 800, 21, 3011)
    assert as_printed(lung.value, "1.971488")
    assert as_printed(lung.low, "0.8584264")
    assert as_printed(lung.high, "4.2772659")
    assert as_printed(lung.p_minimum_likelihood, "0.07967")


@pytest.mark.parametrize(
    ("counts", "ratio", "low", "high", "p"),
    [
        ((2, 17877, 9, 16660), "0.2070941557", "0.02177406", "1.00054910", "0.05011"),
        ((2, 17877, 9, 16674), "0.2072681844", "0.02179236", "1.00138990", "0.05027"),
        ((2, 17877, 10, 20000), "0.2237512", "0.02383738", "1.04995468", "0.06056"),
    ],
)
def test_fay_rate_ratios(
    counts: tuple[int, int, int, int], ratio: str, low: str, high: str, p: str, as_printed: Printed
) -> None:
    # Vignettes of the R packages rateratio.test 1.1 and exactci 1.4-5; method in Fay (2010), R Journal 2(1): 53-58.
    found = rate_ratio(*counts)
    assert as_printed(found.value, ratio)
    assert as_printed(found.low, low)
    assert as_printed(found.high, high)
    assert as_printed(found.p, p)


def test_fbi_rates(reference: Callable[[str], list[dict[str, str]]], as_printed: Printed) -> None:
    rows = reference("fbi_state_rates")
    wrong = [
        row
        for row in rows
        if not as_printed(crude_rate(float(row["count"]), float(row["population"])).value, row["rate"])
    ]
    assert len(rows) == 480
    assert wrong == []


def test_garwood_table(as_printed: Printed) -> None:
    # Garwood (1936), table 1, as reprinted in Pearson and Hartley, Biometrika Tables I, table 40: count 0, 1, 5, 10.
    low, high = exact_limits([0, 1, 5, 10])
    printed = [("0.0", "3.69"), ("0.0253", "5.57"), ("1.62", "11.67"), ("4.80", "18.39")]
    assert all(as_printed(a, text[0]) and as_printed(b, text[1]) for a, b, text in zip(low, high, printed, strict=True))


@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.95, 0.99]))
def test_exact_limits_hold_their_probability(count: int, confidence: float) -> None:
    # By definition: at the upper limit so few events, at the lower so many, have the probability of one tail.
    from scipy.stats import poisson

    low, high = exact_limits([count], confidence)
    assert poisson.cdf(count, high[0]) == pytest.approx((1 - confidence) / 2, rel=1e-6)
    if count:
        assert poisson.sf(count - 1, low[0]) == pytest.approx((1 - confidence) / 2, rel=1e-6)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.2, 5))
def test_p_and_limits_of_a_ratio_agree(count: int, other: int, size: float) -> None:
    found = rate_ratio(count, size, other, 1.0)
    if abs(found.p - 0.05) > 1e-6:
        assert (found.p < 0.05) == (not found.low <= 1 <= found.high)
    turned = rate_ratio(other, 1.0, count, size)
    assert turned.p == pytest.approx(found.p)
    if math.isfinite(found.high) and found.low > 0:
        assert turned.low == pytest.approx(1 / found.high)


def test_ratio_of_nothing() -> None:
    none = rate_ratio(0, 1000, 0, 1000)
    assert math.isnan(none.value) and (none.low, none.high, none.p) == (0, math.inf, 1)
    one_sided = rate_ratio(5, 1000, 0, 1000)
    assert (one_sided.value, one_sided.high) == (math.inf, math.inf)
    assert one_sided.low == pytest.approx(0.9164, abs=1e-4)  # (0.025 ** (1 / 5)) odds: Clopper-Pearson of 5 of 5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crude_rate(-1, 100), "below 0"),
        (lambda: crude_rate(math.nan, 100), "missing"),
        (lambda: crude_rate(1, 0), "population"),
        (lambda: exact_limits([1], 95), "0.95"),
        (lambda: share_limits(3, 2), "3 of 2"),
        (lambda: rate_ratio(1.5, 1, 2, 1), "whole"),  # type: ignore[arg-type]
    ],
)
def test_refusals_say_why(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
