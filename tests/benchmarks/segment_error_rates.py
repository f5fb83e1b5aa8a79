"""Share of flat series in which joinpoints are found, by simulation.

``python tests/benchmarks/segment_error_rates.py``, with the root of the repository on ``PYTHONPATH``. Poisson counts of
200 a year joined by a normal AR(1) series behind them, as in ``trend_error_rates.py``. Fixed seed.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import stats

from pipelines.publish.series.segments import fit_segments
from pipelines.statistics.joinpoints.model import log_ready
from pipelines.statistics.joinpoints.number import choose_joinpoints

SEED = 20261128
SERIES = 150


def main() -> None:
    """Print the table of error rates in Markdown."""
    generator = np.random.default_rng(SEED)
    lines = ["| years | autocorrelation | a joinpoint (independent errors, weighted BIC) |", "|---|---|---|"]
    for years in (10, 15, 24):
        for r in (0.0, 0.4, 0.6):
            noise = generator.normal(size=(SERIES, years))
            for at in range(1, years):
                noise[:, at] = r * noise[:, at - 1] + np.sqrt(1 - r**2) * noise[:, at]
            counts = stats.poisson.ppf(stats.norm.cdf(noise), 200)
            people = [1e6] * years
            found = [len(fit_segments(range(years), one.tolist(), people)) > 1 for one in counts]
            old = [bool(choose_joinpoints(range(years), *log_ready(one, people)).model.joinpoints) for one in counts]
            lines.append(f"| {years} | {r} | {100 * np.mean(found):.1f} % ({100 * np.mean(old):.1f} %) |")
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES:,} series a cell\n")


if __name__ == "__main__":
    main()
