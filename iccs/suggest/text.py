"""How the coding assistant reads a national label: its words, legal vocabulary, and cues that rule codes out.

The legal vocabulary is `tables/glossary.csv`: terms of criminal law with their ICCS code, words to read in their place
in the language of the definitions, and the categories that a term rules out ("sin violencia" is never section 04).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Literal, get_args

from iccs.classification import read_table
from iccs.letters import base_letters
from iccs.search import STOP_WORDS as SEARCH_STOP_WORDS
from iccs.search import Language as SearchLanguage
from iccs.search import stem_of
from iccs.suggest.laws import Cited, cited

LabelLanguage = Literal["es", "en", "fr", "pt", "de"]

# Definitions exist in English and Spanish only: Portuguese labels are compared with Spanish, German with English.
INDEX_LANGUAGE: Mapping[LabelLanguage, SearchLanguage] = MappingProxyType(
    {"es": "es", "pt": "es", "en": "en", "de": "en", "fr": "fr"}
)

# Words that every legal list repeats and that say nothing about the act.
_LEGAL_STOP_WORDS: Mapping[LabelLanguage, str] = MappingProxyType(
    {
        "es": """delito delitos infraccion infracciones hecho hechos articulo articulos art arts ley leyes decreto
            codigo penal inciso inc numero num bis ter dfl dl demas como cuando sus es sea e este esta entre
            cualquier total totales""",
        "en": "offence offences offense offenses section sections is are be been its any total totals",
        "fr": "infraction infractions delit delits crime crimes article articles loi code penal total",
        "pt": """crime crimes delito delitos artigo artigos lei codigo penal e em na nos nas um uma ou ao aos do da
            dos das com por para outros outras total""",
        "de": """stgb btmg abs nr gem nach und oder der die das des dem den von vom im in zu zur zum mit auf an am
            aus bei sowie einschl sonstige sonstiger sonstiges sonstigen weitere durch gegen straftaten insgesamt
            ein eine einen einem einer eines als auch anderen anderer anderes andere deren dessen dieser fur uber
            unter vor wegen wenn wer bis je nur noch ob um ihre ihrer sein seine seiner sich sie es zwischen satz
            gemass pp usw bzw ivm verbindung bezug""",
    }
)

# "(excluye los agravados por ...)": what a label says it excludes must not be read as its content.
_LEFT_OUT = re.compile(
    r"\([^()]*?\b(?:excluye|excluyendo|no incluye|excepto|salvo|sin incluir|excludes|excluding|except|other than|"
    r"exclui|exceto|nao inclui|hors|sauf|a l'exclusion|ohne|ausser|nicht)\b[^()]*\)"
)

# "Persons convicted of ...": who is counted, at which stage, and the preposition that leads to the act.
_COUNTED_WORDS: Mapping[LabelLanguage, tuple[str, str, str]] = MappingProxyType(
    {
        "en": (
            "(?:number of )?(?:persons?|people|suspects?|offenders?|prisoners?|adults|juveniles|males|females)",
            "brought into formal contact|suspect|prosecut|convict|held|detain|arrest|charged|accused|sentenced",
            "for|of|with",
        ),
        "es": (
            "(?:numero de )?(?:personas?|imputados?|sospechosos?|reclusos?|adultos|menores|hombres|mujeres)",
            "detenid|imputad|procesad|condenad|sentenciad|acusad|sospechos|recluid|privad|investigad|arrestad",
            "por|de",
        ),
        "fr": (
            "(?:nombre de )?(?:personnes?|auteurs?|suspects?|detenus?|mineurs|majeurs|hommes|femmes)",
            "mises? en cause|poursuivi|condamne|detenu|arrete|soupconne|incarcere|ecroue",
            "pour|de|du",
        ),
        "pt": (
            "(?:numero de )?(?:pessoas?|suspeitos?|reclusos?|adultos|menores|homens|mulheres)",
            "detid|pres[ao]|acusad|condenad|suspeit|process|recluid|investigad",
            "por|de",
        ),
        "de": ("personen|tatverdachtige|manner|frauen", "verurteilt|verdachtig|inhaftiert|angeklagt", "wegen|von"),
    }
)


def _counted(language: LabelLanguage) -> re.Pattern[str]:
    """Return the start of a label that says who is counted at which stage: its words name no act."""
    who, stage, link = _COUNTED_WORDS[language]
    between = r"\W+(?:\w+\W+){0,3}?"
    return re.compile(rf"^(?:{who}){between}(?:{stage})\w*(?:\W+\w+){{0,2}}?\W+(?:{link})\b\W*(?=\w)")


_ATTEMPTS: Mapping[LabelLanguage, tuple[str, ...]] = MappingProxyType(
    {
        "es": ("tentativ", "frustrad", "tentad"),
        "en": ("attempt",),
        "fr": ("tentativ",),
        "pt": ("tentativ", "tentad"),
        "de": ("versuch",),
    }
)
_KILLINGS: Mapping[LabelLanguage, str] = MappingProxyType(
    {
        "es": "homicid|asesin|femicid|feminicid|parricid|infanticid",
        "en": "murder|homicid|manslaughter|killing|femicid|infanticid",
        "fr": "homicid|meurtr|assassin|feminicid|infanticid",
        "pt": "homicid|feminicid|assassin|infanticid|latrocin",
        "de": "mord|totschlag|totung",
    }
)

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Cue:
    """A term of a label that rules categories out, with the codes of the branches that it rules out."""

    term: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A label as read: its stems, its own words for each stem, its cues, and `written`, the label in plain letters.

    `attempted` says that the label names an attempt, `killing` that it names a killing: attempted killing has a
    category of its own (0102), every other attempt stays in the category of the act with a tag. `cited` are the
    sections of law that it names.
    """

    stems: tuple[str, ...]
    shown: Mapping[str, str]
    cues: tuple[Cue, ...]
    attempted: bool
    killing: bool
    written: str = ""
    cited: Cited = field(default_factory=Cited)

    @property
    def text(self) -> str:
        """The stems as one text, each once."""
        return " ".join(dict.fromkeys(self.stems))


@dataclass(frozen=True, slots=True)
class Term:
    """One row of the glossary."""

    language: str
    term: str
    code: str
    words: str
    against: tuple[str, ...]


@cache
def load_glossary() -> tuple[Term, ...]:
    """Return the glossary of legal terms.

    >>> next(row.code for row in load_glossary() if row.term == "alzamiento de bienes")
    '08042'
    """
    return tuple(
        Term(
            row["language"],
            row["term"],
            row["code"],
            row["words"],
            tuple(code for code in row["against"].split(";") if code),
        )
        for row in read_table("glossary.csv")
    )


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Return a text in lower case without accents; "non-x" becomes the single word "nonx"."""
    return re.sub(r"\bnon[- ](?=[a-z])", "non", base_letters(text))


@lru_cache(maxsize=65536)
def parts_of(word: str) -> tuple[str, ...]:
    """Return the parts of a German compound, as few and long as possible; empty if it is a simple word.

    The parts are words of the glossary, with or without a linking element between them (-s-, -n-, -en-).

    >>> parts_of("wohnungseinbruchdiebstahl"), parts_of("betrug")
    (('wohnungseinbruch', 'diebstahl'), ())
    """
    known = _german_words()
    # The fewest words that reach each position; None where no words do.
    best: list[tuple[str, ...] | None] = [(), *([None] * len(word))]
    for end in range(1, len(word) + 1):
        for start in range(end - _SHORTEST_PART, -1, -1):
            before = best[start]
            if before is None:
                continue
            piece = word[start:end]
            for link in _LINKS if end < len(word) else ("",):
                bare = piece.removesuffix(link) if link else piece
                if len(bare) < _SHORTEST_PART or (link and bare == piece) or bare not in known or bare == word:
                    continue
                found = (*before, bare)
                if best[end] is None or len(found) < len(best[end] or ()):
                    best[end] = found
    return best[-1] or ()


_SHORTEST_PART = 4
_SHORTEST_INSIDE = 5  # shortest term that may be within a word
_LINKS = ("", "s", "es", "n", "en", "er", "e")


@cache
def _german_words() -> frozenset[str]:
    words = (word for row in load_glossary() if row.language == "de" for word in _WORD.findall(plain(row.term)))
    return frozenset(word for word in words if len(word) >= _SHORTEST_PART)


class Reader:
    """Reads labels of one language; get one from `reader()`."""

    def __init__(self, language: LabelLanguage) -> None:
        """Prepare stop words and the glossary of the language."""
        if language not in get_args(LabelLanguage):
            raise ValueError(f"language {language!r}: the assistant reads {', '.join(get_args(LabelLanguage))}")
        self.language = language
        self.index_language = INDEX_LANGUAGE[language]
        self._stop = SEARCH_STOP_WORDS[self.index_language] | frozenset(_LEGAL_STOP_WORDS[language].split())
        self._counted = _counted(language)
        self._killing = re.compile(_KILLINGS[language])
        # Longest first: "non negligent" must be found before "negligent".
        guiding = [row for row in load_glossary() if row.language == language and (row.words or row.against)]
        self._guides = tuple(
            (self._pattern(row.term), row) for row in sorted(guiding, key=lambda row: (-len(row.term), row.term))
        )

    def stems(self, text: str) -> tuple[str, ...]:
        """Return the stems of the meaningful words, in order."""
        return tuple(stem for _, stem in self._words(plain(text)))

    def read(self, label: str, translate: bool = True) -> Reading:
        """Read a label; `translate` adds the glossary's words for it in the language of the definitions."""
        text = self._counted.sub("", _LEFT_OUT.sub(" ", plain(label)).strip())
        killing = self._killing.search(text) is not None
        words = list(self._words(text))
        attempts = {stem for _, stem in words if stem.startswith(_ATTEMPTS[self.language])}
        if attempts and not killing:
            words = [(word, stem) for word, stem in words if stem not in attempts]
        written = {plain(word): word for word in re.findall(r"\w+", label)}
        shown = {stem: written.get(word, word) for word, stem in words}
        stems = [stem for _, stem in words]
        cues: list[Cue] = []
        for term, row in self._matches(text) if translate else ():
            if row.against:
                cues.append(Cue(" ".join(written.get(word, word) for word in term.split()), row.against))
            for stem in self.stems(row.words):
                stems.append(stem)
                shown.setdefault(stem, " ".join(written.get(word, word) for word in term.split()))
        return Reading(tuple(stems), shown, tuple(cues), bool(attempts), killing, text, cited(text, self.language))

    def _words(self, text: str) -> Iterator[tuple[str, str]]:
        for word in _WORD.findall(text):
            if len(word) > 1 and not word.isdigit() and word not in self._stop:
                yield word, stem_of(word, self.index_language)
                for part in parts_of(word) if self.language == "de" else ():
                    if part not in self._stop:
                        yield word, stem_of(part, self.index_language)

    def _pattern(self, term: str) -> re.Pattern[str]:
        # German compounds words (Ladendiebstahl): a term counts wherever it occurs. Elsewhere it matches whole words,
        # whatever their ending of number and gender.
        # A short one stands at the beginning of a word: "Amt" is in "Amtsanmaßung", not in "gesamt".
        if self.language == "de":
            bare = plain(term)
            start = r"(?<![a-z])" if len(bare) < _SHORTEST_INSIDE else ""
            return re.compile(start + re.escape(bare))
        stems = [stem_of(word, self.index_language) for word in _WORD.findall(plain(term))]
        return re.compile(r"(?<![a-z0-9])" + r"[aeos]{0,2}[^a-z0-9]+".join(stems) + r"[aeosx]{0,2}(?![a-z0-9])")

    def _matches(self, text: str) -> Iterator[tuple[str, Term]]:
        """Yield the glossary's guides found in a text; words used by a longer term are not read again."""
        for pattern, row in self._guides:
            found = pattern.search(text)
            if found:
                text = pattern.sub(" | ", text)
                yield found.group(0).strip(), row


@cache
def reader(language: LabelLanguage) -> Reader:
    """Return the reader of a language; it is created once.

    Raises:
        ValueError: the assistant does not support the language.
    """
    return Reader(language)
