"""The source of a few rows that the unit tests use, for tests that publish it again and again."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_SPEC = spec_from_file_location("tiny_source", Path(__file__).parents[1] / "unit" / "pipelines" / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_tiny_source = module_from_spec(_SPEC)
sys.modules["tiny_source"] = _tiny_source  # dataclasses look their module up
_SPEC.loader.exec_module(_tiny_source)
tiny, new_tiny = _tiny_source.tiny, _tiny_source.new_tiny
