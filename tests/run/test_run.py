"""One source after the other, then one publication: what a fault of one does to the others, what a re-run does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiny_source import Tiny

from pipelines.cli.main import main
from pipelines.collect.acquire import acquire
from pipelines.run import RunResult, run_all
from pipelines.session import Session
from pipelines.system.lock import writing
from pipelines.system.running.steps import StepReport, plain_step
from pipelines.tabulate.vintages.store import run_key
from schemas.errors import UsageError
from schemas.source import find_sources

GOOD = "area,year,code,n\n14,2024,HOM,3\n"


def _run(tiny: Tiny, *names: str, reports: list[StepReport] | None = None) -> RunResult:
    return run_all(
        find_sources(list(names), tiny.sources),
        Session(
            tiny.settings,
            tiny.given,
            run_step=plain_step((reports if reports is not None else []).append),
            source_folders=tiny.sources,
        ),
        named=bool(names),
    )


def _homicides(result: RunResult) -> list[tuple[object, ...]]:
    with duckdb.connect(str(result.published), read_only=True) as connection:
        query = "SELECT value FROM out.observation WHERE iccs = '0101' AND ref_area = 'MX-JAL' ORDER BY value"
        return connection.execute(query).fetchall()


def test_run_again(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", GOOD)
    reports: list[StepReport] = []
    quarantine = tiny.settings.quarantine / tiny.name

    first = _run(tiny)
    assert (first.loaded, first.refused) == ((tiny.name,), ())
    before, kept = first.published.stat(), first.published.read_bytes()

    # With the same files it does no work.
    second = _run(tiny, reports=reports)
    assert (second.loaded, second.unchanged, second.publication) == ((), (tiny.name,), None)
    assert [report.step for report in reports] == ["acquire"]

    # A bad edition is refused and put into quarantine.
    tiny.give("t.csv", GOOD.replace("3", "-3"))
    (refusal,) = _run(tiny).refused
    assert [problem["rule"] for problem in refusal.problems] == ["count_negative"]
    assert len(tiny.rejected()) == 1

    # The old edition comes back: again no work, and nothing is left in quarantine.
    tiny.give("t.csv", GOOD)
    assert _run(tiny).unchanged == (tiny.name,)
    assert list(quarantine.iterdir()) == []

    after = first.published.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert first.published.read_bytes() == kept


def test_every_part_of_a_declaration_decides_whether_there_is_work(tiny: Tiny) -> None:
    tiny.give("t.csv", GOOD)
    other = {"national_code": "HOM", "national_label": "h", "iccs_code": "0102", "relation": "exact"}

    def key(**parts: Any) -> str:
        source = tiny.declare_plain(**parts)
        return run_key(source, acquire(source, tiny.settings, tiny.given))

    conserve = "    conserve: '^n$'\n"
    keys = [
        key(),
        key(links=[other]),
        key(values="value,x,O,\n"),
        key(more="rejected_share_limit: 0.5\n"),
        key(layout=conserve, reshape="FROM raw"),
        key(layout=conserve, reshape="SELECT * FROM raw"),
    ]
    tiny.give("t.csv", GOOD.replace("3", "4"))
    keys.append(key(layout=conserve, reshape="FROM raw"))

    assert len(set(keys)) == len(keys)


def test_source_without_files_is_a_remark_unless_it_was_named(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.given.mkdir()

    assert _run(tiny).absent == ("xx_tiny",)
    (refusal,) = _run(tiny, "xx_tiny").refused
    assert [problem["rule"] for problem in refusal.problems] == ["file_not_found"]


# Each of these is written by the person who adds a source; a slip must be told as theirs, with the source's name.
SLIPS: dict[str, dict[str, str]] = {
    "exclusion": {"more": 'exclusions:\n  - {rule: r, where: "nope = 1", reason: x}\n'},
    "control": {"more": 'controls:\n  - {control: c, where: "nope = 1", expected: 3}\n'},
    "age": {"values": "age,HOM,Y5-9,\n"},
    "sex": {"values": "sex,HOM,X,\n"},
    "area": {"values": "ref_area,14,XX-14,\n"},
    "dimension": {"values": "colour,14,red,\n"},
    "scheme": {"scheme": "atlantis"},
    "reshape": {"reshape": "SELECT nope FROM raw"},
    "conserve": {"reshape": "FROM raw", "layout": "    conserve: '^victims$'\n"},
}


def test_slips_in_declarations_are_told_and_stop_only_their_sources(tiny: Tiny) -> None:
    tiny.name = "xx_zz_good"  # the last to run
    tiny.declare_plain()
    for slip, parts in SLIPS.items():
        tiny.name = f"xx_{slip}"
        tiny.declare_plain(**parts)
    invalid = tiny.sources / "xx_invalid"
    invalid.mkdir()
    invalid.joinpath("source.yml").write_text("title: only a title\n", encoding="utf-8")
    tiny.give("t.csv", GOOD)

    result = _run(tiny)

    assert result.loaded == ("xx_zz_good",)
    refused = {refusal.source: refusal.message for refusal in result.refused}
    assert sorted(refused) == sorted(["xx_invalid", *(f"xx_{slip}" for slip in SLIPS)])
    assert [source for source, message in refused.items() if f"source {source}" not in message] == []
    assert "publisher" in refused["xx_invalid"]
    assert "^victims$" in refused["xx_conserve"]
    assert _homicides(result) == [(3,)]


def test_published_file_that_is_damaged_is_built_anew(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", GOOD)
    tiny.settings.published.parent.mkdir(parents=True)
    tiny.settings.published.write_bytes(b"not a database " * 1000)

    assert _homicides(_run(tiny)) == [(3,)]


def test_two_writers_at_once_are_one_too_many(tiny: Tiny) -> None:
    with writing(tiny.settings), pytest.raises(UsageError, match="another run"), writing(tiny.settings):
        pass


def test_wrong_engine_is_told_before_any_source_is_taken_up(tiny: Tiny) -> None:
    tiny.declare_plain()
    tiny.give("t.csv", GOOD)
    folders = find_sources([], tiny.sources)
    reports: list[StepReport] = []

    with pytest.raises(UsageError, match="there is no engine 'flink'"):
        run_all(
            folders,
            Session(replace(tiny.settings, engine="flink"), tiny.given, run_step=plain_step(reports.append)),
            named=False,
        )
    assert reports == []


def test_folder_that_is_not_there_is_told_and_is_not_a_run_without_files(tiny: Tiny) -> None:
    # A schedule with a slip in its folder would otherwise end well every week, and publish nothing new.
    tiny.declare_plain()
    elsewhere = tiny.root / "gone"

    with pytest.raises(UsageError, match=r"there is no folder .*gone"):
        run_all(find_sources([], tiny.sources), Session(tiny.settings, elsewhere), named=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "--data", "FILE"], "is a file; --data, ICCS_DATA and data in iccs.toml must name a folder"),
        (["trend", "0101", "--area", "MX", "--monthly", "--by", "sex"], "leave out --by or --monthly"),
    ],
)
def test_slip_in_a_command_is_told(
    tmp_path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(GOOD, encoding="utf-8")

    assert main([str(file) if word == "FILE" else word for word in words]) == 2
    assert told in capsys.readouterr().err


def test_unknown_source_is_told_with_the_nearest(tiny: Tiny) -> None:
    tiny.declare_plain()

    with pytest.raises(UsageError, match="nearest: xx_tiny"):
        _run(tiny, "xx_tinny")
