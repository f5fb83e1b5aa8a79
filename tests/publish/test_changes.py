"""Change over 1, 5 and 10 years: exact tests of scipy, breaks, and series that vary more than chance."""

from __future__ import annotations

from itertools import pairwise
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from pipelines.publish.series.annual_series import AnnualSeries, Marks
from pipelines.publish.series.breaks import Breaks, Bridge
from pipelines.publish.series.changes import describe_changes


def _row(*series: AnnualSeries, span: int = 1) -> dict[str, object]:
    found = describe_changes(list(series))
    return {name: values[found["span_years"].index(span)] for name, values in found.items()}


@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 9), st.integers(1, 9))
def test_two_years_are_compared_by_the_exact_test_of_scipy(before: int, after: int, n0: int, n1: int) -> None:
    row = _row(AnnualSeries([2019, 2020], [before, after], [n0 * 1e5, n1 * 1e5], Breaks()))
    if before + after == 0:
        assert (row["p_value"], row["rate_ratio"]) == (1.0, None)
        return
    share = n1 / (n0 + n1)
    lower = binomtest(after, before + after, share, alternative="less").pvalue
    upper = binomtest(after, before + after, share, alternative="greater").pvalue
    limits = binomtest(after, before + after).proportion_ci(0.95, method="exact")

    assert row["p_value"] == pytest.approx(min(1.0, 2 * min(lower, upper)), rel=1e-9, abs=1e-15)
    assert row["ratio_low"] == pytest.approx(limits.low / (1 - limits.low) * n0 / n1, rel=1e-7, abs=1e-12)
    if before:
        assert row["rate_ratio"] == pytest.approx(after / n1 / (before / n0))
        assert row["ratio_high"] == pytest.approx(limits.high / (1 - limits.high) * n0 / n1, rel=1e-7)
        few = before < 20  # declared in schemas/comparison.yml: no percentage of so few, but a ratio with its limits
        assert row["change_percent"] == (None if few else pytest.approx(100 * (after / n1 / (before / n0) - 1)))
        assert row["no_percent_reason"] == ("few_events" if few else None)
    else:
        assert (row["rate_ratio"], row["ratio_high"], row["change_percent"]) == (None, None, None)


def test_spans_count_back_from_the_last_year_and_need_a_value_there() -> None:
    found = describe_changes([AnnualSeries([2010, 2014, 2019, 2020], [5, 6, 7, 8], [None] * 4, Breaks())])
    assert list(zip(found["span_years"], found["first_year"], found["n"], strict=True)) == [(1, 2019, 2), (10, 2010, 4)]


@pytest.mark.parametrize(("breaks", "compared"), [([], [1, 5]), ([2020], []), ([2019], [1]), ([2015], [1, 5])])
def test_nothing_is_compared_across_a_break(breaks: list[int], compared: list[int]) -> None:
    # The break year begins the new segment: 2015 against 2020 does not cross a break in 2015.
    found = describe_changes(
        [AnnualSeries(list(range(2015, 2021)), [9, 8, 7, 6, 5, 4], [1e5] * 6, Breaks(tuple(breaks)))]
    )
    assert [span for span, p in zip(found["span_years"], found["p_value"], strict=True) if p is not None] == compared
    for direction, ratio, how in zip(found["direction"], found["rate_ratio"], found["break_handling"], strict=True):
        assert (direction == "not compared") == (ratio is None) == ("not compared" in how)


def test_years_far_apart_swing_farther() -> None:
    """Counts up and down by a fifth: a fall by two fifths over five years is no more than slow swings reach.

    Independent: 1 + r + r^2 + r^3 + r^4 for r = 0.6, and Student's t of 9 pairs.
    """
    counts = [1000, 1200, 1010, 1190, 1000, 1210, 1000, 1200, 1000, 1210, 700]
    years = list(range(2010, 2021))
    found = describe_changes([AnnualSeries(years, counts, [1e6] * 11, Breaks())])
    pairs = [(b - a) ** 2 / (a + b) for a, b in pairwise(counts[:-1])]
    dispersion = sum(pairs) / 9
    for span, low, swing in zip(found["span_years"], found["ratio_low"], found["usual_swing_percent"], strict=True):
        first = counts[-1 - span]
        reach = t.ppf(0.975, 9) * (dispersion * sum(0.6**k for k in range(span)) * (1 / first + 1 / 700)) ** 0.5
        assert low == pytest.approx(700 / first * exp(-reach))
        assert swing == pytest.approx(100 * (exp(reach) - 1))


def test_a_change_as_large_as_every_year_s_is_not_significant() -> None:
    # Poisson alone calls 1,200 after 1,000 certain; in this series every year moves as much.
    wild = [1000, 1200, 1000, 1200, 1000, 1200, 1000, 1200]  # 6 pairs before the last year
    years = list(range(2013, 2021))
    usual = _row(AnnualSeries(years, wild, [None] * len(years), Breaks()))
    alone = _row(AnnualSeries(years[-2:], wild[-2:], [None] * 2, Breaks()))

    assert (alone["direction"], alone["dispersion"]) == ("increase", None)
    assert usual["direction"] == "no significant change"
    # Chi-square of 1,000 against 1,200: 200 squared over 2,200.
    assert usual["dispersion"] == pytest.approx(40000 / 2200)


def test_a_sudden_change_of_a_quiet_series_is_significant() -> None:
    quiet = [100, 101, 99, 100, 101, 100, 100]
    row = _row(AnnualSeries(list(range(2014, 2021)), [*quiet[:-1], 180], [1e6] * 7, Breaks()))
    assert row["direction"] == "increase"
    assert row["dispersion"] < 1
    # The spread of six quiet years is held to be at least Poisson's, and known from five pairs only: wider limits.
    limits = binomtest(180, 280).proportion_ci(0.95, method="exact")
    assert row["ratio_low"] < limits.low / (1 - limits.low)


@pytest.mark.parametrize(
    ("breaks", "given"),
    [
        (Breaks(), True),
        (Breaks((2019,)), False),
        (Breaks((), (Bridge(2019, 1.4, 1.3, 1.5),)), False),
        (Breaks((2012,)), True),  # before the span: nothing is crossed
    ],
)
def test_usual_swings_are_those_of_one_definition(breaks: Breaks, given: bool) -> None:
    counts = [1000, 1200, 1010, 1190, 1000, 1210, 1000, 1200, 1000, 1210, 1100]
    row = _row(AnnualSeries(list(range(2010, 2021)), counts, [1e6] * 11, breaks), span=5)
    assert row["dispersion"] is not None
    assert (row["usual_swing_percent"] is not None) == given


def test_a_break_hides_no_estimate_of_the_count_where_the_population_is_the_estimate() -> None:
    """Before 2010 the population is carried back, and the count of 2010 (B) is one of events; unless counts were E."""
    years, counts = [2009, 2010, 2011], [40.0, 50.0, 60.0]

    def is_estimated(*caveats: str | None) -> bool:
        marks = Marks(["E", "B", "A"], [1.0] * 3, caveats)
        return AnnualSeries(years, counts, [1e6] * 3, Breaks((2010,)), marks=marks).is_estimated(1)

    assert not is_estimated("population_backcast", "population_source_changed", None)
    assert not is_estimated("figures_rounded;population_interpolated", None, None)
    assert is_estimated("model_estimate", None, None)
    assert is_estimated(None, None, None)
