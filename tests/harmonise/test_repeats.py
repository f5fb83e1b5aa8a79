"""What would be counted twice is found in tables and in files of incidents; shares are counted by hand."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome

PARTS = "rows: parts\n"


def table(tiny: Tiny, files: dict[str, str], more: str = PARTS) -> list[Problem]:
    tiny.declare_plain(more)
    for name, rows in files.items():
        tiny.give(name, f"area,year,code,n\n{rows}")
    try:
        tiny.run()
    except DataRefused as refused:
        return list(refused.problems)
    return []


def rows(figures: dict[int, int], area: int = 14) -> str:
    return "".join(f"{area},{year},HOM,{figure}\n" for year, figure in figures.items())


OLD = {2019: 9, 2020: 10, 2021: 30, 2022: 20}


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({"a.csv": rows(OLD), "b.csv": rows({**OLD, 2022: 25})}, "71%"),  # 49 of 69, the smaller file
        ({"a.csv": rows(OLD), "b.csv": rows({**OLD, 2023: 40})}, "100%"),
        ({"a.csv": rows({2021: 1000, 2022: 2000}), "b.csv": rows({2021: 1010, 2022: 2020})}, "100%"),  # revised by 1 %
    ],
)
def test_a_file_that_shares_most_of_its_counts_with_another_is_refused(
    tiny: Tiny, files: dict[str, str], share: str
) -> None:
    (problem,) = table(tiny, files)
    assert (problem.rule, problem.file) == ("file_given_twice", "b.csv")
    assert problem.found.startswith(f"{share} of its counts") and "a.csv" in problem.found


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": rows(OLD), "b.csv": rows({2023: 9, 2024: 10})},
        {"a.csv": rows(OLD), "b.csv": rows(OLD, 13)},
        {"a.csv": rows(OLD), "b.csv": rows({2019: 9, 2020: 30, 2021: 12, 2022: 60})},  # two offices, one year alike
        {"a.csv": rows({2020: 0, 2021: 0, 2022: 7}), "b.csv": rows({2020: 0, 2021: 0, 2022: 15})},  # zeros
    ],
)
def test_files_of_other_years_areas_or_offices_are_added_up(tiny: Tiny, files: dict[str, str]) -> None:
    assert table(tiny, files) == []


def of_year(year: int, more: int = 0) -> str:
    """Four states: 100, 40, 77 and 60 of the year, and what is added."""
    figures = {14: 100, 6: 40, 26: 77, 7: 60}
    return "".join(f"{area},{year},HOM,{figure + year % 7 + more}\n" for area, figure in figures.items())


def test_a_year_that_two_files_share_is_refused_however_much_else_they_hold(tiny: Tiny) -> None:
    """Of 9 years each, 2018 is in both, one figure of it revised by 1: the rest would be added up without a word."""
    old, new = range(2010, 2019), range(2018, 2027)
    revised = "".join(map(of_year, new)).replace("14,2018,HOM,102", "14,2018,HOM,103")
    (problem,) = table(tiny, {"a.csv": "".join(map(of_year, old)), "b.csv": revised})
    assert (problem.rule, problem.file) == ("file_given_twice", "b.csv")
    assert "of its counts of 2018, in 4 cells, are in a.csv too" in problem.found


def test_a_year_of_which_two_offices_have_other_figures_is_added_up(tiny: Tiny) -> None:
    other = "".join(of_year(year, 9) for year in range(2018, 2027))
    assert table(tiny, {"a.csv": "".join(map(of_year, range(2010, 2019))), "b.csv": other}) == []


def test_two_sheets_of_one_workbook_are_compared_as_files_are(tiny: Tiny) -> None:
    """The relation names the sheet, too; here as two files, since a sheet is one layout."""
    assert [one.rule for one in table(tiny, {"a.csv": rows(OLD), "b.csv": rows(OLD) + "13,2022,HOM,5\n"})] == [
        "file_given_twice"
    ]


def incidents(tiny: Tiny, files: dict[str, list[str]], more: str = "", header: str = "id,when,place") -> list[Outcome]:
    folder = tiny.declare(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [when, place]}\narea_scheme: code\n"
        'columns: {ref_area: place, time_period: when}\nconstants: {value: "1", national_code: HOM}\n'
        "rows: events\nmeasures:\n  victims: {counting_unit: victim}\n" + more
    )
    for name, lines in files.items():
        tiny.give(name, "\n".join([header, *lines]) + "\n")
    tallied = tally(folder, acquire(folder, tiny.settings, tiny.given), tiny.settings, tiny.work)
    with connect(tiny.settings) as connection:
        return list(account(folder, tallied, connection, tiny.settings, tiny.work).outcomes)


def events(ids: range, shift: int = 0) -> list[str]:
    return [f"c{number},2023-{number % 12 + 1:02d}-{(number + shift) % 28 + 1:02d},MX-JAL" for number in ids]


def shuffled(lines: list[str]) -> list[str]:
    return random.Random(7).sample(lines, len(lines))


def problems(tiny: Tiny, files: dict[str, list[str]], more: str = "") -> list[tuple[str, str | None, int | None]]:
    try:
        incidents(tiny, files, more)
    except DataRefused as refused:
        return [(one.rule, one.file, one.row) for one in refused.problems]
    return []


def test_a_corrected_file_of_incidents_beside_the_old_one_is_refused(tiny: Tiny) -> None:
    """98 of 100 rows are in both."""
    files = {"a.csv": events(range(100)), "b.csv": events(range(2, 103))}
    with pytest.raises(DataRefused, match=r"98% of its rows \(98\) are in a.csv too") as refused:
        incidents(tiny, files)
    assert [(one.rule, one.file) for one in refused.value.problems] == [("file_given_twice", "b.csv")]


def test_files_of_incidents_with_the_same_months_and_other_rows_are_added_up(tiny: Tiny) -> None:
    assert problems(tiny, {"a.csv": events(range(100)), "b.csv": events(range(100, 200), 3)}) == []


def test_a_year_of_incidents_that_two_files_share_is_refused(tiny: Tiny) -> None:
    """57 of the 60 rows of 2023 are in the next year's file too, which has 300 others."""
    later = [row.replace("2023-", "2024-") for row in events(range(1000, 1300))]
    files = {"a.csv": [*events(range(60)), *[row.replace("2023-", "2022-") for row in events(range(500, 800))]]}
    assert problems(tiny, {**files, "b.csv": [*events(range(3, 60)), *later]}) == [("file_given_twice", "b.csv", None)]


def test_incidents_that_nothing_tells_apart_and_that_are_as_many_in_both_files_are_refused(tiny: Tiny) -> None:
    """Rows of a day and a place, three or four of each; one of 100 rows is not in the second file."""
    rows = sorted(f"x,2023-{n % 12 + 1:02d}-{n % 28 + 1:02d},MX-JAL" for n in range(300))
    assert problems(tiny, {"a.csv": rows, "b.csv": rows[3:]}) == [("file_given_twice", "b.csv", None)]


def test_incidents_that_nothing_tells_apart_are_no_evidence(tiny: Tiny) -> None:
    """Two offices whose rows are a month and a place: equal rows are other incidents."""
    files = {
        "a.csv": ["x,2023-01-01,MX-JAL"] * 30 + ["x,2023-02-01,MX-JAL"] * 20,
        "b.csv": ["x,2023-01-01,MX-JAL"] * 31,
    }
    assert problems(tiny, files) == []
    outcomes = {one.rule: one for one in incidents(tiny, files)}
    assert outcomes["rows_repeated"].outcome == "not applicable"


def test_a_row_that_repeats_among_rows_that_differ_is_a_warning(tiny: Tiny) -> None:
    lines = [*events(range(60)), *events(range(1)) * 4]
    found = {one.rule: one for one in incidents(tiny, {"a.csv": lines})}["rows_repeated"]
    assert (found.outcome, found.checked, found.failing) == ("warned", 64, 4)
    assert "a.csv, rows 2, 62, 63, 64, 65" in found.detail


@pytest.mark.parametrize("personal", ["", "personal: [id]\n"])
def test_an_identifier_that_repeats_is_refused_within_a_file(tiny: Tiny, personal: str) -> None:
    lines = [*events(range(5)), "c3,2023-08-09,MX-AGU"]
    assert problems(tiny, {"a.csv": lines}, "id: [id]\n" + personal) == [("id_repeated", "a.csv", 5)]


@pytest.mark.parametrize("personal", ["", "personal: [id]\n"])
def test_an_identifier_that_repeats_is_refused_between_files_also_when_they_are_given_again(
    tiny: Tiny, personal: str
) -> None:
    files = {"a.csv": events(range(5)), "b.csv": ["c3,2024-08-09,MX-AGU", *events(range(10, 15))]}
    for _ in range(2):
        assert problems(tiny, files, "id: [id]\n" + personal) == [("id_repeated", "a.csv", 5)]
    kept = [path for path in (tiny.settings.partitions / tiny.name).rglob("*") if path.is_file()]
    assert kept
    # Fingerprints hold such letters and digits, too: "c13" stands by itself.
    found = [re.findall(rb"(?<![0-9a-f])c13(?![0-9a-f])", path.read_bytes()) for path in kept]
    assert not any(found), "no identifier is stored"


def test_what_is_declared_later_is_found_in_files_that_were_tallied_before(tiny: Tiny) -> None:
    """The tally of a file is kept; its identifiers and what a published total covers are looked up with it."""
    files = {"a.csv": [*events(range(5)), "c3,2023-08-09,MX-AGU"]}
    total = "controls: [{control: report, where: \"ref_area = '%s'\", expected: %d, origin: by hand}]\n"
    assert problems(tiny, files) == []
    assert problems(tiny, files, "id: [id]\n") == [("id_repeated", "a.csv", 5)]
    for area, incidents_there in (("MX-AGU", 1), ("MX-JAL", 5)):
        outcomes = {one.rule: one for one in incidents(tiny, files, total % (area, incidents_there))}
        assert (outcomes["control_totals"].outcome, outcomes["control_totals"].failing) == ("passed", 0)


def test_blank_identifiers_are_not_one_and_excluded_rows_do_not_repeat(tiny: Tiny) -> None:
    lines = [",2023-01-01,MX-JAL", ",2023-01-02,MX-JAL", "c1,2023-01-03,MX-JAL", "c1,2023-01-03,MX-SON"]
    more = "id: [id]\nexclusions: [{rule: old, where: \"place = 'MX-SON'\", reason: replaced by a later record}]\n"
    assert problems(tiny, {"a.csv": lines}, more) == []


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ("14,2023,HOM,11\n14,2022,HOM,9\n14,2023,HOM,11\n", (3, 1)),
        ("14,2023,HOM,0\n14,2022,HOM,9\n14,2023,HOM,0\n", (1, 0)),  # two zeros count nothing twice
        ("14,2023,HOM,11\n13,2023,HOM,11\n", (2, 0)),
    ],
)
def test_a_row_of_parts_that_stands_twice_is_a_warning(tiny: Tiny, figures: str, told: tuple[int, int]) -> None:
    tiny.declare_plain(PARTS)
    tiny.give("a.csv", f"area,year,code,n\n{figures}")
    outcomes = {one.rule: one for one in tiny.outcomes()}
    assert (outcomes["rows_repeated"].checked, outcomes["rows_repeated"].failing) == told


def test_an_identifier_of_a_table_that_repeats_is_refused_with_both_rows(tiny: Tiny) -> None:
    (problem,) = table(tiny, {"a.csv": "14,2023,HOM,1\n13,2023,HOM,2\n14,2023,HOM,3\n"}, PARTS + "id: [area, year]\n")
    assert (problem.rule, problem.row, problem.value, problem.column) == ("id_repeated", 2, "14 / 2023", "area / year")
    assert (
        "1 of 3 rows (33.3%) have the same identifier as another row; the first is repeated in row 4" in problem.found
    )


def test_an_identifier_that_the_files_do_not_have_is_named(tiny: Tiny) -> None:
    (problem,) = table(tiny, {"a.csv": "14,2023,HOM,1\n"}, PARTS + "id: [yaer]\n")
    assert (problem.rule, problem.nearest) == ("declaration_invalid", ("year", "area"))


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        ([*events(range(40)), *events(range(40))], 2),  # pasted behind itself
        (sorted([*events(range(40)), *events(range(40))]), 2),  # and sorted
        ([*events(range(40)), *events(range(38))], 2),  # 38 of 40: the end was not pasted
        ([*events(range(40)), *events(range(40)), *events(range(40))], 3),
        (["x,2023-01-01,MX-JAL", *events(range(30)), *events(range(30))], 2),
        ([*events(range(40)), *shuffled(events(range(20)))], None),  # half of it in another order: not told of so few
        ([row for n, row in enumerate(events(range(28))) for _ in range(n % 7 + 1)], None),  # alike by nature
        ([*events(range(15)), *events(range(15))], None),  # too few to say
    ],
)
def test_a_file_that_holds_its_rows_several_times_is_refused_in_both_grains(
    tiny: Tiny, tmp_path: Path, lines: list[str], times: int | None
) -> None:
    wanted = [] if times is None else [("rows_given_twice", "a.csv", None)]
    assert problems(tiny, {"a.csv": lines}) == wanted
    parts = [
        f"{11 + day % 20},{2000 + month},HOM,{day}\n"
        for _, month, day in (line.split(",")[1].split("-") for line in lines)
        for month, day in [(int(month), int(day))]
    ]
    found = table(Tiny(tmp_path / "parts"), {"a.csv": "".join(parts)})
    assert [(one.rule, one.file, one.row) for one in found] == wanted
    assert all(f"{times} times" in one.found for one in found)


def days(number: int, each: int = 1) -> list[str]:
    """So many different incidents of 2023 and 2024, in no order of days; ``each`` of them stand twice by nature."""
    places = ("MX-JAL", "MX-AGU", "MX-SON", "MX-NLE")
    every = [
        f"x,{y}-{m:02d}-{d:02d},{p}" for y in (2023, 2024) for m in range(1, 13) for d in range(1, 29) for p in places
    ]
    lines = shuffled(every)[:number]
    return shuffled([*lines, *lines[::each]]) if each > 1 else lines


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        # 60 rows in the middle stand again at the end: from row 102 to row 161 (a header and 100 rows before them)
        ([*days(300), *days(300)[100:160]], ("60 rows, from row 102 to row 161, are repeated from row 302", 302)),
        # and behind themselves
        ([*days(300)[:160], *days(300)[100:]], ("60 rows, from row 102 to row 161, are repeated from row 162", 162)),
        # among rows of which one in five is alike another one by nature
        ([*days(500, 5), *days(500, 5)[200:300]], ("rows, from row 202 to row 301, are repeated from row 602", 602)),
        ([*days(300), *days(300)[100:119]], None),  # 19 rows are too few
        ([*days(300), *shuffled(days(300)[100:160])], None),  # in another order: a warning at most
        (sorted([*days(300), *days(300)[100:160]]), None),
        (days(500, 5), None),
    ],
)
def test_a_block_of_incidents_that_stands_again_in_the_same_order_is_refused(
    tiny: Tiny, lines: list[str], told: tuple[str, int] | None
) -> None:
    """Nothing identifies a row: a day and a place, as in an export without numbers of records."""
    try:
        incidents(tiny, {"a.csv": lines})
    except DataRefused as refused:
        (problem,) = refused.problems
        assert told is not None, problem
        assert (problem.rule, problem.file, problem.row) == ("rows_given_twice", "a.csv", told[1])
        assert told[0] in problem.found
    else:
        assert told is None


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ([*days(700), *shuffled(days(700)[:250])], "warned"),  # 450 once, 250 twice, none three times
        (sorted([*days(700), *days(700)[:250]]), "warned"),
        ([*days(700), *shuffled(days(700)[:90])], "not applicable"),  # 89 % differ, and so few may be chance
        # by nature: 400 once, 200 twice, 60 three times, 20 four times; 2 x 200^2 is above 3 x 400 x 60, by little
        (shuffled([*days(680), *days(280), *days(80), *days(20)]), "not applicable"),
    ],
)
def test_more_incidents_that_stand_twice_than_by_nature_are_a_warning_in_any_order(
    tiny: Tiny, lines: list[str], outcome: str
) -> None:
    found = {one.rule: one for one in incidents(tiny, {"a.csv": lines})}["rows_repeated"]
    assert found.outcome == outcome
    assert outcome != "warned" or found.failing == 250


def of_codes(lines: dict[str, range], again: str = "", until: int = 100) -> str:
    """Rows of parts with figures that nothing else has; those of the code ``again`` stand a second time, at the end."""
    rows = [f"{11 + n % 20},{2000 + n % 9},{code},{n}\n" for code, numbers in lines.items() for n in numbers]
    return "".join([*rows, *[row for row in rows if again and f",{again}," in row][:until]])


@pytest.mark.parametrize(
    ("again", "until", "told"),
    [
        ("HOM", 60, True),  # the murders were appended once more
        ("HOM", 55, True),  # 55 of 60: the end was not
        ("HOM", 18, False),  # fewer: a warning
        ("FEW", 18, False),
    ],
)
def test_the_rows_of_one_code_that_stand_twice_are_refused_and_named(
    tiny: Tiny, again: str, until: int, told: bool
) -> None:
    links = [{**HOMICIDE, "national_code": code} for code in ("HOM", "FEW", "MANY")]
    tiny.declare_plain(PARTS, links=links)
    lines = {"MANY": range(1000, 1600), "FEW": range(200, 230), "HOM": range(1, 61)}
    tiny.give("a.csv", "area,year,code,n\n" + of_codes(lines, again, until))
    if not told:
        (found,) = [one for one in tiny.outcomes() if one.rule == "rows_repeated"]
        assert (found.outcome, found.failing) == ("warned", until)
        return
    with pytest.raises(DataRefused) as refused:
        tiny.outcomes()
    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("rows_given_twice", "a.csv")
    assert "Nearly every row of 'HOM' occurs 2 times in the file" in problem.found


def test_a_block_of_parts_that_stands_again_in_the_same_order_is_refused(tiny: Tiny) -> None:
    """The first 30 of 60 murders of a table of 660 rows: rows 602 to 631, again at its end."""
    tiny.declare_plain(PARTS, links=[{**HOMICIDE, "national_code": code} for code in ("HOM", "MANY")])
    tiny.give("a.csv", "area,year,code,n\n" + of_codes({"MANY": range(1000, 1600), "HOM": range(1, 61)}, "HOM", 30))
    with pytest.raises(DataRefused, match="30 rows, from row 602 to row 631, are repeated from row 662 on") as refused:
        tiny.outcomes()
    assert [(one.rule, one.file, one.row) for one in refused.value.problems] == [("rows_given_twice", "a.csv", 662)]


@pytest.mark.parametrize(
    ("lower", "found"),
    [
        (
            "14,2023,HOM,3\n20,2023,HOM,4\n21,2023,HOM,5\n",
            "a.csv: 3 of 3 cells from row 6 on repeat those of the block ",
        ),
        ("14,2024,HOM,3\n20,2024,HOM,4\n21,2024,HOM,5\n", ""),  # another year
        ("14,2023,HOM,3\n14,2023,HOM,2\n20,2023,HOM,4\n21,2023,HOM,5\n", ""),  # parts of a cell, as declared
        ("14,2023,HOM,3\n20,2023,HOM,4\n", ""),  # too few to tell
    ],
)
@pytest.mark.parametrize("blank", ["\n", ",,,\n"])
def test_a_block_below_a_blank_line_with_the_cells_of_the_one_above_is_said(
    tiny: Tiny, blank: str, lower: str, found: str
) -> None:
    """Nothing else tells men from women here: the figures are added up."""
    tiny.declare_plain(PARTS)
    upper = "14,2023,HOM,12\n20,2023,HOM,7\n21,2023,HOM,8\n"
    tiny.give("a.csv", f"area,year,code,n\n{upper}{blank}{lower}")
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "blocks_repeated")
    assert outcome.detail == (f"{found}from row 2 on" if found else "")


def _numbered(tiny: Tiny, files: dict[str, list[str]]) -> Outcome:
    """Incidents whose case numbers are declared, with a weapon that few words tell."""
    tiny.declare(
        "kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [case, date, hour, area, code]}\n"
        "area_scheme: inegi\ncolumns: {time_period: date, ref_area: area, national_code: code}\n"
        "constants: {value: '1'}\nrows: events\nid: [case]\nmeasures: {incidents: {counting_unit: incident}}\n"
    )
    for name, of_file in files.items():
        tiny.give(name, "\n".join(["case,date,hour,area,code,weapon", *of_file]) + "\n")
    source, settings = tiny.source, tiny.settings
    tallied = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        outcomes = account(source, tallied, connection, settings, tiny.work).outcomes
    return next(one for one in outcomes if one.rule == "rows_repeated")


def _incidents(number: int, year: int = 2023) -> list[str]:
    rng = random.Random(7)
    return [
        f"A{year}-{n},{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02},"
        f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02},{rng.randint(1, 32)},HOM,{rng.choice(['knife', 'gun'])}"
        for n in range(number)
    ]


def test_incidents_exported_again_under_new_numbers_are_told(tiny: Tiny) -> None:
    """Of 400 incidents, 60 are there twice, as A2023-1 and B2023-1."""
    once = _incidents(400)
    assert _numbered(tiny, {"a.csv": once}).outcome == "passed"
    told = _numbered(tiny, {"a.csv": [*once, *(f"B{row[1:]}" for row in once[100:160])]})
    assert (told.outcome, told.failing) == ("warned", 1)
    assert "60 incidents have rows that differ only in columns with few words, or in case" in told.detail


def test_a_file_given_again_under_new_numbers_is_refused(tiny: Tiny) -> None:
    once = _incidents(400)
    with pytest.raises(DataRefused) as refused:
        _numbered(tiny, {"a.csv": once, "b.csv": [f"B{row[1:]}" for row in once[:300]]})
    (problem,) = refused.value.problems
    assert (problem.rule, problem.file) == ("file_given_twice", "b.csv")
    assert "every column but those with few words and the identifier" in problem.found
