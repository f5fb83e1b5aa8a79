"""Small files are tallied several at a time, large ones alone; whichever way, the same figures and all problems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import duckdb
import pytest

import pipelines.harmonise.tally
from pipelines.harmonise.reconcile import Validated
from pipelines.harmonise.tally import Tallied
from pipelines.system.errors import DataRefused
from pipelines.system.running.progress import Progress
from pipelines.system.running.workers import Stopped, run_in_workers

Take = Callable[..., tuple[Tallied, Validated]]
LIMITS = {"memory_limit": "800MB", "threads": 4}


def _cells(validated: Validated) -> dict[tuple[str, ...], float]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT time_period, ref_area, iccs, sex, age, sum(value) FROM read_parquet(?) GROUP BY ALL",
            [str(validated.core)],
        ).fetchall()
    return {row[:-1]: row[-1] for row in rows}


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines of the files whose progress is shown while they are tallied, in their order: those that are alone."""
    found: list[int] = []
    before = Progress.watching

    def watching(self: Progress, lines: int, engine: object) -> object:
        found.append(lines)
        return before(self, lines, engine)  # type: ignore[arg-type]

    monkeypatch.setattr(Progress, "watching", watching)
    return found


def test_large_and_small_files_together(
    made: SimpleNamespace, tmp_path: Path, take: Take, watched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines.harmonise.tally, "LARGE_BYTES", 20_000)
    rows = made.rows(1200)
    made.write(tmp_path / "in" / "b.csv", rows[:1000])
    for number in range(10):
        made.write(tmp_path / "in" / f"{number}.csv", rows[1000 + number :: 10])

    tallied, validated = take(tmp_path / "in", **LIMITS)

    assert watched == [1001]  # a header and a thousand rows
    assert tallied.rows == 1200
    assert _cells(validated) == pytest.approx(made.expected(rows))


@pytest.mark.parametrize("threads", [1, 4])
def test_the_problems_of_all_files_are_told_in_the_order_of_the_files(
    made: SimpleNamespace, tmp_path: Path, take: Take, threads: int, watched: list[int]
) -> None:
    rows = made.rows(600)
    for number in range(6):
        made.write(tmp_path / "in" / f"{number}.csv", rows[number::6])
    for number in (1, 4):
        path = tmp_path / "in" / f"{number}.csv"
        path.write_bytes(b"PAR1" + path.read_bytes())  # another kind of file, which is seen when it is read

    with pytest.raises(DataRefused) as refused:
        take(tmp_path / "in", memory_limit="800MB", threads=threads)

    assert [problem.file for problem in refused.value.problems] == ["1.csv", "4.csv"]
    assert len(watched) == (6 if threads == 1 else 0)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_tally_of_a_source_ends_with_the_lane_that_it_is_in(
    made: SimpleNamespace, tmp_path: Path, take: Take, threads: int
) -> None:
    """As where a person stops a run of several sources."""
    for number in range(6):
        made.write(tmp_path / "in" / f"{number}.csv", made.rows(20, number))
    stop = Event()

    def work(what: str) -> None:
        if what == "stop":
            stop.set()
            return
        assert stop.wait(10)
        with pytest.raises(Stopped):
            take(tmp_path / "in", memory_limit="800MB", threads=threads)

    run_in_workers(work, ["tally", "stop"], 2, stop)

    take(tmp_path / "in")  # what is in no lane goes on


def test_progress_of_a_file_that_is_alone_goes_on_while_it_is_read() -> None:
    engine = SimpleNamespace(progress=lambda: 0.25)
    progress = Progress("xx", 2)
    told = [progress.line()]
    with progress.watching(100, engine):  # type: ignore[arg-type]
        told.append(progress.line())
    progress.advance(100)
    with progress.watching(400, engine):  # type: ignore[arg-type]
        told.append(progress.line())
    told.append(progress.line())

    begun = ["file 1 of 2, 0 rows", "file 1 of 2, 25 rows", "file 2 of 2, 200 rows", "file 2 of 2, 100 rows"]
    assert [line.startswith(f"xx: {text}, ") for line, text in zip(told, begun, strict=True)] == [True] * 4, told
