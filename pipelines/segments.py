"""Joinpoint segments of the series of declared indicators, never across a break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.statistics.joinpoint import log_ready
from pipelines.statistics.joinpoint_number import choose_joinpoints
from pipelines.trends import FEWEST_YEARS_TESTED, longest_segment

MOST_ZERO_SHARE = 0.25
"""A series with no event in more than a quarter of its years is not log-linear: it has no segments."""


def fit_segments(
    years: Sequence[int], counts: Sequence[float], populations: Sequence[float], breaks: Sequence[int] = ()
) -> list[dict[str, Any]]:
    """Return a row for each joinpoint segment of a series of rates, for ``out.trend_segment`` and for pictures.

    Weighted least squares on the logarithm of the rate, weights from Poisson errors, number of joinpoints by the
    weighted BIC of Joinpoint 5 (:func:`~pipelines.statistics.joinpoint_number.choose_joinpoints`); on the longest run
    without a break. Years without an event enter as half an event. Fewer than 8 years, or too many years without an
    event, give no row.

    Args:
        years: rising.
        counts: events of each year.
        populations: of each year.
        breaks: years that begin anew.

    >>> counts = [round(100 * 1.1 ** min(n, 6) * 0.9 ** max(n - 6, 0)) for n in range(14)]
    >>> rows = fit_segments(range(2005, 2019), counts, [1e5] * 14)
    >>> [(row["first_year"], row["last_year"], round(row["apc"])) for row in rows]
    [(2005, 2011, 10), (2011, 2018, -10)]
    """
    start, end = longest_segment(years, breaks)
    at, events = list(years[start:end]), list(counts[start:end])
    zeros = sum(count == 0 for count in events)
    if len(at) < FEWEST_YEARS_TESTED or zeros > MOST_ZERO_SHARE * len(at):
        return []
    rates, errors = log_ready(events, list(populations[start:end]), zeros="add half")
    model = choose_joinpoints(at, rates, errors).model
    method = "joinpoint, log-linear, Poisson weights, weighted BIC"
    if zeros:
        method += f"; {zeros} years without an event entered as half an event"
    handling = f"break in {', '.join(map(str, breaks))}; used {at[0]}-{at[-1]}" if breaks else "no break declared"
    common = {
        "joinpoints": len(model.joinpoints),
        "n": len(at),
        "aapc": model.average.value,
        "aapc_low": model.average.low,
        "aapc_high": model.average.high,
        "method": method,
        "break_handling": handling,
    }
    fitted = dict(zip(model.years, model.fitted, strict=True))
    return [
        {
            "segment": number,
            "first_year": part.first,
            "last_year": part.last,
            "apc": part.value,
            "apc_low": part.low,
            "apc_high": part.high,
            "p_value": part.p,
            "fitted_first": fitted[part.first],
            "fitted_last": fitted[part.last],
            **common,
        }
        for number, part in enumerate(model.segments, start=1)
    ]
