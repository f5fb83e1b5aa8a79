"""Step 5 for incidents: the partitions together; every row accounted for, controls compared, rejected rows kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.harmonise.conform import area_words
from pipelines.harmonise.enums import cast_codes, code_columns, create_code_types
from pipelines.harmonise.labels import age_word_problem
from pipelines.harmonise.links import link_table, out_of_scope_reason
from pipelines.harmonise.numbers import create_number_macro
from pipelines.harmonise.overlaps import find_overlaps
from pipelines.harmonise.printed_rates import read_published_rates
from pipelines.harmonise.quarantine import forget_rejected, keep_rejected
from pipelines.harmonise.tally import Tallied, open_lists
from pipelines.harmonise.validate import (
    RULES_ON_WORDS,
    Validated,
    check_totals_beside_parts,
    check_unused_links,
    control_row,
    controls_table,
    judge_controls,
    write_part,
)
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.errors import nearest_values
from schemas.source import Source, SourceFolder

_VALUES_SHOWN = 5
_LINKED = "(SELECT *, NULL AS _file, NULL AS _row FROM linked)"  # combinations of codes; no row is kept


def account(
    folder: SourceFolder, tallied: Tallied, connection: duckdb.DuckDBPyConnection, settings: Settings, work: Path
) -> Validated:
    """Put the tallies of all partitions together and judge them as a whole.

    Args:
        folder: the source.
        tallied: its tallies.
        connection: gets the table ``core``, with its types (see ``enums``), for the steps that follow.
        settings: where data live.
        work: folder for what this step writes.

    Raises:
        DataRefused: two files with the same incidents, a code without a link, more rows rejected than the source
            allows, or a sum that does not close.
    """
    source = folder.source
    names = ("core", "links", "mapped", "reconciliation", "exclusions", "controls", "rates")
    paths = {name: work / f"{name}.parquet" for name in names}
    create_number_macro(connection, source)
    if overlaps := find_overlaps(connection, tallied):
        raise DataRefused(overlaps)
    for name in ("tally", "disposed", "mapped", "rejected"):
        files = ", ".join(quote_literal(path) for path in tallied.parts(name))
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name}_part AS FROM read_parquet([{files}])")
    _add_malformed(connection, source, tallied)
    (rejected,) = fetch_row(
        connection, "SELECT coalesce(sum(records), 0)::BIGINT FROM disposed WHERE disposition = 'rejected'"
    )
    outcomes = [_check_rejected(connection, folder, tallied, settings)]
    _open_core(connection, source, tallied)
    write_part(
        connection,
        "SELECT rowid + 1 AS cell, NULL::VARCHAR AS _file, NULL::VARCHAR AS _sheet, NULL::BIGINT AS _row, "
        f"{', '.join(code_columns())}, link, value FROM core",
        paths["core"],
    )
    outcomes.append(check_totals_beside_parts(connection, source, _LINKED))
    run_sql(connection, "harmonise/incident_reconciliation")
    outcomes.append(_check_reconciliation(connection, folder, tallied))
    write_part(connection, "FROM reconciliation ORDER BY measure", paths["reconciliation"])
    connection.register("reason_list", _reasons(connection, source))
    write_part(
        connection,
        "SELECT measure, rule, any_value(reason) AS reason, sum(records)::BIGINT AS cells, sum(counted) AS count "
        "FROM disposed JOIN reason_list USING (rule) WHERE disposition IN ('excluded', 'out_of_scope') "
        "GROUP BY measure, rule ORDER BY measure, rule",
        paths["exclusions"],
    )
    controls = _controls(connection, source, tallied)
    connection.register("control_list", controls)
    write_part(connection, "FROM control_list", paths["controls"])
    outcomes.append(judge_controls(controls))
    _write_links(connection, tallied, paths)
    outcomes.append(check_unused_links(connection, paths["links"], paths["mapped"]))
    outcomes += _check_words(folder)
    read_published_rates(connection, folder, _no_tables(tallied), paths["links"], paths["rates"])
    (rows,) = fetch_row(connection, "SELECT count(*) FROM core")
    return Validated(
        source_id=folder.source_id,
        outcomes=tuple(outcomes),
        rejected_count=rejected,
        rows=rows,
        year_partitions=_year_partitions(connection, tallied) if source.rows == "events" else {},
        core=paths["core"],
        links=paths["links"],
        mapped=paths["mapped"],
        reconciliation=paths["reconciliation"],
        exclusions=paths["exclusions"],
        controls=paths["controls"],
        rates=paths["rates"],
    )


def _write_links(connection: duckdb.DuckDBPyConnection, tallied: Tallied, paths: dict[str, Path]) -> None:
    """Write the links of the concordance and the counts that went along each."""
    connection.register("link_list", link_table(tallied.concordance))
    write_part(connection, "SELECT row_number() OVER () AS link, * FROM link_list", paths["links"])
    write_part(
        connection,
        "SELECT link, measure, stage, counting_unit, time_period, sex, sum(counted) AS count FROM mapped_part "
        "GROUP BY ALL",
        paths["mapped"],
    )


def _open_core(connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied) -> None:
    """Create ``core`` with its types from the tallies of all partitions."""
    statements = tallied.statements
    open_lists(connection, statements)
    keys = ", ".join(statements.keys)
    run_sql(
        connection,
        "harmonise/incident_core",
        keys=keys,
        links=statements.links,
        period=statements.period,
        total=", 1.0 AS total" if statements.value == "total" else "",
    )
    places = {"ref_area": "area_seen", "area_level": "area_seen", "time_period": "period_seen"}
    create_code_types(connection, source, {name: places.get(name, "linked") for name in code_columns()})
    codes = cast_codes(name for name in code_columns() if name not in places)
    run_sql(connection, "harmonise/incident_coded", keys=keys, codes=codes, value=statements.value)


def _year_partitions(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> dict[str, str]:
    """The partitions that have rows of each year, by the names of their tallies, which their content decides."""
    files = ", ".join(quote_literal(path) for path in tallied.parts("tally"))
    return dict(run_sql(connection, "harmonise/partition_years", files=files).fetchall())


def _no_tables(tallied: Tallied) -> RawTable:
    """The files of a source whose rows are nowhere kept as tables of text."""
    return RawTable(tallied.source_id, (), tallied.rows, {}, tallied.files)


def _check_words(folder: SourceFolder) -> list[Outcome]:
    """Judge the words for ages as declared: which of them occur is not known any more."""
    words = [(word, code) for dimension, word, code in folder.words if dimension == "age"]
    wrong = [problem for word, code in words if (problem := age_word_problem(word, code))]
    outcome = "not applicable" if not words else "warned" if wrong else "passed"
    return [
        Outcome("two_words_for_unknown", "not applicable", 0, 0),
        Outcome("age_words_agree", outcome, len(words), len(wrong), "; ".join(wrong[:5])),
    ]


def _add_malformed(connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied) -> None:
    """Lines that could not be split have no measure: they are told under the first, or only, one of the source."""
    name, measure = next(iter(source.measures.items()))
    malformed = sum(fact["malformed"] for fact in tallied.facts)
    counted = 0 if "value" in source.columns else malformed * int(source.constants.get("value", "1"))
    connection.execute("CREATE OR REPLACE TEMP TABLE disposed AS FROM disposed_part")
    connection.execute(
        "UPDATE disposed SET measure = coalesce(measure, $m), stage = coalesce(stage, $s), "
        "counting_unit = coalesce(counting_unit, $u)",
        {"m": name, "s": measure.stage, "u": measure.counting_unit},
    )
    if malformed:
        connection.execute(
            "INSERT INTO disposed SELECT $m, $s, $u, unnest(['rejected', 'broken']), unnest(['', 'malformed_line']), "
            "'', $n, $c",
            {"m": name, "s": measure.stage, "u": measure.counting_unit, "n": malformed, "c": counted},
        )


def _check_rejected(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tallied: Tallied, settings: Settings
) -> Outcome:
    (rows, rejected) = fetch_row(
        connection,
        "SELECT coalesce(sum(records) FILTER (disposition <> 'broken'), 0)::BIGINT, "
        "coalesce(sum(records) FILTER (disposition = 'rejected'), 0)::BIGINT FROM disposed",
    )
    if not rejected:
        forget_rejected(_no_tables(tallied), settings)
        return Outcome("rejected_share", "passed", rows, 0)
    by_rule = connection.execute(
        "SELECT rule, nullif(column_name, ''), sum(records)::BIGINT FROM disposed WHERE disposition = 'broken' "
        "AND records > 0 GROUP BY ALL ORDER BY 3 DESC, 1, 2"
    ).fetchall()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rejected AS SELECT row_number() OVER (ORDER BY _file, _row) AS cell, _file, "
        "NULL::VARCHAR AS _sheet, _row, rule, column_name, bad_value FROM rejected_part"
    )
    keep_rejected(connection, _no_tables(tallied), settings)
    unlinked = [name for name, _, _ in by_rule if name == "unlinked_national_code"]
    if unlinked or rejected > folder.source.rejected_share_limit * rows:
        raise DataRefused(_problems(connection, folder, tallied, by_rule))
    detail = "; ".join(f"{name} {number:,}" for name, _, number in by_rule)
    return Outcome("rejected_share", "warned", rows, rejected, f"rows in quarantine, within the limit: {detail}")


def _problems(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    tallied: Tallied,
    by_rule: list[tuple[str, str | None, int]],
) -> list[Problem]:
    valid = _valid_words(folder, tallied)
    problems = []
    for rule, column, number in by_rule:
        for file, row, value in connection.execute(
            "SELECT arg_min(_file, cell), arg_min(_row, cell), bad_value FROM rejected WHERE rule = $rule "
            "AND coalesce(column_name, '') = $column GROUP BY bad_value ORDER BY min(cell) LIMIT $most",
            {"rule": rule, "column": column or "", "most": _VALUES_SHOWN},
        ).fetchall():
            unshown = value is None and column is not None and column not in folder.source.personal
            why = " The word is not shown: columns of the row may be exchanged." if unshown else ""
            known = rule in (*RULES_ON_WORDS, "unlinked_national_code")
            problems.append(
                Problem(
                    rule=rule,
                    source=folder.source_id,
                    file=file,
                    row=row,
                    column=column,
                    value=value,
                    found=f"{number:,} row{'s' if number != 1 else ''} rejected: {rule.replace('_', ' ')}.{why}",
                    nearest=nearest_values(value or "", valid.get(column or "", [])) if known else (),
                )
            )
    return problems


def _valid_words(folder: SourceFolder, tallied: Tallied) -> dict[str, list[str]]:
    source = folder.source
    valid: dict[str, list[str]] = {}
    for dimension, word, _ in folder.words:
        if dimension in source.columns:
            valid.setdefault(source.columns[dimension], []).append(word)
    valid.setdefault(source.columns.get("ref_area", "ref_area"), []).extend(
        word for word, _ in sorted(area_words(folder))
    )
    codes = {link.national_code for link in tallied.concordance.links}
    valid.setdefault(source.columns.get("national_code", "national_code"), []).extend(sorted(codes))
    return valid


def _check_reconciliation(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tallied: Tallied) -> Outcome:
    rows = connection.execute("SELECT measure, closes FROM reconciliation").fetchall()
    (read,) = fetch_row(connection, "SELECT coalesce(sum(rows_read), 0)::BIGINT FROM reconciliation")
    found = [f"The measure {measure!r} does not close." for measure, closes in rows if not closes]
    if read != tallied.rows:
        found.append(f"{tallied.rows:,} rows were read from the files, {read:,} are accounted for.")
    if found:
        raise DataRefused(
            [Problem(rule="reconciliation_closes", source=folder.source_id, found=text) for text in found]
        )
    return Outcome("reconciliation_closes", "passed", len(rows), 0)


def _reasons(connection: duckdb.DuckDBPyConnection, source: Source) -> pa.Table:
    reasons = {exclusion.rule: exclusion.reason for exclusion in source.exclusions}
    for (rule,) in connection.execute(
        "SELECT DISTINCT rule FROM disposed WHERE disposition = 'out_of_scope'"
    ).fetchall():
        reasons.setdefault(rule, out_of_scope_reason(rule))
    return pa.table(
        {"rule": pa.array(list(reasons), pa.string()), "reason": pa.array(list(reasons.values()), pa.string())}
    )


def _controls(connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied) -> pa.Table:
    """Compare with the foot of each file, with published totals, and with the lines of each file as counted before."""
    found: list[dict[str, Any]] = []
    for number, control in enumerate(source.controls):
        if control.footer_column is not None:
            for file, fact in zip(tallied.files, tallied.facts, strict=True):
                text = (fact["footer"] or {}).get(control.footer_column, "")
                (expected,) = fetch_row(connection, "SELECT to_number($text)", {"text": text})
                detail = f"foot row of the file, column {control.footer_column}"
                found.append(control_row(control, file.name, expected, fact["counted"], detail))
        else:
            sums = [fact["controls"][str(number)] for fact in tallied.facts]
            if any(cells for _, cells in sums):
                total = sum(value or 0 for value, _ in sums)
                found.append(control_row(control, None, control.expected, total, control.origin))
    for file, fact in zip(tallied.files, tallied.facts, strict=True):
        if file.lines is not None and fact["lines_expected"]:
            detail = "lines below the header as counted with the hash of the file; blank lines and line breaks inside "
            detail += "quotes make them more than rows"
            actual = float(fact["records"] + fact["malformed"])
            expected = float(file.lines - fact["header_rows"])
            found.append(control_row("lines of the file", file.name, expected, actual, detail))
    return controls_table(found)
