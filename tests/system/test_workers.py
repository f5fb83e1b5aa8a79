"""Several sources at a time: order, failure of one, and the end of the others."""

from __future__ import annotations

import threading

import pytest

from pipelines.system.workers import Stopped, run_in_lanes, stoppable


def test_two_lanes_work_at_the_same_time_and_answers_keep_their_order() -> None:
    both = threading.Barrier(2, timeout=20)  # is passed by two at once only

    def action(item: int) -> int:
        both.wait()
        return item * 10

    assert run_in_lanes(action, [3, 1], 2, threading.Event()) == [30, 10]


def test_one_lane_is_the_thread_of_the_caller() -> None:
    threads = run_in_lanes(lambda _: threading.current_thread(), ["a", "b"], 1, threading.Event())

    assert threads == [threading.current_thread()] * 2


@pytest.mark.parametrize("items", [["fails", "works", "later"], ["works", "fails", "later"]])
def test_a_failure_stops_the_other_lane_before_its_next_step(items: list[str]) -> None:
    stop = threading.Event()
    begun = threading.Event()
    steps = []
    step = stoppable(lambda name: steps.append(name), stop)

    def action(item: str) -> None:
        if item == "fails":
            begun.wait(20)
            raise OSError("disk full")
        step(f"{item}: first step")
        begun.set()
        stop.wait(20)
        step(f"{item}: second step")

    with pytest.raises(OSError, match="disk full"):
        run_in_lanes(action, items, 2, stop)
    assert steps == ["works: first step"]


def test_no_step_begins_after_the_stop() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        stoppable(lambda: pytest.fail("began"), stop)()
