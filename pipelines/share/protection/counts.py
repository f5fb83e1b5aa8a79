"""The counts of a release to protect, as whole numbers by cell, and the checks that they can be protected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from pipelines.share.protection.margins import Key, Levels, dimensions, uncovered_crossing
from schemas.errors import UsageError

Name = tuple[str, str]
"""Stage and counting unit."""

Counts = Mapping[Name, Mapping[Key, int]]
"""The cells of one source, by stage and counting unit."""


def read_counts(connection: duckdb.DuckDBPyConnection, source: str) -> dict[Name, dict[Key, int]]:
    """Return the counts of a source by stage and counting unit.

    Raises:
        UsageError: the source has figures other than counts; a count is an estimate, not a whole number, or has bounds
            (which are counts themselves, of persons whose sex or age is known); or a category is outside the tree.
    """
    names = dimensions()
    rows = connection.execute(
        f"SELECT stage, counting_unit, {', '.join(names)}, value, at_least IS NOT NULL OR at_most IS NOT NULL "
        "FROM out.observation WHERE source = $source AND (value IS NOT NULL OR at_least IS NOT NULL)",
        {"source": source},
    ).fetchall()
    counts: dict[Name, dict[Key, int]] = defaultdict(dict)
    for stage, unit, *key, value, estimated in rows:
        if value is None:
            raise UsageError(
                f"{_named(names, key)} has bounds instead of a count, because sex or age is too often "
                "unknown, and the bounds are counts that are not protected; share the source without this breakdown"
            )
        if estimated or value != int(value) or value < 0:
            raise UsageError(
                f"{_named(names, key)} is {value:g}, an estimate or not a whole count, so sums with "
                "other cells are not exact; leave allocate_unknown and fractions out of what you share"
            )
        counts[stage, unit][tuple(key)] = int(value)
    outside = {code for (code,) in connection.execute("SELECT code FROM out.iccs WHERE NOT in_tree").fetchall()}
    if used := sorted(outside & {key[names.index("iccs")] for cells in counts.values() for key in cells}):
        raise UsageError(
            f"ICCS category {used[0]} combines parts of others outside the tree, so it is not known what its counts "
            "reveal; link the national codes to categories of the tree"
        )
    return dict(counts)


def _named(names: Sequence[str], key: Sequence[str]) -> str:
    """Return a cell in its codes, without those of totals.

    >>> _named(("ref_area", "sex", "age"), ("MX", "F", "_T"))
    'the cell ref_area MX, sex F'
    """
    return "the cell " + ", ".join(f"{name} {code}" for name, code in zip(names, key, strict=True) if code != "_T")


def read_levels(connection: duckdb.DuckDBPyConnection) -> Levels:
    """Return the hierarchy of the codes of a release."""
    areas = connection.execute("SELECT code, parent FROM out.area").fetchall()
    iccs = connection.execute("SELECT code, parent FROM out.iccs WHERE in_tree").fetchall()
    ages = connection.execute(
        "SELECT code, lower_age, coalesce(upper_age, 1000) FROM out.age WHERE lower_age IS NOT NULL"
    ).fetchall()
    return Levels(dict(areas), dict(iccs), {code: (low, high) for code, low, high in ages})


def refuse_ring(keys: Iterable[Key], levels: Levels) -> None:
    """Refuse breakdowns that overlap in a ring.

    Raises:
        UsageError: names the dimensions.
    """
    if ring := uncovered_crossing(keys, levels):
        raise UsageError(
            f"the breakdowns by {', '.join(ring)} share dimensions in a ring and none has all of them, so their sums "
            "do not show what they reveal together; add the breakdown by all of them, or remove one"
        )
