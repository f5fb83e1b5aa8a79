"""Fills the statements of rules on figures: SQL made from the parameters of a rule and the definition of a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipelines.system.sql import fill_sql, load_sql, place_names
from pipelines.tabulate.aggregate import categories_holding
from schemas.areas import country_sizes
from schemas.codelists import ranked_codes
from schemas.declarations import Rule, attribute_columns, breakdown_columns, load_rules, load_tables, quote_literal
from schemas.definition.publication import Break, Exceptional
from schemas.source import Source


def fill_rule(rule: Rule, source: Source) -> str:
    """Return the statement of a rule for a source, parameters as SQL literals.

    Raises:
        ValueError: a parameter is missing or has no place.
    """
    template = f"tabulate/rules/{rule.kind}"
    declared = {name: _literal(value) for name, value in rule.parameters.items()}
    places = place_names(load_sql(template))
    offered = {name: _PLACES[name](rule, source) for name in places & _PLACES.keys()}
    return fill_sql(template, **declared | offered)


def covers_literal(source: Source) -> str:
    """Return the areas in which a source counts, as an SQL list; empty means all."""
    return f"{_literal(list(source.covers))}::VARCHAR[]"


def total_parts(source: Source) -> dict[str, str]:
    """Return the SQL for the code of each total; a source on part of a dimension declares another one than _T."""
    totals = {name: quote_literal(source.totals.get(name, "_T")) for name in breakdown_columns()}
    parts = {"no_attributes": "".join(f" AND {name} = {totals[name]}" for name in attribute_columns())}
    parts["gives_age"] = "true" if "age" in source.columns else "false"  # an age implied by a link is not a band
    for name in ("sex", "age"):
        whole = totals[name] == quote_literal("_T")
        parts[name] = name if whole else f"CASE {name} WHEN {totals[name]} THEN '_T' ELSE {name} END"
    return parts


def _dimension(rule: Rule) -> str:
    return str(rule.parameters.get("dimension", "sex"))


def _stocks(source: Source) -> list[str]:
    """Stage and counting unit of what is counted on a day."""
    measures = source.measures.values()
    return [f"{one.stage} {one.counting_unit}" for one in measures if one.figures == "stock"]


def _rejected_limit(source: Source) -> float:
    """The share of its rows that a figure may lose, from the source, or else from the rule that withholds it."""
    own = source.rejected_figure_limit
    return float(load_rules()["rejected_much"].parameters["limit"]) if own is None else own


def _fractions(source: Source) -> str:
    """Where fractions are right: populations made by a model, rates' sums, and estimates from split categories.

    A status that outranks E may hold for a total that is in part an estimate.
    """
    if not source.whole_numbers:
        return "true"
    order = ranked_codes("obs_status")
    return f"obs_status IN ({', '.join(map(_literal, order[order.index('E') :]))})"


def _declared_types() -> str:
    """The columns of an observation with their types, as rows of a VALUES list."""
    columns = load_tables()["observation"].columns
    return ", ".join(f"({_literal(column.name)}, {_literal(column.type)})" for column in columns)


def _declared(entries: Sequence[Break | Exceptional], *, with_those_above: bool, since: str = "") -> str:
    """The years, categories and areas for which a source declares something, as a condition.

    Args:
        entries: its breaks, real jumps or mass events.
        with_those_above: whether a declaration on a category applies to every category above it.
        since: column with the year that ``year`` is compared with: a declaration on a year in between, which has no
            figure or is not compared, applies to the two. If not given, only ``year`` counts.
    """
    parts = []
    for entry in entries:
        declared = int(entry.period[:4])
        conditions = [f"year >= {declared} AND {since} < {declared}" if since else f"year = {declared}"]
        if entry.iccs:
            of = categories_holding(entry.iccs) if with_those_above else _literal(list(entry.iccs))
            conditions.append(f"list_contains({of}, iccs)")
        if isinstance(entry, Exceptional) and entry.areas:
            conditions.append(f"list_contains({_literal(list(entry.areas))}, ref_area)")
        parts.append(f"({' AND '.join(conditions)})")
    return " OR ".join(parts) or "false"


def _declared_projected(source: Source) -> str:
    """The years that a source declares to be projected, as a condition."""
    parts = [
        f"time_period BETWEEN {_literal(one.first_period[:4] if one.first_period else '')} "
        f"AND {_literal(one.last_period[:4] if one.last_period else '9999')}"
        for one in source.caveats
        if one.caveat == "projection"
    ]
    return " OR ".join(parts) or "false"


def _withholding_totals() -> list[str]:
    """The rules that withhold every cell they find, for any sex or age."""
    effects = ((rule.name, rule.effect) for rule in load_rules().values())
    return [name for name, effect in effects if "withhold" in effect and "codes" not in effect]


def _withholding_rules() -> list[str]:
    """Those of ``_withholding_totals`` that also withhold the year to which a cell belongs."""
    return [name for name in _withholding_totals() if load_rules()[name].effect.get("periods") != "own"]


def _lowering_rules() -> list[str]:
    """The rules that find a figure too low because of rows in quarantine, by the share that it lost."""
    return [name for name, rule in load_rules().items() if rule.kind == "rejected_share"]


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return quote_literal(value) if isinstance(value, str) else str(value)


_PLACES: dict[str, Callable[[Rule, Source], str]] = {
    "dimension": lambda rule, _: _dimension(rule),
    "other": lambda rule, _: "age" if _dimension(rule) == "sex" else "sex",
    "kept_sex": lambda rule, _: "NULL" if _dimension(rule) == "sex" else "sex",
    "kept_age": lambda rule, _: "NULL" if _dimension(rule) == "age" else "age",
    "given": lambda rule, source: "true" if _dimension(rule) in source.columns else "false",
    "others": lambda rule, _: "".join(f", {name}" for name in breakdown_columns() if name != _dimension(rule)),
    "attributes": lambda _, __: "".join(f", {name}" for name in attribute_columns()),
    "sex": lambda _, source: total_parts(source)["sex"],
    "age": lambda _, source: total_parts(source)["age"],
    "no_attributes": lambda _, source: total_parts(source)["no_attributes"],
    "gives_age": lambda _, source: total_parts(source)["gives_age"],
    "covers": lambda _, source: covers_literal(source),
    "events": lambda _, source: "true" if source.rows == "events" else "false",
    "whole_cube": lambda _, source: "true" if source.rows == "cells" else "false",
    "include_children": lambda _, source: "true" if source.parent_counts == "include_children" else "false",
    "fractions": lambda _, source: _fractions(source),
    "stocks": lambda _, source: f"{_literal(_stocks(source))}::VARCHAR[]",
    "limit": lambda _, source: str(_rejected_limit(source)),
    "breaks_between": lambda _, source: _declared(source.breaks, with_those_above=True, since="year_before"),
    "real": lambda _, source: _declared(source.no_break, with_those_above=False),
    "real_between": lambda _, source: _declared(source.no_break, with_those_above=False, since="year_before"),
    "declared_projected": lambda _, source: _declared_projected(source),
    "country_sizes": lambda _, __: ", ".join(
        f"({_literal(area)}, {low}, {high})" for area, low, high in country_sizes()
    ),
    "exceptional": lambda _, source: _declared(source.mass_events, with_those_above=True),
    "declared_types": lambda _, __: _declared_types(),
    "withholding": lambda _, __: _literal(_withholding_rules()),
    "withholding_totals": lambda _, __: _literal(_withholding_totals()),
    "lowering": lambda _, __: _literal(_lowering_rules()),
    "much_rejected": lambda _, __: str(load_rules()["rejected_much"].parameters["limit"]),
    "condition": lambda rule, _: str(rule.parameters.get("condition", "false")),
    "of": lambda rule, _: str(rule.parameters.get("of", "true")),
}
"""The places that statements of rules may have: SQL made from the rule's parameters and the source definition.

Each is made only for statements that have the place: the conditions of a source with many breaks are long."""
