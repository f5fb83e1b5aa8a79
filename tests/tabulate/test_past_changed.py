"""Figures of earlier years that another edition changes, beside those that a rule withholds in both.

A revised population changes every rate that is made with it.

The rows are written here: 500 victims a year in one state, and two in 2015, which was not reported.
"""

from __future__ import annotations

from typing import Any

from tiny_source import Tiny

from pipelines.session import Session
from pipelines.source_steps import run_source


def _edition(years: int, **changed: int) -> str:
    counts = {str(year): 500 + year % 7 for year in range(2010, 2010 + years)} | {"2015": 2}
    counts |= {name.removeprefix("y"): count for name, count in changed.items()}
    return "area,year,code,n\n" + "".join(f"14,{year},HOM,{count}\n" for year, count in counts.items())


def _load(tiny: Tiny, text: str) -> dict[str, dict[str, Any]]:
    tiny.give("a.csv", text)
    vintage, *_ = run_source(tiny.source, Session(tiny.settings, tiny.given))
    return {outcome["rule"]: outcome for outcome in vintage.manifest["quality"]}


def test_a_year_that_is_withheld_in_both_editions_did_not_change(tiny: Tiny) -> None:
    tiny.declare_plain()
    assert _load(tiny, _edition(10))["years_empty"]["failing"] == 2  # the state and its country

    later = _load(tiny, _edition(11))

    assert later["years_empty"]["failing"] == 2  # the state and its country
    assert (later["past_changed"]["outcome"], later["past_changed"]["failing"]) == ("passed", 0)


def test_a_year_that_was_withheld_and_is_reported_now_changed(tiny: Tiny) -> None:
    tiny.declare_plain()
    _load(tiny, _edition(10))

    later = _load(tiny, _edition(11, y2015=480, y2012=520))["past_changed"]

    assert later["outcome"] == "warned"
    assert "2015: missing before, 480 now" in later["detail"]
    assert "2012: 503 before, 520 now" in later["detail"]


def test_a_population_that_was_revised_is_told(tiny: Tiny) -> None:
    tiny.declare(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  persons: {counting_unit: person}\n"
    )
    (tiny.sources / tiny.name / "concordance.csv").unlink()
    _load(tiny, "area,year,n\n14,2020,8348151\n14,2021,8410000\n")

    later = _load(tiny, "area,year,n\n14,2020,8348151\n14,2021,8510000\n")["past_changed"]

    assert (later["outcome"], later["failing"]) == ("warned", 1)
    assert "2021: 8,410,000 before, 8,510,000 now" in later["detail"]
