"""Damaged files are found, told and mended from what is whole; figures are those that were, or none.

Right are the figures of ``FIGURES``, worked out by hand from the rows given. All kinds of files and of damage are tried
by ``tests/benchmarks/damage.py``.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest
from damaged_files import INCIDENTS, damage
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.repair.damage import Repaired
from pipelines.repair.repair import look_for_damage, repair
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.tabulate.vintages.pointers import current_vintage

TEXT = "area,year,code,n\n14,2023,HOM,5\n15,2023,HOM,7\n14,2022,HOM,-1\n"
FIGURES = [("MX-JAL", 5), ("MX-MEX", 7)]


@pytest.fixture
def stored(tiny: Tiny) -> Tiny:
    """A source that is published, with a rejected cell; its files as received are no longer there."""
    tiny.declare_plain("rejected_share_limit: 0.5\n")
    tiny.give("t.csv", TEXT)
    assert run_all([tiny.source], session(tiny), named=False).publication is not None
    (tiny.given / "t.csv").rename(tiny.root / "t.csv")
    assert look_for_damage(session(tiny)) == []
    return tiny


def session(tiny: Tiny) -> Session:
    return Session(tiny.settings, tiny.given, source_folders=tiny.sources)


def figures(tiny: Tiny) -> list[tuple[str, float]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(
            "SELECT ref_area, value FROM out.observation WHERE iccs = '0101' AND area_level = 'admin1' AND value > 0 "
            "ORDER BY ALL"
        ).fetchall()


def one(tiny: Tiny, pattern: str) -> Path:
    (path,) = tiny.settings.data.glob(pattern)
    return path


def mended(tiny: Tiny) -> Repaired:
    assert look_for_damage(session(tiny)), "it is not found"
    done = repair(session(tiny))
    assert figures(tiny) == FIGURES
    return done


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("core/*/2*/cells.parquet", "one bit turned"),
        ("core/*/2*/manifest.json", "deleted"),
        ("core/*/current.json", "truncated"),
        ("raw/*/*.json", "one bit turned"),
        ("quarantine/*/*.parquet", "one bit turned"),
        ("published/crime.duckdb", "one bit turned"),
        ("published/crime.duckdb", "truncated"),
    ],
)
def test_what_is_damaged_is_made_again_from_what_is_whole(stored: Tiny, pattern: str, kind: str) -> None:
    damage(one(stored, pattern), kind, random.Random(pattern + kind))
    assert mended(stored).left == ()
    if "quarantine" in pattern:
        assert [row[2] for row in stored.rejected()] == ["-1"]


def test_a_raw_copy_is_made_again_from_the_same_file_only_and_is_not_needed_for_figures(stored: Tiny) -> None:
    copy = one(stored, "raw/*/*.bin")
    copy.write_bytes(b"")
    stored.give("t.csv", TEXT.replace(",7", ",8"))  # another edition
    (left,) = mended(stored).left
    assert left.path == copy and not left.can_repair and "t.csv" in left.remedy
    stored.give("t.csv", TEXT)
    assert mended(stored).left == ()
    assert copy.read_text() == TEXT


def test_a_vintage_without_its_file_is_refused_with_the_way_back_and_nothing_is_published(stored: Tiny) -> None:
    one(stored, "raw/*/*.bin").unlink()
    one(stored, "core/*/2*/cells.parquet").write_bytes(b"")
    left = mended(stored).left
    assert {damage.can_repair for damage in left} == {False}
    assert any("give the files of the source again" in damage.remedy and "t.csv" in damage.remedy for damage in left)
    shutil.copy(stored.root / "t.csv", stored.given)
    done = mended(stored)
    assert done.left == () and any("with the same figures" in line for line in done.done)


def test_without_apply_it_says_what_it_would_do_and_changes_nothing(
    stored: Tiny, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from schemas.source import list_sources

    for module in ("pipelines.repair.repair", "pipelines.repair.stored_source"):
        monkeypatch.setattr(f"{module}.list_sources", lambda *_, **__: list_sources(stored.sources))
    cells = one(stored, "core/*/2*/cells.parquet")
    cells.write_bytes(b"cut")
    command = ["repair", "--data", str(stored.settings.data)]
    assert main(command) == 1
    said = capsys.readouterr().out
    assert f"{cells} has changed since it was stored" in said and "rebuild the vintage from t.csv" in said
    assert cells.read_bytes() == b"cut"
    current = current_vintage(stored.name, stored.settings)
    assert current is not None and current.is_damaged
    assert main([*command, "--apply"]) == 0
    assert "rebuilt, with the same figures" in capsys.readouterr().out
    assert main(command) == 0


def test_a_file_with_persons_is_read_again_without_the_newer_ones_beside_it(tmp_path: Path) -> None:
    """Right is the count of the rows of the file that the vintage was made from: 40 and not 41."""
    tiny = Tiny(tmp_path, "xx_test_incidents")
    shutil.copytree(INCIDENTS, tiny.sources / tiny.name)
    rows = "".join(f"F{n},2021-{n % 12 + 1:02}-02,MX-JAL,H1,man,30,Somebody\n" for n in range(40))
    header = "folio,day,place,offence,sex,age,name\n"
    tiny.give("a.csv", header + rows)
    assert run_all([tiny.source], session(tiny), named=False).publication is not None
    tiny.give("b.csv", header + "G1,2021-01-05,MX-JAL,H1,man,30,Else\n")  # received since
    one(tiny, "core/*/2*/cells.parquet").write_bytes(b"")
    done = repair(session(tiny))
    assert done.left == () and any("with the same figures" in line for line in done.done), done
    assert total(tiny) == [(40,)]
    assert run_all([tiny.source], session(tiny), named=False).loaded == (tiny.name,)
    assert total(tiny) == [(41,)]


def total(tiny: Tiny) -> list[tuple[float]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(
            "SELECT value FROM out.observation WHERE ref_area = 'MX-JAL' AND freq = 'A' AND iccs = '0101' "
            "AND sex = '_T' AND age = '_T'"
        ).fetchall()


@pytest.mark.parametrize("lost", ["cells.parquet", "manifest.json"])
def test_a_pattern_with_a_folder_is_no_reason_not_to_mend(tiny: Tiny, lost: str) -> None:
    """The raw copy does not say in which folder a file was received; the layout is the one it was read by."""
    tiny.declare_plain("rejected_share_limit: 0.5\n")
    declaration = tiny.sources / tiny.name / "source.yml"
    text = declaration.read_text(encoding="utf-8")
    assert "files: ['*.csv']" in text
    declaration.write_text(text.replace("files: ['*.csv']", f"files: ['{tiny.given.name}/2023/t*.csv']"))
    (tiny.given / "2023").mkdir(parents=True)
    (tiny.given / "2023" / "t.csv").write_text(TEXT)
    assert run_all([tiny.source], session(tiny), named=False).publication is not None
    shutil.rmtree(tiny.given / "2023")
    one(tiny, f"core/*/2*/{lost}").unlink()
    done = mended(tiny)
    assert done.left == () and any("with the same figures" in line for line in done.done), done
