"""Indicators as declared in ``indicators/*.yml``: what is divided by what, for whom, and how far it may be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from schemas.codelists import load_codelist
from schemas.declarations import breakdown_columns, parse_yaml

KINDS = ("rate", "standardised_rate", "rate_ratio", "representation_ratio", "share", "stage_ratio")
BREAKDOWNS = ("sex", "age", "geography")


@dataclass(frozen=True)
class Part:
    """Which counts a numerator or denominator takes.

    Attributes:
        stages: of the criminal justice process, in order of preference.
        counting_units: in order of preference; an area of a source uses the first that it has.
        narrowed: codes wanted of a dimension, by its name; the total of every other dimension is taken.
    """

    stages: tuple[str, ...]
    counting_units: tuple[str, ...]
    narrowed: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Indicator:
    """One declared indicator.

    Attributes:
        indicator_id: name of its file.
        titles: in English, French and Spanish.
        kind: how it is made (``KINDS``).
        unit: of the value.
        iccs: category counted.
        numerator: counts on top.
        denominator: counts below; None where it is the population.
        by: disaggregations wanted, of ``BREAKDOWNS``.
        sex: the only sex it is about; None for each sex that the source has.
        standard: population to which rates are standardised.
        bands: ``source`` keeps the source's age bands, ``iccs`` joins them to those of the ICCS.
        interval: false where everybody is counted on a day, or counts of two stages are compared.
        segments: true where joinpoint segments are published for countries.
        sdg: number of the SDG indicator.
        reference: definition or method.
        note: how far it may be read.
    """

    indicator_id: str
    titles: tuple[str, str, str]
    kind: str
    unit: str
    iccs: str
    numerator: Part
    denominator: Part | None
    by: tuple[str, ...]
    sex: str | None
    standard: str | None
    bands: str | None
    interval: bool
    segments: bool
    sdg: str | None
    reference: str
    note: str


@cache
def load_indicators() -> dict[str, Indicator]:
    """Return every declared indicator by name, for publishing and for the documentation.

    Raises:
        ValueError: a declaration that is not complete, or uses a code that does not exist.

    >>> load_indicators()["homicide_rate"].sdg
    '16.1.1'
    """
    found = {}
    folder = resources.files("schemas").joinpath("indicators")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yml"):
            name = entry.name.removesuffix(".yml")
            found[name] = parse_indicator(name, parse_yaml(entry.read_text(encoding="utf-8")))
    return found


def parse_indicator(name: str, declared: dict[str, Any]) -> Indicator:
    """Return one declared indicator, checked.

    Args:
        name: of the file, without its ending.
        declared: content of the file.

    Raises:
        ValueError: says which key of which file, what stands there and what may stand there.

    >>> parse_indicator("x", {"kind": "guess"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: indicators/x.yml: kind is 'guess'; it can be rate, ...
    """
    fields = dict(declared)
    kind = fields.pop("kind", None)
    _one_of(name, "kind", kind, KINDS)
    try:
        titles = (fields.pop("title_en"), fields.pop("title_fr"), fields.pop("title_es"))
        numerator = _part(name, "numerator", fields.pop("numerator"))
        below = fields.pop("denominator", None)
        by = tuple(fields.pop("by"))
        indicator = Indicator(
            indicator_id=name,
            titles=titles,
            kind=kind,
            unit=fields.pop("unit"),
            iccs=fields.pop("iccs"),
            numerator=numerator,
            denominator=_part(name, "denominator", below) if below else None,
            by=by,
            sex=fields.pop("sex", None),
            standard=fields.pop("standard", None),
            bands=fields.pop("bands", None),
            interval=fields.pop("interval", True),
            segments=fields.pop("segments", False),
            sdg=fields.pop("sdg", None),
            reference=fields.pop("reference"),
            note=fields.pop("note"),
        )
    except KeyError as error:
        raise ValueError(f"indicators/{name}.yml: {error.args[0]} is missing") from error
    if fields:
        raise ValueError(f"indicators/{name}.yml: no indicator has {', '.join(fields)}")
    for wanted in by:
        _one_of(name, "by", wanted, BREAKDOWNS)
    of_population = kind in ("rate", "standardised_rate")
    if of_population == (below is not None):
        raise ValueError(
            f"indicators/{name}.yml: a {kind} "
            + ("divides by the population" if of_population else "has a denominator")
        )
    wanted_bands = ("source", "iccs") if kind == "standardised_rate" else (None,)
    if (kind == "standardised_rate") == (indicator.standard is None) or indicator.bands not in wanted_bands:
        raise ValueError(f"indicators/{name}.yml: a standardised rate, and no other, has standard and bands")
    return indicator


def _part(name: str, key: str, declared: dict[str, Any]) -> Part:
    fields = dict(declared)
    stages, units = tuple(fields.pop("stages")), tuple(fields.pop("counting_units"))
    for codelist, codes in (("stage", stages), ("counting_unit", units), *fields.items()):
        if codelist not in ("stage", "counting_unit", *breakdown_columns()):
            raise ValueError(f"indicators/{name}.yml: {key} cannot be narrowed by {codelist}")
        for code in codes:
            if codelist != "age":
                _one_of(name, f"{key}, {codelist}", code, tuple(entry.code for entry in load_codelist(codelist)))
    return Part(stages, units, {dimension: tuple(codes) for dimension, codes in fields.items()})


def _one_of(name: str, key: str, found: object, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise ValueError(f"indicators/{name}.yml: {key} is {found!r}; it can be {', '.join(allowed)}")
