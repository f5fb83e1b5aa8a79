"""Checks on the code map in values.csv: two labels for one unknown, and age labels that contradict their code."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from iccs.ages import MAJORITY_AGE
from pipelines.system.outcomes import Outcome
from schemas.codelists import parse_age
from schemas.source import Source

_NUMBER = re.compile(r"\d+")
_PARTS_OF_A_YEAR = {
    12: re.compile(r"\b(months?|mes(es)?|mois|monate?n?|m[eê]s(es)?)\b"),
    52: re.compile(r"\b(weeks?|semanas?|semaines?|wochen?)\b"),
    365: re.compile(r"\b(days?|d[ií]as?|jours?|tagen?|tage?)\b"),
}
_MINOR = re.compile(r"\b(minors?|menor(es)?|mineurs?|child(ren)?|niñ[oa]s?|juveniles?|minderjährige?)\b")
_ADULT = re.compile(r"\b(adults?|adult[oa]s?|adultes?|mayor(es)? de edad|majeurs?|erwachsene?)\b")
_ABOUT_PERSONS = ("sex", "age")


Label = tuple[str, str, str, int | None]
"""Dimension, word, code, and the number of cells that have it where that is known."""


def labels_of_cells(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Label]:
    """Return the words about persons as they occur in the ``cells`` of a connection, the most frequent first."""
    return [
        (name, word, code, cells)
        for name in _ABOUT_PERSONS
        if name in source.columns
        for word, code, cells in connection.execute(
            f"SELECT {name}_word, {name}, count(*) FROM cells WHERE exclusion IS NULL AND {name} IS NOT NULL "
            "GROUP BY ALL ORDER BY 3 DESC, 1"
        ).fetchall()
    ]


def check_labels(labels: Sequence[Label]) -> list[Outcome]:
    """Judge the words of a source by the codes they are translated to.

    That two words mean unknown is only judged of words that are known to occur.
    """
    unknown: dict[str, list[str]] = {}
    for name, word, code, cells in labels:
        if code == "_U" and cells is not None:
            unknown.setdefault(name, []).append(f"{word!r} ({cells:,} cells)")
    several = {name: words for name, words in unknown.items() if len(words) > 1}
    ages = [(word, code) for name, word, code, _ in labels if name == "age"]
    wrong = [problem for word, code in ages if (problem := age_word_problem(word, code))]
    return [
        _outcome(
            "two_words_for_unknown", len(unknown), [f"{name}: {', '.join(words)}" for name, words in several.items()]
        ),
        _outcome("age_words_agree", len(ages), wrong),
    ]


def _outcome(rule: str, checked: int, problems: list[str]) -> Outcome:
    if not checked:
        return Outcome(rule, "not applicable", 0, 0)
    return Outcome(rule, "warned" if problems else "passed", checked, len(problems), "; ".join(problems[:5]))


def age_word_problem(word: str, code: str) -> str | None:
    """Return how an age label contradicts its code; None where they agree or the label says nothing about the age.

    A bare number may be the number of a column, so it is not checked.

    >>> age_word_problem("Menores de edad (0-17)", "Y0T17"), age_word_problem("Menores de edad (0-17)", "Y_GE18")
    (None, "'Menores de edad (0-17)' has the code Y_GE18 but says minors")
    >>> age_word_problem("14 bis unter 16", "Y14T15"), age_word_problem("60 YEARS & ABOVE", "Y_GE60")
    (None, None)
    >>> age_word_problem("6-11 months", "Y6T11")
    "'6-11 months' has the code Y6T11 but says 6-11 parts of a year: Y0"
    >>> age_word_problem("Adultos", "Y0T17")
    "'Adultos' has the code Y0T17 but says adults"
    """
    bounds = parse_age(code)
    text = word.casefold().replace("_", " ")
    if bounds is None or text.strip().isdigit():
        return None
    numbers = [int(number) for number in _NUMBER.findall(text)]
    said = f"{word!r} has the code {code} but says"
    low, high = bounds
    for parts, pattern in _PARTS_OF_A_YEAR.items():
        if numbers and pattern.search(text):
            years = [number // parts for number in numbers]
            fits = low >= min(years) and high is not None and high <= max(years)
            right = f"Y{years[0]}" if len(set(years)) == 1 else f"Y{min(years)}T{max(years)}"
            return None if fits else f"{said} {'-'.join(map(str, numbers))} parts of a year: {right}"
    if _ADULT.search(text) and low < MAJORITY_AGE:
        return f"{said} adults"
    if _MINOR.search(text) and (high is None or high >= MAJORITY_AGE):
        return f"{said} minors"
    borders = {low, high, None if high is None else high + 1}
    if any(number not in borders for number in numbers):
        return f"{said} {', '.join(map(str, numbers))}"
    return None
