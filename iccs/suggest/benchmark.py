"""How good the coding assistant is: each source's labels are coded without what was learned from its country.

The legal terms were written by people who know the field and therefore hold phrases that lists also use. The figures
are given with them and, to see how much they help, without every term that repeats a label of the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from iccs.concordance import list_concordances
from iccs.suggest.candidates import LabelToCode, Suggestion, suggest
from iccs.suggest.entries import Entry, coded_labels, country_of, entries_of, language_of
from iccs.suggest.index import Index, load_index
from iccs.suggest.text import Reader, reader

_OURS = ("search term", "glossary")
_PARTS_OF_LABEL = re.compile(r"[|(),;:/]")


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """Counts of how `labels` were coded, which can be added up; `share` turns them into shares.

    `exact_1` and `exact_5`: the reviewed category is the first candidate, or one of five; `division_*` and
    `section_1` compare the first four and two digits. `safe_given`: labels with a safe category; `safe_right`: those
    where it is the reviewed category or one above it.
    """

    name: str
    language: str
    labels: int = 0
    exact_1: int = 0
    exact_5: int = 0
    division_1: int = 0
    division_5: int = 0
    section_1: int = 0
    safe_given: int = 0
    safe_right: int = 0

    def share(self, measure: str) -> float | None:
        """Return a measure as a share of the labels (`safe_right`: of those with a safe category); None of none."""
        whole = self.safe_given if measure == "safe_right" else self.labels
        return int(getattr(self, measure)) / whole if whole else None


MEASURES = ("exact_1", "exact_5", "division_1", "division_5", "section_1", "safe_given", "safe_right")


def run_benchmark(sources: Iterable[str] | None = None, *, without_copied_terms: bool = False) -> list[BenchmarkRow]:
    """Return how well the assistant codes each source, then the Spanish lists together and all lists together.

    For each source everything learned from its country is left out, as its lists share labels. Labels without a
    category (relation none) are not counted; a label with several reviewed categories is right with any of them.

    Args:
        sources: whose labels to code; by default every source with a concordance.
        without_copied_terms: leave out search terms and glossary terms that repeat a label of the source.

    Raises:
        ValueError: for a source without a concordance.
    """
    known = list_concordances()
    wanted = known if sources is None else list(sources)
    unknown = [source_id for source_id in wanted if source_id not in known]
    if unknown:
        raise ValueError(f"no concordance for {', '.join(unknown)}; there are {', '.join(known)}")
    rows = [_benchmark_source(source_id, without_copied_terms) for source_id in wanted]
    spanish = [row for row in rows if row.language == "es"]
    if len(spanish) > 1:
        rows.append(_sum("Spanish lists", "es", spanish))
    if len(wanted) > 1:
        rows.append(_sum("all lists", "", [row for row in rows if row.name in wanted]))
    return rows


def _benchmark_source(source_id: str, without_copied_terms: bool) -> BenchmarkRow:
    language = language_of(source_id)
    reviewed = coded_labels(source_id)
    labels = [LabelToCode(code, label) for code, label in reviewed]
    left_out = frozenset({country_of(source_id)})
    if without_copied_terms:
        stems_of_labels = _stems_of_parts(reader(language), [national.label for national in labels])
        entries = (e for e in entries_of(language, left_out) if not _is_copied(e, reader(language), stems_of_labels))
        index = Index(language, entries)
    else:
        index = load_index(language, left_out)
    row = BenchmarkRow(source_id, language)
    for suggestion in suggest(labels, language, index=index):
        right = reviewed[suggestion.national.code, suggestion.national.label]
        row = _count(row, suggestion, right)
    return row


def _count(row: BenchmarkRow, suggestion: Suggestion, right: frozenset[str]) -> BenchmarkRow:
    found = [candidate.code for candidate in suggestion.candidates]
    divisions, sections = {code[:4] for code in right}, {code[:2] for code in right}
    safe = suggestion.safe_code
    gained = {
        "exact_1": any(code in right for code in found[:1]),
        "exact_5": any(code in right for code in found[:5]),
        "division_1": any(code[:4] in divisions for code in found[:1]),
        "division_5": any(code[:4] in divisions for code in found[:5]),
        "section_1": any(code[:2] in sections for code in found[:1]),
        "safe_given": safe is not None,
        "safe_right": safe is not None and any(code.startswith(safe) for code in right),
    }
    counts = {measure: getattr(row, measure) + yes for measure, yes in gained.items()}
    return replace(row, labels=row.labels + 1, **counts)


def _sum(name: str, language: str, rows: Sequence[BenchmarkRow]) -> BenchmarkRow:
    counts = {measure: sum(getattr(row, measure) for row in rows) for measure in MEASURES}
    return BenchmarkRow(name, language, sum(row.labels for row in rows), **counts)


def _stems_of_parts(words: Reader, labels: Iterable[str]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(words.stems(part)) for label in labels for part in _parts(label))


def _parts(label: str) -> Iterator[str]:
    yield label
    yield from _PARTS_OF_LABEL.split(label)


def _is_copied(entry: Entry, words: Reader, stems_of_labels: frozenset[frozenset[str]]) -> bool:
    return entry.field in _OURS and frozenset(words.stems(entry.text)) in stems_of_labels
