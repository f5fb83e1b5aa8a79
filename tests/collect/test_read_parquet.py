"""A table that comes as Parquet is read as text, with its rows numbered from 1."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_source import Tiny

from pipelines.system.errors import DataRefused
from schemas.errors import UsageError

PARQUET = ", format: parquet"


def _parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_numbers_of_any_type_are_text_without_a_fraction_that_is_none(tiny: Tiny) -> None:
    tiny.declare_plain(read=PARQUET)
    years, counts = pa.array([2024, None, 2023], pa.float64()), pa.array([3.0, None, 2.5], pa.float32())
    tiny.give("t.csv", _parquet(area=["14", None, "09"], year=years, code=["HOM", None, "HOM"], n=counts))

    assert tiny.read()[1] == [(1, "14", "2024", "HOM", "3"), (3, "09", "2023", "HOM", "2.5")]  # row 2 holds nothing


def test_counts_are_published_as_from_a_text_file(tiny: Tiny) -> None:
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14", "14"], year=[2023, 2024], code=["HOM", "HOM"], n=[3, 4]))

    assert tiny.conform() == ([(1, 3), (2, 4)], [])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_rejected_in_its_row(tiny: Tiny, number: float) -> None:
    tiny.declare_plain("rejected_share_limit: 1\n", read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14", "14"], year=[2023, 2024], code=["HOM", "HOM"], n=[3.0, number]))

    assert tiny.conform() == ([(1, 3)], [(2, "count_not_a_number")])


def test_a_column_that_is_missing_is_named_with_the_nearest(tiny: Tiny) -> None:
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14"], years=[2023], code=["HOM"], n=[3]))

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    (problem,) = refused.value.problems
    assert (problem.rule, problem.column, problem.nearest) == ("missing_column", "year", ("years",))


def test_a_damaged_file_is_refused(tiny: Tiny) -> None:
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14"], year=[2023], code=["HOM"], n=[3])[:-20])

    with pytest.raises(DataRefused, match="The Parquet file is incomplete or corrupt"):
        tiny.read()


def test_a_foot_is_not_declared_for_one(tiny: Tiny) -> None:
    tiny.declare_plain(read=f"{PARQUET}, footer: {{starts_with: TOTAL}}")

    with pytest.raises(UsageError, match=r"read\.footer: not for format: parquet"):
        tiny.read()


def test_columns_are_told_apart_also_where_names_differ_in_case_or_are_the_same(tiny: Tiny) -> None:
    names = ["area", "year", "code", "n", "X", "x_1", "", "x"]
    columns = [["14"], [2024], ["HOM"], *([number] for number in (3, 4, 5, None, 7))]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(column) for column in columns], names), buffer)
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", buffer.getvalue())

    assert tiny.read()[1] == [(1, "14", "2024", "HOM", "3", "4", "5", None, "7")]


def test_a_second_column_of_a_name_that_is_used_is_refused(tiny: Tiny) -> None:
    columns = [pa.array(column) for column in (["14"], [2024], ["HOM"], [3], [7])]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, ["area", "year", "code", "n", "n"]), buffer)
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", buffer.getvalue())

    with pytest.raises(DataRefused) as refused:
        tiny.read()

    assert [(problem.rule, problem.column) for problem in refused.value.problems] == [("column_twice", "n")]


def test_decimals_bytes_and_empty_texts(tiny: Tiny) -> None:
    year = pa.array([Decimal("2024.00"), None], pa.decimal128(8, 2))
    code = pa.array(["Bogotá".encode(), b""], pa.binary())
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14", ""], year=year, code=code, n=[3, None]))

    assert tiny.read()[1] == [(1, "14", "2024", "Bogotá", "3")]


def test_a_moment_is_of_the_same_year_on_every_machine(tiny: Tiny) -> None:
    """Half past midnight of 1 January in UTC is still December in Mexico."""
    moment = pa.array([datetime(2024, 1, 1, 0, 30, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    tiny.declare_plain(read=PARQUET)
    tiny.give("t.csv", _parquet(area=["14"], year=moment, code=["HOM"], n=[3]))
    command = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from pipelines.collect.acquire import acquire
from pipelines.collect.read import read
from pipelines.system.settings import Settings
from schemas.source import list_sources
root, name = Path(sys.argv[1]), sys.argv[2]
source, own = list_sources(root / "sources")[name], Settings(data=root / "data")
raw = read(source, acquire(source, own, root / "given"), own, root)
print(pq.read_table(raw.layouts[0][0])["year"][0])
"""
    said = subprocess.run(
        [sys.executable, "-c", command, str(tiny.root), tiny.name],
        env={**os.environ, "TZ": "America/Mexico_City"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith("2024-01-01 00:30:00")


@pytest.mark.parametrize("mark", ["thousands: '.'", "thousands: ' '", "decimal: ','"])
def test_other_marks_than_its_numbers_have_are_refused(tiny: Tiny, mark: str) -> None:
    tiny.declare_plain(f"{mark}\n", read=PARQUET)

    with pytest.raises(UsageError, match="have a decimal point"):
        tiny.read()
