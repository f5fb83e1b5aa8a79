"""A load that lost most of what the vintage before had, or whose renamed words are left out in silence, is refused.

The tables are invented, of a few rows each; what is lost is counted by hand.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.errors import DataRefused
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage

RESHAPE = """-- Grain: one row for each raw row.
SELECT *, 'n' AS _column,
    CASE WHEN unit <> 'Counts' THEN 'other' WHEN what = 'Persons held' THEN 'used' ELSE 'other' END AS kind
FROM raw
"""
HEADER = "area,year,what,unit,code,n\n"
GOOD = HEADER + "".join(
    f"{area},{year},{what},{unit},HOM,{n}\n"
    for area, n in (("Jalisco", 30), ("Colima", 5))
    for year in (2020, 2021)
    for what in ("Persons held", "Prisons")
    for unit in ("Counts", "Rate")
)


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    tiny = Tiny(tmp_path)
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    conserve: n\n    read: {columns: [area, year, what, unit, code, n]}\n"
        "area_scheme: name\narea_names: {of: MX, languages: [es]}\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {counting_unit: victim}\nrows: parts\n"
        "exclusions:\n  - {rule: not_used, where: kind = 'other', reason: Only persons held.}\n",
        reshape=RESHAPE,
    )
    return tiny


def load(tiny: Tiny, text: str, meant: str | None = None) -> Vintage:
    tiny.give("a.csv", text)
    return run_source(tiny.source, Session(tiny.settings, tiny.given, accepted_loss=meant))[0]


def refused(tiny: Tiny, text: str) -> dict[str, str]:
    before = load(tiny, GOOD)
    with pytest.raises(DataRefused) as found:
        load(tiny, text)
    current = current_vintage(tiny.name, tiny.settings)
    assert current is not None and current.vintage == before.vintage  # the last good one stays
    return {problem.rule: problem.found for problem in found.value.problems}


def outcome(vintage: Vintage, rule: str) -> tuple[str, str | None]:
    (row,) = [row for row in vintage.manifest["quality"] if row["rule"] == rule]
    return row["outcome"], row["detail"]


def test_a_renamed_word_by_which_rows_are_chosen_is_refused(tiny: Tiny) -> None:
    """Of one area, so that no other rule sees it: the word is spelt otherwise in two rows of eight."""
    found = refused(tiny, GOOD.replace("Jalisco,2020,Persons held", "Jalisco,2020,Person held"))
    assert found.pop("word_renamed") == (
        "1 of 5 failed. column 'what', word 'Person held' (2 rows left out), where 'Persons held' was used"
    )
    # one cell of four, which is two figures of eight with the country's
    assert found.pop("left_out_more") == (
        "1 of 1 failed. not_used leaves out 13 cells of victims, 12 before, and 3 are used, 4 before"
    )
    assert found.pop("cells_lost").startswith("cells lost: 2 of 8 of the last vintage.")
    assert not found


def test_a_word_in_the_place_of_one_that_is_gone_is_refused(tiny: Tiny) -> None:
    more = GOOD + "".join(f"Colima,{year},Persons held,Counts,HOM,7\n" for year in range(1990, 2020))
    text = more.replace("Jalisco,2020,Persons held,Counts", "Jalisco,2020,Persons held,Number")
    assert "where" not in str(outcome(load(tiny, more), "word_renamed")[1])
    later = load(tiny, text)  # Counts is still used elsewhere, and Number is nothing like it; one cell of 34 is lost
    assert outcome(later, "word_renamed")[0] == "passed"
    assert outcome(later, "words_left_out") == ("warned", "column 'unit', word 'Number' (1 rows left out)")


def test_a_new_word_of_something_else_is_named_and_published(tiny: Tiny) -> None:
    load(tiny, GOOD)
    later = load(tiny, GOOD + "Colima,2021,Escapes,Counts,HOM,1\n")
    assert outcome(later, "word_renamed")[0] == "passed"
    assert outcome(later, "words_left_out") == ("warned", "column 'what', word 'Escapes' (1 rows left out)")


def test_most_years_gone_are_refused_until_said_to_be_meant(tiny: Tiny) -> None:
    more = GOOD + "".join(f"Colima,{year},Persons held,Counts,HOM,7\n" for year in (2016, 2017, 2018))
    load(tiny, more)
    text = HEADER + "Jalisco,2021,Persons held,Counts,HOM,30\nColima,2021,Persons held,Counts,HOM,5\n"
    with pytest.raises(DataRefused) as found:
        load(tiny, text)
    (years,) = [one for one in found.value.problems if one.rule == "years_lost"]
    assert years.found.startswith("years lost: 4 of 5 of the last vintage. The largest: 2020: no figure now, up to 30")
    assert "--accept-loss" in str(years)
    accepted = load(tiny, text, "the publisher withdrew 2016 to 2020")
    state, detail = outcome(accepted, "years_lost")
    assert state == "warned" and str(detail).startswith("meant: the publisher withdrew 2016 to 2020; ")
    assert load(tiny, text).vintage == accepted.vintage  # and nobody is asked again


def test_the_same_file_with_half_of_its_counts_is_refused(tiny: Tiny) -> None:
    found = refused(tiny, GOOD.replace(",30\n", ",3\n").replace(",5\n", ",1\n"))
    assert "30 before, 3 now" in found["counts_fallen"]


def test_the_same_file_in_other_units_is_refused_until_said_to_be_meant(tiny: Tiny) -> None:
    more = GOOD.replace(",30\n", ",30000\n").replace(",5\n", ",5000\n")
    assert "30 before, 30,000 now" in refused(tiny, more)["counts_risen"]
    assert outcome(load(tiny, more, meant="The figures were in thousands"), "counts_risen")[0] == "warned"


def test_a_population_that_gains_a_year_has_lost_nothing_and_one_that_loses_most_is_refused(tmp_path: Path) -> None:
    """A population has no category: a cell of it is the same with a category that is empty or missing."""
    tiny = Tiny(tmp_path)
    tiny.declare(
        "kind: population\nlayouts:\n  - files: ['*.csv']\n    read: {columns: [area, year, n]}\narea_scheme: code\n"
        "columns: {ref_area: area, time_period: year, value: n}\nmeasures:\n  persons: {counting_unit: person}\n"
    )
    (tiny.sources / tiny.name / "concordance.csv").unlink()
    (tiny.sources / tiny.name / "values.csv").unlink()
    rows = "area,year,n\n" + "".join(f"MX-JAL,{year},8300000\nMX-MEX,{year},17000000\n" for year in (2020, 2021))
    load(tiny, rows)
    more = load(tiny, rows + "MX-JAL,2022,8400000\n")
    assert outcome(more, "cells_lost")[0] == "passed"
    with pytest.raises(DataRefused) as found:
        load(tiny, "area,year,n\nMX-JAL,2022,8400000\n")
    assert {problem.rule for problem in found.value.problems} == {
        "areas_lost",
        "years_lost",
    }  # one of two, two of three
    with pytest.raises(DataRefused) as found:
        load(tiny, rows.replace("00000\n", "00000000\n"))  # in thousandths
    assert {problem.rule for problem in found.value.problems} == {"counts_risen"}
