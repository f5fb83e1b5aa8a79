"""Totals and writing of expected cells: plain Python that shares nothing with the package under test."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from python_calamine import CalamineWorkbook

EXTRACTS = Path(__file__).parents[2] / "extracts"

NOT_REPORTED = "not_reported"
INCOMPLETE = "incomplete"
Value = float | str  # a number, or the reason why there is none
Key = tuple[str, ...]
Cells = dict[Key, Value]


def number(text: object) -> Value:
    """A published cell: a number, or not reported where it is blank."""
    return NOT_REPORTED if text is None or str(text).strip() == "" else float(str(text))


def total(parts: Iterable[Value]) -> Value:
    """The sum where every part has a value; otherwise the reason why there is none."""
    parts = list(parts)
    numbers = [part for part in parts if not isinstance(part, str)]
    if len(numbers) == len(parts):
        return sum(numbers)
    return INCOMPLETE if numbers or INCOMPLETE in parts else NOT_REPORTED


def add_totals(cells: Cells, axis: int, children: Mapping[str, Sequence[str]]) -> Cells:
    """Add the totals along one position of the key: ``children`` lists the parts of each total, smallest first.

    Parts that a total lists and that have no cell are not reported. Parts may be totals themselves.
    """
    every = dict(cells)
    for parent, parts in children.items():
        groups: dict[Key, dict[str, Value]] = defaultdict(dict)
        for key, value in every.items():
            if key[axis] in parts:
                groups[(*key[:axis], parent, *key[axis + 1 :])][key[axis]] = value
        for key, found in groups.items():
            every[key] = total(found.get(part, NOT_REPORTED) for part in parts)
    return every


def add(cells: Cells, key: Key, value: Value) -> None:
    """Add a count to a category that several national labels or rows belong to."""
    cells[key] = total([cells[key], value]) if key in cells else value


def records(source: str, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """Rows of the CSV file of an extract, with commas or semicolons."""
    (path,) = (path for path in (EXTRACTS / source).iterdir() if path.name != "expected.csv")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding)
    head = text.splitlines()[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def sheet(source: str, name: str | None = None) -> list[list[object]]:
    """Rows of the named or first sheet of the workbook of an extract."""
    (path,) = (EXTRACTS / source).glob("*.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    return book.get_sheet_by_name(name or book.sheet_names[0]).to_python(skip_empty_area=False)


def write(
    source: str,
    columns: str,
    cells: Cells,
    keep: Callable[[Key], bool] = lambda _: True,
    status: str = "A",
    first_after_break: Callable[[Key], bool] = lambda _: False,
) -> None:
    """Write ``expected.csv`` of a source: the key columns named, then value, obs_status and missing_reason."""
    rows = []
    for key, value in sorted(cells.items()):
        if not keep(key):
            continue
        missing = isinstance(value, str)
        shown = "" if missing else str(round(float(value), 6)).removesuffix(".0")
        given = "B" if first_after_break(key) else status
        rows.append([*key, shown, "O" if missing else given, value if missing else ""])
    with (EXTRACTS / source / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([*columns.split(), "value", "obs_status", "missing_reason"])
        writer.writerows(rows)
    print(source, len(rows))  # noqa: T201 (run by hand)


def write_population(source: str, cells: Cells, keep: Callable[[Key], bool] = lambda _: True) -> None:
    """Write ``expected.csv`` of a population: keys are (area, year, sex, age)."""
    with (EXTRACTS / source / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["ref_area", "time_period", "sex", "age", "population"])
        rows = [[*key, "" if isinstance(v, str) else int(v)] for key, v in sorted(cells.items()) if keep(key)]
        writer.writerows(rows)
    print(source, len(rows))  # noqa: T201
