"""Periods as text ('2024', '2024-Q1', '2024-03'): their first and last day, and their arithmetic."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

_PERIOD = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|S([12])|([0-9]{2})(?:-([0-9]{2}))?))?")


class InvalidPeriod(ValueError):
    """A text that is not a period of the calendar."""


def first_day(period: str) -> date:
    """Return the first day of a year, half-year, quarter, month or day.

    Raises:
        InvalidPeriod: if the text is none of 'YYYY', 'YYYY-Sn', 'YYYY-Qn', 'YYYY-MM', 'YYYY-MM-DD'.

    >>> first_day("2024-Q2")
    datetime.date(2024, 4, 1)
    """
    return _bounds(period)[0]


def last_day(period: str) -> date:
    """Return the last day of a year, half-year, quarter, month or day; raises as `first_day`.

    >>> last_day("2024-02")
    datetime.date(2024, 2, 29)
    """
    return _bounds(period)[1]


@lru_cache(maxsize=4096)
def _bounds(period: str) -> tuple[date, date]:
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise InvalidPeriod(
            f"{period!r} is not a period: write 'YYYY', 'YYYY-Sn', 'YYYY-Qn', 'YYYY-MM' or 'YYYY-MM-DD'"
        )
    year = int(found.group(1))
    quarter, half, month, day = (None if part is None else int(part) for part in found.groups()[1:])
    try:
        if month is not None and day is not None:
            return date(year, month, day), date(year, month, day)
        if month is not None:
            return _months(year, month, month)
        if quarter is not None:
            return _months(year, 3 * quarter - 2, 3 * quarter)
        if half is not None:
            return _months(year, 6 * half - 5, 6 * half)
        return _months(year, 1, 12)
    except ValueError:  # calendar.IllegalMonthError is one
        raise InvalidPeriod(f"{period!r} is not in the calendar") from None


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def period_index(period: str, freq: str = "") -> int:
    """Return the number of a year, or of a month counted from year 0, so that neighbours differ by one.

    Args:
        period: ``2019`` or ``2019-03``.
        freq: M takes a year for its January; else the form of the period decides.

    Raises:
        ValueError: neither a year nor a month.

    >>> period_index("2019"), period_index("2019-03"), period_index("2019", "M")
    (2019, 24230, 24228)
    """
    year, _, month = period.partition("-")
    if len(year) != 4 or not year.isdigit() or (month and not (len(month) == 2 and month.isdigit())):
        raise ValueError(f"{period!r} is neither a year (2019) nor a month (2019-03)")
    if not month and freq != "M":
        return int(year)
    place = int(month or 1)
    if not 1 <= place <= 12:
        raise ValueError(f"{period!r} is not a month: they are 01 to 12")
    return int(year) * 12 + place - 1


def period_at(index: int, freq: str) -> str:
    """Return the period with a number; the inverse of :func:`period_index`.

    >>> period_at(24230, "M"), period_at(2019, "A")
    ('2019-03', '2019')
    """
    return f"{index // 12}-{index % 12 + 1:02d}" if freq == "M" else str(index)


def year_spans(years: Sequence[int]) -> str:
    """Return years as text, consecutive ones as first and last.

    >>> year_spans([2009, 2010, 2011, 2014])
    '2009-2011, 2014'
    """
    return ", ".join("-".join(map(str, span)) for span in _spans(years))


def month_spans(steps: Sequence[int]) -> str:
    """Return months as text, consecutive ones as first and last.

    Args:
        steps: months since year 0, rising.

    >>> month_spans([24288, 24289, 24290, 24299])
    '2024-01–2024-03, 2024-12'
    """
    return ", ".join("–".join(period_at(step, "M") for step in span) for span in _spans(steps))


def _spans(steps: Sequence[int]) -> list[list[int]]:
    """Return first and last of each run of consecutive numbers; one number alone where they are the same."""
    spans: list[list[int]] = []
    for step in steps:
        if spans and step == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], step]
        else:
            spans.append([step])
    return spans
