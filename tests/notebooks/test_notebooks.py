"""Every notebook runs from top to bottom on the published file and draws what it says."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbclient
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ICCS_DATA", str(published.parents[1]))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = jupytext.read(path)
    nbclient.NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    pictures = sum(
        "image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    )
    drawn = re.findall(r"^plt\.show\(\)|^plot_", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert pictures == len(drawn)
