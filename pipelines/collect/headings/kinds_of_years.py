"""Words for years that do not begin in January: financial years, years ending March, columns named 2019/20.

Rule: what is published as 2019 is the calendar year, unless the source declares when its years begin. A year cut out of
``2019/20``, or printed alone below the title "financial years", looks like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipelines.collect.headings.captions import Caption, years_in
from pipelines.collect.headings.parts_of_years import words_for_months_of_two_years
from pipelines.system.outcomes import Outcome
from schemas.source import Source

_NOT_DECEMBER = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?)\b"
)
_OTHER_YEAR = re.compile(
    r"\b(?:financial|fiscal|school|judicial)\s+years?\b"
    r"|\b(?:años?|ejercicios?)\s+(?:fiscal|financiero|escolar|judicial)(?:es|s)?\b"
    r"|\b(?:années?|exercices?)\s+(?:fiscale?|financi[eè]re?|budgétaire|scolaire|judiciaire)s?\b"
    r"|\banos?\s+(?:fisca(?:l|is)|financeiros?|letivos?)\b|\b(?:geschäfts|wirtschafts|haushalts|schul)jahre?n?\b"
    rf"|\b(?:years?|(?:12|twelve)\s+months)\s+(?:ending|ended|to)\s+(?:(?:in|the|end|of|\d{{1,2}}(?:st|nd|rd"
    rf"|th)?)\s+)*{_NOT_DECEMBER}"
    rf"|\by/?e\s+(?:\d{{1,2}}\s+)?{_NOT_DECEMBER}"
    r"|\bapr(?:il)?\b[^.;]{0,8}(?:\bto\b|-|–)\s*mar(?:ch)?\b|\bjuly?\b[^.;]{0,8}(?:\bto\b|-|–)\s*june?\b"
    r"|\boct(?:ober)?\b[^.;]{0,8}(?:\bto\b|-|–)\s*sep(?:t(?:ember)?)?\b"
    r"|\bfy(?:\s?['’]?(?:\d{4}|\d{2}))?\b"
    r"|(?:令和|平成)\s?(?:元|\d+)\s?年度|会計年度|회계연도|[财財]政年度|السنة المالية"
    r"|\bфинансов\w+ год\w*|\bбюджетн\w+ р[оі]к\w*"
    r"|\bmali yıl\w*|\bnăm tài chính|\btahun (?:anggaran|fiskal|kewangan)|שנת (?:ה?כספים|תקציב)|ปีงบประมาณ"
    r"|\bοικονομικ\w+ έτ\w+|\brok(?:u)? (?:obrotow|finansow|budżetow)\w+|\banno fiscale|\bboekjaar"
    # of another calendar: Ethiopia, Thailand, Nepal, Iran, Saudi Arabia, Japan, Taiwan
    r"|\b(?:ethiopian|buddhist|(?:solar )?hijri|persian|jalali|nepali|bikram|vikram|hebrew|minguo|saka)\s+"
    r"(?:calendar|years?|era|sambat)\b|\b(?:b\.\s?e|e\.\s?c|b\.\s?s|a\.\s?h)\.(?=[\s)\]]|$)"
    r"|\b(?:years?|años?|anos?|an)\s\(?(?:ec|be|bs|ah|sh|am)\b"
    r"|พ\.\s?ศ\.|هـ|ዓ\.?ም|令和|平成|昭和|民國",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"\bcalendar years?\b|\baños? (?:calendario|civil)(?:es)?\b|\bann[ée]es? civiles?\b|\bkalenderjahre?\b"
    r"|\banos? civi[ls]\b"
    r"|\bjan(?:uary)?\b[^.;]{0,8}(?:\bto\b|-|–)\s*dec(?:ember)?\b",
    re.IGNORECASE,
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "พ.ศ.": -543, "พ. ศ.": -543}
"""Eras whose years are calendar years, and what is added to their number."""
_OF_ERA = re.compile(rf"({'|'.join(map(re.escape, _ERAS))})\s?(元|\d+)")
_OF_TWO = re.compile(r"\b((?:19|20)\d\d)\s?[-–/]\s?((?:19|20)?\d\d)\b")
_ENDING = re.compile(
    rf"\b(?:years?|(?:12|twelve)\s+months)\s+(?:ending|ended|to)\s+(?:(?:in|the|end|of|\d{{1,2}}(?:st|nd|rd|th)?)\s+)*"
    rf"{_NOT_DECEMBER}|\by/?e\s+(?:\d{{1,2}}\s+)?{_NOT_DECEMBER}"
    r"|\b(?:años?|ejercicios?)\s+(?:que\s+)?(?:terminad[oa]s?|cerrad[oa]s?|finalizad[oa]s?)\s+(?:en|el|al)\b"
    r"|\b(?:années?|exercices?)\s+(?:se terminant|terminée?s?|clos(?:es)?|finissant)\b|\bjahre?\s+(?:bis|endend)\b",
    re.IGNORECASE,
)
_SHOWN = 120


def words_for_other_year(text: str, is_label: bool = False) -> str | None:
    """Return the words for years that do not begin in January; in the label of a column, 2019/20 is one too.

    >>> words_for_other_year("Offences, year ending March 2020"), words_for_other_year("Year to 31 December 2020")
    ('year ending March', None)
    >>> words_for_other_year("2019/20 | Women", True), words_for_other_year("2015-2019", True)
    ('2019/20', None)
    """
    text = text.replace("_", " ")
    if match := _OTHER_YEAR.search(text):
        return match[0]
    if span := words_for_months_of_two_years(text):
        return span
    for found in _OF_TWO.finditer(text) if is_label else ():
        first, last = found.groups()
        if int(last[-2:]) == (int(first) + 1) % 100 and last[:-2] in ("", first[:2], str(int(first[:2]) + 1)):
            return found[0]
    return None


def judge_kinds_of_years(
    captions: Iterable[Caption],
    years: Mapping[tuple[str, str | None], frozenset[int]],
    source: Source,
    *,
    as_given: bool = False,
) -> Outcome:
    """Warn of tables with words for other than calendar years, if the source does not declare when its years begin.

    Args:
        captions: of all tables.
        years: those for which each file and sheet has annual figures.
        source: the source; not judged if its figures have the caveat on financial years.
        as_given: whether some years are written as one (2016) and read as they are. If the source declares
            ``year_starts``, that must be the year in which they begin, not the one in which they end.
    """
    declared = source.year_starts or any(one.caveat == "financial_year" for one in source.caveats)
    if (declared and not source.year_starts) or not any(years.values()):
        return Outcome.not_applicable("years_not_calendar")
    found: dict[str, tuple[str, str]] = {}
    for caption in captions:
        if source.has_checked(caption.text):
            continue
        annual = years.get((caption.file, caption.sheet), frozenset())
        words = words_for_other_year(caption.text, is_label=caption.is_count)
        if source.year_starts:  # the contrary contradicts the declaration
            calendar, ending = _CALENDAR.search(caption.text), _ENDING.search(caption.text.replace("_", " "))
            as_ended = ending if as_given and not _named_after_their_begin(caption.text, annual) else None
            words = calendar[0] if calendar and not words else as_ended[0] if as_ended else None
        if words and annual and not _of_era(caption.text) & annual:
            where = [caption.file, caption.sheet, f"row {caption.row}" if caption.row else None]
            shown = "" if source.personal else f" in {caption.text[:_SHOWN]!r}"
            found[f"{', '.join(filter(None, where))}: {words!r}{shown}"] = ("_file", caption.file)
    about = tuple(dict.fromkeys(found.values()))
    return replace(Outcome.of_warning("years_not_calendar", len(years), found), about=about)


def _named_after_their_begin(text: str, annual: frozenset[int]) -> bool:
    """Tell whether a title names the years after those of the figures: those in which the years of the figures end."""
    named = years_in(text)
    return bool(named and annual) and (min(named), max(named)) == (min(annual) + 1, max(annual) + 1)


def _of_era(text: str) -> set[int]:
    """Return the calendar years of a text that are written by an era.

    >>> _of_era("令和５年"), _of_era("พ.ศ. 2566"), _of_era("令和元年"), _of_era("2023")
    ({2023}, {2023}, {2019}, set())
    """
    return {_ERAS[era] + (1 if number == "元" else int(number)) for era, number in _OF_ERA.findall(text)}
