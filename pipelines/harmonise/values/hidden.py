"""Texts of files with persons: what is no known word, number, date or code keeps only its shape.

In an open column of such a file anything may stand, also a name that was typed into the wrong column. Nothing that
could point to a person is stored or shown; the row says where to look in the file itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipelines.system.errors import DataRefused, Problem
from schemas.declarations import quote_literal

_NUMBER_OR_DATE = r"[0-9\s.,:;/+%TZ()-]*"
"""Digits and what separates them."""

_EXPONENT = r"[+-]?[0-9]+(?:[.,][0-9]+)?[Ee][+-]?[0-9]{1,3}"
"""A number as programs write large ones: 1e300, 1.5E+11."""

_CODE = r"[A-Za-z]{0,3}[-_.]?[0-9]{1,6}[A-Za-z]?"
"""A short code: up to three letters, then up to six digits."""

_ISO_CODE = r"[A-Z]{2}-[A-Z0-9]{1,3}"
_DATE_WITH_MONTH = r"[0-9]{1,4}[ ./-][A-Za-z]{3}[ ./-][0-9]{1,4}"
_SHOWN = f"^(?:{_NUMBER_OR_DATE}|{_EXPONENT}|{_CODE}|{_ISO_CODE}|{_DATE_WITH_MONTH})$"
_LONGEST = 30


def hide_text(expression: str) -> str:
    """Return the SQL for a text of a file with persons: as it is, or its shape only."""
    shape = f"regexp_replace(left({expression}, {_LONGEST}), '[\\p{{L}}\\p{{N}}\\p{{M}}]+', 'x', 'g')"
    pattern = quote_literal(_SHOWN)
    shown = f"length({expression}) <= {_LONGEST} AND regexp_matches({expression}, {pattern})"
    return f"CASE WHEN {shown} THEN {expression} ELSE {shape} END"


def hidden(text: str) -> str:
    """Return a text of a file with persons as it may be shown.

    >>> hidden("see Perez, Juan"), hidden("2021-13-01"), hidden("1e300"), hidden("H9"), hidden("Li")
    ('x x, x', '2021-13-01', '1e300', 'H9', 'x')
    """
    if len(text) <= _LONGEST and re.match(_SHOWN, text):
        return text
    return re.sub(r"\w+", "x", text[:_LONGEST])


@contextmanager
def hiding(personal: bool) -> Iterator[None]:
    """Let no problem of a file with persons leave with the text that it is about.

    Raises:
        DataRefused: as raised inside; values that are no number, date or code have their shape only.
    """
    try:
        yield
    except DataRefused as refused:
        if not personal:
            raise
        raise DataRefused([_hide_value(problem) for problem in refused.problems]) from None


def _hide_value(problem: Problem) -> Problem:
    if problem.value is None or (shown := hidden(problem.value)) == problem.value:
        return problem
    return replace(problem, value=shown, found=problem.found.replace(problem.value, shown))
