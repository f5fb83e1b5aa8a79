"""The latest months of one series: as published, their nowcasts, and whether one is higher than expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from iccs.periods import period_at
from pipelines.publish.series.latest_months import (
    FEWEST_EDITIONS,
    FEWEST_EVENTS_OF_MONTH,
    FEWEST_EVENTS_OF_PAST,
    FEWEST_PAST_MONTHS,
    PAST_MONTHS,
    RUN_FALSE_ALARMS,
    WINDOW,
    fit_window,
    has_past,
    window_of,
)
from pipelines.reader.release import packaged_query, query
from pipelines.reader.selection import TOTAL, SeriesQuery
from pipelines.reader.series.counts import Series, read_series
from pipelines.reader.words import counted, figure_in, word
from pipelines.statistics.surveillance.early_warning import excess
from pipelines.system.settings import Settings
from schemas.declarations import uncompared_codes
from schemas.errors import UsageError

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class LatestMonths:
    """The latest months of a series.

    Attributes:
        series: counts by month, as given by the source.
        alerts: rows of ``out.alert``, by month.
        nowcasts: rows of ``out.nowcast``, by month.
        expected: for each of the last 69 months: period, expected count, upper limit; empty without a past.
        no_nowcast: why there is no nowcast; empty if there is one.
        no_alert: why no month was tested; empty if one was.
        editions: number of stored editions of the source.
        language: of the sentences.
    """

    series: Series
    alerts: Rows
    nowcasts: Rows
    expected: list[tuple[str, float, float]]
    no_nowcast: str
    no_alert: str
    editions: int
    language: str = "en"

    @property
    def months(self) -> Rows:
        """The last three months and incomplete ones, a row each: the count as published, and what is known besides.

        ``not_compared`` has the caveats for which a month is compared with no other.
        """
        alerts = {row["time_period"]: row for row in self.alerts}
        nowcasts = {row["time_period"]: row for row in self.nowcasts}
        shown = sorted({*self.series.periods[-3:], *alerts, *nowcasts})
        published = dict(zip(self.series.periods, self.series.published, strict=True))
        caveats = dict(zip(self.series.periods, self.series.caveats, strict=True))
        limits = {period: (expected, upper) for period, expected, upper in self.expected}
        return [
            _month(at, published.get(at), nowcasts.get(at), alerts.get(at), limits.get(at))
            | {"not_compared": ";".join(uncompared_codes(caveats.get(at))) or None, "caveats": caveats.get(at)}
            for at in shown
        ]

    @property
    def caveats(self) -> dict[str, str]:
        """The months shown that carry each caveat, as text."""
        shown = {row["time_period"] for row in self.months}
        places = [place for place, period in enumerate(self.series.periods) if period in shown]
        return self.series.selected(places).caveat_spans

    @property
    def sentences(self) -> list[str]:
        """The result in words: alerts first, then months that would be alerts once complete."""
        texts = [*self._high_months(), *self._months_apart()]
        if self.alerts:
            n, share = figure_in(f"{self.alerts[0]['tested']:,}", self.language), f"{100 * RUN_FALSE_ALARMS:.0f}"
            texts.append(word("months tested", self.language).format(n=n, share=share))
        return texts + [text for text in (self.no_alert, self.no_nowcast) if text]

    def _high_months(self) -> list[str]:
        """Return a sentence for each month that is an alert, or would be one once complete; or that there is none."""

        def figures(row: dict[str, Any], *names: str) -> dict[str, str]:
            return {name: figure_in(f"{row[column]:,.0f}", self.language) for name, column in map(str.split, names)}

        texts = [
            word("month exceeds", self.language).format(
                month=row["time_period"],
                exceedance=figure_in(f"{row['exceedance']:.1f}", self.language),
                **figures(row, "value value", "expected count_expected", "upper count_upper"),
            )
            for row in self.months
            if row["is_alert"]
        ]
        texts += [
            word("month will exceed", self.language).format(
                month=row["time_period"], **figures(row, "value nowcast", "upper count_upper")
            )
            for row in self.months
            if row["nowcast_exceedance"] is not None and row["nowcast_exceedance"] > 1 and not row["is_alert"]
        ]
        return texts or ([word("no month exceeds", self.language)] if self.alerts else [])

    def _months_apart(self) -> list[str]:
        return [
            word("month without figure", self.language).format(month=row["time_period"])
            if row["value"] is None
            else word("month apart for", self.language).format(
                month=row["time_period"], caveats=row["not_compared"].replace(";", ", ")
            )
            for row in self.months
            if row["value"] is None or row["not_compared"]
        ]


def read_latest(wanted: SeriesQuery, settings: Settings | None = None, language: str = "en") -> LatestMonths:
    """Return the latest months of one series; if several match the query, of the preferred one.

    Args:
        wanted: the query.
        settings: where the published file is.
        language: of the sentences.

    Raises:
        UsageError: no such monthly series, or figures of an age or attribute, which are not tested.

    Example::

        read_latest(SeriesQuery("0101", "MX-SIN")).sentences
    """
    if wanted.age != TOTAL or wanted.attributes:
        raise UsageError("the latest months are available only for all ages and attributes together: leave out --age")
    series = read_series(replace(wanted, freq="M"), settings)
    asked = {
        "source": series.key.source,
        "area": series.query.area,
        "iccs": series.query.iccs,
        "stage": series.key.stage,
        "unit": series.key.counting_unit,
        "sex": series.query.sex,
    }
    alerts = packaged_query("reader/latest_alerts", settings, None, **asked).records()
    nowcasts = packaged_query("reader/latest_nowcasts", settings, None, **asked).records()
    editions = _editions(series.key.source, settings)
    expected, reason = _expected(series, language)
    return LatestMonths(
        series=series,
        alerts=alerts,
        nowcasts=nowcasts,
        expected=expected,
        no_nowcast="" if nowcasts else _why_no_nowcast(series.key.source, editions, language),
        no_alert="" if alerts else reason,
        editions=editions,
        language=language,
    )


def _editions(source: str, settings: Settings | None) -> int:
    """Return the number of stored loads of a source."""
    ((loads,),) = query("SELECT count(*) FROM out.vintage WHERE source = $source", settings, {"source": source}).rows
    return int(loads)


def _why_no_nowcast(source: str, editions: int, language: str) -> str:
    if editions >= FEWEST_EDITIONS:
        return word("no nowcast growth", language)
    return counted("no nowcast kept", editions, language).format(n=editions, source=source, least=FEWEST_EDITIONS)


def _expected(series: Series, language: str) -> tuple[list[tuple[str, float, float]], str]:
    """Return expected counts and limits of the months of the window, and why none would be tested."""
    last = series.steps[-1]
    marks = {"steps": series.steps, "counts": series.counts, "populations": series.populations}
    counts, exposures, _ = window_of(marks, last, series.breaks.all)
    if not has_past(counts):
        few = word("no month tested few", language)
        return [], few.format(months=FEWEST_PAST_MONTHS, events=FEWEST_EVENTS_OF_PAST)
    fit, design = fit_window(counts[None], exposures[None], last)
    rows = []
    for place in range(WINDOW):
        if place < PAST_MONTHS and not np.isfinite(counts[place]):
            continue
        found = excess(fit, counts[place : place + 1], exposures[place : place + 1], design[place])
        rows.append((period_at(last - WINDOW + 1 + place, "M"), float(found.expected[0]), float(found.upper[0])))
    return rows, word("no month tested small", language).format(events=FEWEST_EVENTS_OF_MONTH)


def _month(
    period: str,
    count: float | None,
    ahead: dict[str, Any] | None,
    alert: dict[str, Any] | None,
    limits: tuple[float, float] | None,
) -> dict[str, Any]:
    expected, upper = limits or (None, None)
    given = ahead or {}
    score = None
    if ahead and expected is not None and upper is not None:
        score = (ahead["nowcast"] - expected) / (upper - expected)
    return {
        "time_period": period,
        "value": count,
        **{name: given.get(name) for name in ("nowcast", "nowcast_low", "nowcast_high")},
        "count_expected": expected,
        "count_upper": upper,
        "exceedance": (alert or {}).get("exceedance"),
        "chance": (alert or {}).get("chance"),
        "run_chance": (alert or {}).get("run_chance"),
        "is_alert": bool(alert and alert["is_alert"]),
        "nowcast_exceedance": score,
    }
