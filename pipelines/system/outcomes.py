"""The outcome of a rule, as every step that checks rules returns it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

from schemas.declarations import load_rules

_MOST_SHOWN = 5
ANNUAL = "annual"
"""In place of a column in ``Outcome.about``: the annual figures of a year."""
YEAR = "year"
"""The same: all figures of a year."""


@dataclass(frozen=True)
class Outcome:
    """What one rule found: passed, warned, failed, errored or not applicable, and how many things were checked.

    ``about`` says which observations are concerned, each by a column and what it has (a file, a measure), or by
    ``ANNUAL`` or ``YEAR`` and a year; all if none.
    """

    rule: str
    outcome: str
    checked: int
    failing: int
    detail: str = ""
    about: tuple[tuple[str, str], ...] = ()

    @classmethod
    def not_applicable(cls, rule: str, why: str = "") -> Self:
        """Return the outcome of a rule that had nothing to check."""
        return cls(rule, "not applicable", 0, 0, why)

    @classmethod
    def of_refusal(cls, rule: str, checked: int) -> Self:
        """Return the outcome of a rule that would have refused the source if it had found anything."""
        return cls(rule, "passed", checked, 0) if checked else cls.not_applicable(rule)

    @classmethod
    def of_counts(cls, rule: str, checked: int, failing: int, detail: str) -> Self:
        """Return the outcome of a rule that warns, of how many things it checked and how many of them failed."""
        return (
            cls(rule, "warned" if failing else "passed", checked, failing, detail)
            if checked
            else cls.not_applicable(rule)
        )

    @classmethod
    def of_warning(cls, rule: str, checked: int, found: Collection[str], *, shown: int = _MOST_SHOWN) -> Self:
        """Return the outcome of a rule that warns.

        Args:
            rule: its name.
            checked: how many things were checked; if none and nothing was found, the rule is not applicable.
            found: a text on each failing thing.
            shown: how many of the texts become the detail of the outcome.

        >>> Outcome.of_warning("columns_alike", 3, ["2023 and 2023 (rev.)"]).outcome
        'warned'
        >>> Outcome.of_warning("columns_alike", 0, []).outcome
        'not applicable'
        """
        return cls.of_counts(rule, max(checked, len(found)), len(found), "; ".join(islice(found, shown)))


def outcome_rows(source_id: str, vintage: str, outcomes: tuple[Outcome, ...]) -> list[dict[str, Any]]:
    """Return the outcomes as rows of out.quality."""
    rules = load_rules()
    return [
        {
            "source": source_id,
            "vintage": vintage,
            "rule": outcome.rule,
            "severity": rules[outcome.rule].severity,
            "outcome": outcome.outcome,
            "checked": outcome.checked,
            "failing": outcome.failing,
            "share_failing": outcome.failing / outcome.checked if outcome.checked else None,
            "reason": rules[outcome.rule].reason,
            "what_to_do": rules[outcome.rule].what_to_do,
            "detail": outcome.detail or None,
        }
        for outcome in outcomes
    ]


def with_todays_texts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of out.quality, as stored with a vintage, with the current texts of their rules."""
    rules = load_rules()
    return [
        {**row, "reason": rules[row["rule"]].reason, "what_to_do": rules[row["rule"]].what_to_do}
        if row["rule"] in rules
        else row
        for row in rows
    ]
