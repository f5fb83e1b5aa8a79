"""What a load has lost against the vintage before: words by which rows are chosen, and losses that are meant.

That most areas, categories, years or cells are gone is a rule on figures (``sql/rules/lost.sql``). Here are the words:
SQL of a definition chooses rows by them (``CASE ... ELSE 'other'``), and a word that the publisher renames falls into
the ELSE in silence. Such a word is new, all its rows are left out, and it stands where another word had its rows used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from rapidfuzz import fuzz

from pipelines.system.connection import run_sql
from pipelines.system.outcomes import Outcome
from schemas.declarations import load_rules, quote_literal

_ALIKE = 90
"""From here on (of 100) two words are one, written in two ways."""

_LEAST_SHARE = 0.05
"""A word that is gone counts from this share of the used rows on: below are words of lists that come and go."""

_MOST_NAMED = 5


def judge_words(connection: duckdb.DuckDBPyConnection, words: Path, before: Path | None) -> list[Outcome]:
    """Compare the words by which rows are chosen with those of the vintage before.

    Args:
        connection: for reading.
        words: those of this load (``harmonise/sql/words.sql``).
        before: those of the vintage before, of other files; None where there is none, or it is older than this rule.

    Returns:
        The outcomes of ``word_renamed`` and ``words_left_out``.
    """
    names = ("word_renamed", "words_left_out")
    if before is None:
        return [Outcome(name, "not applicable", 0, 0, "no earlier vintage of other files") for name in names]
    files = {"words": quote_literal(str(words)), "before": quote_literal(str(before))}
    rows = run_sql(connection, "tabulate/new_words", least_share=str(_LEAST_SHARE), **files).fetchall()
    renamed = [(*row[:3], found) for row in rows if (found := _stands_for(row[1], row[3], row[4]))]
    known = {row[:2] for row in renamed}
    others = [(*row[:3], "") for row in rows if tuple(row[:2]) not in known]
    (checked,) = connection.execute(f"SELECT count(*) FROM read_parquet({files['words']})").fetchall()[0]
    return [
        Outcome(name, _end(name, found, checked), checked, len(found), _describe(found))
        for name, found in zip(names, (renamed, others), strict=True)
    ]


def _end(rule: str, found: Sequence[object], checked: int) -> str:
    if not checked:
        return "not applicable"
    return ("failed" if load_rules()[rule].severity == "error" else "warned") if found else "passed"


def _stands_for(word: str, used: Iterable[str], gone: Iterable[str]) -> str:
    """Return the used word that a new one is probably another writing of; else one that is gone; else nothing.

    >>> _stands_for("Persons  Held", ["Persons held", "Trials"], []), _stands_for("Number", ["Rate"], ["Counts"])
    ('Persons held', 'Counts')
    >>> _stands_for("Escapes", ["Persons held"], [])
    ''
    """
    folded = word.casefold()
    alike = max(used, key=lambda one: (fuzz.ratio(folded, one.casefold()), one), default="")
    if fuzz.ratio(folded, alike.casefold()) >= _ALIKE:
        return alike
    return max(gone, key=lambda one: (fuzz.ratio(folded, one.casefold()), one), default="")


def _describe(found: Sequence[tuple[str, str, int, str]]) -> str:
    largest = sorted(found, key=lambda one: (-one[2], one[:2]))[:_MOST_NAMED]
    return "; ".join(
        f"column {column!r}, word {word!r} ({rows:,} rows left out)" + (f", where {other!r} was used" if other else "")
        for column, word, rows, other in largest
    )


def accept_losses(outcomes: Iterable[Outcome], reason: str | None) -> list[Outcome]:
    """Return the outcomes with failures that may be meant as warnings, where a person said that they are, and why."""
    rules = load_rules()
    return [
        replace(one, outcome="warned", detail=f"meant: {reason}; {one.detail}")
        if reason and one.outcome == "failed" and rules[one.rule].may_be_meant
        else one
        for one in outcomes
    ]
