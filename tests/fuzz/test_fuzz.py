"""A short part of the fuzzer of reading, with a fixed seed: a changed file is read right, or refused."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from mutators import BYTES, OF_FORMAT
from reading import Base, load_bases, try_one

SEED = 14
BASES = load_bases()
# Workbooks are read in a process of their own, which takes a third of a second: fewer of them.
MUTATIONS = [(kind, name) for kind in ("csv", "gz", "parquet") for name in OF_FORMAT[kind]]
MUTATIONS += [("xlsx", name) for name in ("part_changed", "element_changed", "part_lost")] + [("xls", "flip_bits")]


def unchanged(content: bytes, _: Random) -> bytes:
    return content


@pytest.mark.parametrize("kind", OF_FORMAT)
def test_a_good_file_is_read_as_other_libraries_read_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OF_FORMAT[kind], "unchanged", unchanged)
    some = [base for base in BASES if base.format == kind][:3]
    assert some
    for base in some:
        found = try_one(base, "unchanged", Random(0), tmp_path)
        assert found.outcome == ("accepted" if kind == "ods" else "same"), (base.name, found)


@pytest.mark.parametrize(("kind", "mutator"), MUTATIONS)
def test_a_changed_file_is_read_right_or_refused_with_its_name(kind: str, mutator: str, tmp_path: Path) -> None:
    chance = Random(f"{SEED} {kind} {mutator}")
    base = chance.choice([base for base in BASES if base.format == kind])
    found = try_one(base, mutator, chance, tmp_path)
    assert found.outcome in ("same", "accepted", "refused", "not changed"), found.said


def test_a_reader_that_is_wrong_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is not blind: where the other library reads another cell, the outcome says so."""
    base: Base = next(base for base in BASES if base.name == "a.csv")
    real = try_one.__globals__["_csv_rows"]

    def wrong(text: str, delimiter: str) -> object:
        rows = real(text, delimiter)
        rows[None, 3][2] = "MX-SON"
        return rows

    monkeypatch.setitem(try_one.__globals__, "_csv_rows", wrong)
    monkeypatch.setitem(BYTES, "unchanged", unchanged)
    monkeypatch.setitem(OF_FORMAT["csv"], "unchanged", unchanged)
    assert try_one(base, "unchanged", Random(0), tmp_path).outcome == "differs"
