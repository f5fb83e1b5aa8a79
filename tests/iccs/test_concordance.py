"""Reading, checking and comparing concordances; one tiny file for each fault is in faults/."""

from __future__ import annotations

import csv
import pickle
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iccs.classification import load_classification
from iccs.concordance import (
    Concordance,
    ConcordanceDiff,
    ConcordanceError,
    ConcordanceProblem,
    Link,
    concordance_columns,
    concordance_path,
    diff,
    list_concordances,
    read_concordance,
)
from iccs.periods import InvalidPeriod, first_day, last_day

ICCS = load_classification()
FAULTS = Path(__file__).parent / "faults"
MURDER = Link("A1", "Homicidio doloso", "0101", "exact")


def check(*links: Link) -> list[ConcordanceProblem]:
    return Concordance("xx_test", "xx_test.csv", links).check(ICCS)


def rules(*links: Link) -> set[tuple[str, str]]:
    return {(problem.rule, problem.severity) for problem in check(*links)}


def test_the_packaged_concordances_have_the_columns_in_this_order() -> None:
    for source_id in list_concordances():
        with concordance_path(source_id).open(encoding="utf-8") as file:
            header = next(csv.reader(file))
        assert header == [column for column in concordance_columns() if column in header], source_id


def test_the_column_of_an_attribute_or_of_caveats_may_be_absent_and_no_other(tmp_path: Path) -> None:
    link = replace(MURDER, attributes={"weapon": "FIREARM"}, valid_to="2019")
    for column in concordance_columns():
        path = tmp_path / f"without_{column}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            row = link.row
            del row[column]
            csv.writer(file).writerows([row.keys(), row.values()])
        read = read_concordance(path)
        if column in ICCS.attribute_codes or column == "caveats":
            assert read.links == (replace(link, attributes={} if column == "weapon" else link.attributes),)
        else:
            (problem,) = read.check(ICCS)
            assert (problem.rule, repr(column) in problem.message) == ("columns", True)


def test_a_caveat_that_nobody_has_words_for_is_refused() -> None:
    link = replace(MURDER, status="draft", caveats="includes_attempts;includes_atempts")
    (problem,) = Concordance("x", "x.csv", (link,)).check(ICCS)
    assert (problem.rule, problem.value, problem.nearest[0]) == ("caveats", "includes_atempts", "includes_attempts")
    out = Link("Z", "Fine", "", "none", out_of_scope="not_crime", note="Administrative", caveats="includes_attempts")
    assert [found.rule for found in Concordance("x", "x.csv", (out,)).check(ICCS)] == ["caveats"]


def test_a_faultless_file_has_no_problem() -> None:
    concordance = read_concordance(FAULTS / "no_fault.csv")
    assert concordance.check(ICCS) == []
    assert [link.iccs_code for link in concordance.links] == ["0101", "020111", "020112", ""]
    assert concordance.source_id == "no_fault"


@pytest.mark.parametrize(
    ("file", "rule", "row", "column", "value"),
    [
        ("target_at_level_1.csv", "level_1", 2, "iccs_code", "01"),
        ("weights_sum_to_0_9.csv", "weight_sum", 2, "weight", "0.9"),
        ("overlapping_validity.csv", "overlap", 3, "valid_from", "2019-06"),
        ("unknown_code.csv", "unknown_code", 2, "iccs_code", "0110"),
        ("latin_1.csv", "encoding", 2, "", "f3"),
        ("split_without_basis.csv", "split_without_basis", 2, "basis", ""),
    ],
)
def test_each_fault_is_found_where_it_is(file: str, rule: str, row: int, column: str, value: str) -> None:
    problems = read_concordance(FAULTS / file).check(ICCS)
    found = next(problem for problem in problems if problem.rule == rule)
    assert (found.severity, found.file, found.row, found.column, found.value) == ("error", file, row, column, value)
    assert found.message
    assert found.what_to_do


def test_wrong_columns_are_named_and_the_links_cannot_be_used() -> None:
    concordance = read_concordance(FAULTS / "wrong_columns.csv")
    (problem,) = concordance.check(ICCS)
    assert problem.rule == "columns"
    assert "'basis'" in problem.message
    assert "'comment'" in problem.message
    with pytest.raises(ConcordanceError, match="wrong_columns") as caught:
        _ = concordance.links
    assert pickle.loads(pickle.dumps(caught.value)).problems == (problem,)


def test_a_row_with_too_few_cells_and_an_open_quote_are_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text(",".join(concordance_columns()) + "\nA1,Murder,0101\n", encoding="utf-8")
    assert [(p.rule, p.row) for p in read_concordance(short).check(ICCS)] == [("columns", 2)]
    quote = tmp_path / "quote.csv"
    quote.write_text(",".join(concordance_columns()) + '\n"A1,Murder,0101\n', encoding="utf-8")
    assert [p.rule for p in read_concordance(quote).check(ICCS)] == ["csv"]
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert [p.rule for p in read_concordance(empty).check(ICCS)] == ["columns"]


def test_text_comes_back_as_written(tmp_path: Path) -> None:
    link = replace(MURDER, national_code="007", note='comma, "quote"\nand line', weight="1.0")
    path = tmp_path / "xx_test.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([link.row.keys(), link.row.values()])
    assert read_concordance(path).links == (link,)


def test_all_problems_come_together() -> None:
    bad = Link(
        "", "", "99", "same", weight="2", sex="X", age="old", attributes={"weapon": "gun"}, threats="yes", status="done"
    )
    found = {problem.rule for problem in check(bad)}
    assert found >= {"label_missing", "unknown_code", "relation", "weight", "sex", "age"}
    assert found >= {"attribute_code", "coverage_flag", "status"}


def test_damaged_codes_get_the_right_one_as_nearest() -> None:
    (problem,) = check(replace(MURDER, iccs_code="101"))
    assert (problem.rule, problem.nearest) == ("unknown_code", ("0101",))


def test_combined_categories_of_whole_sections_are_refused() -> None:
    assert rules(replace(MURDER, iccs_code="0101_0102")) == set()
    assert rules(replace(MURDER, iccs_code="02-04")) == {("level_1", "error")}
    assert rules(replace(MURDER, iccs_code="TOTAL")) == {("level_1", "error")}


def test_all_offences_together_are_only_for_figures_that_are_not_divided_by_offence() -> None:
    held = Link("held", "Persons held", "TOTAL", "undivided", threats="unknown", aiding="unknown", accomplice="unknown",
                conspiracy="unknown", incitement="unknown", note="All offences", basis="definition", status="reviewed",
                decided_by="a test", decided_on="2026-11-22")  # fmt: skip
    assert rules(held) == set()
    assert rules(replace(held, iccs_code="0101")) == {("level_1", "error")}
    assert rules(replace(held, iccs_code="01")) == {("level_1", "error")}


def test_relation_and_code_agree() -> None:
    out = Link("Z", "Traffic fine", "", "none", out_of_scope="not_crime", note="Administrative offence")
    assert rules(out) == set()
    assert rules(replace(out, iccs_code="0907")) == {("target_of_none", "error")}
    assert rules(replace(out, out_of_scope="")) == {("out_of_scope", "error")}
    assert rules(replace(out, note="")) == {("out_of_scope", "error")}
    assert rules(replace(out, out_of_scope="boring")) == {("out_of_scope", "error")}
    assert rules(replace(MURDER, iccs_code="")) == {("target_missing", "error")}
    assert rules(replace(MURDER, out_of_scope="pending")) == {("out_of_scope", "error")}


def test_weights_sum_to_one_in_every_period() -> None:
    serious = Link("L", "Injury", "020111", "partial", "0.3", valid_to="2019", basis="microdata")
    minor = Link("L", "Injury", "020112", "partial", "0.7", basis="microdata")
    (problem,) = check(serious, minor)
    assert (problem.rule, problem.value) == ("weight_sum", "0.7")
    assert "from 2020-01-01" in problem.message
    after = replace(serious, valid_from="2020", valid_to="")
    assert check(serious, after, minor) == []
    thirds = [replace(minor, iccs_code=code, weight="0.333333") for code in ("02011", "02012", "02019")]
    assert check(*thirds) == []


def test_a_share_outside_the_classification_counts_in_the_sum() -> None:
    inside = replace(MURDER, weight="0.8", relation="partial", basis="sample")
    outside = replace(
        MURDER, iccs_code="", weight="0.2", relation="none", out_of_scope="not_crime", note="Justified", basis="sample"
    )
    assert check(inside, outside) == []
    assert rules(MURDER, replace(outside, weight="")) >= {("weight_sum", "error")}


@settings(deadline=None)
@given(st.integers(1, 999))
def test_any_two_shares_that_sum_to_one_pass(part: int) -> None:
    one = Link("L", "Injury", "020111", "partial", f"{part / 1000:.3f}", basis="expert")
    other = Link("L", "Injury", "020112", "partial", f"{(1000 - part) / 1000:.3f}", basis="expert")
    assert check(one, other) == []
    assert rules(one, replace(other, weight=f"{(1001 - part) / 1000:.3f}")) >= {("weight_sum", "error")}


@pytest.mark.parametrize("weight", ["0", "-0.1", "1.1", "0,5", "NaN", "half"])
def test_bad_weights_are_refused(weight: str) -> None:
    assert rules(replace(MURDER, weight=weight)) == {("weight", "error")}


@pytest.mark.parametrize(
    ("start", "end"), [("19", ""), ("2024-13", ""), ("", "2023-02-30"), ("2024-Q1", ""), ("2020", "2019"), ("", "may")]
)
def test_bad_periods_are_refused(start: str, end: str) -> None:
    assert rules(replace(MURDER, valid_from=start, valid_to=end)) == {("period", "error")}


@pytest.mark.parametrize("age", ["Y0T17", "Y_GE18", "Y_LT15", "Y17"])
def test_age_codes(age: str) -> None:
    assert rules(replace(MURDER, age=age, sex="F")) == set()


@pytest.mark.parametrize("age", ["0-17", "Y17T0", "Y_GT18", "_T"])
def test_other_ages_are_refused(age: str) -> None:
    assert rules(replace(MURDER, age=age)) == {("age", "error")}


def test_a_review_says_who_when_and_why() -> None:
    reviewed = replace(MURDER, status="reviewed")
    missing = {problem.column for problem in check(reviewed)}
    assert missing == {"decided_by", "decided_on", "note"}
    full = replace(reviewed, decided_by="NSO", decided_on="2024-05-02", note="Same definition")
    assert check(full) == []
    assert rules(replace(full, decided_on="02/05/2024")) == {("decided_on", "error")}


def test_warnings_for_residuals_and_for_a_parent_beside_its_child() -> None:
    residual = Link("R", "Other theft", "05029", "exact")
    (problem,) = check(residual)
    assert (problem.rule, problem.severity, problem.nearest) == ("residual", "warning", ("0502",))
    assert check(replace(residual, basis="Siblings have codes of their own")) == []
    theft, car = Link("T", "Theft", "0502", "exact"), Link("C", "Car theft", "050211", "exact")
    (problem,) = check(theft, car)
    assert (problem.rule, problem.severity, problem.nearest) == ("parent_and_child", "warning", ("050211",))
    assert check(replace(theft, valid_to="2014"), replace(car, valid_from="2015")) == []


def test_the_bounds_of_a_link_are_whole_periods() -> None:
    link = replace(MURDER, valid_from="2019-07", valid_to="2020")
    assert link.validity == (date(2019, 7, 1), date(2020, 12, 31))


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-Q4", "2023-10-01", "2023-12-31"),
        ("2023-S2", "2023-07-01", "2023-12-31"),
        ("2023-02-28", "2023-02-28", "2023-02-28"),
    ],
)
def test_first_and_last_day(period: str, first: str, last: str) -> None:
    assert (first_day(period).isoformat(), last_day(period).isoformat()) == (first, last)


@pytest.mark.parametrize(
    "period", ["", "2024-00", "0000", "2024-1", "2024-Q5", "2023-02-29", "20241", "\u0662\u0660\u0662\u0664"]
)
def test_no_period(period: str) -> None:
    with pytest.raises(InvalidPeriod):
        first_day(period)


def test_diff_shows_added_removed_and_changed_fields() -> None:
    theft, rape = Link("B", "Theft", "0502", "exact"), Link("C", "Rape", "03011", "exact")
    fraud = Link("D", "Fraud", "0701", "exact")
    old = Concordance("xx", "xx.csv", (MURDER, theft, rape))
    wider = replace(theft, iccs_code="05021", relation="broader")
    new = Concordance("xx", "xx.csv", (replace(MURDER, status="reviewed"), wider, fraud))
    found = diff(old, new)
    assert [link.national_code for link in found.added] == ["D"]
    assert [link.national_code for link in found.removed] == ["C"]
    changes = {(c.old.national_code, f.column, f.old, f.new) for c in found.changed for f in c.changes}
    assert changes == {
        ("A1", "status", "draft", "reviewed"),
        ("B", "iccs_code", "0502", "05021"),
        ("B", "relation", "exact", "broader"),
    }
    assert diff(old, old) == ConcordanceDiff((), (), ())


def test_packaged_concordances_are_found_by_source() -> None:
    for source_id in list_concordances():
        assert concordance_path(source_id).is_file()
    with pytest.raises(FileNotFoundError, match="zz_nowhere"):
        concordance_path("zz_nowhere")
    with pytest.raises(FileNotFoundError):
        concordance_path("../tables/iccs")


def test_a_part_or_sum_of_other_rows_is_counted_elsewhere() -> None:
    part = Link("P", "Carjacking", "", "none", out_of_scope="counted_elsewhere", note="Part of Robbery, linked to 0401")
    assert rules(part) == set()
    assert rules(replace(part, note="")) == {("out_of_scope", "error")}
    assert rules(replace(part, iccs_code="040121")) == {("target_of_none", "error")}


@pytest.mark.parametrize("source_id", list_concordances())
def test_what_is_counted_elsewhere_names_a_row_that_is_linked(source_id: str) -> None:
    links = read_concordance(concordance_path(source_id)).links
    linked = {link.national_code for link in links if link.iccs_code}
    for link in links:
        if link.out_of_scope == "counted_elsewhere":
            assert re.search(r"\b(part|sum|also counted)\b", link.note, re.IGNORECASE), link
            named = re.search(r"[Pp]art of (?:key |code )?(.+?) (?:and|\(0701)", link.note)
            assert named is None or named.group(1) in linked, link


def test_the_parts_of_a_linked_row_are_never_too_wide() -> None:
    # A row whose counts are in another linked row has a narrow meaning of its own; it is left out not to count twice.
    for source_id in list_concordances():
        for link in read_concordance(concordance_path(source_id)).links:
            if re.search(r"and counted there|would count (it|them) twice", link.note):
                assert link.out_of_scope == "counted_elsewhere", (source_id, link)
