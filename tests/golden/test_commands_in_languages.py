"""What the commands that print figures say in French and Spanish: none of the English words is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from languages import assert_no_english

from pipelines.cli.main import main
from pipelines.reader.words import LANGUAGES

COMMANDS = (
    "trend 0101 --area MX-JAL",
    "trend 0301 --area AR --earlier",
    "trend 0101 --area MX-AGU --sex F",
    "trend 0101 --area DE",
    "trend 0101 --area MX-JAL --monthly",
    "compare 0101 --areas MX AR US --year 2019",
    "compare 0101 --areas MX-JAL MX-SIN",
    "latest 0101 --area MX-SIN",
    "latest 0101 --area MX-JAL",
    "funnel 0101 --area AR",
    "funnel 0101 --area MX --method bym",
    "map 0101 --area AR --sex F",
    "map 0401",
    "evaluate 0101 --area MX-AGU --date 2019-06",
    "evaluate 0101 --area MX-JAL --date 2019-03 --control MX-NLE",
    "evaluate 0101 --area MX-JAL --date 2019-03 --control MX-NLE MX-SIN --family gaussian",
    "evaluate 0101 --area AR --date 2017",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_english_is_left(command: str, published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for language in LANGUAGES:
        assert main([*command.split(), "--lang", language, "--data", str(published.parents[1])]) == 0
        said[language] = capsys.readouterr().out
    for language in ("fr", "es"):
        assert_no_english(said[language], said["en"], language)
