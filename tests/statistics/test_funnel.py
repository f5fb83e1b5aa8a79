"""Funnel limits against sums of Poisson probabilities, and the dispersion against a computation by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.statistics.surveillance.funnel import between_areas, funnel_limits


def _by_hand(mean: float, share: float) -> float:
    """Spiegelhalter (2005), appendix A.1.1: between the counts on either side of the share."""
    count, below, mass = 0, 0.0, math.exp(-mean)
    while below + mass < share:
        below, count = below + mass, count + 1
        mass *= mean / count
    return max(count - (below + mass - share) / mass, 0.0)


@pytest.mark.parametrize("mean", [0.3, 1.0, 2.5, 10.0, 47.3, 300.0])
@pytest.mark.parametrize("confidence", [0.95, 0.998])
def test_limits_are_interpolated_poisson_quantiles(mean: float, confidence: float) -> None:
    low, high = funnel_limits([mean], confidence)
    tail = (1 - confidence) / 2
    assert float(low[0]) == pytest.approx(_by_hand(mean, tail), abs=1e-6)
    assert float(high[0]) == pytest.approx(_by_hand(mean, 1 - tail), abs=1e-6)


def test_the_spread_draws_outliers_in() -> None:
    expected = [100.0] * 21
    counts = [*range(60, 143, 4)]
    counts[-1] = 900  # one area apart
    # Scores -4, -3.6 ... 3.6, 80; the tenths at each end are drawn in to the third from it, +-3.2.
    scores = [max(min((count - 100) / 10, 3.2), -3.2) for count in counts]
    share = 0.6786  # of normal scores drawn in at +-1.2816: 1 - 2 [c f(c) + (1 - c^2) (1 - F(c))]
    excess = sum(score**2 for score in scores) / share - 20
    assert between_areas(counts, expected) == pytest.approx(math.sqrt(excess / (2100 - 21 * 100**2 / 2100)))


def test_the_spread_of_simulated_areas_is_found() -> None:
    rng = np.random.default_rng(9)
    expected = rng.uniform(50, 500, 4000)
    counts = rng.poisson(expected * rng.gamma(25, 1 / 25, 4000))  # standard deviation 0.2
    assert between_areas(counts, expected) == pytest.approx(0.2, rel=0.15)


def test_a_spread_between_areas_widens_the_funnel_most_where_chance_is_small() -> None:
    tight, wide = (np.ptp(np.array(funnel_limits([25.0, 2500.0], 0.95, spread)), axis=0) for spread in (0.0, 0.2))
    assert (wide / tight).tolist() == pytest.approx([math.sqrt(1 + 0.04 * 25), math.sqrt(1 + 0.04 * 2500)])
