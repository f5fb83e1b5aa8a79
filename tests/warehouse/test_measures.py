"""The measures of tests/benchmarks, small: readers during publications, kills at random moments."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def _measure(name: str) -> Any:
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_readers_never_see_an_error_or_two_releases_at_once(tmp_path: Path) -> None:
    found = _measure("readers").measure(tmp_path / "data", readers=2, publications=3)

    assert found.errors == []
    assert found.mixed == []
    assert found.queries > 10
    assert found.releases_seen >= 3, "they went on to the releases that came"


def test_nothing_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    found = _measure("crashes").measure(tmp_path / "data", moments=3, seed=1)

    assert found["old release"] + found["new release"] == 3
