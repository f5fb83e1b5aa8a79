"""Periods as whole steps: years, or months counted through."""

from __future__ import annotations


def step_of(period: str, freq: str = "") -> int:
    """Return a period as a whole step: a year, or months counted through.

    Args:
        period: ``2019`` or ``2019-03``.
        freq: M takes a year for its January; else the form of the period decides.

    Raises:
        ValueError: neither a year nor a month.

    >>> step_of("2019"), step_of("2019-03"), step_of("2019", "M")
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


def period_of(step: int, freq: str) -> str:
    """Return the period of a step; the inverse of :func:`step_of`.

    >>> period_of(24230, "M"), period_of(2019, "A")
    ('2019-03', '2019')
    """
    return f"{step // 12}-{step % 12 + 1:02d}" if freq == "M" else str(step)
