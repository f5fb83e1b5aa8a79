"""A sex or an age whose rows are missing from a year, in a source that publishes totals alone.

The counts are written here: 160 victims aged 18 or over and 40 minors a year, 150 men and 50 women. What is expected is
that the total without one of them is not taken for that of all.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.run import run_all
from pipelines.session import Session

AGES = (("18+", 160), ("0-17", 40))
SEXES = (("M", 150), ("F", 50))
VALUES = "age,0-17,Y0T17,\nage,18+,Y_GE18,\nsex,M,M,\nsex,F,F,\n"


def _totals(
    tiny: Tiny, column: str, parts: tuple[tuple[str, int], ...], *, is_lost: Callable[[int, str], bool]
) -> tuple[dict[str, tuple[float, str | None]], set[str]]:
    """Publish eight years and return the totals with their caveats, and the rules that warn."""
    tiny.declare(
        f"layouts:\n  - files: ['*.csv']\n    read: {{columns: [area, year, code, {column}, n]}}\narea_scheme: code\n"
        f"columns: {{ref_area: area, time_period: year, national_code: code, {column}: {column}, value: n}}\n"
        "measures:\n  victims: {counting_unit: victim}\n",
        "".join(line for line in VALUES.splitlines(keepends=True) if line.startswith(column)),
    )
    rows = [
        f"MX-JAL,{year},HOM,{part},{count + year % 5}\n"
        for year in range(2015, 2023)
        for part, count in parts
        if not is_lost(year, part)
    ]
    tiny.give("a.csv", f"area,year,code,{column},n\n{''.join(rows)}")
    result = run_all([tiny.source], Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    with duckdb.connect(str(result.published), read_only=True) as connection:
        figures = connection.execute(
            "SELECT time_period, value, caveats FROM out.observation WHERE iccs = '0101' AND ref_area = 'MX-JAL' "
            "AND freq = 'A' AND sex = '_T' AND age = '_T'"
        ).fetchall()
        warned = connection.execute("SELECT rule FROM out.quality WHERE outcome = 'warned'").fetchall()
    return {period: (value, caveats) for period, value, caveats in figures}, {rule for (rule,) in warned}


@pytest.mark.parametrize(
    ("column", "parts", "lost", "rule"),
    [("age", AGES, "0-17", "age_rows_missing"), ("sex", SEXES, "F", "sex_rows_missing")],
)
def test_a_part_that_a_year_lacks(
    tiny: Tiny, column: str, parts: tuple[tuple[str, int], ...], lost: str, rule: str
) -> None:
    totals, warned = _totals(tiny, column, parts, is_lost=lambda year, part: year == 2022 and part == lost)
    assert rule in warned
    assert totals["2022"] == (parts[0][1] + 2, "rows_missing")
    assert totals["2021"] == (202, None)


def test_no_part_is_lost_in_a_whole_table(tiny: Tiny) -> None:
    totals, warned = _totals(tiny, "sex", SEXES, is_lost=lambda year, part: False)
    assert warned.isdisjoint({"sex_rows_missing", "sex_absent", "sex_vanishes"})
    assert totals["2022"] == (204, None)


def test_a_sex_that_no_year_has(tiny: Tiny) -> None:
    """150 a year are too few for one area to be sure of: 200 are asked for."""
    many = tuple((sex, 4 * count) for sex, count in SEXES)
    totals, warned = _totals(tiny, "sex", many, is_lost=lambda year, part: part == "F")
    assert "sex_absent" in warned
    assert totals["2022"] == (602, "rows_missing")
