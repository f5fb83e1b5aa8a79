"""A coding assistant: ICCS categories for the labels of a national list, with the reasons, for a person to decide.

It works offline and gives the same answer each time. It suggests; the definition, with its exclusions, decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from iccs.classification import load_classification
from iccs.concordance import list_concordances
from iccs.suggest.context import lift_by_neighbours
from iccs.suggest.entries import country_of
from iccs.suggest.index import COMPLETED_KILLING, Index, Scores, Table, load_index
from iccs.suggest.laws import Cited, lift_by_law
from iccs.suggest.text import LabelLanguage, Reading

# Below this score a category has next to nothing in common with the label.
_LOWEST_SCORE = 0.08
# Candidates whose score is within this share of the best one cannot be distinguished.
_MARGIN = 0.2
# A label that names two acts has candidates in two sections, each for different words, with scores not far apart.
_SECOND_ACT = 0.6
# A description or heading helps, but the label decides.
_DESCRIPTION_SHARE = 0.35
_LEAST_LIKENESS_OF_WORD = 75.0
_MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class LabelToCode:
    """One national category to find a code for; `description` may be a definition or the heading it is listed under."""

    code: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ICCS category that a label may belong to.

    `score` is between 0 and 1 and says how similar the texts are; it is not a probability. `words` are the words of the
    label that speak for the category and `evidence` the text they were compared with (`source` says where it is from).
    `against` are words of the label and exclusions of the category that speak against it.
    """

    code: str
    title: str
    score: float
    words: tuple[str, ...]
    evidence: str
    source: str
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The candidates of one national category, best first (at most as many as requested, perhaps none).

    `margin` is how far the best is ahead of the next that is neither above nor below it, as a share of its score.
    `safe_code` is the deepest category, level 2 or below, that contains every candidate too close to the best to tell
    apart; None if there is none, or if the label names two acts of two sections.
    `attempted` says that the label names an attempt at another act than killing.
    """

    national: LabelToCode
    candidates: tuple[Candidate, ...]
    margin: float
    safe_code: str | None
    attempted: bool


def suggest(
    labels: Sequence[LabelToCode],
    lang: LabelLanguage,
    limit: int = 5,
    exclude_source: str | None = None,
    *,
    index: Index | None = None,
) -> list[Suggestion]:
    """Return the categories that fit each label, as a help for drafting a concordance.

    Args:
        labels: the national categories, in the order of their list: neighbours help if the list is ordered by subject.
        lang: the language of the labels: es, en, fr, pt or de; see `guess_language`.
        limit: how many candidates at most.
        exclude_source: learn nothing from the concordance of this source nor from others of its country.
        index: what to compare with instead of the packaged texts and concordances (for evaluation).

    Raises:
        ValueError: for another language, a limit below 1, a blank label or an unknown source.

    >>> found = suggest([LabelToCode("12", "Hurto de ganado")], "es")[0]
    >>> found.candidates[0].code, found.candidates[0].title
    ('05025', 'Hurto de ganado')
    """
    if limit < 1:
        raise ValueError(f"limit {limit}: ask for at least 1")
    blank = [number for number, national in enumerate(labels, start=1) if not national.label.strip()]
    if blank:
        raise ValueError(
            f"label {blank[0]} of {len(labels)} is blank (code {labels[blank[0] - 1].code!r}): give its text"
        )
    if index is None:
        index = load_index(lang, _left_out(exclude_source))
    suggestions: list[Suggestion] = []
    for scores in _in_context(index, list(_scores(index, labels))):
        for row, reading in enumerate(scores.readings):
            national = labels[len(suggestions)]
            suggestions.append(_suggestion(index, national, reading, scores, row, limit))
    return suggestions


def _in_context(index: Index, parts: Sequence[Scores]) -> Iterator[Scores]:
    """Adjust scores by the laws that labels cite and by neighbours in the whole list, and yield the parts again."""
    if not parts:
        return
    citations = [reading.cited for part in parts for reading in part.readings]
    by_law, counts = lift_by_law(np.concatenate([part.categories for part in parts]), index.codes, citations)
    lifted = lift_by_neighbours(by_law, index.codes)
    start = 0
    for part in parts:
        readings = part.readings if counts else tuple(replace(reading, cited=Cited()) for reading in part.readings)
        yield replace(part, readings=readings, categories=lifted[start : start + len(readings)])
        start += len(readings)


def _left_out(source_id: str | None) -> frozenset[str]:
    if source_id is None:
        return frozenset()
    if source_id not in list_concordances():
        raise ValueError(f"no concordance for source {source_id!r}; there are {', '.join(list_concordances())}")
    return frozenset({country_of(source_id)})


def _scores(index: Index, labels: Sequence[LabelToCode]) -> Iterable[Scores]:
    """Score the labels and, if any has a description, mix in the scores of label and description together."""
    alone = index.score([national.label for national in labels])
    if not any(national.description.strip() for national in labels):
        yield from alone
        return
    together = index.score([f"{national.label} {national.description}" for national in labels])
    for one, other in zip(alone, together, strict=True):
        yield Scores(
            one.readings,
            (1 - _DESCRIPTION_SHARE) * one.categories + _DESCRIPTION_SHARE * other.categories,
            np.maximum(one.likeness, _DESCRIPTION_SHARE * other.likeness),
        )


def _suggestion(
    index: Index, national: LabelToCode, reading: Reading, scores: Scores, row: int, limit: int
) -> Suggestion:
    values: Table = scores.categories[row]
    # Equal scores are ordered by code, so that the wider category comes first.
    order = [int(n) for n in np.argsort(-values, kind="stable") if values[n] >= _LOWEST_SCORE]
    ranked = [(index.codes[n], float(values[n])) for n in order]
    likeness: Table = scores.likeness[row]
    candidates = tuple(_candidate(index, code, score, reading, likeness) for code, score in ranked[:limit])
    margin, safe = _safe(ranked)
    safe = None if _names_two_acts(candidates) else safe
    return Suggestion(national, candidates, margin, safe, reading.attempted and not reading.killing)


def _safe(ranked: Sequence[tuple[str, float]]) -> tuple[float, str | None]:
    """Return the margin of the best candidate and the deepest category that contains all that are too close to it."""
    if not ranked:
        return 0.0, None
    best, score = ranked[0]
    others = [value for code, value in ranked if not (code.startswith(best) or best.startswith(code))]
    margin = 1.0 if not others else (score - others[0]) / score
    near = [code for code, value in ranked if value >= (1 - _MARGIN) * score]
    classification = load_classification()
    for safe in [best, *(category.code for category in classification.ancestors(best) if category.level > 1)]:
        if all(code.startswith(safe) or safe.startswith(code) for code in near):
            return round(margin, 4), safe
    return round(margin, 4), None


def _names_two_acts(candidates: Sequence[Candidate]) -> bool:
    """Whether some words of a label speak for the best candidate and only others for one of another section."""
    if not candidates or not candidates[0].words:
        return False
    best = candidates[0]
    return any(
        other.code[:2] != best.code[:2]
        and other.score >= _SECOND_ACT * best.score
        and bool(other.words)
        and not set(other.words) & set(best.words)
        for other in candidates[1:]
    )


def _candidate(index: Index, code: str, score: float, reading: Reading, likeness: Table) -> Candidate:
    number = index.best_entry(code, likeness)
    entry = index.entries[number]
    against = (*_words_against(code, reading), *index.exclusions_for(code, likeness))
    title = index.classification.get(code).title[index.reader.index_language]
    words = _words_for(reading, index.stems_of(number))
    section = reading.cited.for_code(code)
    evidence, source = (section, "law_sections.csv") if section else (entry.text, entry.origin)
    return Candidate(code, title, round(score, 4), words, evidence, source, against)


def _words_against(code: str, reading: Reading) -> Iterator[str]:
    for cue in reading.cues:
        if code.startswith(cue.codes):
            yield f"the label contains {cue.term!r}"
    if code == "0102" and not reading.attempted:
        yield "the label does not mention an attempt"
    elif reading.attempted and reading.killing and code.startswith(COMPLETED_KILLING):
        yield "the label mentions an attempt"


def _words_for(reading: Reading, stems: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the label that also occur in a text, in the same or a similar form."""
    from rapidfuzz import fuzz, process

    same = [reading.shown[stem] for stem in dict.fromkeys(reading.stems) if stem in stems]
    if not same:
        cutoff = _LEAST_LIKENESS_OF_WORD
        near = (
            (reading.shown[stem], process.extractOne(stem, stems, scorer=fuzz.ratio, score_cutoff=cutoff))
            for stem in dict.fromkeys(reading.stems)
        )
        same = [word for word, found in near if found]
    return tuple(dict.fromkeys(same))[:_MOST_WORDS]
