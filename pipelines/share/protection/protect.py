"""Which cells of the protected sources of a release are hidden, given everything else that recipients have.

Recipients have the packages shared before, and the other sources of the release. All editions of the same counts are
therefore protected as one system of sums: what was shared stays shown, what was hidden stays hidden, and the audit
covers their union.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.share.protection.audit import audit_hidden
from pipelines.share.protection.counts import Counts, Name
from pipelines.share.protection.margins import Key, Levels, Margins, dimensions, link_margins
from pipelines.share.protection.rounding import audit_rounded, round_counts
from pipelines.share.protection.suppression import Pattern, hide_cells
from schemas.errors import UsageError


@dataclass(frozen=True)
class Protected:
    """The counts of one source to be shared, and its policy."""

    source: str
    counts: Counts
    threshold: int
    zeros_shown: bool = True
    never_suppress: tuple[str, ...] = ()
    rounding: int | None = None


@dataclass(frozen=True)
class Edition:
    """The counts of one source as shared before, and which of them were shown."""

    source: str
    package: str
    counts: Counts
    shown: Mapping[Name, frozenset[Key]]
    zeros_shown: bool = True
    rounding: int | None = None
    rounded: Mapping[Name, Mapping[Key, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """Counts of one source, stage and counting unit, with the hidden cells, or the rounded counts."""

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
    rounded: Mapping[Key, int] = field(default_factory=dict)

    @property
    def hidden(self) -> frozenset[Key]:
        """All cells that are hidden."""
        return self.primary | self.secondary


@dataclass(frozen=True)
class _System:
    """One stage and counting unit of all linked sources, with the editions shared before."""

    name: Name
    sources: tuple[Protected, ...]
    editions: tuple[Edition, ...]
    margins: Margins
    pinned: frozenset[int]
    hidden_before: frozenset[int]

    def places(self, number: int) -> Mapping[Key, int]:
        """Return the place of each cell of one of the sources."""
        return self.margins.editions[number]


def group_sources(sources: Sequence[Protected]) -> list[list[Protected]]:
    """Return the sources in groups with common counts, as a cell hidden in one must not be shown in another."""
    groups: list[tuple[set[tuple[Name, Key, int]], list[Protected]]] = []
    for source in sources:
        cells = {(name, key, count) for name, series in source.counts.items() for key, count in series.items() if count}
        members = [source]
        for group in [group for group in groups if not cells.isdisjoint(group[0])]:
            groups.remove(group)
            cells |= group[0]
            members = group[1] + members
        groups.append((cells, members))
    return [members for _, members in groups]


@dataclass(frozen=True)
class KnownCells:
    """Cells with counts that recipients know from sources shared as they are, now or before."""

    cells: frozenset[tuple[Name, Key, int]] = field(default=frozenset())


def protect(
    sources: Sequence[Protected], editions: Sequence[Edition], known: KnownCells, levels: Levels
) -> dict[str, tuple[Series, ...]]:
    """Return the hidden cells of sources that have counts in common.

    A cell is hidden in all stages and counting units of its source, as counts of victims reveal offences.

    Args:
        sources: a group of ``group_sources``.
        editions: all earlier shared editions of them.
        known: the cells that recipients know from other sources.
        levels: the hierarchy of codes.

    Raises:
        UsageError: the policy on zeros differs from before or from a linked source, or a cell cannot be protected; says
            what to do.
    """
    zeros_shown = _agreed_zeros(sources, editions)
    rounding = _agreed_rounding(sources, editions)
    names = sorted({name for source in sources for name in source.counts})
    systems = [_link(name, sources, editions, known, levels) for name in names]
    threshold = max(source.threshold for source in sources)
    if rounding:
        return _rounded(systems, sources, rounding, max(threshold, rounding), known, zeros_shown=zeros_shown)
    hidden: set[tuple[str, Key]] = set()
    while True:
        patterns = [_hide(system, threshold, hidden, zeros_shown) for system in systems]
        found = {
            (source.source, key)
            for system, pattern in zip(systems, patterns, strict=True)
            for number, source in enumerate(system.sources)
            for key, place in system.places(number).items()
            if place in pattern.hidden
        }
        if found <= hidden or len(systems) == len(sources) == 1:  # nothing else has the same cells
            break
        hidden |= found
    series: dict[str, list[Series]] = {source.source: [] for source in sources}
    for system, pattern in zip(systems, patterns, strict=True):
        for source, one in _audited(system, pattern, zeros_shown).items():
            series[source].append(one)
    return {source: tuple(found) for source, found in series.items()}


def _agreed_zeros(sources: Sequence[Protected], editions: Sequence[Edition]) -> bool:
    choices = {source.zeros_shown: source.source for source in sources}
    if len(choices) > 1:
        raise UsageError(
            f"{choices[True]} shows zeros and {choices[False]}, which has the same counts, hides them; give both the "
            "same policy: sharing: {zeros: shown} or {zeros: hidden}"
        )
    (zeros_shown,) = choices
    for edition in editions:
        if edition.zeros_shown != zeros_shown:
            before = "shown" if edition.zeros_shown else "hidden"
            raise UsageError(
                f"zeros of {edition.source} were {before} in package {edition.package}, and a shared package cannot be "
                f"withdrawn; restore sharing: {{zeros: {before}}}"
            )
    return zeros_shown


def _agreed_rounding(sources: Sequence[Protected], editions: Sequence[Edition]) -> int | None:
    choices = {source.rounding: source.source for source in sources}
    if len(choices) > 1:
        raise UsageError(
            f"{' and '.join(sorted(choices.values()))} have the same counts but are rounded differently; give both the "
            "same rounding in their policies, or none"
        )
    (rounding,) = choices
    for edition in editions:
        if edition.rounding != rounding:
            before = f"rounded to {edition.rounding}" if edition.rounding else "shown or hidden"
            raise UsageError(
                f"counts of {edition.source} were {before} in package {edition.package}, and a shared package cannot "
                "be withdrawn: two methods together reveal more than either; restore its policy"
            )
    return rounding


def _rounded(
    systems: Sequence[_System],
    sources: Sequence[Protected],
    base: int,
    threshold: int,
    known: KnownCells,
    *,
    zeros_shown: bool,
) -> dict[str, tuple[Series, ...]]:
    """Return all counts rounded; each stage and counting unit is rounded, and thereby uncertain, by itself."""
    if exact := [one for one in known.cells if one[2]]:
        name, key, _ = min(exact)
        raise UsageError(
            f"another source shows {len(exact)} of the same counts unrounded ({' '.join((*name, *key[:3]))}, for "
            "instance), so rounding would protect nothing; hide small counts (threshold), or do not share the other "
            "source"
        )
    series: dict[str, list[Series]] = {source.source: [] for source in sources}
    for system in systems:
        margins = system.margins
        fixed = {
            place: edition.rounded[system.name][key]
            for edition, places in zip(system.editions, margins.editions[len(system.sources) :], strict=True)
            for key, place in places.items()
        }
        rounded = round_counts(margins, base, fixed)
        small = {at for at, count in enumerate(margins.counts) if (0 if not zeros_shown else 1) <= count < threshold}
        audit = audit_rounded(margins, rounded, base, small, zeros_shown=zeros_shown)
        for number, source in enumerate(system.sources):
            places = system.places(number)
            series[source.source].append(
                Series(
                    *system.name,
                    cells=len(places),
                    count=sum(margins.counts[place] for place in places.values()),
                    primary=frozenset(),
                    secondary=frozenset(),
                    hidden_count=0,
                    examined=audit.examined,
                    determined=len(audit.determined),
                    determined_for_one_person=len(audit.determined_for_one_person),
                    rounded={key: rounded[place] for key, place in places.items()},
                )
            )
    return {source: tuple(found) for source, found in series.items()}


def _link(
    name: Name, sources: Sequence[Protected], editions: Sequence[Edition], known: KnownCells, levels: Levels
) -> _System:
    of_name = tuple(source for source in sources if name in source.counts)
    before = tuple(edition for edition in editions if name in edition.counts)
    counted: tuple[Protected | Edition, ...] = (*of_name, *before)
    first, *others = [one.counts[name] for one in counted]
    margins = link_margins(first, levels, *others)
    pinned: set[int] = set()
    hidden_keys: set[tuple[str, Key]] = set()
    hidden: set[int] = set()
    for edition, places in zip(before, margins.editions[len(of_name) :], strict=True):
        for key, place in places.items():
            if key in edition.shown[name]:
                pinned.add(place)
            else:
                hidden.add(place)
                hidden_keys.add((edition.source, key))
    iccs = dimensions().index("iccs")
    for source, places in zip(of_name, margins.editions, strict=False):
        for key, place in places.items():
            if key[iccs] in source.never_suppress or (name, key, margins.counts[place]) in known.cells:
                pinned.add(place)
            elif (source.source, key) in hidden_keys:
                hidden.add(place)
    return _System(name, of_name, before, margins, frozenset(pinned), frozenset(hidden - pinned))


def _hide(system: _System, threshold: int, hidden: set[tuple[str, Key]], zeros_shown: bool) -> Pattern:
    also = {
        place
        for number, source in enumerate(system.sources)
        for key, place in system.places(number).items()
        if (source.source, key) in hidden and place not in system.pinned
    }
    try:
        return hide_cells(
            system.margins, threshold, system.pinned, also | system.hidden_before, zeros_shown=zeros_shown
        )
    except UsageError as error:
        if not system.editions:
            raise
        packages = ", ".join(sorted({edition.package for edition in system.editions}))
        raise UsageError(f"{error}. What has left in package {packages} stays shown") from error


def _audited(system: _System, pattern: Pattern, zeros_shown: bool) -> dict[str, Series]:
    margins = system.margins
    small = pattern.primary | pattern.small_unpublished
    audit = audit_hidden(margins, pattern.hidden, small, zeros_shown=zeros_shown)
    found = {}
    for number, source in enumerate(system.sources):
        places = system.places(number)
        found[source.source] = Series(
            *system.name,
            cells=len(places),
            count=sum(margins.counts[place] for place in places.values()),
            primary=frozenset(key for key, place in places.items() if place in pattern.primary),
            secondary=frozenset(key for key, place in places.items() if place in pattern.secondary),
            hidden_count=sum(margins.counts[place] for place in places.values() if place in pattern.hidden),
            examined=audit.examined,
            determined=len(audit.determined),
            determined_for_one_person=len(audit.determined_for_one_person),
        )
    return found
