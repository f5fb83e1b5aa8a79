"""A filter on country and category in many cells, at the server: ``python tests/benchmarks/served_cells.py PACKAGE``.

PACKAGE is any folder that ``iccs share package`` wrote. Its observations are replaced by made ones in the order in
which a release has them (250 categories x 800 areas x 500 cells are 100 million), and one category of one country is
asked for, another one each time: by the function that answers requests, and over HTTP on this machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from sdmx_server import serving

from pipelines.share.leave import DATABASE
from pipelines.share.serve.service import Service
from pipelines.share.serve.shelf import Shelf
from pipelines.system.files import sha256_of_file
from schemas.declarations import load_tables

LISTS = {
    "categories": [f"{1 + n // 25:02}{1 + n % 25:02}" for n in range(250)],
    "areas": [f"C{n:03}" for n in range(800)],
    "months": [f"{2016 + n // 12}-{1 + n % 12:02}" for n in range(25)],
}
MADE = {
    "iccs": "getvariable('categories')[1 + i // 400000]",
    "ref_area": "getvariable('areas')[1 + i // 500 % 800]",
    "time_period": "getvariable('months')[1 + i % 500 // 20]",
    "sex": "['_T', 'F', 'M', '_U'][1 + i % 4]",
    "age": "['_T', 'Y0T17', 'Y18T29', 'Y_GE30', '_U'][1 + i // 4 % 5]",
    "value": "CAST(hash(i) % 1000 AS DOUBLE)",
    "freq": "'M'", "area_level": "'country'", "stage": "'recorded'", "counting_unit": "'victim'", "obs_status": "'A'",
    "conf_status": "'F'", "completeness": "1.0", "source": "'made'", "vintage": "'made'",
}  # fmt: skip
EMPTY = {"missing_reason", "caveats", "iccs_made_from", "at_least", "at_most"}


def make(package: Path, target: Path, categories: int) -> int:
    """Write a package with made observations; return how many."""
    shutil.copytree(package, target)
    database = target / DATABASE
    database.chmod(0o600)
    columns = load_tables()["observation"].columns
    made = ", ".join(
        f"CAST({'NULL' if one.name in EMPTY else MADE.get(one.name, repr('_T'))} AS {one.type}) AS {one.name}"
        for one in columns
    )
    with duckdb.connect(str(database), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        connection.execute("DELETE FROM out.observation")
        for name, codes in LISTS.items():
            connection.execute(f"SET VARIABLE {name} = {codes}")
        connection.execute(
            f"INSERT INTO out.observation SELECT {made} FROM range($n) AS made (i)", {"n": categories * 400_000}
        )
    (target / f"{DATABASE}.sha256").write_text(f"{sha256_of_file(database)}  {DATABASE}\n")
    return categories * 400_000


def asked(number: int, categories: int) -> str:
    """The path of a request for one category of one country: another one for each number."""
    category, area = number * 7 % categories, number * 137 % 800
    return f"/v2/data/dataflow/NSO/DF_ICCS/1.0/*.C{area:03}.ICCS{1 + category // 25:02}{1 + category % 25:02}"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def tell(form: str, seconds: list[float], processor: list[float]) -> None:
    """Print milliseconds; the first request makes the structures of the package, once."""
    first, *others = (1000 * one for one in seconds)
    ordered = sorted(others)
    said = {"form": form, "first_ms": round(first), "median_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[int(0.95 * len(ordered))], 1)}  # fmt: skip
    if processor:
        said["median_processor_ms"] = round(1000 * statistics.median(processor[1:]), 1)
    say(json.dumps(said))


def main() -> int:
    """Make the package, ask, and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("--categories", type=int, default=250, help="of 400,000 cells each")
    parser.add_argument("--times", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf = Path(folder)
        start = time.perf_counter()
        cells = make(options.package, shelf / "made", options.categories)
        size = (shelf / "made" / DATABASE).stat().st_size / 1e6
        say(f"{cells:,} cells, {size:,.0f} MB, made in {time.perf_counter() - start:.0f} s")
        service = Service(Shelf(shelf, "NSO"))
        seconds: dict[str, list[float]] = {"csv": [], "json": [], "xml": [], "csv over HTTP": []}
        processor: dict[str, list[float]] = {"csv": [], "json": [], "xml": []}
        for form in ("csv", "json", "xml"):
            for number in range(options.times):
                start, before = time.perf_counter(), time.process_time()
                answer = service.answer(asked(number, options.categories), f"format={form}", {})
                body = b"".join(answer.body)
                seconds[form].append(time.perf_counter() - start)
                processor[form].append(time.process_time() - before)
                assert answer.status == 200, body[:200]
            tell(form, seconds[form], processor[form])
        with serving(shelf, "NSO") as url, httpx.Client(timeout=600) as client:
            for number in range(options.times):
                start = time.perf_counter()
                found = client.get(f"{url}{asked(number, options.categories)}?format=csv")
                seconds["csv over HTTP"].append(time.perf_counter() - start)
                assert found.text.count("\n") == 501, found.status_code
        tell("csv over HTTP", seconds["csv over HTTP"], [])
    return 0


if __name__ == "__main__":
    sys.exit(main())
