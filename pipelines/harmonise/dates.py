"""Where a text becomes a period: one definition for tables and incidents, in SQL that DuckDB and Spark share.

A row gives its period as a text in one of some forms, as columns of years and months, or as a constant of the source.
Each becomes the first day of what is known, and a frequency. A form is a text with the parts YYYY, MM, DD and N (the
number of a quarter); every other character stands for itself.
"""

from __future__ import annotations

import re

from pipelines.harmonise.numbers import parse_whole
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError
from schemas.source import Source

OUR_FORMS = ("YYYY", "YYYY-QN", "YYYY-MM")
"""How we write periods, and how a table must."""

# No figures by period are older: Sweden has counted its people since 1749.
_OLDEST_PERIOD = "1700-01-01"
_PARTS = re.compile(r"YYYY|MM|DD|N")
_PRECISIONS = {
    frozenset({"YYYY", "MM", "DD"}): "day",
    frozenset({"YYYY", "MM"}): "month",
    frozenset({"YYYY", "N"}): "quarter",
    frozenset({"YYYY"}): "year",
}
FREQUENCIES = {"day": "M", "month": "M", "quarter": "Q", "year": "A"}
"""The frequency of a row whose period is known to the day, month ...: no figures are published by day."""


def precision_of(source: Source) -> str:
    """What a date of a file of incidents is known to: day, month or year."""
    if "year" in source.columns:
        return "month" if "month" in source.columns else "year"
    if "time_period" in source.constants:
        return "year" if len(source.constants["time_period"]) == 4 else "month"
    precisions = {_precision(form) for form in source.dates}
    if len(precisions) != 1 or not precisions <= {"day", "month", "year"}:
        raise UsageError(
            f"source {source.source_id}: dates: {', '.join(source.dates)}: write forms such as YYYY-MM-DD, DD/MM/YYYY, "
            "YYYY-MM, all known to the same part"
        )
    if len({_shape(form) for form in source.dates}) < len(source.dates):
        raise UsageError(f"source {source.source_id}: dates: two of {', '.join(source.dates)} cannot be distinguished")
    return str(precisions.pop())


def _precision(form: str) -> str | None:
    return _PRECISIONS.get(frozenset(_PARTS.findall(form)))


def _shape(form: str) -> str:
    """The form as a pattern of LIKE."""
    return _PARTS.sub(lambda part: "_" * len(part[0]), form)


def parse_dates(text: str, forms: tuple[str, ...]) -> str:
    """Return the SQL of a text in one of some forms as the first day of what it names; NULL for any other text.

    After a day a time is allowed (``2024-03-05 12:30``, ``2024-03-05T12:30Z``), and has no effect.

    >>> parse_dates("word", ("YYYY-MM",))
    "CASE WHEN word LIKE '____-__' THEN TRY_CAST(substr(word, 1, 4) || '-' || substr(word, 6, 2) || '-' || '01' AS DATE) END"
    """  # noqa: E501
    cases = []
    for form in forms:
        shape, day = _shape(form), f"TRY_CAST({_day_of(text, form)} AS DATE)"
        cases.append(f"WHEN {text} LIKE {quote_literal(shape)} THEN {day}")
        if _precision(form) == "day":
            timed = " OR ".join(f"{text} LIKE {quote_literal(shape + mark + '%:%')}" for mark in " T")
            short = f"TRY_CAST(substr({text}, 1, {len(form)}) AS DATE)"
            cases.append(f"WHEN {timed} THEN {short if form == 'YYYY-MM-DD' else day}")
    return f"CASE {' '.join(cases)} END"


def _day_of(text: str, form: str) -> str:
    """The text as YYYY-MM-DD, given that it has the shape of the form."""
    if form == "YYYY-MM-DD":
        return text
    part = {one[0]: f"substr({text}, {one.start() + 1}, {len(one[0])})" for one in _PARTS.finditer(form)}
    if "N" in part:
        part["MM"] = f"CAST(3 * TRY_CAST({part['N']} AS INTEGER) - 2 AS STRING)"
    return " || '-' || ".join(part.get(name, "'01'") for name in ("YYYY", "MM", "DD"))


def parse_period(text: str, forms: tuple[str, ...]) -> tuple[str, str]:
    """Return the SQL of the first day of the period that a text names, and of its frequency; NULL where it names none.

    Where two forms have the same shape, the first counts.
    """
    day = parse_dates(text, forms)
    known = f"{day} >= DATE '{_OLDEST_PERIOD}'"
    cases = (
        f"WHEN {text} LIKE {quote_literal(_shape(form))} THEN {quote_literal(FREQUENCIES[_precision(form) or 'year'])}"
        for form in forms
    )
    return f"CASE WHEN {known} THEN {day} END", f"CASE WHEN {known} THEN CASE {' '.join(cases)} END END"


def event_day(source: Source, precision: str) -> str:
    """The (first) day of the event."""
    if "time_period" in source.constants:
        return f"CAST({quote_literal((source.constants['time_period'] + '-01-01')[:10])} AS DATE)"
    if "year" not in source.columns:
        return parse_dates(quote_identifier(source.columns["time_period"]), source.dates)
    parts = [parse_whole(quote_identifier(source.columns["year"]), 9999), "1"]
    if precision == "month":
        parts[1] = parse_whole(quote_identifier(source.columns["month"]), 12)
    text = " || '-' || ".join(f"lpad(CAST({part} AS STRING), {2 if n else 4}, '0')" for n, part in enumerate(parts))
    return f"TRY_CAST({text} || '-01' AS DATE)"


def period_bounds(precision: str) -> tuple[str, str]:
    """First and last day of what is known of an event's time: a link must hold for the whole of it."""
    last = {"day": "r._day", "month": "last_day(r._day)", "year": "last_day(r._day + INTERVAL 11 MONTH)"}
    return "r._day", last[precision]


def period_number(precision: str) -> str:
    """Year and month as one number; -1 for a day after the file came, NULL for none."""
    number = "extract(year FROM r._day) * 100" + (" + extract(month FROM r._day)" if precision != "year" else "")
    return (
        "CAST(CASE WHEN r._day > CAST(r._received AS DATE) THEN -1 "
        f"WHEN r._day >= DATE '{_OLDEST_PERIOD}' THEN {number} END AS INTEGER)"
    )


def period_text(precision: str) -> str:
    """The number of a period as our period: 2024 or 2024-03."""
    text = "CAST(used.period AS STRING)"
    if precision == "year":
        return f"substr({text}, 1, 4)"
    return f"substr({text}, 1, 4) || '-' || substr({text}, 5, 2)"
