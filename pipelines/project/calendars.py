"""Years that are not written as 2023: 令和5年, 民國112年, พ.ศ. 2566, 2023年, ٢٠٢٣; and the SQL that writes them so.

The years of the Japanese eras, of the Republic of China and of the Buddhist era are calendar years under another
number. Those of the Hijri calendar are not: they begin about eleven days earlier each year, so they are recognised, and
left to the office.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.harmonise.values.numbers import in_digits
from schemas.definition.numbers import in_ascii

_MOST_OF_A_YEAR = 12
"""Letters of the longest way to write a year, "民國 112 年度"."""


@dataclass(frozen=True)
class Calendar:
    """A way to write years.

    Attributes:
        name: what it is called, in the plural.
        form: the form of a year.
        year: SQL of the year, in which ``{text}`` stands for the text in digits 0 to 9; None if it is no calendar year.
        countries: where plain numbers have this meaning; empty if the form has a word or sign.
        is_financial: whether the years begin in April.
        has_other_digits: whether some are written in digits of another script.
    """

    name: str
    form: re.Pattern[str]
    year: str | None
    countries: tuple[str, ...] = ()
    is_financial: bool = False
    has_other_digits: bool = False


_OF_ERA = (
    "CAST(CASE left({text}, 2) WHEN '令和' THEN 2018 WHEN '平成' THEN 1988 WHEN '昭和' THEN 1925 END"
    " + CAST(CASE WHEN {text} LIKE '%元年%' THEN '1' ELSE regexp_extract({text}, '[0-9]+') END AS INTEGER) AS VARCHAR)"
)
_PLUS = "CAST(TRY_CAST(regexp_extract({{text}}, '[0-9]+') AS INTEGER) {} AS VARCHAR)"
_NUMBER = "regexp_extract({text}, '[0-9]{{4}}')"
_CALENDARS = (
    Calendar("years of Japanese eras", re.compile(r"(?:令和|平成|昭和)\s*(?:元|\d{1,2})\s*年"), _OF_ERA),
    Calendar(
        "financial years of Japanese eras",
        re.compile(r"(?:令和|平成|昭和)\s*(?:元|\d{1,2})\s*年度"),
        _OF_ERA,
        is_financial=True,
    ),
    Calendar("years of the Republic of China", re.compile(r"民[國国]\s*\d{2,3}\s*年?度?"), _PLUS.format("+ 1911")),
    Calendar(
        "years of the Republic of China", re.compile(r"(?:[89]\d|1[0-3]\d)\s*年?度?"), _PLUS.format("+ 1911"), ("TW",)
    ),
    Calendar("years of the Buddhist era", re.compile(r"(?:ปี)?\s*พ\.?\s?ศ\.?\s*25\d\d"), _PLUS.format("- 543")),
    Calendar("years of the Buddhist era", re.compile(r"25\d\d"), _PLUS.format("- 543"), ("TH", "LA", "KH")),
    Calendar("years of the Hijri calendar", re.compile(r"1[34]\d\d\s*هـ?"), None),
    Calendar("years of the Hijri calendar", re.compile(r"1[34]\d\d"), None, ("SA", "YE", "KW", "AE", "QA", "BH", "OM")),
    Calendar("years of the Iranian calendar", re.compile(r"1[34]\d\d"), None, ("IR", "AF")),
    Calendar(
        "years with a word or in other digits",
        re.compile(r"(?:عام|سنة|năm|năm )?\s*(?:19|20)\d\d\s*(?:年|년|г\.?|гг?\.|год[а]?|рік|р\.|року|жыл[ы]?|م)?"),
        _NUMBER,
    ),
)


def calendar_of(texts: Sequence[str], country: str | None) -> Calendar | None:
    """Return how the years among texts are written if all texts are years but not all are written as 2023.

    Args:
        texts: the labels of columns, or the cells of one.
        country: the country that the file is about.

    >>> calendar_of(["令和4年", "令和元年"], None).name, calendar_of(["2565", "2566"], "TH").name
    ('years of Japanese eras', 'years of the Buddhist era')
    >>> calendar_of(["2565", "2566"], "MX"), calendar_of(["2022", "2023"], "TH"), calendar_of(["110", "112"], None)
    (None, None, None)
    """
    filled = [in_ascii(text.strip()) for text in texts if text.strip()]
    if not filled or max(map(len, filled)) > _MOST_OF_A_YEAR or all(re.fullmatch(r"(19|20)\d\d", one) for one in texts):
        return None
    has_other_digits = any(in_ascii(text) != text for text in texts)
    return next(
        (
            replace(one, has_other_digits=has_other_digits)
            for one in _CALENDARS
            if all(map(one.form.fullmatch, filled)) and (not one.countries or country in one.countries)
        ),
        None,
    )


def sql_of_year(column: str, calendar: Calendar) -> str:
    """Return the SQL that writes the years of a column as 2023; the column itself if they are no calendar years."""
    if calendar.year is None:
        return column
    return calendar.year.format(text=in_digits(column) if calendar.has_other_digits else column)
