"""A statement that DuckDB is busy with ends when the process is asked to end, or the process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from pipelines.reader import release
from schemas.errors import UsageError

COMMAND = """
import signal, sys
import duckdb
signal.signal(signal.SIGINT, signal.default_int_handler)
from pipelines.system import connection
from pipelines.system.running.steps import end_on_signals, ended_by_signal
end_on_signals()
connection._OBEY_SECONDS = 0.5
opened = duckdb.connect()
try:
    with connection.time_limit(opened, float(sys.argv[2]), ValueError("it took too long")):
        print("begun", flush=True)
        opened.execute(sys.argv[1]).fetchall()
except BaseException:
    print(ended_by_signal(), flush=True)
"""
ENDLESS = "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a"
ONE_VALUE = "SELECT levenshtein(repeat('a', 400000), repeat('b', 400000))"


def begin(statement: str, seconds: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = subprocess.Popen(
        [sys.executable, "-c", COMMAND, statement, str(seconds)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stdout is not None
    assert command.stdout.readline() == "begun\n"
    time.sleep(0.3)
    return command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_statement_that_has_no_end(number: signal.Signals) -> None:
    command = begin(ENDLESS, 600)
    command.send_signal(number)
    assert command.communicate(timeout=30) == (f"{number.value}\n", "")


def test_a_command_ends_whose_statement_cannot_be_stopped() -> None:
    command = begin(ONE_VALUE, 0.1)
    out, told = command.communicate(timeout=30)
    assert (command.returncode, out) == (3, "")
    assert told.startswith("it took too long\n") and "could not be stopped" in told
    command = begin(ONE_VALUE, 600)
    command.send_signal(signal.SIGINT)
    out, told = command.communicate(timeout=30)
    assert (command.returncode, out) == (130, "")
    assert "could not be stopped" in told


def test_an_answer_that_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/statm").is_file():
        pytest.skip("the system does not say what a process holds")
    monkeypatch.setattr(release, "MOST_ANSWER_BYTES", 50_000_000)
    with duckdb.connect() as connection:
        assert len(release.fetch_all(connection.execute("FROM range(50_000)"))) == 50_000
        with pytest.raises(UsageError, match=r"the result has more than .* rows.*--output"):
            release.fetch_all(connection.execute("SELECT range, range::VARCHAR || 'a long text' FROM range(5_000_000)"))
