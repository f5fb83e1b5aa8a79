"""Check: apply the declared rules to the figures of a source before they are stored.

Observations and published cells are read once into small tables (``sql/rule_tables.sql``); each rule is one statement
over them, ``sql/rules/<kind>.sql``. The structure of the cells is judged in ``structure_suite``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from iccs.classification import load_classification
from pipelines.harmonise.reconcile import Validated
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from pipelines.system.outcomes import Outcome
from pipelines.system.sql import fill_sql, load_sql
from pipelines.tabulate.aggregate import Aggregated
from pipelines.tabulate.coverage import coverage_parts
from pipelines.tabulate.fingerprints import fingerprint_periods
from pipelines.tabulate.gates import write_cells
from pipelines.tabulate.losses import NO_EARLIER_FILES, Earlier, accept_losses, judge_losses
from pipelines.tabulate.rule_statements import covers_literal, fill_rule, total_parts
from pipelines.tabulate.vintages.columns import read_part
from schemas.codelists import parse_age
from schemas.declarations import Rule, load_rules, quote_literal
from schemas.source import Source, SourceFolder

SAMPLE = 20
_AGAINST_PREVIOUS = ("past_changed", "lost", "totals_moved", "estimates_changed", "estimates_moved")
_MOST_LOST_NAMED = 5
CHECKED_PARTS = ("cells", "unmarked", "periods", "findings", "judged", "coverage")
_MOST_PROBLEMS_SHOWN = 20

_READS_FINDINGS = re.compile(r"^-- reads:.*\bfinding\b", re.MULTILINE)
_NEEDS = re.compile(r"^-- needs: (.+)$", re.MULTILINE)
_NEEDED = {
    "sex": "figures by sex",
    "age": "figures by age",
    "months": "figures of months or quarters",
    "rejected rows": "rejected rows",
    "printed totals": "printed totals beside their parts",
    "printed rates": "printed rates",
    "areas inside areas": "areas inside areas",
    "years": "years",
    "areas": "areas",
    "codes": "national codes",
    "categories": "categories",
    "counting units": "counting units",
}
"""What a rule may need, by the name that the header of its statement uses; ``5 years`` are at least five."""

_RULES_TOGETHER = 8
"""Rules in one statement. Fewer would take longer to plan; more would hold more intermediate results in memory."""


class Suite(Protocol):
    """Checks the structure of cells; ``pipelines.tabulate.structure_suite.SuiteProcess`` in a run."""

    def start(self) -> None:
        """Start loading the library without waiting for it."""

    def begin(self, connection: duckdb.DuckDBPyConnection, kind: str, work: Path) -> Callable[[], list[Outcome]]:
        """Start checking the table ``cells`` of the connection; the returned function gives every outcome."""


@dataclass(frozen=True)
class Checked:
    """What was checked: cells with their caveats, all outcomes, failing cells and coverage, as Parquet files.

    ``figures`` is the fingerprint of the cells and their caveats, ``periods`` has that of each period; ``judged`` has
    the outcomes by period of rules that judge by year, ``year_keys`` what decides the figures of a year. ``unmarked``
    are the cells before rules withheld or marked any, from which a next load takes unchanged years; what a rule does to
    a cell may depend on other years. It is empty where a source is not kept by year.
    """

    source_id: str
    cells: Path
    unmarked: Path
    periods: Path
    figures: str
    findings: Path
    judged: Path
    coverage: Path
    outcomes: tuple[Outcome, ...]
    rows: int
    year_keys: dict[str, str]

    @property
    def summary(self) -> str:
        """One line for people."""
        names = ("passed", "warned", "errored", "not applicable")
        counts = {name: sum(1 for one in self.outcomes if one.outcome == name) for name in names}
        return f"{len(self.outcomes)} rules: " + ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def figure_rules(kind: str) -> list[Rule]:
    """Return the rules on figures that a source of this kind (count or population) must keep.

    >>> "sex_parts_sum" in [rule.name for rule in figure_rules("count")]
    True
    """
    return [rule for rule in load_rules().values() if rule.kind not in ("", "expectation") and kind in rule.applies_to]


def check(
    folder: SourceFolder,
    validated: Validated,
    aggregated: Aggregated,
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    suite: Suite | None,
    earlier: Earlier,
) -> Checked:
    """Check the figures of a source against the declared rules, and add their caveats to the cells.

    Args:
        folder: the source.
        validated: its observations.
        aggregated: what is known of its published cells.
        connection: with the tables ``core`` and ``cells``.
        work: folder for what this step writes.
        suite: judge of the structure; None leaves the structure unjudged (its rules then have no outcome).
        earlier: the previous vintage: to compare with, and for the outcomes of years that are reused from it.

    Raises:
        DataRefused: a rule of severity error failed, or could not be judged.
    """
    source = folder.source
    paths = {name: work / f"checked-{name}.parquet" for name in CHECKED_PARTS}
    outcomes = list(validated.outcomes)
    structure = suite.begin(connection, source.figures, work) if suite is not None else list
    compared = earlier.compared
    open_tables(connection, source, validated, compared.cells if compared else None)
    reused_from = earlier.vintage if aggregated.unchanged_years else None
    if reused_from is not None:
        run_sql(connection, "tabulate/reuse_outcomes", judged=quote_literal(str(reused_from.judged)))
    rules = figure_rules(source.figures)
    outcomes += judge_rules(connection, rules, source, reused_from is not None)
    add_controls(connection, validated)
    locate_findings(connection)
    findings = quote_literal(str(paths["findings"]))
    kept = "SELECT * EXCLUDE (place) FROM located ORDER BY rule, place"
    connection.execute(f"COPY ({kept}) TO {findings} (FORMAT parquet)")
    connection.execute(f"COPY judged_by_period TO {quote_literal(str(paths['judged']))} (FORMAT parquet)")
    outcomes += [*structure(), *judge_losses(connection, validated, compared)]
    outcomes = accept_losses(outcomes, earlier.accepted_loss)
    refuse_failed(connection, folder, outcomes)
    write_cells(connection, source, paths["cells"])
    reusable = "" if aggregated.year_keys else " LIMIT 0"
    connection.execute(f"COPY (FROM cells{reusable}) TO {quote_literal(str(paths['unmarked']))} (FORMAT parquet)")
    figures = fingerprint_periods(connection, paths["cells"], paths["periods"])
    run_sql(connection, "tabulate/coverage", **_coverage_parts(source), target=quote_literal(str(paths["coverage"])))
    return Checked(
        folder.source_id,
        **paths,
        figures=figures,
        outcomes=tuple(outcomes),
        rows=aggregated.rows,
        year_keys=aggregated.year_keys,
    )


def open_tables(
    connection: duckdb.DuckDBPyConnection, source: Source, validated: Validated, previous: Path | None
) -> None:
    """Create what the rules read apart from ``cells`` and ``core``: annual, series, given, band and the code lists."""
    files = {"core_text": validated.core, "links": validated.links, "mapped": validated.mapped}
    files["published_rate"] = validated.rates
    for name, path in files.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet({quote_literal(str(path))})")
    if previous is not None:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW previous AS FROM {read_part('cells', previous)}")
    register_code_tables(connection)
    run_sql(connection, "tabulate/rule_tables", **total_parts(source))
    open_findings(connection)


def open_findings(connection: duckdb.DuckDBPyConnection) -> None:
    """Create empty tables for what rules find: ``finding``, ``judged``, ``judged_by_period`` and ``judged_before``."""
    create_number_text(connection)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE finding (rule VARCHAR, place BIGINT, stage VARCHAR, counting_unit VARCHAR, "
        "iccs VARCHAR, ref_area VARCHAR, time_period VARCHAR, sex VARCHAR, age VARCHAR, value_found DOUBLE, "
        "value_expected DOUBLE, detail VARCHAR, _file VARCHAR, _sheet VARCHAR, _row BIGINT)"
    )
    for name in ("judged", "judged_by_period", "judged_before"):  # also of the years that are reused
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} (rule VARCHAR, period VARCHAR, failing BOOLEAN, stage VARCHAR, "
            "counting_unit VARCHAR, iccs VARCHAR, ref_area VARCHAR, time_period VARCHAR, sex VARCHAR, age VARCHAR, "
            "found DOUBLE, expected DOUBLE, detail VARCHAR, size DOUBLE, things BIGINT)"
        )


def create_number_text(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``number_text``, which writes a number in details as people do: 8,410,000 and 10.5, not 8410000.0."""
    connection.execute(
        "CREATE OR REPLACE TEMP MACRO number_text(number) AS "
        r"regexp_replace(format('{:,}', round(CAST(number AS DOUBLE), 4)), '\.0$', '')"
    )


def register_code_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``iccs_parent`` and ``age_bound`` (of the ages in ``core``)."""
    pairs = [(category.code, category.parent or None) for category in load_classification()]
    ages = [age for (age,) in connection.execute("SELECT DISTINCT age FROM core WHERE age IS NOT NULL").fetchall()]
    bounds = [(age, *(parse_age(age) or (None, None))) for age in ages]
    tables = {
        "iccs_parent": ({"code": pa.string(), "parent": pa.string()}, pairs),
        "age_bound": ({"age": pa.string(), "low": pa.int32(), "high": pa.int32()}, bounds),
    }
    for name, (types, rows) in tables.items():
        columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(types)
        arrays = {key: pa.array(column, kind) for (key, kind), column in zip(types.items(), columns, strict=True)}
        connection.register("code_list", pa.table(arrays))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM code_list")
        connection.unregister("code_list")


def judge_rules(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], source: Source, without_unchanged_years: bool = False
) -> list[Outcome]:
    """Run rules and return the outcome of each, in their order; their failing cells go to ``finding``.

    A rule that crashes is errored, neither passed nor failed.

    Args:
        connection: with the tables of ``open_tables``.
        rules: the rules.
        source: the source.
        without_unchanged_years: a rule that judges by year is run on the periods in ``period_to_make`` alone; what it
            found in the others is in ``judged_before``.
    """
    outcomes: dict[str, Outcome] = {}
    statements: list[tuple[Rule, dict[str, str]]] = []
    has_previous = _has_previous(connection)
    there_are = _count_needed(connection, rules)  # in all years, also in those that are reused
    for rule in rules:
        if rule.kind in _AGAINST_PREVIOUS and not has_previous:
            outcomes[rule.name] = Outcome.not_applicable(rule.name, NO_EARLIER_FILES)
            continue
        try:
            kind = fill_rule(rule, source)
        except ValueError as error:
            outcomes[rule.name] = _errored(rule.name, error)
            continue
        if lacks := [_lack(name, least) for name, least in needs(rule).items() if there_are.get(name, least) < least]:
            outcomes[rule.name] = Outcome.not_applicable(rule.name, ", ".join(lacks))
            continue
        by_year = rule.by_year and without_unchanged_years
        tables = fill_sql("tabulate/tables_to_judge") if by_year else ""
        period = "time_period" if rule.by_year else "NULL::VARCHAR"
        places = {"name": quote_literal(rule.name), "tables": tables, "period": period, "kind": kind}
        statements.append((rule, places))
    counts: dict[str, tuple[int, int, str]] = {}
    for together in _in_groups(statements):
        if _reads_findings(together[0][0]):
            counts |= _keep_judged(connection)
        outcomes |= _judge_together(connection, together)
    counts |= _keep_judged(connection)
    for rule, _ in statements:
        checked, failing, detail = counts.get(rule.name, (0, 0, ""))
        found = Outcome(rule.name, outcome_of(rule, checked, failing), checked, failing, detail)
        outcomes.setdefault(rule.name, found)
    return [outcomes[rule.name] for rule in rules]


def needs(rule: Rule) -> dict[str, int]:
    """Return what a load must have, and how many, for a rule to have anything to judge: the header of its SQL says it.

    Planning a statement takes longer than running it on a source that has nothing for it.

    >>> needs(load_rules()["margins_agree"]), needs(load_rules()["year_repeated"]), needs(load_rules()["areas_missing"])
    ({'sex': 1, 'age': 1}, {'years': 2}, {})
    """
    declared = _NEEDS.search(load_sql(f"tabulate/rules/{rule.kind}"))
    if declared is None:
        return {}
    parameters = {"dimension": "sex", **rule.parameters}
    words = re.sub(r"\{\{(\w+)\}\}", lambda place: str(parameters[place[1]]), declared[1])
    parts = [re.fullmatch(r"(?:(\d+) )?(.+)", part) for part in words.split(", ")]
    return {part[2]: int(part[1] or 1) for part in parts if part}


def _count_needed(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> dict[str, int]:
    """Return how many there are of each thing that a rule may need."""
    if not any(map(needs, rules)):
        return {}
    found = fetch_row(connection, fill_sql("tabulate/there_are"))
    return dict(zip(_NEEDED, map(int, found), strict=True))


def _lack(name: str, least: int) -> str:
    return f"fewer than {least} {_NEEDED[name]}" if least > 1 else f"no {_NEEDED[name]}"


def _in_groups(statements: Sequence[tuple[Rule, dict[str, str]]]) -> list[list[tuple[Rule, dict[str, str]]]]:
    """Group rules that one statement judges; a rule that reads findings starts a group, after those that make them."""
    groups: list[list[tuple[Rule, dict[str, str]]]] = []
    for rule, places in statements:
        if not groups or _reads_findings(rule) or len(groups[-1]) == _RULES_TOGETHER:
            groups.append([])
        groups[-1].append((rule, places))
    return groups


def _reads_findings(rule: Rule) -> bool:
    return _READS_FINDINGS.search(load_sql(f"tabulate/rules/{rule.kind}")) is not None


def _judge_together(
    connection: duckdb.DuckDBPyConnection, statements: Sequence[tuple[Rule, dict[str, str]]]
) -> dict[str, Outcome]:
    """Add what rules find to ``judged``, in one statement; if it fails, judge each half, down to a single rule.

    Returns:
        The outcomes of rules that cannot be judged.
    """
    places = [one for _, one in statements]
    try:
        run_sql(connection, "tabulate/judge", rules=places, names=", ".join(one["name"] for one in places))
    except duckdb.Error as error:
        if isinstance(error, duckdb.InterruptException):
            raise
        if len(statements) == 1:
            if is_of_the_machine(error):  # nothing is known about the rule then
                raise
            name = statements[0][0].name
            return {name: _errored(name, error)}
        half = len(statements) // 2
        return _judge_together(connection, statements[:half]) | _judge_together(connection, statements[half:])
    return {}


def _keep_judged(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int, str]]:
    """Move ``judged`` to the findings; return how many each rule checked, how many of them fail, and the first."""
    run_sql(connection, "tabulate/keep_judged")
    found = connection.execute(
        "SELECT rule, sum(things)::BIGINT, (count(*) FILTER (failing))::BIGINT, "
        "coalesce(string_agg(concat_ws(' ', ref_area, iccs, time_period) || ': ' || detail, '; ' ORDER BY place) "
        "FILTER (place <= 3), '') FROM placed GROUP BY rule"
    ).fetchall()
    return {rule: (checked, failing, detail) for rule, checked, failing, detail in found}


def _errored(name: str, error: Exception) -> Outcome:
    first = str(error).strip().splitlines()[0]
    return Outcome(name, "errored", 0, 0, f"the rule could not be evaluated: {first}")


def outcome_of(rule: Rule, checked: int, failing: int) -> str:
    """Return what the counts mean for a rule: its thresholds decide whether failing cells fail it.

    >>> outcome_of(load_rules()["areas_missing"], 32, 1), outcome_of(load_rules()["sex_parts_sum"], 10, 1)
    ('warned', 'failed')
    >>> outcome_of(load_rules()["areas_missing"], 0, 0), outcome_of(load_rules()["areas_lost"], 40, 1)
    ('not applicable', 'warned')
    """
    if checked == 0:
        return "not applicable"
    if failing <= max(rule.most_failing, rule.most_failing_share * checked):
        return "warned" if failing and rule.may_be_meant else "passed"  # a small loss is reported too
    return "failed" if rule.severity == "error" else "warned"


def _has_previous(connection: duckdb.DuckDBPyConnection) -> bool:
    views = connection.execute("SELECT view_name FROM duckdb_views() WHERE view_name = 'previous'").fetchall()
    return bool(views)


def add_controls(connection: duckdb.DuckDBPyConnection, validated: Validated) -> None:
    """Add rows whose parts and total differ, and sums that are doubted, to the findings; their cells get the caveat."""
    run_sql(connection, "tabulate/control_findings", controls=quote_literal(str(validated.controls)))
    run_sql(connection, "tabulate/doubted_findings")


def locate_findings(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the first raw row of each cell in the sample of a rule."""
    run_sql(connection, "tabulate/locate_findings", sample=str(SAMPLE))


def _coverage_parts(source: Source) -> dict[str, str]:
    return {**coverage_parts(source), "covers": covers_literal(source)}


def refuse_failed(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, outcomes: list[Outcome]) -> None:
    """Refuse a source if a rule of severity error failed or could not be judged; ``located`` has the places.

    Raises:
        DataRefused: with a problem for each place.
    """
    rules = load_rules()
    stops = [one for one in outcomes if one.outcome in ("failed", "errored") and rules[one.rule].severity == "error"]
    problems: list[Problem] = []
    for one in stops:
        if rules[one.rule].kind in _AGAINST_PREVIOUS:
            problems.append(Problem(rule=one.rule, source=folder.source_id, found=_what_is_lost(connection, one)))
            continue
        places = connection.execute(
            "SELECT DISTINCT ON (ref_area, time_period, iccs) _file, _sheet, _row, detail, "
            "concat_ws(', ', ref_area, time_period, iccs, counting_unit, sex, age) FROM located WHERE rule = $rule "
            "LIMIT $most",
            {"rule": one.rule, "most": _MOST_PROBLEMS_SHOWN},
        ).fetchall()
        if not places:
            found = f"{one.failing:,} of {one.checked:,} failed. {one.detail}" if one.checked else one.detail
            problems.append(Problem(rule=one.rule, source=folder.source_id, found=found))
        problems += [
            Problem(
                rule=one.rule,
                source=folder.source_id,
                file=file,
                sheet=sheet,
                row=row,
                found=f"{detail} ({cell}); {one.failing:,} of {one.checked:,} failed.",
            )
            for file, sheet, row, detail, cell in places
        ]
    if problems:
        raise DataRefused(problems)


def _what_is_lost(connection: duckdb.DuckDBPyConnection, one: Outcome) -> str:
    """Describe how much of the previous vintage is lost, naming the largest."""
    rows = connection.execute(
        "SELECT concat_ws(', ', ref_area, time_period, nullif(iccs, ''), counting_unit, nullif(sex, '_T'), "
        "nullif(age, '_T')) || ': ' || detail FROM located WHERE rule = $rule ORDER BY place NULLS LAST LIMIT $most",
        {"rule": one.rule, "most": _MOST_LOST_NAMED},
    ).fetchall()
    what = one.rule.replace("_", " ")
    return (
        f"{what}: {one.failing:,} of {one.checked:,} of the last vintage. The largest: {'; '.join(x for (x,) in rows)}."
    )
