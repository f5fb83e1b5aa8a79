"""Shared by several methods: the significance level, and checks of arguments."""

from __future__ import annotations

from typing import Any, get_args

SIGNIFICANCE = 0.05
"""A p below this is called significant."""


def tail_of(confidence: float) -> float:
    """Return the probability beyond each limit of a two-sided interval.

    Raises:
        ValueError: not between 0 and 1.

    >>> round(tail_of(0.95), 6)
    0.025
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1: write 0.95 for 95 %")
    return (1 - confidence) / 2


def check_choice(name: str, value: str, allowed: Any) -> None:
    """Refuse a value that is not in a Literal type, as a misspelt method must not be taken for another.

    Raises:
        ValueError: lists the allowed values.
    """
    if value not in get_args(allowed):
        raise ValueError(f"{name} {value!r}: there are {', '.join(get_args(allowed))}")
