"""Which figures are too low where rows of a table are lost at random, and which of them say so.

Run by hand: ``python tests/benchmarks/lost_rows.py [--share 0.01] [--seed 1] [--source mx_sesnsp_victims]``. The
bundled file of a source is taken through every step short of storing, once whole and once without a share of its rows.
Figures of both are compared cell by cell. Figures that are lower and still have status A without a caveat
on missing rows are the ones that nobody warns of. ``too low``: value below that of the whole file; ``not made``: a
figure of the whole file that the other does not have, or has without a value.
"""

from __future__ import annotations

import argparse
import gzip
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from pipelines.collect.acquire import find_files
from pipelines.session import Session
from pipelines.source_steps import check_source
from pipelines.system.settings import Settings
from schemas.declarations import breakdown_columns
from schemas.source import SourceFolder, list_sources

ROOT = Path(__file__).parents[2]
SOURCES = ("mx_sesnsp_victims", "ar_snic", "eu_crim_off_cat", "mx_conapo_population", "ar_indec_population")
COMPARED = """
    SELECT value IS NULL AND whole IS NOT NULL AS not_made, coalesce(value < whole, false) AS too_low,
        coalesce(value = whole, false) AS right, coalesce(obs_status, '') <> 'A' AS status,
        contains(coalesce(caveats, ''), 'rows_missing') AS named, count(*) AS figures
    FROM (SELECT hash({key}) AS cell, value AS whole FROM read_parquet('{whole}')) AS good
    LEFT JOIN (SELECT *, hash({key}) AS cell FROM read_parquet('{lost}')) AS lost USING (cell)
    GROUP BY ALL
"""


def copy_without(source: SourceFolder, target: Path, share: float, seed: int) -> tuple[int, int]:
    """Copy the bundled files of a source without a share of their lines, never the first; lines, and those left out."""
    rng = random.Random(seed)
    lines, lost = 0, 0
    for path in sorted({path for path, _ in find_files(source, ROOT / "data" / "input")}):
        reader = gzip.open if path.suffix == ".gz" else open
        with reader(path, "rb") as origin, reader(target / path.name, "wb") as copy:
            for number, line in enumerate(origin):
                is_lost = number > 0 and rng.random() < share
                lines, lost = lines + 1, lost + is_lost
                if not is_lost:
                    copy.write(line)
    return lines, lost


def load(source: SourceFolder, given: Path, place: Path) -> Path:
    """Return the cells that the files give."""
    kept = place / "cells.parquet"

    def step(name: str, source_id: str, rows: int, function, *arguments):  # type: ignore[no-untyped-def]
        result = function(*arguments)
        if name == "check":
            shutil.copy(result.cells, kept)
        return result

    check_source(source, Session(Settings(data=place / "data"), given, run_step=step))
    return kept


def measure(name: str, share: float, seed: int) -> None:
    """Print one line for a source."""
    source = list_sources()[name]
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        places = {one: Path(folder, one) for one in ("whole", "lost")}
        cells, lines, lost = {}, 0, 0
        for one, place in places.items():
            (place / "given").mkdir(parents=True)
            lines, lost = copy_without(source, place / "given", share if one == "lost" else 0, seed)
            cells[one] = load(source, place / "given", place)
        key = ", ".join(("ref_area", "time_period", "freq", "iccs", "stage", "counting_unit", *breakdown_columns()))
        found = duckdb.execute(COMPARED.format(key=key, **cells)).fetchall()

    def count(*, not_made: bool = False, too_low: bool = False, right: bool = False, said: bool | None = None) -> int:
        return sum(
            figures
            for is_not_made, is_too_low, is_right, status, named, figures in found
            if (is_not_made, is_too_low, is_right) == (not_made, too_low, right)
            and (said is None or (status or named) == said)
        )

    marked = sum(figures for _, _, is_right, _, named, figures in found if is_right and named)
    sys.stdout.write(
        f"{name}: {lost:,} of {lines - 1:,} rows lost; too low {count(too_low=True):,}, of which with status A and no "
        f"caveat {count(too_low=True, said=False):,}; not made {count(not_made=True):,}; right {count(right=True):,}, "
        f"of which marked all the same {marked:,} ({time.process_time() - start:.0f} s CPU)\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", action="append", choices=SOURCES)
    options = parser.parse_args()
    for one in options.source or SOURCES:
        measure(one, options.share, options.seed)
