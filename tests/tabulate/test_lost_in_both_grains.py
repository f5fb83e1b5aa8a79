"""What a load lost is refused alike in tables and in files of incidents, until somebody says that it is meant.

The content is invented: in each of five areas, two years and nine words three events; what is lost is counted by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from tiny_source import Tiny

from pipelines.session import Session
from pipelines.source_steps import run_source
from pipelines.system.errors import DataRefused
from pipelines.tabulate.vintages.pointers import current_vintage
from pipelines.tabulate.vintages.vintage import Vintage

AREAS = ("MX-AGU", "MX-BCN", "MX-BCS", "MX-CAM", "MX-COA")
WORDS = ("Axe", "Bow", "Club", "Dagger", "Epee", "Flail", "Garrotte", "Halberd", "Iron")
OTHERS = {"Axe": "77-q", "Dagger": "wooden thing", "Iron": "Zz"}
"""Other names of a third of the words: nothing like them."""

Event = tuple[str, int, str]
EVENTS = [(area, year, word) for area in AREAS for year in (2020, 2021) for word in WORDS for _ in range(3)]


@pytest.fixture(params=["count", "incident"])
def tiny(request: pytest.FixtureRequest, tmp_path: Path) -> Tiny:
    tiny = Tiny(tmp_path)
    dates = "dates: [YYYY]\n" if request.param == "incident" else ""
    used = ", ".join(f"'{word}'" for word in WORDS)
    tiny.declare(
        f"kind: {request.param}\nlayouts:\n  - files: ['*.csv']\n    read: {{columns: [id, area, year, what, n]}}\n"
        f"area_scheme: code\n{dates}columns: {{ref_area: area, time_period: year, value: n}}\n"
        "constants: {national_code: HOM}\nmeasures:\n  victims: {counting_unit: victim}\nrows: events\n"
        f'exclusions:\n  - {{rule: other_weapons, where: "what NOT IN ({used})", reason: Invented.}}\n'
    )
    return tiny


def load(tiny: Tiny, events: Iterable[Event], number: int = 1, meant: str | None = None) -> Vintage:
    tiny.give(
        "a.csv",
        "id,area,year,what,n\n" + "".join(f"{i},{a},{y},{word},{number}\n" for i, (a, y, word) in enumerate(events)),
    )
    return run_source(tiny.source, Session(tiny.settings, tiny.given, accepted_loss=meant))[0]


def refused(tiny: Tiny, events: Iterable[Event], number: int = 1) -> dict[str, str]:
    """What a load after that of all events is refused for; the figures of that one stay."""
    before = load(tiny, EVENTS)
    with pytest.raises(DataRefused) as found:
        load(tiny, events, number)
    current = current_vintage(tiny.name, tiny.settings)
    assert current is not None and current.vintage == before.vintage
    return {problem.rule: problem.found for problem in found.value.problems}


def outcomes(vintage: Vintage) -> dict[str, tuple[str, str]]:
    return {row["rule"]: (row["outcome"], str(row["detail"])) for row in vintage.manifest["quality"]}


def renamed(events: Iterable[Event], areas: Iterable[str] = AREAS) -> list[Event]:
    return [(area, year, OTHERS.get(word, word) if area in areas else word) for area, year, word in events]


def test_a_third_of_the_words_that_an_exclusion_never_took(tiny: Tiny) -> None:
    """90 of 270 events; each total is a third below what it was."""
    found = refused(tiny, renamed(EVENTS))
    assert found["left_out_more"].endswith(
        "other_weapons leaves out 90 cells of victims, 0 before, and 180 are used, 270 before"
    )
    assert "54 before, 36 now" not in found["counts_fallen"] and "135 before, 90 now" in found["counts_fallen"]
    accepted = outcomes(load(tiny, renamed(EVENTS), meant="other names are other weapons"))
    assert accepted["left_out_more"][0] == accepted["counts_fallen"][0] == "warned"
    assert accepted["left_out_more"][1].startswith("meant: other names are other weapons; ")


def test_a_third_of_the_words_in_two_areas_of_five(tiny: Tiny) -> None:
    """36 of 270 events, in four annual totals of twelve: only the exclusion says so, of incidents."""
    found = refused(tiny, renamed(EVENTS, AREAS[:2]))
    assert "36 cells of victims, 0 before" in found["left_out_more"]
    assert "counts_fallen" not in found


def test_an_area_of_five_that_is_gone(tiny: Tiny) -> None:
    found = refused(tiny, [event for event in EVENTS if event[0] != "MX-COA"])
    assert found["areas_lost"].startswith("areas lost: 1 of 6 of the last vintage.")  # with the country


def test_all_counts_are_zero(tiny: Tiny) -> None:
    assert "all" in refused(tiny, EVENTS, number=0)["counts_all_zero"]


def test_all_counts_of_a_first_load_are_zero(tiny: Tiny) -> None:
    with pytest.raises(DataRefused) as found:
        load(tiny, EVENTS, number=0)
    assert [problem.rule for problem in found.value.problems] == ["counts_all_zero"]
    meant = outcomes(load(tiny, EVENTS, number=0, meant="nothing happened"))
    assert meant["counts_all_zero"][0] == "warned"


def test_a_word_that_was_used_and_is_left_out_for_something_else(tiny: Tiny) -> None:
    """A ninth of the events, in every area and year: below a fifth of each total, above a tenth of all."""
    found = refused(tiny, [(area, year, "Axe " * 2 if word == "Axe" else word) for area, year, word in EVENTS])
    assert "30 cells of victims, 0 before" in found["left_out_more"]


def test_what_is_new_and_left_out_takes_nothing_away(tiny: Tiny) -> None:
    load(tiny, EVENTS)
    new = [*EVENTS, *(("MX-AGU", 2021, "77-q") for _ in range(200))]
    found = outcomes(load(tiny, new))
    assert {found[rule][0] for rule in ("left_out_more", "counts_fallen", "cells_lost", "areas_lost")} == {"passed"}
