"""A series is used up to its gaps and breaks, and no further."""

from __future__ import annotations

import pytest

from pipelines.series import Series, period_of, step_of


def _series(periods: list[str], counts: list[float | None], breaks: tuple[str, ...] = (), freq: str = "A") -> Series:
    people = (1e6,) * len(periods)
    return Series(
        "0101", "MX", "_T", freq, "s", "recorded", "victim", tuple(periods), tuple(counts), people, breaks, ()
    )


@pytest.mark.parametrize("period", ["2019-00", "2019-13", "19", "2019-1", "2019-Q1", ""])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="is n"):
        step_of(period)


def test_steps_of_months_follow_each_other_over_the_year() -> None:
    assert step_of("2020-01") - step_of("2019-12") == 1
    assert period_of(step_of("2019-12"), "M") == "2019-12"


def test_stretch_around_a_date_stops_at_gaps_missing_counts_and_breaks() -> None:
    years = [str(year) for year in (2001, 2003, 2004, 2005, 2006, 2007, 2008, 2009)]
    counts = [5, 5, 5, 5, 5, 5, 5, None]
    whole = _series(years, counts)
    assert whole.around(2006).periods == ("2003", "2004", "2005", "2006", "2007", "2008")
    broken = _series(years, counts, ("2005", "2008"))
    assert broken.around(2006).periods == ("2005", "2006", "2007")
    # A break at the date itself is left to the caller.
    assert broken.around(2005).periods == ("2003", "2004", "2005", "2006", "2007")


def test_after_the_last_break() -> None:
    months = ["2019-11", "2019-12", "2020-01", "2020-02"]
    assert _series(months, [1, 2, 3, 4], ("2020",), "M").unbroken().counts == (3, 4)
    assert _series(months, [1, 2, 3, 4], (), "M").unbroken().counts == (1, 2, 3, 4)
