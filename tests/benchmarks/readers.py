"""Readers that query in a loop while releases are published; by hand: ``python tests/benchmarks/readers.py``.

Half of the reading processes use ``open_release`` and change to a newer release when there is one, half connect with
DuckDB alone, as any client does. Every answer is checked: the tables that a query joins must belong to one release.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import crashes

ROOT = Path(__file__).parents[2]
# One row: the release by its own table and by the history, what it says it holds, and what is there.
WHOLE = """
SELECT this.release,
    this.release = (SELECT arg_max(release, published_at) FROM out.release_history) AS newest_of_history,
    this.observations = (SELECT count(*) FROM out.observation) AS observations,
    this.rates = (SELECT count(*) FROM out.rate) AS rates,
    NOT EXISTS (
        FROM (SELECT DISTINCT source, vintage FROM out.observation) AS shown
        ANTI JOIN out.release_source AS said
            ON said.release = this.release AND said.source = shown.source AND said.vintage = shown.vintage
    ) AS vintages
FROM out.release AS this
"""
SERIES = "SELECT count(*), count(DISTINCT time_period) FROM out.trend_of('0101', 'FR')"
READ = """
import json, sys, time
from pathlib import Path
import duckdb
from pipelines.reader.release import open_release
data, how, whole, series = sys.argv[1:]
stop, path = Path(data) / "stop", str(Path(data) / "published" / "crime.duckdb")
seen, mixed, errors, seconds = [], [], [], []
crime = open_release(data) if how == "open_release" else None
print("reading", flush=True)
while not stop.exists():
    start = time.perf_counter()
    try:
        if crime is not None:
            crime.reconnect()
            connection = crime.connection
        else:
            connection = duckdb.connect(path, read_only=True)
        ((release, *holds),) = connection.execute(whole).fetchall()
        ((rows, years),) = connection.execute(series).fetchall()
        if not all(holds) or rows != years or rows == 0 or (crime is not None and crime.release != release):
            mixed.append([release, holds, rows, years])
        if release not in seen[-1:]:
            seen.append(release)
        if crime is None:
            connection.close()
    except Exception as error:
        errors.append(repr(error))
    seconds.append(time.perf_counter() - start)
print(json.dumps({"how": how, "seen": seen, "mixed": mixed, "errors": errors, "seconds": seconds}))
"""


@dataclass(frozen=True)
class Reading:
    """What all readers saw."""

    readers: int
    publications: int
    queries: int
    errors: list[str]
    mixed: list[Any]
    releases_seen: int
    longest_seconds: float
    median_seconds: float


def measure(data: Path, readers: int, publications: int) -> Reading:
    """Publish while others read; returns what they saw."""
    editions = crashes.prepare(data)
    (given,) = (data / "input" / crashes.SOURCE).iterdir()
    given.write_bytes(editions[1])
    crashes.whole_run(data)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", READ, str(data), ("open_release", "connect")[number % 2], WHOLE, SERIES],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(readers)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "reading\n"
        for number in range(publications):
            given.write_bytes(editions[number % 2])
            crashes.whole_run(data)
        time.sleep(1)  # the last release is read as well
        (data / "stop").touch()
        told = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
    seconds = [second for one in told for second in one["seconds"]]
    return Reading(
        readers,
        publications,
        len(seconds),
        [error for one in told for error in one["errors"]],
        [mix for one in told for mix in one["mixed"]],
        len({release for one in told for release in one["seen"]}),
        max(seconds),
        statistics.median(seconds),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--publications", type=int, default=20)
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder) / "data", options.readers, options.publications)
    sys.stdout.write(
        f"{found.readers} readers, {found.publications} publications in {time.monotonic() - start:.0f} s\n"
        f"  queries: {found.queries:,} (two statements each); errors: {len(found.errors)}; "
        f"answers that mix releases: {len(found.mixed)}\n"
        f"  releases seen: {found.releases_seen} of {found.publications + 1}\n"
        f"  opening and querying: median {found.median_seconds * 1000:.0f} ms, "
        f"longest {found.longest_seconds * 1000:.0f} ms\n"
    )
    for problem in [*found.errors[:5], *found.mixed[:5]]:
        sys.stdout.write(f"  {problem}\n")


if __name__ == "__main__":
    main()
