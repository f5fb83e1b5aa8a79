"""Joinpoint segments of the series of declared indicators, never across a break that is not bridged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.publish.breaks import Breaks
from pipelines.publish.trends import FEWEST_YEARS_TESTED, longest_segment
from pipelines.statistics.joinpoint import JoinpointModel, LogSeries, PercentChange, fit_at, log_ready
from pipelines.statistics.joinpoint_number import choose_joinpoints

MOST_ZERO_SHARE = 0.25
"""A series with no event in more than a quarter of its years is not log-linear: it has no segments."""


def fit_segments(
    years: Sequence[int], counts: Sequence[float], populations: Sequence[float], breaks: Breaks | None = None
) -> list[dict[str, Any]]:
    """Return a row for each joinpoint segment of a series of rates, for ``out.trend_segment`` and for pictures.

    Weighted least squares on the logarithm of the rate, weights from Poisson errors, number of joinpoints by the
    weighted BIC of Joinpoint 5 (:func:`~pipelines.statistics.joinpoint_number.choose_joinpoints`); on the longest run
    without a break. Years without an event enter as half an event. Fewer than 8 years, or too many years without an
    event, give no row. Rates before a bridge are multiplied by its factor; the model is fitted with the limits of the
    factor too, at the same joinpoints, and the widest limits and the largest p are kept.

    Args:
        years: rising.
        counts: events of each year.
        populations: of each year.
        breaks: years that begin anew, and the bridges.

    >>> counts = [round(100 * 1.1 ** min(n, 6) * 0.9 ** max(n - 6, 0)) for n in range(14)]
    >>> rows = fit_segments(range(2005, 2019), counts, [1e5] * 14)
    >>> [(row["first_year"], row["last_year"], round(row["apc"])) for row in rows]
    [(2005, 2011, 10), (2011, 2018, -10)]
    """
    breaks = (breaks or Breaks()).inside(years[0], years[-1])
    start, end = longest_segment(years, breaks.cuts)
    at, events = list(years[start:end]), list(counts[start:end])
    zeros = sum(count == 0 for count in events)
    if len(at) < FEWEST_YEARS_TESTED or zeros > MOST_ZERO_SHARE * len(at):
        return []

    variants = []
    for multipliers in breaks.multipliers(at):
        people = [n / times for n, times in zip(populations[start:end], multipliers, strict=True)]
        variants.append(log_ready(events, people, zeros="add half"))
    model = choose_joinpoints(at, *variants[0]).model
    models = [model]
    if breaks.inside(at[0], at[-1]).bridges:
        places = [at.index(year) for year in model.joinpoints]
        models += [fit_at(LogSeries(at, *variant, 0.0), places, model.confidence) for variant in variants[1:]]
    method = "joinpoint, log-linear, Poisson weights, weighted BIC"
    if zeros:
        method += f"; {zeros} years without an event entered as half an event"
    average = _widest([one.average for one in models])
    common = {
        "joinpoints": len(model.joinpoints),
        "n": len(at),
        "aapc": model.average.value,
        "aapc_low": average[0],
        "aapc_high": average[1],
        "method": method,
        "break_handling": breaks.handling(at[0], at[-1]),
    }
    fitted = dict(zip(model.years, model.fitted, strict=True))
    rows = []
    for number, part in enumerate(model.segments, start=1):
        low, high = _widest([one.segments[number - 1] for one in models])
        rows.append(
            {
                "segment": number,
                "first_year": part.first,
                "last_year": part.last,
                "apc": part.value,
                "apc_low": low,
                "apc_high": high,
                "p_value": _largest_p(models, number - 1),
                "fitted_first": fitted[part.first],
                "fitted_last": fitted[part.last],
                **common,
            }
        )
    return rows


def _widest(changes: Sequence[PercentChange]) -> tuple[float, float]:
    return min(change.low for change in changes), max(change.high for change in changes)


def _largest_p(models: Sequence[JoinpointModel], place: int) -> float:
    """Largest p of one segment; 1 where the limits of a bridge turn its direction."""
    slopes = [model.segments[place].slope for model in models]
    if min(slopes) < 0 < max(slopes):
        return 1.0
    return max(model.segments[place].p for model in models)
