"""A column of totals beside the columns that are its parts; every sum is one that a person adds up in the rows."""

from __future__ import annotations

import pytest
from tiny_source import Tiny

from pipelines.system.outcomes import Outcome

ROBBERY = {"national_code": "robbery", "national_label": "Robbery", "iccs_code": "0401", "relation": "exact"}
MURDER = {"national_code": "murder", "national_label": "Murder", "iccs_code": "0101", "relation": "exact"}


def judged(tiny: Tiny, names: tuple[str, ...], rows: str, *, header: str = "", more: str = "") -> Outcome:
    """What the rule finds in a table with one column for each name, which are offences, or else sexes."""
    of_sexes = "men" in names
    tiny.declare(
        "layouts:\n  - files: ['*.csv']\n    read: {columns: [area, year]}\n"
        f"    conserve: '^({'|'.join(names)})$'\narea_scheme: inegi\n"
        f"constants: {{{'national_code: HOM' if of_sexes else ''}}}\n"
        f"columns: {{ref_area: area, time_period: year, value: n, {'sex' if of_sexes else 'national_code'}: what}}\n"
        f"measures: {{victims: {{counting_unit: victim}}}}\n{'breakdowns: [{by: [sex]}]' if of_sexes else ''}\n{more}",
        values="value,,O,\n" + ("sex,men,M,\nsex,women,F,\nsex,total,_T,\n" if of_sexes else ""),
        reshape=f"SELECT * FROM raw UNPIVOT INCLUDE NULLS (n FOR what IN ({', '.join(names)}))",
        **({} if of_sexes else {"links": (MURDER, ROBBERY)}),
    )
    tiny.give("a.csv", f"{header or ','.join(('area', 'year', *names, 'total'))}\n{rows}")
    return next(one for one in tiny.outcomes() if one.rule == "row_totals_agree")


def test_persons_beyond_men_and_women_are_told_with_their_row(tiny: Tiny) -> None:
    found = judged(tiny, ("men", "women"), '1,2023,5,2,7\n2,2023,"1,500",3,"1,510"\n', more="thousands: ','\n")
    assert (found.outcome, found.checked, found.failing) == ("warned", 2, 1)
    assert found.detail == "1 of 2 rows: 'total' is not the sum of 'men', 'women'; a.csv, row 3: 1,510, not 1,503"


@pytest.mark.parametrize(
    "rows", ["1,2023,5,2,7\n2,2023,1,0,1\n", "1,2023,5,,9\n2,2023,1,0,1\n"], ids=["they agree", "a part is blank"]
)
def test_nothing_is_said_of_totals_that_agree_or_cannot_be_compared(tiny: Tiny, rows: str) -> None:
    assert judged(tiny, ("men", "women"), rows).outcome == "passed"


def test_offences_of_which_a_table_names_a_few_need_not_add_up(tiny: Tiny) -> None:
    """In no row are 2 and 3 all of 50 offences: the total has others."""
    found = judged(tiny, ("murder", "robbery"), "1,2023,2,3,50\n2,2023,2,4,60\n")
    assert found.outcome == "not applicable"


def test_offences_that_nearly_always_add_up_are_compared(tiny: Tiny) -> None:
    rows = "1,2023,2,3,5\n2,2023,2,4,6\n3,2023,1,1,2\n4,2023,1,1,12\n"
    found = judged(tiny, ("murder", "robbery"), rows)
    assert (found.outcome, found.failing) == ("warned", 1)
    assert "row 5: 12, not 2" in found.detail


def test_a_total_that_is_read_or_compared_by_a_control_is_not_judged_again(tiny: Tiny) -> None:
    controls = "controls: [{control: totals, total_column: total, part_columns: [men, women]}]\n"
    assert judged(tiny, ("men", "women"), "1,2023,5,2,8\n", more=controls).outcome == "not applicable"


def test_a_total_that_is_read_is_not_judged(tiny: Tiny) -> None:
    header = "area,year,men,women,total"
    found = judged(tiny, ("men", "women", "total"), "1,2023,5,2,8\n", header=header, more="rows: cells\n")
    assert found.outcome == "not applicable"
