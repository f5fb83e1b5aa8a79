"""Double counting in tables: files and sheets that share most of their figures, and repeated rows.

Offices publish corrected files beside the old ones, and exports repeat rows. What counts is the share that repeats, as
nearly everything is as bad as everything. ``between_files`` does the same for files of incidents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.collect.read import RawTable, text_tables
from pipelines.harmonise.checks.words.doubted import doubt_figures
from pipelines.system.connection import column_names, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import breakdown_columns, quote_identifier, quote_literal
from schemas.errors import nearest_values
from schemas.source import SourceFolder

SHARE_OF_AN_EDITION = 0.5
"""Share of common figures from which two files are editions of the same data, or of the same year."""

_LEAST_DIFFERENT = 0.9
_LEAST_ROWS = 20
_LEAST_OF_A_BLOCK = 3
_SHEET = "\x1f"  # between a file and its sheet

SEVERAL_TIMES = {"least_rows": str(_LEAST_ROWS), "least_share": "0.9"}
"""When a file contains its rows several times: this many different rows, nearly all twice, four times, six times...

Rows that are naturally equal occur an odd number of times as often as an even one; a file pasted twice, in any order,
has even numbers only.
"""


def nearly_all_differ(rows: int, different: int) -> bool:
    """Return whether nearly all rows differ, so that a row equal to another one in every column is a mistake.

    Rows with no more than a date, a place and an offence are naturally equal.

    >>> nearly_all_differ(60, 59), nearly_all_differ(60, 12), nearly_all_differ(5, 5)
    (True, False, False)
    """
    return rows >= _LEAST_ROWS and different >= _LEAST_DIFFERENT * rows


@dataclass(frozen=True)
class Repeated:
    """Whether a block of rows of a file was pasted again: see ``repeated_block.sql``.

    ``once``, ``twice``, ``thrice``: different rows that occur this often; ``rows`` to ``again``: the block, if any.
    """

    part: str
    once: int
    twice: int
    thrice: int
    rows: int | None
    first: int | None
    last: int | None
    again: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it for a document."""
        return asdict(self)

    @property
    def is_beyond_chance(self) -> bool:
        """Whether more rows occur exactly twice than naturally equal rows would, wherever they are.

        If each different row occurs independently, at its own rate, the numbers occurring once, twice and three times
        obey 2 twice^2 <= 3 once thrice, whatever the rates (Cauchy-Schwarz for the moments of a mixed Poisson
        distribution). Pasted rows violate it: they add twos, and hardly any threes. The ones and twos are moved three
        standard errors towards chance, and the threes must be fewer than in one such file of ten thousand.

        >>> Repeated("a.csv", 9429, 940, 230, None, None, None, None).is_beyond_chance  # Colombia 2019
        False
        >>> Repeated("a.csv", 700, 300, 0, None, None, None, None).is_beyond_chance
        True
        """
        twice = max(self.twice - 3 * math.sqrt(self.twice), 0)
        least = 2 * twice**2 / (3 * (self.once + 3 * math.sqrt(self.once) + 1))
        if self.thrice >= least:
            return False
        chances = (k * math.log(least) - least - math.lgamma(k + 1) for k in range(self.thrice + 1))
        return sum(map(math.exp, chances)) < 1e-4


def read_repeated(connection: duckdb.DuckDBPyConnection, rows: str) -> list[Repeated]:
    """Return the findings for each file; ``rows`` is a relation with part, content (a hash) and _row."""
    found = run_sql(connection, "harmonise/repeated_block", rows=rows, least_rows=str(_LEAST_ROWS)).fetchall()
    return [Repeated(*row) for row in found]


def block_problem(folder: SourceFolder, file: str, repeated: Repeated) -> Problem | None:
    """Return the problem of a file in which a block of rows occurs twice; None if none does."""
    if repeated.rows is None or repeated.again is None:
        return None
    found = (
        f"{repeated.rows:,} rows, from row {repeated.first:,} to row {repeated.last:,}, are repeated from row "
        f"{repeated.again:,} on, in the same order and identical in every column."
    )
    return Problem("rows_given_twice", folder.source_id, found, file=file, row=repeated.again)


def check_repeats(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable) -> list[Outcome]:
    """Refuse files that repeat most of another file or of themselves, and repeated identifiers; warn of repeated rows.

    Args:
        connection: has ``core``, the observations in codes with their places.
        folder: the source.
        raw: its tables of text.

    Raises:
        DataRefused: there is such a file or identifier.
    """
    source = folder.source
    problems = _repeated_ids(connection, folder, raw) if source.id else []
    names = ("measure", "national_code", "iccs", "ref_area", "time_period", *breakdown_columns())
    keys = ", ".join(names)
    overlap = Outcome.not_applicable("files_overlap")
    if source.rows != "cells":  # there a cell that is given twice is refused by itself
        for first, second, year, share, cells, period, is_near in run_sql(
            connection, "harmonise/repeated_figures", keys=keys, least=str(SHARE_OF_AN_EDITION)
        ).fetchall():
            where = f" of {year}, in {cells:,} cells" if year else f", in {cells:,} cells from {period} on"
            found = f"{share:.0%} of its counts{where}, are in {first} too{', or nearly' if is_near else ''}."
            problems.append(Problem(rule="file_given_twice", source=folder.source_id, file=second, found=found))
        overlap = _check_overlap(connection, keys, " AND ".join(f"other.{name} = one.{name}" for name in names))
    blocks = _check_blocks(connection, folder, raw, names)
    rows, again = _check_rows(connection, folder, raw)
    if problems or again:
        raise DataRefused([*problems, *again])
    return [Outcome.of_refusal("id_repeated", int(bool(source.id))), rows, overlap, blocks]


def _check_blocks(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, names: Sequence[str]
) -> Outcome:
    """Warn of a block of rows below a blank line with the same cells as a block above: another sex, or edition."""
    tables = [paths for paths in raw.layouts if paths] if folder.source.rows == "parts" else []
    if not tables:
        return Outcome.not_applicable("blocks_repeated")
    same_key = " AND ".join(f"other.{name} IS NOT DISTINCT FROM one.{name}" for name in names)
    found = {
        f"{file}{f', {sheet}' if sheet else ''}: {shared:,} of {cells:,} cells from row {lower:,} on repeat those of "
        f"the block from row {upper:,} on": ("_file", file)
        for paths in tables
        for file, sheet, upper, lower, cells, shared in run_sql(
            connection,
            "harmonise/repeated_blocks",
            raw=text_tables(paths),
            keys=", ".join(names),
            same_key=same_key,
            least=str(_LEAST_OF_A_BLOCK),
            share=str(_LEAST_DIFFERENT),
        ).fetchall()
    }
    about = tuple(dict.fromkeys(found.values()))
    outcome = replace(Outcome.of_warning("blocks_repeated", len(tables), found, shown=3), about=about)
    doubt_figures(connection, [outcome], has_places=True)
    return outcome


def _check_overlap(connection: duckdb.DuckDBPyConnection, keys: str, same_key: str) -> Outcome:
    """Warn of cells that are sums over two files that each have them once, and that follow each other in time."""
    found = run_sql(connection, "harmonise/cells_of_two_files", keys=keys, same_key=same_key).fetchall()
    named = [
        f"{cells:,} cells from {first_period} to {last_period} are in {first} and in {second}, the first as "
        f"{one:,.0f} and {other:,.0f} of {area}"
        for first, second, cells, first_period, last_period, area, one, other in found
    ]
    outcome = "warned" if found else "passed"
    return Outcome("files_overlap", outcome, len(found), len(found), "; ".join(named[:3]))


def several_times_problem(folder: SourceFolder, file: str, times: int, part: str | None = None) -> Problem:
    """Return the problem of a file that contains its rows, or those of one code, area or year, several times."""
    of_part = f" of {part!r}" if part else ""
    found = (
        f"Nearly every row{of_part} occurs {times} times in the file, or a multiple of that, identical in every column."
    )
    return Problem("rows_given_twice", folder.source_id, found, file=file)


def _check_rows(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable
) -> tuple[Outcome, list[Problem]]:
    """Check rows that are equal in every column and have a figure above zero, as repeating a zero does no harm."""
    rows, repeated = 0, 0
    problems: list[Problem] = []
    places: list[dict[str, Any]] = []
    for paths in raw.layouts if folder.source.rows != "cells" else ():
        if not paths:
            continue
        found = run_sql(connection, "harmonise/repeated_rows", raw=text_tables(paths), **SEVERAL_TIMES).fetchall()
        of_layout, different, again, first, several = found[0]
        problems += [several_times_problem(folder, one["file"], one["times"], one["part"]) for one in several or []]
        repeating = {one["file"] for one in several or []}
        repeated_parts = read_repeated(connection, _counted_rows(paths))
        blocks = [(part, block_problem(folder, part.part.split(_SHEET)[0], part)) for part in repeated_parts]
        problems += [block for part, block in blocks if block and block.file not in repeating]
        beyond_chance = any(part.is_beyond_chance for part in repeated_parts)
        if folder.source.rows == "parts" or beyond_chance or nearly_all_differ(of_layout, different):
            rows, repeated, places = rows + of_layout, repeated + again, [*places, *(first or [])]
    if not rows:
        return Outcome.not_applicable("rows_repeated"), problems
    return repeated_rows_outcome(rows, repeated, [(place["file"], place["rows"]) for place in places]), problems


def repeated_rows_outcome(rows: int, repeated: int, places: Sequence[tuple[str, Sequence[int]]]) -> Outcome:
    """Return the outcome of the rule on repeated rows: how many of all, and the first of them by file."""
    if not repeated:
        return Outcome("rows_repeated", "passed", rows, 0)
    named = "; ".join(f"{file}, rows {', '.join(map(str, numbers))}" for file, numbers in places[:3])
    share = f"{repeated / rows:.1%}" if repeated / rows >= 0.001 else "less than 0.1%"
    detail = f"{repeated:,} of {rows:,} rows ({share}) are identical to another row in every column: {named}"
    return Outcome("rows_repeated", "warned", rows, repeated, detail)


def _repeated_ids(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable) -> list[Problem]:
    """One problem for each layout whose rows repeat an identifier."""
    names, problems = folder.source.id, []
    for paths in raw.layouts:
        if not paths:
            continue
        present = column_names(connection, f"FROM {text_tables(paths)}")
        if missing := next((name for name in names if name not in present), None):
            near = tuple(nearest_values(missing, [name for name in present if not name.startswith("_")]))
            found = f"id: the files have no column {missing!r}."
            problems.append(Problem("declaration_invalid", folder.source_id, found, column=missing, nearest=near))
            continue
        texts = ", ".join(f"trim(coalesce({quote_identifier(name)}, ''))" for name in names)
        for repeated, rows, blank, value, first, second in run_sql(
            connection, "harmonise/repeated_ids", raw=text_tables(paths), id=f"concat_ws(' / ', {texts})"
        ).fetchall():
            places = [(place["file"], place["row"]) for place in (first, second)]
            problems.append(id_problem(folder, rows, repeated, blank, places, value))
    return problems


def id_problem(
    folder: SourceFolder,
    rows: int,
    repeated: int,
    blank: int,
    places: Sequence[tuple[str, int]],
    value: str | None = None,
) -> Problem:
    """Return the problem of identifiers that repeat.

    Args:
        folder: the source.
        rows: how many there are.
        repeated: how many of them have the identifier of an earlier row.
        blank: how many have none, and were not compared.
        places: file and row of the first such identifier, and of its repetition.
        value: the identifier, if it may be shown.
    """
    first, second = places
    place = f"row {second[1]:,}" if first[0] == second[0] else f"{second[0]}, row {second[1]:,}"
    found = (
        f"{repeated:,} of {rows:,} rows ({repeated / rows:.1%}) have the same identifier as another row; the first is "
        f"repeated in {place}." + (f" {blank:,} rows have none." if blank else "")
    )
    column = " / ".join(folder.source.id)
    return Problem("id_repeated", folder.source_id, found, file=first[0], row=first[1], column=column, value=value)


def _counted_rows(paths: Sequence[Path]) -> str:
    """The raw rows with a figure above zero, each with its file and sheet and the hash of its columns."""
    return (
        f"(SELECT concat_ws({quote_literal(_SHEET)}, _file, _sheet) AS part, _row, "
        f"hash([*COLUMNS(* EXCLUDE (_file, _sheet, _row))]) AS content FROM {text_tables(paths)} AS raw SEMI JOIN "
        "(SELECT _file, _sheet, _row FROM core WHERE value > 0) AS counted ON counted._file = raw._file "
        "AND counted._row = raw._row AND counted._sheet IS NOT DISTINCT FROM raw._sheet)"
    )
