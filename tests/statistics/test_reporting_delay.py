"""The chain ladder against Mack's published figures, and against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.statistics.surveillance.reporting_delay import Development, development, nowcast

# Cumulative claims of Taylor and Ashe (1983), the example of Mack (1993), ASTIN Bulletin 23, table 1.
CLAIMS = """\
357848 1124788 1735330 2218270 2745596 3319994 3466336 3606286 3833515 3901463
352118 1236139 2170033 3353322 3799067 4120063 4647867 4914039 5339085
290507 1292306 2218525 3235179 3985995 4132918 4628910 4909315
310608 1418858 2195047 3757447 4029929 4381982 4588268
443160 1136350 2128333 2897821 3402672 3873311
396132 1333217 2180715 2985752 3691712
440832 1288463 2419861 3483130
359480 1421128 2864498
376686 1363294
344014"""
# Table 2 there: what is outstanding of each year from the second on, and its standard error, in thousands.
OUTSTANDING = [95, 470, 710, 985, 1419, 2178, 3920, 4279, 4626]
ERRORS = [76, 122, 134, 261, 411, 558, 875, 971, 1363]


def with_last_variance(found: Development) -> Development:
    """Return the development with the variance of the last delay, which one pair cannot give, by Mack's rule."""
    variances = found.variances.copy()
    one, two = variances[..., -2], variances[..., -3]
    with np.errstate(invalid="ignore", divide="ignore"):
        guess = np.minimum(one**2 / two, np.minimum(one, two))
    variances[..., -1] = np.where(np.isfinite(variances[..., -1]), variances[..., -1], guess)
    return Development(found.factors, variances, found.before, found.pairs)


def _triangle() -> np.ndarray:
    cells = np.full((10, 10), np.nan)
    for place, line in enumerate(CLAIMS.splitlines()):
        numbers = [float(number) for number in line.split()]
        cells[place, : len(numbers)] = numbers
    return cells


def test_the_published_example_is_reproduced() -> None:
    cells = _triangle()
    found = with_last_variance(development(cells))

    for place, (outstanding, error) in enumerate(zip(OUTSTANDING, ERRORS, strict=True), start=1):
        delay = 9 - place
        seen = cells[place, delay]
        ahead = nowcast(seen, delay, found, cautious=False)
        assert float(ahead.value - seen) / 1000 == pytest.approx(outstanding, abs=0.5)
        assert float(ahead.error) / 1000 == pytest.approx(error, abs=0.5)


def test_a_count_that_no_longer_grows_is_its_own_nowcast() -> None:
    found = development([[50.0, 60.0, 60.0], [40.0, 47.0, 47.0], [30.0, 36.0, 36.0]])
    ahead = nowcast(80.0, 1, found)
    assert (float(ahead.value), float(ahead.low), float(ahead.high)) == pytest.approx((80.0, 80.0, 80.0))


def test_limits_are_no_narrower_than_those_of_independent_late_events() -> None:
    regular = [[100.0, 120.0], [200.0, 240.0], [150.0, 180.0]]  # exactly a fifth more each time
    wide, none = (nowcast(100.0, 0, development(regular), cautious=which) for which in (True, False))
    assert float(none.high - none.low) == pytest.approx(0, abs=1e-6)
    # 20 late events: +-4.3 standard errors of t with 2 degrees; the error of the factor adds to sqrt(20).
    assert float(wide.error) > np.sqrt(20)


def test_many_series_are_computed_as_one() -> None:
    rng = np.random.default_rng(5)
    cells = rng.poisson(50, (4, 6, 3)).astype(float).cumsum(axis=-1)
    together = nowcast(cells[:, -1, 0], 0, development(cells))
    for place in range(4):
        alone = nowcast(cells[place, -1, 0], 0, development(cells[place]))
        assert float(together.high[place]) == pytest.approx(float(alone.high), rel=1e-12)
