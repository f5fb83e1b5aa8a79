"""``iccs concordance check`` says how many links nobody has reviewed; ``suggest`` says which language it read."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from iccs.concordance import concordance_path, read_concordance
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


def _suggest(tmp_path: Path, labels: list[str], *more: str) -> tuple[int, Path]:
    codes, draft = tmp_path / "codes.csv", tmp_path / "draft.csv"
    with codes.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([["code", "label"], *([number, label] for number, label in enumerate(labels, 1))])
    given = ["concordance", "suggest", str(codes), "--code", "code", "--label", "label", "-o", str(draft), *more]
    return main(given), draft


def test_the_language_read_is_printed_and_not_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done, draft = _suggest(tmp_path, ["Steal from retail store", "Steal from dwelling", "Murder"])

    assert done == 0
    assert "language of the labels: English (3 of 3 labels" in capsys.readouterr().out
    proposed = {link.national_label: link.iccs_code for link in read_concordance(draft).links}
    # Read as Spanish, two words in common with other labels put both under homicide.
    assert not proposed["Steal from retail store"].startswith("01")
    assert not proposed["Steal from dwelling"].startswith("01")
    assert proposed["Murder"] == "0101"


def test_labels_of_no_clear_language_ask_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done, draft = _suggest(tmp_path, ["Omicidio volontario", "Furto in abitazione", "Rapina in banca"])

    assert done == 2
    assert not draft.exists()
    printed = capsys.readouterr().err
    assert "the language of the labels is not clear" in printed
    assert "--lang" in printed


def test_a_language_that_the_labels_contradict_is_used_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done, _ = _suggest(tmp_path, ["Steal from retail store", "Steal from dwelling", "Murder"], "--lang", "es")

    assert done == 0
    assert "Spanish, as given by --lang; they look like English" in capsys.readouterr().out


def test_an_existing_file_is_named_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "draft.csv").write_text("reviewed by hand", encoding="utf-8")
    done, draft = _suggest(tmp_path, ["Murder"], "--lang", "en")

    assert done == 2
    assert draft.read_text(encoding="utf-8") == "reviewed by hand"
    printed = capsys.readouterr().err
    assert "already exists" in printed
    assert "Errno" not in printed


def test_no_text_of_a_draft_is_a_formula(tmp_path: Path) -> None:
    label = '=HYPERLINK("https://example.org","Murder")'
    done, draft = _suggest(tmp_path, [label, "+Murder", "@Murder"], "--lang", "en")

    assert done == 0
    with draft.open(encoding="utf-8", newline="") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    # What a run compares with the file is the label as published.
    assert [link.national_label for link in read_concordance(draft).links] == [label, "+Murder", "@Murder"]
