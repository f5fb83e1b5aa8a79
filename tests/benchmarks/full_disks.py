"""Fill the disk of a run at one size after the other; by hand, as root: ``python tests/benchmarks/full_disks.py``.

A data folder with one release lies in a file system in memory that has room for a part of what the run of another
edition writes: none, a fiftieth, and so on to a tenth more than it was seen to use. The run ends with exit code 3 and
says that the disk is full, and the published file holds the old release; or it had room enough, and holds the new one.
Once there is room, the next run completes, and what is published and kept is what it would be otherwise. No process and
no lock is left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from crashes import SOURCE, check_nothing_left_over, content, prepare, processes_left, start_run, whole_run

from pipelines.system.lock import writing
from pipelines.system.settings import Settings

_PAGE = 4096
_ROOM = "2g"
_SAID = "the disk is full, or a file exceeded its size limit"


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@contextlib.contextmanager
def _mounted(place: Path, size: str) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _used(place: Path) -> int:
    found = os.statvfs(place)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _most_used(place: Path, data: Path) -> int:
    """Run to the end, and return how much of the file system was in use at most."""
    most, done = _used(place), threading.Event()

    def look() -> None:
        nonlocal most
        while not done.wait(0.005):
            most = max(most, _used(place))

    looking = threading.Thread(target=look)
    looking.start()
    whole_run(data)
    done.set()
    looking.join()
    return most


def _run_and_hear(data: Path, said: Path) -> tuple[int | None, str]:
    """Run, and return the exit code and what was printed for people."""
    run = start_run(data, said=said)
    run.join()
    alive = processes_left(run.pid)
    assert not alive, f"processes are left over: {alive}"
    return run.exitcode, said.read_text(encoding="utf-8")


def measure(folder: Path, sizes: int) -> Counter[str]:
    """Try so many sizes; returns how often each end was found.

    Raises:
        AssertionError: something was lost, doubled, mixed, left over or not said.
    """
    base, place = folder / "base", folder / "disk"
    editions = prepare(base)
    (given,) = (base / "input" / SOURCE).iterdir()
    given.write_bytes(editions[0])
    whole_run(base)
    old = content(base / "published" / "crime.duckdb")
    given.write_bytes(editions[1])
    data = place / "data"
    with _mounted(place, _ROOM):
        shutil.copytree(base, data)
        least = _used(place)
        most = _most_used(place, data)
        new = content(data / "published" / "crime.duckdb")
    assert new["observation"] != old["observation"]
    found: Counter[str] = Counter()
    for number in range(sizes):
        room = (most - least) * 11 * number // (10 * max(sizes - 1, 1)) // _PAGE * _PAGE
        with _mounted(place, str(least + room)):
            shutil.copytree(base, data)
            code, said = _run_and_hear(data, folder / "said.txt")
            left = content(data / "published" / "crime.duckdb")
            end = f"exit {code}, {'new' if left == new else 'old' if left == old else 'another'} release"
            end += ", told" if _SAID in said else ""
            assert end in ("exit 3, old release, told", "exit 0, new release"), f"{room} bytes: {end}\n{said}"
            assert "Traceback" not in said, said
            found[end] += 1
            _mount("-o", f"remount,size={_ROOM}", str(place))
            with writing(Settings(data=data)):
                pass  # the lock is free
            whole_run(data)
            assert content(data / "published" / "crime.duckdb") == new, f"{room} bytes: not what a run with room gives"
            check_nothing_left_over(data)
        sys.stderr.write(f"{room:,} of {most - least:,} bytes: {end}\n")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, default=51)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for end, number in measure(Path(folder), options.sizes).items():
            sys.stdout.write(f"{end}: {number}\n")


if __name__ == "__main__":
    main()
