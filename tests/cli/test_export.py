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


def test_a_name_that_is_none_of_a_workbook_or_in_no_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, told in (
        (tmp_path / "a.csv", "the file name must end with .xlsx"),
        (tmp_path / "none" / "a.xlsx", f"there is no folder {tmp_path / 'none'}"),
    ):
        assert main(["concordance", "export", "ar_snic", "-o", str(path)]) == 2
        assert told in capsys.readouterr().err
        assert not path.exists()
