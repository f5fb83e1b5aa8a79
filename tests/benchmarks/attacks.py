"""What attacks recover of made tables: small counts hidden alone, and hidden by ``iccs share``.

``python tests/benchmarks/attacks.py [--sizes]``, with the root of the repository and ``tests/support`` on
``PYTHONPATH``. The tables are drawn with a fixed seed, most cells small: offences by municipality and category (as in
Mexico), victims by municipality, sex, age and weapon (Colombia), homicides by agency and sex (United States), months
and their year, and two packages of which the second is revised. The attack is that of ``made_counts``: linear
programs over the unpublished detail, each hidden cell's least and greatest count. ``--sizes`` times larger tables,
with the audit in place of the attack.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import product

from made_counts import Seen, intervals, totals

from pipelines.share.protection.margins import Key, Levels, dimensions
from pipelines.share.protection.protect import Edition, KnownCells, Protected, protect

SEED = 20261128
NAME = ("recorded", "victim")
THRESHOLD = 3
TREE = {"01": None, "0101": "01", "0102": "01", "02": None, "0201": "02", "0205": "02", "0501": "05", "05": None}
LEAVES = ("0101", "0102", "0201", "0205", "0501")
AGES = {"Y0T17": (0, 17), "Y18T29": (18, 29), "Y_GE30": (30, 200)}


def areas(number: int, states: int = 1) -> tuple[dict[str, str | None], list[str]]:
    """A country, its states if more than one, and areas of the lowest level, shared out evenly."""
    if states == 1:
        lowest = [f"XX-{place:04}" for place in range(number)]
        return {"XX": None, **dict.fromkeys(lowest, "XX")}, lowest
    above = {f"XX-{state:02}": "XX" for state in range(states)}
    below = {f"XX-{place % states:02}-{place:04}": f"XX-{place % states:02}" for place in range(number)}
    return {"XX": None, **above, **below}, list(below)


def draw(
    places: Iterable[str],
    mean: float,
    periods: Sequence[str] = ("2024",),
    codes: Sequence[str] = ("0101",),
    sexes: Sequence[str] = ("_T",),
    ages: Sequence[str] = ("_T",),
    weapons: Sequence[str] = ("_T",),
) -> dict[Key, int]:
    """Counts of the finest cells: gamma-Poisson, so that few areas have most."""
    generator = random.Random(SEED)
    weight = {place: generator.gammavariate(0.7, 1) for place in places}
    found = {}
    for place, period, code, sex, age, weapon in product(weight, periods, codes, sexes, ages, weapons):
        count = int(generator.expovariate(1 / (weight[place] * mean + 0.01)))
        key = dict.fromkeys(dimensions(), "_T")
        key |= {"ref_area": place, "time_period": period, "iccs": code, "sex": sex, "age": age, "weapon": weapon}
        if count:
            found[tuple(key.values())] = count
    return found


def revise(detail: dict[Key, int]) -> dict[Key, int]:
    """One count in seven one or two higher."""
    generator = random.Random(SEED + 1)
    return {
        key: count + (generator.randint(1, 2) if generator.random() < 1 / 7 else 0) for key, count in detail.items()
    }


def hide(cells: dict[Key, int], levels: Levels, *editions: Edition) -> frozenset[Key]:
    """The cells that the program hides; it must not refuse, and its audit must pass."""
    (series,) = protect([Protected("s", {NAME: cells}, THRESHOLD)], editions, KnownCells(), levels)["s"]
    if series.determined or series.determined_for_one_person:
        raise AssertionError(f"the audit can compute {series.determined} cells")
    return series.hidden


def report(table: str, method: str, seen: Sequence[Seen], levels: Levels, seconds: float) -> None:
    """Print a row: what the attack recovers, and how narrow the narrowest interval of a small count is."""
    started = time.perf_counter()
    found = intervals(seen, levels)
    exact = sum(low >= high for low, high in found.values())
    small = [high - low + 1 for (number, key), (low, high) in found.items() if seen[number].cells[key] < THRESHOLD]
    cells, hidden = sum(len(one.cells) for one in seen), sum(len(one.hidden) for one in seen)
    counts = sum(one.cells[key] for one in seen for key in one.hidden) / sum(sum(one.cells.values()) for one in seen)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(  # noqa: T201
        f"| {table} | {method} | {cells:,} | {hidden:,} ({hidden / cells:.0%}) | {counts:.0%} | {exact} | {min(small)} "
        f"| {seconds:.1f} | {time.perf_counter() - started:.1f} | {memory:.0f} |",
        flush=True,
    )


def attack(table: str, detail: dict[Key, int], levels: Levels) -> None:
    """Attack one table, its small counts hidden alone and hidden by the program."""
    cells = totals(detail, levels)
    small = frozenset(key for key, count in cells.items() if 0 < count < THRESHOLD)
    report(table, "small counts alone", [Seen(detail, cells, small)], levels, 0)
    started = time.process_time()
    hidden = hide(cells, levels)
    report(table, "iccs share", [Seen(detail, cells, hidden)], levels, time.process_time() - started)


def attack_twice(table: str, detail: dict[Key, int], levels: Levels) -> None:
    """Attack two packages, each protected alone, and the second protected with what left."""
    later = revise(detail)
    cells = [totals(detail, levels), totals(later, levels)]
    started = time.process_time()
    first, alone = hide(cells[0], levels), hide(cells[1], levels)
    seen = [Seen(detail, cells[0], first), Seen(later, cells[1], alone)]
    report(table, "each package alone", seen, levels, time.process_time() - started)
    left = Edition("s", "p1", {NAME: cells[0]}, {NAME: frozenset(cells[0]) - first})
    started = time.process_time()
    seen[1] = Seen(later, cells[1], hide(cells[1], levels, left))
    report(table, "iccs share", seen, levels, time.process_time() - started)


def time_sizes() -> None:
    """Print how long suppression and audit take by the number of linked cells."""
    for number in (50, 110, 220, 440):
        tree, places = areas(number, 5)
        detail = draw(places, 6, codes=LEAVES[:2], sexes=("M", "F"))
        levels = Levels(tree, TREE)
        cells = totals(detail, levels)
        started = time.process_time()
        hidden = hide(cells, levels)
        print(f"| {len(cells):,} | {len(hidden):,} | {time.process_time() - started:.1f} |", flush=True)  # noqa: T201


def main() -> None:
    """Print the table."""
    if "--sizes" in sys.argv:
        time_sizes()
        return
    tree, places = areas(40)
    attack("offences by municipality and category", draw(places, 4, codes=LEAVES), Levels(tree, TREE))
    levels = Levels(areas(8)[0], TREE, AGES)
    people = draw(areas(8)[1], 12, sexes=("M", "F"), ages=tuple(AGES), weapons=("FIREARM", "OTHER"))
    attack("victims by municipality, sex, age, weapon", people, levels)
    tree, places = areas(90, 5)
    attack("homicides by agency and sex", draw(places, 4, sexes=("M", "F")), Levels(tree, TREE))
    tree, places = areas(6)
    months = tuple(f"2024-{month:02}" for month in range(1, 13))
    attack("months and their year", draw(places, 5, periods=months, sexes=("M", "F")), Levels(tree, TREE))
    tree, places = areas(20)
    attack_twice("two packages, the second revised", draw(places, 6, sexes=("M", "F")), Levels(tree, TREE))


if __name__ == "__main__":
    main()
