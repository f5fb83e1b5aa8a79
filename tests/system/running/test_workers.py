"""Several sources at a time: order, failure of one, and the end of the others."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from pipelines.system.running.steps import WatchedSteps, plain_step
from pipelines.system.running.workers import Stopped, run_in_workers


@dataclass(frozen=True)
class Done:
    rows: int = 0
    summary: str = "done"


def test_two_workers_work_at_the_same_time_and_answers_keep_their_order() -> None:
    both = threading.Barrier(2, timeout=20)  # is passed by two at once only

    def action(item: int) -> int:
        both.wait()
        return item * 10

    assert run_in_workers(action, [3, 1], 2, threading.Event()) == [30, 10]


def test_one_worker_is_the_thread_of_the_caller() -> None:
    threads = run_in_workers(lambda _: threading.current_thread(), ["a", "b"], 1, threading.Event())

    assert threads == [threading.current_thread()] * 2


@pytest.mark.parametrize("items", [["fails", "works", "later"], ["works", "fails", "later"]])
def test_a_failure_stops_the_other_worker_before_its_next_step(items: list[str]) -> None:
    stop = threading.Event()
    begun = threading.Event()
    steps: list[str] = []
    run_step = WatchedSteps(plain_step(lambda done: steps.append(f"{done.source}: {done.step}")), stop)

    def action(item: str) -> None:
        if item == "fails":
            begun.wait(20)
            raise OSError("disk full")
        run_step("first step", item, 0, Done)
        begun.set()
        stop.wait(20)
        run_step("second step", item, 0, Done)

    with pytest.raises(OSError, match="disk full"):
        run_in_workers(action, items, 2, stop)
    assert steps == ["works: first step"]


def test_no_step_begins_after_the_stop() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        WatchedSteps(plain_step(), stop)("read", "xx", 0, lambda: pytest.fail("began"))
