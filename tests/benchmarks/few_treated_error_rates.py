"""Error rates of a difference in differences with few treated areas, by simulation.

``python tests/benchmarks/few_treated_error_rates.py``, with the root of the repository on ``PYTHONPATH``. Twelve times,
six after the date; normal AR(1) noise of 0.4 around a level of each area, in the treated areas as wide as in the others
or twice as wide. Fixed seed. A false alarm is p < 0.05 without an effect; power is of an effect of one and a half
standard deviations of a year; coverage that of the limits of the wild bootstrap. The row of one treated area is why the
wild bootstrap refuses it.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.linear_designs import difference_in_differences, panel_difference
from pipelines.statistics.resampling import wild_clusters

SEED = 20261128
PANELS, DRAWS = 500, 999
TIMES, BEFORE, AUTOCORRELATION, EFFECT = 12, 6, 0.4, 1.5


def simulate(
    generator: np.random.Generator, areas: int, treated: int, spread: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return panels without an effect (panel, area, time), and the area of each row of one."""
    noise = generator.normal(size=(PANELS, areas, TIMES))
    for at in range(1, TIMES):
        noise[..., at] = AUTOCORRELATION * noise[..., at - 1] + np.sqrt(1 - AUTOCORRELATION**2) * noise[..., at]
    noise[:, :treated] *= spread
    return noise + generator.normal(size=(PANELS, areas, 1)), np.repeat(np.arange(areas), TIMES)


def row(generator: np.random.Generator, areas: int, treated: int, spread: float) -> str:
    """Return a row of the table in Markdown."""
    panels, area = simulate(generator, areas, treated, spread)
    after = np.tile(np.arange(TIMES) >= BEFORE, areas)
    changed = np.where((area < treated) & after, EFFECT, 0.0)
    alarms, power, held = np.zeros(4), np.zeros(2), 0
    for panel in panels:
        y = panel.ravel()
        rows = (area < treated, after, area.tolist())
        signs, webb = (
            wild_clusters.wild_cluster_difference(y, *rows, weights=weights, draws=DRAWS)
            for weights in ("rademacher", "webb")
        )
        clustered = difference_in_differences(y, *rows[:2], clusters=rows[2]).effect("effect")
        ranked = panel_difference(panel, range(treated), BEFORE)
        alarms += [one.p < SIGNIFICANCE for one in (clustered, signs, webb, ranked)]
        held += webb.low <= 0 <= webb.high
        y = y + changed
        webb = wild_clusters.wild_cluster_difference(y, *rows, draws=DRAWS)
        ranked = panel_difference(y.reshape(areas, TIMES), range(treated), BEFORE)
        power += [one.p < SIGNIFICANCE for one in (webb, ranked)]
    shares = [*alarms[:3], held, power[0], alarms[3], power[1]]
    cells = " | ".join(f"{100 * share / PANELS:.1f} %" for share in shares)
    return f"| {areas} | {treated} | {'as others' if spread == 1 else 'twice'} | {cells} |"


def main() -> None:
    """Print the table of error rates in Markdown."""
    wild_clusters.FEWEST_TREATED = 1  # to show what is refused
    generator = np.random.default_rng(SEED)
    sys.stdout.write(
        "| areas | treated | noise of the treated | clustered errors | wild, signs | wild, Webb | its limits hold 0 "
        "| power | randomisation | power |\n|---|---|---|---|---|---|---|---|---|---|\n"
    )
    for areas, numbers in ((12, (1, 2, 3, 6)), (32, (1, 2, 3, 6, 16))):
        for treated in numbers:
            for spread in (1.0, 2.0):
                sys.stdout.write(row(generator, areas, treated, spread) + "\n")
                sys.stdout.flush()
    sys.stdout.write(f"\n{PANELS:,} panels a row\n")


if __name__ == "__main__":
    main()
