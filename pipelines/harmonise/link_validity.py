"""National codes in time: the stretches of days in which the same links of a concordance hold."""

from __future__ import annotations

from datetime import date, timedelta

from iccs.concordance import Concordance, Link

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)


def code_spans(concordance: Concordance) -> list[tuple[str, date, date, list[Link]]]:
    """Return (national code, first day, last day, links) for each stretch of days in which the same links hold."""
    by_code: dict[str, list[Link]] = {}
    for link in concordance.links:
        by_code.setdefault(link.national_code, []).append(link)
    spans = []
    for code, links in by_code.items():
        starts = sorted({link.validity[0] for link in links} | {_next(link.validity[1]) for link in links})
        for first, following in zip(starts, [*starts[1:], None], strict=True):
            last = LAST_DAY if following is None else following - timedelta(days=1)
            held = [link for link in links if link.validity[0] <= first and link.validity[1] >= last]
            if held and first <= last:
                spans.append((code, first, last, held))
    return spans


def _next(day: date) -> date:
    return day if day >= LAST_DAY else day + timedelta(days=1)
