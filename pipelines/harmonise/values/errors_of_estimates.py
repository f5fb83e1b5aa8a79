"""The error of an estimate as numbers, and its possible faults: one definition for checking and for publishing."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.harmonise.values.numbers import parse_count, parse_plain
from schemas.declarations import quote_literal
from schemas.definition.measures import BESIDE_ESTIMATES
from schemas.source import Source, SourceFolder

IN_UNITS = ("standard_error", "half_width", "ci_low", "ci_high")
"""Errors in the unit of the estimate, to which ``multiply`` applies too."""
LARGEST_CV_SHARE = 2.0
"""A coefficient of variation above 200 % must be in percent but declared as a share."""

LIMITS_APART, OVER_WHOLE, CV_NOT_SHARE = 1, 2, 3
_FIRST_NUMBER = 10  # and one for each column after it


def error_columns(source: Source) -> tuple[str, ...]:
    """Return the columns of numbers that go with the estimates."""
    return tuple(name for name in BESIDE_ESTIMATES if name in source.columns and name != "precision")


def error_number(name: str, word: str, folder: SourceFolder) -> str:
    """Return the SQL for a number that goes with an estimate; NULL if the text is not one or is declared as missing.

    Args:
        name: one of ``error_columns``; a half-width may begin with ±.
        word: an SQL expression.
        folder: the source.
    """
    if name == "half_width":
        word = f"trim(replace({word}, '±', ''))"
    return parse_count(word, folder) if name in IN_UNITS else parse_plain(word, folder)


def error_faults(folder: SourceFolder, word: Callable[[str], str], value: str) -> dict[int, tuple[str, str, str]]:
    """Return the possible faults of the error of an estimate: number of the fault -> rule, column, condition in SQL.

    Args:
        folder: the source.
        word: returns the SQL for the text of a column.
        value: the SQL for the estimate, in units.
    """
    source = folder.source
    numbers = {name: error_number(name, word(name), folder) for name in error_columns(source)}
    missing = [text.strip() for dimension, text, _ in folder.words if dimension == "value"]
    no_number = ", ".join(quote_literal(text) for text in {"", *missing})
    faults = {}
    for place, (name, number) in enumerate(numbers.items(), start=_FIRST_NUMBER):
        given = f"trim(coalesce({word(name)}, '')) NOT IN ({no_number})"
        below = f" OR {number} < 0" if name not in ("ci_low", "ci_high") else ""
        faults[place] = ("error_not_a_number", name, f"{given} AND ({number} IS NULL{below})")
    if "ci_low" in numbers:
        apart = f"{numbers['ci_low']} > {value} OR {numbers['ci_high']} < {value}"
        faults[LIMITS_APART] = ("estimate_outside_limits", "ci_low", apart)
    shares = [number for number, one in enumerate(source.measures.values()) if one.unit == "percent"]
    if shares:
        whole = "TRUE" if len(shares) == len(source.measures) else f"measure_id IN ({', '.join(map(str, shares))})"
        faults[OVER_WHOLE] = ("percent_above_100", "value", f"{whole} AND {value} > 100")
    if "cv_share" in numbers:
        faults[CV_NOT_SHARE] = ("cv_scale", "cv_share", f"{numbers['cv_share']} > {LARGEST_CV_SHARE}")
    return faults
