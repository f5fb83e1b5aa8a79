"""The texts that the coding assistant compares labels with: the ICCS, legal terms, and labels coded in other lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from iccs.classification import DefinitionLanguage, load_classification, read_table
from iccs.concordance import concordance_path, list_concordances, read_concordance
from iccs.search import Language as SearchLanguage
from iccs.search import inclusion_phrases
from iccs.suggest.text import LabelLanguage, load_glossary, reader

Field = Literal["title", "search term", "glossary", "index", "inclusion", "description", "exclusion", "coded label"]

# The first part of a source's identifier gives the language of its labels; all others are published in English.
_COUNTRIES: dict[LabelLanguage, frozenset[str]] = {
    "es": frozenset("ar bo cl co cr cu do ec es gt hn mx ni pa pe pr py sv uy ve".split()),  # noqa: SIM905
    "pt": frozenset({"ao", "br", "cv", "mz", "pt"}),
    "de": frozenset({"at", "de", "li"}),
    "fr": frozenset({"bf", "bj", "ci", "cm", "fr", "ga", "ml", "mc", "ne", "sn", "tg"}),
}

_POINTER = re.compile(r"\(\s*([0-9]{2,6})\s*\)")
_DEFINED = re.compile(r"- [A-ZÁÉÍÓÚ][^.]*?(?:footnote|nota|in|en) [0-9]+\.?")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")
_APPLY = re.compile(r"^(apply|aplicar)", re.IGNORECASE)


class Exclusion(NamedTuple):
    """A phrase of a category's exclusions and the code it points to."""

    phrase: str
    code: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One text that speaks for a category; `origin` is the table or the source it comes from."""

    code: str
    field: Field
    text: str
    origin: str


def language_of(source_id: str) -> LabelLanguage:
    """Return the language of a source's labels by its country.

    >>> language_of("ar_snic"), language_of("za_saps")
    ('es', 'en')
    """
    return next((language for language, found in _COUNTRIES.items() if country_of(source_id) in found), "en")


def country_of(source_id: str) -> str:
    """Return the first part of a source's identifier: the country, or the organisation, that publishes it."""
    return source_id.split("_")[0]


def coded_labels(source_id: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return the reviewed links of a source: (national code, label) to its ICCS categories, combined ones split up.

    Labels without a Latin letter are in none of the supported languages and are left out.
    """
    classification = load_classification()
    found: dict[tuple[str, str], set[str]] = {}
    for link in read_concordance(concordance_path(source_id)).links:
        if link.iccs_code and link.status != "draft" and _LATIN.search(link.national_label):
            combined = classification.combined.get(link.iccs_code)
            targets = combined.members if combined else (link.iccs_code,)
            found.setdefault((link.national_code, link.national_label), set()).update(targets)
    return {key: frozenset(codes) for key, codes in found.items()}


def exclusions(text: str) -> Iterator[Exclusion]:
    """Yield the phrases of an exclusion text that name the code where the act belongs.

    >>> list(exclusions("Robbery (0401); torture; property damage, arson (0504)"))[0]
    Exclusion(phrase='Robbery', code='0401')
    """
    classification = load_classification()
    start = 0
    for pointer in _POINTER.finditer(text):
        for phrase in text[start : pointer.start()].split(";"):
            bare = phrase.strip(" ,;:.")
            if bare and not _APPLY.match(bare) and pointer.group(1) in classification:
                yield Exclusion(bare, pointer.group(1))
        start = pointer.end()


def entries_of(language: LabelLanguage, left_out: frozenset[str]) -> Iterator[Entry]:
    """Yield the texts that labels of a language are compared with, except concordances of the left-out countries."""
    index_language = reader(language).index_language
    yield from _term_entries(language, index_language)
    for category in load_classification():
        yield Entry(category.code, "title", category.title[index_language], "ICCS")
        if index_language != "fr":
            yield from _definition_entries(category.code, index_language)
    for source_id in list_concordances():
        spoken = language_of(source_id)
        understood = spoken == language or (spoken, language) == ("es", "pt")
        if understood and country_of(source_id) not in left_out:
            for (_, label), codes in coded_labels(source_id).items():
                yield from (Entry(code, "coded label", label, source_id) for code in sorted(codes))


def _term_entries(language: LabelLanguage, index_language: SearchLanguage) -> Iterator[Entry]:
    for row in read_table("search_terms.csv"):
        if row["language"] == index_language:
            yield Entry(row["code"], "search term", row["term"], "search_terms.csv")
    for term in load_glossary():
        if term.language == language and term.code:
            yield Entry(term.code, "glossary", term.term, "glossary.csv")
    if index_language == "en":
        for row in read_table("index_en.csv"):
            yield Entry(row["code"], "index", row["term"], "ICCS index")


def _definition_entries(code: str, language: DefinitionLanguage) -> Iterator[Entry]:
    definition = load_classification().get(code).definition(language)
    for phrase in inclusion_phrases(definition.inclusions):
        yield Entry(code, "inclusion", phrase, "ICCS")
    if definition.description:
        yield Entry(code, "description", _DEFINED.sub(" ", definition.description), "ICCS")
    for excluded in exclusions(definition.exclusions):
        yield Entry(excluded.code, "exclusion", excluded.phrase, f"ICCS, exclusions of {code}")
