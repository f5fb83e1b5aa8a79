"""Change of each annual series over 1, 5 and 10 years: ratio with limits, and whether it exceeds usual variation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.publish.series.annual_series import COUNT, RATE, AnnualSeries
from pipelines.publish.series.breaks import SERIES_KEY, Breaks
from pipelines.statistics.arguments import SIGNIFICANCE
from pipelines.statistics.bridging import widest
from pipelines.statistics.rates import odds_limits
from pipelines.system.connection import insert_rows, run_sql
from schemas.comparison import why_no_percent
from schemas.declarations import no_attributes_sql

Numbers = NDArray[np.float64]

SPANS = (1, 5, 10)
ASSUMED_AUTOCORRELATION = 0.6
"""Assumed autocorrelation of neighbouring years, to extend their spread to longer spans; one series is too short."""
FEWEST_PAIRS = 5
"""Pairs of neighbouring years needed for the usual spread of a series; with fewer, only chance is considered."""
EXACT = "ratio of two Poisson rates, exact conditional limits"
WIDER_BY = 2
"""How many times wider than chance the usual spread must be for both limits to be published."""
UNTESTED = "ratio of two figures for which chance gives no limits"
SPREAD = "the wider of exact conditional limits and limits from the usual variation between years this far apart"


@dataclass(frozen=True)
class _Span:
    """One comparison: the series, the number of years, the position of the first, and whether rates are compared."""

    series: int
    years: int
    first: int
    rated: bool
    inside: Breaks


def make_changes(connection: duckdb.DuckDBPyConnection, series: Sequence[AnnualSeries]) -> None:
    """Fill ``out.change``: the change of each series up to its last year, not across a break without a bridge."""
    columns = describe_changes(series)
    rows = []
    for values in zip(*columns.values(), strict=True):
        change = dict(zip(columns, values, strict=True))
        one = series[change.pop("series")]
        ends = (len(one.years) - 1, len(one.years) - change["n"])
        bridged = change["break_handling"].startswith("bridged")
        rows.append({**one.key, **change, **one.marks.combine(ends, bridged=bridged)})
    insert_rows(connection, "out.change", rows)


def describe_changes(series: Sequence[AnnualSeries]) -> dict[str, list[Any]]:
    """Return the changes up to the last year of each series, as columns; ``series`` is its position.

    The ratio is that of two Poisson rates, with the exact conditional limits of
    :func:`~pipelines.statistics.rates.rate_ratio`. Crime counts vary more than that: where five pairs of neighbouring
    years are there before the last year, the dispersion is their mean chi-square (Pearson's, of two rates with the
    same expectation, 1 degree each), multiplied for spans of several years by :func:`spread_over`; and quasi-Poisson
    limits of the logarithm by Student's t are made too (McCullagh and Nelder 1989, Generalized Linear Models, section
    6.2). The wider limits and the larger p are kept. A span with a break inside has no ratio, unless it is bridged:
    then the first value is multiplied by the factor, and limits and p are the widest of those with the factor and
    with its own limits. A span whose first year has no value has no row. Rates are compared where both years have
    one, else counts; the dispersion is of the same.

    Args:
        series: years rising.

    >>> found = describe_changes([AnnualSeries([2014, 2018, 2019], [40, 90, 50], [1e6] * 3, Breaks())])
    >>> found["span_years"], [round(x, 2) for x in found["rate_ratio"]], found["direction"]
    ([1, 5], [0.56, 1.25], ['decrease', 'no significant change'])
    """
    spans = _spans(series)
    ends = np.array([_ends(series[span.series], span.first, span.rated) for span in spans])
    ends = ends.astype(np.float64).reshape(-1, 4)
    # Multiplying counts before a bridge by its factor is the same as dividing their exposure by it.
    factors = np.array(
        [[column[0] for column in span.inside.multipliers([series[span.series].years[span.first]])] for span in spans],
        dtype=np.float64,
    ).reshape(-1, 3)
    spreads = {
        owner: _dispersion(series[owner[0]], owner[1]) for owner in {(span.series, span.rated) for span in spans}
    }
    dispersion, pairs = (
        np.array([spreads[span.series, span.rated][part] for span in spans], dtype=np.float64) for part in (0, 1)
    )
    bridged = np.array([bool(span.inside.bridges) and not span.inside.cuts for span in spans], dtype=bool)
    widened = dispersion * np.array([spread_over(span.years) for span in spans], dtype=np.float64)
    figures = _bridged_ratios(ends, factors, bridged, widened, pairs)
    rated = [span.rated for span in spans]
    values = (_values(ends[:, 0], ends[:, 1], rated) * factors[:, 0], _values(ends[:, 2], ends[:, 3], rated))
    untested = np.array(
        [_is_untested(series[span.series], span.first, x) for span, x in zip(spans, dispersion, strict=True)],
        dtype=bool,
    )
    crossed = np.array([bool(span.inside.all) for span in spans], dtype=bool)
    # The usual variation is that of the recorded figures of one definition.
    swings = np.where(untested | crossed, np.nan, _usual_swings(ends, widened, pairs))
    found = _describe_figures(spans, ends[:, 0], values, figures, dispersion, untested)
    percent = [float(x) if np.isfinite(x) else None for x in swings]
    return _describe_spans(series, spans) | found | {"usual_swing_percent": percent}


def make_usual_limits(connection: duckdb.DuckDBPyConnection, series: Sequence[AnnualSeries]) -> None:
    """Fill the usual limits in ``out.rate``: those from the spread of the series, if it is far wider than chance.

    Limits from chance alone assume independent events, but crimes come in clusters and counts fluctuate. The
    dispersion is that of :func:`describe_changes`, and the limits are those of the logarithm of a quasi-Poisson count
    by Student's t (McCullagh and Nelder 1989, section 6.2).

    Args:
        connection: the file being built; its rates are filled.
        series: years rising.
    """
    from scipy.special import stdtrit

    rows = []
    for one in series:
        dispersion, pairs = _dispersion(one, rates=True)
        if np.isfinite(dispersion):
            reach = float(stdtrit(pairs, 0.975) * np.sqrt(max(dispersion, 1.0)))
            rows.append({name: one.key[name] for name in SERIES_KEY} | {"reach": reach})
    columns = [*((name, pa.string()) for name in SERIES_KEY), ("reach", pa.float64())]
    connection.register("usual_spread", pa.Table.from_pylist(rows, schema=pa.schema(columns)))
    run_sql(connection, "publish/usual_limits", times=str(WIDER_BY), no_attributes=no_attributes_sql())
    connection.unregister("usual_spread")


def _spans(series: Sequence[AnnualSeries]) -> list[_Span]:
    """Return every span of every series whose first year exists."""
    found = []
    for place, one in enumerate(series):
        last = one.years[-1]
        for years in SPANS:
            if last - years in one.years:
                first = list(one.years).index(last - years)
                found.append(_Span(place, years, first, one.has_rates(first), one.breaks.inside(last - years, last)))
    return found


def _describe_spans(series: Sequence[AnnualSeries], spans: Sequence[_Span]) -> dict[str, list[Any]]:
    return {
        "series": [span.series for span in spans],
        "span_years": [span.years for span in spans],
        "n": [len(series[span.series].years) - span.first for span in spans],
        "first_year": [series[span.series].years[span.first] for span in spans],
        "last_year": [series[span.series].years[-1] for span in spans],
        "basis": [RATE if span.rated else COUNT for span in spans],
        "break_handling": [_handling(span.inside) for span in spans],
    }


def _describe_figures(
    spans: Sequence[_Span],
    first_events: Numbers,
    values: tuple[Numbers, Numbers],
    figures: Sequence[Numbers],
    dispersion: Numbers,
    untested: NDArray[np.bool_],
) -> dict[str, list[Any]]:
    """Return the figures of each span; some have no limits and no test, see ``_is_untested``."""
    ratio, *tested = figures
    low, high, p = (np.where(untested, np.nan, column) for column in tested)
    tested_words = np.where(p < SIGNIFICANCE, np.where(ratio > 1, "increase", "decrease"), "no significant change")
    words = np.where(untested, "not tested", tested_words).tolist()

    def compared(column: Numbers) -> list[float | None]:
        """Return a column with NULL if a break prevents the comparison or there is no number."""
        return [
            None if span.inside.cuts or not np.isfinite(value) else float(value)
            for value, span in zip(column, spans, strict=True)
        ]

    no_percent = [
        "not_compared" if span.inside.cuts else why_no_percent(events)
        for span, events in zip(spans, first_events.tolist(), strict=True)
    ]
    return {
        "first_value": values[0].tolist(),
        "last_value": values[1].tolist(),
        "change_percent": [None if why else x for x, why in zip(compared(100 * (ratio - 1)), no_percent, strict=True)],
        "no_percent_reason": no_percent,
        "rate_ratio": compared(ratio),
        "ratio_low": compared(low),
        "ratio_high": compared(high),
        "p_value": compared(p),
        "dispersion": [float(x) if np.isfinite(x) else None for x in dispersion],
        "direction": ["not compared" if span.inside.cuts else word for span, word in zip(spans, words, strict=True)],
        "method": [
            UNTESTED if none else SPREAD if np.isfinite(x) else EXACT
            for x, none in zip(dispersion, untested, strict=True)
        ],
    }


def _is_untested(one: AnnualSeries, first: int, dispersion: float) -> bool:
    """Whether it is unknown how far a change could be chance.

    Persons counted on a day are not events; an estimated figure has no Poisson limits either, and only the usual spread
    of its series, if known, can distinguish a change from it.
    """
    estimated = one.is_estimated(first) or one.is_estimated(len(one.years) - 1)
    return one.stock or (estimated and not np.isfinite(dispersion))


def spread_over(years: float) -> float:
    """Return the variance of a difference over several years relative to neighbouring ones, for an AR(1) process.

    Var(x(t + h) - x(t)) is proportional to 1 - r^h: slowly varying series move farther in ten years than in one.

    >>> round(spread_over(1), 2), round(spread_over(5), 2), round(spread_over(10), 2)
    (1.0, 2.31, 2.48)
    """
    r = ASSUMED_AUTOCORRELATION
    return float((1 - r**years) / (1 - r))


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
    """Return mean chi-square and number of pairs of neighbouring years without a break between; NaN below five.

    Also NaN for persons counted on a day: they are not events, so there is no Poisson spread to compare theirs with.

    The last year is left out, so that a change is not part of the usual spread with which it is compared.
    """
    if one.stock:
        return float("nan"), 0
    found = []
    exposures, begun = one.exposures(rates), one.breaks.all
    for at in range(1, len(one.years) - 1):
        x0, x1, n0, n1 = one.counts[at - 1], one.counts[at], exposures[at - 1], exposures[at]
        if n0 is None or n1 is None:
            continue
        if one.years[at] - one.years[at - 1] == 1 and one.years[at] not in begun and x0 + x1 > 0:
            found.append((x1 / n1 - x0 / n0) ** 2 / ((x0 + x1) / (n0 + n1) * (1 / n0 + 1 / n1)))
    return (sum(found) / len(found) if len(found) >= FEWEST_PAIRS else float("nan")), len(found)


def _usual_swings(ends: Numbers, dispersion: Numbers, pairs: Numbers) -> Numbers:
    """Return how far up, in percent, two years this far apart usually differ, which a real change must exceed."""
    from scipy.special import stdtrit

    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.maximum(dispersion, 1.0) * (1 / ends[:, 0] + 1 / ends[:, 2]))
        return np.asarray(100 * np.expm1(stdtrit(np.maximum(pairs, 1), 0.975) * error), dtype=np.float64)


def _bridged_ratios(
    ends: Numbers, factors: Numbers, bridged: NDArray[np.bool_], dispersion: Numbers, pairs: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return ratio, limits and p of each row; over a bridge, the widest of those with its factor and its limits."""
    ratio, low, high, p = _ratios(ends, factors[:, 0], dispersion, pairs)
    if bridged.any():
        rows = (ends[bridged], dispersion[bridged], pairs[bridged])
        variants = [_ratios(rows[0], factors[bridged, limit], *rows[1:]) for limit in range(3)]
        ratios, lows, highs, ps = (np.stack(part) for part in zip(*variants, strict=True))
        low[bridged], high[bridged], p[bridged] = widest(ratios - 1, lows, highs, ps)
    return ratio, low, high, p


def _ratios(
    ends: Numbers, factors: Numbers, dispersion: Numbers, pairs: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return ratio, limits and p of each row of (count, exposure) before and after, earlier counts times the factor."""
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
