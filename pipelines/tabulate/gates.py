"""The effects of rules on the cells they found, and on every total of these: caveat, status, withheld value."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.harmonise.enums import total_code
from pipelines.system.connection import run_sql
from pipelines.tabulate.aggregate import categories_holding, caveats_sql
from schemas.declarations import Rule, breakdown_columns, load_rules, quote_literal
from schemas.source import Source

LEAST_KNOWN_SHARE = 0.5
"""Share of persons of known sex (or age) from which unknown ones are allocated to the groups, if declared."""
LEAST_KNOWN = 10
"""Number of persons of known sex (or age) from which they are allocated if fewer than most are known."""

_CELL_KEY = ("ref_area", "time_period", "freq", "iccs", "stage", "counting_unit")


def write_cells(connection: duckdb.DuckDBPyConnection, source: Source, target: Path) -> None:
    """Write the cells, with the caveats of the source and those of each rule on the cells that failed it.

    Args:
        connection: with the tables that rules read, and their findings.
        source: the source.
        target: Parquet file to write.
    """
    register_effects(connection)
    _add_mass_events(connection, source)
    run_sql(connection, "tabulate/found_effects")
    run_sql(connection, "tabulate/gates")
    _allocate_unknown(connection, source)
    breaks = declared_breaks(source)
    run_sql(
        connection,
        "tabulate/late_breaks",
        of_sex=_kind_sql("sex"),
        of_age=_kind_sql("age"),
        same_cell=_same_cell("allocated"),
        breaks=breaks,
    )
    run_sql(
        connection,
        "tabulate/write_published_cells",
        caveats=caveats_sql(source),
        breaks=breaks,
        same_but_sex=_same_cell("unknown_sex", "sex"),
        same_but_age=_same_cell("unknown_age", "age"),
        same_cell=_same_cell("allocated"),
        target=quote_literal(str(target)),
    )


def register_effects(connection: duckdb.DuckDBPyConnection) -> None:
    """Register ``rule_effect``: the caveat and effects of each rule, and the split it concerns ('' for any cell).

    ``of_unknown`` marks rules on how many are unknown, which do not concern the known.
    """
    rules = [rule for rule in load_rules().values() if rule.caveat]
    effects = {
        name: [rule.effect.get(name) for rule in rules]
        for name in ("obs_status", "withhold", "codes", "totals", "periods")
    }
    given = {
        "rule": [rule.name for rule in rules],
        "caveat": [rule.caveat for rule in rules],
        "dimension": [_split_concerned(rule) for rule in rules],
        "of_unknown": [rule.kind == "unknown_jump" for rule in rules],
        **{name: pa.array(values, pa.string()) for name, values in effects.items()},
    }
    connection.register("rule_effect", pa.table(given))


def _split_concerned(rule: Rule) -> str:
    """Return the split that a rule concerns; '' for any cell."""
    about = rule.about or rule.parameters.get("dimension", "")
    return "" if about == "total" else str(about)


def _add_mass_events(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Add the cells of declared events to the findings, as their caveat also applies to every total."""
    for event in source.mass_events:
        connection.execute(
            "INSERT INTO finding BY NAME SELECT 'mass_events' AS rule, 0 AS place, * FROM (SELECT DISTINCT stage, "
            "counting_unit, iccs, ref_area, time_period FROM cells WHERE left(time_period, 4) = $period "
            "AND (len($iccs) = 0 OR iccs IN $iccs) AND (len($areas) = 0 OR ref_area IN $areas))",
            {"period": event.period[:4], "iccs": list(event.iccs), "areas": list(event.areas)},
        )


def _allocate_unknown(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Create ``allocated``: cells including their share of persons of unknown sex and age; empty if not declared."""
    rules = load_rules()
    known_enough = {of: 1 - rules[f"{of}_unknown_share"].parameters["most"] for of in ("sex", "age")}
    enough = {
        of: f"({known} >= {known_enough[of]} * ({known} + {unknown}) OR ({known} >= {LEAST_KNOWN} "
        f"AND {known} >= {LEAST_KNOWN_SHARE} * ({known} + {unknown})))"
        for of, known, unknown in (("sex", "known", "unknown_sex"), ("age", "known_age", "unknown_age"))
    }
    run_sql(
        connection,
        "tabulate/allocate_unknown",
        key=", ".join(name for name in (*_CELL_KEY, *breakdown_columns()) if name not in ("sex", "age")),
        total_sex=total_code(source, "sex"),
        total_age=total_code(source, "age"),
        declared="true" if source.allocate_unknown else "false",
        enough_sex=enough["sex"],
        enough_age=enough["age"],
        least_share=f"{LEAST_KNOWN_SHARE:.0%}",
        least_known=str(LEAST_KNOWN),
        known_enough=f"{known_enough['sex']:.0%}",
    )


def _kind_sql(dimension: str) -> str:
    """Return the SQL for the kind of a code of sex (or age): all, known, unknown, or not applicable."""
    return (
        f"CASE cells.{dimension} WHEN '_T' THEN 'all' WHEN '_U' THEN 'unknown' WHEN '_Z' THEN 'none' ELSE 'known' END"
    )


def _same_cell(other: str, dimension: str = "") -> str:
    """Return the condition that a cell of another table is that of ``cells``, except for one dimension, if given."""
    names = [name for name in (*_CELL_KEY, *breakdown_columns()) if name != dimension]
    return " AND ".join(f"{other}.{name} = cells.{name}" for name in names)


def declared_breaks(source: Source) -> str:
    """Return the first periods after each declared break; a break of a category is one of its ancestors too."""
    parts = []
    for entry in source.breaks:
        of = f" AND list_contains({categories_holding(entry.iccs)}, CAST(cells.iccs AS VARCHAR))" if entry.iccs else ""
        parts.append(f"CAST(cells.time_period AS VARCHAR) = {quote_literal(entry.period)}{of}")
    return " OR ".join(f"({part})" for part in parts) or "false"
