"""Sections of law that a label cites ("§ 222 StGB"), and the categories of the acts that they punish.

A citation says what a one-word name cannot; `tables/law_sections.csv` says where it leads. Laws of two countries may
have the same name and different numbers (the StGB of Germany, Austria and Switzerland): sections count only if they
agree with the words of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from iccs.classification import read_table

Table = NDArray[np.float64]

_WEIGHT = 0.5  # weight of a citation relative to the words of a label
_OWN = 0.05  # advantage of the category over those below it, which the section does not tell apart
_LEAST_CITING = 10  # labels with meaningful words that are needed to tell whether a list cites the known law
_LEAST_AGREEING = 0.5  # in lists of that law seven in ten agree; by chance it is one in ten
_NEAREST = 3  # likeliest divisions by the words of a label

# "Abs. 6, 7 und 8", "Nr. 1": parts of a section, whose numbers are not sections.
_PARTS = re.compile(
    r"\b(?:abs(?:atz)?|nr|nummer|satz|s|alt|var|halbs)\b\.?\s*[0-9]{1,2}[a-z]?"
    r"(?:\s*(?:,|-|\bund\b|\bu\.|\boder\b|\bbis\b)\s*[0-9]{1,2}[a-z]?(?![0-9a-z]))*"
)
_SECTION = re.compile(r"(?<![0-9a-z])([0-9]{1,3}[a-z]?)(?:\s*(?:-|\bbis\b)\s*([0-9]{1,3}[a-z]?|[a-z]))?(?![0-9a-z])")
_LONGEST = 200  # characters between the sign and the name of the law

Number = tuple[int, str]


class Section(NamedTuple):
    """A section of a law, or several in a row: what it punishes, and its categories."""

    law: str
    first: Number
    last: Number
    codes: tuple[str, ...]
    heading: str


@dataclass(frozen=True, slots=True)
class Cited:
    """Sections that a label cites, and how they are spelled."""

    sections: tuple[Section, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The distinct categories that the sections lead to."""
        return tuple(dict.fromkeys(code for section in self.sections for code in section.codes))

    def for_code(self, code: str) -> str | None:
        """Return the section that speaks for a category, as people write it; None if none does."""
        for section in self.sections:
            if code.startswith(section.codes):
                first, last = _written(section.first), _written(section.last)
                return f"§ {first if first == last else f'{first}-{last}'} {section.law}: {section.heading}"
        return None


def cited(text: str, language: str) -> Cited:
    """Return the known sections cited by a label, given in lower case without accents.

    >>> [section.heading for section in cited("fahrlassige totung § 222 stgb", "de").sections]
    ['Fahrlässige Tötung']
    """
    found: dict[Section, None] = {}
    for sections, numbers in _citations(text, language):
        for first, last in numbers:
            found.update((section, None) for section in sections if section.first <= last and first <= section.last)
    return Cited(tuple(found))


def _citations(text: str, language: str) -> Iterator[tuple[Sequence[Section], list[tuple[Number, Number]]]]:
    known = known_sections(language)
    if "§" not in text or not known:
        return
    names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    for body, law in re.findall(rf"§+([^§]{{1,{_LONGEST}}}?)\b({names})\b", text):
        yield known[law], list(_numbers(_PARTS.sub(" ", body)))


def _numbers(body: str) -> Iterator[tuple[Number, Number]]:
    for first, last in _SECTION.findall(body):
        start = _number(first)
        if last and last.isalpha():
            last = f"{start[0]}{last}"
        yield start, _number(last) if last else start


def _number(text: str) -> Number:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits), text[len(digits) :]


def _written(number: Number) -> str:
    return f"{number[0]}{number[1]}"


@cache
def known_sections(language: str) -> Mapping[str, tuple[Section, ...]]:
    """Return the sections of each law cited by lists in a language, by its name in lower case without accents."""
    from iccs.suggest.text import plain

    found: dict[str, list[Section]] = {}
    for row in read_table("law_sections.csv"):
        if row["language"] == language:
            section = Section(
                row["law"], _number(row["first"]), _number(row["last"]), tuple(row["codes"].split(";")), row["heading"]
            )
            found.setdefault(plain(row["law"]), []).append(section)
    return {law: tuple(sections) for law, sections in found.items()}


def lift_by_law(scores: Table, codes: Sequence[str], citations: Sequence[Cited]) -> tuple[Table, bool]:
    """Return the scores of a list's labels (labels by codes) adjusted by citations, and whether these count."""
    if not _is_law_of(scores, codes, citations):
        return scores, False
    lifted = scores.copy()
    for row, citation in enumerate(citations):
        if citation.sections:
            own = np.array([code in citation.codes for code in codes])
            branch = np.array([code.startswith(citation.codes) for code in codes])
            lifted[row] *= 1 - _WEIGHT
            lifted[row, branch] += _WEIGHT - _OWN
            lifted[row, own] += _OWN
    return lifted, True


def _is_law_of(scores: Table, codes: Sequence[str], citations: Sequence[Cited]) -> bool:
    """Whether words and citations agree: for enough labels, one of the divisions nearest to their words is cited."""
    agreeing = citing = 0
    for row, citation in enumerate(citations):
        if not citation.sections or not scores[row].any():
            continue
        best: dict[str, float] = {}
        for code, score in zip(codes, scores[row], strict=True):
            best[code[:4]] = max(best.get(code[:4], 0.0), float(score))
        nearest = sorted(best, key=lambda division: -best[division])[:_NEAREST]
        citing += 1
        agreeing += any(code[:4] in nearest for code in citation.codes)
    return citing >= _LEAST_CITING and agreeing >= _LEAST_AGREEING * citing
