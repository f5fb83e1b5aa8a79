"""False alarms and power of the trend test beside Mann-Kendall, by simulation.

``python tests/benchmarks/trend_error_rates.py``, with the root of the repository on ``PYTHONPATH``. Counts are
Poisson with an expected number in proportion to a population that grows by 1 % a year; what joins the years is a
normal AR(1) series behind the counts (Gaussian copula), so that each count alone is exactly Poisson. A false alarm is
p < 0.05 where the rate is constant; power is the same where the rate rises or falls by 3 or 6 % a year. The old test
is Mann-Kendall on the rates, corrected for autocorrelation at lag 1. Dispersed: negative binomial, variance twice the
mean (50 events) or ten times (500). Fixed seed; under a minute.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.count_trends import fit_count_trends
from pipelines.statistics.many_series import autocorrelation_factors, mann_kendall, sen_slopes, two_sided

Numbers = NDArray[np.float64]
SEED = 20261128
SERIES = 4000
GROWTH = 1.01
AUTOCORRELATIONS = (0.0, 0.3, 0.6)
YEARS = (10, 16, 24)
EVENTS = (5, 50, 500)


def simulate(
    generator: np.random.Generator, years: int, events: float, autocorrelation: float, percent: float, dispersion: float
) -> tuple[Numbers, Numbers]:
    """Return counts and populations of many series, one a row.

    Args:
        generator: of random numbers.
        years: of each series.
        events: mean a year.
        autocorrelation: of the normal series behind the counts.
        percent: change of the rate, percent a year.
        dispersion: variance over the mean; 1 is Poisson.
    """
    noise = generator.normal(size=(SERIES, years))
    for year in range(1, years):
        noise[:, year] = autocorrelation * noise[:, year - 1] + np.sqrt(1 - autocorrelation**2) * noise[:, year]
    population = 1e6 * GROWTH ** np.arange(years)
    expected = population * (1 + percent / 100) ** np.arange(years)
    expected *= events / expected.mean()
    chance = stats.norm.cdf(noise)
    if dispersion == 1:
        counts = stats.poisson.ppf(chance, expected)
    else:
        counts = stats.nbinom.ppf(chance, expected / (dispersion - 1), 1 / dispersion)
    return np.asarray(counts), np.tile(population, (SERIES, 1))


def alarms(counts: Numbers, populations: Numbers) -> tuple[float, float]:
    """Return the share of series with p < 0.05 by the trend test and by the old one, in percent."""
    times = np.tile(np.arange(counts.shape[1], dtype=float), (len(counts), 1))
    some = (counts > 0).sum(axis=1) >= 3
    found = np.zeros(len(counts), dtype=bool)
    found[some] = fit_count_trends(times[some], counts[some], populations[some]).p < SIGNIFICANCE
    rates = counts / populations
    s, variance, _ = mann_kendall(rates)
    factors = autocorrelation_factors(times, rates, sen_slopes(times, rates, variance)[0])
    return 100 * float(found.mean()), 100 * float((two_sided(s, variance * factors) < SIGNIFICANCE).mean())


def main() -> None:
    """Print the table of error rates in Markdown."""
    generator = np.random.default_rng(SEED)
    lines = [
        "| years | autocorrelation | events a year | false alarms (old) | power at 3 % (old) | power at 6 % (old) |"
    ]
    lines.append("|---|---|---|---|---|---|")
    worst = [0.0, 0.0]
    cases = [(events, 1.0) for events in EVENTS] + [(50.0, 2.0), (500.0, 10.0)]
    for years in YEARS:
        for autocorrelation in AUTOCORRELATIONS:
            for events, dispersion in cases:
                shares = [
                    alarms(*simulate(generator, years, events, autocorrelation, percent, dispersion))
                    for percent in (0, 3, 6)
                ]
                worst = [max(one) for one in zip(worst, shares[0], strict=True)]
                words = " | ".join(f"{new:.1f} % ({old:.1f} %)" for new, old in shares)
                dispersed = ", dispersed" if dispersion > 1 else ""
                lines.append(f"| {years} | {autocorrelation} | {events:.0f}{dispersed} | {words} |")
    lines.append(f"\nmost false alarms: {worst[0]:.1f} %, by the old test {worst[1]:.1f} %; {SERIES:,} series a cell")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
