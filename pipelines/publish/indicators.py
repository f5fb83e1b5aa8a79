"""The indicators of ``schemas/indicators``, computed from rates and populations, or the input that is missing."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from pipelines.publish.indicator_methods import METHODS, condition
from pipelines.system.connection import fetch_row, insert_rows, run_sql
from schemas.declarations import is_compared, quote_literal
from schemas.indicators import Indicator, Part, load_indicators


def make_indicators(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.indicator`` and ``out.indicator_definition`` from ``out.rate`` and ``out.population``.

    The temporary table ``population_priority`` has to be there (see ``make_rates``).

    Raises:
        DeclarationError: an indicator that its method cannot compute as declared.
    """
    for indicator in load_indicators().values():
        method = METHODS[indicator.method.name]
        method.check(indicator)
        figures = method.compute(connection, indicator)
        table = figures.table
        for name, text in (("indicator", indicator.indicator_id), ("method", figures.method)):
            table = table.append_column(name, pa.array([text] * table.num_rows, pa.string()))
        compared = [is_compared(caveats) for caveats in table.column("caveats").to_pylist()] if table.num_rows else []
        table = table.append_column("is_compared", pa.array(compared, pa.bool_()))
        insert_rows(connection, "out.indicator", table)
        _define(connection, indicator, figures.left_out)


def _define(connection: duckdb.DuckDBPyConnection, indicator: Indicator, left_out: int) -> None:
    below = indicator.denominator
    texts = {
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
        "not_produced_reason": _missing_input(connection, indicator, left_out),
        "note": indicator.note,
        "reference": indicator.reference,
    }
    run_sql(
        connection,
        "publish/indicator_definition",
        texts=", ".join(f"{'NULL' if text is None else quote_literal(text)} AS {name}" for name, text in texts.items()),
        indicator=quote_literal(indicator.indicator_id),
        left_out=str(left_out),
    )


def _missing_input(connection: duckdb.DuckDBPyConnection, indicator: Indicator, left_out: int) -> str | None:
    """Say which input an indicator without figures lacks in this release; None where it has figures."""
    (made,) = fetch_row(
        connection,
        "SELECT count(*) FROM out.indicator WHERE indicator = $name AND value IS NOT NULL",
        {"name": indicator.indicator_id},
    )
    if made:
        return None
    below = indicator.denominator
    top, top_population, bottom = _fetch_inputs(connection, indicator)
    if not top:
        return f"no source counts the numerator: ICCS {indicator.iccs}, {_words(indicator.numerator, indicator.sex)}"
    if below is not None and not bottom:
        return f"no source counts the denominator: ICCS {indicator.iccs}, {_words(below, indicator.sex)}"
    if left_out:
        return "counts by age are there, but with bands that cut those of the standard, a missing band or no population"
    if METHODS[indicator.method.name].by_age:
        return "no source counts the numerator by age"
    if indicator.method.uses_population and not top_population:
        return "no population of the same area, year, sex and age"
    return "numerator and denominator are never in one source, area and year"


def _fetch_inputs(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> tuple[bool, bool, bool]:
    below = indicator.denominator
    top, top_population, bottom = run_sql(
        connection,
        "publish/indicator_inputs",
        iccs=quote_literal(indicator.iccs),
        top=condition(indicator, indicator.numerator, ages=METHODS[indicator.method.name].by_age),
        bottom=condition(indicator, below) if below else "false",
    ).fetchall()[0]
    return top, top_population, bottom


def _words(part: Part, sex: str | None) -> str:
    narrowed = [f"{name} {' or '.join(codes)}" for name, codes in part.narrowed.items()]
    words = [" or ".join(part.stages), " or ".join(part.counting_units), *([f"sex {sex}"] if sex else []), *narrowed]
    return "; ".join(words)
