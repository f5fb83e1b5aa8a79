"""A run deletes what a run made: the user's own files in the data folder survive, and so does what a link leads to."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.publish.report import write_reports
from pipelines.reader.release import open_published
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.lock import writing
from pipelines.system.removal import MARK, delete, make_work_folder
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import find_sources

GOOD = "area,year,code,n\n14,2024,HOM,3\n"


def _run(tiny: Tiny, settings: Settings | None = None) -> RunResult:
    return run_all(
        find_sources([], tiny.sources),
        Session(settings or tiny.settings, tiny.given, source_folders=tiny.sources),
        named=False,
    )


def _fill(folder: Path) -> dict[str, str]:
    """Put a user's files into a folder, one of them deep; return its content."""
    for name in ("thesis.txt", "a/b/notes.csv"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {name}", encoding="utf-8")
    return _content(folder)


def _content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def given(tiny: Tiny) -> Tiny:
    tiny.declare_plain()
    tiny.give("t.csv", GOOD)
    return tiny


@pytest.mark.parametrize("name", ["work", "raw", "spill", "input"])
@pytest.mark.parametrize("case", ["with input", "without input", "locked"])
def test_users_folder_in_the_data_folder_survives_a_run(given: Tiny, name: str, case: str) -> None:
    mine = given.settings.data / name
    before = _fill(mine)

    if case == "locked":
        with writing(given.settings), pytest.raises(UsageError, match="another run is writing"):
            _run(given)
    elif case == "without input":
        (given.given / "t.csv").unlink()
        assert _run(given).absent == (given.name,)
    else:
        assert _run(given).loaded == (given.name,)

    assert before.items() <= _content(mine).items()


@pytest.mark.parametrize("case", ["with input", "without input", "locked"])
def test_users_folder_in_the_place_of_ours_is_refused_and_survives(given: Tiny, case: str) -> None:
    before = _fill(given.settings.work)
    if case == "without input":
        (given.given / "t.csv").unlink()

    with pytest.raises(UsageError, match=r"\.iccs-work was not made by iccs .* move it away"):
        if case == "locked":
            with writing(given.settings):
                _run(given)
        else:
            _run(given)

    assert _content(given.settings.work) == before
    assert not given.settings.published.exists()


def test_file_in_the_place_of_our_folder_is_refused(given: Tiny) -> None:
    given.settings.data.mkdir()
    given.settings.work.write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match=r"\.iccs-work is a file"):
        _run(given)
    assert given.settings.work.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("case", ["with input", "without input"])
def test_what_a_killed_run_left_is_deleted_once_a_run_has_the_lock(given: Tiny, case: str) -> None:
    """It may be rows with persons, so it does not wait for a run that has a file."""
    work = make_work_folder(given.settings)
    left = _fill(work / "xx_other")
    outside = given.root / "outside"
    linked = _fill(outside)
    (work / "xx_other" / "link").symlink_to(outside)
    (work / "link").symlink_to(outside)

    with writing(given.settings), pytest.raises(UsageError, match="another run is writing"):
        _run(given)
    assert left.items() <= _content(work / "xx_other").items()
    if case == "without input":
        (given.given / "t.csv").unlink()
        assert _run(given).absent == (given.name,)
    else:
        assert _run(given).loaded == (given.name,)

    assert [path.name for path in work.iterdir()] == [MARK]
    assert _content(outside) == linked


def test_run_that_is_killed_before_it_marks_its_folder_does_not_block_the_next(given: Tiny) -> None:
    given.settings.work.mkdir(parents=True)

    assert _run(given).loaded == (given.name,)


@pytest.mark.parametrize(
    "name", [".iccs-work", "core", "partitions", "quarantine", "published", "published/releases", "core/xx_tiny"]
)
def test_link_out_of_the_data_folder_is_refused_and_what_it_leads_to_survives(given: Tiny, name: str) -> None:
    outside = given.root / "outside"
    before = _fill(outside)
    link = given.settings.data / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)

    with pytest.raises(UsageError, match=f"{name} is a link"):
        _run(given)

    assert _content(outside) == before


def test_link_to_a_folder_of_ours_elsewhere_is_refused_too(given: Tiny) -> None:
    """The mark alone is not enough: the folder may be that of another data folder, in which a run is writing."""
    other = Settings(data=given.root / "other")
    before = _fill(make_work_folder(other))
    given.settings.data.mkdir()
    given.settings.work.symlink_to(other.work)

    with pytest.raises(UsageError, match="is a link"):
        _run(given)

    assert _content(other.work) == before


def test_users_files_among_ours_survive_while_ours_are_renewed(given: Tiny) -> None:
    """Each has a name near to one that a run deletes."""
    settings = replace(given.settings, keep_releases=1)
    first = _run(given, settings)
    assert first.publication is not None
    vintage = next(path for path in (settings.core / given.name).iterdir() if path.is_dir())
    releases, quality = settings.releases, settings.published.parent / "quality"
    mine = [
        releases / "crime-backup.duckdb",
        quality / "notes.html",
        quality / f"{given.name}-2024.html",
        settings.published.parent / ".crime-notes.part",
        settings.published.parent / ".crime-0123456789abcdef.notes",
        settings.quarantine / given.name / "refused-notes.parquet",
        settings.core / given.name / f"{vintage.name}.backup" / "cells.parquet",
        settings.core / given.name / ".part-of-my-thesis" / "notes.txt",
    ]
    copies = {mine[0]: settings.published, mine[2]: quality / f"{given.name}.html"}
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copies[path].read_bytes() if path in copies else b"mine")
    ours = [
        settings.published.parent / ".crime-0123456789abcdef.part.wal",
        settings.quarantine / given.name / "refused-01234567.parquet",
        settings.core / given.name / ".part-ab_01xyz" / "cells.parquet",
        quality / "xx_withdrawn.html",
    ]
    for path in ours:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<title>Quality of xx_withdrawn</title>", encoding="utf-8")
    before = {path: path.read_bytes() for path in mine}

    given.give("t.csv", GOOD.replace(",3", ",4"))
    second = _run(given, settings)
    # The same figures again, by another declaration: the vintage is renewed.
    given.declare_plain("rejected_share_limit: 0.5\n")
    third = _run(given, settings)
    with open_published(settings) as connection:
        write_reports(connection, settings)

    assert second.publication is not None
    assert third.publication is not None
    assert [path for path in mine if not path.is_file() or path.read_bytes() != before[path]] == []
    assert [path for path in ours if path.exists()] == []
    assert sorted(path.name for path in releases.iterdir()) == [
        f"crime-{third.publication.release}.duckdb",
        f"crime-{third.publication.release}.duckdb.sha256",
        "crime-backup.duckdb",
    ]


def test_nothing_is_deleted_through_a_link_or_outside_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    outside = tmp_path / "outside"
    before = _fill(outside)
    settings.core.mkdir(parents=True)
    (settings.core / "xx_tiny").symlink_to(outside)

    with pytest.raises(UsageError, match="xx_tiny is a link"):
        delete(settings.core / "xx_tiny" / "a", settings)
    for path in (outside / "a", settings.data / ".." / "outside" / "a", settings.data):
        with pytest.raises(ValueError, match="not in"):
            delete(path, settings)
    assert _content(outside) == before

    delete(settings.core / "xx_tiny", settings)
    assert not os.path.lexists(settings.core / "xx_tiny")
    assert _content(outside) == before


@pytest.mark.parametrize("linked", [False, True])
def test_serve_refuses_a_users_folder_before_it_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], linked: bool
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    before = _fill(tmp_path / "mine")
    if linked:
        (data / ".iccs-work").symlink_to(tmp_path / "mine")
    else:
        shutil.copytree(tmp_path / "mine", data / ".iccs-work")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    assert main(["serve", "--data", str(data), "--port", str(port)]) == 2

    assert str(data / ".iccs-work") in capsys.readouterr().err
    assert _content(data / ".iccs-work") == before
    assert not (data / "prefect").exists()


@pytest.mark.suite
@pytest.mark.parametrize("name", ["work", ".iccs-work"])
def test_check_of_a_file_writes_and_deletes_nothing_in_the_data_folder(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    _fill(data / name)
    (data / "core").symlink_to(tmp_path / "nowhere")
    before = _content(data)
    file = Path(__file__).parents[2] / "data" / "input" / "wb_population" / "population.csv.gz"

    assert main(["check", str(file), "--source", "wb_population", "--data", str(data)]) == 0

    assert "would be accepted" in capsys.readouterr().out
    assert _content(data) == before
    assert sorted(path.name for path in data.iterdir()) == sorted([name, "core"])
