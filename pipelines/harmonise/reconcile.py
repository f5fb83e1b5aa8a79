"""The account of a source: every row is used, excluded or rejected, and totals are compared; or the source is refused.

Tables and incidents are treated alike from here on. Both provide their rows as numbers of codes, and ``disposed``: the
numbers of raw rows, cells and counts for each measure, disposition and rule. Everything else is derived from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.collect.read import RawTable
from pipelines.harmonise.checks.codes import check_codes
from pipelines.harmonise.checks.periods import find_months_cut, find_periods_not_over, open_received
from pipelines.harmonise.checks.repeats.between_files import check_files_of_incidents
from pipelines.harmonise.checks.repeats.tables import check_repeats
from pipelines.harmonise.checks.totals.total_rows import check_totals_beside_parts
from pipelines.harmonise.checks.whole_source import (
    check_captions,
    check_checked_words,
    check_noted,
    check_observations,
    check_unread,
    check_unused,
)
from pipelines.harmonise.checks.words.doubted import doubt_figures, doubt_of_outcomes
from pipelines.harmonise.checks.words.incidents import labels_beside
from pipelines.harmonise.checks.words.named_acts import check_named_acts
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.conform import NO_WORDS, Conformed
from pipelines.harmonise.controls import (
    Comparison,
    compare,
    compare_foot,
    compare_parts,
    controls_table,
    judge_controls,
    read_published_rates,
    refuse_missed,
)
from pipelines.harmonise.enums import cast_codes, code_columns, create_code_types
from pipelines.harmonise.judged import Judged
from pipelines.harmonise.links import link_table, out_of_scope_reason
from pipelines.harmonise.quarantine import forget_rejected, keep_rejected
from pipelines.harmonise.rejected import ROW_NOUNS, open_lost_rows, rejected_problems
from pipelines.harmonise.statements import Statements, open_lists
from pipelines.harmonise.tally import Tallied
from pipelines.harmonise.values.dates import period_freq, period_text
from pipelines.harmonise.values.labels import check_labels
from pipelines.harmonise.values.numbers import create_number_macros, number_text
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.source import Source, SourceFolder

_FOOT = "foot"
"""The rule that excludes rows below the foot of a table."""
_PLACE = {"cell": "BIGINT", "_file": "VARCHAR", "_sheet": "VARCHAR", "_row": "BIGINT"}
"""The origin of an observation; incidents keep no row."""
_PARTS = ("core", "links", "mapped", "reconciliation", "exclusions", "controls", "rates", "words")


@dataclass(frozen=True)
class Validated:
    """The observations of a source, and the tables that account for them, as Parquet files.

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
    words: Path
    outcomes: tuple[Outcome, ...]
    rejected_count: int
    rows: int
    year_partitions: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def summary(self) -> str:
        """One line for people."""
        warned = [outcome.rule for outcome in self.outcomes if outcome.outcome == "warned"]
        return "reconciliation closes" + (f"; warnings: {', '.join(warned)}" if warned else "")


def account(
    folder: SourceFolder, judged: Judged, connection: duckdb.DuckDBPyConnection, settings: Settings, work: Path
) -> Validated:
    """Check the rows of a source as a whole, and make observations from those that are used.

    Args:
        folder: the source.
        judged: its rows.
        connection: gets ``core``, with its types (see ``enums``), ``lost_row`` and ``doubted`` for the next steps.
        settings: where data live.
        work: folder for what this step writes.

    Raises:
        DataRefused: two files with the same incidents, a code without a link, more rejected rows than the source
            allows, a total among its parts, or an account that does not close.
    """
    source, statements = folder.source, judged.statements
    paths = {name: work / f"{name}.parquet" for name in _PARTS}
    create_number_macros(connection, folder)
    repeats = check_files_of_incidents(connection, judged, settings, work) if isinstance(judged, Tallied) else []
    for name in ("tally", "disposed", "mapped", "rejected"):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name}_part AS FROM {judged.relation(name)}")
    _open_disposed(connection, source, judged)
    below_foot = _account_for_foot(connection, source, judged.raw)
    outcomes = [_check_rejected(connection, folder, judged, settings)]
    open_lists(connection, statements)
    _open_lost(connection, source, judged)
    _open_core(connection, source, statements, paths["core"])
    combinations = "(SELECT *, NULL AS _file, NULL AS _row FROM linked)"  # far fewer than observations
    observed = "core" if statements.grain == "cell" else combinations
    outcomes.append(check_totals_beside_parts(connection, source, observed))
    outcomes += check_observations(connection, folder, statements.grain)
    outcomes += check_noted(connection, source, statements, judged)
    outcomes += repeats if isinstance(judged, Tallied) else check_repeats(connection, folder, judged.raw)
    unused = check_unused(connection, folder, judged)
    outcomes += [*unused.outcomes, check_checked_words(folder, judged, unused)]
    outcomes.append(_reconcile(connection, folder, judged, below_foot, paths))
    outcomes.append(_compare(connection, folder, judged, paths["controls"]))
    _find_parts_of_periods(connection, source, judged)
    outcomes += _write_links(connection, source, judged, unused.columns, paths)
    outcomes += check_unread(connection, folder, judged, unused.columns)
    outcomes += check_captions(connection, folder, judged, unused.words)
    # It is not known which labels occur among incidents, so those for ages are checked as declared.
    ages = [("age", word, code, None) for name, word, code in folder.words if name == "age"]
    outcomes += check_labels(judged.labels if isinstance(judged, Conformed) else ages)
    doubt_of_outcomes(connection, outcomes, has_places=statements.grain == "cell")
    read_published_rates(connection, folder, judged.raw, paths["links"], paths["rates"])
    # No words of persons' records are kept: an exclusion of theirs is seen in the counts that it takes away.
    words = f"FROM {judged.relation('words')}" if isinstance(judged, Conformed) else NO_WORDS
    _write_part(connection, words, paths["words"])
    (rows,) = fetch_row(connection, "SELECT count(*) FROM core")
    by_year = isinstance(judged, Tallied) and source.rows == "events"
    return Validated(
        source_id=folder.source_id,
        **paths,
        outcomes=tuple(outcomes),
        rejected_count=_count_rejected(connection),
        rows=rows,
        year_partitions=_year_partitions(connection) if by_year else {},
    )


def _account_for_foot(connection: duckdb.DuckDBPyConnection, source: Source, raw: RawTable) -> float:
    """Add the rows below a foot that have numbers to ``disposed``, and return their sum."""
    if not raw.cut:
        return 0.0
    name, measure = next(iter(source.measures.items()))
    (counted,) = fetch_row(
        connection,
        "SELECT coalesce(sum(to_count(text)), 0) FROM (SELECT unnest($values::VARCHAR[]) AS text)",
        {"values": [row.value for row in raw.cut]},
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
            "rows": len(raw.cut),
            "counted": counted,
        },
    )
    return float(counted)


def _write_part(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY ({query}) TO {quote_literal(str(target))} (FORMAT parquet)")


def _count_rejected(connection: duckdb.DuckDBPyConnection) -> int:
    statement = "SELECT coalesce(sum(cells), 0)::BIGINT FROM disposed WHERE disposition = 'rejected'"
    return int(fetch_row(connection, statement)[0])


def _check_rejected(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, settings: Settings
) -> Outcome:
    """Quarantine rejected rows; refuse the source if they are more than it allows, or if a code has no link."""
    statement = "SELECT coalesce(sum(cells), 0)::BIGINT FROM disposed WHERE disposition <> 'broken'"
    (cells,) = fetch_row(connection, statement)
    rejected = _count_rejected(connection)
    if not rejected:
        forget_rejected(judged.raw, settings)
        return Outcome("rejected_share", "passed", cells, 0)
    keep_rejected(connection, judged.raw, settings)
    by_rule = connection.execute(
        "SELECT rule, sum(cells)::BIGINT FROM disposed WHERE disposition = 'broken' AND cells > 0 GROUP BY rule "
        "ORDER BY 2 DESC, 1"
    ).fetchall()
    unlinked = any(rule == "unlinked_national_code" for rule, _ in by_rule)
    if unlinked or rejected > folder.source.rejected_share_limit * cells:
        raise DataRefused(rejected_problems(connection, folder, judged.concordance, judged.statements.grain))
    detail = "; ".join(f"{rule} {number:,}" for rule, number in by_rule)
    found = f"{ROW_NOUNS[judged.statements.grain]}s in quarantine, within the limit: {detail}"
    return Outcome("rejected_share", "warned", cells, rejected, found)


def _reconcile(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    judged: Judged,
    below_foot: float,
    paths: dict[str, Path],
) -> Outcome:
    """Write the account of every row and of the exclusions; refuse a source whose account does not close."""
    run_sql(connection, "harmonise/reconciliation")
    rows = connection.execute("SELECT measure, closes FROM reconciliation").fetchall()
    found = [f"The measure {measure!r} does not reconcile." for measure, closes in rows if not closes]
    read, summed = _sums_read(connection, judged)
    received = judged.raw.rows + len(judged.raw.cut)
    if read != received:
        found.append(f"{received:,} rows were read from the files, but {read:,} are accounted for.")
    total = judged.sum_in_raw + below_foot if isinstance(judged, Conformed) else None
    if total is not None and abs(summed - total) > 1e-9 * max(abs(total), 1):
        found.append(f"The files contain counts of {number_text(total)}, but {number_text(summed)} are accounted for.")
    if found:
        raise DataRefused(
            [Problem(rule="reconciliation_closes", source=folder.source_id, found=text) for text in found]
        )
    _write_part(connection, "FROM reconciliation ORDER BY measure", paths["reconciliation"])
    connection.register("reason_list", _reasons(connection, folder.source))
    run_sql(connection, "harmonise/exclusions")
    _write_part(connection, "FROM exclusion ORDER BY measure, rule", paths["exclusions"])
    return Outcome("reconciliation_closes", "passed", len(rows), 0)


def _sums_read(connection: duckdb.DuckDBPyConnection, judged: Judged) -> tuple[int, float]:
    """Return how many raw rows are accounted for (a table row may have cells of several measures), and their sum."""
    rows = (
        f"SELECT count(*) + {len(judged.raw.cut)} FROM (SELECT DISTINCT _file, _sheet, _row FROM tally_part)"
        if judged.statements.grain == "cell"
        else "SELECT coalesce(sum(rows_read), 0)::BIGINT FROM reconciliation"
    )
    read, summed = fetch_row(connection, f"SELECT ({rows}), (SELECT coalesce(sum(count_read), 0) FROM reconciliation)")
    return read, summed


def _reasons(connection: duckdb.DuckDBPyConnection, source: Source) -> pa.Table:
    reasons = {exclusion.rule: exclusion.reason for exclusion in source.exclusions}
    reasons[_FOOT] = "Rows below the footer of the table (read.footer) that contain numbers."
    for (rule,) in connection.execute(
        "SELECT DISTINCT rule FROM disposed WHERE disposition = 'out_of_scope'"
    ).fetchall():
        reasons.setdefault(rule, out_of_scope_reason(rule))
    return pa.table(
        {"rule": pa.array(list(reasons), pa.string()), "reason": pa.array(list(reasons.values()), pa.string())}
    )


def _compare(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, target: Path) -> Outcome:
    """Write the comparisons with control totals; refuse figures that are far from one, warn of other differences."""
    found = _compare_controls(connection, folder, judged)
    refuse_missed(folder.source_id, found)
    controls = controls_table(found)
    connection.register("control_list", controls)
    _write_part(connection, "FROM control_list", target)
    return judge_controls(controls)


def _compare_controls(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged) -> list[Comparison]:
    """Make the comparisons that the source declares: feet of files, totals beside their parts, published totals.

    A published total covers everything that its publisher counted, including what is outside the ICCS.
    """
    found: list[Comparison] = []
    for number, control in enumerate(folder.source.controls):
        if control.footer_column is not None:
            found += compare_foot(connection, control, judged.raw.footers, judged.counted)
        elif control.total_column is not None:
            found += compare_parts(connection, folder, control, judged.raw)
        else:
            total, cells = judged.sums[number]
            if cells:
                found.append(compare(control, None, control.expected, total, control.origin))
    return found + (_compare_lines(judged) if isinstance(judged, Tallied) else [])


def _compare_lines(tallied: Tallied) -> list[Comparison]:
    """Compare the rows of each file of incidents with its number of lines, counted when it was hashed."""
    detail = "lines below the header, counted while the file was hashed; blank lines and line breaks inside quotes "
    detail += "make them more than the rows"
    return [
        Comparison(
            "lines of the file",
            file.name,
            float(file.lines - fact["header_rows"]),
            float(fact["records"] + fact["malformed"]),
            detail,
        )
        for file, fact in tallied.file_facts
        if file.lines is not None and fact["lines_expected"]
    ]


def _check_unused_links(connection: duckdb.DuckDBPyConnection, link_file: Path, mapped: Path) -> Outcome:
    """Warn of links that no data used."""
    unused = connection.execute(
        "SELECT link.national_code FROM read_parquet($links) AS link "
        "ANTI JOIN read_parquet($mapped) AS mapped ON mapped.link = link.link ORDER BY link.link",
        {"links": str(link_file), "mapped": str(mapped)},
    ).fetchall()
    (links,) = fetch_row(connection, "SELECT count(*) FROM read_parquet($links)", {"links": str(link_file)})
    return Outcome.of_warning("unused_links", links, [code for (code,) in unused], shown=10)


def _open_lost(connection: duckdb.DuckDBPyConnection, source: Source, judged: Judged) -> None:
    """Create ``lost_row``, from which the rules determine what each figure lost, and ``doubted``, of doubted sums."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE doubted (rule VARCHAR, stage VARCHAR, counting_unit VARCHAR, iccs VARCHAR, "
        "ref_area VARCHAR, time_period VARCHAR, detail VARCHAR, _file VARCHAR, _sheet VARCHAR, _row BIGINT)"
    )
    malformed = judged.malformed if isinstance(judged, Tallied) else 0
    counted = None if "value" in source.columns else float(source.constants.get("value", "1"))
    open_lost_rows(connection, judged.statements, _count_rejected(connection), malformed, counted)


def _open_disposed(connection: duckdb.DuckDBPyConnection, source: Source, judged: Judged) -> None:
    """Create ``disposed`` and ``rejected`` for a source from those of its parts."""
    name, measure = next(iter(source.measures.items()))
    malformed = judged.malformed if isinstance(judged, Tallied) else 0
    counted = 0 if "value" in source.columns else malformed * int(source.constants.get("value", "1"))
    run_sql(
        connection,
        "harmonise/account",
        measure=quote_literal(name),
        stage=quote_literal(measure.stage),
        counting_unit=quote_literal(measure.counting_unit),
        malformed=str(malformed),
        malformed_counted=str(counted),
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rejected AS SELECT "
        "* REPLACE (coalesce(cell, row_number() OVER (ORDER BY _file, _row)) AS cell) FROM rejected_part"
    )


def _open_core(connection: duckdb.DuckDBPyConnection, source: Source, statements: Statements, target: Path) -> None:
    """Create ``core`` with its types from the rows of a source as numbers, and write it."""
    keys = ", ".join(statements.keys)
    run_sql(
        connection,
        "harmonise/combined",
        keys=keys,
        linked=statements.linked,
        counted=statements.counted,
        time_period=period_text("used.period"),
        freq=period_freq("used.period"),
    )
    places = dict.fromkeys(("ref_area", "area_level"), "area_seen") | dict.fromkeys(
        ("time_period", "freq"), "period_seen"
    )
    own = {}
    if "national_label" in source.columns:
        places["national_label"] = "(SELECT national_label_word AS national_label FROM tally_part)"
        own["national_label"] = "CAST(tally_part.national_label_word AS national_label_code)"
    if statements.grain == "cell":
        own |= {name: f"tally_part.{name}" for name in _PLACE}
    else:
        own |= {name: f"CAST(NULL AS {kind})" for name, kind in _PLACE.items()}
    create_code_types(connection, source, {name: places.get(name, "linked") for name in code_columns()})
    codes = cast_codes(name for name in code_columns() if name not in places)
    run_sql(connection, "harmonise/core", keys=keys, codes=codes, places=own, value=statements.value("tally_part"))
    columns = ", ".join([*_PLACE, *code_columns(), "link", "value"])
    _write_part(connection, f"SELECT {columns} FROM core", target)


def _write_links(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    judged: Judged,
    unused: tuple[UnusedColumn, ...],
    paths: dict[str, Path],
) -> list[Outcome]:
    """Write the links of the concordance and the counts that went through each; check their use and their labels."""
    connection.register("link_list", link_table(judged.concordance))
    _write_part(connection, "SELECT row_number() OVER () AS link, * FROM link_list", paths["links"])
    _write_part(
        connection,
        "SELECT link, measure, stage, counting_unit, time_period, sex, sum(counted) AS count FROM mapped_part "
        "GROUP BY ALL",
        paths["mapped"],
    )
    links, mapped = paths["links"], paths["mapped"]
    beside = [column for column in unused if not column.is_place]
    labels = labels_beside(judged.file_facts) if isinstance(judged, Tallied) else []
    named = check_named_acts(judged.concordance.rows if judged.concordance else ())
    doubt_figures(connection, [named], has_places=False)
    return [
        _check_unused_links(connection, links, mapped),
        *check_codes(connection, source, beside, labels, links, mapped),
        named,
    ]


def _find_parts_of_periods(connection: duckdb.DuckDBPyConnection, source: Source, judged: Judged) -> None:
    """Create ``period_not_over`` and ``month_cut``, from tables or the partitions of incidents."""
    find_months_cut(connection, has_days="first_days" in judged.statements.noted)
    files = {file.name: (file.name, file.first_seen) for file in judged.raw.files}
    seen = (
        "SELECT DISTINCT CAST(ref_area AS VARCHAR) AS ref_area, CAST(time_period AS VARCHAR) AS time_period, "
        "_file AS file FROM core "
        "WHERE CAST(left(time_period, 4) AS INTEGER) >= (SELECT year(min(day)) - 1 FROM received)"  # few are so late
    )
    if isinstance(judged, Tallied):
        files = {
            folder.name: (folder.name, file.first_seen)
            for folder, file in zip(judged.folders, judged.files, strict=True)
        }
        paths = ", ".join(quote_literal(path) for path in judged.parts("tally"))
        run_sql(connection, "harmonise/periods_of_partitions", files=paths)
        seen = "SELECT NULL::VARCHAR AS ref_area, time_period, partition AS file FROM period_of_partition"
    open_received(connection, list(files.values()))
    find_periods_not_over(connection, source, seen)


def _year_partitions(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the partitions with rows of each year, by the names of their tallies, which depend on their content."""
    return dict(run_sql(connection, "harmonise/partition_years").fetchall())
