"""Share of flat monthly series with a turning point, by simulation.

``python tests/benchmarks/turning_points.py``, with the root of the repository on ``PYTHONPATH``. Ten years of 80 events
a month with a season of 10 %: Poisson alone, and with normal noise of 15 % on the logarithm, joined from month to month
or not. Beside it, how many turning points there are of the trend of STL without the bootstrap. Fixed seed; a few
minutes.
"""

from __future__ import annotations

import sys

import numpy as np

from pipelines.statistics.seasonal import decompose, turning_points, turning_points_beyond_noise

SEED = 20261128
SERIES = 120
MONTHS = 120
EVENTS, SEASON = 80, 0.1


def main() -> None:
    """Print the table in Markdown."""
    generator = np.random.default_rng(SEED)
    months = [(2014 + n // 12, n % 12 + 1) for n in range(MONTHS)]
    season = 1 + SEASON * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    lines = [
        "| noise | autocorrelation | series with a turning point | without the bootstrap, a series |",
        "|---|---|---|---|",
    ]
    for spread, r in ((0.0, 0.0), (0.15, 0.0), (0.15, 0.5)):
        noise = generator.normal(size=(SERIES, MONTHS))
        for at in range(1, MONTHS):
            noise[:, at] = r * noise[:, at - 1] + np.sqrt(1 - r**2) * noise[:, at]
        counts = generator.poisson(EVENTS * season * np.exp(spread * noise))
        parts = [decompose(months, one, multiplicative=True) for one in counts]
        found = np.mean([bool(turning_points_beyond_noise(one)) for one in parts])
        plain = np.mean([len(turning_points(one)) for one in parts])
        lines.append(f"| {spread:.0%} | {r} | {100 * found:.0f} % | {plain:.1f} |")
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES} series a row\n")


if __name__ == "__main__":
    main()
