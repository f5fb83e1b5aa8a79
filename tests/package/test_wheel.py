"""The built wheel works outside the checkout: everything it needs is in it."""

from __future__ import annotations

import csv
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
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ICCS_")}
    # An editable install would put the checkout on the path: the target folder goes first.
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=cwd,
        env={**clean, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


STATES = """Delitos registrados por entidad;;;
Entidad;Delito;2023;2024
Jalisco;Homicidio doloso;1 876;1 721
Jalisco;Robo;10 233;9 800
Colima;Homicidio doloso;801;760
Colima;Robo;3 000;3 100
"""


def test_a_stranger_adds_a_source_to_a_project_of_their_own(installed: Path, tmp_path: Path) -> None:
    """What docs/add_a_source.md says and nothing else: from a file to a release, without Python or a clone."""
    assert _iccs(installed, tmp_path, "init", "office", "--demo").returncode == 0
    office = tmp_path / "office"
    bundled = {path.name for path in (ROOT / "data" / "input").rglob("*.gz")}
    assert {path.name for path in (office / "data" / "input").rglob("*.gz")} == bundled
    folder = office / "data" / "input" / "mx_office_cases"
    folder.mkdir()
    (folder / "casos_2024.csv").write_bytes(STATES.encode("cp1252"))
    file = "data/input/mx_office_cases/casos_2024.csv"

    made = _iccs(installed, office, "sources", "new", file, "--id", "mx_office_cases", "--no-questions")
    assert made.returncode == 0, made.stderr
    checked = _iccs(installed, office, "check", file, "--source", "mx_office_cases", "--with-drafts")
    assert checked.returncode == 0, checked.stderr
    refused = _iccs(installed, office, "run", "mx_office_cases")
    assert refused.returncode == 1
    assert "No link to the ICCS has been reviewed" in refused.stderr

    concordance = office / "sources" / "mx_office_cases" / "concordance.csv"
    with concordance.open(encoding="utf-8", newline="") as handle:
        links = list(csv.DictReader(handle))
    for link in links:
        link |= {"status": "reviewed", "decided_by": "a statistician", "decided_on": "2026-11-28", "relation": "exact"}
    with concordance.open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(links[0]))
        table.writeheader()
        table.writerows(links)
    (office / "elsewhere").mkdir()
    done = _iccs(installed, office / "elsewhere", "run", "mx_office_cases", "mx_conapo_population")
    assert done.returncode == 0, done.stderr
    trend = _iccs(installed, office / "elsewhere", "trend", "0101", "--area", "Jalisco", "--json")
    assert '"value": 1876' in trend.stdout
    assert not (office / "elsewhere" / "data").exists()


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
