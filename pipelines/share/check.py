"""Which sources of a release may be shared: as they are, protected, or not at all, with the outcome of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import duckdb

from pipelines.reader.release import OpenRelease
from pipelines.share.left import Left, read_editions, read_known
from pipelines.share.protection.coarser import TOO_MANY, propose_coarser
from pipelines.share.protection.counts import read_counts, read_levels, refuse_ring
from pipelines.share.protection.margins import Levels
from pipelines.share.protection.protect import Protected, Series, group_sources, protect
from schemas.definition.sharing import Level, Sharing
from schemas.errors import UsageError
from schemas.source import SourceFolder

DEFAULT_THRESHOLD = 3
"""The sharing policy for incidents whose source declares none."""


@dataclass(frozen=True)
class SharedSource:
    """How one source is shared: ``as_it_is``, ``protected``, ``stays`` (by policy), or ``refused``, and why.

    If many cells are hidden, ``coarser`` names a breakdown without which fewer would be.
    """

    source: str
    outcome: Literal["as_it_is", "protected", "stays", "refused"]
    why: str
    threshold: int | None = None
    series: tuple[Series, ...] = ()
    policy: Sharing | None = None
    coarser: tuple[str, ...] = ()


def check_sharing(
    release: OpenRelease, folders: Mapping[str, SourceFolder], level: Level, today: date, left: Sequence[Left] = ()
) -> tuple[SharedSource, ...]:
    """Return, for each source of a release, what may be shared with recipients of a level.

    Args:
        release: the release.
        folders: the definitions of sources, by identifier.
        level: who the figures are for.
        today: the day of sharing.
        left: the packages shared before, which recipients have.
    """
    connection = release.connection
    held = connection.execute("SELECT source, kind FROM out.source ORDER BY source").fetchall()
    found = {source: _judge(source, kind, folders, level, today) for source, kind in held}
    for package in left:
        for source in [one for one in found.values() if one.outcome == "as_it_is"]:
            if package.policy_of(source.source).get("outcome") == "protected":
                why = (
                    f"it was shared with hidden cells in package {package.package}, and without protection it would "
                    "now show them; restore its threshold"
                )
                found[source.source] = replace(source, outcome="refused", why=why)
    levels = read_levels(connection)
    counted = []
    for source in [one for one in found.values() if one.outcome == "protected"]:
        try:
            counted.append(_read(connection, source, levels))
        except UsageError as error:
            found[source.source] = replace(source, outcome="refused", why=str(error))
    as_they_are = [one.source for one in found.values() if one.outcome == "as_it_is"]
    for group in group_sources(counted):
        _protect_group(connection, group, as_they_are, left, levels, found)
    return tuple(found.values())


def _judge(source: str, kind: str, folders: Mapping[str, SourceFolder], level: Level, today: date) -> SharedSource:
    if source not in folders:
        return SharedSource(
            source, "refused", "its source definition is not here, so its policy is not known; add its folder"
        )
    policy = folders[source].source.sharing
    if policy is None:
        if kind != "incident":
            return SharedSource(source, "as_it_is", "tables of figures published by their office")
        return SharedSource(
            source,
            "refused",
            f"it contains counts of incidents and declares no policy; state who may see them in {source}/source.yml, "
            "for instance: sharing: {level: public, threshold: 3}",
        )
    if why := policy.why_it_stays(level, today):
        return SharedSource(source, "stays", why, policy=policy)
    threshold = policy.threshold or DEFAULT_THRESHOLD
    if kind != "incident" and not policy.is_protected:
        return SharedSource(source, "as_it_is", "its policy declares no threshold", policy=policy)
    if kind in ("estimate", "population"):
        return SharedSource(
            source,
            "refused",
            f"it contains figures of kind {kind}, which are not counts of events and cannot be protected; remove the "
            "threshold and rounding, or keep the source internal (level: internal)",
            threshold,
            policy=policy,
        )
    if policy.rounding:
        why = f"all counts are rounded to multiples of {policy.rounding}, with totals that still add up"
        return SharedSource(source, "protected", why, threshold, policy=policy)
    why = f"counts from {1 if policy.zeros == 'shown' else 0} to {threshold - 1} are hidden"
    return SharedSource(source, "protected", why, threshold, policy=policy)


def _read(connection: duckdb.DuckDBPyConnection, source: SharedSource, levels: Levels) -> Protected:
    if source.policy is None or source.threshold is None:
        raise AssertionError(f"{source.source} is protected without a policy")
    counts = read_counts(connection, source.source)
    refuse_ring({key for cells in counts.values() for key in cells}, levels)
    return Protected(
        source.source,
        counts,
        source.threshold,
        zeros_shown=source.policy.zeros == "shown",
        never_suppress=source.policy.never_suppress,
        rounding=source.policy.rounding,
    )


def _protect_group(
    connection: duckdb.DuckDBPyConnection,
    group: Sequence[Protected],
    as_they_are: Sequence[str],
    left: Sequence[Left],
    levels: Levels,
    found: dict[str, SharedSource],
) -> None:
    """Add the hidden cells of linked sources; if one cannot be protected, all linked ones are refused."""
    names = [source.source for source in group]
    try:
        series = protect(group, read_editions(left, names), read_known(connection, group, as_they_are, left), levels)
    except UsageError as error:
        for source in group:
            proposed = {propose_coarser(cells, source.threshold, levels) for cells in source.counts.values()}
            coarser = tuple(sorted(one for one in proposed if one))
            found[source.source] = replace(found[source.source], outcome="refused", why=str(error), coarser=coarser)
        return
    failed = {name: sum(one.determined for one in series[name]) for name in names}
    failed_for_one = {name: sum(one.determined_for_one_person for one in series[name]) for name in names}
    for source in group:
        name = source.source
        found[name] = replace(found[name], series=series[name], coarser=_coarser(source, series[name], levels))
        if number := max(failed.values()):
            why = f"the audit can compute {number} protected counts; declare fewer breakdowns, and report this as a bug"
            found[name] = replace(found[name], outcome="refused", why=why)
        elif number := max(failed_for_one.values()):
            why = (
                f"a person who is the only one counted in a cell could compute {number} other small counts, whatever "
                "else is hidden; declare fewer breakdowns, such as months or ages"
            )
            found[name] = replace(found[name], outcome="refused", why=why)


def _coarser(source: Protected, series: Sequence[Series], levels: Levels) -> tuple[str, ...]:
    """Return a proposal if more than a third of the cells of a stage and counting unit are hidden."""
    steps = {
        propose_coarser(source.counts[one.stage, one.counting_unit], source.threshold, levels)
        for one in series
        if len(one.hidden) > TOO_MANY * one.cells
    }
    return tuple(sorted(one for one in steps if one))
