"""Modules in the current folder, beside the data, are never run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_module_beside_the_data_is_not_run(tmp_path: Path) -> None:
    for name in ("numpy", "pandas", "duckdb", "statistics", "yaml", "argparse", "json", "pathlib"):
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w'); raise ImportError", encoding="utf-8")
    (tmp_path / "population.csv").write_bytes((ROOT / "tests/golden/wb_population/population.csv").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "check", "population.csv", "--source", "wb_population"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "would be" in done.stdout + done.stderr, done.stderr
    assert list(tmp_path.glob("ran-*")) == []
