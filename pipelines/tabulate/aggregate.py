"""Aggregate: observations -> published cells; totals over sex, age, months and areas, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import duckdb

from iccs.classification import load_classification
from pipelines.harmonise.enums import total_code
from pipelines.harmonise.reconcile import Validated
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.sql import fill_sql
from pipelines.tabulate.unchanged_years import PreviousVintage, find_unchanged_years, make_year_keys
from pipelines.tabulate.vintages.columns import definition_key
from schemas.declarations import breakdown_columns, quote_literal
from schemas.errors import UsageError
from schemas.source import Source, SourceFolder

_PERIODS_IN = {("M", "A"): 12, ("Q", "A"): 4, ("M", "Q"): 3}


@dataclass(frozen=True)
class Aggregated:
    """What was aggregated: how many published cells the table ``cells`` of the connection has.

    ``year_keys`` has the key of what determines the figures of each year, for a source of events by partition; the
    cells of ``unchanged_years`` are reused from the previous vintage.
    """

    source_id: str
    rows: int
    year_keys: dict[str, str] = field(default_factory=dict, repr=False)
    unchanged_years: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line for people."""
        years = len(self.unchanged_years)
        kept = f", those of {years} year{'s' if years != 1 else ''} from the previous vintage" if years else ""
        return f"{self.rows:,} published cells{kept}"


@dataclass(frozen=True)
class TablePlan:
    """The cells of one measure and frequency: the sets of dimensions to break down by, and the area levels."""

    measure: str
    freq: str
    sets: tuple[tuple[str, ...], ...]
    area_levels: tuple[str, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension in any of the sets, in our order."""
        return tuple(name for name in breakdown_columns() if any(name in one for one in self.sets))


def plan_tables(source: Source) -> list[TablePlan]:
    """Return the cells that the declared breakdowns require: each with all its margins, no set of dimensions twice.

    Breakdowns by sex and age, and by sex and weapon, share the margins sex and total; these are made once.
    """
    wanted: dict[tuple[str, str], dict[tuple[str, ...], tuple[str, ...]]] = {}
    for breakdown in source.breakdowns:
        for measure in breakdown.measures or tuple(source.measures):
            sets = wanted.setdefault((measure, breakdown.freq), {})
            for size in range(len(breakdown.by) + 1):
                for some in combinations(breakdown.by, size):
                    key = tuple(name for name in breakdown_columns() if name in some)
                    levels = sets.get(key, breakdown.area_levels)
                    everywhere = not levels or not breakdown.area_levels
                    sets[key] = () if everywhere else tuple(dict.fromkeys((*levels, *breakdown.area_levels)))
    plans = []
    for (measure, freq), sets in wanted.items():
        for levels in dict.fromkeys(sets.values()):
            same = tuple(key for key, other in sets.items() if other == levels)
            plans.append(TablePlan(measure=measure, freq=freq, sets=same, area_levels=levels))
    return plans


def aggregate(
    folder: SourceFolder,
    validated: Validated,
    connection: duckdb.DuckDBPyConnection,
    previous: PreviousVintage | None = None,
) -> Aggregated:
    """Compute the cells that the source's breakdowns require, from its observations.

    A sum over months, areas or parts is computed only if all of them are present; otherwise the cell has no value and
    is marked incomplete. In a source of events, an area and period without any event is a zero.

    Args:
        folder: the source.
        validated: its observations.
        connection: with the observations as the table ``core`` (see ``enums``); gets the table ``cells``, one row for
            each published cell, with its codes as enumerated types.
        previous: the previous vintage, from which the cells of unchanged years are reused.

    Raises:
        UsageError: a breakdown asks for a frequency that cannot be made from the data.
        DataRefused: the data give no cell.
    """
    source = folder.source
    printed = _set_printed_totals_apart(connection, source)
    _prepare(connection, source)
    year_keys = make_year_keys(connection, validated.year_partitions, definition_key(folder))
    unchanged_years = find_unchanged_years(connection, year_keys, previous)
    if previous is not None and unchanged_years:
        run_sql(connection, "tabulate/reuse_cells", unmarked=quote_literal(str(previous.unmarked)))
    freqs = connection.execute("SELECT measure, list(DISTINCT freq) FROM core GROUP BY measure").fetchall()
    data_freq = {measure: tuple(found) for measure, found in freqs}
    for plan in plan_tables(source):
        if plan.measure in data_freq:
            _aggregate_one(connection, source, plan, data_freq[plan.measure], printed)
    (rows,) = fetch_row(connection, "SELECT count(*) FROM cells")
    if not rows:
        raise DataRefused([Problem("nothing_published", source.source_id, _what_was_left_out(connection, validated))])
    return Aggregated(folder.source_id, rows, year_keys, unchanged_years)


def _what_was_left_out(connection: duckdb.DuckDBPyConnection, validated: Validated) -> str:
    """Return the exclusions that left a source nothing to publish, as a sentence."""
    exclusions = quote_literal(str(validated.exclusions))
    left_out = connection.execute(
        f"SELECT rule, sum(cells)::BIGINT FROM read_parquet({exclusions}) GROUP BY rule ORDER BY 2 DESC, 1 LIMIT 10"
    ).fetchall()
    listed = "".join(f"; left out by {rule}: {cells:,}" for rule, cells in left_out)
    pending = any(rule == "out_of_scope_pending" for rule, _ in left_out)
    advice = " In concordance.csv, give the pending categories an ICCS code and a relation." if pending else ""
    return f"{validated.rows:,} observations are left, but no cell to publish{listed}.{advice}"


def _prepare(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create the lists needed for aggregation, and the empty table ``cells``."""
    connection.execute(
        "CREATE TEMP TABLE covered_area AS "
        "SELECT DISTINCT area FROM area_ancestor WHERE len($covers) = 0 OR ancestor IN $covers",
        {"covers": list(source.covers)},
    )
    included = "true" if source.parent_counts == "include_children" else "false"
    run_sql(
        connection,
        "tabulate/aggregate_lists",
        include_children=included,
        breakdowns=", ".join(breakdown_columns()),
        events="true" if source.rows == "events" else "false",
        every_cell="true" if source.rows == "cells" else "false",
    )
    breakdowns = ", ".join(f"{name} {name}_code" for name in breakdown_columns())
    run_sql(connection, "tabulate/published_cells", breakdowns=breakdowns)


def _set_printed_totals_apart(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """Move totals given beside their parts from ``core`` to ``printed_total``; return the dimensions that have any."""
    totals = {name: total_code(source, name) for name in breakdown_columns()}
    printed = ", ".join(f"bool_or({name} = {code}) AND bool_or({name} <> {code})" for name, code in totals.items())
    found = connection.execute(f"SELECT {printed} FROM core GROUP BY measure").fetchall()
    divided = [name for number, name in enumerate(totals) if any(row[number] for row in found)]
    if source.rows != "cells" or not divided:
        connection.execute("CREATE TEMP TABLE printed_total AS FROM core LIMIT 0")
        return ()
    is_total = {name: f"{name} = {totals[name]}" for name in divided}
    run_sql(
        connection,
        "tabulate/printed_totals",
        is_total=" OR ".join(is_total.values()),
        unknown=", ".join(
            f"{name} = CASE WHEN {test} THEN CAST('_U' AS {name}_code) ELSE {name} END"
            for name, test in is_total.items()
        ),
        is_divided=" OR ".join(f"min({name}) < max({name})" for name in divided),
        is_part=" AND ".join(f"(printed.{test} OR part.{name} = printed.{name})" for name, test in is_total.items())
        + f" AND ({' OR '.join(f'part.{name} <> printed.{name}' for name in divided)})",
    )
    given = ", ".join(f"coalesce(bool_or({test}), false)" for test in is_total.values())
    has_totals = fetch_row(connection, f"SELECT {given} FROM printed_total")
    return tuple(name for name, has in zip(divided, has_totals, strict=True) if has)


def _aggregate_one(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    plan: TablePlan,
    data_freq: tuple[str, ...],
    printed: tuple[str, ...],
) -> None:
    """Add the cells of a plan to ``cells``.

    A total that the source prints over a dimension without a breakdown (``printed``) still includes what its parts
    lack: the cells are made by that dimension too, and only its totals are kept.
    """
    if len(data_freq) != 1:
        raise UsageError(f"source {source.source_id}: the measure {plan.measure!r} mixes the frequencies {data_freq}")
    periods = 1 if data_freq[0] == plan.freq else _PERIODS_IN.get((data_freq[0], plan.freq))
    if periods is None:
        raise UsageError(
            f"source {source.source_id}: breakdowns ask for frequency {plan.freq}, but the data have {data_freq[0]}"
        )
    unasked = tuple(name for name in printed if name not in plan.dimensions)
    if unasked:
        plan = replace(plan, sets=(*plan.sets, (*plan.dimensions, *unasked)))
    names = plan.dimensions
    dimensions = "".join(f", {name}" for name in names)
    period = {"A": "year_period", "Q": "quarter_period", "M": "time_period"}[plan.freq]
    if source.rows == "events":
        own = {"same_dimensions": "".join(f" AND cell.{name} = zero.{name}" for name in names), "period": period}
    else:
        own = _find_parts(connection, source, plan, period)
    cell = {
        "measure": quote_literal(plan.measure),
        "freq": quote_literal(plan.freq),
        "dimensions": dimensions,
        "not_broken_down": "".join(
            f", {total_code(source, name)} AS {name}" for name in breakdown_columns() if name not in names
        ),
    }
    run_sql(
        connection,
        "tabulate/aggregate_events" if source.rows == "events" else "tabulate/aggregate",
        **own,
        measure=cell["measure"],
        periods=str(periods),
        dimensions=dimensions,
        totals="".join(
            f", coalesce({name}, CAST({total_code(source, name)} AS {name}_code)) AS {name}" for name in names
        ),
        sets=", ".join(f"({', '.join(one)})" for one in plan.sets),
        levels=", ".join(quote_literal(level) for level in plan.area_levels) or "area_level",
        cells_of_sums=fill_sql("tabulate/cells_of_sums", **cell),
        **({} if source.rows == "events" else {"totals_alone": _totals_alone(source, unasked)}),
    )


def _totals_alone(source: Source, names: Sequence[str]) -> str:
    return "".join(f" AND {name} = {total_code(source, name)}" for name in names)


def _find_parts(connection: duckdb.DuckDBPyConnection, source: Source, plan: TablePlan, period: str) -> dict[str, str]:
    """Create ``base`` and, if each row is a cell, the missing parts of its totals; return what ``aggregate`` joins."""
    totals = {name: total_code(source, name) for name in breakdown_columns()}
    run_sql(
        connection,
        "tabulate/aggregate_base",
        measure=quote_literal(plan.measure),
        period=period,
        dimensions="".join(f", {name}" for name in plan.dimensions),
        asked_for=" OR ".join(
            "(" + " AND ".join(f"{name} {'<>' if name in one else '='} {code}" for name, code in totals.items()) + ")"
            for one in plan.sets
        ),
    )
    if source.rows != "cells":
        return {"lacking_tables": "", "lacking": "", "share": "", "share_of_codes": "1", "share_of_parts": "1"}
    for name in plan.dimensions:
        _find_lacking(connection, plan, name, totals[name])
    for size in range(2, len(plan.dimensions) + 1):
        for some in combinations(plan.dimensions, size):
            _add_remainder(connection, plan, some, totals)
    cell = "stage, counting_unit, iccs, national_code, ref_area, time_period"
    lacking, share = "", ""
    for name in plan.dimensions:
        others = "".join(f", {other}" for other in plan.dimensions if other != name)
        lacking += f"\n    LEFT JOIN lacking_{name} USING ({cell}{others})"
        share += f"\n            * CASE GROUPING({name}) WHEN 1 THEN coalesce(min(share_{name}), 1) ELSE 1 END"
    return {
        "lacking_tables": ", ".join(f"lacking_{name}" for name in plan.dimensions),
        "lacking": lacking,
        "share": share,
        "share_of_codes": "(count(*) / any_value(codes))",
        "share_of_parts": "(count(*) / any_value(parts)) * coalesce(any_value(share_given), 1)",
    }


def _find_lacking(connection: duckdb.DuckDBPyConnection, plan: TablePlan, name: str, total: str) -> None:
    """Create ``lacking_<name>``, and assign what printed totals have beyond their parts to the unknown code."""
    others = [other for other in plan.dimensions if other != name]
    names = "".join(f", {other}" for other in others)
    (codes,) = fetch_row(connection, f"SELECT len(enum_range(NULL::{name}_code))")
    ages = name == "age"
    run_sql(
        connection,
        "tabulate/lacking_parts",
        table=f"lacking_{name}",
        share=f"share_{name}",
        dimension=name,
        codes=str(codes),
        total=total,
        others=names,
        others_known="".join(f" AND {other} <> '_U'" for other in others),
        same_list=" " if ages else ", time_period",
        one_list="false" if ages else "true",
        both_sexes="true" if name == "sex" else "false",
    )
    _add_remainder(connection, plan, (name,), {name: total})


def _add_remainder(
    connection: duckdb.DuckDBPyConnection, plan: TablePlan, some: tuple[str, ...], totals: dict[str, str]
) -> None:
    """Assign what totals printed over several dimensions have beyond their parts to the unknown code in each."""
    others = "".join(f", {name}" for name in plan.dimensions if name not in some)
    cell = f"stage, counting_unit, iccs, national_code, ref_area, time_period{others}"
    run_sql(
        connection,
        "tabulate/remainder",
        tables=", ".join(f"lacking_{name}" for name in some),
        lacking=" UNION ".join(f"SELECT {cell} FROM lacking_{name}" for name in some),
        others=others,
        unknown=", ".join(f"CAST('_U' AS {name}_code) AS {name}" for name in some),
        is_total=" AND ".join(f"printed.{name} = {totals[name]}" for name in some),
        rounding="0.5",
    )


def caveats_sql(source: Source) -> str:
    """Return the SQL for the caveat codes that a source declares for a cell, by period and category.

    A caveat of a category applies to every total that contains it: that of 0101 applies to 01.
    """
    parts = []
    for caveat in source.caveats:
        conditions = ["true"]
        if caveat.first_period:
            first = quote_literal(caveat.first_period)
            conditions.append(f"left(cells.time_period, length({first})) >= {first}")
        if caveat.last_period:
            last = quote_literal(caveat.last_period)
            conditions.append(f"left(cells.time_period, length({last})) <= {last}")
        if caveat.iccs:
            conditions.append(f"list_contains({categories_holding(caveat.iccs)}, CAST(cells.iccs AS VARCHAR))")
        parts.append(f"CASE WHEN {' AND '.join(conditions)} THEN {quote_literal(caveat.caveat)} END")
    return f"nullif(concat_ws(';', {', '.join(parts)}), '')" if parts else "NULL::VARCHAR"


def categories_holding(codes: Sequence[str]) -> str:
    """Return an SQL list of categories and all their ancestors in the ICCS tree, to which findings on a part apply.

    A combined category (0101_0102) has no ancestors: its code only begins like that of one of its parts.

    >>> categories_holding(["0101"]), categories_holding(["0101_0102"])
    ("['01', '0101']", "['0101_0102']")
    """
    tree = load_classification()
    above = {up.code for code in codes if code in tree for up in tree.ancestors(code)}
    return f"[{', '.join(map(quote_literal, sorted({*codes, *above})))}]"
