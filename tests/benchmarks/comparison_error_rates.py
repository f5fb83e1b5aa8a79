"""How often two segmented series that are parallel are called unlike, and how often two that are not.

Run by hand: ``python tests/benchmarks/comparison_error_rates.py``. Seeds are fixed.
"""

from __future__ import annotations

import numpy as np

from pipelines.statistics.joinpoints.comparison import compare_joinpoints

TIMES, PERMUTATIONS = 400, 199


def share_rejected(
    years: int, correlation: float, taken: float, *, slope: float, number: int, events: float = 200
) -> float:
    """Share of pairs called not parallel at 5 %: rates with a turn in the middle, the other one changing apart from it.

    Args:
        years: observed.
        correlation: of the errors of neighbouring years, which are 10 % apart from chance.
        taken: the autocorrelation that the test is told.
        slope: of the second series against the first, logarithm a year.
        number: of joinpoints in every model.
        events: a year.
    """
    chance = np.random.default_rng(7)
    found = 0
    for place in range(TIMES):
        pair = []
        for extra in (0.0, slope):
            noise = np.empty(years)
            noise[0] = chance.normal()
            for year in range(1, years):
                noise[year] = correlation * noise[year - 1] + np.sqrt(1 - correlation**2) * chance.normal()
            course = 0.04 * np.minimum(np.arange(years), years // 2) + extra * np.arange(years)
            expected = events * np.exp(course + 0.1 * noise)
            pair.append(np.maximum(chance.poisson(expected), 1).astype(float))
        found += (
            compare_joinpoints(
                range(2000, 2000 + years),
                *pair,
                number=number,
                autocorrelation=taken,
                permutations=PERMUTATIONS,
                seed=place,
            ).p
            <= 0.05
        )
    return found / TIMES


if __name__ == "__main__":
    print("years, autocorrelation, taken as, joinpoints: false alarms; found where one falls 4 % a year more")  # noqa: T201
    for years, correlation, taken, number in (
        (12, 0.0, 0.0, 1),
        (20, 0.0, 0.0, 1),
        (20, 0.4, 0.0, 1),
        (20, 0.4, 0.6, 1),
        (20, 0.6, 0.6, 1),
        (20, 0.6, 0.6, 2),
    ):
        alarms = share_rejected(years, correlation, taken, slope=0.0, number=number)
        power = share_rejected(years, correlation, taken, slope=-0.04, number=number)
        print(f"{years}, {correlation}, {taken}, {number}: {100 * alarms:.1f} %; {100 * power:.0f} %")  # noqa: T201
