"""False alarms and power of changes over 1, 5 and 10 years, by simulation.

``python tests/benchmarks/change_error_rates.py``, with the root of the repository on ``PYTHONPATH``. Series as in
``trend_error_rates.py``: a constant rate in a growing population; dispersed as there. A false alarm is p < 0.05; in
brackets that of limits that take neighbouring years as independent. Power: the rate falls by a third in the last year.
"""

from __future__ import annotations

import sys

import numpy as np
import trend_error_rates
from trend_error_rates import SEED, simulate

from pipelines.publish.series import changes
from pipelines.publish.series.annual_series import AnnualSeries
from pipelines.publish.series.breaks import Breaks
from pipelines.statistics.arguments import SIGNIFICANCE

SERIES = 1000


def alarms(counts: np.ndarray, populations: np.ndarray) -> dict[int, float]:
    """Return the share of series with p < 0.05 for each span, in percent."""
    years = list(range(counts.shape[1]))
    series = [
        AnnualSeries(years, one.tolist(), people.tolist(), Breaks())
        for one, people in zip(counts, populations, strict=True)
    ]
    found = changes.describe_changes(series)
    shares: dict[int, list[bool]] = {}
    for span, p in zip(found["span_years"], found["p_value"], strict=True):
        shares.setdefault(span, []).append(p is not None and p < SIGNIFICANCE)
    return {span: 100 * float(np.mean(one)) for span, one in shares.items()}


def main() -> None:
    """Print the table of error rates in Markdown."""
    trend_error_rates.SERIES = SERIES
    generator = np.random.default_rng(SEED)
    lines = [
        "| years | autocorrelation | events a year | 1 year (before) | 5 years | 10 years | power: 1, 5, 10 years |",
        "|---|---|---|---|---|---|---|",
    ]
    assumed = changes.ASSUMED_AUTOCORRELATION
    for years in (12, 20):
        for r in (0.0, 0.3, 0.5, 0.7):
            for events, dispersion in ((50.0, 1.0), (50.0, 2.0), (500.0, 10.0)):
                counts, people = simulate(generator, years, events, r, 0, dispersion)
                new = alarms(counts, people)
                changes.ASSUMED_AUTOCORRELATION = 0.0
                old = alarms(counts, people)
                changes.ASSUMED_AUTOCORRELATION = assumed
                counts[:, -1] = np.round(counts[:, -1] * 2 / 3)
                power = ", ".join(f"{share:.0f} %" for share in alarms(counts, people).values())
                shares = " | ".join(f"{new[span]:.1f} % ({old[span]:.1f} %)" for span in new)
                name = f"{events:.0f}{', dispersed' if dispersion > 1 else ''}"
                lines.append(f"| {years} | {r} | {name} | {shares} | {power} |")
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES:,} series a cell\n")


if __name__ == "__main__":
    main()
