"""Losses against the previous vintage: words that select rows, excluded rows, and intended losses.

Lost areas, categories, years or cells are found by a rule on figures (``sql/rules/lost.sql``). Words are checked here:
SQL of a definition selects rows by them (``CASE ... ELSE 'other'``), and a word that the publisher renames silently
falls into the ELSE. Such a word is new, all its rows are excluded, and it replaces a word whose rows were used; or it
is not new, and its rows were used. Words of persons' records are not stored: an exclusion that now takes used rows
shows in its number of rows, in tables and in incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from rapidfuzz import fuzz

from pipelines.harmonise.reconcile import Validated
from pipelines.system.connection import run_sql
from pipelines.system.outcomes import Outcome
from pipelines.tabulate.unchanged_years import PreviousVintage
from schemas.declarations import load_rules, quote_literal

_ALIKE = 90
"""Similarity (out of 100) from which two words are the same, written differently."""

_LEAST_SHARE = 0.05
"""Share of the used rows from which lost words, taken together, matter, as some words come and go."""

_LEAST_WORDS = 0.2
"""Share of the used words from which lost words matter, however few their rows."""

_LEAST_TAKEN = 0.1
"""Share of the previously used cells from which an increase of an exclusion matters."""

_MOST_NAMED = 5

NO_EARLIER_FILES = "no earlier vintage from other files"
"""Why a comparison with the previous vintage is not applicable."""


@dataclass(frozen=True)
class Earlier:
    """What the figures of a load are compared with.

    Attributes:
        vintage: the previous vintage; None for a first load.
        accepted_loss: why a loss against it is meant; None where nobody says that it is.
    """

    vintage: PreviousVintage | None = None
    accepted_loss: str | None = None

    @property
    def compared(self) -> PreviousVintage | None:
        """The previous vintage if it is from other files; from the same ones, no difference is the publisher's."""
        return self.vintage if self.vintage is not None and not self.vintage.same_files else None


def judge_words(connection: duckdb.DuckDBPyConnection, words: Path, before: Path | None) -> list[Outcome]:
    """Compare the words that select rows with those of the previous vintage.

    Args:
        connection: for reading.
        words: those of this load (``harmonise/sql/words.sql``).
        before: those of the previous vintage, if from other files; None if there is none, or it has no such words.

    Returns:
        The outcomes of ``word_renamed``, ``words_left_out`` and ``words_not_used_now``.
    """
    names = ("word_renamed", "words_left_out", "words_not_used_now")
    if before is None:
        return [Outcome.not_applicable(name, NO_EARLIER_FILES) for name in names]
    files = {"words": quote_literal(str(words)), "before": quote_literal(str(before))}
    least = {"least_share": str(_LEAST_SHARE), "least_words": str(_LEAST_WORDS)}
    rows = run_sql(connection, "tabulate/new_words", **least, **files).fetchall()
    renamed = [(*row[:3], found) for row in rows if (found := _stands_for(row[1], row[3], row[4]))]
    known = {row[:2] for row in renamed}
    others = [(*row[:3], "") for row in rows if tuple(row[:2]) not in known]
    moved = [(*row, "") for row in run_sql(connection, "tabulate/moved_words", **least, **files).fetchall()]
    (checked,) = connection.execute(f"SELECT count(*) FROM read_parquet({files['words']})").fetchall()[0]
    return [
        Outcome(name, _end(name, found, checked), checked, len(found), _describe(found))
        for name, found in zip(names, (renamed, others, moved), strict=True)
    ]


def judge_losses(
    connection: duckdb.DuckDBPyConnection, validated: Validated, compared: PreviousVintage | None
) -> list[Outcome]:
    """Check words and exclusions of a load against the previous vintage, if that is from other files."""
    now = (validated.exclusions, validated.reconciliation)
    return [
        *judge_words(connection, validated.words, compared.words if compared else None),
        judge_left_out(connection, now, compared.left_out if compared else None),
    ]


def judge_left_out(
    connection: duckdb.DuckDBPyConnection, now: tuple[Path, Path], before: tuple[Path, Path] | None
) -> Outcome:
    """Compare what exclusions take with what they took in the previous vintage.

    Args:
        connection: for reading.
        now: the files with the exclusions and the reconciliation of this load.
        before: those of the previous vintage, if from other files; None if there is none.

    Returns:
        The outcome of ``left_out_more``: one thing checked for each measure and exclusion of this load.
    """
    name = "left_out_more"
    if before is None:
        return Outcome.not_applicable(name, NO_EARLIER_FILES)
    names = ("exclusions", "reconciliation", "exclusions_before", "reconciliation_before")
    files = {one: quote_literal(str(path)) for one, path in zip(names, (*now, *before), strict=True)}
    found = run_sql(connection, "tabulate/left_out", least_share=str(_LEAST_TAKEN), **files).fetchall()
    (checked,) = connection.execute(f"SELECT count(*) FROM read_parquet({files['exclusions']})").fetchall()[0]
    detail = "; ".join(
        f"{rule} leaves out {taken:,} cells of {measure}, {taken_before:,} before, and {used:,} are used, "
        f"{used_before:,} before"
        for measure, rule, taken_before, taken, used_before, used in found[:_MOST_NAMED]
    )
    return Outcome(name, _end(name, found, checked), checked, len(found), detail)


def _end(rule: str, found: Sequence[object], checked: int) -> str:
    if not checked:
        return "not applicable"
    return ("failed" if load_rules()[rule].severity == "error" else "warned") if found else "passed"


def _stands_for(word: str, used: Iterable[str], gone: Iterable[str]) -> str:
    """Return the used word that a new one probably spells differently; else a lost one; else None.

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
    """Return the outcomes with failures that may be intended turned into warnings, if somebody stated the reason."""
    rules = load_rules()
    return [
        replace(one, outcome="warned", detail=f"meant: {reason}; {one.detail}")
        if reason and one.outcome == "failed" and rules[one.rule].may_be_meant
        else one
        for one in outcomes
    ]
