"""Places: what has no stated region, what a source covers, which areas existed. Expected sums are of the rows given."""

from __future__ import annotations

import pytest
from grains import KINDS, Declared, take
from tiny_source import HOMICIDE, Tiny

from pipelines.system.errors import DataRefused
from schemas.codelists import load_areas

ZA = ("ZA-EC", "ZA-FS", "ZA-GP", "ZA-KZN", "ZA-LP", "ZA-MP", "ZA-NC", "ZA-NW", "ZA-WC")
WORDS = "value,:,O,\nvalue,x,Q,\nref_area,,ZA-_U,\n"
ALL = "ref_area IN ('ZA', 'ZA-_U') AND iccs = '0101'"


def rows(year: int, unplaced: str | None = None, areas: tuple[str, ...] = ZA) -> str:
    """Ten in each area, and what has no stated area."""
    text = "".join(f"{area},{year},HOM,10\n" for area in areas)
    return text + (f",{year},HOM,{unplaced}\n" if unplaced is not None else "")


@pytest.mark.parametrize("kind", ["cells", "parts", "events"])
def test_what_has_no_stated_region_is_added_to_the_regions(tiny: Tiny, kind: str) -> None:
    tiny.declare_plain(f"rows: {kind}\n", scheme="code", values=WORDS)
    tiny.give("t.csv", "area,year,code,n\n" + rows(2021) + rows(2022, "7") + rows(2023, "0"))

    found = tiny.run().cells("ref_area, time_period", ALL)

    assert {year: found["ZA", year][0] for year in ("2021", "2022", "2023")} == {"2021": 90, "2022": 97, "2023": 90}
    assert found["ZA-_U", "2022"] == (7, "A", None)
    assert found.get(("ZA-_U", "2021")) == ((0, "A", None) if kind == "events" else None)


def test_a_suppressed_figure_of_no_stated_region_is_missing_in_the_country(tiny: Tiny) -> None:
    tiny.declare_plain(scheme="code", values=WORDS)
    tiny.give("t.csv", "area,year,code,n\n" + rows(2021, "x") + rows(2022, "7", ZA[1:]))

    found = tiny.run().cells("ref_area, time_period", ALL)

    assert found["ZA", "2021"] == (None, "O", "incomplete")
    assert found["ZA", "2022"] == (None, "O", "incomplete")  # a region lacks; seven that are not placed are not it


def test_what_has_no_stated_region_may_be_of_one_sex_only(tiny: Tiny) -> None:
    tiny.declare(
        "layouts:\n  - files: [t.csv]\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\nbreakdowns:\n  - {by: [sex]}\n",
        "sex,m,M,\nsex,f,F,\nref_area,,ZA-_U,\n",
    )
    placed = "".join(f"{area},2022,HOM,{sex},5\n" for area in ZA for sex in ("m", "f"))
    tiny.give("t.csv", "area,year,code,sex,n\n" + placed + ",2022,HOM,m,3\n")

    found = tiny.run().cells("ref_area, sex", ALL)

    assert found["ZA", "_T"] == (93, "A", None)
    assert (found["ZA", "M"], found["ZA", "F"]) == ((48, "A", None), (45, "A", None))


def test_a_population_of_no_stated_region_is_added_and_none_is_needed(tiny: Tiny) -> None:
    tiny.declare(
        "kind: population\nlayouts:\n  - files: [t.csv]\n    read: {columns: [area, year, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, value: n}\n"
        "measures:\n  persons: {stage: _Z, counting_unit: person}\n",
        "ref_area,,ZA-_U,\n",
    )
    text = "".join(f"{area},{year},10\n" for area in ZA for year in (2021, 2022))
    tiny.give("t.csv", "area,year,n\n" + text + ",2022,4\n")

    found = tiny.run().cells("ref_area, time_period", "ref_area = 'ZA'")

    assert found == {("ZA", "2021"): (90, "A", None), ("ZA", "2022"): (94, "A", None)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("above", "inside"), [("MX", "MX-JAL"), ("CO-ANT", "CO-05001"), ("CO", "CO-05001")])
def test_events_of_an_area_beside_events_inside_it_are_refused(tiny: Tiny, kind: str, above: str, inside: str) -> None:
    """At any level: of the country beside states, of a department beside municipalities. -_U is the way."""
    events = [("2024-01", inside, "HOM", "m"), ("2024-01", "?", "HOM", "m"), ("2024-02", "?", "HOM", "f")]
    wrong, right = (
        Declared(values=f"sex,m,M\nsex,f,F\nref_area,?,{code}\n", links=(HOMICIDE,)) for code in (above, f"{above}-_U")
    )

    refused = take(tiny, wrong, events, kind, "csv").refused
    assert [(rule, value) for rule, _, value, _ in refused] == [("place_beside_parts", above)]
    assert {cell[0]: value for cell, (value, _) in take(tiny, right, events, kind, "csv").cells.items()}.keys() == {
        inside,
        f"{above}-_U",
    }


def test_a_blank_place_is_no_country_where_rows_add_up(tiny: Tiny) -> None:
    """In a file of cells it may be: the label of the national row is left blank."""
    text = "area,year,code,n\n" + rows(2022) + ",2022,HOM,90\n"
    for kind, refused in (("parts", True), ("cells", False)):
        tiny.declare_plain(f"rows: {kind}\n", scheme="code", values="ref_area,,ZA,\n")
        tiny.give("t.csv", text)
        if refused:
            with pytest.raises(DataRefused, match="write ref_area,,ZA-_U instead of ref_area,,ZA"):
                tiny.run()
        else:
            assert tiny.run().cells("ref_area", "ref_area = 'ZA' AND iccs = '0101'")["ZA"][0] == 90


def test_a_source_has_no_rows_of_what_it_does_not_cover(tiny: Tiny) -> None:
    tiny.declare_plain("covers: [ZA-EC, ZA-FS]\nrows: events\n", scheme="code", values="ref_area,,ZA-_U,\n")
    tiny.give("t.csv", "area,year,code,n\nZA-EC,2022,HOM,3\n,2022,HOM,2\n")

    found = tiny.run().cells("ref_area", "iccs = '0101'")
    assert found == {"ZA-EC": (3, "A", None), "ZA-FS": (0, "A", None), "ZA-_U": (2, "A", None)}

    tiny.give("t.csv", "area,year,code,n\nZA-EC,2022,HOM,3\nZA-GP,2022,HOM,2\n")
    with pytest.raises(DataRefused, match="1 observations of ZA-GP, which is not among the areas under covers"):
        tiny.run()


def test_a_country_is_made_of_the_areas_that_existed(tiny: Tiny) -> None:
    """India has 38 areas in its list: 34 of both years, and 35 in 2013, 36 in 2021 with those that came and went."""
    india = [area for area in load_areas() if area.parent == "IN" and area.level == "admin1"]
    text = "".join(
        f"{area.code},{year},HOM,1\n"
        for year in (2013, 2021)
        for area in india
        if (area.first_year or 0) <= year <= (area.last_year or 9999)
    )
    tiny.declare_plain(scheme="code")
    tiny.give("t.csv", "area,year,code,n\n" + text)

    found = tiny.run().cells("time_period", "ref_area = 'IN' AND iccs = '0101'")

    assert found == {"2013": (35, "A", None), "2021": (36, "A", None)}


def test_an_area_that_did_not_exist_has_no_zeros(tiny: Tiny) -> None:
    tiny.declare_plain("rows: events\n", scheme="code")
    tiny.give("t.csv", "area,year,code,n\nIN-KA,2010,HOM,5\nIN-TS,2015,HOM,5\n")

    found = tiny.run().cells("ref_area, time_period", "iccs = '0101'")

    assert ("IN-TS", "2010") not in found
    assert found["IN-AP", "2010"] == (0, "A", None)
    assert found["IN-TS", "2015"] == (5, "A", None)


def test_a_third_sex_need_not_be_in_every_area(tiny: Tiny) -> None:
    tiny.declare(
        "layouts:\n  - files: [t.csv]\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\nbreakdowns:\n  - {by: [sex]}\n",
        "sex,m,M,\nsex,f,F,\nsex,x,_O,\n",
    )
    text = "".join(f"{area},2022,HOM,{sex},5\n" for area in ZA for sex in ("m", "f"))
    tiny.give("t.csv", "area,year,code,sex,n\n" + text + "ZA-EC,2022,HOM,x,1\n")

    found = tiny.run().cells("ref_area, sex", "ref_area IN ('ZA', 'ZA-EC', 'ZA-FS') AND iccs = '0101' AND sex = '_T'")

    assert found == {
        ("ZA", "_T"): (91, "A", None),
        ("ZA-EC", "_T"): (11, "A", None),
        ("ZA-FS", "_T"): (10, "A", None),
    }
