"""What machines and people are given to read."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipelines.cli.printing import print_error, print_json, print_line, print_table


def _json(value: object, capsys: pytest.CaptureFixture[str]) -> object:
    print_json(value)

    def refuse(constant: str) -> object:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(capsys.readouterr().out, parse_constant=refuse)


def test_numbers_that_json_cannot_hold_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"rate": math.nan, "limits": [math.inf, -math.inf, 1.5], "deep": ({"x": np.float64("nan")},)}

    assert _json(value, capsys) == {"rate": None, "limits": [None, None, 1.5], "deep": [{"x": None}]}


def test_values_keep_their_kind(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "none": None,
        "zero": 0,
        "true": True,
        "code": "0101",
        "decimal": Decimal("2.50"),
        "day": date(2024, 12, 31),
        "time": datetime(2024, 12, 31, 6),
        "path": Path("data") / "x",
        "name": "Córdoba",
        7: "number as key",
    }

    assert _json(value, capsys) == {
        "none": None,
        "zero": 0,
        "true": True,
        "code": "0101",
        "decimal": 2.5,
        "day": "2024-12-31",
        "time": "2024-12-31T06:00:00",
        "path": "data/x",
        "name": "Córdoba",
        "7": "number as key",
    }


def test_numpy_numbers_are_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert _json([np.int64(7), np.float64(0.5), np.bool_(True)], capsys) == [7, 0.5, True]


def test_letters_are_written_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Nuevo León"})

    assert "Nuevo León" in capsys.readouterr().out


def test_table_shows_missing_as_empty_and_never_as_zero(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["area", "value", "rate"], [["MX", 26_779, 20.36], ["AR", None, math.nan], ["CO", 0, 0.0]])

    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    rows = [fields for fields in lines if fields[0] in ("MX", "AR", "CO")]
    assert rows == [["MX", "26,779", "20.36"], ["AR"], ["CO", "0", "0.00"]]


def test_text_with_brackets_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("read_csv(['a']) [bold]x[/bold]")
    print_table(["found"], [["[red]x[/red]"]])

    out = capsys.readouterr().out
    assert "[bold]x[/bold]" in out
    assert "[red]x[/red]" in out


def _width(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("pipelines.cli.printing.console", lambda: Console(width=columns, highlight=False))


def test_a_narrow_terminal_breaks_text_and_never_a_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _width(monkeypatch, 60)
    print_table(["place", "note", "population"], [["Mexico", "counting unit varies " * 3, 121_005_826]])

    out = capsys.readouterr().out
    assert "121,005,826" in out
    assert max(map(len, out.splitlines())) <= 60


def test_a_table_that_a_terminal_cannot_hold_is_blocks_of_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _width(monkeypatch, 30)
    print_table(["time_period", "population", "reason"], [["2015", 121_005_826, None]], title="Mexico")

    assert capsys.readouterr().out.split("\n") == [
        "Mexico",
        "",
        "time_period  2015",
        "population   121,005,826",
        "reason",
        "",
        "",
    ]


def test_errors_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("refused\n\n")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "refused\n")


def test_a_reader_that_goes_away_is_no_refusal() -> None:
    """``iccs ... | head`` ends with 0, not with the 1 of data refused."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        command = [sys.executable, "-m", "pipelines.cli", "codes", "search", "robo", "--lang", "es"]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


HOSTILE = "a\x1b]0;owned\x07\x9b2J\r\x7f\u202eb :x: [red]"
"""Sets the title of a terminal, clears it (C1), goes back to the line's start, turns letters round; emoji; markup."""


def test_control_characters_of_data_are_written_out_and_no_emoji_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    shown = "a\\x1b]0;owned\\x07\\x9b2J\\x0d\\x7f\\u202eb :x: [red]"
    print_line(HOSTILE)
    print_table([HOSTILE], [[HOSTILE], [1]], title=HOSTILE)
    print_error(HOSTILE)
    print_json({HOSTILE: HOSTILE})
    captured = capsys.readouterr()
    assert captured.out.count(shown) == 4
    assert shown in captured.err
    written = captured.out + captured.err
    assert not [letter for letter in written if letter != "\n" and (letter < " " or "\x7f" <= letter <= "\x9f")]
    assert "\u202e" not in written
    document = captured.out[captured.out.index("{") :]
    assert json.loads(document) == {HOSTILE: HOSTILE}


def test_narrow_terminals_get_no_control_characters_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _width(monkeypatch, 20)
    print_table(["name", "population"], [["x" * 30 + "\x1b[2J", 121_005_826]])
    assert "\x1b" not in capsys.readouterr().out


UNSEEN = [
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family",  # joined by what nobody sees
    "\u2764\ufe0f heart",  # a variation selector
    "\U0001f1e9\U0001f1ea flag",
    "e\u0301 with an accent of its own",
    "日本の県",
    "To\u200btal",
    "Total\ufeff",
    "Tot\u00adal",
    "\u202egnp.exe",
    "\x1b[2J\x1b]0;title\x07",
    "\u3164",  # a letter without a shape
    "x\U000e0041\U000e0042",  # tags
]
SEEN = [
    "\U0001f468\\u200d\U0001f469\\u200d\U0001f467 family",
    "\u2764\\ufe0f heart",
    "\U0001f1e9\U0001f1ea flag",
    "e\u0301 with an accent of its own",
    "日本の県",
    "To\\u200btal",
    "Total\\ufeff",
    "Tot\\xadal",
    "\\u202egnp.exe",
    "\\x1b[2J\\x1b]0;title\\x07",
    "\\u3164",
    "x\\U000e0041\\U000e0042",
]


def _columns_of(text: str) -> int:
    """Columns of a terminal, by the table of Unicode: wide characters two, marks on a letter none."""
    wide = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return wide - sum(bool(unicodedata.combining(one)) for one in text)


@pytest.mark.parametrize("room", [1000, 60, 24], ids=["wide", "folded", "blocks"])
def test_what_nobody_sees_is_shown_and_columns_stay_aligned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr("pipelines.cli.printing.console", lambda: Console(width=room, highlight=False))
    label = "lab\u200bel 日本"
    print_table([label, "n"], [(text, 12345) for text in UNSEEN])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]

    if room == 1000:
        assert [line.removesuffix("12,345").strip() for line in lines[2:]] == SEEN
    for line in lines:
        assert not any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs") for one in line)
    if room > 24:
        assert {_columns_of(line) for line in lines if line.endswith("12,345")} == {_columns_of(lines[0])}
    else:
        assert {_columns_of(line.partition("12,345")[0]) for line in lines if "12,345" in line} == {
            len("lab\\u200bel 日本") + 4
        }


def test_json_says_the_same_characters_and_holds_none_that_nobody_sees(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(UNSEEN)
    said = capsys.readouterr().out
    assert json.loads(said) == UNSEEN
    assert not any(unicodedata.category(one) in ("Cc", "Cf") for one in said.replace("\n", ""))


@pytest.mark.parametrize("word", ["می\u200cرود", "क\u094d\u200dष"])
def test_joiners_that_are_spelling_stay(capsys: pytest.CaptureFixture[str], word: str) -> None:
    print_line(word)
    assert capsys.readouterr().out == f"{word}\n"
