"""The measures of tests/benchmarks, small: readers during publications, kills at random moments."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def _measure(name: str) -> Any:
    folder = str(Path(__file__).parents[1] / "benchmarks")
    if folder not in sys.path:  # the processes that they start find them there, too
        sys.path.insert(0, folder)
    return import_module(name)


def test_readers_never_see_an_error_or_two_releases_at_once(tmp_path: Path) -> None:
    found = _measure("readers").measure(tmp_path / "data", readers=2, publications=3)

    assert found.errors == []
    assert found.mixed == []
    assert found.queries > 10
    assert found.releases_seen >= 3, "they went on to the releases that came"


def test_nothing_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    found = _measure("crashes").measure(tmp_path / "data", moments=3, seed=1)

    assert found["old release"] + found["new release"] == 3
