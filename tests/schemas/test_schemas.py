"""Declarations that every table, code and area must satisfy; the lists are read straight from their files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from importlib import resources

import duckdb
import pytest
import yaml

from pipelines.publish.published_schema import create_tables
from schemas.codelists import (
    NOT_STATED,
    age_labels,
    area_ancestors,
    load_areas,
    load_codelist,
    parse_age,
    valid_codes,
)
from schemas.declarations import (
    ATTRIBUTES,
    attribute_columns,
    breakdown_columns,
    create_table_sql,
    load_columns,
    load_rules,
    load_tables,
    quote_identifier,
    quote_literal,
)

SCHEMAS = resources.files("schemas")
TABLES = sorted(
    entry.name.removesuffix(".yml") for entry in SCHEMAS.joinpath("tables").iterdir() if entry.name.endswith(".yml")
)
OWN_LISTS = sorted(
    entry.name.removesuffix(".csv") for entry in SCHEMAS.joinpath("codelists").iterdir() if entry.name.endswith(".csv")
)
AREA_FILES = sorted(entry.name for entry in SCHEMAS.joinpath("codelists", "areas").iterdir())


def _rows(*path: str) -> list[dict[str, str]]:
    text = SCHEMAS.joinpath(*path).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


# --- columns and tables --------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_table_names_declared_columns_once_and_says_its_grain(name: str) -> None:
    declared = yaml.safe_load(SCHEMAS.joinpath("tables", f"{name}.yml").read_text(encoding="utf-8"))

    assert set(declared) - {"may_be_empty"} == {"description", "grain", "filled_by", "columns"}
    assert [column for column, times in Counter(declared["columns"]).items() if times > 1] == []
    assert declared["grain"].startswith("one row")
    columns = [column.name for column in load_tables()[name].columns]
    if ATTRIBUTES in declared["columns"]:
        place = columns.index(attribute_columns()[0])
        columns[place : place + len(attribute_columns())] = [ATTRIBUTES]
    assert columns == declared["columns"]


def test_every_declared_column_is_in_some_table_or_view() -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        found = connection.execute("SELECT column_name FROM duckdb_columns() WHERE schema_name = 'out'").fetchall()
    used = {name for (name,) in found}

    assert sorted(set(load_columns()) - used) == []


def test_columns_say_what_they_are() -> None:
    for column in load_columns().values():
        assert column.role in ("dimension", "measure", "attribute"), column.name
        assert column.description.endswith("."), column.name
        if column.role == "measure" and column.type == "DOUBLE":
            assert column.unit, f"{column.name}: a number needs a unit"


@pytest.fixture(scope="module")
def created() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with every declared table."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA out")
        for table in load_tables().values():
            for statement in create_table_sql(table):
                connection.execute(statement)
        yield connection


@pytest.mark.parametrize("name", TABLES)
def test_table_can_be_created_with_a_comment_on_everything(name: str, created: duckdb.DuckDBPyConnection) -> None:
    columns = created.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = $name ORDER BY column_index",
        {"name": name},
    ).fetchall()
    tables = created.execute("SELECT comment FROM duckdb_tables() WHERE table_name = $name", {"name": name}).fetchall()

    assert [(column.name, column.type, column.comment) for column in load_tables()[name].columns] == columns
    assert tables == [(load_tables()[name].comment,)]
    assert all(comment for _, _, comment in columns)


def test_names_and_texts_are_quoted_whatever_they_hold() -> None:
    with duckdb.connect() as connection:
        for text in ("plain", 'a "b" c', "l'âge", "x; DROP TABLE y --", "á\n\tb", "''", '""'):
            found = connection.execute(f"SELECT {quote_literal(text)} AS {quote_identifier(text)}")
            assert (found.description[0][0], found.fetchall()) == (text, [(text,)])


def test_attributes_are_columns_with_their_own_codes_in_every_table_of_cells() -> None:
    assert breakdown_columns() == ("sex", "age", *attribute_columns())
    for name in ("observation", "rate", "revision"):
        columns = [column.name for column in load_tables()[name].columns]
        place = columns.index("age") + 1
        assert tuple(columns[place : place + len(attribute_columns())]) == attribute_columns()
    for name in attribute_columns():
        column = load_columns()[name]
        assert (column.type, column.role, column.codelist) == ("VARCHAR", "dimension", name)


# --- code lists ----------------------------------------------------------------------------------

# Kept elsewhere than in schemas/codelists: a tree, a list of areas, a pattern.
NOT_LISTS = {"iccs", "area", "age"}


@pytest.mark.parametrize("name", sorted({c.codelist for c in load_columns().values() if c.codelist} - NOT_LISTS))
def test_code_list_that_a_column_names_exists(name: str) -> None:
    codes = [code.code for code in load_codelist(name)]

    assert codes
    assert valid_codes(name) == frozenset(codes)


@pytest.mark.parametrize("name", OWN_LISTS)
def test_code_list_has_each_code_once_with_labels_in_three_languages(name: str) -> None:
    rows = _rows("codelists", f"{name}.csv")

    assert [code for code, times in Counter(row["code"] for row in rows).items() if times > 1] == []
    assert [row for row in rows if not all(row[f"label_{language}"] for language in ("en", "fr", "es"))] == []
    assert [row for row in rows if any(cell != cell.strip() for cell in row.values())] == []


def test_unknown_code_list_is_an_error() -> None:
    with pytest.raises(KeyError, match="atlantis"):
        load_codelist("atlantis")


@pytest.mark.parametrize("name", ["sex", "stage", *attribute_columns()])
def test_total_unknown_and_not_applicable_are_codes_where_totals_are_made(name: str) -> None:
    codes = valid_codes(name)

    assert codes is not None
    if name == "stage":
        assert "_Z" in codes
    else:
        assert {"_T", "_U"} <= codes


def test_sex_codes_are_those_of_sdmx() -> None:
    # SDMX CL_SEX as this project uses it: male, female, other, unknown, total, not applicable.
    assert [code.code for code in load_codelist("sex")] == ["M", "F", "_O", "_U", "_T", "_Z"]


# --- ages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "bounds", "english"),
    [
        ("Y0T14", (0, 14), "0-14 years"),
        ("Y85T89", (85, 89), "85-89 years"),
        ("Y0", (0, 0), "0 years"),
        ("Y7", (7, 7), "7 years"),
        ("Y_LT15", (0, 14), "0-14 years"),
        ("Y_GE18", (18, None), "18 years and over"),
        ("Y_GE100", (100, None), "100 years and over"),
        ("Y5T5", (5, 5), "5 years"),
        ("_T", None, "All ages"),
        ("_U", None, "Age unknown"),
        ("_Z", None, "Not applicable"),
    ],
)
def test_age_code_is_parsed_and_labelled(code: str, bounds: tuple[int, int | None] | None, english: str) -> None:
    assert parse_age(code) == bounds
    assert age_labels(code)[0] == english
    assert len(set(age_labels(code))) == 3


@pytest.mark.parametrize("code", ["", "T", "Y", "0T14", "Y14T0", "Y0-14", "y0T14", "Y0T14 ", "Y_GE", "Y_LE14", "Y1T2T"])
def test_what_is_no_age_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"age code|ends before"):
        parse_age(code)


# --- areas ---------------------------------------------------------------------------------------


def test_each_area_is_there_once_and_its_parent_is_known() -> None:
    rows = [row for name in AREA_FILES for row in _rows("codelists", "areas", name)]
    codes = Counter(row["code"] for row in rows)

    assert [code for code, times in codes.items() if times > 1] == []
    assert sorted({row["parent"] for row in rows if row["parent"]} - set(codes)) == []
    assert {area.code for area in load_areas() if area.level != NOT_STATED} == set(codes)


def test_parent_is_of_the_level_above() -> None:
    levels = [code.code for code in load_codelist("area_level")]
    by_code = {area.code: area for area in load_areas()}

    assert levels == ["country", "admin1", "admin2", NOT_STATED]
    for area in by_code.values():
        if area.level == "country":
            assert area.parent is None
            assert len(area.code) == 2
        elif area.level == NOT_STATED:
            assert area.code == f"{area.parent}-_U"
        elif area.claimed_by:
            assert area.parent is None
            assert len(area.claimed_by) > 1
        else:
            assert area.parent is not None
            assert levels.index(by_code[area.parent].level) == levels.index(area.level) - 1
            assert area.code.startswith(f"{area.code[:2]}-")
            assert area.parent.startswith(area.code[:2])


def test_areas_have_names_in_three_languages() -> None:
    assert [area.code for area in load_areas() if not (area.name_en and area.name_fr and area.name_es)] == []


def test_code_of_a_scheme_means_one_area() -> None:
    pairs = Counter((scheme, code) for area in load_areas() for scheme, code in area.schemes)

    assert [pair for pair, times in pairs.items() if times > 1] == []


@pytest.mark.parametrize(
    ("country", "level", "number"),
    [
        ("MX", "admin1", 32),  # states, Mexico City among them
        ("AR", "admin1", 24),  # 23 provinces and the capital
        ("CO", "admin1", 33),  # 32 departments and Bogotá
        ("CO", "admin2", 1122),  # municipalities, DANE
        ("IN", "admin1", 38),  # 36 of today, and two union territories that were merged in 2020
        ("GB", "admin1", 3),  # as Eurostat gives them: England and Wales, Scotland, Northern Ireland
    ],
)
def test_country_has_all_its_parts(country: str, level: str, number: int) -> None:
    assert len([area for area in load_areas() if area.code[:2] == country and area.level == level]) == number


@pytest.mark.parametrize(
    ("scheme", "code", "area"),
    [
        ("inegi", "14", "MX-JAL"),
        ("inegi", "9", "MX-CMX"),
        ("indec", "02", "AR-C"),
        ("indec", "94", "AR-V"),
        ("dane", "11", "CO-DC"),
        ("dane", "05001", "CO-05001"),
        ("eurostat", "EL", "GR"),
        ("eurostat", "XK", "XK"),
        ("iso3", "MEX", "MX"),
    ],
)
def test_well_known_codes(scheme: str, code: str, area: str) -> None:
    assert [item.code for item in load_areas() if (scheme, code) in item.schemes] == [area]


def test_ancestors_of_an_area_end_with_its_country() -> None:
    above: dict[str, list[tuple[str, str]]] = {}
    for area, ancestor, level in area_ancestors():
        above.setdefault(area, []).append((ancestor, level))

    assert above["CO-05001"] == [("CO-05001", "admin2"), ("CO-ANT", "admin1"), ("CO", "country")]
    assert above["MX"] == [("MX", "country")]
    claimed = {area.code for area in load_areas() if area.claimed_by}
    assert [area for area, way in above.items() if way[-1][1] != "country"] == sorted(claimed, reverse=True)


# --- rules ---------------------------------------------------------------------------------------


def test_every_rule_says_why_and_what_to_do() -> None:
    for rule in load_rules().values():
        assert rule.reason.endswith("."), rule.name
        assert rule.what_to_do.endswith("."), rule.name
        assert rule.severity in ("error", "warning"), rule.name


def test_rule_names_are_declared_once() -> None:
    names = [
        name
        for entry in SCHEMAS.joinpath("rules").iterdir()
        if entry.name.endswith(".yml")
        for name in yaml.safe_load(entry.read_text(encoding="utf-8"))
    ]

    names.remove("*attributes_codes")
    names += [f"{attribute}_codes" for attribute in attribute_columns()]
    assert sorted(names) == sorted(set(names)) == sorted(load_rules())
