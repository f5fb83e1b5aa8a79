"""The fingerprint of figures: it names a vintage, so it must change with any figure or code, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.tabulate.fingerprints import fingerprint_periods
from schemas.declarations import load_tables

COLUMNS = load_tables()["observation"].columns[2:]  # without source and vintage
NUMBERS = {column.name for column in COLUMNS if column.type == "DOUBLE"}
CELL: dict[str, object] = {
    **{column.name: None if column.name in NUMBERS else "_T" for column in COLUMNS},
    "ref_area": "MX",
    "area_level": "country",
    "time_period": "2023",
    "freq": "A",
    "iccs": "0101",
    "iccs_made_from": None,
    "stage": "recorded",
    "counting_unit": "victim",
    "value": 12.0,
    "obs_status": "A",
    "missing_reason": None,
    "conf_status": "F",
    "completeness": 1.0,
    "caveats": None,
}
CELLS: list[dict[str, object]] = [
    CELL,
    CELL | {"sex": "F", "value": 4.0},
    CELL | {"sex": "M", "value": 8.0, "caveats": "sex_unknown"},
]


def fingerprint(folder: Path, cells: list[dict[str, object]]) -> str:
    """The fingerprint of cells given as rows."""
    written = folder / "cells.parquet"
    with duckdb.connect() as connection:
        types = ", ".join(f"{column.name} {column.type}" for column in COLUMNS)
        connection.execute(f"CREATE TABLE written ({types})")
        marks = ", ".join("?" for _ in COLUMNS)
        connection.executemany(
            f"INSERT INTO written VALUES ({marks})", [[cell[column.name] for column in COLUMNS] for cell in cells]
        )
        connection.execute(f"COPY written TO '{written}' (FORMAT parquet)")
        return fingerprint_periods(connection, written, folder / "periods.parquet")


def test_the_order_of_cells_does_not_matter(tmp_path: Path) -> None:
    assert fingerprint(tmp_path, CELLS) == fingerprint(tmp_path, CELLS[::-1])


@pytest.mark.parametrize("column", [column.name for column in COLUMNS])
def test_one_cell_that_changes_in_any_column_changes_it(tmp_path: Path, column: str) -> None:
    other = 0.5 if column in NUMBERS else "other"
    changed = [*CELLS[:-1], CELLS[-1] | {column: other}]
    assert fingerprint(tmp_path, changed) != fingerprint(tmp_path, CELLS)


@pytest.mark.parametrize("column", [column.name for column in COLUMNS if column.name not in ("sex", "value")])
def test_a_column_that_changes_in_every_cell_changes_it(tmp_path: Path, column: str) -> None:
    other = 0.5 if column in NUMBERS else "other"
    changed = [cell | {column: other} for cell in CELLS]
    assert fingerprint(tmp_path, changed) != fingerprint(tmp_path, CELLS)


def test_a_column_without_a_value_in_any_cell_is_not_one_with_values(tmp_path: Path) -> None:
    none, some = (
        fingerprint(tmp_path, [cell | {"missing_reason": text} for cell in CELLS]) for text in (None, "not_reported")
    )
    assert none != some


def test_a_cell_that_is_there_twice_changes_it(tmp_path: Path) -> None:
    assert fingerprint(tmp_path, [*CELLS, CELLS[0]]) != fingerprint(tmp_path, CELLS)
    assert fingerprint(tmp_path, [*CELLS, CELLS[0], CELLS[0]]) != fingerprint(tmp_path, CELLS)


def test_each_period_has_its_own(tmp_path: Path) -> None:
    cells = [CELL | {"time_period": "2022"}, *CELLS, CELL | {"time_period": "2024"}]
    before, after = (
        fingerprint(tmp_path, edition) and pq.read_table(tmp_path / "periods.parquet").to_pylist()
        for edition in (cells, [*cells[:-2], cells[-2] | {"value": 9.0}, cells[-1]])
    )
    assert [(row["freq"], row["time_period"], row["cells"]) for row in before] == [
        ("A", "2022", 1),
        ("A", "2023", 3),
        ("A", "2024", 1),
    ]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
