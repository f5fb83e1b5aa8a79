"""Damaged files of incidents are refused, whatever part of them can still be read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.tally import Tallied
from pipelines.system.errors import DataRefused

Take = Callable[..., tuple[Tallied, Validated]]


@pytest.mark.parametrize("damage", ["half of it", "a tenth missing", "bytes overwritten", "checksum wrong"])
def test_a_damaged_gzip_file_is_refused(made: SimpleNamespace, tmp_path: Path, take: Take, damage: str) -> None:
    whole = gzip.compress(made.write(tmp_path / "a.csv", made.rows(20000)).read_bytes())
    half = len(whole) // 2
    content = {
        "half of it": whole[:half],
        "a tenth missing": whole[: int(len(whole) * 0.9)],
        "bytes overwritten": whole[:half] + bytes(64) + whole[half + 64 :],
        "checksum wrong": whole[:-8] + bytes(4) + whole[-4:],
    }[damage]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv.gz").write_bytes(content)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_truncated", "a.csv.gz")


def test_columns_of_a_parquet_file_that_differ_in_case_are_refused(tmp_path: Path, take: Take) -> None:
    names = ["folio", "day", "place", "offence", "sex", "age", "name", "Sex"]
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({name: ["x"] for name in names}), tmp_path / "in" / "a.parquet")

    with pytest.raises(DataRefused, match="'sex', 'Sex'") as refused:
        take(tmp_path / "in")

    assert [problem.rule for problem in refused.value.problems] == ["column_twice"]


@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_a_damaged_parquet_file_is_refused(made: SimpleNamespace, tmp_path: Path, take: Take, damage: str) -> None:
    plain = made.write(tmp_path / "a.csv", made.rows(5000))
    (tmp_path / "in").mkdir()
    target = tmp_path / "in" / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_csv('{plain}', all_varchar = true)) TO '{target}' (FORMAT parquet)")
    content = target.read_bytes()
    half = len(content) // 2
    target.write_bytes(content[:half] if damage == "truncated" else b"PAR1" + bytes(half) + content[half + 4 :])

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    assert [problem.rule for problem in refused.value.problems] == ["file_not_readable"]
