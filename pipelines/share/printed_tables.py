"""A workbook of tables as printed by statistical offices: categories down, years across, symbols for missing numbers.

Texts stay texts, whatever they begin with: none becomes a formula or a link. The same release gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from iccs.periods import year_spans
from pipelines.system.connection import fetch_row
from pipelines.system.sql import fill_sql
from schemas.codelists import load_codelist
from schemas.declarations import attribute_columns
from schemas.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORKBOOK = "tables.xlsx"
MOST_ROWS = 1_048_500
"""The most rows of a table, which leaves room for title and notes in a sheet."""
SIGNS = {
    "suppressed": ("c", "hidden to protect persons"),
    "not_applicable": (".", "not applicable"),
    "not_collected": ("/", "not collected"),
    "incomplete": ("…", "parts are missing"),
}
"""Symbols for the reasons why there is no number; any other reason is ``..``."""
MARKS = {
    "B": "break: not comparable with earlier years",
    "D": "definition differs",
    "E": "estimated or rounded",
    "P": "provisional",
    "U": "of low reliability",
}
_PARTS = {"category": "by category", "area": "by area and category", "person": "by category, sex and age"}
_FORMULA = tuple("=+-@\t\r")
Row = tuple[str, ...]


@dataclass
class _Table:
    """One table: its rows by name, its years, and for each pair the number with its mark, or a symbol instead.

    ``caveats`` has the years in which the figures of a row carry each caveat.
    """

    source: str
    title: str
    columns: tuple[str, ...]
    years: set[str] = field(default_factory=set)
    rows: dict[Row, dict[str, tuple[float | None, str]]] = field(default_factory=dict)
    caveats: dict[Row, dict[str, list[int]]] = field(default_factory=dict)

    def add(self, name: Row, year: str, value: float | None, sign: str, caveats: str | None) -> None:
        """Add a cell."""
        self.rows.setdefault(name, {})[year] = (value, sign)
        self.years.add(year)
        for code in (caveats or "").split(";") if value is not None and caveats else ():
            self.caveats.setdefault(name, {}).setdefault(code, []).append(int(year))

    @cached_property
    def numbered(self) -> dict[str, int]:
        """The number of the note on each caveat, by code."""
        codes = sorted({code for found in self.caveats.values() for code in found})
        return {code: number for number, code in enumerate(codes, 1)}

    def notes_on(self, name: Row) -> str:
        """Return the numbers of the notes on a row, with the years where they are not on all of its figures."""
        given = sum(value is not None for value, _ in self.rows[name].values())
        return "; ".join(
            str(self.numbered[code]) + ("" if len(years) == given else f" ({year_spans(sorted(years))})")
            for code, years in sorted(self.caveats.get(name, {}).items())
        )


def write_printed_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write ``tables.xlsx`` of a release: contents, then a sheet for each source, stage, counting unit and breakdown.

    Args:
        connection: to the release that leaves.
        folder: where to write.

    Raises:
        UsageError: the library is not there, or a table has more rows than a sheet.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise UsageError("workbooks need a library: pip install 'iccs-pipelines[xlsx]'") from error
    release, published_at = fetch_row(connection, "SELECT release, published_at FROM out.release")
    sources = {
        source: (title, publisher, licence)
        for source, title, publisher, licence in connection.execute(
            "SELECT source, title, publisher, licence FROM out.source"
        ).fetchall()
    }
    tables = list(_read_tables(connection))
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with workbook_of(xlsxwriter.Workbook(str(folder / WORKBOOK), options), published_at) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        numbers = {
            (mark, whole): book.add_format({"num_format": f"#,##0{'' if whole else '.00'}{_shown(mark)}"})
            for mark in ("", *MARKS)
            for whole in (True, False)
        }
        contents = book.add_worksheet("Contents")
        contents.write_string(0, 0, f"Crime statistics, release {release}", bold)
        for number, table in enumerate(tables, 1):
            title, publisher, licence = sources[table.source]
            heading = f"Table {number}. {title}: {table.title}"
            _write_text(contents, number + 1, 0, heading, text)
            sheet = book.add_worksheet(f"Table {number}")
            _write_text(sheet, 0, 0, heading, bold)
            _write_text(sheet, 1, 0, f"Source: {publisher}. Licence: {licence}. Release {release}.", text)
            _write_table(sheet, table, bold, text, numbers)


def workbook_of(book: Any, published_at: Any) -> Any:
    """Return a workbook dated by its release, not by the clock."""
    book.set_properties({"created": published_at})
    return book


def _shown(mark: str) -> str:
    return f'" {mark.lower()}"' if mark else ""


def _read_tables(connection: duckdb.DuckDBPyConnection) -> Iterator[_Table]:
    attributes = attribute_columns()
    query = fill_sql(
        "share/printed_cells", attributes=", ".join(attributes), totals=", ".join("'_T'" for _ in attributes)
    )
    found: dict[tuple[str, ...], _Table] = {}
    for (
        source,
        stage,
        unit,
        part,
        area,
        area_name,
        iccs,
        category,
        sex,
        age,
        year,
        value,
        status,
        reason,
        caveats,
    ) in connection.execute(query).fetchall():
        key = (source, stage, unit, part)
        if key not in found:
            more = ("Sex", "Age") if part == "person" else ()
            title = f"{stage.replace('_', ' ')}, {unit.replace('_', ' ')}, {_PARTS[part]}"
            found[key] = _Table(source, title, ("Code", "Area", "ICCS", "Category", *more))
        table = found[key]
        name = (area, area_name, iccs, category, *((sex, age) if part == "person" else ()))
        sign = status if value is not None else SIGNS.get(reason, ("..", ""))[0]
        table.add(name, year, value, sign, caveats)
    yield from found.values()


def _write_table(sheet: Any, table: _Table, bold: Any, text: Any, numbers: Mapping[tuple[str, bool], Any]) -> None:
    """Write the header in row 4 and the rows below it; then the meaning of the symbols that occur, and the notes."""
    if len(table.rows) > MOST_ROWS:
        raise UsageError(
            f"{table.source}: {len(table.rows):,} rows do not fit in a sheet; share the data package instead"
        )
    years = sorted(table.years)
    numbered = table.numbered
    for column, label in enumerate((*table.columns, *years, *(["Notes"] if numbered else []))):
        sheet.write_string(3, column, label, bold)
    used: set[str] = set()
    for place, (name, cells) in enumerate(table.rows.items(), 4):
        for column, part in enumerate(name):
            _write_text(sheet, place, column, part, text)
        for column, year in enumerate(years, len(name)):
            value, sign = cells.get(year, (None, ".."))
            used.add(sign)
            if value is None:
                sheet.write_string(place, column, sign)
            else:
                sheet.write_number(place, column, value, numbers[sign if sign in MARKS else "", value == int(value)])
        if notes := table.notes_on(name):
            sheet.write_string(place, len(name) + len(years), notes)
    sheet.freeze_panes(4, len(table.columns))
    labels = {entry.code: str(entry.label_en) for entry in load_codelist("caveat")}
    listed = [f"{number}  {labels.get(code, code)}" for code, number in numbered.items()]
    for place, note in enumerate([*_notes(used), *listed], len(table.rows) + 5):
        sheet.write_string(place, 0, note)


def _notes(used: set[str]) -> Sequence[str]:
    signs = {
        "..": "not reported, or no figure",
        **dict(SIGNS.values()),
        **MARKS,
    }
    return [f"{sign.lower()}  {meaning}" for sign, meaning in signs.items() if sign in used]


def _write_text(sheet: Any, row: int, column: int, value: str, text: Any) -> None:
    """Write a text as text; one that begins like a formula is marked so that it stays text when edited."""
    sheet.write_string(row, column, value, *([text] if value.startswith(_FORMULA) or text.bold else []))
