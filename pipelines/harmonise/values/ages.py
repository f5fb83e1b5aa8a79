"""The age of a person at an incident and its band, as expressions in the subset of SQL that DuckDB and Spark share."""

from __future__ import annotations

from pipelines.harmonise.values.numbers import parse_decimal
from schemas.codelists import parse_age
from schemas.declarations import quote_literal
from schemas.definition.rows import Ages
from schemas.errors import UsageError
from schemas.source import OLDEST_AGE_YEARS, SourceFolder

_UNITS_IN_A_YEAR = {"years": "1.0", "months": "12.0", "weeks": "52.18", "days": "365.25", "hours": "8766.0"}


def age_band(ages: Ages, years: str) -> str:
    """Return the SQL for the position of the band of an age; -1 if it is impossible or in no band, NULL for none.

    >>> age_band(Ages(bands=("Y0T17", "Y_GE18")), "years")
    'CASE WHEN years < 0 OR years > 120 THEN -1 WHEN years < 18 THEN 0 WHEN years IS NOT NULL THEN 1 END'
    """
    bounds = [parse_age(band) or (0, None) for band in ages.bands]
    cases = [f"WHEN {years} < 0 OR {years} > {OLDEST_AGE_YEARS} THEN -1"]
    cases += [f"WHEN {years} < {bounds[0][0]} THEN -1"] if bounds[0][0] else []
    for number, (_, high) in enumerate(bounds):
        below = f"{years} < {high + 1}" if high is not None else f"{years} IS NOT NULL"
        cases.append(f"WHEN {below} THEN {number}")
    cases += [f"WHEN {years} IS NOT NULL THEN -1"] if bounds[-1][1] is not None else []
    return f"CASE {' '.join(cases)} END"


def code_of_ages(ages: Ages | None, code: str) -> str:
    """The code under which the ages of a label are published: the declared band that holds them, or the label's own.

    A label of some ages (``<1``, ``85+``) counts in its band, as a number does. One whose ages are in several bands
    (adult) cannot.

    >>> bands = Ages(bands=("Y0T14", "Y15T29", "Y_GE30"))
    >>> code_of_ages(bands, "Y0"), code_of_ages(bands, "Y_GE85"), code_of_ages(bands, "Y_GE18")
    ('Y0T14', 'Y_GE30', 'Y_GE18')
    """
    bounds = parse_age(code)
    if ages is None or bounds is None:
        return code
    low, high = bounds
    for band in ages.bands:
        first, last = parse_age(band) or (0, None)
        if first <= low and (last is None or (high is not None and high <= last)):
            return band
    return code


def age_in_years(folder: SourceFolder, word: str) -> str:
    """Return the SQL for the age in years: from a number in the declared unit or its row's, or from a date of birth.

    Raises:
        UsageError: values.csv gives an unknown unit.
    """
    source = folder.source
    unit = source.ages.unit if source.ages is not None else "years"
    if unit == "birth_date":
        before = "extract(month FROM r._day) * 100 + extract(day FROM r._day)"
        born = "extract(month FROM r._birth) * 100 + extract(day FROM r._birth)"
        years = "extract(year FROM r._day) - extract(year FROM r._birth)"
        return f"({years} - CASE WHEN {before} < {born} THEN 1 ELSE 0 END)"
    number = parse_decimal(word)
    if "age_unit" not in source.columns:
        return number if unit == "years" else f"({number} / {_UNITS_IN_A_YEAR[unit]})"
    cases = []
    for dimension, one, named in folder.words:
        if dimension != "age_unit":
            continue
        if named not in _UNITS_IN_A_YEAR:
            known = ", ".join(_UNITS_IN_A_YEAR)
            raise UsageError(f"source {source.source_id}: values.csv: age_unit {one!r} is not one of {known}")
        cases.append(f"WHEN {quote_literal(one)} THEN {_UNITS_IN_A_YEAR[named]}")
    return f"({number} / CASE trim(r.age_unit_word) {' '.join(cases)} END)"
