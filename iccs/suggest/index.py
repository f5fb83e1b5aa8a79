"""How the coding assistant compares labels with the texts that speak for each category.

Likeness is measured on TF-IDF vectors of words and of letter groups. A category is as likely as its most similar text,
and more so if the words of all its texts together, above all its definition, cover the label. Then the rules of the
classification apply: exclusions and cues lower a category, a parent is as likely as its second child, and a grave
category without evidence in words is ruled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from iccs.classification import Classification, load_classification
from iccs.suggest.entries import Entry, Field, entries_of, exclusions
from iccs.suggest.evidence import Evidence
from iccs.suggest.text import LabelLanguage, Reader, Reading, reader
from iccs.suggest.vectors import TextVectors, letter_groups, words_and_pairs

Table = NDArray[np.float64]

# How far a likeness with each kind of text is trusted, as in the search. A phrase of an exclusion that names another
# code speaks for that code; a description only speaks about its category.
_TRUST: dict[Field, float] = {
    "title": 1.0,
    "search term": 1.0,
    "glossary": 1.0,
    "coded label": 1.0,
    "index": 0.97,
    "inclusion": 0.95,
    "exclusion": 0.85,
    "description": 0.7,
}
_WORDS_SHARE = 0.5  # share of the likeness; letter groups make up the rest
_HELD_SHARE = 0.3  # how much it counts that a label contains a whole text, whatever else it says
_VOCABULARY = 0.3  # what the words of all a category's texts add to its most similar text
_LEAST_TO_ADD = 0.02  # ... for a category that is not ruled out
_RESIDUAL = 0.85  # "other ..." is no place for what is merely unspecific
_RULED_OUT = 0.6  # a word of the label speaks against the category
_SENT_AWAY = 0.8  # an exclusion of the category is more like the label than the category itself
_NAMING: tuple[Field, ...] = ("title", "search term", "glossary", "index", "inclusion")  # evidence for an act
_DIVISION = 0.15  # how much the three likeliest categories of a division raise the whole division
_OWN_VOICE = 0.5  # a parent whose texts are less than this as similar as its children's was raised by them
_LEAST_LIKENESS_OF_WORDS = 85.0  # for words in no text: typos and abbreviations
_SHORTEST_WITH_SLIPS = 5
COMPLETED_KILLING = ("0101", "0103")  # an attempt is never counted here
_CHUNK = 500  # labels compared at a time, to bound memory
_EXCLUSIONS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Scores:
    """How some labels compare: `categories` is an array of labels by codes, `likeness` of labels by entries."""

    readings: tuple[Reading, ...]
    categories: Table
    likeness: Table


class Index:
    """Everything a label is compared with in one language; get one from `load_index()`."""

    def __init__(self, language: LabelLanguage, entries: Iterable[Entry]) -> None:
        """Turn the texts into vectors."""
        self.reader: Reader = reader(language)
        self.classification: Classification = load_classification()
        self.codes = tuple(category.code for category in self.classification if category.level > 1)
        self.entries, self._texts = self._distinct(entries)
        self._trust = np.array([_TRUST[entry.field] for entry in self.entries])
        self._words = TextVectors(self._texts, words_and_pairs)
        self._letters = TextVectors(self._texts, letter_groups)
        self._vocabulary = [word for word in self._words.vocabulary if " " not in word]
        self._numbers = {code: number for number, code in enumerate(self.codes)}
        self._of_code: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            self._of_code.setdefault(entry.code, []).append(number)
        self._exclusions = self._exclusion_phrases()
        self._vocabularies = [self._texts_about(code) for code in self.codes]
        naming = ((e.code, text) for e, text in zip(self.entries, self._texts, strict=True) if e.field in _NAMING)
        self._evidence = Evidence(language, naming)
        self._branches = {
            category.code: [number for code, number in self._numbers.items() if code.startswith(category.code)]
            for category in self.classification
        }

    def _distinct(self, entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], list[str]]:
        """Keep the most trusted of the entries with the same text for a category; a section is never suggested."""
        kept: dict[tuple[str, str], Entry] = {}
        foreign = self.reader.language in ("pt", "de")
        for entry in entries:
            learned = entry.field == "coded label"
            if learned or (foreign and entry.field == "glossary"):
                text = self.reader.read(entry.text, translate=foreign).text
            else:
                text = self._text(entry.text)
            if not text or len(entry.code) == 2:
                continue
            other = kept.setdefault((entry.code, text), entry)
            if _TRUST[other.field] < _TRUST[entry.field]:
                kept[entry.code, text] = entry
        return tuple(kept.values()), [text for _, text in kept]

    def _text(self, text: str) -> str:
        return " ".join(dict.fromkeys(self.reader.stems(text)))

    def _texts_about(self, code: str) -> list[int]:
        """Return the numbers of the texts about a category: its own, those below, and titles and descriptions above.

        Exclusions are left out: they are about another category.
        """
        return [
            number
            for number, entry in enumerate(self.entries)
            if entry.field != "exclusion"
            and (
                entry.code.startswith(code) or (code.startswith(entry.code) and entry.field in ("title", "description"))
            )
        ]

    def _exclusion_phrases(self) -> dict[str, list[tuple[int, str]]]:
        """Return, by category, the entries made from its own and its ancestors' exclusions, with words to show."""
        language = self.reader.index_language
        if language == "fr":
            return {}
        numbers = {(entry.code, text): n for n, (entry, text) in enumerate(zip(self.entries, self._texts, strict=True))}
        own: dict[str, list[tuple[int, str, str]]] = {}
        for category in self.classification:
            for excluded in exclusions(category.definition(language).exclusions):
                number = numbers.get((excluded.code, self._text(excluded.phrase)))
                if number is not None:
                    shown = f"exclusions of {category.code}: {excluded.phrase} ({excluded.code})"
                    own.setdefault(category.code, []).append((number, excluded.code, shown))
        found: dict[str, list[tuple[int, str]]] = {}
        for code in self.codes:
            holders = [code, *(category.code for category in self.classification.ancestors(code))]
            phrases = [phrase for holder in holders for phrase in own.get(holder, ())]
            found[code] = [(number, shown) for number, target, shown in phrases if not code.startswith(target)]
        return {code: phrases for code, phrases in found.items() if phrases}

    def score(self, labels: Sequence[str]) -> Iterator[Scores]:
        """Compare labels with every category, a few hundred at a time, in order."""
        for start in range(0, len(labels), _CHUNK):
            readings = tuple(self.reader.read(label) for label in labels[start : start + _CHUNK])
            texts = [self._known_words(reading) for reading in readings]
            likeness = self._likeness(texts)
            yield Scores(readings, self._categories(readings, texts, likeness), likeness)

    def _likeness(self, texts: list[str]) -> Table:
        words, letters = _likeness(self._words, texts), _likeness(self._letters, texts)
        both: Table = (_WORDS_SHARE * words + (1 - _WORDS_SHARE) * letters) * self._trust
        return both

    def _known_words(self, reading: Reading) -> str:
        """Replace each word that is in no text by the nearest word that is: it may be a typo."""
        from rapidfuzz import fuzz, process

        known = self._words.vocabulary
        found = []
        for stem in dict.fromkeys(reading.stems):
            near = None
            if stem not in known and len(stem) >= _SHORTEST_WITH_SLIPS:
                cutoff = _LEAST_LIKENESS_OF_WORDS
                near = process.extractOne(stem, self._vocabulary, scorer=fuzz.ratio, score_cutoff=cutoff)
            found.append(near[0] if near else stem)
        return " ".join(found)

    def _categories(self, readings: Sequence[Reading], texts: Sequence[str], likeness: Table) -> Table:
        scores = np.zeros((len(readings), len(self.codes)))
        for code, numbers in self._of_code.items():
            scores[:, self._numbers[code]] = likeness[:, numbers].max(axis=1)
        for code, phrases in self._exclusions.items():
            column = self._numbers[code]
            numbers = [number for number, _ in phrases]
            sent_away = likeness[:, numbers].max(axis=1) > scores[:, column]
            scores[sent_away, column] *= _SENT_AWAY
        residual = [n for n, code in enumerate(self.codes) if self.classification.is_residual(code)]
        scores[:, residual] *= _RESIDUAL
        for row, reading in enumerate(readings):
            for code in ruled_out(reading):
                scores[row, self._branches[code]] *= _RULED_OUT
        self._lift_parents(scores)
        self._lift_divisions(scores)
        for row, (reading, text) in enumerate(zip(readings, texts, strict=True)):
            for code in self._evidence.missing(reading.written, text.split()):
                scores[row, self._branches[code]] = 0.0
        scores /= 1 + _DIVISION
        covered = self._letters.coverage(texts, self._vocabularies).toarray()
        scores += _VOCABULARY * covered * (scores > _LEAST_TO_ADD)
        return scores / (1 + _VOCABULARY)

    def _lift_parents(self, scores: Table) -> None:
        """Give a parent the score of its second-best child: if two are similar, the label may be wider than both."""
        for level in (3, 2):
            for category in self.classification:
                children = [self._numbers[child.code] for child in self.classification.children(category.code)]
                if category.level == level and len(children) > 1:
                    second = np.sort(scores[:, children], axis=1)[:, -2]
                    column = self._numbers[category.code]
                    scores[:, column] = np.maximum(scores[:, column], second)

    def _lift_divisions(self, scores: Table) -> None:
        for columns in (branch for code, branch in self._branches.items() if len(code) == 4):
            best = np.sort(scores[:, columns], axis=1)[:, -3:].mean(axis=1)
            scores[:, columns] += _DIVISION * best[:, np.newaxis]

    def best_entry(self, code: str, likeness: Table) -> int:
        """Return the number of the text that supports a category most: its own or, if none does, one from below."""
        numbers = self._of_code.get(code, [])
        below = [n for child in self.classification.descendants(code) for n in self._of_code.get(child.code, ())]
        own = likeness[numbers].max(initial=0.0)
        if below and own < _OWN_VOICE * likeness[below].max():
            numbers = below
        return max(numbers, key=lambda number: float(likeness[number]))

    def stems_of(self, number: int) -> list[str]:
        """Return the stems of an entry's text."""
        return self._texts[number].split()

    def exclusions_for(self, code: str, likeness: Table) -> list[str]:
        """Return the phrases of a category's exclusions that are more similar to the label than its own texts are."""
        least = likeness[self._of_code.get(code, [])].max(initial=0.0)
        alike = {shown: float(likeness[n]) for n, shown in self._exclusions.get(code, ()) if likeness[n] > least}
        return sorted(alike, key=lambda shown: -alike[shown])[:_EXCLUSIONS_SHOWN]


def _likeness(vectors: TextVectors, texts: list[str]) -> Table:
    """Compare texts with those of the vectors: by cosine, and by how much of the others they contain."""
    cosine: Table = vectors.likeness(texts).toarray()
    held: Table = vectors.held(texts).toarray()
    found: Table = (1 - _HELD_SHARE) * cosine + _HELD_SHARE * np.sqrt(cosine * held)
    return found


def ruled_out(reading: Reading) -> Iterator[str]:
    """Yield the codes of the branches that the words of a label contradict."""
    for cue in reading.cues:
        yield from cue.codes
    if not reading.attempted:
        yield "0102"
    elif reading.killing:
        yield from COMPLETED_KILLING


@lru_cache(maxsize=8)
def load_index(language: LabelLanguage, left_out: frozenset[str] = frozenset()) -> Index:
    """Return the index of a language without the concordances of some countries; about a second on first use."""
    return Index(language, entries_of(language, left_out))
