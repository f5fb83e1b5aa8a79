"""SQL of a definition that fails on a file: the message names statement, line and place, in no words of DuckDB.

What is right comes from the statements and rows written here: each has one mistake in a known line or cell.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.system.errors import DataRefused, Problem
from tests.support.tiny_source import Tiny

HEADER = "area,year,code,n\n"
GOOD = HEADER + "13,2024,HOM,7\n"
SHAPED = {"layout": "    reshape: reshape.sql\n    conserve: '^n$'\n"}
ENGINE_WORDS = ("Error:", "LINE ", "Candidate", "VARCHAR, ...", "^^", "INT32", "pg_")


def refusal(tiny: Tiny) -> Problem:
    with pytest.raises(DataRefused) as refused:
        tiny.run()
    (problem,) = refused.value.problems
    assert not [word for word in ENGINE_WORDS if word in problem.found], problem.found
    return problem


@pytest.mark.parametrize(
    ("second_line", "said"),
    [
        pytest.param("    *, yaer AS y", "line 3: there is no column 'yaer'; nearest: year", id="column"),
        pytest.param("    *, nofunction(n) AS m", "line 3: there is no function 'nofunction'.", id="function"),
        pytest.param("    *, n + 1 AS m", "line 3: +(text, number) cannot be computed: every column", id="text"),
        pytest.param("    *, raw.total AS m", "line 3: there is no column 'total'", id="column of raw"),
    ],
)
def test_a_reshape_that_does_not_fit_the_file_is_told_with_its_line(tiny: Tiny, second_line: str, said: str) -> None:
    tiny.declare_plain(**SHAPED, reshape=f"-- Grain: as raw.\nSELECT\n{second_line}\nFROM raw")
    tiny.give("t.csv", GOOD)
    problem = refusal(tiny)
    assert problem.rule == "reshape_failed"
    assert problem.found.startswith(f"reshape.sql, {said}")


def test_a_cast_that_fails_names_the_cell(tiny: Tiny) -> None:
    cast = "-- Grain: as raw.\nSELECT * REPLACE (CAST(CAST(year AS INTEGER) AS VARCHAR) AS year)\nFROM raw"
    tiny.declare_plain(**SHAPED, reshape=cast)
    tiny.give("t.csv", HEADER + "13,2023,HOM,7\n" * 1 + "14,20x4,HOM,7\n" + "15,20x4,HOM,7\n")
    problem = refusal(tiny)
    assert problem.found.startswith("reshape.sql, line 2: '20x4' is not a whole number")
    assert (problem.file, problem.row, problem.column, problem.value, problem.cells) == ("t.csv", 3, "year", "20x4", 2)


def test_an_exclusion_that_fails_names_its_rule_and_the_cell(tiny: Tiny) -> None:
    tiny.declare_plain("exclusions:\n  - {rule: old, where: CAST(year AS INTEGER) < 1900, reason: before}\n")
    tiny.give("t.csv", HEADER + "13,2023,HOM,7\n" + "14,20x4,HOM,7\n")
    problem = refusal(tiny)
    assert problem.found.startswith("exclusions: old: '20x4' is not a whole number")
    assert (problem.file, problem.row, problem.column) == ("t.csv", 3, "year")


@pytest.mark.parametrize(
    ("key", "part"),
    [
        ("exclusions:\n  - {rule: old, where: yaer < '1900', reason: before}\n", "exclusions: old"),
        ("controls:\n  - {control: all, where: yaer = '2024', expected: 7, origin: 'nobody'}\n", "controls: all"),
    ],
)
def test_a_condition_on_a_column_that_is_not_there_names_its_key(tiny: Tiny, key: str, part: str) -> None:
    tiny.declare_plain(key)
    tiny.give("t.csv", GOOD)
    problem = refusal(tiny)
    assert problem.rule == "declaration_invalid"
    assert problem.found.startswith(f"{part}: there is no column 'yaer'")


def test_printed_rates_that_fail_name_their_file_and_line(tiny: Tiny) -> None:
    tiny.declare_plain()
    rates = "-- Grain: one row for each rate.\nSELECT area AS ref_area, year AS time_period,\n  rate FROM raw\n"
    Path(tiny.sources / tiny.name / "rates.sql").write_text(rates, encoding="utf-8")
    tiny.give("t.csv", GOOD)
    assert refusal(tiny).found.startswith("rates.sql, line 3: there is no column 'rate'")


def test_words_of_a_full_disk_in_a_cell_are_data_and_end_no_run(tiny: Tiny) -> None:
    """A cell may say anything, also what the system says of a full disk: that source is refused, not the run ended."""
    cast = "-- Grain: as raw.\nSELECT * REPLACE (CAST(CAST(n AS INTEGER) AS VARCHAR) AS n)\nFROM raw"
    tiny.declare_plain(**SHAPED, reshape=cast)
    tiny.give("t.csv", HEADER + "13,2023,HOM,No space left on device\n")
    assert refusal(tiny).row == 2
