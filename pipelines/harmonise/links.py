"""Links from national codes to ICCS categories: the concordance of a source, as spans of time and as lists to join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from iccs.classification import load_classification
from iccs.concordance import Concordance, ConcordanceError, Link, concordance_columns, read_concordance
from iccs.drafts import DRAFT, set_drafts_aside
from schemas.declarations import breakdown_columns, quote_literal
from schemas.errors import UsageError
from schemas.source import Source, SourceFolder

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
_OUT_OF_SCOPE = {
    "not_crime": "Not an offence in the ICCS; reason in the concordance.",
    "too_wide": "Spans several ICCS sections; no category below level 1 contains all of it.",
    "counted_elsewhere": "A part or sum whose counts are in another linked row.",
    "pending": "Waiting for a definition from the publisher.",
    DRAFT: "The link is a draft that has not been reviewed; drafts are used only with --with-drafts.",
}


@dataclass(frozen=True)
class CodeSpan:
    """A national code, and the first and last of the days throughout which the same links hold."""

    code: str
    first_day: date
    last_day: date
    links: tuple[Link, ...]


def checked_concordance(folder: SourceFolder) -> Concordance | None:
    """Return the concordance of a source as used in a run; None for a population.

    Draft links are set aside unless the source is run with them.

    Raises:
        UsageError: a source of counts without a concordance, or broken down by what nothing gives.
        ConcordanceError: it breaks its own rules, or none of its links has been reviewed.
    """
    if folder.source.kind == "population":
        return None
    if folder.concordance is None:
        raise UsageError(f"source {folder.source_id}: there is no concordance.csv in its folder")
    concordance = read_concordance(folder.concordance)
    errors = [problem for problem in concordance.check(load_classification()) if problem.severity == "error"]
    if errors:
        raise ConcordanceError(errors)
    _check_breakdowns(folder, concordance)
    return concordance if folder.with_drafts else set_drafts_aside(concordance)


def _check_breakdowns(folder: SourceFolder, concordance: Concordance) -> None:
    """Refuse a breakdown by what nothing gives: all of it would be published as unknown, which is not "not given"."""
    source = folder.source
    given = {
        *source.columns,
        *source.constants,
        *source.totals,
        *(name for link in concordance.links for name in link.implied),
    }
    for name in dict.fromkeys(name for breakdown in source.breakdowns for name in breakdown.by):
        if name not in given:
            raise UsageError(
                f"source {folder.source_id}: breakdowns: by: nothing gives {name}: name its column under columns, or "
                "leave it out; a link of the concordance may also give it"
            )


def link_table(concordance: Concordance | None) -> pa.Table:
    """Return the links in the order of their file, with typed weight and validity, and the caveats of their figures.

    ``proposed`` is the category of a link that is not used because it, or one sharing its counts, is a draft.
    """
    set_aside = concordance.set_aside if concordance else {}
    links: tuple[Link, ...] = concordance.links if concordance else ()
    text = {
        name: pa.array([link.text_of(name) or None for link in links], pa.string())
        for name in concordance_columns()
        if name not in ("weight", "caveats")
    }
    return pa.table(
        {
            **text,
            "caveats": pa.array([";".join(link.named_caveats) or None for link in links], pa.string()),
            "weight": pa.array([float(link.share) for link in links], pa.float64()),
            "first_day": pa.array([link.validity[0] for link in links], pa.date32()),
            "last_day": pa.array([link.validity[1] for link in links], pa.date32()),
            "proposed": pa.array([set_aside.get(place) for place in range(len(links))], pa.string()),
        }
    )


def filled_columns(source: Source) -> dict[str, str]:
    """Return the SQL for every dimension after linking, from a judged row ``used`` and its ``link``.

    A link fills a dimension that the file does not give; it is unknown if a breakdown needs it and no link has it.
    """
    filled = {}
    for name in breakdown_columns():
        measures = [
            measure
            for measure in source.measures
            for breakdown in source.breakdowns
            if name in breakdown.by and (not breakdown.measures or measure in breakdown.measures)
        ]
        known = f"CASE WHEN used.{name} IN ('_T', '_U') THEN coalesce(link.{name}, used.{name}) ELSE used.{name} END"
        if measures and name not in source.columns:
            wanted = ", ".join(quote_literal(measure) for measure in dict.fromkeys(measures))
            known = f"CASE WHEN used.measure IN ({wanted}) THEN coalesce(nullif({known}, '_T'), '_U') ELSE {known} END"
        filled[name] = known
    return filled


def out_of_scope_reason(rule: str) -> str:
    """Return the reason of an exclusion made by the concordance (``out_of_scope_not_crime`` ...)."""
    return _OUT_OF_SCOPE[rule.removeprefix("out_of_scope_")]


def code_spans(concordance: Concordance | None) -> tuple[CodeSpan, ...]:
    """Return each national code with each span of days in which the same links hold.

    A row follows the links of the one span of its code that covers its whole period, or day.

    Args:
        concordance: the links; None for a population, which has one code, ``''``, without links.
    """
    if concordance is None:
        return (CodeSpan("", FIRST_DAY, LAST_DAY, ()),)
    by_code: dict[str, list[Link]] = {}
    for link in concordance.links:
        by_code.setdefault(link.national_code, []).append(link)
    spans = []
    for code, links in by_code.items():
        ends = {link.validity[1] for link in links} - {LAST_DAY}  # after the last of all days no span begins
        starts = sorted({link.validity[0] for link in links} | {day + timedelta(days=1) for day in ends})
        for first, following in zip(starts, [*starts[1:], None], strict=True):
            last = LAST_DAY if following is None else following - timedelta(days=1)
            held = [link for link in links if link.validity[0] <= first and link.validity[1] >= last]
            if held and first <= last:
                spans.append(CodeSpan(code, first, last, tuple(held)))
    return tuple(spans)


def is_bounded(spans: Sequence[CodeSpan]) -> bool:
    """Whether any link holds for a limited time only."""
    return any((span.first_day, span.last_day) != (FIRST_DAY, LAST_DAY) for span in spans)


def list_links(concordance: Concordance | None, spans: Sequence[CodeSpan]) -> pa.Table:
    """Return the links of each span (``code_id``, its position), numbered as in their file, with weight and codes."""
    links = concordance.links if concordance else ()
    number = {id(link): place for place, link in enumerate(links, start=1)}
    pairs: list[tuple[int, Link | None]] = [(place, link) for place, span in enumerate(spans) for link in span.links]
    pairs = pairs or [(0, None)]  # a population goes to no category, with its whole weight
    text = ("national_code", "iccs_code", "out_of_scope", *breakdown_columns())
    return pa.table(
        {
            "code_id": pa.array([place for place, _ in pairs], pa.int32()),
            "link": pa.array([link and number[id(link)] for _, link in pairs], pa.int64()),
            "weight": pa.array([float(link.share) if link else 1.0 for _, link in pairs], pa.float64()),
            **{
                name: pa.array([(link.text_of(name) or None) if link else None for _, link in pairs], pa.string())
                for name in text
            },
        }
    )


def list_spans(source: Source, spans: Sequence[CodeSpan]) -> tuple[pa.Table, list[str]]:
    """Return what all links of each span have in common, and the dimensions given by both the file and some link.

    For each span: whether it is out of scope, and its code for each such dimension (``*`` if its links differ).
    """
    tags: dict[str, list[str | None]] = {}
    for name in breakdown_columns():
        found = [{link.text_of(name) for link in span.links} - {"", None} for span in spans]
        if name in source.columns or name in source.constants:
            tags[name] = [None if not one else one.pop() if len(one) == 1 else "*" for one in found]
    conflicting = [name for name, codes in tags.items() if any(codes)]
    scopes = [next((link.out_of_scope for link in span.links if link.out_of_scope), None) for span in spans]
    table = pa.table(
        {
            "id": pa.array(range(len(spans)), pa.int32()),
            "national_code": pa.array([span.code for span in spans], pa.string()),
            "out_of_scope": pa.array(scopes, pa.string()),
            **{name: pa.array(tags[name], pa.string()) for name in conflicting},
        }
    )
    return table, conflicting
