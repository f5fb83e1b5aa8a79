"""What the label of a national code says of its figures besides the act: suspects of robbery, theft cleared up.

Rule: a label that counts persons convicted, cases cleared, averages or unfounded reports is not published as offences
or victims. Only what begins or ends a label is taken for it; in the middle (escape of prisoners), it is part of an act.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.collect.headings.roles import stage_named
from schemas.definition.measures import Measure

_NUMBER_OF = r"(?:(?:total )?(?:numbers?|n[uú]mero|nombre|anzahl|total) (?:of|de|der|des|d['’]) ?)?"
_OF = r"(?: (?:of|for|on|de|del|da|do|por|pour|von|wegen)\b|\s*[:–-]\s)"
_HEAD = re.compile(rf"{_NUMBER_OF}(?P<head>(?:[^\W\d]+ )?[^\W\d]+){_OF}", re.IGNORECASE)
_VICTIMS = re.compile(
    rf"{_NUMBER_OF}(?:victims|v[ií]ctimas|victimes|opfer|v[ií]timas){_OF}|.*\bnumber of \w+ victims$", re.IGNORECASE
)
_CHARGES = re.compile(rf"{_NUMBER_OF}(?:charges|cargos|anklagen){_OF}", re.IGNORECASE)
_CLEARED = re.compile(
    r"(?:.*\W)?(?:cleared(?: up)?|cleared by arrest|solved|esclarecid[oa]s?|[ée]lucid[ée]e?s?|aufgekl[aä]rte?r?)\W*"
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
_OF_CRIMES = ("offence", "incident", "case")


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
    """
    label = " ".join(label.split())
    head = _HEAD.match(label)
    stage = stage_named(head["head"]) if head else None
    if stage is not None and stage != measure.stage.removesuffix("_unsentenced"):
        yield f"persons {stage}, but the source declares stage: {measure.stage}"
    if _VICTIMS.match(label) and measure.stage == "recorded" and measure.counting_unit in _OF_CRIMES:
        yield f"victims, but the source declares counting_unit: {measure.counting_unit}"
    if _CHARGES.match(label) and measure.counting_unit != "charge":
        yield f"charges, but the source declares counting_unit: {measure.counting_unit}"
    kinds = {"cases cleared up": _CLEARED, "averages": _AVERAGE, "what is not to be counted": _CANCELLED}
    if measure.figures == "count":
        yield from (kind for kind, words in kinds.items() if words.fullmatch(label))
