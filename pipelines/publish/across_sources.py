"""Rules across sources: the same figure from two sources, populations implied by printed rates, areas out of line."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.system.connection import insert_rows, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome, outcome_rows
from pipelines.tabulate.gates import register_effects
from pipelines.tabulate.rules import SAMPLE
from pipelines.tabulate.vintages.vintage import Vintage
from schemas.comparison import no_percent_sql, percent_change_sql
from schemas.declarations import load_rules, load_tables, no_attributes_sql, quote_literal

_PAIRS = ("other_source_gap", "population_behind_rates")
_RULES = (*_PAIRS, "area_out_of_line")


def compare_sources(connection: duckdb.DuckDBPyConnection, vintages: Sequence[Vintage]) -> None:
    """Fill ``out.source_gap`` and ``out.rate_check``, add the outcomes of their rules to ``out.quality``, mark cells.

    The caveat of a rule is added to the cells of ``out.observation`` and ``out.rate`` that it found failing.

    Args:
        connection: the warehouse being built, with observations, rates and sources, but nothing made from rates yet.
        vintages: those published.
    """
    rules = load_rules()
    parameters = {name: str(value) for rule in _PAIRS for name, value in rules[rule].parameters.items()}
    categories = parameters.pop("categories")
    run_sql(
        connection,
        "publish/source_gap",
        no_attributes=no_attributes_sql(),
        categories=categories,
        percent=percent_change_sql("other.value", "one.value"),
        no_percent=no_percent_sql("other.value", "one.value"),
    )
    tolerances = {name: str(value) for name, value in rules["published_rates_agree"].parameters.items()}
    for vintage in vintages:
        if vintage.has("rates"):
            run_sql(
                connection,
                "publish/rate_check",
                source=quote_literal(vintage.source_id),
                vintage=quote_literal(vintage.vintage),
                rates=vintage.query("rates"),
                **tolerances,
            )
    out_of_line = {name: str(value) for name, value in rules["area_out_of_line"].parameters.items()}
    run_sql(connection, "publish/areas_out_of_line", no_attributes=no_attributes_sql(), **out_of_line)
    run_sql(connection, "publish/judge_comparisons", sample=str(SAMPLE), **parameters)
    register_effects(connection)
    run_sql(connection, "publish/attach_compared_caveats")
    _add_outcomes(connection, vintages)


def refuse_implausible(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a release with impossible populations or rates.

    Populations of one area and year from two sources differ by a few per cent, or by a third if one omits a part of the
    country; a factor of two or more means another unit (thousands), another area, or a lost digit. It is not known
    which is wrong, but every figure divided by it would be. A single population in thousands shows in its rates.

    Args:
        connection: the warehouse being built, with populations and rates.

    Raises:
        DataRefused: one of the two rules is violated.
    """
    rules = load_rules()
    differ, high = rules["populations_agree"].parameters, rules["rates_possible"].parameters
    limits = ", ".join(f"({quote_literal(iccs)}, {float(rate)})" for iccs, rate in high["limits"].items())
    problems = [
        Problem(
            rule="populations_agree",
            source=one,
            found=f"The population of {area} in {year} is {own:,.0f} in {one} and {others:,.0f} in {other}. They "
            f"differ more than {differ['most_factor']:g}-fold in {differing:,} of {compared:,} areas and years.",
        )
        for one, other, compared, differing, area, year, own, others in run_sql(
            connection, "publish/implausible_populations", most_factor=str(differ["most_factor"])
        ).fetchall()
    ]
    problems += [
        Problem(
            rule="rates_possible",
            source=sources[0] if len(sources) == 1 else by,
            found=f"{rates:,} rates by {populations:,} of the populations of {by} are impossible "
            f"(of {', '.join(categories)} in {', '.join(sources)}). The worst: {area} has {rate:,.1f} of {iccs} per "
            f"100,000 in {year}, {value:,.0f} in a population of {population:,.0f} by {by}; "
            f"at most {most:,.0f} is possible.",
        )
        for by, sources, categories, rates, populations, iccs, area, year, rate, value, population, most in run_sql(
            connection,
            "publish/implausible_rates",
            limits=limits,
            most_of_any=str(float(high["most_of_any"])),
            least_count=str(high["least_count"]),
            no_attributes=no_attributes_sql(),
        ).fetchall()
    ]
    if problems:
        raise DataRefused(problems)


def _add_outcomes(connection: duckdb.DuckDBPyConnection, vintages: Sequence[Vintage]) -> None:
    found = {
        (source, rule): (checked, failing, detail)
        for source, rule, checked, failing, detail in connection.execute(
            "SELECT source, rule, count(*), count(*) FILTER (failing), "
            "string_agg(concat_ws(' ', ref_area, iccs, time_period) || ': ' || detail, '; ' ORDER BY place) "
            "FILTER (failing AND place <= 3) FROM compared_place GROUP BY ALL"
        ).fetchall()
    }
    rows = []
    counts = {
        source for (source,) in connection.execute("SELECT source FROM out.source WHERE kind = 'count'").fetchall()
    }
    for vintage in vintages:
        if vintage.source_id not in counts:
            continue
        outcomes = []
        for rule in _RULES:
            checked, failing, detail = found.get((vintage.source_id, rule), (0, 0, None))
            outcomes.append(Outcome.of_counts(rule, checked, failing, detail or ""))
        rows += outcome_rows(vintage.source_id, vintage.vintage, tuple(outcomes))
    columns = [column.name for column in load_tables()["quality"].columns]
    insert_rows(connection, "out.quality", [{name: row[name] for name in columns} for row in rows])
