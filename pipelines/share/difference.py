"""What one package shows, hides and changed compared with another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.share.left import Left, read_left
from pipelines.share.protection.margins import dimensions
from pipelines.system.connection import connect_apart, run_sql
from pipelines.system.settings import Settings
from schemas.declarations import quote_literal
from schemas.errors import UsageError, nearest_values

POLICY = ("outcome", "level", "threshold", "zeros", "never_suppress", "embargo")


@dataclass(frozen=True)
class Difference:
    """By source, how many cells are unchanged, changed, newly shown or hidden, added or gone; and changed policies."""

    sources: list[dict[str, Any]]
    policies: list[dict[str, Any]]


def compare_packages(old: str, new: str, settings: Settings) -> Difference:
    """Return the differences between two shared packages.

    Args:
        old: name of a package.
        new: name of another.
        settings: where data live.

    Raises:
        UsageError: no package of that name was shared; names the nearest.
    """
    left = read_left(settings)
    first, second = (_find(name, left) for name in (old, new))
    with connect_apart() as connection:
        found = run_sql(
            connection,
            "share/difference",
            old=quote_literal(str(first.cells)),
            new=quote_literal(str(second.cells)),
            key=", ".join(("source", "stage", "counting_unit", *dimensions())),
        )
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    sources = sorted({*first.entry["sources"], *second.entry["sources"]})
    policies = [
        {"source": source, "what": what, "old": before, "new": after}
        for source in sources
        for what in POLICY
        if (before := first.policy_of(source).get(what)) != (after := second.policy_of(source).get(what))
    ]
    return Difference(rows, policies)


def _find(name: str, left: Sequence[Left]) -> Left:
    known = {one.package: one for one in left}
    if name not in known:
        near = ", ".join(nearest_values(name, known)) or ", ".join(known) or "none"
        raise UsageError(f"no package {name!r} has left the office; nearest: {near}")
    return known[name]
