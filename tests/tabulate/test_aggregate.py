"""Totals over sexes, ages, months, areas and the ICCS tree: each made once, and only of all its parts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from importlib import resources
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_source import Tiny

from pipelines.tabulate.aggregate import TablePlan, plan_tables
from schemas.declarations import breakdown_columns
from schemas.definition.measures import Measure
from schemas.definition.publication import Breakdown
from schemas.errors import UsageError
from schemas.source import Source

HEAD = "area,year,code,n\n"
LINK = {"national_label": "x", "relation": "narrower"}
HOMICIDE = {**LINK, "national_code": "HOM", "iccs_code": "0101"}
ATTEMPT = {**LINK, "national_code": "ATT", "iccs_code": "0102"}


# --- which tables to make ------------------------------------------------------------------------


def _source(breakdowns: list[Breakdown], measures: tuple[str, ...] = ("victims",)) -> Source:
    return Source.model_validate(
        {
            "source_id": "xx_tiny",
            "title": "t",
            "publisher": "p",
            "url": "u",
            "citation": "c",
            "licence": {"name": "l"},
            "layouts": [{"files": ["t.csv"], "read": {"columns": ["a"]}}],
            "columns": {"ref_area": "a", "time_period": "b", "value": "c", "measure": "d"},
            "area_scheme": "inegi",
            "measures": {name: Measure(counting_unit="victim") for name in measures},
            "breakdowns": breakdowns,
        }
    )


def _planned(plans: list[TablePlan]) -> dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]]:
    planned = [((plan.measure, plan.freq, one), plan.area_levels) for plan in plans for one in plan.sets]
    assert len(dict(planned)) == len(planned), "a set of dimensions is made twice"
    return dict(planned)


def test_breakdown_brings_all_its_margins() -> None:
    plans = plan_tables(_source([Breakdown(by=("sex", "age"))]))

    assert set(_planned(plans)) == {("victims", "A", one) for one in [(), ("sex",), ("age",), ("sex", "age")]}


def test_margins_that_two_breakdowns_share_are_made_once_and_everywhere_one_of_them_wants_them() -> None:
    plans = plan_tables(
        _source([Breakdown(by=("sex", "age")), Breakdown(by=("weapon", "sex"), area_levels=("country",))])
    )

    assert _planned(plans) == {
        ("victims", "A", ()): (),  # () is every level
        ("victims", "A", ("sex",)): (),
        ("victims", "A", ("age",)): (),
        ("victims", "A", ("sex", "age")): (),
        ("victims", "A", ("weapon",)): ("country",),
        ("victims", "A", ("sex", "weapon")): ("country",),
    }


def test_area_levels_of_two_breakdowns_are_put_together() -> None:
    plans = plan_tables(
        _source([Breakdown(by=("sex",), area_levels=("country",)), Breakdown(by=("age",), area_levels=("admin1",))])
    )

    assert _planned(plans) == {
        ("victims", "A", ()): ("country", "admin1"),
        ("victims", "A", ("sex",)): ("country",),
        ("victims", "A", ("age",)): ("admin1",),
    }


BREAKDOWNS = st.builds(
    Breakdown,
    freq=st.sampled_from(["A", "M"]),
    by=st.lists(st.sampled_from(["sex", "age", "weapon"]), unique=True).map(tuple),
    measures=st.lists(st.sampled_from(["offences", "victims"]), unique=True).map(tuple),
    area_levels=st.lists(st.sampled_from(["country", "admin1"]), unique=True).map(tuple),
)


@settings(max_examples=40)
@given(st.lists(BREAKDOWNS, min_size=1, max_size=4))
def test_plan_is_what_the_breakdowns_ask_for_and_no_more(breakdowns: list[Breakdown]) -> None:
    wanted: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for breakdown in breakdowns:
        levels = set(breakdown.area_levels or ("country", "admin1", "admin2"))
        for measure in breakdown.measures or ("offences", "victims"):
            for size in range(len(breakdown.by) + 1):
                for some in combinations(breakdown.by, size):
                    key = (measure, breakdown.freq, tuple(sorted(some, key=breakdown_columns().index)))
                    wanted.setdefault(key, set()).update(levels)

    planned = _planned(plan_tables(_source(breakdowns, ("offences", "victims"))))

    assert {key: set(levels or ("country", "admin1", "admin2")) for key, levels in planned.items()} == wanted


# --- areas ---------------------------------------------------------------------------------------


def _area_codes(country: str, scheme: str, level: str) -> list[str]:
    """Codes of a scheme straight from the area list."""
    path = resources.files("schemas").joinpath("codelists", "areas", f"{country}.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    return [row[scheme] for row in rows if row["level"] == level]


def test_areas_of_two_levels_are_not_added_to_each_other(tiny: Tiny) -> None:
    # The file gives each department and, beside it, its municipalities: the country has 33 x 100 victims, not more.
    departments, municipalities = _area_codes("CO", "dane", "admin1"), _area_codes("CO", "dane", "admin2")
    assert (len(departments), len(municipalities)) == (33, 1122)
    tiny.declare_plain(scheme="dane")
    rows = [f"{code},2024,HOM,100\n" for code in departments] + [f"{code},2024,HOM,1\n" for code in municipalities]
    tiny.give("t.csv", HEAD + "".join(rows))

    cells = tiny.run().cells("ref_area", "iccs = '0101' AND ref_area IN ('CO', 'CO-ANT', 'CO-05001')")

    assert cells == {"CO": (3300, "A", None), "CO-ANT": (100, "A", None), "CO-05001": (1, "A", None)}


def test_municipalities_add_up_through_departments_to_the_country(tiny: Tiny) -> None:
    municipalities = _area_codes("CO", "dane", "admin2")
    in_antioquia = Counter(code[:2] for code in municipalities)["05"]
    tiny.declare_plain(scheme="dane")
    years = {2023: municipalities, 2024: [code for code in municipalities if code != "91001"]}  # without Leticia
    tiny.give("t.csv", HEAD + "".join(f"{code},{year},HOM,2\n" for year, codes in years.items() for code in codes))

    cells = tiny.run().cells("ref_area, time_period", "iccs = '0101' AND ref_area IN ('CO', 'CO-ANT', 'CO-AMA')")

    assert cells == {
        ("CO", "2023"): (2 * 1122, "A", None),
        ("CO", "2024"): (None, "O", "incomplete"),
        ("CO-ANT", "2023"): (2 * in_antioquia, "A", None),
        ("CO-ANT", "2024"): (2 * in_antioquia, "A", None),
        ("CO-AMA", "2023"): (2 * Counter(code[:2] for code in municipalities)["91"], "A", None),
        ("CO-AMA", "2024"): (None, "O", "incomplete"),
    }


# --- what is missing -----------------------------------------------------------------------------

SEXES = "breakdowns:\n  - {by: [sex]}\n"
GB = "layouts:\n  - files: [t.csv]\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: eurostat\n" \
    "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n" \
    "measures:\n  victims: {counting_unit: victim}\n"  # fmt: skip
SEX_WORDS = "sex,m,M,\nsex,f,F,\n"


@pytest.fixture(scope="module")
def united_kingdom(new_tiny: Callable[[], Tiny]) -> Any:
    """2008: 0102 of two parts only. 2022: two words for men. 2023: some missing. 2024: a row of women lacks."""
    tiny = new_tiny()
    tiny.declare(GB + SEXES, SEX_WORDS + "sex,males,M,\nvalue,:,O,\n", [HOMICIDE, ATTEMPT])
    years = {
        2022: {"UKC-L": {"m": 5, "f": 3}, "UKM": {"m": 4, "males": 5, "f": 1}, "UKN": {"m": 2, "f": 1}},
        2023: {"UKC-L": {"m": 5, "f": 3}, "UKM": {"m": 4, "f": ":"}, "UKN": {"m": ":", "f": ":"}},
        2024: {"UKC-L": {"m": 5, "f": 3}, "UKM": {"m": 4}, "UKN": {"m": 2, "f": 1}},
    }
    rows = [
        f"{area},{year},HOM,{sex},{n}\n"
        for year, areas in years.items()
        for area, sexes in areas.items()
        for sex, n in sexes.items()
    ]
    old = {("UKC-L", "HOM"): 638, ("UKM", "HOM"): 95, ("UKN", "HOM"): 24, ("UKM", "ATT"): 698, ("UKN", "ATT"): 121}
    rows += [f"{area},2008,{code},m,{men}\n{area},2008,{code},f,1\n" for (area, code), men in old.items()]
    tiny.give("t.csv", "area,year,code,sex,n\n" + "".join(rows))
    return tiny.run()


def test_category_is_incomplete_in_a_country_where_one_of_its_children_is(united_kingdom: Any) -> None:
    # 0102 lacks England and Wales, so the United Kingdom has no 0102, and no 01 of which it is a part.
    cells = united_kingdom.cells("iccs", "ref_area = 'GB' AND time_period = '2008' AND sex = '_T'")

    assert cells == {
        "0101": (638 + 95 + 24 + 3, "A", None),
        "0102": (None, "O", "incomplete"),
        "01": (None, "O", "incomplete"),
    }


def test_category_that_only_the_country_gives_a_part_of_is_incomplete_in_its_regions(tiny: Tiny) -> None:
    # Departments have completed homicides only, the national row attempts too: a department's 01 is not its 0101.
    tiny.declare_plain(scheme="insee", values="ref_area,France,FR,\n", links=[HOMICIDE, ATTEMPT])
    tiny.give("t.csv", HEAD + "France,2022,HOM,9\nFrance,2022,ATT,30\n01,2022,HOM,4\n02,2022,HOM,5\n")

    cells = tiny.run().cells("ref_area, iccs", "ref_area IN ('FR', 'FR-01')")

    assert cells == {
        ("FR", "0101"): (9, "A", None),
        ("FR", "0102"): (30, "A", None),
        ("FR", "01"): (39, "A", None),
        ("FR-01", "0101"): (4, "A", None),
        ("FR-01", "01"): (None, "O", "incomplete"),
    }


def test_category_of_which_only_the_country_gives_a_code_is_incomplete_in_its_regions(tiny: Tiny) -> None:
    # Two national codes are one category; the national row has both, the department one of them.
    second = {**HOMICIDE, "national_code": "FEM"}
    tiny.declare_plain(scheme="insee", values="ref_area,France,FR,\n", links=[HOMICIDE, second])
    tiny.give("t.csv", HEAD + "France,2022,HOM,9\nFrance,2022,FEM,3\n01,2022,HOM,4\n")

    cells = tiny.run().cells("ref_area", "iccs = '0101' AND ref_area IN ('FR', 'FR-01')")

    assert cells == {"FR": (12, "A", None), "FR-01": (None, "O", "incomplete")}


# --- which parts, not how many --------------------------------------------------------------------

BY_SEX = "layouts:\n  - files: [t.csv]\n    read: {columns: [area, year, code, sex, n]}\narea_scheme: code\n" \
    "columns: {ref_area: area, time_period: year, national_code: code, sex: sex, value: n}\n" \
    "measures:\n  victims: {counting_unit: victim}\n" + SEXES  # fmt: skip
ALL_SEXES = "sex,m,M,\nsex,f,F,\nsex,u,_U,\nsex,t,_T,\nvalue,<5,Q,\nvalue,:,O,\n"


def _by_sex(tiny: Tiny, rows: str) -> Any:
    tiny.declare(BY_SEX, ALL_SEXES, [HOMICIDE, ATTEMPT])
    tiny.give("t.csv", "area,year,code,sex,n\n" + "".join(f"{row}\n" for row in rows.split()))
    return tiny.run()


def test_women_and_unknown_are_not_all(tiny: Tiny) -> None:
    # Two parts each, as in FR; but in AL men lack, and in IT women in one of two years.
    found = _by_sex(
        tiny,
        "FR,2020,HOM,m,7 FR,2020,HOM,f,3 AL,2020,HOM,f,2 AL,2020,HOM,u,1 "
        "IT,2020,HOM,m,9 IT,2021,HOM,m,9 IT,2021,HOM,f,4",
    ).cells("ref_area, time_period", "iccs = '0101' AND sex = '_T'")

    assert found["FR", "2020"] == (10, "A", None)
    assert found["AL", "2020"] == (None, "O", "incomplete")
    assert found["IT", "2020"] == (None, "O", "incomplete")
    assert found["IT", "2021"] == (13, "A", None)


def test_persons_of_unknown_sex_alone_are_all_and_need_not_be_there(tiny: Tiny) -> None:
    found = _by_sex(
        tiny, "FR,2020,HOM,m,7 FR,2020,HOM,f,3 FR,2020,HOM,u,1 FR,2021,HOM,m,7 FR,2021,HOM,f,2 FR,2022,HOM,u,12"
    ).cells("time_period", "iccs = '0101' AND sex = '_T'")

    assert found == {"2020": (11, "A", None), "2021": (9, "A", None), "2022": (12, "A", None)}


def test_a_category_on_one_sex_needs_no_other(tiny: Tiny) -> None:
    found = _by_sex(tiny, "FR,2020,HOM,m,7 FR,2020,HOM,f,3 FR,2020,ATT,f,5").cells("iccs", "sex = '_T'")

    assert found["0102"] == (5, "A", None)


@pytest.mark.parametrize(
    ("parts", "total", "unknown"),
    [
        ("FR,2020,HOM,m,139 FR,2020,HOM,f,<5", 143, None),
        ("FR,2020,HOM,m,139", 143, None),
        ("FR,2020,HOM,m,139 FR,2020,HOM,f,:", 143, None),
        ("", 143, 143),  # not divided by sex
        ("FR,2020,HOM,m,130 FR,2020,HOM,f,10", 143, 3),
        ("FR,2020,HOM,m,130 FR,2020,HOM,f,13", 143, None),
    ],
)
def test_a_printed_total_is_the_total(tiny: Tiny, parts: str, total: float, unknown: float | None) -> None:
    found = _by_sex(tiny, f"{parts} FR,2020,HOM,t,{total} FR,2021,HOM,m,1 FR,2021,HOM,f,1 FR,2021,HOM,t,2").cells(
        "iccs, sex", "time_period = '2020'"
    )

    assert found["0101", "_T"][0] == found["01", "_T"][0] == total
    assert found.get(("0101", "_U"), (None,))[0] == unknown


def test_a_total_printed_over_sexes_and_ages_is_the_total(tiny: Tiny) -> None:
    # 40 in all: 35 of known sex, 30 of them of known age. What the parts lack is of unknown sex, age, or both.
    tiny.declare(
        BY_SEX.replace("sex, n]", "sex, age, n]")
        .replace("sex: sex,", "sex: sex, age: age,")
        .replace("[sex]", "[sex, age]"),
        "sex,m,M,\nsex,f,F,\nsex,t,_T,\nage,0-17,Y0T17,\nage,18+,Y_GE18,\nage,t,_T,\n",
    )
    rows = ["m,0-17,4", "m,18+,16", "m,t,23", "f,0-17,2", "f,18+,8", "f,t,12", "t,t,40"]
    tiny.give("t.csv", "area,year,code,sex,age,n\n" + "".join(f"FR,2020,HOM,{row}\n" for row in rows))

    cells = tiny.run().cells("sex, age", "iccs = '0101'")

    assert {key: value for key, (value, *_) in cells.items()} == {
        ("M", "Y0T17"): 4, ("M", "Y_GE18"): 16, ("M", "_U"): 3, ("M", "_T"): 23,
        ("F", "Y0T17"): 2, ("F", "Y_GE18"): 8, ("F", "_U"): 2, ("F", "_T"): 12,
        ("_U", "_U"): 5, ("_U", "_T"): 5,
        ("_T", "Y0T17"): 6, ("_T", "Y_GE18"): 24, ("_T", "_U"): 10, ("_T", "_T"): 40,
    }  # fmt: skip


def test_a_printed_total_below_its_parts_is_not_used(tiny: Tiny) -> None:
    found = _by_sex(tiny, "FR,2020,HOM,m,21 FR,2020,HOM,f,9 FR,2020,HOM,t,19").cells("iccs", "sex = '_T'")

    assert found["0101"] == (30, "A", None)


def test_two_words_of_one_code_are_added(united_kingdom: Any) -> None:
    cells = united_kingdom.cells("ref_area, sex", "iccs = '0101' AND time_period = '2022'")

    assert cells["GB-SCT", "M"] == (9, "A", None)
    assert cells["GB", "_T"] == (8 + 10 + 3, "A", None)


def test_total_of_a_part_that_is_there_and_one_that_is_missing_is_incomplete(united_kingdom: Any) -> None:
    cells = united_kingdom.cells("ref_area, sex", "iccs = '0101' AND time_period = '2023' AND ref_area <> 'GB-EAW'")

    assert cells == {
        ("GB-SCT", "M"): (4, "A", None),
        ("GB-SCT", "F"): (None, "O", "not_reported"),
        ("GB-SCT", "_T"): (None, "O", "incomplete"),
        ("GB-NIR", "M"): (None, "O", "not_reported"),
        ("GB-NIR", "F"): (None, "O", "not_reported"),
        ("GB-NIR", "_T"): (None, "O", "not_reported"),
        ("GB", "M"): (None, "O", "incomplete"),
        ("GB", "F"): (None, "O", "incomplete"),
        ("GB", "_T"): (None, "O", "incomplete"),
    }


def test_total_without_one_of_its_rows_is_incomplete(united_kingdom: Any) -> None:
    # The other parts have a row of women; nothing says that Scotland had none.
    cells = united_kingdom.cells("ref_area, sex", "iccs = '0101' AND time_period = '2024'")

    assert cells["GB-EAW", "_T"] == (8, "A", None)
    assert cells["GB-SCT", "M"] == (4, "A", None)
    assert cells["GB-SCT", "_T"] == (None, "O", "incomplete")
    assert cells["GB", "M"] == (11, "A", None)
    assert cells["GB", "F"] == (None, "O", "incomplete")
    assert cells["GB", "_T"] == (None, "O", "incomplete")


def test_five_kinds_of_nothing_stay_apart(tiny: Tiny) -> None:
    tiny.declare_plain(values="value,..,O,\nvalue,n/c,L,\nvalue,x,M,\nvalue,*,Q,\n")
    tiny.give("t.csv", f"{HEAD}11,2024,HOM,0\n12,2024,HOM,..\n13,2024,HOM,n/c\n14,2024,HOM,x\n15,2024,HOM,*\n")

    result = tiny.run()

    assert result.cells("ref_area", "iccs = '0101' AND ref_area <> 'MX'") == {
        "MX-GUA": (0, "A", None),
        "MX-GRO": (None, "O", "not_reported"),
        "MX-HID": (None, "L", "not_collected"),
        "MX-JAL": (None, "M", "not_applicable"),
        "MX-MEX": (None, "Q", "suppressed"),
    }
    assert result.rows("reconciliation", "cells_read, cells_used, cells_missing") == [(5, 5, 4)]
    # What the source hides is not free for publication, nor what would be told by it; the rest is.
    assert result.rows("cells", "ref_area", "conf_status = 'C' AND iccs = '0101'") == [("MX-MEX",)]


def test_a_total_that_lacks_what_its_source_hides_is_not_free_either(tiny: Tiny) -> None:
    tiny.declare_plain(values="value,*,Q,\nvalue,..,O,\n")
    tiny.give("t.csv", f"{HEAD}11,2023,HOM,5\n12,2023,HOM,*\n11,2024,HOM,5\n12,2024,HOM,..\n")
    rows = tiny.run().rows("cells", "time_period, ref_area, missing_reason, conf_status", "iccs = '0101'")
    assert sorted(rows, key=str) == [
        ("2023", "MX", "incomplete", "C"),
        ("2023", "MX-GRO", "suppressed", "C"),
        ("2023", "MX-GUA", None, "F"),
        ("2024", "MX", "incomplete", "F"),
        ("2024", "MX-GRO", "not_reported", "F"),
        ("2024", "MX-GUA", None, "F"),
    ]


# --- time ----------------------------------------------------------------------------------------


def test_year_and_quarters_of_months(tiny: Tiny) -> None:
    # The figures rise from January to December, as running sums do: what they are is declared.
    tiny.declare_plain("cumulative: false\nbreakdowns:\n  - {freq: A}\n  - {freq: Q}\n  - {freq: M}\n")
    months = [(year, month) for year in (2023, 2024) for month in range(1, 13) if (year, month) != (2024, 5)]
    tiny.give("t.csv", HEAD + "".join(f"14,{year}-{month:02d},HOM,{month}\n" for year, month in months))

    cells = tiny.run().cells("freq, time_period", "iccs = '0101' AND ref_area = 'MX-JAL'")

    assert {key: value[0] for key, value in cells.items() if key[0] != "M"} == {
        ("A", "2023"): 78,
        ("A", "2024"): None,
        ("Q", "2023-Q1"): 6,
        ("Q", "2023-Q2"): 15,
        ("Q", "2023-Q3"): 24,
        ("Q", "2023-Q4"): 33,
        ("Q", "2024-Q1"): 6,
        ("Q", "2024-Q2"): None,
        ("Q", "2024-Q3"): 24,
        ("Q", "2024-Q4"): 33,
    }
    assert cells["A", "2024"] == (None, "O", "incomplete")
    assert {key[1]: value[0] for key, value in cells.items() if key[0] == "M"} == {
        f"{year}-{month:02d}": month for year, month in months
    }


def test_annual_data_cannot_become_months(tiny: Tiny) -> None:
    tiny.declare_plain("breakdowns:\n  - {freq: M}\n")
    tiny.give("t.csv", f"{HEAD}14,2024,HOM,1\n")

    with pytest.raises(UsageError, match="frequency M"):
        tiny.run()


def test_events_that_did_not_happen_are_zeros_in_the_months_covered(tiny: Tiny) -> None:
    # Events in every month of 2023, but only up to June 2024: the year 2024 is not complete, nowhere.
    tiny.declare_plain("rows: events\nbreakdowns:\n  - {freq: A}\n  - {freq: M}\n")
    months = [f"2023-{n:02d}" for n in range(1, 13)] + [f"2024-{n:02d}" for n in range(1, 7)]
    tiny.give("t.csv", HEAD + "".join(f"14,{month},HOM,1\n14,{month},HOM,2\n" for month in months))

    cells = tiny.run().cells("ref_area, time_period", "iccs = '0101' AND ref_area IN ('MX', 'MX-JAL', 'MX-ZAC')")

    for area, figure in (("MX", 3), ("MX-JAL", 3), ("MX-ZAC", 0)):
        assert cells[area, "2023"] == (12 * figure, "A", None)
        assert cells[area, "2024"] == (None, "O", "incomplete")
        assert {month: cells[area, month][0] for month in months} == dict.fromkeys(months, figure)
    assert ("MX-ZAC", "2024-07") not in cells


# --- the ICCS tree -------------------------------------------------------------------------------


def _links(*codes: str) -> list[dict[str, str]]:
    return [{**LINK, "national_code": code, "iccs_code": code} for code in codes]


@pytest.fixture(scope="module")
def tree(new_tiny: Callable[[], Tiny]) -> Any:
    """2021: a branch of the tree. 2022: a code K split in two. 2023: two codes of one category, one of them missing."""
    tiny = new_tiny()
    parts = [("0101", "0.25"), ("0102", "0.75")]
    split = {"national_code": "K", "national_label": "k", "relation": "broader"}
    links = _links("0301", "03011", "030111", "0302")
    links += [{**split, "iccs_code": code, "weight": weight} for code, weight in parts]
    links += [{**LINK, "national_code": code, "iccs_code": "0401"} for code in ("A", "B")]
    tiny.declare_plain(values="value,:,O,\n", links=links)
    branch = {"0301": 1, "03011": 10, "030111": 100, "0302": 1000}
    rows = [f"14,2021,{code},{n}\n" for code, n in branch.items()] + ["14,2022,K,8\n14,2023,A,8\n14,2023,B,:\n"]
    tiny.give("t.csv", HEAD + "".join(rows))
    return tiny.run()


def test_category_holds_its_own_counts_and_those_below_it(tree: Any) -> None:
    cells = tree.rows("cells", "iccs, value, iccs_made_from", "ref_area = 'MX-JAL' AND time_period = '2021'")

    assert {iccs: (value, set(made.split(";")) if made else None) for iccs, value, made in cells} == {
        "030111": (100, None),
        "03011": (110, {"030111", "="}),
        "0301": (111, {"03011", "="}),
        "0302": (1000, None),
        "03": (1111, {"0301", "0302"}),
    }


def test_split_code_gives_estimates_that_add_up_to_it(tree: Any) -> None:
    assert tree.cells("iccs", "ref_area = 'MX-JAL' AND time_period = '2022'") == {
        "0101": (2, "E", None),
        "0102": (6, "E", None),
        "01": (8, "E", None),
    }
    assert tree.rows("reconciliation", "count_read, count_used, count_published, closes") == [(1127, 1127, 1127, True)]


@pytest.mark.parametrize("rows", ["parts", "events"])
def test_shares_of_split_counts_add_up_to_the_same_digits_in_any_order(tiny: Tiny, rows: str) -> None:
    """0.333 is no sum of halves: added up in another order, figures had other last digits, and so another vintage."""
    link = {**LINK, "national_code": "HOM", "relation": "partial", "basis": "figures"}
    split = [{**link, "iccs_code": code, "weight": share} for code, share in (("040111", "0.333"), ("040112", "0.667"))]
    tiny.declare_plain(f"rows: {rows}\n", links=split)
    lines = [f"{area},2024,HOM,{number}\n" for area in _area_codes("MX", "inegi", "admin1") for number in (1, 3, 7)]
    found = []
    for order in (lines, lines[::-1], lines[1::2] + lines[::2]):
        tiny.give("t.csv", HEAD + "".join(order))
        found.append(tiny.run().cells("ref_area", "iccs = '040111'"))

    assert found[0] == found[1] == found[2]
    assert found[0]["MX"] == (round(32 * 11 * 0.333, 3), "E", None)


def test_total_of_two_codes_of_which_one_is_missing_is_missing(tree: Any) -> None:
    cells = tree.cells("iccs", "ref_area = 'MX-JAL' AND time_period = '2023'")

    assert cells == {"0401": (None, "O", "incomplete"), "04": (None, "O", "incomplete")}


def test_category_that_already_holds_its_children_is_not_added_to_them(tiny: Tiny) -> None:
    tiny.declare_plain("parent_counts: include_children\n", links=_links("0301", "03011", "030111", "0302"))
    tiny.give("t.csv", f"{HEAD}14,2024,0301,500\n14,2024,03011,10\n14,2024,030111,7\n14,2024,0302,1000\n")

    cells = tiny.run().rows("cells", "iccs, value", "ref_area = 'MX-JAL'")

    assert dict(cells) == {"030111": 7, "03011": 10, "0301": 500, "0302": 1000, "03": 1500}
