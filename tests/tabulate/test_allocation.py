"""Persons of unknown sex and age given to the known groups, where a source declares it. Expected figures by hand."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.connection import connect
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.losses import Earlier
from pipelines.tabulate.rules import check
from schemas.errors import UsageError

ALLOCATED = "allocate_unknown: proportional\n"
SEXES = "sex,m,M,\nsex,f,F,\nsex,u,_U,\n"
AGES = "age,young,Y0T17,\nage,old,Y_GE18,\nage,mid,Y15T29,\nage,unknown,_U,\n"


def publish_cells(
    tiny: Tiny, by: Sequence[str], rows: list[str], more: str, kind: str = ""
) -> duckdb.DuckDBPyConnection:
    columns = ", ".join(f"{name}: {name}" for name in by)
    value = "" if kind else ", value: n"
    tiny.declare(
        f"{kind}layouts:\n  - files: [t.csv]\n    read: {{columns: [area, day, code, {', '.join(by)}]}}\n"
        f"area_scheme: code\ncolumns: {{ref_area: area, time_period: day, national_code: code, {columns}{value}}}\n"
        f"measures:\n  victims: {{counting_unit: victim}}\nbreakdowns:\n  - {{by: [{', '.join(by)}]}}\n{more}",
        SEXES + AGES + ("" if kind else "value,x,Q,\n"),
        [HOMICIDE],
    )
    head = ["area", "day", "code", *by, *([] if kind else ["n"])]
    tiny.give("t.csv", "\n".join([",".join(head), *rows]) + "\n")
    if kind:
        stored = run_source(tiny.source, Session(tiny.settings, tiny.given))[0].part("cells")
    else:
        with connect(tiny.settings) as connection:
            validated = tiny.account(connection)
            aggregated = aggregate(tiny.source, validated, connection)
            stored = check(tiny.source, validated, aggregated, connection, tiny.work, None, Earlier()).cells
    found = duckdb.connect()
    found.execute(f"CREATE VIEW cell AS FROM read_parquet('{stored}') WHERE iccs = '0101' AND ref_area = 'MX-AGU'")
    return found


@pytest.mark.parametrize("grain", ["table", "incidents"])
def test_persons_of_unknown_sex_go_to_men_and_women_in_proportion(tiny: Tiny, grain: str) -> None:
    """Of 100 in 2020 36 men, 24 women: 60 and 40 of all. Of 100 in 2021 30 are known: nobody knows, as before."""
    given = {"2019": (60, 40, 0), "2020": (36, 24, 40), "2021": (18, 12, 70)}
    counts = [(year, sex, n) for year, three in given.items() for sex, n in zip("mfu", three, strict=True)]
    if grain == "table":
        rows = [f"MX-AGU,{year},HOM,{sex},{n}" for year, sex, n in counts]
        cells = publish_cells(tiny, ["sex"], rows, ALLOCATED)
    else:
        rows = [f"MX-AGU,{year}-{one % 12 + 1:02}-01,HOM,{sex}" for year, sex, n in counts for one in range(n)]
        cells = publish_cells(tiny, ["sex"], rows, ALLOCATED, "kind: incident\nrows: parts\ndates: [YYYY-MM-DD]\n")
    found = cells.execute(
        "SELECT time_period, sex, value, at_least, at_most, obs_status, missing_reason, "
        "contains(coalesce(caveats, ''), 'unknown_allocated') FROM cell WHERE freq = 'A'"
    ).fetchall()  # fmt: skip
    figures = {(year, sex): tuple(rest) for year, sex, *rest in found}

    assert figures["2019", "F"] == (40, None, None, "A", None, False)
    assert figures["2020", "F"] == (40, 24, 64, "E", None, True)
    assert figures["2020", "M"] == (60, 36, 76, "E", None, True)
    assert figures["2020", "_U"][0] == 40  # as given
    assert figures["2020", "_T"][:4] == (100, None, None, "A")
    assert figures["2021", "F"] == (None, 12, 82, "O", "sex_not_known", False)


def test_nothing_is_allocated_unless_the_source_says_so(tiny: Tiny) -> None:
    cells = publish_cells(tiny, ["sex"], ["MX-AGU,2020,HOM,m,48", "MX-AGU,2020,HOM,f,32", "MX-AGU,2020,HOM,u,20"], "")
    found = cells.execute("SELECT sex, value, obs_status, at_least FROM cell").fetchall()
    assert sorted(found) == [("F", 32, "A", None), ("M", 48, "A", None), ("_T", 100, "A", None), ("_U", 20, "A", None)]


def test_sex_and_age_are_allocated_in_turn_and_groups_add_up_to_their_cell(tiny: Tiny) -> None:
    """Men 30 young, 60 old, 10 of unknown age; women 15, 15, 20; unknown 5, 25, 20.

    By sex within each age: young 45 of 50 known, men 30 x 50/45 = 33 1/3, women 16 2/3; old 60 x 100/75 = 80 and 20; of
    unknown age 10 x 50/30 = 16 2/3 and 33 1/3. Then by age: men 33 1/3 x 130 / 113 1/3, women 16 2/3 x 70 / 36 2/3.
    """
    given = {"m": (30, 60, 10), "f": (15, 15, 20), "u": (5, 25, 20)}
    rows = [f"MX-AGU,2020,HOM,{sex},{age},{n}" for sex, three in given.items()
            for age, n in zip(("young", "old", "unknown"), three, strict=True)]  # fmt: skip
    found = publish_cells(tiny, ["sex", "age"], rows, ALLOCATED).execute(
        "SELECT sex, age, value, at_least, at_most FROM cell"
    )
    cells = {(sex, age): tuple(rest) for sex, age, *rest in found.fetchall()}

    assert cells["M", "Y0T17"] == (pytest.approx(100 / 3 * 130 / (340 / 3), abs=1e-5), 30, 30 + 5 + 10 + 20)
    assert cells["F", "Y0T17"] == (pytest.approx(50 / 3 * 70 / (110 / 3), abs=1e-5), 15, 15 + 5 + 20 + 20)
    assert cells["M", "Y0T17"][0] + cells["M", "Y_GE18"][0] == pytest.approx(130, abs=1e-5)
    assert cells["M", "_T"] == (pytest.approx(100 * 200 / 150, abs=1e-5), 100, 150)
    assert cells["_T", "Y0T17"] == (pytest.approx(50 * 200 / 150, abs=1e-5), 50, 100)
    assert cells["M", "_T"][0] + cells["F", "_T"][0] == pytest.approx(200, abs=1e-5)
    assert cells["_T", "_T"] == (200, None, None)


@pytest.mark.parametrize(("men", "women", "unknown", "how"), [
    (0, 0, 30, None),  # of none known nothing follows
    (3, 1, 3, None),  # four known say nothing of three others
    (8, 4, 12, 16),  # half of 24, and more than ten
    (8, 4, 13, None),  # less than half
    (4, 1, 1, 4.8),  # five of six
])  # fmt: skip
def test_few_known_do_not_speak_for_many(tiny: Tiny, men: int, women: int, unknown: int, how: float | None) -> None:
    rows = [f"MX-AGU,2020,HOM,{sex},{n}" for sex, n in (("m", men), ("f", women), ("u", unknown))]
    found = publish_cells(tiny, ["sex"], rows, ALLOCATED).execute("SELECT value FROM cell WHERE sex = 'M'").fetchall()
    assert found == [(how,)]


def test_it_is_refused_where_nothing_is_by_sex_or_age(tiny: Tiny) -> None:
    tiny.declare_plain(ALLOCATED)
    with pytest.raises(UsageError, match="allocate_unknown: no breakdown is by sex or age"):
        _ = tiny.source.source


def _status_by_year(cells: duckdb.DuckDBPyConnection, sex: str) -> dict[str, tuple[object, ...]]:
    found = cells.execute(
        "SELECT time_period, value, obs_status, coalesce(caveats, '') FROM cell WHERE sex = $sex AND freq = 'A'",
        {"sex": sex},
    ).fetchall()  # fmt: skip
    return {year: tuple(rest) for year, *rest in found}


def test_allocation_makes_up_for_more_unknown_and_for_no_other_break(tiny: Tiny) -> None:
    """From 2018 three in ten are of unknown sex; in 2020 there are no women; the men of 2016 are those of 2015."""
    given = {2014: (50, 50, 0), 2015: (50, 50, 0), 2016: (50, 50, 0), 2017: (50, 50, 0), 2018: (35, 35, 30),
             2019: (35, 35, 30), 2020: (70, 0, 30), 2021: (35, 35, 30)}  # fmt: skip
    rows = [
        f"MX-AGU,{year},HOM,{sex},{n}" for year, three in given.items() for sex, n in zip("mfu", three, strict=True)
    ]
    men = _status_by_year(publish_cells(tiny, ["sex"], rows, ALLOCATED), "M")

    assert men["2018"][:2] == (50, "E")  # the share of unknown jumps by 30 points, and 50 are 50
    assert men["2019"][:2] == (50, "E")
    assert men["2020"][:2] == (100, "B")  # the women are missing, not the known: no allocation says how many
    assert "sex_recording_changed" in str(men["2020"][2])
    assert "unknown_allocated" in str(men["2020"][2])


def test_a_cell_of_a_sex_and_age_that_cannot_be_allocated_has_bounds_alone(tiny: Tiny) -> None:
    """Of the young 2 men, 1 woman and 4 of unknown sex: three say nothing of four. Of the old nearly all are known.

    A young man is one of 2 to 6; 102 men of all ages, 6.7 in 103 of the 7 unknown ones.
    """
    given = {
        ("m", "young"): 2,
        ("f", "young"): 1,
        ("u", "young"): 4,
        ("m", "old"): 100,
        ("f", "old"): 50,
        ("u", "old"): 3,
    }
    rows = [f"MX-AGU,2020,HOM,{sex},{age},{n}" for (sex, age), n in given.items()]
    found = publish_cells(tiny, ["sex", "age"], rows, ALLOCATED).execute(
        "SELECT sex, age, value, missing_reason, at_least, at_most, obs_status FROM cell"
    )
    cells = {(sex, age): tuple(rest) for sex, age, *rest in found.fetchall()}

    assert cells["M", "Y0T17"] == (None, "sex_not_known", 2, 6, "O")
    assert cells["F", "Y0T17"] == (None, "sex_not_known", 1, 5, "O")
    assert cells["M", "Y_GE18"] == (102, None, 100, 103, "E")  # 100 x 153 / 150
    assert cells["M", "_T"] == (pytest.approx(102 * 160 / 153, abs=1e-5), None, 102, 109, "E")
    assert cells["_T", "Y0T17"][0] == 7


def test_a_missing_number_of_unknown_is_not_none(tiny: Tiny) -> None:
    """The number of unknown sex is suppressed in 2021: men are 60 and who knows how many more."""
    rows = [f"MX-AGU,{year},HOM,{sex},{n}" for year, three in {2020: (60, 40, 10), 2021: (60, 40, "x")}.items()
            for sex, n in zip("mfu", three, strict=True)]  # fmt: skip
    cells = publish_cells(tiny, ["sex"], rows, ALLOCATED)
    found = cells.execute(
        "SELECT value, missing_reason, at_least, at_most FROM cell WHERE sex = 'M' ORDER BY time_period"
    ).fetchall()  # fmt: skip

    assert found == [(66, None, 60, 70), (None, "sex_not_known", 60, None)]


def test_nothing_is_allocated_among_age_bands_that_overlap(tiny: Tiny) -> None:
    """30 to 17, 60 of 18 and over, 20 of 15 to 29 who are among them, 10 unknown. Their sum is not that of persons."""
    given = {"young": 30, "old": 60, "mid": 20, "unknown": 10}
    rows = [f"MX-AGU,2020,HOM,{age},{n}" for age, n in given.items()]
    found = publish_cells(tiny, ["age"], rows, ALLOCATED).execute(
        "SELECT age, value, missing_reason, at_least, at_most FROM cell WHERE age NOT IN ('_T', '_U') ORDER BY 1"
    )
    assert found.fetchall() == [
        (age, None, "age_not_known", n, n + 10) for age, n in (("Y0T17", 30), ("Y15T29", 20), ("Y_GE18", 60))
    ]


@pytest.mark.parametrize("event", ["", "mass_events: [{period: '2011', iccs: ['0101'], note: n}]\n"])
def test_a_mass_event_may_be_declared_of_a_source_of_incidents(tiny: Tiny, event: str) -> None:
    """One row a victim: 30, 30, 110, 30, 45 a year. Undeclared, 2011 and 2012 are jumps by a factor of 3.7."""
    given = {2009: 30, 2010: 30, 2011: 110, 2012: 30, 2013: 45}
    rows = [f"MX-AGU,{year}-{one % 12 + 1:02}-01,HOM,m" for year, deaths in given.items() for one in range(deaths)]
    more = f"kind: incident\nrows: parts\ndates: [YYYY-MM-DD]\n{event}"
    found = publish_cells(tiny, ["sex"], rows, "", more).execute(
        "SELECT time_period, value, obs_status, contains(coalesce(caveats, ''), 'mass_event') FROM cell "
        "WHERE sex = '_T' AND freq = 'A' ORDER BY 1"
    ).fetchall()  # fmt: skip

    breaks = () if event else (2011, 2012)
    assert found == [
        (str(year), deaths, "B" if year in breaks else "A", bool(event) and year == 2011)
        for year, deaths in given.items()
    ]
