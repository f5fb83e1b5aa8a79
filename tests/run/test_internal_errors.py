"""An internal error in any step of one source: that source is not used, the others are, and a report says where it was.

Each fault is planted behind the step: what the step did and left behind is there when it fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

import pipelines.run
import pipelines.source_steps
import schemas.source
from pipelines.cli.main import main
from pipelines.harmonise.engine import DuckDBEngine
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.lock import writing
from pipelines.system.settings import Settings
from schemas.source import SourceFolder, list_sources

GOOD = "area,year,code,n\n14,2024,HOM,3\n"
VALUE = "Ana Ruiz Secreta"  # stands for a cell that the text of an error quotes
INCIDENTS = Path(__file__).parents[1] / "harmonise" / "incidents" / "sources"


class PanicException(BaseException):
    """As a library in Rust raises it: no Exception, so that ``except Exception`` does not see it."""


def plant(monkeypatch: pytest.MonkeyPatch, step: str, source: str, error: BaseException) -> None:
    """Let a step of one source fail when its work is done."""
    real: Callable[..., Any] = getattr(pipelines.source_steps, step)

    def fails(folder: SourceFolder, *arguments: Any) -> Any:
        result = real(folder, *arguments)
        if folder.source_id == source:
            raise error
        return result

    monkeypatch.setattr(pipelines.source_steps, step, fails)


def declare(tiny: Tiny, *names: str) -> dict[str, SourceFolder]:
    tiny.give("t.csv", GOOD)
    for name in names:
        tiny.name = name
        tiny.declare_plain()
    return list_sources(tiny.sources)


FAULTS: dict[str, BaseException] = {
    "acquire": OSError(22, f"Invalid argument {VALUE}"),
    "read": PanicException(f"index out of range: {VALUE}"),
    "conform": duckdb.InternalException(f"INTERNAL Error: {VALUE}"),
    "account": KeyError(VALUE),
    "aggregate": duckdb.ConversionException(f"Could not convert string '{VALUE}' to INT32"),
    "check": AssertionError(VALUE),
    "store": MemoryError(VALUE),
}


def test_a_fault_in_any_step_of_a_source_leaves_the_others_and_is_reported(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven sources, each with a fault in another step, and one without."""
    folders = declare(tiny, "xx_good", *(f"xx_{step}" for step in FAULTS))
    for step, error in FAULTS.items():
        plant(monkeypatch, step, f"xx_{step}", error)

    session = Session(tiny.settings, tiny.given, source_folders=tiny.sources, workers=2)
    result = run_all(list(folders.values()), session)

    assert result.loaded == ("xx_good",)
    assert [fault.source for fault in result.faults] == sorted(f"xx_{step}" for step in FAULTS)
    for fault in result.faults:
        step = fault.source.removeprefix("xx_")
        kind = type(FAULTS[step]).__name__
        assert fault.message.startswith(f"internal error in step {step} ({kind}")
        assert fault.report is not None
        assert str(fault.report) in fault.message
        assert fault.report.parent == tiny.settings.data / "faults"
        report = fault.report.read_text(encoding="utf-8")
        assert f"source: {fault.source}\nstep: {step}\n" in report
        assert f".{kind}\n" in report
        assert "iccs-pipelines: " in report
        assert "test_internal_errors.py" in report, "the place of the error"
        assert VALUE not in report
    with duckdb.connect(str(result.published), read_only=True) as connection:
        # the vintage of a source whose last step failed behind its work was stored
        assert connection.execute("SELECT source FROM out.source ORDER BY 1").fetchall() == [
            ("xx_good",),
            ("xx_store",),
        ]
    with writing(tiny.settings):  # the lock is free
        pass
    assert not list(tiny.settings.work.glob("xx_*"))


@pytest.mark.parametrize("step", ["acquire", "read", "store"])
def test_a_device_that_fails_is_named_and_is_neither_the_program_nor_the_data(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folders = declare(tiny, "xx_bad", "xx_good")
    plant(monkeypatch, step, "xx_bad", OSError(5, "Input/output error", "/data/.iccs-work/x"))
    result = run_all(list(folders.values()), Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    assert result.loaded == ("xx_good",)
    (fault,) = result.faults
    told = f"cannot be read or written in step {step} ([Errno 5] Input/output error: '/data/.iccs-work/x')"
    assert told in fault.message and "run again" in fault.message
    assert fault.report is None and not tiny.settings.faults.exists()


@pytest.mark.parametrize("place", ["folder for work", "input file"])
def test_a_folder_that_vanishes_while_incidents_are_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """What the engine says of a path that is gone is not told as a damaged file."""
    real = DuckDBEngine.run

    def run(self: DuckDBEngine, statement: str, target: Path) -> None:
        gone = target.parent if place == "folder for work" else tmp_path / "in"
        gone.rename(tmp_path / "gone")
        try:
            real(self, statement, target)
        finally:
            (tmp_path / "gone").rename(gone)

    monkeypatch.setattr(DuckDBEngine, "run", run)
    (fault,) = run_incidents(tmp_path).refused
    assert fault.is_fault and "cannot be read or written in step tally" in fault.message
    assert ("tally.parquet" if place == "folder for work" else "a.csv") in fault.message
    assert "damaged" not in fault.message and VALUE not in fault.message


def run_incidents(tmp_path: Path) -> RunResult:
    sources = tmp_path / "sources"
    shutil.copytree(INCIDENTS / "xx_test_incidents", sources / "xx_test_incidents", dirs_exist_ok=True)
    text = (sources / "xx_test_incidents" / "source.yml").read_text(encoding="utf-8")
    assert "personal" in text, "the texts of errors are then not shown at all"
    given = tmp_path / "in"
    given.mkdir(exist_ok=True)
    given.joinpath("a.csv").write_text(
        f"folio,day,place,offence,sex,age,name\nF1,2024-03-01,MX-JAL,H1,man,30,{VALUE}\n", encoding="utf-8"
    )
    session = Session(Settings(data=tmp_path / "data"), given, source_folders=sources)
    return run_all(list(list_sources(sources).values()), session)


@pytest.mark.parametrize("step", ["acquire", "tally", "account"])
def test_a_fault_in_a_source_of_incidents_shows_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    plant(monkeypatch, step, "xx_test_incidents", ValueError(f"cannot read {VALUE}"))

    (fault,) = run_incidents(tmp_path).refused

    assert fault.is_fault
    assert "(ValueError)" in fault.message
    assert VALUE not in fault.message + str(fault.problems)
    assert fault.report is not None
    assert VALUE not in fault.report.read_text(encoding="utf-8")


@pytest.mark.parametrize(("with_fault", "code"), [(True, 3), (False, 1)])
def test_the_exit_code_tells_a_fault_from_refused_data(
    tiny: Tiny,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    with_fault: bool,
    code: int,
) -> None:
    folders = declare(tiny, "xx_bad", "xx_good")
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: folders)
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: folders)
    tiny.give("t.csv", GOOD + "14,2024,HOM,-3\n")  # both are refused
    if with_fault:
        plant(monkeypatch, "read", "xx_bad", PanicException("slice index"))

    assert main(["run", "--from", str(tiny.given), "--data", str(tiny.settings.data)]) == code
    said = capsys.readouterr().err
    assert ("internal error in step read" in said) == with_fault
    assert "source xx_good refused" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(2), OSError(28, "No space left on device")])
def test_what_is_not_about_one_source_ends_the_run(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    folders = declare(tiny, "xx_bad", "xx_good")
    plant(monkeypatch, "read", "xx_bad", error)

    with pytest.raises(type(error)):
        run_all(list(folders.values()), Session(tiny.settings, tiny.given, source_folders=tiny.sources))
    with writing(tiny.settings):  # the lock is free
        pass
