"""The Kyoto themes: paragraphs as listed for the table, ICCS titles as printed in the booklet."""

from __future__ import annotations

import pickle

import pytest

from iccs.classification import load_classification, read_table
from iccs.themes import COLUMNS, Theme, ThemesError, load_themes, parse_themes

ICCS = load_classification()
GOOD = {
    "paragraph": "81",
    "theme_id": "trafficking",
    "theme_en": "Trafficking",
    "theme_fr": "Traite",
    "theme_es": "Trata",
    "iccs": "0204",
    "attribute_filter": "",
    "indicator_wanted": "Victims",
    "note": "Detected only",
}


def theme(theme_id: str) -> Theme:
    return next(found for found in load_themes() if found.theme_id == theme_id)


def fault(**changes: str) -> str:
    with pytest.raises(ThemesError) as caught:
        parse_themes([GOOD | changes], ICCS)
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults
    (only,) = caught.value.faults
    assert only.startswith("themes.csv, row 2: ")
    return only.removeprefix("themes.csv, row 2: ")


def test_every_measurable_paragraph_has_a_theme() -> None:
    asked = {20, 73, 24, 25, 70, 27, 28, 29, 86, 36, 42, 37, 38, 49, *range(53, 59), *range(81, 86), *range(87, 92), 93}
    assert {number for found in load_themes() for number in found.paragraphs} == asked


@pytest.mark.parametrize(
    ("theme_id", "paragraph", "titles"),
    [
        ("terrorism", "20;73", ["Terrorism"]),
        ("proceeds_of_crime", "24-25;70", ["Acts involving the proceeds of crime"]),
        ("corruption", "53-58", ["Corruption"]),
        ("trafficking_in_persons", "81", ["Trafficking in persons (TIP)"]),
        ("smuggling_of_migrants", "82", ["Smuggling of migrants offences"]),
        ("firearms_trafficking", "83-84", ["Trafficking of weapons and explosives"]),
        ("drugs", "85", ["Unlawful acts involving controlled drugs or precursors"]),
        ("environment", "87", ["Acts against the natural environment"]),
        ("cultural_property", "89", ["Illicit trafficking in cultural property"]),
        ("smuggling_of_goods", "90", ["Smuggling of goods"]),
        ("cybercrime", "93", ["Acts against computer systems"]),
        ("prisons", "36", []),
        ("reoffending", "37-38;42", []),
        ("legal_aid", "49", []),
    ],
)
def test_a_theme_selects_the_category_of_its_name(theme_id: str, paragraph: str, titles: list[str]) -> None:
    found = theme(theme_id)
    assert found.paragraph == paragraph
    assert [ICCS.get(code).title.en for code in found.iccs] == titles


def test_conditions_cover_the_narrower_codes() -> None:
    # ICCS, Table III: values 1 and 2 of the relationship are partners, 3 and 4 family; the unions are ours.
    conditions = {f.attribute: f for f in theme("gender_related_killing").filters}
    assert conditions["sex"].codes == conditions["sex"].covers == ("F",)
    assert conditions["relationship"].codes == ("PARTNER", "FAMILY")
    assert set(conditions["relationship"].covers) == {
        *("PARTNER", "PARTNER_CURRENT", "PARTNER_FORMER"),
        *("FAMILY", "BLOOD_RELATIVE", "HOUSEHOLD"),
    }
    assert [f.codes for f in theme("hate_crime").filters] == [("HATE",)]
    assert [f.codes for f in theme("children_violence").filters] == [("Y0T17",)]


def test_the_cyber_themes_share_no_category() -> None:
    systems, others = theme("cybercrime").iccs, theme("cyber_enabled").iccs
    assert not any(one.startswith(other) or other.startswith(one) for one in systems for other in others)
    # Together they are the whole ICCS: every leaf is in one of them.
    assert all(
        any(leaf.code.startswith(code) for code in (*systems, *others)) for leaf in ICCS if not ICCS.children(leaf.code)
    )


def test_the_table_is_text_in_three_languages() -> None:
    rows = read_table("themes.csv")
    assert all(tuple(row) == COLUMNS for row in rows)
    assert all(
        row[column] == row[column].strip() != "" for row in rows for column in ("theme_en", "theme_fr", "theme_es")
    )
    assert len(load_themes()) == len(rows)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iccs": "204"}, "'204' is not a code of the ICCS as text; nearest: 0204"),
        ({"iccs": "0204;0999"}, "'0999' is not a code"),
        ({"iccs": "0204;02041"}, "02041 is listed together with 0204, which contains it"),
        ({"theme_fr": " "}, "theme_fr is blank"),
        ({"paragraph": "eighty"}, "paragraph 'eighty' is neither a number"),
        ({"paragraph": "58-53"}, "paragraph '58-53' is neither a number nor a range"),
        ({"theme_id": "Trafficking in"}, "theme_id 'Trafficking in' is not small letters"),
        ({"attribute_filter": "relation=PARTNER"}, "'relation' is not a column to filter by; nearest: relationship"),
        ({"attribute_filter": "relationship=PARTNERS"}, "'PARTNERS' is not a code to filter by; nearest: PARTNER"),
        ({"attribute_filter": "sex=W"}, "sex 'W' is not a code to filter by"),
        ({"attribute_filter": "motive=_T"}, "motive '_T' is not a code to filter by"),
        ({"attribute_filter": "age=0-17"}, "age '0-17' is not an SDMX age code"),
        ({"attribute_filter": "age=Y17T0"}, "age 'Y17T0' is not an SDMX age code"),
        ({"attribute_filter": "weapon="}, "attribute 'weapon' has no codes"),
        ({"attribute_filter": "sex=F;sex=M"}, "attribute 'sex' is filtered twice"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_row(changes: dict[str, str], said: str) -> None:
    assert said in fault(**changes)


def test_all_faults_come_together() -> None:
    with pytest.raises(ThemesError) as caught:
        parse_themes([GOOD, GOOD | {"iccs": "99"}, {"theme_id": "x"}], ICCS)
    text = str(caught.value)
    assert "row 3: theme_id 'trafficking' is also that of row 2" in text
    assert "row 3: '99' is not a code" in text
    assert "row 4: the columns must be paragraph," in text


def test_a_faultless_row_passes() -> None:
    (found,) = parse_themes([GOOD | {"iccs": "0204; 08051", "attribute_filter": "sex = F ; age=Y0T14|Y_GE60"}], ICCS)
    assert found.iccs == ("0204", "08051")
    assert [(f.attribute, f.codes) for f in found.filters] == [("sex", ("F",)), ("age", ("Y0T14", "Y_GE60"))]
    assert found.name.es == "Trata"
