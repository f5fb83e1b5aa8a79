"""The long run of the fuzzer of reading, by hand: ``python tests/fuzz/fuzz.py 10000 --seed 1``.

Prints a table of outcomes by format and mutator, and each fault with the command that repeats it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))
from mutators import OF_FORMAT
from reading import FAULTS, Found, load_bases, try_one

OUTCOMES = ("same", "accepted", "refused", "not changed", *FAULTS)


def inputs(seed: int, first: int, number: int, formats: list[str]) -> list[tuple[int, str, str, str]]:
    """Return number, format, mutator and base of each input; formats and mutators take turns."""
    pairs = [(kind, mutator) for kind in formats for mutator in OF_FORMAT[kind]]
    bases = load_bases()
    found = []
    for n in range(first, first + number):
        kind, mutator = pairs[n % len(pairs)]
        of_kind = [base.name + "|" + base.source.source_id for base in bases if base.format == kind]
        found.append((n, kind, mutator, Random(f"{seed} {n} base").choice(of_kind)))
    return found


def run(seed: int, first: int, number: int, formats: list[str]) -> tuple[Counter[tuple[str, str, str]], list[str]]:
    """Try inputs; return how many there were of each format, mutator and outcome, and the faults."""
    bases = {base.name + "|" + base.source.source_id: base for base in load_bases()}
    counts: Counter[tuple[str, str, str]] = Counter()
    faults = []
    with tempfile.TemporaryDirectory(prefix="iccs-fuzz-") as folder:
        for n, kind, mutator, base in inputs(seed, first, number, formats):
            found: Found = try_one(bases[base], mutator, Random(f"{seed} {n}"), Path(folder))
            counts[kind, mutator, found.outcome] += 1
            if found.outcome in FAULTS:
                faults.append(f"#{n} {kind} {mutator} {base}: {found.outcome}\n{found.said}")
    return counts, faults


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="number of the first input: with 1, one input is repeated")
    parser.add_argument("--formats", nargs="*", default=list(OF_FORMAT))
    options = parser.parse_args()
    began = time.monotonic()
    counts, faults = run(options.seed, options.start, options.number, options.formats)
    sys.stdout.write("\n\n".join(faults) + "\n\n")
    used = [name for name in OUTCOMES if any(key[2] == name for key in counts)]
    sys.stdout.write(f"{'format':<8}{'mutator':<34}" + "".join(f"{name:>13}" for name in used) + "\n")
    for kind, mutator in sorted({key[:2] for key in counts}):
        row = "".join(f"{counts[kind, mutator, name]:>13,}" for name in used)
        sys.stdout.write(f"{kind:<8}{mutator:<34}{row}\n")
    total = "".join(f"{sum(n for key, n in counts.items() if key[2] == name):>13,}" for name in used)
    sys.stdout.write(
        f"{'all':<42}{total}\n{options.number} inputs, {time.monotonic() - began:.0f} s, {len(faults)} faults\n"
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
