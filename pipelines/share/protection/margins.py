"""The cells of one series of counts and the sums that link them: what anybody can compute from a release.

A total equals the sum of its parts along every dimension: areas, ICCS categories, periods, sex, age and attributes. The
parts of a cell are the cells for which it is the nearest published ancestor. The remainder of a total over its
published parts is an unpublished cell: it has no row, but readers can compute it, so it takes part in all sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.declarations import breakdown_columns
from schemas.errors import UsageError

Key = tuple[str, ...]
"""The codes of a cell, in the order of ``dimensions()``."""

_REST = "(rest)"
_TOTAL = "_T"


def dimensions() -> tuple[str, ...]:
    """Return the dimensions along which counts are sums."""
    return ("ref_area", "time_period", "iccs", *breakdown_columns())


@dataclass(frozen=True)
class Levels:
    """For each dimension, the levels above a code, the nearest first."""

    areas: Mapping[str, str | None]
    iccs: Mapping[str, str | None]
    ages: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def above(self, dimension: str, code: str) -> tuple[str, ...]:
        """Return the codes above a code, the nearest first.

        >>> Levels({}, {}).above("time_period", "2021-05")
        ('2021-Q2', '2021')
        >>> Levels({"MX-AGU": "MX", "MX": None}, {}).above("ref_area", "MX-AGU")
        ('MX',)
        """
        if code.endswith(_REST):  # lies in the cell whose rest it is
            return (code.removesuffix(_REST), *self.above(dimension, code.removesuffix(_REST)))
        if dimension == "time_period":
            return _periods_above(code)
        if dimension in ("ref_area", "iccs"):
            return _chain(self.areas if dimension == "ref_area" else self.iccs, code)
        if code == _TOTAL:
            return ()
        if dimension == "age" and code in self.ages:
            lower, upper = self.ages[code]
            wider = [
                (high - low, other)
                for other, (low, high) in self.ages.items()
                if other not in (code, _TOTAL) and low <= lower and upper <= high and (low, high) != (lower, upper)
            ]
            return (*(other for _, other in sorted(wider)), _TOTAL)
        return (_TOTAL,)


def _chain(parents: Mapping[str, str | None], code: str) -> tuple[str, ...]:
    found: list[str] = []
    above = parents.get(code)
    while above is not None and above not in found:
        found.append(above)
        above = parents.get(above)
    return tuple(found)


def _periods_above(period: str) -> tuple[str, ...]:
    year, _, part = period.partition("-")
    if not part:
        return ()
    if part.startswith("Q"):
        return (year,)
    return (f"{year}-Q{(int(part) + 2) // 3}", year)


@dataclass(frozen=True)
class Margins:
    """Cells with their true counts, and the sums among them as (place of the total, places of its parts).

    ``editions`` has, for each edition of the counts, the place of each of its published cells.
    """

    keys: tuple[Key, ...]
    counts: tuple[int, ...]
    published: tuple[bool, ...]
    sums: tuple[tuple[int, tuple[int, ...]], ...]
    editions: tuple[Mapping[Key, int], ...]


def link_margins(cells: Mapping[Key, int], levels: Levels, *others: Mapping[Key, int]) -> Margins:
    """Return the cells of one series with every sum that links them.

    Other editions of the same counts (as shared before, or from another source) are linked with them: a cell with the
    same count in several is one cell. Whoever has both editions may rightly assume that it did not change, so that the
    sums of each edition give information on the other.

    Args:
        cells: the counts that a release has, by the codes of ``dimensions()``; all of one source, stage and unit.
        levels: the hierarchy of codes.
        others: other editions.

    Raises:
        UsageError: the parts of a total exceed it, so that they cannot be its parts; names the cell.
    """
    known = [_with_rests(edition, levels) for edition in (cells, *others)]
    places: dict[tuple[Key, int], int] = {}
    for edition in known:
        for item in sorted(edition.items()):
            places.setdefault(item, len(places))
    sums = {
        (places[total, edition[total]], tuple(sorted({places[part, edition[part]] for part in parts})))
        for edition in known
        for place, name in enumerate(dimensions())
        for total, parts in _parts(edition, place, name, levels).items()
    }
    editions = tuple({key: places[key, count] for key, count in edition.items()} for edition in (cells, *others))
    printed = {place for edition in editions for place in edition.values()}
    return Margins(
        keys=tuple(key for key, _ in places),
        counts=tuple(count for _, count in places),
        published=tuple(place in printed for place in range(len(places))),
        sums=tuple(sorted(sums)),
        editions=editions,
    )


def _with_rests(cells: Mapping[Key, int], levels: Levels) -> dict[Key, int]:
    """Return the cells, with the remainder of each total over its published parts if that is not zero."""
    known = dict(cells)
    names = dimensions()
    for place, name in enumerate(names):
        for total, parts in _parts(known, place, name, levels).items():
            rest = known[total] - sum(known[part] for part in parts)
            if rest < 0:
                raise UsageError(
                    f"{dict(zip(names, total, strict=True))}: the parts by {name} sum to {known[total] - rest}, the "
                    f"total is {known[total]}. They overlap, so it is not known what can be computed from them; leave "
                    f"{name} out of the breakdowns, or declare parts that do not overlap"
                )
            if rest > 0:
                known[_with(total, place, total[place] + _REST)] = rest
    return known


def _with(key: Key, place: int, code: str) -> Key:
    return (*key[:place], code, *key[place + 1 :])


def _parts(known: Mapping[Key, int], place: int, name: str, levels: Levels) -> dict[Key, list[Key]]:
    """Return the parts of each total along one dimension: each cell belongs to the nearest cell above it."""
    above = {code: levels.above(name, code) for code in {key[place] for key in known}}
    parts: dict[Key, list[Key]] = defaultdict(list)
    for key in known:
        for code in above[key[place]]:
            if (total := _with(key, place, code)) in known:
                parts[total].append(key)
                break
    return parts


def uncovered_crossing(keys: Iterable[Key], levels: Levels) -> tuple[str, ...]:
    """Return dimensions whose published breakdowns form a ring, or nothing.

    If breakdowns overlap like the links of a chain, any counts consistent with each of them belong to some table of
    persons, so that the sums contain all information. For a ring (sex by age, sex by area, age by area) this is not
    so: the unpublished full table constrains the hidden cells further, which no sum shows.
    """
    names = dimensions()
    depth = {(place, code): len(levels.above(names[place], code)) for key in keys for place, code in enumerate(key)}
    edges = {
        frozenset(f"{names[place]} {level}" for place, code in enumerate(key) for level in range(depth[place, code]))
        for key in keys
    }
    ring = _reduce(edges)
    if not ring:
        return ()
    return tuple(sorted({name.split()[0] for name in frozenset.union(*ring) - frozenset.intersection(*ring)}))


def _reduce(edges: set[frozenset[str]]) -> set[frozenset[str]]:
    """Remove dimensions of a single breakdown, and breakdowns inside others, until nothing changes (GYO reduction)."""
    while True:
        seen: Sequence[str] = [name for edge in edges for name in edge]
        shorter = {frozenset(name for name in edge if seen.count(name) > 1) for edge in edges}
        largest = {edge for edge in shorter if edge and not any(edge < other for other in shorter)}
        if largest == edges:
            return edges
        edges = largest
