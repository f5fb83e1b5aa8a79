"""What the account that repairs may not read or write is named, also what only the runs themselves need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.repair.repair import look_for_damage
from pipelines.session import Session
from pipelines.system.settings import Settings


@pytest.mark.parametrize(
    ("name", "denied", "said"),
    [
        ("runs.jsonl", os.R_OK, "cannot be read by this account"),
        ("logs/iccs.jsonl", os.W_OK, "cannot be written to by this account"),
        ("core/note.json", os.R_OK, "cannot be read by this account"),
        ("core/note.json", os.W_OK, None),  # replaced, never written to
    ],
)
def test_a_file_out_of_reach_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, denied: int, said: str | None
) -> None:
    """The system is asked in its place: to root nothing is denied."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}\n", encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda asked, mode: asked != path or not mode & denied)
    found = look_for_damage(Session(Settings(data=tmp_path), None))
    assert [(one.path, one.what, one.can_repair) for one in found] == ([(path, said, False)] if said else [])
