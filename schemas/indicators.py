"""Indicators as declared in ``indicators/*.yml``: what is divided by what, by which method, and its limitations.

A method is declared in ``indicator_methods/<method>.yml``: what an indicator of that method has to declare. It is
computed by the class of that name in :mod:`pipelines.publish.indicator_methods`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from schemas.codelists import load_codelist
from schemas.declarations import DeclarationError, breakdown_columns, parse_yaml
from schemas.definition.messages import yaml_problem
from schemas.project import INDICATORS, merge_packaged, project_root

BREAKDOWNS = ("sex", "age", "geography")


@dataclass(frozen=True)
class IndicatorMethod:
    """What the indicators of one method declare.

    Attributes:
        name: of its file, and of the class that computes it.
        description: what the value is.
        divides_by: ``counts`` if its indicators declare a denominator, otherwise what the denominator is.
        uses_population: whether a figure needs a population.
        parameters: keys that only its indicators have, with the allowed values; empty if any text is allowed.
    """

    name: str
    description: str
    divides_by: str
    uses_population: bool
    parameters: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Part:
    """Which counts a numerator or denominator takes.

    Attributes:
        stages: of the criminal justice process, in order of preference.
        counting_units: in order of preference; an area of a source uses the first that it has.
        narrowed: the codes taken of a dimension, by its name; of every other dimension the total is taken.
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
        method: how it is computed.
        unit: of the value.
        iccs: category counted.
        numerator: counts on top.
        denominator: counts below; None if it is the population.
        by: disaggregations wanted, of ``BREAKDOWNS``.
        sex: the only sex it is about; None for each sex that the source has.
        parameters: values of the keys that its method has beyond those of every indicator.
        interval: false where everybody is counted on a day, or counts of two stages are compared.
        segments: true where joinpoint segments are published for countries.
        sdg: number of the SDG indicator.
        reference: definition or method.
        note: its limitations.
    """

    indicator_id: str
    titles: tuple[str, str, str]
    method: IndicatorMethod
    unit: str
    iccs: str
    numerator: Part
    denominator: Part | None
    by: tuple[str, ...]
    sex: str | None
    parameters: Mapping[str, str]
    interval: bool
    segments: bool
    sdg: str | None
    reference: str
    note: str


@cache
def load_indicator_methods() -> dict[str, IndicatorMethod]:
    """Return every declared method by name.

    >>> load_indicator_methods()["standardised_rate"].parameters["bands"]
    ('source', 'iccs')
    """
    return {name: _method(name, declared) for name, declared in _read_files(_method_files()).items()}


def load_indicators() -> dict[str, Indicator]:
    """Return every declared indicator by name, for publishing and for the documentation; those of the project too.

    Raises:
        DeclarationError: a declaration that is not complete, or uses a code that does not exist.

    >>> load_indicators()["homicide_rate"].sdg
    '16.1.1'
    """
    return _load_indicators(project_root())


@cache
def _load_indicators(_: Path | None) -> dict[str, Indicator]:
    files = merge_packaged(INDICATORS, resources.files("schemas").joinpath("indicators"))
    return {name: _parse_untrusted(name, declared) for name, declared in _read_files(files).items()}


def _parse_untrusted(name: str, declared: dict[str, Any]) -> Indicator:
    """Parse the declaration of a project, which may contain anything, such as a number in place of a list."""
    try:
        return parse_indicator(name, declared)
    except (AttributeError, TypeError, ValueError) as error:
        raise DeclarationError(
            f"indicators/{name}.yml: a key has the wrong kind of value ({error}); compare it with a packaged indicator"
        ) from error


def parse_indicator(name: str, declared: dict[str, Any]) -> Indicator:
    """Return one declared indicator, checked.

    Args:
        name: of the file, without its ending.
        declared: content of the file.

    Raises:
        DeclarationError: a key is wrong; the message names the file and the key, its value and what is allowed.

    >>> parse_indicator("x", {"method": "guess"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    schemas.declarations.DeclarationError: indicators/x.yml: method is 'guess'; it can be rate, ...
    """
    fields = dict(declared)
    chosen = fields.pop("method", None)
    _one_of(name, "method", chosen, tuple(load_indicator_methods()))
    method = load_indicator_methods()[chosen]
    try:
        below = fields.pop("denominator", None)
        indicator = Indicator(
            indicator_id=name,
            titles=(fields.pop("title_en"), fields.pop("title_fr"), fields.pop("title_es")),
            method=method,
            unit=fields.pop("unit"),
            iccs=fields.pop("iccs"),
            numerator=_part(name, "numerator", fields.pop("numerator")),
            denominator=_part(name, "denominator", below) if below else None,
            by=tuple(fields.pop("by")),
            sex=fields.pop("sex", None),
            parameters={key: fields.pop(key) for key in method.parameters},
            interval=fields.pop("interval", True),
            segments=fields.pop("segments", False),
            sdg=fields.pop("sdg", None),
            reference=fields.pop("reference"),
            note=fields.pop("note"),
        )
    except KeyError as error:
        raise DeclarationError(f"indicators/{name}.yml: {error.args[0]} is missing") from error
    if fields:
        raise DeclarationError(f"indicators/{name}.yml: a {chosen} has no {', '.join(fields)}")
    for wanted in indicator.by:
        _one_of(name, "by", wanted, BREAKDOWNS)
    for key, allowed in method.parameters.items():
        if allowed:
            _one_of(name, key, indicator.parameters[key], allowed)
    if (method.divides_by == "counts") != (below is not None):
        remedy = "remove denominator" if below else "declare denominator"
        reason = f"divides by {method.divides_by}: {remedy}"
        raise DeclarationError(f"indicators/{name}.yml: a {chosen} {reason}")
    return indicator


def _method_files() -> dict[str, Traversable]:
    return {entry.name: entry for entry in resources.files("schemas").joinpath("indicator_methods").iterdir()}


def _read_files(files: Mapping[str, Traversable]) -> dict[str, dict[str, Any]]:
    """Every declaration by the name of its file, without the ending.

    Raises:
        DeclarationError: a file is not YAML in UTF-8 that holds keys.
    """
    found = {}
    for name in sorted(name for name in files if name.endswith(".yml")):
        try:
            found[name.removesuffix(".yml")] = parse_yaml(files[name].read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            raise DeclarationError(f"indicators/{name}: is not UTF-8; save it as UTF-8") from error
        except (yaml.YAMLError, TypeError) as error:
            raise DeclarationError(f"indicators/{name}: is not valid YAML: {yaml_problem(error)}") from error
    return found


def _method(name: str, declared: dict[str, Any]) -> IndicatorMethod:
    fields = dict(declared)
    try:
        method = IndicatorMethod(
            name=name,
            description=fields.pop("description"),
            divides_by=fields.pop("divides_by"),
            uses_population=fields.pop("uses_population", declared["divides_by"] == "population"),
            parameters={key: tuple(values) for key, values in fields.pop("parameters", {}).items()},
        )
    except KeyError as error:
        raise DeclarationError(f"indicator_methods/{name}.yml: {error.args[0]} is missing") from error
    if fields:
        raise DeclarationError(f"indicator_methods/{name}.yml: no method has {', '.join(fields)}")
    return method


def _part(name: str, key: str, declared: dict[str, Any]) -> Part:
    fields = dict(declared)
    stages, units = tuple(fields.pop("stages")), tuple(fields.pop("counting_units"))
    for codelist, codes in (("stage", stages), ("counting_unit", units), *fields.items()):
        if codelist not in ("stage", "counting_unit", *breakdown_columns()):
            raise DeclarationError(f"indicators/{name}.yml: {key} cannot be narrowed by {codelist}")
        for code in codes:
            if codelist != "age":
                _one_of(name, f"{key}, {codelist}", code, tuple(entry.code for entry in load_codelist(codelist)))
    return Part(stages, units, {dimension: tuple(codes) for dimension, codes in fields.items()})


def _one_of(name: str, key: str, found: object, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise DeclarationError(f"indicators/{name}.yml: {key} is {found!r}; it can be {', '.join(allowed)}")
