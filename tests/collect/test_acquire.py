"""Files are found by name, kept by what is in them, and never outside the folder given."""

from __future__ import annotations

import errno
import gzip
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire, find_files
from pipelines.system.errors import DataRefused
from pipelines.system.settings import Settings


def _declared(tiny: Tiny, *patterns: str) -> Any:
    return tiny.declare(
        f"layouts:\n  - files: {list(patterns)}\n    read: {{columns: [n]}}\narea_scheme: inegi\n"
        "columns: {ref_area: a, time_period: b, value: n}\nmeasures:\n  victims: {counting_unit: victim}\n"
    )


def test_pattern_is_matched_on_the_name_at_any_depth(tiny: Tiny) -> None:
    source = _declared(tiny, "homicides_20??.csv")
    for name in ("homicides_2023.csv", "deep/er/homicides_2024.csv", "homicides_all.csv", "homicides_2024.csv.bak"):
        tiny.give(name, "n\n1\n")

    found = [path.relative_to(tiny.given).as_posix() for path, _ in find_files(source, tiny.given)]

    assert found == ["homicides_2023.csv", "deep/er/homicides_2024.csv"]


def test_pattern_with_a_slash_is_matched_on_the_path(tiny: Tiny) -> None:
    source = _declared(tiny, "*indec*/poblacion.csv")
    for name in ("argentina-indec/poblacion.csv", "elsewhere/poblacion.csv"):
        tiny.give(name, "n\n1\n")

    assert [path.parent.name for path, _ in find_files(source, tiny.given)] == ["argentina-indec"]
    assert [path.name for path, _ in find_files(source, tiny.given / "argentina-indec")] == ["poblacion.csv"]


@pytest.mark.parametrize("kind", ["count", "incident"])
def test_what_is_no_regular_file_is_refused_by_its_name_and_never_read(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Opening the pipe would wait for ever; the links lead out of the folder."""
    rows = "kind: incident\nrows: events\n" if kind == "incident" else ""
    source = tiny.declare_plain(rows)
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.joinpath("secret.csv").write_text("n\n1\n", encoding="utf-8")
    tiny.give("own.csv", "n\n1\n")
    tiny.given.joinpath("a-link.csv").symlink_to(outside / "secret.csv")
    tiny.given.joinpath("b-dangling.csv").symlink_to(outside / "nothing")
    tiny.given.joinpath("linked").symlink_to(outside)
    os.mkfifo(tiny.given / "c-pipe.csv")
    monkeypatch.chdir(tiny.given)  # the path of a socket may have 108 bytes at most
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("d-socket.csv")
    tiny.given.joinpath("e-folder.csv").mkdir()

    with pytest.raises(DataRefused) as refused:
        acquire(source, tiny.settings, tiny.given)

    assert [(problem.rule, problem.file, problem.found) for problem in refused.value.problems] == [
        ("file_not_regular", "a-link.csv", "This is a symbolic link, not a file."),
        ("file_not_regular", "b-dangling.csv", "This is a symbolic link, not a file."),
        ("file_not_regular", "c-pipe.csv", "This is a named pipe, not a file."),
        ("file_not_regular", "d-socket.csv", "This is a socket, not a file."),
        ("file_not_regular", "e-folder.csv", "This is a folder, not a file."),
    ]


def test_a_data_set_in_a_folder_that_is_named_like_a_file_is_its_files(tiny: Tiny) -> None:
    source = _declared(tiny, "*.csv")
    tiny.give("crimes.csv/part-0.csv", "n\n1\n")

    assert [path.name for path, _ in find_files(source, tiny.given)] == ["part-0.csv"]


@pytest.mark.parametrize("again", ["copy.csv", "t.csv.gz"])
def test_the_same_content_under_two_names_is_refused(tiny: Tiny, again: str) -> None:
    """Where the rows are parts of a total, it would be published doubled."""
    source = _declared(tiny, "*.csv", "*.csv.gz")
    content = b"n\n1\n"
    tiny.give("t.csv", content)
    tiny.give(again, gzip.compress(content) if again.endswith(".gz") else content)

    with pytest.raises(DataRefused) as refused:
        acquire(source, tiny.settings, tiny.given)

    ((rule, found),) = [(problem.rule, problem.found) for problem in refused.value.problems]
    assert rule == "file_given_twice"
    assert "has the same content as" in found


def test_a_kept_copy_that_was_damaged_is_made_again(tiny: Tiny) -> None:
    source = _declared(tiny, "*.csv")
    tiny.give("t.csv", "n\n1\n2\n")
    (file,) = acquire(source, tiny.settings, tiny.given).files
    file.path.write_bytes(b"n\n1\n")

    (again,) = acquire(source, tiny.settings, tiny.given).files

    assert again.path.read_bytes() == b"n\n1\n2\n"


def test_bytes_are_kept_once_and_as_they_were(tiny: Tiny) -> None:
    source = _declared(tiny, "*.csv")
    content = b"n\r\n\xff\x00\n"
    tiny.give("a.csv", content)
    tiny.give("again/a.csv", content)  # the same file twice is no doubt about which is meant

    (file,) = acquire(source, tiny.settings, tiny.given).files
    acquire(source, tiny.settings, tiny.given)

    assert file.path.read_bytes() == content
    assert file.size == len(content)
    assert sorted(path.suffix for path in tiny.settings.raw.rglob("*") if path.is_file()) == [".bin", ".json"]


def test_same_name_with_other_bytes_is_refused(tiny: Tiny) -> None:
    source = _declared(tiny, "*.csv")
    tiny.give("a/n.csv", "n\n1\n")
    tiny.give("b/n.csv", "n\n2\n")

    with pytest.raises(DataRefused) as refused:
        acquire(source, tiny.settings, tiny.given)

    assert [problem.rule for problem in refused.value.problems] == ["file_ambiguous"]


def test_file_over_the_limit_is_refused_before_it_is_copied(tiny: Tiny) -> None:
    source = _declared(tiny, "*.csv")
    tiny.give("big.csv", b"0" * (2**20 + 1))

    with pytest.raises(DataRefused) as refused:
        acquire(source, Settings(data=tiny.root / "data", max_file_mib=1), tiny.given)

    assert [problem.rule for problem in refused.value.problems] == ["file_too_large"]
    assert not (tiny.root / "data" / "raw").exists()


def test_no_file_is_told_with_the_names_looked_for(tiny: Tiny) -> None:
    source = _declared(tiny, "one.csv", "two_*.csv")
    tiny.given.mkdir()

    with pytest.raises(DataRefused) as refused:
        acquire(source, tiny.settings, tiny.given)

    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_not_found", "one.csv, two_*.csv")


def test_file_that_is_written_while_it_is_copied_is_refused_and_never_kept_under_a_wrong_hash(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", "area,year,code,n\n14,2024,HOM,3\n")

    def copy_after_more_came(path: Path, temporary: Path) -> None:
        Path(temporary).write_bytes(Path(path).read_bytes() + b"13,2024,HOM,4\n")

    monkeypatch.setattr("pipelines.collect.acquire.shutil.copyfile", copy_after_more_came)
    with pytest.raises(DataRefused) as refused:
        acquire(tiny.source, tiny.settings, tiny.given)

    assert [problem.rule for problem in refused.value.problems] == ["file_changed"]
    assert list((tiny.settings.raw / tiny.name).iterdir()) == []


def test_a_copy_that_the_disk_does_not_take_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    tiny = Tiny(tmp_path)
    tiny.declare_plain()
    tiny.give("t.csv", "area,year,code,n\n14,2023,HOM,5\n")
    monkeypatch.setattr("pipelines.collect.acquire.shutil.copyfile", fail)
    with pytest.raises(OSError, match="no copy of t"):
        acquire(tiny.source, tiny.settings, tiny.given)
