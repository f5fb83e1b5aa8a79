"""Damage every stored file in turn and look what comes of it; by hand: ``python tests/benchmarks/damage.py --every 1``.

Each file of a small data folder is cut to half, emptied, has one bit turned, is deleted, is read-only, or belongs to
another account.
Then: the next run publishes the right figures or refuses with the last release as it was; ``iccs repair`` says what it
would do and changes nothing; ``iccs repair --apply`` makes all right or names the way back; and the file put back from
a copy makes all right. Every figure is compared with those of the same commands in a folder without damage.

For another account and for read-only files, start it as root without its power over files:
``setpriv --bounding-set=-dac_override,-dac_read_search python tests/benchmarks/damage.py --kinds "of another account"``
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from damaged_files import KINDS, Trials, damage, stored_files

_NOBODY = 65534
_NAMES = re.compile(r"[0-9a-f]{64}|[0-9a-f]{32}|\d{4}-\d\d-\d\d-[0-9a-f]{8}|refused-[0-9a-f]{8}|\.[0-9a-f]{8}(?=\.)")


def kind_of_file(path: str, past: str) -> str:
    """Return the path without the names of sources, files, days and vintages; ``past`` is an earlier vintage."""
    return _NAMES.sub("*", re.sub(r"xx_\w+", "SOURCE", path.replace(past, "PAST")))


def give_away(path: Path) -> None:
    """Make a file another account's, which alone may read it."""
    path.chmod(0o600)
    os.chown(path, _NOBODY, _NOBODY)


def make_read_only(path: Path) -> None:
    """Take the right to write from a file."""
    path.chmod(0o440)


_PERMISSIONS = {"of another account": give_away, "read-only": make_read_only}


def main() -> None:
    """Try and print: a line for each kind of file, and every fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try one file of so many")
    parser.add_argument("--one-of-a-kind", action="store_true", help="try one file of each kind with each damage")
    parser.add_argument("--part", type=int, default=0, help="which of every so many, from 0")
    parser.add_argument("--only", default="", help="only files with this in their path")
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    parser.add_argument("--seed", type=int, default=20261128)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    found: Counter[tuple[str, ...]] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        trials = Trials(Path(folder))
        wanted = [
            (path, kind)
            for path in stored_files(trials.whole.data)
            for kind in options.kinds
            if options.only in path and path != ".writer.json"
        ]
        chance.shuffle(wanted)
        if options.one_of_a_kind:
            wanted = list({(kind_of_file(path, trials.past), kind): (path, kind) for path, kind in wanted}.values())
        for path, kind in wanted[options.part :: options.every]:
            harm = _PERMISSIONS.get(kind) or partial(damage, kind=kind, chance=chance)
            one = trials.attempt(path, kind, harm)
            found[kind_of_file(path, trials.past), kind, one.run, one.repair, one.back] += 1
            faults += bool(one.wrong)
            sys.stdout.write(f"{path} | {kind} | {one.run} | {one.repair} | {one.back} | {'; '.join(one.wrong)}\n")
            sys.stdout.flush()
    sys.stdout.write("\n| file | damage | next run | repair | put back | tried |\n|---|---|---|---|---|---|\n")
    for row, number in sorted(found.items()):
        sys.stdout.write(f"| {' | '.join(row)} | {number} |\n")
    sys.stdout.write(f"{sum(found.values())} tried, {faults} with a wrong figure, a traceback or an untrue word\n")


if __name__ == "__main__":
    main()
