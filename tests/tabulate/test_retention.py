"""Old vintages keep their figures only, if so set: the history of revisions is the same before and after."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from tiny_source import Tiny

from pipelines.repair.repair import look_for_damage
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.files import read_json, write_json
from pipelines.system.settings import Settings
from pipelines.tabulate.vintages import retention
from pipelines.tabulate.vintages.retention import KEPT_PARTS
from schemas.source import find_sources

DECLARED = (
    "layouts:\n  - files: [t.csv]\n    read: {columns: [area, period, code, n]}\narea_scheme: code\n"
    "columns: {ref_area: area, time_period: period, national_code: code, value: n}\n"
    "measures:\n  victims: {counting_unit: victim}\n"
)
EDITIONS = (40, 41, 44)  # events of one year, as three editions of the file have them


def _run(tiny: Tiny, settings: Settings, events: int) -> RunResult:
    tiny.declare(DECLARED)
    tiny.give("t.csv", f"area,period,code,n\nMX-JAL,2023,HOM,30\nMX-JAL,2024,HOM,{events}\n")
    return run_all(
        find_sources([], tiny.sources), Session(settings, tiny.given, source_folders=tiny.sources), named=False
    )


def _age(tiny: Tiny) -> None:
    """Let every vintage and file so far have come long ago, each a day after the other."""
    manifests = sorted((tiny.settings.core / tiny.name).glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    for day, path in enumerate(manifests, start=1):
        manifest = read_json(path)
        write_json(path, {**manifest, "loaded_at": f"2024-01-{day:02}T00:00:00+00:00"})
    for path in (tiny.settings.raw / tiny.name).glob("*.json"):
        write_json(path, {**read_json(path), "first_seen": "2023-12-01"})


def _revisions(settings: Settings) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        return connection.execute(
            "SELECT old_value, new_value FROM out.revision WHERE ref_area = 'MX-JAL' AND iccs = '0101' "
            "ORDER BY loaded_at"
        ).fetchall()


def _parts(settings: Settings, source: str) -> list[int]:
    folders = [path.parent for path in (settings.core / source).glob("*/manifest.json")]
    return sorted(len(list(folder.glob("*.parquet"))) for folder in folders)


def _all_editions(tiny: Tiny, settings: Settings) -> RunResult:
    for events in EDITIONS[:-1]:
        _run(tiny, tiny.settings, events)
    _age(tiny)
    return _run(tiny, settings, EDITIONS[-1])


def test_all_is_kept_where_nothing_is_set(tiny: Tiny) -> None:
    result = _all_editions(tiny, tiny.settings)

    assert result.freed.summary == ""
    assert len(list((tiny.settings.raw / tiny.name).glob("*.bin"))) == len(EDITIONS)


def test_old_vintages_keep_their_figures_and_the_history_its_revisions(tiny: Tiny) -> None:
    settings = replace(tiny.settings, keep_vintages=2)

    result = _all_editions(tiny, settings)

    assert (result.refused, result.freed.vintages, result.freed.files) == ((), 1, 1)
    assert _parts(settings, tiny.name)[0] == len(KEPT_PARTS)
    assert min(_parts(settings, tiny.name)[1:]) > len(KEPT_PARTS)
    assert len(list((settings.raw / tiny.name).glob("*.bin"))) == 2
    expected = list(itertools.pairwise(EDITIONS))
    assert _revisions(settings) == expected
    # Worked out again from what is left, they are the same, and nothing is missing to iccs repair.
    for path in (settings.core / tiny.name / "revisions").iterdir():
        path.unlink()
    settings.published.unlink()
    _run(tiny, settings, EDITIONS[-1])
    assert _revisions(settings) == expected
    assert look_for_damage(Session(settings, tiny.given, source_folders=tiny.sources)) == []


def test_a_run_that_is_killed_on_the_way_is_completed_by_the_next(tiny: Tiny, monkeypatch: Any) -> None:
    settings = replace(tiny.settings, keep_vintages=1)
    real: Callable[[Path, Settings], None] = retention.delete
    deleted: list[Path] = []

    def die_at_the_third(path: Path, given: Settings) -> None:
        deleted.append(path)
        if len(deleted) == 3:
            raise KeyboardInterrupt
        real(path, given)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "delete", die_at_the_third)
        with contextlib.suppress(KeyboardInterrupt):
            _all_editions(tiny, settings)
    assert len(deleted) == 3
    _run(tiny, settings, EDITIONS[-1])

    assert _parts(settings, tiny.name)[:2] == [len(KEPT_PARTS)] * 2
    assert look_for_damage(Session(settings, tiny.given, source_folders=tiny.sources)) == []
    assert _revisions(settings) == list(itertools.pairwise(EDITIONS))


def test_figures_that_come_again_are_whole_again(tiny: Tiny) -> None:
    settings = replace(tiny.settings, keep_vintages=1)
    _all_editions(tiny, settings)

    result = _run(tiny, settings, EDITIONS[0])

    assert result.loaded == (tiny.name,)
    assert result.refused == ()
    assert _revisions(settings)[-1] == (EDITIONS[-1], EDITIONS[0])
    assert look_for_damage(Session(settings, tiny.given, source_folders=tiny.sources)) == []
