"""Which figures are put in an order, on rows written here, by the declared rules and by rules of the test."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.reader.comparison import rank_figures
from schemas.codelists import load_codelist
from schemas.comparison import load_comparison_rules, parse_comparison_rules
from schemas.declarations import DeclarationError, load_columns

FIGURE: dict[str, Any] = {
    "source": "xx_a", "stage": "recorded", "counting_unit": "victim", "counted_at": None, "iccs_made_from": None,
    "rate_per_100k": 5.0, "events": 100.0, "no_rate_reason": None, "caveats": None, "obs_status": "A",
}  # fmt: skip


def areas(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**FIGURE, "ref_area": name, **row} for name, row in zip("ABCDEFG", rows, strict=False)]


def why(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {row["ref_area"]: row["why"] for row in rows}


def test_figures_that_are_alike_are_ranked_by_rate() -> None:
    ranked, unranked = rank_figures(areas({"rate_per_100k": 1.0}, {"rate_per_100k": 3.0}, {"rate_per_100k": 2.0}))
    assert [(row["place"], row["ref_area"]) for row in ranked] == [(1, "B"), (2, "C"), (3, "A")]
    assert unranked == []


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"stage": "convicted"}, "stage of the process: convicted (ranked: recorded)"),
        ({"counting_unit": "offence"}, "counting unit: offence (ranked: victim)"),
        ({"counted_at": "output"}, "moment of counting: output (ranked: not stated)"),
        ({"iccs_made_from": "03011"}, "composition: 03011 (ranked: given as a whole)"),
        (
            {"caveats": "counting_unit_varies"},
            "unit from country to country of the source: differs, and is not stated for each (ranked: the same)",
        ),
        ({"caveats": "volume_jump;model_estimate"}, "scope: model estimate (ranked: same as the category)"),
        ({"events": 19.0}, "count below 20"),
        ({"caveats": "months_missing"}, "months missing"),
        ({"rate_per_100k": None, "no_rate_reason": "no_population"}, "no rate: no population"),
        ({"obs_status": "Q"}, "status Q (Missing: suppressed)"),
    ],
)
def test_what_differs_is_not_ranked_and_says_why(differs: dict[str, Any], reason: str) -> None:
    ranked, unranked = rank_figures(areas({}, {}, {"rate_per_100k": 9.0, **differs}))
    assert [row["ref_area"] for row in ranked] == ["A", "B"]
    assert why(unranked) == {"C": [reason]}


def test_other_caveats_and_another_population_do_not_forbid_an_order() -> None:
    ranked, _ = rank_figures(areas({"caveats": "figures_revised_later"}, {}, {"population_source": "xx_people"}))
    assert len(ranked) == 3


def test_no_two_alike_are_no_order_and_none_of_them_is_first() -> None:
    ranked, unranked = rank_figures(areas({"counting_unit": "offence"}, {"counting_unit": "victim"}))
    assert ranked == []
    assert why(unranked)["B"] == ["no other figure is comparable"]  # the preferred unit
    assert why(unranked)["A"] == ["counting unit: offence (ranked: victim)"]


def test_the_preferred_kind_is_ranked_where_two_are_equally_common() -> None:
    offences, victims = {"counting_unit": "offence"}, {"counting_unit": "victim"}
    ranked, _ = rank_figures(areas(offences, victims, offences, victims))
    assert {row["counting_unit"] for row in ranked} == {"victim"}


def test_the_declared_rules_name_columns_and_caveats_that_exist() -> None:
    rules = load_comparison_rules()
    for aspect in (*rules.alike, *rules.noted):
        assert aspect.column is None or aspect.column in load_columns()
        assert set(aspect.labels) == set(aspect.empty) == set(aspect.carried or aspect.labels) == {"en", "fr", "es"}
    assert set(rules.statuses_left_out) <= {code.code for code in load_codelist("obs_status")}


def test_rules_that_lack_something_are_refused() -> None:
    whole = {"fewest_events": 1, "year_share": 1, "alike": {}, "noted": {}, "left_out": {"caveats": [], "statuses": []}}
    for name in whole:
        with pytest.raises(DeclarationError, match=f"comparison.yml: {name} is missing"):
            parse_comparison_rules({key: value for key, value in whole.items() if key != name})
    aspect = {"label": {}, "empty": {}, "reason": ""}
    for given in (aspect, {**aspect, "column": "stage", "caveats": ["x"]}):
        with pytest.raises(DeclarationError, match="unit needs either a column or caveats"):
            parse_comparison_rules({**whole, "alike": {"unit": given}})
