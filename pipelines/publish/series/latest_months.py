"""The latest months: nowcasts of those still incomplete, and warnings of those higher than expected from the past."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from iccs.periods import period_at, period_index
from pipelines.publish.series.annual_series import COUNT, RATE
from pipelines.publish.series.breaks import SERIES_KEY, SeriesBreaks, series_break_at
from pipelines.statistics.monotonic import false_discovery
from pipelines.statistics.surveillance.early_warning import Excess, Fit, design_of, excess, fit_past
from pipelines.statistics.surveillance.reporting_delay import Development, development, nowcast
from pipelines.system.connection import fetch_arrow, insert_rows
from schemas.declarations import join_caveats, load_columns, no_attributes_sql, quote_literal, uncompared_sql

Numbers = NDArray[np.float64]
Rows = list[dict[str, Any]]

TESTED_MONTHS = 3
"""Latest months that are compared with the past."""
GUARD_MONTHS = 6
"""Months before them that do not belong to the past, as a rise that has begun would hide itself."""
PAST_MONTHS = 60
FEWEST_PAST_MONTHS = 36
FEWEST_EVENTS_OF_MONTH = 5
"""A month with fewer events gives no warning, whatever is expected (Farrington et al. 1996, section 3.7)."""
FEWEST_EVENTS_OF_PAST = 60
"""With fewer events in the whole past, no month can be assessed."""
RUN_FALSE_ALARMS = 0.05
"""The expected share of false warnings in a release; if nothing happened, the probability of any warning."""
FEWEST_EDITIONS = 6
"""Editions of consecutive months that a nowcast needs."""
LONGEST_DELAY = 12
"""Months after which a month is considered complete."""
FEWEST_EVENTS_OF_FACTOR = 20
LEAST_GROWTH = 0.005
"""A month expected to grow by less is complete."""
WINDOW = TESTED_MONTHS + GUARD_MONTHS + PAST_MONTHS


def make_latest(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.nowcast`` and ``out.alert``, and state in the comment of ``run_chance`` how many months were tested.

    ``out.revision``, ``out.series_break`` and the temporary table ``population_group`` must exist.
    """
    insert_rows(connection, "out.nowcast", nowcast_rows(connection))
    rows = alert_rows(connection)
    insert_rows(connection, "out.alert", rows)
    comment = f"{load_columns()['run_chance'].comment} Months tested in this release: {len(rows):,}."
    connection.execute(f"COMMENT ON COLUMN out.alert.run_chance IS {quote_literal(comment)}")


def alert_rows(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Return the rows of ``out.alert``: the latest months of each monthly series compared with its past."""
    breaks = SeriesBreaks(connection)
    found = fetch_arrow(
        connection,
        "publish/monthly_points",
        no_attributes=no_attributes_sql(),
        uncompared=uncompared_sql(),
        months=str(WINDOW),
        fewest_months=str(FEWEST_PAST_MONTHS + TESTED_MONTHS),
    ).to_pylist()
    rows: Rows = []
    for last, group in groupby(sorted(found, key=lambda one: one["last_step"]), key=lambda one: int(one["last_step"])):
        rows += _judged(list(group), last, breaks)
    adjusted = false_discovery([row["chance"] for row in rows])
    for row, p in zip(rows, adjusted, strict=True):
        row["run_chance"] = p
        row["is_alert"] = p is not None and p < RUN_FALSE_ALARMS and row["exceedance"] > 1
    return rows


def window_of(series: Mapping[str, Any], last: int, cuts: Sequence[int]) -> tuple[Numbers, Numbers, str]:
    """Return counts and exposures of the ``WINDOW`` months up to the last, and whether the exposure is the population.

    Months before the last break have no count. The exposure is thousands of person-days, or days if the population of a
    year is not known.

    Args:
        series: its ``steps``, ``counts`` and ``populations``.
        last: step of the last month.
        cuts: steps at which the series breaks.
    """
    first = last - WINDOW + 1
    start = max((cut for cut in cuts if cut <= last), default=first)
    steps = np.asarray(series["steps"], dtype=int)
    inside = (steps >= first) & (steps <= last)
    counts, people = np.full(WINDOW, np.nan), np.full(WINDOW, np.nan)
    counts[steps[inside] - first] = np.array(series["counts"], dtype=float)[inside]
    people[steps[inside] - first] = np.array(series["populations"], dtype=float)[inside] / 1000
    counts[: max(start - first, 0)] = np.nan
    if np.isfinite(people[np.isfinite(counts)]).all():
        return counts, _days(last) * np.where(np.isfinite(people), people, 1.0), RATE
    return counts, _days(last), COUNT


@cache
def _days(last: int) -> Numbers:
    """Return the days of each month of the window that ends with a step."""
    steps = range(last - WINDOW + 1, last + 1)
    return np.array([calendar.monthrange(step // 12, step % 12 + 1)[1] for step in steps], dtype=float)


def has_past(counts: Numbers) -> bool:
    """Whether the past of a window has enough months and events for a fit."""
    past = counts[:PAST_MONTHS]
    return int(np.isfinite(past).sum()) >= FEWEST_PAST_MONTHS and float(np.nansum(past)) >= FEWEST_EVENTS_OF_PAST


def fit_window(counts: Numbers, exposures: Numbers, last: int) -> tuple[Fit, Numbers]:
    """Return fits to the past of windows that end with the same month, and the design matrix of all their months."""
    steps = np.arange(last - WINDOW + 1, last + 1)
    design = design_of(steps, float(steps[:PAST_MONTHS].mean()))
    return fit_past(counts[:, :PAST_MONTHS], exposures[:, :PAST_MONTHS], design[:PAST_MONTHS]), design


def _judged(group: Rows, last: int, breaks: SeriesBreaks) -> Rows:
    """Return the rows of the series that end with the same month."""
    windows = []
    for one in group:
        key = [one[name] for name in SERIES_KEY]
        marks = zip(one["steps"], one["statuses"], strict=True)
        marked = [series_break_at(period_at(step, "M"), status) for step, status in marks if status == "B"]
        windows.append(window_of(one, last, breaks.of(key, marked, "M").all))
    kept = [n for n, (counts, _, _) in enumerate(windows) if has_past(counts)]
    if not kept:
        return []
    counts, exposures = (np.stack([windows[n][part] for n in kept]) for part in (0, 1))
    fit, design = fit_window(counts, exposures, last)
    rows: Rows = []
    for place in range(WINDOW - TESTED_MONTHS, WINDOW):
        found = excess(fit, counts[:, place], exposures[:, place], design[place])
        for n, at in enumerate(kept):
            if fit.converged[n] and counts[n, place] >= FEWEST_EVENTS_OF_MONTH:
                step = last - WINDOW + 1 + place
                past = int(np.isfinite(counts[n, :PAST_MONTHS]).sum())
                rows.append(_alert(group[at], step, windows[at][2], past, found, n, float(counts[n, place])))
    return rows


def _alert(
    series: dict[str, Any], step: int, basis: str, past: int, found: Excess, n: int, count: float
) -> dict[str, Any]:
    place = series["steps"].index(step)
    caveats = [series["caveats"][place], series["population_caveats"][place] if basis == RATE else None]
    names = (*SERIES_KEY, "vintage", "area_level", "iccs_made_from")
    return {
        **{name: series[name] for name in names},
        "time_period": period_at(step, "M"),
        "basis": basis,
        "past_months": past,
        "value": count,
        "count_expected": float(found.expected[n]),
        "count_upper": float(found.upper[n]),
        "exceedance": float(found.score[n]),
        "chance": float(found.p[n]),
        "obs_status": series["statuses"][place],
        "caveats": join_caveats(*caveats),
    }


def nowcast_rows(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Return the rows of ``out.nowcast``: the incomplete months of each source with enough editions."""
    found = fetch_arrow(
        connection,
        "publish/reporting_triangle",
        no_attributes=no_attributes_sql(),
        fewest_editions=str(FEWEST_EDITIONS),
        longest_delay=str(LONGEST_DELAY),
        months=str(2 * LONGEST_DELAY + FEWEST_EDITIONS + 12),
    ).to_pylist()
    rows: Rows = []
    for _, group in groupby(found, key=lambda row: str(row["source"])):
        rows += _nowcast_source(list(group))
    return rows


def edition_months(cells: Rows) -> dict[Any, int]:
    """Return the last month with an event in each load of a source; of several loads of one month, the last.

    A future month may be written as 0.
    """
    last: dict[Any, int] = {}
    for cell in cells:
        if cell["value_then"]:
            step = period_index(cell["time_period"], "M")
            last[cell["loaded_at"]] = max(step, last.get(cell["loaded_at"], step))
    newest = {month: load for load, month in sorted(last.items())}
    return {load: month for month, load in newest.items()}


def _nowcast_source(cells: Rows) -> Rows:
    """Rows of one source."""
    editions = edition_months(cells)
    months = set(editions.values())
    if sum(month - 1 in months for month in months) < FEWEST_EDITIONS - 1:
        return []
    now = max(months)
    rows: Rows = []
    for _, group in groupby(cells, key=lambda row: tuple(row[name] for name in SERIES_KEY)):
        own = list(group)
        triangle: dict[int, Numbers] = {}
        today = {period_index(cell["time_period"], "M"): cell for cell in own}
        for cell in own:
            step, month = period_index(cell["time_period"], "M"), editions.get(cell["loaded_at"])
            if month is not None and 0 <= month - step <= LONGEST_DELAY and cell["value_then"] is not None:
                line = triangle.setdefault(step, np.full(LONGEST_DELAY + 1, np.nan))
                line[month - step] = cell["value_then"]
        if triangle:
            found = development(np.stack([triangle[step] for step in sorted(triangle)]))
            used = {cell["loaded_at"] for cell in own}.intersection(editions)
            rows += _filling(found, today, now, len(used))
    return rows


def _filling(found: Development, today: dict[int, dict[str, Any]], now: int, editions: int) -> Rows:
    """Return the rows of one series: its months expected to grow or shrink."""
    rows: Rows = []
    for delay in range(LONGEST_DELAY - 1, -1, -1):
        cell = today.get(now - delay)
        ahead_pairs, before = found.pairs[delay:], found.before[delay:]
        if cell is None or not cell["value"] or ahead_pairs.min() < FEWEST_EDITIONS - 1:
            continue
        if before.min() < FEWEST_EVENTS_OF_FACTOR:
            continue
        ahead = nowcast(cell["value"], delay, found)
        if not np.isfinite(ahead.high) or abs(float(ahead.growth) - 1) < LEAST_GROWTH:
            continue
        names = (*SERIES_KEY, "vintage", "area_level", "iccs_made_from", "time_period", "value", "caveats")
        rows.append(
            {
                **{name: cell[name] for name in names},
                "nowcast": float(ahead.value),
                "nowcast_low": float(ahead.low),
                "nowcast_high": float(ahead.high),
                "growth_factor": float(ahead.growth),
                "delay_months": delay,
                "editions": editions,
                "obs_status": "E",
            }
        )
    return rows
