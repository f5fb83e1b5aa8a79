"""A series is used up to its gaps and breaks, and no further."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iccs.periods import period_at, period_index
from pipelines.publish.series.breaks import Breaks, Bridge
from pipelines.reader.selection import SeriesKey, SeriesQuery
from pipelines.reader.series.counts import Series
from pipelines.reader.series.monthly import compare_directions, decompose_series, direction_of, trend_of


def _series(periods: list[str], counts: list[float | None], breaks: tuple[str, ...] = (), freq: str = "A") -> Series:
    people = (1e6,) * len(periods)
    cuts = Breaks(tuple(period_index(at, freq) for at in breaks))
    key = SeriesKey("s", "recorded", "victim")
    wanted = SeriesQuery("0101", "MX", freq=freq).of(key)
    return Series(wanted, key, tuple(periods), tuple(counts), tuple(counts), (None,) * len(counts), people, cuts, ())


@pytest.mark.parametrize("period", ["2019-00", "2019-13", "19", "2019-1", "2019-Q1", ""])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        period_index(period)


def test_steps_of_months_follow_each_other_over_the_year() -> None:
    assert period_index("2020-01") - period_index("2019-12") == 1
    assert period_at(period_index("2019-12"), "M") == "2019-12"


def test_stretch_around_a_date_stops_at_gaps_missing_counts_and_breaks() -> None:
    years = [str(year) for year in (2001, 2003, 2004, 2005, 2006, 2007, 2008, 2009)]
    counts = [5, 5, 5, 5, 5, 5, 5, None]
    whole = _series(years, counts)
    assert whole.unbroken_run(2006).periods == ("2003", "2004", "2005", "2006", "2007", "2008")
    broken = _series(years, counts, ("2005", "2008"))
    assert broken.unbroken_run(2006).periods == ("2005", "2006", "2007")
    # A break at the date itself is left to the caller.
    assert broken.unbroken_run(2005).periods == ("2003", "2004", "2005", "2006", "2007")


def test_after_the_last_break() -> None:
    months = ["2019-11", "2019-12", "2020-01", "2020-02"]
    assert _series(months, [1, 2, 3, 4], ("2020",), "M").after_last_break().counts == (3, 4)
    assert _series(months, [1, 2, 3, 4], (), "M").after_last_break().counts == (1, 2, 3, 4)


def test_a_bridged_break_is_gone_over_and_a_count_before_it_multiplied() -> None:
    breaks = Breaks((period_index("2003"),), (Bridge(period_index("2006"), 2.0, 1.5, 2.5),))
    years = [str(year) for year in range(2001, 2009)]
    whole = replace(_series(years, [5.0] * 8), breaks=breaks)
    assert whole.after_last_break().periods == tuple(years[2:])
    assert whole.unbroken_run(2007).periods == tuple(years[2:])
    # What stands before the cut in 2003 is not brought over the bridge of 2006.
    assert whole.multipliers[0] == [1, 1, 2, 2, 2, 1, 1, 1]
    assert whole.multipliers[1:] == ([1, 1, 1.5, 1.5, 1.5, 1, 1, 1], [1, 1, 2.5, 2.5, 2.5, 1, 1, 1])
    assert breaks.handling(2003, 2008) == "break in 2003; used 2003-2008; bridged in 2006 (x 2.000, 1.500 to 2.500)"


def test_monthly_counts_before_a_bridge_are_multiplied_before_the_season_is_taken_out() -> None:
    months = [f"{year}-{month:02d}" for year in range(2012, 2018) for month in range(1, 13)]
    season = [100 + 20 * (month % 12 < 6) for month in range(72)]
    counts = [count / 2 if at < 36 else count for at, count in enumerate(season)]
    bridge = Breaks((), (Bridge(period_index("2015", "M"), 2.0, 1.8, 2.2),))
    whole = replace(_series(months, counts, (), "M"), breaks=bridge)
    parts, _ = decompose_series(whole)
    assert max(parts.trend) / min(parts.trend) < 1.05  # without the bridge the level would double
    test, line = direction_of(whole)
    assert test.p == 1.0  # with one limit of the factor the series rises, with the other it falls
    assert line.low < 0 < line.high


def _months(counts: list[float]) -> Series:
    names = [period_at(2012 * 12 + at, "M") for at in range(len(counts))]
    return _series(names, list(counts), (), "M")


def test_a_monthly_trend_needs_as_many_events_as_an_annual_one() -> None:
    """20 a year on average, as declared; one less in six years is too few, and so are events in two years only."""
    spread = [2.0 if at % 3 == 0 else 1.5 for at in range(72)]  # 24 x 2 + 48 x 1.5 = 120: 20 a year
    assert trend_of(_months(spread))[0] is not None
    assert trend_of(_months([*spread[:-1], 0.5]))[0] is None
    assert trend_of(_months([0.0] * 50 + [30.0] * 22))[0] is None  # of 2016 and 2017
    quiet_start = trend_of(_months([0.0] * 40 + [30.0] * 32))[0]  # a first half without events is no error
    assert quiet_start is None or quiet_start.value > 1


@pytest.mark.parametrize(
    ("monthly", "annual", "said"),
    [
        ("rising", "rising", "same"),
        ("rising", "number rising", "same"),
        ("number falling", "inconclusive", "open"),
        ("inconclusive", "inconclusive", "same"),
        ("stable", "falling", "other"),
        ("number rising", "falling", "opposite"),
        ("rising", "", ""),
        ("too few events", "rising", ""),
        ("rising", "not tested (fewer than 8 years)", ""),
    ],
)
def test_directions_of_months_and_years_are_put_beside_each_other(monthly: str, annual: str, said: str) -> None:
    assert compare_directions(monthly, annual) == said
