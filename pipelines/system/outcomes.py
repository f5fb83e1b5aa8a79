"""The outcome of a rule, as every step that checks rules returns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.declarations import load_rules


@dataclass(frozen=True)
class Outcome:
    """What one rule found: passed, warned, failed, errored or not applicable, and how many things were checked."""

    rule: str
    outcome: str
    checked: int
    failing: int
    detail: str = ""


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
