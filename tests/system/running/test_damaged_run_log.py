"""The log of runs is told from, and no figure depends on it: whatever happens to a line, the others are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.system.running.run_log import Attempt, log_attempts, read_attempts
from pipelines.system.settings import Settings

FIRST, SECOND, THIRD = (Attempt(name, "2026-03-02T12:00:00+00:00", "loaded") for name in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("start", "stop", "put", "left"),
    [
        (14, 15, b"\xe5", [SECOND]),  # one bit of a letter: no UTF-8 any more
        (0, 1, b"[", [SECOND]),
        (40, 200, b"", []),  # the end of the first line and the beginning of the second
        (0, None, b"", []),
        (0, None, b"\x00" * 300, []),
    ],
)
def test_a_damaged_line_is_passed_over_and_the_next_run_adds_its_own(
    tmp_path: Path, start: int, stop: int | None, put: bytes, left: list[Attempt]
) -> None:
    settings = Settings(data=tmp_path)
    log_attempts([FIRST, SECOND], settings)
    content = settings.run_log.read_bytes()
    settings.run_log.write_bytes(content[:start] + put + (content[stop:] if stop else b""))
    log_attempts([THIRD], settings)
    assert [one for one in read_attempts(settings) if one.source in "abc"] == [*left, THIRD]


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0c", "\x1e"])
def test_a_message_with_a_mark_that_ends_lines_elsewhere_stays_one_line(tmp_path: Path, mark: str) -> None:
    settings = Settings(data=tmp_path)
    attempt = Attempt("a", FIRST.started, "refused", message=f"The column 'n{mark}o' is missing.")
    for _ in range(2):
        log_attempts([attempt], settings)
    assert read_attempts(settings) == [attempt, attempt]
