"""The published tree and the repair of codes.

Expected counts: UNODC, ICCS Version 1.0, "Part Two - Broad and detailed structure", counted from the English booklet.
"""

from __future__ import annotations

import csv
import pickle
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iccs.classification import Category, Classification, Text, UnknownCode, load_classification
from iccs.tree import InvalidTree

ICCS = load_classification()
FAULTS = Path(__file__).parent / "faults"
CODES = [category.code for category in ICCS]
COMBINED = {"0101_0102", "02-04", "02043_02044", "TOTAL"}

# Divisions, groups and classes of each section in the booklet.
PUBLISHED = {
    "01": (8, 4, 2),
    "02": (12, 33, 27),
    "03": (3, 6, 11),
    "04": (2, 5, 7),
    "05": (5, 15, 11),
    "06": (3, 6, 13),
    "07": (5, 15, 6),
    "08": (9, 26, 3),
    "09": (8, 14, 10),
    "10": (5, 15, 2),
    "11": (3, 9, 6),
}


def test_counts_are_the_published_ones() -> None:
    assert len(ICCS) == 320
    assert Counter(category.level for category in ICCS) == {1: 11, 2: 63, 3: 148, 4: 98}
    assert sum(not ICCS.children(category.code) for category in ICCS) == 231


@pytest.mark.parametrize(("section", "expected"), PUBLISHED.items())
def test_each_section_has_its_published_categories(section: str, expected: tuple[int, int, int]) -> None:
    levels = Counter(category.level for category in ICCS.descendants(section))
    assert (levels[2], levels[3], levels[4]) == expected


def test_the_code_says_where_a_category_hangs() -> None:
    length = {1: 2, 2: 4, 3: 5, 4: 6}
    for category in ICCS:
        assert len(category.code) == length[category.level]
        if category.parent is not None:
            assert category.code.startswith(category.parent)
            assert ICCS.get(category.parent).level == category.level - 1


def test_fifteen_parents_have_no_residual_child() -> None:
    without = {
        category.code
        for category in ICCS
        if category.level > 1
        and ICCS.children(category.code)
        and not any(ICCS.is_residual(child.code) for child in ICCS.children(category.code))
    }
    expected = "0103 01032 02011 02012 0204 04013 05012 06011 07011 07021 07031 0808 09032 1002 10031"
    assert without == set(expected.split())


def test_defamation_ends_in_9_and_is_no_residual() -> None:
    assert not ICCS.is_residual("0209")
    assert ICCS.is_residual("0219")
    assert not ICCS.is_residual("11")


def test_walk_of_the_tree() -> None:
    assert [c.code for c in ICCS.ancestors("050211")] == ["05021", "0502", "05"]
    assert [c.code for c in ICCS.children("0204")] == ["02041", "02042", "02043", "02044"]
    assert [c.code for c in ICCS.descendants("0103")] == ["01031", "01032", "010321", "010322"]
    assert ICCS.children("0105") == ()
    assert ICCS.parent("05") is None


def test_titles_and_definitions_as_printed() -> None:
    assert ICCS.get("0401").title.en == "Robbery"
    assert ICCS.get("0401").title["es"] == "Robo"
    rape = ICCS.get("03011")
    assert rape.description.startswith("Sexual penetration without valid consent")
    assert "femicide" in ICCS.get("0101").inclusions
    assert "self-defence" in ICCS.get("0101").exclusions
    assert "feminicidio" in ICCS.get("0101").definition("es").inclusions
    assert ICCS.get("01").definition().description == ""
    with pytest.raises(ValueError, match="only en and es"):
        rape.definition("fr")  # type: ignore[arg-type]


def test_every_category_below_a_section_has_a_definition_in_both_languages() -> None:
    bare = {
        (category.code, language)
        for category in ICCS
        for language in ("en", "es")
        if category.level > 1 and not category.definition(language).description
    }
    assert bare == {("01049", "es"), ("0909", "es")}


@settings(deadline=None)
@given(st.sampled_from(CODES))
def test_lost_leading_zeros_are_repaired(code: str) -> None:
    assert ICCS.normalise(int(code)) == code
    assert ICCS.normalise(str(int(code))) == code
    assert ICCS.normalise(code) == code
    assert ICCS.normalise(f"ICCS{code}") == code


def test_integer_forms_are_all_different() -> None:
    assert len({int(code) for code in CODES}) == 320


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ("101", "0101"),
        (101, "0101"),
        ("101.0", "0101"),
        ("1001", "1001"),
        ("ICCS0101", "0101"),
        ("ICCS 01.01", "0101"),
        ("01.01", "0101"),
        ("1.01", "0101"),
        ("05 02 11", "050211"),
        ("iccs0101", "0101"),
        (" 0101 ", "0101"),
        ("01042", "01049"),
        (1042, "01049"),
        ("0908", "0909"),
        ("ICCS0101_0102", "0101_0102"),
        ("ICCS02-04", "02-04"),
        ("02043_02044", "02043_02044"),
        ("TOTAL", "TOTAL"),
    ],
)
def test_codes_as_found_in_files(found: str | int, code: str) -> None:
    assert ICCS.normalise(found) == code


@pytest.mark.parametrize(
    "found",
    [
        "",
        "99",
        "12",
        "00101",
        "0101x",
        "10.1",
        "1.1",
        "0101-0102",
        "01-01",
        "02045",
        "robbery",
        "_T",
        "\u0660\u0661\u0660\u0661",  # 0101 in Arabic-Indic digits
        "1.001",
        True,
    ],
)
def test_anything_else_is_refused(found: str) -> None:
    with pytest.raises(UnknownCode):
        ICCS.normalise(found)


@settings(deadline=None)
@given(st.one_of(st.from_regex(r"[0-9]{1,7}", fullmatch=True), st.integers(-5, 200000)))
def test_no_invalid_number_passes(found: str | int) -> None:
    # Independent of the code under test: a code is meant if it is written in full or as its integer.
    meant = {code for code in CODES if str(found) in (code, str(int(code)))}
    meant |= {
        right for printed, right in (("01042", "01049"), ("0908", "0909")) if str(found) in (printed, printed[1:])
    }
    if meant:
        assert {ICCS.normalise(found)} == meant
    else:
        with pytest.raises(UnknownCode):
            ICCS.normalise(found)


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_text_passes_as_a_code_without_its_digits(found: str) -> None:
    try:
        code = ICCS.normalise(found)
    except UnknownCode as error:
        assert all(near in CODES for near in error.nearest)
    else:
        assert code in CODES or code in COMBINED
        digits = "".join(letter for letter in found if letter in "0123456789")
        misprints = {"908": "0909", "1042": "01049"}  # of the booklet, see iccs/tables/README.md
        bare = digits.lstrip("0")
        assert code in ("TOTAL", misprints.get(bare)) or bare in code.replace("_", "").replace("-", "")


def test_the_error_names_the_nearest_codes() -> None:
    with pytest.raises(UnknownCode) as caught:
        ICCS.get("02045")
    assert caught.value.nearest[0] == "0204"
    assert "0204 Trafficking in persons" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(UnknownCode, match="0401 Robbery"):
        ICCS.get("robbery")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.text, copy.nearest, str(copy)) == ("02045", caught.value.nearest, str(caught.value))


def test_combined_categories_are_outside_the_tree() -> None:
    assert set(ICCS.combined) == COMBINED
    assert ICCS.combined["02-04"].members == ("02", "03", "04")
    assert all(member in ICCS for combination in ICCS.combined.values() for member in combination.members)
    with pytest.raises(UnknownCode, match="combination"):
        ICCS.get("0101_0102")


def test_attribute_codes_stand_for_published_values() -> None:
    published = {attribute.tag: attribute.values for attribute in ICCS.attributes}
    for codes in ICCS.attribute_codes.values():
        assert codes["_T"].iccs_values == ()
        values = [value for code in codes.values() for value in code.iccs_values]
        tag = codes["_T"].tag
        if not tag:  # an attribute of ours, which the ICCS does not have
            assert values == []
            continue
        assert {part.split("=")[0] for part in published[tag].split(";")} == set(values)
    assert ICCS.attribute_codes["weapon"]["FIREARM"].iccs_values == ("1",)
    assert ICCS.attribute_codes["relationship"]["PARTNER"].iccs_values == ("1", "2")
    assert "3" not in {
        value for code in ICCS.attribute_codes["situational_context"].values() for value in code.iccs_values
    }


def test_loading_reads_no_definition_and_imports_no_other_package() -> None:
    script = (
        "import sys; from iccs import classification as c; c.load_classification();"
        "print(c._definitions.cache_info().currsize, sorted(n for n in sys.modules if n.split('.')[0] in"
        " ('rapidfuzz', 'pandas', 'duckdb', 'numpy', 'yaml')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 []"


def test_loading_is_fast() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        load_classification.__wrapped__()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.05


@pytest.mark.parametrize(
    ("tag", "applies", "does_not"),
    [
        ("At", "0401", "0101"),  # p. 20: completed only, attempts only, never attempted
        ("At", "0201", "01032"),
        ("We", "0401", "05021"),  # p. 16 note 23: not relevant to theft or fraud
        ("SiC_H", "0102", "0401"),  # Table III
        ("Mech_H", "0101", "0103"),  # Table V
    ],
)
def test_an_attribute_knows_the_categories_it_applies_to(tag: str, applies: str, does_not: str) -> None:
    (attribute,) = [item for item in ICCS.attributes if item.tag == tag]
    assert attribute.applies_to(applies)
    assert not attribute.applies_to(does_not)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("tree_cyclic_parents", "0101 is its own ancestor"),
        ("tree_unknown_parent", "0201 has the unknown parent '02'"),
    ],
)
def test_a_table_that_is_no_tree_is_refused(fault: str, message: str) -> None:
    rows = csv.DictReader((FAULTS / f"{fault}.csv").read_text(encoding="utf-8").splitlines())
    categories = {
        row["code"]: Category(
            row["code"],
            int(row["level"]),
            row["parent"] or None,
            Text(row["title_en"], row["title_fr"], row["title_es"]),
        )
        for row in rows
    }
    with pytest.raises(InvalidTree, match=message):
        Classification(categories)
