"""Persons counted on a day, at any stage: never added up over time, and no change, month or alert of them is tested."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from tiny_source import Tiny

from pipelines.publish.series.latest_months import FEWEST_PAST_MONTHS
from pipelines.publish.series.trends import NO_EVENTS
from pipelines.reader.release import open_published
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.latest import read_latest
from pipelines.reader.series.policy import evaluate_policy
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from schemas.errors import UsageError
from schemas.source import find_sources

DECLARED = """\
layouts:
  - files: ['*.csv']
    read: {{columns: [area, period, code, n]}}
area_scheme: eurostat
columns: {{ref_area: area, time_period: period, national_code: code, value: n}}
measures:
  wanted: {{counting_unit: person, stage: suspected, figures: {figures}}}
breakdowns: [{{freq: {freq}, by: []}}]
"""
YEARS = range(2016, 2025)
MONTHS = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]


def publish(tiny: Tiny, periods: list[str], freq: str, figures: str = "stock", many: int = 1000) -> RunResult:
    """About 1,000 persons in each period, and 1,300 in the last year: more than any chance."""
    tiny.declare(DECLARED.format(freq=freq, figures=figures))
    rows = (f"FR,{one},HOM,{many + place % 7 + 300 * (one >= '2024')}\n" for place, one in enumerate(periods))
    tiny.give("wanted.csv", "area,period,code,n\n" + "".join(rows))
    folders = find_sources([], tiny.sources)
    return run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources), named=False)


def ask(tiny: Tiny, statement: str) -> list[tuple[object, ...]]:
    with open_published(tiny.settings) as connection:
        return connection.execute(statement).fetchall()


def test_a_year_is_not_the_sum_of_the_days_of_its_months(tiny: Tiny) -> None:
    """1,300 persons in each month of 2024 are 1,300 persons, not the 15,600 that twelve days would add up to."""
    (refused,) = publish(tiny, MONTHS, "A").refused
    assert "stock_added_up" in refused.message


def test_months_are_published_as_they_are_and_nothing_is_made_of_them(tiny: Tiny) -> None:
    assert len(MONTHS) > FEWEST_PAST_MONTHS + 12
    assert not publish(tiny, MONTHS, "M").refused
    assert ask(tiny, "SELECT stocks FROM out.source") == [("suspected person",)]
    counts = "SELECT count(value), min(value) FROM out.observation WHERE iccs = '0101' AND time_period >= '2024'"
    assert ask(tiny, counts) == [(12, 1300)]
    for freq in ("A", "Q"):
        assert ask(tiny, f"FROM out.counts_by_period('{freq}')") == []
    assert ask(tiny, "SELECT count(*) FROM out.alert") == [(0,)]
    with pytest.raises(UsageError, match="counted on one day of each month"):
        read_latest(SeriesQuery("0101", "FR", freq="M"), tiny.settings)


def test_the_same_months_as_events_are_added_up_and_tested(tiny: Tiny) -> None:
    assert not publish(tiny, MONTHS, "M", "count").refused
    total = "SELECT value, rollup FROM out.counts_by_period('A') WHERE iccs = '0101' AND time_period = '2024'"
    expected = sum(1300 + place % 7 for place, one in enumerate(MONTHS) if one >= "2024")
    assert ask(tiny, total) == [(expected, "complete")]
    assert ask(tiny, "SELECT count(*) > 0 FROM out.alert") == [(True,)]


def test_a_change_has_no_test_at_any_stage_in_the_table_and_in_the_macro(tiny: Tiny) -> None:
    assert not publish(tiny, [str(year) for year in YEARS], "A").refused
    table = ask(tiny, "SELECT DISTINCT direction FROM out.change WHERE span_years = 1")
    macro = "SELECT DISTINCT direction, ratio_low, usual_swing_percent, dispersion FROM out.change_between(2023, 2024)"
    assert (table, ask(tiny, macro)) == ([("not tested",)], [("not tested", None, None, None)])
    assert ask(tiny, "SELECT count(dispersion) FROM out.change") == [(0,)]


def test_a_direction_is_that_of_ranks_alone_and_no_number_rests_on_events(tiny: Tiny) -> None:
    """Kendall's p is that of the tau of scipy on the same nine numbers, with the continuity correction."""
    assert not publish(tiny, [str(year) for year in YEARS], "A").refused
    told = "SELECT DISTINCT direction, apc, apc_low, p_value, adjusted_p, decisive_years FROM out.trend"
    assert ask(tiny, told) == [(NO_EVENTS, None, None, None, None, None)]
    values = [1000 + place % 7 + 300 * (year >= 2024) for place, year in enumerate(YEARS)]
    signs = [np.sign(after - before) for before, after in combinations(values, 2)]
    tied = stats.kendalltau(YEARS, values, method="asymptotic").pvalue
    spread = abs(sum(signs)) / stats.norm.isf(tied / 2)
    expected = 2 * stats.norm.sf((abs(sum(signs)) - 1) / spread)
    ((p, factor),) = ask(tiny, "SELECT DISTINCT mann_kendall_p, variance_factor FROM out.trend WHERE iccs = '0101'")
    assert factor == 1
    assert p == pytest.approx(expected, rel=1e-9)


def test_few_persons_are_not_few_events(tiny: Tiny) -> None:
    """Nine prisoners are all there were that day: nothing about them is chance."""
    for figures, few in (("stock", False), ("count", True)):
        publish(tiny, ["2022", "2023"], "A", figures, many=8)
        assert ask(tiny, "SELECT DISTINCT value < 10, few_events FROM out.rate WHERE iccs = '0101'") == [(True, few)]
        assert ask(tiny, "SELECT DISTINCT few_events FROM out.change_between(2022, 2023)") == [(few,)]


def test_the_effect_of_a_policy_on_them_is_not_evaluated(tiny: Tiny) -> None:
    assert not publish(tiny, [str(year) for year in YEARS], "A").refused
    with pytest.raises(UsageError, match="suspected persons are counted on one day of each year"):
        evaluate_policy(SeriesQuery("0101", "FR"), "2020", settings=tiny.settings)
