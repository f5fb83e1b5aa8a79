"""Interrupted time series and the controlled comparison, against printed regressions and an independent route."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.statistics.evaluation import controlled_time_series, interrupted_time_series
from pipelines.statistics.regression import fit_counts

Rows = Callable[[str], list[dict[str, str]]]
Printed = Callable[[float, str], bool]


def test_sicily_smoking_ban(reference: Rows, as_printed: Printed) -> None:
    # Lopez Bernal et al. (2017), models 2, 3 and 4 as printed.
    data = reference("sicily_coronary_events")
    y, n, t = (np.array([float(row[name]) for row in data]) for name in ("events", "population", "time"))
    months = t.astype(int).tolist()
    step = interrupted_time_series(months, y, n, 37, slope_change=False, errors="model")
    assert as_printed(step.level.value, "0.894")
    assert as_printed(step.level.low, "0.839")
    assert as_printed(step.level.high, "0.953")
    seasonal = interrupted_time_series(months, y, n, 37, season=12, slope_change=False, errors="model")
    assert as_printed(seasonal.level.value, "0.8850715")
    assert as_printed(seasonal.level.low, "0.8394010")
    assert as_printed(seasonal.level.high, "0.9332270")
    assert seasonal.diagnostics["dispersion"] == pytest.approx(2.262186, abs=1e-5)
    # Model 4 prints the level at time 0; the same model counted from the ban (month 37) is 37 slopes further on.
    both = interrupted_time_series(months, y, n, 37, season=12, errors="model")
    assert as_printed(both.model.coefficients["slope change"], "0.0014822")
    assert as_printed(both.model.coefficients["level"] - 37 * both.model.coefficients["slope change"], "-0.1852194")
    assert as_printed(both.model.deviance, "115.81")
    assert both.slope is not None
    assert as_printed(both.slope.low, "0.998")
    assert both.end.value == pytest.approx(both.level.value * both.slope.value ** (59 - 37))


def test_what_was_expected_without_the_ban() -> None:
    # Independent: the trend of the time before, fitted alone, drawn on.
    counts = [100, 104, 99, 103, 98, 101, 105, 97, 102, 100, 80, 83, 79, 81, 78, 82]
    found = interrupted_time_series(range(2005, 2021), counts, [1e6] * 16, 2015)
    before = fit_counts(counts[:10], {"year": range(10)}, [1e6] * 10)
    drawn_on = 1e6 * np.exp(before.coefficients["intercept"] + before.coefficients["year"] * np.arange(16))
    np.testing.assert_allclose(found.expected_without, drawn_on, rtol=1e-8)


@pytest.mark.parametrize("family", ["quasi-poisson", "negative binomial"])
def test_known_effects_are_found(family: str) -> None:
    # 10 simulated series: level x 0.8, slope x 0.99 a month, season, counts that cluster.
    random = np.random.default_rng(12)
    t = np.arange(120)
    mean = np.exp(5 + 0.002 * t + 0.1 * np.sin(2 * np.pi * t / 12))
    mean *= np.where(t >= 72, 0.8 * 0.99 ** (t - 72), 1)
    held, levels = 0, []
    for _ in range(10):
        counts = random.negative_binomial(50, 50 / (50 + mean))
        found = interrupted_time_series(t.tolist(), counts, [1e6] * 120, 72, season=12, family=family)  # type: ignore[arg-type]
        assert found.slope is not None
        held += (found.level.low < 0.8 < found.level.high) + (found.slope.low < 0.99 < found.slope.high)
        levels.append(found.level.value)
    assert held >= 16  # of 20, of which 19 are expected
    assert np.mean(levels) == pytest.approx(0.8, abs=0.05)
    assert found.end.high < 0.7
    assert "placebo p" in found.diagnostics


def test_limits_hold_what_they_promise() -> None:
    # 50 series without any change: some 5 % of the limits of the level may miss 1.
    random = np.random.default_rng(21)
    missed = 0
    for _ in range(50):
        level = interrupted_time_series(
            range(30), random.poisson(60, 30), [1e5] * 30, 15, slope_change=False, lags=2
        ).level
        missed += not level.low < 1 < level.high
    assert missed <= 7  # P(more than 7 of 50 at 5 %) is below 0.5 %


def test_doubts_are_named() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, 40)
    wave = np.exp(4 + 0.3 * np.sin(np.arange(40) / 6) + noise).round()
    found = interrupted_time_series(range(40), wave, [1e5] * 40, 30, family="poisson", errors="model")
    text = " ".join(found.cannot_tell)
    assert "no control series" in text
    assert "neighbouring periods" in text
    assert "a date without a policy also shows a change" in text
    short = interrupted_time_series(range(12), [50, 52, 48, 51, 49, 53, 50, 47, 40, 41, 39, 42], [1e5] * 12, 8)
    assert any("8 periods before" in note for note in short.cannot_tell)


def test_controlled_is_poisson_with_area_and_period_effects() -> None:
    # Independent: the two series stacked, with an effect for the area and for each period.
    random = np.random.default_rng(7)
    shared = np.exp(0.3 * random.normal(size=20))
    area, control = random.poisson(80 * shared * np.where(np.arange(20) >= 12, 0.7, 1)), random.poisson(150 * shared)
    found = controlled_time_series(range(20), area, [1e5] * 20, control, [2e5] * 20, 12)
    columns: dict[str, list[float]] = {"area": [1.0] * 20 + [0.0] * 20}
    for n in range(1, 20):
        columns[f"period {n}"] = [float(row % 20 == n) for row in range(40)]
    columns["after"] = [float(n >= 12) for n in range(20)] + [0.0] * 20
    stacked = fit_counts([*area, *control], columns, [1e5] * 20 + [2e5] * 20)
    assert found.effect.value == pytest.approx(stacked.effect({"after": 1}).value)
    assert found.effect.low < 0.7 < found.effect.high
    assert found.pre_trend.p > 0.05


def test_areas_that_moved_apart_before_are_named() -> None:
    area, control = [100 + 6 * n for n in range(16)], [200 + (-1) ** n for n in range(16)]
    found = controlled_time_series(range(16), area, [1e5] * 16, control, [1e5] * 16, 12)
    assert found.pre_trend.p < 0.001
    assert any(note.endswith("already moved apart before the date (p < 0.001).") for note in found.cannot_tell)


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="whole and consecutive"):
        interrupted_time_series([1, 2, 4], [1, 2, 3], [1, 1, 1], 2)
    with pytest.raises(ValueError, match="8 before and 3 after"):
        interrupted_time_series(range(9), [5] * 9, [1] * 9, 7)
    with pytest.raises(ValueError, match="24 before"):
        interrupted_time_series(range(40), [5] * 40, [1] * 40, 20, season=12)
    with pytest.raises(ValueError, match="whole counts"):
        controlled_time_series(range(12), [1.5] * 12, [1] * 12, [1] * 12, [1] * 12, 8)
