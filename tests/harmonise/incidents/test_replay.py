"""Rejected rows on persons cannot be tried again from a copy: there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.settings import Settings
from schemas.source import list_sources

SOURCES = Path(__file__).parent / "sources"


def test_the_quarantine_of_incidents_says_to_give_the_files_again(
    made: SimpleNamespace, tmp_path: Path, publish: Callable[[Path], RunResult], settings: Settings
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    rows = made.rows(300)
    made.write(given / "inc.csv", rows)
    with (given / "inc.csv").open("a", encoding="utf-8") as file:
        file.write("one,value,too,many," * 8 + "\n")
    assert publish(given).loaded == ("xx_test_incidents",)
    before = settings.published.stat().st_ino

    folders = [list_sources(SOURCES)["xx_test_incidents"]]
    again = run_all(folders, Session(settings, source_folders=SOURCES), replay=True)

    (refusal,) = again.refused
    assert "there is no copy of inc.csv to try again" in refusal.message
    assert "iccs run xx_test_incidents --from DIR" in refusal.message
    assert settings.published.stat().st_ino == before
