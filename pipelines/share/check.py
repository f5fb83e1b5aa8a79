"""What of a release may leave: by source, as it is, protected, or not at all, with the outcome of the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipelines.reader.release import OpenRelease
from pipelines.share.audit import audit_hidden
from pipelines.share.margins import Key, Levels, Margins, dimensions, link_margins, uncovered_crossing
from pipelines.share.suppression import Pattern, hide_cells
from schemas.errors import UsageError
from schemas.source import Level, Sharing, SourceFolder

DEFAULT_THRESHOLD = 3
"""Of incidents whose source declares none."""


@dataclass(frozen=True)
class Series:
    """Counts of one source, stage and counting unit, and what is hidden of them."""

    stage: str
    counting_unit: str
    cells: int
    count: int
    primary: frozenset[Key]
    secondary: frozenset[Key]
    hidden_count: int
    examined: int
    determined: int
    determined_for_one_person: int


@dataclass(frozen=True)
class SharedSource:
    """What leaves of one source: ``as_it_is``, ``protected``, ``stays`` (by policy), or ``refused``, and why."""

    source: str
    outcome: Literal["as_it_is", "protected", "stays", "refused"]
    why: str
    threshold: int | None = None
    series: tuple[Series, ...] = ()


def check_sharing(
    release: OpenRelease, folders: Mapping[str, SourceFolder], level: Level, today: date
) -> tuple[SharedSource, ...]:
    """Return, for each source of a release, what may leave to readers of a level.

    Args:
        release: the release.
        folders: the definitions of sources, by identifier.
        level: who the figures are for.
        today: the day on which they would leave.
    """
    held = release.connection.execute("SELECT source, kind FROM out.source ORDER BY source").fetchall()
    return tuple(_check_source(release, source, kind, folders, level, today) for source, kind in held)


def _check_source(
    release: OpenRelease, source: str, kind: str, folders: Mapping[str, SourceFolder], level: Level, today: date
) -> SharedSource:
    if source not in folders:
        return SharedSource(
            source, "refused", "its source definition is not here, so that its policy is not known; add its folder"
        )
    policy = folders[source].source.sharing
    if policy is None:
        if kind != "incident":
            return SharedSource(source, "as_it_is", "tables of figures that their office publishes")
        return SharedSource(
            source,
            "refused",
            f"it holds counts of incidents and declares no policy; say who may have them in {source}/source.yml, for "
            "instance: sharing: {level: public, threshold: 3}",
        )
    if why := policy.why_it_stays(level, today):
        return SharedSource(source, "stays", why)
    threshold = policy.threshold or (DEFAULT_THRESHOLD if kind == "incident" else None)
    if threshold is None:
        return SharedSource(source, "as_it_is", "its policy declares no threshold")
    try:
        series = _protect(release, source, policy, threshold)
    except UsageError as error:
        return SharedSource(source, "refused", str(error), threshold)
    failed = sum(one.determined + one.determined_for_one_person for one in series)
    if failed:
        why = f"the audit can compute {failed} hidden cells; declare fewer breakdowns, and report it"
        return SharedSource(source, "refused", why, threshold, series)
    return SharedSource(source, "protected", f"counts from 1 to {threshold - 1} are hidden", threshold, series)


def _protect(release: OpenRelease, source: str, policy: Sharing, threshold: int) -> tuple[Series, ...]:
    """Hide cells of each series of a source, the same in all: counts of victims tell of offences, and the reverse."""
    levels = _levels(release)
    counts = _read_counts(release, source)
    _refuse_ring({key for cells in counts.values() for key in cells}, levels)
    margins = {name: link_margins(cells, levels) for name, cells in counts.items()}
    hidden: set[Key] = set()
    while True:
        patterns = {name: _hide(one, policy, threshold, hidden) for name, one in margins.items()}
        found = {margins[name].keys[place] for name, pattern in patterns.items() for place in pattern.hidden}
        if found <= hidden:
            return tuple(_audited(name, margins[name], patterns[name]) for name in sorted(margins))
        hidden |= found


def _hide(margins: Margins, policy: Sharing, threshold: int, hidden: set[Key]) -> Pattern:
    iccs = dimensions().index("iccs")
    shown = [place for place, key in enumerate(margins.keys) if key[iccs] in policy.never_suppress]
    also = [place for place, key in enumerate(margins.keys) if key in hidden and key[iccs] not in policy.never_suppress]
    return hide_cells(margins, threshold, shown, also)


def _audited(name: tuple[str, str], margins: Margins, pattern: Pattern) -> Series:
    audit = audit_hidden(margins, pattern.hidden, pattern.primary | pattern.small_unpublished)
    return Series(
        *name,
        cells=sum(margins.published),
        count=sum(count for count, shown in zip(margins.counts, margins.published, strict=True) if shown),
        primary=frozenset(margins.keys[place] for place in pattern.primary),
        secondary=frozenset(margins.keys[place] for place in pattern.secondary),
        hidden_count=sum(margins.counts[place] for place in pattern.hidden),
        examined=audit.examined,
        determined=len(audit.determined),
        determined_for_one_person=len(audit.determined_for_one_person),
    )


def _read_counts(release: OpenRelease, source: str) -> dict[tuple[str, str], dict[Key, int]]:
    """Return the counts of a source by stage and counting unit.

    Raises:
        UsageError: a count is an estimate or no whole number, has bounds in its place (they are counts themselves, of
            persons whose sex or age is known), or a category lies outside the tree.
    """
    names = dimensions()
    rows = release.connection.execute(
        f"SELECT stage, counting_unit, {', '.join(names)}, value, at_least IS NOT NULL OR at_most IS NOT NULL "
        "FROM out.observation WHERE source = $source AND (value IS NOT NULL OR at_least IS NOT NULL)",
        {"source": source},
    ).fetchall()
    counts: dict[tuple[str, str], dict[Key, int]] = defaultdict(dict)
    for stage, unit, *key, value, estimated in rows:
        if value is None:
            raise UsageError(
                f"{dict(zip(names, key, strict=True))} has bounds in place of a count, as sex or age is too often "
                "unknown, and the bounds are counts that are not protected; share the source without this breakdown"
            )
        if estimated or value != int(value) or value < 0:
            raise UsageError(
                f"{dict(zip(names, key, strict=True))} is {value:g}, an estimate or no whole count, whose sums with "
                "other cells are not exact; leave allocate_unknown and fractions out of what is to be shared"
            )
        counts[stage, unit][tuple(key)] = int(value)
    outside = {code for (code,) in release.connection.execute("SELECT code FROM out.iccs WHERE NOT in_tree").fetchall()}
    if used := sorted(outside & {key[names.index("iccs")] for cells in counts.values() for key in cells}):
        raise UsageError(
            f"ICCS category {used[0]} combines parts of others and is no part of the tree, so that what its counts "
            "give away is not known; link the national codes to categories of the tree"
        )
    return dict(counts)


def _levels(release: OpenRelease) -> Levels:
    areas = release.connection.execute("SELECT code, parent FROM out.area").fetchall()
    iccs = release.connection.execute("SELECT code, parent FROM out.iccs WHERE in_tree").fetchall()
    ages = release.connection.execute(
        "SELECT code, lower_age, coalesce(upper_age, 1000) FROM out.age WHERE lower_age IS NOT NULL"
    ).fetchall()
    return Levels(dict(areas), dict(iccs), {code: (low, high) for code, low, high in ages})


def _refuse_ring(keys: Iterable[Key], levels: Levels) -> None:
    if ring := uncovered_crossing(keys, levels):
        raise UsageError(
            f"the breakdowns by {', '.join(ring)} share parts in a ring and none has all of them, so that what they "
            "give away together cannot be told from their sums; add the breakdown by all of them, or remove one"
        )
