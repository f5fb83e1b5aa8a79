"""Two areas whose rates move alike, or not, or cannot be compared; made series."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.publish.series.breaks import Breaks
from pipelines.reader.selection import SeriesKey
from pipelines.reader.series.courses import judge_courses
from pipelines.reader.series.rates import RateSeries


def series(area: str, a_year: float, **more: Any) -> RateSeries:
    """200 events in 2005, then so much more each year, and noise of chance, of a million people."""
    chance = np.random.default_rng(len(area) + round(1000 * abs(a_year)))
    rows = [
        {"year": year, "value": float(chance.poisson(200 * (1 + a_year) ** (year - 2005))), "population": 1e6,
         "caveats": None}
        for year in range(2005, 2021)
    ]  # fmt: skip
    for row in rows:
        row |= {name: values[row["year"]] for name, values in more.items() if row["year"] in values}
    return RateSeries(SeriesKey("xx", "recorded", "victim"), area, "_T", "_T", rows, Breaks())


def test_what_moves_apart_is_said_and_what_does_not_is_no_proof() -> None:
    rising, falling = series("A", 0.04), series("BB", -0.06)
    apart = judge_courses(("A", "BB"), rising, falling)
    alike = judge_courses(("A", "C"), rising, series("C", 0.04))

    assert apart.p is not None and apart.p <= 0.05 and "not parallel" in apart.sentence
    assert alike.p is not None and alike.p > 0.05 and "this does not prove that there is none" in alike.sentence
    assert "2005-2020 (16 years" in alike.sentence


def test_years_before_a_break_and_those_that_are_not_compared_are_left_out() -> None:
    broken = RateSeries(**{**vars(series("BB", 0.04)), "breaks": Breaks((2010,))})
    marked = series("A", 0.04, caveats={2015: "months_missing"})

    assert judge_courses(("A", "BB"), marked, broken).years == tuple(y for y in range(2010, 2021) if y != 2015)
    late = RateSeries(**{**vars(series("BB", 0.04)), "breaks": Breaks((2015,))})
    found = judge_courses(("A", "BB"), marked, late)
    assert found.p is None and "both have 5 comparable years" in found.sentence


def test_few_events_are_not_tested() -> None:
    few = series("BB", 0.0, value=dict.fromkeys(range(2005, 2021), 3.0))

    assert judge_courses(("A", "BB"), series("A", 0.0), few).why_not == "one has fewer than 20 events a year"
