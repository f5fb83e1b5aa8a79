"""The wild cluster bootstrap against regressions of every row, draw by draw, written out with numpy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.statistics.linear_designs import difference_in_differences, panel_difference
from pipelines.statistics.resampling.wild_clusters import WildWeights, wild_cluster_difference

Numbers = NDArray[np.float64]
TIMES, BEFORE = 4, 2
SIX = [-(1.5**0.5), -1, -(0.5**0.5), 0.5**0.5, 1, 1.5**0.5]


def _panel(areas: int, treated: int, seed: int, effect: float = 0.0) -> dict[str, Numbers]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(areas, TIMES)) + random.normal(size=(areas, 1))
    values[:treated, BEFORE:] += effect
    area = np.repeat(np.arange(areas), TIMES)
    return {
        "values": values.ravel(),
        "treated": (area < treated) * 1.0,
        "after": np.tile(np.arange(TIMES) >= BEFORE, areas) * 1.0,
        "clusters": area,
    }


def _t(y: Numbers, x: Numbers, clusters: Numbers) -> Numbers:
    """Clustered t of the last column of each response (column of y), without Stata's factor; all rows are used."""
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ y
    left = y - x @ coefficients
    variance = np.zeros(y.shape[1])
    for one in np.unique(clusters):
        rows = clusters == one
        variance += (bread[-1] @ (x[rows].T @ left[rows])) ** 2
    made: Numbers = coefficients[-1] / np.sqrt(variance)
    return made


def _p(panel: dict[str, Numbers], points: list[float], null: float, *, dummies: bool = False) -> float:
    """Restricted bootstrap: every row is made again from the model without the effect, for all ways to draw."""
    d, a, area = panel["treated"], panel["after"], panel["clusters"]
    y = panel["values"] - null * d * a
    if dummies:
        time = np.tile(np.arange(TIMES), len(y) // TIMES)
        others = np.column_stack([area[:, None] == np.unique(area), time[:, None] == np.arange(1, TIMES)]) * 1.0
    else:
        others = np.column_stack([np.ones(len(y)), d, a])
    fitted = others @ np.linalg.lstsq(others, y, rcond=None)[0]
    ways = np.array(list(product(points, repeat=len(np.unique(area)))))
    draws = fitted[:, None] + ways.T[area] * (y - fitted)[:, None]
    x = np.column_stack([others, d * a])
    observed = abs(_t(y[:, None], x, area)[0])
    return float((np.abs(_t(draws, x, area)) >= observed * (1 - 1e-9)).mean())


def _found(panel: dict[str, Numbers], weights: WildWeights, confidence: float = 0.95):  # type: ignore[no-untyped-def]
    return wild_cluster_difference(**panel, weights=weights, confidence=confidence)  # type: ignore[arg-type]


@pytest.mark.parametrize(("weights", "points", "areas"), [("rademacher", [-1.0, 1.0], 8), ("webb", SIX, 5)])
def test_p_is_that_of_every_draw_regressed(weights: WildWeights, points: list[float], areas: int) -> None:
    for seed in range(3):
        panel = _panel(areas, 2, seed, effect=1.0)
        found = _found(panel, weights)
        assert found.draws == len(points) ** areas
        assert found.p == pytest.approx(_p(panel, points, 0.0))
        assert found.p == pytest.approx(_p(panel, points, 0.0, dummies=True))  # effects of each area and time


def test_effect_and_error_are_those_of_clustered_errors() -> None:
    panel = _panel(9, 3, 4, effect=1.0)
    found = _found(panel, "webb")
    model = difference_in_differences(**panel).effect("effect")  # type: ignore[arg-type]
    assert (found.value, found.error) == pytest.approx((model.value, model.error))
    assert found.t == pytest.approx(model.value / model.error)
    assert (found.treated_clusters, found.clusters, found.draws) == (3, 9, 9_999)
    again = _found(panel, "webb")
    assert found == again


def test_limits_are_the_effects_that_are_not_rejected() -> None:
    panel = _panel(8, 3, 5)
    found = _found(panel, "rademacher", 0.8)
    for limit, inwards in ((found.low, 1e-6), (found.high, -1e-6)):
        assert _p(panel, [-1.0, 1.0], limit + inwards) >= 0.2
        assert _p(panel, [-1.0, 1.0], limit - inwards) < 0.2


def test_signs_of_few_clusters_reject_nothing() -> None:
    """Of five clusters there are 32 ways to draw signs, and two of them are the observed data: p is 1/16 or more."""
    panel = _panel(5, 2, 6, effect=50.0)
    found = _found(panel, "rademacher")
    assert found.p == pytest.approx(2 / 32)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert _found(panel, "webb").p < 0.06


def test_false_alarms_are_fewer_than_those_of_clustered_errors() -> None:
    """Two of twelve areas without an effect; the table in the documentation has more panels and designs."""
    clustered = wild = 0
    for seed in range(120):
        panel = _panel(12, 2, 100 + seed)
        clustered += difference_in_differences(**panel).effect("effect").p < 0.05  # type: ignore[arg-type]
        wild += wild_cluster_difference(**panel, draws=499).p < 0.05  # type: ignore[arg-type]
    assert wild <= 11  # at 5 %, more come out once in 30 times
    assert clustered >= 14


def test_one_treated_cluster_is_refused_and_sent_to_randomisation() -> None:
    """An effect of three standard deviations: no bootstrap written out finds it, and clustered errors find anything."""
    for seed in range(6):
        panel = _panel(8, 1, seed, effect=3.0)
        assert _p(panel, [-1.0, 1.0], 0.0) > 0.05
        with pytest.raises(ValueError, match="1 treated cluster: the wild bootstrap is not reliable"):
            _found(panel, "webb")
    other = panel | {"treated": 1 - panel["treated"]}
    with pytest.raises(ValueError, match="1 other cluster"):
        _found(other, "webb")
    assert panel_difference(_panel(8, 1, 7, effect=50.0)["values"].reshape(8, TIMES), [0], BEFORE).p == 1 / 8


def test_refusals() -> None:
    panel = _panel(6, 2, 8)
    with pytest.raises(ValueError, match="too few"):
        wild_cluster_difference(**panel, draws=10)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rows of both groups"):
        _found(panel | {"clusters": np.tile(np.arange(6), TIMES)}, "webb")
    with pytest.raises(ValueError, match="none missing"):
        _found(panel | {"values": np.full(24, np.nan)}, "webb")
    with pytest.raises(ValueError, match="before and after"):
        _found(panel | {"after": np.ones(24)}, "webb")
    with pytest.raises(ValueError, match="fits exactly"):
        _found(panel | {"values": panel["treated"] * panel["after"]}, "webb")
    with pytest.raises(ValueError, match="there are webb"):
        _found(panel, "mammen")  # type: ignore[arg-type]
