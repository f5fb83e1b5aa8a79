"""Ages as SDMX codes ('Y15T29', 'Y_GE60'): their format, the bands requested by the ICCS, the age of majority."""

from __future__ import annotations

import re

AGE_PATTERN = r"Y([0-9]{1,3})|Y([0-9]{1,3})T([0-9]{1,3})|Y_GE([0-9]{1,3})|Y_LT([0-9]{1,3})"
"""The format of codes of ages and age bands: one year, from-to, from, below."""

AGES_WITHOUT_YEARS = ("_T", "_U", "_Z")
"""Codes of age without years: total, unknown, not applicable."""

ICCS_AGE_BANDS = ("Y0T14", "Y15T29", "Y30T44", "Y45T59", "Y_GE60")
"""The age bands of victims and perpetrators in the ICCS (version 1.0, table II)."""

MAJORITY_AGE = 18
"""Age at which a minor becomes an adult, in the ICCS and in the Convention on the Rights of the Child."""

AGE_STATUS_BANDS = (f"Y0T{MAJORITY_AGE - 1}", f"Y_GE{MAJORITY_AGE}")
"""Minors and adults: the tags STV and STP of the ICCS."""

_AGE = re.compile(AGE_PATTERN)


def parse_age(code: str) -> tuple[int, int | None] | None:
    """Return (youngest, oldest) of an SDMX age code, oldest None if open-ended; None for _T, _U and _Z.

    Raises:
        ValueError: the code does not follow the pattern.

    >>> parse_age("Y15T29"), parse_age("Y_GE60"), parse_age("Y_LT15"), parse_age("Y7"), parse_age("_T")
    ((15, 29), (60, None), (0, 14), (7, 7), None)
    """
    if code in AGES_WITHOUT_YEARS:
        return None
    found = _AGE.fullmatch(code)
    if found is None:
        raise ValueError(f"{code!r} is not an age code: write Y0T14, Y_GE60, Y_LT15, Y7, _T, _U or _Z")
    single, low, high, start, below = (None if part is None else int(part) for part in found.groups())
    if start is not None:
        return start, None
    first = single if single is not None else low if low is not None else 0
    last = single if single is not None else high if high is not None else (below or 0) - 1
    if last < first:
        raise ValueError(f"{code!r} ends before it begins")
    return first, last


def is_age_band(text: str) -> bool:
    """Say whether a text is the code of an age or an age band.

    >>> is_age_band("Y0T17"), is_age_band("Y17T0"), is_age_band("_T")
    (True, False, False)
    """
    try:
        return parse_age(text) is not None
    except ValueError:
        return False
