"""Whether two segmented series move alike, beside every model fitted one by one with numpy."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.statistics.joinpoints.comparison import Hypothesis, compare_joinpoints

YEARS = np.arange(2008, 2021)
CHANCE = np.random.default_rng(5)
ONE = 10 * np.exp(0.05 * np.minimum(YEARS - 2008, 6) + CHANCE.normal(0, 0.03, 13))
OTHER = 25 * np.exp(0.05 * np.minimum(YEARS - 2008, 6) + CHANCE.normal(0, 0.06, 13))
ERRORS = (0.03 * ONE, 0.06 * OTHER)


def sum_of_squares(design: np.ndarray, logs: np.ndarray, weights: np.ndarray) -> float:
    root = np.sqrt(weights)
    left = np.linalg.lstsq(design * root[:, None], logs * root, rcond=None)[0]
    return float(np.sum(weights * (logs - design @ left) ** 2))


def by_hand(hypothesis: Hypothesis) -> tuple[float, int]:
    """F and the common joinpoint: each year from the third to the third last tried, weights 1 / (error / value)^2."""
    logs = [np.log(ONE), np.log(OTHER)]
    weights = [(ONE / ERRORS[0]) ** 2, (OTHER / ERRORS[1]) ** 2]
    x = (YEARS - 2008).astype(float)
    apart, common = [np.inf, np.inf], {}
    for turn in range(2, 11):
        course = np.column_stack([x, np.maximum(x - turn, 0)])
        for place in (0, 1):
            own = sum_of_squares(np.column_stack([np.ones(13), course]), logs[place], weights[place])
            apart[place] = min(apart[place], own)
        level = np.repeat(np.eye(2), 13, axis=0) if hypothesis == "parallel" else np.ones((26, 1))
        both = np.column_stack([level, np.vstack([course, course])])
        common[turn] = sum_of_squares(both, np.concatenate(logs), np.concatenate(weights))
    turn = min(common, key=lambda one: common[one])
    freed = 8 - (level.shape[1] + 1 + 2)
    return (common[turn] - sum(apart)) / freed / (sum(apart) / (26 - 8)), 2008 + turn


@pytest.mark.parametrize("hypothesis", ["parallel", "coincident"])
def test_f_and_joinpoint_are_those_of_all_models_fitted_one_by_one(hypothesis: Hypothesis) -> None:
    f, turn = by_hand(hypothesis)

    found = compare_joinpoints(YEARS.tolist(), ONE, OTHER, errors=ERRORS, hypothesis=hypothesis, permutations=199)

    assert found.f == pytest.approx(f, rel=1e-8)
    assert found.joinpoints == (turn,)
    # Made parallel, 25 against 10: that they are one curve is excluded, that they are parallel is not.
    assert (found.p <= 0.05) == (hypothesis == "coincident")


def test_the_order_of_the_series_and_their_units_do_not_matter() -> None:
    first = compare_joinpoints(YEARS.tolist(), ONE, OTHER, permutations=99)
    turned = compare_joinpoints(YEARS.tolist(), 1000 * OTHER, ONE, permutations=99)

    assert turned.f == pytest.approx(first.f)
    assert turned.joinpoints == first.joinpoints


@pytest.mark.parametrize("number", [0, 1])
def test_false_alarms_are_about_five_percent_where_both_turn_alike(number: int) -> None:
    """100 pairs, independent errors, with a turn where one is fitted: 5 of 100 expected, 11 and more in 1 of 90."""
    chance = np.random.default_rng(3)
    course = number * 0.15 * np.minimum(np.arange(16), 8)
    pairs = np.exp(course + chance.normal(0, 0.1, (100, 2, 16)))
    found = [
        compare_joinpoints(range(16), one, two, number=number, permutations=99, seed=place).p <= 0.05
        for place, (one, two) in enumerate(pairs)
    ]

    assert 0.01 <= np.mean(found) <= 0.1


@pytest.mark.parametrize(
    ("change", "said"),
    [({"permutations": 20}, "too few"), ({"number": 6}, "too few"), ({"hypothesis": "alike"}, "coincident")],
)
def test_what_cannot_be_compared_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare_joinpoints(YEARS.tolist(), ONE, OTHER, **change)  # type: ignore[arg-type]
