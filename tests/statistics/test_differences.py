"""Difference in differences against published figures and independent regressions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import t as student

from pipelines.statistics.differences import difference_in_differences, goodman_bacon, group_time_effects

Rows = Callable[[str], list[dict[str, str]]]
Printed = Callable[[float, str], bool]
Panel = tuple[list[str], list[int], list[float], list[float]]


@pytest.fixture(scope="module")
def castle(reference: Rows) -> Panel:
    """Log homicide rate of US states and castle doctrine laws (Cheng and Hoekstra 2013)."""
    rows = reference("castle_doctrine")
    return (
        [row["state"] for row in rows],
        [int(row["year"]) for row in rows],
        [float(row["log_homicide_rate"]) for row in rows],
        [float(row["law"]) for row in rows],
    )


def test_castle_two_way(castle: Panel) -> None:
    # 0.0818...: notebook of bacondecomp. Errors: statsmodels with a column for each state and year, clustered. They
    # count the states among 61 parameters, which are nested in the clusters (Cameron and Miller 2015); 12 are left.
    from statsmodels.regression.linear_model import OLS

    found = difference_in_differences(*castle)
    assert found.effect.value == pytest.approx(0.0818116169306475, rel=1e-12)
    states, years = np.unique(castle[0], return_inverse=True)[1], np.array(castle[1])
    x = np.column_stack([castle[3], states[:, None] == np.arange(50), years[:, None] == np.arange(2001, 2011)])
    other = OLS(castle[2], x.astype(float)).fit(cov_type="cluster", cov_kwds={"groups": states}, use_t=True)
    error = other.bse[0] * np.sqrt((550 - 61) / (550 - 12))
    assert found.effect.error == pytest.approx(error, rel=1e-8)
    reach = error * student.ppf(0.975, 49)
    assert (found.effect.low, found.effect.high) == pytest.approx((other.params[0] - reach, other.params[0] + reach))
    assert (found.areas, found.treated_areas, found.dates) == (50, 21, 5)
    assert any("5 dates of beginning" in note for note in found.cannot_tell)


def test_two_periods_are_the_regression_of_the_changes() -> None:
    """Of two periods the effect and its error are those of the changes of the areas on whether they had the strategy.

    Robust errors of statsmodels without a factor, times that of 40 clusters and 80 rows with 3 parameters; an error
    that counted the areas as parameters would be 1.4 times as large.
    """
    from statsmodels.regression.linear_model import OLS

    random = np.random.default_rng(6)
    before, after = random.normal(size=40) + 5, random.normal(size=40) + 6
    inside = np.arange(40) < 15
    areas, times = [str(n) for n in range(40) for _ in range(2)], [2019, 2020] * 40
    treated = [int(inside[n] and late) for n in range(40) for late in (False, True)]
    found = difference_in_differences(areas, times, np.column_stack([before, after]).ravel(), treated).effect
    changes = OLS(after - before, np.column_stack([np.ones(40), inside]).astype(float)).fit(cov_type="HC0")
    assert found.value == pytest.approx(changes.params[1])
    assert found.error == pytest.approx(changes.bse[1] * np.sqrt(40 / 39 * 79 / 77))


def test_castle_goodman_bacon(castle: Panel, as_printed: Printed) -> None:
    # tests/testthat/test_summary.R of bacondecomp, stated there to equal Stata's.
    found = {part.kind: part for part in goodman_bacon(*castle)}
    printed = {
        "earlier vs later treated": ("0.060", "-0.006"),
        "later vs earlier treated": ("0.032", "0.070"),
        "treated vs untreated": ("0.908", "0.088"),
    }
    assert set(found) == set(printed)
    for kind, (weight, average) in printed.items():
        assert as_printed(found[kind].weight, weight)
        assert as_printed(found[kind].average, average)
    # The theorem: the parts make the two-way effect.
    whole = sum(part.weight * part.average for part in found.values())
    assert whole == pytest.approx(difference_in_differences(*castle).effect.value, rel=1e-9)


def test_castle_group_time(castle: Panel) -> None:
    # Independent: for one group and year, the regression on group, year and both, of the group and the never treated.
    from statsmodels.regression.linear_model import OLS

    found = group_time_effects(*castle)
    states, years, rates, laws = castle
    first = {
        state: min((y for s, y, d in zip(states, years, laws, strict=True) if s == state and d), default=0)
        for state in set(states)
    }
    group, at = 2006, 2008
    changes = {
        state: {year: rate for s, year, rate in zip(states, years, rates, strict=True) if s == state}
        for state in states
        if first[state] in (0, group)
    }
    y = [value[at] - value[group - 1] for value in changes.values()]
    inside = [float(first[state] == group) for state in changes]
    other = OLS(y, np.column_stack([np.ones(len(y)), inside])).fit(cov_type="HC0")
    assert found.effects[(group, at)].value == pytest.approx(other.params[1])
    assert found.effects[(group, at)].error == pytest.approx(other.bse[1])
    later = [found.effects[(group, year)].value for year in range(group, 2011)]
    assert found.by_group[group].value == pytest.approx(np.mean(later))


def test_group_time_is_right_where_two_way_misleads() -> None:
    # Effects that grow with time, begun at two dates: two-way mixes areas already treated into the controls.
    rows = []
    for number, start in enumerate([2004] * 10 + [2008] * 10 + [0] * 10):
        for year in range(2000, 2012):
            on = bool(start) and year >= start
            rows.append((f"{number:02d}", year, number / 10 + year / 50 + (0.4 * (year - start + 1) if on else 0), on))
    areas, years, outcomes, treated = (list(column) for column in zip(*rows, strict=True))
    found = group_time_effects(areas, years, outcomes, treated)
    assert found.by_length[0].value == pytest.approx(0.4)
    assert found.by_length[3].value == pytest.approx(1.6)
    assert found.by_length[-1].value == pytest.approx(0, abs=1e-9)
    assert found.overall.value == pytest.approx((np.mean(np.arange(1, 9)) + np.mean(np.arange(1, 5))) / 2 * 0.4)
    assert difference_in_differences(areas, years, outcomes, treated).effect.value < found.overall.value - 0.1


def test_group_time_against_areas_that_begin_later(castle: Panel) -> None:
    """One cell by the regression of statsmodels on the group; the states that begin later are controls."""
    from statsmodels.regression.linear_model import OLS

    states, years, rates, laws = castle
    table = dict(zip(zip(states, years, strict=True), rates, strict=True))
    first = {state: 9999 for state in states}
    for state, year, law in zip(states, years, laws, strict=True):
        if law:
            first[state] = min(first[state], year)
    group, at = 2006, 2006
    used = [state for state, start in first.items() if start == group or start > at]
    assert len(used) > sum(start in (group, 9999) for start in first.values())
    inside = np.array([first[state] == group for state in used], dtype=float)
    changes = [table[state, at] - table[state, group - 1] for state in used]
    other = OLS(changes, np.column_stack([np.ones(len(used)), inside])).fit(cov_type="HC0")
    found = group_time_effects(*castle, control="not yet treated")
    assert found.effects[(group, at)].value == pytest.approx(other.params[1])
    assert found.effects[(group, at)].error == pytest.approx(other.bse[1])
    never = group_time_effects(*castle)
    assert never.effects[(group, at)].value != pytest.approx(other.params[1])
    since = [effect.value for length, effect in never.by_length.items() if length >= 0]
    assert never.overall_by_length.value == pytest.approx(np.mean(since))


def test_group_time_where_every_area_has_the_strategy_in_the_end() -> None:
    """Effects of 0.4 a year, known: the last to begin are the controls, up to their own date."""
    rows = [
        (f"{number:02d}", year, number / 10 + year / 50 + max(0.4 * (year - start + 1), 0), year >= start)
        for number, start in enumerate([2004] * 5 + [2006] * 5 + [2008] * 5)
        for year in range(2000, 2012)
    ]
    areas, years, outcomes, treated = (list(column) for column in zip(*rows, strict=True))
    with pytest.raises(ValueError, match="not yet treated"):
        group_time_effects(areas, years, outcomes, treated)
    found = group_time_effects(areas, years, outcomes, treated, control="not yet treated")
    assert {key[0] for key in found.effects} == {2004, 2006}
    assert max(key[1] for key in found.effects) == 2007
    for (start, year), effect in found.effects.items():
        assert effect.value == pytest.approx(max(0.4 * (year - start + 1), 0), abs=1e-9)
    assert found.overall_by_length.value == pytest.approx(0.4 * np.mean([1, 2, 3, 4]))
    with pytest.raises(ValueError, match="there are never treated, not yet treated"):
        group_time_effects(areas, years, outcomes, treated, control="later")  # type: ignore[arg-type]


def test_pre_trend_is_named() -> None:
    random = np.random.default_rng(3)
    rows = [
        (f"{n:02d}", year, n + 0.2 * year * (n < 10) + random.normal(0, 0.1), n < 10 and year >= 8)
        for n in range(20)
        for year in range(12)
    ]
    areas, years, outcomes, treated = (list(column) for column in zip(*rows, strict=True))
    found = difference_in_differences(areas, years, outcomes, treated)
    assert found.pre_trend is not None
    assert found.pre_trend.low < 0.2 < found.pre_trend.high
    assert any("already moved apart" in note for note in found.cannot_tell)


def test_weights_are_copies() -> None:
    # A row of weight 2 is the same as the row twice, for the estimate.
    random = np.random.default_rng(4)
    areas, years = [a for a in "ABCDEF" for _ in range(5)], list(range(5)) * 6
    outcomes, treated = random.normal(size=30), [float(a in "AB" and y >= 3) for a, y in zip(areas, years, strict=True)]
    weights = random.integers(1, 3, 30)
    rows = np.repeat(np.arange(30), weights)
    twice = difference_in_differences(
        [areas[n] for n in rows], [years[n] for n in rows], outcomes[rows], [treated[n] for n in rows]
    )
    weighted = difference_in_differences(areas, years, outcomes, treated, weights=weights)
    assert weighted.effect.value == pytest.approx(twice.effect.value)


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="controlled_time_series"):
        difference_in_differences(list("AABB"), [1, 2, 1, 2], [1, 2, 1, 1], [0, 1, 0, 0])
    with pytest.raises(ValueError, match="nothing to compare"):
        difference_in_differences(list("AABBCCDD"), [1, 2] * 4, [1, 2] * 4, [0, 1] * 4)
    with pytest.raises(ValueError, match="to the end"):
        group_time_effects(list("AAABBB"), [1, 2, 3] * 2, [1] * 6, [0, 1, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="none missing"):
        goodman_bacon(list("AAB"), [1, 2, 1], [1, 2, 3], [0, 1, 0])
