"""Change of each annual series over 1, 5 and 10 years: ratio with limits, and whether it exceeds chance and habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.publish.breaks import Breaks
from pipelines.publish.trends import SIGNIFICANCE
from pipelines.statistics.rates import odds_limits

Numbers = NDArray[np.float64]

SPANS = (1, 5, 10)
FEWEST_PAIRS = 5
"""Pairs of neighbouring years from which the usual spread of a series is taken; with fewer, chance alone counts."""
RATE, COUNT = "rate_per_100k", "count"
"""What a row is made from."""
EXACT = "ratio of two Poisson rates, exact conditional limits"
SPREAD = "the wider of exact conditional limits and those with the usual spread between neighbouring years"


@dataclass(frozen=True)
class AnnualSeries:
    """Counts of one series by year; a population is None where the year has no rate, ``breaks`` are those inside it."""

    years: Sequence[int]
    counts: Sequence[float]
    populations: Sequence[float | None]
    breaks: Breaks

    def has_rates(self, first: int) -> bool:
        """Whether both the year at this place and the last one have a rate."""
        return self.populations[first] is not None and self.populations[-1] is not None

    def exposures(self, rates: bool) -> Sequence[float | None]:
        """Populations, or 1 for each year where counts are compared."""
        return self.populations if rates else [1.0] * len(self.years)


def describe_changes(series: Sequence[AnnualSeries]) -> dict[str, list[object]]:
    """Return the changes up to the last year of each series, as columns; ``series`` says which it is.

    The ratio is that of two Poisson rates, with the exact conditional limits of
    :func:`~pipelines.statistics.rates.rate_ratio`. Crime counts vary more than that: where five pairs of neighbouring
    years are there before the last year, the dispersion is their mean chi-square (Pearson's, of two rates with the same
    expectation, 1 degree each), and quasi-Poisson limits of the logarithm by Student's t are made too (McCullagh and
    Nelder 1989, Generalized Linear Models, section 6.2). The wider limits and the larger p are kept. A span with a
    break inside has no ratio, unless it is bridged: then the first value is multiplied by the factor, and limits and p
    are the widest of those with the factor and with its own limits. A span whose first year has no value has no row.
    Rates are compared where both years have one, else counts; the dispersion is of the same.

    Args:
        series: years rising.

    >>> found = describe_changes([AnnualSeries([2014, 2018, 2019], [40, 90, 50], [1e6] * 3, Breaks())])
    >>> found["span_years"], [round(x, 2) for x in found["rate_ratio"]], found["direction"]
    ([1, 5], [0.56, 1.25], ['decrease', 'no significant change'])
    """
    rows = [
        (position, span, list(one.years).index(one.years[-1] - span))
        for position, one in enumerate(series)
        for span in SPANS
        if one.years[-1] - span in one.years
    ]
    inside = [series[n].breaks.inside(series[n].years[-1] - span, series[n].years[-1]) for n, span, _ in rows]
    crossed = [one.cuts for one in inside]
    bridged = np.array([bool(one.bridges) and not one.cuts for one in inside], dtype=bool)
    # Counts before, multiplied by a bridge's factor, over their exposure: the same as the exposure divided by it.
    factors = np.array(
        [
            [column[0] for column in one.multipliers([series[n].years[first]])]
            for one, (n, _, first) in zip(inside, rows, strict=True)
        ],
        dtype=np.float64,
    ).reshape(-1, 3)
    rated = [series[n].has_rates(first) for n, _, first in rows]
    ends = np.array([_ends(series[n], first, rates) for (n, _, first), rates in zip(rows, rated, strict=True)])
    ends = ends.astype(np.float64).reshape(-1, 4)
    owners = [(n, rates) for (n, _, _), rates in zip(rows, rated, strict=True)]
    spreads = {(n, rates): _dispersion(series[n], rates) for n, rates in set(owners)}
    dispersion, pairs = (np.array([spreads[owner][part] for owner in owners], dtype=np.float64) for part in (0, 1))
    ratio, low, high, p = _ratios(ends, factors[:, 0], dispersion, pairs)
    for limit in (1, 2):
        part = (ends[bridged], factors[bridged, limit], dispersion[bridged], pairs[bridged])
        other, other_low, other_high, other_p = _ratios(*part)
        low[bridged], high[bridged] = np.fmin(low[bridged], other_low), np.fmax(high[bridged], other_high)
        turned = (other - 1) * (ratio[bridged] - 1) < 0  # the direction depends on the factor
        p[bridged] = np.where(turned, 1.0, np.fmax(p[bridged], other_p))
    significant = p < SIGNIFICANCE
    directions = np.where(significant, np.where(ratio > 1, "increase", "decrease"), "no significant change").tolist()

    def kept(column: Numbers) -> list[object]:
        """Column with NULL where a break forbids comparing or there is no number."""
        return [
            None if broken or not np.isfinite(value) else float(value)
            for value, broken in zip(column, crossed, strict=True)
        ]

    return {
        "series": [n for n, _, _ in rows],
        "span_years": [span for _, span, _ in rows],
        "n": [len(series[n].years) - first for n, _, first in rows],
        "first_year": [series[n].years[first] for n, _, first in rows],
        "last_year": [series[n].years[-1] for n, _, _ in rows],
        "basis": [RATE if rates else COUNT for rates in rated],
        "first_value": (_values(ends[:, 0], ends[:, 1], rated) * factors[:, 0]).tolist(),
        "last_value": _values(ends[:, 2], ends[:, 3], rated).tolist(),
        "change_percent": kept(100 * (ratio - 1)),
        "rate_ratio": kept(ratio),
        "ratio_low": kept(low),
        "ratio_high": kept(high),
        "p_value": kept(p),
        "dispersion": [float(x) if np.isfinite(x) else None for x in dispersion],
        "direction": [
            "not compared" if broken else direction for broken, direction in zip(crossed, directions, strict=True)
        ],
        "method": [SPREAD if np.isfinite(x) else EXACT for x in dispersion],
        "break_handling": list(map(_handling, inside)),
    }


def _handling(inside: Breaks) -> str:
    if inside.cuts:
        return f"break in {', '.join(map(str, inside.cuts))}: not compared across it"
    return "; ".join(f"bridged in {one.at} ({one.words})" for one in inside.bridges) or "no break in between"


def _ends(one: AnnualSeries, first: int, rates: bool) -> tuple[float | None, ...]:
    exposures = one.exposures(rates)
    return one.counts[first], exposures[first], one.counts[-1], exposures[-1]


def _values(counts: Numbers, exposures: Numbers, rated: Sequence[bool]) -> Numbers:
    return counts / exposures * np.where(rated, 100_000, 1)


def _dispersion(one: AnnualSeries, rates: bool) -> tuple[float, int]:
    """Mean chi-square of neighbouring years without a break between them, and how many; not a number below five.

    The last year is left out: a change must not be taken for the usual spread that it is held against.
    """
    found = []
    exposures, begun = one.exposures(rates), one.breaks.all
    for at in range(1, len(one.years) - 1):
        x0, x1, n0, n1 = one.counts[at - 1], one.counts[at], exposures[at - 1], exposures[at]
        if n0 is None or n1 is None:
            continue
        if one.years[at] - one.years[at - 1] == 1 and one.years[at] not in begun and x0 + x1 > 0:
            found.append((x1 / n1 - x0 / n0) ** 2 / ((x0 + x1) / (n0 + n1) * (1 / n0 + 1 / n1)))
    return (sum(found) / len(found) if len(found) >= FEWEST_PAIRS else float("nan")), len(found)


def _ratios(
    ends: Numbers, factors: Numbers, dispersion: Numbers, pairs: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Ratio, limits and p of each row of (count, exposure) before and after, the counts before times their factor."""
    from scipy.special import betainc, stdtr, stdtrit

    before, exposure_before, after, exposure = ends.T
    exposure_before = exposure_before / factors
    size, total = exposure_before / exposure, before + after
    share = exposure / (exposure + exposure_before)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = after / before * size
        low, high = odds_limits(after, before)
        low, high = low * size, high * size
        # Binomial tails by the incomplete beta function: P(X <= after), P(X >= after).
        below = np.where(before > 0, betainc(np.maximum(before, 1e-12), after + 1, 1 - share), 1.0)
        above = np.where(after > 0, betainc(np.maximum(after, 1e-12), before + 1, share), 1.0)
        p = np.where(total > 0, np.minimum(1.0, 2 * np.minimum(below, above)), 1.0)
        wide = np.isfinite(dispersion) & (before > 0) & (after > 0)
        error = np.sqrt(np.maximum(dispersion, 1.0) * (1 / before + 1 / after))
        reach = stdtrit(np.maximum(pairs, 1), 0.975) * error
        spread_p = 2 * stdtr(np.maximum(pairs, 1), -np.abs(np.log(ratio)) / error)
        low = np.where(wide, np.fmin(low, ratio * np.exp(-reach)), low)
        high = np.where(wide, np.fmax(high, ratio * np.exp(reach)), high)
        p = np.where(wide, np.fmax(p, spread_p), p)
    return ratio, low, high, p
