"""Facts about the lists of areas: whether a list has every part of an area, and how areas changed.

A total is made from parts only where nothing says that a part is missing from the list itself. The subdivisions of
ISO 3166-2 (``codelists/subdivisions/iso_3166_2.csv``) confirm a list; ``whole_lists.csv`` beside it, and in the folder
``areas`` of a project, declares those that they cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from schemas.codelists import NOT_STATED, Area, area_ancestors, load_areas, read_csv_rows
from schemas.project import AREAS, WHOLE_LISTS, find_project, project_root


@dataclass(frozen=True)
class AreaChange:
    """A change of borders: from ``period`` (year or month) on, ``area`` no longer includes ``other``, or includes it.

    ``gained`` says which: whether ``other`` was merged into ``area``, or split from it.
    """

    area: str
    period: str
    other: str
    gained: bool

    @property
    def note(self) -> str:
        """What happened, for readers.

        >>> AreaChange("IN-AP", "2014", "IN-TS", gained=False).note
        'IN-TS was split from IN-AP in 2014: figures before then include it'
        """
        if self.gained:
            return f"{self.other} is part of {self.area} from {self.period} on: figures before then do not include it"
        return f"{self.other} was split from {self.area} in {self.period}: figures before then include it"


def area_changes(areas: Iterable[Area] | None = None) -> list[AreaChange]:
    """Return every declared split and merger, by area and period, of the given areas (default: those of the lists).

    >>> [change.period for change in area_changes() if change.area == "IN-AP"]
    ['2014']
    """
    changes = []
    every = tuple(load_areas() if areas is None else areas)
    created = {(area.code, area.valid_from) for area in every}
    for area in every:
        if area.valid_from is not None:
            changes += [AreaChange(origin, area.valid_from, area.code, gained=False) for origin in area.split_from]
        # An area that was created by the merger has no series before it, or one that was computed back.
        if area.valid_to and area.merged_into and (area.merged_into, _after(area.valid_to)) not in created:
            changes.append(AreaChange(area.merged_into, _after(area.valid_to), area.code, gained=True))
    return sorted(changes, key=lambda one: (one.area, one.period, one.other))


def _after(period: str) -> str:
    """The year after a year, the month after a month."""
    year, month = int(period[:4]), int(period[5:] or 12)
    if len(period) == 4 or month == 12:
        return f"{year + 1}" if len(period) == 4 else f"{year + 1}-01"
    return f"{year}-{month + 1:02d}"


def whole_lists() -> frozenset[tuple[str, str]]:
    """Return each area and level whose parts are all listed: declared so, or confirmed by ISO 3166-2.

    >>> ("MX", "admin1") in whole_lists(), ("US", "admin2") in whole_lists()
    (True, False)
    """
    return _whole_lists(project_root())


@cache
def _whole_lists(_: Path | None) -> frozenset[tuple[str, str]]:
    columns = ("area", "level", "basis")
    project = find_project()
    own = project.entries(AREAS).get(WHOLE_LISTS) if project is not None else None
    rows = [*_read("whole_lists", columns), *(read_csv_rows(own, columns) if own is not None else ())]
    declared = {(row["area"], row["level"]) for row in rows}
    # Where all municipalities of a country are listed, so are those of each of its states.
    inside = {(area, level) for area, above, _ in area_ancestors() for name, level in declared if above == name}
    areas = load_areas()
    return (frozenset(inside) & _parts(areas).keys()) | whole_by_iso(areas)


def whole_by_iso(areas: Iterable[Area]) -> frozenset[tuple[str, str]]:
    """Return each area and level whose parts, among ``areas``, include every subdivision of ISO 3166-2.

    >>> ("AU", "admin1") in whole_by_iso(area for area in load_areas() if area.code == "AU")
    False
    """
    parts = _parts(areas)
    return frozenset(key for key in parts if not _lacking(key[0], parts[key]) and _smallest_subdivisions(key[0]))


def unlisted_subdivisions() -> list[tuple[str, str, str]]:
    """Return area, level and the first subdivisions that are missing, for lists that ISO 3166-2 does not confirm.

    >>> [row for row in unlisted_subdivisions() if row[0] == "MX"]
    []
    """
    whole, parts = whole_lists(), _parts(load_areas())
    missing = {key: _lacking(key[0], codes) for key, codes in parts.items() if key not in whole}
    return [(*key, _shown(codes)) for key, codes in sorted(missing.items()) if codes]


def _shown(codes: tuple[str, ...], most: int = 8) -> str:
    rest = len(codes) - most
    return ", ".join(codes[:most]) + (f" and {rest} more" if rest > 0 else "")


def _parts(areas: Iterable[Area]) -> dict[tuple[str, str], frozenset[str]]:
    """The codes of the areas inside each area, by level."""
    by_code = {area.code: area for area in areas}
    inside: dict[tuple[str, str], set[str]] = {}
    for area in by_code.values():
        above = by_code.get(area.parent or "")
        while above is not None and area.level != NOT_STATED:
            inside.setdefault((above.code, area.level), set()).add(area.code)
            above = by_code.get(above.parent or "")
    return {key: frozenset(codes) for key, codes in inside.items()}


def _lacking(area: str, codes: frozenset[str]) -> tuple[str, ...]:
    """The smallest subdivisions in an area that are neither listed nor inside one that is.

    A territory that several countries claim belongs to none of them here, so it never counts as missing.
    """
    claimed = {one.code for one in load_areas() if one.claimed_by}
    ways = {code: way for code, way in _smallest_subdivisions(area).items() if code not in claimed}
    return tuple(sorted(code for code, way in ways.items() if codes.isdisjoint(way)))


@cache
def country_sizes() -> tuple[tuple[str, int, int], ...]:
    """Return each country with its lowest and highest population from 1960 to 2024.

    >>> [size for size in country_sizes() if size[0] == "MX"]
    [('MX', 36724615, 130861007)]
    """
    rows = _read("country_sizes", ("country", "lowest", "highest"))
    return tuple((row["country"], int(row["lowest"]), int(row["highest"])) for row in rows)


@cache
def _subdivisions() -> dict[str, tuple[str, ...]]:
    """Each subdivision with those above it and the areas that represent several of them.

    Those with an entry of their own among the countries (Puerto Rico) are left out: they are listed as countries.
    """
    rows = {row["code"]: row for row in _read("iso_3166_2", ("code", "parent", "country"))}
    within = {row["subdivision"]: row["area"] for row in _read("within", ("subdivision", "area", "note"))}
    ways: dict[str, tuple[str, ...]] = {}
    for code, row in rows.items():
        way, above = [], code
        while above:
            way += [above, *([within[above]] if above in within else [])]
            above = rows[above]["parent"] if above in rows else ""
        if not row["country"]:
            ways[code] = tuple(way)
    return ways


@cache
def _subdivisions_inside() -> dict[str, set[str]]:
    """The subdivisions in each country and in each subdivision that has some."""
    inside: dict[str, set[str]] = {}
    for code, way in _subdivisions().items():
        for above in (code.split("-")[0], *way[1:]):
            inside.setdefault(above, set()).add(code)
    return inside


def _smallest_subdivisions(area: str) -> dict[str, tuple[str, ...]]:
    inside = _subdivisions_inside()
    return {code: _subdivisions()[code] for code in inside.get(area, ()) if code not in inside}


def _read(name: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    return read_csv_rows(resources.files("schemas").joinpath("codelists", "subdivisions", f"{name}.csv"), needed)
