"""Files that try to be counted twice, to show persons, or to stop the run; and names that mean more than a file.

Counts expected are those of an own loop over the rows (``made.expected``), or the numbers of rows put in here.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from pipelines.errors import DataRefused, UsageError
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


def _packed(path: Path, target: Path) -> None:
    target.write_bytes(gzip.compress(path.read_bytes()))


def _as_parquet(path: Path, target: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_csv('{path}', all_varchar = true)) TO '{target}' (FORMAT parquet)")


def _other_line_ends(path: Path, target: Path) -> None:
    target.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def _sorted_anew(path: Path, target: Path) -> None:
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text(header + "".join(sorted(lines, key=lambda line: line[::-1])), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("b.csv.gz", _packed),
        ("b.parquet", _as_parquet),
        ("b.csv", _other_line_ends),
        ("c.csv", _sorted_anew),
    ],
)
def test_the_same_incidents_in_other_bytes_are_not_counted_twice(
    made: SimpleNamespace, tmp_path: Path, take: Take, name: str, write: Callable[[Path, Path], None]
) -> None:
    write(made.write(tmp_path / "in" / "a.csv", made.rows(300)), tmp_path / "in" / name)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", name)
    assert problem.found.startswith("All of its rows are in a.csv too")


def test_a_file_that_holds_the_months_of_another_one_is_refused_with_the_months(
    made: SimpleNamespace, tmp_path: Path, take: Take
) -> None:
    """As where each delivery holds the year so far; the older one lacks a late row of November."""
    until_october = made.rows(2000, 1, 2021, tuple(range(1, 11)))
    november, december = made.rows(200, 2, 2021, (11,)), made.rows(200, 3, 2021, (12,))
    made.write(tmp_path / "in" / "until-november.csv", until_october + november[:-1])
    made.write(tmp_path / "in" / "until-december.csv", until_october + november + december)

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", "until-november.csv")
    assert "2,000 of its rows, of 2021-01 to 2021-10, are in until-december.csv too" in problem.found


def test_parts_of_the_same_months_are_no_overlap(made: SimpleNamespace, tmp_path: Path, take: Take) -> None:
    """A writer with several threads leaves parts of one month; a rare code gives many parts with one incident each."""
    rows = made.rows(2000)
    rare = [[f"R{number}", "2021-05-05", "MX-JAL", "H1", "man", "30", f"Rare {number}"] for number in range(8)]
    for number in range(4):
        made.write(tmp_path / "in" / f"{number}.csv", rows[number::4])
        made.write(tmp_path / "in" / f"rare-{number}.csv", rare[number::4])

    _, validated = take(tmp_path / "in")

    assert counted(validated) == made.expected([row for row in rows + rare if row[3] not in ("X1", "T9")])


def test_a_data_folder_whose_path_is_a_pattern_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data \[1\] has \* \? or \["):
        load_settings(tmp_path / "data [1]")
