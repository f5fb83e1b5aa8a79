"""The command itself: version, internal errors."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reader.plots.style import check_picture_path
from schemas.errors import UsageError


def test_version_is_that_of_the_installed_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"iccs {version('iccs-pipelines')}\n"


@pytest.mark.parametrize(
    "words", [["serve"], ["serve", "--health-port", "9"], ["site", "serve"], ["share", "serve", "DIR"]], ids=" ".join
)
def test_a_port_that_is_none_is_a_wrong_argument(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for port in ("99999", "-1", "http", *(["0"] if words[0] == "serve" else [])):
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--port", port])
        assert stopped.value.code == 2
        assert (
            f"{port!r} is not a port: write a number from {words[0] == 'serve':d} to 65535" in capsys.readouterr().err
        )


def test_a_time_to_wait_that_is_none_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("nan", "-1", "inf", "soon"):
        with pytest.raises(SystemExit) as stopped:
            main(["run", "--wait", text])
        assert stopped.value.code == 2
        assert f"{text!r} is not a number of seconds" in capsys.readouterr().err


def test_a_picture_is_no_folder_and_below_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    (tmp_path / "file").touch()
    for path, told in ((tmp_path / "a.png", "is a folder"), (tmp_path / "file" / "a.png", "is a file, so no picture")):
        with pytest.raises(UsageError, match=told):
            check_picture_path(path)


def test_a_file_is_no_folder_for_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("kept")
    assert main(["init", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'file'} is a file; give a folder for the project\n"
    assert (tmp_path / "file").read_text() == "kept"


def test_a_time_zone_that_is_none_is_refused_without_all_six_hundred(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--time-zone", "Foo/Bar"]) == 2
    said = capsys.readouterr().err
    assert "'Foo/Bar' is not a time zone; write America/Mexico_City" in said and len(said) < 200


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["init", ""], "the name is empty; name the folder to create, or . for this one"),
        (["trend", "0101", "--area", "MX", "--style", "print"], "add --plot FILE, or leave it out"),
        (["estimates", "--style", "print"], "add --plot FILE, or leave it out"),
        (["funnel", "0101", "--area", "MX", "--style", "print"], "add --plot FILE or --map FILE, or leave it out"),
    ],
)
def test_arguments_of_no_use_are_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty name was the current folder, in which a project was made; a style without a picture did nothing."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
