# ruff: noqa: E501 (a query reads best in one piece)
"""What validation costs: ``python tests/benchmarks/validation_cost.py --rows 1000000 [--dirty 0.02]``, by hand.

A file of one row a victim is made (state, month, offence, sex, age), and loaded in processes of their own: once by the
steps without any rule (cells are written all the same), once as the run takes them (cells judged, reconciliation,
controls, rules on figures), once with a share of bad rows (words, areas, months) that go to quarantine. Printed are seconds, CPU seconds and the peak of
memory of each; the suite of the structure, which judges beside the run in its own process, is counted with ``--suite``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

import pipelines.harmonise.conform
import pipelines.harmonise.statement_maker
import pipelines.tabulate.rules
from pipelines.collect.acquire import acquire
from pipelines.collect.read import read
from pipelines.harmonise.conform import conform
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.statements import Statements
from pipelines.system.connection import connect
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.losses import Earlier
from pipelines.tabulate.rules import check
from pipelines.tabulate.structure_suite import SuiteProcess
from schemas.codelists import load_areas
from schemas.source import list_sources

NAME = "mx_made_events"
CATEGORIES = 12
SEXES = ("Hombre", "Mujer", "No identificado")
DECLARATION = """\
title: Made-up victims, one row each
publisher: nobody
url: https://example.org
licence: {name: invented figures}
citation: invented figures
layouts:
  - files: ["events.csv"]
    read: {columns: [state, month, offence, sex, age]}
area_scheme: inegi
columns: {ref_area: state, time_period: month, national_code: offence, sex: sex, age: age}
constants: {value: "1"}
measures:
  victims: {counting_unit: victim}
rows: events
rejected_share_limit: 0.1
breakdowns:
  - {freq: A, by: [sex, age]}
  - {freq: M, by: [sex]}
"""


def declare(folder: Path) -> None:
    """Write the source: twelve offences with a link each, ages by year in bands of five, three words for sex."""
    from iccs.classification import load_classification
    from iccs.concordance import concordance_columns

    target = folder / NAME
    target.mkdir(parents=True)
    target.joinpath("source.yml").write_text(DECLARATION, encoding="utf-8")
    words = [*zip(("sex",) * 3, SEXES, ("M", "F", "_U"), strict=True), ("age", "999", "_U")]
    words += [("age", str(n), f"Y{n - n % 5}T{n - n % 5 + 4}" if n < 80 else "Y_GE80") for n in range(100)]
    lines = ["dimension,word,code,note", *(",".join((*word, "")) for word in words)]
    target.joinpath("values.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = concordance_columns()
    given = {"relation": "exact", "basis": "label", "status": "reviewed", "decided_by": "a measure",
             "decided_on": "2026-11-22", "note": "Invented.",
             **dict.fromkeys(("threats", "aiding", "accomplice", "conspiracy", "incitement"), "unknown")}  # fmt: skip
    codes = [category.code for category in load_classification() if category.level == 3][:CATEGORIES]
    rows = [
        {**given, "national_code": f"C{n}", "national_label": f"C{n}", "iccs_code": code}
        for n, code in enumerate(codes)
    ]
    table = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    target.joinpath("concordance.csv").write_text("\n".join(table) + "\n", encoding="utf-8")


def make_file(path: Path, rows: int, bad: float) -> None:
    """Write the file; the same rows each time, a share of them spoilt in one of three columns."""
    states = [
        code for area in load_areas() if area.code.startswith("MX-") for name, code in area.schemes if name == "inegi"
    ]
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT CASE WHEN spoilt AND i % 3 = 0 THEN 'Atlantis' ELSE $states[CAST(1 + hash(i * 8 + 1) % {len(states)} AS BIGINT)] END AS state,
                    CASE WHEN spoilt AND i % 3 = 1 THEN '2020-13'
                        ELSE strftime(DATE '2015-01-01' + to_months(CAST(hash(i * 8 + 2) % 120 AS INTEGER)), '%Y-%m') END AS month,
                    'C' || hash(i * 8 + 3) % {CATEGORIES} AS offence,
                    CASE WHEN spoilt AND i % 3 = 2 THEN 'hombres' ELSE $sexes[CAST(1 + hash(i * 8 + 4) % 10 // 5 + hash(i * 8 + 5) % 50 // 49 AS BIGINT)] END AS sex,
                    CASE hash(i * 8 + 6) % 40 WHEN 0 THEN '999' ELSE CAST(hash(i * 8 + 7) % 100 AS VARCHAR) END AS age
                FROM (SELECT i, hash(i * 8 + 8) % 10000 < {bad * 10000} AS spoilt FROM range({rows}) AS numbers(i))
            ) TO '{path}' (HEADER)""",
            {"states": states, "sexes": list(SEXES)},
        )


def judging_nothing(maker: Callable[..., Statements], *arguments: Any) -> Statements:
    """The statements without any rule on rows."""
    with patch.object(pipelines.harmonise.statement_maker.StatementMaker, "add_rule", lambda *_, **__: None):
        return maker(*arguments)


def load(place: Path, rules: bool, with_suite: bool) -> dict[str, Any]:
    """Take the file through the steps in this process; seconds and CPU seconds of each, and what was rejected."""
    folder = list_sources(place / "sources")[NAME]
    settings = Settings(data=place / "data")
    work = make_work_folder(settings) / NAME
    work.mkdir()
    if not rules:
        maker = pipelines.harmonise.conform.make_statements
        pipelines.harmonise.conform.make_statements = partial(judging_nothing, maker)
        pipelines.tabulate.rules.figure_rules = lambda kind: []
        pipelines.tabulate.rules.add_controls = lambda *_: None
    times: dict[str, list[float]] = {}

    def step(name: str, function: Any, *arguments: Any) -> Any:
        clock, cpu = time.perf_counter(), time.process_time()
        result = function(*arguments)
        times[name] = [round(time.perf_counter() - clock, 2), round(time.process_time() - cpu, 2)]
        return result

    start = time.perf_counter()
    with SuiteProcess() if rules and with_suite else nullcontext() as suite:
        if suite is not None:
            suite.start()
        acquired = step("acquire", acquire, folder, settings, place / "given")
        raw = step("read", read, folder, acquired, settings, work)
        conformed = step("conform", conform, folder, raw, settings, work)
        with connect(settings) as connection:
            validated = step("account", account, folder, conformed, connection, settings, work)
            aggregated = step("aggregate", aggregate, folder, validated, connection)
            step("check", check, folder, validated, aggregated, connection, work, suite, Earlier())
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_seconds": round(sum(cpu for _, cpu in times.values()), 2),
        "peak_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "rejected": conformed.rejected_count,
        "cells": aggregated.rows,
        "steps": times,
    }


def measure(rows: int, bad: float, rules: bool, with_suite: bool) -> dict[str, Any]:
    """Make the file in a folder of its own and load it in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        declare(place / "sources")
        (place / "given").mkdir()
        make_file(place / "given" / "events.csv", rows, bad)
        words = [
            sys.executable,
            __file__,
            "--load",
            name,
            *(["--rules"] if rules else []),
            *(["--suite"] if with_suite else []),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def compare(rows: int, bad: float, with_suite: bool) -> None:
    """Print the three loads and what validation adds."""
    found = {
        "without rules": measure(rows, 0, False, False),
        "with rules": measure(rows, 0, True, with_suite),
        f"{bad:.0%} bad rows": measure(rows, bad, True, with_suite),
    }
    for name, one in found.items():
        sys.stdout.write(f"{name:<14} {one.pop('steps')}\n{'':<14} {one}\n")
    plain, clean, dirty = found.values()
    for unit in ("seconds", "cpu_seconds"):
        sys.stdout.write(
            f"{unit}: rules add {clean[unit] - plain[unit]:.1f} ({(clean[unit] / plain[unit] - 1):.0%}), "
            f"bad rows another {dirty[unit] - clean[unit]:.1f}\n"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dirty", type=float, default=0.02, help="share of bad rows in the third load")
    parser.add_argument("--suite", action="store_true", help="with the process of Great Expectations")
    parser.add_argument("--load", type=Path, help="(inner) load the file in this folder and print JSON")
    parser.add_argument("--rules", action="store_true", help="(inner) with the rules")
    options = parser.parse_args()
    if options.load:
        sys.stdout.write(json.dumps(load(options.load, options.rules, options.suite)))
    else:
        compare(options.rows, options.dirty, options.suite)
