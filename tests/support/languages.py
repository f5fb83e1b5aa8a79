"""What is left of English in a text in another language: a list made from the English catalogue."""

from __future__ import annotations

import re

from pipelines.reader.words import WORDS, load_catalogue


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


def assert_no_english(said: str, english: str, language: str, names: frozenset[str] = frozenset()) -> None:
    """Assert that a text has no words of the catalogue and no line of words of the English one, which has some.

    ``names`` are words of the catalogue that a source uses as names.
    """
    words = english_of(language) - names
    assert sum(stands_in(part, english) for part in words) >= 10  # so that there is something to be left
    left = sorted(part for part in words if stands_in(part, said))
    assert left == [], said
    same = set(english.splitlines()) & set(said.splitlines())
    assert [line for line in same if len(re.findall(r"(?<![\w-])[a-z]{2,}(?![\w-])", line)) > 2] == []
