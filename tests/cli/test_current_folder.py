"""Modules in the current folder, beside the data, are never run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = "import sys\nfrom pipelines.cli.main import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
NAMES = ("argparse", "duckdb", "great_expectations", "json", "multiprocessing", "numpy", "pandas", "pathlib")


@pytest.mark.parametrize("words", [["-m", "pipelines.cli"], ["bin/iccs"]], ids=["as a module", "as a script"])
def test_modules_beside_the_data_are_not_run(words: list[str], tmp_path: Path) -> None:
    """Neither by the command nor by the process of the suite that it starts."""
    for name in (*NAMES, "statistics", "yaml"):
        (tmp_path / f"{name}.py").write_text("open('RAN', 'w').close()\nraise SystemExit(9)\n", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "iccs").write_text(COMMAND, encoding="utf-8")
    (tmp_path / "population.csv").write_bytes((ROOT / "tests/golden/wb_population/population.csv").read_bytes())
    done = subprocess.run(
        [sys.executable, *words, "check", "population.csv", "--source", "wb_population", "--data", "data", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "RAN").exists()
    assert {one["rule"]: one["outcome"] for one in json.loads(done.stdout)["rules"]}["sex_codes"] == "passed"
