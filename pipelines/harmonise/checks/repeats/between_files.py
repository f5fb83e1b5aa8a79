"""Incidents counted twice, in two files or in one: the files of a source compared with each other.

The tallies of files, which are small, show which of them may share rows; only these are read again, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.text_table import open_partition
from pipelines.harmonise.checks.incident_file import FileFacts
from pipelines.harmonise.checks.periods import check_following_files
from pipelines.harmonise.checks.repeats.case_numbers import judge_case_numbers
from pipelines.harmonise.checks.repeats.incidents import columns_of_texts, hash_rows
from pipelines.harmonise.checks.repeats.tables import (
    SHARE_OF_AN_EDITION,
    Repeated,
    block_problem,
    id_problem,
    nearly_all_differ,
    repeated_rows_outcome,
    several_times_problem,
)
from pipelines.harmonise.checks.unread_counts import judge_unread_counts
from pipelines.harmonise.tally import Tallied
from pipelines.system.connection import connect, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.running.workers import LARGE_BYTES
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.source import SourceFolder

_FEW_FILES = 20
_LEAST_COMBINATIONS = 20
"""Different combinations of area, code, sex, age ... from which two equal tallies are not equal by chance."""
_LEAST_OF_YEAR = 20
"""Rows of one year that two files must share to be compared row by row, as fewer may be equal by chance."""


def check_files_of_incidents(
    connection: duckdb.DuckDBPyConnection, tallied: Tallied, settings: Settings, work: Path
) -> list[Outcome]:
    """Refuse files with the same incidents, files that share most of their rows, and repeated identifiers.

    Warn of repeated rows, of months that two files both have in full, and of case numbers that recur.

    Args:
        connection: one to compare the tallies on.
        tallied: the files of a source.
        settings: where data live.
        work: folder for files that live only during the run.

    Raises:
        DataRefused: incidents are given twice.
    """
    _refuse_overlaps(connection, tallied)
    has_days = "first_days" in tallied.statements.noted
    return [
        *_check_repeated_rows(connection, tallied, settings, work),
        check_following_files(connection, tallied.file_names, tallied.parts("tally"), has_days),
        judge_unread_counts(tallied.folder.source, tallied.file_facts),
        judge_case_numbers(tallied.folder.source, tallied.file_facts),
    ]


def _refuse_overlaps(connection: duckdb.DuckDBPyConnection, tallied: Tallied) -> None:
    """Refuse files that count a period, or everything, exactly as another one does: it is unknown which is right."""
    if len(tallied.folders) < 2:
        return
    names = tallied.file_names
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
    if problems:
        raise DataRefused(problems)


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


def _check_repeated_rows(
    connection: duckdb.DuckDBPyConnection, tallied: Tallied, settings: Settings, work: Path
) -> list[Outcome]:
    """Refuse files that share most of their rows, and repeated identifiers; return the outcomes on repeated rows."""
    folder, facts = tallied.folder, tallied.file_facts
    files = {path.name: file for path, file in zip(tallied.folders, tallied.files, strict=True)}
    source = folder.source
    problems = _repeated_within(folder, facts)
    pairs = run_sql(
        connection,
        "harmonise/shared_incidents",
        counted=", ".join([*tallied.statements.keys, "ref_area_id", "period"]),
        files=", ".join(quote_literal(path) for path in tallied.parts("tally")),
        least=str(SHARE_OF_AN_EDITION),
        least_of_year=str(_LEAST_OF_YEAR),
    ).fetchall()
    if len(facts) > 1 and (source.id or pairs):
        problems += _compare_files(folder, files, facts, pairs, settings, work)
    looked_at = [(file, fact["repeats"]) for file, fact in facts if fact.get("repeats")]
    judged = [
        (file, one)
        for file, one in looked_at
        if nearly_all_differ(one["rows"], one["different"])
        or any(found.is_beyond_chance for found in _repeated_in({"repeats": one}))
    ]
    rows, repeated = sum(one["rows"] for _, one in judged), sum(one["repeated"] for _, one in judged)
    places = [(file.name, rows) for file, one in judged for rows in one["places"]]
    if problems:
        raise DataRefused(problems)
    return [
        _repeated_outcome(looked_at, repeated_rows_outcome(rows, repeated, places) if judged else None, source.id),
        Outcome.of_refusal("id_repeated", int(bool(source.id))),
    ]


def _repeated_within(folder: SourceFolder, facts: FileFacts) -> list[Problem]:
    """The problems of repeated identifiers, and of rows repeated within one file."""
    problems = [
        id_problem(folder, one["rows"], one["ids"], one["blank"], [(file.name, row) for row in one["id_rows"]])
        for file, fact in facts
        if (one := fact.get("repeats")) and one["ids"]
    ]
    problems += [
        several_times_problem(folder, file.name, times)
        for file, fact in facts
        if (times := fact.get("repeats", {}).get("times"))
    ]
    problems += [
        problem
        for file, fact in facts
        for one in _repeated_in(fact)
        if not fact["repeats"]["times"] and (problem := block_problem(folder, file.name, one))
    ]
    return problems


def _repeated_outcome(looked_at: FileFacts, same: Outcome | None, ids: Sequence[str]) -> Outcome:
    """Add to the outcome on identical rows those that differ only in words: one incident with a row for each weapon."""
    of_words = "columns with few words" + (f", or in {', '.join(ids)}" if ids else "")
    found = [
        f"{file.name}: {one.twice + one.thrice:,} incidents have rows that differ only in {of_words}"
        for file, fact in looked_at
        for one in (Repeated(**each) for each in fact.get("but_for_words", ()))
        if (one.is_beyond_chance or one.rows is not None)
        and not any(again.is_beyond_chance for again in _repeated_in({"repeats": fact}))
    ]
    if not found:
        return same or Outcome.not_applicable("rows_repeated")
    detail = "; ".join([*([same.detail] if same and same.detail else []), *found[:3]])
    return Outcome("rows_repeated", "warned", len(looked_at), len(found), detail)


def _repeated_in(fact: Mapping[str, Any]) -> list[Repeated]:
    """What was found of parts of a file given twice."""
    return [Repeated(**one) for one in fact.get("repeats", {}).get("again", ())]


def _compare_files(
    folder: SourceFolder,
    files: Mapping[str, RawFile],
    facts: FileFacts,
    pairs: Sequence[tuple[str, str, float]],
    settings: Settings,
    work: Path,
) -> list[Problem]:
    """Read the files that may share rows again, or all if identifiers are declared, and compare them row by row.

    They are compared in the columns that all have, and if they are few and small, also in those that distinguish rows:
    an update of an incident has another status.
    """
    wanted = set(files if folder.source.id else [name for pair in pairs for name in pair[:2]])
    in_order = sorted((files[name] for name in wanted), key=lambda file: file.name)
    columns = [set(fact["columns"]) for file, fact in facts if file in in_order]
    common, texts = set.intersection(*columns), set[str]()
    few = len(in_order) <= _FEW_FILES and all(file.size < LARGE_BYTES for file in in_order)
    place = work / "repeats"
    place.mkdir(parents=True, exist_ok=True)
    with connect(settings) as together:
        together.execute(
            "CREATE TEMP TABLE row_of (part INTEGER, content UBIGINT, narrow UBIGINT, id UBIGINT, _row BIGINT)"
        )
        for number, file in enumerate(in_order):
            table, _ = open_partition(folder, file, settings, place)
            if few and number == 0:
                texts = columns_of_texts(together, folder, table, common)
            hash_rows(together, folder, file, table, common, texts)
            ids = "CASE WHEN NOT is_blank THEN id END"
            together.execute(f"INSERT INTO row_of SELECT {number}, content, narrow, {ids}, _row FROM hashed")
        named = [file.name for file in in_order]
        part = {file.name: number for number, file in enumerate(in_order)}
        together.execute("CREATE TEMP TABLE pair (first_part INTEGER, second_part INTEGER, least_rows DOUBLE)")
        for one, other, least in pairs:
            numbers = sorted((part[files[one].name], part[files[other].name]))
            together.execute("INSERT INTO pair VALUES ($1, $2, $3)", [*numbers, least])
        problems = _shared_rows(together, folder, named, "content", "every column")
        if not problems and texts - set(folder.source.columns.values()):
            problems = _shared_rows(
                together,
                folder,
                named,
                "narrow",
                "every column but those with few words" + (" and the identifier" if folder.source.id else ""),
            )
        for repeated, all_rows, blank, first, second in run_sql(together, "harmonise/shared_ids").fetchall():
            places = [(named[place["part"]], place["row"]) for place in (first, second)]
            problems.append(id_problem(folder, all_rows, repeated, blank, places))
    return problems


def _shared_rows(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, named: Sequence[str], content: str, where: str
) -> list[Problem]:
    """The problems of files that share most of their rows, by one of the two hashes of a row."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW every AS SELECT part, {content} AS content, id, _row FROM row_of")
    problems = []
    for first, second, shared, share, often, rows, different in run_sql(
        connection, "harmonise/shared_rows", least=str(SHARE_OF_AN_EDITION), least_of_year=str(_LEAST_OF_YEAR)
    ).fetchall():
        if (often and content == "content") or nearly_all_differ(rows, different):
            found = f"{share:.0%} of its rows ({shared:,}) are in {named[first]} too, identical in {where}."
            problems.append(Problem("file_given_twice", folder.source_id, found, file=named[second]))
    return problems
