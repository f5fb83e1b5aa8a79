"""Each rule on figures meets data that keep it and data that break it; a rule that crashes is errored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from figure_cases import BY_DAY, CASES, FALL, MONTHS_EXCHANGED, TWO_AREAS, ZA_AREAS
from figure_data import Data, Judge, by_age, by_sex, months, states, years

from pipelines.system.connection import connect, fetch_row
from pipelines.system.settings import Settings
from pipelines.tabulate.rule_statements import fill_rule
from pipelines.tabulate.rules import figure_rules, judge_rules, needs
from schemas.codelists import load_areas
from schemas.declarations import load_rules


@pytest.fixture
def judge(tmp_path: Path, one_engine: None) -> Iterator[Judge]:
    yield Judge(tmp_path)


def test_every_rule_on_figures_has_a_case() -> None:
    declared = {rule.name for kind in ("count", "population") for rule in figure_rules(kind)}
    assert declared == set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_figures_that_keep_the_rule_pass(rule: str, judge: Judge) -> None:
    outcome, checked, failing, detail = judge(rule, CASES[rule][0])
    assert (outcome, failing) == ("passed", 0), detail
    assert checked > 0


@pytest.mark.parametrize("rule", CASES)
def test_figures_that_break_the_rule_are_found(rule: str, judge: Judge) -> None:
    _, bad, count, words = CASES[rule]
    outcome, checked, failing, detail = judge(rule, bad)
    assert outcome == {"error": "failed", "warning": "warned"}[load_rules()[rule].severity]
    assert failing == count
    assert checked >= failing
    assert words in detail
    assert not re.search(r"\d\.0(?![\d%]| %| times)", detail.replace("r = 1.0", "")), "a count is written without .0"


def test_a_rule_that_crashes_is_errored_neither_failed_nor_passed(judge: Judge) -> None:
    with connect(Settings(data=judge.folder, threads=1)) as connection:
        source = judge.open(connection, Data())
        rule = load_rules()["sex_parts_sum"]
        wrong = {"no column": {"dimension": "shoe_size", "tolerance": 0}, "no parameter": {"dimension": "sex"}}
        crashing = [replace(rule, name=name, parameters=parameters) for name, parameters in wrong.items()]
        no_column, no_parameter, after = judge_rules(connection, [*crashing, rule], source)
    assert (no_column.outcome, no_column.failing) == ("errored", 0)
    assert "shoe_size" in no_column.detail
    assert no_parameter.outcome == "errored"
    assert after.outcome == "not applicable"  # the others are judged; one cell has no parts


def test_rules_that_are_judged_together_find_what_each_finds_alone(judge: Judge) -> None:
    rules = figure_rules("count")
    data = CASES["volume_jump"][1]  # cells that fail some rules, pass others, and are nothing to the rest
    alone = [judge(rule.name, data) for rule in rules]
    with connect(Settings(data=judge.folder, threads=1)) as connection:
        together = judge_rules(connection, rules, judge.open(connection, data))
    assert [(one.outcome, one.checked, one.failing, one.detail) for one in together] == alone
    assert {"warned", "passed", "not applicable"} <= {one.outcome for one in together}


def test_a_rule_without_anything_to_check_is_not_applicable(judge: Judge) -> None:
    assert judge("sex_parts_sum", Data())[0] == "not applicable"
    assert judge("months_empty", Data(core=years([50, 50])))[0] == "not applicable"


@pytest.mark.parametrize("data", [name for name in CASES if needs(load_rules()[name])])
def test_a_rule_has_nothing_to_judge_where_what_it_needs_is_not_there(data: str, judge: Judge) -> None:
    """Such rules are not run: run all the same, on the data of every other one, they judge nothing."""
    with connect(Settings(data=judge.folder, threads=1)) as connection:
        source = judge.open(connection, CASES[data][1])
        figures = "FROM (FROM cells UNION ALL BY NAME FROM core)"
        counts = {
            "sex": f"count(*) {figures} WHERE sex <> '_T'",
            "age": f"count(*) {figures} WHERE age <> '_T'",
            "months": f"count(*) {figures} WHERE time_period LIKE '%-%'",
            "rejected rows": "count(*) FROM lost_row WHERE is_rejected",
            "printed totals": "count(*) FROM printed_total",
            "printed rates": "count(*) FROM published_rate",
            "areas inside areas": f"count(*) {figures} JOIN area_ancestor ON area = ref_area WHERE area <> ancestor "
            "AND ancestor IN (SELECT ref_area FROM core)",
            "years": f"count(DISTINCT left(CAST(time_period AS VARCHAR), 4)) {figures}",
            "areas": f"count(DISTINCT ref_area) {figures}",
            "codes": "count(DISTINCT national_code) FROM core",
            "categories": f"count(DISTINCT iccs) {figures}",
            "counting units": f"count(DISTINCT counting_unit) {figures}",
        }
        there_are = {name: fetch_row(connection, f"SELECT {query}")[0] for name, query in counts.items()}
        tried = [
            rule
            for rule in figure_rules("count")
            if any(there_are[name] < least for name, least in needs(rule).items())
        ]
        judged = {rule.name: connection.execute(fill_rule(rule, source)).fetchall() for rule in tried}
    assert {name: rows for name, rows in judged.items() if rows} == {}
    assert len(tried) >= 4


def test_a_month_that_no_small_area_reported_is_empty_in_all_of_them(judge: Judge) -> None:
    """Nine areas of five victims a month, 45 in the country: 0 of 45 in November and December, twice nine areas."""
    areas = states(*ZA_AREAS)
    given = [row for area in areas for row in months([5.0] * 10 + [0.0, 0.0], **area)]
    outcome, checked, failing, detail = judge("months_empty", Data(core=given))
    assert (outcome, checked, failing) == ("warned", 12 + 18, 2 + 18)
    assert "2020-11: 0, usually 45 in the small areas of ZA together" in detail
    assert judge("months_empty", Data(core=[row for row in given if row["time_period"] < "2020-11"]))[2] == 20
    assert judge("months_empty", Data(core=[row for row in given if row["ref_area"] != "ZA-WC"]))[2] == 2 + 16


def test_a_small_area_that_did_report_is_not_empty_where_the_others_are_not_yet_in_the_file(judge: Judge) -> None:
    """Two areas of five victims a month report from 2020 on, the other seven, of 100, from 2021."""
    early, late = states(*ZA_AREAS[:2]), states(*ZA_AREAS[2:])
    given = [row for area in early for row in months([5.0] * 12, **area)]
    later = [
        row for value, some in ((5.0, early), (100.0, late)) for area in some for row in months([value] * 12, **area)
    ]
    for year in ("2021", "2022"):
        given += [{**row, "time_period": year + row["time_period"][4:]} for row in later]
    with_findings = judge("months_empty", Data(core=given))
    assert "in the small areas of ZA" not in with_findings[3]
    assert (
        with_findings[2] == 7 * 12
    )  # the seven in 2020; the two that are small have ten together, too few to be judged


def test_a_month_without_figures_is_no_quarter_of_the_same_area(judge: Judge) -> None:
    """Nine areas of five a month, in months and quarters; of all nine nothing in December, which is once
    in each and once in ZA."""
    areas = states(*ZA_AREAS)
    given = [row for area in areas for row in months([5.0] * 11 + [0.0], **area)]
    given += [
        {**area, "freq": "Q", "time_period": f"2020-Q{n}", "value": value}
        for area in areas
        for n, value in enumerate((15.0, 15.0, 15.0, 10.0), start=1)
    ]
    assert judge("months_empty", Data(core=given))[2] == 1 + 9


@pytest.mark.parametrize("rows", ["events", "parts", "cells"])
def test_the_only_rows_of_a_category_and_year_that_say_no_month_are_lost_in_that_year(judge: Judge, rows: str) -> None:
    """Three homicides of 2020 in no month, beside other offences by month: all three of three of 2020 are gone."""
    other = [{"code_id": 1, "iccs": "0102", "time_period": f"2020-{n:02}", "counted": 9.0} for n in range(1, 13)]
    gone = {"is_rejected": True, "records": 3.0, "counted": 3.0}
    data = Data(cells=[{"ref_area": "MX-AGU", "value": 0.0}], rows=[*other, gone], about={"rows": rows})
    outcome, _, failing, detail = judge("rejected_much", data)
    assert (outcome, failing) == ("warned", 1)
    assert "about 100.0 % of it was rejected" in detail


def test_a_row_of_no_month_beside_every_month_of_a_table_is_no_lost_cell(judge: Judge) -> None:
    """Each cell is given once, and the twelve of 2020 are there: what the thirteenth row counts is none of them."""
    there = [{"time_period": f"2020-{n:02}", "counted": 9.0} for n in range(1, 13)]
    gone = {"is_rejected": True, "records": 1.0, "counted": 30.0}
    cells = [{"ref_area": "MX-AGU", "value": 108.0}]
    assert judge("rejected_much", Data(cells=cells, rows=[*there, gone], about={"rows": "cells"}))[2] == 0
    assert judge("rejected_much", Data(cells=cells, rows=[*there, gone], about={"rows": "parts"}))[2] == 1  # 30 of 138


def test_sums_whose_parts_are_linked_are_not_unlinked(judge: Judge) -> None:
    of_sums = Data(
        links=[{}, {"link": 2, "national_code": "SUM", "iccs_code": None, "out_of_scope": "counted_elsewhere"}],
        mapped=[{}, {"link": 2, "count": 90.0}],
    )
    assert judge("mapping_linked_share", of_sums) == ("passed", 1, 0, "")


def test_an_area_made_later_is_not_missed_before(judge: Judge) -> None:
    here = [area.code for area in load_areas() if area.parent == "IN" and area.level == "admin1"]
    others = [code for code in here if code != "IN-TS"]
    assert judge("areas_missing", Data(core=states(*others, time_period="2010")))[0] == "passed"
    assert judge("areas_missing", Data(core=states(*others, time_period="2016")))[2] == 1


@pytest.mark.parametrize(
    ("stage", "unit", "country", "failing"),
    [
        ("suspected", "person", 87.0, 0),  # suspects of two regions are one of the country: 90 in nine regions
        ("suspected", "person", 91.0, 1),  # less than the country's cannot be
        ("suspected", "person", 45.0, 1),  # twice as many are not the same persons
        ("held", "person", 87.0, 1),  # on one day a person is in one place
        ("recorded", "victim", 87.0, 1),
    ],
)
def test_persons_are_counted_once_in_the_country_and_in_each_region(
    judge: Judge, stage: str, unit: str, country: float, failing: int
) -> None:
    key = {"stage": stage, "counting_unit": unit}
    rows = [{"ref_area": "ZA", "value": country, **key}, *states(*ZA_AREAS, value=10.0, **key)]
    assert judge("areas_sum", Data(cells=rows, core=rows))[2] == failing


@pytest.mark.parametrize(("unknown", "failing"), [(0, 0), (97, 2)])
def test_no_sex_is_gone_in_a_year_of_few_counts_unless_the_others_are_not_few(
    judge: Judge, unknown: float, failing: int
) -> None:
    """80 men and 20 women a year, in 2015 two men and one woman: of three victims, or of a hundred."""
    key = {"ref_area": "AR"}
    rows = [
        row
        for year in range(2010, 2020)
        for row in (
            by_sex(2, 1, unknown, time_period="2015") if year == 2015 else by_sex(80, 20, 0, time_period=str(year))
        )
    ]
    assert judge("sex_vanishes", Data(cells=[row | key for row in rows]))[2] == failing


@pytest.mark.parametrize(("unknown", "failing"), [(0.0, 0), (97.0, 2)])
def test_no_age_is_gone_in_a_year_of_few_counts_unless_the_others_are_not_few(
    judge: Judge, unknown: float, failing: int
) -> None:
    """30 minors and 70 adults a year, in 2015 one and two: of three persons, or of a hundred."""
    rows = [
        {**row, "time_period": str(year)}
        for year in range(2010, 2020)
        for row in (by_age(Y0T17=1, Y_GE18=2, _U=unknown) if year == 2015 else by_age(Y0T17=30, Y_GE18=70, _U=0))
    ]
    assert judge("age_vanishes", Data(cells=rows))[2] == failing


def test_small_numbers_do_not_warn(judge: Judge) -> None:
    assert judge("sex_unknown_jump", Data(cells=by_sex(0, 0, 49)))[0] == "not applicable"
    assert judge("volume_jump", Data(cells=years([1, 1, 2, 1, 9, 1])))[0] == "passed"


def test_two_areas_that_both_change_are_not_exchanged(judge: Judge) -> None:
    """Each is far from its usual figure, and neither fits the other's place."""
    tripled = [{**row, "value": 3.3 * row["value"]} if row["time_period"] == "2013" else row for row in TWO_AREAS]
    assert judge("areas_exchanged", Data(core=tripled)) == ("passed", 14, 0, "")


def test_a_year_without_the_usual_season_is_not_shifted(judge: Judge) -> None:
    """A year of closures, as 2020: its steps are like nothing."""
    closures = [1.0, 1.05, 0.9, 0.6, 0.7, 0.8, 0.95, 0.9, 1.0, 1.1, 0.9, 0.85]
    odd = [{**row, "value": 900 * closures[n % 12]} if row["time_period"].startswith("2014") else row
           for n, row in enumerate(BY_DAY)]  # fmt: skip
    assert judge("months_shifted", Data(core=odd))[:3] == ("passed", 6, 0)


def test_a_month_reported_late_or_by_one_area_is_not_exchanged(judge: Judge) -> None:
    """A third of March counted in April is as far off in the other's place; one large region is not the country."""
    late = {"2012-03": 2 / 3, "2012-04": 4 / 3}
    as_late = [{**row, "value": round(row["value"] * late.get(row["time_period"], 1))} for row in FALL]
    assert judge("months_exchanged", Data(core=as_late)) == ("passed", 4, 0, "")
    largest = max(row["value"] for row in FALL)
    of_largest = {row["ref_area"] for row in FALL if row["value"] == largest}
    alone = [row for with_fault in (True, False) for row in (MONTHS_EXCHANGED if with_fault else FALL)
             if (row["ref_area"] in of_largest) == with_fault]  # fmt: skip
    assert judge("months_exchanged", Data(core=alone))[:3] == ("passed", 4, 0)


def test_a_printed_rate_of_no_count_is_found_without_a_population(judge: Judge) -> None:
    """A count in thousands, rounded to zero, beside the rate made from persons: no count implies a population."""
    unknown = dict.fromkeys(("population", "rate_made", "rate_low", "rate_high"))
    nothing, small = {**unknown, "count": 0.0, "rate": 0.0}, {**unknown, "count": 1.0, "rate": 5.0}
    assert judge("published_rates_agree", Data(rates=[nothing, small])) == ("passed", 1, 0, "")
    found = judge("published_rates_agree", Data(rates=[{**nothing, "rate": 5.0}]))
    assert found == ("warned", 1, 1, "MX 0101 2020: H: printed rate 5, its count 0")


@pytest.mark.parametrize("rule", ["level_jump", "years_empty"])
def test_a_jump_declared_to_be_real_is_none(rule: str, judge: Judge) -> None:
    bad = CASES[rule][1]
    real = {"period": "2011" if rule == "level_jump" else "2013", "iccs": ["0101"], "note": "war"}
    assert judge(rule, replace(bad, about={"no_break": [real]}))[0] == "passed"
    assert judge(rule, replace(bad, about={"no_break": [{**real, "areas": ["AR-B"]}]}))[2] == 1


@pytest.mark.parametrize(("lost", "jumps"), [(0.5, ["01"]), (0.04, ["01", "0101"])])
def test_rows_lost_to_quarantine_silence_the_jump_of_their_own_figure_alone(
    judge: Judge, lost: float, jumps: list[str]
) -> None:
    """Half of the homicides of 2011 are in quarantine: their rise is no finding, that of 01, which lost little, is."""
    cells = [*years([1000, 4000]), *years([50_000, 200_000], iccs="01")]
    finding = {"rule": "rejected_part", "stage": "recorded", "counting_unit": "victim", "iccs": "0101"}
    with connect(Settings(data=judge.folder, threads=1)) as connection:
        source = judge.open(connection, Data(cells=cells))
        connection.execute(
            f"INSERT INTO finding ({', '.join(finding)}, ref_area, time_period, value_found) "
            f"SELECT {', '.join(f'${name}' for name in finding)}, 'MX', '2011', $lost",
            {**finding, "lost": lost},
        )
        judge_rules(connection, [load_rules()["level_jump"]], source)
        found = connection.execute("SELECT iccs FROM finding WHERE rule = 'level_jump' ORDER BY iccs").fetchall()
    assert [code for (code,) in found] == jumps


def test_a_break_of_a_category_is_one_of_those_above_it(judge: Judge) -> None:
    above = Data(
        cells=years([1000, 4000], iccs="01"), about={"breaks": [{"period": "2011", "iccs": ["0101"], "note": "n"}]}
    )
    assert judge("level_jump", above)[0] == "passed"


def test_a_declared_break_is_no_jump(judge: Judge) -> None:
    jump = CASES["volume_jump"][1]
    declared = {"period": "2014", "iccs": ["0101"], "note": "the list became finer"}
    assert judge("volume_jump", replace(jump, about={"breaks": [declared]}))[0] == "passed"
    assert judge("volume_jump", replace(jump, about={"breaks": [{**declared, "iccs": ["0102"]}]}))[2] == 1


def test_where_nothing_happened_in_a_source_of_events_nothing_is_missing(judge: Judge) -> None:
    gap = CASES["periods_missing"][1]
    assert judge("periods_missing", replace(gap, about={"rows": "events"}))[0] == "passed"


def test_a_source_that_covers_part_of_a_country_misses_only_its_own_areas(judge: Judge) -> None:
    covers = {"covers": list(ZA_AREAS[:-1])}
    assert judge("areas_missing", Data(core=states(*ZA_AREAS[:-1]), about=covers))[0] == "passed"
    assert judge("areas_missing", Data(core=states(*ZA_AREAS[:-2]), about=covers))[2] == 1


@pytest.mark.parametrize("rule", ["population_rows_missing", "area_cells_missing"])
def test_rows_that_an_area_lacks_are_told_by_one_rule(rule: str, judge: Judge) -> None:
    """Women of one of nine areas are missing in the middle of five years: the years around tell it, once."""
    core = [
        cell
        for year in range(2016, 2021)
        for sex in ("M", "F")
        for cell in states(*ZA_AREAS, sex=sex, time_period=str(year), value=500.0)
        if (year, sex, cell["ref_area"]) != (2018, "F", ZA_AREAS[3])
    ]
    data = Data(core=core, about={"rows": "cells"})
    rules = load_rules()
    with connect(Settings(data=judge.folder, threads=1)) as connection:
        both = judge_rules(connection, [rules["rows_missing"], rules[rule]], judge.open(connection, data))
    assert [(one.outcome, one.failing) for one in both] == [("warned", 1), ("passed", 0)]
    alone = judge(rule, data)
    assert (alone[0], alone[2]) == ("warned", 1)


def test_counts_that_an_area_rounds_are_found_where_a_year_has_few_of_them(judge: Judge) -> None:
    """Ten years of five figures, all multiples of 5, beside an area that does not round."""
    rounded = [
        {**row, "national_code": code, "ref_area": "ZA-WC"}
        for n, code in enumerate("ABCDE")
        for row in years([5.0 * (7 * n + year + 1) for year in range(10)])
    ]
    exact = [{**row, "ref_area": "ZA-GP", "value": row["value"] + 1} for row in rounded]
    outcome, _, failing, detail = judge("figures_rounded", Data(core=[*rounded, *exact]))
    assert (outcome, failing) == ("warned", 10)
    assert "all 50 figures of all years are multiples of 5" in detail


def test_counts_that_one_category_rounds_are_found_in_all_areas_together(judge: Judge) -> None:
    """Forty-five figures of one category in nine areas, all multiples of 3, beside another that is not rounded."""
    one = [{"ref_area": area, "sex": sex, "value": 3.0 * (n + 4 * m + 1)}
           for n, area in enumerate(ZA_AREAS) for m, sex in enumerate(["M", "F", "_U", "X", "_T"])]  # fmt: skip
    other = [{**row, "iccs": "0401", "value": row["value"] + 1} for row in one]
    outcome, _, failing, detail = judge("figures_rounded", Data(core=[*one, *other]))
    assert (outcome, failing) == ("warned", 1)
    assert "all 45 figures of all areas are multiples of 3" in detail


def test_large_counts_of_which_only_the_first_digits_are_given_are_rounded(judge: Judge) -> None:
    """Two digits: 1,100 to 5,500; small counts are as they were."""
    large = [{"national_code": str(n), "value": 1_000.0 + 100 * (n + 1)} for n in range(45)]
    small = [{"national_code": f"s{n}", "value": float(n)} for n in range(1, 10)]
    outcome, _, failing, detail = judge("figures_rounded", Data(core=[*large, *small]))
    assert (outcome, failing) == ("warned", 1)
    assert "all 45 figures of 1000 and more are multiples of 10" in detail


def test_a_code_that_copies_another_in_one_area_is_found_there(judge: Judge) -> None:
    """In ZA-WC robbery has the figures of theft; a category and one inside it may have the same."""

    def codes(area: str, robbery: float, part: str = "0401") -> list[dict[str, object]]:
        theft = years([20.0 + n for n in range(9)], ref_area=area, national_code="T", iccs="0502")
        return [
            *theft,
            *({**row, "value": row["value"] + robbery, "national_code": "R", "iccs": part} for row in theft),
        ]

    outcome, _, failing, detail = judge("figures_alike", Data(core=[*codes("ZA-WC", 0), *codes("ZA-GP", 50)]))
    assert (outcome, failing) == ("warned", 2)  # the figures of both codes
    assert "ZA-WC 0401: R and T have the same figures in 9 of 9 places" in detail
    assert judge("figures_alike", Data(core=codes("ZA-WC", 0, "05022")))[2] == 0


@pytest.mark.parametrize(("women", "stage", "unit", "iccs", "failing"), [
    (300.0, "recorded", "victim", "0301", 0), (60.0, "recorded", "victim", "0301", 1),
    (300.0, "convicted", "person", "TOTAL", 1), (60.0, "held", "person", "TOTAL", 0),
    (300.0, "recorded", "victim", "0502", 0),
])  # fmt: skip
def test_the_sex_of_most_persons_depends_on_what_is_counted(
    judge: Judge, women: float, stage: str, unit: str, iccs: str, failing: int
) -> None:
    cells = [{**row, "stage": stage, "counting_unit": unit, "iccs": iccs} for row in by_sex(150, women, 0)]
    assert judge("sexes_unusual", Data(cells=cells))[2] == failing


def test_a_fall_of_everything_in_2020_has_another_reason(judge: Judge) -> None:
    cells = [{**row, "time_period": str(int(row["time_period"]) + 7)} for row in CASES["last_year_short"][1].cells]
    assert judge("last_year_short", Data(cells=cells))[:3] == ("passed", 1, 0)
