"""Make the data folder of one version, for ``test_versions.py``: run once when a version is released, never again.

    python tests/compatibility/make_fixture.py

runs the program that is installed (or on PYTHONPATH) and writes ``tests/compatibility/<version>/data.tar.xz``: a data
folder with two vintages of one source, a source of incidents, a population, and a load that was refused with a cell in
quarantine; the files that it was made from, one folder an edition; and ``observation.parquet``, the cells that this
version published. The release itself, which later versions make again, is left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
GIVEN = {
    "IDVFC_NM_dic24.csv": "golden/mx_sesnsp_victims",
    "population.csv": "golden/wb_population",
    "murder_data.csv": "extracts/us_fbi_shr",
}
VICTIMS = "IDVFC_NM_dic24.csv"


def write_editions(target: Path) -> None:
    """Three editions: as extracted from the published files; one figure revised; one figure that is no number."""
    for number in ("1", "2", "3"):
        target.joinpath(number).mkdir(parents=True)
        for name, folder in GIVEN.items():
            shutil.copyfile(ROOT / "tests" / folder / name, target / number / name)
    for number, other in (("2", b"7777"), ("3", b"many")):
        path = target / number / VICTIMS
        lines = path.read_bytes().split(b"\r\n" if b"\r\n" in path.read_bytes() else b"\n")
        fields = lines[1].split(b",")
        fields[-1] = other  # December of the first row
        path.write_bytes(b"\n".join([lines[0], b",".join(fields), *lines[2:]]))


def run(directory: Path, data: Path, code: int) -> None:
    """Run the command; its exit code must be as expected."""
    words = ["run", "mx_sesnsp_victims", "us_fbi_shr", "wb_population", "--from", str(directory), "--data", str(data)]
    done = subprocess.run([sys.executable, "-m", "pipelines.cli", *words], check=False)
    if done.returncode != code:
        raise SystemExit(f"exit code {done.returncode}, expected {code}")


def main() -> None:
    """Make the fixture of the version that is installed."""
    name = ".".join(version("iccs-pipelines").split(".")[:2])
    target = ROOT / "tests" / "compatibility" / name
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        made = Path(place)
        write_editions(made / "editions")
        for number, code in (("1", 0), ("2", 0), ("3", 1)):
            run(made / "editions" / number, made / "data", code)
        published = made / "data" / "published" / "crime.duckdb"
        with duckdb.connect(str(published), read_only=True) as connection:
            connection.execute(
                f"COPY (FROM out.observation ORDER BY ALL) TO '{made / 'observation.parquet'}' (COMPRESSION zstd)"
            )
        shutil.rmtree(made / "data" / "published")
        with tarfile.open(target / "data.tar.xz", "w:xz") as archive:
            archive.add(made, arcname=".")


if __name__ == "__main__":
    main()
