"""Checks for double counting of incidents: rows and identifiers that repeat, within a file and between files.

Rows are compared as hashes in the engine, while a file is read. Of a personal identifier, only how often it repeats and
in which rows is kept. A file that is too large to be read once more is checked for ``id`` only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.collect.acquire import RawFile
from pipelines.collect.text_table import TextTable, open_partition
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.harmonise.checks.repeats import (
    SEVERAL_TIMES,
    SHARE_OF_AN_EDITION,
    Repeated,
    block_problem,
    id_problem,
    read_repeated,
    repeated_rows_outcome,
    several_times_problem,
    tells_rows_apart,
)
from pipelines.harmonise.checks.rows_that_count import canonical_number
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import column_names, connect, fetch_row, run_sql
from pipelines.system.errors import Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.running.workers import LARGE_BYTES
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.errors import UsageError, nearest_values
from schemas.source import SourceFolder

_FEW_FILES = 20
_FEW_WORDS = 40
_LEAST_OF_YEAR = 20
"""Rows of one year that two files must share to be compared row by row, as fewer may be equal by chance."""


def count_repeats(opened: IncidentFile) -> dict[str, Any]:
    """Return how many rows of a partition repeat another row or its identifier; empty if it was not checked.

    Raises:
        UsageError: the file has no such column.
    """
    folder, file, table = opened.folder, opened.file, opened.table
    if file.size >= LARGE_BYTES and not folder.source.id:
        return {}
    with opened.connection() as connection:
        texts = _columns_of_texts(connection, folder, table, table.kept) if _has_a_row_each(folder) else set[str]()
        _hash_rows(connection, folder, file, table, texts=texts)
        rows, different, repeated, places, ids, blank, id_rows, near, times = run_sql(
            connection, "harmonise/repeated_incidents", **SEVERAL_TIMES
        ).fetchall()[0]
        of_file = read_repeated(connection, "(SELECT '' AS part, content, _row FROM hashed)")
        narrow = "(SELECT '' AS part, narrow AS content, _row FROM hashed)"
        has_texts = bool(texts - set(folder.source.columns.values()))
        but_for_words = read_repeated(connection, narrow) if has_texts else []
    return {
        "rows": rows,
        "different": different,
        "repeated": repeated,
        "places": places or [],
        "ids": ids,
        "blank": blank,
        "id_rows": id_rows or [],
        "near": near,
        "times": times,
        "again": [one.as_dict() for one in of_file],
        "but_for_words": [one.as_dict() for one in but_for_words],
    }


def _has_a_row_each(folder: SourceFolder) -> bool:
    """Whether each row is an incident or a case, so that those of one are one counted several times."""
    units = {measure.counting_unit for measure in folder.source.measures.values()}
    return units <= {"incident", "case"} and "value" not in folder.source.columns


def _hash_rows(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    file: RawFile,
    table: TextTable,
    common: Collection[str] | None = None,
    texts: Collection[str] = (),
) -> None:
    """Create the table ``hashed`` of the rows of a partition that are not excluded: content, id, _row.

    Args:
        connection: gets the table.
        folder: the source.
        file: the partition.
        table: how it is read.
        common: the columns to compare, of those of the file; all if not given.
        texts: of these, the columns that tell rows apart; ``narrow`` is the hash of them.
    """
    source = folder.source
    if missing := [name for name in source.id if name not in table.names and name not in table.constants]:
        near = ", ".join(nearest_values(missing[0], table.names)) or "none"
        raise UsageError(f"source {source.source_id}: id: the files have no column {missing[0]!r} (nearest: {near})")
    hidden = tuple(name for name in source.id if name in table.names and name not in table.kept)
    ids = ", ".join(f"trim(coalesce({quote_identifier(name)}::VARCHAR, ''))" for name in source.id)
    identifier = f"nullif(concat_ws(chr(31), {ids}), repeat(chr(31), {len(source.id) - 1}))" if ids else "NULL"
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    whole = text_query(replace(table, kept=(*table.kept, *hidden)), {}, numbered=True)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {whole}")
    rows = folder.reshape(source.layouts[file.layout]) or "FROM raw"
    there = column_names(connection, rows)  # a reshape may leave columns out
    content = [name for name in table.kept if name in there and (common is None or name in common)]
    run_sql(
        connection,
        "harmonise/hashed_rows",
        content=", ".join(map(_folded, content)) or "''",
        narrow=", ".join(_folded(name) for name in content if name in texts) or "''",
        identifier=identifier,
        near=canonical_number(identifier) if ids and file.size < LARGE_BYTES else identifier,
        header=str(table.rows_above),
        rows=rows,
        left_out=source.left_out,
    )


def _folded(name: str) -> str:
    """The SQL of a text without what is written in two ways: capitals, accents, blanks."""
    return f"strip_accents(lower(regexp_replace(trim({quote_identifier(name)}::VARCHAR), '\\s+', ' ', 'g')))"


def _repeated_within(folder: SourceFolder, facts: Sequence[tuple[RawFile, dict[str, Any]]]) -> list[Problem]:
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


def check_repeated_incidents(
    connection: duckdb.DuckDBPyConnection,
    folder: SourceFolder,
    files: Mapping[str, RawFile],
    facts: Sequence[tuple[RawFile, dict[str, Any]]],
    counted: str,
    tallies: Sequence[str],
    settings: Settings,
    work: Path,
) -> tuple[list[Problem], list[Outcome]]:
    """Check what the partitions repeat: one problem for identifiers, one for each pair of files sharing most rows.

    Args:
        connection: one to compare the tallies on.
        folder: the source.
        files: the file of each partition, by the name of its folder.
        facts: what was found in each partition.
        counted: the columns of a tally that name a combination of codes.
        tallies: the Parquet files of the tallies.
        settings: where data live.
        work: folder for files that live only during the run.
    """
    source = folder.source
    problems = _repeated_within(folder, facts)
    pairs = run_sql(
        connection,
        "harmonise/shared_incidents",
        counted=counted,
        files=", ".join(quote_literal(path) for path in tallies),
        least=str(SHARE_OF_AN_EDITION),
        least_of_year=str(_LEAST_OF_YEAR),
    ).fetchall()
    if len(facts) > 1 and (source.id or pairs):
        problems += _compare_files(folder, files, facts, pairs, settings, work)
    looked_at = [(file, fact["repeats"]) for file, fact in facts if fact.get("repeats")]
    told = [
        (file, one)
        for file, one in looked_at
        if tells_rows_apart(one["rows"], one["different"])
        or any(found.is_beyond_chance for found in _repeated_in({"repeats": one}))
    ]
    rows, repeated = sum(one["rows"] for _, one in told), sum(one["repeated"] for _, one in told)
    places = [(file.name, rows) for file, one in told for rows in one["places"]]
    outcomes = [
        _repeated_outcome(looked_at, repeated_rows_outcome(rows, repeated, places) if told else None),
        Outcome.of_refusal("id_repeated", int(bool(source.id))),
    ]
    return problems, outcomes


def _repeated_outcome(looked_at: Sequence[tuple[RawFile, Mapping[str, Any]]], same: Outcome | None) -> Outcome:
    """Add to the outcome on identical rows those that differ only in words: one incident with a row for each weapon."""
    found = [
        f"{file.name}: {one.twice + one.thrice:,} incidents have rows that differ only in columns with few words"
        for file, fact in looked_at
        for one in (Repeated(**each) for each in fact.get("but_for_words", ()))
        if one.is_beyond_chance and not any(again.is_beyond_chance for again in _repeated_in({"repeats": fact}))
    ]
    if not found:
        return same or Outcome.not_applicable("rows_repeated")
    detail = "; ".join([*([same.detail] if same and same.detail else []), *found[:3]])
    return Outcome("rows_repeated", "warned", same.checked if same else len(looked_at), len(found), detail)


def _repeated_in(fact: Mapping[str, Any]) -> list[Repeated]:
    """What was found of parts of a file given twice."""
    return [Repeated(**one) for one in fact.get("repeats", {}).get("again", ())]


def _compare_files(
    folder: SourceFolder,
    files: Mapping[str, RawFile],
    facts: Sequence[tuple[RawFile, dict[str, Any]]],
    pairs: Sequence[tuple[str, str, float]],
    settings: Settings,
    work: Path,
) -> list[Problem]:
    """Read the files that may share rows again, or all if identifiers are declared, and compare them row by row.

    They are compared in the columns that all have, and, of a few small files, in those of them that tell rows apart:
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
                texts = _columns_of_texts(together, folder, table, common)
            _hash_rows(together, folder, file, table, common, texts)
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
            problems = _shared_rows(together, folder, named, "narrow", "every column but those with few words")
        for repeated, all_rows, blank, first, second in run_sql(together, "harmonise/shared_ids").fetchall():
            places = [(named[place["part"]], place["row"]) for place in (first, second)]
            problems.append(id_problem(folder, all_rows, repeated, blank, places))
    return problems


def _columns_of_texts(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, table: TextTable, common: Collection[str]
) -> set[str]:
    """Return the columns that the source reads, and those with more than a few words."""
    names = [name for name in table.kept if name in common]
    counts = ", ".join(f"approx_count_distinct({quote_identifier(name)}::VARCHAR)" for name in names)
    numbers = fetch_row(connection, f"SELECT {counts} FROM ({text_query(table, {})})")
    used = set(folder.source.columns.values())
    return {name for name, number in zip(names, numbers, strict=True) if name in used or number > _FEW_WORDS}


def _shared_rows(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, named: Sequence[str], content: str, where: str
) -> list[Problem]:
    """The problems of files that share most of their rows, by one of the two hashes of a row."""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW every AS SELECT part, {content} AS content, id, _row FROM row_of")
    problems = []
    for first, second, shared, share, often, rows, different in run_sql(
        connection, "harmonise/shared_rows", least=str(SHARE_OF_AN_EDITION), least_of_year=str(_LEAST_OF_YEAR)
    ).fetchall():
        if (often and content == "content") or tells_rows_apart(rows, different):
            found = f"{share:.0%} of its rows ({shared:,}) are in {named[first]} too, identical in {where}."
            problems.append(Problem("file_given_twice", folder.source_id, found, file=named[second]))
    return problems
