"""Figures with which a source is compared: totals in its files, published totals, and rates printed beside counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.collect.failed_sql import refused_if_sql_fails
from pipelines.collect.read import RawTable
from pipelines.collect.unread import Place
from pipelines.harmonise.judged import Counted
from pipelines.harmonise.values.numbers import number_text
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier, quote_literal
from schemas.definition.publication import Control
from schemas.source import SourceFolder

_CONTROLS = pa.schema(
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

REFUSED_MISS = 0.5
"""Share of a total from which a difference refuses a load, unless the control gives its own."""

_NO_RATES = (
    "SELECT NULL AS _row, '' AS ref_area, '' AS time_period, '' AS national_code, '' AS measure, '' AS count, "
    "'' AS rate, '1' AS per LIMIT 0"
)


@dataclass(frozen=True)
class Comparison:
    """A total that is printed or published, and what the figures add up to.

    Attributes:
        control: the name of the control.
        file: the file with the total; None of a published one.
        expected: the total.
        actual: what the figures add up to.
        detail: where the total stands.
        tolerance: by how much the two may differ.
        row: the row that is compared; None if several are.
        judged: how many totals were compared, and how many of them differ; None of a single one.
        missed: whether they differ so much that the load is refused (``is_missed``).
    """

    control: str
    file: str | None
    expected: float | None
    actual: float | None
    detail: str
    tolerance: float = 0.0
    row: int | None = None
    judged: tuple[int, int] | None = None
    missed: bool = False

    def as_row(self) -> dict[str, Any]:
        """Return the row of the table of controls."""
        difference = None if self.expected is None or self.actual is None else self.actual - self.expected
        within = difference is not None and abs(difference) <= self.tolerance
        checked, failing = self.judged or (1, int(not within))
        return {
            "control": self.control,
            "file": self.file,
            "expected": self.expected,
            "actual": self.actual,
            "difference": difference,
            "detail": self.detail,
            "within_tolerance": within,
            "row": self.row,
            "checked": checked,
            "failing": failing,
        }


def controls_table(found: Sequence[Comparison]) -> pa.Table:
    """Return the comparisons of a source as a table, with types even if there are none."""
    return pa.Table.from_pylist([one.as_row() for one in found], schema=_CONTROLS)


def compare(
    control: Control, file: str | None, expected: float | None, actual: float | None, detail: str
) -> Comparison:
    """Return the comparison of one total, within the tolerance of its control."""
    missed = is_missed(control, expected, actual)
    return Comparison(control.control, file, expected, actual, detail, control.tolerance, missed=missed)


def is_missed(control: Control, expected: float | None, actual: float | None) -> bool:
    """Return whether figures differ so much from a total that they must not be published.

    For a published total without its own share, only figures above it do, as the files may have a part of it.

    >>> total = Control(control="murder", where="true", expected=100)
    >>> [is_missed(total, 100, found) for found in (40, 149, 150, 200)]
    [False, False, True, True]
    >>> [is_missed(total.model_copy(update={"refuse_from": 0.1}), 100, found) for found in (90, 91)]
    [True, False]
    """
    if expected is None or actual is None:
        return False
    above_only = control.where is not None and control.refuse_from is None
    miss = actual - expected if above_only else abs(actual - expected)
    return miss > control.tolerance and miss >= (control.refuse_from or REFUSED_MISS) * abs(expected)


def refuse_missed(source_id: str, found: Sequence[Comparison]) -> None:
    """Refuse a source with figures that miss a total by far.

    Raises:
        DataRefused: one problem for each such total.
    """
    problems = [
        Problem(
            "control_missed",
            source_id,
            f"{one.control}: the total is {number_text(one.expected)}, the figures add up to "
            f"{number_text(one.actual)} ({one.detail}).",
            file=one.file,
        )
        for one in found
        if one.missed and one.expected is not None and one.actual is not None
    ]
    if problems:
        raise DataRefused(problems)


def compare_foot(
    connection: duckdb.DuckDBPyConnection,
    control: Control,
    footers: Mapping[Place, Sequence[Mapping[str, str]]],
    counted: Mapping[Place, Mapping[str | None, Counted]],
) -> list[Comparison]:
    """Compare the totals in the footer of each file with the sum of its rows.

    A total of one of several columns of counts (years as columns) is compared with the figures of that column. It may
    hold the rows that exclusions leave out (other offences) or not (sums of the rows above them): the figures agree if
    they do in one way.

    Args:
        connection: one with the macros of ``numbers`` for the source.
        control: the control, with its ``footer_column``.
        footers: file and sheet -> totals printed at their foot, by column.
        counted: file and sheet -> sum of their rows, by the column of their counts.
    """
    found = []
    column = control.footer_column or ""
    for (file, sheet), printed in sorted(footers.items(), key=str):
        texts = [footer.get(column, "") for footer in printed]
        numbers = [fetch_row(connection, "SELECT to_count($text)", {"text": text})[0] for text in texts]
        expected = None if None in numbers else sum(numbers)
        detail = f"footer row of the {f'sheet {sheet}' if sheet else 'file'}, column {column}"
        of_columns = counted.get((file, sheet), {})
        taken = [of_columns[column]] if column in of_columns else list(of_columns.values())
        numbers = [one.total for one in taken if one.total is not None]
        actual, excluded = sum(numbers) if numbers else None, sum(one.excluded for one in taken)
        if expected is not None and actual is not None and excluded:
            kept = actual - excluded
            if abs(kept - expected) < abs(actual - expected):
                actual, detail = kept, f"{detail}, without what exclusions leave out"
        found.append(compare(control, file, expected, actual, detail))
    return found


def sum_published(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, control: Control, relation: str
) -> tuple[float | None, int]:
    """Return the sum and number of the conformed rows that a published total covers: used, or out of scope.

    Args:
        connection: where the relation is.
        folder: the source.
        control: the control, with its ``where``.
        relation: rows in our names and codes, with ``value``.

    Raises:
        DataRefused: the condition of the control cannot be run.
    """
    with _refused_if_control_fails(folder, control):
        statement = f"SELECT sum(value)::DOUBLE, count(*) FROM {relation} WHERE {control.where}"
        (total, cells) = fetch_row(connection, statement)
    return total, cells


def sum_controls(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, conformed: str
) -> dict[int, tuple[float | None, int]]:
    """Return the sum that each published total covers, by the number of its control; see ``sum_published``.

    Args:
        connection: where the rows are.
        folder: the source.
        conformed: the query for its rows in our names and codes.
    """
    return {
        number: sum_published(connection, folder, control, f"({conformed})")
        for number, control in enumerate(folder.source.controls)
        if control.where is not None
    }


def compare_parts(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, control: Control, raw: RawTable
) -> list[Comparison]:
    """Compare a column with the sum of its parts, row by row: a line for the file, and one for each differing row.

    Raises:
        DataRefused: the columns, or the control's own SELECT, cannot be read.
    """
    found = []
    parts = [f"to_count({quote_identifier(name)})" for name in control.part_columns]
    total = f"to_count({quote_identifier(control.total_column or '')})"
    for paths in raw.layouts:
        for path in paths:
            table = f"read_parquet({quote_literal(str(path))})"
            if control.rows:
                table = f"(WITH raw AS (FROM {table}) FROM (\n{folder.read_text(control.rows)}\n))"
            with _refused_if_control_fails(folder, control):
                rows = run_sql(
                    connection,
                    "harmonise/row_control",
                    rows=table,
                    total=total,
                    parts=" + ".join(f"coalesce({part}, 0)" for part in parts),
                    tolerance=str(control.tolerance),
                ).fetchall()
            for file, row, expected, actual, checked, failing, *stated in rows:
                place = f"all {checked:,} together, {failing:,} differ" if row is None else f"row {row}"
                one = compare(control, file, expected, actual, place)
                found.append(replace(one, row=row, judged=(checked, failing), missed=is_missed(control, *stated)))
    return found


def judge_controls(controls: pa.Table) -> Outcome:
    """Return the outcomes of the comparison with control totals."""
    outside = [row for row in controls.to_pylist() if not row["within_tolerance"]]
    if not controls.num_rows:
        return Outcome.not_applicable("control_totals")
    detail = "; ".join(
        f"{row['control']}: expected {number_text(row['expected'])}, found {number_text(row['actual'] or 0)} "
        f"({row['detail']})"
        for row in outside[:5]
        if row["expected"] is not None
    )
    checked, failing = (sum(row[name] for row in controls.to_pylist()) for name in ("checked", "failing"))
    return Outcome.of_counts("control_totals", checked, failing, detail)


def _refused_if_control_fails(folder: SourceFolder, control: Control) -> AbstractContextManager[None]:
    """Refuse the source if SQL of a control, in its key or its file, fails."""
    return refused_if_sql_fails(folder, control.rows or f"controls: {control.control}", "declaration_invalid")


def read_published_rates(
    connection: duckdb.DuckDBPyConnection, folder: SourceFolder, raw: RawTable, links: Path, target: Path
) -> None:
    """Write the printed rates of a source with the counts they were computed from; none without a ``rates.sql``.

    The statement is one SELECT from ``raw`` that returns, as text, ref_area, time_period, national_code, measure,
    count, rate, and per: the number of persons the rate is for.

    Raises:
        DataRefused: the statement fails.
    """
    own = folder.read_text("rates.sql")
    source = folder.source
    files = ", ".join(quote_literal(str(path)) for paths in raw.layouts for path in paths)
    statement = (
        f"WITH raw AS (FROM read_parquet([{files}], union_by_name = true)) FROM (\n{own}\n)" if own else _NO_RATES
    )
    measures = source.measures.items()
    with refused_if_sql_fails(folder, "rates.sql", "declaration_invalid"):
        run_sql(
            connection,
            "harmonise/published_rates",
            statement=statement,
            stages=" ".join(f"WHEN {quote_literal(name)} THEN {quote_literal(one.stage)}" for name, one in measures),
            units=" ".join(
                f"WHEN {quote_literal(name)} THEN {quote_literal(one.counting_unit)}" for name, one in measures
            ),
            links=quote_literal(str(links)),
            fraction=quote_literal(f"{re.escape(source.decimal)}([0-9]+)"),
            target=quote_literal(str(target)),
        )
