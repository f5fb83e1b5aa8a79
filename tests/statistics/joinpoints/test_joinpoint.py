"""Joinpoint regression against output of the Joinpoint program of the US National Cancer Institute."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import stats

from pipelines.statistics.joinpoints.model import (
    JoinpointModel,
    average_change,
    fit_joinpoints,
    log_ready,
    most_joinpoints,
)
from pipelines.statistics.joinpoints.number import choose_joinpoints

Rows = Callable[[str], list[dict[str, str]]]
Printed = Callable[[float, str], bool]

MORTALITY = {"ratio black to white": 5, "drug/black": 3, "nonopioid/black": 3, "natural/black": 3}
PRESCRIPTIONS = ("gabapentinoids", "gabapentin", "CBZ", "OxCBZ", "pregabaline", "Opioids")


def _figures(model: JoinpointModel) -> dict[str, float]:
    """Figures of a model under the names of the published file."""
    found: dict[str, float] = {"sse": model.sse, "n_joinpoints_selected": len(model.joinpoints)}
    found |= {"aapc": model.average.value, "aapc_lower95": model.average.low, "aapc_upper95": model.average.high}
    found |= {f"joinpoint_{n}": year for n, year in enumerate(model.joinpoints, 1)}
    for n, part in enumerate(model.segments, 1):
        found |= {
            f"segment_{n}_start": part.first,
            f"segment_{n}_end": part.last,
            f"segment_{n}_slope": part.slope,
            f"segment_{n}_slope_se": part.slope_error,
            f"segment_{n}_apc": part.value,
            f"segment_{n}_apc_lower95": part.low,
            f"segment_{n}_apc_upper95": part.high,
        }
    return found


def _series(reference: Rows, name: str) -> tuple[list[int], list[float], list[float]]:
    rows = [row for row in reference("joinpoint_mortality") if row["series"] == name]
    return (
        [int(row["year"]) for row in rows],
        [float(row["value"]) for row in rows],
        [float(row["standard_error"]) for row in rows],
    )


@pytest.mark.parametrize("name", MORTALITY)
def test_nci_models(name: str, reference: Rows, as_printed: Printed) -> None:
    expected = {
        row["figure"]: row["published"]
        for row in reference("joinpoint_mortality_expected")
        if row["series"] == name and not row["figure"].startswith("perm")
    }
    found = _figures(fit_joinpoints(*_series(reference, name), number=int(expected["n_joinpoints_selected"])))
    assert set(found) == set(expected)
    assert {figure: found[figure] for figure in found if not as_printed(found[figure], expected[figure])} == {}


@pytest.mark.parametrize("name", list(MORTALITY)[1:])
def test_nci_permutation_tests(name: str, reference: Rows) -> None:
    rows = [row for row in reference("joinpoint_mortality_expected") if row["series"] == name]
    expected = {row["figure"]: float(row["published"]) for row in rows}
    choice = choose_joinpoints(
        *_series(reference, name), method="permutation", most=MORTALITY[name], permutations=4000, seed=3
    )
    assert len(choice.model.joinpoints) == expected["n_joinpoints_selected"]
    tests = [figure for figure in expected if figure.startswith("perm")]
    assert [f"perm_test_{n}_H0_{test.null}_H1_{test.alternative}_p" for n, test in enumerate(choice.tests)] == tests
    for figure, test in zip(tests, choice.tests, strict=True):
        p = expected[figure]
        # Both are Monte Carlo: 10,000 data sets there, 4,000 here; four standard errors of the difference.
        assert abs(test.p - p) < 4 * math.sqrt(max(p, 1e-4) * (1 - p) * (1 / 10_000 + 1 / 4_000)) + 2 / 4_000


@pytest.mark.parametrize("name", PRESCRIPTIONS)
def test_nci_models_with_correlated_errors(name: str, reference: Rows, as_printed: Printed) -> None:
    # The correlation is taken as printed, so the sum of squares agrees to 5e-5 only. With joinpoints, the intervals of
    # the program are not reproduced here (see the docstring of fit_joinpoints); without, they are.
    rows = [row for row in reference("joinpoint_prescriptions_expected") if row["series"] == name]
    expected = {row["figure"]: row["published"] for row in rows if not row["figure"].startswith("perm")}
    correlation, number = float(expected.pop("lag1_autocorrelation_used")), int(expected["n_joinpoints_selected"])
    data = [row for row in reference("joinpoint_prescriptions") if row["series"] == name]
    n = np.array([float(row["denominator"]) for row in data])
    share = np.array([float(row["numerator"]) for row in data]) / n
    model = fit_joinpoints(
        [int(row["index"]) for row in data],
        share,
        np.sqrt(share * (1 - share) / n),
        number=number,
        autocorrelation=correlation,
    )
    found = _figures(model)
    assert found["sse"] == pytest.approx(float(expected.pop("sse")), abs=5e-5)
    if number:
        expected = {figure: text for figure, text in expected.items() if "95" not in figure}
    assert {figure: found[figure] for figure, text in expected.items() if not as_printed(found[figure], text)} == {}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_search_finds_the_best_set(number: int) -> None:
    # Independent: every allowed set fitted by ordinary least squares, one by one.
    random = np.random.default_rng(number)
    years = np.array([1990, 1991, 1993, 1994, 1995, 1996, 1998, *range(1999, 2008)])
    values, errors = np.exp(random.normal(size=len(years))), random.uniform(0.05, 0.2, len(years))
    model = fit_joinpoints(years.tolist(), values, errors, number=number)
    weight, best = values / errors, (math.inf, ())
    for places in combinations(range(2, len(years) - 2), number):
        if any(b - a < 3 for a, b in pairwise(places)):
            continue
        hinges = [np.maximum(years - years[place], 0) for place in places]
        x = np.column_stack([np.ones(len(years)), years - 1990, *hinges]) * weight[:, None]
        y = np.log(values) * weight
        residuals = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        best = min(best, (float(residuals @ residuals), places))
    assert model.sse == pytest.approx(best[0])
    assert model.joinpoints == tuple(int(years[place]) for place in best[1])


def test_criteria_as_the_program_prints_them() -> None:
    # NCI's help, Weighted BIC: WBIC = BIC (1 - weight) + BIC3 weight; BIC = ln(SSE/n) + (2k + 2) ln(n)/n. With one
    # joinpoint the two segments are the whole series: the weight is then 1 - SSE(1)/SSE(0).
    random = np.random.default_rng(8)
    years = range(2000, 2020)
    values = np.exp(np.abs(np.arange(20) - 9) * 0.08 + random.normal(0, 0.05, 20))
    sse = [fit_joinpoints(years, values, number=k).sse for k in (0, 1)]
    bic, bic3, weighted = (
        choose_joinpoints(years, values, method=method, most=1).criteria for method in ("bic", "bic3", "weighted bic")
    )
    expected = [math.log(sse[k] / 20) + (2 * k + 2) * math.log(20) / 20 for k in (0, 1)]
    assert bic == pytest.approx(expected)
    assert bic3[1] == pytest.approx(bic[1] + math.log(20) / 20)
    weight = 1 - sse[1] / sse[0]
    assert weighted == pytest.approx((bic[0], bic[1] * (1 - weight) + bic3[1] * weight))


def test_straight_series_are_rarely_broken() -> None:
    # 60 straight series with noise: at an overall level of 5 % some 3 may be given a joinpoint.
    random = np.random.default_rng(4)
    broken = 0
    for _ in range(60):
        values = np.exp(3 + 0.02 * np.arange(18) + random.normal(0, 0.1, 18))
        choice = choose_joinpoints(range(18), values, method="permutation", most=2, permutations=200)
        broken += bool(choice.model.joinpoints)
    assert broken <= 9  # P(more than 9 of 60 at 5 %) is below 0.2 %


def test_a_seed_decides() -> None:
    values = np.exp(np.random.default_rng(9).normal(0, 0.1, 15).cumsum())
    first, again, other = (
        choose_joinpoints(range(15), values, method="permutation", permutations=300, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert [test.p for test in first.tests] != [test.p for test in other.tests]


def test_weights_count_only_against_each_other() -> None:
    years, values = range(2000, 2016), np.exp(np.random.default_rng(1).normal(0, 0.2, 16))
    errors = values / np.sqrt(np.arange(5, 21))
    one, ten = (fit_joinpoints(years, values, errors * size, number=1) for size in (1, 10))
    assert one.joinpoints == ten.joinpoints
    assert one.segments[0].slope_error == pytest.approx(ten.segments[0].slope_error)


def test_average_of_part_of_a_model() -> None:
    values = [100 * 1.05 ** min(n, 8) * 0.9 ** max(n - 8, 0) * (1 + 0.01 * (-1) ** n) for n in range(16)]
    model = fit_joinpoints(range(2004, 2020), values, number=1)
    last = average_change(model, 2014, 2019)
    assert (last.value, last.low, last.high) == (model.segments[1].value, model.segments[1].low, model.segments[1].high)
    mixed = average_change(model, 2010, 2014)
    half = (model.segments[0].slope + model.segments[1].slope) / 2
    assert mixed.value == pytest.approx(100 * math.expm1(half))


def test_quick_enough_for_many_series() -> None:
    values = np.exp(np.random.default_rng(0).normal(0, 0.05, 25).cumsum())
    choose_joinpoints(range(2000, 2025), values, most=3)
    start = time.process_time()
    choose_joinpoints(range(2000, 2025), values, most=3)
    assert time.process_time() - start < 1


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="no logarithm"):
        fit_joinpoints(range(8), [1, 2, 0, 1, 2, 3, 4, 5])
    with pytest.raises(ValueError, match="add half"):
        log_ready([0, 4], [1000, 1000])
    with pytest.raises(ValueError, match="too few"):
        fit_joinpoints(range(8), [1, 2, 3, 1, 2, 3, 4, 5], number=2)
    with pytest.raises(ValueError, match="ascending order"):
        fit_joinpoints([1, 2, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="standard error"):
        fit_joinpoints([1, 2, 3], [1, 2, 3], [0.1, 0, 0.1])
    assert most_joinpoints(11) == 1


def test_p_of_an_average_is_that_of_its_limits(reference: Rows) -> None:
    """Several segments: normal, from the slopes and errors of the program; inside one: that segment's own p."""
    rows = [row for row in reference("joinpoint_mortality_expected") if row["series"] == "ratio black to white"]
    printed = {row["figure"]: float(row["published"]) for row in rows}
    model = fit_joinpoints(*_series(reference, "ratio black to white"), number=2)
    years = [printed[f"segment_{n}_end"] - printed[f"segment_{n}_start"] for n in (1, 2, 3)]
    share = np.array(years) / sum(years)
    slope = share @ [printed[f"segment_{n}_slope"] for n in (1, 2, 3)]
    error = math.sqrt(share**2 @ np.array([printed[f"segment_{n}_slope_se"] for n in (1, 2, 3)]) ** 2)
    assert model.average.p == pytest.approx(2 * stats.norm.sf(abs(slope) / error), rel=1e-3)
    assert average_change(model, 1980, 1990).p == model.segments[0].p
