"""Figures of statistics in words, the same in tables, notes and pictures."""

from __future__ import annotations

import math


def p_value_text(p: float) -> str:
    """Return a p value as it is printed after the letter p.

    >>> p_value_text(0.0412), p_value_text(0.00002)
    ('= 0.041', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def signed_text(number: float) -> str:
    """Return a number with its sign, of three digits that count, as people write it.

    >>> [signed_text(number) for number in (-2941.0, 0.26149, 7, -0.0036449, 12345678, 0)]
    ['-2,940', '+0.261', '+7', '-0.00364', '+12,300,000', '+0']
    """
    if number == 0:
        return "+0"
    decimals = 2 - math.floor(math.log10(abs(number)))
    text = f"{round(number, decimals):+,.{max(decimals, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded_text(number: float, decimals: int) -> str:
    """Return a number rounded to some decimals, or to more if it would otherwise become 0 or be far off.

    A number that is not 0 has two digits that count, in up to two decimals more; one that is smaller still is said to
    be below the last of these.

    >>> [rounded_text(number, 2) for number in (1234.567, 0.5, 0.0412, -0.00541, 0.04, 0.000012, -0.000012, 0)]
    ['1,234.57', '0.50', '0.041', '-0.0054', '0.04', '<0.0001', '>-0.0001', '0.00']
    """
    if number == 0 or abs(number) >= 10.0 ** (1 - decimals):
        return f"{number:,.{decimals}f}"
    most = decimals + 2
    least = 10.0**-most
    if abs(number) < least / 2:
        return f"<{least:.{most}f}" if number > 0 else f">-{least:.{most}f}"
    places = min(most, 1 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{places}f}"
    while len(text.partition(".")[2]) > decimals and text.endswith("0"):
        text = text[:-1]
    return text
