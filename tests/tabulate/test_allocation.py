"""Persons of unknown sex and age given to the known groups, where a source declares it. Expected figures by hand."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.run import Session, run_source
from pipelines.system.connection import connect
from pipelines.tabulate.aggregate import aggregate
from pipelines.tabulate.rules import check
from schemas.errors import UsageError

ALLOCATED = "allocate_unknown: proportional\n"
SEXES = "sex,m,M,\nsex,f,F,\nsex,u,_U,\n"
AGES = "age,young,Y0T17,\nage,old,Y_GE18,\nage,unknown,_U,\n"


def publish_cells(
    tiny: Tiny, by: Sequence[str], rows: list[str], more: str, kind: str = ""
) -> duckdb.DuckDBPyConnection:
    columns = ", ".join(f"{name}: {name}" for name in by)
    value = "" if kind else ", value: n"
    tiny.declare(
        f"{kind}layouts:\n  - files: [t.csv]\n    read: {{columns: [area, day, code, {', '.join(by)}]}}\n"
        f"area_scheme: code\ncolumns: {{ref_area: area, time_period: day, national_code: code, {columns}{value}}}\n"
        f"measures:\n  victims: {{counting_unit: victim}}\nbreakdowns:\n  - {{by: [{', '.join(by)}]}}\n{more}",
        SEXES + AGES,
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
            stored = check(tiny.source, validated, aggregated, connection, tiny.settings, tiny.work).cells
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
