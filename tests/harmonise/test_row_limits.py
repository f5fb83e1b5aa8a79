"""Files that end where a program or a portal stops; how many rows each has is how many are written here."""

from __future__ import annotations

import pytest
from tiny_incidents import outcomes
from tiny_source import Tiny


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (999, ""),
        (1_000, "a.csv: exactly 1,000 rows, and portals hand out so many at a time"),
        (1_001, ""),
        (20_000, "a.csv: exactly 20,000 rows"),
        (65_535, "a.csv: exactly 65,535 rows, and a sheet ends at row 65,536"),
    ],
)
def test_incidents_that_end_where_a_page_or_a_sheet_ends(tiny: Tiny, number: int, found: str) -> None:
    rows = [f"2023-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 32 + 1},HOM,{n}" for n in range(number)]
    judged = outcomes(tiny, "time_period: date", "date,area,code,case", rows)["rows_at_limit"]
    assert judged.outcome == ("warned" if found else "passed")
    assert found in judged.detail


@pytest.mark.parametrize(("number", "outcome"), [(65_535, "warned"), (65_534, "passed"), (10_000, "passed")])
def test_a_table_that_ends_where_a_sheet_ends(tiny: Tiny, number: int, outcome: str) -> None:
    """With its header, 65,536 lines; a table of 10,000 cells is one of so many areas, years and sexes."""
    tiny.declare_plain("rows: parts\n")
    rows = [f"{n % 32 + 1},{1990 + n % 31},HOM,{n % 997}" for n in range(number)]
    tiny.give("a.csv", "\n".join(["area,year,code,n", *rows]) + "\n")
    (found,) = (one for one in tiny.outcomes() if one.rule == "rows_at_limit")
    assert (found.outcome, found.about) == (outcome, (("_file", "a.csv"),) if outcome == "warned" else ())
