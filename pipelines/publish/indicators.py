"""The indicators of ``schemas/indicators``, made from rates and populations with limits, or said to have no input."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.statistics.rates import FEWEST_EVENTS, odds_limits, proportion_limits
from pipelines.statistics.standardisation import standard_weights, standardised_rate
from pipelines.system.connection import fetch_arrow, fetch_row, insert_rows, run_sql
from schemas.declarations import attribute_columns, quote_identifier, quote_literal
from schemas.indicators import Indicator, Part, load_indicators

Numbers = NDArray[np.float64]
Limits = tuple[Numbers, Numbers, Numbers]

_RATE = "crude rate, exact Poisson 95 % limits"
_STOCK = "everybody counted on a day: no interval"
_METHODS = {
    "rate_ratio": "ratio of crude rates, exact conditional 95 % limits",
    "representation_ratio": "share of those counted over share of the population, Clopper-Pearson 95 % limits",
    "share": "share of those counted, Clopper-Pearson 95 % limits",
    "stage_ratio": "ratio of two counts of one year, not a probability: no interval",
}
_ICCS_BAND = """CASE WHEN upper_age <= 14 THEN 'Y0T14' WHEN lower_age >= 15 AND upper_age <= 29 THEN 'Y15T29'
    WHEN lower_age >= 30 AND upper_age <= 44 THEN 'Y30T44' WHEN lower_age >= 45 AND upper_age <= 59 THEN 'Y45T59'
    WHEN lower_age >= 60 THEN 'Y_GE60' END"""
_SERIES = ("source", "vintage", "ref_area", "time_period", "stage", "counting_unit", "sex")


def make_indicators(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``out.indicator`` and ``out.indicator_definition`` from ``out.rate`` and ``out.population``.

    The table ``population_priority`` must be there (see ``make_rates``).
    """
    for indicator in load_indicators().values():
        left_out = 0
        if indicator.kind == "rate":
            _insert_rates(connection, indicator)
        elif indicator.kind == "standardised_rate":
            left_out = _insert_standardised(connection, indicator)
        else:
            _insert_pairs(connection, indicator)
        _define(connection, indicator, left_out)


def _insert_rates(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> None:
    run_sql(
        connection,
        "publish/indicator_rate",
        indicator=quote_literal(indicator.indicator_id),
        interval=str(indicator.interval),
        method=quote_literal(_RATE if indicator.interval else _STOCK),
        counts=_condition(indicator, indicator.numerator),
        preferred=_preferred(indicator.numerator),
    )


def _insert_pairs(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> None:
    top, bottom = indicator.numerator, indicator.denominator
    if bottom is None:
        raise ValueError(f"indicator {indicator.indicator_id} has no denominator")
    compared = {*top.narrowed, *bottom.narrowed}
    keys = [f"'_T' AS {name}" if name in compared else name for name in ("sex", "age")]
    changed = [name for name in top.narrowed if top.narrowed[name] != bottom.narrowed.get(name)]
    unnarrowed = Part(top.stages, top.counting_units, {**top.narrowed, **dict.fromkeys(changed, ())})
    found = fetch_arrow(
        connection,
        "publish/indicator_pair",
        iccs=quote_literal(indicator.iccs),
        top=_condition(indicator, top),
        bottom=_condition(indicator, bottom),
        broken_down=_condition(indicator, unnarrowed) if changed else "false",
        empty_is_zero="true" if changed else "false",
        keys=", ".join(keys),
        preferred=_preferred(bottom, "is_bottom"),
    )
    if not found.num_rows:
        return
    value, low, high = _pair_limits(indicator, found)
    few = np.minimum(_numbers(found, "numerator"), _numbers(found, "denominator")) < FEWEST_EVENTS
    table = found.drop_columns(["top_population", "bottom_population"])
    method = _METHODS[indicator.kind] if indicator.interval or indicator.kind == "stage_ratio" else _STOCK
    figures = {"value": value, "ci_low": low, "ci_high": high}
    for name, column in figures.items():
        table = table.append_column(name, pa.array(column, pa.float64(), mask=~np.isfinite(column)))
    table = table.append_column("few_events", pa.array(few))
    # A pair without an event on either side, or without a population, has neither a value nor a limit.
    _insert(connection, table.filter(pa.array(np.isfinite(value) | np.isfinite(low))), indicator, method)


def _pair_limits(indicator: Indicator, found: pa.Table) -> Limits:
    """Value and limits of each pair; not a number where there is none, infinite where the denominator has no event."""
    top, bottom = _numbers(found, "numerator"), _numbers(found, "denominator")
    none = np.full(len(top), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        if indicator.kind == "rate_ratio":
            size = _numbers(found, "bottom_population") / _numbers(found, "top_population")
            low, high = odds_limits(top, bottom)
            return top / bottom * size, low * size, high * size
        if indicator.kind == "representation_ratio":
            share = _numbers(found, "top_population") / _numbers(found, "bottom_population")
            low, high = proportion_limits(top, bottom)
            return top / bottom / share, low / share, high / share
        if not indicator.interval:
            return top / bottom * 100, none, none
        low, high = proportion_limits(top, bottom)
        return top / bottom * 100, low * 100, high * 100


def _insert_standardised(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> int:
    """Insert the standardised rates; return how many cells by age could not be standardised."""
    found = run_sql(
        connection,
        "publish/indicator_bands",
        counts=_condition(indicator, indicator.numerator, ages=True),
        preferred=_preferred(indicator.numerator),
        band=_ICCS_BAND if indicator.bands == "iccs" else "age",
        series=", ".join(_SERIES),
        series_of_banded=", ".join(f"banded.{name}" for name in _SERIES),
    )
    names = [column[0] for column in found.description or ()]
    rows, left_out = [], 0
    for values in found.fetchall():
        cell = dict(zip(names, values, strict=True))
        bands, counts, populations = cell.pop("bands"), cell.pop("counts"), cell.pop("populations")
        weights = _weights(str(indicator.standard), tuple(bands)) if cell.pop("complete") else None
        if weights is None:
            left_out += 1
            continue
        rate = standardised_rate(counts, populations, weights)
        total = cell.pop("total")
        known = rate.events / total if total else 1.0
        rows.append(
            {
                **cell,
                "age": "_T",
                "value": rate.value,
                "ci_low": rate.low,
                "ci_high": rate.high,
                "numerator": rate.events,
                "denominator": float(sum(populations)),
                "few_events": rate.few_events,
                "completeness": (cell["completeness"] or 1.0) * known,
            }
        )
    if rows:
        method = f"direct standardisation, {indicator.standard}, Fay-Feuer 95 % limits"
        _insert(connection, pa.Table.from_pylist(rows), indicator, method)
    return left_out


def _weights(standard: str, bands: tuple[str, ...]) -> list[float] | None:
    """Shares of the bands in a standard; None where a band cuts one of the standard in two."""
    try:
        return list(standard_weights(standard, bands).values())
    except ValueError:
        return None


def _insert(connection: duckdb.DuckDBPyConnection, table: pa.Table, indicator: Indicator, method: str) -> None:
    texts = {"indicator": indicator.indicator_id, "method": method}
    for name, text in texts.items():
        table = table.append_column(name, pa.array([text] * table.num_rows, pa.string()))
    insert_rows(connection, "out.indicator", table)


def _define(connection: duckdb.DuckDBPyConnection, indicator: Indicator, left_out: int) -> None:
    below = indicator.denominator
    texts = {
        "indicator": indicator.indicator_id,
        "title_en": indicator.titles[0],
        "title_fr": indicator.titles[1],
        "title_es": indicator.titles[2],
        "sdg": indicator.sdg,
        "indicator_kind": indicator.kind,
        "unit": indicator.unit,
        "iccs": indicator.iccs,
        "numerator_of": _words(indicator.numerator, indicator.sex),
        "denominator_of": "population" if below is None else _words(below, indicator.sex),
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
    if indicator.kind == "standardised_rate":
        return "no source counts the numerator by age"
    if not top_population and (below is None or indicator.kind in ("rate_ratio", "representation_ratio")):
        return "no population of the same area, year, sex and age"
    return "numerator and denominator are never in one source, area and year"


def _fetch_inputs(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> tuple[bool, bool, bool]:
    below = indicator.denominator
    top, top_population, bottom = run_sql(
        connection,
        "publish/indicator_inputs",
        iccs=quote_literal(indicator.iccs),
        top=_condition(indicator, indicator.numerator, ages=indicator.standard is not None),
        bottom=_condition(indicator, below) if below else "false",
    ).fetchall()[0]
    return top, top_population, bottom


def _words(part: Part, sex: str | None) -> str:
    narrowed = [f"{name} {' or '.join(codes)}" for name, codes in part.narrowed.items()]
    words = [" or ".join(part.stages), " or ".join(part.counting_units), *([f"sex {sex}"] if sex else []), *narrowed]
    return "; ".join(words)


def _condition(indicator: Indicator, part: Part, *, ages: bool = False) -> str:
    """Cells of ``out.rate`` that a part takes; an empty list of codes stands for all but the total.

    Args:
        indicator: declares the category and the disaggregations.
        part: numerator or denominator.
        ages: true where every age is wanted, whatever the indicator is broken down by.
    """
    terms = [
        f"iccs = {quote_literal(indicator.iccs)}",
        f"stage IN ({_list(part.stages)})",
        f"counting_unit IN ({_list(part.counting_units)})",
    ]
    if "geography" not in indicator.by:
        terms.append("area_level = 'country'")
    for name in ("sex", "age", *attribute_columns()):
        column = quote_identifier(name)
        if name in part.narrowed:
            codes = part.narrowed[name]
            terms.append(f"{column} IN ({_list(codes)})" if codes else f"{column} <> '_T'")
        elif name == "sex" and indicator.sex:
            terms.append(f"{column} = {quote_literal(indicator.sex)}")
        elif (name == "age" and ages) or name in indicator.by:
            terms.append(f"{column} NOT IN ('_U', '_Z')")
        else:
            terms.append(f"{column} = '_T'")
    return "(" + " AND ".join(terms) + ")"


def _preferred(part: Part, *within: str) -> str:
    position = f"list_position([{_list(part.counting_units)}], counting_unit)"
    return f"{position} = min({position}) OVER (PARTITION BY {', '.join(('source', 'ref_area', *within))})"


def _list(codes: tuple[str, ...]) -> str:
    return ", ".join(quote_literal(code) for code in codes)


def _numbers(table: pa.Table, column: str) -> Numbers:
    return np.asarray(table.column(column).to_numpy(zero_copy_only=False), dtype=np.float64)
