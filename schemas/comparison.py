"""What must be the same before areas are ranked, as declared in ``comparison.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from schemas.declarations import DeclarationError, parse_yaml


@dataclass(frozen=True)
class Aspect:
    """One property in which two figures agree or differ.

    Attributes:
        name: of the aspect.
        labels: in English, French and Spanish, by language.
        empty: the wording for a figure without it, by language.
        reason: why it matters.
        column: the column of ``out.figure`` that holds it; None if it follows from caveats.
        caveats: the caveats that decide it: both figures must carry the same of these.
        carried: the wording for a figure that carries them, by language; their own words if not given.
    """

    name: str
    labels: Mapping[str, str]
    empty: Mapping[str, str]
    reason: str
    column: str | None = None
    caveats: tuple[str, ...] = ()
    carried: Mapping[str, str] | None = None

    def value(self, row: Mapping[str, Any]) -> str:
        """Return the value of this aspect for a figure; empty if it has none.

        >>> scope = Aspect("scope", {}, {}, "", caveats=("partial_coverage", "model_estimate"))
        >>> scope.value({"caveats": "figures_revised_later;partial_coverage"})
        'partial_coverage'
        """
        if self.column is not None:
            return str(row[self.column] or "")
        carried = (row["caveats"] or "").split(";")
        return ";".join(code for code in self.caveats if code in carried)

    def words(self, value: str, language: str) -> str:
        """Return a value of this aspect in words."""
        if value and self.carried is not None:
            return self.carried[language]
        return value.replace("_", " ") if value else self.empty[language]


@dataclass(frozen=True)
class ComparisonRules:
    """When figures of several areas may be ranked.

    Attributes:
        fewest_events: figures based on fewer events are left out, and no percentage change from them is given.
        year_share: the year compared must have this share of the areas of the year with the most areas.
        alike: aspects that must be the same.
        noted: aspects that may differ, which is then stated.
        caveats_left_out: figures with one of these caveats are left out.
        statuses_left_out: figures with one of these statuses are left out.
    """

    fewest_events: int
    year_share: float
    alike: tuple[Aspect, ...]
    noted: tuple[Aspect, ...]
    caveats_left_out: tuple[str, ...]
    statuses_left_out: tuple[str, ...]


@cache
def load_comparison_rules() -> ComparisonRules:
    """Return the declared rules.

    Raises:
        DeclarationError: as :func:`parse_comparison_rules`.

    >>> [aspect.name for aspect in load_comparison_rules().alike][:2]
    ['stage', 'counting_unit']
    """
    text = resources.files("schemas").joinpath("comparison.yml").read_text(encoding="utf-8")
    return parse_comparison_rules(parse_yaml(text))


def parse_comparison_rules(declared: Mapping[str, Any]) -> ComparisonRules:
    """Return rules as declared, checked.

    Raises:
        DeclarationError: a part is missing, or an aspect has neither a column nor caveats, or both.
    """
    try:
        return ComparisonRules(
            fewest_events=int(declared["fewest_events"]),
            year_share=float(declared["year_share"]),
            alike=_aspects(declared["alike"]),
            noted=_aspects(declared["noted"]),
            caveats_left_out=tuple(declared["left_out"]["caveats"]),
            statuses_left_out=tuple(declared["left_out"]["statuses"]),
        )
    except KeyError as error:
        raise DeclarationError(f"comparison.yml: {error.args[0]} is missing") from error


def _aspects(declared: Mapping[str, Mapping[str, Any]]) -> tuple[Aspect, ...]:
    found = []
    for name, entry in declared.items():
        if ("column" in entry) == ("caveats" in entry):
            raise DeclarationError(f"comparison.yml: {name} needs either a column or caveats")
        caveats = tuple(entry.get("caveats", ()))
        words = (entry["label"], entry["empty"], entry["reason"])
        found.append(Aspect(name, *words, entry.get("column"), caveats, entry.get("carried")))
    return tuple(found)


def why_no_percent(events: float) -> str | None:
    """Return why no percentage change from this many events is given (code list no_percent_reason); None if it is.

    A percentage of one or two events only shows that they were few: from 2 to 160 is "+7,900 %".

    Args:
        events: number in the first of the two periods; a count, not a rate.

    >>> [why_no_percent(events) for events in (0, 19, 20)]
    ['no_events', 'few_events', None]
    """
    if events == 0:
        return "no_events"
    return "few_events" if events < load_comparison_rules().fewest_events else None


def percent_change_sql(before: str, after: str) -> str:
    """Return the change between two counts in percent as an SQL expression; NULL as :func:`why_no_percent` says."""
    fewest = load_comparison_rules().fewest_events
    return f"CASE WHEN {before} >= {fewest} THEN ({after} - {before}) / {before} * 100 END"


def no_percent_sql(before: str, after: str) -> str:
    """Return :func:`why_no_percent` of a change between two counts that are both there as an SQL expression."""
    fewest = load_comparison_rules().fewest_events
    return (
        f"CASE WHEN {before} IS NULL OR {after} IS NULL OR {before} >= {fewest} THEN NULL "
        f"WHEN {before} = 0 THEN 'no_events' ELSE 'few_events' END"
    )
