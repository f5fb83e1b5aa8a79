"""What a month costs that is added to ten years of incidents, by hand: ``python tests/benchmarks/months.py``.

The file of ``incidents.py`` is split into 120 files, one a month. All but the last are loaded, then all are loaded with
the last one new, then nothing is new; each in a process of its own. Printed: seconds of each, and of each step.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
from incident_data import ROOT, generate, write_source

LAST = "2024-12"


def split(path: Path, target: Path) -> None:
    """Write a file for each month."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT *, left(fecha, 7) AS month FROM read_csv('{path}', all_varchar = true)) TO '{target}' "
            "(FORMAT csv, HEADER, PARTITION_BY (month))"
        )


def load(given: Path, work: Path) -> tuple[float, str]:
    """Run the pipeline in a process of its own; seconds, and what it said."""
    command = [sys.executable, __file__, "--load", str(given), "--work", str(work)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start, done.stdout


def run(given: Path, work: Path) -> int:
    """The run itself: as ``iccs run`` does it, every rule included."""
    from functools import partial

    import pipelines.run
    import schemas.source
    from pipelines.cli.main import main

    own = partial(schemas.source.list_sources, work / "sources")
    schemas.source.list_sources = pipelines.run.list_sources = lambda *_, **__: own()
    return main(["run", "xx_bench_incidents", "--from", str(given), "--data", str(work / "data")])


def compare(rows: int, folder: Path) -> None:
    """Print the three loads."""
    whole = folder / f"input-{rows}-0.0" / "incidents.csv"
    if not whole.is_file():
        whole.parent.mkdir(parents=True, exist_ok=True)
        generate(whole, rows, 0.0)
    given, aside, work = (folder / name for name in ("months", "months-aside", "work-months"))
    for path in (given, aside, work):
        shutil.rmtree(path, ignore_errors=True)
    split(whole, given)
    write_source(work / "sources")
    (given / f"month={LAST}").rename(aside)
    seconds = {}
    seconds["119 months"], _ = load(given, work)
    aside.rename(given / f"month={LAST}")
    seconds["one month more"], said = load(given, work)
    seconds["nothing new"], _ = load(given, work)
    shutil.rmtree(work / "data")
    seconds["120 months"], _ = load(given, work)
    for name, one in seconds.items():
        sys.stdout.write(f"{name:<16}{one:>7.1f} s {one / seconds['120 months']:>7.1%} of all\n")
    steps = re.findall(r"^(\S+ *\S*) +(acquire|tally|account|aggregate|check|store|publish) .* (\d+\.\d) s", said, re.M)
    sys.stdout.write("steps with one month more: " + ", ".join(f"{name} {one} s" for _, name, one in steps) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path("bench"), help="where files are made (default: ./bench)")
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        sys.exit(run(options.load, options.work))
    compare(options.rows, options.folder)
