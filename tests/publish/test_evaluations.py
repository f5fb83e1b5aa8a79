"""Evidence on programmes: what a project states is published as stated, marked where it lacks something, or refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.publish.evaluations import load_evaluations, read_evaluations
from pipelines.publish.published_schema import create_tables
from schemas.errors import UsageError
from schemas.project import project_lists_key

HEADER = (
    "programme,ref_area,started,iccs,study_design,compared_with,effect_measure,effect,effect_low,effect_high,"
    "effect_confidence_percent,cannot_tell,said_by\n"
)
WHOLE = "Lamps,MX,2019-04,0501,randomised,lots without,rate_ratio,0.8,0.6,1.05,95,long term,An office\n"


def _write(folder: Path, *rows: str) -> Path:
    file = folder / "evaluations.csv"
    file.write_text(HEADER + "".join(rows))
    return file


def test_a_project_publishes_what_it_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "iccs.toml").touch()
    monkeypatch.setenv("ICCS_PROJECT", str(tmp_path))
    without = project_lists_key(with_indicators=True)
    _write(tmp_path, WHOLE)
    assert project_lists_key(with_indicators=True) != without, "a new result is a new release"
    with duckdb.connect() as connection:
        create_tables(connection)
        load_evaluations(connection)
        columns = "programme, iccs, effect, effect_low, effect_high, evidence_lacks, evaluation_reference"
        found = connection.execute(f"SELECT {columns} FROM out.evaluation").fetchall()
    assert found == [("Lamps", "0501", 0.8, 0.6, 1.05, None, None)]


@pytest.mark.parametrize(
    ("row", "lacks"),
    [
        (WHOLE.replace("0.6,1.05,95", ",,"), "interval"),
        (WHOLE.replace("lots without", ""), "comparison"),
        (WHOLE.replace("randomised", "before_after"), "comparison"),
        (WHOLE.replace("0.8,0.6,1.05,95", ",,,"), "effect; interval"),
        (WHOLE.replace("0.8,0.6,1.05,95", "0,0,0,95"), None),
    ],
)
def test_what_a_result_lacks_is_said(tmp_path: Path, row: str, lacks: str | None) -> None:
    (read,) = read_evaluations(_write(tmp_path, row))
    assert read["evidence_lacks"] == lacks


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("0.8,", "1.8,", "row 2, effect: 1.8 is not between its limits 0.6 and 1.05"),
        ("0.6,", ",", "row 2, effect_low, effect_high: only one limit is given"),
        ("0.8,", ",", "row 2, effect: is empty although limits are given"),
        ("95,", ",", "row 2, effect_confidence_percent: is empty although limits are given"),
        ("95,", "0.95,", "row 2, effect_confidence_percent: 0.95 is not a level in percent"),
        ("0.8,0.6", "-0.2,-0.6", "row 2, effect: -0.2 is negative, but a rate_ratio cannot be"),
        ("0.8,", "20%,", "row 2, effect: '20%' is not a number"),
        ("2019-04", "2019-13", "row 2, started: '2019-13' is not a date"),
        ("0501", "501", "row 2, iccs: '501' is not a code of this list; nearest: 0501"),
        (
            "randomised",
            "randomized",
            "row 2, study_design: 'randomized' is not a code of this list; nearest: randomised",
        ),
        ("An office", "", "row 2, said_by: is empty"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"evaluations\.csv is not valid") as refused:
        read_evaluations(_write(tmp_path, WHOLE.replace(old, new, 1)))
    assert told in str(refused.value)
