"""Time of queries on 100 million observations; by hand: ``python tests/benchmarks/queries.py --folder DIR``.

The observations are made up, with the columns, the compression and the order of the published table: as many countries,
periods, categories and breakdowns as a world database of all members would have. Nothing of the numbers means anything.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from itertools import product
from pathlib import Path
from string import ascii_uppercase

import duckdb

from iccs.classification import load_classification
from pipelines.system.connection import STORAGE_VERSION
from schemas.declarations import create_table_sql, load_tables

# For one country with 24 areas in it: 15 years and 12 months, every category, 3 sexes.
MAKE = """
INSERT INTO out.observation BY NAME
WITH area AS (
    SELECT $country || CASE WHEN a = 0 THEN '' ELSE '-' || lpad(CAST(a AS VARCHAR), 2, '0') END AS ref_area,
        CASE WHEN a = 0 THEN 'country' ELSE 'admin1' END AS area_level
    FROM range(25) AS numbers(a)
),
period AS (
    SELECT CAST(y AS VARCHAR) AS time_period, 'A' AS freq FROM range(2010, 2025) AS years(y)
    UNION ALL
    SELECT '2024-' || lpad(CAST(m AS VARCHAR), 2, '0'), 'M' FROM range(1, 13) AS months(m)
),
cell AS (
    SELECT ref_area, area_level, time_period, freq, iccs, sex, hash(ref_area, time_period, iccs, sex) AS made_up
    FROM area, period, (SELECT unnest($categories) AS iccs), (VALUES ('M'), ('F'), ('_T')) AS sexes(sex)
)
SELECT cell.* EXCLUDE (made_up), lower($country) || '_office_offences' AS source, '2026-01-01-00000000' AS vintage,
    'recorded' AS stage, 'victim' AS counting_unit, '_T' AS age, {attributes},
    CASE WHEN made_up % 20 > 0 THEN CAST(made_up % 5000 AS DOUBLE) END AS value,
    CASE WHEN made_up % 20 > 0 THEN 'A' ELSE 'O' END AS obs_status,
    CASE WHEN made_up % 20 = 0 THEN 'not_reported' END AS missing_reason,
    'F' AS conf_status, CASE WHEN made_up % 20 > 0 THEN 1.0 ELSE 0 END AS completeness
FROM cell
ORDER BY iccs, ref_area, freq, time_period
"""
FILTER = """
SELECT time_period, sex, value FROM out.observation
WHERE ref_area = $area AND iccs = $iccs AND freq = 'A' ORDER BY ALL
"""
SCAN = """
SELECT left(time_period, 4) AS year, sex, count(*) AS cells, count(value) AS given, sum(value) AS total
FROM out.observation WHERE freq = 'A' AND area_level = 'country' GROUP BY ALL
"""
FULL = "SELECT iccs, sex, count(*) AS cells, sum(value) AS total FROM out.observation GROUP BY ALL"


def make(path: Path, observations: int, memory: str) -> int:
    """Write the file in the order of a publication, one source after the other; returns the number of observations."""
    table = load_tables()["observation"]
    names = [column.name for column in table.columns if column.role == "dimension"]
    attributes = ", ".join(f"'_T' AS {name}" for name in names[names.index("age") + 1 :])
    categories = sorted(category.code for category in load_classification())
    made = 0
    with duckdb.connect(
        str(path),
        config={"memory_limit": memory, "storage_compatibility_version": STORAGE_VERSION, "threads": 2},
    ) as connection:
        connection.execute("CREATE SCHEMA out")
        for statement in create_table_sql(table):
            connection.execute(statement)
        for first, second in product(ascii_uppercase, ascii_uppercase):
            if made >= observations:
                break
            parameters = {"country": first + second, "categories": categories}
            connection.execute(MAKE.format(attributes=attributes), parameters)
            ((made,),) = connection.execute("SELECT count(*) FROM out.observation").fetchall()
        connection.execute("CHECKPOINT")
    return int(made)


def seconds(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object] | None = None
) -> float:
    """Return how long one query takes, its result fetched."""
    start = time.perf_counter()
    rows = connection.execute(statement, parameters).fetchall()
    took = time.perf_counter() - start
    assert rows
    return took


def measure(path: Path, memory: str) -> None:
    """Time the queries on a file and print them."""
    with duckdb.connect(str(path), read_only=True, config={"memory_limit": memory}) as connection:
        codes = sorted(row[0] for row in connection.execute("SELECT DISTINCT iccs FROM out.observation").fetchall())
        areas = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT ref_area FROM out.observation WHERE iccs = $iccs ORDER BY 1", {"iccs": codes[0]}
            ).fetchall()
        ]
        asked: list[dict[str, object]] = [
            {"area": areas[number * len(areas) // 8], "iccs": codes[number * 37 % len(codes)]} for number in range(8)
        ]
        first = seconds(connection, FILTER, asked[0])
        each = [seconds(connection, FILTER, one) for one in asked for _ in range(3)]
        report("filter on area and category, first in the process", [first])
        report("filter on area and category", each)
        report("aggregate over the country rows of every year", [seconds(connection, SCAN) for _ in range(5)])
        report("aggregate over every row, by category and sex", [seconds(connection, FULL) for _ in range(5)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the file is made, and removed again")
    parser.add_argument("--observations", type=int, default=100_000_000)
    parser.add_argument("--memory", default="4GB")
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    path = options.folder / "synthetic.duckdb"
    try:
        start = time.perf_counter()
        made = make(path, options.observations, options.memory)
        size = path.stat().st_size / 2**30
        sys.stdout.write(
            f"{made:,} observations, {size:.2f} GiB, written in {time.perf_counter() - start:.0f} s; "
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n"
        )
        measure(path, options.memory)
    finally:
        shutil.rmtree(options.folder)


def report(what: str, times: list[float]) -> None:
    """Print one line of timings."""
    sys.stdout.write(
        f"  {what}: median {statistics.median(times) * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms "
        f"of {len(times)}\n"
    )


if __name__ == "__main__":
    main()
