"""A reader finds the release from any folder below the one with the data; a run never looks above."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.reader.release import reading_settings
from pipelines.system.settings import load_settings
from schemas.errors import UsageError


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ICCS_DATA", "ICCS_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    _publish(tmp_path / "data")
    folder = tmp_path / "notebooks" / "mine"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def _publish(data: Path) -> None:
    (data / "published").mkdir(parents=True)
    (data / "published" / "crime.duckdb").touch()


def test_the_nearest_release_above_is_read(below: Path, tmp_path: Path) -> None:
    assert reading_settings().data == tmp_path / "data"
    assert load_settings().data == below / "data"  # where a run would write


def test_what_is_named_or_nearer_wins(below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reading_settings(tmp_path / "other").data == tmp_path / "other"
    _publish(below / "data")
    assert reading_settings().data == below / "data"
    monkeypatch.setenv("ICCS_DATA", str(tmp_path / "named"))
    assert reading_settings().data == tmp_path / "named"


def test_a_release_of_another_account_is_not_read_unasked(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "data" / "published" / "crime.duckdb"
    owner = file.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner == 0:  # what root made is anybody's to use
        assert reading_settings().data == tmp_path / "data"
        os.chown(file, 12345, -1)
    with pytest.raises(UsageError, match="export ICCS_DATA="):
        reading_settings()
