"""Step 5, validate: reconciliation, controls and rules; decides whether the source may be published."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.harmonise.conform import area_words, open_cells
from pipelines.harmonise.labels import check_words
from pipelines.harmonise.links import Classified, out_of_scope_reason
from pipelines.harmonise.numbers import create_number_macro
from pipelines.harmonise.printed_rates import read_published_rates
from pipelines.harmonise.quarantine import forget_rejected, keep_rejected
from pipelines.system.connection import connect, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import Control, Source, SourceFolder

_MOST_PROBLEMS_SHOWN = 50
# A word is wrong by itself; numbers written alike ('13 (p)', '68 (p)') are wrong for one reason.
_SAME_FAULT = "CASE WHEN rule LIKE 'count_%' THEN regexp_replace(bad_value, '[0-9]+', '9', 'g') ELSE bad_value END"
RULES_ON_WORDS = ("unknown_word", "unknown_area", "unknown_measure")


@dataclass(frozen=True)
class Validated:
    """Result of step 5: the observations, and the tables that prove them, as Parquet files.

    ``year_partitions`` names the partitions with rows of each year, of incidents.
    """

    source_id: str
    core: Path
    links: Path
    mapped: Path
    reconciliation: Path
    exclusions: Path
    controls: Path
    rates: Path
    outcomes: tuple[Outcome, ...]
    rejected_count: int
    rows: int
    year_partitions: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def summary(self) -> str:
        """One line for people."""
        warned = [outcome.rule for outcome in self.outcomes if outcome.outcome == "warned"]
        return "reconciliation closes" + (f"; warnings: {', '.join(warned)}" if warned else "")


def validate(folder: SourceFolder, raw: RawTable, classified: Classified, settings: Settings, work: Path) -> Validated:
    """Check a classified source as a whole; quarantine what was rejected.

    Raises:
        DataRefused: more cells rejected than the source allows, a total among its parts, or a sum that does not close.
    """
    source = folder.source
    paths = {name: work / f"{name}.parquet" for name in ("reconciliation", "exclusions", "controls", "rates")}
    with connect(settings) as connection:
        create_number_macro(connection, source)
        open_cells(connection, classified.cells)
        for name in ("excluded", "rejected", "core"):
            path = quote_literal(str(getattr(classified, name)))
            connection.execute(f"CREATE TEMP VIEW {name} AS FROM read_parquet({path})")
        outcomes = [_check_rejected(connection, folder, raw, classified, settings)]
        outcomes.append(check_totals_beside_parts(connection, source))
        run_sql(connection, "harmonise/reconcile")
        outcomes.append(_check_reconciliation(connection, folder, raw, classified))
        write_part(connection, "FROM reconciliation ORDER BY measure", paths["reconciliation"])
        connection.register("reason_list", _reasons(connection, source))
        run_sql(connection, "harmonise/exclusions")
        write_part(connection, "FROM exclusion ORDER BY measure, rule", paths["exclusions"])
        controls = _controls(connection, folder, raw)
        connection.register("control_list", controls)
        write_part(connection, "FROM control_list", paths["controls"])
        outcomes.append(judge_controls(controls))
        outcomes.append(check_unused_links(connection, classified.links, classified.mapped))
        outcomes += check_words(connection, source)
        read_published_rates(connection, folder, raw, classified.links, paths["rates"])
    return Validated(
        source_id=folder.source_id,
        core=classified.core,
        links=classified.links,
        mapped=classified.mapped,
        reconciliation=paths["reconciliation"],
        exclusions=paths["exclusions"],
        controls=paths["controls"],
        rates=paths["rates"],
        outcomes=tuple(outcomes),
        rejected_count=classified.rejected_count,
        rows=classified.rows,
    )


def write_part(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write the result of a query as a part of a vintage."""
    connection.execute(f"COPY ({query}) TO {quote_literal(str(target))} (FORMAT parquet)")


def _check_rejected(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    raw: RawTable,
    classified: Classified,
    settings: Settings,
) -> Outcome:
    (cells,) = fetch_row(connection, "SELECT count(*) FROM cells")
    if classified.rejected_count == 0:
        forget_rejected(raw, settings)
        return Outcome("rejected_share", "passed", cells, 0)
    keep_rejected(connection, raw, settings)
    problems = _rejected_problems(connection, folder)
    if classified.rejected_count > folder.source.rejected_share_limit * cells:
        raise DataRefused(problems)
    detail = f"{classified.rejected_count:,} cells in quarantine, within the limit of the source"
    return Outcome("rejected_share", "warned", cells, classified.rejected_count, detail)


def _rejected_problems(connection: duckdb.DuckDBPyConnection, folder: SourceFolder) -> list[Problem]:
    valid: dict[str, list[str]] = {}
    for dimension, word, _ in folder.words:
        column = folder.source.columns.get(dimension)
        if column:
            valid.setdefault(column, []).append(word)
    area_column = folder.source.columns.get("ref_area", "ref_area")
    valid.setdefault(area_column, []).extend(word for word, _ in sorted(area_words(folder)))
    valid.setdefault(folder.source.columns.get("measure", "measure"), []).extend(folder.source.measures)
    return [
        Problem(
            rule=rule,
            source=folder.source_id,
            file=file,
            sheet=sheet,
            row=row,
            column=column,
            value=value,
            found=f"{cells:,} cell{'s' if cells != 1 else ''} rejected: {rule.replace('_', ' ')}.",
            nearest=nearest_values(value or "", valid.get(column, [])) if rule in RULES_ON_WORDS else (),
            cells=cells,
        )
        for rule, file, sheet, row, column, value, cells in connection.execute(
            "SELECT rule, first.file, first.sheet, first.row, column_name, bad_value, cells FROM ("
            "SELECT rule, min({'file': _file, 'sheet': _sheet, 'row': _row}) AS first, column_name, "
            "arg_min(bad_value, {'file': _file, 'sheet': _sheet, 'row': _row, 'cell': cell}) AS bad_value, "
            f"count(*) AS cells FROM rejected GROUP BY rule, column_name, {_SAME_FAULT}) "
            f"ORDER BY first, column_name, rule, bad_value LIMIT {_MOST_PROBLEMS_SHOWN}"
        ).fetchall()
    ]


def check_totals_beside_parts(connection: duckdb.DuckDBPyConnection, source: Source, relation: str = "core") -> Outcome:
    """Refuse totals and parts over one dimension in the same table, in the relation of observations."""
    checked = 0
    problems = []
    for name in sorted({name for breakdown in source.breakdowns for name in breakdown.by}):
        checked += 1
        for measure, file, row in connection.execute(
            f"SELECT measure, arg_min(_file, _row) FILTER ({name} = '_T'), min(_row) FILTER ({name} = '_T') "
            f"FROM {relation} GROUP BY measure HAVING bool_or({name} = '_T') AND bool_or({name} <> '_T')"
        ).fetchall():
            problems.append(
                Problem(
                    rule="total_beside_parts",
                    source=source.source_id,
                    file=file,
                    row=row,
                    column=source.columns.get(name, name),
                    found=f"The measure {measure!r} has totals and parts over {name} in the same table.",
                )
            )
    if problems:
        raise DataRefused(problems)
    return Outcome("total_beside_parts", "passed" if checked else "not applicable", checked, 0)


def _check_reconciliation(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, classified: Classified
) -> Outcome:
    rows = connection.execute("SELECT measure, closes FROM reconciliation").fetchall()
    (read, summed) = fetch_row(
        connection,
        "SELECT (SELECT count(*) FROM (SELECT DISTINCT _file, _sheet, _row FROM cells)), "
        "(SELECT sum(count_read) FROM reconciliation)",
    )
    failing = [measure for measure, closes in rows if not closes]
    found = [f"The measure {measure!r} does not close." for measure in failing]
    if read != raw.rows:
        found.append(f"{raw.rows:,} rows were read from the files, {read:,} are accounted for.")
    if abs((summed or 0) - classified.sum_in_raw) > 1e-9 * max(abs(classified.sum_in_raw), 1):
        found.append(f"The files hold counts of {classified.sum_in_raw:,.6g}, {summed or 0:,.6g} are accounted for.")
    if found:
        raise DataRefused(
            [Problem(rule="reconciliation_closes", source=folder.source_id, found=text) for text in found]
        )
    return Outcome("reconciliation_closes", "passed", len(rows), 0)


def check_unused_links(connection: duckdb.DuckDBPyConnection, link_file: Path, mapped: Path) -> Outcome:
    """Warn of links that nothing in the data used."""
    unused = connection.execute(
        "SELECT link.national_code FROM read_parquet($links) AS link "
        "ANTI JOIN read_parquet($mapped) AS mapped ON mapped.link = link.link ORDER BY link.link",
        {"links": str(link_file), "mapped": str(mapped)},
    ).fetchall()
    (links,) = fetch_row(connection, "SELECT count(*) FROM read_parquet($links)", {"links": str(link_file)})
    if not links:
        return Outcome("unused_links", "not applicable", 0, 0)
    codes = ", ".join(code for (code,) in unused[:10])
    return Outcome("unused_links", "warned" if unused else "passed", links, len(unused), codes)


def _reasons(connection: duckdb.DuckDBPyConnection, source: Source) -> pa.Table:
    reasons = {exclusion.rule: exclusion.reason for exclusion in source.exclusions}
    for (rule,) in connection.execute("SELECT DISTINCT rule FROM excluded").fetchall():
        if rule not in reasons:
            reasons[rule] = out_of_scope_reason(rule)
    return pa.table(
        {"rule": pa.array(list(reasons), pa.string()), "reason": pa.array(list(reasons.values()), pa.string())}
    )


def _controls(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable) -> pa.Table:
    source = folder.source
    found: list[dict[str, Any]] = []
    for control in source.controls:
        if control.footer_column is not None:
            found += _footer_controls(connection, control, raw)
        elif control.total_column is not None:
            found += _row_controls(connection, folder, control, raw)
        else:
            try:
                (actual, cells) = fetch_row(
                    connection, f"SELECT sum(value), count(*) FROM core_and_out_of_scope WHERE {control.where}"
                )
            except duckdb.Error as error:
                raise _control_failed(source, control, error) from error
            if cells:
                found.append(control_row(control, None, control.expected, actual, control.origin))
    return controls_table(found)


def _control_failed(source: Source, control: Control, error: duckdb.Error) -> DataRefused:
    """The refusal of a control whose own SQL does not run, to be raised."""
    found = f"controls: {control.control}: {str(error).splitlines()[0]}"
    return DataRefused([Problem(rule="declaration_invalid", source=source.source_id, found=found)])


def controls_table(found: list[dict[str, Any]]) -> pa.Table:
    """Return the controls of a source as a table, typed also where there are none."""
    schema = pa.schema(
        [
            ("control", pa.string()),
            ("file", pa.string()),
            ("expected", pa.float64()),
            ("actual", pa.float64()),
            ("difference", pa.float64()),
            ("detail", pa.string()),
            ("within_tolerance", pa.bool_()),
            ("row", pa.int64()),
            ("checked", pa.int64()),
            ("failing", pa.int64()),
        ]
    )
    return pa.Table.from_pylist(found, schema=schema)


def control_row(
    control: Control | str,
    file: str | None,
    expected: float | None,
    actual: float | None,
    detail: str,
    row: int | None = None,
    judged: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Return one comparison; a control that every source of a kind has is given by its name and allows nothing."""
    name, tolerance = (control, 0.0) if isinstance(control, str) else (control.control, control.tolerance)
    difference = None if expected is None or actual is None else actual - expected
    within = difference is not None and abs(difference) <= tolerance
    checked, failing = judged or (1, int(not within))
    return {
        "control": name,
        "file": file,
        "expected": expected,
        "actual": actual,
        "difference": difference,
        "detail": detail,
        "within_tolerance": within,
        "row": row,
        "checked": checked,
        "failing": failing,
    }


def _footer_controls(connection: duckdb.DuckDBPyConnection, control: Control, raw: RawTable) -> list[dict[str, Any]]:
    sums = dict(connection.execute("SELECT _file, sum(number) FROM cells GROUP BY _file ORDER BY _file").fetchall())
    found = []
    for file, footer in sorted(raw.footers.items()):
        text = footer.get(control.footer_column or "", "")
        (expected,) = fetch_row(connection, "SELECT to_number($text)", {"text": text})
        detail = f"foot row of the file, column {control.footer_column}"
        found.append(control_row(control, file, expected, sums.get(file), detail))
    return found


def _row_controls(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, control: Control, raw: RawTable
) -> list[dict[str, Any]]:
    """Compare a column with the sum of its parts, row by row; one line for the file, one for each row that differs."""
    found = []
    parts = [f"to_number({quote_identifier(name)})" for name in control.part_columns]
    total = f"to_number({quote_identifier(control.total_column or '')})"
    for paths in raw.layouts:
        for path in paths:
            table = f"read_parquet({quote_literal(str(path))})"
            if control.rows:
                table = f"(WITH raw AS (FROM {table}) FROM (\n{folder.read_text(control.rows)}\n))"
            try:
                rows = run_sql(
                    connection,
                    "harmonise/row_control",
                    rows=table,
                    total=total,
                    parts=" + ".join(f"coalesce({part}, 0)" for part in parts),
                    tolerance=str(control.tolerance),
                ).fetchall()
            except duckdb.Error as error:
                raise _control_failed(folder.source, control, error) from error
            for file, row, expected, actual, checked, failing in rows:
                place = f"all {checked:,} together, {failing:,} differ" if row is None else f"row {row}"
                found.append(control_row(control, file, expected, actual, place, row, (checked, failing)))
    return found


def judge_controls(controls: pa.Table) -> Outcome:
    """Return what the comparison with control totals means."""
    outside = [row for row in controls.to_pylist() if not row["within_tolerance"]]
    if not controls.num_rows:
        return Outcome("control_totals", "not applicable", 0, 0)
    detail = "; ".join(
        f"{row['control']}: expected {row['expected']:,.0f}, found {row['actual'] or 0:,.0f} ({row['detail']})"
        for row in outside[:5]
        if row["expected"] is not None
    )
    checked, failing = (sum(row[name] for row in controls.to_pylist()) for name in ("checked", "failing"))
    return Outcome("control_totals", "warned" if failing else "passed", checked, failing, detail)
