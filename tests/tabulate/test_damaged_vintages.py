"""Stored figures that were damaged are never published, and giving the files of the source again heals them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.publish.build import publish
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.tabulate.vintages.loads import POINTER
from pipelines.tabulate.vintages.parts import DamagedVintage
from pipelines.tabulate.vintages.pointers import LostPointer, current_vintage, recover_pointers
from pipelines.tabulate.vintages.store import remove_superseded
from pipelines.tabulate.vintages.vintage import Vintage

TEXT = "area,year,code,n\n14,2023,HOM,5\n15,2023,HOM,7\n"
SQL = "SELECT ref_area, value FROM out.observation WHERE iccs = '0101' AND area_level = 'admin1' ORDER BY ALL"
FIGURES = [("MX-JAL", 5), ("MX-MEX", 7)]


def load(tiny: Tiny) -> bool:
    """Load what is given; whether there was work to do."""
    return run_source(tiny.source, Session(tiny.settings, tiny.given))[1]


def current(tiny: Tiny) -> Vintage:
    vintage = current_vintage(tiny.name, tiny.settings)
    assert vintage is not None
    return vintage


def figures(tiny: Tiny) -> list[tuple[str, float]]:
    """The figures of a publication."""
    publication = publish([current(tiny)], {tiny.name: tiny.source}, tiny.settings)
    with duckdb.connect(str(publication.path), read_only=True) as connection:
        return connection.execute(SQL).fetchall()


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, Callable[[Vintage], None]] = {
    "cells.parquet has changed since it was stored": lambda vintage: turn_a_bit(vintage.part("cells")),
    "coverage.parquet is missing": lambda vintage: vintage.part("coverage").unlink(),
    "rates.parquet has changed since it was stored": lambda vintage: vintage.part("rates").write_bytes(b""),
    "manifest.json is missing": lambda vintage: (vintage.folder / "manifest.json").unlink(),
    "manifest.json cannot be read": lambda vintage: (vintage.folder / "manifest.json").write_text('{"parts": '),
}


@pytest.fixture
def loaded(tiny: Tiny) -> Tiny:
    tiny.declare_plain()
    tiny.give("t.csv", TEXT)
    assert load(tiny)
    return tiny


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_vintage_is_never_published_and_loads_again_from_its_files(loaded: Tiny, what: str) -> None:
    DAMAGE[what](current(loaded))
    assert current(loaded).is_damaged
    with pytest.raises(DamagedVintage, match=what.replace(".", r"\.")) as told:
        figures(loaded)
    assert f"iccs run {loaded.name} --from DIR" in str(told.value)
    assert not loaded.settings.published.exists()
    assert load(loaded), "the same files are loaded again"
    assert not current(loaded).is_damaged
    assert len(current(loaded).loads) == 1
    assert not load(loaded)


def test_other_figures_after_damage_are_no_revision_of_what_cannot_be_read(loaded: Tiny) -> None:
    lost = current(loaded).vintage
    turn_a_bit(current(loaded).part("cells"))
    loaded.give("t.csv", TEXT.replace("HOM,7", "HOM,9"))
    result = run_all([loaded.source], Session(loaded.settings, loaded.given, source_folders=loaded.sources))
    (line,) = result.recovered
    assert line.startswith(f"{loaded.name}: the vintage {lost} is damaged and was removed from the history")
    assert figures(loaded) == [("MX-JAL", 5), ("MX-MEX", 9)]
    with duckdb.connect(str(loaded.settings.published), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM out.revision").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM out.vintage").fetchall() == [(1,)]


def test_a_lost_pointer_withdraws_no_source_and_is_made_again_with_its_history(loaded: Tiny) -> None:
    loaded.give("t.csv", TEXT.replace("HOM,7", "HOM,9"))
    load(loaded)
    before = current(loaded)
    assert len(before.loads) == 2
    pointer = loaded.settings.core / loaded.name / POINTER
    content = pointer.read_bytes()
    for damaged in (None, b"", content[:40], b"{}", b"[]", b'{"loads": []}', b"\xff\xfe\x00"):
        pointer.unlink()
        if damaged is not None:
            pointer.write_bytes(damaged)
        with pytest.raises(LostPointer, match="next iccs run rebuilds the file from them"):
            current(loaded)
        (line,) = recover_pointers(loaded.settings)
        assert line.startswith(f"{loaded.name}: ")
        assert pointer.read_bytes() == content
    assert recover_pointers(loaded.settings) == ()


def test_a_run_makes_lost_pointers_again_and_says_so(loaded: Tiny) -> None:
    (loaded.settings.core / loaded.name / POINTER).unlink()
    (loaded.given / "t.csv").unlink()
    session = Session(loaded.settings, loaded.given, source_folders=loaded.sources)
    result = run_all([loaded.source], session, named=False)
    assert len(result.recovered) == 1
    assert result.publication is not None
    assert figures(loaded) == FIGURES


def test_a_vintage_that_an_older_version_stored_is_found_by_its_manifest(loaded: Tiny) -> None:
    """It has no copy of the pointer; its files are then loaded again when they are next given."""
    folder = current(loaded).folder
    (folder / POINTER).unlink()
    (loaded.settings.core / loaded.name / POINTER).unlink()
    assert len(recover_pointers(loaded.settings)) == 1
    assert current(loaded).folder == folder
    assert load(loaded)


def test_a_copy_of_a_vintage_under_another_name_is_not_taken_for_it(loaded: Tiny) -> None:
    folder = current(loaded).folder
    shutil.copytree(folder, folder.with_name("my copy"))
    (loaded.settings.core / loaded.name / POINTER).unlink()
    recover_pointers(loaded.settings)
    assert current(loaded).folder == folder


def test_a_folder_that_a_killed_run_left_goes_with_the_next_run_if_the_other_is_whole(loaded: Tiny) -> None:
    """A run that loads the same figures anew is killed between the pointer's move and the removal of the old folder."""
    root = current(loaded).folder.parent
    first = current(loaded).folder.name
    loaded.declare_plain("rejected_share_limit: 0.5\n")
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr("pipelines.tabulate.vintages.store.remove_older_folders", lambda *_: None)
        assert load(loaded)
    second = current(loaded).folder.name
    shutil.copytree(root / first, root / "my own copy")
    assert {first, second} == {f"{first}", f"{first}.2"}

    part = root / second / "cells.parquet"
    content = part.read_bytes()
    part.write_bytes(content[:-1])
    remove_superseded(loaded.settings)
    assert {path.name for path in root.glob("*/")} == {first, second, "my own copy"}

    part.write_bytes(content)
    remove_superseded(loaded.settings)
    assert {path.name for path in root.glob("*/")} == {second, "my own copy"}
    assert figures(loaded) == FIGURES
