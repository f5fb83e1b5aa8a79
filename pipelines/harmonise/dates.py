"""The day of an incident and its period, as expressions in the subset of SQL that DuckDB and Spark share."""

from __future__ import annotations

import re

from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError
from schemas.source import Source

_OLDEST_EVENT = "1800-01-01"
_DATE_PARTS = re.compile(r"YYYY|MM|DD")


def precision_of(source: Source) -> str:
    """What a date of the source is known to: day, month or year."""
    if "year" in source.columns:
        return "month" if "month" in source.columns else "year"
    if "time_period" in source.constants:
        return "year" if len(source.constants["time_period"]) == 4 else "month"
    parts = {frozenset(_DATE_PARTS.findall(form)) for form in source.dates}
    names = {
        frozenset({"YYYY", "MM", "DD"}): "day",
        frozenset({"YYYY", "MM"}): "month",
        frozenset({"YYYY"}): "year",
    }
    if len(parts) != 1 or not parts <= set(names):
        raise UsageError(
            f"source {source.source_id}: dates: {', '.join(source.dates)}: write forms such as YYYY-MM-DD, DD/MM/YYYY, "
            "YYYY-MM, all known to the same part"
        )
    shapes = [_DATE_PARTS.sub(lambda part: "_" * len(part[0]), form) for form in source.dates]
    if len(set(shapes)) < len(shapes):
        raise UsageError(f"source {source.source_id}: dates: two of {', '.join(source.dates)} cannot be distinguished")
    return names[parts.pop()]


def parse_dates(column: str, forms: tuple[str, ...]) -> str:
    """The day of a label in one of the declared formats, a time after it allowed; NULL for any other text."""
    cases = []
    for form in forms:
        shape = _DATE_PARTS.sub(lambda part: "_" * len(part[0]), form)
        place = {
            match[0]: f"substr({column}, {match.start() + 1}, {len(match[0])})" for match in _DATE_PARTS.finditer(form)
        }
        text = " || '-' || ".join(place.get(part, "'01'") for part in ("YYYY", "MM", "DD"))
        plain = form == "YYYY-MM-DD"
        cases.append(f"WHEN {column} LIKE {quote_literal(shape)} THEN TRY_CAST({column if plain else text} AS DATE)")
        short = f"substr({column}, 1, {len(form)})"
        timed = f"{column} LIKE {quote_literal(shape + ' %')} OR {column} LIKE {quote_literal(shape + 'T%')}"
        cases.append(f"WHEN {timed} THEN TRY_CAST({short if plain else text} AS DATE)")
    return f"CASE {' '.join(cases)} END"


def event_day(source: Source, precision: str) -> str:
    """The (first) day of the event."""
    if "time_period" in source.constants:
        return f"CAST({quote_literal((source.constants['time_period'] + '-01-01')[:10])} AS DATE)"
    if "year" not in source.columns:
        day = parse_dates(quote_identifier(source.columns["time_period"]), source.dates)
    else:
        parts = [_whole_number(quote_identifier(source.columns["year"]), 9999), "1"]
        if precision == "month":
            parts[1] = _whole_number(quote_identifier(source.columns["month"]), 12)
        text = " || '-' || ".join(f"lpad(CAST({part} AS STRING), {2 if n else 4}, '0')" for n, part in enumerate(parts))
        day = f"TRY_CAST({text} || '-01' AS DATE)"
    return day


def _whole_number(column: str, most: int) -> str:
    """A word as a whole number from 1 on, ``2024.0`` too; NULL for others, which rounding or padding would alter."""
    number = f"TRY_CAST({column} AS DOUBLE)"
    return f"CASE WHEN {number} BETWEEN 1 AND {most} AND {number} = floor({number}) THEN CAST({number} AS INTEGER) END"


def period_bounds(precision: str) -> tuple[str, str]:
    """First and last day of what is known of an event's time: a link must hold for the whole of it."""
    last = {"day": "r._day", "month": "last_day(r._day)", "year": "last_day(r._day + INTERVAL 11 MONTH)"}
    return "r._day", last[precision]


def period_number(precision: str) -> str:
    """Year and month as one number; -1 for a day after the file came, NULL for none."""
    number = "extract(year FROM r._day) * 100" + (" + extract(month FROM r._day)" if precision != "year" else "")
    return (
        "CAST(CASE WHEN r._day > CAST(r._received AS DATE) THEN -1 "
        f"WHEN r._day >= DATE '{_OLDEST_EVENT}' THEN {number} END AS INTEGER)"
    )


def period_text(precision: str) -> str:
    """The number of a period as our period: 2024 or 2024-03."""
    text = "CAST(used.period AS STRING)"
    if precision == "year":
        return f"substr({text}, 1, 4)"
    return f"substr({text}, 1, 4) || '-' || substr({text}, 5, 2)"
