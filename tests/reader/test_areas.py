"""Areas by code and by name, in the code lists of the package."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from pipelines.publish.build import load_lists
from pipelines.publish.published_schema import create_tables
from pipelines.reader.areas import find_area, list_areas
from pipelines.reader.selection import SeriesQuery
from pipelines.reader.series.rates import read_rates
from pipelines.system.settings import Settings
from schemas.declarations import breakdown_columns
from schemas.errors import UsageError


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(data=tmp_path_factory.mktemp("areas"))
    made.published.parent.mkdir(parents=True)
    cell = {"source": "xx_a", "time_period": "2020", "iccs": "0101", "stage": "recorded", "counting_unit": "victim",
            **dict.fromkeys(breakdown_columns(), "_T"), "value": 1.0}  # fmt: skip
    cells = pa.Table.from_pylist([{**cell, "ref_area": area} for area in ("MX", "MX-JAL")])
    with duckdb.connect(str(made.published)) as connection:
        create_tables(connection)
        load_lists(connection)
        connection.execute("INSERT INTO out.release BY NAME SELECT 'r' AS release")
        connection.register("cells", cells)
        connection.execute("INSERT INTO out.rate BY NAME FROM cells")
    return made


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MX", "MX"),
        ("mx-jal", "MX-JAL"),
        ("Mexico", "MX"),  # the country, not the state of that name
        ("méxico", "MX"),
        (" Mexique ", "MX"),
        ("Jalisco", "MX-JAL"),
        ("ALEMANIA", "DE"),
        ("Côte d'Ivoire", "CI"),
    ],
)
def test_an_area_is_found_by_code_and_by_name_in_three_languages(settings: Settings, text: str, code: str) -> None:
    assert find_area(text, settings) == code


def test_an_unknown_name_says_which_are_near_with_their_codes(settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"unknown area 'Mexiko'; nearest: MX \(Mexico\).*; list all: iccs areas"):
        find_area("Mexiko", settings)
    with pytest.raises(UsageError, match="unknown area '§§§'; nearest: none"):
        find_area("§§§", settings)


def test_a_name_of_two_areas_of_one_size_is_refused(settings: Settings) -> None:
    with duckdb.connect(str(settings.published), read_only=True) as connection:
        (name,) = connection.execute(
            "SELECT name_en FROM out.area WHERE area_level = 'admin2' AND name_en NOT IN (SELECT name_en FROM out.area "
            "WHERE area_level <> 'admin2') GROUP BY name_en HAVING count(*) = 2 ORDER BY 1"
        ).fetchone() or ("",)  # of municipalities only
    with pytest.raises(UsageError, match=f"several areas are called '{name}': .*; give the code of one"):
        find_area(name, settings)


def test_the_list_has_areas_with_figures_only(settings: Settings) -> None:
    assert [area["code"] for area in list_areas(None, settings)] == ["MX", "MX-JAL"]
    assert [area["code"] for area in list_areas("jalis", settings)] == ["MX-JAL"]
    assert [area["code"] for area in list_areas("mexico", settings)] == ["MX", "MX-JAL"]  # with its parts
    assert list_areas("Sweden", settings) == []


def test_a_query_of_several_areas_and_parts_by_something_else_are_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="a query is for one area"):
        read_rates(SeriesQuery("0101", ["MX", "AR"]), settings=settings)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="by is one of sex, age, area, not 'source'"):
        read_rates(SeriesQuery("0101", "MX"), "source", settings)  # type: ignore[arg-type]
