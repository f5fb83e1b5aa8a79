"""What stands beside the columns of counts of a file of incidents: a total that they miss, a part that is not read.

The same laws as for tables (``row_totals``, ``left_columns``). Only a file with several columns of counts, whose sum is
conserved, and with such a column is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.header import Needed
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.checks.row_totals import check_row_totals, parts_of_total
from pipelines.harmonise.checks.words.left_columns import KINDS, columns_left, is_left
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.engine import text_query
from pipelines.harmonise.values.numbers import create_number_macros
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome
from pipelines.system.settings import Settings
from schemas.declarations import quote_identifier, quote_literal
from schemas.source import SourceFolder

_MOST_WORDS = 400


def find_beside_counts(folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings) -> dict[str, Any]:
    """Return what unread columns of a file say of its columns of counts: ``row_totals`` and ``columns_left``.

    Args:
        folder: the source.
        file: one of its files.
        table: how the file is read.
        settings: where data live.
    """
    needed = Needed(folder, folder.source.layouts[file.layout])
    counts = tuple(name for name in table.kept if needed.counts(name, name))
    names = [name for name in table.kept if not needed.uses(name, name) and _may_tell(name, counts)]
    if not names:
        return {}
    header = table.header_rows if table.format == "csv" else 0
    with connect(settings) as connection, sql_limits(folder, connection, settings):
        create_number_macros(connection, folder)
        rows = text_query(replace(table, kept=(*counts, *names)), {}, numbered=True)
        own = f"(SELECT *, {quote_literal(file.name)} AS _file, {header} + _number AS _row FROM ({rows}))"
        unused = []
        for name in names:
            quoted = quote_identifier(name)
            words = connection.execute(
                f"SELECT DISTINCT trim({quoted}) AS word FROM {own} WHERE word <> '' LIMIT {_MOST_WORDS}"
            ).fetchall()
            unused.append(UnusedColumn(own, name, False, tuple(sorted(word for (word,) in words)), counts))
        totals, left = check_row_totals(connection, folder, unused), columns_left(folder, unused)
    found: dict[str, Any] = {"row_totals": asdict(totals)} if totals.checked else {}
    return found | ({"columns_left": left} if left else {})


def _may_tell(name: str, counts: tuple[str, ...]) -> bool:
    """Tell whether a column is, by its name, the total of the counts, or another part of it."""
    return bool(parts_of_total(name, counts)) or any(is_left(name, counts, *kind) for kind in KINDS)


def judge_row_totals(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> Outcome:
    """Return the outcome of the rule on columns of totals that are not the sum of their row, of all files."""
    found = [fact["beside_counts"]["row_totals"] for _, fact in facts if "row_totals" in fact.get("beside_counts", {})]
    failing, told = sum(one["failing"] for one in found), [one["detail"] for one in found if one["detail"]]
    outcome = "warned" if failing else "passed" if found else "not applicable"
    return Outcome("row_totals_agree", outcome, sum(one["checked"] for one in found), failing, "; ".join(told[:5]))


def left_in_files(facts: Iterable[tuple[RawFile, Mapping[str, Any]]]) -> list[str]:
    """Return, as text, the columns with numbers of all files that are not read although their kind is."""
    return [
        f"{file.name}: {told}" for file, fact in facts for told in fact.get("beside_counts", {}).get("columns_left", ())
    ]
