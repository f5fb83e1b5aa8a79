"""Files that try to be counted twice, to show persons, or to stop the run; and names that mean more than a file.

Counts expected are those of an own loop over the rows (``made.expected``), or the numbers of rows put in here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.incidents import Tallied
from pipelines.settings import load_settings
from pipelines.validate import Validated

Take = Callable[..., tuple[Tallied, Validated]]


def counted(validated: Validated) -> dict[tuple[str, ...], float]:
    """Base cells as the pipeline has them: (month, area, ICCS, sex, age) -> value."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet($path) GROUP BY ALL",
            {"path": str(validated.core)},
        ).fetchall()
    return {tuple(row[:5]): row[5] for row in rows}


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv"])
def test_a_name_with_signs_of_a_pattern_is_one_file(
    made: SimpleNamespace, tmp_path: Path, take: Take, name: str
) -> None:
    """Browsers name a second download so; as a pattern each of the names would find ``a1.csv`` too."""
    first, second = made.rows(300), made.rows(200, 2, 2022)
    made.write(tmp_path / "in" / "a1.csv", first)
    made.write(tmp_path / "in" / name, second)

    _, validated = take(tmp_path / "in")

    assert counted(validated) == made.expected([row for row in first + second if row[3] not in ("X1", "T9")])


def test_a_data_folder_whose_path_is_a_pattern_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data \[1\] has \* \? or \["):
        load_settings(tmp_path / "data [1]")
