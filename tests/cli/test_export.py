"""``iccs concordance export`` writes a new workbook and never over a file that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli.main import main


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "README.md"
    path.write_text("keep me", encoding="utf-8")
    assert main(["concordance", "export", "ar_snic", "-o", str(path)]) == 2
    assert "already exists" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "keep me"
