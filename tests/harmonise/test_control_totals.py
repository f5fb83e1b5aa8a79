"""Totals that files and publishers print, and figures that miss them: the sums are of three or four rows, by hand."""

from __future__ import annotations

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused, Problem

FOOT = ", footer: {starts_with: Total}"
FOOT_CONTROL = "controls: [{control: foot, footer_column: n}]\n"
PUBLISHED = "controls: [{control: report, where: \"time_period = '2021'\", expected: 12, origin: a report%s}]\n"
PARTS = "controls: [{control: sums, total_column: all, part_columns: [n]%s}]\n"


def refused(tiny: Tiny, rows: str, more: str, read: str = "", header: str = "area,year,code,n") -> list[Problem]:
    """The problems of a file; none where the control is met, or its miss a warning."""
    tiny.declare_plain("rows: parts\n" + more, read=read)
    tiny.give("a.csv", f"{header}\n{rows}")
    try:
        tiny.outcomes()
    except DataRefused as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("total", "is_refused"),
    [(12, False), (11, False), (8, True), (9, False), (23, False), (24, True), (120, True), (0, True)],
)
def test_figures_that_miss_the_foot_of_their_file_by_half_of_it_are_refused(
    tiny: Tiny, total: int, is_refused: bool
) -> None:
    """The rows add up to 12: 12 of 8 is half more, 12 of 24 half less."""
    problems = refused(tiny, f"14,2021,HOM,5\n15,2021,HOM,7\nTotal,,,{total}\n", FOOT_CONTROL, FOOT)
    assert [one.rule for one in problems] == ["control_missed"] * is_refused
    if is_refused:
        assert problems[0].file == "a.csv"
        assert f"foot: the total is {total}, the figures add up to 12 (footer row" in problems[0].found


@pytest.mark.parametrize("kind", ["", "kind: incident\n"])
@pytest.mark.parametrize(("total", "is_refused"), [(12, False), (24, False), (50, True), (6, True)])
def test_a_total_at_the_foot_holds_what_exclusions_leave_out_or_does_not(
    tiny: Tiny, kind: str, total: int, is_refused: bool
) -> None:
    """The states are 5 and 7; the row of the region, left out, is their sum: the foot has 12, or with the row 24."""
    tiny.declare_plain(
        f"{kind}rows: parts\nexclusions: [{{rule: regions, where: \"area = 'Norte'\", reason: sums}}]\n"
        + ("dates: [YYYY]\n" if kind else "")
        + FOOT_CONTROL,
        read=FOOT,
    )
    tiny.give("a.csv", f"area,year,code,n\nNorte,2021,HOM,12\n14,2021,HOM,5\n15,2021,HOM,7\nTotal,,,{total}\n")
    assert _failing(tiny) == (None if is_refused else 0)


@pytest.mark.parametrize(
    ("first", "second", "failing"), [(12, 20, 0), (12, 30, 1), (13, 30, 2), (40, 20, None), (32, 32, None)]
)
def test_a_total_at_the_foot_of_a_year_is_that_of_its_column(
    tiny: Tiny, first: int, second: int, failing: int | None
) -> None:
    """The years are columns: 12 in 2021 and 20 in 2022, 32 together."""
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, code], footer: {starts_with: Total}}\n"
        "    conserve: '^20'\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures: {victims: {counting_unit: victim}}\ncontrols:\n"
        "  - {control: first, footer_column: '2021'}\n  - {control: second, footer_column: '2022'}\n",
        reshape="SELECT *, year AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR year IN (COLUMNS('^20')))",
    )
    tiny.give("a.csv", f"area,code,2021,2022\n14,HOM,5,8\n15,HOM,7,12\nTotal,,{first},{second}\n")
    assert _failing(tiny) == failing


def _failing(tiny: Tiny) -> int | None:
    """How many totals the figures of a source do not have, in either grain; None if they are refused for one."""
    source, settings = tiny.source, tiny.settings
    try:
        if source.source.kind != "incident":
            outcomes = tiny.outcomes()
        else:
            incidents = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
            with connect(settings) as connection:
                outcomes = account(source, incidents, connection, settings, tiny.work).outcomes
    except DataRefused as error:
        assert {one.rule for one in error.problems} == {"control_missed"}
        return None
    return next(one.failing for one in outcomes if one.rule == "control_totals")


@pytest.mark.parametrize(
    ("share", "second", "is_refused"),
    [
        ("", 7, False),
        ("", 12, False),  # 17 of 12: a warning
        ("", 13, True),  # 18 of 12
        ("", 19, True),  # every row counted twice
        ("", 0, False),  # 5 of 12: the files given may hold a part
        (", refuse_from: 0.5", 0, True),
        (", refuse_from: 0.1", 8, False),
        (", refuse_from: 0.1", 9, True),
        (", refuse_from: 1.5", 19, False),  # meant
    ],
)
def test_figures_above_a_published_total_by_half_of_it_are_refused_unless_meant(
    tiny: Tiny, share: str, second: int, is_refused: bool
) -> None:
    problems = refused(tiny, f"14,2021,HOM,5\n15,2021,HOM,{second}\n15,2022,HOM,90\n", PUBLISHED % share)
    assert [(one.rule, one.file) for one in problems] == [("control_missed", None)] * is_refused


@pytest.mark.parametrize(
    ("rows", "share", "is_refused"),
    [
        ("14,2021,HOM,5,5\n15,2021,HOM,7,7\n", "", False),
        ("14,2021,HOM,5,2\n15,2021,HOM,70,70\n", "", False),  # one row misprinted: 75 of 72
        ("14,2021,HOM,5,2\n15,2021,HOM,7,4\n", "", True),  # 12 of 6
        ("14,2021,HOM,5,2\n15,2021,HOM,7,4\n", ", refuse_from: 1.1", False),
        ("14,2021,HOM,5,5\n15,2021,HOM,7,\n", "", False),  # a total that is not there
        ("14,2021,HOM,5,15\n15,2021,HOM,7,17\n", "", True),
        ("14,2021,HOM,5,15\n15,2021,HOM,7,17\n", ", tolerance: 20", False),
    ],
)
def test_rows_whose_parts_miss_their_totals_by_half_in_all_are_refused(
    tiny: Tiny, rows: str, share: str, is_refused: bool
) -> None:
    problems = refused(tiny, rows, PARTS % share, header="area,year,code,n,all")
    assert [(one.rule, one.file) for one in problems] == [("control_missed", "a.csv")] * is_refused


def test_a_smaller_miss_is_a_warning_with_both_figures(tiny: Tiny) -> None:
    tiny.declare_plain("rows: parts\n" + PUBLISHED % "")
    tiny.give("a.csv", "area,year,code,n\n14,2021,HOM,5\n15,2021,HOM,8\n")
    (outcome,) = (one for one in tiny.outcomes() if one.rule == "control_totals")
    assert (outcome.outcome, outcome.failing) == ("warned", 1)
    assert outcome.detail == "report: expected 12, found 13 (a report)"


def test_every_category_of_a_row_that_misses_its_total_is_marked(tiny: Tiny) -> None:
    """5 + 7 are not the 13 printed: which of the two is wrong is not known. 4 + 6 are 10."""
    names = {"MUR": "0101", "ROB": "0401"}
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, MUR, ROB, all]}\n"
        "    conserve: '^(MUR|ROB)$'\n"
        "area_scheme: inegi\ncolumns: {ref_area: area, time_period: year, national_code: what, value: n}\n"
        "measures: {victims: {counting_unit: victim}}\n"
        "controls: [{control: sums, total_column: all, part_columns: [MUR, ROB]}]\n",
        links=[{**HOMICIDE, "national_code": name, "iccs_code": code} for name, code in names.items()],
        reshape="SELECT * FROM raw UNPIVOT INCLUDE NULLS (n FOR what IN (MUR, ROB))",
    )
    tiny.give("a.csv", "area,year,MUR,ROB,all\n14,2022,5,7,13\n6,2022,4,6,10\n")
    published = run_all([tiny.source], Session(tiny.settings, tiny.given), named=True).published
    with duckdb.connect(str(published), read_only=True) as connection:
        marked = connection.execute(
            "SELECT ref_area, iccs, value FROM out.observation WHERE contains(caveats, 'parts_differ_from_total') "
            "AND length(iccs) = 4 AND ref_area <> 'MX' ORDER BY ALL"
        ).fetchall()
    assert marked == [("MX-JAL", "0101", 5), ("MX-JAL", "0401", 7)]
