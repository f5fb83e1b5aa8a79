"""The header row is found by its labels, wherever it stands and however it is spread."""

from __future__ import annotations

import io

import pytest
from tiny_source import Tiny

from pipelines.collect.header import find_header
from pipelines.system.errors import DataRefused
from schemas.definition.layouts import ReadOptions


def _find(rows: list[list[str]], *labels: str, header_rows: int = 1) -> tuple[int, tuple[str, ...]]:
    header = find_header("xx", "file.csv", rows, ReadOptions(columns=labels, header_rows=header_rows), None)
    return header.last_row, header.names


def test_header_in_the_first_row() -> None:
    assert _find([["year", "sex", "n"], ["2024", "M", "1"]], "n", "year") == (1, ("year", "sex", "n"))


def test_header_below_banner_rows() -> None:
    banner = [["MINISTERIO DE DEFENSA"], [""], ["HOMICIDIOS", ""], []]
    rows = [*banner, ["DEPARTAMENTO", "CANTIDAD"], ["ANTIOQUIA", "1"]]

    assert _find(rows, "CANTIDAD", "DEPARTAMENTO") == (5, ("DEPARTAMENTO", "CANTIDAD"))


def test_blanks_and_case_of_a_label_do_not_matter_and_the_declared_spelling_is_used() -> None:
    rows = [["Departamento ", "CODIGO  DANE", " cantidad"], ["ANTIOQUIA", "05001", "1"]]

    _, names = _find(rows, "DEPARTAMENTO", "CODIGO DANE", "CANTIDAD")

    assert names == ("DEPARTAMENTO", "CODIGO DANE", "CANTIDAD")


def test_accents_do_matter() -> None:
    with pytest.raises(DataRefused) as refused:
        _find([["Ano", "n"]], "Año", "n")

    (problem,) = refused.value.problems
    assert (problem.rule, problem.column, problem.nearest) == ("missing_column", "Año", ("Ano",))


def test_columns_without_a_label_or_with_the_same_one_stay_apart() -> None:
    """DuckDB takes ``total`` and ``Total`` for one name, and refuses a table that has both."""
    rows = [["year", "", "total", "total", "Total", ""], ["2024", "x", "1", "2", "3", "y"]]

    assert _find(rows, "year")[1] == ("year", "column 2", "total", "total (2)", "Total (3)", "column 6")


def test_merged_cell_counts_for_the_columns_to_its_right() -> None:
    # As spreadsheets give a merged cell: its text in the first column, nothing in the others.
    rows = [
        ["Table 1"],
        ["State", "Victims", "", "Offences", ""],
        ["", "2023", "2024", "2023", "2024"],
        ["Bremen", "1", "2", "3", "4"],
    ]
    names = ("State", "Victims | 2023", "Victims | 2024", "Offences | 2023", "Offences | 2024")

    assert _find(rows, "State", "Offences | 2024", header_rows=2) == (3, names)


@pytest.mark.parametrize("above", [[], ["", "", ""], ["", "", "", "", "Unit: number"]])
def test_header_of_two_rows_does_not_begin_with_the_row_above_it(above: list[str]) -> None:
    rows = [
        ["Table 1"],
        above,
        ["State", "Victims", "", "Offences", ""],
        ["", "2023", "2024", "2023", "2024"],
        ["Bremen", "1", "2", "3", "4"],
    ]
    names = ("State", "Victims | 2023", "Victims | 2024", "Offences | 2023", "Offences | 2024")

    assert _find(rows, "State", header_rows=2) == (4, names)


def test_three_header_rows_below_a_blank_row() -> None:
    rows = [
        ["Table 1"],
        [],
        ["State", "Victims", "", ""],
        ["", "Number", "", "Rate"],
        ["", "2023", "2024 (4)", "2024"],
        ["Bremen", "1", "2", "0.3"],
    ]
    names = ("State", "Victims | Number | 2023", "Victims | Number | 2024 (4)", "Victims | Rate | 2024")

    assert _find(rows, "State", header_rows=3) == (5, names)


def test_first_figures_without_a_label_are_no_header_row() -> None:
    """The upper row of the header has one cell, and the first row of the data no label."""
    rows = [["", "2023", "", ""], ["State", "men", "women", "all"], ["", "11", "21", "32"], ["Bremen", "1", "2", "3"]]

    assert _find(rows, "State", header_rows=2) == (2, ("State", "2023 | men", "2023 | women", "2023 | all"))


def test_three_header_rows_of_which_one_repeats_itself() -> None:
    rows = [
        ["State", "Victims", "", "", ""],
        ["State", "men", "", "women", ""],
        ["State", "young", "old", "young", "old"],
        ["Bremen", "1", "2", "3", "4"],
    ]
    names = (
        "State",
        "Victims | men | young",
        "Victims | men | old",
        "Victims | women | young",
        "Victims | women | old",
    )

    assert _find(rows, "State", header_rows=3) == (3, names)


def test_header_rows_of_different_length() -> None:
    rows = [["State", "Victims"], ["", "men", "women"], ["Bremen", "1", "2"]]

    assert _find(rows, "State", header_rows=2)[1] == ("State", "Victims | men", "Victims | women")


def test_every_missing_label_is_told_at_the_row_that_comes_nearest() -> None:
    rows = [["Sexo"], ["Año", "Sexos", "Rango edad", "n"], ["2024", "Mujer", "18", "1"]]

    with pytest.raises(DataRefused) as refused:
        _find(rows, "Año", "Sexo", "Rango de edad", "n")

    told = [(problem.rule, problem.row, problem.column, problem.nearest) for problem in refused.value.problems]
    assert told == [
        ("missing_column", 2, "Sexo", ("Sexos",)),
        ("missing_column", 2, "Rango de edad", ("Rango edad",)),
    ]


@pytest.mark.parametrize(("rows", "header_rows"), [([], 1), ([["year", "n"]], 2)])
def test_no_row_can_be_the_header(rows: list[list[str]], header_rows: int) -> None:
    with pytest.raises(DataRefused) as refused:
        _find(rows, "year", header_rows=header_rows)

    assert [problem.rule for problem in refused.value.problems] == ["file_empty"]


def test_a_column_spelled_as_declared_is_the_one_meant_wherever_it_is() -> None:
    """Publishers put ``sex``, a code, beside ``Sex``, its label; for DuckDB both have one name."""
    assert _find([["Sex", "n", "sex"], ["Men", "1", "M"]], "sex")[1] == ("Sex (2)", "n", "sex")


def test_a_label_that_looks_like_a_number_given_to_another_column() -> None:
    rows = [["year", "Total", "Total", "Total (2)"], ["2024", "1", "2", "3"]]

    assert _find(rows, "year")[1] == ("year", "Total", "Total (3)", "Total (2)")


# --- two columns with one label; those of Parquet and of incidents are tested with these -------

YEARS = "layouts:\n  - files: ['*']\n    conserve: '^20[0-9]{2}$'\n    read: {columns: [area, code]%s}\n"
WIDE = (
    "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
    "measures:\n  victims: {counting_unit: victim}\n"
)
UNPIVOT = "SELECT * FROM raw UNPIVOT (n FOR year IN (COLUMNS('^20[0-9]{2}$')))"


def _column_twice(tiny: Tiny) -> list[tuple[str, str | None, str | None, int | None, str | None]]:
    with pytest.raises(DataRefused) as refused:
        tiny.read()
    return [(one.rule, one.file, one.sheet, one.row, one.column) for one in refused.value.problems]


def _sheet(*rows: list[str]) -> bytes:
    xlsxwriter = pytest.importorskip("xlsxwriter")
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Data")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def test_a_label_by_which_the_header_is_found_twice(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", "Figures\narea,year,code,n,n\n14,2024,HOM,3,7\n")

    assert _column_twice(tiny) == [("column_twice", "t.csv", None, 2, "n")]


def test_it_is_refused_in_a_workbook_with_its_sheet(tiny: Tiny) -> None:
    tiny.declare_plain(read=", format: excel")
    tiny.give("t.csv", _sheet(["area", "year", "code", "n", "n"], ["14", "2024", "HOM", "3", "7"]))

    assert _column_twice(tiny) == [("column_twice", "t.csv", "Data", 1, "n")]


def test_a_column_that_only_a_pattern_finds_twice(tiny: Tiny) -> None:
    tiny.declare(YEARS % "" + WIDE, reshape=UNPIVOT)
    tiny.give("t.csv", "area,code,2023,2024,2024\n14,HOM,1,3,7\n")

    assert _column_twice(tiny) == [("column_twice", "t.csv", None, 1, "2024")]


def test_a_column_that_only_the_reshape_names_twice(tiny: Tiny) -> None:
    tiny.declare(YEARS % "" + WIDE, reshape="SELECT *, \"Total\" AS n, '2024' AS year FROM raw")
    tiny.give("t.csv", "area,code,Total,Total\n14,HOM,3,7\n")

    assert _column_twice(tiny) == [("column_twice", "t.csv", None, 1, "Total")]


def test_labels_joined_of_several_rows_twice(tiny: Tiny) -> None:
    layout = YEARS.replace("    conserve: '^20[0-9]{2}$'\n", "") % ", header_rows: 2"
    tiny.declare(
        layout + WIDE.replace("value: n", "value: 'Cases | n'").replace("time_period: year", "time_period: code")
    )
    tiny.give("t.csv", "area,code,Cases,Cases,Persons\n,,n,n,n\n14,HOM,3,7,7\n")

    assert _column_twice(tiny) == [("column_twice", "t.csv", None, 2, "Cases | n")]


def test_a_label_twice_that_the_source_does_not_use_does_not_matter(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", "area,year,code,n,Total,Total,Total (2),,\n14,2024,HOM,3,1,2,4,,\n")

    assert tiny.read()[1] == [(1 + 1, "14", "2024", "HOM", "3", "1", "2", "4", None, None)]


def test_a_source_that_names_the_second_column_too_means_both(tiny: Tiny) -> None:
    tiny.declare(YEARS % "" + WIDE, reshape='SELECT *, "Total" + "Total (2)" AS n, \'2024\' AS year FROM raw')
    tiny.give("t.csv", "area,code,Total,Total\n14,HOM,3,7\n")

    assert tiny.read()[1] == [(2, "14", "HOM", "3", "7")]


def test_a_row_that_is_wider_than_the_engine_sorts_is_refused() -> None:
    """With 9,000 columns DuckDB 1.5 ended the process, and with it the run of every source, by SIGFPE."""
    assert len(_find([["n", *map(str, range(7_999))]], "n")[1]) == 8_000
    with pytest.raises(DataRefused, match=r"A row has 9,001 columns; at most 8,000 are read(?s:.*)file file.csv"):
        _find([["Title"], ["n", *map(str, range(9_000))]], "n")
