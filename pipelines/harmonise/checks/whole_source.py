"""The checks on all rows of a source together, grouped by when in the account they can be made.

A check refuses the source, or returns the outcome of a rule. Tables and incidents are checked by the same rules; of
incidents, much was found while each file was tallied, and is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.collect.headings.captions import judge_parts_of_years, judge_years
from pipelines.collect.headings.kinds_of_years import judge_kinds_of_years
from pipelines.collect.headings.labels_of_codes import unlike_link, unlike_measure
from pipelines.collect.headings.rates_in_words import judge_rates
from pipelines.collect.headings.roles import judge_headings
from pipelines.collect.unread import judge_unread
from pipelines.harmonise.checks.ages import check_ages, check_bands
from pipelines.harmonise.checks.beside_counts import check_errors_beside, check_split_numbers, judge_split_numbers
from pipelines.harmonise.checks.exclusions import check_exclusions
from pipelines.harmonise.checks.incident_file import FileFacts
from pipelines.harmonise.checks.measures import check_measures, check_stocks
from pipelines.harmonise.checks.periods import (
    check_first_days,
    check_forms_of_dates,
    check_kinds_of_years,
    check_periods,
    has_years_as_given,
)
from pipelines.harmonise.checks.points import judge_points
from pipelines.harmonise.checks.repeats.case_numbers import check_case_numbers
from pipelines.harmonise.checks.repeats.words_alike import check_words_alike
from pipelines.harmonise.checks.row_limits import check_row_limits
from pipelines.harmonise.checks.totals.added_rows import check_added_codes, check_added_rows
from pipelines.harmonise.checks.totals.counts_of_incidents import judge_row_totals, left_in_files
from pipelines.harmonise.checks.totals.row_totals import check_row_totals
from pipelines.harmonise.checks.totals.total_rows import check_total_rows
from pipelines.harmonise.checks.words.area_names import check_area_names
from pipelines.harmonise.checks.words.constants import check_constants
from pipelines.harmonise.checks.words.doubted import doubt_figures
from pipelines.harmonise.checks.words.flags import check_flags
from pipelines.harmonise.checks.words.headings_of_incidents import headings_of_counts, headings_of_years
from pipelines.harmonise.checks.words.incident_constants import judge_words_against_constants
from pipelines.harmonise.checks.words.incidents import ages_given, judge_days, judge_kinds, names_beside
from pipelines.harmonise.checks.words.omitted_columns import omitted_columns
from pipelines.harmonise.checks.words.parts_of_years import years_of_parts
from pipelines.harmonise.checks.words.scales_and_periods import (
    check_age_units,
    headings_in_words,
    parts_in_words,
    refuse_scales,
    words_of_scales_and_periods,
    years_in_words,
)
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn, UnusedWord, unused_columns
from pipelines.harmonise.conform import Conformed
from pipelines.harmonise.judged import Judged
from pipelines.harmonise.statements import Grain, Statements
from pipelines.harmonise.tally import Tallied
from pipelines.harmonise.values.dates import precision_of
from pipelines.harmonise.values.labels import check_places
from pipelines.system.connection import run_sql
from pipelines.system.outcomes import Outcome
from schemas.source import Source, SourceFolder


def check_observations(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> list[Outcome]:
    """Judge places, measures, ages, labels, periods and exclusions of all observations together."""
    check_total_rows(connection, folder, grain)
    return [
        *check_places(connection, folder),
        *(check(connection, folder, grain) for check in (check_measures, check_stocks, check_bands, check_words_alike)),
        *check_periods(connection, folder.source),
        check_exclusions(connection, folder.source, grain),
    ]


def check_noted(
    connection: duckdb.DuckDBPyConnection, source: Source, statements: Statements, judged: Judged
) -> list[Outcome]:
    """Check what the tallies count in addition to the cells: incidents by day of the month, and by age."""
    files, tallies = (judged.file_names, judged.parts("tally")) if isinstance(judged, Tallied) else ({}, [])
    facts = judged.file_facts if isinstance(judged, Tallied) else []
    return [
        check_first_days(connection, has_days="first_days" in statements.noted),
        check_forms_of_dates(connection, source, statements.noted, files, tallies),
        check_kinds_of_years(connection, statements.noted),
        judge_days(facts),
        judge_points(facts),
        check_ages(connection, "age_0" in statements.noted, ages_given(facts), facts, source.columns.get("age", "")),
    ]


@dataclass(frozen=True)
class UnusedContent:
    """The columns that a source does not use, the telling words in them, and the outcomes of the rules on these."""

    columns: tuple[UnusedColumn, ...]
    words: tuple[UnusedWord, ...]
    outcomes: tuple[Outcome, ...]


def check_unused(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged) -> UnusedContent:
    """Check whether columns that the source does not use contradict the figures made from its rows.

    Raises:
        DataRefused: such a column gives a scale, or has the total of other rows.
    """
    has_text = isinstance(judged, Conformed) and folder.source.kind != "survey"
    unused = unused_columns(connection, folder, judged.raw) if has_text else ()
    words = words_of_scales_and_periods(connection, unused) if unused else ()
    refuse_scales(folder, words)
    check_added_codes(connection, folder)
    if isinstance(judged, Tallied):
        facts = judged.file_facts
        outcomes = [
            check_area_names(connection, folder, unused, names_beside(facts)),
            *judge_kinds(connection, folder, judged.concordance, facts),
            judge_split_numbers(folder.source, facts),
            judge_row_totals(folder.source, facts),
            judge_words_against_constants(folder, facts),
        ]
        doubt_figures(connection, [outcomes[-1]], has_places=False)
    else:
        added = check_added_rows(connection, folder, unused)
        outcomes = [
            check_area_names(connection, folder, unused),
            check_constants(connection, folder, unused, judged.concordance),
            check_flags(connection, folder.source, unused, with_cancelled=added.outcome != "warned"),
            added,
            check_case_numbers(connection, folder, unused),
            check_age_units(folder.source, unused),
            check_errors_beside(folder, unused, has_text),
            check_split_numbers(connection, folder, unused),
            check_row_totals(connection, folder, unused),
        ]
    return UnusedContent(unused, words, tuple(outcomes))


def check_checked_words(folder: SourceFolder, judged: Judged, unused: UnusedContent) -> Outcome:
    """Warn of words that the source says to have been looked at, of which its files have none."""
    source, facts = folder.source, judged.file_facts if isinstance(judged, Tallied) else []
    texts = [file.name for file in judged.raw.files]
    texts += [caption.text for caption in (*judged.raw.captions, *headings_of_counts(folder, facts))]
    texts += [text for one in unused.columns for text in (one.name, *one.words, *one.beside, *one.others)]
    texts += [name for _, fact in facts for name in fact.get("columns", ())]
    texts += [*source.columns.values(), *source.measures]
    texts += [link.national_label for link in judged.concordance.rows] if judged.concordance else []
    absent = source.checked_words_not_in(texts)
    return Outcome.of_warning("words_checked_absent", len(source.words_checked), [repr(words) for words in absent])


def check_unread(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, unused: Sequence[UnusedColumn]
) -> list[Outcome]:
    """Judge what was not read: sheets, hidden cells, rows below a foot or a limit, columns left out by a reshape."""
    raw = judged.raw
    of_incidents = left_in_files(judged.file_facts) if isinstance(judged, Tallied) else ()
    columns = (*raw.unread_columns, *omitted_columns(folder, unused), *of_incidents)
    limits = check_row_limits(connection, judged)
    doubt_figures(connection, [limits], has_places=judged.statements.grain == "cell")
    return [limits, *judge_unread(folder, raw.files, raw.unread, raw.cut, raw.hidden, columns, raw.columns_alike)]


def check_captions(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, judged: Judged, unused: Sequence[UnusedWord]
) -> list[Outcome]:
    """Compare titles and headings, and the words of columns of units, with what the source declares.

    The years of titles are compared for tables only: incidents have dates, and no title of their own.
    """
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
    facts = judged.file_facts if isinstance(judged, Tallied) else []
    of_incidents = _years_of_incidents(connection, source, facts)
    in_rows = [*parts_in_words(unused), *years_of_parts(facts)]
    headings = (*captions, *headings_in_words(unused), *headings_of_counts(folder, facts))
    of_year = headings_of_years(source, [file for file, _ in facts])
    with_year = annual | {(caption.file, None): frozenset({0}) for caption in of_year}  # some year, of a month or not
    of_words = [
        judge_rates(headings, source, [file.name for file in judged.raw.files]),
        judge_headings(
            headings,
            source,
            monthly,
            frozenset(name for (name,) in named_measures),
            _unlike(judged, source),
            _attributes_of(judged, source),
        ),
    ]
    tables = () if source.personal else captions  # a title may name a person
    of_words.append(
        Outcome.not_applicable("part_of_year")
        if on_a_day
        else judge_parts_of_years(tables, annual | of_incidents, in_rows, source)
    )
    doubt_figures(connection, of_words, has_places=judged.statements.grain == "cell")
    return [
        judge_years(captions, by_table, source),
        judge_kinds_of_years(
            (*captions, *years_in_words(unused), *of_year),
            with_year,
            source,
            as_given=has_years_as_given(connection, folder, judged.statements.noted),
        ),
        *of_words,
    ]


def _years_of_incidents(
    connection: duckdb.DuckDBPyConnection, source: Source, facts: FileFacts
) -> dict[tuple[str, str | None], frozenset[int]]:
    """Return the years of incidents for each file if nothing but the year is read: any of them may be in it."""
    if not facts or precision_of(source) != "year":
        return {}
    rows = connection.execute("SELECT DISTINCT left(CAST(time_period AS VARCHAR), 4) FROM core").fetchall()
    years = frozenset(int(year) for (year,) in rows)
    return {(file.name, None): years for file, _ in facts}


def _attributes_of(judged: Judged, source: Source) -> frozenset[str]:
    """Return the attributes that the columns, constants or links of a source give, or the categories of its links."""
    links = judged.concordance.rows if judged.concordance else ()
    codes = {code for link in links for code in (link.iccs_code or "").split("_")}
    by_category = ["attempted"] if "0102" in codes else []
    by_category += ["weapon"] if any(code.startswith("09") for code in codes) else []  # possession of arms
    of_links = [attribute for link in links for attribute in link.attributes]
    return frozenset((*source.columns, *source.constants, *source.totals, *of_links, *by_category))


def _unlike(judged: Judged, source: Source) -> list[str]:
    """Return, as text, the labels of codes that say another stage or unit than the one measure, or a part of an act."""
    if judged.concordance is None or source.kind not in ("count", "incident"):
        return []
    measure = next(iter(source.measures.values())) if len(source.measures) == 1 else None
    declared = {*source.columns, *source.constants, *source.totals}
    return [
        f"concordance, {link.national_code}: {link.national_label!r} says {said}"
        for link in judged.concordance.rows
        if link.iccs_code and not source.has_checked(link.national_label)
        for said in (
            *(unlike_measure(link.national_label, measure) if measure is not None else ()),
            *unlike_link(link, declared),
        )
    ]
