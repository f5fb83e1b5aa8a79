"""How often an evaluation finds an "effect" in real series at dates at which nothing is known to have begun.

``python tests/benchmarks/arbitrary_dates.py DATA``, with the root of the repository on ``PYTHONPATH``; DATA has the
release of the bundled data (``iccs run``). Homicide (0101) in the states of Mexico that have every month, at four dates
each: against the state's own course, and against one other state drawn at random (fixed seed). Beside them is what the
former method called an effect: p below 0.05 of the level, slope or last month of the segmented regression. Minutes.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

from pipelines.reader.release import query
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.counts import read_series
from pipelines.reader.series.policy import PolicyEvaluation, evaluate_policy
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.system.settings import Settings
from schemas.errors import UsageError

SEED = 20261128
DATES = ("2018-01", "2019-07", "2021-01", "2022-07")
MONTHS = 120


def whole_states(settings: Settings) -> list[str]:
    """Return the states with a figure that may be compared for every month."""
    rows = query("SELECT code FROM out.area WHERE area_level = 'admin1' AND starts_with(code, 'MX-')", settings).rows
    states = []
    for (state,) in sorted(rows):
        try:
            series = read_series(SeriesQuery("0101", state, freq="M"), settings)
        except UsageError:
            continue
        if len(series.counts) == MONTHS and None not in series.counts and not series.breaks.cuts:
            states.append(state)
    return states


def is_effect(found: PolicyEvaluation) -> tuple[bool, bool, bool]:
    """Return what is called an effect: now, by the model alone, and by the former method."""
    former = [found.interrupted.level.p, found.interrupted.end.p]
    former += [found.interrupted.slope.p] if found.interrupted.slope else []
    now = found.first_year.verdict_key in ("verdict below", "verdict above")
    return now, found.first_year.effect.p < SIGNIFICANCE, min(former) < SIGNIFICANCE


def main() -> None:
    """Print the shares of evaluations with an effect."""
    warnings.simplefilter("ignore")  # of statsmodels, on series that it fits in the end
    settings, generator = Settings(data=Path(sys.argv[1])), np.random.default_rng(SEED)
    states = whole_states(settings)
    for name in ("own course", "one other state"):
        made = []
        for state in states:
            for date in DATES:
                others = [other for other in states if other != state]
                control = None if name == "own course" else str(generator.choice(others))
                made.append(is_effect(evaluate_policy(SeriesQuery("0101", state), date, control, settings)))
        now, model, former = (100 * share for share in np.mean(made, axis=0))
        sys.stdout.write(f"{name}: {len(made)} evaluations of {len(states)} states; effects {now:.1f} %, ")
        sys.stdout.write(f"by the model alone {model:.1f} %, by the former method {former:.1f} %\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
