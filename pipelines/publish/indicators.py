"""The indicators of ``schemas/indicators``, computed from rates and populations, or the missing input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.publish.indicator_methods import METHODS, condition
from pipelines.system.connection import insert_rows, run_sql
from schemas.declarations import is_compared, quote_literal
from schemas.indicators import Indicator, Part, load_indicators


class _Inputs(NamedTuple):
    """Which inputs of one indicator a release has.

    Attributes:
        is_counted: whether any cell is of its category.
        is_by_age: whether any of these is for a single age group.
        top: whether any of them can be its numerator.
        top_population: whether any of these has a rate.
        bottom: whether any cell can be its denominator.
    """

    is_counted: bool
    is_by_age: bool
    top: bool
    top_population: bool
    bottom: bool


def make_indicators(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.indicator`` and ``out.indicator_definition`` from ``out.rate`` and ``out.population``.

    The temporary table ``population_group`` must exist (see ``make_rates``).

    Raises:
        DeclarationError: an indicator that its method cannot compute as declared.
    """
    indicators = load_indicators()
    inputs = _fetch_inputs(connection, indicators.values())
    left_out = {
        name: _compute(connection, indicator) if _may_be_made(indicator, inputs[name]) else 0
        for name, indicator in indicators.items()
    }
    rows = [
        {**_describe(indicator), "left_out": left_out[name], "place": place}
        | {"not_produced_reason": _missing_input(indicator, left_out[name], inputs[name])}
        for place, (name, indicator) in enumerate(indicators.items())
    ]
    connection.register("declared_indicator", pa.Table.from_pylist(rows))
    run_sql(connection, "publish/indicator_definition")
    connection.unregister("declared_indicator")


def _compute(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> int:
    """Add the figures of an indicator to ``out.indicator``; return how many could not be computed."""
    method = METHODS[indicator.method.name]
    method.check(indicator)
    figures = method.compute(connection, indicator)
    table = figures.table
    for name, text in (("indicator", indicator.indicator_id), ("method", figures.method)):
        table = table.append_column(name, pa.array([text] * table.num_rows, pa.string()))
    compared = [is_compared(caveats) for caveats in table.column("caveats").to_pylist()] if table.num_rows else []
    table = table.append_column("is_compared", pa.array(compared, pa.bool_()))
    insert_rows(connection, "out.indicator", table)
    return figures.left_out


def _describe(indicator: Indicator) -> dict[str, str | None]:
    below = indicator.denominator
    return {
        "indicator": indicator.indicator_id,
        "title_en": indicator.titles[0],
        "title_fr": indicator.titles[1],
        "title_es": indicator.titles[2],
        "sdg": indicator.sdg,
        "indicator_kind": indicator.method.name,
        "unit": indicator.unit,
        "iccs": indicator.iccs,
        "numerator_of": _words(indicator.numerator, indicator.sex),
        "denominator_of": indicator.method.divides_by if below is None else _words(below, indicator.sex),
        "expected_breakdown": ";".join(indicator.by),
        "note": indicator.note,
        "reference": indicator.reference,
    }


def _may_be_made(indicator: Indicator, inputs: _Inputs) -> bool:
    """Whether a release can have figures of an indicator, checked first as planning its statement is slow."""
    has_ages = inputs.is_by_age or not METHODS[indicator.method.name].by_age
    return inputs.is_counted and has_ages and (indicator.denominator is None or inputs.bottom)


def _missing_input(indicator: Indicator, left_out: int, inputs: _Inputs) -> str:
    """Return which input an indicator without figures lacks in this release."""
    below = indicator.denominator
    if not inputs.top:
        return f"no source counts the numerator: ICCS {indicator.iccs}, {_words(indicator.numerator, indicator.sex)}"
    if below is not None and not inputs.bottom:
        return f"no source counts the denominator: ICCS {indicator.iccs}, {_words(below, indicator.sex)}"
    if left_out:
        return (
            "there are counts by age, but their bands do not combine into those of the standard, a band is "
            "missing, or there is no population"
        )
    if METHODS[indicator.method.name].by_age:
        return "no source counts the numerator by age"
    if indicator.method.uses_population and not inputs.top_population:
        return "no population of the same area, year, sex and age"
    return "numerator and denominator are never available in the same source, area and year"


def _fetch_inputs(connection: duckdb.DuckDBPyConnection, indicators: Iterable[Indicator]) -> dict[str, _Inputs]:
    wanted = [
        {
            "name": quote_literal(indicator.indicator_id),
            "iccs": quote_literal(indicator.iccs),
            "top": condition(indicator, indicator.numerator, ages=METHODS[indicator.method.name].by_age),
            "bottom": condition(indicator, indicator.denominator) if indicator.denominator else "false",
        }
        for indicator in indicators
    ]
    found = run_sql(connection, "publish/indicator_inputs", indicators=wanted).fetchall()
    return {name: _Inputs(*has) for name, *has in found}


def _words(part: Part, sex: str | None) -> str:
    narrowed = [f"{name} {' or '.join(codes)}" for name, codes in part.narrowed.items()]
    words = [" or ".join(part.stages), " or ".join(part.counting_units), *([f"sex {sex}"] if sex else []), *narrowed]
    return "; ".join(words)
