"""Lists of areas as a whole: which are complete, and how areas changed."""

from __future__ import annotations

import csv
from pathlib import Path

import pycountry
import pytest

from schemas.areas import AreaChange, area_changes, unlisted_subdivisions, whole_by_iso, whole_lists
from schemas.codelists import load_areas, read_areas
from schemas.declarations import DeclarationError

CODES = Path(__file__).resolve().parents[2] / "schemas" / "codelists" / "subdivisions" / "iso_3166_2.csv"
HEADER = "code,name_en,name_fr,name_es,level,parent,valid_from,valid_to,split_from,merged_into,claimed_by\n"


def give(folder: Path, *rows: str) -> dict[str, Path]:
    text = HEADER + "XX,X,X,X,country,,,,,,\n" + "".join(f"{row}\n" for row in rows)
    (folder / "XX.csv").write_text(text, encoding="utf-8")
    return {"XX.csv": folder / "XX.csv"}


def test_the_subdivisions_are_those_of_the_package_they_were_taken_from() -> None:
    rows = list(csv.DictReader(CODES.open(encoding="utf-8")))
    assert {(row["code"], row["parent"]) for row in rows} == {
        (one.code, one.parent_code or "") for one in pycountry.subdivisions
    }
    own = {country.alpha_2 for country in pycountry.countries} | {"CP"}  # Clipperton, reserved for no country
    assert {row["country"] for row in rows if row["country"]} <= own


@pytest.mark.parametrize(
    ("area", "level"), [("CO", "admin2"), ("CO-ANT", "admin2"), ("GB", "admin1"), ("PE", "admin1")]
)
def test_a_list_is_whole_by_declaration_or_by_what_its_areas_hold(area: str, level: str) -> None:
    """Colombia's municipalities are declared; England and Wales are one area, and Lima holds its municipality."""
    assert (area, level) in whole_lists()


def test_every_bundled_list_of_first_level_is_whole() -> None:
    listed = {area.code[:2] for area in load_areas() if area.level == "admin1" and not area.claimed_by}
    units_of_police = {"BD"}  # ranges and metropolitan police, which no list of subdivisions has: nothing confirms them
    assert listed - units_of_police == {area for area, level in whole_lists() if level == "admin1"}


def test_a_list_that_lacks_a_subdivision_is_not_whole() -> None:
    without = [area for area in load_areas() if area.code != "MX-COL"]
    assert ("MX", "admin1") not in whole_by_iso(without)
    assert ("ZA", "admin1") in whole_by_iso(without)
    (lacking,) = [missing for area, level, missing in unlisted_subdivisions() if (area, level) == ("AU", "admin2")]
    assert lacking == "AU-ACT, AU-NSW, AU-NT, AU-QLD, AU-SA, AU-TAS, AU-VIC, AU-WA"


def test_a_split_and_a_merger_are_changes_of_the_area_that_stays(tmp_path: Path) -> None:
    areas = read_areas(
        give(
            tmp_path,
            "XX-A,A,A,A,admin1,XX,,,,,",
            "XX-B,B,B,B,admin1,XX,2014-06,,XX-A,,",
            "XX-C,C,C,C,admin1,XX,,2009,,XX-A,",
            "XX-D,D,D,D,admin1,XX,,2011-12,,XX-E,",  # E was created by it: there is no series before
            "XX-E,E,E,E,admin1,XX,2012-01,,,,",
        )
    )
    assert area_changes(areas) == [
        AreaChange("XX-A", "2010", "XX-C", gained=True),
        AreaChange("XX-A", "2014-06", "XX-B", gained=False),
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("XX-B,B,B,B,admin1,XX,in 2014,,,,", "valid_from 'in 2014' is not a year or month"),
        ("XX-B,B,B,B,admin1,XX,,,XX-A,,", "split_from needs valid_from"),
        ("XX-B,B,B,B,admin1,XX,,,,XX-A,", "merged_into needs valid_to"),
        ("XX-B,B,B,B,admin1,XX,2014,,XX-Z,,", "split_from 'XX-Z' is in no area list"),
        ("XX-B,B,B,B,admin1,XX,,,,,XX YY", "a territory with claimed_by has no parent"),
    ],
)
def test_a_change_that_cannot_be_is_named(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(DeclarationError, match="XX-B") as refused:
        read_areas(give(tmp_path, "XX-A,A,A,A,admin1,XX,,,,,", row))
    assert told in str(refused.value)
