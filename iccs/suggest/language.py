"""The language of a list's labels, guessed from their words and letter groups, or reported as unclear.

The profile of each language is counted from the project's own tables: titles and definitions of the ICCS, its index,
terms of penal law, and labels of the packaged concordances. A language is never assumed: labels read in the wrong one
share words with categories that they do not mean.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import get_args

from iccs.classification import load_classification, read_table
from iccs.concordance import concordance_path, list_concordances, read_concordance
from iccs.suggest.entries import country_of, language_of
from iccs.suggest.text import LabelLanguage, load_glossary

LANGUAGE_NAMES: Mapping[LabelLanguage, str] = MappingProxyType(
    {"es": "Spanish", "en": "English", "fr": "French", "pt": "Portuguese", "de": "German"}
)

# Lists in unsupported languages share at most a sixth of their words with any supported one. German lists, with their
# compounds, have only a third of their words known.
_LEAST_KNOWN = 0.3
# How much likelier than the next language, as log odds: for an average word and for the list.
_LEAST_AHEAD_A_WORD = 1.0
_LEAST_AHEAD = 5.0
_SMOOTHING = 0.3
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The likeliest language of some labels; `sure` says whether it can be used without asking.

    Read alone, `agreeing` of the `labels` distinct labels are likeliest in it. `known` is the share of all their words
    that occur in the project's texts in that language, and `next_one` the second likeliest language.
    """

    language: LabelLanguage
    next_one: LabelLanguage
    agreeing: int
    labels: int
    known: float
    sure: bool

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{LANGUAGE_NAMES[self.language]} ({self.agreeing} of {self.labels} labels look {self.language}; "
            f"{self.known:.0%} of the words are known)"
        )


def guess_language(labels: Iterable[str], left_out: frozenset[str] = frozenset()) -> LanguageGuess:
    """Return the most likely language of some labels, and whether it is certain enough.

    Args:
        labels: labels of one list.
        left_out: countries whose concordances are not learned from (for evaluation).

    >>> guess = guess_language(["Wohnungseinbruch", "Mord und Totschlag", "Raub"])
    >>> guess.language, guess.sure
    ('de', True)
    >>> guess_language(["Kradzież z włamaniem", "Rozbój", "Zgwałcenie", "Oszustwo"]).sure
    False
    """
    profiles = _load_profiles(left_out)
    distinct = [words for label in dict.fromkeys(labels) if (words := list(_words(label)))]
    totals: dict[LabelLanguage, float] = dict.fromkeys(LANGUAGE_NAMES, 0.0)
    agreeing: Counter[LabelLanguage] = Counter()
    for words in distinct:
        found = {language: profile.likelihood(words) for language, profile in profiles.items()}
        totals = {language: total + found[language] for language, total in totals.items()}
        agreeing[max(found, key=lambda language: found[language])] += 1
    best, second = sorted(totals, key=lambda language: -totals[language])[:2]
    every = [word for words in distinct for word in words]
    known = sum(word in profiles[best].words for word in every) / max(len(every), 1)
    ahead = totals[best] - totals[second]
    sure = known >= _LEAST_KNOWN and ahead >= max(_LEAST_AHEAD, _LEAST_AHEAD_A_WORD * len(every))
    return LanguageGuess(best, second, agreeing[best], len(distinct), known, sure)


def guess_language_of_table(labels: Sequence[str], headings: Sequence[str]) -> LanguageGuess:
    """Return the most likely language of the labels of a table; if there are few, the language of its headings helps.

    Where headings are in a language that knows fewer words of the labels (those of a database), they are not heard.

    >>> guess_language_of_table(["Violent crime", "Homicide", "Robbery"], ["State", "Offence"]).language
    'en'
    >>> guess_language_of_table(["Robo"], ["REF_AREA", "TIME_PERIOD", "OBS_VALUE", "OFFENCE"]).language
    'es'
    """
    alone, together = guess_language(labels), guess_language([*labels, *headings])
    if together.language == alone.language:
        return alone if alone.sure else together
    known = {one.language: _known_share(labels, one.language) for one in (alone, together)}
    return together if known[together.language] >= known[alone.language] else replace(alone, sure=False)


def _known_share(labels: Sequence[str], language: LabelLanguage) -> float:
    words = [word for label in labels for word in _words(label)]
    return sum(word in _load_profiles(frozenset())[language].words for word in words) / max(len(words), 1)


class _Profile:
    """The frequencies of a language's words and of their groups of three letters."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.words = Counter(word for text in texts for word in _words(text))
        self.groups: dict[str, float] = {}
        for word, times in self.words.items():
            for group in _groups(word):
                self.groups[group] = self.groups.get(group, 0.0) + 1 + math.log(times)
        self._total = sum(self.groups.values())
        self._different = 1

    def compare_with(self, others: Iterable[_Profile]) -> None:
        """Smooth over the groups that any language has, so that a small vocabulary is not an advantage."""
        self._different = len(set().union(*(other.groups for other in others)))

    def likelihood(self, words: Iterable[str]) -> float:
        """Return the log probability of the words' groups of letters."""
        whole = self._total + _SMOOTHING * self._different
        found = (self.groups.get(group, 0.0) for word in words for group in _groups(word))
        return sum(math.log((times + _SMOOTHING) / whole) for times in found)


def _words(text: str) -> Iterator[str]:
    return (found.group() for found in _WORD.finditer(text.lower()))


def _groups(word: str) -> Iterator[str]:
    marked = f" {word} "
    return (marked[at : at + 3] for at in range(len(marked) - 2))


@cache
def _load_profiles(left_out: frozenset[str]) -> dict[LabelLanguage, _Profile]:
    profiles = {language: _Profile(_texts(language, left_out)) for language in get_args(LabelLanguage)}
    for profile in profiles.values():
        profile.compare_with(profiles.values())
    return profiles


def _texts(language: LabelLanguage, left_out: frozenset[str]) -> Iterator[str]:
    for category in load_classification():
        if language in ("en", "es", "fr"):
            yield category.title[language]
        if language in ("en", "es"):
            definition = category.definition(language)
            yield from (definition.description, definition.inclusions, definition.exclusions)
    yield from (term.term for term in load_glossary() if term.language == language)
    yield from (row["term"] for row in read_table("search_terms.csv") if row["language"] == language)
    if language == "en":
        yield from (row["term"] for row in read_table("index_en.csv"))
    for source_id in list_concordances():
        if language_of(source_id) == language and country_of(source_id) not in left_out:
            yield from {link.national_label for link in read_concordance(concordance_path(source_id)).links}
