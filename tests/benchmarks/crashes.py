"""Kill a run at random moments and look what is left; by hand: ``python tests/benchmarks/crashes.py --moments 200``.

Each time a source has another edition, a run is started and ended (SIGKILL, SIGTERM, SIGINT) at a random moment, then:
the published file opens and holds one whole release, the old one or the new one; the next run completes; and what is
published and kept is then what it would be without the kill: the same figures, one more load of the source, one more
release, nothing left over. Each run has a session of its own: two seconds after its end no process of that session is
alive, and the lock of the data folder is free. One of the sources is a workbook, read in a process of its own; that of
Great Expectations, which writes no file and takes seconds to load, takes part with ``--suite``.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from pipelines.cli.main import main as iccs_command
from pipelines.cli.main import prepare_process
from pipelines.publish.releases import attached
from pipelines.system.lock import writing
from pipelines.system.removal import MARK
from pipelines.system.settings import Settings
from pipelines.tabulate.structure_suite import without_suite

ROOT = Path(__file__).parents[2]
SOURCE = "eu_crim_off_cat"
WORKBOOK = ("co_dane_population", "poblacion_2018_2023.xlsx")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TABLES = ("observation", "rate", "trend", "population", "reconciliation", "source")
Content = dict[str, tuple[int, str]]  # table -> number of rows, and a fingerprint of them in any order


# Runs are forked from a process that has the modules loaded and nothing else: half of a small run is importing.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["pipelines.run", "pipelines.cli.run", "pipelines.publish.report"])


def _run(data: str, suite: bool, said: Path | None) -> None:
    os.setsid()
    if said is not None:
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.environ |= {"ICCS_THREADS": "2", "ICCS_KEEP_RELEASES": "3"}
    prepare_process()
    left_out = contextlib.nullcontext() if suite else without_suite()
    with left_out, open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        sys.exit(iccs_command(["run", "--data", data]))


def start_run(data: Path, suite: bool = False, said: Path | None = None) -> ForkServerProcess:
    """Start ``iccs run`` in a process and a session of its own; what it prints for people goes to the file ``said``."""
    run = _SERVER.Process(target=_run, args=(str(data), suite, said))
    run.start()
    return run


def whole_run(data: Path, suite: bool = False) -> float:
    """Run to the end; returns the seconds it took."""
    start = time.monotonic()
    run = start_run(data, suite)
    run.join()
    assert run.exitcode == 0
    return time.monotonic() - start


def processes_left(session: int | None, seconds: float = 2) -> list[str]:
    """The processes of a session that are still alive some seconds after its first one ended."""
    end = time.monotonic() + seconds
    while True:
        alive = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                name, _, rest = status.read_text().rpartition(")")
                state, _, _, of_session, *_ = rest.split()
                if int(of_session) == session and state != "Z":
                    alive.append(f"{name}) {state}")
        if not alive or time.monotonic() > end:
            return alive
        time.sleep(0.05)


def content(path: Path) -> Content:
    """Return what a published file holds, for comparison."""
    with attached(path) as connection:
        connection.execute("USE release_0.out")
        found = {}
        for table in TABLES:
            found[table] = connection.execute(
                f"SELECT count(*), coalesce(bit_xor(md5_number(cells::VARCHAR)), 0)::VARCHAR FROM {table} AS cells"
            ).fetchall()[0]
        ((said, rates, closes),) = connection.execute(
            "SELECT observations, rates, (SELECT bool_and(closes) FROM reconciliation) FROM release"
        ).fetchall()
        assert (said, rates) == (found["observation"][0], found["rate"][0]), "the file does not hold what it says"
        assert closes, "the reconciliation does not reconcile"
        return found


def kept_state(path: Path) -> tuple[int, int, int]:
    """Return how many loads of the source, revisions and releases a published file knows."""
    with attached(path) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM release_0.out.vintage WHERE source = $s), "
            "(SELECT count(*) FROM release_0.out.revision WHERE source = $s), "
            "(SELECT count(*) FROM release_0.out.release_history)",
            {"s": SOURCE},
        ).fetchall()[0]


def prepare(data: Path) -> tuple[bytes, bytes]:
    """Fill an input folder with small extracts of one source of counts and its population; returns two editions."""
    for name, file in ((SOURCE, "estat_crim_off_cat.tsv"), ("wb_population", "population.csv"), WORKBOOK):
        (data / "input" / name).mkdir(parents=True)
        shutil.copyfile(ROOT / "tests" / "golden" / name / file, data / "input" / name / file)
    (path,) = (data / "input" / SOURCE).iterdir()
    first = path.read_text(encoding="utf-8")
    # In the second edition every fourth series of numbers has one more in its last year.
    lines = first.splitlines(keepends=True)
    numbers = [position for position, line in enumerate(lines) if ",NR," in line]
    for position in numbers[::4]:
        lines[position] = re.sub(r"(\d+)( *\n)$", lambda end: f"{int(end[1]) + 1}{end[2]}", lines[position])
    return first.encode(), "".join(lines).encode()


def renew_workbook(data: Path, edition: int) -> None:
    """Give the workbook other bytes with the same cells, so that it is read again."""
    with zipfile.ZipFile(data / "input" / WORKBOOK[0] / WORKBOOK[1], "a") as parts:
        parts.comment = str(edition).encode()


def measure(data: Path, moments: int, seed: int, suite: bool = False) -> Counter[str]:
    """Kill ``moments`` runs, each at a random moment; returns how often the old or the new release was found.

    Raises:
        AssertionError: something was lost, doubled, mixed or left over.
    """
    editions = prepare(data)
    (given,) = (data / "input" / SOURCE).iterdir()
    published = data / "published" / "crime.duckdb"
    expected: list[Content] = []
    for edition in editions:
        given.write_bytes(edition)
        renew_workbook(data, len(expected))
        seconds = whole_run(data, suite)
        expected.append(content(published))
    assert expected[0]["observation"] != expected[1]["observation"]
    loads, changes, releases = kept_state(published)
    assert (loads, releases) == (2, 2)
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    number = 0
    while found["old release"] + found["new release"] < moments:
        now = number % 2
        given.write_bytes(editions[now])
        renew_workbook(data, now)
        run = start_run(data, suite)
        time.sleep(chance.uniform(0, seconds))
        ended = not run.is_alive()
        sent = chance.choice(SIGNALS)
        if run.pid is not None and not ended:
            os.kill(run.pid, sent)
        run.join()
        alive = processes_left(run.pid)
        assert not alive, f"kill {number}: processes are left over: {alive}"
        with writing(Settings(data=data)):
            pass  # the lock is free
        left = content(published)
        assert left in (expected[now], expected[1 - now]), f"kill {number}: neither the old release nor the new one"
        state = "new release" if left == expected[now] else "old release"
        found["not killed, the run had ended" if ended else state] += 1
        found[f"  of them by {sent.name}"] += not ended
        took = whole_run(data, suite)
        if state == "old release":  # that run had all the work to do: the machine's speed changes, aim at all of a run
            seconds = took
        assert content(published) == expected[now], f"kill {number}: not what an undisturbed run gives"
        state_now = kept_state(published)
        assert state_now == (loads + number + 1, changes * (number + 2), releases + number + 1), (number, state_now)
        check_nothing_left_over(data)
        number += 1
        if sys.stderr.isatty() or number % 10 == 0:
            sys.stderr.write(f"{number} runs: {dict(found)}\n")
    return found


def check_nothing_left_over(data: Path) -> None:
    """After a whole run: no half file, no folder that no pointer names, no more releases than are to be kept."""
    halves = [path for path in data.rglob("*") if ".part" in path.name]
    assert halves == []
    assert [path.name for path in (data / ".iccs-work").iterdir()] == [MARK]
    folders = [path for path in (data / "core" / SOURCE).iterdir() if path.is_dir() and path.name != "revisions"]
    assert len(folders) == 2, folders  # two vintages, however often they took turns
    assert len(list((data / "published" / "releases").glob("*.duckdb"))) <= 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--suite", action="store_true", help="with the process of Great Expectations")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder) / "data", options.moments, options.seed, options.suite)
    sys.stdout.write(
        f"{options.moments} kills in {time.monotonic() - start:.0f} s (seed {options.seed}): every file opened with "
        "one whole release, no process and no lock was left, every next run completed with the figures of an "
        "undisturbed one\n"
    )
    for state, number in sorted(found.items()):
        sys.stdout.write(f"  {state}: {number}\n")


if __name__ == "__main__":
    main()
