"""Unread columns beside the columns of counts of a file of incidents: a total that differs, a part that is left out.

The rules are those for tables (``row_totals``, ``omitted_columns``). A file is read again only if it has such a column,
and several columns of counts whose sum is conserved.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipelines.collect.header import Needed
from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.checks.totals.row_totals import check_row_totals, parts_of_total
from pipelines.harmonise.checks.words.omitted_columns import KINDS, is_left, omitted_columns
from pipelines.harmonise.checks.words.unused_columns import UnusedColumn
from pipelines.harmonise.values.numbers import create_number_macros
from pipelines.system.outcomes import Outcome
from schemas.declarations import quote_identifier, quote_literal

_MOST_WORDS = 400


def find_beside_counts(file: IncidentFile) -> dict[str, Any]:
    """Return what was found in columns beside the counts of a file: ``row_totals`` and ``columns_left``."""
    needed = Needed(file.folder, file.layout)
    counts = tuple(name for name in file.table.kept if needed.counts(name, name))
    names = [name for name in file.unread if _is_total_or_part(name, counts)]
    if not names:
        return {}
    with file.connection() as connection:
        create_number_macros(connection, file.folder)
        place = f"{quote_literal(file.file.name)} AS _file, {file.table.rows_above} + _number AS _row"
        own = f"(SELECT *, {place} FROM ({file.numbered_rows()}))"
        unused = []
        for name in names:
            quoted = quote_identifier(name)
            words = connection.execute(
                f"SELECT DISTINCT trim({quoted}) AS word FROM {own} WHERE word <> '' LIMIT {_MOST_WORDS}"
            ).fetchall()
            unused.append(UnusedColumn(own, name, False, tuple(sorted(word for (word,) in words)), counts))
        totals, left = check_row_totals(connection, file.folder, unused), omitted_columns(file.folder, unused)
    found: dict[str, Any] = {"row_totals": asdict(totals)} if totals.checked else {}
    return found | ({"columns_left": left} if left else {})


def _is_total_or_part(name: str, counts: tuple[str, ...]) -> bool:
    """Tell whether a column is, by its name, the total of the counts, or another part of it."""
    return bool(parts_of_total(name, counts)) or any(is_left(name, counts, *kind) for kind in KINDS)


def judge_row_totals(facts: FileFacts) -> Outcome:
    """Warn of columns of totals that are not the sum of their row, in all files together."""
    found = [fact["beside_counts"]["row_totals"] for _, fact in facts if "row_totals" in fact.get("beside_counts", {})]
    checked, failing = (sum(one[name] for one in found) for name in ("checked", "failing"))
    details = [one["detail"] for one in found if one["detail"]]
    return Outcome.of_counts("row_totals_agree", checked, failing, "; ".join(details[:5]))


def left_in_files(facts: FileFacts) -> list[str]:
    """Return, as text, the columns of numbers in all files that are not read although others of their kind are."""
    return [
        f"{file.name}: {text}" for file, fact in facts for text in fact.get("beside_counts", {}).get("columns_left", ())
    ]
