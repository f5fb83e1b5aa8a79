"""Search of the ICCS by words, in English, Spanish and French, tolerant of accents, plurals and typos.

What is searched: titles, inclusions, the booklet's alphabetical index (English), everyday and legal terms gathered for
this project, and descriptions. French has titles and terms only, as the French edition is not included.
It suggests; the definition, with its exclusions, decides.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from iccs.classification import Classification, load_classification, read_table
from iccs.letters import base_letters

Language = Literal["en", "es", "fr"]
Field = Literal["title", "term", "index", "inclusion", "description"]

# How far a match in each field is trusted: a title is the category, a description only speaks about it.
_TRUST: dict[Field, float] = {"title": 1.0, "term": 1.0, "index": 0.97, "inclusion": 0.95, "description": 0.6}

# Shares of the score: how much of the query is found, and how little else the text says.
_FOUND, _NOTHING_ELSE = 0.75, 0.25
_LOWEST_SCORE = 0.35

# Shorter words must match exactly (vol is not viol); longer ones may differ by a typo.
_SHORTEST_WITH_SLIPS = 5
_LEAST_LIKENESS = 82.0

_WORDS = re.compile(r"[a-z0-9]+")
_STOP_WORDS: dict[Language, str] = {
    "en": "a an and as at by for from in into of on or other that the to with acts act",
    "es": "a al con de del el en la las lo los o para por que se su un una y u otro otra otros otras",
    "fr": "a au aux avec d de des du en et l la le les ou par pour qui s sur un une autre autres",
}
STOP_WORDS = {language: frozenset(words.split()) for language, words in _STOP_WORDS.items()}
_APPLY_ALL = re.compile(r"^(apply all|aplicar todas)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """One category found, with the text that matched and the place it comes from.

    `score` is between 0 and 1: 1 means that every word of the query, and nothing else, is in a title or term.
    """

    code: str
    title: str
    score: float
    field: Field
    matched: str


@dataclass(frozen=True, slots=True)
class _Entry:
    code: str
    field: Field
    text: str
    stems: frozenset[str]


class _Index:
    """Every searchable text of one language, by word stem."""

    def __init__(self, language: Language, entries: Iterable[_Entry]) -> None:
        self.language = language
        self.entries = tuple(entry for entry in entries if entry.stems)
        self.by_stem: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            for stem in entry.stems:
                self.by_stem.setdefault(stem, []).append(number)
        self.vocabulary = tuple(self.by_stem)
        self.rarity = {stem: math.log(1 + len(self.entries) / len(found)) for stem, found in self.by_stem.items()}
        self.rarity_of_unknown = math.log(1 + len(self.entries))
        self.weight = tuple(sum(self.rarity[stem] for stem in entry.stems) for entry in self.entries)

    def alike(self, stem: str) -> dict[str, float]:
        """Return the stems of the vocabulary that a query's stem may mean, with their likeness (1 is the same)."""
        found = {stem: 1.0} if stem in self.by_stem else {}
        if len(stem) >= _SHORTEST_WITH_SLIPS:
            # Imported here because the command line must start without it.
            from rapidfuzz import fuzz, process

            near = process.extract(stem, self.vocabulary, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS, limit=8)
            for other, likeness, _ in near:
                if len(other) >= _SHORTEST_WITH_SLIPS:
                    found.setdefault(other, (likeness / 100) ** 2)
        return found

    def scores(self, stems: Iterable[str]) -> Iterator[tuple[float, _Entry]]:
        """Score every entry that shares a word with the query."""
        wanted = 0.0
        found: defaultdict[int, float] = defaultdict(float)
        explained: defaultdict[int, float] = defaultdict(float)
        for stem in dict.fromkeys(stems):
            alike = self.alike(stem)
            rarity = max((self.rarity[other] for other in alike), default=self.rarity_of_unknown)
            wanted += rarity
            best: dict[int, tuple[float, str]] = {}
            for other, likeness in alike.items():
                for number in self.by_stem[other]:
                    best[number] = max(best.get(number, (0.0, "")), (likeness, other))
            for number, (likeness, other) in best.items():
                found[number] += rarity * likeness
                explained[number] += self.rarity[other] * likeness
        for number, weight in found.items():
            entry = self.entries[number]
            share_of_text = min(1.0, explained[number] / self.weight[number])
            yield _TRUST[entry.field] * (_FOUND * weight / wanted + _NOTHING_ELSE * share_of_text), entry


def search(text: str, lang: Language = "en", limit: int = 10) -> list[Hit]:
    """Return the categories that a text may mean, best first, for people who look for a code.

    The first search in a language builds its index (about a tenth of a second); later ones take milliseconds.

    Raises:
        ValueError: for a language other than en, es, fr, or a limit below 1.

    >>> search("robo con violencia", lang="es")[0].code
    '0401'
    """
    if lang not in get_args(Language):
        raise ValueError(f"language {lang!r}: search in en, es or fr")
    if limit < 1:
        raise ValueError(f"limit {limit}: ask for at least 1")
    classification = load_classification()
    best: dict[str, tuple[float, _Entry]] = {}
    for score, entry in _index(lang).scores(_stems(text, lang)):
        if score >= _LOWEST_SCORE and score > best.get(entry.code, (0.0, entry))[0]:
            best[entry.code] = (score, entry)
    # Of equal matches the wider category comes first: it is the safer one.
    ordered = sorted(best.values(), key=lambda pair: (-round(pair[0], 6), len(pair[1].code), pair[1].code))
    return [
        Hit(entry.code, classification.get(entry.code).title[lang], round(score, 4), entry.field, entry.text)
        for score, entry in ordered[:limit]
    ]


@cache
def _index(language: Language) -> _Index:
    classification = load_classification()
    texts = _texts(classification, language)
    return _Index(
        language, (_Entry(code, field, text, frozenset(_stems(text, language))) for code, field, text in texts)
    )


def _texts(classification: Classification, language: Language) -> Iterator[tuple[str, Field, str]]:
    for row in read_table("search_terms.csv"):
        if row["language"] == language:
            yield row["code"], "term", row["term"]
    if language == "en":
        for row in read_table("index_en.csv"):
            yield row["code"], "index", row["term"]
    for category in classification:
        yield category.code, "title", category.title[language]
        if language == "fr":
            continue
        definition = category.definition(language)
        for part in inclusion_phrases(definition.inclusions):
            yield category.code, "inclusion", part
        if definition.description:
            yield category.code, "description", definition.description


def inclusion_phrases(inclusions: str) -> Iterator[str]:
    """Split inclusions at semicolons, and at commas that separate whole terms rather than single words."""
    for part in (part.strip() for part in inclusions.split(";")):
        if not part or _APPLY_ALL.match(part):
            continue
        pieces = [piece.strip() for piece in part.split(", ")]
        if all(len(piece.split()) > 1 and piece.split()[0] not in ("or", "and", "o", "y", "u") for piece in pieces):
            yield from (piece for piece in pieces if not _APPLY_ALL.match(piece))
        else:
            yield part


def _stems(text: str, language: Language) -> list[str]:
    """Return a text's words without accents, stop words and endings of number and gender."""
    return [stem_of(word, language) for word in _WORDS.findall(base_letters(text)) if word not in STOP_WORDS[language]]


def stem_of(word: str, language: Language) -> str:
    """Return a word without the endings of number and gender of its language.

    >>> stem_of("robberies", "en"), stem_of("vehículos", "es")
    ('robbery', 'vehícul')
    """
    if len(word) < _SHORTEST_WITH_SLIPS:
        return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    if language == "en" and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("s", "x")) and not word.endswith("ss"):
        word = word[:-1]
    endings = {"en": "e", "es": "aeo", "fr": "e"}[language]
    return word[:-1] if word[-1] in endings else word
