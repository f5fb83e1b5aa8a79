"""Texts of files on persons: anything but a known word, short number, date or short code is reduced to its shape.

An open column of such a file may contain anything, including a name, a telephone number or an identity card number
typed into the wrong column. Nothing that could identify a person is stored or shown; the row number shows where to look
in the file itself. So seven digits are never shown, however they are grouped, unless they are a date with separators: a
date without them cannot be distinguished from an identifying number.

The patterns are used by both DuckDB and Python, with the same result.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pipelines.system.errors import DataRefused, Problem
from pipelines.system.running.steps import Arguments, Result, RunStep
from pipelines.system.running.workers import Stopped
from schemas.declarations import quote_literal
from schemas.errors import UsageError

_SEPARATORS = r"[ .,:;/+%()-]*"
_NUMBER = rf"{_SEPARATORS}(?:[0-9]{_SEPARATORS}){{0,6}}"
"""Up to six digits, however separated: a count, an age, a year and month, a time, the code of a place."""

_EXPONENT = r"[+-]?[0-9](?:[.,][0-9]{1,5})?[Ee][+-]?[0-9]{1,3}"
"""A number in exponent notation (1e300, 1.5E+11), with too few digits to identify somebody."""

_YEAR = r"(?:1[5-9]|2[0-9])[0-9]{2}|0{2,4}[0-9]{0,2}|9999"
_DAY = r"[0-3]?[0-9]"  # also of a month: 2021-13-01 is a date with a mistake in it
_MONTHS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|set|dic|fev|mai|out|dez|fév|avr|jui|aoû|déc|mär|okt"
)
_TIME = r"(?:[T ][0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_DATE = (
    rf"(?:(?:{_YEAR})[ ./-]{_DAY}[ ./-]{_DAY}|{_DAY}[ ./-]{_DAY}[ ./-](?:{_YEAR})"
    rf"|{_DAY}[ ./-](?i:{_MONTHS})[ ./-](?:{_YEAR}|[0-9]{{2}})|(?:{_YEAR})[ ./-](?i:{_MONTHS})[ ./-]{_DAY}){_TIME}"
)
_YEARS = rf"(?:{_YEAR})[ /-]{{1,3}}(?:{_YEAR})"
_CODE = r"[A-Za-z]{0,3}[-_.]?[0-9]{1,4}[A-Za-z]?"
"""A short code: up to three letters, then up to four digits."""

_ISO_CODE = r"[A-Z]{2}-[A-Z0-9]{1,3}"
_SHOWN = f"(?:{_NUMBER}|{_EXPONENT}|{_DATE}|{_YEARS}|{_CODE}|{_ISO_CODE})"
_LONGEST = 30


def hide_text(expression: str) -> str:
    """Return the SQL for a text of a file on persons: unchanged, or its shape only."""
    shape = f"regexp_replace(left({expression}, {_LONGEST}), '[\\p{{L}}\\p{{N}}\\p{{M}}]+', 'x', 'g')"
    shown = f"length({expression}) <= {_LONGEST} AND regexp_full_match({expression}, {quote_literal(_SHOWN)})"
    return f"CASE WHEN {shown} THEN {expression} ELSE {shape} END"


def hidden(text: str) -> str:
    """Return a text of a file on persons as it may be shown.

    >>> [hidden(text) for text in ("see Perez, Juan", "Li", "a_b", "20.110.203", "20210230", "555 123-4567")]
    ['x x, x', 'x', 'x_x', 'x.x.x', 'x', 'x x-x']
    >>> [hidden(text) for text in ("2021-13-01", "31.02.2021 10:05", "2020/2021", "1e300", "H9", "130", "15,000.5")]
    ['2021-13-01', '31.02.2021 10:05', '2020/2021', '1e300', 'H9', '130', '15,000.5']
    """
    if len(text) <= _LONGEST and re.fullmatch(_SHOWN, text):
        return text
    # By category instead of \w, which includes the underscore and lacks combining marks.
    signs = ("x" if unicodedata.category(sign)[0] in "LNM" else sign for sign in text[:_LONGEST])
    return re.sub("x+", "x", "".join(signs))


@contextmanager
def hiding(personal: bool) -> Iterator[None]:
    """Remove the texts of a file on persons from the problems raised inside.

    Raises:
        DataRefused: as raised inside; values other than numbers, dates and codes are reduced to their shape.
    """
    try:
        yield
    except DataRefused as refused:
        if not personal:
            raise
        raise DataRefused([_hide_value(problem) for problem in refused.problems]) from None


class HiddenError(Exception):
    """An error in a step of a source on persons, as an orchestrator may record it: its type, without its text."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error

    def __str__(self) -> str:
        return f"{type(self.error).__name__}; its text is not recorded, as it may quote the data"

    __repr__ = __str__


@contextmanager
def hiding_errors(personal: bool) -> Iterator[None]:
    """Raise errors without texts that may quote a file on persons; for use within tasks of an orchestrator.

    Raises:
        DataRefused: as by ``hiding``.
        HiddenError: for any other error except usage errors, which are about declarations and settings.
    """
    try:
        with hiding(personal):
            yield
    except (DataRefused, UsageError, HiddenError, Stopped):
        raise
    except Exception as error:  # the text of any error may quote a row
        if not personal:
            raise
        raise HiddenError(error) from None


def hiding_steps(run_step: RunStep) -> RunStep:
    """Return a ``RunStep`` for a source on persons, with which the recorder of steps sees no text of an error."""

    def run_hidden(
        name: str,
        source: str,
        rows_in: int,
        function: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            with hiding_errors(personal=True):
                return function(*args, **kwargs)

        try:
            return run_step(name, source, rows_in, guarded, *args, **kwargs)
        except HiddenError as hidden_error:
            raise hidden_error.error from None

    return run_hidden


def _hide_value(problem: Problem) -> Problem:
    if problem.value is None or (shown := hidden(problem.value)) == problem.value:
        return problem
    return replace(problem, value=shown, found=problem.found.replace(problem.value, shown))
