"""Eight clients that ask in a loop during 20 publications: ``python tests/benchmarks/served_releases.py PACKAGE``.

Every cell of a published package has the number of the package as its count, so that an answer made of two would be
seen. Each answer must be one whole package, and no client may be given an older one than before.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from sdmx_server import serving

from pipelines.share.data_package import SUMS
from pipelines.share.leave import DATABASE
from pipelines.system.files import sha256_of_file


def publish(package: Path, shelf: Path, number: int) -> int:
    """Put a package into the folder as an office does, made aside and moved; return how many cells it has."""
    aside = shelf / f".{number}"
    shutil.copytree(package, aside)
    for path in aside.iterdir():
        path.chmod(0o755 if path.is_dir() else 0o600)
    release = f"2026-12-{number + 1:02}-{number:08x}"
    with duckdb.connect(str(aside / DATABASE)) as connection:
        connection.execute("UPDATE out.observation SET value = $n WHERE value IS NOT NULL", {"n": number})
        connection.execute(
            "UPDATE out.release SET release = $release, published_at = make_timestamp(2026, 12, $day, 0, 0, 0)",
            {"release": release, "day": number + 1},
        )
        (cells,) = connection.execute("SELECT count(*) FROM out.observation WHERE iccs IS NOT NULL").fetchall()[0]
    (aside / f"{DATABASE}.sha256").write_text(f"{sha256_of_file(aside / DATABASE)}  {DATABASE}\n")
    described = json.loads((aside / "datapackage.json").read_text(encoding="utf-8"))
    (aside / "datapackage.json").write_text(json.dumps({**described, "version": release}), encoding="utf-8")
    lines = (aside / SUMS).read_text().splitlines()
    digest = sha256_of_file(aside / "datapackage.json")
    lines = [f"{digest}  datapackage.json" if line.endswith("  datapackage.json") else line for line in lines]
    (aside / SUMS).write_text("\n".join(lines) + "\n")
    os.replace(aside, shelf / f"p{number:02}")
    return int(cells)


class Client(threading.Thread):
    """Asks for all cells until it is told to end."""

    def __init__(self, url: str, cells: int, ended: threading.Event) -> None:
        super().__init__()
        self.url, self.cells, self.ended = url, cells, ended
        self.seconds: list[float] = []
        self.faults: list[str] = []
        self.seen: list[int] = []

    def run(self) -> None:
        with httpx.Client(timeout=120) as client:
            while not self.ended.is_set():
                start = time.perf_counter()
                answer = client.get(f"{self.url}/v2/data/dataflow/NSO/DF_ICCS/1.0", headers={"Accept": "text/csv"})
                self.seconds.append(time.perf_counter() - start)
                rows = list(csv.DictReader(io.StringIO(answer.text))) if answer.status_code == 200 else []
                numbers = {int(row["OBS_VALUE"]) for row in rows if row["OBS_VALUE"]}
                if len(rows) != self.cells or len(numbers) != 1:
                    self.faults.append(f"{answer.status_code}: {len(rows)} cells of packages {sorted(numbers)}")
                elif self.seen and min(numbers) < self.seen[-1]:
                    self.faults.append(f"package {numbers} after {self.seen[-1]}")
                self.seen += numbers


def main() -> int:
    """Publish while clients ask; print what they saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("--publications", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf, ended = Path(folder), threading.Event()
        cells = publish(options.package, shelf, 0)
        with serving(shelf, "NSO") as url:
            clients = [Client(url, cells, ended) for _ in range(options.clients)]
            for client in clients:
                client.start()
            for number in range(1, options.publications + 1):
                time.sleep(options.pause)
                publish(options.package, shelf, number)
            time.sleep(2 * options.pause)
            ended.set()
            for client in clients:
                client.join()
    seconds = [1000 * one for client in clients for one in client.seconds]
    faults = [fault for client in clients for fault in client.faults]
    seen = {number for client in clients for number in client.seen}
    said = {"cells": cells, "answers": len(seconds), "faults": len(faults), "packages seen": len(seen),
            "all saw the last": all(client.seen[-1:] == [options.publications] for client in clients),
            "median ms": round(statistics.median(seconds)), "longest ms": round(max(seconds))}  # fmt: skip
    print(json.dumps(said), *faults[:5], sep="\n")  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
