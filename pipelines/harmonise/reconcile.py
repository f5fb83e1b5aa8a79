"""The account of a source: every row used, excluded or rejected, totals compared; decides whether it may be published.

Tables and incidents are treated alike from here on: both provide ``disposed``, the numbers of raw rows, cells and
counts for each measure, disposition and rule, and their rows as numbers. Everything else is derived from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from iccs.concordance import Concordance
from pipelines.collect.headings.captions import judge_parts_of_years, judge_years
from pipelines.collect.headings.kinds_of_years import judge_kinds_of_years
from pipelines.collect.headings.rates_in_words import judge_rates
from pipelines.collect.headings.roles import judge_headings
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place, judge_unread
from pipelines.harmonise.checks.added_rows import check_added_codes, check_added_rows
from pipelines.harmonise.checks.ages import check_ages, check_bands
from pipelines.harmonise.checks.beside_counts import check_errors_beside, check_split_numbers, judge_split_numbers
from pipelines.harmonise.checks.codes import check_codes
from pipelines.harmonise.checks.counts_of_incidents import judge_row_totals, left_in_files
from pipelines.harmonise.checks.exclusions import check_exclusions
from pipelines.harmonise.checks.measures import check_measures, check_stocks
from pipelines.harmonise.checks.periods import (
    check_first_days,
    check_following_files,
    check_forms_of_dates,
    check_kinds_of_years,
    check_periods,
    find_months_cut,
    find_periods_not_over,
    has_years_as_given,
    open_received,
)
from pipelines.harmonise.checks.repeated_incidents import check_repeated_incidents
from pipelines.harmonise.checks.repeats import check_repeats
from pipelines.harmonise.checks.row_totals import check_row_totals
from pipelines.harmonise.checks.rows_that_count import (
    check_repeated_numbers,
    judge_repeated_numbers,
    judge_unread_counts,
)
from pipelines.harmonise.checks.total_rows import check_total_rows
from pipelines.harmonise.checks.words.headings_of_incidents import headings_of_counts, headings_of_years
from pipelines.harmonise.checks.words.incidents_beside import judge_words_against_constants
from pipelines.harmonise.checks.words.left_columns import columns_left
from pipelines.harmonise.checks.words.named_acts import check_named_acts
from pipelines.harmonise.checks.words.of_incidents import (
    ages_given,
    judge_days,
    judge_kinds,
    labels_beside,
    names_beside,
)
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn, unused_columns
from pipelines.harmonise.checks.words.unused_words import (
    UnusedWord,
    check_age_units,
    check_area_words,
    headings_in_words,
    parts_in_words,
    refuse_scales,
    words_unused,
    years_in_words,
)
from pipelines.harmonise.checks.words.words_beside import check_words_beside
from pipelines.harmonise.checks.words_alike import check_words
from pipelines.harmonise.conform import NO_WORDS, Conformed
from pipelines.harmonise.controls import (
    compare,
    compare_foot,
    compare_parts,
    controls_table,
    is_missed,
    judge_controls,
    read_published_rates,
    refuse_missed,
)
from pipelines.harmonise.enums import cast_codes, code_columns, create_code_types
from pipelines.harmonise.links import link_table, out_of_scope_reason
from pipelines.harmonise.quarantine import forget_rejected, keep_rejected
from pipelines.harmonise.rejected import open_lost_rows
from pipelines.harmonise.statements import Statements, open_lists
from pipelines.harmonise.tally import Tallied
from pipelines.harmonise.values.dates import describe_period, period_freq, period_text
from pipelines.harmonise.values.labels import (
    area_words,
    areas_named,
    check_labels,
    check_places,
    decode_again,
    nearest_areas,
)
from pipelines.harmonise.values.numbers import create_number_macros, describe_number, number_text
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import breakdown_columns, quote_literal
from schemas.errors import nearest_values
from schemas.source import Source, SourceFolder

_MOST_PROBLEMS_SHOWN = 50
_BELOW_SUM_SO_FAR = (
    " Figures are cumulative (cumulative: true); this is the difference from the month before, for which the file "
    "gives a larger figure."
)
_FOOT = "foot"
_MOST_OF_A_RULE = 5  # of incidents, of which only a sample of the rejected rows is kept
_ENCODED_TWICE = (
    "It looks like {meant!r}, encoded twice (UTF-8 read as Windows-1252 and saved again): ask for the original "
    "file, or repair the letters before loading it."
)
_RULES_ON_WORDS = ("unknown_word", "unknown_area", "unknown_measure", "unlinked_national_code")
# Two tallies with this many different combinations of area, code, sex, age ... are not equal by chance.
_LEAST_COMBINATIONS = 20
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


class Judged(Protocol):
    """The judged rows of a source in either grain: cells of tables (``Conformed``) or tallies of incidents."""

    @property
    def source_id(self) -> str:
        """The source."""

    @property
    def raw(self) -> RawTable:
        """What was received: files, rows, feet; for cells the tables of text too."""

    @property
    def concordance(self) -> Concordance | None:
        """The links; None for a population."""

    @property
    def statements(self) -> Statements:
        """The statements that judged them."""

    @property
    def counted(self) -> Mapping[Place, float | None]:
        """The sum of the rows of each file and sheet."""

    @property
    def sums(self) -> Mapping[int, tuple[float | None, int]]:
        """The sum that each published total covers, by the number of its control."""

    def relation(self, name: str) -> str:
        """Return the SQL of a part: tally, disposed, mapped or rejected."""


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
    if isinstance(judged, Tallied) and (overlaps := _find_overlaps(connection, judged)):
        raise DataRefused(overlaps)
    repeats = _check_repeats(connection, folder, judged, settings, work) if isinstance(judged, Tallied) else []
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
    outcomes += _check_observations(connection, folder, statements.grain)
    outcomes += _check_noted(connection, source, statements, judged)
    outcomes += repeats if isinstance(judged, Tallied) else check_repeats(connection, folder, judged.raw)
    unused, words_beside = _check_unused(connection, folder, judged, outcomes)
    outcomes.append(_reconcile(connection, folder, judged, below_foot, paths))
    outcomes.append(_compare(connection, folder, judged, paths["controls"]))
    _find_parts_of_periods(connection, source, judged)
    outcomes += _write_links(connection, source, judged, unused, paths)
    outcomes += _judge_unread(folder, judged, unused)
    outcomes += _judge_captions(connection, folder, judged, words_beside)
    # It is not known which labels occur among incidents, so those for ages are checked as declared.
    ages = [("age", word, code, None) for name, word, code in folder.words if name == "age"]
    outcomes += check_labels(judged.labels if isinstance(judged, Conformed) else ages)
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


def _check_observations(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: str) -> list[Outcome]:
    """Judge places, measures, ages, labels, periods and exclusions of all observations together."""
    check_total_rows(connection, folder, grain)
    return [
        *check_places(connection, folder, "core"),
        *(check(connection, folder, grain) for check in (check_measures, check_stocks, check_bands, check_words)),
        *check_periods(connection, folder.source, "core"),
        check_exclusions(connection, folder.source, grain),
    ]


def _check_noted(
    connection: duckdb.DuckDBPyConnection, source: Source, statements: Statements, judged: Judged
) -> list[Outcome]:
    """Check the additional counts in the tallies of incidents: days and ages."""
    files, tallies = (_names(judged), judged.parts("tally")) if isinstance(judged, Tallied) else ({}, [])
    facts = judged.pairs if isinstance(judged, Tallied) else []
    return [
        check_first_days(connection, source, has_days="first_days" in statements.noted),
        check_forms_of_dates(connection, source, statements.noted, files, tallies),
        check_kinds_of_years(connection, statements.noted),
        judge_days(facts),
        check_ages(connection, "age_0" in statements.noted, ages_given(facts)),
    ]


def _names(tallied: Tallied) -> dict[str, str]:
    """The name of the file of each partition."""
    return {folder.name: file.name for folder, file in zip(tallied.folders, tallied.files, strict=True)}


def _check_unused(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, outcomes: list[Outcome]
) -> tuple[tuple[UnusedColumn, ...], tuple[UnusedWord, ...]]:
    """Judge what columns that the source does not use say of its rows; return them, and the telling words."""
    has_text = isinstance(judged, Conformed) and folder.source.kind != "survey"
    unused = unused_columns(connection, folder, judged.raw) if has_text else ()
    words = words_unused(connection, unused) if unused else ()
    refuse_scales(folder, words)
    check_added_codes(connection, folder)
    facts = judged.pairs if isinstance(judged, Tallied) else []
    outcomes.append(check_area_words(connection, folder, unused, names_beside(facts)))
    if isinstance(judged, Tallied):
        outcomes += judge_kinds(connection, folder, judged.concordance, facts)
        outcomes += [judge_split_numbers(facts), judge_row_totals(facts)]
        outcomes += judge_words_against_constants(folder, facts)
    else:
        outcomes += check_words_beside(connection, folder, unused, judged.concordance)
        outcomes += [check_added_rows(connection, folder, unused), check_repeated_numbers(connection, folder, unused)]
        outcomes += [
            check_age_units(folder.source, unused),
            check_errors_beside(folder, unused, has_text),
            check_split_numbers(connection, folder, unused),
            check_row_totals(connection, folder, unused),
        ]
    return unused, words


def _judge_unread(folder: SourceFolder, judged: Judged, unused: tuple[UnusedColumn, ...]) -> list[Outcome]:
    raw, facts = judged.raw, judged.pairs if isinstance(judged, Tallied) else []
    columns = (*raw.unread_columns, *columns_left(folder, unused), *left_in_files(facts))
    return judge_unread(folder, raw.files, raw.unread, raw.cut, raw.hidden, columns, raw.columns_alike)


def _judge_captions(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, unused: tuple[UnusedWord, ...]
) -> list[Outcome]:
    """Compare the years in titles with those of the figures; not for incidents, which have dates and no place."""
    source = folder.source
    years = run_sql(connection, "harmonise/years_of_tables").fetchall() if judged.statements.grain == "cell" else []
    more = (0, 1) if source.year_starts else (0,)  # such a year is of two
    by_table = {
        (file, sheet): frozenset(int(one) + step for one in of for step in more) for file, sheet, of, _ in years
    }
    annual = {(file, sheet): frozenset(map(int, of or ())) for file, sheet, _, of in years}
    named_measures = connection.execute("SELECT DISTINCT CAST(measure AS VARCHAR) FROM core").fetchall()
    monthly = frozenset(table for table, of in by_table.items() if of and not annual[table])
    captions = judged.raw.captions
    # Persons on a day in December are no part of a year.
    on_a_day = source.kind == "population" or all(one.figures == "stock" for one in source.measures.values())
    facts = judged.pairs if isinstance(judged, Tallied) else []
    headings = (*captions, *headings_in_words(unused), *headings_of_counts(folder, facts))
    of_year = headings_of_years(source, [file for file, _ in facts])
    with_year = annual | {(caption.file, None): frozenset({0}) for caption in of_year}  # some year, of a month or not
    return [
        judge_years(captions, by_table, is_personal=bool(source.personal)),
        judge_parts_of_years(captions, {} if source.personal or on_a_day else annual, parts_in_words(unused)),
        judge_kinds_of_years(
            (*captions, *years_in_words(unused), *of_year),
            with_year,
            source,
            as_given=has_years_as_given(connection, folder, judged.statements.noted),
        ),
        judge_rates(headings, source, [file.name for file in judged.raw.files]),
        judge_headings(headings, source, monthly, frozenset(name for (name,) in named_measures)),
    ]


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


def _noun(judged: Judged) -> str:
    return "cell" if judged.statements.grain == "cell" else "row"


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
        raise DataRefused(_rejected_problems(connection, folder, judged))
    detail = "; ".join(f"{rule} {number:,}" for rule, number in by_rule)
    found = f"{_noun(judged)}s in quarantine, within the limit: {detail}"
    return Outcome("rejected_share", "warned", cells, rejected, found)


def _rejected_problems(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged) -> list[Problem]:
    """Return a problem for each rule, column and invalid label, with its first place."""
    valid = _valid_words(folder, judged.concordance)
    is_sample = judged.statements.grain == "incident"  # only some of the rejected rows are kept
    numbers = {
        (rule, column): number
        for rule, column, number in connection.execute(
            "SELECT rule, nullif(column_name, ''), sum(cells)::BIGINT FROM disposed WHERE disposition = 'broken' "
            "GROUP BY ALL"
        ).fetchall()
    }
    most_of_a_rule = _MOST_OF_A_RULE if is_sample else _MOST_PROBLEMS_SHOWN
    most = {"most_of_a_rule": str(most_of_a_rule), "most": str(_MOST_PROBLEMS_SHOWN)}
    problems = []
    for rule, file, sheet, row, column, value, years, kept in run_sql(
        connection, "harmonise/rejected_by_fault", **most
    ).fetchall():
        number = numbers.get((rule, column or None), kept) if is_sample else kept
        found = f"{number:,} {_noun(judged)}{'' if number == 1 else 's'} rejected: "
        if rule == "unlinked_national_code" and value is not None:
            found += f"the national code {value!r} has no link to the ICCS that is valid for {years or 'any year'}."
        else:
            found += f"{rule.replace('_', ' ')}."
        found += _what_it_looks_like(rule, value or "", folder)
        found += _BELOW_SUM_SO_FAR if rule == "count_negative" and folder.source.cumulative else ""
        found += _doubled_rows(connection) if rule == "duplicate_key" else ""
        if folder.source.personal and value is not None and "x" in value:
            found += (
                " Letters and long numbers are shown as x, because the file has columns that identify persons. Look "
                "at the row in the file."
            )
        if is_sample and value is None and column and column not in folder.source.personal:
            found += " The value is not shown, because the columns of the row may be swapped."
        problems.append(
            Problem(
                rule=rule,
                source=folder.source_id,
                file=file,
                sheet=sheet,
                row=row,
                column=column or None,
                value=value,
                found=found,
                nearest=_nearest(rule, value or "", folder, valid.get(column or "", [])),
                cells=1 if is_sample else kept,
            )
        )
    return problems


def _nearest(rule: str, value: str, folder: SourceFolder, valid: list[str]) -> tuple[str, ...]:
    """Return the valid words that an invalid one probably means."""
    meant = decode_again(value) or value
    if rule == "unknown_area":
        return nearest_areas(folder, meant, valid)
    return nearest_values(meant, valid) if rule in _RULES_ON_WORDS else ()


def _what_it_looks_like(rule: str, value: str, folder: SourceFolder) -> str:
    """Return a sentence on a value that cannot be read, if it resembles something known."""
    if not value:
        return ""
    if rule == "invalid_period":
        return f" {describe_period(value, folder.source)}"
    if rule == "count_not_a_number":
        return f" {describe_number(value)}".rstrip()
    meant = decode_again(value) if rule in _RULES_ON_WORDS and not folder.source.personal else ""
    if rule == "unknown_area" and not meant:
        return areas_named(folder, value)
    return f" {_ENCODED_TWICE.format(meant=meant)}" if meant else ""


def _doubled_rows(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the places of the first cell that is given more than once, and its values."""
    cells, files, rows, values = run_sql(connection, "harmonise/doubled_rows").fetchall()[0]
    places = [str(row) if file == files[0] else f"{row} of {file}" for file, row in zip(files, rows, strict=True)]
    number = f"{cells:,} cells are" if cells > 1 else "One cell is"
    given = f", as {' and '.join(values)}" if all(values) else ""
    return f" {number} given more than once; the first in rows {' and '.join(places)}{given}."


def _valid_words(folder: SourceFolder, concordance: Concordance | None) -> dict[str, list[str]]:
    """Return the valid words of each column."""
    national_codes = sorted({link.national_code for link in concordance.links}) if concordance else []
    columns = folder.source.columns
    valid: dict[str, list[str]] = {}
    for dimension, word, _ in folder.words:
        if dimension in columns:
            valid.setdefault(columns[dimension], []).append(word)
    for dimension, words in (
        ("ref_area", [word for word, _ in sorted(area_words(folder))]),
        ("measure", list(folder.source.measures)),
        ("national_code", national_codes),
    ):
        valid.setdefault(columns.get(dimension, dimension), []).extend(words)
    return valid


def check_totals_beside_parts(connection: duckdb.DuckDBPyConnection, source: Source, relation: str) -> Outcome:
    """Refuse observations with a total and its parts over one dimension in the same table.

    This includes dimensions without a breakdown, as the rows of a file are added up in any case. If each row is a cell,
    a total is a cell of its own, and is set apart when totals are made, see ``pipelines.tabulate.aggregate``.
    """
    if source.rows == "cells":
        return Outcome("total_beside_parts", "not applicable", 0, 0)
    checked = 0
    problems = []
    asked_for = {name for breakdown in source.breakdowns for name in breakdown.by}
    for name in sorted(asked_for | set(source.columns) & set(breakdown_columns())):
        checked += 1
        total = quote_literal(source.totals.get(name, "_T"))
        for measure, file, row in connection.execute(
            f"SELECT measure, arg_min(_file, _row) FILTER ({name} = {total}), min(_row) FILTER ({name} = {total}) "
            f"FROM {relation} GROUP BY measure HAVING bool_or({name} = {total}) AND bool_or({name} <> {total})"
        ).fetchall():
            problems.append(
                Problem(
                    rule="total_beside_parts",
                    source=source.source_id,
                    file=file,
                    row=row,
                    column=source.columns.get(name, name),
                    found=f"The measure {measure!r} has totals and parts by {name} in the same table.",
                )
            )
    if problems:
        raise DataRefused(problems)
    return Outcome("total_beside_parts", "passed" if checked else "not applicable", checked, 0)


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


def _compare_controls(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged
) -> list[dict[str, Any]]:
    """Make the comparisons that the source declares: feet of files, totals beside their parts, published totals.

    A published total covers everything that its publisher counted, including what is outside the ICCS.
    """
    found: list[dict[str, Any]] = []
    for number, control in enumerate(folder.source.controls):
        if control.footer_column is not None:
            found += compare_foot(connection, control, judged.raw.footers, judged.counted)
        elif control.total_column is not None:
            found += compare_parts(connection, folder, control, judged.raw)
        else:
            total, cells = judged.sums[number]
            if cells:
                missed = is_missed(control, control.expected, total)
                found.append(compare(control, None, control.expected, total, control.origin, missed=missed))
    return found + (_compare_lines(judged) if isinstance(judged, Tallied) else [])


def _compare_lines(tallied: Tallied) -> list[dict[str, Any]]:
    """Compare the rows of each file of incidents with its number of lines, counted when it was hashed."""
    detail = "lines below the header, counted while the file was hashed; blank lines and line breaks inside quotes "
    detail += "make them more than the rows"
    return [
        compare(
            "lines of the file",
            file.name,
            float(file.lines - fact["header_rows"]),
            float(fact["records"] + fact["malformed"]),
            detail,
        )
        for file, fact in tallied.pairs
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
    if not links:
        return Outcome("unused_links", "not applicable", 0, 0)
    codes = ", ".join(code for (code,) in unused[:10])
    return Outcome("unused_links", "warned" if unused else "passed", links, len(unused), codes)


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
    labels = labels_beside(judged.pairs) if isinstance(judged, Tallied) else []
    return [
        _check_unused_links(connection, links, mapped),
        *check_codes(connection, source, beside, labels, links, mapped),
        check_named_acts(judged.concordance.rows if judged.concordance else ()),
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


def _find_overlaps(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> list[Problem]:
    """Compare the tallies of partitions, period by period and as a whole.

    Returns:
        A problem for each partition that counts a period exactly as another one does; neither can be identified as the
        right one.
    """
    if len(tallied.folders) < 2:
        return []
    names = _names(tallied)
    columns = [*tallied.statements.keys, "ref_area_id", "period", "records"]
    columns += ["number"] if tallied.statements.counted == "number" else []
    rows = run_sql(
        connection,
        "harmonise/overlaps",
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
    """Refuse partitions that share most rows, and repeated identifiers; return the outcomes on repeated rows."""
    problems, outcomes = check_repeated_incidents(
        connection,
        folder,
        {path.name: file for path, file in zip(tallied.folders, tallied.files, strict=True)},
        tallied.pairs,
        ", ".join([*tallied.statements.keys, "ref_area_id", "period"]),
        tallied.parts("tally"),
        settings,
        work,
    )
    if problems:
        raise DataRefused(problems)
    names = _names(tallied)
    has_days = "first_days" in tallied.statements.noted
    following = check_following_files(connection, names, tallied.parts("tally"), has_days)
    pairs = tallied.pairs
    return [*outcomes, following, judge_unread_counts(pairs), judge_repeated_numbers(pairs)]


def _overlap_found(first: str, periods: list[tuple[int, int]]) -> str:
    months = sorted(periods)
    which = "All of its rows"
    if months[0][0]:  # else period 0, which is the whole of the file
        rows = sum(records for _, records in months)
        which = f"{rows:,} of its rows, of {_period_text(months[0][0])} to {_period_text(months[-1][0])},"
    return (
        f"{which} are in {first} too: both files have the same number of incidents for each area, code and other value."
    )


def _period_text(period: int) -> str:
    year, month = divmod(period, 100)
    return f"{year}-{month:02d}" if month else str(year)
