"""A rule within a year finds in two years what it finds in each, also where one is kept from the load before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from figure_cases import CASES
from figure_data import Data, Judge, Rows

from pipelines.database import connect, run_sql
from pipelines.outcome import Outcome
from pipelines.rules import judge_rule
from pipelines.settings import Settings
from schemas.declarations import load_rules

BY_YEAR = [name for name, rule in load_rules().items() if rule.within]
Found = tuple[Outcome, list[object]]


def _a_century_later(rows: Rows) -> Rows:
    def later(period: str | None) -> str | None:
        return period and f"{int(period[:4]) + 100}{period[4:]}"

    return [{**row, "time_period": later(row.get("time_period", "2020"))} for row in rows]


def _later(data: Data) -> Data:
    return replace(data, cells=_a_century_later(data.cells), core=_a_century_later(data.core))


def _both(data: Data) -> Data:
    later = _later(data)
    return replace(data, cells=data.cells + later.cells, core=data.core + later.core)


def _judge(folder: Path, rule: str, data: Data, kept: Path | None = None) -> Found:
    """The outcome of a rule and all that it found; its outcomes by period are written to ``judged.parquet``."""
    folder.mkdir()
    with connect(Settings(data=folder, threads=1)) as connection:
        source = Judge(folder).open(connection, data)
        if kept is not None:
            connection.execute(
                "CREATE TEMP TABLE kept_year AS SELECT DISTINCT left(period, 4) FROM read_parquet($1)", [str(kept)]
            )
            connection.execute("CREATE TEMP TABLE touched_period AS SELECT DISTINCT time_period FROM cells")
            run_sql(connection, "open_kept_outcomes", judged=f"'{kept}'")
        outcome = judge_rule(connection, load_rules()[rule], source, kept is not None)
        connection.execute(f"COPY judged_by_period TO '{folder}/judged.parquet'")
        return outcome, connection.execute("FROM finding ORDER BY ALL").fetchall()


def test_there_are_rules_that_look_at_one_year() -> None:
    assert {"cell_keys_unique", "sex_parts_sum", "areas_sum"} <= set(BY_YEAR)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("rule", BY_YEAR)
def test_two_years_are_judged_as_each_alone(rule: str, broken: bool, tmp_path: Path) -> None:
    data = CASES[rule][int(broken)]
    alone, _ = _judge(tmp_path / "alone", rule, data)
    both, _ = _judge(tmp_path / "both", rule, _both(data))

    assert alone.checked > 0
    assert (both.checked, both.failing) == (2 * alone.checked, 2 * alone.failing)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("rule", BY_YEAR)
def test_a_year_that_is_kept_counts_as_if_it_were_judged_again(rule: str, broken: bool, tmp_path: Path) -> None:
    data = CASES[rule][int(broken)]
    whole = _judge(tmp_path / "whole", rule, _both(data))
    _judge(tmp_path / "before", rule, data)
    with_kept = _judge(tmp_path / "kept", rule, _later(data), tmp_path / "before" / "judged.parquet")

    assert with_kept == whole
