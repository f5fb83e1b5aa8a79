"""Segments of rates: what has none, and joinpoints of real turns against those of noise."""

from __future__ import annotations

import numpy as np
from scipy import stats

from pipelines.publish.series.segments import fit_segments


def test_few_events_have_no_segments() -> None:
    """Nineteen a year on average; with one more each they have."""
    counts = [25, 24, 22, 21, 20, 18, 17, 16, 14, 13]
    assert fit_segments(range(2010, 2020), counts, [1e6] * 10) == []
    assert fit_segments(range(2010, 2020), [count + 1 for count in counts], [1e6] * 10)


def test_flat_series_with_autocorrelation_seldom_have_a_joinpoint() -> None:
    """60 series of 15 years at an autocorrelation of 0.4: at most a tenth; a third with independent errors."""
    random = np.random.default_rng(4)
    noise = random.normal(size=(60, 15))
    for at in range(1, 15):
        noise[:, at] = 0.4 * noise[:, at - 1] + (1 - 0.4**2) ** 0.5 * noise[:, at]
    counts = stats.poisson.ppf(stats.norm.cdf(noise), 200)
    found = [len(fit_segments(range(15), one.tolist(), [1e6] * 15)) > 1 for one in counts]
    assert sum(found) <= 10  # of 60 at 10 %, more than 10 in 3 of 100 tries


def test_a_turn_is_found_where_it_is() -> None:
    """From 5 % a year up to 8 % down in 2008, 4,000 events."""
    counts = [round(4000 * 1.05 ** min(n, 8) * 0.92 ** max(n - 8, 0)) for n in range(18)]
    rows = fit_segments(range(2000, 2018), counts, [1e6] * 18)
    assert [(row["first_year"], row["last_year"], round(row["apc"])) for row in rows] == [
        (2000, 2008, 5),
        (2008, 2017, -8),
    ]
