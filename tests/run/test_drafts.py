"""What nobody has reviewed decides no figure: drafts are set aside, counted by a named rule, and marked.

The expected figures are worked out by hand from the rows written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import HOMICIDE, Tiny

from iccs.concordance import ConcordanceError
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from schemas.source import list_sources

THEFT = {"national_code": "HUR", "national_label": "Hurto", "iccs_code": "0502", "relation": "exact"}
TRAFFICKING = {
    "national_code": "TRA",
    "national_label": "Trata de personas",
    "iccs_code": "0101",
    "relation": "partial",
    "status": "draft",
    "decided_by": "",
    "decided_on": "",
}
TABLE = "area,year,code,n\n1,2020,HOM,12\n1,2020,HUR,48\n1,2020,TRA,600\n"
INCIDENTS = """\
kind: incident
rows: events
layouts:
  - files: ['*.csv']
    read: {columns: [area, year, code]}
area_scheme: inegi
columns: {ref_area: area, time_period: year, national_code: code}
measures:
  offences: {counting_unit: offence}
"""
EVENTS = "area,year,code\n" + "".join(
    f"1,2020-{month:02}-15,HOM\n" + f"1,2020-{month:02}-15,HUR\n" * 4 + f"1,2020-{month:02}-15,TRA\n" * 50
    for month in range(1, 13)
)


def _run(tiny: Tiny, *, with_drafts: bool = False) -> RunResult:
    folders = list(list_sources(tiny.sources, with_drafts=with_drafts).values())
    return run_all(folders, Session(tiny.settings, tiny.given, source_folders=tiny.sources))


def _ask(result: RunResult, query: str) -> list[tuple[Any, ...]]:
    assert [refusal.message for refusal in result.refused] == []
    with duckdb.connect(str(result.published), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(params=["table", "incidents"])
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> Tiny:
    made = Tiny(tmp_path)
    if request.param == "table":
        made.declare_plain(links=[HOMICIDE, THEFT, TRAFFICKING])
        made.give("a.csv", TABLE)
    else:
        made.declare(INCIDENTS, links=[HOMICIDE, THEFT, TRAFFICKING])
        made.give("a.csv", EVENTS)
    return made


ANNUAL = (
    "SELECT iccs, value FROM out.observation WHERE ref_area = 'MX-AGU' AND freq = 'A' AND length(iccs) = 4 ORDER BY 1"
)
MARKED = "SELECT DISTINCT iccs FROM out.observation WHERE contains(caveats, 'draft_links') ORDER BY 1"


def test_a_draft_adds_nothing_loses_no_count_and_is_used_on_request_only(tiny: Tiny) -> None:
    result = _run(tiny)
    assert _ask(result, ANNUAL) == [("0101", 12), ("0502", 48)]  # without the draft's 600
    assert _ask(result, "SELECT count_read, count_used, count_excluded, closes FROM out.reconciliation") == [
        (660, 60, 600, True)
    ]
    ((rule, reason, count),) = _ask(result, "SELECT rule, reason, count FROM out.exclusion")
    assert (rule, count) == ("out_of_scope_draft", 600)
    assert "--with-drafts" in reason
    (link,) = _ask(result, "SELECT iccs, out_of_scope, count_linked, note FROM out.mapping WHERE status = 'draft'")
    assert link == (None, "draft", 600, "Proposed: 0101. Invented.")
    assert _ask(result, MARKED) == [("01",), ("0101",)]  # which may be too low; 0502 is not

    result = _run(tiny, with_drafts=True)
    assert _ask(result, ANNUAL) == [("0101", 612), ("0502", 48)]
    assert _ask(result, MARKED) == [("01",), ("0101",)]  # which may be wrong

    without = _run(tiny)
    assert without.loaded == (tiny.name,)
    assert _ask(without, ANNUAL) == [("0101", 12), ("0502", 48)]


def test_whether_drafts_are_used_is_part_of_the_fingerprint_where_there_are_drafts(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    for links, differs in (([HOMICIDE, TRAFFICKING], True), ([HOMICIDE], False)):
        plain = tiny.declare_plain(links=links).fingerprint
        assert (list_sources(tiny.sources, with_drafts=True)[tiny.name].fingerprint != plain) is differs


def test_a_source_of_nothing_but_drafts_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    fine = {"national_code": "MUL", "iccs_code": "", "relation": "none", "out_of_scope": "not_crime"}
    tiny.declare_plain(links=[TRAFFICKING, {"national_label": "Multas", **fine}])
    tiny.give("a.csv", "area,year,code,n\n1,2020,TRA,500\n")

    with pytest.raises(ConcordanceError, match=r"1 of 2 links are drafts.*reviewed.*--with-drafts"):
        tiny.run()


def _cells(tiny: Tiny) -> list[tuple[Any, ...]]:
    where = "ref_area = 'MX-AGU' AND length(iccs) = 4 ORDER BY ALL"
    return tiny.run().rows("cells", "iccs, time_period, value", where)


def test_the_reviewed_share_of_a_split_code_waits_for_the_draft(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    split = {"national_code": "ROB", "national_label": "Robo", "relation": "partial"}
    tiny.declare_plain(
        links=[
            HOMICIDE,
            {**split, "iccs_code": "0401", "weight": "0.25"},
            {**split, "iccs_code": "0502", "weight": "0.75", "status": "draft"},
        ]
    )
    tiny.give("a.csv", "area,year,code,n\n1,2020,HOM,10\n1,2020,ROB,80\n")

    assert _cells(tiny) == [("0101", "2020", 10)]  # a quarter of ROB alone in 0401 would be a false figure


def test_a_draft_of_later_years_leaves_the_reviewed_years_alone(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    tiny.declare_plain(
        links=[
            {**HOMICIDE, "valid_to": "2019"},
            {**HOMICIDE, "iccs_code": "0103", "valid_from": "2020", "status": "draft"},
        ]
    )
    tiny.give("a.csv", "area,year,code,n\n1,2019,HOM,10\n1,2020,HOM,12\n")

    assert [cell for cell in _cells(tiny) if cell[2] is not None] == [("0101", "2019", 10)]
