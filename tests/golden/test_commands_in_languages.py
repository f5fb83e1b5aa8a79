"""What the commands that print figures say in French and Spanish: none of the English words is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.cli.main import main
from pipelines.reader.words import LANGUAGES, WORDS, load_catalogue

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


def literal_parts(texts: list[str]) -> set[str]:
    """The texts between the places of templates, with a letter in them."""
    parts = {part.strip(" ,;:.()%") for text in texts for part in re.split(r"{\w*}", text)}
    return {part for part in parts if re.search(r"[A-Za-z]{2}", part)}


def stands_in(part: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(part)}(?![\w-])", text) is not None


def english_of(language: str) -> set[str]:
    """The English words and sentences that cannot be those of another language: all that it does not have itself."""
    own = "\n".join(load_catalogue(language).values())
    return {part for part in literal_parts(list(WORDS.values())) if not stands_in(part, own)}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_english_is_left(command: str, published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for language in LANGUAGES:
        assert main([*command.split(), "--lang", language, "--data", str(published.parents[1])]) == 0
        said[language] = capsys.readouterr().out
    for language in ("fr", "es"):
        english = english_of(language)
        assert sum(stands_in(part, said["en"]) for part in english) >= 10  # so that there is something to be left
        assert sorted(part for part in english if stands_in(part, said[language])) == []
        same = set(said["en"].splitlines()) & set(said[language].splitlines())
        assert [line for line in same if len(re.findall(r"(?<![\w-])[a-z]{2,}(?![\w-])", line)) > 2] == []
