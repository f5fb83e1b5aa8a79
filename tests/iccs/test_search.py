"""Search in three languages; the expected codes are those under which the booklet defines or lists the offence."""

from __future__ import annotations

import pytest

from iccs.classification import load_classification, read_table
from iccs.search import Language, search


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("robo con violencia", "es", "0401"),
        ("asesinatos", "es", "0101"),
        ("femicidio", "es", "0101"),
        ("violacion", "es", "03011"),
        ("VIOLACIÓN", "es", "03011"),
        ("secuestro", "es", "020221"),
        ("robo de automovil", "es", "040121"),
        ("murder", "en", "0101"),
        ("theft of livestok", "en", "05025"),
        ("shop lifting", "en", "050231"),
        ("kidnaping", "en", "020221"),
        ("arson", "en", "0504"),
        ("meurtres", "fr", "0101"),
        ("vol", "fr", "0502"),
        ("viol", "fr", "03011"),
        ("pédopornographie", "fr", "030221"),
        ("foeticide", "fr", "0106"),
    ],
)
def test_the_category_comes_first(text: str, language: Language, code: str) -> None:
    assert search(text, language)[0].code == code


def test_homicide_involontaire_leads_to_negligent_homicide() -> None:
    assert {hit.code for hit in search("homicide involontaire", "fr")[:2]} == {"0103", "01032"}


def test_car_theft_is_near_the_top() -> None:
    assert "050211" in [hit.code for hit in search("car theft", "en")[:3]]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_title_finds_its_own_category(language: Language) -> None:
    lost = []
    for category in load_classification():
        hits = search(category.title[language], language, limit=5)
        same = {hit.code for hit in hits if hit.title == category.title[language] or hit.score == hits[0].score}
        if category.code not in same:
            lost.append(category.code)
    assert lost == []


def test_a_hit_says_where_it_matched() -> None:
    hit = search("honour killing", "en")[0]
    assert (hit.code, hit.title) == ("0101", "Intentional homicide")
    assert hit.field in ("inclusion", "index")
    assert hit.matched.lower() == "honour killing"
    assert 0 < hit.score <= 1


def test_limit_and_nothing_found() -> None:
    assert len(search("theft", limit=3)) == 3
    assert search("xyzzy") == []
    assert search("") == []


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="en, es or fr"):
        search("roubo", "pt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        search("theft", limit=0)


def test_every_search_term_leads_to_a_category() -> None:
    classification = load_classification()
    for row in [*read_table("search_terms.csv"), *read_table("index_en.csv")]:
        assert row["code"] in classification, row
