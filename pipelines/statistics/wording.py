"""Figures of statistics in words, the same in tables, notes and pictures."""

from __future__ import annotations


def p_value_text(p: float) -> str:
    """Return a p value as it is printed after the letter p.

    >>> p_value_text(0.0412), p_value_text(0.00002)
    ('= 0.041', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
