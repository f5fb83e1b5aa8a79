"""``iccs concordance check`` says how many links nobody has reviewed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from iccs.concordance import concordance_path
from pipelines.cli.main import main


def test_links_in_draft_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Path(concordance_path("us_fbi_shr")).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows[:3]:
        row |= {"status": "draft"}
    path = tmp_path / "drafts.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    main(["concordance", "check", str(path), "us_fbi_shr", "--json"])

    drafts = {entry["file"]: (entry["links"], entry["drafts"]) for entry in json.loads(capsys.readouterr().out)}
    assert drafts == {"drafts.csv": (33, 3), "us_fbi_shr.csv": (33, 0)}
