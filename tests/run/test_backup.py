"""A backup taken while a run is going on: whatever moment it has, it is opened, and the next run goes on from it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from tiny_source import Tiny

from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.running.steps import plain_step
from pipelines.system.settings import Settings
from schemas.source import list_sources

OLD = "area,year,code,n\nMX-JAL,2024,HOM,5\nMX-COL,2024,HOM,6\n"
NEW = OLD + "MX-OAX,2024,HOM,7\n"
FIGURES = "SELECT ref_area, value FROM out.observation WHERE iccs = '0101' AND ref_area <> 'MX' ORDER BY ALL"


def _figures(settings: Settings) -> list[Any]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        return connection.execute(FIGURES).fetchall()


def test_the_page_on_backups_names_every_folder_of_the_data_folder() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.split("## Backup and restore")[1].split("\n## ")[0]
    settings = Settings(data=Path("/data"))
    places = [getattr(settings, name) for name, member in vars(Settings).items() if isinstance(member, property)]
    names = {place.relative_to(settings.data).parts[0] for place in places}
    assert {"core", "shared", "published", ".iccs-work"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in section] == []


def test_a_backup_of_any_moment_of_a_run_is_whole_and_the_next_run_goes_on(tiny: Tiny) -> None:
    """The folder is copied before each step of a run that loads a revision and publishes it."""
    tiny.declare_plain(scheme="code")
    settings, backups = tiny.settings, []
    own = settings.input / "xx_tiny"
    own.mkdir(parents=True)
    (own / "t.csv").write_text(OLD)
    folders = list(list_sources(tiny.sources).values())

    def back_up(moment: str) -> None:
        copy = tiny.root / "backup" / f"{len(backups):02}-{moment}"
        # The order of docs/operations.md: vintages first, what is published last.
        for name in ("core", "raw", "quarantine", "input", "shared", "published"):
            if (settings.data / name).is_dir():
                shutil.copytree(settings.data / name, copy / name)
        shutil.copy(settings.run_log, copy / settings.run_log.name)
        backups.append(copy)

    def run_step(name: str, source: str, rows_in: int, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        back_up(name)
        return plain_step()(name, source, rows_in, function, *args, **kwargs)

    run_all(folders, Session(settings, source_folders=tiny.sources))
    before = _figures(settings)
    (own / "t.csv").write_text(NEW)
    run_all(folders, Session(settings, run_step=run_step, source_folders=tiny.sources))
    after = _figures(settings)
    assert [row[0] for row in after] == ["MX-COL", "MX-JAL", "MX-OAX"] and before == [("MX-COL", 6), ("MX-JAL", 5)]
    assert [copy.name[3:] for copy in backups][-3:] == ["check", "store", "publish"] and len(backups) == 8
    for copy in backups:
        restored = replace(settings, data=Path(shutil.move(copy, tiny.root / "restored")))
        try:
            assert _figures(restored) in (before, after), f"{copy.name}: half a release"
            result = run_all(folders, Session(restored, source_folders=tiny.sources))
            assert result.refused == () and result.recovered == (), copy.name
            assert _figures(restored) == after, copy.name
        finally:
            shutil.rmtree(restored.data)
