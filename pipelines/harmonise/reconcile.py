"""Step 5, validate: every row of a source accounted for, totals compared; decides whether it may be published.

Tables and incidents meet here. A table has its cells, incidents have their tallies; both become ``disposed``: for each
measure, disposition and rule how many raw rows, cells and counts it has. Everything else is made of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.collect.unread import judge_unread, unread_sheets
from pipelines.harmonise.checks.periods import check_periods
from pipelines.harmonise.checks.repeated_incidents import check_repeated_incidents
from pipelines.harmonise.checks.repeats import check_repeats
from pipelines.harmonise.conform import area_words, open_cells
from pipelines.harmonise.controls import (
    compare,
    compare_foot,
    compare_parts,
    controls_table,
    judge_controls,
    read_published_rates,
    sum_published,
)
from pipelines.harmonise.dates import describe_period
from pipelines.harmonise.enums import cast_codes, code_columns, create_code_types, register_areas
from pipelines.harmonise.labels import check_labels, check_places, labels_of_cells
from pipelines.harmonise.links import Classified, link_table, out_of_scope_reason
from pipelines.harmonise.numbers import create_number_macros, number_text
from pipelines.harmonise.quarantine import forget_rejected, keep_rejected
from pipelines.harmonise.tally import Tallied, open_lists
from pipelines.system.connection import connect, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.errors import nearest_values
from schemas.source import Source, SourceFolder

_MOST_PROBLEMS_SHOWN = 50
_MOST_OF_A_RULE = 5  # of incidents, of which only a sample of the rejected rows is kept
_RULES_ON_WORDS = ("unknown_word", "unknown_area", "unknown_measure", "unlinked_national_code")
_LINKED = "(SELECT *, NULL AS _file, NULL AS _row FROM linked)"  # combinations of codes; no row is kept
_CORE = "(SELECT *, NULL AS _file, NULL AS _sheet, NULL::BIGINT AS _row FROM core)"
# Two tallies of so many different combinations of area, code, sex, age ... are not equal by chance.
_LEAST_COMBINATIONS = 20
_FOOT = "foot"
_PARTS = ("core", "links", "mapped", "reconciliation", "exclusions", "controls", "rates")


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


@dataclass(frozen=True)
class _Received:
    """What is to be accounted for: files and rows read, the sum of the counts, the national codes that have a link."""

    raw: RawTable
    national_codes: tuple[str, ...] = ()
    sum_in_raw: float | None = None
    is_sample: bool = False  # whether only some of the rejected rows are kept
    noun: str = "cell"

    @property
    def rows(self) -> int:
        """How many rows were read, with those below a foot that have numbers."""
        return self.raw.rows + len(self.raw.cut)


def validate(folder: SourceFolder, raw: RawTable, classified: Classified, settings: Settings, work: Path) -> Validated:
    """Check a classified source of tables as a whole; quarantine what was rejected.

    Raises:
        DataRefused: more cells rejected than the source allows, a total among its parts, or a sum that does not close.
    """
    source = folder.source
    paths = {name: work / f"{name}.parquet" for name in _PARTS}
    paths |= {"core": classified.core, "links": classified.links, "mapped": classified.mapped}
    received = _Received(raw, sum_in_raw=classified.sum_in_raw)
    with connect(settings) as connection:
        create_number_macros(connection, folder)
        open_cells(connection, classified.cells)
        for name in ("excluded", "rejected", "core"):
            path = quote_literal(str(getattr(classified, name)))
            connection.execute(f"CREATE TEMP VIEW {name} AS FROM read_parquet({path})")
        run_sql(connection, "harmonise/disposed")
        received = _account_for_foot(connection, folder, received)
        outcomes = [_check_rejected(connection, folder, received, settings)]
        outcomes.append(check_totals_beside_parts(connection, source, "core"))
        register_areas(connection)
        outcomes += check_places(connection, folder, "core")
        outcomes += check_periods(connection, source, "core")
        outcomes += check_repeats(connection, folder, raw)
        outcomes.append(_reconcile(connection, folder, received, paths))
        outcomes.append(_compare(connection, _controls_of_tables(connection, folder, raw), paths["controls"]))
        outcomes.append(_check_unused_links(connection, paths["links"], paths["mapped"]))
        outcomes += judge_unread(folder, raw.files, raw.unread, raw.cut)
        outcomes += check_labels(labels_of_cells(connection, source))
        read_published_rates(connection, folder, raw, classified.links, paths["rates"])
        rejected = _count_rejected(connection)
    return Validated(
        source_id=folder.source_id,
        outcomes=tuple(outcomes),
        rejected_count=rejected,
        rows=classified.rows,
        core=classified.core,
        links=classified.links,
        mapped=classified.mapped,
        reconciliation=paths["reconciliation"],
        exclusions=paths["exclusions"],
        controls=paths["controls"],
        rates=paths["rates"],
    )


def account(
    folder: SourceFolder, tallied: Tallied, connection: duckdb.DuckDBPyConnection, settings: Settings, work: Path
) -> Validated:
    """Put the tallies of all partitions of incidents together and check them as a whole.

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
    paths = {name: work / f"{name}.parquet" for name in _PARTS}
    codes = tuple(sorted({link.national_code for link in tallied.concordance.links}))
    no_tables = _without_tables(folder, tallied)
    received = _Received(no_tables, codes, is_sample=True, noun="row")
    create_number_macros(connection, folder)
    if overlaps := _find_overlaps(connection, tallied):
        raise DataRefused(overlaps)
    repeats = _check_repeats(connection, folder, tallied, settings, work)
    for name in ("tally", "disposed", "mapped", "rejected"):
        files = ", ".join(quote_literal(path) for path in tallied.parts(name))
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name}_part AS FROM read_parquet([{files}])")
    _open_disposed(connection, source, tallied)
    received = _account_for_foot(connection, folder, received)
    outcomes = [_check_rejected(connection, folder, received, settings)]
    _open_core(connection, source, tallied, paths["core"])
    outcomes.append(check_totals_beside_parts(connection, source, _LINKED))
    outcomes += check_places(connection, folder, _CORE)
    outcomes += [*check_periods(connection, source, _CORE), *repeats]
    outcomes.append(_reconcile(connection, folder, received, paths))
    outcomes.append(_compare(connection, _controls_of_incidents(connection, source, tallied), paths["controls"]))
    _write_links(connection, tallied, paths)
    outcomes.append(_check_unused_links(connection, paths["links"], paths["mapped"]))
    outcomes += judge_unread(folder, tallied.files, no_tables.unread, no_tables.cut)
    # Which of the labels occur is no longer known: those for ages are checked as declared.
    outcomes += check_labels([("age", word, code, None) for name, word, code in folder.words if name == "age"])
    read_published_rates(connection, folder, no_tables, paths["links"], paths["rates"])
    (rows,) = fetch_row(connection, "SELECT count(*) FROM core")
    return Validated(
        source_id=folder.source_id,
        outcomes=tuple(outcomes),
        rejected_count=_count_rejected(connection),
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


def _without_tables(folder: SourceFolder, tallied: Tallied) -> RawTable:
    """What was read of incidents: rows on persons are nowhere kept as tables of text."""
    not_rows = tallied.not_rows()
    return RawTable(
        source_id=tallied.source_id,
        layouts=(),
        rows=tallied.rows,
        footers={},
        files=tallied.files,
        cut=tuple(row for _, more in not_rows for row in more.cut),
        unread=unread_sheets(folder, not_rows),
    )


def _account_for_foot(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, received: _Received) -> _Received:
    """Add the rows below a foot that have numbers to ``disposed``, and what they count to what was received."""
    cut = received.raw.cut
    if not cut:
        return received
    name, measure = next(iter(folder.source.measures.items()))
    (counted,) = fetch_row(
        connection,
        "SELECT coalesce(sum(to_count(text)), 0) FROM (SELECT unnest($values::VARCHAR[]) AS text)",
        {"values": [row.value for row in cut]},
    )
    connection.execute(
        "INSERT INTO disposed BY NAME SELECT $measure AS measure, $stage AS stage, $unit AS counting_unit, "
        "'excluded' AS disposition, $rule AS rule, '' AS column_name, $rows AS raw_rows, $rows AS cells, 0 AS missing, "
        "$counted AS counted",
        {
            "measure": name,
            "stage": measure.stage,
            "unit": measure.counting_unit,
            "rule": _FOOT,
            "rows": len(cut),
            "counted": counted,
        },
    )
    total = received.sum_in_raw
    return replace(received, sum_in_raw=None if total is None else total + counted)


def _write_part(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY ({query}) TO {quote_literal(str(target))} (FORMAT parquet)")


def _count_rejected(connection: duckdb.DuckDBPyConnection) -> int:
    statement = "SELECT coalesce(sum(cells), 0)::BIGINT FROM disposed WHERE disposition = 'rejected'"
    return int(fetch_row(connection, statement)[0])


def _check_rejected(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, received: _Received, settings: Settings
) -> Outcome:
    """Quarantine what was rejected; refuse the source where that is more than it allows, or a code has no link."""
    statement = "SELECT coalesce(sum(cells), 0)::BIGINT FROM disposed WHERE disposition <> 'broken'"
    (cells,) = fetch_row(connection, statement)
    rejected = _count_rejected(connection)
    if not rejected:
        forget_rejected(received.raw, settings)
        return Outcome("rejected_share", "passed", cells, 0)
    keep_rejected(connection, received.raw, settings)
    by_rule = connection.execute(
        "SELECT rule, sum(cells)::BIGINT FROM disposed WHERE disposition = 'broken' AND cells > 0 GROUP BY rule "
        "ORDER BY 2 DESC, 1"
    ).fetchall()
    unlinked = any(rule == "unlinked_national_code" for rule, _ in by_rule)
    if unlinked or rejected > folder.source.rejected_share_limit * cells:
        raise DataRefused(_rejected_problems(connection, folder, received))
    detail = "; ".join(f"{rule} {number:,}" for rule, number in by_rule)
    found = f"{received.noun}s in quarantine, within the limit: {detail}"
    return Outcome("rejected_share", "warned", cells, rejected, found)


def _rejected_problems(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, received: _Received
) -> list[Problem]:
    """A problem for each rule, column and wrong label, with its first place."""
    valid = _valid_words(folder, received.national_codes)
    numbers = {
        (rule, column): number
        for rule, column, number in connection.execute(
            "SELECT rule, nullif(column_name, ''), sum(cells)::BIGINT FROM disposed WHERE disposition = 'broken' "
            "GROUP BY ALL"
        ).fetchall()
    }
    most_of_a_rule = _MOST_OF_A_RULE if received.is_sample else _MOST_PROBLEMS_SHOWN
    most = {"most_of_a_rule": str(most_of_a_rule), "most": str(_MOST_PROBLEMS_SHOWN)}
    problems = []
    for rule, file, sheet, row, column, value, kept in run_sql(
        connection, "harmonise/rejected_by_fault", **most
    ).fetchall():
        unshown = received.is_sample and value is None and column and column not in folder.source.personal
        why = " The value is not shown: the columns of the row may be swapped." if unshown else ""
        why += f" {describe_period(value, folder.source)}" if rule == "invalid_period" and value else ""
        why += _doubled_rows(connection) if rule == "duplicate_key" else ""
        number = numbers.get((rule, column or None), kept) if received.is_sample else kept
        noun = received.noun if number == 1 else f"{received.noun}s"
        problems.append(
            Problem(
                rule=rule,
                source=folder.source_id,
                file=file,
                sheet=sheet,
                row=row,
                column=column or None,
                value=value,
                found=f"{number:,} {noun} rejected: {rule.replace('_', ' ')}.{why}",
                nearest=nearest_values(value or "", valid.get(column or "", [])) if rule in _RULES_ON_WORDS else (),
                cells=1 if received.is_sample else kept,
            )
        )
    return problems


def _doubled_rows(connection: duckdb.DuckDBPyConnection) -> str:
    """Say where the first cell that is given more than once stands, and with which values."""
    cells, files, rows, values = run_sql(connection, "harmonise/doubled_rows").fetchall()[0]
    places = [str(row) if file == files[0] else f"{row} of {file}" for file, row in zip(files, rows, strict=True)]
    number = f"{cells:,} cells are" if cells > 1 else "One cell is"
    given = f", as {' and '.join(values)}" if all(values) else ""
    return f" {number} given more than once; the first in rows {' and '.join(places)}{given}."


def _valid_words(folder: SourceFolder, national_codes: tuple[str, ...]) -> dict[str, list[str]]:
    """The words that each column may have."""
    columns = folder.source.columns
    valid: dict[str, list[str]] = {}
    for dimension, word, _ in folder.words:
        if dimension in columns:
            valid.setdefault(columns[dimension], []).append(word)
    for dimension, words in (
        ("ref_area", [word for word, _ in sorted(area_words(folder))]),
        ("measure", list(folder.source.measures)),
        ("national_code", list(national_codes)),
    ):
        valid.setdefault(columns.get(dimension, dimension), []).extend(words)
    return valid


def check_totals_beside_parts(connection: duckdb.DuckDBPyConnection, source: Source, relation: str) -> Outcome:
    """Refuse totals and parts over one dimension in the same table, in the relation of observations.

    Where every cell is written once, a total is a cell of its own: it is set apart when totals are made, see
    ``pipelines.tabulate.aggregate``.
    """
    if source.rows == "cells":
        return Outcome("total_beside_parts", "not applicable", 0, 0)
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


def _reconcile(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, received: _Received, paths: dict[str, Path]
) -> Outcome:
    """Write the account of every row and of what was left out; refuse a source whose account does not close."""
    run_sql(connection, "harmonise/reconciliation")
    rows = connection.execute("SELECT measure, closes FROM reconciliation").fetchall()
    found = [f"The measure {measure!r} does not close." for measure, closes in rows if not closes]
    read, summed = _sums_read(connection, received)
    if read != received.rows:
        found.append(f"{received.rows:,} rows were read from the files, {read:,} are accounted for.")
    total = received.sum_in_raw
    if total is not None and abs(summed - total) > 1e-9 * max(abs(total), 1):
        found.append(f"The files hold counts of {number_text(total)}, {number_text(summed)} are accounted for.")
    if found:
        raise DataRefused(
            [Problem(rule="reconciliation_closes", source=folder.source_id, found=text) for text in found]
        )
    _write_part(connection, "FROM reconciliation ORDER BY measure", paths["reconciliation"])
    connection.register("reason_list", _reasons(connection, folder.source))
    run_sql(connection, "harmonise/exclusions")
    _write_part(connection, "FROM exclusion ORDER BY measure, rule", paths["exclusions"])
    return Outcome("reconciliation_closes", "passed", len(rows), 0)


def _sums_read(connection: duckdb.DuckDBPyConnection, received: _Received) -> tuple[int, float]:
    """How many raw rows are accounted for (those of a table may have cells of several measures), and their counts."""
    rows = (
        "SELECT coalesce(sum(rows_read), 0)::BIGINT FROM reconciliation"
        if received.is_sample
        else f"SELECT count(*) + {len(received.raw.cut)} FROM (SELECT DISTINCT _file, _sheet, _row FROM cells)"
    )
    read, summed = fetch_row(connection, f"SELECT ({rows}), (SELECT coalesce(sum(count_read), 0) FROM reconciliation)")
    return read, summed


def _reasons(connection: duckdb.DuckDBPyConnection, source: Source) -> pa.Table:
    reasons = {exclusion.rule: exclusion.reason for exclusion in source.exclusions}
    reasons[_FOOT] = "Rows below the foot of the table (read.footer) that have numbers."
    for (rule,) in connection.execute(
        "SELECT DISTINCT rule FROM disposed WHERE disposition = 'out_of_scope'"
    ).fetchall():
        reasons.setdefault(rule, out_of_scope_reason(rule))
    return pa.table(
        {"rule": pa.array(list(reasons), pa.string()), "reason": pa.array(list(reasons.values()), pa.string())}
    )


def _compare(connection: duckdb.DuckDBPyConnection, found: list[dict[str, Any]], target: Path) -> Outcome:
    controls = controls_table(found)
    connection.register("control_list", controls)
    _write_part(connection, "FROM control_list", target)
    return judge_controls(controls)


def _controls_of_tables(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    by_place = connection.execute("SELECT _file, _sheet, sum(number) FROM cells GROUP BY _file, _sheet").fetchall()
    sums = {(file, sheet): total for file, sheet, total in by_place}
    # What a publisher's own total covers: everything it counted, also what the ICCS leaves out.
    counted = "(FROM cell_disposed WHERE disposition IN ('used', 'out_of_scope'))"
    for control in folder.source.controls:
        if control.footer_column is not None:
            found += compare_foot(connection, control, raw.footers, sums)
        elif control.total_column is not None:
            found += compare_parts(connection, folder, control, raw)
        else:
            total, cells = sum_published(connection, folder.source, control, counted)
            if cells:
                found.append(compare(control, None, control.expected, total, control.origin))
    return found


def _controls_of_incidents(
    connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied
) -> list[dict[str, Any]]:
    """As of tables, from the sums that each partition left; and the lines of each file as counted before."""
    found: list[dict[str, Any]] = []
    pairs = list(zip(tallied.files, tallied.facts, strict=True))
    for number, control in enumerate(source.controls):
        if control.footer_column is not None:
            # The rows of several sheets were counted together, so that their totals are.
            places = [(file.name, ", ".join(more.sheets) or None) for file, more in tallied.not_rows()]
            footers = {
                place: tuple(more.footers.values()) or ({},)
                for place, (_, more) in zip(places, tallied.not_rows(), strict=True)
            }
            counted = {place: fact["counted"] for place, (_, fact) in zip(places, pairs, strict=True)}
            found += compare_foot(connection, control, footers, counted)
        else:
            sums = [fact["controls"][str(number)] for _, fact in pairs]
            if any(cells for _, cells in sums):
                total = sum(value or 0 for value, _ in sums)
                found.append(compare(control, None, control.expected, total, control.origin))
    for file, fact in pairs:
        if file.lines is not None and fact["lines_expected"]:
            detail = "lines below the header as counted with the hash of the file; blank lines and line breaks inside "
            detail += "quotes make them more than rows"
            actual = float(fact["records"] + fact["malformed"])
            expected = float(file.lines - fact["header_rows"])
            found.append(compare("lines of the file", file.name, expected, actual, detail))
    return found


def _check_unused_links(connection: duckdb.DuckDBPyConnection, link_file: Path, mapped: Path) -> Outcome:
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


def _open_disposed(connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied) -> None:
    """Create ``disposed`` and ``rejected`` of incidents from what the partitions left."""
    name, measure = next(iter(source.measures.items()))
    malformed = sum(fact["malformed"] for fact in tallied.facts)
    counted = 0 if "value" in source.columns else malformed * int(source.constants.get("value", "1"))
    run_sql(
        connection,
        "harmonise/disposed_incidents",
        measure=quote_literal(name),
        stage=quote_literal(measure.stage),
        counting_unit=quote_literal(measure.counting_unit),
        malformed=str(malformed),
        malformed_counted=str(counted),
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rejected AS SELECT row_number() OVER (ORDER BY _file, _row) AS cell, _file, "
        "NULL::VARCHAR AS _sheet, _row, rule, column_name, bad_value FROM rejected_part"
    )


def _open_core(connection: duckdb.DuckDBPyConnection, source: Source, tallied: Tallied, target: Path) -> None:
    """Create ``core`` with its types from the tallies of all partitions, and write it."""
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
    _write_part(
        connection,
        "SELECT rowid + 1 AS cell, NULL::VARCHAR AS _file, NULL::VARCHAR AS _sheet, NULL::BIGINT AS _row, "
        f"{', '.join(code_columns())}, link, value FROM core",
        target,
    )


def _write_links(connection: duckdb.DuckDBPyConnection, tallied: Tallied, paths: dict[str, Path]) -> None:
    """Write the links of the concordance and the counts that went through each."""
    connection.register("link_list", link_table(tallied.concordance))
    _write_part(connection, "SELECT row_number() OVER () AS link, * FROM link_list", paths["links"])
    _write_part(
        connection,
        "SELECT link, measure, stage, counting_unit, time_period, sex, sum(counted) AS count FROM mapped_part "
        "GROUP BY ALL",
        paths["mapped"],
    )


def _year_partitions(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> dict[str, str]:
    """The partitions that have rows of each year, by the names of their tallies, which their content decides."""
    files = ", ".join(quote_literal(path) for path in tallied.parts("tally"))
    return dict(run_sql(connection, "harmonise/partition_years", files=files).fetchall())


def _find_overlaps(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> list[Problem]:
    """Compare the tallies of partitions, period by period and as a whole.

    Returns:
        A problem for each partition that counts a period exactly as another one does; neither can be identified as the
        right one.
    """
    if len(tallied.folders) < 2:
        return []
    names = {folder.name: file.name for folder, file in zip(tallied.folders, tallied.files, strict=True)}
    columns = [*tallied.statements.keys, "ref_area_id", "period", "records"]
    columns += ["total"] if tallied.statements.value == "total" else []
    rows = run_sql(
        connection,
        "harmonise/incident_overlaps",
        counted=", ".join(columns),
        files=", ".join(quote_literal(path) for path in tallied.parts("tally")),
        least=str(_LEAST_COMBINATIONS),
    ).fetchall()
    alike: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for one, other, period, records in rows:
        first, second = sorted((names[one], names[other]))
        alike.setdefault(second, {}).setdefault(first, []).append((period, records))
    problems = []
    for second, others in sorted(alike.items()):
        first, periods = min(others.items())
        problems.append(
            Problem(
                rule="file_given_twice", source=tallied.source_id, file=second, found=_overlap_found(first, periods)
            )
        )
    return problems


def _check_repeats(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, tallied: Tallied, settings: Settings, work: Path
) -> list[Outcome]:
    """Refuse partitions that share most rows, and identifiers that repeat; return what was found of repeated rows."""
    problems, outcomes = check_repeated_incidents(
        connection,
        folder,
        {path.name: file for path, file in zip(tallied.folders, tallied.files, strict=True)},
        list(zip(tallied.files, tallied.facts, strict=True)),
        ", ".join([*tallied.statements.keys, "ref_area_id", "period"]),
        tallied.parts("tally"),
        settings,
        work,
    )
    if problems:
        raise DataRefused(problems)
    return outcomes


def _overlap_found(first: str, periods: list[tuple[int, int]]) -> str:
    months = sorted(periods)
    which = "All of its rows"
    if months[0][0]:  # else period 0, which is the whole of the file
        rows = sum(records for _, records in months)
        which = f"{rows:,} of its rows, of {_period_text(months[0][0])} to {_period_text(months[-1][0])},"
    return f"{which} are in {first} too: both files have as many incidents for each area, code and other value."


def _period_text(period: int) -> str:
    year, month = divmod(period, 100)
    return f"{year}-{month:02d}" if month else str(year)
