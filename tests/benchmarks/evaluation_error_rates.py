"""Error rates of the effect over the first year after a date, and of the trend of monthly series, by simulation.

``python tests/benchmarks/evaluation_error_rates.py``, with the root of the repository on ``PYTHONPATH``. Counts are
Poisson around a rate with a season of 10 %, a slope, and normal AR(1) noise of 15 % on the logarithm; a control has the
same season, and a slope and noise of its own. Fixed seed. A false alarm is p < 0.05 without an effect; coverage and
power are of -20 %. Of monthly trends: no slope, and one of 5 % a year; beside them the seasonal Mann-Kendall test.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.evaluation import interrupted_time_series
from pipelines.statistics.first_year import controlled_exposures, first_year_effects, monthly_trends
from pipelines.statistics.linear_designs import difference_in_differences, panel_difference
from pipelines.statistics.monotonic import seasonal_mann_kendall
from pipelines.statistics.regression import Effect

Numbers = NDArray[np.float64]
SEED = 20261128
SERIES, FEW = 1000, 300
LENGTH = 12
NOISE, SEASON = 0.15, 0.1


def simulate(
    generator: np.random.Generator, periods: int, mean: float, autocorrelation: float, slopes: float = 0.002
) -> Numbers:
    """Return expected counts of many series, one a row, with noise that is joined from month to month."""
    noise = generator.normal(size=(SERIES, periods))
    for at in range(1, periods):
        noise[:, at] = autocorrelation * noise[:, at - 1] + np.sqrt(1 - autocorrelation**2) * noise[:, at]
    t = np.arange(periods)
    slope = generator.normal(0, slopes, (SERIES, 1))
    return np.asarray(mean * np.exp(NOISE * noise + slope * t + SEASON * np.sin(2 * np.pi * t / 12)))


def effects_of(generator: np.random.Generator, before: int, mean: float, r: float, controls: int) -> list[list[Effect]]:
    """Return the effects of many series without a change and with one of -20 %, against their controls if any."""
    periods = before + LENGTH
    rates = simulate(generator, periods, mean, r)
    others = [generator.poisson(simulate(generator, periods, mean, r)) for _ in range(controls)]
    made = []
    for factor in (1.0, 0.8):
        y = generator.poisson(rates * np.where(np.arange(periods) >= before, factor, 1.0))
        ones = np.ones(periods)
        sizes = [
            controlled_exposures(one, ones, [o[n] for o in others], np.ones((controls, periods)), before)[0]
            if others
            else ones
            for n, one in enumerate(y)
        ]
        found = first_year_effects(y, np.array(sizes), before, season=None if others else 12)
        made.append([found.effect(n) for n in range(SERIES)])
    return made


def monthly(generator: np.random.Generator) -> list[str]:
    """Return the table of monthly trends in Markdown."""
    lines = [
        "| years | events a month | autocorrelation | false alarms (seasonal Mann-Kendall) | power at 5 % a year |",
        "|---|---|---|---|---|",
    ]
    for years in (3, 5, 9, 15):
        t = np.arange(12 * years)
        for mean in (30.0, 300.0):
            for r in (0.0, 0.5, 0.8):
                rates = simulate(generator, len(t), mean, r, slopes=0.0)
                alarms, power = (alarms_of(generator.poisson(rates * factor ** (t / 12))) for factor in (1.0, 1.05))
                counts = generator.poisson(rates[:200])
                old = np.mean([seasonal_p(years, one) < SIGNIFICANCE for one in counts])
                lines.append(
                    f"| {years} | {mean:.0f} | {r} | {100 * alarms:.1f} % ({100 * old:.0f} %) | {100 * power:.1f} % |"
                )
    return lines


def alarms_of(counts: NDArray[np.int64]) -> float:
    """Return the share of monthly series whose trend has p below 0.05."""
    made = monthly_trends(counts, np.ones(counts.shape))
    return float(np.mean([made.effect(n).p < SIGNIFICANCE for n in range(len(counts))]))


def seasonal_p(years: int, counts: NDArray[np.int64]) -> float:
    """Return p of the seasonal Mann-Kendall test as it was used: correlated months from ten years on."""
    at = np.repeat(np.arange(years), 12), np.tile(np.arange(1, 13), years)
    return seasonal_mann_kendall(at[0].tolist(), at[1].tolist(), counts, correlated=years >= 10).p


def segmented(generator: np.random.Generator) -> str:
    """Return how often level, slope or last month of a segmented regression has p below 0.05 without a change."""
    shares = []
    for before in (36, 84):
        for mean in (20.0, 200.0):
            found = 0
            for y in generator.poisson(simulate(generator, before + LENGTH, mean, 0.4)[:FEW]):
                made = interrupted_time_series(range(len(y)), y, np.ones(len(y)), before, season=12)
                effects = [made.level, made.end, *([made.slope] if made.slope else [])]
                found += min(one.p for one in effects) < SIGNIFICANCE
            shares.append(100 * found / FEW)
    return f"segmented regression at 0.4: level, slope or last month in {min(shares):.0f} to {max(shares):.0f} %"


def panels(generator: np.random.Generator) -> str:
    """Return how often 3 of 32 areas without an effect have one, by clustered errors and by randomisation."""
    after, areas = np.tile(np.arange(10) >= 5, 32), np.repeat(np.arange(32), 10)
    clustered = ranked = 0
    for values in generator.normal(size=(FEW, 32, 10)):
        model = difference_in_differences(values.ravel(), areas < 3, after, clusters=areas.tolist())
        clustered += model.effect("effect").p < SIGNIFICANCE
        ranked += panel_difference(values, [0, 1, 2], 5).p < SIGNIFICANCE
    return f"3 of 32 areas: clustered errors {100 * clustered / FEW:.0f} %, randomisation {100 * ranked / FEW:.0f} %"


def main() -> None:
    """Print the tables of error rates in Markdown."""
    sys.stdout.write(f"{segmented(np.random.default_rng(SEED))}\n{panels(np.random.default_rng(SEED))}\n\n")
    generator = np.random.default_rng(SEED)
    sys.stdout.write("\n".join(monthly(np.random.default_rng(SEED))) + "\n\n")
    sys.stdout.flush()
    lines = [
        "| months before | events a month | autocorrelation | controls | false alarms | coverage of -20 % | power |",
        "|---|---|---|---|---|---|---|",
    ]
    for before in (36, 84):
        for mean in (20.0, 200.0):
            for r in (0.0, 0.4, 0.7):
                for controls in (0, 1, 5):
                    none, fall = effects_of(generator, before, mean, r, controls)
                    alarms = np.mean([one.p < SIGNIFICANCE for one in none])
                    held = np.mean([one.low <= 0.8 <= one.high for one in fall])
                    power = np.mean([one.p < SIGNIFICANCE for one in fall])
                    shares = " | ".join(f"{100 * share:.1f} %" for share in (alarms, held, power))
                    lines.append(f"| {before} | {mean:.0f} | {r} | {controls} | {shares} |")
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES:,} series a cell\n")


if __name__ == "__main__":
    main()
