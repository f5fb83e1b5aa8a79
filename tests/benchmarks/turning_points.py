"""Share of monthly series with a turning point, flat ones and such that turn, by simulation.

``python tests/benchmarks/turning_points.py``, with the root of the repository on ``PYTHONPATH``. Ten years of 80 events
a month with a season of 10 %, and normal noise of 15 % on the logarithm that is joined from month to month or not.
Flat; or rising over five years by 60 % and falling back over five: found is a peak named within a year of the
middle. Before: noise by the variance and the lag-1 covariance of
differences, taken as known. Fixed seed; some minutes.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics import seasonal
from pipelines.statistics.resampling.monthly_noise import MOST_CORRELATED, MonthlyNoise, flat_series
from pipelines.statistics.seasonal import (
    Decomposition,
    Smoothing,
    TurningPoint,
    decompose,
    turning_points,
    turning_points_beyond_noise,
)

SEED = 20261129
SERIES = 200
MONTHS, MIDDLE = 120, 60
EVENTS, SEASON, SPREAD = 80, 0.1, 0.15
CALENDAR = [(2014 + n // 12, n % 12 + 1) for n in range(MONTHS)]


def main() -> None:
    """Print the table in Markdown."""
    lines = [
        "| noise | autocorrelation | flat, with a turn: before | now | rise and fall by 60 %, found: before | now |",
        "|---|---|---|---|---|---|",
    ]
    lines += [row(spread, r) for spread, r in ((0.0, 0.0), *((SPREAD, r) for r in (0.0, 0.2, 0.4, 0.5, 0.6)))]
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES} series a cell\n")


def row(spread: float, r: float) -> str:
    """Return the row of one kind of noise; each cell has the same draws."""
    season = 1 + SEASON * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    tent = 1 - np.abs(np.arange(MONTHS) - MIDDLE) / MIDDLE
    cells = [f"{spread:.0%}", f"{r}"]
    for rise in (0.0, 0.6):
        generator = np.random.default_rng(SEED)
        noise = generator.normal(size=(SERIES, MONTHS))
        for at in range(1, MONTHS):
            noise[:, at] = r * noise[:, at - 1] + np.sqrt(1 - r**2) * noise[:, at]
        counts = generator.poisson(EVENTS * season * (1 + rise) ** tent * np.exp(spread * noise))
        parts = [decompose(CALENDAR, one, multiplicative=True) for one in counts]
        before = [_former_turns(one) for one in parts]
        now = [turning_points_beyond_noise(one) for one in parts]
        cells += [f"{100 * np.mean([_found(turns, rise) for turns in some]):.1f} %" for some in (before, now)]
    return f"| {' | '.join(cells)} |"


def _found(turns: list[TurningPoint], rise: float) -> bool:
    if not rise:
        return bool(turns)
    return any(turn.kind == "peak" and abs(CALENDAR.index(turn.month) - MIDDLE) <= 12 for turn in turns)


def _former_turns(parts: Decomposition) -> list[TurningPoint]:
    """Turns whose swings on both sides are larger than the largest single swing of 95 % of flat series."""
    noise = _former_noise(np.log(parts.values), float(np.mean(1 / parts.values)))
    largest = []
    for trend in flat_series(noise, MONTHS, 199, 1) @ seasonal.trend_weights(MONTHS, Smoothing(robust=False)):
        turns = turning_points(replace(parts, trend=trend))
        swings = seasonal.swings_between(trend, [CALENDAR.index(turn.month) for turn in turns])
        largest.append(max(swings) if len(swings) > 1 else 0.0)
    least = np.quantile(largest, 0.95)
    stages = seasonal.fewer_turning_points(parts, np.log(parts.trend))
    return next((turns for turns, smallest in stages if smallest >= least), [])


def _former_noise(values: ArrayLike, chance: float) -> MonthlyNoise:
    """Noise from the variance and the lag-1 covariance of differences without their mean by month of the year."""
    differences: NDArray[np.float64] = np.diff(np.asarray(values, dtype=np.float64))
    for month in range(12):
        differences[month::12] -= differences[month::12].mean()
    differences *= (len(differences) / (len(differences) - 12)) ** 0.5
    variance = float(differences @ differences) / len(differences)
    together = float(differences[1:] @ differences[:-1]) / len(differences)
    chance = min(chance, variance / 2)
    rest = variance - 2 * chance
    r = min(max(1 + 2 * (together + chance) / rest, 0.0), MOST_CORRELATED) if rest > 0 else 0.0
    spread = (max(rest, 0.0) / (2 * (1 - r))) ** 0.5
    return MonthlyNoise(chance, np.array([spread]), np.array([r]), np.ones((1, 1)))


if __name__ == "__main__":
    main()
