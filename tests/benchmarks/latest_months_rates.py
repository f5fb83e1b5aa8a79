"""Coverage of nowcasts and false alarms of the early warning, on simulated months of which the truth is known.

Run by hand: ``python tests/benchmarks/latest_months_rates.py``; seeds are fixed. The tables are in docs/error_rates.md.
"""

from __future__ import annotations

import sys

import numpy as np

from pipelines.publish.series.latest_months import (
    FEWEST_EVENTS_OF_MONTH,
    FEWEST_EVENTS_OF_PAST,
    LONGEST_DELAY,
    PAST_MONTHS,
    RUN_FALSE_ALARMS,
    WINDOW,
)
from pipelines.statistics.monotonic import false_discovery
from pipelines.statistics.surveillance.early_warning import Fit, design_of, excess, fit_past
from pipelines.statistics.surveillance.reporting_delay import development, nowcast

SERIES = 2000
RUNS, PER_RUN = 150, 100
SHARES = np.array([0.80, 0.12, 0.05, 0.02, 0.01])


def months(rng: np.random.Generator, n: int, mean: float, dispersion: float, autocorrelation: float) -> np.ndarray:
    """Counts with a season of +-20 %, a trend of 2 % a year, and a level correlated from month to month."""
    at = np.arange(WINDOW)
    level = mean * np.exp(0.2 * np.cos(2 * np.pi * at / 12) + 0.02 * (at - at.mean()) / 12)
    spread = (dispersion - 1) / mean  # of the level, so that the variance is dispersion x mean
    noise = np.empty((n, WINDOW))
    noise[:, 0] = rng.normal(size=n)
    for month in range(1, WINDOW):
        fresh = rng.normal(size=n) * np.sqrt(1 - autocorrelation**2)
        noise[:, month] = autocorrelation * noise[:, month - 1] + fresh
    scale = np.sqrt(np.log1p(spread))
    return rng.poisson(level * np.exp(scale * noise - scale**2 / 2))


def alarms(mean: float, dispersion: float, autocorrelation: float) -> tuple[float, float, float, float]:
    """Share of months beyond the limit, of runs of 100 series with an alert, and of one risen series found in each.

    The rises are by half and to twice, in the last month of one series of the run.
    """
    rng = np.random.default_rng(20241128)
    beyond, runs, found_by = [], [], {1.5: [], 2.0: []}
    design = design_of(np.arange(WINDOW), PAST_MONTHS / 2)
    for _ in range(RUNS):
        counts = months(rng, PER_RUN, mean, dispersion, autocorrelation).astype(float)
        past = counts[:, :PAST_MONTHS]
        fit = fit_past(past, np.ones_like(past), design[:PAST_MONTHS])
        kept = (past.sum(axis=1) >= FEWEST_EVENTS_OF_PAST) & fit.converged
        share, alert = _alerts(fit, counts[:, -1], kept, design[-1])
        beyond.append(share)
        runs.append(bool(alert.any()))
        for rise, found in found_by.items():
            last = counts[:, -1].copy()
            last[0] = rng.poisson(last[0] * rise)
            found.append(bool(_alerts(fit, last, kept, design[-1])[1][0]))
    return tuple(float(np.mean(part)) for part in (beyond, runs, *found_by.values()))


def _alerts(fit: Fit, last: np.ndarray, kept: np.ndarray, row: np.ndarray) -> tuple[float, np.ndarray]:
    """Share beyond the limit, and which series have an alert."""
    found = excess(fit, last, np.ones(len(last)), row)
    tested = kept & (last >= FEWEST_EVENTS_OF_MONTH)
    adjusted = false_discovery([p if keep else None for p, keep in zip(found.p, tested, strict=True)])
    sure = np.array([p is not None and p < RUN_FALSE_ALARMS for p in adjusted])
    return float((found.score[tested] > 1).mean()) if tested.any() else 0.0, sure & (found.score > 1)


def covered(mean: float, editions: int, wobble: float) -> tuple[float, float, float]:
    """Share of true counts within the limits of the nowcast, its bias in percent, and the median width in percent.

    Args:
        mean: events of a month once it is whole.
        editions: that are kept.
        wobble: standard deviation of the logarithm of the share that is late, from month to month.
    """
    rng = np.random.default_rng(20241129)
    periods = LONGEST_DELAY + editions
    truth = rng.poisson(mean, (SERIES, periods))
    late = SHARES[1:] * np.exp(wobble * rng.normal(size=(SERIES, periods, 1)))
    shares = np.concatenate([np.maximum(1 - late.sum(axis=-1, keepdims=True), 0.05), late], axis=-1)
    grown = rng.multinomial(truth, shares / shares.sum(axis=-1, keepdims=True)).cumsum(axis=-1)
    cells = np.full((SERIES, periods, LONGEST_DELAY + 1), np.nan)
    for period in range(periods):
        for delay in range(LONGEST_DELAY + 1):
            if 0 <= period + delay - (periods - editions) < editions:  # an edition that is kept
                cells[:, period, delay] = grown[:, period, min(delay, grown.shape[-1] - 1)]
    ahead = nowcast(cells[:, -1, 0], 0, development(cells))
    known, last = np.isfinite(ahead.high), truth[:, -1]
    inside = (ahead.low <= last) & (last <= ahead.high)
    bias, width = (ahead.value - last) / mean, (ahead.high - ahead.low) / mean
    return float(inside[known].mean()), 100 * float(bias[known].mean()), 100 * float(np.median(width[known]))


def main() -> None:
    """Print both tables."""
    write = sys.stdout.write
    write(
        "| events a month | editions | late share varies | covered | bias | median width |\n|---|---|---|---|---|---|\n"
    )
    for mean in (30, 300, 2500):
        for editions, wobble in ((6, 0.0), (12, 0.0), (6, 0.3), (12, 0.3)):
            inside, bias, width = covered(mean, editions, wobble)
            words = "no" if wobble == 0 else f"by {100 * wobble:.0f} %"
            write(f"| {mean} | {editions} | {words} | {100 * inside:.1f} % | {bias:+.1f} % | {width:.0f} % |\n")
    write(
        "\n| events a month | dispersion | correlation | beyond limit | runs with alert | +50 % found | x 2 found |\n"
    )
    write("|---|---|---|---|---|---|---|\n")
    for mean in (8, 30, 200):
        for dispersion, correlation in ((1.0, 0.0), (2.0, 0.0), (2.0, 0.4), (4.0, 0.4)):
            beyond, runs, half, twice = alarms(mean, dispersion, correlation)
            write(
                f"| {mean} | {dispersion:g} | {correlation:g} | {100 * beyond:.2f} % | {100 * runs:.1f} % | "
                f"{100 * half:.0f} % | {100 * twice:.0f} % |\n"
            )


if __name__ == "__main__":
    main()
