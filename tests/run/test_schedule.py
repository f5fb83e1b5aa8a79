"""What is due, late, missed or failed: the calendars of sources against loads and the log of runs, at a given time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.run import run_all
from pipelines.schedule import find_missed, is_missed, read_calendars, read_states
from pipelines.session import Session
from pipelines.system.running.run_log import Attempt, last_attempts, log_attempts, read_attempts
from pipelines.system.settings import Settings, load_settings
from pipelines.tabulate.vintages.pointers import current_vintage
from schemas.definition.publication_calendar import Calendar
from schemas.source import find_sources

MONDAYS = Calendar(cron="0 6 * * 1", time_zone="America/Mexico_City")
POPULATION = """\
kind: population
title: Invented
publisher: nobody
url: https://example.org
licence: {name: invented}
citation: invented
layouts: [{files: ["%s_*.csv"], read: {columns: [area, year, n]}}]
area_scheme: code
columns: {ref_area: area, time_period: year, value: n}
measures: {population: {stage: _Z, counting_unit: person}}
calendar: {cron: "0 6 * * 1", time_zone: America/Mexico_City, late_after_days: 3}
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_engine: None) -> Path:
    monkeypatch.delenv("ICCS_DATA", raising=False)
    monkeypatch.setenv("ICCS_PROJECT", str(tmp_path))
    (tmp_path / "iccs.toml").write_text('expected = ["xq_two"]\nthreads = 1\n', encoding="utf-8")
    (tmp_path / "data" / "input").mkdir(parents=True)
    for name in ("xq_one", "xq_two", "xq_three", "xq_four"):
        folder = tmp_path / "sources" / name
        folder.mkdir(parents=True)
        (folder / "source.yml").write_text(POPULATION % name, encoding="utf-8")
    (tmp_path / "sources" / "xq_four" / "source.yml").write_text("title: 5", encoding="utf-8")
    return tmp_path


def give(office: Path, name: str, persons: str) -> None:
    path = office / "data" / "input" / f"{name}_1.csv"
    path.write_text(f"area,year,n\nMX-JAL,2024,{persons}\nMX-COL,2024,700000\n", encoding="utf-8")


def test_states_are_judged_by_calendar_log_and_files(office: Path) -> None:
    give(office, "xq_one", "8000000")
    give(office, "xq_three", "many")
    settings = load_settings()
    folders = [folder for folder in find_sources([]) if folder.source_id.startswith("xq_")]
    result = run_all(folders, Session(settings), named=False)

    assert {refusal.source for refusal in result.refused} == {"xq_two", "xq_three", "xq_four"}
    now = datetime.now(UTC)
    states = {state.source: state for state in read_states(settings, now)}
    assert {name: state.state for name, state in states.items()} == {
        "xq_one": "good",
        "xq_two": "refused",
        "xq_three": "refused",
        "xq_four": "not valid",
    }
    assert "No input file was found" in states["xq_two"].message
    assert states["xq_one"].vintage is not None
    assert read_calendars(settings).keys() == {"xq_one", "xq_two", "xq_three"}
    due = MONDAYS.next_due(now)
    later = {state.source: state for state in read_states(settings, due + timedelta(hours=1))}
    assert (later["xq_one"].state, later["xq_one"].due) == ("missed", due)
    late = {state.source: state for state in read_states(settings, due + timedelta(days=3, hours=1))}
    assert late["xq_one"].state == "late"
    assert find_missed(read_calendars(settings), settings, now) == []
    current = current_vintage("xq_one", settings)
    assert current is not None
    (current.folder / "cells.parquet").write_bytes(b"")
    assert {one.source: one.state for one in read_states(settings, now)}["xq_one"] == "damaged"
    assert set(find_missed(read_calendars(settings), settings, now + timedelta(days=8))) == {
        "xq_one",
        "xq_two",
        "xq_three",
    }


def test_the_command_ends_with_one_where_a_source_needs_attention(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["good"] is False
    assert {row["source"]: row["problem"] for row in said["sources"]} == {
        "xq_one": False,
        "xq_two": True,
        "xq_three": False,
        "xq_four": True,
    }
    assert main(["status"]) == 1
    printed = capsys.readouterr()
    assert "xq_two: no file" in printed.err
    assert "nothing is published yet" in printed.out


def test_a_name_that_no_source_has_cannot_be_expected(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (office / "iccs.toml").write_text('expected = ["xq_tow"]\n', encoding="utf-8")
    assert main(["run"]) == 2
    assert "expected: there is no source 'xq_tow'; nearest: xq_two" in capsys.readouterr().err


def test_a_week_missed_is_one_run_and_one_that_ran_is_not_missed(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.data.mkdir(exist_ok=True)
    monday = datetime(2026, 3, 2, 12, tzinfo=UTC)  # six in Mexico City
    assert not is_missed(MONDAYS, settings, monday), "nothing has ever run"
    log_attempts([Attempt("a", (monday + timedelta(minutes=1)).isoformat(), "loaded")], settings)
    assert not is_missed(MONDAYS, settings, monday + timedelta(days=6))
    assert is_missed(MONDAYS, settings, monday + timedelta(days=7))
    assert find_missed({"a": MONDAYS, "b": MONDAYS}, settings, monday + timedelta(days=40)) == ["a"]
    later = (monday + timedelta(days=7)).isoformat()
    log_attempts([Attempt("b", later, "loaded", named=True)], settings)
    assert is_missed(MONDAYS, settings, monday + timedelta(days=7)), "of one source, the others were due still"
    log_attempts([Attempt("a", (monday + timedelta(days=40)).isoformat(), "refused")], settings)
    assert find_missed({"a": MONDAYS}, settings, monday + timedelta(days=40, hours=1)) == []


def test_the_log_survives_lines_that_are_none(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    log_attempts([Attempt("a", "2026-03-02T12:00:00+00:00", "loaded")], settings)
    with settings.run_log.open("a", encoding="utf-8") as file:
        file.write('{"source": "a", "star\n[]\n{"source": "a", "started": "soon", "end": "loaded"}\n')
    log_attempts([Attempt("a", "2026-03-03T12:00:00+00:00", "refused", message="x" * 10_000)], settings)
    assert [attempt.end for attempt in read_attempts(settings)] == ["loaded", "refused"]
    assert last_attempts(settings)["a"].end == "refused"
    assert len(settings.run_log.read_text(encoding="utf-8")) < 2_000


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * 0", "15 3 1 * *"])
def test_every_moment_of_a_year_comes_once_whatever_the_clocks_do(zone: str, cron: str) -> None:
    """The law: moments only go forward, one for each day of the calendar, and the last one is found from any time."""
    calendar = Calendar(cron=cron, time_zone=zone)
    moment, end, found = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), []
    while (moment := calendar.next_due(moment)) < end:
        found.append(moment)
    days = {"30 2 * * *": 365, "0 0 * * 0": 52, "15 3 1 * *": 12}[cron]
    assert found == sorted(set(found))
    assert abs(len(found) - days) <= 1
    for one, following in pairwise(found):
        assert calendar.last_due(following - timedelta(seconds=1)) == one
