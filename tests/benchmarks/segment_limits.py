"""How often limits of joinpoints, APC and AAPC hold the truth, by simulation: of the model, and by resampling.

``python tests/benchmarks/segment_limits.py``, with the root of the repository on ``PYTHONPATH``. A rate that rises by
6 % a year to the joinpoint and falls by 6 % after it, 200 events a year at the start, a normal AR(1) of 10 % behind
the Poisson counts. The number of joinpoints is taken as known, the errors of neighbouring years as independent or
correlated at 0.6 (as in ``out.trend_segment``). Fixed seed.
"""

from __future__ import annotations

import sys

import numpy as np

from pipelines.statistics.joinpoints.limits import resampled_limits
from pipelines.statistics.joinpoints.model import fit_joinpoints, log_ready

SEED = 20261129
SERIES = int(sys.argv[1]) if len(sys.argv) > 1 else 300
PEOPLE = 1e6
RISE, FALL = 0.06, -0.06


def main() -> None:
    """Print the table of coverage in Markdown."""
    generator = np.random.default_rng(SEED)
    lines = [
        "| years | autocorrelation | taken as | joinpoint | width | last APC: model | resampled | AAPC: model "
        "| resampled |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for years in (12, 20):
        turn = years // 2
        steps = np.arange(years)
        course = np.log1p(RISE) * np.minimum(steps, turn) + np.log1p(FALL) * np.maximum(steps - turn, 0)
        average = 100 * np.expm1(course[-1] / (years - 1))
        for r in (0.0, 0.2, 0.4):
            noise = generator.normal(size=(SERIES, years))
            for at in range(1, years):
                noise[:, at] = r * noise[:, at - 1] + np.sqrt(1 - r**2) * noise[:, at]
            counts = generator.poisson(200 * np.exp(course + 0.1 * noise))
            for taken in (0.0, 0.6):
                held = np.array([_held(one, turn, average, taken) for one in counts])
                shares = [100 * share for share in held[:, [0, 2, 3, 4, 5]].mean(axis=0)]
                lines.append(
                    f"| {years} | {r} | {taken} | {shares[0]:.1f} % | {np.median(held[:, 1]):.0f} years | "
                    + " | ".join(f"{share:.1f} %" for share in shares[1:])
                    + " |"
                )
    sys.stdout.write("\n".join(lines) + f"\n\n{SERIES:,} series a cell\n")


def _held(counts: np.ndarray, turn: int, average: float, taken: float) -> tuple[float, ...]:
    """Whether the limits hold the joinpoint; their width in years; whether they hold the last APC and the AAPC."""
    at = range(len(counts))
    ready = log_ready(counts, [PEOPLE] * len(counts))
    model = fit_joinpoints(at, *ready, number=1, autocorrelation=taken)
    limits = resampled_limits(at, *ready, number=1, autocorrelation=taken, draws=499)
    ((low, high),) = limits.joinpoint_limits
    last = model.segments[-1]
    return (
        low <= turn <= high,
        high - low,
        last.low <= 100 * FALL <= last.high,
        limits.apc_limits[-1][0] <= 100 * FALL <= limits.apc_limits[-1][1],
        model.average.low <= average <= model.average.high,
        limits.aapc_limits[0] <= average <= limits.aapc_limits[1],
    )


if __name__ == "__main__":
    main()
