"""Incidents made for the tests: rows with known words, and what an own loop over the file counts from them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import Validated, account
from pipelines.harmonise.tally import Tallied, tally
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.connection import connect
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.source import SourceFolder, list_sources

SOURCES = Path(__file__).parent / "sources"
HEADER = ["folio", "day", "place", "offence", "sex", "age", "name"]
AREAS = ["MX-JAL", "MX-AGU", "MX-SON"]
FORMS = ["{y}-{m:02d}-{d:02d}", "{d:02d}/{m:02d}/{y}", "{y}{m:02d}{d:02d}", "{y}-{m:02d}-{d:02d} 23:59"]
Row = list[str]


@pytest.fixture(autouse=True)
def _shared_engine(one_engine: None) -> None:
    """Every run of the tests here shares the engine of its module."""


def make_rows(count: int, seed: int = 1, year: int = 2021, months: tuple[int, ...] = tuple(range(1, 13))) -> list[Row]:
    """Rows without a fault, in every form of date and word that the source declares."""
    random = Random(seed)
    rows = []
    for number in range(count):
        month, day = random.choice(months), random.randint(1, 28)
        form = random.choice(
            ["{y}-{m:02d}-{d:02d}", "{d:02d}/{m:02d}/{y}", "{y}{m:02d}{d:02d}", "{y}-{m:02d}-{d:02d} 23:59"]
        )
        rows.append(
            [
                f"F{seed:03d}-{number:07d}",
                form.format(y=year, m=month, d=day),
                random.choice(AREAS),
                random.choices(["H1", "R1", "N1", "X1", "T9"], [20, 40, 30, 8, 2])[0],
                random.choice(["man", "woman", " woman ", ""]),
                random.choice(["", "999", "0", "17", "18", "29.0", "30", "101"]),
                f"Person {seed} {number}",
            ]
        )
    return rows


def write_csv(path: Path, rows: list[Row]) -> Path:
    """Write rows below the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([HEADER, *rows])
    return path


def _month(day: str) -> str:
    day = day[:10]
    if "/" in day:
        return f"{day[6:10]}-{day[3:5]}"
    return day[:7] if "-" in day else f"{day[:4]}-{day[4:6]}"


def _age(age: str) -> str:
    if age in ("", "999"):
        return "_U"
    years = float(age)
    return "Y0T17" if years < 18 else "Y18T29" if years < 30 else "Y_GE30"


def expected_cells(rows: list[Row]) -> dict[tuple[str, ...], float]:
    """Count base cells row by row: (month, area, ICCS, sex, age) -> value."""
    cells: Counter[tuple[str, ...]] = Counter()
    for _, day, place, offence, sex, age, _ in rows:
        month = _month(day)
        renamed = "020111" if month < "2022" else "020112"
        links = {"H1": {"0101": 1.0}, "R1": {"040111": 0.25, "040112": 0.75}, "N1": {renamed: 1.0}}.get(offence, {})
        for iccs, weight in links.items():
            code = {"man": "M", "woman": "F", "": "_U"}[sex.strip()]
            cells[month, place, iccs, code, _age(age)] += weight  # type: ignore[assignment]
    return dict(cells)


@pytest.fixture
def made() -> SimpleNamespace:
    """How incidents are made, and counted without the pipeline."""
    return SimpleNamespace(rows=make_rows, write=write_csv, expected=expected_cells, header=HEADER)


@pytest.fixture
def folder() -> SourceFolder:
    return list_sources(SOURCES)["xx_test_incidents"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def take(folder: SourceFolder, settings: Settings) -> Callable[..., tuple[Tallied, Validated]]:
    """Take a folder of files through the steps up to the account of every row."""

    def steps(directory: Path, **changes: object) -> tuple[Tallied, Validated]:
        own = replace(settings, **changes)  # type: ignore[arg-type]
        work = make_work_folder(own) / folder.source_id
        work.mkdir(exist_ok=True)
        tallied = tally(folder, acquire(folder, own, directory), own, work)
        with connect(own) as connection:
            return tallied, account(folder, tallied, connection, own, work)

    return steps


@pytest.fixture
def publish(settings: Settings) -> Callable[[Path], RunResult]:
    """Run the source to the end, without the suite of Great Expectations."""

    def run(directory: Path) -> RunResult:
        folders = [list_sources(SOURCES)["xx_test_incidents"]]
        return run_all(folders, Session(settings, directory, source_folders=SOURCES))

    return run
