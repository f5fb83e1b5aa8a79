"""The correspondence sheet, read back from the workbook with another library than the one that writes it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from iccs.classification import load_classification
from iccs.concordance import Concordance, ConcordanceError, Link, concordance_path, list_concordances, read_concordance
from iccs.correspondence import CITATION, NOT_IN_ICCS, correspondence_rows, write_correspondence

ICCS = load_classification()
SECTIONS = [f"Section {number:02}" for number in range(1, 12)]
MURDER = Link(
    *("A1", "Homicidio doloso", "0101", "narrower"),
    sex="F",
    attributes={"attempted": "COMPLETED"},
    threats="excluded",
    valid_from="2015",
    note="Killing with intent",
)


def concordance(*links: Link) -> Concordance:
    return Concordance("xx_test", "xx_test.csv", links)


def sheet(path: Path, name: str) -> list[dict[str, str]]:
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


def test_every_category_below_a_section_is_listed_once_without_links() -> None:
    rows = correspondence_rows(concordance())
    assert list(rows) == [f"{number:02}" for number in range(1, 12)] + [NOT_IN_ICCS]
    listed = [row.iccs_code for section in rows.values() for row in section]
    # The booklet has 309 categories at levels 2 to 4.
    assert len(listed) == len(set(listed)) == 309
    assert all(row.iccs_code.startswith(section) for section, found in rows.items() for row in found)
    assert rows[NOT_IN_ICCS] == []


def test_a_link_stands_at_its_category_with_all_its_fields() -> None:
    theft = Link("B", "Robo y hurto", "0502", "partial", weight="0.6", basis="sample")
    robbery = replace(theft, iccs_code="0401", weight="0.4")
    out = Link("Z", "Multas", "", "none", out_of_scope="not_crime", note="Administrative")
    part = replace(out, national_code="Y", out_of_scope="counted_elsewhere")
    rows = correspondence_rows(concordance(MURDER, theft, robbery, out, part), "es")
    (murder,) = [row for row in rows["01"] if row.national_code]
    assert (murder.iccs_code, murder.iccs_title, murder.level) == ("0101", "Homicidio intencional", "2")
    assert (murder.national_code, murder.national_label, murder.relation) == ("A1", "Homicidio doloso", "narrower")
    assert murder.implied == "attempted=COMPLETED; sex=F"
    assert (murder.threats, murder.valid_from, murder.note) == ("excluded", "2015", "Killing with intent")
    assert "feminicidio" in murder.inclusions
    assert "eutanasia (0105)" in murder.exclusions
    assert [(row.iccs_code, row.weight) for row in rows["04"] if row.national_code] == [("0401", "0.4")]
    assert [(row.iccs_code, row.weight) for row in rows["05"] if row.national_code] == [("0502", "0.6")]
    assert [(row.national_code, row.out_of_scope) for row in rows[NOT_IN_ICCS]] == [
        ("Z", "not_crime"),
        ("Y", "counted_elsewhere"),
    ]
    assert "other rows of the source" in rows[NOT_IN_ICCS][1].reading


def test_a_combined_category_stands_after_its_last_member() -> None:
    rows = correspondence_rows(concordance(replace(MURDER, iccs_code="0101_0102")))
    codes = [row.iccs_code for row in rows["01"]]
    assert codes[:4] == ["0101", "0102", "0101_0102", "0103"]
    assert rows["01"][2].level == "combined"


@pytest.mark.parametrize("source_id", list_concordances())
def test_no_link_is_lost(source_id: str) -> None:
    table = read_concordance(concordance_path(source_id))
    rows = [row for found in correspondence_rows(table).values() for row in found if row.national_code]
    written = sorted((r.iccs_code, r.national_code, r.valid_from, r.weight, r.note) for r in rows)
    assert written == sorted((k.iccs_code, k.national_code, k.valid_from, k.weight, k.note) for k in table.links)


def test_the_workbook_comes_back_as_text(tmp_path: Path) -> None:
    path = tmp_path / "ar.xlsx"
    table = read_concordance(concordance_path("ar_snic"))
    write_correspondence(table, path)
    workbook = CalamineWorkbook.from_path(path)
    assert workbook.sheet_names == [*SECTIONS, "Not in ICCS", "About"]
    rows = sheet(path, "Section 01")
    murder = next(row for row in rows if row["National code"] == "1")
    # Leading zeros and codes that look like numbers stay text.
    assert (murder["ICCS code"], murder["National label"]) == ("0101", "Homicidios dolosos")
    cells = workbook.get_sheet_by_name("Section 01").to_python()
    assert all(isinstance(cell, str) for row in cells for cell in row)
    linked = sum(bool(row["National code"]) for name in [*SECTIONS, "Not in ICCS"] for row in sheet(path, name))
    assert linked == len(table.links)
    assert CITATION in {row[1] for row in workbook.get_sheet_by_name("About").to_python()}


def test_nothing_in_a_cell_is_a_formula_or_a_link(tmp_path: Path) -> None:
    path = tmp_path / "evil.xlsx"
    evil = [
        '=HYPERLINK("http://x.invalid","y")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "http://x.invalid/",
        "------",
        "#N/A",
    ]
    links = [replace(MURDER, national_code=text, national_label=text, note=text) for text in evil]
    write_correspondence(concordance(*links), path)
    found = [row["National code"] for row in sheet(path, "Section 01") if row["National code"]]
    assert found == [f"'{text}" if text[0] in "=+-@\t" else text for text in evil]
    with zipfile.ZipFile(path) as archive:
        content = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))
        )
    assert "<f>" not in content
    assert "<hyperlink" not in content
    assert 't="n"' not in content


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    write_correspondence(concordance(MURDER), one)
    write_correspondence(concordance(MURDER), other)
    assert one.read_bytes() == other.read_bytes()


def test_a_wrong_table_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "wrong.xlsx"
    with pytest.raises(ConcordanceError, match="section"):
        write_correspondence(concordance(replace(MURDER, iccs_code="01")), path)
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ConcordanceError, match="columns"):
        write_correspondence(read_concordance(broken), path)
    with pytest.raises(ValueError, match="40000 characters, a cell holds 32767"):
        write_correspondence(concordance(replace(MURDER, note="x" * 40000)), path)
    assert not path.exists()
