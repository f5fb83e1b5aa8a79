"""Words for figures that are not plain counts of all events: targets, changes, averages, cases cleared, women only.

Rule: a table of some of the persons, or of something other than events, is not published as all events of the year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from pipelines.collect.headings.captions import Caption
from pipelines.collect.headings.kind_words import (
    BROKEN_DOWN_BY,
    CHILDREN,
    CUMULATIVE,
    KINDS,
    NOT_RESIDENTS,
    OF_ATTRIBUTES,
    OF_RESIDENTS,
    OF_SEX,
    RECORDED,
)
from schemas.definition.measures import Measure
from schemas.source import Source

_NO_MISTAKES = {
    "ratio": ("inhabitants", "estimates of a survey"),
    "estimate": ("estimates of a survey",),
    "stock": ("cases on a day",),
}
"""What a heading may mention if its figures are of these kinds: the population of a rate, the survey of an estimate."""
_OF_ALL_TITLES = ("index numbers", "estimates of a survey")
_OF_TITLES = ("cases cleared up", "averages", "durations")
_NAMES = {"F": "women", "M": "men"}
_OF_AGE = re.compile(
    r"\b(?:aged?|ages)\s+\d{1,2}\b|\b\d{1,2}\s*(?:years?\s*(?:of age\s*)?)?(?:and|or|&)\s+(?:over|older|above|more)\b"
    r"|\b\d{1,2}\s+(?:años|anos|ans|jahren?)\s*(?:y m[aá]s|e mais|et plus|und (?:älter|mehr)|o m[aá]s)\b"
    r"|\b(?:menores|under|moins|unter|mayores)\s+(?:de\s+|of\s+)?\d{1,2}\b(?!\s*%)|\b\d{1,2}\+(?!\d)"
    r"|\b(?:per|por|pour|je|pro|cada)\s[\d.,'’ ]+(?:mil\s)?(?:adults?|adult\w*|children|child|niñ[oa]s|crianças"
    r"|enfants?"
    r"|kinder|erwachsene\w*|youths?|j[oó]venes|young people|working[- ]age\w*)\b"
    r"|\b(?:minors|juveniles?|menores de edad|mineurs|jugendliche[rn]?)\b|\b\d{1,2} ?(?:plus|y\+)(?!\w)",
    re.IGNORECASE,
)
_AGES_OF_RESIDENTS = re.compile(
    r"(?<![\d.,])(?<!\d{4}[ -])\d{1,2}(?: ?[-–] ?| )\d{1,2}(?![\d.,]|[ -]\d{4})"  # 0-14, 0_14; no day and month
    r"|\b(?:adults?|adult[oa]s?|adultes?|erwachsene\w*|working[- ]age|voting[- ]age)\b",
    re.IGNORECASE,
)
_ALSO_OTHERS = re.compile(
    r"[,;/&+]|(?<!\w)(?:and|or|incl\w*|without|with or|non?|not|excl\w*|except|completed|y|e|o|u|sin|con o"
    r"|consumad[oa]s?|et|ou|sans|sauf|consomm\w*|und|oder|ohne|einschl\w*|in[ck]l\w*|vollendet\w*|och|oraz|sem|exceto|types?|tipos?)"
    r"(?!\w)",
    re.IGNORECASE,
)
"""A title with one of these may be about completed crimes, or other weapons, as well."""


def kind_of_heading(text: str, known: Collection[str] = ()) -> str | None:
    """Return the words of a heading that make its figures something other than the events of the period.

    >>> kind_of_heading("Cleared up"), kind_of_heading("Variación %"), kind_of_heading("Casos")
    ('cases cleared up', 'changes', None)

    Args:
        text: of the heading.
        known: kinds that are no mistake.
    """
    return next((kind for kind, words in KINDS.items() if kind not in known and words.search(text)), None)


def kind_named(text: str, measure: Measure, source: Source) -> str | None:
    """Return the words that make a column of counts something other than what its measure declares.

    Args:
        text: of the heading.
        measure: whose figures they are.
        source: its source.
    """
    if source.kind not in ("count", "incident") or measure.stage.startswith("held"):
        return None
    found = kind_of_heading(text, _NO_MISTAKES.get(measure.figures, ()))
    if found is None and source.cumulative is None and CUMULATIVE.search(text):
        return "cumulative figures"
    return found


def kind_of_title(text: str) -> str | None:
    """Return the words of a title that say its figures are not recorded events; None if it names these as well."""
    if always := next((kind for kind in _OF_ALL_TITLES if KINDS[kind].search(text)), None):
        return always
    if RECORDED.search(text):
        return None
    return next((kind for kind in _OF_TITLES if KINDS[kind].search(text)), None)


def persons_named(captions: Iterable[Caption], source: Source) -> Iterator[tuple[Caption, str]]:
    """Yield the titles and headings that name one sex or some ages although the source declares all persons.

    A table with a column for men and one for women is about both.
    """
    declared = {*source.columns, *source.constants, *source.totals}
    by_table: dict[tuple[str, str | None], list[Caption]] = {}
    for caption in captions:
        text = caption.text.replace("_", " ")
        if caption.is_count and not caption.is_unit:
            by_table.setdefault((caption.file, caption.sheet), []).append(caption)
        elif "sex" not in declared and caption.is_title and (sex := _one_sex([caption])):
            yield caption, f"{_NAMES[sex]}, but the source declares no sex"
        if "age" not in declared and (caption.is_title or caption.is_count) and (match := _OF_AGE.search(text)):
            yield caption, f"{match[0]!r}, but the source declares no age"
    for headings in by_table.values() if "sex" not in declared else ():
        if sex := _one_sex(headings):
            yield headings[0], f"{_NAMES[sex]}, but the source declares no sex"


def attributes_named(captions: Iterable[Caption], declared: Collection[str]) -> Iterator[tuple[Caption, str]]:
    """Yield the titles, and headings of the only column of counts, that name attempts or firearms alone.

    Args:
        captions: of all tables.
        declared: the attributes that the source gives, in whatever way.
    """
    captions = list(captions)
    counts = Counter((caption.file, caption.sheet) for caption in captions if caption.is_count and not caption.is_unit)
    for caption in captions:
        is_only_count = caption.is_count and counts[caption.file, caption.sheet] == 1
        text = caption.text.replace("_", " ")
        if not (caption.is_title or is_only_count) or _ALSO_OTHERS.search(text):
            continue
        for attribute, words in OF_ATTRIBUTES.items():
            if attribute not in declared and (match := words.search(text)):
                yield caption, f"{match[0]!r}, but neither the source nor a link declares {attribute}"


def parts_named(label: str) -> Iterator[tuple[str, str]]:
    """Yield the attributes, sex and age that the label of an act is limited to, with the word for each.

    >>> list(parts_named("Homicide (children only)")), list(parts_named("Robbery with or without firearm"))
    ([('age', 'children')], [])
    """
    if _ALSO_OTHERS.search(label):
        return
    for attribute, words in OF_ATTRIBUTES.items():
        if match := words.search(label):
            yield attribute, match[0]
    sexes = [match for words in OF_SEX.values() if (match := words.search(label))]
    if len(sexes) == 1:
        yield "sex", sexes[0][0]
    if match := _OF_AGE.search(label) or CHILDREN.search(label):
        yield "age", match[0]


def residents_named(caption: Caption, source: Source) -> Iterator[str]:
    """Yield what a title or heading of a population says that its figures are, if they are not all residents.

    Rates would be divided by households, voters or births.
    """
    text = caption.text.replace("_", " ")
    if {one.counting_unit for one in source.measures.values()} != {"person"}:
        return
    about = BROKEN_DOWN_BY.split(text)[0]
    if not caption.is_count and (not caption.is_title or OF_RESIDENTS.search(about)):
        return
    if kind := next((kind for kind, words in NOT_RESIDENTS.items() if words.search(about)), None):
        yield f"{kind}, not the residents of a place"
    declared = {*source.columns, *source.constants, *source.totals}
    if caption.is_count and "age" not in declared and (match := _AGES_OF_RESIDENTS.search(text)):
        yield f"{match[0]!r}, but the source declares no age"


def _one_sex(captions: list[Caption]) -> str | None:
    """Return the sex that all captions name, if none names the other one."""
    named = [{sex for sex, words in OF_SEX.items() if words.search(one.text.replace("_", " "))} for one in captions]
    return next(iter(named[0])) if all(len(one) == 1 and one == named[0] for one in named) else None
