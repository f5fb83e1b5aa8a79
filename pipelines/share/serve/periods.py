"""Periods that a request names, as days: from the first to the one after the last."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from pipelines.share.serve.refused import NotAnswered

_MONTHS = {"A": 12, "S": 6, "T": 4, "Q": 3, "M": 1}
_PERIOD = re.compile(r"([0-9]{4})(?:-(?:([ASTQM])([0-9]{1,2})|([0-9]{2})(?:-([0-9]{2}))?))?")


def read_period(text: str) -> tuple[date, date]:
    """Return the first day of a period, and the first after it.

    Raises:
        NotAnswered: 400, it is not a year, half-year, quarter, month or day.

    >>> read_period("2021-Q2")
    (datetime.date(2021, 4, 1), datetime.date(2021, 7, 1))
    """
    found = _PERIOD.fullmatch(text)
    if found is None:
        day = read_moment(text).date()
        return day, day + timedelta(days=1)
    year, kind, number, month, day_of_month = found.groups()
    try:
        if day_of_month:
            day = date(int(year), int(month), int(day_of_month))
            return day, day + timedelta(days=1)
        length = _MONTHS[kind or ("M" if month else "A")]
        first = (int(number or month or 1) - 1) * length
        if not 0 <= first < 12:
            raise ValueError
        begins = date(int(year), first + 1, 1)
        return begins, date(int(year) + (first + length) // 12, (first + length) % 12 + 1, 1)
    except ValueError as error:
        raise NotAnswered(400, f"{text!r} is not a period.") from error


def read_moment(text: str) -> datetime:
    """Return a moment as UTC without a zone; one without a zone is taken as UTC.

    Raises:
        NotAnswered: 400, it is none.

    >>> read_moment("2026-11-22T12:00:00+02:00")
    datetime.datetime(2026, 11, 22, 10, 0)
    """
    try:
        found = datetime.fromisoformat(text)
        return (found - (found.utcoffset() or timedelta())).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise NotAnswered(400, f"{text!r} is not a date or time: write 2026-11-22 or 2026-11-22T12:00:00Z.") from error
