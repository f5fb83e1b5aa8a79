"""SQL of a source definition that failed on a file: which statement, in which line, what is wrong with it, and where.

Only here are the engine's errors about such a statement turned into messages for people. Errors that are not about the
statement (memory, disk, a signal, an internal error of the engine) are passed on unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from iccs.nearest import nearest_values
from pipelines.system.errors import DataRefused, Problem, is_of_the_machine
from schemas.declarations import quote_identifier
from schemas.source import SourceFolder

_OF_A_STATEMENT = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
_OF_VALUES = (duckdb.DataError, duckdb.InvalidInputException)
_MARKED_LINE = re.compile(r"\nLINE \d+: (.*)\n")
_NO_COLUMN = re.compile(
    r'Referenced column "(.+?)" not found|does not have a column named "(.+?)"|column "(.+?)" (?:does|was) not'
)
_BINDINGS = re.compile(r"^Candidate bindings: :? ?(.+)$", re.M)
_NO_FUNCTION = re.compile(r"Function with name \"?([^\s\"]+)\"? does not exist")
_NO_SUCH_TYPES = re.compile(r"No function matches the given name and argument types '(.+?)'\.")
_WORD = re.compile(
    r"Could not convert string (['\"])(.*)\1 to (\w+)(?: when casting from source column ([^\n]+))?", re.S
)
_KINDS = {"INT": "whole number", "DATE": "date", "TIME": "date or time", "BOOL": "true or false value"}
_SHOWN = 60
_LEAST_OF_A_LINE = 5
"""How many characters of a line suffice to find it within a longer one."""


@contextmanager
def refused_if_sql_fails(
    folder: SourceFolder,
    part: str | None = None,
    rule: str = "reshape_failed",
    *,
    files: Sequence[str] = (),
    place: tuple[duckdb.DuckDBPyConnection, str] | None = None,
) -> Iterator[None]:
    """Refuse the source if a statement of its definition fails inside.

    Args:
        folder: the source.
        part: what is run: a file (``reshape.sql``) or key (``exclusions: no year``); default: found by its text.
        rule: the rule that is then broken.
        files: names of the files that it is run over.
        place: the connection and the table that the statement reads, to look up the value on which it fails.

    Raises:
        DataRefused: the statement fails.
    """
    try:
        yield
    except duckdb.Error as error:
        if not is_of_the_statement(error):
            raise
        raise DataRefused([sql_problem(folder, error, part, rule, files=files, place=place)]) from error


def is_of_the_statement(error: BaseException | None) -> bool:
    """Whether an error of the engine is about a statement or the values that it computes with."""
    return isinstance(error, _OF_A_STATEMENT) and not is_of_the_machine(error)


def sql_problem(
    folder: SourceFolder,
    error: duckdb.Error,
    part: str | None = None,
    rule: str = "reshape_failed",
    *,
    files: Sequence[str] = (),
    place: tuple[duckdb.DuckDBPyConnection, str] | None = None,
) -> Problem:
    """Return the problem of a statement of a definition that failed; arguments as in ``refused_if_sql_fails``."""
    texts = _texts(folder)
    name, number, line = _find(texts, str(error), part)
    where = f"{name}, line {number}" if number else name
    found = f"{where}: {_explain(error, folder.source.of_persons)}"
    if line:
        found += f" The line is: {line[:_SHOWN]}"
    problem = Problem(rule=rule, source=folder.source_id, found=found, file=", ".join(files) or None)
    word = _WORD.search(str(error))
    if word is None:
        return problem
    problem = replace(problem, value=word[2], column=word[4].strip() if word[4] else None)
    problem = _placed(problem, *place) if place else problem
    return replace(problem, value=None) if folder.source.of_persons else problem


def _texts(folder: SourceFolder) -> dict[str, str]:
    """Every statement and condition of a definition, by its file or key."""
    source = folder.source
    names = [folder.reshape_name(layout) for layout in source.layouts]
    names += [control.rows for control in source.controls] + ["rates.sql"]
    texts = {name: folder.read_text(name) or "" for name in dict.fromkeys(names) if name}
    texts |= {f"exclusions: {one.rule}": one.where for one in source.exclusions}
    return texts | {f"controls: {one.control}": one.where for one in source.controls if one.where}


def _find(texts: Mapping[str, str], message: str, part: str | None) -> tuple[str, int, str]:
    """Return which part of a definition failed, the line and its text; no line number if it has only one.

    The engine shows the line, possibly shortened; or a line of our own statement around it.
    """
    marked = _MARKED_LINE.search(message)
    shown = marked[1].strip().removeprefix("...").removesuffix("...").strip() if marked else ""
    missing = _NO_COLUMN.search(message)
    word = re.compile(rf"\b{re.escape(next(filter(None, missing.groups())))}\b") if missing else None
    known = texts if part is None else {part: texts[part]} if part in texts else {}
    lines = [(name, *one) for name, text in known.items() for one in enumerate(text.splitlines(), start=1)]
    found = next((one for one in lines if shown and shown in one[2]), None)
    if found is None:  # a condition stands within a longer line
        within = [one for one in lines if len(one[2].strip()) >= _LEAST_OF_A_LINE and one[2].strip() in shown]
        found = max(within, key=lambda one: len(one[2]), default=None)
    if found is None and word is not None:
        found = next((one for one in lines if word.search(one[2].partition("--")[0])), None)
    if found is None:
        return part or "its SQL (reshape.sql, exclusions, controls)", 0, ""
    name, number, line = found
    return (name, number, line.strip()) if name.endswith(".sql") else (name, 0, "")


def _explain(error: duckdb.Error, of_persons: bool) -> str:
    """Explain in one sentence what is wrong, for the person who wrote the statement."""
    text = str(error)
    if column := _NO_COLUMN.search(text):
        name = next(filter(None, column.groups()))
        bound = _BINDINGS.search(text)
        near = re.findall(r'"([^"]+)"', bound[1]) if bound else []
        near = [one for one in near if not one.startswith("_")]
        nearest = nearest_values(name, near) or tuple(near[:3])
        return f"there is no column {name!r}" + (f"; nearest: {', '.join(nearest)}." if nearest else ".")
    if function := _NO_FUNCTION.search(text):
        return f"there is no function {function[1]!r}."
    if types := _NO_SUCH_TYPES.search(text):
        of_kinds = re.sub("VARCHAR|STRING_LITERAL", "text", types[1]).replace("INTEGER_LITERAL", "number")
        return (
            f"{of_kinds} cannot be computed: every column of a file is text; convert it first, with "
            "to_count(column) or CAST(column AS DATE)."
        )
    if of_persons and isinstance(error, _OF_VALUES):
        return "a value could not be computed; it is not shown, because the file contains data on persons."
    if word := _WORD.search(text):
        kind = next((name for sign, name in _KINDS.items() if sign in word[3]), "number")
        return f"{word[2][:_SHOWN]!r} is not a {kind}, to which it is converted in every row."
    first = text.strip().splitlines()[0]
    sentence = re.sub(r"^[A-Z]\w*(?: \w+)* Error: ", "", first).strip()
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _placed(problem: Problem, connection: duckdb.DuckDBPyConnection, table: str) -> Problem:
    """Add the row of the value that could not be converted, if the table contains it unchanged."""
    if problem.column is None:
        return problem
    try:
        row = connection.execute(
            f"SELECT _file, _sheet, _row, count(*) OVER () FROM {table} "
            f"WHERE {quote_identifier(problem.column)} = $value ORDER BY _file, _row LIMIT 1",
            {"value": problem.value},
        ).fetchone()
    except duckdb.Error:  # it is a column of the statement's own making
        return problem
    if row is None:
        return problem
    file, sheet, number, cells = row
    return replace(problem, file=file, sheet=sheet, row=number, cells=cells)
