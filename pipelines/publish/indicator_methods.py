"""How indicators are computed: one class for each method of ``schemas/indicator_methods``, found by its name.

A new method is a declaration there and a class here. Its ``compute`` reads ``out.rate`` and ``out.population`` and
returns the figures; the declarations of its indicators are checked when they are read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iccs.ages import ICCS_AGE_BANDS, parse_age
from pipelines.statistics.rates import FEWEST_EVENTS, odds_limits, proportion_limits
from pipelines.statistics.standardisation import standard_names, standard_weights, standardised_rate
from pipelines.system.connection import fetch_arrow
from schemas.codelists import weakest_status
from schemas.declarations import DeclarationError, attribute_columns, quote_identifier, quote_literal
from schemas.indicators import Indicator, Part

Numbers = NDArray[np.float64]
Limits = tuple[Numbers, Numbers, Numbers]

STOCK = "full count on one day: no interval"
_SERIES = ("source", "vintage", "ref_area", "time_period", "stage", "counting_unit", "sex")


@dataclass(frozen=True)
class Figures:
    """Figures of one indicator.

    Attributes:
        table: columns of ``out.indicator`` without ``indicator`` and ``method``.
        method: text of the column ``method``: how value and limits were computed.
        left_out: number of cells that could have been figures but are not.
    """

    table: pa.Table
    method: str
    left_out: int = 0


class Method(ABC):
    """A way to compute indicators.

    Attributes:
        name: of its declaration.
        by_age: whether the counts of every age are inputs, whatever the indicator is broken down by.
    """

    name: ClassVar[str]
    by_age: ClassVar[bool] = False

    def check(self, indicator: Indicator) -> None:  # noqa: B027 (most methods have nothing to check)
        """Check what the declaration of the method cannot express.

        Raises:
            DeclarationError: names the key, the indicator, and the allowed values.
        """

    @abstractmethod
    def compute(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> Figures:
        """Return the figures of one indicator of this method."""


class Rate(Method):
    """Crude rates as they are in ``out.rate``."""

    name = "rate"

    def compute(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> Figures:
        """Return the rates of the preferred counting unit of each area."""
        found = fetch_arrow(
            connection,
            "publish/indicator_rate",
            interval=str(indicator.interval),
            counts=condition(indicator, indicator.numerator),
            preferred=preferred(indicator.numerator),
        )
        return Figures(found, "crude rate, exact Poisson 95 % limits" if indicator.interval else STOCK)


class StandardisedRate(Method):
    """Rates of a standard population, from counts and populations by age."""

    name = "standardised_rate"
    by_age = True

    def check(self, indicator: Indicator) -> None:
        """Refuse a standard population without a table."""
        standard = indicator.parameters["standard"]
        if standard not in standard_names():
            raise DeclarationError(
                f"indicators/{indicator.indicator_id}.yml: standard is {standard!r}; "
                f"it can be {', '.join(standard_names())}"
            )

    def compute(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> Figures:
        """Return the standardised rates, and how many cells by age could not be standardised."""
        standard = indicator.parameters["standard"]
        found = fetch_arrow(
            connection,
            "publish/indicator_bands",
            counts=condition(indicator, indicator.numerator, ages=True),
            preferred=preferred(indicator.numerator),
            band=_iccs_band() if indicator.parameters["bands"] == "iccs" else "age",
            series=", ".join(_SERIES),
            series_of_banded=", ".join(f"banded.{name}" for name in _SERIES),
        )
        rows, left_out = [], 0
        for cell in found.to_pylist():
            bands, counts, populations = cell.pop("bands"), cell.pop("counts"), cell.pop("populations")
            weights = _weights(standard, tuple(bands)) if cell.pop("complete") else None
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
        method = f"direct standardisation, {standard}, Fay-Feuer 95 % limits"
        return Figures(pa.Table.from_pylist(rows), method, left_out)


class PairMethod(Method):
    """Counts divided by counts of the same source, area and year."""

    text: ClassVar[str]

    @abstractmethod
    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Return value and limits of each pair, NaN where there is none.

        Args:
            found: numerator, denominator, top_population and bottom_population of each pair.
            indicator: that they are of.
        """

    def fetch(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> pa.Table:
        """Return the pairs: numerator, denominator, both populations, and the columns of ``out.indicator``."""
        return _fetch_pairs(connection, indicator)

    def describe(self, indicator: Indicator) -> str:
        """Return the text of the column ``method``."""
        return self.text

    def compute(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> Figures:
        """Return a figure for each pair that has an event on either side, and the populations needed."""
        found = self.fetch(connection, indicator)
        with np.errstate(divide="ignore", invalid="ignore"):
            value, low, high = self.limits(found, indicator)
        top, bottom = numbers(found, "numerator"), numbers(found, "denominator")
        few = (np.minimum(top, bottom) < FEWEST_EVENTS) & (self.describe(indicator) != STOCK)
        table = found.drop_columns(["top_population", "bottom_population"])
        for name, column in {"value": value, "ci_low": low, "ci_high": high}.items():
            table = table.append_column(name, pa.array(column, pa.float64(), mask=~np.isfinite(column)))
        table = table.append_column("few_events", pa.array(few))
        # A ratio over no events has no value but a lower limit; nothing over nothing has neither.
        has_figure = np.isfinite(value) | (np.isfinite(low) & (top > 0))
        return Figures(table.filter(pa.array(has_figure)), self.describe(indicator))


class RateRatio(PairMethod):
    """Rate of one group over that of another."""

    name = "rate_ratio"
    text = "ratio of crude rates, exact conditional 95 % limits"

    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Ratio of the rates; infinite if the denominator has no event."""
        top, bottom = numbers(found, "numerator"), numbers(found, "denominator")
        size = numbers(found, "bottom_population") / numbers(found, "top_population")
        low, high = odds_limits(top, bottom)
        return top / bottom * size, low * size, high * size


class RepresentationRatio(PairMethod):
    """Share of a group among those counted over its share of the population."""

    name = "representation_ratio"
    text = "share of those counted divided by share of the population, Clopper-Pearson 95 % limits"

    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Ratio of the shares: 1 is proportionate."""
        return representation_limits(found)


class Share(PairMethod):
    """Counts in percent of the counts that contain them, or of places."""

    name = "share"
    text = "share of those counted, Clopper-Pearson 95 % limits"

    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Percent; without limits if everybody is counted."""
        top, bottom = numbers(found, "numerator"), numbers(found, "denominator")
        if not indicator.interval:
            none = np.full(len(top), np.nan)
            return top / bottom * 100, none, none
        value, low, high = part_limits(top, bottom)
        return value * 100, low * 100, high * 100

    def describe(self, indicator: Indicator) -> str:
        """Return the text of the column ``method``."""
        return self.text if indicator.interval else STOCK


class StageRatio(PairMethod):
    """Counts at one stage per 100 at another, of one year."""

    name = "stage_ratio"
    text = "ratio of two counts in the same year, not a probability: no interval"

    def check(self, indicator: Indicator) -> None:
        """Refuse an interval: the counts of two stages are not a part and its total."""
        if indicator.interval:
            raise DeclarationError(
                f"indicators/{indicator.indicator_id}.yml: a stage_ratio has no interval: write interval: false"
            )

    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Per 100, without limits."""
        none = np.full(found.num_rows, np.nan)
        return numbers(found, "numerator") / numbers(found, "denominator") * 100, none, none


class RateOverCountry(PairMethod):
    """Rate of an area over that of its country: the area's share of the events over its share of the population."""

    name = "rate_over_country"
    text = "rate of the area divided by that of its country, Clopper-Pearson 95 % limits"

    def check(self, indicator: Indicator) -> None:
        """Refuse an indicator that is not by geography, as countries themselves are not compared here."""
        if "geography" not in indicator.by:
            raise DeclarationError(
                f"indicators/{indicator.indicator_id}.yml: a rate_over_country is for areas: add geography to by"
            )

    def fetch(self, connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> pa.Table:
        """Return each area with its country; the status is the weaker of the two."""
        found = fetch_arrow(
            connection,
            "publish/indicator_country",
            counts=condition(indicator, indicator.numerator),
            preferred=preferred(indicator.numerator),
        )
        pairs = zip(*(found.column(name).to_pylist() for name in ("area_status", "country_status")), strict=True)
        statuses = pa.array([weakest_status(pair) for pair in pairs], pa.string())
        return found.drop_columns(["area_status", "country_status"]).append_column("obs_status", statuses)

    def limits(self, found: pa.Table, indicator: Indicator) -> Limits:
        """Ratio of the rates: 1 is the rate of the country."""
        return representation_limits(found)


METHODS: dict[str, Method] = {
    method.name: method()
    for method in (Rate, StandardisedRate, RateRatio, RepresentationRatio, Share, StageRatio, RateOverCountry)
}
"""Every method by name."""


def _fetch_pairs(connection: duckdb.DuckDBPyConnection, indicator: Indicator) -> pa.Table:
    top, bottom = indicator.numerator, indicator.denominator
    if bottom is None:
        raise ValueError(f"indicator {indicator.indicator_id} has no denominator")
    compared = {*top.narrowed, *bottom.narrowed}
    keys = [f"'_T' AS {name}" if name in compared else name for name in ("sex", "age")]
    changed = [name for name in top.narrowed if top.narrowed[name] != bottom.narrowed.get(name)]
    unnarrowed = Part(top.stages, top.counting_units, {**top.narrowed, **dict.fromkeys(changed, ())})
    return fetch_arrow(
        connection,
        "publish/indicator_pair",
        uses_population=str(indicator.method.uses_population),
        iccs=quote_literal(indicator.iccs),
        top=condition(indicator, top),
        bottom=condition(indicator, bottom),
        broken_down=condition(indicator, unnarrowed) if changed else "false",
        empty_is_zero="true" if changed else "false",
        unknown=" OR ".join(f"{name} = '_U'" for name in changed) or "false",
        keys=", ".join(keys),
        preferred=preferred(bottom, "is_bottom"),
    )


def part_limits(parts: Numbers, wholes: Numbers) -> Limits:
    """Return shares with their Clopper-Pearson limits; NaN where a part is larger than its total.

    Some sources publish such counts; a rule reports them, and they have no share.
    """
    value, low, high = (np.full(len(parts), np.nan) for _ in range(3))
    fits = parts <= wholes
    value[fits] = parts[fits] / wholes[fits]
    low[fits], high[fits] = proportion_limits(parts[fits], wholes[fits])
    return value, low, high


def representation_limits(found: pa.Table) -> Limits:
    """Return the share of the counts over the share of the population, with limits; see :func:`part_limits`."""
    share = numbers(found, "top_population") / numbers(found, "bottom_population")
    value, low, high = part_limits(numbers(found, "numerator"), numbers(found, "denominator"))
    return value / share, low / share, high / share


def _weights(standard: str, bands: tuple[str, ...]) -> list[float] | None:
    """Return the shares of the bands in a standard; None if a band cuts one of the standard in two."""
    try:
        return list(standard_weights(standard, bands).values())
    except ValueError:
        return None


def condition(indicator: Indicator, part: Part, *, ages: bool = False) -> str:
    """Return the condition on ``out.rate`` for the cells of a part; an empty list means all codes but the total.

    Args:
        indicator: declares the category and the disaggregations.
        part: numerator or denominator.
        ages: whether every age is wanted, whatever the indicator is broken down by.
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


def preferred(part: Part, *within: str) -> str:
    """Return the condition that a cell has the first counting unit of a part that exists for its source and area."""
    position = f"list_position([{_list(part.counting_units)}], counting_unit)"
    return f"{position} = min({position}) OVER (PARTITION BY {', '.join(('source', 'ref_area', *within))})"


def _list(codes: tuple[str, ...]) -> str:
    return ", ".join(quote_literal(code) for code in codes)


def numbers(table: pa.Table, column: str) -> Numbers:
    """Return a column as numbers, NaN for NULL."""
    return np.asarray(table.column(column).to_numpy(zero_copy_only=False), dtype=np.float64)


def _iccs_band() -> str:
    """Return the SQL for the ICCS band that contains an age group; NULL if none does."""
    cases = []
    for code in ICCS_AGE_BANDS:
        low, high = parse_age(code) or (0, None)
        upper = "" if high is None else f" AND upper_age <= {high}"
        cases.append(f"WHEN lower_age >= {low}{upper} THEN {quote_literal(code)}")
    return f"CASE {' '.join(cases)} END"
