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
