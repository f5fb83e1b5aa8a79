"""Rejected cells are kept for each load, shown, and tried again after a correction of words or links.

The files are written here; what must be in quarantine is read off them.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

import pipelines.run
import schemas.source
from pipelines.cli.main import main
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from schemas.source import find_sources, list_sources

HEADER = "area,year,code,n\n"
LIMIT = "rejected_share_limit: 0.5\n"
WORDS = "ref_area,Jalisco,MX-JAL,\n"


def run(tiny: Tiny, replay: bool = False) -> RunResult:
    return run_all(
        find_sources([], tiny.sources),
        Session(tiny.settings, tiny.given, source_folders=tiny.sources),
        named=False,
        replay=replay,
    )


def kept(tiny: Tiny) -> list[Path]:
    return sorted((tiny.settings.quarantine / tiny.name).glob("*.parquet"))


def ask(tiny: Tiny, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tiny.settings.published), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def test_two_refused_editions_are_both_kept_with_the_text_of_the_row(tiny: Tiny) -> None:
    tiny.declare_plain()
    for count in ("-3", "some"):
        tiny.give("t.csv", f"{HEADER}14,2024,HOM,3\n15,2024,HOM,{count}\n")
        assert len(run(tiny).refused) == 1

    paths = kept(tiny)
    assert len(paths) == 2
    assert {path.name[:8] for path in paths} == {"refused-"}
    with duckdb.connect() as connection:
        cells = connection.execute(
            'SELECT file, sheet, "row", raw_text, column_name, value, rule FROM read_parquet($paths) ORDER BY value',
            {"paths": [str(path) for path in paths]},
        ).fetchall()
    assert [(*cell[:3], json.loads(cell[3]), *cell[4:]) for cell in cells] == [
        ("t.csv", None, 3, {"area": "15", "year": "2024", "code": "HOM", "n": "-3"}, "n", "-3", "count_negative"),
        (
            "t.csv",
            None,
            3,
            {"area": "15", "year": "2024", "code": "HOM", "n": "some"},
            "n",
            "some",
            "count_not_a_number",
        ),
    ]


def test_cells_left_out_of_a_vintage_are_kept_under_its_name(tiny: Tiny) -> None:
    tiny.declare_plain(LIMIT)
    tiny.give("t.csv", f"{HEADER}14,2024,HOM,3\nJalisco,2023,HOM,5\n")
    assert run(tiny).refused == ()

    ((vintage, rejected, closes),) = ask(tiny, "SELECT vintage, count_rejected, closes FROM out.reconciliation")
    assert (rejected, closes) == (5, True)
    assert [path.name for path in kept(tiny)] == [f"{vintage}.parquet"]


@pytest.mark.parametrize("kind", ["of a vintage", "refused"])
def test_a_list_that_is_gone_is_told_and_the_others_are_not_shown_as_all(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Its sum says that there was one: whoever looks at the others would take them for all."""
    tiny.declare_plain(LIMIT if kind == "of a vintage" else "")
    tiny.give("t.csv", f"{HEADER}14,2024,HOM,3\n15,2024,HOM,-3\n")
    run(tiny)
    (path,) = kept(tiny)
    path.unlink()
    own = list_sources(tiny.sources)
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own)
    assert main(["quality", "--rejected", "--data", str(tiny.settings.data)]) == 3
    assert f"{path} is missing; to see what can be done: iccs repair" in capsys.readouterr().err.replace("\n", " ")


def test_replay_recovers_cells_after_new_words_though_the_input_is_gone(tiny: Tiny) -> None:
    tiny.declare_plain(LIMIT)
    tiny.give("t.csv", f"{HEADER}14,2024,HOM,3\nJalisco,2023,HOM,5\nNowhere,2023,HOM,7\n14,2022,HOM,1\n")
    assert run(tiny).refused == ()
    tiny.give("t.csv", "")
    (tiny.given / "t.csv").unlink()
    tiny.declare_plain(LIMIT, values=WORDS)

    (told,) = run(tiny, replay=True).replayed

    assert (told.recovered, told.still_rejected, told.newly_rejected) == (1, 1, 0)
    assert ask(tiny, "SELECT count_read, count_used, count_rejected, closes FROM out.reconciliation") == [
        (3 + 5 + 7 + 1, 3 + 5 + 1, 7, True)
    ]
    assert ask(
        tiny, "SELECT value FROM out.observation WHERE iccs = '0101' AND ref_area = 'MX-JAL' AND time_period = '2023'"
    ) == [(5,)]
    # Tried again without a further correction, the one that is left stays where it is.
    (told,) = run(tiny, replay=True).replayed
    assert (told.recovered, told.still_rejected, told.newly_rejected) == (0, 1, 0)
    ((vintage,),) = ask(tiny, "SELECT vintage FROM out.source")
    assert f"{vintage}.parquet" in [path.name for path in kept(tiny)]


def test_replay_after_a_new_link_loads_what_was_refused_and_nothing_is_left(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", f"{HEADER}14,2024,HOM,3\n14,2024,NEW,4\n")
    (refusal,) = run(tiny).refused
    assert [problem["rule"] for problem in refusal.problems] == ["unlinked_national_code"]
    assert len(kept(tiny)) == 1
    link = {"national_label": "x", "relation": "exact"}
    tiny.declare_plain(
        links=[
            {**link, "national_code": "HOM", "iccs_code": "0101"},
            {**link, "national_code": "NEW", "iccs_code": "0102"},
        ]
    )

    result = run(tiny, replay=True)

    assert [(one.recovered, one.still_rejected) for one in result.replayed] == [(1, 0)]
    assert result.loaded == (tiny.name,)
    assert kept(tiny) == []
    assert ask(tiny, "SELECT count_used, closes FROM out.reconciliation") == [(7, True)]
    assert run(tiny, replay=True).replayed == ()


def test_the_newest_refused_edition_is_tried_and_the_older_one_is_over(tiny: Tiny) -> None:
    tiny.declare_plain()
    for count in (5, 6):
        tiny.give("t.csv", f"{HEADER}Jalisco,2024,HOM,{count}\n")
        assert len(run(tiny).refused) == 1
    tiny.declare_plain(values=WORDS)

    assert run(tiny, replay=True).loaded == (tiny.name,)
    assert ask(
        tiny, "SELECT value FROM out.observation WHERE iccs = '0101' AND ref_area = 'MX-JAL' AND freq = 'A'"
    ) == [(6,)]
    assert kept(tiny) == []


def test_a_copy_that_is_gone_or_damaged_is_told(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", f"{HEADER}Jalisco,2024,HOM,5\n")
    run(tiny)
    (copy,) = (tiny.settings.raw / tiny.name).glob("*.bin")
    copy.write_bytes(b"other")
    assert "is damaged" in run(tiny, replay=True).refused[0].message
    copy.unlink()
    result = run(tiny, replay=True)
    assert "is gone" in result.refused[0].message
    assert [(one.recovered, one.still_rejected) for one in result.replayed] == [(0, 1)]


def test_commands_show_and_replay(
    tiny: Tiny, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = partial(list_sources, tiny.sources)
    monkeypatch.setattr(schemas.source, "list_sources", lambda *_, **__: own())
    monkeypatch.setattr(pipelines.run, "list_sources", lambda *_, **__: own())
    data = ["--data", str(tiny.settings.data)]
    tiny.declare_plain()
    tiny.give("t.csv", f"{HEADER}Jalisco,2024,HOM,5\n")
    assert main(["run", "xx_tiny", "--from", str(tiny.given), *data]) == 1
    capsys.readouterr()

    assert main(["quality", "--rejected", "xx_tiny", *data]) == 0
    said = capsys.readouterr().out
    assert "unknown_area" in said
    assert '"area":"Jalisco"' in said
    assert main(["run", "--replay-quarantine", "--from", str(tiny.given), *data]) == 2
    assert main(["run", "--replay-quarantine", *data]) == 1
    assert "0 cells recovered, 1 still rejected" in capsys.readouterr().out
    tiny.declare_plain(values=WORDS)
    assert main(["run", "--replay-quarantine", "xx_tiny", "--json", *data]) == 0
    (told,) = json.loads(capsys.readouterr().out)["replayed"]
    assert (told["recovered"], told["still_rejected"]) == (1, 0)
    assert main(["run", "--replay-quarantine", *data]) == 0
    assert "nothing to try again" in capsys.readouterr().out
