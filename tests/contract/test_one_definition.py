"""What is declared once is written nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iccs.ages import AGE_STATUS_BANDS, ICCS_AGE_BANDS, parse_age
from schemas.codelists import load_codelist
from schemas.comparison import load_comparison_rules
from schemas.declarations import attribute_columns, load_columns, load_rules

ROOT = Path(__file__).parents[2]
FOLDERS = ("iccs", "schemas", "pipelines", "notebooks", "docs")
DECLARED_IN = {"schemas/columns.yml", "iccs/tables/attribute_codes.csv", "docs/data_dictionary.md"}


def texts() -> list[tuple[str, str]]:
    """The files of code, declarations and documents, without sources and concordances, which use attributes."""
    found = []
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*"))):
        name = path.relative_to(ROOT).as_posix()
        left_out = name in DECLARED_IN or name.startswith(("pipelines/sources/", "iccs/concordances/", "iccs/tables/"))
        if path.suffix in (".py", ".sql", ".yml", ".md") and not left_out:
            found.append((name, path.read_text(encoding="utf-8")))
    return found


def test_no_file_lists_the_attributes() -> None:
    """Two of them are an example; a third on the same or the next two lines is a list."""
    word = re.compile(rf"\b({'|'.join(attribute_columns())})\b")
    lists = []
    for name, text in texts():
        lines = text.splitlines()
        for number in range(len(lines)):
            found = set(word.findall("\n".join(lines[number : number + 3])))
            if len(found) > 2:
                lists.append(f"{name}:{number + 1} {sorted(found)}")
    assert lists == []


@pytest.mark.parametrize(
    ("what", "pattern", "home"),
    [
        ("the merging of caveats", r"list_sort\(list_distinct", "schemas/published/functions.sql"),
        ("the rank of statuses", r"THEN highest ELSE 'E'|bool_or\(obs_status = 'B'\)|_WEAKEST", "schemas/codelists.py"),
        ("the bands of the ICCS", r"Y0T14.*Y15T29.*Y30T44", "iccs/ages.py"),
        ("the nearest values", r"get_close_matches", "iccs/nearest.py"),
        ("the quarter of a month", r"// 3 END", "schemas/published/functions.sql"),
    ],
)
def test_a_definition_is_in_one_file(what: str, pattern: str, home: str) -> None:
    doctest = re.compile(r"^ *(>>>|\{').*$", re.MULTILINE)
    found = [name for name, text in texts() if name != home and re.search(pattern, doctest.sub("", text))]
    assert found == [], f"{what} is defined in {home}"


@pytest.mark.parametrize(("rule", "bands"), [("age_iccs_bands", ICCS_AGE_BANDS), ("age_minor_adult", AGE_STATUS_BANDS)])
def test_rules_on_bands_have_the_borders_of_the_bands(rule: str, bands: tuple[str, ...]) -> None:
    assert load_rules()[rule].parameters["starts"] == [(parse_age(band) or (None,))[0] for band in bands]


def test_texts_say_the_threshold_of_a_percentage() -> None:
    """Published labels are plain text: they say the number that ``comparison.yml`` declares."""
    fewest = load_comparison_rules().fewest_events
    (label,) = (code for code in load_codelist("no_percent_reason") if code.code == "few_events")
    for text in (label.label_en, label.label_fr, label.label_es):
        assert re.findall(r"\d+", text) == [str(fewest), str(100 // fewest)]
    assert f"fewer than {fewest}" in load_columns()["no_percent_reason"].description
