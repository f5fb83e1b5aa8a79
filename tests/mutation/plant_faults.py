"""Mutation check of the rules: plant faults at random places in good files and count which rule sees them.

Run by hand (an hour on two cores): ``python tests/mutation/plant_faults.py [--times 20] [--seed 1]``, then with
``--write``. A good file of ten years is made in the columns of two real sources: Argentina (annual, victims by sex,
offences) and Mexico (months as columns, sex and age); and the bundled files themselves are taken, cut to a few
categories. Each fault changes one thing in a copy (``faults.py``; a draw that changes nothing is drawn again). Five
small sources of our own (``files.py``) have faults of whole files (``file_faults.py``): sheets, feet, packing, dates,
editions; and changes that are no fault, of which no rule may speak. A fault is caught when the source is refused or a
rule that was quiet on the good file is not, or finds more than it did there. What no rule sees is printed too.
``--write`` puts the tables into docs/quality_of_rules.md.

The rules in SQL and the steps judge here. Not here: the rules of the suite, which judge codes that the steps have
refused before and have a fault each of their own (tests/tabulate/test_structure_rules.py), and the rules on several
sources together (tests/publish/test_across_sources.py).

Each plant has a seed of its own, made from ``--seed``, its round and its name: it is the same whatever ran before it
and in however many processes. A process keeps its folder, and with it the engine and the declarations.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from faults import faults
from file_faults import FILE_FAULTS, HARMLESS, PLAUSIBLE
from files import FILE_KINDS, Given
from good_files import KINDS, ROOT, Kind, Table

from iccs.concordance import ConcordanceError
from pipelines.session import Session
from pipelines.source_steps import check_source
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings
from schemas.source import SourceFolder, list_sources

BEGIN, END = "<!-- tables: made by tests/mutation/plant_faults.py -->\n", "<!-- end of tables -->"
MOST_DRAWS = 100


class Planter:
    """Plants faults in one kind of file and has them judged, in a folder that stays for the process."""

    def __init__(self, kind: Kind, seed: int, folder: Path) -> None:
        self.kind, self.seed, self.folder = kind, seed, folder
        self.good = kind.make(random.Random(seed))
        self.faults = faults(kind)
        self.source = without_published_totals(list_sources()[kind.source])
        self.quiet: dict[str, int] = {}
        self.quiet = self.judge(self.good)

    def judge(self, rows: Table) -> dict[str, int]:
        """Which rules speak, and of how many: a refusal, or warnings."""
        data, given = self.folder / "data", self.folder / "given"
        spilling = data / ".iccs-work"  # of the engine, which stays open
        for path in [given, *(one for one in data.glob("*") if one != spilling)]:
            shutil.rmtree(path, ignore_errors=True)
        given.mkdir(parents=True)
        with (given / self.kind.file).open("w", encoding=self.kind.encoding, newline="") as handle:
            writer = csv.DictWriter(handle, self.kind.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return speaking(self.source, Session(Settings(data=data, threads=1), given))

    def plant(self, label: str, number: int) -> list[str]:
        """Plant one fault; return the rules that saw it."""
        rng = random.Random(f"{self.seed} {number} {label}")
        for _ in range(MOST_DRAWS):
            rows = [dict(row) for row in self.good]
            self.faults[label](rows, rng)
            if rows != self.good:
                break
        else:
            raise RuntimeError(f"{label}: {MOST_DRAWS} draws changed nothing")
        return [rule for rule, count in self.judge(rows).items() if count > self.quiet.get(rule, 0)]


class FilePlanter:
    """The same for a small source of our own, in which whole files are changed."""

    def __init__(self, name: str, seed: int, folder: Path) -> None:
        kind = name.removeprefix(PLAUSIBLE)
        self.name, self.kind, self.seed, self.folder = kind, FILE_KINDS[kind], seed, folder
        self.declared = folder / "sources" / f"mx_made_{kind}"
        self.kind.declare(self.declared)
        self.source = list_sources(folder / "sources")[f"mx_made_{kind}"]
        self.faults = FILE_FAULTS[name]()
        given = self._make()
        self.good = [row for sheets in given.files.values() for rows in sheets.values() for row in rows]
        self.known: dict[str, dict[str, int]] = {}
        self.quiet: dict[str, int] = {}
        self.quiet = self.judge(given)

    def _make(self) -> Given:
        return self.kind.make(random.Random(self.seed))

    def judge(self, changed: Given) -> dict[str, int]:
        """Which rules speak, and of how many: a refusal, or warnings."""
        data, given = self.folder / "data", self.folder / "given"
        spilling = data / ".iccs-work"
        for path in [given, *(one for one in data.glob("*") if one != spilling)]:
            shutil.rmtree(path, ignore_errors=True)
        given.mkdir(parents=True)
        changed.write(given)
        self.kind.link(self.declared, changed.links)
        files = [(path.name, hashlib.sha256(path.read_bytes()).digest()) for path in sorted(given.iterdir())]
        content = repr((changed.links, files))
        if content not in self.known:  # some faults draw nothing at random
            self.known[content] = speaking(self.source, Session(Settings(data=data, threads=1), given))
        return self.known[content]

    def plant(self, label: str, number: int) -> list[str]:
        """Plant one fault; return the rules that saw it."""
        rng = random.Random(f"{self.seed} {number} {label}")
        changed = self._make()
        self.faults[label](changed, rng)
        return [rule for rule, count in self.judge(changed).items() if count > self.quiet.get(rule, 0)]


def without_published_totals(folder: SourceFolder) -> SourceFolder:
    """The source without the totals that its publisher prints elsewhere: they are of the whole file."""
    kept = [control for control in folder.source.controls if control.expected is None]
    folder.source = folder.source.model_copy(update={"controls": type(folder.source.controls)(kept)})
    return folder


def speaking(source: SourceFolder, session: Session) -> dict[str, int]:
    """Which rules speak of the files given, and of how many: a refusal, or warnings."""
    try:
        checked = check_source(source, session)
    except DataRefused as error:
        return {f"refused: {problem.rule}": 1 for problem in error.problems}
    except (ConcordanceError, ValueError) as error:
        return {f"refused: {type(error).__name__}": 1}
    return {one.rule: one.failing for one in checked.outcomes if one.outcome in ("warned", "failed", "errored")}


def planter(name: str, seed: int, folder: Path) -> Planter | FilePlanter:
    return Planter(KINDS[name], seed, folder) if name in KINDS else FilePlanter(name, seed, folder)


_planter: Planter | FilePlanter


def _begin(name: str, seed: int, folder: str) -> None:
    global _planter  # one for the life of a process of the pool
    _planter = planter(name, seed, Path(tempfile.mkdtemp(dir=folder)))


def _plant(task: tuple[str, int]) -> tuple[str, list[str]]:
    return task[0], _planter.plant(*task)


def run(times: int, seed: int, names: list[str], folder: Path, processes: int) -> None:
    """Plant every fault once in each kind of file, then again; keep what was found in the folder after each round."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            first = planter(name, seed, Path(place) / "first")
            sys.stdout.write(f"untouched {name} file: {first.quiet or 'no warning'}\n")
            seen: dict[str, Counter[str]] = {label: Counter() for label in first.faults}
            caught: Counter[str] = Counter()
            context = multiprocessing.get_context("spawn")  # an engine does not live through a fork
            with context.Pool(processes, _begin, (name, seed, place)) as pool:
                for number in range(1, times + 1):
                    start = time.perf_counter()
                    for label, rules in pool.imap_unordered(_plant, [(label, number) for label in seen]):
                        seen[label].update(rules)
                        caught[label] += bool(rules)
                    found = [
                        {"fault": label, "times": number, "caught": caught[label], "rules": dict(rules.most_common())}
                        for label, rules in seen.items()
                    ]
                    result = {
                        "kind": name,
                        "seed": seed,
                        "rows": len(first.good),
                        "quiet": first.quiet,
                        "faults": found,
                    }
                    kept = folder / f"{name.replace(' ', '_')}-{seed}.json"
                    kept.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
                    share = caught.total() / (number * len(seen))
                    each = (time.perf_counter() - start) / len(seen)
                    sys.stdout.write(
                        f"{name}: round {number}, {caught.total():,} of {number * len(seen):,} caught ({share:.1%}), "
                        f"{each:.2f} s each\n"
                    )
                    sys.stdout.flush()


def write_page(folder: Path) -> None:
    """Make the tables of docs/quality_of_rules.md from what runs have kept; the text around them stays."""
    results = _together([json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))])
    parts, by_rule = [], Counter[str]()
    whole = "| file | rows | faults | rounds | planted | caught | share |\n|---|---|---|---|---|---|---|\n"
    for result in results:
        faults = [fault for fault in result["faults"] if not fault["fault"].startswith(HARMLESS)]
        planted, caught = (sum(fault[name] for fault in faults) for name in ("times", "caught"))
        rows, kinds, rounds = result["rows"], len(faults), faults[0]["times"]
        whole += f"| {result['kind']} | {rows:,} | {kinds} | {rounds} | {planted:,} | {caught:,} "
        whole += f"| {caught / planted:.1%} |\n"
        for fault in faults:
            by_rule.update(fault["rules"])
        parts.append(_table_of_kind(result["kind"], faults))
    rules = "### Catches by rule\n\n| rule | times |\n|---|---|\n"
    rules += "".join(f"| {rule} | {count:,} |\n" for rule, count in by_rule.most_common())
    page = ROOT / "docs" / "quality_of_rules.md"
    before, _, after = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = after.partition(END)
    text = "\n".join([BEGIN, whole, *parts, _table_of_harmless(results), rules + END])
    page.write_text(before + text + after, encoding="utf-8")


def _together(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The runs of one kind of file with several seeds as one: their rounds and catches added."""
    kinds: dict[str, dict[str, Any]] = {}
    for result in results:
        if (whole := kinds.setdefault(result["kind"], result)) is result:
            continue
        for fault, more in zip(whole["faults"], result["faults"], strict=True):
            fault["times"] += more["times"]
            fault["caught"] += more["caught"]
            fault["rules"] = dict(Counter(fault["rules"]) + Counter(more["rules"]))
    return list(kinds.values())


def _table_of_kind(kind: str, faults: list[dict[str, Any]]) -> str:
    """The faults that escaped at least once, and the names of those that never did."""
    always = [fault["fault"] for fault in faults if fault["caught"] == fault["times"]]
    table = f"### {kind}\n"
    if len(always) < len(faults):
        table += "\n| fault | caught | by |\n|---|---|---|\n"
    for fault in sorted(faults, key=lambda one: (one["caught"] / one["times"], one["fault"])):
        rules = ", ".join(list(fault["rules"])[:3]) or "no rule"
        if fault["fault"] not in always:
            table += f"| {fault['fault']} | {fault['caught']} of {fault['times']} | {rules} |\n"
    return table + f"\nCaught each time ({len(always)}): {'; '.join(sorted(always))}.\n"


def _table_of_harmless(results: list[dict[str, Any]]) -> str:
    """Changes that change no figure, and how often a rule reported one."""
    table = "### Changes that are no fault\n\n| file | changes | rounds | reported by a rule |\n|---|---|---|---|\n"
    for result in results:
        harmless = [fault for fault in result["faults"] if fault["fault"].startswith(HARMLESS)]
        if harmless:
            names = "; ".join(fault["fault"].removeprefix(HARMLESS) for fault in harmless)
            spoke = ", ".join(
                f"{fault['fault'].removeprefix(HARMLESS)} ({fault['caught']}: {', '.join(fault['rules'])})"
                for fault in harmless
                if fault["caught"]
            )
            table += f"| {result['kind']} | {names} | {harmless[0]['times']} | {spoke or 'none'} |\n"
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each fault is planted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", choices=(*KINDS, *FILE_FAULTS), action="append", help="one kind of file (may be repeated)"
    )
    parser.add_argument("--keep", type=Path, default=ROOT / "data" / "mutation", help="folder of the results")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many at a time")
    parser.add_argument("--write", action="store_true", help="write the page from kept results, plant nothing")
    options = parser.parse_args()
    if options.write:
        write_page(options.keep)
    else:
        run(options.times, options.seed, options.only or [*KINDS, *FILE_FAULTS], options.keep, options.processes)
