"""Headings of columns, compared with the role that the source gives to the column.

Rule: a heading must not contradict the declaration of its column. The year of publication is not the year of the
figures, the sex of suspects is not that of victims, a coefficient of variation is not a standard error, and persons
convicted are not offences recorded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from pipelines.collect.header import heading_words
from pipelines.collect.headings.captions import Caption, scale_factor, words_for_scale
from pipelines.collect.headings.kinds_of_figures import (
    attributes_named,
    kind_named,
    kind_of_title,
    persons_named,
    residents_named,
)
from pipelines.collect.headings.parts_of_years import words_for_rolling_year
from pipelines.collect.headings.rates_in_words import unit_named, words_for_rate
from pipelines.collect.headings.role_words import (
    ADMITTED,
    AGES_IN,
    ASKED,
    BESIDE_ESTIMATES,
    CLOSED,
    ERRORS,
    HOUSEHOLDS,
    INCIDENCE,
    OF_OFFENCES,
    OF_THE_CASE,
    OFFENCES,
    ONE_SIDED,
    ONE_UNIT,
    OTHER_DAYS,
    OTHER_PLACES,
    PERSONS,
    PREVALENCE,
    PUBLISHED,
    RECORDED,
    SAMPLE_SIZE,
    STAGES,
    SUSPECTS,
    UNWEIGHTED,
    VICTIMS,
)
from pipelines.system.outcomes import Outcome
from schemas.definition.measures import Measure
from schemas.definition.publication import MOST_QUOTED
from schemas.source import Source

_RULE = "headings_agree"
_LONGEST_CODE = 3
UNITS_OF_CRIMES = ("offence", "incident", "case")
_ALSO = {
    "person": ("victim", "arrest"),
    "household": ("victim",),
    "arrest": ("person",),
    "victim": ("person", "household"),
}
"""Counting units that a heading of one word may also mean: persons arrested, households that were victims."""
_FORM = {"standard_error": "standard_error", "half_width": "half_width", "cv_percent": "cv", "cv_share": "cv"}
_PLAIN_UNIT = re.compile(
    r"(?:in )?(?:numbers?(?: of \w+)?|nr|units?|persons?|persona?s|counts?|n[uú]mero|anzahl|nombre|unidades|cases"
    r"|casos)",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"(?<![\d.,])(80|90|95|99)(?:[.,]\d)?(?:\s?%|\s?per ?cent|\s?por ciento|\s?prozent|[ _]?(?:ci"
    r"|ic|ki)\b)"
                    r"|(?:\b|_)(?:ci|ic|ki)[ _]?(80|90|95|99)(?!\d)", re.IGNORECASE)  # fmt: skip
_BARE_LEVEL = re.compile(r"(?<![\d.,])(80|90|95|99)(?![\d.,%]|\s?%)")
_CONFIDENCE = re.compile(r"confiden|confian|konfidenz|vertrauens", re.IGNORECASE)
_LIMITS = ("ci_low", "ci_high", "half_width")
_OF_COUNTS = ("count", "incident")
_ABOUT_PERSONS = ("sex", "age", "citizenship", "disability")


def judge_headings(
    captions: Iterable[Caption],
    source: Source,
    monthly: frozenset[tuple[str, str | None]] = frozenset(),
    measures: Collection[str] = (),
    labels: Iterable[str] = (),
    attributes: Collection[str] = (),
) -> Outcome:
    """Warn of headings that contradict the declaration of their column.

    Args:
        captions: of all tables, including the words of a column of indicators, which are headings in a long table.
        source: their source.
        monthly: the files and sheets that have figures of months or quarters, but none of years.
        measures: the names of the measures that have figures.
        labels: what the labels of national codes say against the measure, as text.
        attributes: those that the source gives, in whatever way.
    """
    captions = [caption for caption in captions if not source.has_checked(caption.text)]
    found: dict[str, tuple[str, str] | None] = {
        f"{role}: {column!r} says {what}": None
        for role, column in source.columns.items()
        if not source.has_checked(column)
        for what in _of_column(role, column, source)
    }
    found |= dict(_of_names(source, measures))
    found |= dict.fromkeys(labels, None)
    named = [(caption, what) for caption in captions for what in _of_figures(caption, source)]
    named += [(caption, what) for caption in captions for what in _of_months(caption, source, monthly)]
    if source.kind in _OF_COUNTS:
        named += attributes_named(captions, attributes)
    for caption, what in (*named, *persons_named(captions, source)):
        where = [caption.file, caption.sheet, f"row {caption.row}" if caption.row else None]
        shown = "the heading says " if source.personal else f"{caption.text[:MOST_QUOTED]!r} says "
        found[f"{', '.join(filter(None, where))}: {shown}{what}"] = ("_file", caption.file)
    checked = len(source.columns) + sum(one.is_count for one in captions)
    about = tuple(dict.fromkeys(one for one in found.values() if one is not None))
    return replace(Outcome.of_warning(_RULE, checked, found, shown=10), about=() if None in found.values() else about)


def _of_column(role: str, column: str, source: Source) -> Iterator[str]:
    """Yield the contradictions between the name of a declared column and its role."""
    measures = source.measures.values()
    if of_when_or_where := {"time_period": _of_time, "year": _of_time, "ref_area": _of_place}.get(role):
        yield from of_when_or_where(column, source)
    if role == "age" and source.ages is not None and source.ages.unit == "years" and "age_unit" not in source.columns:
        named = next((unit for unit, words in AGES_IN.items() if words.search(column)), None)
        yield from [f"ages in {named}, but the source reads them in years (ages.unit)"] if named else []
    if role in _ABOUT_PERSONS and "measure" not in source.columns:
        of_victims = bool(VICTIMS.search(column))
        of_suspects = bool(SUSPECTS.search(column))
        if of_suspects and not of_victims and all(one.counting_unit == "victim" for one in measures):
            yield "of suspects, but the source counts victims"
        if of_victims and not of_suspects and all(one.stage in STAGES for one in measures):
            yield f"of victims, but the source counts persons {next(iter(measures)).stage}"
    if role in _FORM:
        yield from _of_error(role, column)
    if role in _LIMITS:
        yield from _level(_BARE_LEVEL.sub(r"\1 %", column), source)
        if one_sided := ONE_SIDED.search(column):
            yield f"{one_sided[0]!r}, a limit on one side, not of an interval"
    if role == "sample_size" and re.search(r"(?<!un)(?<!un-)weighted|(?<!sin )(?<!no )ponderad", column, re.IGNORECASE):
        yield "weighted, not the size of the sample"


def _of_place(column: str, source: Source) -> Iterator[str]:
    """Yield what the name of the column of areas says that it gives instead of the place of the event."""
    if source.kind not in _OF_COUNTS or any(one.stage != "recorded" for one in source.measures.values()):
        return
    text = column.replace("_", " ")
    yield from (f"{what}, not where the event was" for what, words in OTHER_PLACES.items() if words.search(text))


def _of_time(column: str, source: Source) -> Iterator[str]:
    """Yield what the name of the column of periods says that it gives instead of the time of the figures."""
    if PUBLISHED.search(column):
        yield "the time of publication, not that of the figures"
    if source.kind == "population":
        return
    yield from (f"the time {what}, not that of the event" for what, words in OTHER_DAYS.items() if words.search(column))
    if any(one.stage != "recorded" for one in source.measures.values()):
        return
    yield from (
        f"the time {what}, not that of the event" for what, words in OF_THE_CASE.items() if words.search(column)
    )
    if source.counted_at != "output" and CLOSED.search(column):
        yield "the time of the closing of the case, not that of the event; declare counted_at: output if it counts"


def _of_error(role: str, column: str) -> Iterator[str]:
    """Yield the form of an error according to the name of its column, if that is not the declared form."""
    named = [form for form, words in ERRORS.items() if words.search(column)]
    if _FORM[role] == "cv" and "%" in column:  # a standard error in percent of the estimate
        named = [form for form in named if form != "standard_error"]
    if named and _FORM[role] not in named:
        yield f"{named[0].replace('_', ' ').replace('cv', 'coefficient of variation')}, not {role.replace('_', ' ')}"


def _of_figures(caption: Caption, source: Source) -> Iterator[str]:
    """Yield the contradictions between a heading of counts, or a title, and the measure of a source.

    If there are several measures, it is unknown which of them the words are about.
    """
    text = caption.text.replace("_", " ")
    if caption.is_title and _CONFIDENCE.search(text):
        yield from _level(text, source)
    if caption.is_count or caption.is_title:
        yield from _of_scale(caption, source)
    if source.kind == "population":
        yield from residents_named(caption, source)
    if len(source.measures) != 1 or not (caption.is_count or caption.is_title):
        return
    (measure,) = source.measures.values()
    if source.kind in _OF_COUNTS and caption.is_count:
        yield from _of_measure(text, measure, source)
    elif source.kind == "count":
        yield from _of_stage(text, measure)
    if not caption.is_count and source.kind == "count" and measure.figures == "count" and (kind := kind_of_title(text)):
        yield f"{kind}, not the figures of the period"
    if measure.figures in ("estimate", "ratio"):
        yield from _of_estimates(text, caption.text, measure) if caption.is_count else _of_title(caption.text, measure)


def _of_measure(text: str, measure: Measure, source: Source) -> Iterator[str]:
    """Yield the contradictions between the heading or name of a measure and its declaration."""
    yield from _of_stage(text, measure)
    yield from _of_unit(text, measure)
    if kind := kind_named(text, measure, source):
        yield f"{kind}, not the figures of the period"


def _of_names(source: Source, measures: Collection[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the contradictions between a measure and what the file calls it, each with the place of its figures."""
    if source.kind not in _OF_COUNTS or "measure" not in source.columns:
        return
    for name in sorted(name for name in source.measures if name in measures and not source.has_checked(name)):
        measure = source.measures[name]
        text = name.replace("_", " ")
        named = [] if len(name) <= _LONGEST_CODE else list(_of_measure(text, measure, source))
        if measure.figures in ("count", "stock") and (rate := words_for_rate(name)):
            named = [f"{rate.strip()!r}, but the source declares figures: {measure.figures}"]
        if measure.figures in ("estimate", "ratio"):
            named += _of_estimates(text, name, measure)
        yield from ((f"measures.{name}: the name says {what}", ("measure", name)) for what in named)


def _of_months(caption: Caption, source: Source, monthly: frozenset[tuple[str, str | None]]) -> Iterator[str]:
    """Yield the words for "the twelve months up to" if the figures are counts of single months or quarters."""
    is_counted = all(one.figures == "count" for one in source.measures.values())
    is_monthly = (caption.file, caption.sheet) in monthly or (source.kind == "incident" and caption.is_count)
    if source.kind not in _OF_COUNTS or not is_counted or not is_monthly:
        return
    if named := words_for_rolling_year(caption.text):
        yield f"{named!r}: the figures of twelve months, but they are published as those of one month (or quarter)"


def _of_scale(caption: Caption, source: Source) -> Iterator[str]:
    """Yield a scale that differs from ``multiply``; in a row of units, "number" is a scale too: 1."""
    if source.multiply == 1:
        return
    named = words_for_scale(caption.text, is_unit=caption.is_unit)
    factor = (
        scale_factor(named) if named else 1 if caption.is_unit and _PLAIN_UNIT.fullmatch(caption.text.strip()) else None
    )
    if factor is not None and factor != source.multiply:
        yield f"{(named or caption.text).strip()!r}, but the source declares multiply: {source.multiply}"


def _of_stage(text: str, measure: Measure) -> Iterator[str]:
    stages = [stage for stage, words in STAGES.items() if words.search(text)]
    stage = measure.stage.removesuffix("_unsentenced")
    if stage == "held" and (named := ADMITTED.search(text)):
        yield f"{named[0]!r}, events of the period, but the source declares persons held on a day"
        return
    if not stages or stage in stages or RECORDED.search(text):
        return
    is_event = stage == "recorded" and measure.counting_unit not in ("arrest", "charge")
    if is_event or (stage in STAGES and len(stages) == 1):
        yield f"persons {stages[0]}, but the source declares stage: {measure.stage}"


def _of_unit(text: str, measure: Measure) -> Iterator[str]:
    last = text.split(" | ")[-1].strip()
    alone = next((unit for unit, words in ONE_UNIT.items() if words.fullmatch(last)), None)
    declared = "offence" if measure.counting_unit in UNITS_OF_CRIMES else measure.counting_unit
    if alone not in (None, declared, *_ALSO.get(declared, ())) and not (
        measure.stage == "recorded"
        and {alone, declared} == {"victim", "offence"}  # reported below, for longer headings too
    ):
        yield f"{last!r}, but the source declares counting_unit: {measure.counting_unit}"
    if measure.stage != "recorded":
        return
    victims, offences = bool(VICTIMS.search(text)), bool(OFFENCES.search(text))
    if victims and not offences and measure.counting_unit in UNITS_OF_CRIMES:
        yield f"victims, but the source declares counting_unit: {measure.counting_unit}"
    if offences and not victims and measure.counting_unit == "victim":
        yield "offences, but the source declares counting_unit: victim"


def _of_estimates(text: str, label: str, measure: Measure) -> Iterator[str]:
    if UNWEIGHTED.search(text) or SAMPLE_SIZE.search(text):
        yield "numbers of the sample, not estimates"
    if BESIDE_ESTIMATES.search(text):
        yield "limits or errors, not estimates"
    yield from _of_survey(text, measure)
    of_units = measure.counting_unit in ("victim", "person", "household")
    if of_units and measure.stage == "experienced" and INCIDENCE.search(text):
        yield f"incidence, which counts incidents, but the source declares counting_unit: {measure.counting_unit}"
    if not of_units and PREVALENCE.search(text):
        yield f"prevalence, which counts victims, but the source declares counting_unit: {measure.counting_unit}"
    unit = unit_named(label)
    if unit is not None and unit not in (measure.unit, "percent" if measure.unit == "per_100" else None):
        yield f"{unit.replace('_', ' ')}, but the source declares unit: {measure.unit}"
    elif measure.unit == "number" and (named := words_for_rate(label)):
        yield f"{named.strip()!r}, but the source declares unit: number"
    if OF_OFFENCES.search(text) and measure.universe not in ("offences", "victims"):
        yield f"of offences, but the source declares universe: {measure.universe}"
    of = (bool(HOUSEHOLDS.search(text)), bool(PERSONS.search(text)))
    if of == (True, False) and measure.universe == "persons":
        yield "of households, but the source declares universe: persons"
    if of == (False, True) and measure.universe in ("households", "dwellings"):
        yield f"of persons, but the source declares universe: {measure.universe}"


def _of_title(label: str, measure: Measure) -> Iterator[str]:
    """Yield the unit of a rate in a title, and the period asked about, that are not the declared ones."""
    yield from _of_survey(label.replace("_", " "), measure)
    unit = unit_named(label)
    if unit is not None and unit != "percent" and unit != measure.unit:  # a share may be one of several columns
        yield f"{unit.replace('_', ' ')}, but the source declares unit: {measure.unit}"


def _of_survey(text: str, measure: Measure) -> Iterator[str]:
    """Yield the period that respondents were asked about, if it is not the declared one."""
    named = {period for period, words in ASKED.items() if words.search(text)}
    if named and measure.reference_period and not any(measure.reference_period.startswith(one) for one in named):
        yield f"{min(named).replace('_', ' ')}, but the source declares reference_period: {measure.reference_period}"
    elif named and measure.stage == "experienced" and not measure.reference_period:
        yield f"{min(named).replace('_', ' ')}, but the source declares no reference_period"


def _level(text: str, source: Source) -> Iterator[str]:
    """Yield the confidence level in a text if it is not the declared one."""
    named = {float(one or other) for one, other in _LEVEL.findall(text)}
    declared = {one.confidence_percent for one in source.measures.values() if one.confidence_percent is not None}
    if named and declared and not named & declared:
        yield f"limits of {min(named):g} percent, but the source declares confidence_percent: {min(declared):g}"


def stage_named(text: str) -> str | None:
    """Return the stage that a heading names; None if it names none, or recorded offences as well.

    >>> stage_named("Persons prosecuted"), stage_named("Prison population"), stage_named("Offences and suspects")
    ('prosecuted', 'held', None)
    """
    stages = [stage for stage, words in STAGES.items() if words.search(text)]
    return stages[0] if len(stages) == 1 and not RECORDED.search(text) else None


def is_about_suspects(name: str) -> bool:
    """Tell whether the name of a column says that it is about suspects.

    >>> is_about_suspects("sexo agresor"), is_about_suspects("sex")
    (True, False)
    """
    return SUSPECTS.search(name) is not None


def is_heading(column: str) -> bool:
    """Tell whether the words of a column of a long table are the headings of its figures.

    >>> is_heading("Indicator"), is_heading("UNIT_MEASURE"), is_heading("Region")
    (True, True, False)
    """
    return _HEADINGS.fullmatch(heading_words(column)) is not None


_HEADINGS = re.compile(
    r"(?:observation )?(?:(?:counting |count |reporting )?unit(?: ?of)?(?: ?(?:meas(?:ure)?|count(?:ing)?))?"
    r"|uom|indicators?|variables?|measures?|metrics?"
    r"|statistics?|series(?: name)?"
    r"|indicador(?:es)?|unidad(?: de (?:medida|cuenta|conteo|registro))?|indicateurs?|unit[eé](?: de (?:mesure"
    r"|compte))?|kennzahl|(?:z[aä]hl)?einheit"
    r"|merkmal|medida"
    r"|unidade(?: de (?:medida|contagem))?|data ?type|type of data|tipo de dato)(?: (?:code|name|label|id|desc\w*))?"
)
