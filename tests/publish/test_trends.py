"""Mann-Kendall and Sen's slope against figures published by others, and against brute force.

The figures named below are copied from their sources, digits as printed; only numbers were taken:

- Kendall, Rank Correlation Methods (1976), example 4.3, as quoted in the help page of the R package Kendall 2.2.1.
- ``reference/pymannkendall_series.csv`` and its results: test file of pyMannKendall (MIT licence, Md. Manjurul Hussain
  and others), ``tests/test_pymannkendall.py``, commit ec2e3ab16b4299517bd69b9f1ca949580797cd6d; its header says that
  they were compared with the R packages modifiedmk, fume, rkt and trend.
"""

from __future__ import annotations

import csv
import statistics
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.publish.series.annual_series import AnnualSeries, Marks, latest_rates, latest_unbroken_run
from pipelines.publish.series.breaks import Breaks, Bridge
from pipelines.publish.series.trends import Events, describe_trends, name_direction, trend_rows, widest_trend
from pipelines.statistics.many_series import autocorrelation_factors, mann_kendall, sen_slopes
from pipelines.statistics.monotonic import mann_kendall_autocorrelated

# Kendall's example 4.3: twelve pairs of ranks with ties in both.
KENDALL_X = [1.5, 1.5, 3, 4, 6, 6, 6, 8, 9.5, 9.5, 11, 12]
KENDALL_Y = [2.5, 2.5, 7, 4.5, 1, 4.5, 6, 11.5, 11.5, 8.5, 8.5, 10]


def test_s_of_kendalls_example() -> None:
    # Kendall lets pairs tied in x count nothing. We have a time for each value, so the tied ones are put in every
    # order they may have: each such pair counts once up and once down, and the mean of S is his S = 34.
    orders = [
        [*KENDALL_Y[0:2][::turn], *KENDALL_Y[2:4], *middle, KENDALL_Y[7], *KENDALL_Y[8:10][::last], *KENDALL_Y[10:]]
        for turn in (1, -1)
        for middle in permutations(KENDALL_Y[4:7])
        for last in (1, -1)
    ]

    assert statistics.mean(mann_kendall(order)[0] for order in orders) == 34


def test_tie_correction_of_kendalls_example() -> None:
    # His variance with ties in both: v(no ties) - ties of x - ties of y + a term of both; printed as 203.30.
    n = len(KENDALL_X)
    untied, ties_x, ties_y = (mann_kendall(series)[1] for series in (range(n), KENDALL_X, KENDALL_Y))
    pairs_x = sum(count * (count - 1) for count in (2, 3, 2))
    pairs_y = sum(count * (count - 1) for count in (2, 2, 2, 2))
    both = pairs_x * pairs_y / (2 * n * (n - 1))  # the term in triples is 0: y has no triple

    assert round(ties_x + ties_y - untied + both, 2) == 203.30


@pytest.fixture(scope="module")
def pymannkendall() -> tuple[list[int], list[float]]:
    """Times and values of the 360 months; months without a value are left out."""
    path = Path(__file__).parent / "reference" / "pymannkendall_series.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [(int(row["t"]), float(row["value"])) for row in csv.DictReader(handle) if row["value"]]
    return [t for t, _ in rows], [value for _, value in rows]


def test_mann_kendall_of_pymannkendall(pymannkendall: tuple[list[int], list[float]]) -> None:
    s, variance, p = mann_kendall(pymannkendall[1])

    assert s == -1959
    assert variance == pytest.approx(4889800.333333333, rel=1e-12)
    assert p == pytest.approx(0.37591058740506833, rel=1e-12)


def test_sen_slope_of_pymannkendall_over_the_true_times(pymannkendall: tuple[list[int], list[float]]) -> None:
    times, values = pymannkendall
    slope, low, high = sen_slopes(times, values, mann_kendall(values)[1])

    assert slope == pytest.approx(-0.006369426751592357, rel=1e-12)
    assert low < slope < high


# --- against brute force and scipy ---------------------------------------------------------------

SERIES = st.lists(st.integers(0, 12), min_size=8, max_size=25)  # few different values: many ties


@settings(max_examples=40)
@given(SERIES)
def test_s_is_ups_less_downs(values: list[int]) -> None:
    pairs = list(combinations(values, 2))

    assert mann_kendall(values)[0] == sum(b > a for a, b in pairs) - sum(b < a for a, b in pairs)


@settings(max_examples=40)
@given(SERIES.filter(lambda values: len(set(values)) > 1))
def test_variance_agrees_with_the_one_scipy_uses(values: list[int]) -> None:
    # scipy's asymptotic p of Kendall's tau is that of S without continuity correction: it gives the variance away.
    s, variance, p = mann_kendall(values)
    theirs = stats.kendalltau(range(len(values)), values, method="asymptotic").pvalue

    if s:
        z = stats.norm.isf(theirs / 2)
        assert s**2 / variance == pytest.approx(z**2, rel=1e-6)
        assert p == pytest.approx(2 * stats.norm.sf((abs(s) - 1) / variance**0.5), rel=1e-9)
    else:
        assert p == theirs == 1


@settings(max_examples=40)
@given(SERIES, st.sets(st.integers(1990, 2030), min_size=25, max_size=25))
def test_sen_slope_is_the_median_of_all_slopes(values: list[int], years: set[int]) -> None:
    times = sorted(years)[: len(values)]
    slopes = [(values[j] - values[i]) / (times[j] - times[i]) for i, j in combinations(range(len(values)), 2)]

    slope, low, high = sen_slopes(times, values, mann_kendall(values)[1])

    assert slope == pytest.approx(statistics.median(slopes), abs=1e-12)
    assert low in slopes
    assert high in slopes
    assert low <= slope <= high


@settings(max_examples=40)
@given(SERIES.filter(lambda values: len(set(values)) > 2))
def test_limits_of_the_slope_agree_with_scipy(values: list[int]) -> None:
    times = list(range(2000, 2000 + len(values)))
    theirs = stats.theilslopes(values, times, alpha=0.95)

    _, low, high = sen_slopes(times, values, mann_kendall(values)[1])

    assert (low, high) == pytest.approx((theirs.low_slope, theirs.high_slope), abs=1e-12)


@settings(max_examples=40)
@given(SERIES)
def test_trend_turned_round_is_the_same_with_the_other_sign(values: list[int]) -> None:
    years = list(range(2000, 2000 + len(values)))
    forth, back = describe_trends([(years, values)])[0], describe_trends([(years, values[::-1])])[0]
    opposite = {"number rising": "number falling", "number falling": "number rising"}

    assert back.direction == opposite.get(forth.direction, forth.direction)
    assert back.mann_kendall_p == forth.mann_kendall_p
    assert back.sen_slope_per_year == pytest.approx(-(forth.sen_slope_per_year or 0), abs=1e-12)


def test_no_change_at_all() -> None:
    trend = describe_trends([(list(range(2010, 2020)), [40.0] * 10)])[0]

    assert trend.direction == "inconclusive"  # 400 events: chance alone is +-3 % a year and more
    assert (trend.mann_kendall_p, trend.sen_slope_per_year, trend.sen_low, trend.sen_high) == (1.0, 0, 0, 0)
    assert (trend.change, trend.change_percent) == (0, 0)


def test_seven_years_are_too_few_for_a_test() -> None:
    trend = describe_trends([(list(range(2010, 2017)), [1, 2, 3, 4, 5, 6, 7])])[0]

    assert trend.direction == "not tested (fewer than 8 years)"
    assert (trend.mann_kendall_p, trend.sen_slope_per_year) == (None, None)
    assert (trend.n, trend.change, trend.change_percent, trend.no_percent_reason) == (7, 6, None, "few_events")


def test_change_from_zero_has_no_percentage() -> None:
    trend = describe_trends([([2010, 2011], [0, 5])])[0]
    assert (trend.change_percent, trend.no_percent_reason) == (None, "no_events")


def test_a_change_of_rates_is_in_percent_only_from_enough_events() -> None:
    """Rates of 0.5 and 1 per 100,000 in a small and a large area: of 2 events nothing is a percentage, of 20 it is."""
    pairs = [([2010, 2011], [0.5, 1.0])] * 2
    small, large = describe_trends(pairs, [Events([2, 4], [4e5, 4e5]), Events([20, 40], [4e6, 4e6])])
    assert (small.change, small.change_percent, small.no_percent_reason) == (0.5, None, "few_events")
    assert (large.change, large.change_percent, large.no_percent_reason) == (0.5, 100, None)


@pytest.mark.parametrize(("years", "values"), [([], []), ([2011, 2010], [1, 2]), ([2010, 2010], [1, 2])])
def test_years_must_rise(years: list[int], values: list[float]) -> None:
    with pytest.raises(ValueError, match="ascending order"):
        describe_trends([(years, values)])[0]


@settings(max_examples=20)
@given(st.lists(SERIES, min_size=2, max_size=6))
def test_series_described_together_are_as_each_alone(series: list[list[int]]) -> None:
    pairs = [(list(range(2000, 2000 + len(values))), values) for values in series]

    assert describe_trends(pairs) == [describe_trends([pair])[0] for pair in pairs]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=8, max_size=25), st.sets(st.integers(1990, 2020), min_size=25))
def test_correction_is_that_of_one_series_at_lag_1_but_never_below_1(values: list[int], years: set[int]) -> None:
    times = sorted(years)[: len(values)]
    slope = sen_slopes(times, values, mann_kendall(values)[1])[0]
    try:
        alone = mann_kendall_autocorrelated(times, values, lags=1).correction
    except ValueError:  # a variance below 0 has no test there
        alone = 0.0

    assert float(autocorrelation_factors([times], [values], [slope])[0]) == pytest.approx(max(alone, 1.0))


def test_a_series_that_drifts_is_less_significant_once_corrected() -> None:
    # A slow rise and fall on a line: neighbouring years are alike beyond the line.
    wave = [0, 2, 4, 5, 5, 4, 2, 0, -2, -4, -5, -5, -4, -2, 0, 2, 4, 5, 5, 4]
    values = [3 * n / 10 + part for n, part in enumerate(wave)]
    trend = describe_trends([(list(range(2000, 2020)), values)])[0]

    assert trend.variance_factor is not None
    assert trend.variance_factor > 1.5
    assert trend.mann_kendall_p == mann_kendall_autocorrelated(range(20), values, lags=1).p
    assert trend.mann_kendall_p > mann_kendall(values)[2]


def test_limits_of_the_slope_go_with_the_corrected_test() -> None:
    """By the variance of the test times its factor: where p is at least 0.05 the limits do not exclude 0."""
    wave = [0, 2, 4, 5, 5, 4, 2, 0, -2, -4, -5, -5, -4, -2, 0, 2, 4, 5, 5, 4]
    for step in range(1, 9):
        values = [step * n / 10 + part for n, part in enumerate(wave)]
        trend = describe_trends([(list(range(2000, 2020)), values)])[0]
        assert trend.mann_kendall_p is not None and trend.sen_low is not None and trend.sen_high is not None
        assert trend.mann_kendall_p < 0.05 or trend.sen_low <= 0 <= trend.sen_high


# --- breaks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("years", "breaks", "kept"),
    [
        ([2015, 2016, 2017, 2018], [], [2015, 2016, 2017, 2018]),
        ([2015, 2016, 2017, 2018, 2019], [2018], [2018, 2019]),  # the longer one ended before
        ([2015, 2016, 2017, 2018, 2019], [2016, 2019], [2019]),
        ([2015, 2016, 2017], [2015], [2015, 2016, 2017]),  # before it there is nothing to compare with
        ([2015, 2016, 2017], [2018, 2010], [2015, 2016, 2017]),
        ([2015, 2018, 2019], [2016], [2018, 2019]),  # the break falls in a gap
    ],
)
def test_stretch_after_the_last_break(years: list[int], breaks: list[int], kept: list[int]) -> None:
    start, end = latest_unbroken_run(years, breaks)

    assert years[start:end] == kept


@pytest.mark.parametrize(
    ("rates", "start", "kept"),
    [
        ([1.0] * 10, 0, (0, 10)),
        ([None] * 5 + [1.0] * 8, 0, (5, 13)),  # populations of the last years only: rates, not numbers
        ([None] * 5 + [1.0] * 7, 0, None),
        ([1.0] * 9 + [None], 0, (0, 9)),  # the last population is not out yet
        ([1.0] * 9 + [None] * 2, 0, None),
        ([1.0] * 10, 3, None),  # a break before the fourth year
    ],
)
def test_last_years_with_rates(rates: list[float | None], start: int, kept: tuple[int, int] | None) -> None:
    assert latest_rates(rates, start, 8) == kept


def _series(counts: list[float], populations: list[float | None], iccs: str = "0101", **breaks: Any) -> AnnualSeries:
    years = list(range(2024 - len(counts), 2024))
    rates = [None if size is None else 1e5 * count / size for count, size in zip(counts, populations, strict=True)]
    key = {"source": "s", "ref_area": "XX", "area_level": "admin1", "iccs": iccs, "stage": "P", "counting_unit": "V"}
    marks = Marks(["A"] * len(years), [1.0] * len(years), [None] * len(years))
    return AnnualSeries(years, counts, populations, Breaks(**breaks), rates, marks, key | {"sex": "_T"})


def _made(series: list[AnnualSeries]) -> list[dict[str, Any]]:
    return trend_rows(series)[0]


def test_growth_of_the_population_is_no_rise_where_the_last_years_have_rates() -> None:
    """24 years of counts that grow with the people, populations for the last 14: a constant rate, no rising number."""
    counts = [round(20000 * 1.011**n) for n in range(24)]
    people = [None] * 10 + [1e6 * 1.011**n for n in range(10, 24)]
    (row,) = _made([_series(counts, people)])
    assert (row["direction"], row["basis"], row["first_year"], row["n"]) == ("stable", "rate_per_100k", 2010, 14)


def test_a_direction_that_hangs_on_one_year_says_so() -> None:
    """Independent: each year left out by hand, and the series described anew."""
    counts = [400, 410, 405, 430, 420, 440, 435, 450, 470, 560]
    (row,) = _made([_series(counts, [1e6] * 10)])
    alone = [
        describe_trends([(YEARS[:9], part)], [Events(part, [1e6] * 9, "rate_per_100k")])[0].direction
        for part in [counts[:9], counts[1:]]
    ]
    assert row["direction_without_last_year"] == alone[0]
    assert ("2023" in (row["decisive_years"] or "")) == (alone[0] != row["direction"])
    assert ("2014" in (row["decisive_years"] or "")) == (alone[1] != row["direction"])


def test_copies_of_a_series_are_one_test() -> None:
    """Three series of which two are equal: p is adjusted for two tests, not three."""
    steep = [round(400 * 1.06**n * (1.04 if n % 2 else 0.96)) for n in range(12)]
    flat = [400 + 30 * (-1) ** n for n in range(12)]
    rows = _made(
        [_series(steep, [1e6] * 12, "01"), _series(steep, [1e6] * 12, "0101"), _series(flat, [1e6] * 12, "02")]
    )
    assert [row["same_series_as"] for row in rows] == [None, "01 P V", None]
    assert rows[0]["adjusted_p"] == rows[1]["adjusted_p"] == pytest.approx(2 * rows[0]["p_value"])


def test_series_that_differ_in_a_bridge_are_no_copies() -> None:
    """The same counts, of which one series multiplies those before 2018 by 2: the trends differ, each is a test."""
    counts = [round(400 * 1.03**n * (1.04 if n % 2 else 0.96)) for n in range(12)]
    bridge = Bridge(2018, 2.0, 2.0, 2.0)
    rows = _made([_series(counts, [1e6] * 12, "01"), _series(counts, [1e6] * 12, "0101", bridges=(bridge,))])
    assert [row["same_series_as"] for row in rows] == [None, None]
    assert rows[0]["apc"] > 0 > rows[1]["apc"]
    doubled = [2 * count if year < 2018 else count for year, count in zip(range(2012, 2024), counts, strict=True)]
    alone = describe_trends(
        [(range(2012, 2024), doubled)],
        [Events(counts, [5e5 if year < 2018 else 1e6 for year in range(2012, 2024)], "rate_per_100k")],
    )[0]
    assert (rows[1]["apc"], rows[1]["p_value"]) == (pytest.approx(alone.apc), pytest.approx(alone.p_value))


def test_copies_are_named_only_where_something_is_tested() -> None:
    rows = _made([_series([1] * 12, [1e6] * 12, "01"), _series([1] * 12, [1e6] * 12, "0101")])
    assert [(row["direction"], row["same_series_as"]) for row in rows] == [("too few events", None)] * 2


def test_the_trend_of_one_year_has_no_change() -> None:
    (row,) = _made([_series([400] * 12, [1e6] * 12, cuts=(2023,))])
    assert (row["n"], row["first_year"], row["last_year"]) == (1, 2023, 2023)
    assert (row["change"], row["change_percent"], row["no_percent_reason"]) == (None, None, "not_compared")
    assert "break in 2023" in row["break_handling"]
    (row,) = _made([_series([400] * 11 + [500], [1e6] * 12, cuts=(2022,))])
    assert (row["change"], row["change_percent"]) == (pytest.approx(10), pytest.approx(25))


# --- the trend of counts with the population as exposure -----------------------------------------

YEARS = list(range(2000, 2016))
GROWING = [1e6 * 1.02**n for n in range(16)]


def _direction(counts: list[float], populations: list[float], basis: str = "rate_per_100k") -> str:
    rates = [count / size * 1e5 for count, size in zip(counts, populations, strict=True)]
    return describe_trends([(YEARS, rates)], [Events(counts, populations, basis)])[0].direction


def test_two_events_a_year_in_a_growing_population_are_too_few() -> None:
    """The rate falls each year, so that Mann-Kendall is certain of it; nobody else is."""
    trend = describe_trends(
        [(YEARS, [2 / size * 1e5 for size in GROWING])], [Events([2] * 16, GROWING, "rate_per_100k")]
    )[0]

    assert trend.mann_kendall_p is not None
    assert trend.mann_kendall_p < 0.001
    assert (trend.direction, trend.mean_events, trend.apc, trend.p_value) == ("too few events", 2, None, None)


@pytest.mark.parametrize(
    ("counts", "direction"),
    [
        ([2000 * 1.02**n * 1.05**n for n in range(16)], "rising"),
        ([2000 * 1.02**n * 0.95**n for n in range(16)], "falling"),
        ([20000 * 1.02**n for n in range(16)], "stable"),
        ([20000] * 16, "falling"),  # the same number of a population that grows by 2 % a year
        ([60 * (1.5 if n % 4 < 2 else 0.5) for n in range(16)], "inconclusive"),
        ([20] * 16, "inconclusive"),
        ([20] * 15 + [19], "too few events"),
        ([0] * 16, "too few events"),
        ([0] * 14 + [400, 700], "too few events"),  # recorded since two years: no course
    ],
)
def test_verdicts(counts: list[float], direction: str) -> None:
    assert _direction([round(count) for count in counts], GROWING) == direction


def test_numbers_alone_say_so() -> None:
    counts = [round(2000 * 1.05**n) for n in range(16)]
    assert _direction(counts, [1.0] * 16, "count") == "number rising"
    assert _direction(counts[::-1], [1.0] * 16, "count") == "number falling"
    assert _direction([20000] * 16, [1.0] * 16, "count") == "number stable"


def test_limits_and_p_tell_the_same() -> None:
    assert name_direction(0.1, 1.1) == "rising"
    assert name_direction(0.1, 1.0) == "stable"  # certain, and too small to matter
    counts = [[round(40 + n * step + 9 * (-1) ** n) for n in range(16)] for step in range(12)]
    for trend in describe_trends([(YEARS, one) for one in counts]):
        assert trend.p_value is not None and trend.apc_low is not None and trend.apc_high is not None
        assert (trend.p_value < 0.05) == (not trend.apc_low <= 0 <= trend.apc_high)


def test_a_trend_that_depends_on_the_bridge_is_none() -> None:
    """Of factors 0.5, 1 and 2 before 2008 one makes a rise, one a fall: the limits are those of all, p is 1."""
    counts = [10000] * 16
    made = [
        describe_trends(
            [(YEARS, [1.0 * count for count in counts])],
            [Events(counts, [1e6 / (factor if year < 2008 else 1) for year in YEARS], "rate_per_100k")],
        )[0]
        for factor in (1, 0.5, 2)
    ]
    assert [trend.direction for trend in made] == ["stable", "rising", "falling"]
    widened = widest_trend(made[0], made[1:])
    assert (widened.direction, widened.p_value) == ("inconclusive", 1)
    assert (widened.apc_low, widened.apc_high) == (made[2].apc_low, made[1].apc_high)
