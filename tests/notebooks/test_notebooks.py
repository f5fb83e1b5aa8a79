"""Every notebook runs from the folder that it is in, finds the release above, and draws what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import jupytext
import nbclient
import pytest

from pipelines.project.notebooks import write_notebooks

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "notebooks").glob("[1-9]_*.py"))
MOST_LINES = 60


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but its place says where the release is: data/ is beside the folder of the notebook."""
    for name in ("ICCS_DATA", "ICCS_PROJECT", "MPLBACKEND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "data").symlink_to(published.parents[1])
    (tmp_path / "notebooks").mkdir()
    notebook = jupytext.read(path)
    nbclient.NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(tmp_path / "notebooks")}}
    ).execute()
    pictures = sum(
        "image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    )
    drawn = re.findall(r"^plt\.show\(\)|^plot_|^picture$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert pictures == len(drawn)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_has_a_title(path: Path) -> None:
    cells = jupytext.read(path).cells
    code = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines() if line.strip()]
    assert len(code) < MOST_LINES
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")


def test_notebooks_are_written_once(tmp_path: Path) -> None:
    written = write_notebooks(tmp_path / "notebooks")
    assert [path.stem for path in written] == [path.stem for path in PATHS]
    written[0].write_text("somebody's work", encoding="utf-8")
    written[1].unlink()
    assert write_notebooks(tmp_path / "notebooks") == [written[1]]
    assert written[0].read_text(encoding="utf-8") == "somebody's work"
    shutil.rmtree(tmp_path / "notebooks")


def test_the_wheel_has_every_notebook() -> None:
    """Both lists are written out, so that what somebody keeps beside the notebooks is not packaged."""
    setup, manifest = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("setup.py", "MANIFEST.in"))
    names = [path.stem for path in PATHS]
    assert re.findall(r'^    "(\d_\w+)",$', setup, flags=re.MULTILINE) == names
    assert re.findall(r"^include notebooks/(\w+)\.py$", manifest, flags=re.MULTILINE) == names
