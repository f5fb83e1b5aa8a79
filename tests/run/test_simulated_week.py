"""A simulated week of planned runs: ``simulated_week`` says what each day has, and with which figures."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from publisher import publishing
from simulated_week import ON_AGAIN, receiving, simulate

from pipelines.collect.fetch import web
from pipelines.notices import VARIABLE


@pytest.mark.usefixtures("one_engine")
def test_a_week_with_failures_revisions_a_clock_change_and_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv(VARIABLE, "")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with publishing() as publisher, receiving() as (hook, told):
        week = simulate(tmp_path, publisher, hook, told)
    refused = [(one.started[:10], one.source) for one in week.ledger if not one.is_good]
    assert refused == [
        ("2027-03-25", "xx_web"),
        ("2027-03-26", "xx_share"),
        ("2027-03-29", "xx_code"),
        ("2027-03-29", "xx_code"),
    ], "each failure in its own source; that of Monday twice, by its own run and by that of all"
    # 22 victims became 29, which is told; of 11 that became 15 a percentage says nothing.
    told_of = [message.split(":")[0] for _, message in week.messages]
    assert told_of == ["xx_web", "xx_inbox", "xx_share", "xx_code", "xx_code"]
    # The machine was off on Saturday, and on Sunday when the clocks were changed: one run takes what all five missed.
    assert week.caught_up == ["xx_code", "xx_hand", "xx_inbox", "xx_share", "xx_web"]
    assert [moment for moment, what in week.runs if "catching up" in what] == [ON_AGAIN]
    # Half past two in Berlin is 01:30 before and 00:30 after the change; there is none on the day itself.
    hand = [moment for moment, what in week.runs if what == "xx_hand"]
    assert [f"{moment:%d %H:%M}" for moment in hand] == ["24 01:30", "25 01:30", "26 01:30", "29 00:30", "30 00:30"]
    loads = Counter(one.source for one in week.ledger if one.end == "loaded")
    assert loads == {"xx_code": 1, "xx_hand": 2, "xx_inbox": 2, "xx_share": 1, "xx_web": 1}
    assert len(week.releases) == 7, "five first loads and two revisions; nothing else makes a release"
    with duckdb.connect(str(week.settings.published), read_only=True) as connection:
        figures = connection.execute(
            "SELECT source, value FROM out.observation WHERE ref_area IN ('MX-COL', 'MX-OAX') AND iccs = '0101' "
            "AND freq = 'A' ORDER BY ALL"
        ).fetchall()
        revised = connection.execute(
            "SELECT source, ref_area, old_value, new_value FROM out.revision WHERE ref_area <> 'MX' AND iccs = '0101' "
            "ORDER BY ALL"
        ).fetchall()
    assert figures == [
        *(("xx_code", value) for value in (6, 7)),
        *(("xx_hand", value) for value in (12, 15)),
        *(("xx_inbox", value) for value in (21, 29)),
        *(("xx_share", value) for value in (31, 32)),
        *(("xx_web", value) for value in (41, 42)),
    ]
    assert [row[:4] for row in revised] == [("xx_hand", "MX-COL", 11, 15), ("xx_inbox", "MX-OAX", 22, 29)]
