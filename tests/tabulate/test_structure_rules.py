"""Each rule of the suite meets frames that keep it and one that breaks it; the library is loaded once.

The frames are written here: what occurs in a source of two cells. What each fault must find is counted by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.tabulate.structure_suite import (
    expectation_arguments,
    expectation_request,
    expectation_rules,
    judge_frames,
    load_context,
)
from schemas.declarations import attribute_columns, load_rules

pytestmark = pytest.mark.suite

CODES = {
    "freq": "A", "iccs": "0101", "stage": "recorded", "counting_unit": "victim", "sex": "_T", "age": "_T",
    **dict.fromkeys(attribute_columns(), "_T"), "obs_status": "A", "missing_reason": None, "conf_status": "F",
    "is_missing": False, "is_given": True,
}  # fmt: skip
MISSING = {
    **CODES,
    "sex": "M",
    "obs_status": "O",
    "missing_reason": "not_reported",
    "is_missing": True,
    "is_given": False,
}
SERIES = {
    "freq": "A", "stage": "recorded", "counting_unit": "victim", "iccs": "0101", "ref_area": "MX", "year": 2020,
    "least_value": 1.0, "total": 10.0, "largest_part": 6.0, "least_completeness": 1.0, "most_completeness": 1.0,
}  # fmt: skip
GOOD: dict[str, list[dict[str, Any]]] = {
    "combination": [CODES, MISSING],
    "area": [{"ref_area": "MX", "area_level": "country"}, {"ref_area": "MX-JAL", "area_level": "admin1"}],
    "period": [
        {"freq": "A", "time_period": "2020", "year": 2020},
        {"freq": "M", "time_period": "2020-12", "year": 2020},
    ],
    "series": [SERIES, {**SERIES, "year": 2021}],
}
# rule: the frame, and what is put into its first row (or done to it)
FAULTS: dict[str, tuple[str, dict[str, Any] | Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "columns_complete": ("combination", lambda table: table.drop(columns="conf_status")),
    "sex_codes": ("combination", {"sex": "male"}),
    "age_codes": ("combination", {"age": "0-17"}),
    "stage_codes": ("combination", {"stage": "arrested"}),
    "counting_unit_codes": ("combination", {"counting_unit": "people"}),
    **{f"{name}_codes": ("combination", {name: "unheard of"}) for name in attribute_columns()},
    "obs_status_codes": ("combination", {"obs_status": "X"}),
    "missing_reason_codes": ("combination", {"missing_reason": "lost"}),
    "conf_status_codes": ("combination", {"conf_status": "X"}),
    "freq_codes": ("period", {"freq": "annual"}),
    "area_codes": ("area", {"ref_area": "XX"}),
    "area_level_codes": ("area", {"area_level": "province"}),
    "iccs_codes": ("combination", {"iccs": "9999"}),
    "iccs_given": ("combination", {"iccs": None}),
    "missing_says_why": ("combination", {"is_missing": True, "is_given": False}),
    "value_has_no_reason": ("combination", {"missing_reason": "not_reported"}),
    "period_format": ("period", {"time_period": "2020-13"}),
    "period_range": ("period", {"year": 1013}),  # a real file has it: UN-CTS, prisons, Morocco
    "series_unique": ("series", {"year": 2021}),
    "completeness_range": ("series", {"least_completeness": -0.5}),
    "completeness_at_most_one": ("series", {"most_completeness": 1.5}),
    "counts_not_negative": ("series", {"least_value": -1.0}),
    "totals_cover_parts": ("series", {"total": 5.0}),
}


@pytest.fixture(scope="module")
def context() -> Any:
    return load_context()


def write(folder: Path, frames: dict[str, pd.DataFrame]) -> Path:
    for name, table in frames.items():
        table.to_parquet(folder / f"{name}.parquet")
    return folder


def good_frames() -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(rows) for name, rows in GOOD.items()}


def test_every_rule_of_the_suite_has_a_fault() -> None:
    assert {rule.name for kind in ("count", "population") for rule in expectation_rules(kind)} == set(FAULTS)


def test_frames_without_a_fault_pass_every_rule(context: Any, tmp_path: Path) -> None:
    rules = expectation_rules("count")
    found = judge_frames(context, write(tmp_path, good_frames()), [expectation_request(rule) for rule in rules])
    assert {name: one for name, one in found.items() if one["errored"] or not one["success"]} == {}
    assert all(one["checked"] for one in found.values())
    assert len(found) == len(rules)


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_is_found_by_its_rule(rule: str, context: Any, tmp_path: Path) -> None:
    frame, fault = FAULTS[rule]
    frames = good_frames()
    if callable(fault):
        frames[frame] = fault(frames[frame])
    else:
        for column, value in fault.items():
            frames[frame].loc[0, column] = value
    found = judge_frames(context, write(tmp_path, frames), [expectation_request(load_rules()[rule])])[rule]
    assert (found["errored"], found["success"]) == ("", False)
    assert found["failing"] == (2 if rule == "series_unique" else 1)  # both of two that are the same
    if not callable(fault) and rule not in ("iccs_given", "missing_says_why", "series_unique"):
        assert str(next(iter(fault.values()))) in found["detail"] or rule == "totals_cover_parts"


def test_a_rule_of_the_suite_that_crashes_is_errored(context: Any, tmp_path: Path) -> None:
    request = {
        **expectation_request(load_rules()["sex_codes"]),
        "arguments": {"column": "shoe_size", "value_set": ["M"]},
    }
    found = judge_frames(context, write(tmp_path, good_frames()), [request])["sex_codes"]
    assert "shoe_size" in found["errored"]
    assert expectation_arguments(load_rules()["sex_codes"])["column"] == "sex"
