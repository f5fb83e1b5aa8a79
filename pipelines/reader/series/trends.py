"""The annual series of one category in one area with their published directions, changes and segments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.reader.release import packaged_query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery, choose_series, key_of, no_series_message
from pipelines.reader.series.rates import Rows
from pipelines.reader.words import WORDS, figure_in, semicolon, word
from pipelines.system.settings import Settings
from schemas.declarations import is_compared
from schemas.errors import UsageError

DIRECTED = frozenset({"rising", "falling", "stable", "number rising", "number falling", "number stable"})
"""Directions of ``out.trend`` that are conclusive."""

_HANDLING = (
    ("no break", r"no break declared"),
    ("no break between", r"no break in between"),
    ("break across", r"break in (?P<years>[\d, ]+): not compared across it"),
    ("before break", r"before the break in (?P<year>\d+)"),
    ("break in", r"break in (?P<years>[\d, ]+)"),
    ("used years", r"used (?P<years>[\d-]+)"),
    ("bridged in", r"bridged in (?P<year>\d+) \(x (?P<factor>[\d.]+)\)"),
    ("bridged between", r"bridged in (?P<year>\d+) \(x (?P<factor>[\d.]+), (?P<low>[\d.]+) to (?P<high>[\d.]+)\)"),
)
"""Words of :meth:`pipelines.publish.series.breaks.Breaks.handling`; what is unlike them stays as it is."""


@dataclass(frozen=True)
class TrendReport:
    """Annual series that match a query, and what is published about their course.

    Attributes:
        series: rows by year of each source, stage and counting unit, the preferred one first.
        trends: direction of each series, as in ``out.trend``.
        changes: change over 1, 5 and 10 years, as in ``out.change``.
        segments: joinpoint segments of declared indicators, as in ``out.trend_segment``.
    """

    series: dict[SeriesKey, Rows]
    trends: Rows
    changes: Rows
    segments: Rows


def read_trends(wanted: SeriesQuery, settings: Settings | None = None) -> TrendReport:
    """Return the annual series that match a query, with directions, changes and segments.

    These are published for totals over age and attributes: a query for one age or attribute gets series only.

    Raises:
        UsageError: unknown area, sex or age, or no such series; says what there is.
    """
    wanted.check(settings)
    place = {"iccs": wanted.iccs, "area": wanted.area, "sex": wanted.sex}
    rows = packaged_query("reader/trend_series", settings, wanted, **place, age=wanted.age).records()
    filled = {key_of(row) for row in rows if row["value"] is not None}
    keys = choose_series(map(key_of, rows), wanted, filled)
    if not keys:
        raise UsageError(no_series_message(wanted, map(key_of, rows), settings))
    series: dict[SeriesKey, Rows] = {key: [row for row in rows if key_of(row) == key] for key in keys}

    def published(statement: str) -> Rows:
        if wanted.age != TOTAL or wanted.attributes:
            return []
        found = packaged_query(statement, settings, wanted, **place).records()
        return [row for key in keys for row in found if key_of(row) == key]

    return TrendReport(
        series,
        published("reader/trend_summary"),
        published("reader/change_summary"),
        published("reader/segment_summary"),
    )


def segment_limits(found: TrendReport) -> Rows:
    """Return resampling limits for each series with a joinpoint, which account for the joinpoint being estimated.

    Not for segments that cross a bridge, as the error of its factor is not resampled.

    Args:
        found: the series with their segments.

    Returns:
        A row for each series: its key, ``joinpoints`` (year, low, high), ``segments`` (low and high of the annual
        percent change), ``aapc_low``, ``aapc_high`` and ``draws``.
    """
    from pipelines.publish.series.segments import resample_segments

    rows = []
    for key, years in found.series.items():
        parts = [row for row in found.segments if key_of(row) == key]
        if len(parts) < 2 or "bridged" in parts[0]["break_handling"]:
            continue
        first, last = parts[0]["first_year"], parts[-1]["last_year"]
        used = [
            row
            for row in years
            if first <= int(row["time_period"]) <= last
            and row["rate_per_100k"] is not None
            and is_compared(row["caveats"])
        ]
        at = [int(row["time_period"]) for row in used]
        counts, people = ([row[name] for row in used] for name in ("value", "population"))
        limits = resample_segments(at, counts, people, len(parts) - 1)
        joinpoints = zip(limits.joinpoints, limits.joinpoint_limits, strict=True)
        rows.append(
            {
                **key._asdict(),
                "joinpoints": [{"year": year, "low": low, "high": high} for year, (low, high) in joinpoints],
                "segments": [{"apc_low": low, "apc_high": high} for low, high in limits.apc_limits],
                "aapc_low": limits.aapc_limits[0],
                "aapc_high": limits.aapc_limits[1],
                "draws": limits.draws,
            }
        )
    return rows


def trend_sentence(trend: Mapping[str, Any], language: str = "en") -> str:
    """Return one sentence on the course of a series, which claims no more than its row of ``out.trend``.

    The change in percent a year is given, with its limits, only if the trend has a direction. A direction that is not
    in the catalogues, from a release of another version, is shown unchanged.

    >>> row = {"first_year": 2015, "last_year": 2024, "direction": "rising", "apc": 3.1, "apc_low": 0.24, "apc_high": 6}
    >>> trend_sentence(row)
    '2015 to 2024: rising, +3.1 % a year (+0.2 to +6.0).'
    >>> trend_sentence(row, "es")
    '2015 a 2024: en aumento, +3,1 % al año (+0,2 a +6,0).'
    """
    direction = trend["direction"]
    text = word("trend sentence", language).format(
        first=trend["first_year"], last=trend["last_year"], direction=direction_words(direction, language)
    )
    if direction in DIRECTED:
        percent, low, high = (
            word("no upper limit", language) if number is None else figure_in(f"{number:+,.1f}", language)
            for number in (trend["apc"], trend["apc_low"], trend["apc_high"])
        )
        text += ", " + word("percent a year", language).format(percent=percent, low=low, high=high)
    return f"{text}."


def direction_words(direction: str, language: str) -> str:
    """Return a direction of ``out.trend`` in a language; one of another version stays as it is."""
    key = f"direction {direction}"
    return word(key, language) if key in WORDS else direction


def series_sentence(wanted: SeriesQuery, key: SeriesKey, language: str = "en", settings: Settings | None = None) -> str:
    """Return one sentence on the course of one series; empty if none is published, as for one age or attribute."""
    if wanted.age != TOTAL or wanted.attributes:
        return ""
    asked = {"iccs": wanted.iccs, "area": wanted.area, "sex": wanted.sex}
    rows = packaged_query("reader/trend_summary", settings, wanted, **asked).records()
    return next((trend_sentence(row, language) for row in rows if key_of(row) == key), "")


def handling_in(text: str, language: str) -> str:
    """Return how the breaks of a series were handled (``break_handling`` of ``out.trend``) in a language.

    >>> handling_in("break in 2014, 2017; used 2017-2024", "es")
    'Ruptura en 2014, 2017; se usan 2017-2024.'
    >>> handling_in("no break declared", "en")
    'No break declared.'
    """
    sentence = handling_words(text, language)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def handling_words(text: str, language: str) -> str:
    """Return ``break_handling`` of any table as a clause that ends a line; in English it stays as it is.

    >>> handling_words("no break in between", "fr"), handling_words("before the break in 2023; used 2000-2022", "es")
    ('aucune rupture entre les deux', 'antes de la ruptura de 2023; se usan 2000-2022')
    """
    parts = []
    for part in re.split(r"; (?=break in|used|bridged)", text):
        known = ((key, re.fullmatch(pattern, part)) for key, pattern in _HANDLING)
        key, found = next(((key, match) for key, match in known if match), ("", None))
        if found is not None:
            figures = {
                name: text if name.startswith("year") else figure_in(text, language)
                for name, text in found.groupdict().items()
            }
            part = word(key, language).format(**figures)
        parts.append(part)
    return semicolon(language).join(parts)
