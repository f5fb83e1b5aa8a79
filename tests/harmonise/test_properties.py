"""Laws that hold for any small table: totals are the sums of their parts, and nothing read is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tiny_source import Tiny

AREAS = {"UKC-L": "GB-EAW", "UKM": "GB-SCT", "UKN": "GB-NIR"}  # the three parts of the United Kingdom
SEXES = {"men": "M", "women": "F", "not known": "_U"}
AGES = {"0-17": "Y0T17", "18+": "Y_GE18"}
YEARS = ("2019", "2020", "2021", "2022", "2023", "2024")  # six tables in one file
WORDS = "".join(f"sex,{word},{code},\n" for word, code in SEXES.items()) + "".join(
    f"age,{word},{code},\n" for word, code in AGES.items()
)
CUBE = """\
layouts:
  - files: [cube.csv]
    read: {columns: [area, year, code, sex, age, n]}
area_scheme: eurostat
columns: {ref_area: area, time_period: year, national_code: code, sex: sex, age: age, value: n}
measures:
  victims: {counting_unit: victim}
breakdowns:
  - {by: [sex, age]}
"""
Cube = dict[tuple[str, str, str, str], int | None]

# A run takes half a second: few examples, the same ones each time, and no search for a smaller one.
few = settings(deadline=None, max_examples=2, derandomize=True, phases=[Phase.explicit, Phase.generate])

KEYS = list(product(AREAS, YEARS, SEXES, AGES))
COUNT = st.one_of(st.integers(0, 3), st.integers(0, 10**6))
MISSING = st.integers(0, 9).flatmap(lambda chance: st.none() if chance == 0 else COUNT)  # None: given as ':'


def _cubes(cell: st.SearchStrategy[int | None]) -> st.SearchStrategy[Cube]:
    return st.lists(cell, min_size=len(KEYS), max_size=len(KEYS)).map(lambda n: dict(zip(KEYS, n, strict=True)))


def _write(cube: Cube) -> str:
    lines = [f"{a},{y},HOM,{s},{g},{':' if n is None else n}" for (a, y, s, g), n in cube.items()]
    return "\n".join(["area,year,code,sex,age,n", *lines]) + "\n"


def _totals(cube: Cube) -> Iterator[tuple[tuple[str, str, str, str], list[int | None]]]:
    """Every cell that must come out, and the cells of the file it consists of."""
    for area, year, sex, age in product([*AREAS, "GB"], YEARS, [*SEXES, "_T"], [*AGES, "_T"]):
        key = (AREAS.get(area, area), year, SEXES.get(sex, sex), AGES.get(age, age))
        yield (
            key,
            [
                n
                for (a, y, s, g), n in cube.items()
                if y == year and area in (a, "GB") and sex in (s, "_T") and age in (g, "_T")
            ],
        )


@few
@given(_cubes(MISSING))
def test_totals_are_the_sums_of_their_parts_or_incomplete(new_tiny: Callable[[], Tiny], cube: Cube) -> None:
    tiny = new_tiny()
    tiny.declare(CUBE, WORDS + "value,:,O,\n")
    tiny.give("cube.csv", _write(cube))

    result = tiny.run()

    wanted = {}
    for key, parts in _totals(cube):
        if None not in parts:
            wanted[key] = (sum(part or 0 for part in parts), "A", None)
        else:
            there = any(part is not None for part in parts)
            wanted[key] = (None, "O", "incomplete" if there else "not_reported")
    columns = "ref_area, time_period, sex, age"
    assert result.cells(columns, "iccs = '0101'") == wanted
    assert result.cells(columns, "iccs = '01'") == wanted, "one child: the category above is the same"
    assert sorted(result.rows("cells", "DISTINCT iccs")) == [("01",), ("0101",)]


@few
@given(_cubes(COUNT), st.tuples(*[st.sampled_from([key for key in KEYS if key[1] == year]) for year in YEARS]))
def test_removed_row_makes_its_totals_incomplete_and_no_other(
    new_tiny: Callable[[], Tiny], cube: Cube, gone: tuple[tuple[str, str, str, str], ...]
) -> None:
    """From each year's table one row is taken away."""
    tiny = new_tiny()
    tiny.declare(CUBE, WORDS)
    tiny.give("cube.csv", _write({key: n for key, n in cube.items() if key not in gone}))
    removed = {year: (AREAS[area], SEXES[sex], AGES[age]) for area, year, sex, age in gone}

    cells = tiny.run().cells("ref_area, time_period, sex, age", "iccs = '0101'")

    for key, parts in _totals(cube):
        area, sex, age = removed[key[1]]
        if (key[0], *key[2:]) == removed[key[1]]:
            assert cells.get(key, (None,))[0] is None
        elif sex == "_U" and key == ("GB", key[1], "_U", age):
            assert cells[key] == (None, "O", "incomplete"), "one part of the country has no such row"
        elif sex == "_U" and key[0] in (area, "GB"):
            # Persons of unknown sex need not be there: totals are those of the rows that are.
            gone_here = next(n for k, n in cube.items() if k in gone and k[1] == key[1])
            held = key[2] in ("_U", "_T") and key[3] in (age, "_T")
            assert cells[key] == (sum(part or 0 for part in parts) - (gone_here or 0) * held, "A", None)
        elif key[0] in (area, "GB") and key[2] in (sex, "_T") and key[3] in (age, "_T"):
            assert cells[key][:2] == (None, "O"), f"{key} is the sum of all but the row that is not there"
        else:
            assert cells[key] == (sum(part or 0 for part in parts), "A", None)


# --- nothing is lost -----------------------------------------------------------------------------

MIXED = """\
layouts:
  - files: [mixed.csv]
    read: {columns: [area, year, code, kind, n]}
area_scheme: inegi
columns: {ref_area: area, time_period: year, national_code: code, value: n}
measures:
  victims: {counting_unit: victim}
exclusions:
  - {rule: published_total, where: "kind = 'total'", reason: "Totals repeat the rows."}
rejected_share_limit: 1
"""
LINKS = [
    {"national_code": "HOM", "national_label": "h", "iccs_code": "0101", "relation": "exact"},
    {
        "national_code": "ADM",
        "national_label": "a",
        "relation": "none",
        "out_of_scope": "not_crime",
        "basis": "label",
        "note": "No offence.",
    },
]
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["used", "used", "missing", "published_total", "out_of_scope", "bad area", "bad count"]),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=200,
)


@few
@given(ROWS)
def test_what_is_read_is_used_excluded_by_name_or_rejected(
    new_tiny: Callable[[], Tiny], rows: list[tuple[str, int]]
) -> None:
    tiny = new_tiny()
    tiny.declare(MIXED, "value,:,O,\n", LINKS)
    lines = []
    for number, (fate, count) in enumerate(rows):
        area = "99" if fate == "bad area" else "14"
        code = "ADM" if fate == "out_of_scope" else "HOM"
        kind = "total" if fate == "published_total" else "row"
        text = {"missing": ":", "bad count": f"{count}?"}.get(fate, str(count))
        lines.append(f"{area},{1900 + number},{code},{kind},{text}")
    tiny.give("mixed.csv", "\n".join(["area,year,code,kind,n", *lines]) + "\n")

    result = tiny.run()

    def many(*fates: str) -> int:
        return sum(fate in fates for fate, _ in rows)

    def total(*fates: str) -> int:
        return sum(count for fate, count in rows if fate in fates)

    wanted = {
        "rows_read": len(rows),
        "rows_used": many("used", "missing"),
        "rows_excluded": many("published_total", "out_of_scope"),
        "rows_rejected": many("bad area", "bad count"),
        "cells_read": len(rows),
        "cells_used": many("used", "missing"),
        "cells_missing": many("missing"),
        "cells_excluded": many("published_total", "out_of_scope"),
        "cells_rejected": many("bad area", "bad count"),
        "count_read": total("used", "published_total", "out_of_scope", "bad area"),
        "count_used": total("used"),
        "count_excluded": total("published_total", "out_of_scope"),
        "count_rejected": total("bad area"),  # what is no number has no count
        "count_published": total("used"),
        "closes": True,
    }
    assert dict(zip(wanted, result.rows("reconciliation", ", ".join(wanted))[0], strict=True)) == wanted
    excluded = {rule: (cells, count) for rule, cells, count in result.rows("exclusions", "rule, cells, count")}
    named = {"published_total": "published_total", "out_of_scope_not_crime": "out_of_scope"}
    assert excluded == {rule: (many(fate), total(fate)) for rule, fate in named.items() if many(fate)}
