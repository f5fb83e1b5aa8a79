"""The inbox: a complete file goes to its source and starts its figures; nothing is overwritten for good."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from publisher import gives, publishing, status
from tiny_source import Tiny

from pipelines.collect.fetch import stores, web
from pipelines.collect.fetch.inbox import find_waiting
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import list_sources

ROWS = "area,year,code,n\n"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(web, "FIRST_WAIT_SECONDS", 0.01)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def _run(tiny: Tiny, settings: Settings, *names: str) -> RunResult:
    known = list_sources(tiny.sources)
    folders = [known[name] for name in names or known]
    return run_all(folders, Session(settings, source_folders=tiny.sources), named=bool(names))


def _drop(settings: Settings, name: str, text: str) -> Path:
    path = settings.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _declare(tiny: Tiny, name: str, pattern: str, more: str = "") -> None:
    tiny.name = name
    tiny.declare_plain(more, scheme="code")
    declared = tiny.sources / name / "source.yml"
    declared.write_text(declared.read_text().replace("'*.csv'", f"'{pattern}'"))


def test_a_file_goes_to_its_source_and_a_newer_one_takes_its_place(tiny: Tiny) -> None:
    _declare(tiny, "xx_first", "first*.csv")
    _declare(tiny, "xx_second", "second*.csv")
    settings = tiny.settings
    _drop(settings, "first_2024.csv", f"{ROWS}MX-JAL,2024,HOM,5\n")
    _drop(settings, "other.csv", f"{ROWS}MX-JAL,2024,HOM,5\n")
    _drop(settings, "first_2025.csv.part", ROWS)
    result = _run(tiny, settings)
    assert result.loaded == ("xx_first",), [one.message for one in result.refused]
    assert [(file.source, file.name, file.is_replacement) for file in result.taken] == [
        ("xx_first", "first_2024.csv", False)
    ]
    assert len(result.left) == 1 and "other.csv" in result.left[0] and "no source" in result.left[0]
    assert (settings.input / "xx_first" / "inbox" / "first_2024.csv").is_file()
    _drop(settings, "first_2024.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    again = _run(tiny, settings)
    assert again.loaded == ("xx_first",) and again.taken[0].is_replacement
    assert len(list((settings.raw / "xx_first").glob("*.bin"))) == 2, "both versions are kept by sha256"
    assert not (settings.inbox / "replaced").exists()


def test_a_file_that_no_run_had_kept_is_put_aside(tiny: Tiny) -> None:
    _declare(tiny, "xx_first", "first*.csv")
    settings = tiny.settings
    own = settings.input / "xx_first"
    own.mkdir(parents=True)
    (own / "first.csv").write_text("written by hand, and never run")
    _drop(settings, "first.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    assert _run(tiny, settings).loaded == ("xx_first",)
    (kept,) = (settings.inbox / "replaced" / "xx_first").iterdir()
    assert kept.read_text() == "written by hand, and never run"


def test_a_name_that_two_sources_have_needs_the_folder_of_one(tiny: Tiny) -> None:
    _declare(tiny, "xx_first", "crime*.csv")
    _declare(tiny, "xx_second", "crime*.csv")
    settings = tiny.settings
    _drop(settings, "crime.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    result = _run(tiny, settings)
    assert result.taken == () and "several sources" in result.left[0]
    (settings.inbox / "crime.csv").unlink()
    _drop(settings, "xx_second/crime.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    (found,) = find_waiting(list_sources(tiny.sources).values(), settings)
    assert found.sources == ("xx_second",)
    result = _run(tiny, settings)
    assert (result.loaded, result.absent) == (("xx_second",), ("xx_first",)), "it is that source's alone"


def test_a_run_of_one_source_leaves_the_files_of_others(tiny: Tiny) -> None:
    _declare(tiny, "xx_first", "first*.csv")
    _declare(tiny, "xx_second", "second*.csv")
    _drop(tiny.settings, "second.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    _drop(tiny.settings, "first.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    assert [file.name for file in _run(tiny, tiny.settings, "xx_first").taken] == ["first.csv"]
    assert (tiny.settings.inbox / "second.csv").is_file()


def test_a_file_that_was_just_written_waits(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    _declare(tiny, "xx_first", "first*.csv")
    monkeypatch.setattr(stores, "SETTLED_SECONDS", 60.0)
    path = _drop(tiny.settings, "first.csv", f"{ROWS}MX-JAL,2024,HOM,7\n")
    known = list_sources(tiny.sources).values()
    assert find_waiting(known, tiny.settings) == []
    os.utime(path, (time.time() - 900, time.time() - 900))
    assert find_waiting(known, tiny.settings) == [], "a program that sets the time of a copy has not ended by that"


def test_a_changed_file_at_an_address_is_a_new_vintage_and_a_failed_one_refuses_its_source_alone(tiny: Tiny) -> None:
    with publishing() as publisher:
        _declare(tiny, "xx_first", "first*.csv")
        _declare(tiny, "xx_web", "web*.csv", f"acquire: [{{address: '{publisher.address('web.csv')}'}}]\n")
        settings = replace(tiny.settings, acquire_from=(publisher.origin,))
        (settings.input / "xx_first").mkdir(parents=True)
        (settings.input / "xx_first" / "first.csv").write_text(f"{ROWS}MX-JAL,2024,HOM,5\n")
        publisher.pages["web.csv"] = gives(f"{ROWS}MX-JAL,2024,HOM,50\n".encode())
        assert _run(tiny, settings).loaded == ("xx_first", "xx_web")
        assert _run(tiny, settings).unchanged == ("xx_first", "xx_web")
        publisher.pages["web.csv"] = gives(f"{ROWS}MX-JAL,2024,HOM,51\n".encode())
        assert _run(tiny, settings).loaded == ("xx_web",)
        vintages = [path for path in (settings.core / "xx_web").glob("20*") if path.is_dir()]
        assert len(vintages) == 2
        publisher.pages["web.csv"] = status(404)
        failed = _run(tiny, settings)
        assert failed.unchanged == ("xx_first",)
        assert [(one.source, one.problems[0]["rule"]) for one in failed.refused] == [("xx_web", "file_not_fetched")]
        asked = len(publisher.asked)
        given = run_all([tiny.source], Session(settings, settings.input, source_folders=tiny.sources))
        assert given.unchanged == ("xx_web",) and len(publisher.asked) == asked, "--from asks nobody"
