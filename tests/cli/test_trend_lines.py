"""What ``iccs trend`` prints of a change: its limits and p wherever they are published."""

from __future__ import annotations

from typing import Any

from pipelines.cli.series.trend import change_line

KEY = {"source": "xx", "stage": "recorded", "counting_unit": "victim", "first_year": 2019, "last_year": 2024}


def _line(**figures: Any) -> str:
    empty = dict.fromkeys(
        ("usual_swing_percent", "change_percent", "no_percent_reason", "rate_ratio", "ratio_low", "ratio_high")
    )
    rest = {"p_value": None, "break_handling": "no break in between"}
    return change_line(KEY | empty | rest | figures).partition("2019 to 2024: ")[2]


def test_limits_and_p_are_printed_wherever_they_are_published() -> None:
    tested = {"rate_ratio": 1.25, "ratio_low": 0.8, "ratio_high": 1.953, "p_value": 0.31}
    quiet = {"direction": "no significant change"} | tested
    assert _line(**quiet, change_percent=25.0, usual_swing_percent=60.0) == (
        "within the usual swings of the series (-38 to +60 %), +25.0 % (-20.0 to +95.3), p = 0.310; no break in between"
    )
    assert "(-20.0 to +95.3), p = 0.310" in _line(**quiet, change_percent=25.0)
    few = _line(**quiet, no_percent_reason="few_events")
    assert few.endswith("(a count below 20 in 2019), ratio 1.25 (0.80 to 1.95), p = 0.310; no break in between")


def test_from_no_event_there_is_a_lower_limit_only() -> None:
    line = _line(direction="increase", no_percent_reason="no_events", ratio_low=2.4, p_value=0.002)
    assert "a count of 0 in 2019), ratio at least 2.40, p = 0.002" in line


def test_what_is_not_tested_has_neither() -> None:
    line = _line(direction="not tested", change_percent=12.0, rate_ratio=1.12)
    assert line == "not tested, +12.0 %; no break in between"
    refused = _line(direction="not compared", no_percent_reason="not_compared", break_handling="break in 2020")
    assert refused == "not compared; break in 2020"
