"""A rule that judges by year finds in several years what it finds in each, also where one is kept from before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from figure_cases import CASES
from figure_data import Data, Judge, Rows

from pipelines.system.connection import connect, run_sql
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from pipelines.tabulate.rules import judge_rules
from schemas.declarations import load_rules

pytestmark = pytest.mark.usefixtures("one_engine")

BY_YEAR = [name for name, rule in load_rules().items() if rule.by_year]
Found = tuple[Outcome, list[Any]]


def _period(row: dict[str, Any]) -> str:
    return str(row.get("time_period", "2020"))


def _years(data: Data) -> list[str]:
    return sorted({_period(row)[:4] for row in data.cells + data.core})


def _of_years(data: Data, years: list[str]) -> Data:
    cells, core = ([row for row in rows if _period(row)[:4] in years] for rows in (data.cells, data.core))
    return replace(data, cells=cells, core=core)


def _with_a_copy_right_after(data: Data) -> Data:
    """The same again in the years that follow: a rule that compares years has neighbours to compare."""
    years = _years(data)
    by = int(years[-1]) - int(years[0]) + 1

    def later(rows: Rows) -> Rows:
        return [{**row, "time_period": f"{int(_period(row)[:4]) + by}{_period(row)[4:]}"} for row in rows]

    return replace(data, cells=data.cells + later(data.cells), core=data.core + later(data.core))


def _judge(folder: Path, rule: str, data: Data, kept: Path | None = None) -> Found:
    """The outcome of a rule and all that it found; its outcomes by period are written to ``judged.parquet``."""
    folder.mkdir()
    with connect(Settings(data=folder, threads=1)) as connection:
        source = Judge(folder).open(connection, data)
        if kept is not None:
            connection.execute(
                "CREATE TEMP TABLE unchanged_year AS SELECT DISTINCT left(period, 4) FROM read_parquet($1)", [str(kept)]
            )
            connection.execute(
                "CREATE TEMP TABLE period_to_make AS SELECT time_period FROM cells UNION SELECT time_period FROM core"
            )
            connection.execute("DELETE FROM period_to_make WHERE left(time_period, 4) IN (FROM unchanged_year)")
            run_sql(connection, "tabulate/reuse_outcomes", judged=f"'{kept}'")
        (outcome,) = judge_rules(connection, [load_rules()[rule]], source, kept is not None)
        connection.execute(f"COPY judged_by_period TO '{folder}/judged.parquet'")
        return outcome, connection.execute("FROM finding ORDER BY ALL").fetchall()


def test_there_are_rules_that_judge_by_year() -> None:
    assert {"cell_keys_unique", "sex_parts_sum", "areas_sum"} <= set(BY_YEAR)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("rule", BY_YEAR)
def test_years_together_are_judged_as_each_alone(rule: str, broken: bool, tmp_path: Path) -> None:
    data = _with_a_copy_right_after(CASES[rule][int(broken)])
    alone = [_judge(tmp_path / year, rule, _of_years(data, [year]))[0] for year in _years(data)]
    together, _ = _judge(tmp_path / "together", rule, data)

    assert together.checked > 0
    assert together.checked == sum(one.checked for one in alone)
    assert together.failing == sum(one.failing for one in alone)


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("rule", BY_YEAR)
def test_a_year_that_is_kept_counts_as_if_it_were_judged_again(rule: str, broken: bool, tmp_path: Path) -> None:
    data = _with_a_copy_right_after(CASES[rule][int(broken)])
    whole = _judge(tmp_path / "whole", rule, data)
    _judge(tmp_path / "before", rule, _of_years(data, _years(data)[:1]))
    with_kept = _judge(tmp_path / "kept", rule, data, tmp_path / "before" / "judged.parquet")

    assert with_kept == whole
