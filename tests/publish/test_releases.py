"""A release stays as it was published; it can be listed, compared and put back; readers are told of a newer one."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.cli.run import describe_unpublished
from pipelines.publish.releases import (
    compare_releases,
    kept_releases,
    newer_than_published,
    read_release,
    restore_release,
)
from pipelines.reader.release import open_release, query
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.lock import writing
from pipelines.system.settings import Settings, load_settings
from schemas.errors import UsageError
from schemas.source import find_sources

ROOT = Path(__file__).parents[2]


def _run(tiny: Tiny, text: str, keep: int = 5) -> RunResult:
    tiny.give("t.csv", "area,year,code,n\n" + text)
    return run_all(
        find_sources([], tiny.sources),
        Session(dataclasses.replace(tiny.settings, keep_releases=keep), tiny.given, source_folders=tiny.sources),
        named=False,
    )


def _release(result: RunResult) -> str:
    assert result.publication is not None
    return result.publication.release


def test_a_clock_that_was_ahead_once_makes_no_release_the_newest_for_ever(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=400)

    tiny.declare_plain()
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.publish.build.datetime", Ahead)
        patch.setattr("pipelines.tabulate.vintages.store.datetime", Ahead)
        first = _release(_run(tiny, "14,2024,HOM,5\n"))
    second = _release(_run(tiny, "14,2024,HOM,8\n"))
    assert first > second, "the names have the days of the clock"
    assert _jalisco(tiny.settings) == [("2024", 8.0)]
    assert [release.release for release in kept_releases(tiny.settings)] == [first, second]
    assert _run(tiny, "14,2024,HOM,8\n").publication is None  # and nothing is published again and again
    assert _release(_run(tiny, "14,2024,HOM,9\n")) != second
    assert _jalisco(tiny.settings) == [("2024", 9.0)]


def test_a_run_without_news_removes_what_a_stopped_one_has_left(tiny: Tiny) -> None:
    """A run that is killed between its release and the removal of the oldest leaves one more than are to be kept."""
    tiny.declare_plain()
    first = _release(_run(tiny, "14,2024,HOM,5\n"))
    second = _release(_run(tiny, "14,2024,HOM,8\n"))
    assert [release.release for release in kept_releases(tiny.settings)] == [first, second]
    assert _run(tiny, "14,2024,HOM,8\n", keep=1).publication is None
    assert [release.release for release in kept_releases(tiny.settings)] == [second]


def _jalisco(settings: Settings) -> list[tuple[Any, ...]]:
    where = "ref_area = 'MX-JAL' AND iccs = '0101'"
    return query(f"SELECT time_period, value FROM out.observation WHERE {where} ORDER BY 1", settings).rows


def test_releases_stay_and_can_be_put_back(tiny: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.declare_plain()
    data = ["--data", str(tiny.settings.data), "--json"]
    first = _release(_run(tiny, "14,2023,HOM,3\n14,2024,HOM,5\n"))
    kept = tiny.settings.releases / f"crime-{first}.duckdb"
    before = kept.read_bytes()
    second = _release(_run(tiny, "14,2024,HOM,8\n15,2024,HOM,1\n"))

    # What was published first is still there, byte by byte; what is published is the second, in one copy.
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o222 == 0
    assert tiny.settings.published.samefile(tiny.settings.releases / f"crime-{second}.duckdb")
    assert main(["releases", "list", *data]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(row["release"], row["kept"], row["published"]) for row in listed] == [
        (first, True, False),
        (second, True, True),
    ]
    assert query("SELECT count(*) FROM out.release_source", tiny.settings).rows == [(2,)]

    # Jalisco: 2023 went, and with it the country's row of that year; 2024 was corrected; the State of Mexico came, so
    # that more of the country is there in 2024. Each cell stands at 0101 and at 01 above it.
    (row,) = compare_releases(first, second, tiny.settings).sources
    expected = {"added": 2, "withdrawn": 4, "changed": 2, "marks_changed": 2}
    assert {name: row[name] for name in expected} == expected
    assert main(["releases", "diff", first, second, *data]) == 0
    largest = json.loads(capsys.readouterr().out)["largest_changes"]
    assert [(cell["iccs"], cell["old_value"], cell["new_value"], cell["change"]) for cell in largest] == [
        ("01", 5, 8, 3),
        ("0101", 5, 8, 3),
    ]

    people = [word for word in data if word != "--json"]
    assert main(["releases", "diff", first, second, *people]) == 0
    text = capsys.readouterr().out
    assert (
        "Largest changes of a count (source xx_tiny, ref area MX-JAL, time period 2024, freq A" in text
    )  # alike in both lines
    assert ["0101", "5", "8", "3"] in [line.split() for line in text.splitlines()]
    assert "no percent reason few_events" in text  # one event more or less is a fifth of five
    assert main(["releases", "list", *people]) == 0
    states = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert states[-2:] == ["kept", "published"]

    # Put back, it stays until there is something new.
    assert main(["releases", "restore", first, *data]) == 0
    assert _jalisco(tiny.settings) == [("2023", 3), ("2024", 5)]
    unchanged = _run(tiny, "14,2024,HOM,8\n15,2024,HOM,1\n")
    assert unchanged.publication is None
    assert f"iccs releases restore {second}" in describe_unpublished(unchanged, tiny.settings)
    capsys.readouterr()
    main(["status", *people])
    assert f"iccs releases restore {second}" in capsys.readouterr().out
    assert _jalisco(tiny.settings) == [("2023", 3), ("2024", 5)]
    third = _run(tiny, "14,2024,HOM,9\n15,2024,HOM,1\n", keep=2)
    assert _jalisco(tiny.settings) == [("2024", 9)]
    assert newer_than_published(tiny.settings) is None
    assert [release.release for release in kept_releases(tiny.settings)] == [second, _release(third)]
    releases = query("SELECT release FROM out.release_history ORDER BY published_at", tiny.settings).rows
    assert releases == [(first,), (second,), (_release(third),)]
    with pytest.raises(UsageError, match="no longer kept"):
        restore_release(first, tiny.settings)


def test_figures_that_are_no_longer_given_and_populations_are_in_the_comparison(tiny: Tiny) -> None:
    """Of two states the figure of one goes and then comes back, each at 0101 and 01; the population is revised."""
    tiny.declare_plain(values="value,-,O,\n")
    declaration = tiny.sources / "xx_tiny" / "source.yml"
    declaration.write_text(declaration.read_text(encoding="utf-8").replace("'*.csv'", "figures.csv"), encoding="utf-8")
    people = Tiny(tiny.root, "xx_people")
    people.declare(
        "kind: population\nlayouts:\n  - files: [people.csv]\n    read: {columns: [area, year, n]}\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, value: n}\n"
        "measures:\n  persons: {counting_unit: person}\n",
    )
    for name in ("concordance.csv", "values.csv"):
        (people.sources / "xx_people" / name).unlink()
    before = "".join(f"{area},{year},HOM,8\n" for area in (14, 15) for year in range(2000, 2024))
    releases = []
    for figure, inhabitants in (("5", 1000), ("-", 1010), ("5", 1010)):
        tiny.give("figures.csv", f"area,year,code,n\n{before}14,2024,HOM,{figure}\n15,2024,HOM,8\n")
        tiny.give("people.csv", f"area,year,n\n14,2024,{inhabitants}\n15,2024,500\n")
        session = Session(tiny.settings, tiny.given, source_folders=tiny.sources)
        done = run_all(find_sources([], tiny.sources), session, named=False)
        assert not done.refused, done.refused
        releases.append(_release(done))

    def told(old: int, new: int) -> dict[str, dict[str, int]]:
        rows = compare_releases(releases[old], releases[new], tiny.settings).sources
        kinds = ("added", "withdrawn", "no_longer_given", "now_given", "changed")
        return {row["source"]: {kind: row[kind] for kind in kinds if row[kind]} for row in rows}

    assert told(0, 1) == {"xx_people": {"changed": 1}, "xx_tiny": {"no_longer_given": 2}}
    assert told(1, 2) == {"xx_people": {}, "xx_tiny": {"now_given": 2}}
    assert told(0, 2) == {"xx_people": {"changed": 1}, "xx_tiny": {}}


def test_the_same_content_again_is_another_release(tiny: Tiny) -> None:
    tiny.declare_plain()
    text = "14,2023,HOM,3\n"
    first = _release(_run(tiny, text))
    tiny.settings.published.unlink()
    tiny.settings.published.write_bytes(b"not a database " * 1000)
    second = _release(_run(tiny, text))

    assert second == f"{first}.2"
    assert len(kept_releases(tiny.settings)) == 2


def test_a_release_that_was_not_kept_in_time_is_kept_by_the_next_run(tiny: Tiny) -> None:
    """A run may be killed between publishing a file and giving it its second name."""
    tiny.declare_plain()
    first = _release(_run(tiny, "14,2023,HOM,3\n"))
    (tiny.settings.releases / f"crime-{first}.duckdb").unlink()
    second = _release(_run(tiny, "14,2023,HOM,4\n"))

    assert [release.release for release in kept_releases(tiny.settings)] == [first, second]


def test_a_reader_is_told_of_a_newer_release(tiny: Tiny) -> None:
    tiny.declare_plain()
    first = _release(_run(tiny, "14,2023,HOM,3\n"))
    count = "SELECT value FROM out.observation WHERE iccs = '0101' AND ref_area = 'MX-JAL'"
    with open_release(tiny.settings.data) as crime:
        assert (crime.release, crime.is_newer(), crime.reconnect()) == (first, False, False)
        second = _release(_run(tiny, "14,2023,HOM,4\n"))

        # The open one is as it was; another one opened beside it, in the same process, is the new one.
        assert crime.connection.sql(count).fetchall() == [(3,)]
        assert (crime.release, crime.is_newer()) == (first, True)
        with open_release(tiny.settings.data) as other:
            assert (other.release, other.connection.sql(count).fetchall()) == (second, [(4,)])
        assert crime.reconnect()
        assert (crime.release, crime.is_newer()) == (second, False)
        assert crime.connection.sql(count).fetchall() == [(4,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            crime.connection.execute("DELETE FROM out.observation")


# --- the writer's lock ---------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from pipelines.system.lock import writing
from pipelines.system.settings import Settings
with writing(Settings(data=Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def _hold(data: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(data), str(seconds)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_second_writer_is_told_who_writes_or_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(tmp_path)
    with _hold(tmp_path, 3) as holder:
        with pytest.raises(UsageError) as told, writing(settings):
            pass
        assert f"process {holder.pid} on " in str(told.value)
        assert ", since 20" in str(told.value)
        assert main(["run", "--data", str(tmp_path)]) == 2
        with pytest.raises(UsageError, match=r"after 0.3 s of waiting"), writing(settings, 0.3):
            pass
        with writing(settings, 60):
            assert holder.wait(10) == 0, "the lock came free because the other one ended"


def test_lock_of_a_killed_writer_is_free(tmp_path: Path) -> None:
    with _hold(tmp_path, 600) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with writing(load_settings(tmp_path), 0):  # without waiting: the system freed it with the process
            pass


def test_a_release_that_a_client_writes_to_is_not_taken_for_none(tmp_path: Path) -> None:
    """Were it taken for none, the run would publish beside it and forget the history that it holds."""
    path = tmp_path / "crime.duckdb"
    script = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "open\n"
        with pytest.raises(UsageError, match="open for writing in another program; close it"):
            read_release(path)
        client.kill()
    assert read_release(path) is None, "no release was published into that file"
