"""What ``iccs sources new`` writes for a table, by its words: each expectation is what a person reads in the rows."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
import yaml

from pipelines.project.draft import Answers
from pipelines.project.draft_reshape import reshape_statement
from pipelines.project.new_source import draft_source, write_draft
from pipelines.project.roles import Roles, find_roles, looks_like_events
from pipelines.project.seen_table import SeenTable, see_table
from pipelines.system.connection import connect
from pipelines.system.settings import Settings
from schemas.errors import UsageError

Found = tuple[SeenTable, Roles]


def guess(place: Path, *lines: str, country: str | None = "MX") -> Found:
    path = place / "a.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = see_table(path, Settings(data=place / "data"))
    return table, find_roles(table, country, {})


def declared(place: Path, found: Found, **answers: str) -> dict[str, object]:
    draft = draft_source("mx_office_table", *found, "MX", Answers(**answers))
    write_draft(draft, place / "mx_office_table", None)
    written = yaml.safe_load((place / "mx_office_table" / "source.yml").read_text(encoding="utf-8"))
    assert isinstance(written, dict)
    return written


def links(place: Path) -> list[tuple[str, str]]:
    with (place / "mx_office_table" / "concordance.csv").open(encoding="utf-8", newline="") as file:
        return [(row["iccs_code"], row["relation"]) for row in csv.DictReader(file)]


def test_the_total_of_men_and_women_is_read_as_the_total(tmp_path: Path) -> None:
    """21 persons, of whom 15 and 5 are men and women: one is of unknown sex."""
    found = guess(
        tmp_path, "State,Offence,Year,Male,Female,Total", "Jalisco,Murder,2022,15,5,21", "Colima,Murder,2022,1,1,2"
    )
    assert found[1].wide == ("Male", "Female")
    written = declared(tmp_path, found)
    assert found[1].words["sex"] == {"Male": "M", "Female": "F", "Total": "_T"}
    assert written["rows"] == "cells" and written["breakdowns"] == [{"by": ["sex"]}]


def test_the_total_of_offences_or_months_is_compared(tmp_path: Path) -> None:
    found = guess(tmp_path, "State,Year,Murder,Robbery,Total crimes", "Jalisco,2022,10,20,31", "Colima,2022,5,10,15")
    assert declared(tmp_path, found)["controls"] == [
        {"control": "total of each row", "total_column": "Total crimes", "part_columns": ["Murder", "Robbery"]}
    ]


def test_ages_as_columns_with_those_unknown(tmp_path: Path) -> None:
    _, roles = guess(tmp_path, "State,Year,Offence,0-17,18 a 29 años,60+,Unknown", "Jalisco,2022,Murder,1,2,3,1")
    assert roles.words["age"] == {"0-17": "Y0T17", "18 a 29 años": "Y18T29", "60+": "Y_GE60", "Unknown": "_U"}


def test_counts_are_not_those_cleared_up_nor_changes_nor_inhabitants(tmp_path: Path) -> None:
    header = "State,Offence,Year,Change,Population,Recorded,Cleared up"
    _, roles = guess(tmp_path, header, "Jalisco,Robbery,2022,12,80000,100,20", "Colima,Robbery,2022,10,7000,11,2")
    assert roles.columns["value"] == "Recorded"


def test_codes_beside_inhabitants_are_no_counts(tmp_path: Path) -> None:
    header = "cut_region,region,cut_comuna,comuna,sexo,año,población"
    _, roles = guess(tmp_path, header, "1,Tarapacá,1101,Iquique,H,2024,98000", "1,Tarapacá,1101,Iquique,M,2024,99000")
    assert "value" not in roles.columns and roles.wide == ()


def test_homicides_beside_inhabitants_are_counts(tmp_path: Path) -> None:
    _, roles = guess(tmp_path, "State,Year,Population,Homicides", "Jalisco,2022,8000000,100", "Colima,2022,700000,20")
    assert roles.columns["value"] == "Homicides"


def test_numbers_of_victims_are_no_codes_of_areas(tmp_path: Path) -> None:
    """5, 10, 20 and 30 are codes of Mexican states, too."""
    lines = [
        f"{age},2022,{number}" for age, number in (("0-14", 5), ("15-29", 20), ("30-44", 30), ("60+", 10), ("75+", 1))
    ]
    _, roles = guess(tmp_path, "Age group,Year,Victims of homicide", *lines)
    assert roles.columns == {"time_period": "Year", "age": "Age group", "value": "Victims of homicide"}


def test_the_country_is_no_offence(tmp_path: Path) -> None:
    found = guess(tmp_path, "Country,Year,Persons prosecuted for homicide", "Mexico,2021,1000", "Mexico,2022,1100")
    written = declared(tmp_path, found, offence_name="Intentional homicide")
    assert written["columns"]["ref_area"] == "Country"
    assert found[1].words["ref_area"] == {"Mexico": "MX"}
    assert written["measures"] == {"persons": {"stage": "prosecuted", "counting_unit": "person"}}
    assert links(tmp_path) == [("0101", "partial")]


def test_persons_in_prison_are_a_stock_of_all_offences(tmp_path: Path) -> None:
    found = guess(tmp_path, "Year,Prison population on 31 December", "2021,1000", "2022,1100")
    written = declared(tmp_path, found, offence_name="All offences")
    assert written["measures"] == {"persons": {"stage": "held", "counting_unit": "person", "figures": "stock"}}
    assert links(tmp_path) == [("TOTAL", "undivided")]


def test_quarters_beside_years_are_periods(tmp_path: Path) -> None:
    rows = [f"2023,{name},Jalisco,Theft,{number}" for name, number in (("Q1", 100), ("Q2", 110), ("Q3", 120))]
    found = guess(tmp_path, "Year,Quarter,State,Offence,Number", *rows)
    written = declared(tmp_path, found)
    assert written["columns"]["time_period"] == "period"
    assert written["breakdowns"] == [{"by": []}, {"freq": "Q", "by": []}]
    assert "|| '-Q' || CASE" in (tmp_path / "mx_office_table" / "reshape.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words", [("Number", "Rate per 100 000"), ("Victims", "Suspects"), ("Recorded", "Cleared up")], ids=" and ".join
)
def test_figures_of_several_kinds_are_not_added_up(tmp_path: Path, words: tuple[str, str]) -> None:
    rows = [
        f"Jalisco,{year},{word},Murder,{number}"
        for year in (2022, 2023)
        for word, number in zip(words, (12, 8), strict=True)
    ]
    found = guess(tmp_path, "State,Year,Indicator,Offence,Value", *rows)
    draft = draft_source("mx_office_table", *found, "MX", Answers())
    assert "rows:" not in draft.source
    assert any("'Indicator' distinguishes figures of different kinds" in one for one in draft.to_do)


def test_one_category_of_uncertain_language_is_read_as_its_headings(tmp_path: Path) -> None:
    found = guess(
        tmp_path, "Code.département;annee;indicateur;nombre", "01;2022;Homicides;5", "2A;2022;Homicides;3", country="FR"
    )
    draft = draft_source("fr_office_table", *found, "FR", Answers())
    write_draft(draft, tmp_path / "mx_office_table", None)
    assert any(line.startswith("language of the categories: French") for line in draft.seen)
    assert links(tmp_path) == [("0101", "partial")]


def test_a_sheet_with_the_same_columns_is_not_said_to_have_nothing_to_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (("2022", [("Jalisco", 100)]), ("2023", [("Jalisco", 120)]), ("Notes", [("thefts", None)])):
        sheet = book.create_sheet(name)
        for row in [("State", f"Thefts {name}"), *rows] if name != "Notes" else rows:
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    table = see_table(tmp_path / "a.xlsx", Settings(data=tmp_path / "data"))
    draft = draft_source(
        "mx_office_table", table, find_roles(table, "MX", {}), "MX", Answers(offence_name="Theft", year="2022")
    )
    assert "other_sheets: [Notes]" in draft.source
    assert any("sheets with the same columns are not read ('2023')" in one for one in draft.to_do)


@pytest.mark.parametrize(
    ("labels", "years", "periods"),
    [
        ("2022,2023*", ["2022", "2023"], None),
        ("2022 r,2023 prel.", ["2022", "2023"], None),
        ("2022M01,2022M02", None, ["2022-01", "2022-02"]),
        ("2022_11,2022_12", None, ["2022-11", "2022-12"]),
        ("2022Q3,2022K4", None, ["2022-Q3", "2022-Q4"]),
    ],
)
def test_labels_of_years_and_periods_as_offices_write_them(
    tmp_path: Path, labels: str, years: list[str] | None, periods: list[str] | None
) -> None:
    table, roles = guess(tmp_path, f"State,Offence,{labels}", "Jalisco,Murder,10,11", "Colima,Murder,1,2")
    assert roles.wide == tuple(labels.split(","))
    statement = reshape_statement(table, roles, {})
    assert statement is not None
    with connect(Settings(data=tmp_path / "data")) as connection:
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW raw AS FROM read_csv('{tmp_path / 'a.csv'}', all_varchar = true)"
        )
        found = connection.execute(f"SELECT DISTINCT year_of_column FROM ({statement}) ORDER BY ALL").fetchall()
    assert [year for (year,) in found] == (years or periods)


def test_quarters_in_a_column_are_written_as_ours(tmp_path: Path) -> None:
    found = guess(tmp_path, "State,Offence,Quarter,Number", "Jalisco,Murder,2023Q1,10", "Jalisco,Murder,2023Q2,11")
    written = declared(tmp_path, found)
    assert written["columns"]["time_period"] == "period"  # type: ignore[index]
    assert "period FROM raw" in (tmp_path / "mx_office_table" / "reshape.sql").read_text(encoding="utf-8")


def test_a_header_of_two_rows_and_one_that_numbers_the_columns(tmp_path: Path) -> None:
    """Counts and rates of two years below their year; a blank row and the unit above."""
    found = guess(
        tmp_path,
        "Offences by state,,,,",
        ",,,,",
        "State,2022,,2023 prel.,",
        ",Number,Rate,Number,Rate",
        "(1),(2),(3),(4),(5)",
        "Jalisco,10,1.2,11,1.3",
        "Colima,1,0.1,2,0.2",
    )
    table, roles = found
    assert (table.header_row, table.read) == (4, {"header_rows": "2"})
    assert table.numbering == ("(1)", "(2)", "(3)", "(4)", "(5)") and len(table.rows) == 2
    assert roles.wide == ("2022 | Number", "2023 prel. | Number")
    written = declared(tmp_path, found, offence_name="Murder")
    assert written["layouts"][0]["read"]["header_rows"] == 2  # type: ignore[index]
    assert [one["rule"] for one in written["exclusions"]] == ["numbers_of_columns"]  # type: ignore[attr-defined]


def test_men_and_women_below_their_year_are_not_one_count(tmp_path: Path) -> None:
    rows = ("State,2022,,2023,", ",Men,Women,Men,Women", "Jalisco,10,1,11,2", "Colima,1,0,2,1")
    _, roles = guess(tmp_path, *rows)
    assert roles.wide_is != "year"
    _, roles = guess(tmp_path, *(row.replace("Women", "Total") for row in rows))
    assert roles.wide == ("2022 | Total", "2023 | Total")


def test_a_first_row_of_small_counts_does_not_number_the_columns(tmp_path: Path) -> None:
    table, _ = guess(tmp_path, "State,Murder,Robbery,Theft", "1,2,3,4", "2,5,6,7")
    assert table.numbering == () and len(table.rows) == 2


def test_rows_that_no_column_tells_apart_are_not_added_up(tmp_path: Path) -> None:
    """Ten murders, and 3 in 100,000 in a second block without a word of its own."""
    found = guess(tmp_path, "State,Offence,2022,2023", "Jalisco,Murder,10,11", "Jalisco,Murder,3,4")
    assert "rows" not in declared(tmp_path, found)


def test_the_offence_that_is_stated_is_the_only_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("State,Year,Weapon used,Total\nJalisco,2022,Firearm,10\nColima,2022,Knife,1\n", encoding="utf-8")
    table = see_table(path, Settings(data=tmp_path / "data"))
    roles = find_roles(table, "MX", {}, one_offence=True)
    assert "national_code" not in roles.columns and not roles.wide


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp932", "罪種,認知件数\n殺人,912\n強盗,1361\n"), ("cp1251", "Регион,Год,Убийство\nМосква,2022,10\n")],
)
def test_letters_of_another_script_are_not_read_as_western_ones(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(UsageError, match="--encoding"):
        see_table(path, Settings(data=tmp_path / "data"))
    assert see_table(path, Settings(data=tmp_path / "data"), encoding=encoding).names[0] in ("罪種", "Регион")


def test_of_several_counts_by_year_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    rows = ("Offence,2022,,2023,", ",Cases,Suspects,Cases,Suspects", "Murder,10,12,11,13", "Robbery,20,22,21,23")
    found = guess(tmp_path, *(row.replace("Cases", "Known") for row in rows))
    with pytest.raises(UsageError, match=r"several counts .*--value"):
        declared(tmp_path, found)
    roles = find_roles(found[0], "MX", {"value": "2022 | Suspects"})
    assert roles.wide == ("2022 | Suspects", "2023 | Suspects") and "value" not in roles.columns


def test_a_rate_with_another_figure_in_each_row_is_no_code(tmp_path: Path) -> None:
    rows = ("Offence,2022,,2023,", ",Number,Per 100 000,Number,Per 100 000", "Murder,10,1,11,2", "Robbery,20,3,21,4")
    _, roles = guess(tmp_path, *rows)
    assert roles.columns["national_code"] == "Offence" and roles.label is None


def test_a_cover_sheet_names_the_other_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Recorded crime"])
    book.create_sheet("Table 1").append(["State", "2022"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(UsageError, match=r"--sheet for another sheet \('Table 1'\)"):
        see_table(tmp_path / "a.xlsx", Settings(data=tmp_path / "data"))


def test_a_record_with_a_day_and_coordinates_is_an_event(tmp_path: Path) -> None:
    rows = (
        "ID,Date,Primary Type,District,Latitude",
        "1,01/02/2023 02:07:00 PM,THEFT,001,41.88",
        "2,01/03/2023,ROBBERY,002,41.7",
    )
    assert looks_like_events(*guess(tmp_path, *rows, country="US"))
    with_counts = ("Date,Offence,Number", "2023-01-01,Theft,12", "2023-01-02,Theft,7")
    assert not looks_like_events(*guess(tmp_path, *with_counts, country="US"))


def test_thousands_in_texts_of_a_workbook_are_declared(tmp_path: Path) -> None:
    """Cells of text with a blank that does not break, beside cells of numbers."""
    book = openpyxl.Workbook()
    for row in (
        ["State", "Offence", "2022", "2023"],
        ["Jalisco", "Murder", "1\u00a0234", 12],
        ["Colima", "Murder", 7, 1.5],
    ):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    table = see_table(tmp_path / "a.xlsx", Settings(data=tmp_path / "data"))
    assert declared(tmp_path, (table, find_roles(table, "MX", {})))["thousands"] == " "


@pytest.mark.parametrize("words", [("Kvinnor", "Män"), ("Femmine", "Maschi"), ("Kobiety", "Mężczyźni")])
def test_sexes_in_languages_of_no_packaged_source(tmp_path: Path, words: tuple[str, str]) -> None:
    _, roles = guess(
        tmp_path, f"State,Offence,Year,{words[0]},{words[1]}", "Jalisco,Murder,2022,1,10", "Colima,Murder,2022,2,3"
    )
    assert roles.words["sex"] == {words[0]: "F", words[1]: "M"}


def test_a_damaged_workbook_is_named_without_a_source(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["year", "n"])
    book.save(tmp_path / "whole.xlsx")
    (tmp_path / "d.xlsx").write_bytes((tmp_path / "whole.xlsx").read_bytes()[:2500])
    with pytest.raises(UsageError) as refused:
        see_table(tmp_path / "d.xlsx", Settings(data=tmp_path / "data"))
    assert "  where:   file d.xlsx\n" in str(refused.value)
