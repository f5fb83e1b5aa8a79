"""The built wheel works outside the checkout: everything it needs is in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.package


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"iccs", "schemas", "pipelines"}
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def _iccs(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # An editable install would put the checkout on the path: the target folder goes first.
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [
            sys.executable,
            "-c",
            "import pipelines, iccs, schemas; print(pipelines.__file__, iccs.__file__, schemas.__file__)",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert all(path.startswith(str(installed)) for path in where)
    source = ROOT / "data" / "input"
    done = _iccs(installed, tmp_path, "run", "eu_crim_off_cat", "wb_population", "--from", str(source), "--data", "d")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "d" / "published" / "crime.duckdb"), read_only=True) as connection:
        # Eurostat's file: Germany 2019, ICCS0101, NR = 586
        found = connection.execute("SELECT value FROM out.trend_of('0101', 'DE') WHERE time_period = '2019'").fetchall()
    assert found == [(586.0,)]
    shown = _iccs(installed, tmp_path, "codes", "0101", "--lang", "es")
    assert "Homicidio intencional" in shown.stdout
    listed = _iccs(installed, tmp_path, "sources", "list", "--json")
    assert '"mx_sesnsp_victims"' in listed.stdout
