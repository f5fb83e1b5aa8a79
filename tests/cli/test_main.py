"""The command itself: version, internal errors."""

from __future__ import annotations

import argparse
from importlib.metadata import version

import pytest

from pipelines.cli.main import main


def test_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"iccs {version('iccs-pipelines')}\n"


def test_an_internal_error_says_so_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise ValueError("tuple.index(x): \x1b[2J")

    monkeypatch.delenv("ICCS_TRACEBACK", raising=False)
    monkeypatch.setattr("pipelines.cli.release.query.query_command", fail)
    assert main(["query", "SELECT 1"]) == 3
    said = capsys.readouterr().err
    assert said.startswith(
        "tuple.index(x): \\x1b[2J\ninternal error (ValueError); please report it; set ICCS_TRACEBACK=1"
    )
    assert "Traceback" not in said


def test_a_process_without_memory_says_so_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load_settings(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pipelines.system.settings.load_settings", load_settings)
    assert main(["releases", "list"]) == 3
    assert "no more memory" in capsys.readouterr().err
