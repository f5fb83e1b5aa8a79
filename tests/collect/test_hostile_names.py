"""Labels, names and words of a file are text: never a place of a template, SQL or a format, whatever they look like.

Figures expected are those written into the files here.
"""

from __future__ import annotations

import csv
import io
import json  # whose strings are YAML too
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tiny_source import Tiny

from pipelines.system.sql import fill_sql, fill_text

HOSTILE = [
    "{{names}}",
    "{{columns}}",
    "{{target}}",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{# note #}",
    "{}",
    "{0}",
    "{",
    "%s",
    "%(path)s",
    "$1",
    "$path",
    "?",
    "it's",
    "'; DROP TABLE word; --",
    'say "area"',
    '"; DROP TABLE word; --',
    "-- a comment",
    "/* open",
    "*/ closed",
    "two\nlines",
    "back\\slash\\",
    "*",
    "#",
]
ONE_LINE = [name for name in HOSTILE if "\n" not in name]


def _csv(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _workbook(path: Path, sheet: str, *rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    written = workbook.add_worksheet(sheet)
    for number, row in enumerate(rows):
        written.write_row(number, 0, row)
    workbook.close()


def _declare(tiny: Tiny, form: str, **columns: str) -> None:
    """A table of the columns area, year, code and n, or of others in their place."""
    named = {"ref_area": "area", "time_period": "year", "national_code": "code", "value": "n", **columns}
    read = json.dumps({"format": form, "columns": list(named.values())})
    tiny.declare(
        f"layouts:\n  - files: ['*']\n    read: {read}\n"
        f"area_scheme: inegi\ncolumns: {json.dumps(named)}\nmeasures:\n  victims: {{counting_unit: victim}}\n"
    )


HEADER = ["area", "year", "code", "n"]
ROWS = [["14", "2023", "HOM", "5"], ["14", "2024", "HOM", "7"]]
FIGURES = {"2023": (5.0, "A", None), "2024": (7.0, "A", None)}


def _figures(tiny: Tiny) -> dict[str, tuple[Any, ...]]:
    return dict(tiny.run().cells("time_period", "ref_area = 'MX-JAL' AND iccs = '0101' AND sex = '_T' AND age = '_T'"))


def _csv_payload(canary: Path, other: Path) -> list[str]:
    """Two labels that, filled in one after the other, close the statement that reads a text file and add two more."""
    return [
        "{{names}}",
        f"': 'VARCHAR'}}, ignore_errors = true) )) TO '{other}'; COPY (SELECT 'written') TO '{canary}'; "
        f"COPY (SELECT * FROM (SELECT * FROM read_csv('{other}', columns={{'a",
    ]


def test_labels_of_a_text_file_are_not_run(tiny: Tiny, tmp_path: Path) -> None:
    canary, other = tmp_path / "canary", tmp_path / "other"
    tiny.declare_plain()
    tiny.give("t.csv", _csv([*HEADER, *_csv_payload(canary, other)], *([*row, "x", "y"] for row in ROWS)))

    assert _figures(tiny) == FIGURES
    assert not canary.exists() and not other.exists()


def test_labels_and_sheet_name_of_a_workbook_are_not_run(tiny: Tiny, tmp_path: Path) -> None:
    canary, other = tmp_path / "canary", tmp_path / "other"
    payload = f"' AS a FROM sheet_rows) TO '{other}'; COPY (SELECT 'written') TO '{canary}'; COPY (SELECT '"
    _declare(tiny, "excel")
    _workbook(tiny.given / "t.xlsx", "{{columns}}", [*HEADER, payload], *([*row, "x"] for row in ROWS))

    assert _figures(tiny) == FIGURES
    assert not canary.exists() and not other.exists()


def test_label_of_a_parquet_table_is_not_run(tiny: Tiny, tmp_path: Path) -> None:
    canary, other = tmp_path / "canary", tmp_path / "other"
    payload = f"{{{{path}}}}' FROM range(1)) TO '{other}'; COPY (SELECT 'written') TO '{canary}'; --"
    _declare(tiny, "parquet")
    columns = dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))
    tiny.given.mkdir()
    pq.write_table(pa.table({**columns, payload: ["x", "y"], "{{texts}}": ["x", "y"]}), tiny.given / "t.parquet")

    assert _figures(tiny) == FIGURES
    assert not canary.exists() and not other.exists()


@pytest.mark.parametrize("form", ["csv", "excel", "parquet"])
def test_labels_that_nobody_declared_change_nothing(tiny: Tiny, form: str) -> None:
    labels = [*HEADER, *HOSTILE]
    rows = [[*row, *HOSTILE] for row in ROWS]
    _declare(tiny, form)
    _give(tiny, form, labels, rows)

    _, found = tiny.read()

    assert [fields for _, *fields in found] == rows
    assert _figures(tiny) == FIGURES


def _give(tiny: Tiny, form: str, labels: list[str], rows: list[list[str]]) -> None:
    if form == "csv":
        tiny.give("t.csv", _csv(labels, *rows))
    elif form == "excel":
        _workbook(tiny.given / "t.xlsx", "Sheet", labels, *rows)
    else:
        tiny.given.mkdir()
        pq.write_table(pa.table([list(one) for one in zip(*rows, strict=True)], labels), tiny.given / "t.parquet")


@pytest.mark.parametrize("form", ["csv", "excel", "parquet"])
@pytest.mark.parametrize("labels", [ONE_LINE[place : place + 4] for place in range(0, 24, 4)], ids=lambda some: some[0])
def test_declared_columns_may_have_any_label(tiny: Tiny, labels: list[str], form: str) -> None:
    _declare(tiny, form, **dict(zip(("ref_area", "time_period", "national_code", "value"), labels, strict=True)))
    _give(tiny, form, labels, ROWS)

    assert _figures(tiny) == FIGURES


def test_file_names_are_text(tiny: Tiny) -> None:
    """A name with a newline is refused, see test_acquire; a slash would be a folder."""
    names = [name for name in ONE_LINE if "/" not in name]
    tiny.declare_plain()
    for number, name in enumerate(names):
        tiny.give(f"{name}.csv", _csv(HEADER, ["14", str(2000 + number), "HOM", str(number)]))

    assert _figures(tiny) == {str(2000 + number): (float(number), "A", None) for number in range(len(names))}


def test_sheet_names_are_text(tiny: Tiny) -> None:
    """Those that a workbook can have."""
    names = [name for name in ONE_LINE if not set(name) & set("?*/\\") and name[0] != "'"]
    _declare(tiny, "excel")
    for number, name in enumerate(names):
        _workbook(tiny.given / f"{number}.xlsx", name, HEADER, ["14", str(2000 + number), "HOM", str(number)])

    assert _figures(tiny) == {str(2000 + number): (float(number), "A", None) for number in range(len(names))}


def test_words_are_rejected_as_they_stand(tiny: Tiny) -> None:
    """Half of the rows have such an area, the others such a number."""
    tiny.declare_plain("rejected_share_limit: 1\n")
    areas = [[word, "2023", "HOM", "1"] for word in ONE_LINE]
    numbers = [["14", str(1950 + place), "HOM", word] for place, word in enumerate(ONE_LINE)]
    tiny.give("t.csv", _csv(HEADER, *ROWS, *areas, *numbers))

    assert _figures(tiny) == FIGURES
    assert {(column, value, rule) for _, column, value, rule in tiny.rejected()} == {
        *(("area", word, "unknown_area") for word in ONE_LINE),
        *(("n", word, "count_not_a_number") for word in ONE_LINE),
    }


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_filled_in_is_not_read_again(value: str) -> None:
    assert fill_text("SELECT {{a}}, {{b}}\n", a=value, b="{{a}}") == f"SELECT {value}, {{{{a}}}}\n"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"file": "f", "columns": "c"}, "collect/read_sheet.sql: no value for target"),
        ({"file": "f", "columns": "c", "tagret": "t"}, "no value for target; no place for tagret"),
        ({"file": "f", "columns": "c", "target": "t", "path": "p"}, "no place for path"),
    ],
)
def test_a_place_without_a_value_and_a_value_without_a_place_are_errors(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fill_sql("collect/read_sheet", **values)


@pytest.mark.parametrize("name", ["range", "dict", "lipsum", "namespace"])
def test_a_template_sees_only_what_it_is_given(name: str) -> None:
    with pytest.raises(ValueError, match=f"no value for {name}"):
        fill_text(f"SELECT {{{{ {name} }}}}")


@pytest.mark.parametrize("form", ["csv", "excel", "parquet"])
def test_labels_like_columns_of_the_pipeline_are_not_read_as_them(tiny: Tiny, form: str) -> None:
    own = ["_file", "_sheet", "_row", "_column", "number of record", "file_row_number_", "cell", "value_word", "word"]
    _declare(tiny, form)
    _give(tiny, form, [*HEADER, *own], [[*row, *(["9"] * len(own))] for row in ROWS])

    _, found = tiny.read()

    assert [number for number, *_ in found] == ([1, 2] if form == "parquet" else [2, 3])
    assert _figures(tiny) == FIGURES


def test_a_label_that_looks_like_the_number_given_to_another_is_a_column_of_its_own(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", _csv([*HEADER, "a", "a", "a (2)"], [*ROWS[0], "1", "2", "3"]))

    _, found = tiny.read()

    assert found == [(2, *ROWS[0], "1", "2", "3")]
