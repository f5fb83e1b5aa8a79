"""Code lists with an order: the counting unit taken first, and the status of a figure that rests on several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codelists import load_codelist, ranked_codes, weakest_status

STATUSES = st.sampled_from([code.code for code in load_codelist("obs_status")])

# SDMX, Possible Ways of Implementing the Observation Status Concept, version 2.0 (2019), section 2: highest first.
SDMX_HIERARCHY = "BOMLHQJSDKWIFEPNUVGA"


def test_statuses_have_the_order_that_sdmx_recommends() -> None:
    codes = {code.code for code in load_codelist("obs_status")}

    assert ranked_codes("obs_status") == tuple(code for code in reversed(SDMX_HIERARCHY) if code in codes)


@given(STATUSES, STATUSES, STATUSES)
def test_the_order_in_which_figures_are_added_does_not_change_their_status(one: str, two: str, three: str) -> None:
    assert weakest_status([one, two]) == weakest_status([two, one])
    assert weakest_status([weakest_status([one, two]), three]) == weakest_status([one, weakest_status([two, three])])
    assert weakest_status([one, one]) == one
    assert weakest_status([one, "A"]) == one


@pytest.mark.parametrize("name", ["obs_status", "counting_unit", "stage"])
def test_every_rank_has_a_reason(name: str) -> None:
    assert [code.code for code in load_codelist(name) if not code.rank_reason.strip()] == []


def test_a_list_without_an_order_is_refused() -> None:
    with pytest.raises(ValueError, match="sex"):
        ranked_codes("sex")
