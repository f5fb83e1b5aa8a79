"""The day up to which figures were counted, as a title says it: "Fecha de corte: 31 de marzo de 2024"."""

from __future__ import annotations

import re

from pipelines.collect.headings.month_names import MONTH_NAMES, number_of_month

_MONTH = "|".join(map(re.escape, MONTH_NAMES))
_SAYS = (
    r"\b(?:corte|cut[- ]?off(?: date)?|as (?:at|of|on)|data (?:to|until|up to)|stand|datenstand|bis zum"
    r"|arr[êe]t[ée]e?s? au|situation au|jusqu['’]au|posição em|até(?: o dia)?|hasta el|until|up to"
    r"|по состоянию на|станом на|stan na(?: dzień)?|per|по|עד|حتى(?: تاريخ)?|itibarıyla|tính đến(?: ngày)?)\b"
    r"(?:\s+(?:al?|el|em|at|of|on|vom|am|date|día|dia|the))*[\s:]*"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"[0-3]?\d"
_FORMS = (
    rf"(?P<day>{_DAY})(?:\.|º|er|st|nd|rd|th)?\s*(?:(?:de|of)\s+)?(?P<month>{_MONTH})\b\.?,?\s*(?:del?\s+)?(?P<year>{_YEAR})",
    rf"(?P<month>{_MONTH})\b\.?\s+(?P<day>{_DAY})(?:st|nd|rd|th)?,?\s+(?P<year>{_YEAR})",
    rf"(?P<day>{_DAY})[./-](?P<month>{_DAY})[./-](?P<year>{_YEAR})",
    rf"(?P<year>{_YEAR})-(?P<month>[01]\d)-(?P<day>[0-3]\d)",
)
_CUT_OFF = tuple(re.compile(rf"{_SAYS}{form}(?!\d)", re.IGNORECASE) for form in _FORMS)
_OTHER_THINGS = re.compile(
    r"popula|poblaci|bev[öo]lkerung|einwohner|habitant|resident|boundar|l[íi]mite|grenze|\blaws?\b|\bley\b|\bloi\b|\blei\b"
    r"|gesetz|\bcode\b|código|census|censo|recensement|prison|preso|detenid|détenu|gefangen",
    re.IGNORECASE,
)
"""What a date may be about other than the end of the figures: inhabitants, borders, laws, or the day of a stock."""
_LAST_DAYS = {30, 31}


def words_for_cut_off(text: str, years: frozenset[int]) -> str | None:
    """Return the words of a text for the day up to which figures were counted, if it is within one of these years.

    The last days of December are the end of the year; where day and month may be exchanged, either may be the month.

    >>> words_for_cut_off("Fecha de corte: 31 de marzo de 2024", frozenset({2024}))
    'corte: 31 de marzo de 2024'
    >>> texts = ("Stand: 30.06.2024", "as at 31 Dec 2024", "as of March 5, 2025", "31 March 2024", "until 12/31/2024")
    >>> [words_for_cut_off(text, frozenset({2024})) for text in texts]
    ['Stand: 30.06.2024', None, None, None, None]
    """
    if _OTHER_THINGS.search(text):
        return None
    for pattern in _CUT_OFF:
        for found in pattern.finditer(text):
            month = found["month"]
            numbers = {int(found["day"]), int(month) if month.isdigit() else number_of_month(month)}
            if int(found["year"]) in years and not (12 in numbers and numbers & _LAST_DAYS):
                return found[0]
    return None
