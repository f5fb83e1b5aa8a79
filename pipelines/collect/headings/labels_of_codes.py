"""What the label of a national code says about its figures, not the act: suspects of robbery, theft cleared up.

Rule: a label that counts persons convicted, cases cleared, averages or unfounded reports is not published as offences
or victims. Only the beginning and the end of a label count: in the middle (escape of prisoners), such a word is part of
the act.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from iccs.classification import load_classification
from iccs.concordance import Link
from pipelines.collect.headings.captions import scale_factor, words_for_scale
from pipelines.collect.headings.kind_words import CLEARED
from pipelines.collect.headings.kinds_of_figures import parts_named
from pipelines.collect.headings.rates_in_words import words_for_rate
from pipelines.collect.headings.roles import UNITS_OF_CRIMES, stage_named
from schemas.definition.measures import Measure
from schemas.source import Source

_NUMBER_OF = r"(?:(?:total )?(?:numbers?|n[uú]mero|nombre|anzahl|total) (?:of|de|der|des|d['’]) ?)?"
_OF = r"(?: (?:of|for|on|de|del|da|do|por|pour|von|wegen)\b|\s*[:–-]\s)"
_HEAD = re.compile(rf"{_NUMBER_OF}(?P<head>(?:[^\W\d]+ )?[^\W\d]+){_OF}", re.IGNORECASE)
_VICTIMS = re.compile(
    rf"{_NUMBER_OF}(?:victims|v[ií]ctimas|victimes|opfer|v[ií]timas){_OF}|.*\bnumber of \w+ victims$", re.IGNORECASE
)
_CHARGES = re.compile(rf"{_NUMBER_OF}(?:charges|cargos|anklagen){_OF}", re.IGNORECASE)
_CLEARED = re.compile(
    rf"(?:.*\W)?(?:{'|'.join(CLEARED.values())})(?: up| by arrest)?\W*"
    r"|aufgekl[aä]rte\b.*|(?:cases|offences|crimes) cleared\b.*",
    re.IGNORECASE,
)
_AVERAGE = re.compile(
    r"(?:.*\W)?(?:average|promedio|moyenne|durchschnitt|m[eé]dia)(?: (?:per|por|par|pro|je) \w+)?\W*", re.IGNORECASE
)
_CANCELLED = re.compile(
    r".*[-–:,(/]\s*(?:unfounded|no[ -]crimes?|cancelled|infundad[oa]s?|anulad[oa]s?|cancelad[oa]s?|unbegr[uü]ndet"
    r"|infond[ée]e?s?|storniert)\W*|(?:unfounded|cancelled) .*",
    re.IGNORECASE,
)
_PERSONS = (
    r"suspects?|arrests?|offenders|convictions|tatverd[aä]chtige|verurteilte|mis en cause|auteurs|imputados|detenidos"
    r"|condenados|suspeitos"
)
_OF_PERSONS = re.compile(
    rf"(?P<first>tatverd[aä]chtige|verurteilte|mis en cause)\W.*"
    rf"|.*(?:[-–:,(/]\s*|\s(?=tatverd|verurteilte|mis en))(?P<last>{_PERSONS})\W*",
    re.IGNORECASE,
)
_ENDS_WITH_VICTIMS = re.compile(
    r".*\W(?<!of )(?<!to )(?<!against )(?<!\bde )(?<!des )(?<!an )(?<!from )(?<!by )"
    r"(?:victims|v[ií]ctimas|victimes|opfer|v[ií]timas)\W*",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"(?:rates?|tasas?|taxas?|taux) (?:of|de|da|do|des|d['’]).*"
    r"|.*(?<!interest)\s(?:rates?|quoten?|h[aä]ufigkeitszahl)\W*"
    r"|.*\b(?:per|por|pour|je|pro)\s(?:cada )?(?:100|10|1)[.,'’\s]?000\b.*",
    re.IGNORECASE,
)
_OF_SOME = re.compile(r"child|minor|juvenile|age|girl|boy|wom[ae]n|female|male|attempt|weapon|firearm", re.IGNORECASE)
"""Words in the title of a category that is itself about some persons, attempts or weapons."""


def unlike_measure(label: str, measure: Measure) -> Iterator[str]:
    """Yield what the label of a national code counts instead of what the measure declares.

    Args:
        label: of the code.
        measure: the one measure of its source.

    >>> robberies = Measure(counting_unit="offence")
    >>> list(unlike_measure("Suspects of robbery", robberies)), list(unlike_measure("Escape of prisoners", robberies))
    (['persons suspected, but the source declares stage: recorded'], [])
    >>> list(unlike_measure("Theft, cleared up", robberies)), list(unlike_measure("Number of rape victims", robberies))
    (['cases cleared up'], ['victims, but the source declares counting_unit: offence'])
    >>> list(unlike_measure("Homicide rate", robberies)), list(unlike_measure("Tatverdächtige Mord", robberies))
    (['rates'], ['persons (Tatverdächtige), but the source declares stage: recorded'])
    """
    label = " ".join(label.split())
    head = _HEAD.match(label)
    stage = stage_named(head["head"]) if head else None
    persons = _OF_PERSONS.fullmatch(label)
    if stage is None and persons and measure.stage == "recorded" and measure.counting_unit not in ("arrest", "charge"):
        yield f"persons ({persons['first'] or persons['last']}), but the source declares stage: {measure.stage}"
    if stage is not None and stage != measure.stage.removesuffix("_unsentenced"):
        yield f"persons {stage}, but the source declares stage: {measure.stage}"
    named_victims = _VICTIMS.match(label) or _ENDS_WITH_VICTIMS.fullmatch(label)
    if named_victims and measure.stage == "recorded" and measure.counting_unit in UNITS_OF_CRIMES:
        yield f"victims, but the source declares counting_unit: {measure.counting_unit}"
    if _CHARGES.match(label) and measure.counting_unit != "charge":
        yield f"charges, but the source declares counting_unit: {measure.counting_unit}"
    kinds = {
        "cases cleared up": _CLEARED,
        "averages": _AVERAGE,
        "what is not to be counted": _CANCELLED,
        "rates": _RATE,
    }
    if measure.figures == "count":
        yield from (kind for kind, words in kinds.items() if words.fullmatch(label))


def unlike_link(link: Link, declared: Collection[str]) -> Iterator[str]:
    """Yield the parts of an act that a label names although its link is exact: attempts, a weapon, a sex or ages.

    Args:
        link: of a national code.
        declared: the dimensions that the source gives for all rows, in whatever way.

    >>> homicides = Link("1", "Homicide with firearm", "0101", "exact")
    >>> list(unlike_link(homicides, ())), list(unlike_link(homicides, ["weapon"]))
    (["'firearm', but its link is exact and gives no weapon"], [])
    """
    tree = load_classification()
    codes = [code for code in (link.iccs_code or "").split("_") if code]
    titles = [tree.get(code).title["en"] if code in tree else "" for code in codes]
    if link.relation != "exact" or not all(titles) or any(map(_OF_SOME.search, titles)):
        return
    given = {*declared, *link.attributes, *(name for name in ("sex", "age") if getattr(link, name))}
    for name, word in parts_named(" ".join(link.national_label.split())):
        if name not in given and not (name == "attempted" and "0101" in codes):  # link_names_another reports it
            yield f"{word!r}, but its link is exact and gives no {name}"


def said_beyond(label: str, meant: str, source: Source) -> Iterator[str]:
    """Yield what the label of a code in the file says of its figures that its label in the concordance does not.

    The labels may differ in a word that matters: attempts, persons convicted, a rate, a scale.

    >>> from schemas.source import list_sources
    >>> source = list_sources()["mx_sesnsp_victims"].source
    >>> list(said_beyond("Homicidio doloso (tasa)", "Homicidio doloso", source))
    ["'tasa', a rate"]
    >>> list(said_beyond("Homicidio doloso consumado", "Homicidio doloso", source))
    []
    """
    if source.kind not in ("count", "incident") or label.casefold() == meant.casefold():
        return
    if len(source.measures) == 1:
        (measure,) = source.measures.values()
        known = set(unlike_measure(meant, measure))
        yield from (one for one in unlike_measure(label, measure) if one not in known and one != "rates")
    if all(one.figures in ("count", "stock") for one in source.measures.values()):
        if (rate := words_for_rate(label)) and not words_for_rate(meant):
            yield f"{rate.strip()!r}, a rate"
        if (scale := words_for_scale(label)) and not words_for_scale(meant) and scale_factor(scale) != source.multiply:
            yield f"{scale!r}, but the source declares multiply: {source.multiply}"
    given = {*source.columns, *source.constants, *source.totals, *(name for name, _ in parts_named(meant))}
    yield from (
        f"{word!r}, a part of the act"
        for name, word in parts_named(label)
        if name not in given and word.casefold() not in meant.casefold()
    )
